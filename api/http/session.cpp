#include "api/http/session.hpp"

#include <exception>
#include <utility>

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "api/http/response_head.hpp"

namespace api::http {

namespace asio = boost::asio;
namespace beast = boost::beast;

using ledger::base::Code;
using ledger::base::Error;

namespace {

// What stands behind a head may already be the next requests, or the beginning of a body.
constexpr std::size_t read_ahead_bytes = 64UL * 1024;
constexpr std::size_t read_bytes = 4096;
constexpr std::size_t body_part_bytes = 256UL * 1024;
constexpr std::size_t drained_bytes_max = 64UL * 1024;
constexpr std::size_t chunk_extension_bytes_max = 1024;  // of all chunks of a body

std::string_view view(const beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

Method method_of(beast::http::verb verb) {
    switch (verb) {
        case beast::http::verb::get: return Method::get;
        case beast::http::verb::head: return Method::head;
        case beast::http::verb::post: return Method::post;
        case beast::http::verb::put: return Method::put;
        case beast::http::verb::delete_: return Method::delete_;
        case beast::http::verb::patch: return Method::patch;
        default: return Method::other;
    }
}

Error malformed(std::string_view detail) { return {Code::invalid_input, std::string{detail}, {}}; }

Response made_from(const std::function<Response()>& make,
                   const std::function<Response(std::string_view)>& failed) {
    try {
        return make();
    } catch (const std::exception& failure) {
        return failed(failure.what());
    }
}

Error too_large(std::size_t limit) {
    return {Code::request_too_large,
            "The body is larger than what is taken here.",
            {},
            {{"limit", std::to_string(limit)}}};
}

}  // namespace

struct Session::Parser {
    beast::http::request_parser<beast::http::string_body> parser;
    std::size_t extension_bytes = 0;
    std::function<void(std::uint64_t, beast::string_view, ErrorCode&)> on_chunk;

    explicit Parser(std::size_t header_bytes) {
        parser.header_limit(static_cast<std::uint32_t>(header_bytes + 1));
        parser.body_limit(boost::none);
        on_chunk = [this](std::uint64_t /*size*/, beast::string_view extension, ErrorCode& fault) {
            extension_bytes += extension.size();
            if (extension_bytes > chunk_extension_bytes_max) fault = beast::http::error::bad_chunk_extension;
        };
        parser.on_chunk_header(on_chunk);
    }
};

Session::Session(std::shared_ptr<Loop> loop, Socket socket)
    : loop_{std::move(loop)},
      state_{loop_->state()},
      socket_{std::move(socket)},
      signal_{loop_->context().get_executor()},
      buffer_{state_.limits.header_bytes + read_ahead_bytes} {
    ErrorCode fault;
    const auto peer = socket_.remote_endpoint(fault);
    if (!fault) remote_ = peer.address().to_string();
    loop_->enter(*this);
}

Session::~Session() {
    loop_->leave(*this);
    state_.connections.fetch_sub(1);
}

void Session::check_deadline(Clock::time_point now) {
    if (now < deadline_) return;
    timed_out_ = true;
    ErrorCode ignored;
    socket_.cancel(ignored);
}

void Session::stop() {
    ErrorCode ignored;
    if (phase_ == Phase::idle) socket_.cancel(ignored);
    if (stream_) stream_->end();
}

void Session::abort() {
    aborted_ = true;
    ErrorCode ignored;
    socket_.close(ignored);
    signal_.cancel();
    if (stream_) stream_->abandon();
}

void Session::wake() { signal_.cancel(); }

std::function<void()> Session::waker() {
    // A responder or a stream may outlive the server: it holds neither the loop nor the session.
    return [loop = std::weak_ptr{loop_}, session = weak_from_this()] {
        if (const auto living = loop.lock()) living->wake(session);
    };
}

Awaitable<void> Session::run() {
    try {
        while (co_await serve_one()) {
        }
    } catch (const std::exception& failure) {
        state_.report(failure.what(), {});
    }
    phase_ = Phase::ending;
    if (linger_ && !aborted_) co_await linger();
    disarm();
    ErrorCode ignored;
    socket_.close(ignored);
}

Awaitable<void> Session::turn_away() {
    Turn turn;
    turn.request->request_id = state_.new_request_id();
    turn.request->remote_address = remote_;
    turn.request->received = Clock::now();
    turn.refuse_and_close(
        {Code::too_many_connections, "The server holds as many connections as it may.", {}});
    linger_ = true;
    Response response = refusal_of(turn);
    co_await send(turn, response);
    co_await linger();
    ErrorCode ignored;
    socket_.close(ignored);
}

Awaitable<bool> Session::serve_one() {
    Turn turn;
    std::size_t size = 0;
    const Head head = co_await read_head(turn, size);
    if (head == Head::gone) co_return false;
    turn.request->received = Clock::now();
    turn.request->remote_address = remote_;
    turn.request->request_id = state_.new_request_id();
    Parser parser{state_.limits.header_bytes};
    if (head == Head::complete) {
        parse_head(parser, turn, size);
        if (!turn.refusal) admit(state_, turn);
        if (!turn.refusal && turn.has_body())
            co_await read_body(parser, turn);
        else if (turn.refusal && turn.has_body() && turn.keep_alive)
            turn.keep_alive = co_await drain_body(parser, turn);
    }
    if (aborted_) co_return false;
    linger_ = turn.refusal.has_value() && !turn.keep_alive;
    // No co_await inside a conditional expression, nor a temporary in its arguments: GCC 12 destroys such
    // twice.
    Response response;
    if (turn.refusal) {
        response = refusal_of(turn);
    } else {
        response = co_await response_of(turn);
    }
    const bool sent = co_await send(turn, response);
    co_return sent&& turn.keep_alive && !loop_->stopping();
}

Awaitable<Session::Head> Session::read_head(Turn& turn, std::size_t& size) {
    const auto& limits = state_.limits;
    phase_ = buffer_.size() == 0 ? Phase::idle : Phase::reading;
    arm(phase_ == Phase::idle ? limits.keep_alive : limits.header_read);
    HeadScanner scanner;
    for (;;) {
        const auto end = scanner.scan(view(buffer_));
        if (end.value_or(buffer_.size()) > limits.header_bytes) {
            turn.refuse_and_close({Code::headers_too_large,
                                   "The head of the request is too large.",
                                   {},
                                   {{"limit", std::to_string(limits.header_bytes)}}});
            co_return Head::refused;
        }
        if (!scanner.fault().empty()) {
            turn.refuse_and_close(malformed(scanner.fault()));
            co_return Head::refused;
        }
        if (end) {
            size = *end;
            co_return Head::complete;
        }
        if (loop_->stopping() && phase_ == Phase::idle) co_return Head::gone;
        timed_out_ = false;
        const auto [fault, bytes] = co_await socket_.async_read_some(buffer_.prepare(read_bytes), quietly);
        buffer_.commit(bytes);
        if (fault == asio::error::operation_aborted && timed_out_ && phase_ == Phase::reading) {
            turn.refuse_and_close(
                {Code::request_too_slow, "The head of the request did not arrive in time.", {}});
            co_return Head::refused;
        }
        if (fault) co_return Head::gone;
        if (phase_ == Phase::idle) {
            phase_ = Phase::reading;
            arm(limits.header_read);
        }
    }
}

void Session::parse_head(Parser& parser, Turn& turn, std::size_t size) {
    phase_ = Phase::reading;
    const auto head = view(buffer_).substr(0, size);
    if (const auto fault = fault_in_lines(head); !fault.empty())
        return turn.refuse_and_close(malformed(fault));
    if (fields_in(head) > state_.limits.header_fields) {
        return turn.refuse_and_close({Code::headers_too_large,
                                      "The request has too many headers.",
                                      {},
                                      {{"limit", std::to_string(state_.limits.header_fields)}}});
    }
    ErrorCode fault;
    parser.parser.put(asio::buffer(head.data(), head.size()), fault);
    buffer_.consume(size);
    if (fault == beast::http::error::need_more) fault = {};
    if (fault || !parser.parser.is_header_done()) {
        return turn.refuse_and_close(malformed("The head is not that of an HTTP/1.1 request."));
    }
    const auto& message = parser.parser.get();
    Request& request = *turn.request;
    request.method = method_of(message.method());
    turn.method_text = view(message.method_string());
    for (const auto& field : message) request.headers.add(view(field.name_string()), view(field.value()));
    const auto target = view(message.target());
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string_view::npos) turn.query_text = target.substr(question + 1);
    turn.keep_alive = message.keep_alive();
    constexpr unsigned http_1_0 = 10;
    turn.framing = framing_of(request.headers, message.version() == http_1_0, request.method);
    if (const auto wrong = fault_in_target(target); !wrong.empty()) turn.refuse_and_close(malformed(wrong));
}

Awaitable<void> Session::read_body(Parser& parser, Turn& turn) {
    const auto& limits = state_.limits;
    if (turn.expects_continue && buffer_.size() == 0) {
        if (!co_await write("HTTP/1.1 100 Continue\r\n\r\n")) {
            turn.refuse_and_close(malformed("The client has gone."));
            co_return;
        }
    }
    arm(limits.body_read);
    timed_out_ = false;
    ErrorCode fault;
    if (turn.framing.content_length) {
        fault = co_await read_sized_body(turn.request->body, *turn.framing.content_length);
    } else {
        parser.parser.body_limit(turn.body_limit);
        const auto [failed, bytes] =
            co_await beast::http::async_read(socket_, buffer_, parser.parser, quietly);
        fault = failed;
        if (!fault) turn.request->body = std::move(parser.parser.get().body());
    }
    disarm();
    if (!fault) co_return;
    if (fault == beast::http::error::body_limit) {
        turn.refuse_and_close(too_large(turn.body_limit));
    } else if (fault == asio::error::operation_aborted && timed_out_) {
        turn.refuse_and_close({Code::request_too_slow, "The body did not arrive in time.", {}});
    } else {
        turn.refuse_and_close(malformed("The body does not end as its length or its chunks say."));
    }
}

// Straight into the body: most of a small one is in the buffer already, and a large one is not copied through
// it. The text grows as its bytes arrive, whatever length was announced.
Awaitable<ErrorCode> Session::read_sized_body(std::string& body, std::size_t length) {
    body = view(buffer_).substr(0, length);
    buffer_.consume(body.size());
    ErrorCode fault;
    while (!fault && body.size() < length) {
        const auto had = body.size();
        const auto part = std::min(length - had, body_part_bytes);
        body.resize(had + part);
        const auto [failed, bytes] =
            co_await asio::async_read(socket_, asio::buffer(body.data() + had, part), quietly);
        fault = failed;
    }
    co_return fault;
}

// After a refusal: a small body is read away, so that the connection can go on.
Awaitable<bool> Session::drain_body(Parser& parser, Turn& turn) {
    const bool small = !turn.framing.chunked && turn.framing.content_length.value_or(0) <= drained_bytes_max;
    if (!small || turn.expects_continue) co_return false;
    parser.parser.body_limit(drained_bytes_max);
    arm(state_.limits.body_read);
    const auto [fault, bytes] = co_await beast::http::async_read(socket_, buffer_, parser.parser, quietly);
    disarm();
    co_return !fault;
}

Response Session::refusal_of(Turn& turn) {
    Response response = problem_response(*turn.refusal, turn.request->request_id);
    if (!turn.allow.empty()) response.set("Allow", turn.allow);
    return response;
}

Awaitable<Response> Session::response_of(Turn& turn) {
    phase_ = Phase::handling;
    disarm();
    turn.request->deadline = Clock::now() + state_.limits.answer;
    const auto& request = turn.request;
    const auto failed = [state = std::weak_ptr{loop_}, id = request->request_id](std::string_view what) {
        if (const auto loop = state.lock()) loop->state().report(what, id);
        return problem_response({Code::internal_error, "The server failed to answer.", {}}, id);
    };
    const auto exchange = std::make_shared<Exchange>(
        waker(), [failed] { return failed("a handler let its responder go unused"); });
    {
        const Responder respond =
            exchange->responder();  // outlives the handler, so that its exception comes first
        try {
            request->route->handler(request, respond);
        } catch (const std::exception& failure) {
            exchange->answer(failed(failure.what()));
        } catch (...) {
            exchange->answer(failed("a handler threw what is no exception"));
        }
    }
    for (;;) {
        if (auto response = exchange->take_or_wait()) {
            if (response->make) *response = made_from(std::exchange(response->make, {}), failed);
            co_return std::move(*response);
        }
        if (aborted_ || Clock::now() >= request->deadline) break;
        signal_.expires_at(request->deadline);
        co_await signal_.async_wait(quietly);
    }
    co_return problem_response(
        {Code::outcome_unknown, "The answer did not come in time; what was asked may take effect.", {}},
        request->request_id);
}

Awaitable<bool> Session::send(Turn& turn, Response& response) {
    phase_ = Phase::writing;
    if (state_.hooks.every_answer) state_.hooks.every_answer(response);
    if (loop_->stopping()) turn.keep_alive = false;
    ResponseFacts facts;
    facts.request_id = turn.request->request_id;
    facts.date = loop_->date();
    if (response.stream) {
        turn.keep_alive = false;
        facts.body =
            turn.framing.is_http_1_0 ? ResponseFacts::Body::until_close : ResponseFacts::Body::chunked;
    }
    facts.keep_alive = turn.keep_alive;
    const std::string head = response_head(response, facts);
    sent_bytes_ = 0;
    bool sent = false;
    if (response.stream)
        sent = co_await send_stream(turn, response, head);
    else
        sent = co_await send_whole(turn, response, head);
    tell_access(turn, response.status);
    co_return sent;
}

Awaitable<bool> Session::send_whole(Turn& turn, const Response& response, std::string_view head) {
    const bool bodyless =
        turn.request->method == Method::head || response.status == 204 || response.status == 304;
    const std::string_view body = bodyless ? std::string_view{} : std::string_view{response.body};
    sent_bytes_ = body.size();
    co_return co_await write(head, body);
}

Awaitable<bool> Session::send_stream(Turn& turn, const Response& response, std::string_view head) {
    const auto stream = response.stream;
    if (turn.request->method == Method::head) {
        stream->abandon();
        co_return co_await write(head);
    }
    phase_ = Phase::streaming;
    stream_ = stream;
    stream->on_data(waker());
    if (loop_->stopping()) stream->end();
    watch_client();
    bool going = co_await write(head);
    const bool chunked = !turn.framing.is_http_1_0;
    while (going) {
        const auto taken = stream->take();
        if (!taken.data.empty()) {
            sent_bytes_ += taken.data.size();
            const std::string size_line = fmt::format("{:x}\r\n", taken.data.size());
            if (chunked)
                going = co_await write(size_line, taken.data, "\r\n");
            else
                going = co_await write(taken.data);
        }
        if (taken.last) break;
        if (!taken.data.empty()) continue;
        signal_.expires_at(Clock::time_point::max());
        co_await signal_.async_wait(quietly);
        going = !aborted_;
    }
    stream->abandon();
    if (going && chunked && !client_gone_) going = co_await write("0\r\n\r\n");
    stream_.reset();
    co_return going;
}

// A client that only listens shows that it has gone by the end of what it sends.
void Session::watch_client() {
    socket_.async_read_some(asio::buffer(ignored_),
                            [self = shared_from_this()](ErrorCode fault, std::size_t) {
                                if (!self->stream_) return;
                                if (fault) {
                                    self->client_gone_ = true;
                                    self->stream_->abandon();
                                    return;
                                }
                                self->watch_client();
                            });
}

Awaitable<bool> Session::write(std::string_view first, std::string_view second, std::string_view third) {
    const std::array<asio::const_buffer, 3> buffers{asio::buffer(first), asio::buffer(second),
                                                    asio::buffer(third)};
    arm(state_.limits.write);
    timed_out_ = false;
    const auto [fault, bytes] = co_await asio::async_write(socket_, buffers, quietly);
    disarm();
    co_return !fault;
}

// A close while the client still sends would reset the connection and take the answer with it.
Awaitable<void> Session::linger() {
    using namespace std::chrono_literals;
    constexpr std::size_t lingered_bytes_max = 1UL << 20U;
    ErrorCode fault;
    socket_.shutdown(Tcp::socket::shutdown_send, fault);
    arm(std::min(2'000ms, state_.limits.write));
    for (std::size_t total = 0; !fault && total < lingered_bytes_max;) {
        const auto [failed, bytes] = co_await socket_.async_read_some(asio::buffer(ignored_), quietly);
        fault = failed;
        total += bytes;
    }
    disarm();
}

void Session::tell_access(const Turn& turn, int status) const {
    if (!state_.hooks.access) return;
    const Request& request = *turn.request;
    Access access;
    access.method = turn.method_text;
    if (request.route != nullptr) access.route = request.route->pattern;
    access.status = status;
    access.duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - request.received);
    access.request_bytes = request.body.size();
    access.response_bytes = sent_bytes_;
    access.request_id = request.request_id;
    access.remote_address = request.remote_address;
    state_.hooks.access(access);
}

}  // namespace api::http
