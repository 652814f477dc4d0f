// One thread that runs small tasks in order, some of them later. What only its tasks touch needs no lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace api {

class Loop {
public:
    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    void post(std::function<void()> task);
    void after(std::chrono::milliseconds delay, std::function<void()> task);
    // Ends the thread; tasks that have not begun are dropped.
    void stop();

private:
    class Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace api
