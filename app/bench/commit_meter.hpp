// The rate at which a book grows, taken from commit to commit: a batch becomes durable all at once, so a rate
// over any other window is wrong by up to a batch at both its ends.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "app/bench/rounds.hpp"
#include "ledger/port/ledger.hpp"

namespace app::bench {

class CommitMeter {
public:
    // Counts from now on.
    explicit CommitMeter(ledger::port::Ledger& book);
    CommitMeter(const CommitMeter&) = delete;
    CommitMeter& operator=(const CommitMeter&) = delete;

    // Versions a second between the first commit at or after `from` and the last until `until`; where these
    // are fewer than three, as on a slow machine, up to the last commit there was. 0 when there was no second
    // one.
    [[nodiscard]] double rate(Clock::time_point from, Clock::time_point until) const;
    // Versions that became durable since it began.
    [[nodiscard]] std::uint64_t count() const;

private:
    struct Commit {
        Clock::time_point at;
        std::uint64_t version = 0;
    };

    ledger::port::Ledger& book_;
    const std::uint64_t first_version_;
    mutable std::mutex mutex_;
    std::vector<Commit> commits_;
    std::shared_ptr<void> subscription_;  // ends before what it writes to
};

}  // namespace app::bench
