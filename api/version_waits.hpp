// Readers who ask for a version that is not there yet wait for it briefly, without a thread of their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "api/loop.hpp"
#include "ledger/port/ledger.hpp"

namespace api {

class VersionWaits {
public:
    VersionWaits(ledger::port::Ledger& ledger, Loop& loop) : ledger_{ledger}, loop_{loop} {}

    // Calls `then` once, with whether the version was reached in time: from the caller's thread when it is
    // there already, else from the loop's.
    void wait(ledger::base::Version version, std::chrono::milliseconds patience,
              std::function<void(bool)> then);
    // The book has moved: wakes those whose version it reached.
    void on_commit();

    static constexpr std::size_t waiting_max = 10'000;

private:
    struct Waiter {
        std::uint64_t number;
        std::function<void(bool)> then;
    };
    void give_up(std::uint64_t number);
    [[nodiscard]] bool is_reached(ledger::base::Version version) const;

    ledger::port::Ledger& ledger_;
    Loop& loop_;
    std::mutex mutex_;
    std::multimap<ledger::base::Version, Waiter> waiters_;
    std::uint64_t next_number_ = 0;
};

}  // namespace api
