// What the book answers, rendered from facts alone, so that a replay gives the bytes of the first answer.
// Shapes are those of api.md. A scope hides what another party owns: legs, lines and balances of its accounts
// are left out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/wire/json_writer.hpp"
#include "ledger/book/state.hpp"
#include "ledger/port/outcome.hpp"
#include "ledger/rules/command.hpp"

namespace api::wire {

using namespace ledger::book;
using ledger::port::LogEntry;
namespace rules = ledger::rules;

// Facts an object rests on that the state does not hold: versions of the log, and texts that can be erased.
struct Facts {
    std::map<Version, std::shared_ptr<const LogEntry>> entries;
    std::map<Digest, std::string> texts;
    bool has_texts = false;  // they were read: what is not among them was erased

    void add(const std::vector<std::shared_ptr<const LogEntry>>& found) {
        for (const auto& entry : found) entries.emplace(entry->recorded.version, entry);
    }
    [[nodiscard]] const LogEntry* at(Version version) const {
        const auto found = entries.find(version);
        return found != entries.end() ? found->second.get() : nullptr;
    }
    // The event that was born under this key, if it is of that kind.
    template <class Opened, class Key>
    [[nodiscard]] const Opened* born(Key key) const {
        const auto* entry = at(key.version());
        if (entry == nullptr || key.index() >= entry->recorded.events.size()) return nullptr;
        return std::get_if<Opened>(&entry->recorded.events[key.index()]);
    }
};

struct Source {
    const State& state;
    const Facts& facts;
    std::optional<PartyNo> scope{};

    [[nodiscard]] bool sees(AccountNo account) const {
        return !scope || state.accounts[account].party == *scope;
    }
    [[nodiscard]] std::optional<std::string_view> text(const Digest& commitment) const {
        const auto found = facts.texts.find(commitment);
        return found != facts.texts.end() ? std::optional<std::string_view>{found->second} : std::nullopt;
    }
};

// Versions that an entry's objects rest on and that the facts lack: the liens it changed, the journal it
// reversed. Asked again after those were added, until it names none.
[[nodiscard]] std::vector<Version> rests_on(const LogEntry& entry, const Source& source);

// The id callers know the object by: the name chosen for it, or its birth id.
[[nodiscard]] std::string journal_id(const Source& source, JournalKey key);
[[nodiscard]] std::string lien_id(const Source& source, LienKey key);
[[nodiscard]] std::string reservation_id(const Source& source, ReservationKey key);

// When the object was made; lists of registers leave it out, because the state does not hold it.
struct Made {
    Version version;
    std::optional<KnownAt> at{};
};
void write_party(JsonWriter& out, const Source& source, const PartyTerms& terms,
                 const std::optional<Made>& made);
void write_asset(JsonWriter& out, const AssetTerms& terms, const std::optional<Made>& made);
void write_principal(JsonWriter& out, const Source& source, const PrincipalTerms& terms,
                     const std::optional<Made>& made);
void write_key(JsonWriter& out, const Source& source, const KeyTerms& terms, bool revoked);
void write_account(JsonWriter& out, const Source& source, const AccountTerms& terms, Version state_version);
void write_agreement(JsonWriter& out, const Source& source, const AgreementTerms& terms,
                     const std::optional<EffectiveAt>& revoked_at, const std::optional<Made>& made);
void write_reason(JsonWriter& out, const ReasonTerms& terms, const std::optional<Made>& made);

struct JournalStatus {
    std::optional<JournalKey> reversed_by;  // as of the answer
};
void write_journal(JsonWriter& out, const Source& source, const LogEntry& entry, unsigned index,
                   const JournalStatus& status);

struct LienStatus {
    LienKey key;
    Version version;  // that last changed it
    std::optional<Closing> closing;
};
// A closed lien holds nothing: its lines are empty and its amount zero, of the assets in `lines`.
void write_lien(JsonWriter& out, const Source& source, const LienTerms& terms,
                const std::vector<LienLine>& lines, const LienStatus& status);

struct ReservationStatus {
    ReservationKey key;
    Version version;
    std::optional<Closing> closing;
};
// The committed lien or journal follows as a field when `entry` and its place are given.
struct CommittedInto {
    const LogEntry* entry = nullptr;
    unsigned index = 0;
};
void write_reservation(JsonWriter& out, const Source& source, const ReservationOpened& terms,
                       const ReservationStatus& status, const CommittedInto& into = {});

struct ExceptionStatus {
    ExceptionKey key;
    std::optional<KnownAt> opened_at;
    std::optional<Version> cured;
};
void write_exception(JsonWriter& out, const Source& source, const ExceptionOpened& terms,
                     const ExceptionStatus& status);

// [{"account","asset","total","encumbered","reserved","free"}, …]
void write_after(JsonWriter& out, const Source& source, const std::vector<BalanceAfter>& after);
// "total" … "free" as fields of the open object.
void write_balance_fields(JsonWriter& out, const Balance& balance, int scale);
void write_amount(JsonWriter& out, const Source& source, AssetNo asset, Quantity quantity);

// Objects as an event of the entry leaves them. False when the facts they rest on are not there.
bool write_changed_lien(JsonWriter& out, const Source& source, const LogEntry& entry, unsigned index);
bool write_closed_reservation(JsonWriter& out, const Source& source, const LogEntry& entry, unsigned index,
                              const CommittedInto& into = {});

// The object a command made or acted on, as of its version.
void write_outcome(JsonWriter& out, const Source& source, const LogEntry& entry, const rules::Command& asked);
// 201 for what makes an object, 200 for what acts on one.
[[nodiscard]] int status_of(const rules::Command& asked);

[[nodiscard]] std::string_view text_of(Closing closing);

}  // namespace api::wire
