// The HTTP interface of a book: the only header of this folder that a program includes.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "api/http/server.hpp"
#include "ledger/port/ledger.hpp"

namespace api {

struct ApiOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any free one
    std::size_t threads = 2;
    std::string pepper{};  // under which keys are hashed; empty: plain hashes, of what is random anyway
    std::string environment = "main";  // 1 to 16 lower-case letters and digits; stands in the keys it makes
    http::ServerLimits limits{};
    std::size_t read_threads = 2;  // that wait for the store
    std::size_t read_queue_max = 1024;
    std::chrono::milliseconds heartbeat{15'000};  // of streams
    std::chrono::milliseconds version_patience{2000};  // how long `min_version` waits
    std::size_t streams_max = 1000;
};

class Api {
public:
    // Serves when it returns; throws std::runtime_error when it cannot listen there. The ledger must outlive
    // it.
    Api(ledger::port::Ledger& ledger, ApiOptions options);
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;
    ~Api();  // stops

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string url() const;  // "http://127.0.0.1:41213"
    // Lets requests in flight end, ends streams, and returns when all threads have ended. Safe to call again.
    // Commands still with the ledger are answered as long as it takes at most the server's limit.
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace api
