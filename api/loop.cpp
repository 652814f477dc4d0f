#include "api/loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

namespace api {

class Loop::Thread {
public:
    Thread() : work{context.get_executor()}, thread{[this] { context.run(); }} {}

    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
    std::thread thread;
};

Loop::Loop() : thread_{std::make_unique<Thread>()} {}

Loop::~Loop() { stop(); }

void Loop::post(std::function<void()> task) { boost::asio::post(thread_->context, std::move(task)); }

void Loop::after(std::chrono::milliseconds delay, std::function<void()> task) {
    auto timer = std::make_shared<boost::asio::steady_timer>(thread_->context, delay);
    timer->async_wait([timer, run = std::move(task)](const boost::system::error_code& cancelled) {
        if (!cancelled) run();
    });
}

void Loop::stop() {
    thread_->context.stop();
    if (thread_->thread.joinable()) thread_->thread.join();
}

}  // namespace api
