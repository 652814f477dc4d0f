#include "api/auth/caller.hpp"

#include <fmt/format.h>

#include "api/auth/api_key.hpp"

namespace api::auth {
namespace {

constexpr auto scoped_roles = RoleSet::of(Role::customer, Role::manager);

// One sentence for every cause: a caller without a key learns nothing of the keys there are.
tl::unexpected<Error> no_key() {
    return ledger::base::refuse({.code = Code::unauthenticated,
                                 .detail = "The request carries no key of this book that is in force.",
                                 .pointer = "Authorization"});
}

std::string names_of(RoleSet set) {
    std::string names;
    for (const auto& row : roles()) {
        if (!set.contains(row.value)) continue;
        if (!names.empty()) names += ", ";
        names += row.text;
    }
    return names;
}

}  // namespace

Result<Caller> authenticate(const State& state, ledger::base::ByteView pepper,
                            std::optional<std::string_view> authorization, KnownAt now) {
    if (!authorization) return no_key();
    const auto token = bearer_token(*authorization);
    const auto parts = token ? parse_key(*token) : std::nullopt;
    if (!parts) return no_key();
    const std::string id{parts->id};
    const auto* key = state.key(id);
    if (key == nullptr || !key_matches(key->terms.hash, pepper, *token)) return no_key();
    if (!is_in_force(state, id, now)) return no_key();
    const auto principal = key->terms.principal;
    return Caller{.principal = principal, .roles = state.principals[principal].roles, .key = id};
}

bool is_in_force(const State& state, const std::string& key, KnownAt now) {
    const auto* found = state.key(key);
    return found != nullptr && !found->revoked &&
           !(found->terms.expires_at && *found->terms.expires_at <= now);
}

Status admit(Caller& caller, const State& state, RoleSet allowed) {
    if (!caller.roles.meets(allowed))
        return ledger::base::refuse(
            {.code = Code::forbidden,
             .detail = fmt::format("This needs one of the roles {}; the key's principal has {}.",
                                   names_of(allowed), names_of(caller.roles)),
             .pointer = "Authorization",
             .figures = {{"allowed", names_of(allowed)}, {"roles", names_of(caller.roles)}}});
    const auto opened_by = static_cast<std::uint16_t>(caller.roles.bits() & allowed.bits());
    const bool is_scoped = (opened_by & static_cast<std::uint16_t>(~scoped_roles.bits())) == 0;
    if (!is_scoped) return {};
    const auto& party = state.principals[caller.principal].party;
    if (!party)
        return ledger::base::refuse({.code = Code::forbidden,
                                     .detail = "The key's principal acts for no party.",
                                     .pointer = "Authorization"});
    caller.scope = *party;
    return {};
}

}  // namespace api::auth
