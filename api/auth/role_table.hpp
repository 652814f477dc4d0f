// Sets of roles that routes name. A role that stands in none of a route's sets is refused there.
#pragma once

#include "ledger/book/terms.hpp"

namespace api::auth {

using ledger::book::Role;
using ledger::book::RoleSet;

inline constexpr RoleSet anyone{};  // no key is asked for

inline constexpr RoleSet admins = RoleSet::of(Role::admin);
// Set up parties, assets, accounts and agreements, and post.
inline constexpr RoleSet posters = RoleSet::of(Role::operator_, Role::admin);
// Bind and free property, but move none.
inline constexpr RoleSet binders = RoleSet::of(Role::operator_, Role::margin_engine, Role::admin);
// See the whole book.
inline constexpr RoleSet readers = RoleSet::of(Role::operator_, Role::approver, Role::margin_engine,
                                               Role::auditor, Role::examiner, Role::trustee, Role::admin);
// See who may do what.
inline constexpr RoleSet overseers =
    RoleSet::of(Role::approver, Role::auditor, Role::examiner, Role::trustee, Role::admin);
// Readers, and customers and managers within their party.
inline constexpr RoleSet readers_and_owners =
    RoleSet{static_cast<std::uint16_t>(readers.bits() | RoleSet::of(Role::customer, Role::manager).bits())};

}  // namespace api::auth
