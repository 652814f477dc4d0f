// What callers send: every malformed value has its place, and every well-formed one becomes the command it
// says.
#include <catch2/catch.hpp>

#include "api/wire/requests.hpp"

using namespace api::wire;
using namespace ledger::book;
namespace rules = ledger::rules;

namespace {

using ReadBody = Result<rules::Command> (*)(JsonValue);

struct Row {
    const char* what;
    ReadBody read;
    const char* body;
    const char* pointer;
};

Result<rules::Command> increase(JsonValue body) { return read_lien_increase("lien-1", body); }
Result<rules::Command> release(JsonValue body) { return read_lien_release("lien-1", body); }
Result<rules::Command> reallocate(JsonValue body) { return read_lien_reallocation("lien-1", body); }
Result<rules::Command> reverse(JsonValue body) { return read_reversal("jrn-1", body); }
Result<rules::Command> commit(JsonValue body) { return read_reservation_commit("rsv-1", body); }
Result<rules::Command> free_it(JsonValue body) { return read_reservation_release("rsv-1", body); }
Result<rules::Command> key(JsonValue body) { return read_key("p-1", body); }
Result<rules::Command> revoke(JsonValue body) { return read_agreement_revocation("agr-1", body); }

const std::string long_number(61, '1');

const Row rows[] = {
    {"a body that is a list", read_party, R"([])", ""},
    {"a party without a name", read_party, R"({"kind":"fund"})", "/name"},
    {"an empty name", read_party, R"({"kind":"fund","name":""})", "/name"},
    {"a kind there is not", read_party, R"({"kind":"trust","name":"a"})", "/kind"},
    {"a kind that is a number", read_party, R"({"kind":3,"name":"a"})", "/kind"},
    {"an id with a blank", read_party, R"({"id":"a b","kind":"fund","name":"a"})", "/id"},
    {"an id that begins with a dot", read_party, R"({"id":".a","kind":"fund","name":"a"})", "/id"},
    {"a field nobody knows", read_party, R"({"kind":"fund","name":"a","colour":"red"})", "/colour"},
    {"an unknown field inside", read_party, R"({"kind":"fund","name":"a","classification":{"sex":"x"}})",
     "/classification/sex"},
    {"a class there is not", read_party, R"({"kind":"fund","name":"a","classification":{"sec":"vip"}})",
     "/classification/sec"},
    {"a class that has no text", read_party, R"({"kind":"fund","name":"a","classification":{"sec":""}})",
     "/classification/sec"},
    {"a scale beyond 18", read_asset, R"({"kind":"cash","scale":19})", "/scale"},
    {"a negative scale", read_asset, R"({"kind":"cash","scale":-1})", "/scale"},
    {"a scale in a text", read_asset, R"({"kind":"cash","scale":"2"})", "/scale"},
    {"a scale with a fraction", read_asset, R"({"kind":"cash","scale":2.0})", "/scale"},
    {"an ISIN of eleven characters", read_asset, R"({"kind":"cash","scale":2,"isin":"US912828XXX"})",
     "/isin"},
    {"roles that are none", read_principal, R"({"kind":"person","name":"a","roles":[]})", "/roles"},
    {"a role there is not", read_principal, R"({"kind":"person","name":"a","roles":["operator","king"]})",
     "/roles/1"},
    {"a role named twice", read_principal, R"({"kind":"person","name":"a","roles":["admin","admin"]})",
     "/roles/1"},
    {"a customer without a party", read_principal, R"({"kind":"person","name":"a","roles":["customer"]})",
     "/party"},
    {"an expiry that is a day", key, R"({"expires_at":"2027-01-01"})", "/expires_at"},
    {"an account on no side", read_account, R"({"party":"p","regime":"FUT_4D"})", "/side"},
    {"an account of no regime", read_account, R"({"party":"p","side":"obligation"})", "/regime"},
    {"a regime in small letters", read_account, R"({"party":"p","side":"obligation","regime":"fut_4d"})",
     "/regime"},
    {"a regime and a pool", read_account,
     R"({"party":"p","side":"obligation","regime":"HOUSE","pool":"securities_record"})", "/pool"},
    {"a pool that follows from a regime", read_account,
     R"({"party":"p","side":"location","kind":"box","pool":"FUT_4D"})", "/pool"},
    {"a location without a kind", read_account, R"({"party":"p","side":"location","regime":"FUT_4D"})",
     "/kind"},
    {"an obligation with a place", read_account,
     R"({"party":"p","side":"obligation","regime":"FUT_4D","location":{"kind":"bank"}})", "/location"},
    {"two kinds that differ", read_account,
     R"({"party":"p","side":"location","kind":"bank","regime":"FUT_4D","location":{"kind":"dco"}})",
     "/location/kind"},
    {"two limits of one asset", read_account,
     R"({"party":"p","side":"obligation","regime":"FUT_4D","limits":[{"asset":"USD","amount":"1"},)"
     R"({"asset":"USD","amount":"2"}]})",
     "/limits/1/asset"},
    {"an agreement of nobody", read_agreement, R"({"kind":"k","parties":[],"effective_from":"2026-01-01"})",
     "/parties"},
    {"a day that is not", read_agreement, R"({"kind":"k","parties":["p"],"effective_from":"2026-02-30"})",
     "/effective_from"},
    {"an end before the beginning", read_agreement,
     R"({"kind":"k","parties":["p"],"effective_from":"2026-02-02","effective_to":"2026-02-01"})",
     "/effective_to"},
    {"a scope that is a text", read_agreement,
     R"({"kind":"k","parties":["p"],"effective_from":"2026-02-02","scope":"x"})", "/scope"},
    {"a revocation without a reason", revoke, R"({})", "/reason"},
    {"a reason for kinds there are not", read_reason,
     R"({"nature":"fact","may_debit":["bank","sofa"],"may_credit":["bank"]})", "/may_debit/1"},
    {"a journal without legs", read_journal, R"({"reason":"DEPOSIT"})", "/legs"},
    {"legs that are none", read_journal, R"({"reason":"DEPOSIT","legs":[]})", "/legs"},
    {"legs that are an object", read_journal, R"({"reason":"DEPOSIT","legs":{}})", "/legs"},
    {"a leg that is a text", read_journal, R"({"reason":"DEPOSIT","legs":["x"]})", "/legs/0"},
    {"a leg with no amount", read_journal, R"({"reason":"DEPOSIT","legs":[{"account":"a"}]})", "/legs/0"},
    {"a leg on both sides", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":"1"},)"
     R"("credit":{"asset":"USD","amount":"1"}}]})",
     "/legs/0"},
    {"an amount as a number", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":1.00}}]})",
     "/legs/0/debit/amount"},
    {"an amount with an exponent", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":"1e3"}}]})",
     "/legs/0/debit/amount"},
    {"an amount with a leading zero", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":"01"}}]})",
     "/legs/0/debit/amount"},
    {"an amount without digits after its point", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":"1."}}]})",
     "/legs/0/debit/amount"},
    {"an amount with a comma", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":"1,000"}}]})",
     "/legs/0/debit/amount"},
    {"an amount with a blank", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":" 1"}}]})",
     "/legs/0/debit/amount"},
    {"an amount below zero", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":"-1.00"}}]})",
     "/legs/0/debit/amount"},
    {"an amount of nothing", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","credit":{"asset":"USD","amount":"0.00"}}]})",
     "/legs/0/credit/amount"},
    {"an amount without an asset", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"amount":"1"}}]})", "/legs/0/debit/asset"},
    {"an instant without an offset", read_journal,
     R"({"reason":"DEPOSIT","effective_at":"2026-07-06T15:04:05","legs":[{"account":"a",)"
     R"("debit":{"asset":"USD","amount":"1"}}]})",
     "/effective_at"},
    {"a nature there is not", read_journal,
     R"({"reason":"DEPOSIT","nature":"wish","legs":[{"account":"a","debit":{"asset":"USD","amount":"1"}}]})",
     "/nature"},
    {"evidence with a digest of another kind", read_journal,
     R"({"reason":"DEPOSIT","legs":[{"account":"a","debit":{"asset":"USD","amount":"1"}}],)"
     R"("evidence":[{"kind":"w","reference":"r","digest":"md5:00"}]})",
     "/evidence/0/digest"},
    {"a status, which later issues bring", read_journal,
     R"({"reason":"DEPOSIT","status":"pending","legs":[{"account":"a","debit":{"asset":"USD",)"
     R"("amount":"1"}}]})",
     "/status"},
    {"a reversal with legs", reverse, R"({"legs":[]})", "/legs"},
    {"a lien of no type", read_lien, R"({"holder":"h","account":"a","amount":{"asset":"USD","amount":"1"}})",
     "/type"},
    {"a lien on nothing", read_lien, R"({"type":"CCP_MARGIN","holder":"h"})", "/account"},
    {"a lien in both forms", read_lien,
     R"({"type":"CCP_MARGIN","holder":"h","account":"a","allocation":[{"account":"a",)"
     R"("amount":{"asset":"USD","amount":"1"}}]})",
     "/account"},
    {"a rank of zero", read_lien,
     R"({"type":"CCP_MARGIN","holder":"h","rank":0,"account":"a","amount":{"asset":"USD","amount":"1"}})",
     "/rank"},
    {"a right that is a text", read_lien,
     R"({"type":"CCP_MARGIN","holder":"h","reuse_right":"yes","account":"a","amount":{"asset":"USD",)"
     R"("amount":"1"}})",
     "/reuse_right"},
    {"a line without an amount", read_lien,
     R"({"type":"CCP_MARGIN","holder":"h","allocation":[{"account":"a"}]})", "/allocation/0/amount"},
    {"an increase by nothing", increase, R"({})", "/amount"},
    {"a release of an account", release, R"({"account":"a"})", "/account"},
    {"a reallocation without lines", reallocate, R"({"allocation":[]})", "/allocation"},
    {"a reservation without an end", read_reservation,
     R"({"account":"a","amount":{"asset":"USD","amount":"1"}})", "/expires_at"},
    {"a reservation without an end, said twice", read_reservation,
     R"({"account":"a","amount":{"asset":"USD","amount":"1"},"expires_at":null})", "/expires_at"},
    {"a commit into nothing", commit, R"({})", ""},
    {"a commit into both", commit, R"({"lien":{},"journal":{}})", ""},
    {"a fault inside a commit", commit, R"({"lien":{"type":"X","holder":"h"}})", "/lien/type"},
    {"a release with a word", free_it, R"({"why":"x"})", "/why"},
};

}  // namespace

TEST_CASE("each malformed value is refused with a pointer to it", "[wire]") {
    for (const auto& row : rows) {
        INFO(row.what);
        const auto document = JsonDocument::parse(row.body);
        REQUIRE(document);
        const auto command = row.read(document->root());
        REQUIRE_FALSE(command);
        CHECK(command.error().code == ledger::base::Code::invalid_input);
        CHECK(command.error().pointer == row.pointer);
        CHECK_FALSE(command.error().detail.empty());
    }
}

TEST_CASE("an amount of 60 characters passes and one of 61 does not", "[wire]") {
    const auto read = [](const std::string& amount) {
        const auto document =
            JsonDocument::parse(R"({"amount":{"asset":"USD","amount":")" + amount + R"("}})");
        return read_lien_release("lien-1", document->root()).has_value();
    };
    CHECK(read(long_number.substr(1)));
    CHECK_FALSE(read(long_number));
}

TEST_CASE("a name is bounded in characters, not in bytes", "[wire]") {
    const auto read = [](std::size_t characters) {
        std::string name;
        for (std::size_t at = 0; at < characters; ++at) name += "é";
        const auto document = JsonDocument::parse(R"({"kind":"fund","name":")" + name + R"("})");
        return read_party(document->root()).has_value();
    };
    CHECK(read(200));
    CHECK_FALSE(read(201));
}

TEST_CASE("a journal becomes the command it says", "[wire]") {
    const auto document = JsonDocument::parse(
        R"({"reason":"DEPOSIT","effective_at":"2026-07-06T11:04:05-04:00","memo":"wire","basis":"RESERVE",)"
        R"("legs":[{"account":"l","debit":{"asset":"USD","amount":"1.5"}},{"account":"o",)"
        R"("credit":{"asset":"USD","amount":"1.50"}}],)"
        R"("liens":["lien-1"]})");
    REQUIRE(document);
    const auto command = read_journal(document->root());
    REQUIRE(command);
    const auto& journal = std::get<rules::PostJournal>(*command);
    CHECK(journal.effective_at->micros() == 1'783'350'245'000'000);
    CHECK(journal.memo->text == "wire");
    CHECK(journal.basis == Basis::reserve);
    CHECK(journal.legs[0].is_debit);
    CHECK_FALSE(journal.legs[1].is_debit);
    CHECK(journal.legs[1].amount.amount.text == "1.50");
    CHECK(journal.liens == std::vector<std::string>{"lien-1"});
}

TEST_CASE("a location takes its kind from its papers", "[wire]") {
    const auto document = JsonDocument::parse(
        R"({"party":"b","side":"location","regime":"FUT_4D","location":{"kind":"bank","title":"Seg",)"
        R"("jurisdiction":"US"}})");
    const auto command = read_account(document->root());
    REQUIRE(command);
    const auto& account = std::get<rules::OpenAccount>(*command);
    CHECK(account.kind == AccountKind::bank);
    CHECK(account.title == "Seg");
}

TEST_CASE("a scope is kept with its keys in order, so that the same scope is the same request", "[wire]") {
    const auto scope = [](const char* text) {
        const auto document = JsonDocument::parse(
            std::string{R"({"kind":"k","parties":["p"],"effective_from":"2026-01-01","scope":)"} + text +
            "}");
        return std::get<rules::AddAgreement>(*read_agreement(document->root())).scope;
    };
    CHECK(scope(R"({"b":[1,{"d":null,"c":"é\n"}],"a":true})") ==
          R"({"a":true,"b":[1,{"c":"é\n","d":null}]})");
    CHECK(scope(R"({"a":true,"b":[1,{"c":"\u00e9\n","d":null}]})") ==
          scope(R"({"b":[1,{"d":null,"c":"é\n"}],"a":true})"));
}

TEST_CASE("a lien in a commit may leave its account and amount to the reservation", "[wire]") {
    const auto document = JsonDocument::parse(R"({"lien":{"type":"CCP_MARGIN","holder":"h"}})");
    const auto command = read_reservation_commit("rsv-1", document->root());
    REQUIRE(command);
    const auto& lien = std::get<rules::OpenLien>(std::get<rules::CommitReservation>(*command).into);
    CHECK(lien.is_short_form);
    REQUIRE(lien.allocation.size() == 1);
    CHECK(lien.allocation.front().account.empty());
}
