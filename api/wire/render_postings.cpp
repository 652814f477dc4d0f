// Journals, liens, reservations, exceptions and balances.
#include <algorithm>

#include "api/wire/rendering.hpp"

namespace api::wire {
namespace {

const Balance* balance_after(const JournalPosted& journal, const Leg& leg) {
    const auto found = std::ranges::find_if(journal.after, [&](const BalanceAfter& after) {
        return after.account == leg.account && after.asset == leg.asset;
    });
    return found != journal.after.end() ? &found->balance : nullptr;
}

void write_legs(JsonWriter& out, const Source& source, const JournalPosted& journal) {
    out.begin_array("legs");
    for (const auto& leg : journal.legs) {
        if (!source.sees(leg.account)) continue;
        out.begin_object().field("account", source.state.accounts[leg.account].id);
        out.key(leg.debit.is_positive() ? "debit" : "credit");
        write_amount(out, source, leg.asset, leg.debit.is_positive() ? leg.debit : -leg.debit);
        if (const auto* after = balance_after(journal, leg)) {
            const int scale = source.state.assets[leg.asset].scale;
            out.begin_object("balance_after").field("total", after->total, scale);
            out.field("free", after->free(), scale).end_object();
        }
        out.end_object();
    }
    out.end_array();
}

void write_evidence(JsonWriter& out, const std::vector<Evidence>& evidence) {
    if (evidence.empty()) return;
    out.begin_array("evidence");
    for (const auto& one : evidence) {
        out.begin_object().field("kind", one.kind).field("reference", one.reference);
        if (!one.digest.empty()) out.field("digest", one.digest);
        out.end_object();
    }
    out.end_array();
}

void write_lines(JsonWriter& out, const Source& source, const std::vector<LienLine>& lines) {
    out.begin_array("allocation");
    for (const auto& line : lines) {
        if (!source.sees(line.owner)) continue;
        out.begin_object().field("account", source.state.accounts[line.owner].id);
        out.field("location", source.state.accounts[line.location].id).key("amount");
        write_amount(out, source, line.asset, line.quantity);
        if (!line.lot.empty()) out.field("lot", line.lot);
        if (line.consumed != line.quantity)
            out.field("consumed", line.consumed, source.state.assets[line.asset].scale);
        out.end_object();
    }
    out.end_array();
}

// One owner, one asset, one place: the short form callers wrote, as far as it says all.
void write_short_form(JsonWriter& out, const Source& source, const std::vector<LienLine>& lines,
                      bool is_closed) {
    std::vector<const LienLine*> seen;
    for (const auto& line : lines)
        if (source.sees(line.owner)) seen.push_back(&line);
    if (seen.empty()) return;
    const auto& first = *seen.front();
    const auto all = [&](auto same) {
        return std::ranges::all_of(seen, [&](const auto* line) { return same(*line); });
    };
    if (all([&](const LienLine& line) { return line.owner == first.owner; }))
        out.field("account", source.state.accounts[first.owner].id);
    if (all([&](const LienLine& line) { return line.asset == first.asset; })) {
        Quantity sum;
        for (const auto* line : seen) sum += is_closed ? Quantity{} : line->quantity;
        out.key("amount");
        write_amount(out, source, first.asset, sum);
    }
    if (!is_closed && all([&](const LienLine& line) { return line.location == first.location; }))
        out.field("location", source.state.accounts[first.location].id);
}

}  // namespace

void write_amount(JsonWriter& out, const Source& source, AssetNo asset, Quantity quantity) {
    const auto& terms = source.state.assets[asset];
    out.begin_object().field("asset", terms.id).field("amount", quantity, terms.scale).end_object();
}

void write_balance_fields(JsonWriter& out, const Balance& balance, int scale) {
    out.field("total", balance.total, scale).field("encumbered", balance.encumbered, scale);
    out.field("reserved", balance.reserved, scale).field("pending_in", balance.pending_in, scale);
    out.field("pending_out", balance.pending_out, scale).field("free", balance.free(), scale);
}

void write_after(JsonWriter& out, const Source& source, const std::vector<BalanceAfter>& after) {
    out.begin_array();
    for (const auto& changed : after) {
        if (!source.sees(changed.account)) continue;
        const auto& asset = source.state.assets[changed.asset];
        out.begin_object()
            .field("account", source.state.accounts[changed.account].id)
            .field("asset", asset.id);
        out.field("total", changed.balance.total, asset.scale);
        out.field("encumbered", changed.balance.encumbered, asset.scale);
        out.field("reserved", changed.balance.reserved, asset.scale);
        out.field("free", changed.balance.free(), asset.scale).end_object();
    }
    out.end_array();
}

void write_journal(JsonWriter& out, const Source& source, const LogEntry& entry, unsigned index,
                   const JournalStatus& status) {
    const auto& recorded = entry.recorded;
    const auto& journal = std::get<JournalPosted>(recorded.events[index]);
    const auto key = JournalKey::at(recorded.version, index);
    out.begin_object().field("id", journal.name.empty() ? birth_id("jrn_", key.value) : journal.name);
    out.field("version", recorded.version.value).field("status", status.reversed_by ? "reversed" : "posted");
    out.field("reason", source.state.reasons[journal.reason].id)
        .field("nature", text_in(natures(), journal.nature));
    if (journal.basis != Basis::none) out.field("basis", text_in(bases(), journal.basis));
    out.field("effective_at", recorded.effective_at.at).field("recorded_at", recorded.known_at.at);
    if (!source.scope) out.field("principal", source.state.principals[recorded.principal].id);
    if (journal.memo && !source.scope)
        if (const auto memo = source.text(*journal.memo)) out.field("memo", *memo);
    write_legs(out, source, journal);
    write_evidence(out, journal.evidence);
    if (journal.reverses) out.field("reverses", journal_id(source, *journal.reverses));
    if (status.reversed_by) out.field("reversed_by", journal_id(source, *status.reversed_by));
    out.field("hash", to_hex(entry.hash.bytes)).field("previous_hash", to_hex(entry.previous_hash.bytes));
    out.end_object();
}

void write_lien(JsonWriter& out, const Source& source, const LienTerms& terms,
                const std::vector<LienLine>& lines, const LienStatus& status) {
    const bool is_closed = status.closing.has_value();
    out.begin_object().field("id", terms.name.empty() ? birth_id("lien_", status.key.value) : terms.name);
    out.field("version", status.version.value).field("status", is_closed ? "closed" : "open");
    if (is_closed) out.field("closed", text_of(*status.closing));
    out.field("type", text_in(lien_types(), terms.type))
        .field("holder", source.state.parties[terms.holder].id);
    if (!terms.purpose.empty() && !source.scope) out.field("purpose", terms.purpose);
    if (!is_closed) out.field("rank", static_cast<unsigned>(terms.rank));
    if (!is_closed && terms.behind) out.field("behind", lien_id(source, *terms.behind));
    if (terms.agreement) out.field("agreement", source.state.agreements[*terms.agreement].terms.id);
    if (terms.secured) {
        out.key("secured");
        write_amount(out, source, terms.secured->asset, terms.secured->quantity);
    }
    out.field("reuse_right", terms.reuse_right);
    if (terms.parent) out.field("parent", lien_id(source, *terms.parent));
    if (terms.expires_at)
        out.field("expires_at", terms.expires_at->at);
    else
        out.field_null("expires_at");
    write_short_form(out, source, lines, is_closed);
    write_lines(out, source, is_closed ? std::vector<LienLine>{} : lines);
    out.field("opened_version", status.key.version().value).end_object();
}

void write_reservation(JsonWriter& out, const Source& source, const ReservationOpened& terms,
                       const ReservationStatus& status, const CommittedInto& into) {
    out.begin_object().field("id", terms.name.empty() ? birth_id("rsv_", status.key.value) : terms.name);
    out.field("version", status.version.value)
        .field("status", status.closing ? text_of(*status.closing) : "open");
    out.field("account", source.state.accounts[terms.account].id).key("amount");
    write_amount(out, source, terms.asset, terms.quantity);
    if (!terms.purpose.empty()) out.field("purpose", terms.purpose);
    out.field("expires_at", terms.expires_at.at).field("opened_version", status.key.version().value);
    if (into.entry != nullptr) {
        const auto& event = into.entry->recorded.events[into.index];
        const auto version = into.entry->recorded.version;
        if (const auto* lien = std::get_if<LienOpened>(&event)) {
            out.key("lien");
            write_lien(out, source, lien->terms, lien->lines,
                       {LienKey::at(version, into.index), version, {}});
        } else {
            out.key("journal");
            write_journal(out, source, *into.entry, into.index, {});
        }
    }
    out.end_object();
}

void write_exception(JsonWriter& out, const Source& source, const ExceptionOpened& terms,
                     const ExceptionStatus& status) {
    out.begin_object().field("id", birth_id("exc_", status.key.value));
    out.field("status", status.cured ? "cured" : "open").field("code", info(terms.rule).name);
    out.field("rule", "law 10").field("account", source.state.accounts[terms.account].id);
    out.field("asset", source.state.assets[terms.asset].id);
    out.field("short_by", terms.short_by, source.state.assets[terms.asset].scale);
    if (status.opened_at) out.field("opened_at", status.opened_at->at);
    out.field("opened_version", status.key.version().value);
    if (status.cured) out.field("cured_version", status.cured->value);
    out.end_object();
}

bool write_changed_lien(JsonWriter& out, const Source& source, const LogEntry& entry, unsigned index) {
    const auto& event = entry.recorded.events[index];
    const auto version = entry.recorded.version;
    const auto terms_of = [&](LienKey key) -> const LienTerms* {
        if (const auto* opened = source.facts.born<LienOpened>(key)) return &opened->terms;
        const auto* live = source.state.lien(key);
        return live != nullptr ? &live->terms : nullptr;
    };
    if (const auto* closed = std::get_if<LienClosed>(&event)) {
        const auto* opened = source.facts.born<LienOpened>(closed->lien);
        if (opened == nullptr) return false;
        write_lien(out, source, opened->terms, opened->lines, {closed->lien, version, closed->closing});
        return true;
    }
    const auto& changed = std::get<LienChanged>(event);
    const auto* found = terms_of(changed.lien);
    if (found == nullptr) return false;
    auto terms = *found;
    terms.rank = changed.rank;
    terms.behind = changed.behind;
    write_lien(out, source, terms, changed.lines, {changed.lien, version, std::nullopt});
    return true;
}

bool write_closed_reservation(JsonWriter& out, const Source& source, const LogEntry& entry, unsigned index,
                              const CommittedInto& into) {
    const auto& closed = std::get<ReservationClosed>(entry.recorded.events[index]);
    const auto* opened = source.facts.born<ReservationOpened>(closed.reservation);
    if (opened == nullptr) return false;
    write_reservation(out, source, *opened, {closed.reservation, entry.recorded.version, closed.closing},
                      into);
    return true;
}

}  // namespace api::wire
