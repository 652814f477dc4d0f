#pragma once

#include <atomic>
#include <future>
#include <stdexcept>

#include "ledger/service/book_service.hpp"
#include "tests/support/memory_store.hpp"

namespace tests::support {

using namespace ledger::port;
using namespace ledger::service;
namespace rules = ledger::rules;

struct ManualClock {
    std::atomic<std::int64_t> wall{1'800'000'000'000'000};
    std::atomic<std::int64_t> steady{0};
    [[nodiscard]] Clocks clocks() {
        return {
            .wall = [this] { return Microseconds{std::chrono::microseconds{wall.load()}}; },
            .steady =
                [this] {
                    return std::chrono::steady_clock::time_point{std::chrono::microseconds{steady.load()}};
                }};
    }
    void pass(std::chrono::microseconds time) {
        wall += time.count();
        steady += time.count();
    }
};

// A service over a database in memory, which others may share, under a clock of the test's.
struct RunningService {
    MemoryStore store;
    MemoryReader reader{store};
    ManualClock clock;
    std::unique_ptr<BookService> service;

    explicit RunningService(ServiceOptions options = {},
                            std::shared_ptr<MemoryDatabase> database = std::make_shared<MemoryDatabase>(),
                            std::string name = "this")
        : store{std::move(database), std::move(name)} {
        options.retry_first = std::chrono::milliseconds{1};
        options.retry_last = std::chrono::milliseconds{2};
        options.tick_every = std::chrono::milliseconds{5};
        options.follow_every = std::chrono::milliseconds{2};
        service = std::make_unique<BookService>(store, reader, options, clock.clocks());
    }
    std::future<Outcome> submit(rules::Command command, std::string key = "") {
        auto promise = std::make_shared<std::promise<Outcome>>();
        service->submit(
            {.principal = PrincipalNo{0}, .idempotency_key = std::move(key), .command = std::move(command)},
            [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
        return promise->get_future();
    }
    std::future<std::vector<Outcome>> submit_group(std::vector<Envelope> commands, Linkage linkage) {
        auto promise = std::make_shared<std::promise<std::vector<Outcome>>>();
        service->submit_group(std::move(commands), linkage, [promise](std::vector<Outcome> outcomes) {
            promise->set_value(std::move(outcomes));
        });
        return promise->get_future();
    }
    Outcome ask(rules::Command command, std::string key = "") {
        auto answer = submit(std::move(command), std::move(key));
        if (answer.wait_for(std::chrono::seconds{20}) != std::future_status::ready)
            throw std::runtime_error{"no answer in 20 s"};
        return answer.get();
    }
};

// Waits until it holds, or says that it does not.
template <class Condition>
[[nodiscard]] bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
}

}  // namespace tests::support
