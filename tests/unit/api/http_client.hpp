// A client that sends exactly the bytes it is given, and a server in this process to send them to.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/server.hpp"

namespace tests::http {

struct Answer {
    int status = 0;  // 0: the connection ended without one
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    [[nodiscard]] bool closes() const;
    [[nodiscard]] bool has(std::string_view text) const { return body.find(text) != std::string::npos; }
};

class RawClient {
public:
    explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0);
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    ~RawClient();

    bool send(std::string_view bytes);  // false when the server has gone
    // `head_only`: of a HEAD request. Chunked bodies are put together.
    Answer read(bool head_only = false);
    Answer ask(std::string_view bytes) {
        send(bytes);
        return read();
    }
    // Up to and with the text; what came before when the connection ends or five seconds pass.
    std::string read_until(std::string_view text);
    std::string read_all();  // until the server closes
    bool is_closed();        // by the server, within five seconds and without another byte

private:
    bool fill();
    int socket_ = -1;
    std::string received_;
};

// Counts what the hooks see.
struct Seen {
    std::mutex mutex;
    std::vector<std::string> faults;
    std::vector<std::string> accesses;  // "GET /v1/things/{id} 200"
    [[nodiscard]] std::vector<std::string> all_accesses() {
        const std::lock_guard lock{mutex};
        return accesses;
    }
    [[nodiscard]] std::vector<std::string> all_faults() {
        const std::lock_guard lock{mutex};
        return faults;
    }
};

struct TestServer {
    explicit TestServer(std::vector<api::http::Route> routes, api::http::ServerLimits limits = {},
                        std::size_t threads = 2);
    std::shared_ptr<Seen> seen = std::make_shared<Seen>();
    api::http::Server server;
    [[nodiscard]] std::uint16_t port() const { return server.port(); }
};

// A route whose handler answers at once with what the function returns.
[[nodiscard]] api::http::Route route(api::http::Method method, std::string_view pattern,
                                     std::function<api::http::Response(const api::http::Request&)> answer);
// GET /hello, POST /echo (the body), POST /bulk (its size), GET /things/{id}, POST /things/{id}:close
// (needs a key), GET /guarded (401 without "Bearer good"), POST /guarded, GET /throws, GET /forgets.
[[nodiscard]] std::vector<api::http::Route> plain_routes();

[[nodiscard]] std::string get(std::string_view target, std::string_view more_headers = {});
[[nodiscard]] std::string post(std::string_view target, std::string_view body,
                               std::string_view more_headers = {});
// Polls until it holds or five seconds have passed.
bool soon(const std::function<bool()>& holds);

}  // namespace tests::http
