#include <catch2/catch.hpp>

#include "tests/support/laws.hpp"
#include "tests/support/small_firm.hpp"

namespace {

using namespace support;

struct Liens : SmallFirm {
    ~Liens() { CHECK(broken_law(book.state()) == ""); }
    Answer release(const std::string& lien, const std::string& digits = {}) {
        Json body = Json::object();
        if (!digits.empty()) body["amount"] = amount(digits, "UST");
        return book.post("/v1/liens/" + lien + ":release", body);
    }
    Answer behind(const std::string& id, const std::string& senior, int rank, const std::string& digits) {
        return lien(id, digits, {{"behind", senior}, {"rank", rank}});
    }
    [[nodiscard]] std::string bound() const { return book.encumbered("fund.fut", "UST"); }
};

}  // namespace

TEST_CASE_METHOD(Liens, "without a location the book takes the place with most free, then the next") {
    REQUIRE(lien("l", "85").is_accepted());
    CHECK(lines("l") == "k 70, cme.4d 15");
    CHECK(book.free("cme.4d", "UST") == "5");
    REQUIRE(lien("m", "12").is_accepted());
    CHECK(lines("m") == "vault 10, cme.4d 2");
}

TEST_CASE_METHOD(Liens, "places with equally much free are taken in the order of their ids") {
    REQUIRE(journal("LOCATION_MOVE", "vault", "cme.4d", "5", "UST").is_accepted());  // 15 and 15
    REQUIRE(lien("big", "70", {{"location", "k"}}).is_accepted());
    REQUIRE(lien("l", "16").is_accepted());
    CHECK(lines("l") == "cme.4d 15, vault 1");
}

TEST_CASE_METHOD(Liens, "an allocation names its lines and the same place is one line") {
    const auto answer = post("/v1/liens", R"({"id":"l","type":"BANK_LOAN","holder":"bank-a","allocation":[
        {"account":"fund.fut","location":"k","amount":{"asset":"UST","amount":"5"}},
        {"account":"fund.fut","location":"vault","amount":{"asset":"UST","amount":"4"}},
        {"account":"fund.fut","location":"k","amount":{"asset":"UST","amount":"3"}},
        {"account":"fund.fut","location":"bank.4d","amount":{"asset":"USD","amount":"10.00"}}]})");
    REQUIRE(answer.is_accepted());
    CHECK(lines("l") == "k 8, vault 4, bank.4d 10.00");
    CHECK(bound() == "12");
    CHECK(book.encumbered("bank.4d", "USD") == "10.00");
}

TEST_CASE_METHOD(Liens, "lots are lines of their own") {
    REQUIRE(post("/v1/liens", R"({"id":"l","type":"BANK_LOAN","holder":"bank-a","allocation":[
        {"account":"fund.fut","location":"k","lot":"a","amount":{"asset":"UST","amount":"5"}},
        {"account":"fund.fut","location":"k","lot":"b","amount":{"asset":"UST","amount":"4"}}]})")
                .is_accepted());
    CHECK(lines("l") == "k 5, k 4");
}

TEST_CASE_METHOD(Liens, "no unit is bound twice, whichever side lacks it") {
    REQUIRE(lien("l", "70", {{"location", "k"}}).is_accepted());
    CHECK(lien("m", "1", {{"location", "k"}}).pointer() == "/location");
    REQUIRE(lien("n", "30").is_accepted());
    CHECK(lien("o", "1").code() == "INSUFFICIENT_FREE");
    CHECK(bound() == "100");
}

TEST_CASE_METHOD(Liens, "a lien grows, shrinks from its last line and closes with its last unit") {
    REQUIRE(lien("l", "72").is_accepted());
    CHECK(lines("l") == "k 70, cme.4d 2");
    REQUIRE(post("/v1/liens/l:increase", R"({"amount":{"asset":"UST","amount":"15"}})").is_accepted());
    CHECK(lines("l") == "k 70, cme.4d 17");
    REQUIRE(release("l", "20").is_accepted());
    CHECK(lines("l") == "k 67");
    REQUIRE(release("l", "67").is_accepted());
    CHECK(book.lien("l") == nullptr);
    CHECK(bound() == "0");
    CHECK(release("l").code() == "ALREADY_SETTLED");
}

TEST_CASE_METHOD(Liens, "an increase of a lien of several owners wants an allocation") {
    REQUIRE(journal("DEPOSIT", "k", "other.fut", "10", "UST").is_accepted());
    REQUIRE(post("/v1/liens", R"({"id":"l","type":"BANK_LOAN","holder":"bank-a","allocation":[
        {"account":"fund.fut","location":"k","amount":{"asset":"UST","amount":"5"}},
        {"account":"other.fut","location":"k","amount":{"asset":"UST","amount":"4"}}]})")
                .is_accepted());
    CHECK(post("/v1/liens/l:increase", R"({"amount":{"asset":"UST","amount":"1"}})").pointer() ==
          "/allocation");
    CHECK(
        post(
            "/v1/liens/l:increase",
            R"({"allocation":[{"account":"other.fut","location":"k","amount":{"asset":"UST","amount":"6"}}]})")
            .is_accepted());
    CHECK(book.free("other.fut", "UST") == "0");
}

TEST_CASE_METHOD(Liens, "a partial release of the middle of three binds nothing that is still covered") {
    REQUIRE(lien("a", "100").is_accepted());
    REQUIRE(behind("b", "a", 2, "100").is_accepted());
    REQUIRE(behind("c", "b", 3, "100").is_accepted());
    REQUIRE(release("b", "50").is_accepted());
    CHECK(bound() == "100");
    CHECK_FALSE(book.balance("fund.fut", "UST").free().is_negative());
    // What the first gives back is taken by the second up to its own, and by the third for the rest.
    REQUIRE(release("a", "100").is_accepted());
    CHECK(bound() == "100");
    REQUIRE(release("b").is_accepted());
    CHECK(bound() == "100");
    CHECK(book.lien("c")->terms.rank == 1);
    CHECK_FALSE(book.lien("c")->terms.behind);
    REQUIRE(release("c").is_accepted());
    CHECK(bound() == "0");
}

TEST_CASE_METHOD(Liens, "a junior takes the units its senior lets go, in the same version") {
    REQUIRE(lien("a", "60").is_accepted());
    REQUIRE(behind("b", "a", 2, "40").is_accepted());
    CHECK(bound() == "60");
    const auto answer = release("a", "50");
    CHECK(answer.version == book.state().version());
    CHECK(bound() == "40");
    CHECK(book.lien("b")->terms.behind == book.lien_key("a"));
    // A promoted junior keeps what it took though the senior grows again.
    REQUIRE(post("/v1/liens/a:increase", R"({"amount":{"asset":"UST","amount":"30"}})").is_accepted());
    CHECK(bound() == "70");
    REQUIRE(release("a").is_accepted());
    CHECK(bound() == "40");
    CHECK(book.lien("b")->terms.rank == 1);
}

TEST_CASE_METHOD(Liens, "a junior grows within what its senior has left, over all its lines") {
    REQUIRE(lien("a", "80").is_accepted());
    CHECK(lines("a") == "k 70, cme.4d 10");
    REQUIRE(behind("b", "a", 2, "75").is_accepted());
    CHECK(lines("b") == "k 70, cme.4d 5");
    REQUIRE(post("/v1/liens/b:increase", R"({"amount":{"asset":"UST","amount":"5"}})").is_accepted());
    CHECK(lines("b") == "k 70, cme.4d 10");
    CHECK(post("/v1/liens/b:increase", R"({"amount":{"asset":"UST","amount":"1"}})").code() != "accepted");
    CHECK(bound() == "80");
}

TEST_CASE_METHOD(Liens, "the middle of a chain may close: its neighbours stand together") {
    REQUIRE(lien("a", "60").is_accepted());
    REQUIRE(behind("b", "a", 2, "60").is_accepted());
    REQUIRE(behind("c", "b", 3, "30").is_accepted());
    REQUIRE(release("b").is_accepted());
    CHECK(book.lien("c")->terms.behind == book.lien_key("a"));
    CHECK(book.lien("a")->junior == book.lien_key("c"));
    CHECK(behind("d", "c", 4, "30").is_accepted());
}

TEST_CASE_METHOD(Liens, "the base interest consumes nothing") {
    REQUIRE(lien("base", "100", {{"type", "CUST_SEC_INT"}}).is_accepted());
    CHECK(bound() == "0");
    CHECK(lien("l", "100").is_accepted());
    CHECK(
        post("/v1/liens/base:increase", R"({"amount":{"asset":"UST","amount":"1"},"location":"k"})").code() ==
        "INSUFFICIENT_FREE");
    REQUIRE(release("base").is_accepted());
    CHECK(bound() == "100");
}

TEST_CASE_METHOD(Liens, "a re-allocation is one event that leaves the sum as it was") {
    REQUIRE(lien("l", "20", {{"location", "k"}}).is_accepted());
    REQUIRE(post("/v1/liens/l:reallocate", R"({"allocation":[
        {"account":"fund.fut","location":"vault","amount":{"asset":"UST","amount":"10"}},
        {"account":"fund.fut","amount":{"asset":"UST","amount":"10"}}]})")
                .is_accepted());
    CHECK(lines("l") == "vault 10, k 10");
    CHECK(book.last().events.size() == 1);
    CHECK(book.encumbered("k", "UST") == "10");
    REQUIRE(behind("m", "l", 2, "5").is_accepted());
    CHECK(post("/v1/liens/l:reallocate", R"({"allocation":[]})").pointer() == "/lien");
}

TEST_CASE_METHOD(Liens, "liens move with the units between two places of one pool") {
    REQUIRE(lien("l", "30", {{"location", "k"}}).is_accepted());
    const Json with{{"liens", {"l"}}};
    CHECK(journal("LOCATION_MOVE", "vault", "k", "70", "UST").code() == "INSUFFICIENT_FREE");
    CHECK(journal("LOCATION_MOVE", "vault", "k", "29", "UST", with).code() == "LIEN_LINES_STAY");
    REQUIRE(journal("LOCATION_MOVE", "vault", "k", "70", "UST", with).is_accepted());
    CHECK(lines("l") == "vault 30");
    CHECK(book.free("vault", "UST") == "50");
    CHECK(book.free("k", "UST") == "0");
    CHECK(journal("LOCATION_MOVE", "k", "cme.4d", "1", "UST", with).pointer() == "/liens/0");
}

TEST_CASE_METHOD(Liens, "a promoted junior's own units count among those that move") {
    REQUIRE(lien("a", "60", {{"location", "k"}}).is_accepted());
    REQUIRE(behind("b", "a", 2, "60").is_accepted());
    REQUIRE(release("a", "30").is_accepted());
    CHECK(journal("LOCATION_MOVE", "bank.4d", "k", "30", "UST", {{"liens", {"a"}}}).code() ==
          "LIEN_LINES_STAY");
    REQUIRE(journal("LOCATION_MOVE", "bank.4d", "k", "60", "UST", {{"liens", {"a"}}}).is_accepted());
    CHECK(book.free("bank.4d", "UST") == "0");
    CHECK(lines("b") == "bank.4d 60");
}

TEST_CASE_METHOD(Liens, "no lien moves to a place that is overdrawn for more than what comes") {
    REQUIRE(post("/v1/accounts",
                 R"({"id":"od","party":"bank-b","side":"location","kind":"bank","regime":"FUT_4D",
                     "limits":[{"asset":"USD","amount":"50.00"}]})")
                .is_accepted());
    REQUIRE(journal("LOCATION_MOVE", "bank.4d", "od", "50.00", "USD").is_accepted());
    REQUIRE(lien("l", "40", {{"location", "bank.4d"}, {"amount", amount("40.00", "USD")}}).is_accepted());
    const auto answer = journal("LOCATION_MOVE", "od", "bank.4d", "40.00", "USD", {{"liens", {"l"}}});
    CHECK(answer.code() == "INSUFFICIENT_FREE");
    CHECK(answer.pointer() == "/legs/0/debit");
    CHECK(answer.figure("asked") == "40.00");
    CHECK(journal("LOCATION_MOVE", "od", "bank.4d", "90.00", "USD", {{"liens", {"l"}}}).is_accepted());
    CHECK(book.free("od", "USD") == "0.00");
}

TEST_CASE_METHOD(Liens, "no lien follows units out of its owner's pool") {
    REQUIRE(journal("RESIDUAL_INTEREST", "bank.4d", "ri", "100.00", "USD",
                    {{"basis", "RESIDUAL_INTEREST"},
                     {"legs",
                      {debit("house", "100.00", "USD"), credit("bank", "100.00", "USD"),
                       debit("bank.4d", "100.00", "USD"), credit("ri", "100.00", "USD")}}})
                .is_accepted());
    REQUIRE(lien("l", "50", {{"account", "ri"}, {"amount", amount("50.00", "USD")}}).is_accepted());
    const Json back{{"basis", "RESIDUAL_INTEREST"},
                    {"liens", {"l"}},
                    {"legs",
                     {debit("ri", "50.00", "USD"), credit("bank.4d", "50.00", "USD"),
                      debit("bank", "50.00", "USD"), credit("house", "50.00", "USD")}}};
    CHECK(journal("RESIDUAL_INTEREST", "", "", "", "", back).code() == "LIEN_LINES_STAY");
}

TEST_CASE_METHOD(Liens, "senior and junior may expire in one tick") {
    const Json at_three{{"expires_at", "2026-07-06T15:00:00Z"}};
    REQUIRE(lien("a", "60", at_three).is_accepted());
    REQUIRE(lien("b", "60", {{"behind", "a"}, {"rank", 2}, {"expires_at", "2026-07-06T15:00:00Z"}})
                .is_accepted());
    REQUIRE(behind("c", "b", 3, "20").is_accepted());
    const auto version = book.state().version();
    book.tick("2026-07-06T15:00:00Z");
    CHECK(book.state().version().value == version.value + 1);
    CHECK(book.open_liens() == 1);
    CHECK(bound() == "20");
    CHECK(release("a").code() == "ALREADY_SETTLED");
}

TEST_CASE_METHOD(Liens,
                 "many liens that fall due at once need more than one tick and never too many events") {
    for (int count = 0; count < 1100; ++count)
        REQUIRE(lien("base" + std::to_string(count), "1",
                     {{"type", "CUST_SEC_INT"}, {"location", "k"}, {"expires_at", "2026-07-06T15:00:00Z"}})
                    .is_accepted());
    const auto before = book.log().size();
    book.tick("2026-07-06T15:00:00Z");
    CHECK(book.open_liens() == 0);
    CHECK(book.log().size() == before + 2);
}

TEST_CASE_METHOD(Liens, "If-Match holds while nobody touches the account") {
    const auto version = state_version("fund.fut");
    REQUIRE(
        post(
            "/v1/reservations",
            R"({"account":"fund.fut","amount":{"asset":"UST","amount":"1"},"expires_at":"2026-07-06T15:00:00Z"})",
            version)
            .is_accepted());
    CHECK(state_version("fund.fut") == book.state().version().value);
    const auto late = post(
        "/v1/liens",
        R"({"type":"CCP_MARGIN","holder":"cme","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
        version);
    CHECK(late.code() == "STATE_MOVED");
    CHECK(late.figure("state_version") == std::to_string(state_version("fund.fut")));
}

TEST_CASE_METHOD(Liens, "many lines of 10^36 never leave 128 bits") {
    Json body{{"type", "BANK_LOAN"}, {"holder", "bank-a"}, {"allocation", Json::array()}};
    for (std::size_t line = 0; line < lines_per_lien_max; ++line)
        body["allocation"].push_back({{"account", "fund.fut"},
                                      {"location", "k"},
                                      {"amount", amount("1000000000000000000000000000000000000", "UST")}});
    CHECK(book.post("/v1/liens", body).code() == "SUPPLY_EXCEEDED");
}
