#include "ledger/rules/deciding.hpp"

#include <fmt/format.h>

namespace ledger::rules {
namespace {

tl::unexpected<Error> unknown(std::string_view what, const std::string& id, std::string_view pointer) {
    return refuse({.code = Code::not_found,
                   .detail = fmt::format("There is no {} \"{}\".", what, id),
                   .pointer = std::string{pointer}});
}

template <class No, class Register>
Result<No> find_in(const Register& rows, std::string_view what, const std::string& id,
                   std::string_view pointer) {
    if (const auto no = rows.find(id)) return *no;
    return unknown(what, id, pointer);
}

}  // namespace

const LiveLien& Deciding::lien(LienKey key) const {
    const auto changed = changed_liens.find(key);
    return changed != changed_liens.end() ? changed->second : *state.lien(key);
}

LiveLien& Deciding::change_lien(LienKey key) {
    return changed_liens.try_emplace(key, lien(key)).first->second;
}

Result<PartyNo> Deciding::party(const std::string& id, std::string_view pointer) const {
    return find_in<PartyNo>(state.parties, "party", id, pointer);
}
Result<AssetNo> Deciding::asset(const std::string& id, std::string_view pointer) const {
    return find_in<AssetNo>(state.assets, "asset", id, pointer);
}
Result<AccountNo> Deciding::account(const std::string& id, std::string_view pointer) const {
    return find_in<AccountNo>(state.accounts, "account", id, pointer);
}
Result<PrincipalNo> Deciding::principal(const std::string& id, std::string_view pointer) const {
    return find_in<PrincipalNo>(state.principals, "principal", id, pointer);
}
Result<AgreementNo> Deciding::agreement(const std::string& id, std::string_view pointer) const {
    return find_in<AgreementNo>(state.agreements, "agreement", id, pointer);
}
Result<ReasonNo> Deciding::reason(const std::string& id, std::string_view pointer) const {
    return find_in<ReasonNo>(state.reasons, "reason", id, pointer);
}

// A lien or reservation that once was but is no longer live is told apart by its key: keys never run ahead of
// the book.
Result<LienKey> Deciding::live_lien(const std::string& id, std::string_view pointer) const {
    if (const auto key = state.lien_named(id)) return *key;
    const auto number = key_from_birth_id("lien_", id);
    const LienKey key{number.value_or(0)};
    if (number && state.lien(key) != nullptr) return key;
    const bool was_named = submission.closed_target;
    if (!was_named) return unknown("lien", id, pointer);
    return refuse({.code = Code::object_closed,
                   .detail = fmt::format("Lien \"{}\" is closed.", id),
                   .pointer = std::string{pointer}});
}

Result<ReservationKey> Deciding::live_reservation(const std::string& id, std::string_view pointer) const {
    if (const auto key = state.reservation_named(id)) return *key;
    const auto number = key_from_birth_id("rsv_", id);
    const ReservationKey key{number.value_or(0)};
    if (number && state.reservation(key) != nullptr) return key;
    if (!submission.closed_target) return unknown("reservation", id, pointer);
    return refuse({.code = Code::object_closed,
                   .detail = fmt::format("Reservation \"{}\" is committed, released or expired.", id),
                   .pointer = std::string{pointer}});
}

std::optional<Amount> Deciding::amount_if_valid(const AmountText& text) const {
    const auto of = state.assets.find(text.asset);
    if (!of) return std::nullopt;
    const auto parsed = parse_decimal(text.amount.text, state.assets[*of].scale);
    if (parsed.fault != DecimalFault::none || !parsed.quantity.is_positive()) return std::nullopt;
    return Amount{*of, parsed.quantity};
}

Result<Amount> Deciding::amount(const AmountText& text, const std::string& pointer) const {
    const auto of = asset(text.asset, pointer + "/asset");
    if (!of) return refuse(of.error());
    const auto scale = state.assets[*of].scale;
    const auto parsed = parse_decimal(text.amount.text, scale);
    const auto malformed = [&](std::string detail) {
        return refuse(
            {.code = Code::invalid_input, .detail = std::move(detail), .pointer = pointer + "/amount"});
    };
    switch (parsed.fault) {
        case DecimalFault::none: break;
        case DecimalFault::not_a_decimal:
            return malformed("An amount is a decimal in a string, like \"100.00\".");
        case DecimalFault::too_many_fraction_digits:
            return malformed(
                fmt::format("{} has {} digits after the point; this amount has more.", text.asset, scale));
        case DecimalFault::too_large:
            return malformed("An amount is at most 10^36 of the asset's smallest units (law 1).");
    }
    if (!parsed.quantity.is_positive()) return malformed("An amount is greater than zero.");
    return Amount{*of, parsed.quantity};
}

std::string Deciding::print(Quantity quantity, AssetNo of) const {
    return format_decimal(quantity, state.assets[of].scale);
}

std::string Deciding::name_of(LienKey lien) const {
    const auto* found = state.lien(lien);
    return found != nullptr && !found->terms.name.empty() ? found->terms.name : birth_id("lien_", lien.value);
}

Error Deciding::insufficient_free(AccountNo account, AssetNo asset, Quantity asked, const Balance& before,
                                  const std::string& pointer) const {
    const auto& id = id_of(account);
    const auto& of = id_of(asset);
    auto detail = fmt::format("{} has {} {} free; {} is asked.", id, print(before.free(), asset), of,
                              print(asked, asset));
    if (before.encumbered.is_positive()) {
        detail += fmt::format(" {} is under liens", print(before.encumbered, asset));
        std::size_t shown = 0;
        for (const auto lien : state.liens_of(account)) {
            if (shown == 3) break;
            detail += fmt::format("{} {} to {}", shown == 0 ? ":" : ",", name_of(lien),
                                  state.parties[state.lien(lien)->terms.holder].id);
            ++shown;
        }
        detail += '.';
    }
    if (before.reserved.is_positive())
        detail += fmt::format(" {} is reserved.", print(before.reserved, asset));
    std::vector<Figure> figures{{"asked", print(asked, asset)},
                                {"free", print(before.free(), asset)},
                                {"total", print(before.total, asset)},
                                {"encumbered", print(before.encumbered, asset)},
                                {"reserved", print(before.reserved, asset)},
                                {"pending_out", print(before.pending_out, asset)}};
    if (state.has_floor(account)) figures.push_back({"floor", print(state.floor(account, asset), asset)});
    return {.code = Code::insufficient_free,
            .detail = std::move(detail),
            .pointer = pointer,
            .figures = std::move(figures),
            .rule = "law 3"};
}

Status Deciding::bound_units_are_free(AccountNo account, AssetNo asset, Quantity asked,
                                      const std::string& pointer) const {
    if (!balances.now(account, asset).free().is_negative()) return {};
    auto before = balances.now(account, asset);
    before.encumbered -= asked;  // as it was before this command bound it
    return refuse(insufficient_free(account, asset, asked, before, pointer));
}

Status Deciding::account_has_not_moved(AccountNo account, std::optional<std::uint64_t> if_match) const {
    const auto version = state.state_version(account).value;
    if (!if_match || *if_match == version) return {};
    return refuse(
        {.code = Code::state_moved,
         .detail = fmt::format("{} is at state version {}, not {}.", id_of(account), version, *if_match),
         .pointer = "If-Match",
         .figures = {{"asked", std::to_string(*if_match)}, {"state_version", std::to_string(version)}},
         .rule = "precondition"});
}

Status Deciding::expiry_is_ahead(const std::optional<KnownAt>& expires_at, std::string_view pointer) const {
    if (!expires_at || *expires_at > state.now()) return {};
    return refuse(
        {.code = Code::expiry_not_ahead,
         .detail = "The expiry is not later than the book's clock.",
         .pointer = std::string{pointer},
         .figures = {{"expires_at", format_rfc3339(expires_at->at)}, {"now", format_rfc3339(state.now().at)}},
         .rule = "law 6"});
}

void settle_exceptions(Deciding& deciding) {
    const auto& state = deciding.state;
    auto& events = deciding.events;
    for (const auto& entry : deciding.balances.entries()) {
        const auto short_by = deciding.balances.shortfall(entry, entry.now);
        const auto open = state.open_exception(entry.account, entry.asset);
        if (open && short_by.is_zero()) events.emplace_back(ExceptionCured{*open});
        if (!open && short_by.is_positive() && deciding.balances.shortfall(entry, entry.before).is_zero()) {
            const auto bound = entry.now.bound();
            const bool takes_bound = bound.is_positive() && entry.now.total < bound;
            events.emplace_back(ExceptionOpened{.rule = takes_bound ? Code::lien_short : Code::floor_broken,
                                                .account = entry.account,
                                                .asset = entry.asset,
                                                .short_by = short_by});
        }
    }
}

}  // namespace ledger::rules
