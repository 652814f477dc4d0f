#include "ledger/store/postgres/projection.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "ledger/base/ensure.hpp"
#include "ledger/base/fault_point.hpp"

namespace ledger::store::postgres {
namespace {

constexpr int balance_cell_count = 5;

std::int32_t number(std::uint32_t value) { return static_cast<std::int32_t>(value); }

void balance_cells(CopyWriter& row, const Balance& balance) {
    row.quantity(balance.total)
        .quantity(balance.encumbered)
        .quantity(balance.reserved)
        .quantity(balance.pending_in)
        .quantity(balance.pending_out);
}

template <class Key>
std::optional<std::int64_t> key_or_null(const std::optional<Key>& key) {
    return key ? std::optional{static_cast<std::int64_t>(key->value)} : std::nullopt;
}

template <class No>
std::optional<std::int32_t> number_or_null(const std::optional<No>& no) {
    return no ? std::optional{number(no->value)} : std::nullopt;
}

std::optional<std::string_view> text_or_null(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional{text};
}

std::optional<std::int64_t> version_or_null(const std::optional<Version>& version) {
    return version ? std::optional{static_cast<std::int64_t>(version->value)} : std::nullopt;
}

std::vector<std::string_view> names_of(AccountKinds kinds) {
    std::vector<std::string_view> names;
    for (const auto& row : account_kinds())
        if (kinds.contains(row.kind)) names.push_back(row.code);
    return names;
}

std::vector<std::string_view> names_of(RoleSet set) {
    std::vector<std::string_view> names;
    for (const auto& row : roles())
        if (set.contains(row.value)) names.push_back(row.text);
    return names;
}

}  // namespace

std::string_view text_of(Closing closing) {
    switch (closing) {
        case Closing::released: return "released";
        case Closing::expired: return "expired";
        case Closing::committed: return "committed";
    }
    base::never("an unknown way of closing");
}

std::string_view text_of(LienChange change) {
    switch (change) {
        case LienChange::increased: return "increased";
        case LienChange::released: return "released";
        case LienChange::reallocated: return "reallocated";
        case LienChange::moved: return "moved";
        case LienChange::promoted: return "promoted";
    }
    base::never("an unknown change of a lien");
}

RegisterSizes RegisterSizes::of(const State& state) {
    const auto count = [](const auto& rows) { return static_cast<std::uint32_t>(rows.size()); };
    return {.parties = count(state.parties),
            .assets = count(state.assets),
            .principals = count(state.principals),
            .accounts = count(state.accounts),
            .agreements = count(state.agreements),
            .reasons = count(state.reasons)};
}

void RegisterSizes::take_back(const Events& events) {
    for (const auto& event : events) {
        if (std::holds_alternative<PartyAdded>(event)) --parties;
        if (std::holds_alternative<AssetAdded>(event)) --assets;
        if (std::holds_alternative<PrincipalAdded>(event)) --principals;
        if (std::holds_alternative<AccountOpened>(event)) --accounts;
        if (std::holds_alternative<AgreementAdded>(event)) --agreements;
        if (std::holds_alternative<ReasonDefined>(event)) --reasons;
    }
}

void ProjectedRows::clear() {
    inserted.clear();
    balances.clear();
    liens.clear();
    reservations.clear();
    cured.clear();
    agreements.clear();
    keys_revoked.clear();
}

void Projection::add(const Recorded& recorded) {
    recorded_ = &recorded;
    index_ = 0;
    for (const auto& event : recorded.events) {
        std::visit([&](const auto& fact) { apply(fact); }, event);
        const auto& changed = balances_after(event);
        if (!std::holds_alternative<JournalPosted>(event)) history_rows(changed);
        for (const auto& after : changed) {
            if (!rows_.balances.empty() && base::is_planted(base::PlantedBug::dropped_balance_row)) break;
            rows_.balances.push_back({after.account, after.asset, after.balance, recorded.version});
        }
        ++index_;
    }
    recorded_ = nullptr;
}

void Projection::history_rows(const std::vector<BalanceAfter>& after) {
    for (const auto& changed : after) {
        auto& row = rows_.inserted.row(Table::encumbrance_history).int8(event_key());
        balance_cells(row, changed.balance);
        row.int4(book_id_).int4(number(changed.account.value)).int4(number(changed.asset.value));
    }
}

void Projection::name_row(std::string_view kind, const std::string& name) {
    if (name.empty()) return;
    rows_.inserted.row(Table::object_name).int4(book_id_).text(kind).text(name).int8(version());
}

void Projection::apply(const ReasonDefined& fact) {
    const auto& terms = fact.terms;
    rows_.inserted.row(Table::reason)
        .int4(book_id_)
        .int4(number(sizes_.reasons++))
        .int8(version())
        .boolean(terms.nature == Nature::fact)
        .text(terms.id)
        .array(names_of(terms.may_debit))
        .array(names_of(terms.may_credit));
    name_row("reason", terms.id);
}

void Projection::apply(const PartyAdded& fact) {
    const auto& terms = fact.terms;
    rows_.inserted.row(Table::party)
        .int4(book_id_)
        .int4(number(sizes_.parties++))
        .int8(version())
        .text(terms.id)
        .text(text_in(party_kinds(), terms.kind))
        .value(text_or_null(text_in(sec_classes(), terms.sec)))
        .value(text_or_null(text_in(cftc_classes(), terms.cftc)))
        .digest(terms.name);
    name_row("party", terms.id);
}

void Projection::apply(const PrincipalAdded& fact) {
    const auto& terms = fact.terms;
    rows_.inserted.row(Table::principal)
        .int4(book_id_)
        .int4(number(sizes_.principals++))
        .int8(version())
        .value(number_or_null(terms.party))
        .text(terms.id)
        .text(text_in(principal_kinds(), terms.kind))
        .array(names_of(terms.roles))
        .digest(terms.name);
    name_row("principal", terms.id);
}

void Projection::apply(const KeyCreated& fact) {
    new_keys_[fact.terms.id] = {fact.terms, recorded_->version, {}};
}

void Projection::apply(const KeyRevoked& fact) {
    if (const auto made = new_keys_.find(fact.key); made != new_keys_.end())
        made->second.revoked = recorded_->version;
    else
        rows_.keys_revoked[fact.key] = recorded_->version;
}

void Projection::apply(const AssetAdded& fact) {
    const auto& terms = fact.terms;
    rows_.inserted.row(Table::asset)
        .int4(book_id_)
        .int4(number(sizes_.assets++))
        .int8(version())
        .int2(static_cast<std::int16_t>(terms.scale))
        .text(terms.id)
        .text(text_in(asset_kinds(), terms.kind))
        .value(text_or_null(terms.isin))
        .value(text_or_null(terms.issuer));
    name_row("asset", terms.id);
}

void Projection::apply(const AccountOpened& fact) {
    const auto& terms = fact.terms;
    const auto no = number(sizes_.accounts++);
    rows_.inserted.row(Table::account)
        .int4(book_id_)
        .int4(no)
        .int8(version())
        .int4(number(terms.party.value))
        .text(book::text_of(terms.side))
        .text(row_of(terms.kind).code)
        .text(row_of(terms.pool).code)
        .value(terms.regime ? std::optional{row_of(*terms.regime).code} : std::nullopt)
        .text(terms.id)
        .text(terms.capacity)
        .text(terms.title)
        .text(terms.jurisdiction);
    std::int16_t n = 0;
    for (const auto& limit : terms.limits)
        rows_.inserted.row(Table::account_limit)
            .int4(book_id_)
            .int4(no)
            .int2(n++)
            .int4(number(limit.asset.value))
            .quantity(limit.quantity);
    name_row("account", terms.id);
}

void Projection::apply(const AgreementAdded& fact) {
    new_agreements_[sizes_.agreements++] = {fact.terms, recorded_->version, {}};
    name_row("agreement", fact.terms.id);
}

void Projection::apply(const AgreementRevoked& fact) {
    const AgreementUpdate update{recorded_->version, fact.effective_at};
    if (const auto made = new_agreements_.find(fact.agreement.value); made != new_agreements_.end())
        made->second.revoked = update;
    else
        rows_.agreements[fact.agreement] = update;
}

void Projection::apply(const JournalPosted& fact) {
    const auto key = event_key();
    rows_.inserted.row(Table::journal)
        .int8(key)
        .value(key_or_null(fact.reverses))
        .int4(book_id_)
        .int4(number(fact.reason.value))
        .boolean(fact.nature == Nature::fact)
        .value(text_or_null(text_in(bases(), fact.basis)))
        .value(text_or_null(fact.name))
        .value(fact.memo);
    leg_rows(fact);
    std::int16_t n = 0;
    for (const auto& paper : fact.evidence)
        rows_.inserted.row(Table::evidence)
            .int4(book_id_)
            .int8(key)
            .int2(n++)
            .text(paper.kind)
            .text(paper.reference)
            .text(paper.digest);
    name_row("journal", fact.name);
}

// A balance stands once, at the last leg that touches it.
void Projection::leg_rows(const JournalPosted& fact) {
    for (auto leg = fact.legs.begin(); leg != fact.legs.end(); ++leg) {
        const auto is_same_place = [&](const auto& other) {
            return other.account == leg->account && other.asset == leg->asset;
        };
        auto& row = rows_.inserted.row(Table::leg)
                        .int8(event_key())
                        .quantity(leg->debit)
                        .int4(book_id_)
                        .int4(number(leg->account.value))
                        .int4(number(leg->asset.value))
                        .int2(static_cast<std::int16_t>(leg - fact.legs.begin()));
        const auto after = std::ranges::find_if(fact.after, is_same_place);
        if (after != fact.after.end() && std::none_of(leg + 1, fact.legs.end(), is_same_place))
            balance_cells(row, after->balance);
        else
            for (auto cell = 0; cell < balance_cell_count; ++cell) row.null();
    }
}

void Projection::line_rows(LienKey lien, const std::vector<LienLine>& lines) {
    std::int16_t n = 0;
    for (const auto& line : lines)
        rows_.inserted.row(Table::lien_line)
            .int8(static_cast<std::int64_t>(lien.value))
            .int8(event_key())
            .quantity(line.quantity)
            .quantity(line.consumed)
            .int4(book_id_)
            .int4(number(line.owner.value))
            .int4(number(line.location.value))
            .int4(number(line.asset.value))
            .int2(n++)
            .text(line.lot);
}

LienUpdate& Projection::update_of(LienKey lien) {
    const auto made = new_liens_.find(lien);
    return made != new_liens_.end() ? made->second.now : rows_.liens[lien];
}

void Projection::apply(const LienOpened& fact) {
    const LienKey key{static_cast<std::uint64_t>(event_key())};
    new_liens_[key] = {fact.terms,
                       {.behind = fact.terms.behind,
                        .lines_since = event_key(),
                        .rank = fact.terms.rank,
                        .changed = recorded_->version,
                        .closed = {}}};
    line_rows(key, fact.lines);
    name_row("lien", fact.terms.name);
}

void Projection::apply(const LienChanged& fact) {
    auto& update = update_of(fact.lien);
    update.behind = fact.behind;
    update.rank = fact.rank;
    update.lines_since = event_key();
    update.changed = recorded_->version;
    line_rows(fact.lien, fact.lines);
    rows_.inserted.row(Table::lien_history)
        .int8(static_cast<std::int64_t>(fact.lien.value))
        .int8(event_key())
        .value(key_or_null(fact.behind))
        .int4(book_id_)
        .int2(fact.rank)
        .text(text_of(fact.change));
}

void Projection::apply(const LienClosed& fact) {
    auto& update = update_of(fact.lien);
    update.changed = recorded_->version;
    update.closed = fact.closing;
}

void Projection::apply(const ReservationOpened& fact) {
    new_reservations_[ReservationKey{static_cast<std::uint64_t>(event_key())}] = {fact, {}};
    name_row("reservation", fact.name);
}

void Projection::apply(const ReservationClosed& fact) {
    const ReservationUpdate update{fact.closing, recorded_->version};
    if (const auto made = new_reservations_.find(fact.reservation); made != new_reservations_.end())
        made->second.end = update;
    else
        rows_.reservations[fact.reservation] = update;
}

void Projection::apply(const ExceptionOpened& fact) {
    new_exceptions_[ExceptionKey{static_cast<std::uint64_t>(event_key())}] = {fact, recorded_->known_at, {}};
}

void Projection::apply(const ExceptionCured& fact) {
    if (const auto made = new_exceptions_.find(fact.exception); made != new_exceptions_.end())
        made->second.cured = recorded_->version;
    else
        rows_.cured[fact.exception] = recorded_->version;
}

void Projection::write_liens() {
    for (const auto& [key, made] : new_liens_) {
        const auto& terms = made.terms;
        const auto& now = made.now;
        rows_.inserted.row(Table::lien)
            .int8(static_cast<std::int64_t>(key.value))
            .int8(now.lines_since)
            .int8(static_cast<std::int64_t>(now.changed.value))
            .value(version_or_null(now.closed ? std::optional{now.changed} : std::nullopt))
            .value(key_or_null(now.behind))
            .value(key_or_null(terms.parent))
            .value(terms.expires_at ? std::optional{terms.expires_at->at} : std::nullopt)
            .value(terms.secured ? std::optional{terms.secured->quantity} : std::nullopt)
            .int4(book_id_)
            .int4(number(terms.holder.value))
            .value(number_or_null(terms.agreement))
            .value(terms.secured ? std::optional{number(terms.secured->asset.value)} : std::nullopt)
            .int2(now.rank)
            .boolean(terms.reuse_right)
            .text(text_in(lien_types(), terms.type))
            .text(now.closed ? text_of(*now.closed) : "open")
            .value(text_or_null(terms.name))
            .text(terms.purpose);
    }
    new_liens_.clear();
}

void Projection::write_rest() {
    for (const auto& [key, made] : new_reservations_)
        rows_.inserted.row(Table::reservation)
            .int8(static_cast<std::int64_t>(key.value))
            .value(version_or_null(made.end ? std::optional{made.end->closed} : std::nullopt))
            .instant(made.terms.expires_at.at)
            .quantity(made.terms.quantity)
            .int4(book_id_)
            .int4(number(made.terms.account.value))
            .int4(number(made.terms.asset.value))
            .text(made.end ? text_of(made.end->closing) : "open")
            .value(text_or_null(made.terms.name))
            .text(made.terms.purpose);
    new_reservations_.clear();
    for (const auto& [key, made] : new_exceptions_)
        rows_.inserted.row(Table::exception)
            .int8(static_cast<std::int64_t>(key.value))
            .value(version_or_null(made.cured))
            .instant(made.opened_at.at)
            .quantity(made.terms.short_by)
            .int4(book_id_)
            .int4(number(made.terms.account.value))
            .int4(number(made.terms.asset.value))
            .text(info(made.terms.rule).name);
    new_exceptions_.clear();
    for (const auto& [no, made] : new_agreements_)
        rows_.inserted.row(Table::agreement)
            .int4(book_id_)
            .int4(number(no))
            .int8(static_cast<std::int64_t>(made.version.value))
            .value(version_or_null(made.revoked ? std::optional{made.revoked->revoked} : std::nullopt))
            .value(made.revoked ? std::optional{made.revoked->revoked_at.at} : std::nullopt)
            .text(made.terms.id)
            .text(made.terms.kind)
            .array(made.terms.parties, [](PartyNo party) { return number(party.value); })
            .text(made.terms.effective_from)
            .text(made.terms.effective_to)
            .text(made.terms.scope);
    new_agreements_.clear();
    for (const auto& [id, made] : new_keys_)
        rows_.inserted.row(Table::api_key)
            .int4(book_id_)
            .text(id)
            .int8(static_cast<std::int64_t>(made.version.value))
            .value(version_or_null(made.revoked))
            .value(made.terms.expires_at ? std::optional{made.terms.expires_at->at} : std::nullopt)
            .int4(number(made.terms.principal.value))
            .digest(made.terms.hash)
            .text(made.terms.last_four);
    new_keys_.clear();
}

void Projection::keep_last_balances() {
    auto& balances = rows_.balances;
    std::vector<std::uint32_t> order(balances.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](std::uint32_t at) {
        return std::tuple{balances[at].account, balances[at].asset, at};
    });
    std::vector<BalanceChange> last;
    last.reserve(balances.size());
    for (const auto at : order) {
        const auto& change = balances[at];
        if (!last.empty() && last.back().account == change.account && last.back().asset == change.asset)
            last.back() = change;
        else
            last.push_back(change);
    }
    balances = std::move(last);
}

ProjectedRows& Projection::finish() {
    keep_last_balances();
    write_liens();
    write_rest();
    return rows_;
}

}  // namespace ledger::store::postgres
