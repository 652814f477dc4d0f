// Liens that stand behind one another, and liens that move with their units. Design section 5.
#include <algorithm>

#include <fmt/format.h>

#include "ledger/rules/lien_lines.hpp"

namespace ledger::rules {
namespace {

// What the liens from `last` to the front of its chain consume at a place.
Quantity held_by_chain(const Deciding& deciding, std::optional<LienKey> last, const LienLine& place) {
    Quantity held;
    for (; last; last = deciding.lien(*last).terms.behind)
        for (const auto& line : deciding.lien(*last).lines)
            if (same_place(line, place)) held += line.consumed;
    return held;
}

}  // namespace

void change_lines(Deciding& deciding, LienKey key, LienChange change, std::vector<LienLine> lines,
                  std::uint8_t rank, std::optional<LienKey> behind) {
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

// In the version that releases units, each lien behind them takes what no lien in front of it consumes any
// longer. A chain never consumes more than before: a place's units are at most what was released there.
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

Status move_liens(Deciding& deciding, const PostJournal& command, std::span<const Leg> legs,
                  const std::string& pointer) {
    const auto& state = deciding.state;
    const auto stays = [&](std::string detail, std::size_t at) {
        return refuse({.code = Code::lien_lines_stay,
                       .detail = std::move(detail),
                       .pointer = fmt::format("{}/liens/{}", pointer, at),
                       .rule = "law 3"});
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
        if (deciding.lien(*key).terms.behind)
            return stays("A junior lien moves with the one in front of it.", at);
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
                for (const auto sum :
                     {sum_of(moved, line.asset, line.consumed), sum_of(of_lien, line.asset, line.quantity)})
                    if (sum > to->debit)
                        return stays(
                            fmt::format("The lines hold {}; {} moves.", deciding.print(sum, line.asset),
                                        deciding.print(to->debit, line.asset)),
                            at);
            }
            if (of_lien.empty()) continue;
            any = true;
            if (deciding.events.size() >= liens_moved_max)
                return stays("Too many liens would move in one journal.", at);
            change_lines(deciding, *next, LienChange::moved, std::move(lines), lien.terms.rank,
                         lien.terms.behind);
        }
        if (!any) return stays("None of its lines lies where the units leave.", at);
    }
    return {};
}

}  // namespace ledger::rules
