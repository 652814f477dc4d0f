// Reads of what is never forgotten: parties, assets, principals and their keys, accounts, agreements,
// reasons.
#include <algorithm>

#include "api/handlers/handlers.hpp"
#include "api/wire/request_fields.hpp"

namespace api::handlers {
namespace {

using http::QueryReader;
using wire::JsonWriter;

// Rows of a register that the caller may see, a page at a time; cursors are row numbers.
template <class No, class Rows, class Matches>
std::vector<No> rows_of(const Rows& rows, Page& page, std::optional<std::uint64_t>& next, Matches matches) {
    std::vector<No> shown;
    for (auto row = page.after; row < rows.size(); ++row) {
        const No no{static_cast<std::uint32_t>(row)};
        if (!matches(no)) continue;
        if (shown.size() == page.limit) {
            next = row;
            break;
        }
        shown.push_back(no);
    }
    return shown;
}

template <class Write>
Response list_of(const Reading& reading, char list, std::size_t count, std::optional<std::uint64_t> next,
                 Write write) {
    JsonWriter out;
    out.begin_object().begin_array("items");
    for (std::size_t at = 0; at < count; ++at) write(out, at);
    out.end_array();
    write_next(out, reading.head(), list, next);
    out.end_object();
    return reading.answer(out);
}

// The version that made a named object: its birth id tells, or the store knows; what stands from the start is
// of 1.
Version made_in(const Reading& reading, rules::Named kind, std::string_view prefix, const std::string& id) {
    if (const auto key = key_from_birth_id(prefix, id)) return Version{*key >> 12U};
    return reading.ledger().made_by(kind, id).value_or(Version{1});
}

void read_texts(const Reading& reading, wire::Facts& facts, const std::vector<Digest>& commitments) {
    facts.has_texts = true;
    const auto texts = reading.ledger().texts(commitments);
    for (std::size_t at = 0; at < commitments.size(); ++at)
        if (texts[at]) facts.texts[commitments[at]] = *texts[at];
}

template <class No, class Rows>
Result<No> row_named(const Rows& rows, std::string_view what, std::string_view id) {
    if (const auto no = rows.find(id)) return *no;
    return no_such(what, id);
}

Result<Response> accounts_page(Reading& reading, std::optional<Side> only_side) {
    QueryReader query{reading.request().query};
    const auto party_id = query.id("party");
    const auto regime = query.choice("regime", wire::regime_texts());
    const auto side = only_side ? only_side : query.choice("side", wire::side_texts());
    auto page = reading.page(query, 'a');
    if (!page) return refuse(page.error());
    std::optional<PartyNo> party = reading.scope();
    if (party_id) {
        const auto found = reading.party(*party_id, "?party");
        if (!found) return refuse(found.error());
        party = *found;
    }
    const auto& state = reading.state();
    std::optional<std::uint64_t> next;
    const auto shown = rows_of<AccountNo>(state.accounts, *page, next, [&](AccountNo no) {
        const auto& account = state.accounts[no];
        return (!party || account.party == *party) && (!side || account.side == *side) &&
               (!regime || account.regime == regime);
    });
    const wire::Facts facts;
    return list_of(reading, 'a', shown.size(), next, [&](JsonWriter& out, std::size_t at) {
        wire::write_account(out, reading.source(facts), state.accounts[shown[at]],
                            state.state_version(shown[at]));
    });
}

Result<Response> one_account(Reading& reading, std::optional<Side> only_side) {
    const auto account = reading.account(reading.id());
    if (!account) return refuse(account.error());
    const auto& state = reading.state();
    if (only_side && state.accounts[*account].side != *only_side) return no_such("location", reading.id());
    const wire::Facts facts;
    JsonWriter out;
    const auto version = state.state_version(*account);
    wire::write_account(out, reading.source(facts), state.accounts[*account], version);
    return reading.answer(out, version);
}

}  // namespace

Result<Response> list_parties(Reading& reading) {
    QueryReader query{reading.request().query};
    auto page = reading.page(query, 'p');
    if (!page) return refuse(page.error());
    const auto& parties = reading.state().parties;
    std::optional<std::uint64_t> next;
    const auto shown = rows_of<PartyNo>(parties, *page, next, [&](PartyNo no) { return reading.sees(no); });
    std::vector<Digest> names;
    for (const auto no : shown) names.push_back(parties[no].name);
    wire::Facts facts;
    read_texts(reading, facts, names);
    return list_of(reading, 'p', shown.size(), next, [&](JsonWriter& out, std::size_t at) {
        wire::write_party(out, reading.source(facts), parties[shown[at]], std::nullopt);
    });
}

Result<Response> get_party(Reading& reading) {
    const auto party = reading.party(reading.id());
    if (!party) return refuse(party.error());
    const auto& terms = reading.state().parties[*party];
    wire::Facts facts;
    read_texts(reading, facts, {terms.name});
    const auto version = made_in(reading, rules::Named::party, "pty_", terms.id);
    JsonWriter out;
    wire::write_party(out, reading.source(facts), terms, wire::Made{version});
    return reading.answer(out, version);
}

Result<Response> list_assets(Reading& reading) {
    QueryReader query{reading.request().query};
    auto page = reading.page(query, 's');
    if (!page) return refuse(page.error());
    const auto& assets = reading.state().assets;
    std::optional<std::uint64_t> next;
    const auto shown = rows_of<AssetNo>(assets, *page, next, [](AssetNo) { return true; });
    return list_of(reading, 's', shown.size(), next, [&](JsonWriter& out, std::size_t at) {
        wire::write_asset(out, assets[shown[at]], std::nullopt);
    });
}

Result<Response> get_asset(Reading& reading) {
    const auto asset = reading.asset(reading.id());
    if (!asset) return refuse(asset.error());
    const auto& terms = reading.state().assets[*asset];
    const auto version = made_in(reading, rules::Named::asset, "ast_", terms.id);
    JsonWriter out;
    wire::write_asset(out, terms, wire::Made{version});
    return reading.answer(out, version);
}

Result<Response> list_principals(Reading& reading) {
    QueryReader query{reading.request().query};
    auto page = reading.page(query, 'w');
    if (!page) return refuse(page.error());
    const auto& principals = reading.state().principals;
    std::optional<std::uint64_t> next;
    const auto shown = rows_of<PrincipalNo>(principals, *page, next, [](PrincipalNo) { return true; });
    std::vector<Digest> names;
    for (const auto no : shown) names.push_back(principals[no].name);
    wire::Facts facts;
    read_texts(reading, facts, names);
    return list_of(reading, 'w', shown.size(), next, [&](JsonWriter& out, std::size_t at) {
        wire::write_principal(out, reading.source(facts), principals[shown[at]], std::nullopt);
    });
}

Result<Response> get_principal(Reading& reading) {
    const auto principal = row_named<PrincipalNo>(reading.state().principals, "principal", reading.id());
    if (!principal) return refuse(principal.error());
    const auto& terms = reading.state().principals[*principal];
    wire::Facts facts;
    read_texts(reading, facts, {terms.name});
    const auto version = made_in(reading, rules::Named::principal, "prn_", terms.id);
    JsonWriter out;
    wire::write_principal(out, reading.source(facts), terms, wire::Made{version});
    return reading.answer(out, version);
}

Result<Response> list_keys(Reading& reading) {
    QueryReader query{reading.request().query};
    auto page = reading.page(query, 'k');
    if (!page) return refuse(page.error());
    const auto principal = row_named<PrincipalNo>(reading.state().principals, "principal", reading.id());
    if (!principal) return refuse(principal.error());
    std::vector<KeyState> keys;
    reading.state().for_each_key([&](const KeyState& key) {
        if (key.terms.principal == *principal) keys.push_back(key);
    });
    std::ranges::sort(keys, {}, [](const KeyState& key) { return key.terms.id; });
    const auto first = std::min<std::size_t>(page->after, keys.size());
    const auto count = std::min(page->limit, keys.size() - first);
    const auto next =
        first + count < keys.size() ? std::optional<std::uint64_t>{first + count} : std::nullopt;
    const wire::Facts facts;
    return list_of(reading, 'k', count, next, [&](JsonWriter& out, std::size_t at) {
        wire::write_key(out, reading.source(facts), keys[first + at].terms, keys[first + at].revoked);
    });
}

Result<Response> list_accounts(Reading& reading) { return accounts_page(reading, std::nullopt); }
Result<Response> get_account(Reading& reading) { return one_account(reading, std::nullopt); }
Result<Response> list_locations(Reading& reading) { return accounts_page(reading, Side::location); }
Result<Response> get_location(Reading& reading) { return one_account(reading, Side::location); }

Result<Response> list_agreements(Reading& reading) {
    QueryReader query{reading.request().query};
    const auto party_id = query.id("party");
    auto page = reading.page(query, 'g');
    if (!page) return refuse(page.error());
    std::optional<PartyNo> party = reading.scope();
    if (party_id) {
        const auto found = reading.party(*party_id, "?party");
        if (!found) return refuse(found.error());
        party = *found;
    }
    const auto& agreements = reading.state().agreements;
    std::optional<std::uint64_t> next;
    const auto shown = rows_of<AgreementNo>(agreements, *page, next, [&](AgreementNo no) {
        const auto& parties = agreements[no].terms.parties;
        return !party || std::ranges::find(parties, *party) != parties.end();
    });
    const wire::Facts facts;
    return list_of(reading, 'g', shown.size(), next, [&](JsonWriter& out, std::size_t at) {
        const auto& agreement = agreements[shown[at]];
        wire::write_agreement(out, reading.source(facts), agreement.terms, agreement.revoked_at,
                              std::nullopt);
    });
}

Result<Response> get_agreement(Reading& reading) {
    const auto found = reading.state().agreements.find(reading.id());
    if (!found) return no_such("agreement", reading.id());
    const auto& agreement = reading.state().agreements[*found];
    const auto& parties = agreement.terms.parties;
    if (std::ranges::none_of(parties, [&](PartyNo party) { return reading.sees(party); }))
        return no_such("agreement", reading.id());
    const auto version = made_in(reading, rules::Named::agreement, "agr_", agreement.terms.id);
    const wire::Facts facts;
    JsonWriter out;
    wire::write_agreement(out, reading.source(facts), agreement.terms, agreement.revoked_at,
                          wire::Made{version});
    return reading.answer(out);
}

Result<Response> list_reasons(Reading& reading) {
    QueryReader query{reading.request().query};
    auto page = reading.page(query, 'r');
    if (!page) return refuse(page.error());
    const auto& reasons = reading.state().reasons;
    std::optional<std::uint64_t> next;
    const auto shown = rows_of<ReasonNo>(reasons, *page, next, [](ReasonNo) { return true; });
    return list_of(reading, 'r', shown.size(), next, [&](JsonWriter& out, std::size_t at) {
        wire::write_reason(out, reasons[shown[at]], std::nullopt);
    });
}

Result<Response> get_reason(Reading& reading) {
    const auto reason = row_named<ReasonNo>(reading.state().reasons, "reason", reading.id());
    if (!reason) return refuse(reason.error());
    const auto& terms = reading.state().reasons[*reason];
    const auto version = made_in(reading, rules::Named::reason, "rsn_", terms.id);
    JsonWriter out;
    wire::write_reason(out, terms, wire::Made{version});
    return reading.answer(out, version);
}

}  // namespace api::handlers
