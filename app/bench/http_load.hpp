// A load generator for HTTP over loopback: keep-alive connections, one thread, no library between it and the
// sockets, so that it takes little of the cores it shares with the server it measures.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/bench/rounds.hpp"

namespace app::bench {

struct HttpAnswer {
    int status = 0;
    std::string_view body;
};

class HttpLoad {
public:
    // Throws std::runtime_error when a connection is refused.
    HttpLoad(std::uint16_t port, std::size_t connections);
    HttpLoad(const HttpLoad&) = delete;
    HttpLoad& operator=(const HttpLoad&) = delete;
    ~HttpLoad();

    using Render = std::function<void(std::string& request)>;           // appends one whole request
    using Take = std::function<void(const HttpAnswer& answer)>;

    // Each connection sends its next request when the last is answered; what is under way at the end is
    // waited for. With no length each sends one. Throws std::runtime_error when a connection breaks.
    void closed_loop(const Render& render, const Take& take, std::chrono::milliseconds length);

    // Requests leave at their times, whatever became of the ones before. Milliseconds from the time a request
    // was due to the last byte of its answer, so that a stall counts for all who waited behind it.
    [[nodiscard]] std::vector<double> fixed_rate(const Render& render, const Take& take, double per_second,
                                                 std::chrono::milliseconds length);

private:
    struct Connection;

    void send(Connection& connection, Clock::time_point due);
    void flush(Connection& connection);
    // Calls `done(connection, answer)` for each answer that is whole.
    template <class Done>
    void receive(Connection& connection, const Done& done);
    template <class Done>
    void wait(int timeout_ms, const Done& done);
    void watch(Connection& connection, bool also_writable) const;

    std::vector<Connection> connections_;
    std::vector<char> piece_ = std::vector<char>(64UL * 1024);
    int poll_ = -1;
    int timer_ = -1;
};

// Reads one whole answer at the front of the text: its length in bytes, or 0 when more must come. Throws
// std::runtime_error for one without Content-Length.
[[nodiscard]] std::size_t parse_answer(std::string_view text, HttpAnswer& answer);

}  // namespace app::bench
