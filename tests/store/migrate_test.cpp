// Migrations go forward, once each, and nothing is taken on trust about what was applied before.
#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ledger/store/postgres/migrate.hpp"
#include "ledger/store/postgres/session.hpp"
#include "ledger/store/postgres/verify.hpp"
#include "tests/store/stored_book.hpp"
#include "tests/support/temp_postgres.hpp"

namespace {

using namespace ledger::store::postgres;
using tests::support::TempPostgres;

constexpr Migration first{1, "first", "CREATE TABLE a (n int4); INSERT INTO a VALUES (1)", ""};
constexpr Migration second{2, "second", "CREATE TABLE b (n int4)", "SELECT 1 / count(*) FROM a"};

const std::vector<Migration> one{first};
const std::vector<Migration> two{first, second};

bool has_table(Connection& connection, const char* name) {
    return connection.execute("SELECT to_regclass($1) IS NOT NULL", Parameters{}.add(name))
        .at(0, 0)
        .boolean();
}

}  // namespace

TEST_CASE("migrations are applied once and in order, and remembered") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const auto report = migrate(connection, one);
    REQUIRE(report);
    CHECK(report->before == 0);
    CHECK(report->applied == std::vector<std::string>{"0001_first"});
    const auto more = migrate(connection, two);
    REQUIRE(more);
    CHECK(more->before == 1);
    CHECK(more->after == 2);
    CHECK(more->applied == std::vector<std::string>{"0002_second"});
    const auto none = migrate(connection, two);
    REQUIRE(none);
    CHECK(none->applied.empty());
    const Rows rows = connection.execute(
        "SELECT number, name, applied_by = session_user, applied_at <= now()"
        " FROM schema_migration ORDER BY number");
    REQUIRE(rows.size() == 2);
    CHECK(rows.at(1, 1).text() == "second");
    CHECK(rows.at(1, 2).boolean());
}

TEST_CASE("a migration whose text has changed since it was applied is refused by name") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    REQUIRE(migrate(connection, one));
    const std::vector<Migration> edited{{1, "first", "CREATE TABLE a (n int8)", ""}, second};
    const auto report = migrate(connection, edited);
    REQUIRE_FALSE(report);
    CHECK_THAT(report.error().detail, Catch::Contains("0001_first"));
    CHECK_FALSE(has_table(connection, "b"));
    CHECK_FALSE(require_schema(connection, edited));
}

TEST_CASE("a database newer than the program is refused") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    REQUIRE(migrate(connection, two));
    const auto report = migrate(connection, one);
    REQUIRE_FALSE(report);
    CHECK_THAT(report.error().detail, Catch::Contains("newer") && Catch::Contains("0002_second"));
    CHECK_FALSE(require_schema(connection, one));
}

TEST_CASE("a migration that fails half way leaves nothing, and those before it stay") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const std::vector<Migration> broken{first, {2, "broken", "CREATE TABLE b (n int4); SELECT 1 / 0", ""}};
    const auto report = migrate(connection, broken);
    REQUIRE_FALSE(report);
    CHECK_THAT(report.error().detail, Catch::Contains("0002_broken") && Catch::Contains("division by zero"));
    CHECK(has_table(connection, "a"));
    CHECK_FALSE(has_table(connection, "b"));
    const auto cured = migrate(connection, two);
    REQUIRE(cured);
    CHECK(cured->applied == std::vector<std::string>{"0002_second"});
}

TEST_CASE("a migration whose check fails is undone") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const std::vector<Migration> unmet{{1, "unmet", "CREATE TABLE a (n int4)", "SELECT 1 / count(*) FROM a"}};
    REQUIRE_FALSE(migrate(connection, unmet));
    CHECK_FALSE(has_table(connection, "a"));
}

TEST_CASE("a migration that ends its own transaction is refused") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const std::vector<Migration> wilful{{1, "wilful", "CREATE TABLE a (n int4); COMMIT", ""}};
    const auto report = migrate(connection, wilful);
    REQUIRE_FALSE(report);
    CHECK_THAT(report.error().detail, Catch::Contains("ends its transaction itself"));
}

TEST_CASE("servers that start together apply each migration once") {
    const auto database = TempPostgres::instance().empty_database();
    const std::vector<Migration> slow{{1, "slow", "CREATE TABLE a (n int4); SELECT pg_sleep(0.2)", ""},
                                      second};
    const std::vector<Migration> steps{slow[0], {2, "b", "CREATE TABLE b (n int4)", ""}};
    std::vector<std::size_t> applied(4, 99);
    {
        std::vector<std::jthread> servers;
        for (auto& count : applied)
            servers.emplace_back([&] {
                auto connection = open_session({.conninfo = database->conninfo()}, maintenance_session());
                const auto report = migrate(connection, steps);
                if (report) count = report->applied.size();
            });
    }
    CHECK(std::multiset<std::size_t>(applied.begin(), applied.end()) ==
          std::multiset<std::size_t>{0, 0, 0, 2});
}

TEST_CASE("a schema that lacks a step is named as such") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    REQUIRE(migrate(connection, one));
    const auto status = require_schema(connection, two);
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().detail, Catch::Contains("lacks migration 0002_second"));
    REQUIRE(migrate(connection, two));
    CHECK(require_schema(connection, two));
}

TEST_CASE("the migrations of this build are numbered from one without gaps and apply to an empty database") {
    const auto migrations = embedded_migrations();
    for (std::size_t step = 0; step < migrations.size(); ++step)
        CHECK(migrations[step].number == static_cast<std::int32_t>(step + 1));
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const auto report = migrate(connection, migrations);
    if (!report) FAIL(report.error().detail);
    CHECK(require_schema(connection, migrations));
}

TEST_CASE("refusals given before they were partitioned are kept, each in the partition of its version") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    REQUIRE(migrate(connection, embedded_migrations().first(1)));
    connection.execute_script(
        "SELECT bailee_make_partitions(4000000); SELECT bailee_make_partitions(8000000);"
        "INSERT INTO book (book_id, name, digest_key) VALUES (1, 'main', sha256('k'));"
        "INSERT INTO refusal SELECT n * 1000000, now(), gen_random_uuid(), 1, 0, sha256('r'), 'NO', '/p', "
        "'d',"
        " '{a,1}', 'r', 's' FROM generate_series(1, 11) AS n;"
        "CREATE TEMP TABLE before AS TABLE refusal");
    const auto report = migrate(connection, embedded_migrations());
    if (!report) FAIL(report.error().detail);
    const auto number = [&](const std::string& sql) { return connection.execute(sql).at(0, 0).int8(); };
    CHECK(number("SELECT count(*) FROM (TABLE before EXCEPT TABLE refusal) AS lost") == 0);
    CHECK(number("SELECT count(*) FROM refusal") == 11);
    CHECK(number("SELECT count(*) FROM refusal_p0000") == 3);
    CHECK(number("SELECT count(*) FROM refusal_p0001") == 4);
    CHECK(number("SELECT count(*) FROM refusal_p0002") == 4);
    CHECK(number("SELECT count(*) FROM pg_class WHERE relname LIKE '%unpartitioned%'") == 0);
    CHECK(number("SELECT bailee_make_partitions(12000000)::int8") == 5);
    CHECK(number("SELECT count(*) FROM pg_inherits WHERE inhparent = 'refusal'::regclass") == 4);
    CHECK_THROWS_AS(connection.execute("INSERT INTO refusal SELECT * FROM before LIMIT 1"), Fault);
    CHECK_THROWS_AS(connection.execute("DELETE FROM refusal"), Fault);
}

TEST_CASE(
    "legs posted before they carried balances get them from the log, also when the program died between") {
    tests::StoredBook book{77};
    book.run(1500, 100);
    auto connection = book.database().connect();
    const auto number = [&](const std::string& sql) { return connection.execute(sql).at(0, 0).int8(); };
    const auto legs = number("SELECT count(*) FROM leg");
    const auto encumbrances = number("SELECT count(*) FROM encumbrance_history");
    REQUIRE(legs > 50);
    REQUIRE(encumbrances > 20);
    // As the step leaves them, with the rest of the book as it is.
    connection.execute_script(
        "SET session_replication_role = replica; DELETE FROM leg; DELETE FROM encumbrance_history;"
        "SET session_replication_role = origin;"
        "UPDATE schema_migration SET refill = '{leg,encumbrance_history}' WHERE number = 3");
    const auto status = require_schema(connection, embedded_migrations());
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().detail, Catch::Contains("0003_balances_after are not filled"));
    const auto report = migrate(connection, embedded_migrations());
    if (!report) FAIL(report.error().detail);
    CHECK(report->applied.empty());
    CHECK(require_schema(connection, embedded_migrations()));
    CHECK(number("SELECT count(*) FROM leg") == legs);
    CHECK(number("SELECT count(*) FROM encumbrance_history") == encumbrances);
    const auto verified = verify_book(connection, {.book = "test"});
    REQUIRE(verified);
    CHECK(verified->ok());
}

TEST_CASE("a log that does not verify fills no table") {
    tests::StoredBook book{78};
    book.run(100, 20);
    auto connection = book.database().connect();
    connection.execute_script(
        "SET session_replication_role = replica; DELETE FROM leg;"
        "UPDATE event SET effective = effective + interval '1 day' WHERE version = 9;"
        "SET session_replication_role = origin; UPDATE schema_migration SET refill = '{leg}' WHERE number = "
        "3");
    const auto report = migrate(connection, embedded_migrations());
    REQUIRE_FALSE(report);
    CHECK_THAT(report.error().detail, Catch::Contains("event 9"));
    CHECK(connection.execute("SELECT count(*) FROM leg").at(0, 0).int8() == 0);
    CHECK_FALSE(require_schema(connection, embedded_migrations()));
}

TEST_CASE("the step that gives legs their balances empties what it fills again") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    REQUIRE(migrate(connection, embedded_migrations().first(2)));
    connection.execute_script("INSERT INTO leg VALUES (4096, 1, 1, 0, 0, 0), (4096, -1, 1, 1, 0, 1)");
    const auto report = migrate(connection, embedded_migrations());
    if (!report) FAIL(report.error().detail);
    const auto number = [&](const std::string& sql) { return connection.execute(sql).at(0, 0).int8(); };
    CHECK(number("SELECT count(*) FROM leg") == 0);
    CHECK(number("SELECT count(*) FROM schema_migration WHERE cardinality(refill) > 0") == 0);
    CHECK_THROWS_AS(connection.execute("DELETE FROM leg"), Fault);
    CHECK_THROWS_AS(connection.execute("TRUNCATE leg_p0000"), Fault);
}
