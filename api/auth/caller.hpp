// Who calls, and what of the book they may see.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/digest.hpp"
#include "ledger/base/error.hpp"
#include "ledger/book/state.hpp"

namespace api::auth {

using namespace ledger::book;

struct Caller {
    PrincipalNo principal;
    RoleSet roles;
    std::string key;  // its id
    std::optional<PartyNo> scope{};  // a customer's or manager's: nothing of another party exists for them
};

// UNAUTHENTICATED unless the header carries a live key of this book. `pepper` may be empty.
[[nodiscard]] Result<Caller> authenticate(const State& state, ledger::base::ByteView pepper,
                                          std::optional<std::string_view> authorization, KnownAt now);

// Neither revoked nor expired.
[[nodiscard]] bool is_in_force(const State& state, const std::string& key, KnownAt now);

// FORBIDDEN unless one of the caller's roles is among them. Sets the scope: it holds unless a role that is
// not a customer's opened the door.
[[nodiscard]] Status admit(Caller& caller, const State& state, RoleSet allowed);

}  // namespace api::auth
