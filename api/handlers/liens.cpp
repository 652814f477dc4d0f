// Liens, reservations and exceptions: what is live comes from the state, what is closed from the log.
#include <algorithm>
#include <set>

#include "api/handlers/handlers.hpp"

namespace api::handlers {
namespace {

using http::QueryReader;
using wire::JsonWriter;

// An object's story in the log, first version first.
template <class Key>
std::vector<std::shared_ptr<const LogEntry>> story_of(const Reading& reading, Key key) {
    auto versions = reading.ledger().history_of(key);
    if (versions.empty()) versions.push_back(key.version());
    return reading.ledger().log_at(versions);
}

template <class Matches>
std::optional<unsigned> last_event(const LogEntry& entry, Matches matches) {
    const auto& events = entry.recorded.events;
    for (auto at = events.size(); at > 0; --at)
        if (matches(events[at - 1])) return static_cast<unsigned>(at - 1);
    return std::nullopt;
}

// Facts that name the liens a live one stands behind or draws on.
void complete_names(const Reading& reading, wire::Facts& facts, const LienTerms& terms) {
    std::vector<Version> missing;
    for (const auto& other : {terms.behind, terms.parent})
        if (other && reading.state().lien(*other) == nullptr) missing.push_back(other->version());
    if (!missing.empty()) facts.add(reading.ledger().log_at(missing));
}

struct Shown {
    std::string json;
    Version version;
};

std::optional<Shown> show_lien(const Reading& reading, LienKey key) {
    JsonWriter out;
    wire::Facts facts;
    if (const auto* live = reading.state().lien(key)) {
        if (!reading.sees_any(live->lines)) return std::nullopt;
        complete_names(reading, facts, live->terms);
        wire::write_lien(out, reading.source(facts), live->terms, live->lines,
                         {key, live->changed, std::nullopt});
        return Shown{out.take(), live->changed};
    }
    const auto story = story_of(reading, key);
    facts.add(story);
    const auto* opened = facts.born<LienOpened>(key);
    if (opened == nullptr || key.version() > reading.head().version || !reading.sees_any(opened->lines))
        return std::nullopt;
    const auto& last = *story.back();
    const auto index = last_event(last, [&](const Event& event) {
        const auto* closed = std::get_if<LienClosed>(&event);
        return closed != nullptr && closed->lien == key;
    });
    if (!index) return std::nullopt;
    reading.complete(facts, last);
    if (!wire::write_changed_lien(out, reading.source(facts), last, *index)) return std::nullopt;
    return Shown{out.take(), last.recorded.version};
}

std::optional<Shown> show_reservation(const Reading& reading, ReservationKey key) {
    JsonWriter out;
    wire::Facts facts;
    if (const auto* live = reading.state().reservation(key)) {
        if (!reading.sees(live->terms.account)) return std::nullopt;
        wire::write_reservation(out, reading.source(facts), live->terms, {key, live->opened, std::nullopt});
        return Shown{out.take(), live->opened};
    }
    const auto story = story_of(reading, key);
    facts.add(story);
    const auto* opened = facts.born<ReservationOpened>(key);
    if (opened == nullptr || key.version() > reading.head().version || !reading.sees(opened->account))
        return std::nullopt;
    const auto& last = *story.back();
    const auto index = last_event(last, [&](const Event& event) {
        const auto* closed = std::get_if<ReservationClosed>(&event);
        return closed != nullptr && closed->reservation == key;
    });
    if (!index || !wire::write_closed_reservation(out, reading.source(facts), last, *index))
        return std::nullopt;
    return Shown{out.take(), last.recorded.version};
}

std::optional<Shown> show_exception(const Reading& reading, ExceptionKey key) {
    JsonWriter out;
    wire::Facts facts;
    if (const auto* open = reading.state().exception(key)) {
        wire::write_exception(out, reading.source(facts), open->terms, {key, open->opened_at, std::nullopt});
        return Shown{out.take(), open->opened};
    }
    const auto story = story_of(reading, key);
    facts.add(story);
    const auto* opened = facts.born<ExceptionOpened>(key);
    if (opened == nullptr || key.version() > reading.head().version) return std::nullopt;
    const auto cured = story.back()->recorded.version;
    wire::write_exception(out, reading.source(facts), *opened,
                          {key, facts.at(key.version())->recorded.known_at, cured});
    return Shown{out.take(), cured};
}

// The key of the object of that id: live under its name or birth id, or as the log knows it.
template <class Key, class Opened>
std::optional<Key> key_of(const Reading& reading, rules::Named kind, std::string_view prefix,
                          std::string_view id) {
    if (const auto number = key_from_birth_id(prefix, id)) return Key{*number};
    const auto version = reading.ledger().made_by(kind, id);
    if (!version) return std::nullopt;
    for (const auto& entry : reading.ledger().log_at({*version})) {
        const auto index = last_event(*entry, [&](const Event& event) {
            const auto* opened = std::get_if<Opened>(&event);
            if constexpr (requires { opened->terms.name; })
                return opened != nullptr && opened->terms.name == id;
            else
                return opened != nullptr && opened->name == id;
        });
        if (index) return Key::at(*version, *index);
    }
    return std::nullopt;
}

Result<Response> one(Reading& reading, std::string_view what, const std::optional<Shown>& shown) {
    if (!shown) return no_such(what, reading.id());
    JsonWriter out;
    out.raw(shown->json);
    return reading.answer(out, shown->version);
}

template <class Key, class Show>
Result<Response> many(Reading& reading, char list, const Page& page, std::vector<Key> keys, Show show) {
    const bool has_more = keys.size() > page.limit;
    if (has_more) keys.resize(page.limit);
    reading.pin_again();
    JsonWriter out;
    out.begin_object().begin_array("items");
    for (const auto key : keys)
        if (const auto shown = show(reading, key)) out.raw(shown->json);
    out.end_array();
    write_next(out, reading.head(), list, has_more ? std::optional{keys.back().value} : std::nullopt);
    out.end_object();
    return reading.answer(out);
}

}  // namespace

Result<Response> list_liens(Reading& reading) {
    QueryReader query{reading.request().query};
    const auto account_id = query.id("account");
    const auto location_id = query.id("location");
    const auto holder_id = query.id("holder");
    ledger::port::Ledger::LienQuery wanted;
    wanted.type = query.choice("type", lien_types());
    wanted.open = query.boolean("open");
    const auto page = reading.page(query, 'l', store_page_max);
    if (!page) return refuse(page.error());
    if (account_id) {
        const auto account = reading.account(*account_id, "?account");
        if (!account) return refuse(account.error());
        wanted.account = *account;
    }
    // To a customer a place or holder that is unknown looks like one that has nothing of theirs.
    if (location_id) {
        wanted.location = reading.state().accounts.find(*location_id);
        if (!wanted.location && reading.scope())
            return many(reading, 'l', *page, std::vector<LienKey>{}, show_lien);
        if (!wanted.location) return no_such("location", *location_id, "?location");
    }
    if (holder_id) {
        wanted.holder = reading.state().parties.find(*holder_id);
        if (!wanted.holder && reading.scope())
            return many(reading, 'l', *page, std::vector<LienKey>{}, show_lien);
        if (!wanted.holder) return no_such("party", *holder_id, "?holder");
    }
    wanted.after = LienKey{page->after};
    wanted.most = page->limit + 1;
    std::set<LienKey> keys;
    const auto ask = [&] {
        const auto found = reading.ledger().liens(wanted);
        keys.insert(found.begin(), found.end());
    };
    if (!reading.scope() || wanted.account)
        ask();
    else
        for (const auto account : reading.own_accounts()) {
            wanted.account = account;
            ask();
        }
    std::vector<LienKey> first{keys.begin(), keys.end()};
    if (first.size() > wanted.most) first.resize(wanted.most);
    return many(reading, 'l', *page, std::move(first), show_lien);
}

Result<Response> get_lien(Reading& reading) {
    auto key = reading.state().lien_named(reading.id());
    if (!key) key = key_of<LienKey, LienOpened>(reading, rules::Named::lien, "lien_", reading.id());
    reading.pin_again();
    return one(reading, "lien", key ? show_lien(reading, *key) : std::nullopt);
}

Result<Response> list_reservations(Reading& reading) {
    QueryReader query{reading.request().query};
    const auto account_id = query.id("account");
    const auto open = query.boolean("open");
    const auto page = reading.page(query, 'v', store_page_max);
    if (!page) return refuse(page.error());
    if (!account_id && !reading.scope())
        return many(
            reading, 'v', *page,
            reading.ledger().reservations({.after = page->after, .most = page->limit + 1, .open = open}),
            show_reservation);
    if (open && !*open && account_id)
        return refuse({.code = Code::invalid_input,
                       .detail = "By account, only open reservations are listed.",
                       .pointer = "?open"});
    std::vector<AccountNo> accounts = reading.own_accounts();
    if (account_id) {
        const auto account = reading.account(*account_id, "?account");
        if (!account) return refuse(account.error());
        accounts = {*account};
    }
    std::vector<ReservationKey> keys;
    for (const auto account : accounts)
        for (const auto key : reading.state().reservations_of(account))
            if (key.value > page->after) keys.push_back(key);
    std::ranges::sort(keys);
    if (keys.size() > page->limit + 1) keys.resize(page->limit + 1);
    return many(reading, 'v', *page, std::move(keys), show_reservation);
}

Result<Response> get_reservation(Reading& reading) {
    auto key = reading.state().reservation_named(reading.id());
    if (!key)
        key = key_of<ReservationKey, ReservationOpened>(reading, rules::Named::reservation, "rsv_",
                                                        reading.id());
    reading.pin_again();
    return one(reading, "reservation", key ? show_reservation(reading, *key) : std::nullopt);
}

Result<Response> list_exceptions(Reading& reading) {
    QueryReader query{reading.request().query};
    const auto open = query.boolean("open");
    const auto page = reading.page(query, 'x', store_page_max);
    if (!page) return refuse(page.error());
    return many(reading, 'x', *page,
                reading.ledger().exceptions({.after = page->after, .most = page->limit + 1, .open = open}),
                show_exception);
}

Result<Response> get_exception(Reading& reading) {
    const auto key = key_from_birth_id("exc_", reading.id());
    return one(reading, "exception", key ? show_exception(reading, ExceptionKey{*key}) : std::nullopt);
}

}  // namespace api::handlers
