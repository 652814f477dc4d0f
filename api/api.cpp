#include "api/api.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>

#include "api/auth/caller.hpp"
#include "api/routes.hpp"
#include "api/shared.hpp"

namespace api {
namespace {

using ledger::base::KnownAt;

SharedOptions shared_options(ApiOptions& options) {
    SharedOptions shared;
    shared.pepper = ledger::base::Secret<std::string>{std::move(options.pepper)};
    shared.environment = options.environment;
    shared.read_threads = options.read_threads;
    shared.read_queue_max = options.read_queue_max;
    shared.version_patience = options.version_patience;
    shared.feed.heartbeat = options.heartbeat;
    shared.feed.streams_max = options.streams_max;
    return shared;
}

// Who calls, and may they? Before the body is read, so that a stranger costs little.
ledger::base::Status gate(Shared& shared, const http::Route& route, http::Request& request) {
    if (route.roles == ledger::book::RoleSet{}) return {};
    const auto book = shared.ledger.committed();
    if (!book)
        return ledger::base::refuse(
            {.code = ledger::base::Code::not_the_writer, .detail = "The server is starting.", .pointer = {}});
    // A key expires by the later of the two clocks: an idle book's stands still.
    const auto wall =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    const KnownAt now{std::max(wall, book->state.now().at)};
    auto caller = auth::authenticate(book->state, ledger::base::as_bytes(shared.options.pepper.reveal()),
                                     request.header("Authorization"), now);
    if (!caller) return ledger::base::refuse(std::move(caller.error()));
    if (auto admitted = auth::admit(*caller, book->state, route.roles); !admitted) return admitted;
    request.caller = std::move(*caller);
    return {};
}

void add_versions(Shared& shared, http::Response& response) {
    const auto is_set = [&](std::string_view name) {
        return std::ranges::any_of(response.headers,
                                   [&](const auto& header) { return header.first == name; });
    };
    if (is_set("Bailee-Ledger-Version")) return;
    const auto book = shared.ledger.committed();
    if (!book) return;
    response.set("Bailee-Ledger-Version", std::to_string(book->state.version().value));
    response.set("Bailee-Ledger-Generation", std::to_string(book->generation));
}

http::ServerHooks hooks_for(const SharedPtr& shared) {
    return {.gate = [shared](const http::Route& route,
                             http::Request& request) { return gate(*shared, route, request); },
            .every_answer = [shared](http::Response& response) { add_versions(*shared, response); },
            .access =
                [shared](const http::Access& access) {
                    shared->metrics.observe(access);
                    spdlog::debug("{} {} {} {}us {}", access.method, access.route, access.status,
                                  access.duration.count(), access.request_id);
                },
            .fault =
                [](std::string_view what, std::string_view request_id) {
                    spdlog::error("a handler failed: {} (request {})", what, request_id);
                }};
}

http::Server start_server(ApiOptions& options, const SharedPtr& shared) {
    auto server = http::Server::start({.address = options.address,
                                       .port = options.port,
                                       .threads = options.threads,
                                       .limits = options.limits},
                                      bind_routes(shared), hooks_for(shared));
    if (!server) throw std::runtime_error{server.error().detail};
    return std::move(*server);
}

}  // namespace

class Api::Impl {
public:
    Impl(ledger::port::Ledger& ledger, ApiOptions options)
        : shared{std::make_shared<Shared>(ledger, shared_options(options))},
          server{start_server(options, shared)} {}

    void stop() {
        server.stop();
        shared->stop();
    }

    SharedPtr shared;
    http::Server server;
};

Api::Api(ledger::port::Ledger& ledger, ApiOptions options)
    : impl_{std::make_unique<Impl>(ledger, std::move(options))} {}

Api::~Api() { stop(); }

std::uint16_t Api::port() const { return impl_->server.port(); }
std::string Api::url() const { return impl_->server.url(); }
void Api::stop() { impl_->stop(); }

}  // namespace api
