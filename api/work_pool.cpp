#include "api/work_pool.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace api {

class WorkPool::Threads {
public:
    explicit Threads(std::size_t count) : pool{count} {}
    boost::asio::thread_pool pool;
};

WorkPool::WorkPool(std::size_t threads, std::size_t queue_max)
    : threads_{std::make_unique<Threads>(threads)}, queue_max_{queue_max} {}

WorkPool::~WorkPool() { stop(); }

bool WorkPool::run(std::function<void()> work) {
    if (has_ended_) return false;
    if (waiting_.fetch_add(1) >= queue_max_) {
        --waiting_;
        return false;
    }
    boost::asio::post(threads_->pool, [this, done = std::move(work)] {
        done();
        --waiting_;
    });
    return true;
}

void WorkPool::stop() {
    has_ended_ = true;
    threads_->pool.join();
}

}  // namespace api
