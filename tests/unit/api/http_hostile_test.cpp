// Shapes that let two servers disagree about where a request ends, and bytes that have no business in a head.
#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/unit/api/http_client.hpp"

using namespace tests::http;

namespace {

struct Shape {
    const char* name;
    std::string bytes;
};

const std::string smuggled = "0\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

std::string head(std::string_view line, std::string_view fields, std::string_view body = {}) {
    return fmt::format("{}\r\n{}\r\n{}", line, fields, body);
}

std::vector<Shape> refused_framings() {
    const std::string post_line = "POST /echo HTTP/1.1";
    return {
        {"CL and TE",
         head(post_line, "Host: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n", smuggled)},
        {"TE and CL",
         head(post_line, "Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n", smuggled)},
        {"CL twice", head(post_line, "Host: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n", "abcde")},
        {"CL twice alike", head(post_line, "Host: h\r\nContent-Length: 4\r\nContent-Length: 4\r\n", "abcd")},
        {"CL as a list", head(post_line, "Host: h\r\nContent-Length: 4, 4\r\n", "abcd")},
        {"CL with a sign", head(post_line, "Host: h\r\nContent-Length: +4\r\n", "abcd")},
        {"CL negative", head(post_line, "Host: h\r\nContent-Length: -4\r\n", "abcd")},
        {"CL hexadecimal", head(post_line, "Host: h\r\nContent-Length: 0x4\r\n", "abcd")},
        {"CL with a blank inside", head(post_line, "Host: h\r\nContent-Length: 1 0\r\n", "abcdefghij")},
        {"CL empty", head(post_line, "Host: h\r\nContent-Length:\r\n", "abcd")},
        {"CL beyond 64 bits", head(post_line, "Host: h\r\nContent-Length: 18446744073709551620\r\n", "abcd")},
        {"TE gzip, chunked", head(post_line, "Host: h\r\nTransfer-Encoding: gzip, chunked\r\n", smuggled)},
        {"TE chunked, gzip", head(post_line, "Host: h\r\nTransfer-Encoding: chunked, gzip\r\n", smuggled)},
        {"TE xchunked", head(post_line, "Host: h\r\nTransfer-Encoding: xchunked\r\n", smuggled)},
        {"TE quoted", head(post_line, "Host: h\r\nTransfer-Encoding: \"chunked\"\r\n", smuggled)},
        {"TE with a parameter", head(post_line, "Host: h\r\nTransfer-Encoding: chunked;q=1\r\n", smuggled)},
        {"TE identity", head(post_line, "Host: h\r\nTransfer-Encoding: identity\r\n", smuggled)},
        {"TE empty", head(post_line, "Host: h\r\nTransfer-Encoding:\r\n", smuggled)},
        {"TE twice",
         head(post_line, "Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
              smuggled)},
        {"TE twice, one of them unknown",
         head(post_line, "Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n", smuggled)},
        {"TE with vertical tab", head(post_line, "Host: h\r\nTransfer-Encoding:\vchunked\r\n", smuggled)},
        {"TE in HTTP/1.0",
         head("POST /echo HTTP/1.0", "Host: h\r\nTransfer-Encoding: chunked\r\n", smuggled)},
    };
}

std::vector<Shape> refused_heads() {
    const std::string post_line = "POST /echo HTTP/1.1";
    const std::string get_line = "GET /hello HTTP/1.1";
    return {
        {"space before the colon", head(post_line, "Host: h\r\nTransfer-Encoding : chunked\r\n", smuggled)},
        {"tab before the colon", head(post_line, "Host: h\r\nContent-Length\t: 4\r\n", "abcd")},
        {"space before the name", head(post_line, "Host: h\r\n Content-Length: 4\r\n", "abcd")},
        {"first header folded", head(get_line, " X: 1\r\nHost: h\r\n")},
        {"obs-fold", head(post_line, "Host: h\r\nTransfer-Encoding:\r\n chunked\r\n", smuggled)},
        {"obs-fold with a tab", head(get_line, "Host: h\r\nX: 1\r\n\t2\r\n")},
        {"bare LF after the request line", "GET /hello HTTP/1.1\nHost: h\r\n\r\n"},
        {"bare LF between headers", "GET /hello HTTP/1.1\r\nHost: h\nX: 1\r\n\r\n"},
        {"bare LF at the end", "GET /hello HTTP/1.1\r\nHost: h\r\n\n"},
        {"bare LF everywhere", "GET /hello HTTP/1.1\nHost: h\n\n"},
        {"bare CR in a value", head(get_line, "Host: h\r\nX: a\rb\r\n")},
        {"CR CR LF", "GET /hello HTTP/1.1\r\r\nHost: h\r\n\r\n"},
        {"NUL in a value", head(get_line, std::string{"Host: h\r\nX: a\0b\r\n", 16})},
        {"NUL in the target", std::string{"GET /hel\0lo HTTP/1.1\r\nHost: h\r\n\r\n", 34}},
        {"control character in a value", head(get_line, "Host: h\r\nX: a\x01\r\n")},
        {"DEL in a value", head(get_line, "Host: h\r\nX: a\x7f\r\n")},
        {"no colon", head(get_line, "Host: h\r\nNoColonHere\r\n")},
        {"no name", head(get_line, "Host: h\r\n: value\r\n")},
        {"brackets in a name", head(get_line, "Host: h\r\nX[0]: value\r\n")},
        {"no Host", head(get_line, "X: 1\r\n")},
        {"two Hosts", head(get_line, "Host: h\r\nHost: g\r\n")},
        {"absolute-form", head("GET http://h/hello HTTP/1.1", "Host: h\r\n")},
        {"authority-form", head("CONNECT h:80 HTTP/1.1", "Host: h\r\n")},
        {"asterisk-form", head("OPTIONS * HTTP/1.1", "Host: h\r\n")},
        {"no leading slash", head("GET hello HTTP/1.1", "Host: h\r\n")},
        {"a fragment", head("GET /hello#x HTTP/1.1", "Host: h\r\n")},
        {"raw UTF-8 in the target", head("GET /things/\xC3\xA9 HTTP/1.1", "Host: h\r\n")},
        {"two blanks in the request line", head("GET  /hello HTTP/1.1", "Host: h\r\n")},
        {"a tab in the request line", head("GET\t/hello HTTP/1.1", "Host: h\r\n")},
        {"a blank in the target", head("GET /hel lo HTTP/1.1", "Host: h\r\n")},
        {"no version", head("GET /hello", "Host: h\r\n")},
        {"HTTP/2.0", head("GET /hello HTTP/2.0", "Host: h\r\n")},
        {"HTTP/1.2", head("GET /hello HTTP/1.2", "Host: h\r\n")},
        {"lower-case http", head("GET /hello http/1.1", "Host: h\r\n")},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        {"TLS", std::string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 12}},
        {"an empty line first", "\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n"},
        {"a body with GET", head(get_line, "Host: h\r\nContent-Length: 4\r\n", "abcd")},
        {"chunks with GET", head(get_line, "Host: h\r\nTransfer-Encoding: chunked\r\n", smuggled)},
        {"a body with DELETE", head("DELETE /hello HTTP/1.1", "Host: h\r\nContent-Length: 4\r\n", "abcd")},
    };
}

}  // namespace

TEST_CASE("a request of a hostile shape is 400, nothing behind it is read, and the connection closes",
          "[http]") {
    TestServer server{plain_routes()};
    auto shapes = refused_framings();
    for (auto& shape : refused_heads()) shapes.push_back(std::move(shape));
    for (const auto& shape : shapes) {
        CAPTURE(shape.name);
        RawClient client{server.port()};
        client.send(shape.bytes);
        const auto answer = client.read();
        CHECK(answer.status == 400);
        CHECK(answer.has("\"code\":\"INVALID_INPUT\""));
        CHECK(answer.closes());
        CHECK(client.is_closed());
    }
    for (const auto& access : server.seen->all_accesses()) CHECK(access.ends_with(" 400"));
    CHECK(server.seen->all_faults().empty());
}

TEST_CASE("chunks out of form are 400 and the end of the connection", "[http]") {
    TestServer server{plain_routes()};
    const std::string post_chunks = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::vector<Shape> shapes{
        {"no size", "\r\nabcd\r\n0\r\n\r\n"},
        {"size with 0x", "0x4\r\nabcd\r\n0\r\n\r\n"},
        {"size with a sign", "+4\r\nabcd\r\n0\r\n\r\n"},
        {"negative size", "-4\r\nabcd\r\n0\r\n\r\n"},
        {"size beyond 64 bits", "10000000000000004\r\nabcd\r\n0\r\n\r\n"},
        {"data longer than its size", "3\r\nabcd\r\n0\r\n\r\n"},
        {"bare LF after the size", "4\nabcd\r\n0\r\n\r\n"},
        {"huge extension", "4;x=" + std::string(100'000, 'y') + "\r\nabcd\r\n0\r\n\r\n"},
        {"many extensions",
         [] {
             std::string chunks;
             for (int n = 0; n < 100; ++n) chunks += "1;name=value-of-twenty-bytes\r\na\r\n";
             return chunks + "0\r\n\r\n";
         }()},
        {"huge trailer", "1\r\na\r\n0\r\nX: " + std::string(100'000, 'y') + "\r\n\r\n"},
    };
    for (const auto& shape : shapes) {
        CAPTURE(shape.name);
        RawClient client{server.port()};
        client.send(post_chunks + shape.bytes);
        CHECK(client.read().status == 400);
        CHECK(client.is_closed());
    }
}

TEST_CASE("chunks in form are put together, and a trailer changes nothing", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    const std::string post_chunks = "POST /guarded HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n";
    const std::string chunks = "2\r\nab\r\n00002;a=b\r\ncd\r\n0\r\nAuthorization: Bearer good\r\n\r\n";
    CHECK(client.ask(post_chunks + "Authorization: Bearer bad\r\n\r\n" + chunks).status == 401);
    RawClient other{server.port()};
    CHECK(other.ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks).body ==
          "abcd");
    CHECK(other.ask(get("/hello")).status == 200);
}

TEST_CASE("clients that leave at any moment leave nothing behind", "[http]") {
    TestServer server{plain_routes()};
    const std::string request = post("/things/x:close", "{\"a\":1}", "Idempotency-Key: k\r\n");
    for (std::size_t size = 0; size <= request.size(); ++size) {
        RawClient client{server.port()};
        client.send(std::string_view{request}.substr(0, size));
    }
    CHECK(soon([&] { return server.server.connections() == 0; }));
    CHECK(RawClient{server.port()}.ask(get("/hello")).status == 200);
    CHECK(server.seen->all_faults().empty());
}

TEST_CASE("a request that arrives byte by byte is understood", "[http]") {
    TestServer server{plain_routes()};
    RawClient client{server.port()};
    for (const char c : post("/echo", "{\"a\":1}") + get("/hello")) client.send({&c, 1});
    CHECK(client.read().body == "{\"a\":1}");
    CHECK(client.read().body == "\"hello\"");
}
