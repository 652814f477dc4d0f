// The book in PostgreSQL, as the writer uses it: lease, batches, start-up, and the few look-ups a decision
// needs. Used by one thread. Cost of a batch: one round trip when it is small, else some for each table and
// one for COMMIT.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/port/store.hpp"
#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/projection.hpp"

namespace ledger::store::postgres {

struct StoreOptions {
    std::string conninfo;
    std::string book;  // its name
    std::chrono::milliseconds connect_within{5'000};
    std::chrono::milliseconds lease_within{20'000};   // waiting for an old writer's commit to end
    std::chrono::milliseconds append_within{30'000};  // of a whole batch; passed, its outcome is unknown
    std::chrono::milliseconds load_within{600'000};
    std::size_t rows_of_a_small_batch = 400;  // up to here a batch goes out in one round trip
    bool allows_volatile = false;             // fsync off is for tests alone
    // Called before connecting; brings a private server back when it was killed. May be empty.
    std::function<base::Status()> before_connecting{};
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

    [[nodiscard]] port::Lease take_lease() override;
    // Also without the lease, for commands that only read.
    [[nodiscard]] port::LoadedBook load() override;
    [[nodiscard]] std::optional<Digest> hash_at(Version version) override;
    [[nodiscard]] port::CommitOutcome append(const port::Batch& batch, const State& after) override;
    [[nodiscard]] std::vector<std::pair<port::IdempotencyId, port::Answered>> answered(
        const std::vector<port::IdempotencyId>& ids) override;
    [[nodiscard]] std::vector<std::optional<rules::NameHolder>> holders_of(
        const std::vector<rules::ChosenName>& names) override;
    [[nodiscard]] std::vector<std::shared_ptr<const port::LogEntry>> log_at(
        const std::vector<Version>& versions) override;

    // Of the session, while one is open: for tests that kill it.
    [[nodiscard]] std::optional<int> backend_pid() const;

private:
    // Runs one call on the session; a Fault becomes Unavailable and leaves the session clean or closed.
    template <class Call>
    auto guarded(std::chrono::milliseconds within, Call call);
    void connect();
    void open_session_or_throw();
    void make_partitions(Version ahead_of);
    void keep_plans_fit();
    void project(const port::Batch& batch, const State& after);
    [[nodiscard]] port::CommitOutcome append_small(const port::Batch& batch);
    [[nodiscard]] port::CommitOutcome append_large(const port::Batch& batch);
    [[nodiscard]] port::CommitOutcome failed_before_commit(const Fault& fault);
    [[noreturn]] void throw_unknown(const std::string& why);
    [[nodiscard]] port::CommitOutcome fenced_or_unavailable(const std::string& why);
    [[nodiscard]] Parameters lease_parameters(const port::Batch& batch) const;

    StoreOptions options_;
    std::string holder_;  // this process's name in the lease
    std::optional<Connection> connection_;
    std::int32_t book_id_ = 0;
    std::uint64_t epoch_ = 0;  // 0: the lease was never held
    Version partitions_through_;  // there is a partition for every version below
    std::optional<Projection> projection_;  // its buffers are kept from batch to batch
    struct Growth {
        std::uint64_t rows = 0;  // written since the store began
        std::uint64_t plan_anew_at = 0;
    };
    std::array<Growth, table_count> growth_{};
    ProjectedRows* rows_ = nullptr;  // of the batch under way
};

}  // namespace ledger::store::postgres
