// The lines of liens: whose units, where they lie, and whether they were free. Law 3; design section 5.
#include "ledger/rules/lien_lines.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ledger::rules {

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

namespace {

// Most free first, ties by id, one line each, until the amount is found (api.md, Liens).
Result<std::vector<LienLine>> choose_locations(const Deciding& deciding, const LienLine& wanted,
                                               const std::vector<LienLine>& already,
                                               const std::string& pointer) {
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
        return refuse(
            {.code = Code::insufficient_free,
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
    if (rest.is_positive() && !lines.empty())
        lines.front().quantity += rest;  // refused by rank, with its words
    return lines;
}

// No book holds more than 10^36 units of an asset (law 1), and so many lines at most cannot leave 128 bits.
Status amounts_stay_within_bound(const Deciding& deciding, std::vector<Amount>& asked, const Amount& amount,
                                 const std::string& pointer) {
    auto sum = std::ranges::find(asked, amount.asset, &Amount::asset);
    if (sum == asked.end()) sum = asked.insert(asked.end(), {amount.asset, {}});
    sum->quantity += amount.quantity;
    if (is_within_bound(sum->quantity)) return {};
    return refuse(
        {.code = Code::supply_exceeded,
         .detail = fmt::format("The lines hold more than 10^36 units of {}.", deciding.id_of(amount.asset)),
         .pointer = pointer,
         .figures = {{"limit", deciding.print(quantity_max(), amount.asset)}},
         .rule = "law 1"});
}

}  // namespace

Result<std::vector<LienLine>> resolve_lines(const Deciding& deciding, const std::vector<LienLineText>& texts,
                                            bool is_short_form, const std::string& pointer,
                                            const LiveLien* senior) {
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
            return refuse(
                {.code = Code::kind_not_permitted,
                 .detail = fmt::format("{} is not on the {} side.", deciding.id_of(account), text_of(side)),
                 .pointer = here + field,
                 .rule = "law 3"});
        };
        if (auto owned = misplaced(*owner, Side::obligation, "/account"); !owned)
            return refuse(owned.error());
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
        if (auto placed = misplaced(*location, Side::location, "/location"); !placed)
            return refuse(placed.error());
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

// Lines exceed neither the owner's quantity nor the location's, even those of the base interest, which
// consume nothing.
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
        for (const auto& [account, asked] :
             {std::pair{line.owner, of_owner}, std::pair{line.location, of_location}}) {
            const auto now = deciding.balances.now(account, line.asset);
            if (asked > now.total)
                return refuse(deciding.insufficient_free(account, line.asset, asked, now, at));
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
            if (auto free =
                    deciding.bound_units_are_free(line.location, line.asset, of_location,
                                                  pointer + (is_short_form ? "/location" : "/allocation"));
                !free)
                return free;
    }
    return {};
}

// Takes the quantity from the lines, the last line first.
Result<std::vector<LienLine>> lines_less(const Deciding& deciding, const LiveLien& lien, const Amount& amount,
                                         const std::string& pointer) {
    Quantity held;
    for (const auto& line : lien.lines)
        if (line.asset == amount.asset) held += line.quantity;
    if (amount.quantity > held)
        return refuse({.code = Code::over_release,
                       .detail = fmt::format("The lien holds {} {}; {} is asked.",
                                             deciding.print(held, amount.asset), deciding.id_of(amount.asset),
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

}  // namespace ledger::rules
