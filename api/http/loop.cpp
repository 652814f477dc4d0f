#include "api/http/loop.hpp"

#include <algorithm>
#include <exception>
#include <limits>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/post.hpp>

#include "api/http/response_head.hpp"
#include "api/http/session.hpp"

namespace api::http {

namespace asio = boost::asio;

namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
constexpr std::size_t turned_away_max = 64;

}  // namespace

Loop::Loop(std::shared_ptr<ServerState> state)
    : state_{std::move(state)},
      context_{1},
      acceptor_{context_.get_executor()},
      accept_pause_{context_.get_executor()},
      watch_{context_.get_executor()} {}

void Loop::listen(const Tcp::endpoint& endpoint, ErrorCode& fault) {
    constexpr int waiting_connections = 4096;
    if (!fault) acceptor_.open(endpoint.protocol(), fault);
    if (!fault) acceptor_.set_option(asio::socket_base::reuse_address{true}, fault);
    if (!fault) acceptor_.set_option(ReusePort{true}, fault);
    if (!fault) acceptor_.bind(endpoint, fault);
    if (!fault) acceptor_.listen(waiting_connections, fault);
}

std::uint16_t Loop::port() const { return acceptor_.local_endpoint().port(); }

void Loop::run() {
    asio::co_spawn(context_, accept(), asio::detached);
    asio::co_spawn(context_, watch_deadlines(), asio::detached);
    for (bool ended = false; !ended;) {
        try {
            context_.run();
            ended = true;
        } catch (const std::exception& failure) {
            state_->report(failure.what(), {});
        }
    }
}

void Loop::post(std::function<void()> work) { asio::post(context_, std::move(work)); }

void Loop::wake(std::weak_ptr<Session> session) {
    {
        const std::lock_guard lock{woken_mutex_};
        woken_.push_back(std::move(session));
        if (woken_.size() > 1) return;
    }
    asio::post(context_, [self = weak_from_this()] {
        if (const auto loop = self.lock()) loop->wake_sessions();
    });
}

void Loop::wake_sessions() {
    std::vector<std::weak_ptr<Session>> woken;
    {
        const std::lock_guard lock{woken_mutex_};
        woken.swap(woken_);
    }
    for (const auto& session : woken)
        if (const auto living = session.lock()) living->wake();
}

void Loop::stop() {
    post([self = shared_from_this()] { self->begin_stop(); });
}

void Loop::begin_stop() {
    if (std::exchange(stopping_, true)) return;
    stop_deadline_ = Clock::now() + state_->limits.shutdown;
    ErrorCode ignored;
    acceptor_.close(ignored);
    accept_pause_.cancel();
    for (auto* session : sessions_) session->stop();
    watch_.cancel();
}

const std::string& Loop::date() {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (now != date_of_) {
        date_of_ = now;
        date_ = http_date(now);
    }
    return date_;
}

Awaitable<void> Loop::accept() {
    using namespace std::chrono_literals;
    while (!stopping_) {
        Socket socket{context_.get_executor()};
        const auto [fault] = co_await acceptor_.async_accept(socket, quietly);
        if (stopping_) break;
        if (fault) {
            // Out of descriptors, most likely: without a pause this would spin.
            accept_pause_.expires_after(20ms);
            co_await accept_pause_.async_wait(quietly);
            continue;
        }
        admit(std::move(socket));
    }
}

void Loop::admit(Socket socket) {
    ErrorCode ignored;
    socket.set_option(Tcp::no_delay{true}, ignored);
    const bool is_one_too_many = state_->connections.fetch_add(1) >= state_->limits.connections;
    const auto session = std::make_shared<Session>(shared_from_this(), std::move(socket));
    if (!is_one_too_many) {
        asio::co_spawn(context_, session->run(), [session](const std::exception_ptr&) {});
        return;
    }
    if (turned_away_ >= turned_away_max) return;
    ++turned_away_;
    asio::co_spawn(context_, session->turn_away(),
                   [session, this](const std::exception_ptr&) { --turned_away_; });
}

Clock::duration Loop::tick() const {
    using namespace std::chrono_literals;
    const auto& limits = state_->limits;
    const auto shortest = std::min({limits.header_read, limits.body_read, limits.keep_alive, limits.write});
    return std::clamp<Clock::duration>(shortest / 8, 5ms, 250ms);
}

// One timer for all sessions: a deadline costs a request nothing but the storing of it.
Awaitable<void> Loop::watch_deadlines() {
    while (!stopping_ || !sessions_.empty()) {
        watch_.expires_after(tick());
        co_await watch_.async_wait(quietly);
        const auto now = Clock::now();
        const bool out_of_patience = stopping_ && now >= stop_deadline_;
        for (auto* session : sessions_) {
            if (out_of_patience)
                session->abort();
            else
                session->check_deadline(now);
        }
    }
}

}  // namespace api::http
