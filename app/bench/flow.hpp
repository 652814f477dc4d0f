// Commands that go to the book's writer from inside its process, with as many in flight as keep it busy.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>

#include "ledger/port/ledger.hpp"

namespace app::bench {

class Flow {
public:
    // Four batches: one that commits, one that is decided, and two that wait.
    static constexpr std::size_t window_of_four_batches = 4UL * 8192;

    Flow(ledger::port::Ledger& book, ledger::port::PrincipalNo principal,
         std::size_t window = window_of_four_batches)
        : book_{book}, principal_{principal}, window_{window} {}
    Flow(const Flow&) = delete;
    Flow& operator=(const Flow&) = delete;
    ~Flow();  // waits for what is in flight

    // Waits while the window is full. Without a key nothing is kept for a replay.
    void submit(ledger::rules::Command command, std::string key);
    // Waits until all is answered. Throws CommandFailed with the first refusal, if there was any.
    void settle();

private:
    void take(const ledger::port::Outcome& outcome);

    ledger::port::Ledger& book_;
    const ledger::port::PrincipalNo principal_;
    const std::size_t window_;
    std::mutex mutex_;
    std::condition_variable answered_;
    std::size_t open_ = 0;
    std::string refusal_;
};

}  // namespace app::bench
