// Parties, assets, principals, keys, accounts, agreements and reasons.
#include "api/wire/rendering.hpp"

namespace api::wire {
namespace {

void write_made(JsonWriter& out, const std::optional<Made>& made) {
    if (!made) return;
    out.field("version", made->version.value);
    if (made->at) out.field("recorded_at", made->at->at);
}

void write_if_any(JsonWriter& out, std::string_view name, std::string_view text) {
    if (!text.empty()) out.field(name, text);
}

// Null once the text was erased; left out where texts were not read, as in the stream.
void write_erasable(JsonWriter& out, const Source& source, std::string_view name, const Digest& commitment) {
    if (!source.facts.has_texts) return;
    out.field_or_null(name, source.text(commitment));
}

void write_kinds(JsonWriter& out, std::string_view name, AccountKinds kinds) {
    out.begin_array(name);
    for (const auto& row : account_kinds())
        if (kinds.contains(row.kind)) out.string(row.code);
    out.end_array();
}

}  // namespace

void write_party(JsonWriter& out, const Source& source, const PartyTerms& terms,
                 const std::optional<Made>& made) {
    out.begin_object().field("id", terms.id);
    write_erasable(out, source, "name", terms.name);
    out.field("kind", text_in(party_kinds(), terms.kind)).begin_object("classification");
    if (terms.sec != SecClass::unclassified) out.field("sec", text_in(sec_classes(), terms.sec));
    if (terms.cftc != CftcClass::unclassified) out.field("cftc", text_in(cftc_classes(), terms.cftc));
    out.end_object();
    write_made(out, made);
    out.end_object();
}

void write_asset(JsonWriter& out, const AssetTerms& terms, const std::optional<Made>& made) {
    out.begin_object().field("id", terms.id).field("kind", text_in(asset_kinds(), terms.kind));
    out.field("scale", static_cast<unsigned>(terms.scale));
    write_if_any(out, "isin", terms.isin);
    write_if_any(out, "issuer", terms.issuer);
    write_made(out, made);
    out.end_object();
}

void write_principal(JsonWriter& out, const Source& source, const PrincipalTerms& terms,
                     const std::optional<Made>& made) {
    out.begin_object().field("id", terms.id).field("kind", text_in(principal_kinds(), terms.kind));
    if (terms.name != Digest{}) write_erasable(out, source, "name", terms.name);
    out.begin_array("roles");
    for (const auto& row : roles())
        if (terms.roles.contains(row.value)) out.string(row.text);
    out.end_array();
    if (terms.party) out.field("party", source.state.parties[*terms.party].id);
    write_made(out, made);
    out.end_object();
}

void write_key(JsonWriter& out, const Source& source, const KeyTerms& terms, bool revoked) {
    out.begin_object().field("id", terms.id).field("principal", source.state.principals[terms.principal].id);
    out.field("last_four", terms.last_four);
    if (terms.expires_at)
        out.field("expires_at", terms.expires_at->at);
    else
        out.field_null("expires_at");
    out.field("status", revoked ? "revoked" : "active").end_object();
}

void write_account(JsonWriter& out, const Source& source, const AccountTerms& terms, Version state_version) {
    out.begin_object().field("id", terms.id).field("party", source.state.parties[terms.party].id);
    out.field("side", text_of(terms.side)).field("kind", row_of(terms.kind).code);
    if (terms.regime)
        out.field("regime", row_of(*terms.regime).code);
    else
        out.field_null("regime");
    out.field("pool", row_of(terms.pool).code);
    write_if_any(out, "capacity", terms.capacity);
    if (terms.side == Side::location) {
        out.begin_object("location").field("kind", row_of(terms.kind).code);
        write_if_any(out, "title", terms.title);
        write_if_any(out, "jurisdiction", terms.jurisdiction);
        out.end_object();
    }
    if (!terms.limits.empty()) {
        out.begin_array("limits");
        for (const auto& limit : terms.limits) write_amount(out, source, limit.asset, limit.quantity);
        out.end_array();
    }
    out.field("state_version", state_version.value).end_object();
}

void write_agreement(JsonWriter& out, const Source& source, const AgreementTerms& terms,
                     const std::optional<EffectiveAt>& revoked_at, const std::optional<Made>& made) {
    out.begin_object().field("id", terms.id).field("kind", terms.kind).begin_array("parties");
    for (const auto party : terms.parties)
        if (!source.scope || *source.scope == party) out.string(source.state.parties[party].id);
    out.end_array().field("effective_from", terms.effective_from);
    if (terms.effective_to.empty())
        out.field_null("effective_to");
    else
        out.field("effective_to", terms.effective_to);
    if (!terms.scope.empty()) out.key("scope").raw(terms.scope);
    if (revoked_at)
        out.field("revoked_at", revoked_at->at);
    else
        out.field_null("revoked_at");
    write_made(out, made);
    out.end_object();
}

void write_reason(JsonWriter& out, const ReasonTerms& terms, const std::optional<Made>& made) {
    out.begin_object().field("id", terms.id).field("nature", text_in(natures(), terms.nature));
    write_kinds(out, "may_debit", terms.may_debit);
    write_kinds(out, "may_credit", terms.may_credit);
    write_made(out, made);
    out.end_object();
}

}  // namespace api::wire
