// Requests under "Setting up a firm".
#include <algorithm>

#include <fmt/format.h>

#include "api/wire/request_fields.hpp"
#include "api/wire/requests.hpp"

namespace api::wire {
namespace {

using namespace ledger::book;
using ledger::base::refuse;

template <class Command>
Result<rules::Command> finished(ObjectReader& reader, Command command) {
    if (auto read = reader.finish(); !read) return refuse(std::move(read.error()));
    return rules::Command{std::move(command)};
}

RoleSet read_roles(ObjectReader& reader) {
    RoleSet set;
    auto list = reader.required_array("roles", {.least = 1, .most = roles().size()});
    std::size_t at = 0;
    for (const auto& text : list.strings()) {
        const auto role = value_in(roles(), text);
        const bool is_new = role && !set.contains(*role);
        if (!is_new && reader.ok())
            reader.fail({.code = Code::invalid_input,
                         .detail = role ? fmt::format("The role \"{}\" is named twice.", text)
                                        : fmt::format("There is no role \"{}\".", text),
                         .pointer = list.pointer(at)});
        if (role) set.add(*role);
        ++at;
    }
    return set;
}

AccountKinds read_kinds(ObjectReader& reader, std::string_view name) {
    AccountKinds kinds;
    auto list = reader.required_array(name, {.least = 1, .most = account_kind_count});
    std::size_t at = 0;
    for (const auto& text : list.strings()) {
        const auto kind = account_kind_from_code(text);
        if (!kind && reader.ok())
            reader.fail({.code = Code::invalid_input,
                         .detail = fmt::format("There is no kind of account \"{}\".", text),
                         .pointer = list.pointer(at)});
        if (kind) kinds = kinds | AccountKinds::of(*kind);
        ++at;
    }
    return kinds;
}

bool is_isin(std::string_view text) {
    constexpr std::size_t isin_length = 12;
    return text.size() == isin_length && std::ranges::all_of(text, [](char letter) {
               return (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
           });
}

// A location says what it is once: as its kind or in its papers.
void read_location(ObjectReader& reader, rules::OpenAccount& account) {
    auto location = reader.optional_object("location");
    if (location) {
        const auto kind = location->optional_enum("kind", account_kind_texts());
        account.title = optional_text(*location, "title", name_characters_max).value_or("");
        account.jurisdiction = optional_text(*location, "jurisdiction", word_characters_max).value_or("");
        if (account.side == Side::obligation) reader.fail("location", "Only the location side has a place.");
        if (kind && account.kind && *kind != *account.kind)
            location->fail("kind", "The account's kind and its location's kind differ.");
        if (kind) account.kind = kind;
    }
    if (account.side == Side::location && !account.kind)
        reader.fail("kind", "A location names its kind, here or as location.kind.");
}

void read_pool(ObjectReader& reader, rules::OpenAccount& account) {
    account.regime = reader.optional_enum("regime", regime_texts());
    const auto pool = reader.optional_string("pool");
    if (pool && account.regime) reader.fail("pool", "An account names its regime or a pool, not both.");
    if (!pool && !account.regime)
        reader.fail("regime", "An account names its regime, or \"securities_record\" as its pool.");
    if (!pool) return;
    if (*pool != row_of(Pool::securities_record).code)
        reader.fail("pool",
                    "Only \"securities_record\" is named as a pool; other pools follow from the regime.");
    account.pool = Pool::securities_record;
}

}  // namespace

Result<rules::Command> read_party(JsonValue body) {
    ObjectReader reader{body};
    rules::AddParty party;
    party.id = reader.optional_id("id").value_or("");
    party.kind = reader.required_enum("kind", party_kinds());
    party.name.text = required_text(reader, "name", name_characters_max);
    if (auto classification = reader.optional_object("classification")) {
        party.sec = classification->optional_enum("sec", sec_classes()).value_or(SecClass::unclassified);
        party.cftc = classification->optional_enum("cftc", cftc_classes()).value_or(CftcClass::unclassified);
    }
    return finished(reader, std::move(party));
}

Result<rules::Command> read_asset(JsonValue body) {
    ObjectReader reader{body};
    rules::AddAsset asset;
    asset.id = reader.optional_id("id").value_or("");
    asset.kind = reader.required_enum("kind", asset_kinds());
    asset.scale = static_cast<std::uint8_t>(
        reader.required_count("scale", {.least = 0, .most = static_cast<std::uint64_t>(scale_max)}));
    asset.isin = optional_text(reader, "isin", word_characters_max).value_or("");
    asset.issuer = optional_text(reader, "issuer", name_characters_max).value_or("");
    if (!asset.isin.empty() && !is_isin(asset.isin))
        reader.fail("isin", "An ISIN is twelve upper-case letters and digits.");
    return finished(reader, std::move(asset));
}

Result<rules::Command> read_principal(JsonValue body) {
    ObjectReader reader{body};
    rules::AddPrincipal principal;
    principal.id = reader.optional_id("id").value_or("");
    principal.kind = reader.required_enum("kind", principal_kinds());
    principal.name.text = required_text(reader, "name", name_characters_max);
    principal.roles = read_roles(reader);
    principal.party = reader.optional_id("party", Null::absent).value_or("");
    if (principal.party.empty() && principal.roles.meets(RoleSet::of(Role::customer, Role::manager)))
        reader.fail("party", "A customer or manager acts for one party.");
    return finished(reader, std::move(principal));
}

Result<rules::Command> read_key(const std::string& principal, JsonValue body) {
    ObjectReader reader{body};
    rules::CreateKey key;
    key.principal = principal;
    if (const auto expires_at = reader.optional_instant("expires_at", Null::absent))
        key.expires_at = KnownAt{*expires_at};
    return finished(reader, std::move(key));
}

Result<rules::Command> read_key_revocation(const std::string& key, JsonValue body) {
    ObjectReader reader{body};
    return finished(reader, rules::RevokeKey{key});
}

Result<rules::Command> read_account(JsonValue body) {
    ObjectReader reader{body};
    rules::OpenAccount account;
    account.id = reader.optional_id("id").value_or("");
    account.party = reader.required_id("party");
    account.side = reader.required_enum("side", side_texts());
    account.kind = reader.optional_enum("kind", account_kind_texts());
    read_pool(reader, account);
    account.capacity = optional_text(reader, "capacity", word_characters_max).value_or("");
    read_location(reader, account);
    if (auto limits = reader.optional_array("limits", {.least = 0, .most = limits_per_account_max}))
        for (auto limit : limits->objects()) {
            auto amount = read_amount(limit);
            if (std::ranges::find(account.limits, amount.asset, &rules::AmountText::asset) !=
                account.limits.end())
                limit.fail("asset", "An asset has one limit.");
            account.limits.push_back(std::move(amount));
        }
    return finished(reader, std::move(account));
}

Result<rules::Command> read_agreement(JsonValue body) {
    ObjectReader reader{body};
    rules::AddAgreement agreement;
    agreement.id = reader.optional_id("id").value_or("");
    agreement.kind = reader.required_id("kind");
    agreement.parties =
        reader.required_array("parties", {.least = 1, .most = parties_per_agreement_max}).ids();
    const auto from = reader.required_day("effective_from");
    const auto to = reader.optional_day("effective_to", Null::absent);
    if (reader.ok()) agreement.effective_from = format_day(from);
    if (reader.ok() && to) agreement.effective_to = format_day(*to);
    if (to && *to < from) reader.fail("effective_to", "It ends before it begins.");
    if (const auto scope = reader.optional_value("scope")) {
        if (!scope->is(JsonKind::object)) reader.fail("scope", "A scope is an object.");
        append_canonical_json(agreement.scope, *scope);
        if (agreement.scope.size() > scope_bytes_max)
            reader.fail("scope", fmt::format("At most {} bytes.", scope_bytes_max));
    }
    return finished(reader, std::move(agreement));
}

Result<rules::Command> read_agreement_revocation(const std::string& agreement, JsonValue body) {
    ObjectReader reader{body};
    rules::RevokeAgreement revocation{.agreement = agreement, .effective_at = {}, .reason = {}};
    if (const auto at = reader.optional_instant("effective_at")) revocation.effective_at = EffectiveAt{*at};
    revocation.reason = required_text(reader, "reason", purpose_characters_max);
    return finished(reader, std::move(revocation));
}

Result<rules::Command> read_reason(JsonValue body) {
    ObjectReader reader{body};
    rules::DefineReason reason;
    reason.id = reader.optional_id("id").value_or("");
    reason.nature = reader.required_enum("nature", natures());
    reason.may_debit = read_kinds(reader, "may_debit");
    reason.may_credit = read_kinds(reader, "may_credit");
    return finished(reader, std::move(reason));
}

Result<void> read_nothing(JsonValue body) {
    ObjectReader reader{body};
    return reader.finish();
}

}  // namespace api::wire
