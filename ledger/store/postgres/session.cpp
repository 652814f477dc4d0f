#include "ledger/store/postgres/session.hpp"

#include <string>

#include <fmt/format.h>

#include "ledger/store/postgres/connection_trouble.hpp"

namespace ledger::store::postgres {
namespace {

constexpr int server_version_min = 150000;

}  // namespace

SessionSettings writer_session() { return {.lock_timeout = std::chrono::seconds{5}}; }

SessionSettings takeover_session() { return {}; }

SessionSettings reader_session() {
    return {.statement_timeout = std::chrono::seconds{30},
            .lock_timeout = std::chrono::seconds{5},
            .is_read_only = true};
}

SessionSettings maintenance_session() {
    return {.idle_in_transaction_timeout = std::chrono::milliseconds{0}};
}

Connection open_session(const Connection::Options& options, const SessionSettings& settings) {
    Connection connection{options};
    connection.deadline_in(options.connect_within);
    connection.execute_script(fmt::format(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {};"
        "SET default_transaction_read_only = {}; SET synchronous_commit = on; SET jit = off;"
        "SET timezone = 'UTC'; SET search_path = public; SET default_transaction_isolation = 'read "
        "committed'",
        settings.statement_timeout.count(), settings.lock_timeout.count(),
        settings.idle_in_transaction_timeout.count(), settings.is_read_only ? "on" : "off"));
    connection.no_deadline();
    return connection;
}

base::Status require_durable(Connection& connection) {
    if (connection.server_version() < server_version_min)
        return refuse_trouble(fmt::format("PostgreSQL {} is too old; the book needs 15 or later.",
                                          connection.server_version() / 10000),
                              "Upgrade the database server and start again.");
    const Rows rows = connection.execute(
        "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting <> 'on' ORDER "
        "BY name");
    if (rows.empty()) return {};
    return refuse_trouble(
        fmt::format("PostgreSQL runs with {} = off, so a commit is not durable.", rows.at(0, 0).text()),
        "Set fsync and full_page_writes to on, restart PostgreSQL, and start again.");
}

}  // namespace ledger::store::postgres
