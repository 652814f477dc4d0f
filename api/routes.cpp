#include "api/routes.hpp"

#include "api/auth/role_table.hpp"
#include "api/handlers/handlers.hpp"
#include "api/wire/requests.hpp"

namespace api {
namespace {

using namespace auth;
using namespace handlers;
using http::Method;

constexpr auto get = Method::get;
constexpr auto post = Method::post;

constexpr auto rows = std::to_array<RouteRow>({
    {get, "/", "redirect_to_docs", anyone, false, {}, redirect_to_docs},
    {get, "/docs", "get_docs", anyone, false, {}, docs_page},
    {get, "/openapi.json", "get_openapi", anyone, false, {}, openapi_json},
    {get, "/healthz", "get_health", anyone, false, {}, healthz},
    {get, "/readyz", "get_readiness", anyone, false, {}, readyz},
    {get, "/metrics", "get_metrics", anyone, false, {}, metrics},

    {get, "/v1/book", "get_book", readers_and_owners, false, {}, from_state<get_book>},
    {post, "/v1/clock:confirm", "confirm_clock", admins, false, {}, confirm_clock},

    {post, "/v1/parties", "add_party", posters, true, {}, creates<wire::read_party>},
    {get,
     "/v1/parties",
     "list_parties",
     readers_and_owners,
     false,
     {"cursor", "limit"},
     from_store<list_parties>},
    {get, "/v1/parties/{id}", "get_party", readers_and_owners, false, {}, from_store<get_party>},
    {post, "/v1/assets", "add_asset", posters, true, {}, creates<wire::read_asset>},
    {get,
     "/v1/assets",
     "list_assets",
     readers_and_owners,
     false,
     {"cursor", "limit"},
     from_state<list_assets>},
    {get, "/v1/assets/{id}", "get_asset", readers_and_owners, false, {}, from_store<get_asset>},
    {post, "/v1/principals", "add_principal", admins, true, {}, creates<wire::read_principal>},
    {get,
     "/v1/principals",
     "list_principals",
     overseers,
     false,
     {"cursor", "limit"},
     from_store<list_principals>},
    {get, "/v1/principals/{id}", "get_principal", overseers, false, {}, from_store<get_principal>},
    {post, "/v1/principals/{id}/keys", "create_key", admins, true, {}, create_key},
    {get,
     "/v1/principals/{id}/keys",
     "list_keys",
     overseers,
     false,
     {"cursor", "limit"},
     from_state<list_keys>},
    {post, "/v1/keys/{id}:revoke", "revoke_key", admins, true, {}, acts<wire::read_key_revocation>},
    {post, "/v1/accounts", "open_account", posters, true, {}, creates<wire::read_account>},
    {get,
     "/v1/accounts",
     "list_accounts",
     readers_and_owners,
     false,
     {"cursor", "limit", "party", "regime", "side"},
     from_store<list_accounts>},
    {get, "/v1/accounts/{id}", "get_account", readers_and_owners, false, {}, from_state<get_account>},
    {get,
     "/v1/accounts/{id}/balances",
     "get_balances",
     readers_and_owners,
     false,
     {"min_version"},
     from_awaited_state<get_balances>},
    {get,
     "/v1/accounts/{id}/journals",
     "list_account_journals",
     readers_and_owners,
     false,
     {"cursor", "limit", "from_version"},
     from_store<list_account_journals>},
    {get,
     "/v1/locations",
     "list_locations",
     readers,
     false,
     {"cursor", "limit", "party", "regime"},
     from_store<list_locations>},
    {get, "/v1/locations/{id}", "get_location", readers, false, {}, from_state<get_location>},
    {post, "/v1/agreements", "add_agreement", posters, true, {}, creates<wire::read_agreement>},
    {get,
     "/v1/agreements",
     "list_agreements",
     readers_and_owners,
     false,
     {"cursor", "limit", "party"},
     from_state<list_agreements>},
    {get, "/v1/agreements/{id}", "get_agreement", readers_and_owners, false, {}, from_store<get_agreement>},
    {post,
     "/v1/agreements/{id}:revoke",
     "revoke_agreement",
     posters,
     true,
     {},
     acts<wire::read_agreement_revocation>},
    {post, "/v1/reasons", "define_reason", admins, true, {}, creates<wire::read_reason>},
    {get,
     "/v1/reasons",
     "list_reasons",
     readers_and_owners,
     false,
     {"cursor", "limit"},
     from_state<list_reasons>},
    {get, "/v1/reasons/{id}", "get_reason", readers_and_owners, false, {}, from_store<get_reason>},

    {post, "/v1/journals", "post_journal", posters, true, {}, creates<wire::read_journal>},
    {post, "/v1/journals:batch", "post_journals", posters, false, {}, post_journals, true},
    {get,
     "/v1/journals",
     "list_journals",
     readers_and_owners,
     false,
     {"cursor", "limit", "from_version", "account"},
     from_store<list_journals>},
    {get, "/v1/journals/{id}", "get_journal", readers_and_owners, false, {}, from_store<get_journal>},
    {post, "/v1/journals/{id}:reverse", "reverse_journal", posters, true, {}, acts<wire::read_reversal>},

    {post, "/v1/liens", "open_lien", binders, true, {}, creates<wire::read_lien>},
    {get,
     "/v1/liens",
     "list_liens",
     readers_and_owners,
     false,
     {"cursor", "limit", "account", "location", "holder", "type", "open"},
     from_store<list_liens>},
    {get, "/v1/liens/{id}", "get_lien", readers_and_owners, false, {}, from_store<get_lien>},
    {post, "/v1/liens/{id}:increase", "increase_lien", binders, true, {}, acts<wire::read_lien_increase>},
    {post, "/v1/liens/{id}:release", "release_lien", binders, true, {}, acts<wire::read_lien_release>},
    {post,
     "/v1/liens/{id}:reallocate",
     "reallocate_lien",
     binders,
     true,
     {},
     acts<wire::read_lien_reallocation>},

    {post, "/v1/reservations", "reserve", binders, true, {}, creates<wire::read_reservation>},
    {get,
     "/v1/reservations",
     "list_reservations",
     readers_and_owners,
     false,
     {"cursor", "limit", "account", "open"},
     from_store<list_reservations>},
    {get,
     "/v1/reservations/{id}",
     "get_reservation",
     readers_and_owners,
     false,
     {},
     from_store<get_reservation>},
    {post, "/v1/reservations/{id}:commit", "commit_reservation", binders, true, {}, commit_reservation},
    {post,
     "/v1/reservations/{id}:release",
     "release_reservation",
     binders,
     true,
     {},
     acts<wire::read_reservation_release>},

    {get,
     "/v1/exceptions",
     "list_exceptions",
     readers,
     false,
     {"cursor", "limit", "open"},
     from_store<list_exceptions>},
    {get, "/v1/exceptions/{id}", "get_exception", readers, false, {}, from_store<get_exception>},

    {get,
     "/v1/collateral",
     "get_collateral",
     readers_and_owners,
     false,
     {"cursor", "limit", "account", "party", "regime", "asset", "min_version"},
     from_awaited_state<get_collateral>},
    {get,
     "/v1/events",
     "stream_events",
     readers_and_owners,
     false,
     {"types", "account", "from_version"},
     stream_events},
});

}  // namespace

std::span<const RouteRow> route_table() { return rows; }

std::vector<http::Route> bind_routes(const SharedPtr& shared) {
    std::vector<http::Route> routes;
    for (const auto& row : rows) {
        http::Route route{.method = row.method, .pattern = row.pattern, .operation_id = row.operation_id};
        route.roles = row.roles;
        route.needs_idempotency_key = row.needs_idempotency_key;
        route.bulk = row.is_bulk;
        for (const auto name : row.query)
            if (!name.empty()) route.query.push_back(name);
        route.handler = [shared, handle = row.handle](const http::RequestPtr& request,
                                                      const http::Responder& respond) {
            handle(shared, request, respond);
        };
        routes.push_back(std::move(route));
    }
    return routes;
}

}  // namespace api
