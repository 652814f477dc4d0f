#include "tests/unit/api/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

namespace tests::http {

using api::http::Method;
using api::http::Request;
using api::http::Response;
using api::http::Route;

namespace {

constexpr timeval patience{5, 0};

std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

std::size_t number(std::string_view text, int base) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

}  // namespace

bool Answer::closes() const {
    const auto found = headers.find("connection");
    return found != headers.end() && found->second == "close";
}

RawClient::RawClient(std::uint16_t port, int receive_buffer_bytes)
    : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    if (receive_buffer_bytes > 0) {
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket_);
        throw std::runtime_error{"no connection to the server"};
    }
}

RawClient::~RawClient() { ::close(socket_); }

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool RawClient::fill() {
    char buffer[16 * 1024];
    const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(got));
    return true;
}

std::string RawClient::read_until(std::string_view text) {
    std::size_t at = 0;
    while ((at = received_.find(text)) == std::string::npos) {
        if (!fill()) return std::exchange(received_, {});
    }
    std::string result = received_.substr(0, at + text.size());
    received_.erase(0, at + text.size());
    return result;
}

std::string RawClient::read_all() {
    while (fill()) {
    }
    return std::exchange(received_, {});
}

bool RawClient::is_closed() {
    if (!received_.empty()) return false;
    char byte = 0;
    const auto got = ::recv(socket_, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

Answer RawClient::read(bool head_only) {
    Answer answer;
    const std::string head = read_until("\r\n\r\n");
    if (!head.starts_with("HTTP/1.1 ") || !head.ends_with("\r\n\r\n")) return answer;
    answer.status = static_cast<int>(number(std::string_view{head}.substr(9, 3), 10));
    std::string_view rest = std::string_view{head}.substr(head.find("\r\n") + 2);
    while (rest.size() > 2) {
        const auto line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2);
        const auto colon = line.find(": ");
        answer.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
    }
    if (head_only || answer.status == 100) return answer;
    if (answer.headers.contains("transfer-encoding")) {
        for (;;) {
            const auto line = read_until("\r\n");
            const auto size = number(line, 16);
            if (size == 0) {
                read_until("\r\n");
                return answer;
            }
            while (received_.size() < size + 2)
                if (!fill()) return answer;
            answer.body += received_.substr(0, size);
            received_.erase(0, size + 2);
        }
    }
    const auto size = number(answer.headers["content-length"], 10);
    while (received_.size() < size)
        if (!fill()) break;
    answer.body = received_.substr(0, size);
    received_.erase(0, size);
    return answer;
}

Route route(Method method, std::string_view pattern, std::function<Response(const Request&)> answer) {
    Route row;
    row.method = method;
    row.pattern = pattern;
    row.operation_id = pattern;
    row.handler = [answer = std::move(answer)](const api::http::RequestPtr& request,
                                               const api::http::Responder& respond) {
        respond(answer(*request));
    };
    return row;
}

std::vector<Route> plain_routes() {
    using api::http::json_response;
    std::vector<Route> routes;
    routes.push_back(route(Method::get, "/hello", [](const Request&) { return json_response("\"hello\""); }));
    routes.back().query = {"limit", "cursor"};
    routes.push_back(
        route(Method::post, "/echo", [](const Request& request) { return json_response(request.body); }));
    routes.push_back(route(Method::post, "/bulk", [](const Request& request) {
        return json_response(std::to_string(request.body.size()));
    }));
    routes.back().bulk = true;
    routes.push_back(route(Method::get, "/things/{id}", [](const Request& request) {
        return json_response(fmt::format("\"thing {}\"", request.parameter("id")));
    }));
    routes.push_back(route(Method::post, "/things/{id}:close", [](const Request& request) {
        return json_response(
            fmt::format("\"closed {} under {}\"", request.parameter("id"), request.idempotency_key), 201);
    }));
    routes.back().needs_idempotency_key = true;
    for (const auto method : {Method::get, Method::post}) {
        routes.push_back(route(method, "/guarded", [](const Request& request) {
            return json_response(fmt::format("\"{} is in\"", request.caller_as<std::string>()));
        }));
        routes.back().roles = ledger::book::RoleSet::of(ledger::book::Role::admin);
    }
    routes.push_back(route(Method::get, "/throws",
                           [](const Request&) -> Response { throw std::runtime_error{"a fault"}; }));
    Route forgets = route(Method::get, "/forgets", [](const Request&) { return Response{}; });
    forgets.handler = [](const auto&, const auto&) {};
    routes.push_back(forgets);
    return routes;
}

TestServer::TestServer(std::vector<Route> routes, api::http::ServerLimits limits, std::size_t threads)
    : server{[&] {
          api::http::ServerOptions options;
          options.threads = threads;
          options.limits = limits;
          api::http::ServerHooks hooks;
          hooks.gate = [](const Route& row, Request& request) -> ledger::base::Status {
              if (row.roles.bits() == 0) return {};
              if (request.header("Authorization") != "Bearer good") {
                  return ledger::base::refuse({ledger::base::Code::unauthenticated, "No key.", {}});
              }
              request.caller = std::string{"anna"};
              return {};
          };
          hooks.every_answer = [](Response& response) { response.set("Bailee-Ledger-Version", "7"); };
          hooks.access = [known = seen](const api::http::Access& access) {
              const std::lock_guard lock{known->mutex};
              known->accesses.push_back(fmt::format("{} {} {}", access.method, access.route, access.status));
          };
          hooks.fault = [known = seen](std::string_view what, std::string_view) {
              const std::lock_guard lock{known->mutex};
              known->faults.emplace_back(what);
          };
          auto started = api::http::Server::start(options, std::move(routes), std::move(hooks));
          if (!started) throw std::runtime_error{started.error().detail};
          return std::move(*started);
      }()} {}

std::string get(std::string_view target, std::string_view more_headers) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", target, more_headers);
}

std::string post(std::string_view target, std::string_view body, std::string_view more_headers) {
    return fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n{}\r\n{}", target, body.size(),
                       more_headers, body);
}

bool soon(const std::function<bool()>& holds) {
    using namespace std::chrono_literals;
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

}  // namespace tests::http
