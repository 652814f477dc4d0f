// The bounded queue in front of the writer. Many threads add; one thread takes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "ledger/port/ledger.hpp"

namespace ledger::service {

using namespace ledger::port;

struct Waiting {
    Envelope envelope;
    Digest digest;  // of the canonical command, keyed
    std::function<void(Outcome)> answer;
};

class CommandQueue {
public:
    explicit CommandQueue(std::size_t capacity) : capacity_{capacity} {}

    // False when the queue is full or closed; the command is then untouched.
    [[nodiscard]] bool add(Waiting& waiting) {
        {
            const std::lock_guard lock{mutex_};
            if (is_closed_ || waiting_.size() >= capacity_) return false;
            waiting_.push_back(std::move(waiting));
        }
        arrived_.notify_one();
        return true;
    }

    // What waits, oldest first, at most `most`; empty when nothing came within the time or the queue closed.
    [[nodiscard]] std::vector<Waiting> take(std::size_t most, std::chrono::milliseconds patience) {
        std::unique_lock lock{mutex_};
        arrived_.wait_for(lock, patience, [&] { return is_closed_ || is_woken_ || !waiting_.empty(); });
        is_woken_ = false;
        std::vector<Waiting> taken;
        while (!waiting_.empty() && taken.size() < most) {
            taken.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        return taken;
    }

    void wake() {
        {
            const std::lock_guard lock{mutex_};
            is_woken_ = true;
        }
        arrived_.notify_one();
    }

    // Nothing more is added; what waits can still be taken.
    void close() {
        {
            const std::lock_guard lock{mutex_};
            is_closed_ = true;
        }
        arrived_.notify_all();
    }

    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock{mutex_};
        return waiting_.size();
    }
    [[nodiscard]] bool is_closed() const {
        const std::lock_guard lock{mutex_};
        return is_closed_;
    }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

private:
    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Waiting> waiting_;
    bool is_closed_ = false;
    bool is_woken_ = false;
};

}  // namespace ledger::service
