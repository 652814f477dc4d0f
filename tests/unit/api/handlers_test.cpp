// The interface from a caller's side, over a socket and the model ledger.
#include <algorithm>
#include <tuple>

#include <catch2/catch.hpp>

#include "tests/unit/api/interface.hpp"

using namespace tests::api_interface;
using ledger::book::Role;

namespace {

struct Firm : Interface {
    Firm() { set_up_firm(); }
};

const json lien_of_40{{"id", "lien-a"},       {"account", "cust-1.fut"}, {"amount", amount("BND", "40.00")},
                      {"type", "CCP_MARGIN"}, {"holder", "cme"},         {"expires_at", nullptr}};

}  // namespace

TEST_CASE("a party, an asset and an account are made and read as api.md shows them", "[handlers]") {
    Firm firm;
    const auto party =
        firm.made("/v1/parties", {{"id", "cust-42"},
                                  {"name", "Calder Pension Fund"},
                                  {"kind", "fund"},
                                  {"classification", {{"sec", "customer"}, {"cftc", "public"}}}});
    CHECK(party["name"] == "Calder Pension Fund");
    CHECK(party["classification"] == json{{"sec", "customer"}, {"cftc", "public"}});
    CHECK(json::parse(firm.get("/v1/parties/cust-42").body)["name"] == "Calder Pension Fund");
    const auto account =
        firm.made("/v1/accounts", {{"party", "cust-42"}, {"side", "obligation"}, {"regime", "HOUSE"}});
    CHECK(account["kind"] == "house_equity");
    CHECK(account["pool"] == "securities_record");
    CHECK(account["id"].get<std::string>().starts_with("acc_"));
    const auto got = firm.get("/v1/accounts/bank-a.4d");
    CHECK(json::parse(got.body)["location"] ==
          json{{"kind", "bank"}, {"title", "Customer Segregated"}, {"jurisdiction", "US"}});
    CHECK(firm.get("/v1/locations/bank-a.4d").status == 200);
    CHECK(firm.get("/v1/locations/cust-1.fut").status == 404);
    CHECK(json::parse(firm.get("/v1/locations").body)["items"].size() == 2);
}

TEST_CASE("an erased name is null, and the party stays", "[handlers]") {
    Firm firm;
    const auto& state = firm.ledger.committed()->state;
    firm.ledger.store().erase_text(state.parties[*state.parties.find("cust-1")].name);
    const auto party = json::parse(firm.get("/v1/parties/cust-1").body);
    CHECK(party["name"].is_null());
    CHECK(party["id"] == "cust-1");
}

TEST_CASE("a journal is answered with its legs, the balances after it and its place in the chain",
          "[handlers]") {
    Firm firm;
    auto body = deposit("bank-a.4d", "cust-1.fut", "USD", "25.5");
    body["memo"] = "wire 7781";
    body["evidence"] = json::array({{{"kind", "wire"}, {"reference", "2026"}}});
    const auto answer = firm.post("/v1/journals", body);
    REQUIRE(answer.status == 201);
    const auto journal = json::parse(answer.body);
    CHECK(journal["status"] == "posted");
    CHECK(journal["memo"] == "wire 7781");
    CHECK(journal["legs"][1]["credit"] == amount("USD", "25.50"));
    CHECK(journal["legs"][1]["balance_after"] == json{{"total", "125.50"}, {"free", "125.50"}});
    CHECK(journal["hash"].get<std::string>().size() == 64);
    CHECK(answer.headers.at("bailee-ledger-version") == std::to_string(journal["version"].get<int>()));
    CHECK(answer.headers.at("bailee-ledger-generation") == "1");
    const auto before = json::parse(firm.get("/v1/journals").body)["items"];
    CHECK(before[2] == journal);
    CHECK(before[1]["hash"].get<std::string>() != journal["hash"].get<std::string>());
    CHECK(firm.get("/v1/journals/" + journal["id"].get<std::string>()).body == answer.body);
}

TEST_CASE("a replay answers with the same bytes and says that it is one, whatever happened since",
          "[handlers]") {
    Firm firm;
    const auto journal = deposit("bank-a.4d", "cust-1.fut", "USD", "1.00").dump();
    const auto first = firm.post_text("/v1/journals", journal, "once");
    CHECK(first.headers.count("idempotency-replayed") == 0);
    const auto lien = firm.post_text("/v1/liens", lien_of_40.dump(), "lien");
    REQUIRE(lien.status == 201);
    const auto release =
        firm.post_text("/v1/liens/lien-a:release", R"({"amount":{"asset":"BND","amount":"10"}})", "release");
    CHECK(release.status == 200);
    CHECK(firm.post("/v1/liens/lien-a:release", json::object()).status == 200);
    CHECK(firm.post("/v1/journals/" + json::parse(first.body)["id"].get<std::string>() + ":reverse",
                    json::object())
              .status == 201);
    for (const auto& [target, body, key, answer] :
         {std::tuple{"/v1/journals", journal, "once", first},
          {"/v1/liens", lien_of_40.dump(), "lien", lien},
          {"/v1/liens/lien-a:release", R"({"amount":{"amount":"10.0","asset":"BND"}})", "release",
           release}}) {
        const auto again = firm.post_text(target, body, key);
        CHECK(again.status == answer.status);
        CHECK(again.body == answer.body);
        CHECK(again.headers.at("idempotency-replayed") == "true");
        CHECK(again.headers.at("bailee-ledger-version") == answer.headers.at("bailee-ledger-version"));
    }
    const auto other =
        firm.post_text("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "2.00").dump(), "once");
    CHECK(other.status == 409);
    CHECK(json::parse(other.body)["code"] == "IDEMPOTENCY_CONFLICT");
}

TEST_CASE("a refusal is a problem with figures, and is replayed as it was", "[handlers]") {
    Firm firm;
    auto lien = lien_of_40;
    lien["amount"] = amount("BND", "100.01");
    const auto refused = firm.post_text("/v1/liens", lien.dump(), "too-much");
    CHECK(refused.status == 409);
    CHECK(refused.headers.at("content-type") == "application/problem+json");
    const auto problem = json::parse(refused.body);
    CHECK(problem["code"] == "INSUFFICIENT_FREE");
    CHECK(problem["figures"]["asked"] == "100.01");
    CHECK(problem["retryable"] == true);
    firm.made("/v1/journals", deposit("cme.4d", "cust-1.fut", "BND", "50.00"));
    const auto again = firm.post_text("/v1/liens", lien.dump(), "too-much");
    CHECK(again.status == 409);
    CHECK(again.headers.at("idempotency-replayed") == "true");
    CHECK(json::parse(again.body)["figures"] == problem["figures"]);
    CHECK(again.headers.at("bailee-ledger-version") == refused.headers.at("bailee-ledger-version"));
}

TEST_CASE("creating the same id again with the same body answers as before, with another body 409",
          "[handlers]") {
    Firm firm;
    const auto first = firm.post("/v1/liens", lien_of_40);
    const auto same = firm.post("/v1/liens", lien_of_40);
    CHECK(same.status == 201);
    CHECK(same.body == first.body);
    auto other = lien_of_40;
    other["amount"] = amount("BND", "41.00");
    const auto refused = firm.post("/v1/liens", other);
    CHECK(refused.status == 409);
    CHECK(json::parse(refused.body)["code"] == "DUPLICATE_ID");
}

TEST_CASE("writes without a key, with a malformed body or a malformed precondition change nothing",
          "[handlers]") {
    Firm firm;
    firm.key(Role::admin);
    const auto version = firm.ledger.committed()->state.version();
    struct Row {
        const char* body;
        const char* key;
        const char* headers;
        const char* pointer;
    };
    const auto lien = lien_of_40.dump();
    for (const auto& row :
         {Row{"{}", "", "", "Idempotency-Key"}, Row{"{", "k1", "", ""}, Row{"", "k2", "", "/type"},
          Row{R"({"type":"X"})", "k3", "", "/type"}, Row{lien.c_str(), "k4", "If-Match: abc\r\n", "If-Match"},
          Row{lien.c_str(), "k5", "If-Match: *\r\n", "If-Match"},
          Row{lien.c_str(), "k6", "If-Match: W/\"12\"\r\n", "If-Match"},
          Row{lien.c_str(), "k7", "If-Match: \"1\", \"2\"\r\n", "If-Match"}}) {
        INFO(row.body << row.headers);
        const auto answer = firm.post_text("/v1/liens", row.body, row.key, {}, row.headers);
        CHECK(answer.status == 400);
        const auto problem = json::parse(answer.body);
        CHECK(problem["code"] == "INVALID_INPUT");
        CHECK(problem.value("pointer", "") == row.pointer);
        CHECK(answer.headers.count("bailee-ledger-version") == 1);
    }
    CHECK(firm.post("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "1.00"), {},
                    "If-Match: \"1\"\r\n")
              .status == 400);
    CHECK(firm.ledger.committed()->state.version() == version);
    CHECK(firm.post_text("/v1/liens", lien, "k7").status == 201);
}

TEST_CASE("If-Match makes a lien conditional on the account's state version", "[handlers]") {
    Firm firm;
    const auto balances = firm.get("/v1/accounts/cust-1.fut/balances");
    const auto etag = balances.headers.at("etag");
    CHECK(etag == '"' + std::to_string(json::parse(balances.body)["state_version"].get<int>()) + '"');
    const auto unchanged =
        firm.get("/v1/accounts/cust-1.fut/balances", {}, "If-None-Match: " + etag + "\r\n");
    CHECK(unchanged.status == 304);
    CHECK(unchanged.body.empty());
    CHECK(firm.post("/v1/liens", lien_of_40, {}, "If-Match: " + etag + "\r\n").status == 201);
    auto second = lien_of_40;
    second["id"] = "lien-b";
    const auto moved = firm.post("/v1/liens", second, {}, "If-Match: " + etag + "\r\n");
    CHECK(moved.status == 412);
    CHECK(json::parse(moved.body)["code"] == "STATE_MOVED");
}

TEST_CASE("a lien is increased, released in part and closed, and each answer is the lien as it now is",
          "[handlers]") {
    Firm firm;
    const auto lien = firm.made("/v1/liens", lien_of_40);
    CHECK(lien["allocation"][0] ==
          json{{"account", "cust-1.fut"}, {"location", "cme.4d"}, {"amount", amount("BND", "40.00")}});
    CHECK(firm.made("/v1/liens/lien-a:increase", {{"amount", amount("BND", "5")}})["amount"] ==
          amount("BND", "45.00"));
    CHECK(firm.made("/v1/liens/lien-a:release", {{"amount", amount("BND", "15")}})["amount"] ==
          amount("BND", "30.00"));
    const auto closed = firm.made("/v1/liens/lien-a:release", json::object());
    CHECK(closed["status"] == "closed");
    CHECK(closed["amount"] == amount("BND", "0.00"));
    const auto got = firm.get("/v1/liens/lien-a");
    CHECK(json::parse(got.body) == closed);
    CHECK(firm.post("/v1/liens/lien-a:release", json::object()).status == 409);
    CHECK(json::parse(firm.get("/v1/liens?open=true").body)["items"].empty());
    CHECK(json::parse(firm.get("/v1/liens?account=cust-1.fut&open=false").body)["items"][0]["id"] ==
          "lien-a");
    CHECK(firm.get("/v1/liens/lien_0000000000000").status == 404);
}

TEST_CASE("a reservation is committed into a lien, released or expires", "[handlers]") {
    Firm firm;
    const json asked{{"account", "cust-1.fut"},
                     {"amount", amount("BND", "10")},
                     {"purpose", "order 9911"},
                     {"expires_at", "2026-07-06T15:05:00Z"}};
    const auto first = firm.made("/v1/reservations", asked)["id"].get<std::string>();
    const auto second = firm.made("/v1/reservations", asked)["id"].get<std::string>();
    const auto third = firm.made("/v1/reservations", asked)["id"].get<std::string>();
    CHECK(first.starts_with("rsv_"));
    const auto committed = firm.made("/v1/reservations/" + first + ":commit",
                                     {{"lien", {{"type", "CCP_MARGIN"}, {"holder", "cme"}}}});
    CHECK(committed["status"] == "committed");
    CHECK(committed["lien"]["amount"] == amount("BND", "10.00"));
    CHECK(firm.made("/v1/reservations/" + second + ":release", json::object())["status"] == "released");
    firm.ledger.advance(std::chrono::minutes{6});
    CHECK(json::parse(firm.get("/v1/reservations/" + third).body)["status"] == "expired");
    CHECK(json::parse(firm.get("/v1/reservations/" + first).body)["status"] == "committed");
    const auto late = firm.post("/v1/reservations/" + third + ":release", json::object());
    CHECK(late.status == 409);
    CHECK(json::parse(firm.get("/v1/reservations?open=true").body)["items"].empty());
    CHECK(json::parse(firm.get("/v1/reservations").body)["items"].size() == 3);
}

TEST_CASE("a margin engine may commit a reservation into a lien but not into a journal", "[handlers]") {
    Firm firm;
    const auto& key = firm.key(Role::margin_engine);
    const json asked{{"id", "rsv-1"},
                     {"account", "cust-1.fut"},
                     {"amount", amount("USD", "10")},
                     {"expires_at", "2026-07-06T15:05:00Z"}};
    CHECK(firm.post("/v1/reservations", asked, key).status == 201);
    const json journal{
        {"journal",
         {{"reason", "WITHDRAWAL"},
          {"legs", {leg("cust-1.fut", "debit", "USD", "10"), leg("bank-a.4d", "credit", "USD", "10")}}}}};
    CHECK(firm.post("/v1/reservations/rsv-1:commit", journal, key).status == 403);
    const auto posted = firm.post("/v1/reservations/rsv-1:commit", journal, firm.key(Role::operator_));
    CHECK(posted.status == 200);
    CHECK(json::parse(posted.body)["journal"]["reason"] == "WITHDRAWAL");
}

TEST_CASE("collateral shows what is held, what binds it and where it lies", "[handlers]") {
    Firm firm;
    firm.made("/v1/liens", lien_of_40);
    const auto answer = firm.get("/v1/collateral?account=cust-1.fut&asset=BND");
    const auto collateral = json::parse(answer.body);
    REQUIRE(collateral["items"].size() == 1);
    const auto& item = collateral["items"][0];
    CHECK(item["total"] == "100.00");
    CHECK(item["encumbered"] == "40.00");
    CHECK(item["free"] == "60.00");
    CHECK(item["liens"] == json::array({{{"id", "lien-a"},
                                         {"type", "CCP_MARGIN"},
                                         {"holder", "cme"},
                                         {"amount", "40.00"},
                                         {"consuming", true}}}));
    CHECK(item["location_classes"] == json::array({"dco"}));
    CHECK(item["finality"] == "final");
    CHECK_FALSE(item.contains("market_value"));
    CHECK(collateral["state_version"] == item["state_version"]);
    CHECK(answer.headers.at("etag") == '"' + std::to_string(item["state_version"].get<int>()) + '"');
    CHECK(collateral["next"].is_null());
    const auto one = json::parse(firm.get("/v1/collateral?regime=FUT_4D&limit=1").body);
    CHECK(one["items"][0]["asset"] == "USD");
    const auto two = json::parse(
        firm.get("/v1/collateral?regime=FUT_4D&limit=1&cursor=" + one["next"].get<std::string>()).body);
    CHECK(two["items"][0]["asset"] == "BND");
    CHECK(two["next"].is_null());
    CHECK(json::parse(firm.get("/v1/collateral?party=cust-2").body)["items"].empty());
    CHECK(firm.get("/v1/collateral?view=house").status == 400);
    CHECK(firm.get("/v1/collateral?account=nobody").status == 404);
}

TEST_CASE("pages follow each other without a gap or a repetition", "[handlers]") {
    Firm firm;
    for (int n = 0; n < 5; ++n) firm.made("/v1/journals", deposit("bank-a.4d", "cust-2.fut", "USD", "1.00"));
    std::vector<int> versions;
    std::string cursor;
    for (int page = 0; page < 10; ++page) {
        const auto list = json::parse(firm.get("/v1/journals?limit=2" + cursor).body);
        for (const auto& journal : list["items"]) versions.push_back(journal["version"]);
        if (list["next"].is_null()) break;
        cursor = "&cursor=" + list["next"].get<std::string>();
    }
    CHECK(versions.size() == 7);
    CHECK(std::is_sorted(versions.begin(), versions.end()));
    const auto from =
        json::parse(firm.get("/v1/journals?from_version=" + std::to_string(versions[3])).body)["items"];
    CHECK(from.size() == 4);
    CHECK(json::parse(firm.get("/v1/accounts/cust-2.fut/journals").body)["items"].size() == 5);
    for (const auto* bad :
         {"?cursor=", "?cursor=x1", "?cursor=p1", "?cursor=j01", "?limit=0", "?limit=201", "?limit=x"}) {
        INFO(bad);
        CHECK(firm.get(std::string{"/v1/journals"} + bad).status == 400);
    }
    CHECK(firm.get("/v1/journals?cursor=2.j1").status == 409);  // of another generation
}

TEST_CASE("a reversal links both journals", "[handlers]") {
    Firm firm;
    auto body = deposit("bank-a.4d", "cust-2.fut", "USD", "1.00");
    body["id"] = "jrn-a";
    firm.made("/v1/journals", body);
    const auto mirror = firm.made("/v1/journals/jrn-a:reverse", {{"reason", "CORRECTION"}});
    CHECK(mirror["reverses"] == "jrn-a");
    CHECK(mirror["legs"][0]["credit"] == amount("USD", "1.00"));
    const auto original = json::parse(firm.get("/v1/journals/jrn-a").body);
    CHECK(original["status"] == "reversed");
    CHECK(original["reversed_by"] == mirror["id"]);
    const auto again = firm.post("/v1/journals/jrn-a:reverse", json::object());
    CHECK(again.status == 409);
    CHECK(json::parse(again.body)["code"] == "ALREADY_REVERSED");
}

TEST_CASE("a key is shown once, opens the door, and no longer once revoked", "[handlers]") {
    Firm firm;
    firm.made(
        "/v1/principals",
        {{"id", "p-anna"}, {"kind", "person"}, {"name", "Anna Ilves"}, {"roles", json::array({"operator"})}});
    const auto first = firm.post_text("/v1/principals/p-anna/keys", "{}", "make");
    REQUIRE(first.status == 201);
    const auto made = json::parse(first.body);
    const auto text = made["key"].get<std::string>();
    CHECK(text.ends_with(made["last_four"].get<std::string>()));
    const auto again = json::parse(firm.post_text("/v1/principals/p-anna/keys", "{}", "make").body);
    CHECK(again["id"] == made["id"]);
    CHECK_FALSE(again.contains("key"));
    CHECK(firm.get("/v1/book", text).status == 200);
    const auto listed = json::parse(firm.get("/v1/principals/p-anna/keys").body)["items"][0];
    CHECK(listed["status"] == "active");
    CHECK_FALSE(listed.contains("key"));
    CHECK(firm.made("/v1/keys/" + made["id"].get<std::string>() + ":revoke", json::object())["status"] ==
          "revoked");
    CHECK(firm.get("/v1/book", text).status == 401);
}

TEST_CASE("a key that is wrong, of another pepper, or expired opens nothing", "[handlers]") {
    Firm firm;
    auto altered = firm.key(Role::admin);
    altered[20] = altered[20] == 'a' ? 'b' : 'a';
    CHECK(firm.get("/v1/book", altered).status == 401);
    CHECK(firm.get("/v1/book", "nonsense").status == 401);
    tests::http::RawClient client{firm.api->port()};
    const auto bare = client.ask("GET /v1/book HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(bare.status == 401);
    CHECK(bare.headers.at("www-authenticate").starts_with("Bearer"));
    firm.made("/v1/principals",
              {{"id", "p-b"}, {"kind", "service"}, {"name", "b"}, {"roles", json::array({"auditor"})}});
    CHECK(firm.post("/v1/principals/p-b/keys", {{"expires_at", "2026-07-06T14:00:00Z"}}).status == 422);
    const auto brief = firm.made("/v1/principals/p-b/keys", {{"expires_at", "2026-07-06T15:00:01Z"}});
    firm.ledger.advance(std::chrono::seconds{2});
    CHECK(firm.get("/v1/book", brief["key"].get<std::string>()).status == 401);
}

TEST_CASE("min_version is waited for, and when it does not come the answer says where the book is",
          "[handlers]") {
    Interface book{{.version_patience = std::chrono::milliseconds{50}}};
    book.set_up_firm();
    const auto head = book.ledger.committed()->state.version().value;
    CHECK(book.get("/v1/accounts/cust-1.fut/balances?min_version=" + std::to_string(head)).status == 200);
    const auto early = book.get("/v1/accounts/cust-1.fut/balances?min_version=" + std::to_string(head + 100));
    CHECK(early.status == 503);
    CHECK(json::parse(early.body)["code"] == "VERSION_NOT_REACHED");
    CHECK(early.headers.count("retry-after") == 1);
}

TEST_CASE("what the ledger cannot take now is 503 and may be sent again under the same key", "[handlers]") {
    Firm firm;
    firm.key(Role::admin);
    firm.ledger.refuse_all(ledger::base::Code::queue_full);
    const auto body = deposit("bank-a.4d", "cust-1.fut", "USD", "1.00").dump();
    const auto busy = firm.post_text("/v1/journals", body, "again");
    CHECK(busy.status == 503);
    CHECK(busy.headers.count("retry-after") == 1);
    CHECK(firm.get("/v1/journals").status == 503);
    CHECK(firm.get("/v1/collateral?account=cust-1.fut").status == 200);
    firm.ledger.refuse_all(std::nullopt);
    CHECK(firm.post_text("/v1/journals", body, "again").status == 201);
}

TEST_CASE("the process tells of its health, and the clock is confirmed by an admin", "[handlers]") {
    Firm firm;
    CHECK(firm.get("/healthz").status == 200);
    CHECK(firm.get("/readyz").status == 200);
    auto status = firm.ledger.status();
    status.health = ledger::port::Health::clock_leap;
    status.trouble = "The clock leapt.";
    firm.ledger.set_status(status);
    const auto unready = firm.get("/readyz");
    CHECK(unready.status == 503);
    CHECK(unready.headers.at("retry-after") == "1");
    CHECK(firm.post_text("/v1/clock:confirm", "", "").status == 200);
    CHECK(firm.ledger.clock_confirmations() == 1);
    CHECK(firm.post_text("/v1/clock:confirm", "", "", firm.key(Role::operator_)).status == 403);
    const auto metrics = firm.get("/metrics");
    CHECK(metrics.has("bailee_http_requests_total{"));
    CHECK(metrics.has("bailee_ledger_version"));
    CHECK(firm.get("/").headers.at("location") == "/docs");
    CHECK(firm.get("/docs").has("<h1>Bailee</h1>"));
    CHECK(json::parse(firm.get("/openapi.json").body)["openapi"] == "3.1.0");
    CHECK(json::parse(firm.get("/v1/book").body)["book"] == "main");
}

TEST_CASE("what a fact breaks is an exception that is listed until it is cured", "[handlers]") {
    Firm firm;
    const json loss{
        {"reason", "LOCATION_LOSS"},
        {"legs", {leg("cust-1.fut", "debit", "USD", "150.00"), leg("bank-a.4d", "credit", "USD", "150.00")}},
        {"evidence", json::array({{{"kind", "letter"}, {"reference", "x"}}})}};
    firm.made("/v1/journals", loss);
    const auto open = json::parse(firm.get("/v1/exceptions?open=true").body)["items"];
    REQUIRE(open.size() >= 1);
    CHECK(open[0]["short_by"] == "50.00");
    firm.made("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "80.00"));
    CHECK(json::parse(firm.get("/v1/exceptions?open=true").body)["items"].empty());
    const auto cured = json::parse(firm.get("/v1/exceptions/" + open[0]["id"].get<std::string>()).body);
    CHECK(cured["status"] == "cured");
    CHECK(cured["opened_at"] == open[0]["opened_at"]);
}
