// Who may do what: every role at every route, and what a customer sees of others.
#include <algorithm>

#include <catch2/catch.hpp>

#include "api/auth/role_table.hpp"
#include "api/routes.hpp"
#include "tests/unit/api/interface.hpp"

using namespace tests::api_interface;
using ledger::book::Role;

namespace {

std::string target_of(std::string_view pattern) {
    std::string target{pattern};
    if (const auto at = target.find("{id}"); at != std::string::npos) target.replace(at, 4, "nothing");
    return target;
}

Answer ask(Interface& book, const api::RouteRow& row, const std::string& key) {
    if (row.method == api::http::Method::get) return book.get(target_of(row.pattern), key);
    return book.post(target_of(row.pattern), {{"unknown", true}}, key);
}

// What a role may do, written down apart from the table: the operations that are open to it.
bool is_open(Role role, const api::RouteRow& row) {
    const auto name = std::string{row.operation_id};
    const bool reads = row.method == api::http::Method::get;
    const auto among = [&](std::initializer_list<const char*> names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    const bool of_principals = among({"list_principals", "get_principal", "list_keys"});
    const bool of_the_firm = among({"list_locations", "get_location", "list_exceptions", "get_exception"});
    const bool binds = among({"open_lien", "increase_lien", "release_lien", "reallocate_lien", "reserve",
                              "commit_reservation", "release_reservation"});
    const bool posts = among({"add_party", "add_asset", "open_account", "add_agreement", "revoke_agreement",
                              "post_journal", "post_journals", "reverse_journal"});
    switch (role) {
        case Role::admin: return true;
        case Role::operator_: return (reads && !of_principals) || binds || posts;
        case Role::margin_engine: return (reads && !of_principals) || binds;
        case Role::approver:
        case Role::auditor:
        case Role::examiner:
        case Role::trustee: return reads;
        case Role::customer:
        case Role::manager: return reads && !of_principals && !of_the_firm;
    }
    return false;
}

}  // namespace

TEST_CASE("each role passes the routes that are open to it and no other", "[roles]") {
    Interface book;
    book.set_up_firm();
    for (const auto& role : ledger::book::roles()) {
        const bool is_scoped = role.value == Role::customer || role.value == Role::manager;
        const auto key = book.key(role.value, is_scoped ? "cust-1" : "");
        for (const auto& row : api::route_table()) {
            if (row.roles == ledger::book::RoleSet{} || row.operation_id == "stream_events") continue;
            INFO(role.text << " " << row.operation_id);
            const auto answer = ask(book, row, key);
            CHECK((answer.status != 403) == is_open(role.value, row));
            CHECK(answer.status != 401);
            CHECK(answer.status != 500);
        }
    }
}

TEST_CASE("without a key only the routes that ask for none answer", "[roles]") {
    Interface book;
    for (const auto& row : api::route_table()) {
        INFO(row.operation_id);
        const auto answer = ask(book, row, "none");
        CHECK((answer.status == 401) == (row.roles != ledger::book::RoleSet{}));
    }
}

TEST_CASE("to a customer another party's objects are as if they had never been", "[roles]") {
    Interface book;
    book.set_up_firm();
    book.made("/v1/liens", {{"id", "lien-a"},
                            {"account", "cust-1.fut"},
                            {"amount", amount("BND", "1")},
                            {"type", "CCP_MARGIN"},
                            {"holder", "cme"}});
    book.made("/v1/reservations", {{"id", "rsv-a"},
                                   {"account", "cust-1.fut"},
                                   {"amount", amount("BND", "1")},
                                   {"expires_at", "2026-07-06T15:05:00Z"}});
    book.made("/v1/agreements", {{"id", "agr-a"},
                                 {"kind", "consent"},
                                 {"parties", json::array({"cust-1"})},
                                 {"effective_from", "2026-01-01"}});
    const auto journal = json::parse(book.get("/v1/journals").body)["items"][0]["id"].get<std::string>();
    const auto& other = book.key(Role::customer, "cust-2");
    const auto without = [](std::string body, const std::string& id) {
        if (const auto at = body.find(id); at != std::string::npos) body.replace(at, id.size(), "");
        return json::parse(body)["detail"].get<std::string>();
    };
    for (const auto& [path, id] : {std::pair<std::string, std::string>{"/v1/accounts/", "cust-1.fut"},
                                   {"/v1/parties/", "cust-1"},
                                   {"/v1/liens/", "lien-a"},
                                   {"/v1/reservations/", "rsv-a"},
                                   {"/v1/agreements/", "agr-a"},
                                   {"/v1/journals/", journal},
                                   {"/v1/collateral?account=", "cust-1.fut"},
                                   {"/v1/collateral?party=", "cust-1"},
                                   {"/v1/liens?account=", "cust-1.fut"},
                                   {"/v1/events?account=", "cust-1.fut"}}) {
        INFO(path << id);
        const auto foreign = book.get(path + id, other);
        const auto unknown = book.get(path + "nothing-at-all", other);
        CHECK(foreign.status == 404);
        CHECK(unknown.status == 404);
        CHECK(without(foreign.body, id) == without(unknown.body, "nothing-at-all"));
    }
    for (const auto* list :
         {"/v1/liens", "/v1/reservations", "/v1/journals", "/v1/agreements", "/v1/collateral"}) {
        INFO(list);
        CHECK(json::parse(book.get(list, other).body)["items"].empty());
        CHECK_FALSE(json::parse(book.get(list).body)["items"].empty());
    }
    CHECK(json::parse(book.get("/v1/accounts", other).body)["items"].size() == 1);
    CHECK(json::parse(book.get("/v1/parties", other).body)["items"].size() == 1);
}

TEST_CASE("a customer sees their own legs of a journal and nobody else's", "[roles]") {
    Interface book;
    book.set_up_firm();
    const auto& own = book.key(Role::customer, "cust-1");
    const auto listed = json::parse(book.get("/v1/journals", own).body)["items"];
    REQUIRE(listed.size() == 2);
    CHECK(listed[0]["legs"].size() == 1);
    CHECK(listed[0]["legs"][0]["account"] == "cust-1.fut");
    CHECK_FALSE(listed[0].contains("principal"));
    CHECK(json::parse(book.get("/v1/accounts/cust-1.fut/balances", own).body)["balances"][0]["total"] ==
          "100.00");
}
