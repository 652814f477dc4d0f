// The HTTP/1.1 server: sockets, limits, hostile shapes, routing, streams and clean shutdown. It knows nothing
// of the ledger. Each I/O thread has its own loop and its own listening socket on the shared port, so that a
// session never changes thread.
//
// Stricter than RFC 9112 on purpose: a bare LF or CR, obs-fold, NUL, space before a colon, a target that does
// not begin with "/", Content-Length with Transfer-Encoding or twice, a Transfer-Encoding other than
// "chunked", a missing or repeated Host, and a body with GET, HEAD or DELETE are 400 and the connection
// closes. Pipelined requests are answered in order, one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/message.hpp"
#include "api/http/router.hpp"
#include "ledger/base/error.hpp"

namespace api::http {

struct ServerLimits {
    std::size_t body_bytes = 1UL << 20U;
    std::size_t bulk_body_bytes = 8UL << 20U;  // of routes marked bulk
    std::size_t header_bytes = 16UL * 1024;  // request line and fields; 431
    std::size_t header_fields = 100;  // 431
    std::size_t connections = 10'000;  // beyond: 503 and closed
    std::chrono::milliseconds header_read{10'000};  // from the first byte; 408
    std::chrono::milliseconds body_read{30'000};  // 408
    std::chrono::milliseconds keep_alive{60'000};  // idle between requests
    std::chrono::milliseconds write{30'000};  // for a response, or for one part of a stream
    std::chrono::milliseconds answer{30'000};  // for a handler; then 503 OUTCOME_UNKNOWN
    std::chrono::milliseconds shutdown{5'000};  // for requests in flight
};

struct Access {
    std::string_view method;
    std::string_view route;  // the pattern; empty when none was found
    int status = 0;
    std::chrono::microseconds duration{};  // from the last byte of the head to the last byte of the answer
    std::size_t request_bytes = 0;  // of the body
    std::size_t response_bytes = 0;  // of the body, or of all that was streamed
    std::string_view request_id;
    std::string_view remote_address;
};

// All are called on I/O threads, on several at once, and must not block. Any may be empty.
struct ServerHooks {
    // After the head, before the body and before "100 Continue": who calls, and may they? It may fill
    // request.caller.
    std::function<ledger::base::Status(const Route& route, Request& request)> gate{};
    // Headers that every answer carries, the shell's own refusals included.
    std::function<void(Response&)> every_answer{};
    std::function<void(const Access&)> access{};
    // An exception left a handler, or a responder went unused.
    std::function<void(std::string_view what, std::string_view request_id)> fault{};
};

struct ServerOptions {
    std::string address = "127.0.0.1";  // an address, not a name
    std::uint16_t port = 0;  // 0: any free one
    std::size_t threads = 2;
    ServerLimits limits{};
};

class Server {
public:
    // Listens and serves when it returns; an address in use, or none of ours, is a refusal that says so.
    [[nodiscard]] static ledger::base::Result<Server> start(ServerOptions options, std::vector<Route> routes,
                                                            ServerHooks hooks = {});
    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    ~Server();  // stops

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string url() const;  // "http://127.0.0.1:41213"
    [[nodiscard]] std::size_t connections() const;
    [[nodiscard]] const Router& router() const;

    // Stops listening, ends streams, lets requests in flight end, then closes what is left. Returns when all
    // threads have ended; not to be called from a handler. The second call does nothing.
    void stop();

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace api::http
