// A session with PostgreSQL when all is well, and each way it can go wrong.
#include <catch2/catch.hpp>

#include <signal.h>

#include <chrono>
#include <string>
#include <thread>

#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/private_server_process.hpp"
#include "ledger/store/postgres/session.hpp"
#include "tests/support/temp_postgres.hpp"

namespace {

using namespace std::chrono_literals;
using namespace ledger::store::postgres;
using tests::support::TempPostgres;
using Clock = std::chrono::steady_clock;

constexpr Statement add_two{"add_two", "SELECT $1::int8 + 2"};

template <class Call>
Fault fault_of(Call call) {
    try {
        call();
    } catch (const Fault& fault) {
        return fault;
    }
    FAIL("nothing went wrong");
    throw 0;
}

}  // namespace

TEST_CASE("a prepared statement is planned once and takes binary parameters") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    for (std::int64_t value = 0; value < 10; ++value)
        CHECK(connection.execute(add_two, parameters(value)).at(0, 0).int8() == value + 2);
    CHECK(connection.execute("SELECT count(*) FROM pg_prepared_statements").at(0, 0).int8() == 1);
}

TEST_CASE("an absent optional is NULL and a present one its value") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const std::optional<std::int64_t> none;
    const std::optional<std::string> some = "x";
    const Rows rows = connection.execute("SELECT $1::int8, $2::text", parameters(none, some));
    CHECK(rows.at(0, 0).is_null());
    CHECK(rows.at(0, 1).text() == "x");
}

TEST_CASE("an error of the server carries its SQLSTATE and leaves the session usable") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const Fault fault = fault_of([&] { connection.execute("SELECT 1 / 0"); });
    CHECK(fault.sqlstate() == "22012");
    CHECK(fault.message() == "division by zero");
    CHECK_FALSE(fault.connection_lost());
    CHECK(connection.execute("SELECT true").at(0, 0).boolean());
}

TEST_CASE("what a transaction's scope did not commit is rolled back") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    connection.execute_script("CREATE TABLE t (n int4)");
    {
        const Transaction left{connection};
        connection.execute_script("INSERT INTO t VALUES (1)");
    }
    CHECK_FALSE(connection.is_in_transaction());
    Transaction kept{connection};
    connection.execute_script("INSERT INTO t VALUES (2)");
    CHECK(kept.commit() == CommitOutcome::committed);
    CHECK(connection.execute("SELECT sum(n)::int4 FROM t").at(0, 0).int4() == 2);
}

TEST_CASE("a notice is seen and kept until it is taken") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    connection.execute_script("DO $$ BEGIN RAISE WARNING 'look here' USING ERRCODE = 'LG001'; END $$");
    const auto notices = connection.take_notices();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].severity == "WARNING");
    CHECK(notices[0].sqlstate == "LG001");
    CHECK(notices[0].message == "look here");
    CHECK(connection.take_notices().empty());
}

TEST_CASE("a notice during COMMIT makes its outcome in doubt") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    connection.execute_script(
        "CREATE TABLE t (n int4);"
        "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE "
        "FUNCTION shout()");
    Transaction transaction{connection};
    connection.execute_script("INSERT INTO t VALUES (1)");
    CHECK(transaction.commit() == CommitOutcome::in_doubt);
}

TEST_CASE("a constraint that fails at COMMIT is certainly rolled back, and so is a failed transaction") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    connection.execute_script("CREATE TABLE t (n int4 UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    Transaction doubled{connection};
    connection.execute_script("INSERT INTO t VALUES (1), (1)");
    CHECK(doubled.commit() == CommitOutcome::rolled_back);
    Transaction failed{connection};
    CHECK_THROWS_AS(connection.execute("SELECT 1 / 0"), Fault);
    CHECK(failed.commit() == CommitOutcome::rolled_back);
}

TEST_CASE("a commit whose backend is gone is in doubt") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    auto other = database->connect();
    Transaction transaction{connection};
    connection.execute_script("CREATE TABLE t (n int4)");
    other.execute("SELECT pg_terminate_backend($1, 5000)",
                  parameters(std::int32_t{connection.backend_pid()}));
    CHECK(transaction.commit() == CommitOutcome::in_doubt);
    CHECK(connection.is_lost());
}

TEST_CASE("a passed deadline shuts the socket down and the statement is not cancelled") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    auto other = database->connect();
    const std::int32_t backend = connection.backend_pid();
    const auto begun = Clock::now();
    connection.deadline_in(200ms);
    const Fault fault = fault_of([&] { connection.execute("SELECT pg_sleep(2)"); });
    CHECK(Clock::now() - begun < 1500ms);
    CHECK(fault.connection_lost());
    CHECK(fault.deadline_passed());
    CHECK(connection.is_lost());
    CHECK(fault_of([&] { connection.execute("SELECT 1"); }).connection_lost());
    // The server goes on by itself, which a cancel would have ended.
    CHECK(other
              .execute("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'",
                       parameters(backend))
              .size() == 1);
}

TEST_CASE("a server that is frozen while rows are sent does not hold the writer beyond its deadline") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    connection.execute_script("CREATE TABLE t (a text)");
    CopyWriter rows;
    const std::string text(1'000'000, 'x');
    for (int row = 0; row < 40; ++row) rows.row(1).text(text);
    const pid_t backend = connection.backend_pid();
    signal_process(backend, SIGSTOP);
    connection.deadline_in(300ms);
    const auto begun = Clock::now();
    const Fault fault =
        fault_of([&] { connection.copy_in("COPY t FROM STDIN (FORMAT binary)", rows.finish()); });
    signal_process(backend, SIGCONT);
    CHECK(fault.deadline_passed());
    CHECK(Clock::now() - begun < 2s);
}

TEST_CASE("another thread can cut a call that waits") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    std::jthread cutter{[&] {
        std::this_thread::sleep_for(100ms);
        connection.cut();
    }};
    const auto begun = Clock::now();
    CHECK(fault_of([&] { connection.execute("SELECT pg_sleep(5)"); }).connection_lost());
    CHECK(Clock::now() - begun < 3s);
}

TEST_CASE("a reader that fails in the middle of a COPY ends its session and not the program") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const char* sql = "COPY (SELECT i::int8 FROM generate_series(1, 100000) i) TO STDOUT (FORMAT binary)";
    CHECK_THROWS_AS(connection.copy_out(sql, [](const auto& row) { static_cast<void>(row[0].boolean()); }),
                    Fault);
    CHECK(connection.is_lost());
}

TEST_CASE("a server that is not there is a lost connection with the place in its words") {
    const Fault fault =
        fault_of([] { Connection{{.conninfo = "host=/nowhere user=postgres dbname=bailee"}}; });
    CHECK(fault.connection_lost());
    CHECK_THAT(fault.message(), Catch::Contains("/nowhere"));
}

TEST_CASE("a session has the settings of its kind") {
    const auto database = TempPostgres::instance().empty_database();
    auto writer = open_session({.conninfo = database->conninfo()}, writer_session());
    const auto setting = [](Connection& connection, const char* name) {
        return std::string{
            connection.execute("SELECT current_setting($1)", Parameters{}.add(name)).at(0, 0).text()};
    };
    CHECK(setting(writer, "statement_timeout") == "0");
    CHECK(setting(writer, "lock_timeout") == "5s");
    CHECK(setting(writer, "synchronous_commit") == "on");
    CHECK(setting(writer, "jit") == "off");
    auto reader = open_session({.conninfo = database->conninfo()}, reader_session());
    CHECK(setting(reader, "statement_timeout") == "30s");
    CHECK(fault_of([&] { reader.execute_script("CREATE TABLE t ()"); }).sqlstate() == "25006");
}

TEST_CASE("a server that would answer before it is durable is refused") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const auto status = require_durable(connection);
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().detail, Catch::Contains("fsync = off"));
}
