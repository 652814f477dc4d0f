#include "app/bench/commit_meter.hpp"

#include <algorithm>

namespace app::bench {

CommitMeter::CommitMeter(ledger::port::Ledger& book)
    : book_{book}, first_version_{book.committed()->state.version().value} {
    subscription_ = book.on_commit([this] {
        const Commit commit{Clock::now(), book_.committed()->state.version().value};
        const std::lock_guard lock{mutex_};
        commits_.push_back(commit);
    });
}

double CommitMeter::rate(Clock::time_point from, Clock::time_point until) const {
    constexpr std::ptrdiff_t commits_least = 3;
    const std::lock_guard lock{mutex_};
    const auto first = std::ranges::lower_bound(commits_, from, {}, &Commit::at);
    auto end = std::ranges::upper_bound(commits_, until, {}, &Commit::at);
    if (end - first < commits_least) end = commits_.end();
    if (end - first < 2) return 0;
    const auto& last = *std::prev(end);
    return static_cast<double>(last.version - first->version) / seconds_between(first->at, last.at);
}

std::uint64_t CommitMeter::count() const {
    const std::lock_guard lock{mutex_};
    return commits_.empty() ? 0 : commits_.back().version - first_version_;
}

}  // namespace app::bench
