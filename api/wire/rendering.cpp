#include "api/wire/rendering.hpp"

#include <algorithm>
#include <set>

#include "ledger/base/ensure.hpp"

namespace api::wire {

using namespace ledger::base;

namespace {

class RestsOn {
public:
    RestsOn(const LogEntry& entry, const Source& source) : entry_{entry}, source_{source} {}

    void operator()(const JournalPosted& journal) {
        if (journal.reverses) need(journal.reverses->version());
    }
    void operator()(const LienOpened& lien) { need_names(lien.terms); }
    void operator()(const LienChanged& changed) {
        need_name(changed.lien);
        need_name(changed.behind);
        if (const auto* live = source_.state.lien(changed.lien)) need_names(live->terms);
        if (const auto* opened = source_.facts.born<LienOpened>(changed.lien)) need_names(opened->terms);
    }
    void operator()(const LienClosed& closed) {
        need(closed.lien.version());
        if (const auto* opened = source_.facts.born<LienOpened>(closed.lien)) need_name(opened->terms.parent);
    }
    void operator()(const ReservationClosed& closed) { need(closed.reservation.version()); }
    void operator()(const ExceptionCured& cured) { need(cured.exception.version()); }
    template <class Other>
    void operator()(const Other&) {}

    [[nodiscard]] std::vector<Version> versions() const { return {needed_.begin(), needed_.end()}; }

private:
    void need(Version version) {
        if (version != entry_.recorded.version && source_.facts.at(version) == nullptr)
            needed_.insert(version);
    }
    void need_name(const std::optional<LienKey>& lien) {
        if (lien && source_.state.lien(*lien) == nullptr) need(lien->version());
    }
    void need_names(const LienTerms& terms) {
        need_name(terms.behind);
        need_name(terms.parent);
    }

    const LogEntry& entry_;
    const Source& source_;
    std::set<Version> needed_;
};

// The object is the first event of its kind: decide puts what was asked before what follows from it.
template <class Wanted>
unsigned place_of(const LogEntry& entry) {
    const auto& events = entry.recorded.events;
    const auto found = std::ranges::find_if(
        events, [](const Event& event) { return std::holds_alternative<Wanted>(event); });
    ensure(found != events.end(), "an accepted command without the event it asks for");
    return static_cast<unsigned>(found - events.begin());
}

template <class Wanted>
const Wanted& first_of(const LogEntry& entry) {
    return std::get<Wanted>(entry.recorded.events[place_of<Wanted>(entry)]);
}

class OutcomeWriter {
public:
    OutcomeWriter(JsonWriter& out, const Source& source, const LogEntry& entry)
        : out_{out}, source_{source}, entry_{entry}, made_{entry.recorded.version, entry.recorded.known_at} {}

    void operator()(const rules::AddParty&) {
        write_party(out_, source_, first_of<PartyAdded>(entry_).terms, made_);
    }
    void operator()(const rules::AddAsset&) { write_asset(out_, first_of<AssetAdded>(entry_).terms, made_); }
    void operator()(const rules::AddPrincipal&) {
        write_principal(out_, source_, first_of<PrincipalAdded>(entry_).terms, made_);
    }
    void operator()(const rules::CreateKey&) {
        write_key(out_, source_, first_of<KeyCreated>(entry_).terms, false);
    }
    void operator()(const rules::RevokeKey& asked) {
        const auto* key = source_.state.key(asked.key_id);
        ensure(key != nullptr, "a revoked key that is not there");
        write_key(out_, source_, key->terms, true);
    }
    void operator()(const rules::OpenAccount&) {
        write_account(out_, source_, first_of<AccountOpened>(entry_).terms, made_.version);
    }
    void operator()(const rules::AddAgreement&) {
        write_agreement(out_, source_, first_of<AgreementAdded>(entry_).terms, std::nullopt, made_);
    }
    void operator()(const rules::RevokeAgreement&) {
        const auto& revoked = first_of<AgreementRevoked>(entry_);
        write_agreement(out_, source_, source_.state.agreements[revoked.agreement].terms,
                        revoked.effective_at, made_);
    }
    void operator()(const rules::DefineReason&) {
        write_reason(out_, first_of<ReasonDefined>(entry_).terms, made_);
    }
    void operator()(const rules::PostJournal&) { journal(); }
    void operator()(const rules::ReverseJournal&) { journal(); }
    void operator()(const rules::OpenLien&) {
        const auto index = place_of<LienOpened>(entry_);
        const auto& opened = std::get<LienOpened>(entry_.recorded.events[index]);
        write_lien(out_, source_, opened.terms, opened.lines,
                   {LienKey::at(made_.version, index), made_.version, std::nullopt});
    }
    void operator()(const rules::IncreaseLien&) { lien(); }
    void operator()(const rules::ReleaseLien&) { lien(); }
    void operator()(const rules::ReallocateLien&) { lien(); }
    void operator()(const rules::Reserve&) {
        const auto index = place_of<ReservationOpened>(entry_);
        write_reservation(out_, source_, std::get<ReservationOpened>(entry_.recorded.events[index]),
                          {ReservationKey::at(made_.version, index), made_.version, std::nullopt});
    }
    void operator()(const rules::CommitReservation& asked) {
        const bool is_lien = std::holds_alternative<rules::OpenLien>(asked.into);
        closed({&entry_, is_lien ? place_of<LienOpened>(entry_) : place_of<JournalPosted>(entry_)});
    }
    void operator()(const rules::ReleaseReservation&) { closed({}); }
    void operator()(const rules::OpenBook&) { never("a command of the book's own"); }
    void operator()(const rules::Tick&) { never("a command of the book's own"); }

private:
    void journal() { write_journal(out_, source_, entry_, place_of<JournalPosted>(entry_), {}); }
    void lien() {
        const auto& events = entry_.recorded.events;
        const auto found = std::ranges::find_if(events, [](const Event& event) {
            return std::holds_alternative<LienChanged>(event) || std::holds_alternative<LienClosed>(event);
        });
        ensure(found != events.end() &&
                   write_changed_lien(out_, source_, entry_, static_cast<unsigned>(found - events.begin())),
               "an action on a lien that the facts do not hold");
    }
    void closed(const CommittedInto& into) {
        ensure(write_closed_reservation(out_, source_, entry_, place_of<ReservationClosed>(entry_), into),
               "an action on a reservation that the facts do not hold");
    }

    JsonWriter& out_;
    const Source& source_;
    const LogEntry& entry_;
    Made made_;
};

}  // namespace

std::vector<Version> rests_on(const LogEntry& entry, const Source& source) {
    RestsOn visitor{entry, source};
    for (const auto& event : entry.recorded.events) std::visit(visitor, event);
    return visitor.versions();
}

void write_outcome(JsonWriter& out, const Source& source, const LogEntry& entry,
                   const rules::Command& asked) {
    std::visit(OutcomeWriter{out, source, entry}, asked);
}

int status_of(const rules::Command& asked) {
    const bool acts = std::holds_alternative<rules::RevokeKey>(asked) ||
                      std::holds_alternative<rules::RevokeAgreement>(asked) ||
                      rules::acted_upon(asked).has_value();
    return acts ? 200 : 201;
}

std::string journal_id(const Source& source, JournalKey key) {
    const auto* journal = source.facts.born<JournalPosted>(key);
    return journal != nullptr && !journal->name.empty() ? journal->name : birth_id("jrn_", key.value);
}

std::string lien_id(const Source& source, LienKey key) {
    if (const auto* live = source.state.lien(key); live != nullptr && !live->terms.name.empty())
        return live->terms.name;
    const auto* lien = source.facts.born<LienOpened>(key);
    return lien != nullptr && !lien->terms.name.empty() ? lien->terms.name : birth_id("lien_", key.value);
}

std::string reservation_id(const Source& source, ReservationKey key) {
    if (const auto* live = source.state.reservation(key); live != nullptr && !live->terms.name.empty())
        return live->terms.name;
    const auto* held = source.facts.born<ReservationOpened>(key);
    return held != nullptr && !held->name.empty() ? held->name : birth_id("rsv_", key.value);
}

std::string_view text_of(Closing closing) {
    switch (closing) {
        case Closing::released: return "released";
        case Closing::expired: return "expired";
        case Closing::committed: return "committed";
    }
    return {};
}

}  // namespace api::wire
