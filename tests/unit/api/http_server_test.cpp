// The server as a whole: routing, keep-alive, pipelining, answers from other threads, many clients, shutdown.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <thread>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/unit/api/http_client.hpp"

using namespace tests::http;
using namespace std::chrono_literals;
using api::http::json_response;
using api::http::Method;
using api::http::Request;
using api::http::RequestPtr;
using api::http::Responder;
using api::http::Route;

TEST_CASE("a path, a method and an action lead to their route or to 404 and 405", "[http]") {
    TestServer server{plain_routes()};
    struct Row {
        const char* method;
        const char* target;
        int status;
        const char* body;
        const char* allow;
    };
    const auto row = GENERATE(values<Row>({
        {"GET", "/hello", 200, "\"hello\"", ""},
        {"GET", "/things/lien_1", 200, "\"thing lien_1\"", ""},
        {"GET", "/things/a%2Fb%20c", 200, "\"thing a/b c\"", ""},
        {"GET", "/things/a%zz", 400, "\"pointer\":\"{id}\"", ""},
        {"GET", "/things/a%00b", 400, "\"pointer\":\"{id}\"", ""},
        {"GET", "/things/%ff", 400, "\"pointer\":\"{id}\"", ""},
        {"GET", "/things/", 404, "NOT_FOUND", ""},
        {"GET", "/things", 404, "NOT_FOUND", ""},
        {"GET", "/things/a/b", 404, "NOT_FOUND", ""},
        {"GET", "/hello/", 404, "NOT_FOUND", ""},
        {"GET", "//hello", 404, "NOT_FOUND", ""},
        {"GET", "/", 404, "NOT_FOUND", ""},
        {"GET", "/hello:now", 404, "NOT_FOUND", ""},
        {"GET", "/things/x:close", 405, "METHOD_NOT_ALLOWED", "POST"},
        {"POST", "/things/x:open", 404, "NOT_FOUND", ""},
        {"DELETE", "/hello", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
        {"OPTIONS", "/guarded", 405, "METHOD_NOT_ALLOWED", "GET, HEAD, POST"},
        {"BREW", "/hello", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
        {"TRACE", "/echo", 405, "METHOD_NOT_ALLOWED", "POST"},
    }));
    CAPTURE(row.method, row.target);
    RawClient client{server.port()};
    const auto answer = client.ask(fmt::format("{} {} HTTP/1.1\r\nHost: h\r\n\r\n", row.method, row.target));
    CHECK(answer.status == row.status);
    CHECK(answer.has(row.body));
    CHECK((answer.headers.contains("allow") ? answer.headers.at("allow") : "") == row.allow);
    CHECK_FALSE(answer.closes());
    CHECK(client.ask(get("/hello")).status == 200);
}

TEST_CASE("an id in a path longer than any can be is not found", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    CHECK(client.ask(get("/things/" + std::string(128, 'a'))).status == 200);
    CHECK(client.ask(get("/things/" + std::string(129, 'a'))).status == 404);
}

TEST_CASE("HEAD answers as GET does, without the body", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    client.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto answer = client.read(true);
    CHECK(answer.status == 200);
    CHECK(answer.headers.at("content-length") == "7");
    CHECK(client.ask(get("/hello")).body == "\"hello\"");
}

TEST_CASE("every answer carries the headers of safety, a request id and those of the hook", "[http]") {
    TestServer server{plain_routes()};
    const auto request = GENERATE(std::string{"GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"},
                                  std::string{"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"},
                                  std::string{"GET /throws HTTP/1.1\r\nHost: h\r\n\r\n"},
                                  std::string{"GET /guarded HTTP/1.1\r\nHost: h\r\n\r\n"},
                                  std::string{"GET /hello HTTP/3.7\r\nHost: h\r\n\r\n"}, std::string{"\n"});
    CAPTURE(request);
    RawClient client{server.port()};
    const auto answer = client.ask(request);
    REQUIRE(answer.status != 0);
    CHECK(answer.headers.at("content-security-policy") == "default-src 'none'; frame-ancestors 'none'");
    CHECK(answer.headers.at("x-content-type-options") == "nosniff");
    CHECK(answer.headers.at("cache-control") == "no-store");
    CHECK(answer.headers.at("referrer-policy") == "no-referrer");
    CHECK(answer.headers.at("bailee-ledger-version") == "7");
    CHECK(answer.headers.at("bailee-request-id").starts_with("req_"));
    CHECK(answer.headers.contains("date"));
}

TEST_CASE("a sane X-Request-Id is echoed and any other is replaced", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    CHECK(client.ask(get("/hello", "X-Request-Id: order-7.a_B\r\n")).headers.at("bailee-request-id") ==
          "order-7.a_B");
    const auto problem = client.ask(get("/nowhere", "x-request-id: mine\r\n"));
    CHECK(problem.headers.at("bailee-request-id") == "mine");
    CHECK(problem.has("\"request_id\":\"mine\""));
    for (const auto& bad :
         {std::string{"a b"}, std::string{"<script>"}, std::string(65, 'a'), std::string{}}) {
        const auto answer = client.ask(get("/hello", fmt::format("X-Request-Id: {}\r\n", bad)));
        CHECK(answer.headers.at("bailee-request-id").starts_with("req_"));
    }
}

TEST_CASE("the query is read strictly and only known parameters pass", "[http]") {
    TestServer server{plain_routes()};
    struct Row {
        const char* query;
        int status;
        const char* pointer;
    };
    const auto row = GENERATE(values<Row>({{"?limit=5", 200, ""},
                                           {"?", 200, ""},
                                           {"?limit=5&cursor=a%20b", 200, ""},
                                           {"?limit=5&limit=6", 400, "\"pointer\":\"?limit\""},
                                           {"?limit=%6", 400, "\"pointer\":\"?limit\""},
                                           {"?limit=%ff", 400, "\"pointer\":\"?limit\""},
                                           {"?unknown=1", 400, "\"pointer\":\"?unknown\""},
                                           {"?=1", 400, "\"pointer\":\"?\""},
                                           {"?limit=1&&cursor=2", 400, "\"pointer\":\"?\""}}));
    CAPTURE(row.query);
    RawClient client{server.port()};
    const auto answer = client.ask(get(fmt::format("/hello{}", row.query)));
    CHECK(answer.status == row.status);
    CHECK(answer.has(row.pointer));
}

TEST_CASE("the gate judges before the key and the body do", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    const auto refused = client.ask(post("/guarded", "{}"));
    CHECK(refused.status == 401);
    CHECK(refused.headers.at("www-authenticate") == "Bearer");
    CHECK_FALSE(refused.closes());
    CHECK(client.ask(post("/guarded", "{}", "Authorization: Bearer good\r\n")).body == "\"anna is in\"");
}

TEST_CASE("a write that needs a key is refused without one, and sees it when it is there", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    const auto missing = client.ask(post("/things/x:close", "{}"));
    CHECK(missing.status == 400);
    CHECK(missing.has("\"pointer\":\"Idempotency-Key\""));
    CHECK(client.ask(post("/things/x:close", "", "Idempotency-Key: k-1\r\n")).body ==
          "\"closed x under k-1\"");
    CHECK(client.ask(post("/things/x:close", "", "Idempotency-Key: a b\r\n")).status == 400);
    CHECK(client.ask(post("/things/x:close", "", "Idempotency-Key: a\r\nIdempotency-Key: a\r\n")).status ==
          400);
    CHECK(
        client.ask(post("/things/x:close", "", fmt::format("Idempotency-Key: {}\r\n", std::string(256, 'k'))))
            .status == 400);
}

TEST_CASE("a handler's exception is a 500, is reported, and the connection goes on", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    const auto answer = client.ask(get("/throws"));
    CHECK(answer.status == 500);
    CHECK(answer.has("INTERNAL_ERROR"));
    CHECK_FALSE(answer.has("a fault"));
    CHECK(client.ask(get("/hello")).status == 200);
    CHECK(server.seen->all_faults() == std::vector<std::string>{"a fault"});
}

TEST_CASE("a responder that nobody calls is answered with 500", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    CHECK(client.ask(get("/forgets")).status == 500);
    CHECK(client.ask(get("/hello")).status == 200);
    CHECK(server.seen->all_faults().size() == 1);
}

TEST_CASE("pipelined requests are answered in order", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    std::string all;
    constexpr int requests = 1000;
    for (int n = 0; n < requests; ++n)
        all += n % 2 == 0 ? get(fmt::format("/things/{}", n)) : post("/echo", fmt::format("{}", n));
    std::thread sender{[&] { client.send(all); }};
    int right = 0;
    for (int n = 0; n < requests; ++n) {
        const auto answer = client.read();
        right += answer.body == (n % 2 == 0 ? fmt::format("\"thing {}\"", n) : fmt::format("{}", n)) ? 1 : 0;
    }
    sender.join();
    CHECK(right == requests);
}

TEST_CASE("HTTP/1.0 closes unless it asks otherwise, and Connection: close is honoured", "[http]") {
    TestServer server{plain_routes()};
    RawClient old{server.port()};
    CHECK(old.ask("GET /hello HTTP/1.0\r\n\r\n").closes());
    CHECK(old.is_closed());
    RawClient kept{server.port()};
    CHECK_FALSE(kept.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").closes());
    CHECK(kept.ask(get("/hello", "Connection: close\r\n")).closes());
    CHECK(kept.is_closed());
}

namespace {

// Answers requests from a thread of its own, as the book's writer does.
class Elsewhere {
public:
    Elsewhere() : thread_{[this] { run(); }} {}
    Elsewhere(const Elsewhere&) = delete;
    Elsewhere& operator=(const Elsewhere&) = delete;
    ~Elsewhere() {
        {
            const std::lock_guard lock{mutex_};
            ended_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    void submit(RequestPtr request, Responder respond) {
        {
            const std::lock_guard lock{mutex_};
            waiting_.emplace_back(std::move(request), std::move(respond));
        }
        changed_.notify_one();
    }
    [[nodiscard]] std::size_t waiting() {
        const std::lock_guard lock{mutex_};
        return waiting_.size();
    }
    void hold(bool held) {
        {
            const std::lock_guard lock{mutex_};
            held_ = held;
        }
        changed_.notify_one();
    }

private:
    void run() {
        std::unique_lock lock{mutex_};
        for (;;) {
            changed_.wait(lock, [this] { return ended_ || (!held_ && !waiting_.empty()); });
            if (ended_) return;
            auto batch = std::exchange(waiting_, {});
            lock.unlock();
            for (auto& [request, respond] : batch) {
                respond(json_response(fmt::format("\"{}\"", request->parameter("id"))));
                respond(json_response("\"again\""));  // ignored
            }
            batch.clear();
            lock.lock();
        }
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::pair<RequestPtr, Responder>> waiting_;
    bool held_ = false;
    bool ended_ = false;
    std::thread thread_;
};

std::vector<Route> slow_routes(Elsewhere& elsewhere) {
    auto routes = plain_routes();
    auto slow = route(Method::get, "/slow/{id}", {});
    slow.handler = [&elsewhere](RequestPtr request, Responder respond) {
        elsewhere.submit(std::move(request), std::move(respond));
    };
    routes.push_back(slow);
    return routes;
}

}  // namespace

TEST_CASE("64 clients at once are each answered from another thread, and 1,000 one after another", "[http]") {
    Elsewhere elsewhere;
    TestServer server{slow_routes(elsewhere)};
    std::atomic<int> right = 0;
    std::vector<std::thread> clients;
    constexpr int each = 50;
    for (int c = 0; c < 64; ++c) {
        clients.emplace_back([&, c] {
            RawClient client{server.port()};
            for (int n = 0; n < each; ++n) {
                const auto id = fmt::format("{}-{}", c, n);
                if (client.ask(get("/slow/" + id)).body == fmt::format("\"{}\"", id)) ++right;
            }
        });
    }
    for (auto& client : clients) client.join();
    CHECK(right == 64 * each);

    int answered = 0;
    for (int n = 0; n < 1000; ++n)
        answered += RawClient{server.port()}.ask(get("/hello")).status == 200 ? 1 : 0;
    CHECK(answered == 1000);
    CHECK(soon([&] { return server.server.connections() == 0; }));
    CHECK(server.seen->all_accesses().size() == 64 * each + 1000);
    CHECK(server.seen->all_accesses().front() == "GET /slow/{id} 200");
}

TEST_CASE("a handler that takes too long is answered for, and its late answer is dropped", "[http]") {
    Elsewhere elsewhere;
    elsewhere.hold(true);
    api::http::ServerLimits limits;
    limits.answer = 200ms;
    TestServer server{slow_routes(elsewhere), limits};
    RawClient client{server.port()};
    const auto answer = client.ask(get("/slow/1"));
    CHECK(answer.status == 503);
    CHECK(answer.has("OUTCOME_UNKNOWN"));
    CHECK(answer.headers.contains("retry-after"));
    elsewhere.hold(false);
    for (int n = 0; n < 50; ++n) {
        CHECK(client.ask(get(fmt::format("/things/{}", n))).body == fmt::format("\"thing {}\"", n));
    }
}

TEST_CASE("stopping lets a request in flight end, closes idle connections and refuses new ones", "[http]") {
    Elsewhere elsewhere;
    elsewhere.hold(true);
    TestServer server{slow_routes(elsewhere)};
    RawClient idle{server.port()};
    CHECK(idle.ask(get("/hello")).status == 200);
    RawClient fresh{server.port()};
    RawClient busy{server.port()};
    busy.send(get("/slow/7"));
    CHECK(soon([&] { return server.server.connections() == 3 && elsewhere.waiting() == 1; }));
    std::thread stopper{[&] { server.server.stop(); }};
    CHECK(idle.is_closed());
    CHECK(fresh.is_closed());
    CHECK(soon([&] {
        try {
            RawClient late{server.port()};
            return false;
        } catch (const std::runtime_error&) {
            return true;
        }
    }));
    elsewhere.hold(false);
    const auto answer = busy.read();
    CHECK(answer.body == "\"7\"");
    CHECK(answer.closes());
    stopper.join();
    CHECK(server.server.connections() == 0);
    server.server.stop();
}

TEST_CASE("stopping does not wait for ever, and an answer after the end is harmless", "[http]") {
    std::vector<Responder> kept;
    std::mutex mutex;
    auto routes = plain_routes();
    auto never = route(Method::get, "/never", {});
    never.handler = [&](const RequestPtr&, Responder respond) {
        const std::lock_guard lock{mutex};
        kept.push_back(std::move(respond));
    };
    routes.push_back(never);
    api::http::ServerLimits limits;
    limits.shutdown = 100ms;
    {
        TestServer server{routes, limits};
        RawClient client{server.port()};
        RawClient halfway{server.port()};
        client.send(get("/never"));
        halfway.send("GET /hel");
        CHECK(soon([&] {
            const std::lock_guard lock{mutex};
            return kept.size() == 1;
        }));
        const auto begun = std::chrono::steady_clock::now();
        server.server.stop();
        CHECK(std::chrono::steady_clock::now() - begun < 4s);
        CHECK(client.is_closed());
    }
    kept.front()(json_response("1"));
    kept.clear();
}

TEST_CASE("an address in use, and one that is none, are refusals", "[http]") {
    TestServer server{plain_routes()};
    api::http::ServerOptions options;
    options.port = server.port();
    const auto taken = api::http::Server::start(options, plain_routes());
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().detail.find("in use") != std::string::npos);
    options.address = "localhost";
    CHECK_FALSE(api::http::Server::start(options, plain_routes()).has_value());
    CHECK(server.server.url() == fmt::format("http://127.0.0.1:{}", server.port()));
}
