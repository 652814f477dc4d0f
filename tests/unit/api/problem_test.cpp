// Refusals on the wire, as RFC 9457 and api.md have them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/http/message.hpp"
#include "api/wire/problem.hpp"

using ledger::base::Code;
using ledger::base::Error;

TEST_CASE("a refusal is the document that api.md shows", "[problem]") {
    const Error error{Code::insufficient_free,
                      "cust-42.fut has 40.00 UST free.",
                      "/amount",
                      {{"asked", "50.00"}, {"free", "40.00"}, {"encumbered", "60.00"}},
                      "law 3",
                      "Wait."};
    CHECK(
        api::wire::problem_json(error, "req_1") ==
        R"({"type":"urn:bailee:problem:insufficient-free","title":"Not enough free collateral","status":409,)"
        R"("code":"INSUFFICIENT_FREE","detail":"cust-42.fut has 40.00 UST free.","pointer":"/amount",)"
        R"("figures":{"asked":"50.00","free":"40.00","encumbered":"60.00"},"rule":"law 3","retryable":true,)"
        R"("next_step":"Wait.","request_id":"req_1"})");
    CHECK(api::wire::problem_status(error) == 409);
}

TEST_CASE("every code has a document with its status, and advice of its own", "[problem]") {
    for (const auto& row : ledger::base::code_table()) {
        CAPTURE(row.name);
        const auto json = nlohmann::json::parse(api::wire::problem_json({row.code, "why", {}}, "r"));
        CHECK(json.at("code") == row.name);
        CHECK(json.at("status") == ledger::base::http_status(row.kind));
        CHECK(json.at("title") == row.title);
        CHECK(json.at("next_step") == row.next_step);
        CHECK(json.at("retryable") == row.transient);
        CHECK_FALSE(json.contains("pointer"));
        CHECK_FALSE(json.contains("figures"));
        CHECK_FALSE(json.contains("rule"));
        const auto type = json.at("type").get<std::string>();
        CHECK(type.find_first_of("_ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos);
    }
}

TEST_CASE("a problem as a response says how to authenticate and when to come back", "[problem]") {
    const auto unauthenticated = api::http::problem_response({Code::unauthenticated, "No key.", {}}, "r");
    CHECK(unauthenticated.status == 401);
    CHECK(unauthenticated.content_type == "application/problem+json");
    CHECK(unauthenticated.headers.front() ==
          std::pair<std::string, std::string>{"WWW-Authenticate", "Bearer"});
    for (const auto code : {Code::queue_full, Code::outcome_unknown, Code::too_many_requests}) {
        CHECK(api::http::problem_response({code, "Later.", {}}, "r").headers.front().first == "Retry-After");
    }
    CHECK(api::http::problem_response({Code::not_found, "None.", {}}, "r").headers.empty());
}
