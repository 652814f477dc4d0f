#include "ledger/proof/verify_log.hpp"

#include <map>

#include <fmt/format.h>

#include "ledger/book/canonical.hpp"
#include "ledger/proof/hash_chain.hpp"

namespace ledger::proof {
namespace {

std::string row_name(Version version) { return fmt::format("event {}", version.value); }

}  // namespace

LogAudit::LogAudit(const std::string& book, Findings& findings)
    : book_{book}, findings_{findings}, last_hash_{chain_root(book)}, last_computed_{last_hash_} {}

void LogAudit::fault(const char* code, const LogRow& row, std::string detail) {
    findings_.add({code, row_name(row.version), row.version, std::move(detail)});
    is_replayed_ = false;
}

void LogAudit::law(const char* code, Version version, std::string detail) {
    findings_.add({code, row_name(version), version, std::move(detail)});
}

bool LogAudit::follows(const LogRow& row) {
    if (row.version <= last_version_) {
        fault("LOG_DUPLICATE", row, fmt::format("the log has version {} more than once", row.version.value));
        return false;
    }
    if (row.version.value != last_version_.value + 1) {
        fault("LOG_GAP", row,
              fmt::format("versions {} to {} are missing from table event", last_version_.value + 1,
                          row.version.value - 1));
        return false;
    }
    if (row.known_at < last_known_)
        fault("LOG_TIME", row, "the book learned it before the version in front of it");
    return true;
}

bool LogAudit::is_linked(const LogRow& row) {
    if (row.previous_hash == last_hash_ || row.previous_hash == last_computed_) return true;
    fault("LOG_LINK", row, "its previous hash is not the hash of the version in front of it");
    return false;
}

std::optional<Recorded> LogAudit::take(const LogRow& row) {
    const bool is_next = follows(row);
    if (is_next) static_cast<void>(is_linked(row));
    const auto computed =
        link_hash({.previous = row.previous_hash,
                   .version = row.version,
                   .principal = row.principal,
                   .known_at = row.known_at,
                   .effective_at = row.effective_at,
                   .idempotency_id = row.idempotency_id ? ByteView{*row.idempotency_id} : ByteView{},
                   .request_digest = row.request_digest,
                   .body = row.body});
    if (computed != row.hash) fault("LOG_HASH", row, "its hash does not follow from what it says");
    last_version_ = std::max(last_version_, row.version);
    last_known_ = row.known_at;
    last_hash_ = row.hash;
    last_computed_ = computed;
    auto events = from_canonical_bytes<Events>(row.body);
    if (!events) {
        fault("LOG_BODY", row, "its body is not a list of facts in canonical form");
        return std::nullopt;
    }
    for (const auto& event : *events) journals_ += std::holds_alternative<JournalPosted>(event) ? 1 : 0;
    if (!is_replayed_) return std::nullopt;
    Recorded recorded{.version = row.version,
                      .known_at = row.known_at,
                      .effective_at = row.effective_at,
                      .principal = row.principal,
                      .events = std::move(*events)};
    if (const auto contradiction = try_evolve(state_, recorded)) {
        fault("LOG_CONTRADICTION", row, *contradiction);
        return std::nullopt;
    }
    if (row.version.value == 1 && state_.book() != book_)
        fault("LOG_BOOK", row, fmt::format("the log is of book \"{}\"", state_.book()));
    if (!state_.principals.contains(row.principal))
        fault("LOG_PRINCIPAL", row, "the book does not know its principal");
    check_laws(recorded);
    return is_replayed_ ? std::optional{std::move(recorded)} : std::nullopt;
}

void LogAudit::check_journal(const JournalPosted& journal, Version version) {
    std::map<std::pair<Pool, AssetNo>, Quantity> sums;
    for (const auto& leg : journal.legs) {
        if (!is_within_bound(leg.debit)) law("LAW_1", version, "a leg is beyond 10^36 units");
        sums[{state_.accounts[leg.account].pool, leg.asset}] += leg.debit;
    }
    for (const auto& [of, sum] : sums) {
        if (sum.is_zero()) continue;
        law("LAW_2", version,
            fmt::format("a journal is out of balance by {} in {} of pool {}",
                        format_decimal(sum, state_.assets[of.second].scale), state_.assets[of.second].id,
                        row_of(of.first).code));
    }
    if (!state_.reasons.contains(journal.reason))
        law("LAW_5", version, "a journal names a reason the book does not know");
}

void LogAudit::check_position(AccountNo account, AssetNo asset, Version version) {
    const auto balance = state_.balance(account, asset);
    const auto of = [&] {
        return fmt::format("{} of {}", state_.assets[asset].id, state_.accounts[account].id);
    };
    if (state_.shortfall(account, asset, balance).is_positive() && !state_.open_exception(account, asset))
        law("LAW_3", version,
            fmt::format("{} is below what is bound or below its floor, and no exception is open", of()));
    if (balance.encumbered.is_negative() || balance.reserved.is_negative() ||
        balance.pending_in.is_negative() || balance.pending_out.is_negative())
        law("LAW_3", version, fmt::format("a claim on {} is negative", of()));
    const auto& supply = state_.supply(asset);
    if (!is_within_bound(supply.locations) || !is_within_bound(supply.obligations))
        law("LAW_1", version, fmt::format("the supply of {} is beyond 10^36 units", state_.assets[asset].id));
}

void LogAudit::check_laws(const Recorded& recorded) {
    std::set<std::pair<AccountNo, AssetNo>> touched;
    for (const auto& event : recorded.events) {
        if (const auto* journal = std::get_if<JournalPosted>(&event))
            check_journal(*journal, recorded.version);
        for (const auto& after : balances_after(event)) touched.emplace(after.account, after.asset);
    }
    for (const auto& [account, asset] : touched) check_position(account, asset, recorded.version);
}

void LogAudit::finish() {
    if (!is_replayed_) return;
    std::map<std::pair<Pool, AssetNo>, Quantity> sums;
    std::map<std::pair<AccountNo, AssetNo>, Quantity> encumbered;
    std::map<std::pair<AccountNo, AssetNo>, Quantity> reserved;
    state_.for_each_lien([&](LienKey, const LiveLien& lien) {
        for (const auto& line : lien.lines) {
            encumbered[{line.owner, line.asset}] += line.consumed;
            encumbered[{line.location, line.asset}] += line.consumed;
        }
    });
    state_.for_each_reservation([&](ReservationKey, const LiveReservation& held) {
        reserved[{held.terms.account, held.terms.asset}] += held.terms.quantity;
    });
    for (std::size_t at = 0; at < state_.position_count(); ++at) {
        const auto& position = state_.position_at(at);
        const auto& account = state_.accounts[position.account];
        const auto total = position.balance.total;
        sums[{account.pool, position.asset}] += account.side == Side::location ? total : -total;
        const std::pair place{position.account, position.asset};
        if (encumbered[place] != position.balance.encumbered || reserved[place] != position.balance.reserved)
            law("LAW_3", last_version_,
                fmt::format("liens and reservations on {} do not add up", account.id));
    }
    for (const auto& [of, sum] : sums)
        if (!sum.is_zero())
            law("LAW_2", last_version_,
                fmt::format("{} of pool {}: locations and obligations differ by {}",
                            state_.assets[of.second].id, row_of(of.first).code,
                            format_decimal(sum, state_.assets[of.second].scale)));
}

}  // namespace ledger::proof
