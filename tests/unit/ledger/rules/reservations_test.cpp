#include <catch2/catch.hpp>

#include "tests/support/laws.hpp"
#include "tests/support/small_firm.hpp"

namespace {

using namespace support;

struct Reservations : SmallFirm {
    ~Reservations() { CHECK(broken_law(book.state()) == ""); }
    Answer reserve(const std::string& id, const std::string& digits) {
        return book.post("/v1/reservations", {{"id", id},
                                              {"account", "fund.fut"},
                                              {"amount", amount(digits, "UST")},
                                              {"purpose", "order 9911"},
                                              {"expires_at", "2026-07-06T15:00:00Z"}});
    }
};

}  // namespace

TEST_CASE_METHOD(Reservations, "a reservation binds the owner's units and no place") {
    REQUIRE(reserve("r", "90").is_accepted());
    CHECK(book.free("fund.fut", "UST") == "10");
    CHECK(book.free("k", "UST") == "70");
    CHECK(reserve("s", "11").code() == "INSUFFICIENT_FREE");
    CHECK(lien("l", "11").code() == "INSUFFICIENT_FREE");
    CHECK(journal("WITHDRAWAL", "fund.fut", "k", "11", "UST").code() == "INSUFFICIENT_FREE");
    CHECK(journal("WITHDRAWAL", "fund.fut", "k", "10", "UST").is_accepted());
}

TEST_CASE_METHOD(Reservations,
                 "a commit becomes a lien in one version, of all that was reserved unless it says less") {
    REQUIRE(reserve("r", "90").is_accepted());
    const auto answer =
        post("/v1/reservations/r:commit", R"({"lien":{"id":"l","type":"CCP_MARGIN","holder":"cme"}})");
    REQUIRE(answer.is_accepted());
    CHECK(answer.id == "l");
    CHECK(book.last().events.size() == 2);
    CHECK(lines("l") == "k 70, cme.4d 20");
    CHECK(book.reserved("fund.fut", "UST") == "0");
    CHECK(book.encumbered("fund.fut", "UST") == "90");
    REQUIRE(reserve("s", "10").is_accepted());
    REQUIRE(
        post(
            "/v1/reservations/s:commit",
            R"({"lien":{"id":"m","type":"CCP_MARGIN","holder":"cme","amount":{"asset":"UST","amount":"4"}}})")
            .is_accepted());
    CHECK(book.free("fund.fut", "UST") == "6");
}

TEST_CASE_METHOD(Reservations, "a commit becomes a journal that takes what was reserved") {
    REQUIRE(reserve("r", "100").is_accepted());
    REQUIRE(post("/v1/reservations/r:commit", R"({"journal":{"reason":"WITHDRAWAL","legs":[
        {"account":"fund.fut","debit":{"asset":"UST","amount":"70"}},
        {"account":"k","credit":{"asset":"UST","amount":"70"}}]}})")
                .is_accepted());
    CHECK(book.total("fund.fut", "UST") == "30");
    CHECK(book.free("fund.fut", "UST") == "30");
    CHECK(book.open_reservations() == 0);
}

TEST_CASE_METHOD(Reservations, "a commit that is refused leaves the reservation as it was") {
    REQUIRE(reserve("r", "50").is_accepted());
    CHECK(post("/v1/reservations/r:commit",
               R"({"lien":{"type":"CCP_MARGIN","holder":"cme","location":"vault"}})")
              .pointer() == "/lien/location");
    CHECK(book.reserved("fund.fut", "UST") == "50");
    CHECK(post("/v1/reservations/r:release", "{}").is_accepted());
    CHECK(post("/v1/reservations/r:commit", R"({"lien":{"type":"CCP_MARGIN","holder":"cme"}})").code() ==
          "ALREADY_SETTLED");
}

TEST_CASE_METHOD(Reservations, "a reservation ends at its instant and not before") {
    REQUIRE(reserve("r", "50").is_accepted());
    book.tick("2026-07-06T14:59:59.999999Z");
    CHECK(book.reserved("fund.fut", "UST") == "50");
    const auto version = book.state().version();
    book.tick("2026-07-06T15:00:00Z");
    CHECK(book.reserved("fund.fut", "UST") == "0");
    CHECK(book.state().version().value == version.value + 1);
    CHECK(post("/v1/reservations/r:release", "{}").code() == "ALREADY_SETTLED");
}

TEST_CASE_METHOD(Reservations, "what is due long after a stop of the clock still falls due, in order") {
    REQUIRE(reserve("r", "10").is_accepted());
    REQUIRE(lien("l", "10", {{"expires_at", "2026-07-06T14:30:00Z"}}).is_accepted());
    book.tick("2026-07-09T15:00:00Z");
    const auto& events = book.last().events;
    REQUIRE(events.size() == 2);
    CHECK(std::holds_alternative<LienClosed>(events[0]));
    CHECK(std::holds_alternative<ReservationClosed>(events[1]));
    CHECK(book.free("fund.fut", "UST") == "100");
}
