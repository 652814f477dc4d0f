// One I/O thread: its loop, its listening socket and its sessions. Everything but stop() and post() runs on
// that thread, so nothing here is locked.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "api/http/turn.hpp"

namespace api::http {

using Clock = std::chrono::steady_clock;
using Tcp = boost::asio::ip::tcp;
// The loop's own executor, not the type-erased one: it is on the path of every request.
using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = boost::asio::basic_socket_acceptor<Tcp, Executor>;
using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;
template <class T>
using Awaitable = boost::asio::awaitable<T, Executor>;
using ErrorCode = boost::system::error_code;

// Completion by value: {error, result…} instead of exceptions.
inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> quietly{};

class Session;

class Loop : public std::enable_shared_from_this<Loop> {
public:
    explicit Loop(std::shared_ptr<ServerState> state);
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Before run(): listens on the address, sharing the port with the other loops.
    void listen(const Tcp::endpoint& endpoint, ErrorCode& fault);
    [[nodiscard]] std::uint16_t port() const;
    void run();   // until stopped and empty
    void stop();  // from any thread

    // From any thread.
    void post(std::function<void()> work);
    // From any thread: the session's answer has come. Sessions that are woken close together, as those of one
    // batch of the book are, cost the loop one interruption.
    void wake(std::weak_ptr<Session> session);

    [[nodiscard]] boost::asio::io_context& context() { return context_; }
    [[nodiscard]] ServerState& state() { return *state_; }
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] const std::string& date();
    void enter(Session& session) { sessions_.insert(&session); }
    void leave(Session& session) { sessions_.erase(&session); }

private:
    Awaitable<void> accept();
    Awaitable<void> watch_deadlines();
    void admit(Socket socket);
    void begin_stop();
    void wake_sessions();
    [[nodiscard]] Clock::duration tick() const;

    std::shared_ptr<ServerState> state_;
    boost::asio::io_context context_;
    Acceptor acceptor_;
    Timer accept_pause_;
    Timer watch_;
    std::unordered_set<Session*> sessions_;
    std::mutex woken_mutex_;
    std::vector<std::weak_ptr<Session>> woken_;
    std::size_t turned_away_ = 0;  // connections beyond the limit that are being told so
    bool stopping_ = false;
    Clock::time_point stop_deadline_{};
    std::chrono::sys_seconds date_of_{};
    std::string date_;
};

}  // namespace api::http
