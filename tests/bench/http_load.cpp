// Posts journals over HTTP as fast as a server takes them and says how many it took: one thread, many
// connections, each with one request in flight. It sets its accounts up first. Prints one line of JSON.
//
//   http_load URL-PORT KEY [--connections 64] [--batch 0] [--seconds 5] [--accounts 2000]
//
// `--batch 0` posts journals one by one; any other number is the journals of each POST /v1/journals:batch.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& why) {
    fmt::print(stderr, "http_load: {}\n", why);
    std::exit(1);
}

struct Options {
    int port = 0;
    std::string key{};
    int connections = 64;
    int batch = 0;
    int seconds = 5;
    int accounts = 2000;
};

class Connection {
public:
    explicit Connection(int port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            fail("nobody listens there");
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    [[nodiscard]] int socket() const { return socket_; }

    void send(std::string_view request) {
        began = Clock::now();
        while (!request.empty()) {
            const auto sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
            if (sent <= 0) fail("the server hung up while it was sent a request");
            request.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    // Reads what is there; true when a whole answer is.
    bool receive() {
        const auto room =
            std::max<std::size_t>(wanted_ > buffer_.size() ? wanted_ - buffer_.size() : 0, 16'384);
        const auto had = buffer_.size();
        buffer_.resize(had + room);
        const auto got = ::recv(socket_, buffer_.data() + had, room, 0);
        if (got <= 0) fail("the server hung up");
        buffer_.resize(had + static_cast<std::size_t>(got));
        if (wanted_ == 0) {
            const auto end = buffer_.find("\r\n\r\n");
            if (end == std::string::npos) return false;
            constexpr std::string_view name = "\r\nContent-Length: ";
            const auto at = buffer_.find(name);
            std::size_t length = 0;
            if (at == std::string::npos || at > end) fail("an answer without a length");
            std::from_chars(buffer_.data() + at + name.size(), buffer_.data() + end, length);
            wanted_ = end + 4 + length;
        }
        return buffer_.size() >= wanted_;
    }
    [[nodiscard]] int status() const { return std::atoi(buffer_.data() + 9); }
    [[nodiscard]] const std::string& answer() const { return buffer_; }
    void forget() {
        buffer_.clear();
        wanted_ = 0;
    }
    Clock::time_point began;

private:
    int socket_;
    std::string buffer_;
    std::size_t wanted_ = 0;
};

class Load {
public:
    explicit Load(Options options) : options_{std::move(options)}, epoll_{::epoll_create1(0)} {
        for (int at = 0; at < options_.connections; ++at) {
            connections_.emplace_back(options_.port);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u32 = static_cast<std::uint32_t>(at);
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back().socket(), &event);
        }
        run_id_ = fmt::format("{:08x}", std::random_device{}());
    }

    // Sends what `next` gives until it gives nothing, and waits for all answers.
    void drive(const std::function<std::string()>& next,
               const std::function<void(const Connection&)>& on_answer) {
        std::size_t in_flight = 0;
        const auto send_next = [&](Connection& connection) {
            const auto request = next();
            if (request.empty()) return;
            connection.send(request);
            ++in_flight;
        };
        for (auto& connection : connections_) send_next(connection);
        std::vector<epoll_event> events(connections_.size());
        while (in_flight > 0) {
            const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10'000);
            if (ready == 0) fail("no answer for ten seconds");
            for (int at = 0; at < ready; ++at) {
                auto& connection = connections_[events[static_cast<std::size_t>(at)].data.u32];
                if (!connection.receive()) continue;
                --in_flight;
                on_answer(connection);
                connection.forget();
                send_next(connection);
            }
        }
    }

    void set_up() {
        const auto quietly = [](const Connection& connection) {
            if (connection.status() != 201) fail(connection.answer());
        };
        std::vector<std::pair<std::string, std::string>> all{
            {"/v1/parties", R"({"id":"load-bank","kind":"bank","name":"Bank"})"},
            {"/v1/parties", R"({"id":"load-fund","kind":"fund","name":"Fund"})"},
            {"/v1/assets", R"({"id":"USD","kind":"cash","scale":2})"},
            {"/v1/accounts",
             R"({"id":"load-bank.4d","party":"load-bank","side":"location","regime":"FUT_4D",)"
             R"("location":{"kind":"bank","title":"Customer Segregated","jurisdiction":"US"}})"}};
        for (const auto& [path, body] : all) {
            bool sent = false;
            drive([&] { return std::exchange(sent, true) ? std::string{} : post(path, body, body); },
                  quietly);
        }
        int made = 0;
        drive(
            [&] {
                if (made == options_.accounts) return std::string{};
                const auto id = fmt::format("load-{}.fut", made++);
                return post(
                    "/v1/accounts",
                    fmt::format(R"({{"id":"{}","party":"load-fund","side":"obligation","regime":"FUT_4D"}})",
                                id),
                    id);
            },
            quietly);
    }

    void measure() {
        const auto begin = Clock::now();
        const auto end = begin + std::chrono::seconds{options_.seconds};
        std::vector<double> waits;
        std::size_t requests = 0;
        drive([&] { return Clock::now() < end ? request() : std::string{}; },
              [&](const Connection& connection) {
                  if (connection.status() != (options_.batch == 0 ? 201 : 200)) fail(connection.answer());
                  if (options_.batch != 0 && connection.answer().find("\"problem\"") != std::string::npos)
                      fail("an item was refused");
                  ++requests;
                  waits.push_back(
                      std::chrono::duration<double, std::milli>(Clock::now() - connection.began).count());
              });
        const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        std::ranges::sort(waits);
        const auto journals = requests * static_cast<std::size_t>(std::max(options_.batch, 1));
        fmt::print(
            R"({{"connections":{},"batch":{},"journals_per_second":{:.0f},"p50_ms":{:.2f},"p99_ms":{:.2f}}})"
            "\n",
            options_.connections, options_.batch, static_cast<double>(journals) / seconds,
            waits[waits.size() / 2], waits[waits.size() * 99 / 100]);
    }

private:
    [[nodiscard]] std::string post(std::string_view path, std::string_view body, std::string_view key) const {
        // Only visible characters make a key.
        std::string visible;
        for (const char c : key.substr(0, 200)) visible += c > ' ' ? c : '_';
        return fmt::format(
            "POST {} HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {}\r\n"
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
            path, options_.key, visible, body.size(), body);
    }
    [[nodiscard]] std::string journal(std::string_view first_field) {
        const auto amount = 1 + random_() % 100'000;
        return fmt::format(R"({{{0}"reason":"DEPOSIT","legs":[)"
                           R"({{"account":"load-bank.4d","debit":{{"asset":"USD","amount":"{1}.00"}}}},)"
                           R"({{"account":"load-{2}.fut","credit":{{"asset":"USD","amount":"{1}.00"}}}}]}})",
                           first_field, amount, random_() % static_cast<unsigned>(options_.accounts));
    }
    [[nodiscard]] std::string request() {
        const auto key = [&] { return fmt::format("{}-{}", run_id_, ++keys_); };
        if (options_.batch == 0) return post("/v1/journals", journal(""), key());
        std::string body = R"({"mode":"independent","journals":[)";
        for (int at = 0; at < options_.batch; ++at) {
            if (at > 0) body += ',';
            body += journal(fmt::format(R"("idempotency_key":"{}",)", key()));
        }
        return post("/v1/journals:batch", body + "]}", key());
    }

    Options options_;
    int epoll_;
    std::vector<Connection> connections_;
    std::string run_id_;
    std::uint64_t keys_ = 0;
    std::minstd_rand random_;
};

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> given{arguments + 1, arguments + count};
    if (given.size() < 2)
        fail("http_load PORT KEY [--connections N] [--batch N] [--seconds N] [--accounts N]");
    Options options{.port = std::stoi(given[0]), .key = given[1]};
    for (std::size_t at = 2; at + 1 < given.size(); at += 2) {
        const int value = std::stoi(given[at + 1]);
        if (given[at] == "--connections") options.connections = value;
        if (given[at] == "--batch") options.batch = value;
        if (given[at] == "--seconds") options.seconds = value;
        if (given[at] == "--accounts") options.accounts = value;
    }
    Load load{options};
    load.set_up();
    load.measure();
    return 0;
}
