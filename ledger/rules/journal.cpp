// Postings: law 1 (double entry in units), law 2 (closed pools), law 3 (what is bound stays), law 10
// (instructions are refused, facts are recorded).
#include <algorithm>

#include <fmt/format.h>
#include <boost/container/small_vector.hpp>

#include "ledger/rules/business_dates.hpp"
#include "ledger/rules/deciding.hpp"

namespace ledger::rules {
namespace {

using boost::container::small_vector;

struct Resolved {
    ReasonNo reason{};
    Nature nature = Nature::instruction;
    std::vector<Leg> legs{};
    small_vector<const AccountHead*, 8> heads{};  // of the legs' accounts, in their order
};

std::string leg_pointer(const std::string& pointer, std::size_t leg, bool is_debit) {
    return fmt::format("{}/legs/{}/{}", pointer, leg, is_debit ? "debit" : "credit");
}

Status resolve(const Deciding& deciding, const PostJournal& command, const std::string& pointer,
               Resolved& resolved) {
    const auto& state = deciding.state;
    const auto reason = state.reasons.find(command.reason);
    if (!reason) return refuse(deciding.reason(command.reason, pointer + "/reason").error());
    resolved.reason = *reason;
    resolved.nature = state.reasons[*reason].nature;
    resolved.legs.reserve(command.legs.size());
    for (std::size_t at = 0; at < command.legs.size(); ++at) {
        const auto& leg = command.legs[at];
        const auto account = state.accounts.find(leg.account);
        if (!account)
            return refuse(
                deciding.account(leg.account, fmt::format("{}/legs/{}/account", pointer, at)).error());
        const auto amount = deciding.amount_if_valid(leg.amount);
        if (!amount)
            return refuse(deciding.amount(leg.amount, leg_pointer(pointer, at, leg.is_debit)).error());
        resolved.legs.push_back(
            {*account, amount->asset, leg.is_debit ? amount->quantity : -amount->quantity});
        resolved.heads.push_back(&state.head(*account));
    }
    return {};
}

Status reason_permits(const Deciding& deciding, const PostJournal& command, const Resolved& resolved,
                      const std::string& pointer) {
    const auto& state = deciding.state;
    const auto& reason = state.reasons[resolved.reason];
    if (command.nature && *command.nature != reason.nature)
        return refuse(
            {.code = Code::nature_mismatch,
             .detail = fmt::format("{} has the nature {}, not {}.", reason.id,
                                   text_in(natures(), reason.nature), text_in(natures(), *command.nature)),
             .pointer = pointer + "/nature",
             .rule = "law 10"});
    if (resolved.nature == Nature::fact && command.evidence.empty())
        return refuse(
            {.code = Code::evidence_required,
             .detail = fmt::format("{} records what has happened, so it needs evidence.", reason.id),
             .pointer = pointer + "/evidence",
             .rule = "law 10"});
    for (std::size_t at = 0; at < resolved.legs.size(); ++at) {
        const bool is_debit = resolved.legs[at].debit.is_positive();
        const auto kind = resolved.heads[at]->kind;
        if ((is_debit ? reason.may_debit : reason.may_credit).contains(kind)) continue;
        return refuse({.code = Code::reason_not_permitted,
                       .detail = fmt::format("{} does not {} an account of kind {}.", reason.id,
                                             is_debit ? "debit" : "credit", row_of(kind).code),
                       .pointer = leg_pointer(pointer, at, is_debit),
                       .figures = {{"reason", reason.id}, {"kind", std::string{row_of(kind).code}}},
                       .rule = "reasons"});
    }
    return {};
}

struct PoolSum {
    AssetNo asset;
    Pool pool;
    Quantity debits;
    Quantity credits;
};

tl::unexpected<Error> too_much(const Deciding& deciding, AssetNo asset, const std::string& pointer) {
    return refuse(
        {.code = Code::supply_exceeded,
         .detail = fmt::format("The book would hold more than 10^36 units of {}.", deciding.id_of(asset)),
         .pointer = pointer + "/legs",
         .figures = {{"limit", format_decimal(quantity_max(), deciding.state.assets[asset].scale)}},
         .rule = "law 1"});
}

using PoolSums = small_vector<PoolSum, 4>;

Status sum_by_pool(const Deciding& deciding, const Resolved& resolved, const std::string& pointer,
                   PoolSums& sums) {
    for (std::size_t at = 0; at < resolved.legs.size(); ++at) {
        const auto& leg = resolved.legs[at];
        const auto pool = resolved.heads[at]->pool;
        auto found = std::ranges::find_if(
            sums, [&](const PoolSum& sum) { return sum.asset == leg.asset && sum.pool == pool; });
        if (found == sums.end()) found = sums.insert(sums.end(), {leg.asset, pool, {}, {}});
        (leg.debit.is_positive() ? found->debits : found->credits) +=
            leg.debit.is_positive() ? leg.debit : -leg.debit;
        if (!is_within_bound(found->debits) || !is_within_bound(found->credits))
            return too_much(deciding, leg.asset, pointer);
    }
    return {};
}

constexpr auto depositories_and_firm = [](AccountKind kind) {
    const auto& row = row_of(kind);
    return row.side == Side::location
               ? row.floor != Floor::none
               : kind == AccountKind::house_equity || kind == AccountKind::residual_interest;
};

// Design section 5, bases: whose money may cross pools, and how.
bool basis_permits(Basis basis, AccountKind kind) {
    switch (basis) {
        case Basis::none: return false;
        case Basis::reserve:
        case Basis::residual_interest: return depositories_and_firm(kind);
        case Basis::misdirected:
            return kind == AccountKind::due_from || kind == AccountKind::due_to ||
                   kind == AccountKind::customer || kind == AccountKind::customer_margin ||
                   row_of(kind).side == Side::location;
    }
    return false;
}

// Misdirected property: in each pool all other legs stand on one side, against what is due; what is due from
// one pool is due to another; and no more is cured than was due. So no customer's property leaves a pool
// under this name.
Status misdirection_is_paired(const Deciding& deciding, const std::vector<Leg>& legs,
                              const std::string& pointer) {
    const auto& state = deciding.state;
    const auto is_due = [&](const Leg& leg) {
        const auto kind = state.accounts[leg.account].kind;
        return kind == AccountKind::due_from || kind == AccountKind::due_to;
    };
    const auto due_after = [&](const Leg& leg) {
        auto total = state.balance(leg.account, leg.asset).total;
        for (const auto& other : legs)
            if (other.account == leg.account && other.asset == leg.asset)
                total += state.accounts[leg.account].side == Side::location ? other.debit : -other.debit;
        return total;
    };
    for (const auto& leg : legs) {
        Quantity due;
        bool is_one_sided = true;
        for (const auto& other : legs) {
            if (other.asset != leg.asset) continue;
            if (is_due(other)) {
                due += other.debit;
            } else if (!is_due(leg) &&
                       state.accounts[other.account].pool == state.accounts[leg.account].pool) {
                is_one_sided = is_one_sided && other.debit.is_positive() == leg.debit.is_positive();
            }
        }
        if (due.is_zero() && is_one_sided && (!is_due(leg) || !due_after(leg).is_negative())) continue;
        return refuse(
            {.code = Code::regime_crossed,
             .detail = "Misdirected property is due from the pool it belongs to and due to the other, alike.",
             .pointer = pointer + "/legs",
             .figures = {{"asset", deciding.id_of(leg.asset)}, {"unpaired", deciding.print(due, leg.asset)}},
             .rule = "law 2"});
    }
    return {};
}

Status pools_stay_closed(const Deciding& deciding, const PostJournal& command, const Resolved& resolved,
                         const std::string& pointer) {
    const auto& legs = resolved.legs;
    PoolSums sums;
    if (auto bounded = sum_by_pool(deciding, resolved, pointer, sums); !bounded) return bounded;
    for (const auto& sum : sums) {
        Quantity debits;
        Quantity credits;
        for (const auto& other : sums) {
            if (other.asset != sum.asset) continue;
            debits += other.debits;
            credits += other.credits;
        }
        if (debits == credits) continue;
        return refuse(
            {.code = Code::unbalanced,
             .detail = fmt::format("Debits of {} are {}, credits {}.", deciding.id_of(sum.asset),
                                   deciding.print(debits, sum.asset), deciding.print(credits, sum.asset)),
             .pointer = pointer + "/legs",
             .figures = {{"asset", deciding.id_of(sum.asset)},
                         {"debits", deciding.print(debits, sum.asset)},
                         {"credits", deciding.print(credits, sum.asset)}},
             .rule = "law 1"});
    }
    for (const auto& sum : sums) {
        if (sum.debits == sum.credits) continue;
        return refuse({.code = Code::regime_crossed,
                       .detail = fmt::format(
                           "In pool {} debits of {} are {}, credits {}: each pool is a closed book.",
                           row_of(sum.pool).code, deciding.id_of(sum.asset),
                           deciding.print(sum.debits, sum.asset), deciding.print(sum.credits, sum.asset)),
                       .pointer = pointer + "/legs",
                       .figures = {{"pool", std::string{row_of(sum.pool).code}},
                                   {"asset", deciding.id_of(sum.asset)},
                                   {"debits", deciding.print(sum.debits, sum.asset)},
                                   {"credits", deciding.print(sum.credits, sum.asset)}},
                       .rule = "law 2"});
    }
    const bool crosses =
        std::ranges::any_of(sums, [&](const PoolSum& sum) { return sum.pool != sums.front().pool; });
    if (!crosses) return {};
    for (std::size_t at = 0; at < legs.size(); ++at) {
        const auto kind = resolved.heads[at]->kind;
        if (basis_permits(command.basis, kind)) continue;
        return refuse({.code = Code::regime_crossed,
                       .detail = command.basis == Basis::none
                                     ? std::string{"The legs touch more than one pool and name no basis."}
                                     : fmt::format("On the basis {} no leg may touch an account of kind {}.",
                                                   text_in(bases(), command.basis), row_of(kind).code),
                       .pointer = command.basis == Basis::none
                                      ? pointer + "/basis"
                                      : fmt::format("{}/legs/{}/account", pointer, at),
                       .rule = "law 2"});
    }
    return command.basis == Basis::misdirected ? misdirection_is_paired(deciding, legs, pointer) : Status{};
}

// What belongs to no regime belongs to the stock record, which keeps the exchanges' days.
CalendarName calendar_of(const AccountTerms& account) {
    return account.regime ? row_of(*account.regime).calendar : CalendarName::exchange;
}

Status effective_time_holds(Deciding& deciding, const PostJournal& command, const std::vector<Leg>& legs,
                            const std::string& pointer) {
    if (!command.effective_at) return {};
    const auto& state = deciding.state;
    const auto now = state.now().at;
    if (command.effective_at->at > now)
        return refuse({.code = Code::effective_in_future,
                       .detail = "Only a pending journal may take effect in the future.",
                       .pointer = pointer + "/effective_at",
                       .figures = {{"effective_at", format_rfc3339(command.effective_at->at)},
                                   {"now", format_rfc3339(now)}},
                       .rule = "law 6"});
    deciding.effective_at = *command.effective_at;
    const bool is_explained = command.memo && !command.memo->text.empty() && !command.evidence.empty();
    if (is_explained) return {};
    // Each leg's regime has its calendar: an earlier business date in any of them is hindsight.
    const auto passed = std::ranges::find_if(legs, [&](const Leg& leg) {
        const auto calendar = calendar_of(state.accounts[leg.account]);
        return business_date(calendar, command.effective_at->at) < business_date(calendar, now);
    });
    if (passed == legs.end()) return {};
    const auto calendar = calendar_of(state.accounts[passed->account]);
    return refuse({.code = Code::hindsight_unexplained,
                   .detail = "The effective time is of an earlier business date.",
                   .pointer = pointer + (command.evidence.empty() ? "/evidence" : "/memo"),
                   .figures = {{"effective_at", format_rfc3339(command.effective_at->at)},
                               {"business_date", format_day(business_date(calendar, now))}},
                   .rule = "law 6"});
}

Status legs_fit_the_book(Deciding& deciding, const Resolved& resolved, const std::string& pointer) {
    const auto& state = deciding.state;
    struct Growth {
        AssetNo asset;
        Supply supply;
    };
    small_vector<Growth, 4> growths;
    for (std::size_t at = 0; at < resolved.legs.size(); ++at) {
        const auto& leg = resolved.legs[at];
        const auto side = resolved.heads[at]->side;
        auto& balance = deciding.balances.change(leg.account, leg.asset, *resolved.heads[at]);
        const auto magnitude = [](Quantity quantity) {
            return quantity.is_negative() ? -quantity : quantity;
        };
        const auto before = magnitude(balance.total);
        balance.total += side == Side::location ? leg.debit : -leg.debit;
        auto growth = std::ranges::find(growths, leg.asset, &Growth::asset);
        if (growth == growths.end())
            growth = growths.insert(growths.end(), {leg.asset, state.supply(leg.asset)});
        auto& of_side = side == Side::location ? growth->supply.locations : growth->supply.obligations;
        // No sum on the way leaves 128 bits: each of sixteen pools moves at most 10^36 (sum_by_pool). What
        // counts is where the legs end, in whatever order they stand.
        of_side += magnitude(balance.total) - before;
    }
    for (const auto& growth : growths) {
        if (is_within_bound(growth.supply.locations) && is_within_bound(growth.supply.obligations)) continue;
        return too_much(deciding, growth.asset, pointer);
    }
    return {};
}

// Law 3 and the floors: what an instruction takes must be there and free, and so must what it binds.
Status instruction_leaves_enough(const Deciding& deciding, std::span<const Leg> legs,
                                 const std::string& pointer) {
    for (const auto& entry : deciding.balances.entries()) {
        const bool takes = entry.now.total < entry.before.total;
        const bool binds = entry.now.bound() > entry.before.bound();  // lines that came with the units
        if (!takes && !binds) continue;
        if (deciding.balances.shortfall(entry, entry.now).is_zero()) continue;
        const auto leg = std::ranges::find_if(
            legs, [&](const Leg& one) { return one.account == entry.account && one.asset == entry.asset; });
        const auto at = static_cast<std::size_t>(leg - legs.begin());
        const auto asked =
            takes ? entry.before.total - entry.now.total : entry.now.bound() - entry.before.bound();
        return refuse(deciding.insufficient_free(entry.account, entry.asset, asked, entry.before,
                                                 leg_pointer(pointer, at, leg->debit.is_positive())));
    }
    return {};
}

Status post_legs(Deciding& deciding, const PostJournal& command, Resolved&& resolved,
                 std::optional<JournalKey> reverses, const std::string& pointer) {
    if (auto closed = pools_stay_closed(deciding, command, resolved, pointer); !closed) return closed;
    if (auto timely = effective_time_holds(deciding, command, resolved.legs, pointer); !timely) return timely;
    if (auto fits = legs_fit_the_book(deciding, resolved, pointer); !fits) return fits;
    const std::span<const Leg> legs{resolved.legs};  // they stay where they are when their vector moves
    deciding.events.emplace_back(
        std::in_place_type<JournalPosted>,
        JournalPosted{.name = command.id,
                      .reason = resolved.reason,
                      .nature = resolved.nature,
                      .basis = command.basis,
                      .memo = command.memo ? std::optional{command.memo->commitment()} : std::nullopt,
                      .evidence = command.evidence,
                      .reverses = reverses,
                      .legs = std::move(resolved.legs),
                      .after = deciding.balances.take_after()});
    if (!command.liens.empty())
        if (auto moved = move_liens(deciding, command, legs, pointer); !moved) return moved;
    if (resolved.nature == Nature::instruction) return instruction_leaves_enough(deciding, legs, pointer);
    return {};
}

}  // namespace

Status post_journal(Deciding& deciding, const PostJournal& command, const std::string& pointer) {
    Resolved resolved;
    if (auto known = resolve(deciding, command, pointer, resolved); !known) return known;
    if (auto permitted = reason_permits(deciding, command, resolved, pointer); !permitted) return permitted;
    return post_legs(deciding, command, std::move(resolved), std::nullopt, pointer);
}

Status reverse_journal(Deciding& deciding, const ReverseJournal& command) {
    const auto& found = deciding.submission.journal;
    if (!found)
        return refuse({.code = Code::not_found,
                       .detail = fmt::format("There is no journal \"{}\".", command.journal),
                       .pointer = "/journal"});
    if (const auto by = deciding.state.reversed_by(found->key))
        return refuse({.code = Code::already_reversed,
                       .detail = fmt::format("Journal {} is already reversed.", command.journal),
                       .pointer = "/journal",
                       .figures = {{"reversed_by", birth_id("jrn_", by->value)}},
                       .rule = "law 6"});
    if (found->journal.reverses)
        return refuse({.code = Code::not_reversible,
                       .detail = "A reversal is not reversed; post the journal again.",
                       .pointer = "/journal",
                       .figures = {{"reverses", birth_id("jrn_", found->journal.reverses->value)}},
                       .rule = "law 6"});
    const auto reason = deciding.reason(command.reason, "/reason");
    if (!reason) return refuse(reason.error());
    PostJournal mirror;
    mirror.reason = command.reason;
    mirror.basis = found->journal.basis;
    mirror.effective_at = command.effective_at;
    mirror.memo = command.memo;
    mirror.evidence = command.evidence;
    Resolved resolved{
        .reason = *reason, .nature = Nature::instruction, .legs = found->journal.legs, .heads = {}};
    for (auto& leg : resolved.legs) {
        leg.debit = -leg.debit;
        resolved.heads.push_back(&deciding.state.head(leg.account));
    }
    if (auto permitted = reason_permits(deciding, mirror, resolved, ""); !permitted) return permitted;
    if (deciding.state.reasons[*reason].nature != Nature::instruction)
        return refuse(
            {.code = Code::nature_mismatch,
             .detail = fmt::format("A reversal is an instruction; {} names a fact.", command.reason),
             .pointer = "/reason",
             .rule = "law 6"});
    return post_legs(deciding, mirror, std::move(resolved), found->key, "");
}

}  // namespace ledger::rules
