// The two threads that carry batches to the store, in turn: one stages while the other commits. The book's
// thread gives them work and hears how it ended; it alone calls what stands here.
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "ledger/service/writer_machine.hpp"

namespace ledger::service {

class Turns {
public:
    // `ended` is called from the thread of the turn, once for each batch that was staged.
    Turns(Store& store, std::function<void(Ticket, Ending, std::string why)> ended);
    ~Turns();
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    // `batch` and `after` must live until the batch has ended.
    void stage(Ticket ticket, const Batch& batch, const State& after);
    void commit(Ticket ticket);
    void roll_back(Ticket ticket);

private:
    enum class Wish : std::uint8_t { none, commit, roll_back };
    struct Turn {
        std::optional<Ticket> ticket{};
        const Batch* batch = nullptr;
        const State* after = nullptr;
        Wish wish = Wish::none;
        std::thread thread{};
    };

    void run(std::size_t at);
    [[nodiscard]] Ending carry(std::size_t at, const Batch& batch, const State& after, std::string& why);
    void wish(Ticket ticket, Wish wish);

    Store& store_;
    const std::function<void(Ticket, Ending, std::string)> ended_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::array<Turn, Store::turns> turns_;
    bool is_over_ = false;
};

}  // namespace ledger::service
