// Journals in batches, from a caller's side, over the model ledger.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/unit/api/interface.hpp"

using namespace tests::api_interface;
using ledger::base::Code;
using ledger::book::Role;

namespace {

struct Firm : Interface {
    Firm() { set_up_firm(); }

    json batch(const char* mode, const std::vector<json>& journals, int status = 200) {
        const auto answer =
            post_text("/v1/journals:batch", json{{"mode", mode}, {"journals", journals}}.dump(), "");
        INFO(answer.body);
        CHECK(answer.status == status);
        auto body = json::parse(answer.body);
        if (status == 200) CHECK(answer.headers.at("bailee-ledger-version") == body["version"].dump());
        return body;
    }
    std::string total() {
        const auto answer = json::parse(get("/v1/accounts/cust-1.fut/balances").body);
        for (const auto& balance : answer["balances"])
            if (balance["asset"] == "USD") return balance["total"];
        return "none";
    }
};

json keyed(const char* key, json journal) {
    journal["idempotency_key"] = key;
    return journal;
}

json in(const char* key, const char* text) {
    return keyed(key, deposit("bank-a.4d", "cust-1.fut", "USD", text));
}

json out(const char* key, const char* text) {
    return keyed(
        key, {{"reason", "WITHDRAWAL"},
              {"legs", {leg("cust-1.fut", "debit", "USD", text), leg("bank-a.4d", "credit", "USD", text)}}});
}

}  // namespace

TEST_CASE("items of an independent batch answer for themselves, in the order asked", "[batch]") {
    Firm firm;
    auto wrong = in("c", "1.00");
    wrong["legs"][1]["credit"]["amount"] = 1;
    const auto answer =
        firm.batch("independent", {in("a", "5.00"), out("b", "900.00"), wrong, in("d", "6.00")});
    const auto& results = answer["results"];
    REQUIRE(results.size() == 4);
    CHECK(results[0]["status"] == 201);
    CHECK(results[0]["journal"]["legs"][1]["balance_after"]["total"] == "105.00");
    CHECK(results[1]["status"] == 409);
    CHECK(results[1]["problem"]["code"] == "INSUFFICIENT_FREE");
    CHECK(results[1]["problem"]["pointer"] == "/journals/1/legs/0/debit");
    CHECK(results[2]["status"] == 400);
    CHECK(results[2]["problem"]["pointer"] == "/journals/2/legs/1/credit/amount");
    CHECK(results[3]["journal"]["version"] == results[0]["journal"]["version"].get<int>() + 1);
    CHECK(answer["version"] == results[3]["journal"]["version"]);
    CHECK(firm.total() == "111.00");
}

TEST_CASE("an item renders as a single post does, memo and all, and replays as 201", "[batch]") {
    Firm firm;
    auto item = in("memo", "1.00");
    item["memo"] = "wire 7781";
    const auto first = firm.batch("independent", {item})["results"][0];
    CHECK(first["journal"]["memo"] == "wire 7781");
    const auto id = first["journal"]["id"].get<std::string>();
    CHECK(json::parse(firm.get("/v1/journals/" + id).body) == first["journal"]);
    const auto again = firm.batch("independent", {item})["results"][0];
    CHECK(again["status"] == 201);
    CHECK(again["replayed"] == true);
    CHECK(again["journal"] == first["journal"]);
    item.erase("idempotency_key");
    const auto alone = firm.post_text("/v1/journals", item.dump(), "memo");
    CHECK(alone.status == 201);
    CHECK(alone.headers.at("idempotency-replayed") == "true");
    CHECK(json::parse(alone.body) == first["journal"]);
}

TEST_CASE("one refusal refuses an atomic batch, and nobody else's key is used up", "[batch]") {
    Firm firm;
    const auto head = firm.ledger.committed()->state.version().value;
    const std::vector<json> journals{in("a", "5.00"), out("b", "900.00"), in("c", "6.00")};
    const auto answer = firm.batch("atomic", journals);
    for (const std::size_t place : {0U, 2U}) {
        CHECK(answer["results"][place]["status"] == 409);
        CHECK(answer["results"][place]["problem"]["code"] == "LINKED_REFUSED");
    }
    CHECK(answer["results"][1]["problem"]["code"] == "INSUFFICIENT_FREE");
    CHECK(answer["version"] == head);
    CHECK(firm.total() == "100.00");
    CHECK(firm.ledger.committed()->state.version().value == head);

    firm.made("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "1000.00"));
    const auto again = firm.batch("atomic", journals);
    CHECK(again["results"][1]["problem"]["code"] == "INSUFFICIENT_FREE");
    CHECK(again["results"][1]["replayed"] == true);
    CHECK(firm.total() == "1100.00");
    const auto others = firm.batch("atomic", {journals[0], journals[2]});
    CHECK(others["results"][0]["status"] == 201);
    CHECK(others["results"][1]["status"] == 201);
    CHECK(firm.total() == "1111.00");
}

TEST_CASE("what an atomic batch does is undone with it: names, balances and the chain", "[batch]") {
    Firm firm;
    auto named = in("a", "5.00");
    named["id"] = "wire-1";
    firm.batch("atomic", {named, out("b", "900.00")});
    CHECK(firm.get("/v1/journals/wire-1").status == 404);
    named["idempotency_key"] = "other";
    const auto answer = firm.batch("atomic", {named, out("c", "105.00")});
    CHECK(answer["results"][0]["journal"]["id"] == "wire-1");
    CHECK(answer["results"][1]["journal"]["previous_hash"] == answer["results"][0]["journal"]["hash"]);
    CHECK(firm.total() == "0.00");
}

TEST_CASE("an accepted journal stays accepted when it is sent again in an atomic batch that is refused",
          "[batch]") {
    Firm firm;
    const auto first = firm.batch("independent", {in("a", "5.00")})["results"][0]["journal"];
    for (const auto& order : {std::vector{in("a", "5.00"), out("b", "900.00"), in("c", "1.00")},
                              std::vector{in("c", "1.00"), out("b", "900.00"), in("a", "5.00")}}) {
        const auto answer = firm.batch("atomic", order);
        const std::size_t place = order[0]["idempotency_key"] == "a" ? 0 : 2;
        CHECK(answer["results"][place]["journal"] == first);
        CHECK(answer["results"][2 - place]["problem"]["code"] == "LINKED_REFUSED");
    }
    CHECK(firm.total() == "105.00");
}

TEST_CASE("two items under one key are one journal or a conflict", "[batch]") {
    Firm firm;
    const auto answer = firm.batch("independent", {in("a", "5.00"), in("a", "5.00"), in("a", "6.00")});
    CHECK(answer["results"][1]["replayed"] == true);
    CHECK(answer["results"][1]["journal"] == answer["results"][0]["journal"]);
    CHECK(answer["results"][2]["problem"]["code"] == "IDEMPOTENCY_CONFLICT");
    CHECK(answer["results"][2]["problem"]["pointer"] == "/journals/2/idempotency_key");
    const auto linked = firm.batch("atomic", {in("x", "1.00"), in("a", "6.00")});
    CHECK(linked["results"][0]["problem"]["code"] == "LINKED_REFUSED");
    CHECK(linked["results"][1]["problem"]["code"] == "IDEMPOTENCY_CONFLICT");
    CHECK(firm.total() == "105.00");
}

TEST_CASE("a malformed item refuses an atomic batch whole, and a batch of no form any", "[batch]") {
    Firm firm;
    auto wrong = in("b", "1.00");
    wrong["legs"][0]["note"] = "x";
    CHECK(firm.batch("atomic", {in("a", "5.00"), wrong}, 400)["pointer"] == "/journals/1/legs/0/note");
    CHECK(firm.batch("independent", {}, 400)["pointer"] == "/journals");
    CHECK(firm.batch("some", {in("a", "5.00")}, 400)["pointer"] == "/mode");
    CHECK(firm.batch("independent", std::vector<json>(8193, json::object()), 400)["pointer"] == "/journals");
    CHECK(firm.batch("independent", {json{{"reason", "FEE"}}})["results"][0]["problem"]["pointer"] ==
          "/journals/0/idempotency_key");
    CHECK(firm.total() == "100.00");
    CHECK(firm.batch("atomic", {in("a", "5.00")})["results"][0]["status"] == 201);
}

TEST_CASE("a batch has a body limit of its own, and needs no key in the header", "[batch]") {
    Firm firm;
    auto item = in("a", "1.00");
    item["memo"] = std::string(2000, 'x');
    std::vector<json> journals;
    for (int at = 0; at < 700; ++at) {
        item["idempotency_key"] = fmt::format("k{}", at);
        journals.push_back(item);
    }
    const auto answer = firm.batch("atomic", journals);  // beyond the megabyte of other routes
    CHECK(answer["results"][699]["status"] == 201);
    CHECK(firm.total() == "800.00");
    tests::http::RawClient client{firm.api->port()};
    const auto one_byte_more = fmt::format(
        "POST /v1/journals:batch HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\nContent-Length: "
        "{}\r\n\r\n",
        firm.key(Role::admin), (8U << 20U) + 1);
    CHECK(client.ask(one_byte_more).status == 413);
    CHECK(firm.post("/v1/journals:batch", {{"mode", "atomic"}, {"journals", {in("z", "1.00")}}},
                    firm.key(Role::margin_engine))
              .status == 403);
}

TEST_CASE("every way of being unavailable is 503 with Retry-After, alone and in a batch", "[batch]") {
    Firm firm;
    firm.key(Role::admin);
    const auto code =
        GENERATE(Code::queue_full, Code::not_the_writer, Code::outcome_unknown, Code::clock_leap);
    const auto name = std::string{ledger::base::info(code).name};
    CAPTURE(name);
    firm.ledger.refuse_all(code);
    const auto single = deposit("bank-a.4d", "cust-1.fut", "USD", "1.00").dump();
    const auto body = json{{"mode", "independent"}, {"journals", {in("b", "1.00"), json::object()}}}.dump();
    for (const auto& answer :
         {firm.post_text("/v1/journals", single, "a"), firm.post_text("/v1/journals:batch", body, ""),
          firm.post_text("/v1/liens/none:release", "{}", "c")}) {
        CHECK(answer.status == 503);
        CHECK(answer.headers.at("retry-after") == "1");
        CHECK(json::parse(answer.body)["code"] == name);
        CHECK(json::parse(answer.body)["retryable"] == true);
    }
    firm.ledger.refuse_all(std::nullopt);
    CHECK(firm.post_text("/v1/journals", single, "a").status == 201);
    CHECK(firm.batch("independent", {in("b", "1.00")})["results"][0]["status"] == 201);
}
