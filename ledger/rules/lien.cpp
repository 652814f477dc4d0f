// Liens: a claim is an object with its lines, and one consuming lien per unit. Law 3; design section 5.
#include <algorithm>

#include <fmt/format.h>

#include "ledger/rules/business_dates.hpp"
#include "ledger/rules/deciding.hpp"

namespace ledger::rules {
namespace {

bool same_place(const LienLine& left, const LienLine& right) {
    return left.owner == right.owner && left.location == right.location && left.asset == right.asset &&
           left.lot == right.lot;
}

Quantity quantity_at(const std::vector<LienLine>& lines, const LienLine& place) {
    for (const auto& line : lines)
        if (same_place(line, place)) return line.quantity;
    return {};
}

// Adds to the line of the same place, so that a lien has one line for each.
void add_line(std::vector<LienLine>& lines, const LienLine& added) {
    for (auto& line : lines) {
        if (!same_place(line, added)) continue;
        line.quantity += added.quantity;
        line.consumed += added.consumed;
        return;
    }
    lines.push_back(added);
}

void encumber(Deciding& deciding, const std::vector<LienLine>& lines, bool take) {
    for (const auto& line : lines) {
        const auto consumed = take ? line.consumed : -line.consumed;
        deciding.balances.change(line.owner, line.asset).encumbered += consumed;
        deciding.balances.change(line.location, line.asset).encumbered += consumed;
    }
}

// Most free first, ties by id, one line each, until the amount is found (api.md, Liens).
Result<std::vector<LienLine>> choose_locations(const Deciding& deciding, const LienLine& wanted,
                                               const std::vector<LienLine>& already, const std::string& pointer) {
    const auto& state = deciding.state;
    struct Place {
        AccountNo location;
        Quantity free;
    };
    std::vector<Place> places;
    Quantity found;
    for (const auto location : state.locations_of(state.accounts[wanted.owner].pool)) {
        auto free = deciding.balances.now(location, wanted.asset).free();
        for (const auto& line : already)
            if (line.location == location && line.asset == wanted.asset) free -= line.quantity;
        if (!free.is_positive()) continue;
        places.push_back({location, free});
        found += free;
    }
    std::ranges::sort(places, [&](const Place& left, const Place& right) {
        return left.free != right.free ? left.free > right.free
                                       : deciding.id_of(left.location) < deciding.id_of(right.location);
    });
    std::vector<LienLine> lines;
    auto rest = wanted.quantity;
    for (const auto& place : places) {
        if (!rest.is_positive()) break;
        auto line = wanted;
        line.location = place.location;
        line.quantity = std::min(rest, place.free);
        rest -= line.quantity;
        lines.push_back(line);
    }
    const auto of_owner = deciding.balances.now(wanted.owner, wanted.asset);
    if (rest.is_positive() && of_owner.free() < wanted.quantity)
        return refuse(
            deciding.insufficient_free(wanted.owner, wanted.asset, wanted.quantity, of_owner, pointer));
    if (rest.is_positive())
        return refuse({.code = Code::insufficient_free,
                       .detail = fmt::format("The locations of pool {} have {} {} free; {} is asked.",
                                             row_of(state.accounts[wanted.owner].pool).code,
                                             deciding.print(found, wanted.asset), deciding.id_of(wanted.asset),
                                             deciding.print(wanted.quantity, wanted.asset)),
                       .pointer = pointer,
                       .figures = {{"asked", deciding.print(wanted.quantity, wanted.asset)},
                                   {"free", deciding.print(found, wanted.asset)}},
                       .rule = "law 3"});
    return lines;
}

// A junior lies where the lien in front of it lies, in the order of its lines.
std::vector<LienLine> lines_behind(const LiveLien& senior, const LienLine& wanted) {
    std::vector<LienLine> lines;
    auto rest = wanted.quantity;
    for (const auto& in_front : senior.lines) {
        if (in_front.owner != wanted.owner || in_front.asset != wanted.asset || !rest.is_positive()) continue;
        auto line = in_front;
        line.quantity = std::min(rest, in_front.quantity);
        line.consumed = {};
        rest -= line.quantity;
        lines.push_back(line);
    }
    if (rest.is_positive() && !lines.empty()) lines.front().quantity += rest;  // refused by rank, with its words
    return lines;
}

// No book holds more than 10^36 units of an asset (law 1), and so many lines at most cannot leave 128 bits.
Status amounts_stay_within_bound(const Deciding& deciding, std::vector<Amount>& asked, const Amount& amount,
                                 const std::string& pointer) {
    auto sum = std::ranges::find(asked, amount.asset, &Amount::asset);
    if (sum == asked.end()) sum = asked.insert(asked.end(), {amount.asset, {}});
    sum->quantity += amount.quantity;
    if (is_within_bound(sum->quantity)) return {};
    return refuse({.code = Code::supply_exceeded,
                   .detail = fmt::format("The lines hold more than 10^36 units of {}.", deciding.id_of(amount.asset)),
                   .pointer = pointer,
                   .figures = {{"limit", deciding.print(quantity_max(), amount.asset)}},
                   .rule = "law 1"});
}

Result<std::vector<LienLine>> resolve_lines(const Deciding& deciding, const std::vector<LienLineText>& texts,
                                            bool is_short_form, const std::string& pointer,
                                            const LiveLien* senior = nullptr) {
    const auto& state = deciding.state;
    std::vector<LienLine> lines;
    std::vector<Amount> asked;
    for (std::size_t at = 0; at < texts.size(); ++at) {
        const auto& text = texts[at];
        const auto here = is_short_form ? pointer : fmt::format("{}/allocation/{}", pointer, at);
        const auto owner = deciding.account(text.account, here + "/account");
        if (!owner) return refuse(owner.error());
        const auto misplaced = [&](AccountNo account, Side side, const char* field) -> Status {
            if (state.accounts[account].side == side) return {};
            return refuse({.code = Code::kind_not_permitted,
                           .detail = fmt::format("{} is not on the {} side.", deciding.id_of(account), text_of(side)),
                           .pointer = here + field,
                           .rule = "design 5, lien"});
        };
        if (auto owned = misplaced(*owner, Side::obligation, "/account"); !owned) return refuse(owned.error());
        const auto amount = deciding.amount(text.amount, here + "/amount");
        if (!amount) return refuse(amount.error());
        if (auto bounded = amounts_stay_within_bound(deciding, asked, *amount, here + "/amount"); !bounded)
            return refuse(bounded.error());
        LienLine line{.owner = *owner,
                      .location = {},
                      .asset = amount->asset,
                      .lot = text.lot,
                      .quantity = amount->quantity,
                      .consumed = {}};
        if (text.location.empty() && senior != nullptr)
            if (const auto behind = lines_behind(*senior, line); !behind.empty()) {
                for (const auto& one : behind) add_line(lines, one);
                continue;
            }
        if (text.location.empty()) {
            const auto chosen = choose_locations(deciding, line, lines, here + "/amount");
            if (!chosen) return refuse(chosen.error());
            for (const auto& one : *chosen) add_line(lines, one);
            continue;
        }
        const auto location = deciding.account(text.location, here + "/location");
        if (!location) return refuse(location.error());
        if (auto placed = misplaced(*location, Side::location, "/location"); !placed) return refuse(placed.error());
        if (state.accounts[*owner].pool != state.accounts[*location].pool)
            return refuse({.code = Code::regime_crossed,
                           .detail = fmt::format("{} is of pool {}, {} of pool {}.", text.account,
                                                 row_of(state.accounts[*owner].pool).code, text.location,
                                                 row_of(state.accounts[*location].pool).code),
                           .pointer = here + "/location",
                           .rule = "law 2"});
        line.location = *location;
        add_line(lines, line);
    }
    return lines;
}

// Lines exceed neither the owner's quantity nor the location's, even those of the base interest, which consume nothing.
Status base_interest_is_there(const Deciding& deciding, LienType type, const std::vector<LienLine>& lines,
                              bool is_short_form, const std::string& pointer) {
    if (type != LienType::CUST_SEC_INT) return {};
    for (const auto& line : lines) {
        Quantity of_owner;
        Quantity of_location;
        for (const auto& other : lines) {
            if (other.asset != line.asset) continue;
            if (other.owner == line.owner) of_owner += other.quantity;
            if (other.location == line.location) of_location += other.quantity;
        }
        const auto at = pointer + (is_short_form ? "/amount" : "/allocation");
        for (const auto& [account, asked] : {std::pair{line.owner, of_owner}, std::pair{line.location, of_location}}) {
            const auto now = deciding.balances.now(account, line.asset);
            if (asked > now.total) return refuse(deciding.insufficient_free(account, line.asset, asked, now, at));
        }
    }
    return {};
}

// After `encumber`: both sides of every line must have had the units free.
Status lines_are_free(const Deciding& deciding, const std::vector<LienLine>& lines, bool is_short_form,
                      const std::string& pointer) {
    for (const auto& line : lines) {
        Quantity of_owner;
        Quantity of_location;
        for (const auto& other : lines) {
            if (other.asset != line.asset) continue;
            if (other.owner == line.owner) of_owner += other.consumed;
            if (other.location == line.location) of_location += other.consumed;
        }
        const auto amount_at = pointer + (is_short_form ? "/amount" : "/allocation");
        if (of_owner.is_positive())
            if (auto free = deciding.bound_units_are_free(line.owner, line.asset, of_owner, amount_at); !free)
                return free;
        if (of_location.is_positive())
            if (auto free = deciding.bound_units_are_free(line.location, line.asset, of_location,
                                                          pointer + (is_short_form ? "/location" : "/allocation"));
                !free)
                return free;
    }
    return {};
}

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
                   .rule = "design 5, lien"});
}

// Rank 1 stands alone; a junior names the one lien it stands behind, within that lien's lines.
Status place_in_rank(const Deciding& deciding, const OpenLien& command, std::optional<LienKey>& behind,
                     std::vector<LienLine>& lines, const std::string& pointer) {
    if (command.behind.empty()) {
        if (command.rank != 1) return wrong_rank("A junior lien names the lien it stands behind.", pointer + "/behind");
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
        return wrong_rank(fmt::format("The lien in front has rank {}.", senior.terms.rank), pointer + "/rank");
    if (senior.junior)
        return wrong_rank(fmt::format("{} already stands behind it: name that one.", deciding.name_of(*senior.junior)),
                          pointer + "/behind");
    for (const auto& line : lines)
        if (line.quantity > quantity_at(senior.lines, line))
            return wrong_rank("A junior lien takes no more than the lien in front of it holds, line by line.",
                              pointer + (command.is_short_form ? "/amount" : "/allocation"));
    behind = *key;
    return {};
}

// What the liens from `last` to the front of its chain consume at a place.
Quantity held_by_chain(const Deciding& deciding, std::optional<LienKey> last, const LienLine& place) {
    Quantity held;
    for (; last; last = deciding.lien(*last).terms.behind)
        for (const auto& line : deciding.lien(*last).lines)
            if (same_place(line, place)) held += line.consumed;
    return held;
}

void change_lines(Deciding& deciding, LienKey key, LienChange change, std::vector<LienLine> lines, std::uint8_t rank,
                  std::optional<LienKey> behind) {
    encumber(deciding, deciding.lien(key).lines, false);
    encumber(deciding, lines, true);
    auto& changed = deciding.change_lien(key);
    changed.lines = lines;
    changed.terms.rank = rank;
    changed.terms.behind = behind;
    deciding.events.emplace_back(LienChanged{.lien = key,
                                             .change = change,
                                             .rank = rank,
                                             .behind = behind,
                                             .lines = std::move(lines),
                                             .after = deciding.balances.take_after()});
}

// In the version that releases units, each lien behind them takes what no lien in front of it consumes any longer. A
// chain never consumes more than before: a place's units are at most what was released there.
void promote_behind(Deciding& deciding, std::optional<LienKey> junior, std::optional<LienKey> in_front) {
    while (junior) {
        const auto lien = deciding.lien(*junior);
        auto lines = lien.lines;
        for (auto& line : lines) {
            const auto held = held_by_chain(deciding, in_front, line) + line.consumed;
            if (line.quantity > held) line.consumed += line.quantity - held;
        }
        if (lien.terms.behind != in_front || lines != lien.lines)
            change_lines(deciding, *junior, LienChange::promoted, std::move(lines),
                         in_front ? lien.terms.rank : std::uint8_t{1}, in_front);
        in_front = junior;
        junior = lien.junior;
    }
}

// Takes the quantity from the lines, the last line first.
Result<std::vector<LienLine>> lines_less(const Deciding& deciding, const LiveLien& lien, const Amount& amount,
                                         const std::string& pointer) {
    Quantity held;
    for (const auto& line : lien.lines)
        if (line.asset == amount.asset) held += line.quantity;
    if (amount.quantity > held)
        return refuse({.code = Code::over_release,
                       .detail = fmt::format("The lien holds {} {}; {} is asked.", deciding.print(held, amount.asset),
                                             deciding.id_of(amount.asset),
                                             deciding.print(amount.quantity, amount.asset)),
                       .pointer = pointer,
                       .figures = {{"asked", deciding.print(amount.quantity, amount.asset)},
                                   {"held", deciding.print(held, amount.asset)}},
                       .rule = "law 3"});
    auto lines = lien.lines;
    auto rest = amount.quantity;
    for (auto line = lines.rbegin(); line != lines.rend() && rest.is_positive(); ++line) {
        if (line->asset != amount.asset) continue;
        const auto taken = std::min(rest, line->quantity);
        line->quantity -= taken;
        line->consumed = std::min(line->consumed, line->quantity);
        rest -= taken;
    }
    std::erase_if(lines, [](const LienLine& line) { return line.quantity.is_zero(); });
    return lines;
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
        if (auto same = deciding.account_has_not_moved(lines->front().owner, command.if_match); !same) return same;
    if (!command.agreement.empty()) {
        const auto agreement = deciding.agreement(command.agreement, pointer + "/agreement");
        if (!agreement) return refuse(agreement.error());
        if (auto force = agreement_is_in_force(deciding, *agreement, pointer + "/agreement"); !force) return force;
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
    if (auto ahead = deciding.expiry_is_ahead(command.expires_at, pointer + "/expires_at"); !ahead) return ahead;
    if (auto ranked = place_in_rank(deciding, command, terms.behind, *lines, pointer); !ranked) return ranked;
    encumber(deciding, *lines, true);
    if (auto free = lines_are_free(deciding, *lines, command.is_short_form, pointer); !free) return free;
    if (auto there = base_interest_is_there(deciding, command.type, *lines, command.is_short_form, pointer); !there)
        return there;
    deciding.events.emplace_back(LienOpened{std::move(terms), std::move(*lines), deciding.balances.take_after()});
    return {};
}

namespace {

// What the lien in front has left for a junior to stand behind.
LiveLien room_in_front(const LiveLien& senior, const LiveLien& junior) {
    auto room = senior;
    for (auto& line : room.lines)
        for (const auto& taken : junior.lines)
            if (same_place(taken, line)) line.quantity = std::max(Quantity{}, line.quantity + taken.consumed - taken.quantity);
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
    auto added = resolve_lines(deciding, texts, command.is_short_form, "", lien.terms.behind ? &room : nullptr);
    if (!added) return refuse(added.error());
    if (auto same = deciding.account_has_not_moved(added->front().owner, command.if_match); !same) return same;
    auto lines = lien.lines;
    if (lien.terms.behind) {
        for (const auto& line : *added) {
            if (line.quantity > quantity_at(room.lines, line))
                return wrong_rank("A junior lien takes no more than the lien in front of it holds, line by line.",
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
    if (auto same = deciding.account_has_not_moved(lien.lines.front().owner, command.if_match); !same) return same;
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
    for (auto& line : *lines) line.consumed = lien.terms.type == LienType::CUST_SEC_INT ? Quantity{} : line.quantity;
    const auto total = [](const std::vector<LienLine>& all, AssetNo asset) {
        Quantity sum;
        for (const auto& line : all)
            if (line.asset == asset) sum += line.quantity;
        return sum;
    };
    for (const auto& all : {lien.lines, *lines})
        for (const auto& line : all)
            if (const auto had = total(lien.lines, line.asset), has = total(*lines, line.asset); had != has)
                return refuse({.code = Code::unbalanced,
                               .detail = fmt::format("The lien holds {} {}; the new lines hold {}.",
                                                     deciding.print(had, line.asset), deciding.id_of(line.asset),
                                                     deciding.print(has, line.asset)),
                               .pointer = "/allocation",
                               .figures = {{"held", deciding.print(had, line.asset)},
                                           {"asked", deciding.print(has, line.asset)}},
                               .rule = "law 3"});
    encumber(deciding, *lines, true);
    if (auto free = lines_are_free(deciding, *lines, false, ""); !free) return free;
    if (auto there = base_interest_is_there(deciding, lien.terms.type, *lines, false, ""); !there) return there;
    deciding.events.emplace_back(LienChanged{.lien = *key,
                                             .change = LienChange::reallocated,
                                             .rank = lien.terms.rank,
                                             .behind = lien.terms.behind,
                                             .lines = std::move(*lines),
                                             .after = deciding.balances.take_after()});
    return {};
}

void close_lien(Deciding& deciding, LienKey key, Closing closing) {
    const auto lien = deciding.lien(key);
    encumber(deciding, lien.lines, false);
    deciding.events.emplace_back(LienClosed{key, closing, deciding.balances.take_after()});
    if (lien.terms.behind) deciding.change_lien(*lien.terms.behind).junior = lien.junior;
    promote_behind(deciding, lien.junior, lien.terms.behind);
}

namespace {

constexpr std::size_t liens_moved_max = 1000;  // well within the events of one version

Quantity sum_of(std::vector<Amount>& sums, AssetNo asset, Quantity added) {
    auto sum = std::ranges::find(sums, asset, &Amount::asset);
    if (sum == sums.end()) sum = sums.insert(sums.end(), {asset, {}});
    sum->quantity += added;
    return sum->quantity;
}

}  // namespace

Status move_liens(Deciding& deciding, const PostJournal& command, const std::vector<Leg>& legs,
                  const std::string& pointer) {
    const auto& state = deciding.state;
    const auto stays = [&](std::string detail, std::size_t at) {
        return refuse({.code = Code::lien_lines_stay,
                       .detail = std::move(detail),
                       .pointer = fmt::format("{}/liens/{}", pointer, at),
                       .rule = "api, linked movement of lines and units"});
    };
    const auto only_leg = [&](AssetNo asset, bool is_debit) -> const Leg* {
        const Leg* found = nullptr;
        for (const auto& leg : legs) {
            if (leg.asset != asset || leg.debit.is_positive() != is_debit) continue;
            if (found != nullptr || state.accounts[leg.account].side != Side::location) return nullptr;
            found = &leg;
        }
        return found;
    };
    std::vector<Amount> moved;
    for (std::size_t at = 0; at < command.liens.size(); ++at) {
        auto key = deciding.live_lien(command.liens[at], fmt::format("{}/liens/{}", pointer, at));
        if (!key) return refuse(key.error());
        if (deciding.lien(*key).terms.behind) return stays("A junior lien moves with the one in front of it.", at);
        bool any = false;
        for (std::optional<LienKey> next = *key; next; next = deciding.lien(*next).junior) {
            const auto lien = deciding.lien(*next);
            std::vector<LienLine> lines;
            std::vector<Amount> of_lien;
            for (auto line : lien.lines) {
                const auto* from = only_leg(line.asset, false);
                const auto* to = only_leg(line.asset, true);
                if (from == nullptr || to == nullptr || line.location != from->account) {
                    add_line(lines, line);
                    continue;
                }
                if (state.accounts[to->account].pool != state.accounts[from->account].pool)
                    return stays("Its lines would leave the pool of their owner.", at);
                line.location = to->account;
                add_line(lines, line);
                for (const auto sum : {sum_of(moved, line.asset, line.consumed), sum_of(of_lien, line.asset, line.quantity)})
                    if (sum > to->debit)
                        return stays(fmt::format("The lines hold {}; {} moves.", deciding.print(sum, line.asset),
                                                 deciding.print(to->debit, line.asset)),
                                     at);
            }
            if (of_lien.empty()) continue;
            any = true;
            if (deciding.events.size() >= liens_moved_max) return stays("Too many liens would move in one journal.", at);
            change_lines(deciding, *next, LienChange::moved, std::move(lines), lien.terms.rank, lien.terms.behind);
        }
        if (!any) return stays("None of its lines lies where the units leave.", at);
    }
    return {};
}

}  // namespace ledger::rules
