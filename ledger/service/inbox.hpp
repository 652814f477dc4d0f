// What reaches the book's thread: commands, bounded, and how the batches under way ended. Many threads put
// in; one takes out.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/port/ledger.hpp"
#include "ledger/service/writer_machine.hpp"

namespace ledger::service {

struct Asked {
    Envelope envelope;
    Digest digest;                        // of the canonical command, keyed
    std::optional<IdempotencyId> id{};  // of the principal and the key, when there is one

    [[nodiscard]] static Asked of(Envelope envelope, const Digest& digest);
};

// 128 bits of a digest of both: law 5 is kept by (book, principal).
[[nodiscard]] IdempotencyId idempotency_id(PrincipalNo principal, std::string_view key);

// Commands that are decided next to each other and answered at once.
struct Waiting {
    std::vector<Asked> commands;
    Linkage linkage = Linkage::independent;
    std::function<void(std::vector<Outcome>)> answer;

    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const {
        return commands.front().envelope.deadline;
    }
    // Legs and lines its commands bring: what they cost the store.
    [[nodiscard]] std::size_t lines() const;
    // Frees collateral and binds none: a release or a recall.
    [[nodiscard]] bool is_release() const;
};

// Takes out of the line those it is asked for; both keep their order.
template <class Line, class IsWanted>
[[nodiscard]] std::vector<Waiting> take_those(Line& line, IsWanted is_wanted) {
    std::vector<Waiting> taken;
    auto kept = line.begin();
    for (auto& one : line) {
        if (is_wanted(one)) {
            taken.push_back(std::move(one));
        } else {
            if (&*kept != &one) *kept = std::move(one);
            ++kept;
        }
    }
    line.erase(kept, line.end());
    return taken;
}

struct BatchReport {
    Ticket ticket;
    Ending ending = Ending::committed;
    std::string why;
};

class Inbox {
public:
    enum class Added : std::uint8_t { yes, full, closed };

    // `capacity` counts commands; an eighth of it is kept for releases.
    explicit Inbox(std::size_t capacity) : capacity_{capacity} {}

    // Takes the commands only when the answer is yes.
    [[nodiscard]] Added add(Waiting& waiting);
    // First in line again, in this order, whatever the capacity.
    void put_back(std::vector<Waiting> waiting);
    void report(BatchReport report);
    void wake();
    // Nothing more is added; what waits can still be taken.
    void close();

    // Until a batch has ended, `enough` commands wait, somebody woke it, it was closed, or the time is over.
    void wait(std::size_t enough, std::chrono::steady_clock::duration patience);
    [[nodiscard]] std::vector<BatchReport> reports();
    // What waits, oldest first, at most so many commands and at most `lines_per_batch_max` legs and lines (a
    // group is never parted); releases before pledges when more commands than that wait.
    [[nodiscard]] std::vector<Waiting> take(std::size_t most);
    static constexpr std::size_t lines_per_batch_max = 50'000;
    // What waited past its deadline.
    [[nodiscard]] std::vector<Waiting> take_expired(std::chrono::steady_clock::time_point now);

    [[nodiscard]] std::size_t size() const;  // commands
    [[nodiscard]] bool is_closed() const;

private:
    struct Load {
        std::size_t commands = 0;
        std::size_t lines = 0;
    };
    void take_from(std::deque<Waiting>& line, std::size_t most, std::vector<Waiting>& taken, Load& load);

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Waiting> returned_;  // put back; before all others, in their order
    std::deque<Waiting> waiting_;
    std::size_t commands_ = 0;  // in both
    std::vector<BatchReport> reports_;
    bool is_closed_ = false;
    bool is_woken_ = false;
};

}  // namespace ledger::service
