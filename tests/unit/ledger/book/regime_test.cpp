#include <set>

#include <catch2/catch.hpp>

#include "ledger/book/regime.hpp"
#include "ledger/book/terms.hpp"

using namespace ledger::book;

TEST_CASE("the stock record holds three regimes and every other regime is a pool of its own") {
    std::set<Pool> others;
    for (const auto& row : regimes()) {
        const bool is_stock_record =
            row.regime == Regime::SEC_CUST || row.regime == Regime::SEC_PAB || row.regime == Regime::HOUSE;
        CHECK((row.pool == Pool::securities_record) == is_stock_record);
        if (!is_stock_record) {
            CHECK(others.insert(row.pool).second);
            CHECK(row_of(row.pool).code == row.code);
        }
        CHECK(regime_from_code(row.code) == row.regime);
    }
    CHECK(others.size() == pool_count - 1);
    CHECK_FALSE(regime_from_code("fut_4d"));
}

TEST_CASE("protection is by trust, formula or stock record, and self-custody is only shown") {
    CHECK(row_of(Pool::securities_record).protection == Protection::stock_record);
    for (const auto pool : {Pool::sbs_cleared, Pool::sbs_noncleared, Pool::swaps_uncleared})
        CHECK(row_of(pool).protection == Protection::formula);
    CHECK(row_of(Pool::watch_only).protection == Protection::memo);
    CHECK(row_of(Pool::fut_4d).protection == Protection::trust);
    CHECK(row_of(Pool::reserve_cust).protection == Protection::trust);
}

TEST_CASE("kinds have the sides and floors of the interface") {
    std::size_t obligations = 0;
    for (const auto& row : account_kinds()) {
        CHECK(account_kind_from_code(row.code) == row.kind);
        if (row.side == Side::obligation) ++obligations;
        CHECK(row.may_have_limits ==
              (row.kind == AccountKind::customer_margin || row.kind == AccountKind::bank));
    }
    CHECK(obligations == 12);
    CHECK(account_kinds().size() - obligations == 20);
    for (const auto kind :
         {AccountKind::customer, AccountKind::residual_interest, AccountKind::box, AccountKind::dco})
        CHECK(row_of(kind).floor == Floor::zero);
    for (const auto kind :
         {AccountKind::house_equity, AccountKind::short_position, AccountKind::due_from,
          AccountKind::in_transit, AccountKind::open_trade_equity, AccountKind::stock_loaned})
        CHECK(row_of(kind).floor == Floor::none);
}

TEST_CASE("each word of the vocabulary has one text and comes back from it") {
    const auto round_trip = [](auto table, std::size_t without_text = 0) {
        std::set<std::string_view> texts;
        for (const auto& row : table) {
            CHECK(value_in(table, row.text) == row.value);
            CHECK(texts.insert(row.text).second);
        }
        using Word = std::remove_cvref_t<decltype(table.front().value)>;
        CHECK(texts.size() + without_text == static_cast<std::size_t>(last_of(Word{})) + 1);
    };
    round_trip(party_kinds());
    round_trip(sec_classes(), 1);  // unclassified is said by leaving it out
    round_trip(cftc_classes(), 1);
    round_trip(asset_kinds());
    round_trip(principal_kinds());
    round_trip(roles());
    round_trip(natures());
    round_trip(lien_types());
    CHECK(value_in(bases(), "RESERVE") == Basis::reserve);
    CHECK(value_in(bases(), "RESIDUAL_INTEREST") == Basis::residual_interest);
    CHECK(value_in(bases(), "MISDIRECTED") == Basis::misdirected);
}
