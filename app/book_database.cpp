#include "app/book_database.hpp"

#include <fmt/format.h>

#include "ledger/store/postgres/connection_fault.hpp"
#include "ledger/store/postgres/migrate.hpp"
#include "ledger/store/postgres/session.hpp"

namespace app {

namespace postgres = ledger::store::postgres;

namespace {

template <class T>
T or_fail(ledger::base::Result<T> result, int exit_code) {
    if (result) return std::move(*result);
    const auto& error = result.error();
    throw CommandFailed{exit_code, error.next_step.empty()
                                       ? error.detail
                                       : fmt::format("{} {}", error.detail, error.next_step)};
}

}  // namespace

BookDatabase::BookDatabase(const BookPlace& place, Wanted wanted, bool is_small) {
    if (!place.is_private()) {
        address_ = place.database_address();
        if (!place.patroni.empty()) patroni_.emplace(place.patroni, address_);
        return;
    }
    postgres::PrivateServer::Options options{.data_dir = place.data_dir, .is_small = is_small};
    server_.emplace(or_fail(wanted == Wanted::existing ? postgres::PrivateServer::attach_or_start(options)
                                                       : postgres::PrivateServer::start(options),
                            exit_unreachable));
    address_ = server_->connection_string();
}

ledger::base::Result<std::string> BookDatabase::current_address() const {
    return patroni_ ? patroni_->primary() : address_;
}

postgres::Connection BookDatabase::maintenance() const {
    const auto address = or_fail(current_address(), exit_unreachable);
    try {
        return postgres::open_session({.conninfo = address, .application_name = "bailee maintenance"},
                                      postgres::maintenance_session());
    } catch (const postgres::Fault& fault) {
        throw CommandFailed{exit_unreachable,
                            fmt::format("The database cannot be reached: {}", fault.what())};
    }
}

ledger::base::Status BookDatabase::ensure_running() {
    return server_ ? server_->ensure_running() : ledger::base::Status{};
}

std::vector<std::string> BookDatabase::migrate() {
    auto session = maintenance();
    return or_fail(postgres::migrate(session, postgres::embedded_migrations()), exit_refused).applied;
}

std::string BookDatabase::book_name(const std::string& asked) const {
    if (!asked.empty()) return asked;
    auto session = maintenance();
    const auto rows = session.execute("SELECT name FROM book ORDER BY book_id LIMIT 2");
    if (rows.size() == 1) return std::string{rows.at(0, 0).text()};
    throw CommandFailed{exit_refused, rows.empty() ? "The database has no book."
                                                   : "The database has several books: name one with --book."};
}

bool BookDatabase::has_a_writer() const {
    auto session = maintenance();
    const auto rows = session.execute(
        "SELECT 1 FROM lease JOIN pg_stat_activity ON pid = ANY(backend_pids) WHERE datname = "
        "current_database() LIMIT 1");
    return !rows.empty();
}

}  // namespace app
