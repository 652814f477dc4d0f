#include <catch2/catch.hpp>

#include "tests/support/laws.hpp"
#include "tests/support/small_firm.hpp"

namespace {

using namespace support;

struct Postings : SmallFirm {
    ~Postings() { CHECK(broken_law(book.state()) == ""); }
    static constexpr auto most = "1000000000000000000000000000000000000";
    Json legs_of(std::size_t count, const std::string& digits) {
        Json legs = Json::array();
        for (std::size_t leg = 0; leg < count; leg += 2) {
            legs.push_back(debit("k", digits, "UST"));
            legs.push_back(credit("fund.fut", digits, "UST"));
        }
        return legs;
    }
};

}  // namespace

TEST_CASE_METHOD(Postings, "a journal of many legs and assets shows each balance once as it is after") {
    const auto answer = journal("TRADE_SETTLEMENT", "", "", "", "",
                                {{"legs",
                                  {debit("k", "5", "UST"), credit("fund.fut", "5", "UST"),
                                   debit("fund.fut", "50.00", "USD"), credit("bank.4d", "50.00", "USD"),
                                   debit("fund.fut", "1.00", "USD"), credit("ri", "1.00", "USD")}}});
    REQUIRE(answer.is_accepted());
    const auto& posted = std::get<JournalPosted>(book.last().events.front());
    CHECK(posted.legs.size() == 6);
    CHECK(posted.after.size() == 5);
    CHECK(book.total("fund.fut", "USD") == "949.00");
    CHECK(book.total("fund.fut", "UST") == "105");
}

TEST_CASE_METHOD(Postings, "a reversal mirrors every leg and is linked once") {
    REQUIRE(journal("DEPOSIT", "k", "other.fut", "7", "UST", {{"id", "j"}}).is_accepted());
    const auto reversal = post("/v1/journals/j:reverse", R"({"reason":"CORRECTION"})");
    REQUIRE(reversal.is_accepted());
    const auto& posted = std::get<JournalPosted>(book.last().events.front());
    CHECK(posted.reverses);
    CHECK(book.state().reversed_by(*posted.reverses) == JournalKey::at(reversal.version, 0));
    CHECK(posted.nature == Nature::instruction);
    CHECK(book.total("other.fut", "UST") == "0");
    CHECK(book.total("k", "UST") == "70");
}

TEST_CASE_METHOD(Postings, "a reversal is an instruction: what has been bound since stays") {
    REQUIRE(journal("DEPOSIT", "k", "other.fut", "7", "UST", {{"id", "j"}}).is_accepted());
    REQUIRE(lien("l", "7", {{"account", "other.fut"}}).is_accepted());
    CHECK(post("/v1/journals/j:reverse", R"({"reason":"CORRECTION"})").code() == "INSUFFICIENT_FREE");
}

TEST_CASE_METHOD(Postings, "the book holds 10^36 of an asset on either side and not one unit more") {
    CHECK(journal("DEPOSIT", "k", "fund.fut", most, "UST").code() == "SUPPLY_EXCEEDED");
    CHECK(journal("DEPOSIT", "k", "fund.fut", "999999999999999999999999999999999900", "UST").is_accepted());
    CHECK(journal("DEPOSIT", "k", "fund.fut", "1", "UST").code() == "SUPPLY_EXCEEDED");
    CHECK(journal("DEPOSIT", "k", "other.fut", "1", "UST").code() == "SUPPLY_EXCEEDED");
    CHECK(journal("WITHDRAWAL", "fund.fut", "k", "1", "UST").is_accepted());
    CHECK(journal("DEPOSIT", "k", "other.fut", "1", "UST").is_accepted());
}

TEST_CASE_METHOD(Postings, "500 legs of 10^36 are refused without a sum that overflows") {
    CHECK(journal("CORRECTION", "", "", "", "", {{"legs", legs_of(legs_per_journal_max, most)}}).code() ==
          "SUPPLY_EXCEEDED");
    Json one_sided = Json::array();
    for (std::size_t leg = 0; leg < legs_per_journal_max; ++leg) one_sided.push_back(debit("k", most, "UST"));
    CHECK(journal("CORRECTION", "", "", "", "", {{"legs", one_sided}}).code() == "SUPPLY_EXCEEDED");
}

TEST_CASE_METHOD(Postings, "what counts is where the legs end, in whatever order they stand") {
    REQUIRE(journal("DEPOSIT", "k", "fund.fut", "999999999999999999999999999999999900", "UST").is_accepted());
    const Json up_first{debit("k", "5", "UST"), credit("fund.fut", "5", "UST"), credit("k", "5", "UST"),
                        debit("fund.fut", "5", "UST")};
    CHECK(journal("CORRECTION", "", "", "", "", {{"legs", up_first}}).is_accepted());
    const Json down_first{credit("fund.fut", "5", "UST"), debit("fund.fut", "5", "UST")};
    CHECK(journal("CORRECTION", "", "", "", "", {{"legs", down_first}}).is_accepted());
}

TEST_CASE_METHOD(Postings, "500 legs of one unit are a journal like any other") {
    REQUIRE(
        journal("CORRECTION", "", "", "", "", {{"legs", legs_of(legs_per_journal_max, "1")}}).is_accepted());
    CHECK(book.total("fund.fut", "UST") == "350");
}

TEST_CASE_METHOD(Postings,
                 "a fact that breaks a floor opens one exception for each balance, and its cure closes it") {
    const Json told{{"evidence", {{{"kind", "statement"}, {"reference", "1"}}}}};
    REQUIRE(journal("VARIATION", "other.fut", "bank.4d", "30.00", "USD", told).is_accepted());
    CHECK(book.open_exceptions() == 1);
    book.state().for_each_exception([&](ExceptionKey, const OpenException& open) {
        CHECK(open.terms.rule == Code::floor_broken);
        CHECK(open.terms.short_by == Quantity{3000});
        CHECK(book.state().accounts[open.terms.account].id == "other.fut");
    });
    REQUIRE(journal("VARIATION", "other.fut", "bank.4d", "1.00", "USD", told).is_accepted());
    CHECK(book.open_exceptions() == 1);  // deeper, and still the same one
    CHECK(journal("WITHDRAWAL", "other.fut", "bank.4d", "1.00", "USD").code() == "INSUFFICIENT_FREE");
    REQUIRE(journal("DEPOSIT", "bank.4d", "other.fut", "31.00", "USD").is_accepted());
    CHECK(book.open_exceptions() == 0);
    CHECK(std::holds_alternative<ExceptionCured>(book.last().events.back()));
}

TEST_CASE_METHOD(Postings, "a fact that takes bound units opens LIEN_SHORT on both sides") {
    REQUIRE(lien("l", "70", {{"location", "k"}}).is_accepted());
    REQUIRE(journal("LOCATION_LOSS", "fund.fut", "k", "40", "UST",
                    {{"evidence", {{{"kind", "notice"}, {"reference", "fire"}}}}})
                .is_accepted());
    CHECK(book.open_exceptions() == 2);
    book.state().for_each_exception(
        [&](ExceptionKey, const OpenException& open) { CHECK(open.terms.rule == Code::lien_short); });
    REQUIRE(post("/v1/liens/l:release", R"({"amount":{"asset":"UST","amount":"40"}})").is_accepted());
    CHECK(book.open_exceptions() == 0);
}

TEST_CASE_METHOD(Postings,
                 "a bank without an overdraft line stays at zero and one with it stops at its limit") {
    CHECK(journal("CORRECTION", "house", "bank", "1500.01", "USD").code() == "INSUFFICIENT_FREE");
    CHECK(journal("CORRECTION", "house", "bank", "1500.00", "USD").is_accepted());
    REQUIRE(post("/v1/accounts",
                 R"({"id":"od","party":"bank-b","side":"location","kind":"bank","pool":"securities_record",
                                     "limits":[{"asset":"USD","amount":"10.00"}]})")
                .is_accepted());
    CHECK(journal("CORRECTION", "house", "od", "10.01", "USD").code() == "INSUFFICIENT_FREE");
    CHECK(journal("CORRECTION", "house", "od", "10.00", "USD").is_accepted());
    CHECK(book.total("od", "USD") == "-10.00");
}

TEST_CASE_METHOD(Postings, "hindsight is judged by every leg's calendar, in whatever order the legs stand") {
    book.tick("2026-07-06T15:00:00Z");
    // Friday 3 July 2026: the exchanges keep Independence Day, the Reserve Banks are open.
    const auto friday = "2026-07-03T15:00:00Z";
    const Json firm_first{debit("house", "1.00", "USD"), credit("bank", "1.00", "USD"),
                          debit("bank.4d", "1.00", "USD"), credit("ri", "1.00", "USD")};
    const Json pool_first{debit("bank.4d", "1.00", "USD"), credit("ri", "1.00", "USD"),
                          debit("house", "1.00", "USD"), credit("bank", "1.00", "USD")};
    for (const auto& legs : {firm_first, pool_first})
        CHECK(journal("RESIDUAL_INTEREST", "", "", "", "",
                      {{"legs", legs}, {"basis", "RESIDUAL_INTEREST"}, {"effective_at", friday}})
                  .code() == "HINDSIGHT_UNEXPLAINED");
    CHECK(journal("DEPOSIT", "bank", "fund.sec", "1.00", "USD", {{"effective_at", friday}}).is_accepted());
}

TEST_CASE_METHOD(Postings, "a location of no regime keeps the exchanges' days") {
    book.tick("2026-07-06T15:00:00Z");
    REQUIRE(
        post("/v1/accounts",
             R"({"id":"bank2","party":"bank-b","side":"location","kind":"bank","pool":"securities_record"})")
            .is_accepted());
    CHECK(journal("LOCATION_MOVE", "bank2", "bank", "1.00", "USD", {{"effective_at", "2026-07-03T15:00:00Z"}})
              .is_accepted());
}

TEST_CASE_METHOD(Postings, "an id and its body again answer as before, another body does not") {
    const auto first = journal("DEPOSIT", "k", "fund.fut", "7", "UST", {{"id", "j"}});
    const auto version = book.state().version();
    const auto again = journal("DEPOSIT", "k", "fund.fut", "7", "UST", {{"id", "j"}});
    CHECK(again.is_same);
    CHECK(again.version == first.version);
    CHECK(book.state().version() == version);
    CHECK(journal("DEPOSIT", "k", "fund.fut", "8", "UST", {{"id", "j"}}).code() == "DUPLICATE_ID");
    // The same names of other kinds are free.
    CHECK(lien("j", "1").is_accepted());
    CHECK(lien("j", "1").is_same);
    CHECK(post("/v1/liens/j:release", "{}").is_accepted());
    CHECK(lien("j", "1").is_same);
    CHECK(lien("j", "2").code() == "DUPLICATE_ID");
}

TEST_CASE_METHOD(Postings,
                 "ids of the book's own form are the book's own, others with an underscore are not") {
    const auto open = [&](const std::string& id) { return lien(id, "1").code(); };
    CHECK(open("lien_00000000110g0") == "DUPLICATE_ID");
    CHECK(open("abcd_0000000000000") == "DUPLICATE_ID");
    CHECK(open("lien_mine") == "accepted");
    CHECK(open("lien_00000000110gu") == "accepted");  // u is no digit of such an id
    CHECK(open("liens_0000000000000") == "accepted");
}

TEST_CASE("genesis holds the reasons of the interface, each with its nature") {
    const TestBook book;
    const auto nature = [&](const char* id) {
        return book.state().reasons[book.state().reasons.find(id).value()].nature;
    };
    for (const auto* id :
         {"OPENING", "DEPOSIT", "WITHDRAWAL", "LOCATION_MOVE", "MARGIN_TO_CCP", "MARGIN_FROM_CCP",
          "TRADE_SETTLEMENT", "FAIL", "STOCK_BORROW", "STOCK_LOAN", "BANK_LOAN", "REPO", "RESERVE",
          "RESIDUAL_INTEREST", "MISDIRECTED", "FEE", "INTEREST", "REALISATION", "CORRECTION"})
        CHECK(nature(id) == Nature::instruction);
    for (const auto* id : {"VARIATION", "INCOME", "FORCED_TRANSFER", "LOCATION_LOSS", "COUNT_DIFFERENCE"})
        CHECK(nature(id) == Nature::fact);
    CHECK(book.state().reasons.size() == 24);
}
