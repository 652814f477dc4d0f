// Journals, read from the log. A customer sees the journals that touch their accounts, and of each their own
// legs.
#include <algorithm>
#include <set>

#include "api/handlers/handlers.hpp"

namespace api::handlers {
namespace {

using http::QueryReader;
using wire::JsonWriter;

std::optional<unsigned> journal_in(const LogEntry& entry) {
    const auto& events = entry.recorded.events;
    const auto found = std::ranges::find_if(
        events, [](const Event& event) { return std::holds_alternative<JournalPosted>(event); });
    if (found == events.end()) return std::nullopt;
    return static_cast<unsigned>(found - events.begin());
}

struct Found {
    std::shared_ptr<const LogEntry> entry;
    unsigned index = 0;
    [[nodiscard]] JournalKey key() const { return JournalKey::at(entry->recorded.version, index); }
    [[nodiscard]] const JournalPosted& journal() const {
        return std::get<JournalPosted>(entry->recorded.events[index]);
    }
};

bool is_seen(const Reading& reading, const JournalPosted& journal) {
    return std::ranges::any_of(journal.legs, [&](const Leg& leg) { return reading.sees(leg.account); });
}

// The journal by its birth id or by the name chosen for it.
std::optional<Found> find_journal(const Reading& reading, std::string_view id) {
    const auto key = key_from_birth_id("jrn_", id);
    const auto version =
        key ? std::optional{Version{*key >> 12U}} : reading.ledger().made_by(rules::Named::journal, id);
    if (!version || version->value == 0) return std::nullopt;
    const auto entries = reading.ledger().log_at({*version});
    if (entries.empty()) return std::nullopt;
    const auto& entry = entries.front();
    const auto index = key ? std::optional{static_cast<unsigned>(*key & 0xfffU)} : journal_in(*entry);
    const bool is_there = index && *index < entry->recorded.events.size() &&
                          std::holds_alternative<JournalPosted>(entry->recorded.events[*index]);
    if (!is_there) return std::nullopt;
    return Found{entry, *index};
}

// What the journals rest on: those they reverse, those that reversed them, and their memos.
wire::Facts facts_of(const Reading& reading, const std::vector<Found>& journals) {
    wire::Facts facts;
    std::set<Version> missing;
    std::vector<Digest> memos;
    for (const auto& found : journals) {
        facts.add({found.entry});
        if (found.journal().reverses) missing.insert(found.journal().reverses->version());
        if (const auto by = reading.state().reversed_by(found.key())) missing.insert(by->version());
        if (found.journal().memo && !reading.scope()) memos.push_back(*found.journal().memo);
    }
    if (!missing.empty()) facts.add(reading.ledger().log_at({missing.begin(), missing.end()}));
    facts.has_texts = true;
    if (memos.empty()) return facts;
    const auto texts = reading.ledger().texts(memos);
    for (std::size_t at = 0; at < memos.size(); ++at)
        if (texts[at]) facts.texts[memos[at]] = *texts[at];
    return facts;
}

void write_found(JsonWriter& out, const Reading& reading, const wire::Facts& facts, const Found& found) {
    wire::write_journal(out, reading.source(facts), *found.entry, found.index,
                        {reading.state().reversed_by(found.key())});
}

// Versions after the given one that posted a journal of one of the accounts, in order.
std::vector<Version> versions_of_any(const Reading& reading, const std::vector<AccountNo>& accounts,
                                     Version after, std::size_t most) {
    std::set<Version> versions;
    for (const auto account : accounts) {
        const auto found = reading.ledger().journals({.account = account, .after = after, .most = most});
        versions.insert(found.begin(), found.end());
    }
    std::vector<Version> first{versions.begin(), versions.end()};
    if (first.size() > most) first.resize(most);
    return first;
}

Result<Response> journals_page(Reading& reading, std::optional<AccountNo> account, const Page& page,
                               Version from) {
    const Version after{std::max(page.after, from.value == 0 ? 0 : from.value - 1)};
    const auto most = page.limit + 1;  // one more tells whether there is a next page
    auto versions = reading.scope() && !account
                        ? versions_of_any(reading, reading.own_accounts(), after, most)
                        : reading.ledger().journals({.account = account, .after = after, .most = most});
    reading.pin_again();  // the store may be ahead of the version pinned before it was asked
    const bool has_more = versions.size() > page.limit;
    if (has_more) versions.resize(page.limit);
    const auto entries =
        versions.empty() ? std::vector<std::shared_ptr<const LogEntry>>{} : reading.ledger().log_at(versions);
    std::vector<Found> journals;
    for (const auto& entry : entries)
        if (const auto index = journal_in(*entry); index && entry->recorded.version <= reading.head().version)
            journals.push_back({entry, *index});
    const auto facts = facts_of(reading, journals);
    JsonWriter out;
    out.begin_object().begin_array("items");
    for (const auto& found : journals)
        if (is_seen(reading, found.journal())) write_found(out, reading, facts, found);
    out.end_array();
    write_next(out, reading.head(), 'j', has_more ? std::optional{versions.back().value} : std::nullopt);
    out.end_object();
    return reading.answer(out);
}

}  // namespace

Result<Response> list_journals(Reading& reading) {
    QueryReader query{reading.request().query};
    const auto from = query.count("from_version").value_or(0);
    const auto account_id = query.id("account");
    const auto page = reading.page(query, 'j', store_page_max);
    if (!page) return refuse(page.error());
    std::optional<AccountNo> account;
    if (account_id) {
        const auto found = reading.account(*account_id, "?account");
        if (!found) return refuse(found.error());
        account = *found;
    }
    return journals_page(reading, account, *page, Version{from});
}

Result<Response> list_account_journals(Reading& reading) {
    QueryReader query{reading.request().query};
    const auto from = query.count("from_version").value_or(0);
    const auto page = reading.page(query, 'j', store_page_max);
    if (!page) return refuse(page.error());
    const auto account = reading.account(reading.id());
    if (!account) return refuse(account.error());
    return journals_page(reading, *account, *page, Version{from});
}

Result<Response> get_journal(Reading& reading) {
    const auto found = find_journal(reading, reading.id());
    reading.pin_again();
    if (!found || found->entry->recorded.version > reading.head().version ||
        !is_seen(reading, found->journal()))
        return no_such("journal", reading.id());
    const auto facts = facts_of(reading, {*found});
    JsonWriter out;
    write_found(out, reading, facts, *found);
    const auto by = reading.state().reversed_by(found->key());
    return reading.answer(out, by ? by->version() : found->entry->recorded.version);
}

}  // namespace api::handlers
