// What a person with the database's own password does to the book is found, and named by table and row.
#include <catch2/catch.hpp>

#include <iostream>

#include <fmt/format.h>

#include "ledger/store/postgres/migrate.hpp"
#include "ledger/store/postgres/session.hpp"
#include "ledger/store/postgres/verify.hpp"
#include "tests/simulation/planted_bugs.hpp"
#include "tests/store/stored_book.hpp"

using namespace ledger::port;
using namespace ledger::store::postgres;
using ledger::proof::Checkpoint;
using ledger::proof::Finding;
using tests::StoredBook;

namespace {

// One book, whose tables have lost every constraint that could refuse a tampering.
struct Tampered {
    StoredBook book{4711};
    Connection connection{open_session({.conninfo = book.database().conninfo()}, maintenance_session())};

    Tampered() {
        book.run(1500, 25);
        // What the random commands leave out with one compiler or another.
        ledger::rules::OpenAccount margin{.party = "firm"};
        margin.kind = AccountKind::customer_margin;
        margin.regime = Regime::SEC_CUST;
        margin.limits = {{"USD", {"5.00"}}};
        for (const std::string id : {"limited-1", "limited-2"}) {
            margin.id = id;
            static_cast<void>(book.write({margin}));
        }
        connection.execute_script(
            "SET session_replication_role = replica;"
            "DO $$ DECLARE item record; BEGIN"
            " FOR item IN SELECT c.conrelid::regclass AS t, c.conname AS name FROM pg_constraint AS c"
            " JOIN pg_class AS of ON of.oid = c.conrelid WHERE c.contype IN ('c', 'p', 'u')"
            " AND of.relnamespace = 'public'::regnamespace AND of.relkind IN ('r', 'p') AND c.coninhcount = 0"
            " ORDER BY c.contype LOOP"
            " EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', item.t, item.name);"
            " END LOOP; END $$;"
            "DROP INDEX IF EXISTS event_p0000_idem");
    }
    VerifyReport verify(std::optional<Checkpoint> checkpoint = {}) {
        const auto report = verify_book(connection, {.book = "test", .checkpoint = std::move(checkpoint)});
        REQUIRE(report);
        return *report;
    }
    // The findings of one tampering, which is then undone.
    std::vector<Finding> after(const std::string& table, const std::string& sql) {
        connection.execute_script(fmt::format("CREATE TABLE saved AS TABLE {}", table));
        connection.execute_script(sql);
        const auto report = verify();
        connection.execute_script(
            fmt::format("DELETE FROM {0}; INSERT INTO {0} SELECT * FROM saved; DROP TABLE saved", table));
        return report.findings;
    }
};

Tampered& tampered() {
    static Tampered one;
    return one;
}

std::string told(const std::vector<Finding>& findings) {
    std::string text = fmt::format("{} findings", findings.size());
    for (std::size_t at = 0; at < std::min<std::size_t>(findings.size(), 5); ++at)
        text += fmt::format("\n{} {} (version {}): {}", findings[at].code, findings[at].object,
                            findings[at].version.value, findings[at].detail);
    return text;
}

bool names(const std::vector<Finding>& findings, const std::string& code, const std::string& table) {
    return std::ranges::any_of(findings, [&](const Finding& finding) {
        return finding.code == code && finding.object.starts_with(table + " ");
    });
}

std::string middle_row(const TableRow& table) {
    return fmt::format(
        "(tableoid, ctid) = (SELECT tableoid, ctid FROM {0} ORDER BY {1} OFFSET (SELECT count(*) / 2"
        " FROM {0}) LIMIT 1)",
        table.name, table.key);
}

// A column of each table that is not part of its key.
std::string alteration(Table table) {
    switch (table) {
        case Table::party: return "kind = 'trustee', sec = 'pab'";
        case Table::asset: return "scale = scale + 1";
        case Table::principal: return "roles = ARRAY['admin']";
        case Table::api_key: return "last_four = 'zzzz'";
        case Table::reason: return "is_fact = NOT is_fact";
        case Table::agreement: return "effective_from = '1999-01-01'";
        case Table::account: return "party = party + 1";
        case Table::account_limit: return "quantity = quantity + 1";
        case Table::object_name: return "version = version + 1";
        case Table::journal: return "reason = reason + 1";
        case Table::leg: return "debit = debit + 1";
        case Table::evidence: return "reference = reference || 'x'";
        case Table::balance: return "total = total + 1";
        case Table::encumbrance_history: return "reserved = reserved + 1";
        case Table::lien: return "holder = holder + 1";
        case Table::lien_line: return "quantity = quantity + 1";
        case Table::lien_history: return "rank = rank + 1";
        case Table::reservation: return "expires_at = expires_at + interval '1 hour'";
        case Table::exception: return "short_by = short_by + 1";
        case Table::event: return "principal = principal + 1";
        case Table::batch: return "at = at - interval '1 day'";
        default: return "";
    }
}

std::size_t rows_in(Connection& connection, const char* table) {
    return static_cast<std::size_t>(
        connection.execute(fmt::format("SELECT count(*) FROM {}", table)).at(0, 0).int8());
}

}  // namespace

TEST_CASE("verify finds a balance that was not written: a planted bug") {
    tests::StoredBook book{31};
    {
        const tests::simulation::Planted planted{ledger::base::PlantedBug::dropped_balance_row};
        book.run(200, 20);
    }
    auto connection = book.database().connect();
    const auto report = verify_book(connection, {.book = "test"});
    REQUIRE(report);
    CHECK_FALSE(report->ok());
}

TEST_CASE("an untouched book is found whole, and verify leaves it as it was") {
    auto& [book, connection] = tampered();
    const auto report = tampered().verify();
    INFO(told(report.findings));
    CHECK(report.ok());
    CHECK(report.version == book.state().version());
    CHECK(report.head_hash == book.committed().head_hash);
    CHECK(report.journals == rows_in(connection, "journal"));
    CHECK(report.journals > 50);
    CHECK(rows_in(connection, "pg_class WHERE relname = 'commitment'") == 0);
    CHECK(fingerprint(book.store().load().state) == fingerprint(book.state()));
}

TEST_CASE("an altered, deleted or duplicated row of any projection is named") {
    auto& connection = tampered().connection;
    for (const auto& table : tables()) {
        if (!table.is_projection) continue;
        INFO(table.name);
        REQUIRE(rows_in(connection, table.name) >= 2);
        const auto row = middle_row(table);
        const auto altered = tampered().after(
            table.name, fmt::format("UPDATE {} SET {} WHERE {}", table.name, alteration(table.table), row));
        CHECK(altered.size() == 1);
        CHECK(names(altered, "ROW_ALTERED", table.name));
        CHECK(altered.at(0).detail.find("the log says") != std::string::npos);
        const auto deleted =
            tampered().after(table.name, fmt::format("DELETE FROM {} WHERE {}", table.name, row));
        CHECK(deleted.size() == 1);
        CHECK(names(deleted, "ROW_MISSING", table.name));
        const auto doubled = tampered().after(
            table.name, fmt::format("INSERT INTO {0} SELECT * FROM {0} WHERE {1}", table.name, row));
        CHECK(doubled.size() == 1);
        CHECK(names(doubled, "ROW_DUPLICATED", table.name));
        const auto emptied = tampered().after(table.name, fmt::format("DELETE FROM {}", table.name));
        CHECK(names(emptied, "ROW_MISSING", table.name));
    }
}

TEST_CASE("two rows of a table that changed places are both named") {
    const std::vector<std::pair<std::string, std::string>> swaps{{"balance", "total"},
                                                                 {"leg", "account"},
                                                                 {"party", "id"},
                                                                 {"account", "id"},
                                                                 {"journal", "name"},
                                                                 {"lien", "holder"},
                                                                 {"encumbrance_history", "total"},
                                                                 {"object_name", "version"}};
    for (const auto& [table, column] : swaps) {
        INFO(table << "." << column);
        const auto findings = tampered().after(
            table,
            fmt::format(
                "WITH one AS (SELECT tableoid AS t, ctid AS c, {1} AS v FROM {0} WHERE {1} IS NOT NULL"
                " ORDER BY 1, 2 LIMIT 1),"
                " other AS (SELECT {0}.tableoid AS t, {0}.ctid AS c, {0}.{1} AS v FROM {0}, one"
                " WHERE {0}.{1} <> one.v ORDER BY 1, 2 LIMIT 1)"
                " UPDATE {0} SET {1} = CASE WHEN {0}.ctid = one.c THEN other.v ELSE one.v END"
                " FROM one, other WHERE ({0}.tableoid, {0}.ctid) IN ((one.t, one.c), (other.t, other.c))",
                table, column));
        INFO(told(findings));
        CHECK(findings.size() == 2);
        CHECK(names(findings, "ROW_ALTERED", table));
    }
}

TEST_CASE("any column of the log that is altered, and any row that goes or comes, is named") {
    auto& connection = tampered().connection;
    const auto row = middle_row(row_of(Table::event));
    const std::string flipped = "set_byte({0}, 0, get_byte({0}, 0) # 1)";
    for (const std::string column : {"body", "hash", "previous_hash", "request_digest"}) {
        INFO(column);
        const auto findings =
            tampered().after("event", fmt::format("UPDATE event SET {} = {} WHERE {}", column,
                                                  fmt::format(fmt::runtime(flipped), column), row));
        CHECK(names(findings, "LOG_HASH", "event"));
    }
    for (const std::string change :
         {"principal = principal + 1", "effective = effective - interval '1 day'",
          "known = known + interval '1 us'", "idem = '00000000-0000-0000-0000-000000000001'"}) {
        INFO(change);
        CHECK(names(tampered().after("event", fmt::format("UPDATE event SET {} WHERE {}", change, row)),
                    "LOG_HASH", "event"));
    }
    CHECK(
        names(tampered().after("event", fmt::format("DELETE FROM event WHERE {}", row)), "LOG_GAP", "event"));
    CHECK(names(tampered().after("event", fmt::format("INSERT INTO event SELECT * FROM event WHERE {}", row)),
                "LOG_DUPLICATE", "event"));
    CHECK(names(
        tampered().after("event", "DELETE FROM event WHERE version > (SELECT max(version) - 3 FROM event)"),
        "LOG_TRUNCATED", "event"));
    CHECK(names(tampered().after("event", "DELETE FROM event"), "LOG_TRUNCATED", "event"));
    const auto swapped = tampered().after("event",
                                          "UPDATE event AS e SET body = o.body FROM event AS o WHERE "
                                          "e.version IN (20, 21) AND o.version = 41 - e.version");
    INFO(told(swapped));
    CHECK(names(swapped, "LOG_HASH", "event"));
    CHECK(rows_in(connection, "event") == tampered().book.state().version().value);
    CHECK(tampered().verify().ok());
}

TEST_CASE("a batch, a lease, a refusal and a text that no longer fit are named") {
    const auto batch = middle_row(row_of(Table::batch));
    CHECK(names(tampered().after("batch", fmt::format("DELETE FROM batch WHERE {}", batch)), "BATCH_ALTERED",
                "batch"));
    CHECK(
        names(tampered().after("batch", fmt::format("INSERT INTO batch SELECT * FROM batch WHERE {}", batch)),
              "BATCH_ALTERED", "batch"));
    CHECK(names(
        tampered().after("batch", fmt::format("UPDATE batch SET at = at - interval '1 day' WHERE {}", batch)),
        "BATCH_ALTERED", "batch"));
    CHECK(names(tampered().after(
                    "batch", fmt::format("UPDATE batch SET last_version = last_version + 1 WHERE {}", batch)),
                "BATCH_ALTERED", "batch"));
    CHECK(names(tampered().after("batch", "DELETE FROM batch WHERE no = (SELECT max(no) FROM batch)"),
                "BATCH_MISSING", "batch"));
    const auto lease = tampered().after("lease", "UPDATE lease SET batch = batch + 1");
    REQUIRE(lease.size() == 1);
    CHECK(lease[0].code == "LEASE_ALTERED");
    CHECK(names(
        tampered().after(
            "refusal", "UPDATE refusal SET code = 'NO_SUCH' WHERE idem = (SELECT idem FROM refusal LIMIT 1)"),
        "REFUSAL_ALTERED", "refusal"));
    CHECK(
        names(tampered().after(
                  "refusal",
                  "UPDATE refusal SET decided_at = 1000000 WHERE idem = (SELECT idem FROM refusal LIMIT 1)"),
              "REFUSAL_ALTERED", "refusal"));
    CHECK(names(
        tampered().after("refusal",
                         "UPDATE refusal SET idem = (SELECT idem FROM event WHERE idem IS NOT NULL LIMIT 1)"
                         " WHERE idem = (SELECT idem FROM refusal LIMIT 1)"),
        "KEY_ANSWERED_TWICE", "event"));
    CHECK(names(
        tampered().after(
            "erasable_text",
            "UPDATE erasable_text SET text = text || 'x' WHERE ctid = (SELECT min(ctid) FROM erasable_text)"),
        "TEXT_ALTERED", "erasable_text"));
    CHECK(names(
        tampered().after("erasable_text",
                         "DELETE FROM erasable_text WHERE ctid = (SELECT min(ctid) FROM erasable_text)"),
        "TEXT_MISSING", "erasable_text"));
    CHECK(tampered().after("erasable_text", "UPDATE erasable_text SET text = NULL").empty());
    const auto strayed = tampered().after(
        "leg", "INSERT INTO leg SELECT journal, debit, 99, account, asset, n FROM leg LIMIT 3");
    REQUIRE(strayed.size() == 1);
    CHECK(strayed[0].object == "leg");
}

TEST_CASE("a log that was cut short or written anew does not contain its checkpoint") {
    auto& [book, connection] = tampered();
    const auto head = checkpoint_of_head(connection, "test");
    REQUIRE(head);
    REQUIRE(*head);
    CHECK((*head)->version == book.state().version());
    CHECK((*head)->hash == book.committed().head_hash);
    CHECK(tampered().verify(**head).ok());
    auto later = **head;
    later.version.value += 5;
    CHECK(tampered().verify(later).findings.at(0).code == "LOG_TRUNCATED");
    auto other = **head;
    other.version.value -= 5;
    CHECK(tampered().verify(other).findings.at(0).code == "LOG_REWRITTEN");
    auto foreign = **head;
    foreign.book = "another";
    CHECK(tampered().verify(foreign).findings.at(0).code == "CHECKPOINT_BOOK");
}

TEST_CASE("findings are bounded and the rest is counted") {
    auto& connection = tampered().connection;
    connection.execute_script("CREATE TABLE saved AS TABLE leg; UPDATE leg SET debit = debit + 1");
    const auto report = verify_book(connection, {.book = "test", .findings_max = 10});
    connection.execute_script("DELETE FROM leg; INSERT INTO leg SELECT * FROM saved; DROP TABLE saved");
    REQUIRE(report);
    CHECK(report->findings.size() == 10);
    CHECK(report->findings_left_out > 50);
    CHECK_FALSE(report->ok());
}

TEST_CASE("a book that is not there is refused by name") {
    const auto report = verify_book(tampered().connection, {.book = "nobody"});
    REQUIRE_FALSE(report);
    CHECK_THAT(report.error().detail, Catch::Contains("nobody"));
}
