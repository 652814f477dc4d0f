#include "tests/support/random_commands.hpp"

#include <chrono>
#include <cstdlib>

namespace support {
namespace {

constexpr std::size_t remembered = 40;

const std::vector<std::string> instructions{
    "OPENING",       "DEPOSIT",           "WITHDRAWAL",       "LOCATION_MOVE",
    "MARGIN_TO_CCP", "MARGIN_FROM_CCP",   "TRADE_SETTLEMENT", "FAIL",
    "STOCK_BORROW",  "STOCK_LOAN",        "BANK_LOAN",        "REPO",
    "RESERVE",       "RESIDUAL_INTEREST", "MISDIRECTED",      "FEE",
    "INTEREST",      "REALISATION",       "CORRECTION"};
const std::vector<std::string> facts{"VARIATION", "INCOME", "FORCED_TRANSFER", "LOCATION_LOSS",
                                     "COUNT_DIFFERENCE"};

Json leg(const std::string& account, bool is_debit, const Json& amount) {
    return {{"account", account}, {is_debit ? "debit" : "credit", amount}};
}

bool is_firms_own(AccountKind kind) {
    return kind == AccountKind::house_equity || kind == AccountKind::residual_interest;
}
bool is_depository(AccountKind kind) {
    return row_of(kind).side == Side::location && row_of(kind).floor != Floor::none;
}

}  // namespace

std::uint64_t chosen_seed() {
    if (const auto* given = std::getenv("BAILEE_SEED"); given != nullptr && *given != '\0')
        return std::strtoull(given, nullptr, 10);
    return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) &
           0xffffffU;
}

RandomCommands::RandomCommands(std::uint64_t seed, Mix mix)
    : random_{seed}, mix_{mix}, now_{at_time("2026-03-05T14:00:00Z")} {
    plan_setup();
}

void RandomCommands::plan_setup() {
    const auto party = [&](const std::string& id, const char* kind) {
        planned_.push_back(from("/v1/parties", {{"id", id}, {"name", "Party " + id}, {"kind", kind}}));
    };
    party("firm", "firm");
    for (const auto* holder : {"bank-x", "cme", "ficc"}) {
        party(holder, "bank");
        holders_.emplace_back(holder);
    }
    for (unsigned customer = 0; customer < mix_.customers; ++customer) {
        customers_.push_back("cust-" + std::to_string(customer));
        party(customers_.back(), "fund");
    }
    const auto asset = [&](const std::string& id, const char* kind, int scale) {
        planned_.push_back(from("/v1/assets", {{"id", id}, {"kind", kind}, {"scale", scale}}));
        assets_.push_back(id);
    };
    asset("USD", "cash", 2);
    asset("UST", "security", 0);
    if (chance(70)) asset("BTC", "digital_asset", 8);
    if (chance(40)) asset("WEI", "digital_asset", 18);
    for (const auto& pool : pools())
        if (chance(20)) pools_.push_back(pool.pool);
    pools_.push_back(Pool::securities_record);
    pools_.push_back(Pool::fut_4d);
    for (unsigned account = 0; account < mix_.accounts; ++account) planned_.push_back(account_request());
}

Request RandomCommands::account_request() {
    const auto pool = one_of(pools_);
    std::vector<Regime> regimes_of_pool;
    for (const auto& row : regimes())
        if (row.pool == pool) regimes_of_pool.push_back(row.regime);
    const auto& kind = chance(35)   ? row_of(AccountKind::customer)
                       : chance(30) ? row_of(chance(50) ? AccountKind::bank : AccountKind::dco)
                                    : one_of(account_kinds());
    const auto id = "a" + std::to_string(places_.size()) + "." + std::string{kind.code};
    Json body{{"id", id}, {"party", chance(60) ? one_of(customers_) : "firm"}, {"side", text_of(kind.side)}};
    if (pool == Pool::securities_record && kind.floor == Floor::none && chance(50))
        body["pool"] = "securities_record";
    else
        body["regime"] = row_of(one_of(regimes_of_pool)).code;
    if (kind.side == Side::location && chance(50))
        body["location"] = {{"kind", kind.code}, {"title", "Customer Segregated"}, {"jurisdiction", "US"}};
    else
        body["kind"] = kind.code;
    if (kind.may_have_limits && chance(60))
        body["limits"] = Json::array({{{"asset", "USD"}, {"amount", std::to_string(below(400)) + ".50"}}});
    places_.push_back({id, pool, kind.kind});
    return from("/v1/accounts", std::move(body));
}

void RandomCommands::advance_clock() {
    const auto step = chance(3) ? below(3 * 3600 * 1000) : below(20'000);
    now_ += std::chrono::milliseconds{step};
}

const RandomCommands::Place* RandomCommands::some_place(Side side, std::optional<Pool> pool) {
    for (int tries = 0; tries < 40; ++tries) {
        const auto& place = one_of(places_);
        if (row_of(place.kind).side == side && (!pool || place.pool == *pool)) return &place;
    }
    return nullptr;
}

// Mostly few units; often exactly what is free, or one more; now and then the bounds of law 1.
std::string RandomCommands::digits(const TestBook& book, const std::string& account,
                                   const std::string& asset) {
    const auto no = book.state().assets.find(asset);
    const int scale = no ? book.state().assets[*no].scale : 2;
    if (chance(2)) {
        static const std::vector<std::string> odd{"0",
                                                  "0.001",
                                                  "-5",
                                                  "1000000000000000000000000000000000000",
                                                  "1",
                                                  "10000000000000000000000000000000000000",
                                                  "1.0000000000000000001"};
        return one_of(odd);
    }
    Quantity units{1 + below(chance(50) ? 50 : 20'000)};
    if (const auto of = book.state().accounts.find(account); of && no && chance(35)) {
        const auto balance = book.state().balance(*of, *no);
        const std::vector<Quantity> telling{balance.free(), balance.total, balance.uncommitted(),
                                            balance.encumbered, balance.free() + Quantity{1}};
        units = one_of(telling);
    } else if (chance(1)) {
        units = Quantity{quantity_max().units() - static_cast<int>(below(3))};
    }
    if (!units.is_positive()) units = Quantity{1 + below(30)};
    return format_decimal(units, scale);
}

Json RandomCommands::amount(const TestBook& book, const std::string& account, const std::string& asset) {
    return {{"asset", asset}, {"amount", digits(book, account, asset)}};
}

std::string RandomCommands::instant_near(std::int64_t seconds_before, std::int64_t seconds_after) {
    const auto width = static_cast<unsigned>(seconds_before + seconds_after);
    return format_rfc3339(now_ +
                          std::chrono::seconds{static_cast<std::int64_t>(below(width)) - seconds_before});
}

std::string RandomCommands::some_lien(const TestBook& book) {
    std::vector<std::string> open;
    book.state().for_each_lien([&](LienKey key, const LiveLien& lien) {
        open.push_back(lien.terms.name.empty() || chance(20) ? birth_id("lien_", key.value)
                                                             : lien.terms.name);
    });
    if (open.empty() || chance(3)) return chance(50) ? "lien-none" : birth_id("lien_", (below(4000) << 12U));
    return one_of(open);
}

std::string RandomCommands::some_reservation(const TestBook& book) {
    std::vector<std::string> open;
    book.state().for_each_reservation([&](ReservationKey key, const LiveReservation& held) {
        open.push_back(held.terms.name.empty() ? birth_id("rsv_", key.value) : held.terms.name);
    });
    if (open.empty() || chance(5)) return "r" + std::to_string(below(made_ + 1));
    return one_of(open);
}

std::optional<std::uint64_t> RandomCommands::some_match(const TestBook& book, const std::string& account) {
    const auto no = book.state().accounts.find(account);
    if (!no || !chance(10)) return std::nullopt;
    const auto version = book.state().state_version(*no).value;
    return chance(70) ? version : version + below(3);
}

void RandomCommands::add_pair(Json& legs, const TestBook& book, Pool pool, const std::string& asset) {
    const auto* left = some_place(chance(50) ? Side::location : Side::obligation, pool);
    const auto* right = some_place(chance(50) ? Side::location : Side::obligation, pool);
    if (left == nullptr || right == nullptr) return;
    // Most journals bring property in, so that there is something to bind.
    if (chance(45)) {
        const auto* place = some_place(Side::location, pool);
        const auto* owner = some_place(Side::obligation, pool);
        if (place != nullptr && owner != nullptr) left = place, right = owner;
    }
    const auto& taken_from = row_of(left->kind).side == Side::obligation ? left->id : right->id;
    const auto moved = amount(book, taken_from, asset);
    legs.push_back(leg(left->id, true, moved));
    legs.push_back(leg(right->id, false, moved));
}

Json RandomCommands::plain_journal(const TestBook& book) {
    Json legs = Json::array();
    const auto pool = one_of(pools_);
    const auto pairs = chance(80) ? 1U : chance(95) ? 1 + below(4) : 10 + below(12);
    for (unsigned pair = 0; pair < pairs; ++pair)
        add_pair(legs, book, chance(96) ? pool : one_of(pools_), some_asset());
    if (chance(2) && !legs.empty()) legs.push_back(legs[0]);
    if (chance(1) && !legs.empty()) legs[0]["account"] = "nobody";
    return {{"legs", legs}};
}

Json RandomCommands::crossing_journal(const TestBook& book) {
    const auto asset = some_asset();
    const auto from_pool = one_of(pools_);
    const auto to_pool = one_of(pools_);
    std::vector<const Place*> of_from;
    std::vector<const Place*> of_to;
    const bool is_misdirected = chance(40);
    for (const auto& place : places_) {
        const bool fits = is_misdirected ? true : is_firms_own(place.kind) || is_depository(place.kind);
        if (!fits && !chance(5)) continue;
        if (place.pool == from_pool) of_from.push_back(&place);
        if (place.pool == to_pool) of_to.push_back(&place);
    }
    Json legs = Json::array();
    if (!of_from.empty() && !of_to.empty()) {
        const auto moved = amount(book, one_of(of_from)->id, asset);
        for (const auto* side : {&of_from, &of_to}) {
            legs.push_back(leg(one_of(*side)->id, true, moved));
            legs.push_back(leg(one_of(*side)->id, false, moved));
        }
    }
    Json made{{"legs", legs}};
    if (chance(92))
        made["basis"] = is_misdirected ? "MISDIRECTED" : chance(50) ? "RESERVE" : "RESIDUAL_INTEREST";
    return made;
}

Json RandomCommands::moving_journal(const TestBook& book) {
    const auto id = some_lien(book);
    const auto* lien = book.lien(id);
    if (lien == nullptr) return plain_journal(book);
    const auto& line = lien->lines[below(static_cast<unsigned>(lien->lines.size()))];
    const auto& state = book.state();
    const auto* to = some_place(Side::location, state.accounts[line.location].pool);
    if (chance(3)) to = some_place(Side::location, {});
    if (to == nullptr) return plain_journal(book);
    auto units = chance(70)   ? line.quantity
                 : chance(50) ? line.quantity + line.quantity
                              : Quantity{1 + below(40)};
    units = std::min(units, quantity_max());
    const Json moved{{"asset", state.assets[line.asset].id},
                     {"amount", format_decimal(units, state.assets[line.asset].scale)}};
    Json made{{"legs", {leg(to->id, true, moved), leg(state.accounts[line.location].id, false, moved)}}};
    made["liens"] = Json::array({id});
    if (chance(10)) made["liens"].push_back(some_lien(book));
    made["reason"] = chance(80) ? "LOCATION_MOVE" : "CORRECTION";
    return made;
}

void RandomCommands::dress(Json& journal) {
    if (!journal.contains("reason")) {
        const bool is_fact = mix_.has_facts && chance(8);
        journal["reason"] = is_fact      ? one_of(facts)
                            : chance(65) ? (chance(70) ? "CORRECTION" : "OPENING")
                                         : one_of(instructions);
        if (chance(1)) journal["reason"] = "NO_SUCH_REASON";
        if (chance(5)) journal["nature"] = is_fact == chance(95) ? "fact" : "instruction";
        if (is_fact && chance(90))
            journal["evidence"] = Json::array({{{"kind", "wire"}, {"reference", "w1"}}});
    }
    if (chance(12))
        journal["effective_at"] = instant_near(chance(50) ? 5 * 86'400 : 7'200, chance(10) ? 600 : 1);
    if (chance(15)) journal["memo"] = chance(90) ? "as agreed" : "";
    if (chance(15))
        journal["evidence"] = Json::array({{{"kind", "letter"}, {"reference", std::to_string(made_)}}});
    if (chance(10)) journal["id"] = "j" + std::to_string(chance(95) ? ++made_ : below(made_ + 1));
}

Json RandomCommands::journal(const TestBook& book) {
    auto made = chance(8) ? crossing_journal(book) : chance(8) ? moving_journal(book) : plain_journal(book);
    if (made["legs"].size() < 2) {
        const Json least{{"asset", "USD"}, {"amount", "1"}};
        made["legs"] = {leg(one_of(places_).id, true, least), leg(one_of(places_).id, false, least)};
    }
    dress(made);
    return made;
}

Json RandomCommands::lien_lines(const TestBook& book, bool may_list) {
    const auto line = [&] {
        const auto* owner = some_place(chance(97) ? Side::obligation : Side::location, {});
        if (owner == nullptr) owner = &places_.front();
        Json made{{"account", owner->id}, {"amount", amount(book, owner->id, some_asset())}};
        if (chance(50)) {
            const auto* place = some_place(chance(97) ? Side::location : Side::obligation,
                                           chance(95) ? std::optional{owner->pool} : std::nullopt);
            if (place != nullptr) made["location"] = place->id;
        }
        if (chance(5)) made["lot"] = "lot-" + std::to_string(below(2));
        return made;
    };
    auto made = line();
    if (!may_list || !chance(25)) {
        made.erase("lot");
        return made;
    }
    Json list = Json::array({made});
    for (unsigned more = below(4); more > 0; --more) list.push_back(chance(20) ? list[0] : line());
    return {{"allocation", list}};
}

Json RandomCommands::lien(const TestBook& book) {
    auto made = lien_lines(book, true);
    static const std::vector<std::string> types{"CCP_MARGIN", "BANK_LOAN", "CUST_SEC_INT", "TRIPARTY",
                                                "LEGAL_HOLD"};
    made["type"] = one_of(types);
    made["holder"] = chance(98) ? one_of(holders_) : "nobody";
    if (chance(30)) {
        made["behind"] = some_lien(book);
        made["rank"] = chance(90) ? 2 + below(200) : below(4);
        if (const auto* senior = book.lien(made["behind"]); senior != nullptr && chance(85)) {
            const auto& line = one_of(senior->lines);
            const auto& state = book.state();
            made.erase("allocation");
            made["account"] = state.accounts[line.owner].id;
            made.erase("location");
            if (chance(40)) made["location"] = state.accounts[line.location].id;
            made["amount"] = {{"asset", state.assets[line.asset].id},
                              {"amount", format_decimal(chance(70) ? line.quantity : Quantity{1 + below(30)},
                                                        state.assets[line.asset].scale)}};
            made["rank"] = std::min(255U, senior->terms.rank + 1U + below(3));
            if (made["type"] == "CUST_SEC_INT" && chance(80)) made["type"] = "CCP_MARGIN";
        }
    } else if (chance(2)) {
        made["rank"] = below(4);
    }
    if (chance(10)) made["agreement"] = agreements_.empty() || chance(10) ? "agr-none" : one_of(agreements_);
    if (chance(10)) made["secured"] = amount(book, "", some_asset());
    if (chance(4)) made["parent"] = some_lien(book);
    if (chance(25)) made["expires_at"] = instant_near(5, chance(50) ? 300 : 7'200);
    if (chance(25)) made["id"] = "l" + std::to_string(chance(95) ? ++made_ : below(made_ + 1));
    if (chance(1)) made["id"] = birth_id("lien_", below(100'000));
    return made;
}

Request RandomCommands::lien_action(const TestBook& book) {
    const auto id = some_lien(book);
    const auto* lien = book.lien(id);
    const auto& state = book.state();
    Json few{{"asset", some_asset()}, {"amount", std::to_string(1 + below(30))}};
    if (lien != nullptr && chance(90)) few["asset"] = state.assets[lien->lines.front().asset].id;
    const auto owner = lien != nullptr ? state.accounts[lien->lines.front().owner].id : std::string{};
    const auto kind = below(100);
    auto request = from("/v1/liens/" + id, Json::object());
    if (kind < 45) {
        request.path += ":release";
        if (chance(60)) request.body["amount"] = few;
    } else if (kind < 85) {
        request.path += ":increase";
        if (chance(80)) {
            request.body["amount"] = few;
            if (lien != nullptr && chance(30))
                request.body["location"] = state.accounts[lien->lines.front().location].id;
        } else {
            request.body["allocation"] = Json::array({lien_lines(book, false)});
            if (lien != nullptr && chance(80)) request.body["allocation"][0]["account"] = owner;
        }
    } else {
        request.path += ":reallocate";
        request.body["allocation"] = Json::array();
        if (lien == nullptr || chance(20)) request.body["allocation"].push_back(lien_lines(book, false));
        if (lien != nullptr)
            for (const auto& line : lien->lines) {
                Json text{{"account", state.accounts[line.owner].id},
                          {"amount",
                           {{"asset", state.assets[line.asset].id},
                            {"amount", format_decimal(line.quantity, state.assets[line.asset].scale)}}}};
                if (!line.lot.empty()) text["lot"] = line.lot;
                if (chance(10))
                    if (const auto* other = some_place(Side::obligation, state.accounts[line.owner].pool))
                        text["account"] = other->id;
                if (chance(50))
                    if (const auto* place = some_place(Side::location, state.accounts[line.owner].pool))
                        text["location"] = place->id;
                request.body["allocation"].push_back(text);
            }
        return request;
    }
    request.if_match = some_match(book, owner);
    return request;
}

Request RandomCommands::reservation(const TestBook& book) {
    const auto* owner = some_place(chance(97) ? Side::obligation : Side::location, {});
    const auto account = owner != nullptr ? owner->id : "nobody";
    Json body{{"account", account},
              {"amount", amount(book, account, some_asset())},
              {"purpose", "order " + std::to_string(made_)},
              {"expires_at", instant_near(5, chance(50) ? 300 : 7'200)}};
    if (chance(40)) body["id"] = "r" + std::to_string(chance(95) ? ++made_ : below(made_ + 1));
    auto request = from("/v1/reservations", std::move(body));
    request.if_match = some_match(book, account);
    return request;
}

Request RandomCommands::reservation_action(const TestBook& book) {
    const auto id = some_reservation(book);
    auto request = from("/v1/reservations/" + id, Json::object());
    if (chance(40)) {
        request.path += ":release";
        return request;
    }
    request.path += ":commit";
    const auto& state = book.state();
    auto key = state.reservation_named(id);
    if (!key)
        if (const auto number = key_from_birth_id("rsv_", id)) key = ReservationKey{*number};
    const auto* held = key ? state.reservation(*key) : nullptr;
    if (chance(60)) {
        Json lien{{"type", chance(90) ? "CCP_MARGIN" : "CUST_SEC_INT"}, {"holder", one_of(holders_)}};
        if (chance(20) && held != nullptr)
            lien["amount"] =
                amount(book, state.accounts[held->terms.account].id, state.assets[held->terms.asset].id);
        if (chance(10)) lien["account"] = one_of(places_).id;
        if (chance(30) && held != nullptr)
            if (const auto* place = some_place(Side::location, state.accounts[held->terms.account].pool))
                lien["location"] = place->id;
        if (chance(20)) lien["id"] = "l" + std::to_string(++made_);
        request.body["lien"] = lien;
        return request;
    }
    auto made = journal(book);
    if (held != nullptr && chance(85)) {
        const Json moved{
            {"asset", state.assets[held->terms.asset].id},
            {"amount", format_decimal(held->terms.quantity, state.assets[held->terms.asset].scale)}};
        const auto* place = some_place(Side::location, state.accounts[held->terms.account].pool);
        made["legs"] = {leg(state.accounts[held->terms.account].id, true, moved),
                        leg(place != nullptr ? place->id : "nobody", false, moved)};
        made.erase("liens");
        made.erase("basis");
        made["reason"] = "CORRECTION";
        made.erase("nature");
    }
    request.body["journal"] = made;
    return request;
}

Request RandomCommands::reversal() {
    std::string target = "j" + std::to_string(below(made_ + 1));
    Json body{{"reason", chance(90) ? "CORRECTION" : chance(50) ? one_of(instructions) : one_of(facts)}};
    if (chance(10)) body["effective_at"] = instant_near(86'400, 60);
    if (chance(30)) body["memo"] = "booked twice";
    if (chance(30)) body["evidence"] = Json::array({{{"kind", "letter"}, {"reference", "r"}}});
    return from("/v1/journals/" + target + ":reverse", std::move(body));
}

Request RandomCommands::terms() {
    if (chance(30) && places_.size() < 50) return account_request();
    if (!agreements_.empty() && chance(25)) {
        Json body{{"reason", "ended"}};
        if (chance(40)) body["effective_at"] = instant_near(3'600, 3'600);
        return from("/v1/agreements/" + (chance(90) ? one_of(agreements_) : "agr-none") + ":revoke",
                    std::move(body));
    }
    if (chance(30)) {  // an account that should not be
        Json body{{"id", "bad" + std::to_string(++made_)}, {"party", chance(80) ? "firm" : "nobody"}};
        body["side"] = chance(50) ? "obligation" : "location";
        body["kind"] = one_of(account_kinds()).code;
        if (chance(60)) body["regime"] = one_of(regimes()).code;
        if (!body.contains("regime") || chance(20))
            body["pool"] = chance(60) ? "securities_record" : "FUT_4D";
        if (chance(30))
            body["limits"] = Json::array({{{"asset", chance(90) ? "USD" : "ZZZ"}, {"amount", "5"}}});
        return from("/v1/accounts", std::move(body));
    }
    const auto id = "agr-" + std::to_string(++made_);
    agreements_.push_back(id);
    Json body{
        {"id", id},
        {"kind", "control_agreement"},
        {"parties", {chance(95) ? one_of(customers_) : "nobody"}},
        {"effective_from",
         format_rfc3339(now_ + std::chrono::hours{24 * (static_cast<int>(below(4)) - 2)}).substr(0, 10)}};
    if (chance(50))
        body["effective_to"] = format_rfc3339(now_ + std::chrono::hours{24 * below(5)}).substr(0, 10);
    return from("/v1/agreements", std::move(body));
}

void RandomCommands::remember(const Request& request) {
    if (!request.body.contains("id")) return;
    sent_.push_back(request);
    if (sent_.size() > remembered) sent_.pop_front();
}

Request RandomCommands::next(const TestBook& book) {
    advance_clock();
    if (!planned_.empty()) {
        auto request = planned_.front();
        planned_.pop_front();
        request.at = now_;
        return request;
    }
    if (!sent_.empty() && chance(2)) {  // the same again, or almost
        auto request = one_of(sent_);
        request.at = now_;
        if (chance(30) && request.body.contains("amount") && request.body["amount"].is_object())
            request.body["amount"]["amount"] = "7";
        return request;
    }
    const auto kind = below(100);
    auto request = kind < 48   ? from("/v1/journals", journal(book))
                   : kind < 63 ? from("/v1/liens", lien(book))
                   : kind < 80 ? lien_action(book)
                   : kind < 88 ? reservation(book)
                   : kind < 94 ? reservation_action(book)
                   : kind < 97 ? reversal()
                               : terms();
    if (request.path == "/v1/liens" && request.body.contains("account"))
        request.if_match = some_match(book, request.body["account"]);
    remember(request);
    return request;
}

}  // namespace support
