// Liens: a claim is an object with its lines, and one consuming lien per unit. Law 3; design section 5.
#include <algorithm>

#include <fmt/format.h>

#include "ledger/rules/business_dates.hpp"
#include "ledger/rules/lien_lines.hpp"

namespace ledger::rules {
namespace {

Status agreement_is_in_force(const Deciding& deciding, AgreementNo agreement, const std::string& pointer) {
    const auto& stood = deciding.state.agreements[agreement];
    const auto today = format_day(business_date(CalendarName::federal_bank, deciding.state.now().at));
    const bool in_force = stood.terms.effective_from <= today &&
                          (stood.terms.effective_to.empty() || today <= stood.terms.effective_to) &&
                          (!stood.revoked_at || stood.revoked_at->at > deciding.state.now().at);
    if (in_force) return {};
    return refuse({.code = Code::agreement_not_in_force,
                   .detail = fmt::format("Agreement {} is not in force on {}.", stood.terms.id, today),
                   .pointer = pointer,
                   .figures = {{"effective_from", stood.terms.effective_from},
                               {"effective_to", stood.terms.effective_to},
                               {"revoked", stood.revoked_at ? format_rfc3339(stood.revoked_at->at) : ""}},
                   .rule = "law 4"});
}

tl::unexpected<Error> wrong_rank(std::string detail, std::string pointer) {
    return refuse({.code = Code::lien_rank,
                   .detail = std::move(detail),
                   .pointer = std::move(pointer),
                   .rule = "law 3"});
}

// Rank 1 stands alone; a junior names the one lien it stands behind, within that lien's lines.
Status place_in_rank(const Deciding& deciding, const OpenLien& command, std::optional<LienKey>& behind,
                     std::vector<LienLine>& lines, const std::string& pointer) {
    if (command.behind.empty()) {
        if (command.rank != 1)
            return wrong_rank("A junior lien names the lien it stands behind.", pointer + "/behind");
        for (auto& line : lines)
            line.consumed = command.type == LienType::CUST_SEC_INT ? Quantity{} : line.quantity;
        return {};
    }
    const auto key = deciding.live_lien(command.behind, pointer + "/behind");
    if (!key) return refuse(key.error());
    const auto& senior = deciding.lien(*key);
    if (command.type == LienType::CUST_SEC_INT || senior.terms.type == LienType::CUST_SEC_INT)
        return wrong_rank("The base interest consumes nothing: it stands behind no lien, and none behind it.",
                          pointer + "/behind");
    if (command.rank <= senior.terms.rank)
        return wrong_rank(fmt::format("The lien in front has rank {}.", senior.terms.rank),
                          pointer + "/rank");
    if (senior.junior)
        return wrong_rank(
            fmt::format("{} already stands behind it: name that one.", deciding.name_of(*senior.junior)),
            pointer + "/behind");
    for (const auto& line : lines)
        if (line.quantity > quantity_at(senior.lines, line))
            return wrong_rank("A junior lien takes no more than the lien in front of it holds, line by line.",
                              pointer + (command.is_short_form ? "/amount" : "/allocation"));
    behind = *key;
    return {};
}

}  // namespace

Status open_lien(Deciding& deciding, const OpenLien& command, const std::string& pointer) {
    const auto holder = deciding.party(command.holder, pointer + "/holder");
    if (!holder) return refuse(holder.error());
    LienTerms terms{.name = command.id,
                    .type = command.type,
                    .holder = *holder,
                    .purpose = command.purpose,
                    .rank = command.rank,
                    .behind = {},
                    .agreement = {},
                    .secured = {},
                    .reuse_right = command.reuse_right,
                    .parent = {},
                    .expires_at = command.expires_at};
    const LiveLien* senior = nullptr;
    if (!command.behind.empty())
        if (const auto in_front = deciding.live_lien(command.behind, pointer + "/behind"))
            senior = &deciding.lien(*in_front);
    auto lines = resolve_lines(deciding, command.allocation, command.is_short_form, pointer, senior);
    if (!lines) return refuse(lines.error());
    if (command.is_short_form)
        if (auto same = deciding.account_has_not_moved(lines->front().owner, command.if_match); !same)
            return same;
    if (!command.agreement.empty()) {
        const auto agreement = deciding.agreement(command.agreement, pointer + "/agreement");
        if (!agreement) return refuse(agreement.error());
        if (auto force = agreement_is_in_force(deciding, *agreement, pointer + "/agreement"); !force)
            return force;
        terms.agreement = *agreement;
    }
    if (command.secured) {
        const auto secured = deciding.amount(*command.secured, pointer + "/secured");
        if (!secured) return refuse(secured.error());
        terms.secured = *secured;
    }
    if (!command.parent.empty()) {
        const auto parent = deciding.live_lien(command.parent, pointer + "/parent");
        if (!parent) return refuse(parent.error());
        terms.parent = *parent;
    }
    if (auto ahead = deciding.expiry_is_ahead(command.expires_at, pointer + "/expires_at"); !ahead)
        return ahead;
    if (auto ranked = place_in_rank(deciding, command, terms.behind, *lines, pointer); !ranked) return ranked;
    encumber(deciding, *lines, true);
    if (auto free = lines_are_free(deciding, *lines, command.is_short_form, pointer); !free) return free;
    if (auto there = base_interest_is_there(deciding, command.type, *lines, command.is_short_form, pointer);
        !there)
        return there;
    deciding.events.emplace_back(
        LienOpened{std::move(terms), std::move(*lines), deciding.balances.take_after()});
    return {};
}

namespace {

// What the lien in front has left for a junior to stand behind.
LiveLien room_in_front(const LiveLien& senior, const LiveLien& junior) {
    auto room = senior;
    for (auto& line : room.lines)
        for (const auto& taken : junior.lines)
            if (same_place(taken, line))
                line.quantity = std::max(Quantity{}, line.quantity + taken.consumed - taken.quantity);
    std::erase_if(room.lines, [](const LienLine& line) { return line.quantity.is_zero(); });
    return room;
}

}  // namespace

Status increase_lien(Deciding& deciding, const IncreaseLien& command) {
    const auto key = deciding.live_lien(command.lien, "/lien");
    if (!key) return refuse(key.error());
    const auto lien = deciding.lien(*key);
    auto texts = command.allocation;
    if (command.is_short_form) {
        const auto& first = lien.lines.front();
        if (!std::ranges::all_of(lien.lines, [&](const LienLine& line) { return line.owner == first.owner; }))
            return refuse({.code = Code::invalid_input,
                           .detail = "The lien has several owners: give an allocation.",
                           .pointer = "/allocation"});
        texts.front().account = deciding.id_of(first.owner);
        if (texts.front().location.empty() && lien.lines.size() == 1)
            texts.front().location = deciding.id_of(first.location);
    }
    LiveLien room;
    if (lien.terms.behind) room = room_in_front(deciding.lien(*lien.terms.behind), lien);
    auto added =
        resolve_lines(deciding, texts, command.is_short_form, "", lien.terms.behind ? &room : nullptr);
    if (!added) return refuse(added.error());
    if (auto same = deciding.account_has_not_moved(added->front().owner, command.if_match); !same)
        return same;
    auto lines = lien.lines;
    if (lien.terms.behind) {
        for (const auto& line : *added) {
            if (line.quantity > quantity_at(room.lines, line))
                return wrong_rank(
                    "A junior lien takes no more than the lien in front of it holds, line by line.",
                    command.is_short_form ? "/amount" : "/allocation");
            add_line(lines, line);
        }
    } else {
        for (auto& line : *added)
            line.consumed = lien.terms.type == LienType::CUST_SEC_INT ? Quantity{} : line.quantity;
        for (const auto& line : *added) add_line(lines, line);
    }
    if (lines.size() > lines_per_lien_max)
        return refuse({.code = Code::invalid_input,
                       .detail = fmt::format("A lien has at most {} lines.", lines_per_lien_max),
                       .pointer = command.is_short_form ? "/amount" : "/allocation"});
    for (const auto& line : lines)
        if (!is_within_bound(line.quantity))
            return refuse({.code = Code::supply_exceeded,
                           .detail = "The lien would hold more than 10^36 units.",
                           .pointer = command.is_short_form ? "/amount" : "/allocation",
                           .rule = "law 1"});
    const auto all = lines;
    change_lines(deciding, *key, LienChange::increased, std::move(lines), lien.terms.rank, lien.terms.behind);
    if (auto free = lines_are_free(deciding, *added, command.is_short_form, ""); !free) return free;
    return base_interest_is_there(deciding, lien.terms.type, all, command.is_short_form, "");
}

Status release_lien(Deciding& deciding, const ReleaseLien& command) {
    const auto key = deciding.live_lien(command.lien, "/lien");
    if (!key) return refuse(key.error());
    const auto lien = deciding.lien(*key);
    if (auto same = deciding.account_has_not_moved(lien.lines.front().owner, command.if_match); !same)
        return same;
    if (!command.amount) {
        close_lien(deciding, *key, Closing::released);
        return {};
    }
    const auto amount = deciding.amount(*command.amount, "/amount");
    if (!amount) return refuse(amount.error());
    auto lines = lines_less(deciding, lien, *amount, "/amount/amount");
    if (!lines) return refuse(lines.error());
    if (lines->empty()) {
        close_lien(deciding, *key, Closing::released);
        return {};
    }
    change_lines(deciding, *key, LienChange::released, std::move(*lines), lien.terms.rank, lien.terms.behind);
    promote_behind(deciding, lien.junior, *key);
    return {};
}

Status reallocate_lien(Deciding& deciding, const ReallocateLien& command) {
    const auto key = deciding.live_lien(command.lien, "/lien");
    if (!key) return refuse(key.error());
    const auto& lien = deciding.lien(*key);
    if (lien.junior || lien.terms.behind)
        return wrong_rank("A lien with another in front of it or behind it is not re-allocated.", "/lien");
    encumber(deciding, lien.lines, false);
    auto lines = resolve_lines(deciding, command.allocation, false, "");
    if (!lines) return refuse(lines.error());
    for (auto& line : *lines)
        line.consumed = lien.terms.type == LienType::CUST_SEC_INT ? Quantity{} : line.quantity;
    const auto total = [](const std::vector<LienLine>& all, AssetNo asset) {
        Quantity sum;
        for (const auto& line : all)
            if (line.asset == asset) sum += line.quantity;
        return sum;
    };
    for (const auto& all : {lien.lines, *lines})
        for (const auto& line : all)
            if (const auto had = total(lien.lines, line.asset), has = total(*lines, line.asset); had != has)
                return refuse(
                    {.code = Code::unbalanced,
                     .detail = fmt::format("The lien holds {} {}; the new lines hold {}.",
                                           deciding.print(had, line.asset), deciding.id_of(line.asset),
                                           deciding.print(has, line.asset)),
                     .pointer = "/allocation",
                     .figures = {{"held", deciding.print(had, line.asset)},
                                 {"asked", deciding.print(has, line.asset)}},
                     .rule = "law 3"});
    encumber(deciding, *lines, true);
    if (auto free = lines_are_free(deciding, *lines, false, ""); !free) return free;
    if (auto there = base_interest_is_there(deciding, lien.terms.type, *lines, false, ""); !there)
        return there;
    deciding.events.emplace_back(LienChanged{.lien = *key,
                                             .change = LienChange::reallocated,
                                             .rank = lien.terms.rank,
                                             .behind = lien.terms.behind,
                                             .lines = std::move(*lines),
                                             .after = deciding.balances.take_after()});
    return {};
}

}  // namespace ledger::rules
