#include "ledger/store/postgres/migrate.hpp"

#include <fmt/format.h>

#include "ledger/base/digest.hpp"
#include "ledger/base/ensure.hpp"
#include "ledger/store/postgres/connection_trouble.hpp"
#include "ledger/store/postgres/verify.hpp"

namespace ledger::store::postgres {
namespace {

using base::refuse;
using base::Result;
using base::Status;

// One number for all migrations of one database; "bailee" in ASCII.
constexpr std::int64_t advisory_key = 0x6261'696C'6565;

constexpr const char* table_sql =
    "CREATE TABLE IF NOT EXISTS schema_migration ("
    " number int4 PRIMARY KEY,"
    " name text NOT NULL UNIQUE,"
    " sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),"
    " applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
    " applied_by text NOT NULL DEFAULT session_user);"
    "ALTER TABLE schema_migration ADD COLUMN IF NOT EXISTS refill text[] NOT NULL DEFAULT '{}'";

// A step that changes a projection empties it and names it in a temporary table. Its rows are made from the
// log when every step has run, because this program projects into tables of its own time.
std::vector<std::string> names_to_refill(Connection& connection) {
    std::vector<std::string> names;
    const Rows there = connection.execute("SELECT to_regclass('pg_temp.refill_from_log') IS NOT NULL");
    if (!there.at(0, 0).boolean()) return names;
    const Rows rows = connection.execute("SELECT name FROM pg_temp.refill_from_log ORDER BY name");
    for (std::size_t row = 0; row < rows.size(); ++row) names.emplace_back(rows.at(row, 0).text());
    return names;
}

struct Applied {
    std::int32_t number;
    std::string name;
    base::Digest sha256;
};

std::string label(std::int32_t number, std::string_view name) {
    return fmt::format("{:04}_{}", number, name);
}

class AdvisoryLock {
public:
    explicit AdvisoryLock(Connection& connection) : connection_{connection} {
        connection_.execute("SELECT pg_advisory_lock($1)", parameters(advisory_key));
    }
    AdvisoryLock(const AdvisoryLock&) = delete;
    AdvisoryLock& operator=(const AdvisoryLock&) = delete;
    ~AdvisoryLock() {
        try {
            if (!connection_.is_lost())
                connection_.execute("SELECT pg_advisory_unlock($1)", parameters(advisory_key));
        } catch (const Fault&) {
            connection_.cut();  // the lock ends with the session
        }
    }

private:
    Connection& connection_;
};

std::vector<Applied> read_applied(Connection& connection) {
    const Rows there = connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL");
    std::vector<Applied> applied;
    if (!there.at(0, 0).boolean()) return applied;
    const Rows rows = connection.execute("SELECT number, name, sha256 FROM schema_migration ORDER BY number");
    for (std::size_t row = 0; row < rows.size(); ++row)
        applied.push_back(
            {rows.at(row, 0).int4(), std::string{rows.at(row, 1).text()}, rows.at(row, 2).digest()});
    return applied;
}

Status require_same_past(const std::vector<Applied>& applied, std::span<const Migration> migrations) {
    for (std::size_t step = 0; step < applied.size(); ++step) {
        const Applied& past = applied[step];
        if (step >= migrations.size())
            return refuse_trouble(
                fmt::format("The database is newer: it has migration {}, unknown to this program.",
                            label(past.number, past.name)),
                "Run the newer program, or restore a database of this version.");
        const Migration& ours = migrations[step];
        if (past.number != ours.number || past.name != ours.name)
            return refuse_trouble(fmt::format("The database has migration {} where this program has {}.",
                                              label(past.number, past.name), label(ours.number, ours.name)),
                                  "Run the program that made this database.");
        if (past.sha256 != base::sha256(ours.up))
            return refuse_trouble(
                fmt::format("Migration {} was applied with another text than this program has.",
                            label(past.number, past.name)),
                "Migrations are never edited; run the program that applied it, or add a new one.");
    }
    return {};
}

Status apply(Connection& connection, const Migration& migration) {
    const std::string name = label(migration.number, migration.name);
    try {
        Transaction transaction{connection};
        connection.execute_script(std::string{migration.up});
        if (!migration.check.empty()) connection.execute_script(std::string{migration.check});
        if (!connection.is_in_transaction())
            return refuse_trouble(fmt::format("Migration {} ends its transaction itself.", name),
                                  "Take COMMIT and ROLLBACK out of its text.");
        connection.execute(
            "INSERT INTO schema_migration (number, name, sha256, refill) VALUES ($1, $2, $3, $4)",
            parameters(migration.number, migration.name, base::sha256(migration.up))
                .add_array(names_to_refill(connection)));
        if (transaction.commit() == CommitOutcome::committed) return {};
    } catch (const Fault& fault) {
        return refuse_trouble(fmt::format("Migration {} failed and left nothing: {}{}{}", name, fault.what(),
                                          fault.detail().empty() ? "" : "; ", fault.detail()),
                              "Cure the cause and start again; the steps before it stay.");
    }
    return refuse_trouble(fmt::format("Migration {} did not commit cleanly.", name),
                          "Start again: what is there is read first, and what is missing is applied.");
}

// What the steps so far left to be made from the log; a program that died in front of this finds it here
// again.
Status refill(Connection& connection) {
    try {
        Transaction transaction{connection};
        const Rows rows =
            connection.execute("SELECT DISTINCT unnest(refill) FROM schema_migration ORDER BY 1");
        if (rows.empty()) return {};
        std::vector<std::string> names;
        for (std::size_t row = 0; row < rows.size(); ++row) names.emplace_back(rows.at(row, 0).text());
        if (const auto status = refill_from_log(connection, names); !status) return status;
        connection.execute("UPDATE schema_migration SET refill = '{}'");
        if (transaction.commit() == CommitOutcome::committed) return {};
    } catch (const Fault& fault) {
        return refuse_trouble(
            fmt::format("Tables could not be made anew from the log: {}", fault.what()),
            "Cure the cause and start again; the schema is there, and these tables are filled first.");
    }
    return refuse_trouble("The tables made anew from the log did not commit cleanly.", "Start again.");
}

void ensure_in_order(std::span<const Migration> migrations) {
    std::int32_t last = 0;
    for (const auto& migration : migrations) {
        base::ensure(migration.number == last + 1, "migrations are numbered without gaps");
        last = migration.number;
    }
}

Status require_filled(Connection& connection) {
    const Rows rows = connection.execute(
        "SELECT number, name FROM schema_migration WHERE cardinality(refill) > 0 ORDER BY number LIMIT 1");
    if (rows.empty()) return {};
    return refuse_trouble(fmt::format("Tables of migration {} are not filled yet.",
                                      label(rows.at(0, 0).int4(), rows.at(0, 1).text())),
                          "Run bailee migrate.");
}

}  // namespace

Result<MigrationReport> migrate(Connection& connection, std::span<const Migration> migrations) {
    ensure_in_order(migrations);
    try {
        const AdvisoryLock lock{connection};
        const auto applied = read_applied(connection);
        if (const auto status = require_same_past(applied, migrations); !status)
            return refuse(status.error());
        connection.execute_script(table_sql);
        static_cast<void>(connection.take_notices());
        MigrationReport report;
        if (!applied.empty()) report.before = applied.back().number;
        report.after = report.before;
        for (const auto& migration : migrations.subspan(applied.size())) {
            if (const auto status = apply(connection, migration); !status) return refuse(status.error());
            report.applied.push_back(label(migration.number, migration.name));
            report.after = migration.number;
        }
        if (const auto status = refill(connection); !status) return refuse(status.error());
        return report;
    } catch (const Fault& fault) {
        return refuse_trouble(fmt::format("The database could not be migrated: {}", fault.what()),
                              "Check that PostgreSQL is up and the role may create tables, and start again.");
    }
}

Status require_schema(Connection& connection, std::span<const Migration> migrations) {
    try {
        const auto applied = read_applied(connection);
        if (const auto status = require_same_past(applied, migrations); !status) return status;
        if (applied.size() == migrations.size()) return require_filled(connection);
        const Migration& missing = migrations[applied.size()];
        return refuse_trouble(
            fmt::format("The database lacks migration {}.", label(missing.number, missing.name)),
            "Run bailee migrate.");
    } catch (const Fault& fault) {
        return refuse_trouble(fmt::format("The database's schema could not be read: {}", fault.what()),
                              "Check that PostgreSQL is up and that this is the book's database.");
    }
}

}  // namespace ledger::store::postgres
