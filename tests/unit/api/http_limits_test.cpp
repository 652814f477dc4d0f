// What a client may take of the server: size, time, connections.
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/unit/api/http_client.hpp"

using namespace tests::http;
using namespace std::chrono_literals;
using api::http::ServerLimits;

TEST_CASE("a body up to the limit passes and one byte more is 413 and the end of the connection", "[http]") {
    ServerLimits limits;
    limits.body_bytes = 1000;
    limits.bulk_body_bytes = 200'000;
    TestServer server{plain_routes(), limits};
    RawClient client{server.port()};
    CHECK(client.ask(post("/echo", std::string(1000, 'x'))).body == std::string(1000, 'x'));
    CHECK(client.ask(post("/bulk", std::string(200'000, 'x'))).body == "200000");
    const auto answer = client.ask(post("/echo", std::string(1001, 'x')));
    CHECK(answer.status == 413);
    CHECK(answer.has("\"figures\":{\"limit\":\"1000\"}"));
    CHECK(answer.closes());
    CHECK(client.is_closed());
    RawClient bulk{server.port()};
    CHECK(bulk.ask(post("/bulk", std::string(200'001, 'x'))).status == 413);
    RawClient chunks{server.port()};
    const std::string chunk = fmt::format("1f4\r\n{}\r\n", std::string(500, 'x'));
    const auto head = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(chunks.ask(head + chunk + chunk + "0\r\n\r\n").body == std::string(1000, 'x'));
    CHECK(chunks.ask(head + chunk + chunk + "1\r\nx\r\n0\r\n\r\n").status == 413);
    CHECK(chunks.is_closed());
}

TEST_CASE("an answer reaches a client that is still sending a body nobody reads", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
    client.send(std::string(500'000, 'x'));
    CHECK(client.read().status == 413);
}

TEST_CASE("a head beyond the limit, in bytes or in fields, is 431", "[http]") {
    TestServer server{plain_routes()};
    RawClient large{server.port()};
    const std::size_t empty = get("/hello", "X: \r\n").size();
    CHECK(large.ask(get("/hello", fmt::format("X: {}\r\n", std::string(16 * 1024 - empty, 'x')))).status ==
          200);
    const auto answer =
        large.ask(get("/hello", fmt::format("X: {}\r\n", std::string(16 * 1024 - empty + 1, 'x'))));
    CHECK(answer.status == 431);
    CHECK(answer.has("HEADERS_TOO_LARGE"));
    CHECK(large.is_closed());
    RawClient endless{server.port()};
    endless.send("GET /" + std::string(40'000, 'a'));
    CHECK(endless.read().status == 431);
    RawClient many{server.port()};
    std::string fields;
    for (int n = 0; n < 99; ++n) fields += fmt::format("X-{}: 1\r\n", n);
    CHECK(many.ask(get("/hello", fields)).status == 200);
    CHECK(many.ask(get("/hello", fields + "One-More: 1\r\n")).status == 431);
}

TEST_CASE("a head or a body that drips in is 408, and others are served meanwhile", "[http]") {
    ServerLimits limits;
    limits.header_read = 200ms;
    limits.body_read = 200ms;
    TestServer server{plain_routes(), limits, 1};
    RawClient head{server.port()};
    RawClient body{server.port()};
    head.send("GET /hello HTTP/1.1\r\nHo");
    body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab");
    RawClient quick{server.port()};
    CHECK(quick.ask(get("/hello")).status == 200);
    const auto head_answer = head.read();
    CHECK(head_answer.status == 408);
    CHECK(head_answer.has("REQUEST_TOO_SLOW"));
    CHECK(head.is_closed());
    CHECK(body.read().status == 408);
    CHECK(body.is_closed());
    RawClient dripping{server.port()};
    const auto begun = std::chrono::steady_clock::now();
    const std::string request = get("/hello", "X-Slow: yes\r\n");
    for (const char c : request) {
        if (!dripping.send({&c, 1})) break;
        std::this_thread::sleep_for(10ms);
        if (std::chrono::steady_clock::now() - begun > 600ms) break;
    }
    CHECK(dripping.read().status == 408);
}

TEST_CASE("a connection that asks nothing is closed without a word", "[http]") {
    ServerLimits limits;
    limits.keep_alive = 400ms;
    TestServer server{plain_routes(), limits};
    RawClient never{server.port()};
    RawClient once{server.port()};
    CHECK(once.ask(get("/hello")).status == 200);
    CHECK(once.is_closed());
    CHECK(never.is_closed());
    CHECK(soon([&] { return server.server.connections() == 0; }));
}

TEST_CASE("one connection too many is told so and closed", "[http]") {
    ServerLimits limits;
    limits.connections = 3;
    TestServer server{plain_routes(), limits};
    RawClient first{server.port()};
    RawClient second{server.port()};
    {
        RawClient third{server.port()};
        CHECK(first.ask(get("/hello")).status == 200);
        CHECK(third.ask(get("/hello")).status == 200);
        CHECK(soon([&] { return server.server.connections() == 3; }));
        RawClient fourth{server.port()};
        const auto answer = fourth.read();
        CHECK(answer.status == 503);
        CHECK(answer.has("TOO_MANY_CONNECTIONS"));
        CHECK(answer.headers.contains("retry-after"));
        CHECK(answer.closes());
    }
    CHECK(soon([&] { return server.server.connections() == 2; }));
    RawClient again{server.port()};
    CHECK(again.ask(get("/hello")).status == 200);
}

TEST_CASE("Expect: 100-continue is honoured once the head has passed, and only then", "[http]") {
    TestServer server{plain_routes()};
    const std::string expect = "Host: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n";
    RawClient good{server.port()};
    CHECK(good.ask("POST /echo HTTP/1.1\r\n" + expect + "\r\n").status == 100);
    CHECK(good.ask("body").body == "body");
    CHECK(good.ask(post("/echo", "next")).body == "next");
    RawClient stranger{server.port()};
    CHECK(stranger.ask("POST /guarded HTTP/1.1\r\n" + expect + "\r\n").status == 401);
    CHECK(stranger.is_closed());
    RawClient large{server.port()};
    CHECK(
        large.ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n")
            .status == 413);
    RawClient other{server.port()};
    CHECK(other.ask(post("/echo", "{}", "Expect: the unexpected\r\n")).status == 400);
}

TEST_CASE("a refusal keeps the connection when the body is small, and closes it when it is not", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    CHECK_FALSE(client.ask(post("/nowhere", std::string(60'000, 'x'))).closes());
    CHECK(client.ask(post("/nowhere", std::string(70'000, 'x'))).closes());
}
