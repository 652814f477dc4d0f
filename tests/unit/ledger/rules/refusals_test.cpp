// Each refusal with its code, pointer and a telling figure; and that none of them changes anything.
#include <set>

#include <catch2/catch.hpp>

#include "tests/support/laws.hpp"
#include "tests/support/small_firm.hpp"

namespace {

using namespace support;

struct Row {
    const char* what;
    const char* path;
    const char* body;
    const char* code;
    const char* pointer;
    const char* figure = nullptr;
    const char* value = nullptr;
    std::optional<std::uint64_t> if_match{};
};

constexpr auto journals = "/v1/journals";
constexpr auto liens = "/v1/liens";
constexpr auto reservations = "/v1/reservations";
constexpr auto accounts = "/v1/accounts";

const std::vector<Row>& rows() {
    static const std::vector<Row> table{
        {"an unknown reason", journals, R"({"reason":"GIFT","legs":[]})", "NOT_FOUND", "/reason"},
        {"an unknown account", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"UST","amount":"1"}},{"account":"x","credit":{"asset":"UST","amount":"1"}}]})",
         "NOT_FOUND", "/legs/1/account"},
        {"an unknown asset", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"GLD","amount":"1"}}]})", "NOT_FOUND",
         "/legs/0/debit/asset"},
        {"more digits than the scale", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"USD","amount":"1.001"}}]})",
         "INVALID_INPUT", "/legs/0/debit/amount"},
        {"nothing", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"USD","amount":"0.00"}}]})",
         "INVALID_INPUT", "/legs/0/debit/amount"},
        {"less than nothing", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","credit":{"asset":"USD","amount":"-1.00"}}]})",
         "INVALID_INPUT", "/legs/0/credit/amount"},
        {"an exponent", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"USD","amount":"1e3"}}]})",
         "INVALID_INPUT", "/legs/0/debit/amount"},
        {"more than 10^36 units", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"UST","amount":"1000000000000000000000000000000000001"}}]})",
         "INVALID_INPUT", "/legs/0/debit/amount"},
        {"another nature", journals,
         R"({"reason":"DEPOSIT","nature":"fact","legs":[{"account":"k","debit":{"asset":"UST","amount":"1"}},{"account":"fund.fut","credit":{"asset":"UST","amount":"1"}}]})",
         "NATURE_MISMATCH", "/nature"},
        {"a fact without evidence", journals,
         R"({"reason":"VARIATION","legs":[{"account":"bank.4d","debit":{"asset":"USD","amount":"1"}},{"account":"ote","credit":{"asset":"USD","amount":"1"}}]})",
         "EVIDENCE_REQUIRED", "/evidence"},
        {"a kind the reason does not name", journals,
         R"({"reason":"WITHDRAWAL","legs":[{"account":"ri","debit":{"asset":"USD","amount":"1"}},{"account":"bank.4d","credit":{"asset":"USD","amount":"1"}}]})",
         "REASON_NOT_PERMITTED", "/legs/0/debit", "kind", "residual_interest"},
        {"legs that do not balance", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"UST","amount":"2"}},{"account":"fund.fut","credit":{"asset":"UST","amount":"1"}}]})",
         "UNBALANCED", "/legs", "debits", "2"},
        {"one leg in each of two assets", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"UST","amount":"1"}},{"account":"fund.fut","credit":{"asset":"USD","amount":"0.01"}}]})",
         "UNBALANCED", "/legs", "asset", "UST"},
        {"a leg in another pool", journals,
         R"({"reason":"DEPOSIT","legs":[{"account":"bank","debit":{"asset":"USD","amount":"1"}},{"account":"fund.fut","credit":{"asset":"USD","amount":"1"}}]})",
         "REGIME_CROSSED", "/legs", "pool", "securities_record"},
        {"two pools without a basis", journals,
         R"({"reason":"CORRECTION","legs":[{"account":"house","debit":{"asset":"USD","amount":"1"}},{"account":"bank","credit":{"asset":"USD","amount":"1"}},{"account":"bank.4d","debit":{"asset":"USD","amount":"1"}},{"account":"ri","credit":{"asset":"USD","amount":"1"}}]})",
         "REGIME_CROSSED", "/basis"},
        {"a customer on the firm's basis", journals,
         R"({"reason":"CORRECTION","basis":"RESERVE","legs":[{"account":"fund.sec","debit":{"asset":"USD","amount":"1"}},{"account":"bank","credit":{"asset":"USD","amount":"1"}},{"account":"bank.4d","debit":{"asset":"USD","amount":"1"}},{"account":"ri","credit":{"asset":"USD","amount":"1"}}]})",
         "REGIME_CROSSED", "/legs/0/account"},
        {"the future", journals,
         R"({"reason":"DEPOSIT","effective_at":"2026-07-06T14:00:01Z","legs":[{"account":"k","debit":{"asset":"UST","amount":"1"}},{"account":"fund.fut","credit":{"asset":"UST","amount":"1"}}]})",
         "EFFECTIVE_IN_FUTURE", "/effective_at", "now", "2026-07-06T14:00:00.000000Z"},
        {"hindsight without evidence", journals,
         R"({"reason":"DEPOSIT","memo":"late","effective_at":"2026-07-02T15:00:00Z","legs":[{"account":"k","debit":{"asset":"UST","amount":"1"}},{"account":"fund.fut","credit":{"asset":"UST","amount":"1"}}]})",
         "HINDSIGHT_UNEXPLAINED", "/evidence"},
        {"hindsight without a memo", journals,
         R"({"reason":"DEPOSIT","evidence":[{"kind":"w","reference":"1"}],"effective_at":"2026-07-02T15:00:00Z","legs":[{"account":"k","debit":{"asset":"UST","amount":"1"}},{"account":"fund.fut","credit":{"asset":"UST","amount":"1"}}]})",
         "HINDSIGHT_UNEXPLAINED", "/memo"},
        {"more than the owner has", journals,
         R"({"reason":"WITHDRAWAL","legs":[{"account":"bank.4d","credit":{"asset":"USD","amount":"1000.01"}},{"account":"fund.fut","debit":{"asset":"USD","amount":"1000.01"}}]})",
         "INSUFFICIENT_FREE", "/legs/1/debit", "free", "1000.00"},
        {"below the limit", journals,
         R"({"reason":"WITHDRAWAL","legs":[{"account":"fund.margin","debit":{"asset":"USD","amount":"200.01"}},{"account":"bank","credit":{"asset":"USD","amount":"200.01"}}]})",
         "INSUFFICIENT_FREE", "/legs/0/debit", "floor", "-200.00"},
        {"a lien that moves but is unknown", journals,
         R"({"reason":"LOCATION_MOVE","liens":["nil"],"legs":[{"account":"k","debit":{"asset":"UST","amount":"1"}},{"account":"vault","credit":{"asset":"UST","amount":"1"}}]})",
         "NOT_FOUND", "/liens/0"},
        {"a lien that lies elsewhere", journals,
         R"({"reason":"LOCATION_MOVE","liens":["held"],"legs":[{"account":"k","debit":{"asset":"UST","amount":"1"}},{"account":"vault","credit":{"asset":"UST","amount":"1"}}]})",
         "LIEN_LINES_STAY", "/liens/0"},
        {"a journal that is not there", "/v1/journals/nil:reverse", R"({"reason":"CORRECTION"})", "NOT_FOUND",
         "/journal"},
        {"a reversal on an unknown reason", "/v1/journals/once:reverse", R"({"reason":"GIFT"})", "NOT_FOUND",
         "/reason"},
        {"a reversal as a fact", "/v1/journals/once:reverse", R"({"reason":"FORCED_TRANSFER"})",
         "NATURE_MISMATCH", "/reason"},
        {"a second reversal", "/v1/journals/twice:reverse", R"({"reason":"CORRECTION"})", "ALREADY_REVERSED",
         "/journal"},
        {"an unknown holder", liens,
         R"({"type":"CCP_MARGIN","holder":"x","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "NOT_FOUND", "/holder"},
        {"an unknown owner", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","account":"x","amount":{"asset":"UST","amount":"1"}})",
         "NOT_FOUND", "/account"},
        {"a location as owner", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","account":"k","amount":{"asset":"UST","amount":"1"}})",
         "KIND_NOT_PERMITTED", "/account"},
        {"an owner as location", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","account":"fund.fut","location":"ri","amount":{"asset":"UST","amount":"1"}})",
         "KIND_NOT_PERMITTED", "/location"},
        {"a location of another pool", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","account":"fund.fut","location":"box","amount":{"asset":"UST","amount":"1"}})",
         "REGIME_CROSSED", "/location"},
        {"an unknown location in a list", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","allocation":[{"account":"fund.fut","location":"x","amount":{"asset":"UST","amount":"1"}}]})",
         "NOT_FOUND", "/allocation/0/location"},
        {"more than is free", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","account":"fund.fut","amount":{"asset":"UST","amount":"91"}})",
         "INSUFFICIENT_FREE", "/amount", "free", "85"},
        {"more than lies there", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","account":"fund.fut","location":"k","amount":{"asset":"UST","amount":"71"}})",
         "INSUFFICIENT_FREE", "/location", "free", "70"},
        {"more than 10^36 in many lines", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","allocation":[{"account":"fund.fut","location":"k","amount":{"asset":"UST","amount":"1000000000000000000000000000000000000"}},{"account":"fund.fut","location":"k","amount":{"asset":"UST","amount":"1"}}]})",
         "SUPPLY_EXCEEDED", "/allocation/1/amount"},
        {"base interest beyond the property", liens,
         R"({"type":"CUST_SEC_INT","holder":"firm","account":"fund.fut","location":"k","amount":{"asset":"UST","amount":"71"}})",
         "INSUFFICIENT_FREE", "/amount"},
        {"an unknown agreement", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","agreement":"x","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "NOT_FOUND", "/agreement"},
        {"an agreement not yet in force", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","agreement":"agr-later","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "AGREEMENT_NOT_IN_FORCE", "/agreement", "effective_from", "2026-07-07"},
        {"an agreement revoked", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","agreement":"agr-revoked","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "AGREEMENT_NOT_IN_FORCE", "/agreement"},
        {"a bad secured amount", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","secured":{"asset":"USD","amount":"0"},"account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "INVALID_INPUT", "/secured/amount"},
        {"an unknown parent", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","parent":"x","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "NOT_FOUND", "/parent"},
        {"an expiry that is now", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","expires_at":"2026-07-06T14:00:00Z","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "EXPIRY_NOT_AHEAD", "/expires_at"},
        {"a junior that names none", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","rank":2,"account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "LIEN_RANK", "/behind"},
        {"a junior behind nothing", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","rank":2,"behind":"x","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "NOT_FOUND", "/behind"},
        {"a junior of no lower rank", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","rank":1,"behind":"held","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "LIEN_RANK", "/rank"},
        {"a junior larger than its senior", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","rank":2,"behind":"held","account":"fund.fut","amount":{"asset":"UST","amount":"11"}})",
         "LIEN_RANK", "/amount"},
        {"base interest behind a lien", liens,
         R"({"type":"CUST_SEC_INT","holder":"firm","rank":2,"behind":"held","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "LIEN_RANK", "/behind"},
        {"a lien behind the base interest", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","rank":2,"behind":"base","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "LIEN_RANK", "/behind"},
        {"another state version for a lien", liens,
         R"({"type":"CCP_MARGIN","holder":"cme","account":"fund.fut","amount":{"asset":"UST","amount":"1"}})",
         "STATE_MOVED", "If-Match", "asked", "3", 3},
        {"a lien that never was", "/v1/liens/x:release", "{}", "NOT_FOUND", "/lien"},
        {"a lien that is closed", "/v1/liens/gone:release", "{}", "ALREADY_SETTLED", "/lien"},
        {"more than the lien holds", "/v1/liens/held:release", R"({"amount":{"asset":"UST","amount":"11"}})",
         "OVER_RELEASE", "/amount/amount", "held", "10"},
        {"an asset the lien has none of", "/v1/liens/held:release",
         R"({"amount":{"asset":"USD","amount":"1"}})", "OVER_RELEASE", "/amount/amount", "held", "0.00"},
        {"an increase beyond the free", "/v1/liens/held:increase",
         R"({"amount":{"asset":"UST","amount":"91"}})", "INSUFFICIENT_FREE", "/amount"},
        {"an increase beyond what lies there", "/v1/liens/held:increase",
         R"({"amount":{"asset":"UST","amount":"11"},"location":"cme.4d"})", "INSUFFICIENT_FREE", "/location"},
        {"a re-allocation of another size", "/v1/liens/held:reallocate",
         R"({"allocation":[{"account":"fund.fut","location":"k","amount":{"asset":"UST","amount":"9"}}]})",
         "UNBALANCED", "/allocation", "asked", "9"},
        {"a reservation of a place", reservations,
         R"({"account":"k","amount":{"asset":"UST","amount":"1"},"expires_at":"2026-07-06T15:00:00Z"})",
         "KIND_NOT_PERMITTED", "/account"},
        {"a reservation beyond the free", reservations,
         R"({"account":"fund.fut","amount":{"asset":"UST","amount":"91"},"expires_at":"2026-07-06T15:00:00Z"})",
         "INSUFFICIENT_FREE", "/amount", "encumbered", "10"},
        {"a reservation that is over", reservations,
         R"({"account":"fund.fut","amount":{"asset":"UST","amount":"1"},"expires_at":"2026-07-06T13:00:00Z"})",
         "EXPIRY_NOT_AHEAD", "/expires_at"},
        {"another state version for a reservation", reservations,
         R"({"account":"fund.fut","amount":{"asset":"UST","amount":"1"},"expires_at":"2026-07-06T15:00:00Z"})",
         "STATE_MOVED", "If-Match", "asked", "1", 1},
        {"a reservation that never was", "/v1/reservations/x:commit",
         R"({"lien":{"type":"CCP_MARGIN","holder":"cme"}})", "NOT_FOUND", "/reservation"},
        {"a reservation that is released", "/v1/reservations/let-go:release", "{}", "ALREADY_SETTLED",
         "/reservation"},
        {"more than was reserved, as a lien", "/v1/reservations/five:commit",
         R"({"lien":{"type":"CCP_MARGIN","holder":"cme","amount":{"asset":"UST","amount":"6"}}})",
         "RESERVATION_EXCEEDED", "/lien/amount/amount", "reserved", "5"},
        {"another asset than was reserved", "/v1/reservations/five:commit",
         R"({"lien":{"type":"CCP_MARGIN","holder":"cme","amount":{"asset":"USD","amount":"5"}}})",
         "RESERVATION_EXCEEDED", "/lien/amount/asset"},
        {"another's account than was reserved", "/v1/reservations/five:commit",
         R"({"lien":{"type":"CCP_MARGIN","holder":"cme","account":"other.fut"}})", "RESERVATION_EXCEEDED",
         "/lien/account"},
        {"a commit for which no place was free", "/v1/reservations/five:commit",
         R"({"lien":{"type":"CCP_MARGIN","holder":"cme","location":"bank.4d"}})", "INSUFFICIENT_FREE",
         "/lien/location"},
        {"more than was reserved, in two legs", "/v1/reservations/five:commit",
         R"({"journal":{"reason":"WITHDRAWAL","legs":[{"account":"fund.fut","debit":{"asset":"UST","amount":"3"}},{"account":"fund.fut","debit":{"asset":"UST","amount":"3"}},{"account":"k","credit":{"asset":"UST","amount":"6"}}]}})",
         "RESERVATION_EXCEEDED", "/journal/legs/1/debit/amount", "asked", "6"},
        {"a journal that takes nothing reserved", "/v1/reservations/five:commit",
         R"({"journal":{"reason":"DEPOSIT","legs":[{"account":"k","debit":{"asset":"UST","amount":"3"}},{"account":"fund.fut","credit":{"asset":"UST","amount":"3"}}]}})",
         "RESERVATION_EXCEEDED", "/journal/legs"},
        {"an unknown party", accounts, R"({"party":"x","side":"obligation","regime":"FUT_4D"})", "NOT_FOUND",
         "/party"},
        {"a kind of the other side", accounts,
         R"({"party":"firm","side":"obligation","kind":"box","regime":"FUT_4D"})", "KIND_NOT_PERMITTED",
         "/kind", "side", "obligation"},
        {"property of no regime", accounts,
         R"({"party":"firm","side":"obligation","pool":"securities_record"})", "KIND_NOT_PERMITTED",
         "/regime"},
        {"neither regime nor pool", accounts, R"({"party":"firm","side":"location","kind":"box"})",
         "INVALID_INPUT", "/regime"},
        {"a trust pool without its regime", accounts,
         R"({"party":"firm","side":"location","kind":"bank","pool":"FUT_4D"})", "KIND_NOT_PERMITTED",
         "/pool"},
        {"a pool that is not the regime's", accounts,
         R"({"party":"firm","side":"location","kind":"bank","regime":"FUT_4D","pool":"securities_record"})",
         "KIND_NOT_PERMITTED", "/pool"},
        {"limits on a kind that has none", accounts,
         R"({"party":"firm","side":"obligation","regime":"FUT_4D","limits":[{"asset":"USD","amount":"1"}]})",
         "LIMIT_NOT_PERMITTED", "/limits"},
        {"an unknown party in an agreement", "/v1/agreements",
         R"({"kind":"k","parties":["fund","x"],"effective_from":"2026-01-01"})", "NOT_FOUND", "/parties/1"},
        {"an agreement revoked again", "/v1/agreements/agr-revoked:revoke", R"({"reason":"r"})",
         "ALREADY_SETTLED", "/agreement"},
        {"a party's id once more", "/v1/parties", R"({"id":"fund","name":"Other","kind":"fund"})",
         "DUPLICATE_ID", "/id", "id", "fund"},
        {"an id of the book's own form", journals,
         R"({"id":"jrn_0000000000000","reason":"DEPOSIT","legs":[]})", "DUPLICATE_ID", "/id"},
        {"a taken id within a commit", "/v1/reservations/five:commit",
         R"({"lien":{"id":"held","type":"CCP_MARGIN","holder":"cme"}})", "DUPLICATE_ID", "/lien/id"},
    };
    return table;
}

// The objects the rows speak of.
void prepare(SmallFirm& firm) {
    const auto must = [](const Answer& answer) { REQUIRE(answer.is_accepted()); };
    must(firm.lien("held", "10", {{"location", "cme.4d"}}));
    must(firm.lien("base", "10", {{"type", "CUST_SEC_INT"}, {"location", "k"}}));
    must(firm.lien("gone", "10"));
    must(firm.post("/v1/liens/gone:release", "{}"));
    for (const auto* name : {"five", "let-go"})
        must(firm.post("/v1/reservations",
                       std::string{R"({"account":"fund.fut","expires_at":"2026-07-06T15:00:00Z","id":")"} +
                           name + R"(","amount":{"asset":"UST","amount":"5"}})"));
    must(firm.post("/v1/reservations/let-go:release", "{}"));
    must(firm.post("/v1/agreements",
                   R"({"id":"agr-later","kind":"k","parties":["fund"],"effective_from":"2026-07-07"})"));
    must(firm.post("/v1/agreements",
                   R"({"id":"agr-revoked","kind":"k","parties":["fund"],"effective_from":"2026-01-01"})"));
    must(firm.post("/v1/agreements/agr-revoked:revoke", R"({"reason":"ended"})"));
    must(firm.journal("DEPOSIT", "bank.4d", "other.fut", "10.00", "USD", {{"id", "once"}}));
    must(firm.journal("DEPOSIT", "bank.4d", "other.fut", "10.00", "USD", {{"id", "twice"}}));
    must(firm.post("/v1/journals/twice:reverse", R"({"reason":"CORRECTION"})"));
}

}  // namespace

TEST_CASE("each refusal names its code, where it points and the figures, and changes nothing") {
    SmallFirm firm;
    prepare(firm);
    const auto before = fingerprint(firm.book.state());
    std::set<std::string> codes;
    for (const auto& row : rows()) {
        const auto answer = firm.post(row.path, row.body, row.if_match);
        INFO(row.what << ": " << (answer.error ? answer.error->detail : "accepted"));
        CHECK(answer.code() == row.code);
        CHECK(answer.pointer() == row.pointer);
        if (row.figure != nullptr) CHECK(answer.figure(row.figure) == row.value);
        if (answer.error) {
            CHECK_FALSE(answer.error->detail.empty());
            codes.insert(answer.code());
        }
        CHECK(fingerprint(firm.book.state()) == before);
    }
    for (const auto* code : {"INVALID_INPUT",
                             "DUPLICATE_ID",
                             "NOT_FOUND",
                             "STATE_MOVED",
                             "ALREADY_SETTLED",
                             "ALREADY_REVERSED",
                             "KIND_NOT_PERMITTED",
                             "LIMIT_NOT_PERMITTED",
                             "REASON_NOT_PERMITTED",
                             "NATURE_MISMATCH",
                             "EVIDENCE_REQUIRED",
                             "EFFECTIVE_IN_FUTURE",
                             "HINDSIGHT_UNEXPLAINED",
                             "UNBALANCED",
                             "REGIME_CROSSED",
                             "EXPIRY_NOT_AHEAD",
                             "AGREEMENT_NOT_IN_FORCE",
                             "LIEN_RANK",
                             "LIEN_LINES_STAY",
                             "SUPPLY_EXCEEDED",
                             "OVER_RELEASE",
                             "RESERVATION_EXCEEDED",
                             "INSUFFICIENT_FREE"}) {
        INFO(code);
        CHECK(codes.contains(code));
    }
}

TEST_CASE("a reversal is not reversed, by its id") {
    SmallFirm firm;
    REQUIRE(firm.journal("DEPOSIT", "bank.4d", "other.fut", "10.00", "USD", {{"id", "j"}}).is_accepted());
    const auto reversal = firm.post("/v1/journals/j:reverse", R"({"reason":"CORRECTION"})");
    REQUIRE(reversal.is_accepted());
    const auto again = firm.post("/v1/journals/" + reversal.id + ":reverse", R"({"reason":"CORRECTION"})");
    CHECK(again.code() == "NOT_REVERSIBLE");
    CHECK(again.pointer() == "/journal");
}

TEST_CASE("a refusal of the free quantity tells what binds it") {
    SmallFirm firm;
    REQUIRE(firm.lien("margin", "60").is_accepted());
    const auto answer = firm.journal("WITHDRAWAL", "fund.fut", "vault", "41", "UST");
    CHECK(answer.code() == "INSUFFICIENT_FREE");
    CHECK(answer.error->detail == "fund.fut has 40 UST free; 41 is asked. 60 is under liens: margin to cme.");
    CHECK(answer.figure("asked") == "41");
    CHECK(answer.figure("free") == "40");
    CHECK(answer.figure("encumbered") == "60");
    CHECK(answer.figure("total") == "100");
}
