#include "api/http/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>

#include "api/http/loop.hpp"

namespace api::http {

namespace asio = boost::asio;

using ledger::base::Code;
using ledger::base::Error;
using ledger::base::refuse;
using ledger::base::Result;

namespace {

// A connection is a descriptor; the default soft limit is 1024.
void allow_descriptors(std::size_t connections) {
    constexpr std::size_t others = 256;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const auto wanted = std::min<rlim_t>(limit.rlim_max, connections + others);
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Two servers that share a port would share the clients as well, without a word: a socket that does not share
// finds out.
void find_other_listener(const Tcp::endpoint& endpoint, ErrorCode& fault) {
    asio::io_context context;
    asio::basic_socket_acceptor<Tcp, Executor> alone{context.get_executor()};
    alone.open(endpoint.protocol(), fault);
    if (!fault) alone.set_option(asio::socket_base::reuse_address{true}, fault);
    if (!fault) alone.bind(endpoint, fault);
}

std::string random_prefix() {
    std::random_device source;
    return fmt::format("{:08x}", source());
}

Error cannot_listen(const ServerOptions& options, std::string_view why) {
    return {Code::invalid_input,
            fmt::format("Cannot listen on {} port {}: {}.", options.address, options.port, why),
            {}};
}

}  // namespace

class Server::Impl {
public:
    Impl(ServerOptions options, std::vector<Route> routes, ServerHooks hooks)
        : options_{std::move(options)},
          state_{new ServerState{options_.limits, std::move(hooks), Router{std::move(routes)},
                                 random_prefix()}} {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { stop(); }

    ledger::base::Status start() {
        ErrorCode fault;
        const auto address = asio::ip::make_address(options_.address, fault);
        if (fault) return refuse(cannot_listen(options_, "it is not an address"));
        allow_descriptors(options_.limits.connections);
        Tcp::endpoint endpoint{address, options_.port};
        if (options_.port != 0) find_other_listener(endpoint, fault);
        for (std::size_t made = 0; made < std::max<std::size_t>(options_.threads, 1) && !fault; ++made) {
            loops_.push_back(std::make_shared<Loop>(state_));
            loops_.back()->listen(endpoint, fault);
            if (!fault) endpoint.port(loops_.back()->port());
        }
        if (fault) return refuse(cannot_listen(options_, fault.message()));
        port_ = endpoint.port();
        is_v6_ = address.is_v6();
        for (const auto& loop : loops_) threads_.emplace_back([loop] { loop->run(); });
        return {};
    }

    void stop() {
        if (threads_.empty()) return;
        for (const auto& loop : loops_) loop->stop();
        for (auto& thread : threads_) thread.join();
        threads_.clear();
        loops_.clear();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const {
        if (is_v6_) return fmt::format("http://[{}]:{}", options_.address, port_);
        return fmt::format("http://{}:{}", options_.address, port_);
    }
    [[nodiscard]] const ServerState& state() const { return *state_; }

private:
    ServerOptions options_;
    std::shared_ptr<ServerState> state_;
    std::vector<std::shared_ptr<Loop>> loops_;
    std::vector<std::thread> threads_;
    std::uint16_t port_ = 0;
    bool is_v6_ = false;
};

Result<Server> Server::start(ServerOptions options, std::vector<Route> routes, ServerHooks hooks) {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(routes), std::move(hooks));
    if (auto started = impl->start(); !started) return refuse(std::move(started.error()));
    return Server{std::move(impl)};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->port(); }
std::string Server::url() const { return impl_->url(); }
std::size_t Server::connections() const { return impl_->state().connections.load(); }
const Router& Server::router() const { return impl_->state().router; }
void Server::stop() { impl_->stop(); }

}  // namespace api::http
