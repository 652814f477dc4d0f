// The margin engine's read: quantities of each asset in each account, what binds them, and where such
// property lies.
#include <algorithm>
#include <bitset>

#include "api/handlers/handlers.hpp"
#include "api/wire/request_fields.hpp"

namespace api::handlers {
namespace {

using http::QueryReader;
using wire::JsonWriter;

struct Wanted {
    std::optional<AccountNo> account;
    std::optional<PartyNo> party;
    std::optional<Regime> regime;
    std::optional<AssetNo> asset;
};

bool is_empty(const Balance& balance) { return balance == Balance{}; }

// Liens with a line of this account and asset. Those that stand behind others consume nothing and say so.
void write_liens(JsonWriter& out, const Reading& reading, const Position& position, int scale) {
    const auto& state = reading.state();
    out.begin_array("liens");
    for (const auto key : state.liens_of(position.account)) {
        const auto& lien = *state.lien(key);
        Quantity held;
        Quantity consumed;
        for (const auto& line : lien.lines) {
            if (line.owner != position.account || line.asset != position.asset) continue;
            held += line.quantity;
            consumed += line.consumed;
        }
        if (held.is_zero()) continue;
        out.begin_object();
        out.field("id", lien.terms.name.empty() ? birth_id("lien_", key.value) : lien.terms.name);
        out.field("type", text_in(lien_types(), lien.terms.type));
        out.field("holder", state.parties[lien.terms.holder].id);
        out.field("amount", consumed.is_zero() ? held : consumed, scale);
        out.field("consuming", !consumed.is_zero()).end_object();
    }
    out.end_array();
}

// Kinds of the places in the account's pool that hold the asset now.
void write_location_classes(JsonWriter& out, const State& state, const Position& position) {
    std::bitset<account_kind_count> kinds;
    const auto own_side = state.accounts[position.account].side;
    if (own_side == Side::location)
        kinds.set(static_cast<std::size_t>(state.accounts[position.account].kind));
    else
        for (const auto location : state.locations_of(state.accounts[position.account].pool)) {
            const auto kind = static_cast<std::size_t>(state.accounts[location].kind);
            if (!kinds.test(kind) && state.balance(location, position.asset).total.is_positive())
                kinds.set(kind);
        }
    out.begin_array("location_classes");
    for (const auto& row : account_kinds())
        if (kinds.test(static_cast<std::size_t>(row.kind))) out.string(row.code);
    out.end_array();
}

void write_item(JsonWriter& out, const Reading& reading, const Position& position) {
    const auto& state = reading.state();
    const auto& account = state.accounts[position.account];
    const auto& asset = state.assets[position.asset];
    const auto& balance = position.balance;
    out.begin_object().field("account", account.id).field("party", state.parties[account.party].id);
    if (account.regime)
        out.field("regime", row_of(*account.regime).code);
    else
        out.field_null("regime");
    out.field("asset", asset.id).field("total", balance.total, asset.scale);
    out.field("encumbered", balance.encumbered, asset.scale);
    write_liens(out, reading, position, asset.scale);
    out.field("reserved", balance.reserved, asset.scale).field("pending_in", balance.pending_in, asset.scale);
    out.field("pending_out", balance.pending_out, asset.scale).field("free", balance.free(), asset.scale);
    out.field("state_version", state.state_version(position.account).value).field("finality", "final");
    write_location_classes(out, state, position);
    out.end_object();
}

// In the order of the assets, which does not depend on when the account first held them.
std::vector<const Position*> positions_of(const State& state, AccountNo account) {
    std::vector<const Position*> positions;
    state.for_each_position(account, [&](const Position& position) { positions.push_back(&position); });
    std::ranges::sort(positions, {}, [](const Position* position) { return position->asset; });
    return positions;
}

// Collects a page of items; a cursor is the number of the account and of the asset after it.
class ItemPage {
public:
    ItemPage(const Reading& reading, const Wanted& wanted, const Page& page)
        : reading_{reading}, wanted_{wanted}, page_{page} {}

    // False when the page is full.
    bool add(AccountNo account) {
        const auto& state = reading_.state();
        if (!matches(state.accounts[account])) return true;
        for (const auto* position : positions_of(state, account)) {
            const auto cursor = (std::uint64_t{account.value} << 32U) | (position->asset.value + 1U);
            const bool is_wanted = cursor > page_.after && !is_empty(position->balance) &&
                                   (!wanted_.asset || position->asset == *wanted_.asset);
            if (!is_wanted) continue;
            if (items_.size() == page_.limit) {
                has_more_ = true;
                return false;
            }
            items_.push_back(position);
            last_ = cursor;
        }
        return true;
    }

    [[nodiscard]] Response answer() const {
        Version greatest;
        JsonWriter out{256 + items_.size() * 512};
        const auto& state = reading_.state();
        for (const auto* item : items_) greatest = std::max(greatest, state.state_version(item->account));
        if (items_.empty() && wanted_.account) greatest = state.state_version(*wanted_.account);
        out.begin_object().field("state_version", greatest.value).begin_array("items");
        for (const auto* item : items_) write_item(out, reading_, *item);
        out.end_array();
        write_next(out, reading_.head(), 'c', has_more_ ? std::optional{last_} : std::nullopt);
        out.end_object();
        return reading_.answer(out, greatest);
    }

private:
    [[nodiscard]] bool matches(const AccountTerms& account) const {
        return (!wanted_.party || account.party == *wanted_.party) &&
               (!wanted_.regime || account.regime == wanted_.regime) &&
               (wanted_.account || account.side == Side::obligation);
    }

    const Reading& reading_;
    const Wanted& wanted_;
    const Page& page_;
    std::vector<const Position*> items_;
    std::uint64_t last_ = 0;
    bool has_more_ = false;
};

Result<Wanted> read_wanted(Reading& reading, QueryReader& query) {
    const auto account_id = query.id("account");
    const auto party_id = query.id("party");
    const auto asset_id = query.id("asset");
    Wanted wanted{.account = {},
                  .party = reading.scope(),
                  .regime = query.choice("regime", wire::regime_texts()),
                  .asset = {}};
    if (auto read = query.finish(); !read) return refuse(std::move(read.error()));
    if (account_id) {
        const auto account = reading.account(*account_id, "?account");
        if (!account) return refuse(account.error());
        wanted.account = *account;
    }
    if (party_id) {
        const auto party = reading.party(*party_id, "?party");
        if (!party) return refuse(party.error());
        wanted.party = *party;
    }
    if (asset_id) {
        const auto asset = reading.asset(*asset_id, "?asset");
        if (!asset) return refuse(asset.error());
        wanted.asset = *asset;
    }
    return wanted;
}

}  // namespace

Result<Response> get_collateral(Reading& reading) {
    QueryReader query{reading.request().query};
    const auto wanted = read_wanted(reading, query);
    if (!wanted) return refuse(wanted.error());
    const auto page = reading.page(query, 'c');
    if (!page) return refuse(page.error());
    const auto& state = reading.state();
    ItemPage items{reading, *wanted, *page};
    const AccountNo first{static_cast<std::uint32_t>(page->after >> 32U)};
    const auto add_all = [&](const std::vector<AccountNo>& accounts) {
        for (auto at = std::ranges::lower_bound(accounts, first); at != accounts.end(); ++at)
            if (!items.add(*at)) return;
    };
    if (wanted->account)
        add_all({*wanted->account});
    else if (wanted->party)
        add_all(reading.shared().accounts.of_party(state, *wanted->party));
    else if (wanted->regime)
        add_all(reading.shared().accounts.of_regime(state, *wanted->regime));
    else
        for (auto account = first; state.accounts.contains(account); ++account.value)
            if (!items.add(account)) break;
    return items.answer();
}

Result<Response> get_balances(Reading& reading) {
    const auto account = reading.account(reading.id());
    if (!account) return refuse(account.error());
    const auto& state = reading.state();
    const auto version = state.state_version(*account);
    JsonWriter out;
    out.begin_object().field("account", state.accounts[*account].id).field("state_version", version.value);
    out.begin_array("balances");
    auto positions = positions_of(state, *account);
    std::ranges::sort(positions, {}, [&](const Position* position) {
        return std::string_view{state.assets[position->asset].id};
    });
    for (const auto* position : positions) {
        const auto& asset = state.assets[position->asset];
        out.begin_object().field("asset", asset.id);
        wire::write_balance_fields(out, position->balance, asset.scale);
        out.end_object();
    }
    out.end_array().end_object();
    return reading.answer(out, version);
}

}  // namespace api::handlers
