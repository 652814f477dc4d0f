#include "net/http_client.hpp"

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <optional>
#include <string_view>

namespace net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using ledger::base::Code;
using ledger::base::Result;

struct Place {
    std::string host;
    std::string port = "80";
    std::string target = "/";
};

// "http://host[:port][/target]", the form our own servers print.
std::optional<Place> parse_place(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) return std::nullopt;
    url.remove_prefix(scheme.size());
    Place place;
    if (const auto slash = url.find('/'); slash != std::string_view::npos) {
        place.target = url.substr(slash);
        url = url.substr(0, slash);
    }
    if (const auto colon = url.rfind(':'); colon != std::string_view::npos) {
        place.port = url.substr(colon + 1);
        url = url.substr(0, colon);
    }
    place.host = url;
    if (place.host.empty() || place.port.empty()) return std::nullopt;
    return place;
}

tl::unexpected<ledger::base::Error> unreachable(const HttpCall& request, const std::string& why) {
    return ledger::base::refuse({.code = Code::outcome_unknown,
                                 .detail = fmt::format("{} {}: {}", request.method, request.url, why),
                                 .pointer = "",
                                 .next_step = "Check that the server is up and the address is right."});
}

// Runs one asynchronous step to its end, so that the stream's deadline holds for it.
template <class Start>
beast::error_code finish(boost::asio::io_context& io, Start start) {
    beast::error_code result;
    start([&](beast::error_code error, auto&&...) { result = error; });
    io.restart();
    io.run();
    return result;
}

}  // namespace

Result<HttpAnswer> call(const HttpCall& request) {
    const auto place = parse_place(request.url);
    if (!place)
        return ledger::base::refuse({.code = Code::invalid_input,
                                     .detail = fmt::format("\"{}\" is not an http:// address.", request.url),
                                     .pointer = "--url"});
    const auto& [host, port, target] = *place;

    boost::asio::io_context io;
    boost::asio::ip::tcp::resolver resolver{io};
    beast::error_code error;
    const auto addresses = resolver.resolve(host, port, error);
    if (error) return unreachable(request, error.message());
    beast::tcp_stream stream{io};
    stream.expires_after(request.within);
    error = finish(io, [&](auto done) { stream.async_connect(addresses, done); });
    if (error) return unreachable(request, error.message());

    http::request<http::string_body> message{http::string_to_verb(request.method), target, 11};
    message.set(http::field::host, fmt::format("{}:{}", host, port));
    message.set(http::field::connection, "close");
    for (const auto& [name, value] : request.headers) message.set(name, value);
    message.body() = request.body;
    message.prepare_payload();
    error = finish(io, [&](auto done) { http::async_write(stream, message, done); });
    if (error) return unreachable(request, error.message());

    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(request.body_max);
    error = finish(io, [&](auto done) { http::async_read(stream, buffer, parser, done); });
    if (error) return unreachable(request, error.message());
    return HttpAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace net
