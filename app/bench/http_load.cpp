#include "app/bench/http_load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <stdexcept>

#include <fmt/format.h>

namespace app::bench {

struct HttpLoad::Connection {
    int socket = -1;
    bool is_busy = false;
    bool is_watched_for_writing = false;
    Clock::time_point due{};
    std::string out;
    std::size_t sent = 0;
    std::string in;
};

namespace {

constexpr int events_max = 256;
constexpr int patience_ms = 30'000;  // without any answer

[[noreturn]] void fail(const char* what) {
    throw std::runtime_error{fmt::format("{}: {}", what, std::strerror(errno))};
}

int connected_socket(std::uint16_t port) {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) fail("no socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(made);
        fail("the server cannot be reached");
    }
    const int on = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(made, F_SETFL, ::fcntl(made, F_GETFL) | O_NONBLOCK);
    return made;
}

bool is_same_letter(char left, char right) {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return lower(left) == lower(right);
}

}  // namespace

std::size_t parse_answer(std::string_view text, HttpAnswer& answer) {
    const auto head_end = text.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return 0;
    constexpr std::string_view version = "HTTP/1.1 ";
    constexpr std::string_view field = "\r\nContent-Length:";
    const auto head = text.substr(0, head_end);
    if (!head.starts_with(version)) throw std::runtime_error{"an answer that is not HTTP/1.1"};
    std::from_chars(head.data() + version.size(), head.data() + head.size(), answer.status);
    const auto found = std::ranges::search(head, field, is_same_letter);
    if (found.empty()) throw std::runtime_error{"an answer without Content-Length"};
    const auto* digits = &*found.begin() + field.size();
    const auto* const end = head.data() + head.size();
    while (digits != end && *digits == ' ') ++digits;
    std::size_t length = 0;
    std::from_chars(digits, end, length);
    const auto whole = head_end + 4 + length;
    if (text.size() < whole) return 0;
    answer.body = text.substr(head_end + 4, length);
    return whole;
}

HttpLoad::HttpLoad(std::uint16_t port, std::size_t connections) {
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (poll_ < 0 || timer_ < 0) fail("no way to wait for sockets");
    connections_.resize(connections);
    for (std::size_t at = 0; at < connections; ++at) {
        connections_[at].socket = connected_socket(port);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = at;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, connections_[at].socket, &event);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = connections;  // the timer's
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, timer_, &event);
}

HttpLoad::~HttpLoad() {
    for (const auto& connection : connections_)
        if (connection.socket >= 0) ::close(connection.socket);
    if (poll_ >= 0) ::close(poll_);
    if (timer_ >= 0) ::close(timer_);
}

void HttpLoad::watch(Connection& connection, bool also_writable) const {
    if (connection.is_watched_for_writing == also_writable) return;
    connection.is_watched_for_writing = also_writable;
    epoll_event event{};
    event.events = EPOLLIN | (also_writable ? EPOLLOUT : 0U);
    event.data.u64 = static_cast<std::uint64_t>(&connection - connections_.data());
    ::epoll_ctl(poll_, EPOLL_CTL_MOD, connection.socket, &event);
}

void HttpLoad::send(Connection& connection, Clock::time_point due) {
    connection.is_busy = true;
    connection.due = due;
    connection.sent = 0;
    flush(connection);
}

void HttpLoad::flush(Connection& connection) {
    while (connection.sent < connection.out.size()) {
        const auto size = ::send(connection.socket, connection.out.data() + connection.sent,
                                 connection.out.size() - connection.sent, MSG_NOSIGNAL);
        if (size < 0 && errno == EAGAIN) return watch(connection, true);
        if (size < 0 && errno != EINTR) fail("a request cannot be sent");
        if (size > 0) connection.sent += static_cast<std::size_t>(size);
    }
    watch(connection, false);
}

template <class Done>
void HttpLoad::receive(Connection& connection, const Done& done) {
    while (true) {
        const auto size = ::recv(connection.socket, piece_.data(), piece_.size(), 0);
        if (size == 0) throw std::runtime_error{"the server closed a connection"};
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno != EAGAIN) fail("an answer cannot be read");
        if (size < 0) break;
        connection.in.append(piece_.data(), static_cast<std::size_t>(size));
        if (static_cast<std::size_t>(size) < piece_.size()) break;
    }
    HttpAnswer answer;
    if (!connection.is_busy || parse_answer(connection.in, answer) == 0) return;
    connection.is_busy = false;
    done(connection, answer);  // may send the next request, whose answer is not here yet
    connection.in.clear();
}

template <class Done>
void HttpLoad::wait(int timeout_ms, const Done& done) {
    std::array<epoll_event, events_max> events{};
    const int ready = ::epoll_wait(poll_, events.data(), events_max, timeout_ms);
    if (ready == 0) throw std::runtime_error{"the server does not answer"};
    for (int at = 0; at < ready; ++at) {
        const auto& event = events[static_cast<std::size_t>(at)];
        if (event.data.u64 == connections_.size()) {
            std::uint64_t expirations = 0;
            [[maybe_unused]] const auto size = ::read(timer_, &expirations, sizeof expirations);
            continue;
        }
        auto& connection = connections_[event.data.u64];
        if ((event.events & EPOLLOUT) != 0) flush(connection);
        if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(connection, done);
    }
}

void HttpLoad::closed_loop(const Render& render, const Take& take, std::chrono::milliseconds length) {
    const auto end = Clock::now() + length;
    std::size_t open = 0;
    const auto ask = [&](Connection& connection) {
        connection.out.clear();
        render(connection.out);
        ++open;
        send(connection, {});
    };
    const auto done = [&](Connection& connection, const HttpAnswer& answer) {
        --open;
        take(answer);
        if (Clock::now() < end) ask(connection);
    };
    for (auto& connection : connections_) ask(connection);
    while (open > 0) wait(patience_ms, done);
}

std::vector<double> HttpLoad::fixed_rate(const Render& render, const Take& take, double per_second,
                                         std::chrono::milliseconds length) {
    const auto begin = Clock::now();
    const auto period =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / per_second));
    const auto count = static_cast<std::size_t>(std::chrono::duration<double>(length).count() * per_second);
    std::vector<double> waited_ms;
    waited_ms.reserve(count);
    std::deque<Clock::time_point> behind;  // due, and no connection is free
    std::vector<Connection*> idle;
    for (auto& connection : connections_) idle.push_back(&connection);
    const auto ask_on_idle = [&] {
        while (!behind.empty() && !idle.empty()) {
            auto& connection = *idle.back();
            idle.pop_back();
            connection.out.clear();
            render(connection.out);
            send(connection, behind.front());
            behind.pop_front();
        }
    };
    const auto done = [&](Connection& connection, const HttpAnswer& answer) {
        waited_ms.push_back(seconds_between(connection.due, Clock::now()) * 1000);
        take(answer);
        idle.push_back(&connection);
    };
    for (std::size_t due = 0; waited_ms.size() < count;) {
        for (const auto now = Clock::now();
             due < count && begin + period * static_cast<std::int64_t>(due) <= now; ++due)
            behind.push_back(begin + period * static_cast<std::int64_t>(due));
        ask_on_idle();
        if (due < count) {
            const auto left = begin + period * static_cast<std::int64_t>(due) - Clock::now();
            const auto ns = std::max<std::int64_t>(std::chrono::nanoseconds{left}.count(), 1);
            const itimerspec alarm{{}, {ns / 1'000'000'000, ns % 1'000'000'000}};
            ::timerfd_settime(timer_, 0, &alarm, nullptr);
        }
        wait(patience_ms, done);
    }
    return waited_ms;
}

}  // namespace app::bench
