// Answers that are written while they are sent.
#include <atomic>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/unit/api/http_client.hpp"

using namespace tests::http;
using namespace std::chrono_literals;
using api::http::Method;
using api::http::Request;
using api::http::ServerLimits;
using api::http::Stream;

namespace {

// GET /events answers with the stream; the test is its source.
std::vector<api::http::Route> streaming(const std::shared_ptr<Stream>& stream) {
    auto routes = plain_routes();
    routes.push_back(route(Method::get, "/events", [stream](const Request&) {
        return api::http::stream_response(stream, "text/event-stream");
    }));
    return routes;
}

}  // namespace

TEST_CASE("what is written into a stream reaches the client at once, chunk by chunk", "[http][stream]") {
    const auto stream = std::make_shared<Stream>();
    TestServer server{streaming(stream)};
    CHECK(stream->offer("early\n\n") == Stream::Offer::taken);
    RawClient client{server.port()};
    client.send(get("/events"));
    const auto head = client.read_until("\r\n\r\n");
    CHECK(head.find("Transfer-Encoding: chunked") != std::string::npos);
    CHECK(head.find("Content-Type: text/event-stream") != std::string::npos);
    CHECK(client.read_until("\r\n") == "7\r\n");
    CHECK(client.read_until("\n\n\r\n") == "early\n\n\r\n");
    for (int n = 0; n < 100; ++n) {
        const auto event = fmt::format("data: {}\n\n", n);
        CHECK(stream->offer(event) == Stream::Offer::taken);
        CHECK(client.read_until("\n\n\r\n").ends_with(event + "\r\n"));
    }
    stream->end("bye\n\n");
    CHECK(stream->closed());
    CHECK(stream->offer("late") == Stream::Offer::closed);
    CHECK(client.read_all() == "5\r\nbye\n\n\r\n0\r\n\r\n");
    CHECK(soon([&] { return server.server.connections() == 0; }));
}

TEST_CASE("a stream of any length passes through a small buffer, from another thread, whole and in order",
          "[http][stream]") {
    const auto stream = std::make_shared<Stream>(4096);
    TestServer server{streaming(stream)};
    std::atomic<int> wakes = 0;
    stream->on_change([&] {
        ++wakes;
        wakes.notify_one();
    });
    constexpr int lines = 50'000;
    std::thread source{[&] {
        for (int n = 0; n < lines;) {
            const int seen = wakes;
            const auto offered = stream->offer(fmt::format("line {}\n", n));
            if (offered == Stream::Offer::taken)
                ++n;
            else if (offered == Stream::Offer::full)
                wakes.wait(seen);
            else
                return;
        }
        stream->end("last\n");
    }};
    RawClient client{server.port()};
    const auto answer = client.ask(get("/events"));
    source.join();
    std::string expected;
    for (int n = 0; n < lines; ++n) expected += fmt::format("line {}\n", n);
    CHECK((answer.body == expected + "last\n"));
}

TEST_CASE("HTTP/1.0 gets a stream without chunks, until the connection closes", "[http][stream]") {
    const auto stream = std::make_shared<Stream>();
    TestServer server{streaming(stream)};
    CHECK(stream->offer("one\n") == Stream::Offer::taken);
    stream->end("two\n");
    RawClient client{server.port()};
    client.send("GET /events HTTP/1.0\r\n\r\n");
    const auto all = client.read_all();
    CHECK(all.ends_with("\r\n\r\none\ntwo\n"));
    CHECK(all.find("Transfer-Encoding") == std::string::npos);
}

TEST_CASE("a source learns that its client has gone", "[http][stream]") {
    const auto stream = std::make_shared<Stream>();
    std::atomic<bool> told = false;
    stream->on_change([&] { told = true; });
    TestServer server{streaming(stream)};
    {
        RawClient client{server.port()};
        client.send(get("/events"));
        client.read_until("\r\n\r\n");
        CHECK_FALSE(stream->closed());
    }
    CHECK(soon([&] { return stream->closed() && told; }));
    CHECK(stream->offer("more") == Stream::Offer::closed);
    CHECK(soon([&] { return server.server.connections() == 0; }));
}

TEST_CASE("a reader too slow for its source gets the last words and the end", "[http][stream]") {
    const auto stream = std::make_shared<Stream>(64 * 1024);
    TestServer server{streaming(stream)};
    RawClient client{server.port(), 4096};
    client.send(get("/events"));
    client.read_until("\r\n\r\n");
    const std::string event(8 * 1024, 'e');
    int taken = 0;
    // The buffers of both sockets fill first; the system bounds those.
    while (taken < 100'000 && stream->offer_or_end(event, "too slow\n\n")) {
        ++taken;
        std::this_thread::sleep_for(100us);
    }
    CHECK(taken < 100'000);
    CHECK(stream->closed());
    CHECK(stream->buffered() <= 64 * 1024 + 10);
    const auto rest = client.read_all();
    CHECK(rest.ends_with("too slow\n\n\r\n0\r\n\r\n"));
    CHECK(soon([&] { return server.server.connections() == 0; }));
}

TEST_CASE("a reader that takes nothing is cut off by the write limit", "[http][stream]") {
    ServerLimits limits;
    limits.write = 100ms;
    const auto stream = std::make_shared<Stream>(64 * 1024);
    TestServer server{streaming(stream), limits};
    RawClient client{server.port(), 4096};
    client.send(get("/events"));
    client.read_until("\r\n\r\n");
    const std::string event(32 * 1024, 'e');
    CHECK(soon([&] { return stream->offer(event) == Stream::Offer::closed; }));
    CHECK(soon([&] { return server.server.connections() == 0; }));
}

TEST_CASE("stopping ends streams after what was written", "[http][stream]") {
    const auto stream = std::make_shared<Stream>();
    TestServer server{streaming(stream)};
    RawClient client{server.port()};
    client.send(get("/events"));
    client.read_until("\r\n\r\n");
    CHECK(stream->offer("data: 1\n\n") == Stream::Offer::taken);
    client.read_until("data: 1\n\n\r\n");
    const auto begun = std::chrono::steady_clock::now();
    server.server.stop();
    CHECK(std::chrono::steady_clock::now() - begun < 4s);
    CHECK(client.read_all() == "0\r\n\r\n");
    CHECK(stream->closed());
    CHECK(stream->offer("more") == Stream::Offer::closed);
}

TEST_CASE("HEAD of a stream ends it at once", "[http][stream]") {
    const auto stream = std::make_shared<Stream>();
    TestServer server{streaming(stream)};
    RawClient client{server.port()};
    client.send("HEAD /events HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(client.read(true).status == 200);
    CHECK(client.is_closed());
    CHECK(stream->closed());
}
