// Names of events on the wire (api.md, Stream), and which of them a reader wants.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ledger/book/event.hpp"

namespace api::feed {

enum class EventType : std::uint8_t {
    book_opened,
    reason_defined,
    party_added,
    principal_added,
    key_created,
    key_revoked,
    asset_added,
    account_opened,
    agreement_added,
    agreement_revoked,
    journal_posted,
    journal_reversed,
    lien_opened,
    lien_changed,
    lien_closed,
    reservation_opened,
    reservation_closed,
    reservation_expired,
    exception_opened,
    exception_cured,
    balance_changed,
};

inline constexpr std::array<std::string_view, 21> event_type_names{
    "book.opened",        "reason.defined",      "party.added",      "principal.added",
    "key.created",        "key.revoked",         "asset.added",      "account.opened",
    "agreement.added",    "agreement.revoked",   "journal.posted",   "journal.reversed",
    "lien.opened",        "lien.changed",        "lien.closed",      "reservation.opened",
    "reservation.closed", "reservation.expired", "exception.opened", "exception.cured",
    "balance.changed",
};

using EventTypes = std::bitset<event_type_names.size()>;

[[nodiscard]] constexpr std::string_view name_of(EventType type) {
    return event_type_names[static_cast<std::size_t>(type)];
}
[[nodiscard]] constexpr std::optional<EventType> event_type_from(std::string_view name) {
    for (std::size_t at = 0; at < event_type_names.size(); ++at)
        if (event_type_names[at] == name) return static_cast<EventType>(at);
    return std::nullopt;
}
[[nodiscard]] EventType type_of(const ledger::book::Event& event);

}  // namespace api::feed
