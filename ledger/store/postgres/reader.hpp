// Reads of the log and of what is closed, for many threads at once: each call borrows a read-only session of
// a small pool and gives it back. Cost: one round trip as a rule, served by an index. A call waits when all
// sessions are in use.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "ledger/port/store.hpp"
#include "ledger/store/postgres/connection.hpp"

namespace ledger::store::postgres {

using namespace ledger::book;

struct ReaderOptions {
    std::string conninfo;
    std::string book;
    std::size_t sessions_max = 4;
    std::chrono::milliseconds connect_within{5'000};
    std::chrono::milliseconds read_within{30'000};  // waiting for a session included
    // Called before connecting; brings a private server back when it was killed. May be empty.
    std::function<base::Status()> before_connecting{};
    // Asked before connecting; its answer stands in for `conninfo`. May be empty.
    std::function<base::Result<std::string>()> find_server{};
};

class PostgresReader final : public port::Reader {
public:
    explicit PostgresReader(ReaderOptions options) : options_{std::move(options)} {}

    [[nodiscard]] std::vector<std::shared_ptr<const port::LogEntry>> log_after(Version after,
                                                                               std::size_t most) override;
    [[nodiscard]] std::vector<std::shared_ptr<const port::LogEntry>> log_at(
        const std::vector<Version>& versions) override;
    [[nodiscard]] std::vector<Version> journals(const port::Ledger::JournalQuery& query) override;
    [[nodiscard]] std::optional<Version> made_by(rules::Named kind, std::string_view name) override;
    [[nodiscard]] std::vector<LienKey> liens(const port::Ledger::LienQuery& query) override;
    [[nodiscard]] std::vector<Version> history_of(LienKey lien) override;
    [[nodiscard]] std::vector<Version> history_of(ReservationKey reservation) override;
    [[nodiscard]] std::vector<Version> history_of(ExceptionKey exception) override;
    [[nodiscard]] std::vector<ReservationKey> reservations(const port::Ledger::KeysQuery& query) override;
    [[nodiscard]] std::vector<ExceptionKey> exceptions(const port::Ledger::KeysQuery& query) override;
    [[nodiscard]] std::vector<std::optional<std::string>> texts(
        const std::vector<Digest>& commitments) override;

private:
    // Runs the call on a session. One that was lost while it lay idle is replaced, and the call made again.
    template <class Call>
    auto read(Call call);
    [[nodiscard]] Connection borrow(std::chrono::steady_clock::time_point until, bool must_be_new);
    void give_back(Connection&& connection);
    [[nodiscard]] std::vector<std::uint64_t> keys(const char* table, const char* end,
                                                  const port::Ledger::KeysQuery& query);
    [[nodiscard]] std::int32_t book_id() const { return book_id_; }
    [[nodiscard]] std::vector<Version> life_of(const char* table, const char* end, std::uint64_t key);

    ReaderOptions options_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<Connection> idle_;
    std::size_t out_ = 0;  // sessions in use
    std::atomic<std::int32_t> book_id_ = 0;  // 0 until the first session found it
};

}  // namespace ledger::store::postgres
