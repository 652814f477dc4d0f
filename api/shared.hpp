// What all handlers of one server share. Callbacks of the ledger keep it alive.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "api/account_index.hpp"
#include "api/feed/hub.hpp"
#include "api/loop.hpp"
#include "api/metrics.hpp"
#include "api/version_waits.hpp"
#include "api/work_pool.hpp"
#include "ledger/base/secret.hpp"
#include "ledger/port/ledger.hpp"

namespace api {

struct SharedOptions {
    ledger::base::Secret<std::string> pepper{std::string{}};
    std::string environment = "main";  // in the keys it makes
    std::size_t read_threads = 2;
    std::size_t read_queue_max = 1024;
    std::size_t body_threads = 2;
    std::size_t body_queue_max = 64;  // a body may have megabytes
    std::size_t answer_threads = 2;
    std::chrono::milliseconds version_patience{2000};
    feed::HubOptions feed{};
};

class Shared {
public:
    Shared(ledger::port::Ledger& book, SharedOptions chosen);
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() { stop(); }

    // Ends what runs in the background; what waits for the store is still answered.
    void stop();

    ledger::port::Ledger& ledger;
    const SharedOptions options;
    AccountIndex accounts;
    Metrics metrics;
    WorkPool reads;    // may wait for the store; bounded
    WorkPool bodies;   // reads large bodies; bounded
    WorkPool answers;  // renders what was decided; bounded by the commands in flight
    Loop loop;
    VersionWaits waits;
    feed::Hub hub;

private:
    std::shared_ptr<void> notified_;
};

using SharedPtr = std::shared_ptr<Shared>;

}  // namespace api
