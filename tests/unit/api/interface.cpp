#include "tests/unit/api/interface.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "api/auth/api_key.hpp"

namespace tests::api_interface {
namespace {

using namespace ledger::book;
namespace rules = ledger::rules;

constexpr const char* pepper = "pepper of the tests";

std::string head_of(const char* method, std::string_view target, const std::string& key,
                    std::string_view more) {
    auto head = fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n", method, target);
    if (!key.empty()) head += fmt::format("Authorization: Bearer {}\r\n", key);
    head += more;
    return head;
}

}  // namespace

Interface::Interface(api::ApiOptions options) {
    options.pepper = pepper;
    api = std::make_unique<api::Api>(ledger, std::move(options));
}

const std::string& Interface::key(Role role, const std::string& party) {
    auto& text = keys_[{role, party}];
    if (!text.empty()) return text;
    const auto made = api::auth::make_key(api::auth::random_key_bytes(), "main");
    text = made.text.reveal();
    rules::AddPrincipal principal;
    principal.id = fmt::format("p{}", keys_.size());
    principal.name.text = principal.id;
    principal.roles.add(role);
    principal.party = party;
    ledger.accept(principal);
    rules::CreateKey created;
    created.principal = principal.id;
    created.key_id = made.id;
    created.hash = api::auth::key_hash(ledger::base::as_bytes(pepper), text);
    created.last_four = api::auth::key_tail(text);
    ledger.accept(created);
    return text;
}

Answer Interface::get(std::string_view target, const std::string& with, std::string_view more_headers) {
    tests::http::RawClient client{api->port()};
    return client.ask(head_of("GET", target, with.empty() ? key(Role::admin) : with, more_headers) + "\r\n");
}

Answer Interface::post_text(std::string_view target, std::string_view body, std::string_view idempotency_key,
                            const std::string& with, std::string_view more_headers) {
    auto head = head_of("POST", target, with.empty() ? key(Role::admin) : with, more_headers);
    if (!idempotency_key.empty()) head += fmt::format("Idempotency-Key: {}\r\n", idempotency_key);
    head += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    tests::http::RawClient client{api->port()};
    return client.ask(head);
}

Answer Interface::post(std::string_view target, const json& body, const std::string& with,
                       std::string_view more_headers) {
    return post_text(target, body.dump(), fmt::format("key-{}", ++next_key_), with, more_headers);
}

json Interface::made(std::string_view target, const json& body) {
    const auto answer = post(target, body);
    if (answer.status >= 300) throw std::logic_error{fmt::format("{}: {}", target, answer.body)};
    return json::parse(answer.body);
}

void Interface::set_up_firm() {
    for (const auto& [id, kind] : {std::pair{"firm", "fcm"}, {"bank-a", "bank"}, {"cme", "dco"}})
        made("/v1/parties", {{"id", id}, {"name", id}, {"kind", kind}});
    for (const auto* id : {"cust-1", "cust-2"})
        made("/v1/parties",
             {{"id", id}, {"name", "A Fund"}, {"kind", "fund"}, {"classification", {{"cftc", "public"}}}});
    made("/v1/assets", {{"id", "USD"}, {"kind", "cash"}, {"scale", 2}});
    made("/v1/assets", {{"id", "BND"}, {"kind", "security"}, {"scale", 2}});
    for (const auto* id : {"cust-1", "cust-2"})
        made("/v1/accounts",
             {{"id", std::string{id} + ".fut"}, {"party", id}, {"side", "obligation"}, {"regime", "FUT_4D"}});
    made("/v1/accounts",
         {{"id", "bank-a.4d"},
          {"party", "bank-a"},
          {"side", "location"},
          {"regime", "FUT_4D"},
          {"location", {{"kind", "bank"}, {"title", "Customer Segregated"}, {"jurisdiction", "US"}}}});
    made("/v1/accounts",
         {{"id", "cme.4d"}, {"party", "cme"}, {"side", "location"}, {"regime", "FUT_4D"}, {"kind", "dco"}});
    made("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "100.00"));
    made("/v1/journals", deposit("cme.4d", "cust-1.fut", "BND", "100.00"));
}

json amount(const char* asset, const char* text) { return {{"asset", asset}, {"amount", text}}; }

json leg(const char* account, const char* side, const char* asset, const char* text) {
    return {{"account", account}, {side, amount(asset, text)}};
}

json deposit(const char* location, const char* account, const char* asset, const char* text) {
    return {{"reason", "DEPOSIT"},
            {"legs", {leg(location, "debit", asset, text), leg(account, "credit", asset, text)}}};
}

}  // namespace tests::api_interface
