// Reservations: a short hold for the margin engine, of the owner's units and of no place. Law 3; api.md,
// Reservations.
#include <fmt/format.h>

#include "ledger/rules/deciding.hpp"

namespace ledger::rules {
namespace {

tl::unexpected<Error> exceeds(const Deciding& deciding, const ReservationOpened& held, Quantity asked,
                              std::string pointer) {
    return refuse(
        {.code = Code::reservation_exceeded,
         .detail = fmt::format("{} {} of {} is reserved; {} is asked.",
                               deciding.print(held.quantity, held.asset), deciding.id_of(held.asset),
                               deciding.id_of(held.account), deciding.print(asked, held.asset)),
         .pointer = std::move(pointer),
         .figures = {{"reserved", deciding.print(held.quantity, held.asset)},
                     {"asked", deciding.print(asked, held.asset)}},
         .rule = "law 3"});
}

tl::unexpected<Error> of_another(const Deciding& deciding, const ReservationOpened& held,
                                 std::string pointer) {
    return refuse(
        {.code = Code::reservation_exceeded,
         .detail = fmt::format("The reservation holds {} of {}.", deciding.id_of(held.asset),
                               deciding.id_of(held.account)),
         .pointer = std::move(pointer),
         .figures = {{"account", deciding.id_of(held.account)}, {"asset", deciding.id_of(held.asset)}},
         .rule = "law 3"});
}

Status commit_into_lien(Deciding& deciding, OpenLien lien, const ReservationOpened& held) {
    if (!lien.is_short_form)
        return refuse({.code = Code::invalid_input,
                       .detail = "A reservation commits into a lien of its own account: no allocation.",
                       .pointer = "/lien/allocation"});
    auto& line = lien.allocation.front();
    if (line.account.empty()) line.account = deciding.id_of(held.account);
    if (line.amount.asset.empty())
        line.amount = {deciding.id_of(held.asset), {deciding.print(held.quantity, held.asset)}};
    if (line.account != deciding.id_of(held.account)) return of_another(deciding, held, "/lien/account");
    const auto amount = deciding.amount(line.amount, "/lien/amount");
    if (!amount) return refuse(amount.error());
    if (amount->asset != held.asset) return of_another(deciding, held, "/lien/amount/asset");
    if (amount->quantity > held.quantity)
        return exceeds(deciding, held, amount->quantity, "/lien/amount/amount");
    return open_lien(deciding, lien, "/lien");
}

Status commit_into_journal(Deciding& deciding, const PostJournal& journal, const ReservationOpened& held) {
    Quantity taken;
    for (std::size_t at = 0; at < journal.legs.size(); ++at) {
        const auto& leg = journal.legs[at];
        if (!leg.is_debit || leg.account != deciding.id_of(held.account) ||
            leg.amount.asset != deciding.id_of(held.asset))
            continue;
        const auto amount = deciding.amount(leg.amount, fmt::format("/journal/legs/{}/debit", at));
        if (!amount) return refuse(amount.error());
        taken += amount->quantity;
        if (taken > held.quantity)
            return exceeds(deciding, held, taken, fmt::format("/journal/legs/{}/debit/amount", at));
    }
    if (taken.is_zero()) return of_another(deciding, held, "/journal/legs");
    return post_journal(deciding, journal, "/journal");
}

}  // namespace

Status reserve(Deciding& deciding, const Reserve& command) {
    const auto account = deciding.account(command.account, "/account");
    if (!account) return refuse(account.error());
    if (deciding.state.accounts[*account].side != Side::obligation)
        return refuse({.code = Code::kind_not_permitted,
                       .detail = fmt::format("{} is a location: a reservation binds an owner's units.",
                                             command.account),
                       .pointer = "/account",
                       .rule = "law 3"});
    const auto amount = deciding.amount(command.amount, "/amount");
    if (!amount) return refuse(amount.error());
    if (auto same = deciding.account_has_not_moved(*account, command.if_match); !same) return same;
    if (auto ahead = deciding.expiry_is_ahead(command.expires_at, "/expires_at"); !ahead) return ahead;
    const auto before = deciding.balances.now(*account, amount->asset);
    auto& balance = deciding.balances.change(*account, amount->asset);
    balance.reserved += amount->quantity;
    if (balance.free().is_negative())
        return refuse(
            deciding.insufficient_free(*account, amount->asset, amount->quantity, before, "/amount"));
    deciding.events.emplace_back(ReservationOpened{.name = command.id,
                                                   .account = *account,
                                                   .asset = amount->asset,
                                                   .quantity = amount->quantity,
                                                   .purpose = command.purpose,
                                                   .expires_at = command.expires_at,
                                                   .after = deciding.balances.take_after()});
    return {};
}

void close_reservation(Deciding& deciding, ReservationKey key, Closing closing) {
    const auto& held = deciding.state.reservation(key)->terms;
    deciding.balances.change(held.account, held.asset).reserved -= held.quantity;
    deciding.events.emplace_back(ReservationClosed{key, closing, deciding.balances.take_after()});
}

Status commit_reservation(Deciding& deciding, const CommitReservation& command) {
    const auto key = deciding.live_reservation(command.reservation, "/reservation");
    if (!key) return refuse(key.error());
    const auto held = deciding.state.reservation(*key)->terms;
    close_reservation(deciding, *key, Closing::committed);
    if (const auto* lien = std::get_if<OpenLien>(&command.into))
        return commit_into_lien(deciding, *lien, held);
    return commit_into_journal(deciding, std::get<PostJournal>(command.into), held);
}

Status release_reservation(Deciding& deciding, const ReleaseReservation& command) {
    const auto key = deciding.live_reservation(command.reservation, "/reservation");
    if (!key) return refuse(key.error());
    close_reservation(deciding, *key, Closing::released);
    return {};
}

}  // namespace ledger::rules
