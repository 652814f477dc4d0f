// One of the sessions that take turns in writing: a batch's rows, and its transaction. Used by one thread,
// save `cut`. What it throws is the port's: Unavailable when nothing was written, OutcomeUnknown when that is
// open.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "ledger/port/store.hpp"
#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/projection.hpp"

namespace ledger::store::postgres {

class WritingSession {
public:
    struct Limits {
        std::chrono::milliseconds stage_within;
        std::chrono::milliseconds commit_within;
        std::size_t rows_of_a_tiny_batch;  // up to here a batch goes out in one round trip
        std::size_t rows_of_a_small_batch;  // up to here its rows are staged by INSERTs, beyond by COPY
    };

    WritingSession(Connection connection, std::int32_t book_id, Limits limits);

    // The epoch that every batch from here on is written under.
    void write_under(std::uint64_t epoch) { epoch_ = epoch; }

    // Makes the rows; a large batch is copied too, in a transaction that holds no lock another waits for.
    void stage(const port::Batch& batch, const State& after);
    [[nodiscard]] port::CommitOutcome commit();
    void roll_back();
    void cut() noexcept;

    [[nodiscard]] bool is_lost() const { return was_cut_ || !connection_ || connection_->is_lost(); }
    [[nodiscard]] int backend_pid() const { return connection_->backend_pid(); }

private:
    void project(const port::Batch& batch, const State& after);
    void keep_plans_fit();
    void copy_rows();
    [[nodiscard]] port::CommitOutcome commit_small();
    [[nodiscard]] port::CommitOutcome commit_copied();
    [[noreturn]] void lose(const Fault& fault);
    [[noreturn]] void throw_unknown(const std::string& why);
    [[nodiscard]] port::CommitOutcome fenced_or_unavailable(const std::string& why);
    [[nodiscard]] Connection& connection();

    std::atomic<bool> was_cut_{false};
    mutable std::mutex cutting_;  // guards the closing of the connection against `cut`
    std::optional<Connection> connection_;
    std::int32_t book_id_;
    Limits limits_;
    std::uint64_t epoch_ = 0;
    std::uint64_t batch_number_ = 0;  // of the batch that is staged
    enum class Size : std::uint8_t { tiny, small, large };
    Size size_ = Size::tiny;
    std::optional<Projection> projection_;  // its buffers are kept from batch to batch
    ProjectedRows* rows_ = nullptr;  // of the batch that is staged
    struct Growth {
        std::uint64_t rows = 0;  // written since the session began
        std::uint64_t plan_anew_at = 0;
    };
    std::array<Growth, table_count> growth_{};
};

}  // namespace ledger::store::postgres
