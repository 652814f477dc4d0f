// The book in PostgreSQL, as the writer uses it: lease, batches, start-up, and the few look-ups a decision
// needs. Three sessions: one for the book's thread and one for each turn. Cost of a batch: one round trip
// when it is small, else some for each table and one for COMMIT.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/port/store.hpp"
#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/idempotency_filters.hpp"
#include "ledger/store/postgres/writing_session.hpp"

namespace ledger::store::postgres {

struct StoreOptions {
    std::string conninfo;
    std::string book;  // its name
    std::chrono::milliseconds connect_within{5'000};
    std::chrono::milliseconds lease_within{20'000};   // waiting for an old writer's commit to end
    std::chrono::milliseconds look_up_within{10'000};
    std::chrono::milliseconds stage_within{30'000};  // the rows of a batch
    std::chrono::milliseconds commit_within{5'000};  // its lease, balances and COMMIT; passed, it is in doubt
    std::chrono::milliseconds load_within{600'000};
    std::size_t rows_of_a_tiny_batch = 60;  // up to here a batch goes out in one round trip
    std::size_t rows_of_a_small_batch = 400;  // up to here its rows are staged by INSERTs, beyond by COPY
    std::uint64_t versions_ahead =
        16'384;  // two batches of the largest: there is a partition for all of them
    bool allows_volatile = false;  // fsync off is for tests alone
    // Called before connecting; brings a private server back when it was killed. May be empty.
    std::function<base::Status()> before_connecting{};
    // Asked before connecting; its answer stands in for `conninfo`. May be empty.
    std::function<base::Result<std::string>()> find_server{};
};

// Makes the rows of a new book unless it is there; `digest_key` are 32 random bytes. Its log is opened by the
// writer.
[[nodiscard]] base::Status create_book(Connection& connection, const std::string& name,
                                       const std::string& digest_key);

class PostgresStore final : public port::Store {
public:
    explicit PostgresStore(StoreOptions options);
    ~PostgresStore() override;
    PostgresStore(const PostgresStore&) = delete;
    PostgresStore& operator=(const PostgresStore&) = delete;

    [[nodiscard]] port::LeaseStatus lease_status() override;
    [[nodiscard]] port::Lease take_lease(std::uint64_t epoch_seen) override;
    void renew_lease() override;
    void await_durable() override;
    // Also without the lease, for followers and commands that only read.
    [[nodiscard]] port::LoadedBook load() override;
    [[nodiscard]] std::optional<Digest> hash_at(Version version) override;
    void stage(std::size_t turn, const port::Batch& batch, const State& after) override;
    [[nodiscard]] port::CommitOutcome commit(std::size_t turn) override;
    void roll_back(std::size_t turn) override;
    void cut(std::size_t turn) noexcept override;
    void remember(const port::Batch& batch) override;
    [[nodiscard]] std::vector<std::pair<port::IdempotencyId, port::Answered>> answered(
        const std::vector<port::IdempotencyId>& ids) override;
    [[nodiscard]] std::vector<std::optional<rules::NameHolder>> holders_of(
        const std::vector<rules::ChosenName>& names) override;
    [[nodiscard]] std::vector<std::shared_ptr<const port::LogEntry>> log_at(
        const std::vector<Version>& versions) override;

    // Brings the filters on keys to where the log stands. `take_lease` does it too; a follower that does it
    // from time to time takes over sooner.
    void catch_up_filters();
    [[nodiscard]] const IdempotencyFilters& filters() const { return filters_; }

    // Of the sessions that are open, the book's own first: for tests that kill them.
    [[nodiscard]] std::vector<int> backend_pids() const;

private:
    // Runs one call on the book's session; a Fault becomes Unavailable and leaves it clean or closed.
    template <class Call>
    auto guarded(std::chrono::milliseconds within, Call call);
    void connect();
    [[nodiscard]] Connection open_writing_session() const;
    void connect_all();
    void make_partitions(Version ahead_of);
    void catch_up_filters(Version head);
    void store_closed_filters();  // never inside the transaction of a batch

    StoreOptions options_;
    std::string holder_;  // this process's name in the lease
    std::string server_;  // the connection string of every session that is open
    std::optional<Connection> connection_;
    std::int32_t book_id_ = 0;
    std::uint64_t epoch_ = 0;  // 0: the lease was never held
    std::uint64_t partition_size_ = 0;  // versions; as the database has it
    IdempotencyFilters filters_;
    Version partitions_through_;  // there is a partition for every version below
    std::array<std::unique_ptr<WritingSession>, turns> writing_;
};

}  // namespace ledger::store::postgres
