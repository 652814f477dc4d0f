// The schema refuses what the program never does, whoever asks, and gives each role no more than it needs.
#include <catch2/catch.hpp>

#include <set>

#include "ledger/store/postgres/rows.hpp"
#include "ledger/store/postgres/session.hpp"
#include "tests/store/stored_book.hpp"

namespace {

using namespace ledger::store::postgres;
using tests::StoredBook;

StoredBook& filled() {
    static StoredBook book{31};
    if (book.batches() < 10) book.run(600, 20);
    return book;
}

// The SQLSTATE a statement is refused with; empty when it is not.
std::string refused_with(Connection& connection, const std::string& sql) {
    std::string sqlstate;
    try {
        Transaction undone{connection};
        connection.execute_script(sql);
    } catch (const Fault& fault) {
        sqlstate = fault.sqlstate();
    }
    return sqlstate;
}

std::set<std::string> texts(Connection& connection, const std::string& sql) {
    const Rows rows = connection.execute(sql);
    std::set<std::string> found;
    for (std::size_t row = 0; row < rows.size(); ++row) found.emplace(rows.at(row, 0).text());
    return found;
}

const std::set<std::string> append_only{"event",
                                        "batch",
                                        "party",
                                        "asset",
                                        "principal",
                                        "reason",
                                        "account",
                                        "account_limit",
                                        "object_name",
                                        "journal",
                                        "leg",
                                        "evidence",
                                        "encumbrance_history",
                                        "lien_line",
                                        "lien_history",
                                        "refusal"};
const std::set<std::string> mutable_rows{
    "book",      "lease",     "balance", "lien",          "reservation",
    "exception", "agreement", "api_key", "erasable_text", "idempotency_filter"};

}  // namespace

TEST_CASE("a row of the log or of a journal is neither changed nor removed, not even by a superuser") {
    auto connection = filled().database().connect();
    auto every = append_only;
    for (const auto* part :
         {"event_p0000", "journal_p0000", "leg_p0000", "encumbrance_history_p0000", "refusal_p0000"})
        every.insert(part);
    for (const auto& table : every) {
        INFO(table);
        CHECK(refused_with(connection, "UPDATE " + table + " SET book_id = book_id") == "LG001");
        CHECK(refused_with(connection, "DELETE FROM " + table) == "LG001");
        CHECK(refused_with(connection, "DELETE FROM " + table + " WHERE false") == "LG001");
        CHECK(refused_with(connection, "TRUNCATE " + table + " CASCADE") == "LG001");
    }
    for (const auto& table : mutable_rows) {
        INFO(table);
        CHECK(refused_with(connection, "DELETE FROM " + table) == "LG002");
        CHECK(refused_with(connection, "TRUNCATE " + table + " CASCADE") == "LG002");
    }
    CHECK(refused_with(connection, "UPDATE erasable_text SET text = 'other'") == "LG003");
    CHECK(refused_with(connection, "UPDATE erasable_text SET salt = ''") == "LG003");
    CHECK(refused_with(connection, "UPDATE erasable_text SET text = NULL").empty());
}

TEST_CASE("every table is either append-only or kept from removal") {
    auto connection = filled().database().connect();
    auto known = append_only;
    known.insert(mutable_rows.begin(), mutable_rows.end());
    known.insert("schema_migration");
    CHECK(texts(connection,
                "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind IN ('r', 'p') AND NOT relispartition") == known);
    for (const auto& table : tables()) CHECK(known.contains(table.name));
}

TEST_CASE("no role has a right outside the list") {
    auto connection = filled().database().connect();
    const auto granted = [&](const std::string& role, const std::string& right) {
        return texts(connection,
                     "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                     " AND relkind IN ('r', 'p', 'v') AND NOT relispartition AND has_table_privilege('" +
                         role + "', oid, '" + right + "')");
    };
    const auto columns = [&](const std::string& role) {
        return texts(connection,
                     "SELECT DISTINCT c.relname || '.' || a.attname FROM pg_class AS c JOIN pg_attribute AS a"
                     " ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = 'public'::regnamespace"
                     " AND c.relkind IN ('r', 'p', 'v') AND has_column_privilege('" +
                         role +
                         "', c.oid, a.attnum, 'UPDATE')"
                         " AND c.relname <> 'lease'");
    };
    for (const std::string role : {"bailee_writer", "bailee_reader"})
        for (const std::string right : {"DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"})
            CHECK(granted(role, right).empty());
    CHECK(granted("bailee_reader", "INSERT").empty());
    CHECK(granted("bailee_reader", "UPDATE").empty());
    CHECK(columns("bailee_reader").empty());
    CHECK(granted("bailee_writer", "UPDATE") == std::set<std::string>{"lease"});
    CHECK(columns("bailee_writer") == std::set<std::string>{"balance.total",
                                                            "balance.encumbered",
                                                            "balance.reserved",
                                                            "balance.pending_in",
                                                            "balance.pending_out",
                                                            "balance.version",
                                                            "lien.rank",
                                                            "lien.behind",
                                                            "lien.lines_since",
                                                            "lien.changed",
                                                            "lien.closed",
                                                            "lien.status",
                                                            "reservation.closed",
                                                            "reservation.status",
                                                            "exception.cured",
                                                            "agreement.revoked",
                                                            "agreement.revoked_at",
                                                            "api_key.revoked",
                                                            "erasable_text.text",
                                                            "idempotency_filter.end_version",
                                                            "idempotency_filter.made_at",
                                                            "idempotency_filter.accepted",
                                                            "idempotency_filter.refused"});
    CHECK_FALSE(granted("bailee_reader", "SELECT").contains("book"));
    CHECK(texts(connection,
                "SELECT 'seen' WHERE has_column_privilege('bailee_reader', 'book', 'digest_key', 'SELECT')")
              .empty());
    CHECK(
        texts(connection,
              "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'bailee%' AND (rolsuper OR rolbypassrls"
              " OR rolcreaterole OR rolcreatedb OR rolcanlogin)")
            .empty());
    CHECK(texts(connection,
                "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)")
              .empty());
}

TEST_CASE("the writer's role is enough to write, and the reader's to read") {
    auto& book = filled();
    auto admin = book.database().connect();
    admin.execute_script(
        "DROP ROLE IF EXISTS test_writer; CREATE ROLE test_writer LOGIN IN ROLE bailee_writer");
    // A role ends its own sessions; the superuser's, which wrote so far, is ended here.
    for (const auto pid : book.store().backend_pids())
        admin.execute("SELECT pg_terminate_backend($1, 5000)", parameters(pid));
    auto options = book.options();
    const auto user = options.conninfo.find("://");
    REQUIRE(user != std::string::npos);
    options.conninfo +=
        (options.conninfo.find('?') == std::string::npos ? "?" : "&") + std::string{"user=test_writer"};
    PostgresStore store{options};
    try {
        static_cast<void>(tests::support::take_lease(store));
    } catch (const ledger::port::Unavailable& unavailable) {
        FAIL(unavailable.what());
    }
    ledger::service::BatchBuilder builder{store, book.committed(), book.state().now()};
    builder.decide({tests::support::alone(
        {.principal = {},
         .idempotency_key = "as-writer",
         .command = ledger::rules::AddParty{.id = "by-role", .name = {.text = "x", .salt = "y"}}})});
    auto decided = builder.finish();
    decided.batch.number = book.batches() + 1;
    CHECK(store.append(decided.batch, decided.state) == ledger::port::CommitOutcome::committed);
    CHECK(fingerprint(store.load().state) == fingerprint(decided.state));
}

TEST_CASE("people read names, decimals and statuses in the views") {
    auto& book = filled();
    auto connection = book.database().connect();
    const auto count = [&](const std::string& sql) { return connection.execute(sql).at(0, 0).int8(); };
    CHECK(count("SELECT count(*) FROM v_balances") ==
          static_cast<std::int64_t>(book.state().position_count()));
    CHECK(count("SELECT count(*) FROM v_balances WHERE asset = 'USD' AND scale(total) <> 2") == 0);
    CHECK(count("SELECT count(*) FROM v_journal") == count("SELECT count(*) FROM leg"));
    CHECK(count("SELECT count(*) FROM v_journal WHERE debit IS NULL AND credit IS NULL") == 0);
    CHECK(count("SELECT count(DISTINCT key) FROM v_liens") == count("SELECT count(*) FROM lien"));
    CHECK(connection.execute("SELECT bailee_decimal(-5, 2::int2)::text").at(0, 0).text() == "-0.05");
    CHECK(connection.execute("SELECT bailee_decimal(1000000000000000000000000000000000001, 18::int2)::text")
              .at(0, 0)
              .text() == "1000000000000000000.000000000000000001");
}
