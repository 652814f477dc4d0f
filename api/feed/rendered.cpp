#include "api/feed/rendered.hpp"

#include <algorithm>

namespace api::feed {
namespace {

using wire::JsonWriter;
using wire::LogEntry;
using wire::Source;

struct TypeOf {
    EventType operator()(const BookOpened&) const { return EventType::book_opened; }
    EventType operator()(const ReasonDefined&) const { return EventType::reason_defined; }
    EventType operator()(const PartyAdded&) const { return EventType::party_added; }
    EventType operator()(const PrincipalAdded&) const { return EventType::principal_added; }
    EventType operator()(const KeyCreated&) const { return EventType::key_created; }
    EventType operator()(const KeyRevoked&) const { return EventType::key_revoked; }
    EventType operator()(const AssetAdded&) const { return EventType::asset_added; }
    EventType operator()(const AccountOpened&) const { return EventType::account_opened; }
    EventType operator()(const AgreementAdded&) const { return EventType::agreement_added; }
    EventType operator()(const AgreementRevoked&) const { return EventType::agreement_revoked; }
    EventType operator()(const JournalPosted&) const { return EventType::journal_posted; }
    EventType operator()(const LienOpened&) const { return EventType::lien_opened; }
    EventType operator()(const LienChanged&) const { return EventType::lien_changed; }
    EventType operator()(const LienClosed&) const { return EventType::lien_closed; }
    EventType operator()(const ReservationOpened&) const { return EventType::reservation_opened; }
    EventType operator()(const ReservationClosed& closed) const {
        return closed.closing == Closing::expired ? EventType::reservation_expired
                                                  : EventType::reservation_closed;
    }
    EventType operator()(const ExceptionOpened&) const { return EventType::exception_opened; }
    EventType operator()(const ExceptionCured&) const { return EventType::exception_cured; }
};

// Accounts an event speaks of; those whose balances it changed are added by the caller.
class AccountsOf {
public:
    explicit AccountsOf(const Source& source) : source_{source} {}

    void operator()(const AccountOpened& opened) {
        if (const auto account = source_.state.accounts.find(opened.terms.id)) add(*account);
    }
    void operator()(const JournalPosted& journal) {
        for (const auto& leg : journal.legs) add(leg.account);
    }
    void operator()(const LienOpened& lien) { add_lines(lien.lines); }
    void operator()(const LienChanged& lien) { add_lines(lien.lines); }
    void operator()(const LienClosed& closed) {
        if (const auto* opened = source_.facts.born<LienOpened>(closed.lien)) add_lines(opened->lines);
    }
    void operator()(const ReservationOpened& held) { add(held.account); }
    void operator()(const ExceptionOpened& opened) { add(opened.account); }
    void operator()(const ExceptionCured& cured) {
        if (const auto* opened = source_.facts.born<ExceptionOpened>(cured.exception)) add(opened->account);
    }
    template <class Other>
    void operator()(const Other&) {}

    void add(AccountNo account) { accounts.push_back(account); }
    void add_lines(const std::vector<LienLine>& lines) {
        for (const auto& line : lines) {
            add(line.owner);
            add(line.location);
        }
    }
    std::vector<AccountNo> accounts;

private:
    const Source& source_;
};

// The object of a stored event, under its name.
class ObjectWriter {
public:
    ObjectWriter(JsonWriter& out, const Source& source, const LogEntry& entry, unsigned index)
        : out_{out}, source_{source}, entry_{entry}, index_{index} {}

    void operator()(const BookOpened& opened) {
        out_.begin_object("book").field("name", opened.book).end_object();
    }
    void operator()(const ReasonDefined& defined) {
        wire::write_reason(out_.key("reason"), defined.terms, made());
    }
    void operator()(const PartyAdded& added) {
        wire::write_party(out_.key("party"), source_, added.terms, made());
    }
    void operator()(const PrincipalAdded& added) {
        wire::write_principal(out_.key("principal"), source_, added.terms, made());
    }
    void operator()(const KeyCreated& created) {
        wire::write_key(out_.key("key"), source_, created.terms, false);
    }
    void operator()(const KeyRevoked& revoked) {
        out_.begin_object("key").field("id", revoked.key).field("status", "revoked").end_object();
    }
    void operator()(const AssetAdded& added) { wire::write_asset(out_.key("asset"), added.terms, made()); }
    void operator()(const AccountOpened& opened) {
        wire::write_account(out_.key("account"), source_, opened.terms, entry_.recorded.version);
    }
    void operator()(const AgreementAdded& added) {
        wire::write_agreement(out_.key("agreement"), source_, added.terms, std::nullopt, made());
    }
    void operator()(const AgreementRevoked& revoked) {
        wire::write_agreement(out_.key("agreement"), source_,
                              source_.state.agreements[revoked.agreement].terms, revoked.effective_at,
                              made());
    }
    void operator()(const JournalPosted&) {
        wire::write_journal(out_.key("journal"), source_, entry_, index_, {});
    }
    void operator()(const LienOpened& opened) {
        const auto version = entry_.recorded.version;
        wire::write_lien(out_.key("lien"), source_, opened.terms, opened.lines,
                         {LienKey::at(version, index_), version, std::nullopt});
    }
    void operator()(const LienChanged&) { changed_lien(); }
    void operator()(const LienClosed&) { changed_lien(); }
    void operator()(const ReservationOpened& opened) {
        const auto version = entry_.recorded.version;
        wire::write_reservation(out_.key("reservation"), source_, opened,
                                {ReservationKey::at(version, index_), version, std::nullopt});
    }
    void operator()(const ReservationClosed&) {
        JsonWriter object;
        if (wire::write_closed_reservation(object, source_, entry_, index_))
            out_.key("reservation").raw(object.text());
    }
    void operator()(const ExceptionOpened& opened) {
        wire::write_exception(
            out_.key("exception"), source_, opened,
            {ExceptionKey::at(entry_.recorded.version, index_), entry_.recorded.known_at, {}});
    }
    void operator()(const ExceptionCured& cured) {
        const auto* born = source_.facts.at(cured.exception.version());
        const auto* opened = source_.facts.born<ExceptionOpened>(cured.exception);
        if (opened == nullptr) return;
        wire::write_exception(out_.key("exception"), source_, *opened,
                              {cured.exception, born->recorded.known_at, entry_.recorded.version});
    }

private:
    [[nodiscard]] wire::Made made() const { return {entry_.recorded.version, entry_.recorded.known_at}; }
    void changed_lien() {
        JsonWriter object;
        if (wire::write_changed_lien(object, source_, entry_, index_)) out_.key("lien").raw(object.text());
    }

    JsonWriter& out_;
    const Source& source_;
    const LogEntry& entry_;
    unsigned index_;
};

class VersionRenderer {
public:
    VersionRenderer(const Source& source, const LogEntry& entry) : source_{source}, entry_{entry} {}

    RenderedVersion run() {
        const auto& events = entry_.recorded.events;
        for (unsigned index = 0; index < events.size(); ++index) stored(index);
        for (const auto& event : events)
            if (const auto* journal = std::get_if<JournalPosted>(&event);
                journal != nullptr && journal->reverses)
                reversed(*journal->reverses, *journal);
        changed_balances();
        return std::move(rendered_);
    }

private:
    template <class WriteRest>
    void add(EventType type, std::vector<AccountNo> accounts, WriteRest write_rest) {
        const auto index = next_++;
        std::ranges::sort(accounts);
        const auto repeated = std::ranges::unique(accounts);
        accounts.erase(repeated.begin(), repeated.end());
        if (source_.scope &&
            std::ranges::none_of(accounts, [&](AccountNo account) { return source_.sees(account); }))
            return;
        JsonWriter out;
        out.begin_object().field("version", entry_.recorded.version.value).field("index", index);
        out.field("type", name_of(type)).field("recorded_at", entry_.recorded.known_at.at);
        write_rest(out);
        out.end_object();
        rendered_.events.push_back({index, type, std::move(accounts), out.take()});
    }

    void stored(unsigned index) {
        const auto& event = entry_.recorded.events[index];
        const auto& after = balances_after(event);
        AccountsOf accounts{source_};
        std::visit(accounts, event);
        for (const auto& changed : after) accounts.add(changed.account);
        add(type_of(event), std::move(accounts.accounts), [&](JsonWriter& out) {
            std::visit(ObjectWriter{out, source_, entry_, index}, event);
            if (!after.empty()) wire::write_after(out.key("after"), source_, after);
        });
    }

    void reversed(JournalKey original, const JournalPosted& mirror) {
        const auto* entry = source_.facts.at(original.version());
        if (entry == nullptr || source_.facts.born<JournalPosted>(original) == nullptr) return;
        std::vector<AccountNo> accounts;
        for (const auto& leg : mirror.legs) accounts.push_back(leg.account);
        add(EventType::journal_reversed, std::move(accounts), [&](JsonWriter& out) {
            const auto by = source_.state.reversed_by(original);
            wire::write_journal(out.key("journal"), source_, *entry, original.index(), {by});
            wire::write_after(out.key("after"), source_, mirror.after);
        });
    }

    // The last balance of each position the version touched.
    void changed_balances() {
        std::vector<BalanceAfter> last;
        std::vector<AccountNo> accounts;
        for (const auto& event : entry_.recorded.events)
            for (const auto& changed : balances_after(event)) {
                const auto same = std::ranges::find_if(last, [&](const BalanceAfter& one) {
                    return one.account == changed.account && one.asset == changed.asset;
                });
                if (same == last.end())
                    last.push_back(changed);
                else
                    *same = changed;
                accounts.push_back(changed.account);
            }
        if (last.empty()) return;
        add(EventType::balance_changed, std::move(accounts),
            [&](JsonWriter& out) { wire::write_after(out.key("after"), source_, last); });
    }

    const Source& source_;
    const LogEntry& entry_;
    std::uint32_t next_ = 0;
    RenderedVersion rendered_{entry_.recorded.version, {}};
};

}  // namespace

EventType type_of(const Event& event) { return std::visit(TypeOf{}, event); }

RenderedVersion render_version(const Source& source, const LogEntry& entry) {
    return VersionRenderer{source, entry}.run();
}

}  // namespace api::feed
