#include "tests/support/wire_reader.hpp"

#include <stdexcept>

namespace support {
namespace {

using namespace ledger::rules;

std::string text(const Json& body, const char* field) { return body.value(field, std::string{}); }

template <class Enum>
Enum chosen(std::span<const EnumText<Enum>> table, const std::string& word) {
    const auto value = value_in(table, word);
    if (!value) throw std::runtime_error("unknown word: " + word);
    return *value;
}

template <class Time>
std::optional<Time> instant(const Json& body, const char* field) {
    if (!body.contains(field) || body.at(field).is_null()) return std::nullopt;
    const auto at = parse_rfc3339(body.at(field).get<std::string>());
    if (!at) throw std::runtime_error(std::string{"not an instant: "} + field);
    return Time{*at};
}

AmountText amount(const Json& body) {
    return {body.at("asset").get<std::string>(), {body.at("amount").get<std::string>()}};
}

Command party(const Json& body) {
    AddParty made{.id = text(body, "id"), .name = {text(body, "name"), {}}};
    made.kind = chosen(party_kinds(), body.at("kind"));
    const auto classes = body.value("classification", Json::object());
    if (classes.contains("sec")) made.sec = chosen(sec_classes(), classes["sec"]);
    if (classes.contains("cftc")) made.cftc = chosen(cftc_classes(), classes["cftc"]);
    return made;
}

Command asset(const Json& body) {
    return AddAsset{.id = text(body, "id"),
                    .kind = chosen(asset_kinds(), body.at("kind")),
                    .scale = body.at("scale").get<std::uint8_t>(),
                    .isin = text(body, "isin"),
                    .issuer = text(body, "issuer")};
}

Command principal(const Json& body) {
    AddPrincipal made{
        .id = text(body, "id"), .name = {text(body, "name"), {}}, .roles = {}, .party = text(body, "party")};
    made.kind = chosen(principal_kinds(), body.at("kind"));
    for (const auto& role : body.at("roles")) made.roles.add(chosen(roles(), role.get<std::string>()));
    return made;
}

Command account(const Json& body) {
    OpenAccount made;
    made.id = text(body, "id");
    made.party = text(body, "party");
    made.side = side_from_text(text(body, "side")).value();
    made.capacity = text(body, "capacity");
    if (body.contains("regime")) made.regime = regime_from_code(text(body, "regime")).value();
    if (body.contains("pool")) made.pool = pool_from_code(text(body, "pool")).value();
    if (body.contains("kind")) made.kind = account_kind_from_code(text(body, "kind")).value();
    if (body.contains("location")) {
        const auto& place = body.at("location");
        if (!made.kind) made.kind = account_kind_from_code(text(place, "kind")).value();
        made.title = text(place, "title");
        made.jurisdiction = text(place, "jurisdiction");
    }
    for (const auto& limit : body.value("limits", Json::array())) made.limits.push_back(amount(limit));
    return made;
}

Command agreement(const Json& body) {
    return AddAgreement{.id = text(body, "id"),
                        .kind = text(body, "kind"),
                        .parties = body.at("parties").get<std::vector<std::string>>(),
                        .effective_from = text(body, "effective_from"),
                        .effective_to = text(body, "effective_to"),
                        .scope = body.contains("scope") ? body["scope"].dump() : std::string{}};
}

std::vector<Evidence> evidence(const Json& body) {
    std::vector<Evidence> list;
    for (const auto& item : body.value("evidence", Json::array()))
        list.push_back({text(item, "kind"), text(item, "reference"), text(item, "digest")});
    return list;
}

std::optional<Erasable> memo(const Json& body) {
    if (!body.contains("memo")) return std::nullopt;
    return Erasable{text(body, "memo"), {}};
}

PostJournal journal(const Json& body) {
    PostJournal made;
    made.id = text(body, "id");
    made.reason = text(body, "reason");
    if (body.contains("nature")) made.nature = chosen(natures(), body["nature"]);
    if (body.contains("basis")) {
        for (const auto& [basis, code] :
             {std::pair{Basis::reserve, "RESERVE"}, std::pair{Basis::residual_interest, "RESIDUAL_INTEREST"},
              std::pair{Basis::misdirected, "MISDIRECTED"}})
            if (text(body, "basis") == code) made.basis = basis;
        if (made.basis == Basis::none) throw std::runtime_error("unknown basis");
    }
    made.effective_at = instant<EffectiveAt>(body, "effective_at");
    made.memo = memo(body);
    made.evidence = evidence(body);
    made.liens = body.value("liens", std::vector<std::string>{});
    for (const auto& leg : body.at("legs")) {
        const bool is_debit = leg.contains("debit");
        made.legs.push_back({leg.at("account"), is_debit, amount(leg.at(is_debit ? "debit" : "credit"))});
    }
    return made;
}

Command reversal(const std::string& target, const Json& body) {
    return ReverseJournal{.journal = target,
                          .reason = text(body, "reason"),
                          .effective_at = instant<EffectiveAt>(body, "effective_at"),
                          .memo = memo(body),
                          .evidence = evidence(body)};
}

// `is_short_form`: one owner named by account and amount.
std::vector<LienLineText> allocation(const Json& body, bool& is_short_form) {
    is_short_form = !body.contains("allocation");
    std::vector<LienLineText> lines;
    if (!is_short_form) {
        for (const auto& line : body.at("allocation"))
            lines.push_back(
                {line.at("account"), text(line, "location"), amount(line.at("amount")), text(line, "lot")});
    } else {
        const auto asked = body.contains("amount") ? amount(body.at("amount")) : AmountText{};
        lines.push_back({text(body, "account"), text(body, "location"), asked, text(body, "lot")});
    }
    return lines;
}

OpenLien lien(const Json& body, std::optional<std::uint64_t> if_match) {
    OpenLien made;
    made.id = text(body, "id");
    made.type = chosen(lien_types(), body.at("type"));
    made.holder = text(body, "holder");
    made.purpose = text(body, "purpose");
    made.rank = body.value("rank", std::uint8_t{1});
    made.behind = text(body, "behind");
    made.agreement = text(body, "agreement");
    if (body.contains("secured")) made.secured = amount(body["secured"]);
    made.reuse_right = body.value("reuse_right", false);
    made.parent = text(body, "parent");
    made.expires_at = instant<KnownAt>(body, "expires_at");
    made.allocation = allocation(body, made.is_short_form);
    made.if_match = if_match;
    return made;
}

Command act_on_lien(const std::string& target, const std::string& action, const Json& body,
                    std::optional<std::uint64_t> if_match) {
    if (action == "increase") {
        IncreaseLien made{.lien = target, .allocation = {}, .if_match = if_match};
        made.allocation = allocation(body, made.is_short_form);
        return made;
    }
    if (action == "release") {
        ReleaseLien made{.lien = target, .amount = {}, .if_match = if_match};
        if (body.contains("amount")) made.amount = amount(body["amount"]);
        return made;
    }
    if (action != "reallocate") throw std::runtime_error("unknown action: " + action);
    bool is_short_form = false;
    return ReallocateLien{.lien = target, .allocation = allocation(body, is_short_form)};
}

Command act_on_reservation(const std::string& target, const std::string& action, const Json& body,
                           std::optional<std::uint64_t> if_match) {
    if (action == "release") return ReleaseReservation{target};
    if (action != "commit") throw std::runtime_error("unknown action: " + action);
    if (body.contains("lien")) return CommitReservation{target, lien(body["lien"], if_match)};
    return CommitReservation{target, journal(body.at("journal"))};
}

Command reservation(const Json& body, std::optional<std::uint64_t> if_match) {
    return Reserve{.id = text(body, "id"),
                   .account = text(body, "account"),
                   .amount = amount(body.at("amount")),
                   .purpose = text(body, "purpose"),
                   .expires_at = instant<KnownAt>(body, "expires_at").value(),
                   .if_match = if_match};
}

}  // namespace

Command command_of(const std::string& path, const Json& body, std::optional<std::uint64_t> if_match) {
    const std::string root = "/v1/";
    if (!path.starts_with(root)) throw std::runtime_error("unknown path: " + path);
    auto rest = path.substr(root.size());
    const auto slash = rest.find('/');
    const auto what = rest.substr(0, slash);
    if (slash == std::string::npos) {
        if (what == "parties") return party(body);
        if (what == "assets") return asset(body);
        if (what == "principals") return principal(body);
        if (what == "accounts") return account(body);
        if (what == "agreements") return agreement(body);
        if (what == "journals") return journal(body);
        if (what == "liens") return lien(body, if_match);
        if (what == "reservations") return reservation(body, if_match);
        throw std::runtime_error("unknown path: " + path);
    }
    const auto colon = rest.rfind(':');
    const auto target = rest.substr(slash + 1, colon - slash - 1);
    const auto action = rest.substr(colon + 1);
    if (what == "journals" && action == "reverse") return reversal(target, body);
    if (what == "liens") return act_on_lien(target, action, body, if_match);
    if (what == "reservations") return act_on_reservation(target, action, body, if_match);
    if (what == "agreements" && action == "revoke")
        return RevokeAgreement{target, instant<EffectiveAt>(body, "effective_at"), text(body, "reason")};
    throw std::runtime_error("unknown path: " + path);
}

}  // namespace support
