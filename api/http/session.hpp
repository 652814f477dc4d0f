// One connection: requests in order, one at a time, each read, admitted, handled, answered.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>

#include "api/http/exchange.hpp"
#include "api/http/loop.hpp"
#include "api/http/turn.hpp"

namespace api::http {

// The stream type stands here alone; a session asks of it async_read_some, async_write_some, cancel, close,
// shutdown.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(std::shared_ptr<Loop> loop, Socket socket);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Awaitable<void> run();        // until the connection ends
    Awaitable<void> turn_away();  // answers 503 and ends

    // By the loop, on its thread.
    void check_deadline(Clock::time_point now);
    void stop();   // when nothing is in flight: now; else after the answer
    void abort();  // now
    void wake();   // an answer or data of a stream has come

private:
    enum class Phase : std::uint8_t { idle, reading, handling, writing, streaming, ending };
    enum class Head : std::uint8_t { complete, refused, gone };
    struct Parser;  // keeps Beast's parser out of this header

    Awaitable<bool> serve_one();  // whether another request may follow
    Awaitable<Head> read_head(Turn& turn, std::size_t& size);
    void parse_head(Parser& parser, Turn& turn, std::size_t size);
    Awaitable<void> read_body(Parser& parser, Turn& turn);
    Awaitable<ErrorCode> read_sized_body(std::string& body, std::size_t length);
    Awaitable<bool> drain_body(Parser& parser, Turn& turn);
    Awaitable<Response> response_of(Turn& turn);
    Awaitable<bool> send(Turn& turn, Response& response);
    Awaitable<bool> send_whole(Turn& turn, const Response& response, std::string_view head);
    Awaitable<bool> send_stream(Turn& turn, const Response& response, std::string_view head);
    Awaitable<bool> write(std::string_view first, std::string_view second = {}, std::string_view third = {});
    Awaitable<void> linger();
    Response refusal_of(Turn& turn);
    void watch_client();
    void tell_access(const Turn& turn, int status) const;
    void arm(std::chrono::milliseconds patience) { deadline_ = Clock::now() + patience; }
    void disarm() { deadline_ = Clock::time_point::max(); }
    [[nodiscard]] std::function<void()> waker();

    std::shared_ptr<Loop> loop_;
    ServerState& state_;
    Socket socket_;
    Timer signal_;
    boost::beast::flat_buffer buffer_;
    std::string remote_;
    std::shared_ptr<Stream> stream_;
    std::array<char, 512> ignored_{};  // what a client sends while it is sent a stream
    Clock::time_point deadline_ = Clock::time_point::max();
    std::size_t sent_bytes_ = 0;  // of the body of the answer
    Phase phase_ = Phase::idle;
    bool timed_out_ = false;
    bool aborted_ = false;
    bool client_gone_ = false;
    bool linger_ = false;  // the client may still be sending what nobody will read
};

}  // namespace api::http
