#include "app/patroni.hpp"

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/options.hpp"
#include "ledger/store/postgres/hosts.hpp"
#include "net/http_client.hpp"

namespace app {
namespace {

constexpr std::chrono::seconds patience{1};

struct Claim {
    std::int64_t timeline = 0;  // 0: it does not say
};

// What that Patroni says: 200 comes from the holder of the lock and from nobody else.
std::optional<Claim> ask(const std::string& url) {
    const auto answer = net::call({.url = url, .within = patience, .body_max = 64U << 10U});
    if (!answer || answer->status != 200) return std::nullopt;
    const auto json = nlohmann::json::parse(answer->body, nullptr, false);
    if (!json.is_object() || !json.contains("timeline") || !json["timeline"].is_number_integer())
        return Claim{};
    return Claim{json["timeline"].get<std::int64_t>()};
}

}  // namespace

PatroniNodes::PatroniNodes(std::vector<std::string> addresses, const std::string& conninfo) {
    const auto hosts = ledger::store::postgres::one_for_each_host(conninfo);
    if (!hosts) throw CommandFailed{exit_usage, hosts.error().detail + " " + hosts.error().next_step};
    if (hosts->size() != addresses.size())
        throw CommandFailed{
            exit_usage,
            fmt::format("--patroni has {} addresses and the database {} hosts; give one for each host, "
                        "in the same order.",
                        addresses.size(), hosts->size())};
    for (std::size_t at = 0; at < addresses.size(); ++at) {
        auto& address = addresses[at];
        while (address.ends_with('/')) address.pop_back();
        if (!address.starts_with("http://"))
            throw CommandFailed{
                exit_usage,
                fmt::format("--patroni wants addresses like http://10.0.0.1:8008, not \"{}\".", address)};
        nodes_.push_back({address + "/primary", (*hosts)[at]});
    }
}

ledger::base::Result<std::string> PatroniNodes::primary() const {
    std::vector<std::future<std::optional<Claim>>> asked;
    for (const auto& node : nodes_)
        asked.push_back(std::async(std::launch::async, [&node] { return ask(node.url); }));
    const Node* found = nullptr;
    std::int64_t latest = -1;
    for (std::size_t at = 0; at < nodes_.size(); ++at) {
        // Of two who say so, one has not heard yet that it was deposed: a promotion begins a new timeline.
        const auto claim = asked[at].get();
        if (!claim || claim->timeline <= latest) continue;
        latest = claim->timeline;
        found = &nodes_[at];
    }
    if (found == nullptr)
        return ledger::base::refuse({.code = ledger::base::Code::internal_error,
                                     .detail = "no node says that it is the primary",
                                     .pointer = "",
                                     .next_step = "Look at GET /cluster of Patroni."});
    return found->conninfo;
}

}  // namespace app
