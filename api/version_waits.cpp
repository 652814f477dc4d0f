#include "api/version_waits.hpp"

#include <algorithm>
#include <vector>

namespace api {

bool VersionWaits::is_reached(ledger::base::Version version) const {
    const auto book = ledger_.committed();
    return book && book->state.version() >= version;
}

void VersionWaits::wait(ledger::base::Version version, std::chrono::milliseconds patience,
                        std::function<void(bool)> then) {
    if (is_reached(version)) return then(true);
    std::uint64_t number = 0;
    {
        const std::lock_guard lock{mutex_};
        if (waiters_.size() < waiting_max) {
            number = ++next_number_;
            waiters_.emplace(version, Waiter{number, std::move(then)});
        }
    }
    if (number == 0) return then(false);
    loop_.after(patience, [this, number] { give_up(number); });
    if (is_reached(version)) on_commit();  // it was reached between the question and the queue
}

void VersionWaits::on_commit() {
    const auto book = ledger_.committed();
    if (!book) return;
    std::vector<std::function<void(bool)>> reached;
    {
        const std::lock_guard lock{mutex_};
        const auto end = waiters_.upper_bound(book->state.version());
        for (auto waiter = waiters_.begin(); waiter != end; ++waiter)
            reached.push_back(std::move(waiter->second.then));
        waiters_.erase(waiters_.begin(), end);
    }
    for (auto& then : reached) loop_.post([go_on = std::move(then)] { go_on(true); });
}

void VersionWaits::give_up(std::uint64_t number) {
    std::function<void(bool)> then;
    {
        const std::lock_guard lock{mutex_};
        const auto found = std::ranges::find_if(
            waiters_, [&](const auto& waiter) { return waiter.second.number == number; });
        if (found == waiters_.end()) return;
        then = std::move(found->second.then);
        waiters_.erase(found);
    }
    then(false);
}

}  // namespace api
