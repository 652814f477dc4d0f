// A few threads behind a bounded queue, for what an I/O thread must not do: wait for the store, render what
// is large.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

namespace api {

class WorkPool {
public:
    WorkPool(std::size_t threads, std::size_t queue_max);
    WorkPool(const WorkPool&) = delete;
    WorkPool& operator=(const WorkPool&) = delete;
    ~WorkPool();

    // False when the queue is full or the pool has ended; the work is then not done.
    [[nodiscard]] bool run(std::function<void()> work);
    // Does what waits, then ends its threads.
    void stop();
    [[nodiscard]] std::size_t waiting() const { return waiting_; }

private:
    class Threads;
    std::unique_ptr<Threads> threads_;
    const std::size_t queue_max_;
    std::atomic<std::size_t> waiting_{0};
    std::atomic<bool> has_ended_{false};
};

}  // namespace api
