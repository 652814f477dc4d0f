// A book in a database of its own, fed with random commands through the real decisions, beside the same book
// in memory.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ledger/service/batch_builder.hpp"
#include "ledger/store/postgres/store.hpp"
#include "tests/support/model_ledger.hpp"
#include "tests/support/random_commands.hpp"
#include "tests/support/temp_postgres.hpp"
#include "tests/support/waiting.hpp"

namespace tests {

namespace postgres = ledger::store::postgres;
using ledger::store::postgres::PostgresStore;
using support::take_lease;

// A database with the schema and one empty book named "test"; 0 leaves partitions at the size they have.
[[nodiscard]] std::unique_ptr<tests::support::TempDatabase> database_with_book(
    std::uint64_t versions_in_a_partition = 0);

class StoredBook {
public:
    explicit StoredBook(std::uint64_t seed, std::uint64_t versions_in_a_partition = 0);

    // So many commands in batches of that size, each written to the database and to the model.
    void run(std::size_t commands, std::size_t batch_size);
    // One batch of these commands; under a key each.
    ledger::port::CommitOutcome write(const std::vector<ledger::rules::Command>& commands);
    [[nodiscard]] ledger::service::DecidedBatch decide(const std::vector<ledger::rules::Command>& commands);
    void take(const ledger::service::DecidedBatch& decided);

    [[nodiscard]] postgres::StoreOptions options() const;
    [[nodiscard]] PostgresStore& store() { return *store_; }
    [[nodiscard]] support::ModelStore& model() { return model_; }
    [[nodiscard]] const ledger::book::State& state() const { return committed_.state; }
    [[nodiscard]] const ledger::port::Committed& committed() const { return committed_; }
    [[nodiscard]] const support::TempDatabase& database() const { return *database_; }
    [[nodiscard]] std::uint64_t batches() const { return batch_number_; }
    [[nodiscard]] std::size_t refused() const { return refused_; }
    [[nodiscard]] const std::vector<ledger::port::IdempotencyId>& ids() const { return ids_; }

private:
    std::unique_ptr<support::TempDatabase> database_;
    std::unique_ptr<PostgresStore> store_;
    support::ModelStore model_;
    ledger::port::Committed committed_;
    std::uint64_t batch_number_ = 0;
    ::support::TestBook twin_;  // what the next random command looks at
    ::support::RandomCommands random_;
    ledger::base::Microseconds at_;
    std::size_t next_key_ = 0;
    std::size_t refused_ = 0;
    std::vector<ledger::port::IdempotencyId> ids_;
};

}  // namespace tests
