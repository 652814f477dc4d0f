// The contract says what the table does, and the table does what the contract says.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>

#include "api/auth/role_table.hpp"
#include "api/feed/event_types.hpp"
#include "api/openapi.hpp"
#include "api/routes.hpp"
#include "api/wire/request_fields.hpp"

using nlohmann::json;

namespace {

const json& contract() {
    static const auto document = json::parse(api::openapi_document());
    return document;
}

const json& resolved(const json& node) {
    if (!node.contains("$ref")) return node;
    return contract().at(json::json_pointer{node.at("$ref").get<std::string>().substr(1)});
}

struct Said {
    std::string method;
    std::string path;
    std::string operation;
    bool needs_key = false;
    std::set<std::string> roles{};
    std::set<std::string> query{};
};

std::map<std::string, Said> by_contract() {
    std::map<std::string, Said> all;
    for (const auto& [path, methods] : contract()["paths"].items())
        for (const auto& [method, operation] : methods.items()) {
            Said said{.method = method, .path = path, .operation = operation.at("operationId")};
            for (const auto& role : operation.value("x-roles", json::array())) said.roles.insert(role);
            for (const auto& listed : operation.value("parameters", json::array())) {
                const auto& parameter = resolved(listed);
                const auto name = parameter.at("name").get<std::string>();
                if (parameter.at("in") == "query") said.query.insert(name);
                if (name == "Idempotency-Key") said.needs_key = parameter.value("required", false);
            }
            all.emplace(method + ' ' + path, said);
        }
    return all;
}

std::map<std::string, Said> by_table() {
    std::map<std::string, Said> all;
    for (const auto& row : api::route_table()) {
        Said said{.method = row.method == api::http::Method::get ? "get" : "post",
                  .path = std::string{row.pattern},
                  .operation = std::string{row.operation_id},
                  .needs_key = row.needs_idempotency_key};
        for (const auto& role : ledger::book::roles())
            if (row.roles.contains(role.value)) said.roles.emplace(role.text);
        for (const auto name : row.query)
            if (!name.empty()) said.query.emplace(name);
        all.emplace(said.method + ' ' + said.path, said);
    }
    return all;
}

template <class Table>
void check_enum(const char* schema, const Table& table) {
    INFO(schema);
    std::set<std::string> texts;
    for (const auto& row : table) texts.emplace(row.text);
    std::set<std::string> listed;
    for (const auto& one : contract()["components"]["schemas"][schema]["enum"]) listed.insert(one);
    CHECK(listed == texts);
}

}  // namespace

TEST_CASE(
    "every route stands in the contract, with its roles, its key and its parameters, and none is only there",
    "[routes]") {
    const auto contract_says = by_contract();
    const auto table_says = by_table();
    for (const auto& [name, said] : table_says) {
        INFO(name);
        const auto found = contract_says.find(name);
        REQUIRE(found != contract_says.end());
        CHECK(found->second.operation == said.operation);
        CHECK(found->second.needs_key == said.needs_key);
        CHECK(found->second.roles == said.roles);
        CHECK(found->second.query == said.query);
    }
    for (const auto& [name, said] : contract_says) {
        INFO(name);
        CHECK(table_says.contains(name));
    }
}

TEST_CASE("every write under /v1 that reaches the book needs a key", "[routes]") {
    for (const auto& row : api::route_table()) {
        INFO(row.operation_id);
        const bool has_keys_of_its_own = row.operation_id == "post_journals";  // one in each item
        if (row.method != api::http::Method::get && row.operation_id != "confirm_clock")
            CHECK(row.needs_idempotency_key != has_keys_of_its_own);
        if (row.pattern.starts_with("/v1/")) CHECK(row.roles != ledger::book::RoleSet{});
        if (row.pattern.starts_with("/v1/")) CHECK(row.roles.contains(ledger::book::Role::admin));
    }
}

TEST_CASE("request schemas of the contract allow no further field, and amounts are texts", "[routes]") {
    for (const auto& [name, schema] : contract()["components"]["schemas"].items()) {
        INFO(name);
        if (name.ends_with("Request") || name == "Nothing")
            CHECK(schema.value("additionalProperties", true) == false);
    }
    CHECK(contract()["components"]["schemas"]["AmountRequest"]["properties"]["amount"]["type"] == "string");
}

TEST_CASE("the contract lists the codes of the book, each of them", "[routes]") {
    using namespace ledger::book;
    check_enum("PartyKind", party_kinds());
    check_enum("AssetKind", asset_kinds());
    check_enum("LienType", lien_types());
    check_enum("Role", roles());
    check_enum("Nature", natures());
    check_enum("Basis", bases());
    check_enum("Regime", api::wire::regime_texts());
    check_enum("AccountKind", api::wire::account_kind_texts());
    std::set<std::string> types;
    for (const auto& one : contract()["components"]["schemas"]["EventType"]["enum"]) types.insert(one);
    CHECK(types ==
          std::set<std::string>{api::feed::event_type_names.begin(), api::feed::event_type_names.end()});
}

TEST_CASE("the page names every operation and takes nothing from elsewhere", "[routes]") {
    const auto page = api::openapi_page();
    for (const auto& row : api::route_table()) {
        INFO(row.operation_id);
        CHECK(page.find("id=\"" + std::string{row.operation_id} + "\"") != std::string_view::npos);
    }
    CHECK(page.find("<script") == std::string_view::npos);
    CHECK(page.find("http://") == std::string_view::npos);
    CHECK(page.find("https://") == std::string_view::npos);
}
