#include "ledger/store/postgres/reader.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "ledger/store/postgres/log_rows.hpp"
#include "ledger/store/postgres/session.hpp"
#include "ledger/store/postgres/store_guard.hpp"

namespace ledger::store::postgres {
namespace {

constexpr Statement made_by_name{
    "made_by_name", "SELECT version FROM object_name WHERE book_id = $1 AND kind = $2 AND name = $3"};
constexpr Statement read_texts{
    "read_texts", "SELECT commitment, text FROM erasable_text WHERE book_id = $1 AND commitment = ANY($2)"};
constexpr Statement lien_life{
    "lien_life",
    "SELECT since >> 12 FROM lien_history WHERE book_id = $1 AND lien = $2"
    " UNION SELECT closed FROM lien WHERE book_id = $1 AND key = $2 AND closed IS NOT NULL"
    " UNION SELECT key >> 12 FROM lien WHERE book_id = $1 AND key = $2 ORDER BY 1"};
// Keys of journals in order, from one on; a journal that names the account twice comes once. The account's
// legs stand in the index asset by asset.
constexpr Statement journals_up{
    "journals_up", "SELECT key FROM journal WHERE book_id = $1 AND key > $2 ORDER BY key LIMIT $3"};
constexpr Statement journals_down{
    "journals_down", "SELECT key FROM journal WHERE book_id = $1 AND key < $2 ORDER BY key DESC LIMIT $3"};
constexpr Statement account_journals_up{"account_journals_up",
                                        "SELECT DISTINCT near.journal FROM balance AS b CROSS JOIN LATERAL"
                                        " (SELECT DISTINCT l.journal FROM leg AS l WHERE l.book_id = $1 AND"
                                        " l.account = $4 AND l.asset = b.asset AND l.journal > $2"
                                        " ORDER BY l.journal LIMIT $3) AS near"
                                        " WHERE b.book_id = $1 AND b.account = $4"
                                        " ORDER BY near.journal LIMIT $3"};
constexpr Statement account_journals_down{"account_journals_down",
                                          "SELECT DISTINCT near.journal FROM balance AS b CROSS JOIN LATERAL"
                                          " (SELECT DISTINCT l.journal FROM leg AS l WHERE l.book_id = $1 AND"
                                          " l.account = $4 AND l.asset = b.asset AND l.journal < $2"
                                          " ORDER BY l.journal DESC LIMIT $3) AS near"
                                          " WHERE b.book_id = $1 AND b.account = $4"
                                          " ORDER BY near.journal DESC LIMIT $3"};

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t unsigned_of(const FieldView& field) { return static_cast<std::uint64_t>(field.int8()); }

std::vector<Version> versions_of(const Rows& rows) {
    std::vector<Version> versions;
    for (std::size_t row = 0; row < rows.size(); ++row)
        versions.push_back(Version{unsigned_of(rows.at(row, 0))});
    return versions;
}

}  // namespace

Connection PostgresReader::borrow(std::chrono::steady_clock::time_point until, bool must_be_new) {
    {
        std::unique_lock lock{mutex_};
        const bool is_free =
            returned_.wait_until(lock, until, [&] { return !idle_.empty() || out_ < options_.sessions_max; });
        if (!is_free) throw port::Unavailable{"all sessions for reading are in use"};
        if (must_be_new) idle_.clear();  // what killed one killed them all, as a rule
        ++out_;
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
    }
    try {
        // What cannot be brought back is said by the connection that follows, with its own words.
        if (options_.before_connecting) (void)options_.before_connecting();
        auto conninfo = options_.conninfo;
        if (options_.find_server) {
            auto found = options_.find_server();
            if (!found) throw port::Unavailable{found.error().detail};
            conninfo = std::move(*found);
        }
        auto connection = open_session({.conninfo = conninfo,
                                        .application_name = "bailee reader",
                                        .connect_within = options_.connect_within},
                                       reader_session());
        connection.deadline_at(until);
        // Tables grow fast; a plan of yesterday's size would read them whole.
        connection.execute_script("SET plan_cache_mode = force_custom_plan");
        const auto book_id = find_book(connection, options_.book);
        if (book_id == 0)
            throw port::Unavailable{fmt::format("the database has no book \"{}\"", options_.book)};
        const std::lock_guard lock{mutex_};
        book_id_ = book_id;
        return connection;
    } catch (...) {
        const std::lock_guard lock{mutex_};
        --out_;
        returned_.notify_one();
        throw;
    }
}

void PostgresReader::give_back(Connection&& connection) {
    const std::lock_guard lock{mutex_};
    --out_;
    if (connection.is_lost())
        idle_.clear();  // the others are with the same server, and would wait for it as long
    else
        idle_.push_back(std::move(connection));
    returned_.notify_one();
}

template <class Call>
auto PostgresReader::read(Call call) {
    const auto until = std::chrono::steady_clock::now() + options_.read_within;
    for (bool is_second_try = false;; is_second_try = true) {
        try {
            auto connection = borrow(until, is_second_try);
            struct Return {
                PostgresReader& reader;
                Connection& connection;
                ~Return() { reader.give_back(std::move(connection)); }
            } const returning{*this, connection};
            connection.deadline_at(until);
            return call(connection);
        } catch (const Fault& fault) {
            if (is_second_try || !fault.connection_lost() || fault.deadline_passed())
                throw port::Unavailable{fault.what()};
        }
    }
}

std::vector<std::shared_ptr<const port::LogEntry>> PostgresReader::log_after(Version after,
                                                                             std::size_t most) {
    return read([&](Connection& connection) { return read_log_after(connection, book_id(), after, most); });
}

std::vector<std::shared_ptr<const port::LogEntry>> PostgresReader::log_at(
    const std::vector<Version>& versions) {
    return read([&](Connection& connection) { return read_log_at(connection, book_id(), versions); });
}

std::vector<Version> PostgresReader::journals(const port::Ledger::JournalQuery& query) {
    const bool is_down = query.newest_first;
    const auto most = signed_of(query.most);
    // Keys of one version stand together; `from` is the last one before it, or the first one behind it.
    auto from = is_down ? query.after.value == 0 ? INT64_MAX : signed_of(JournalKey::at(query.after, 0).value)
                        : signed_of(JournalKey::at(Version{query.after.value + 1}, 0).value) - 1;
    return read([&](Connection& connection) {
        std::vector<Version> versions;
        while (versions.size() < query.most) {
            Parameters values = parameters(book_id(), from, most);
            if (query.account) values.add(static_cast<std::int32_t>(query.account->value));
            const Statement& statement = query.account ? is_down ? account_journals_down : account_journals_up
                                         : is_down     ? journals_down
                                                       : journals_up;
            const Rows rows = connection.execute(statement, values);
            for (std::size_t row = 0; row < rows.size() && versions.size() < query.most; ++row) {
                const auto version = JournalKey{unsigned_of(rows.at(row, 0))}.version();
                if (versions.empty() || versions.back() != version) versions.push_back(version);
            }
            if (rows.size() < query.most) break;
            from = rows.at(rows.size() - 1, 0).int8();
        }
        return versions;
    });
}

std::optional<Version> PostgresReader::made_by(rules::Named kind, std::string_view name) {
    return read([&](Connection& connection) -> std::optional<Version> {
        const Rows rows = connection.execute(made_by_name, parameters(book_id(), text_of(kind), name));
        return rows.empty() ? std::nullopt : std::optional{Version{unsigned_of(rows.at(0, 0))}};
    });
}

// An open lien is found by the lines it has; a closed one by all it ever had.
std::vector<LienKey> PostgresReader::liens(const port::Ledger::LienQuery& query) {
    return read([&](Connection& connection) {
        Parameters values = parameters(book_id(), signed_of(query.after.value), signed_of(query.most));
        std::string sql = "SELECT l.key FROM lien AS l WHERE l.book_id = $1 AND l.key > $2";
        const auto where = [&](std::string_view condition, const auto& value) {
            values.add(value);
            sql += fmt::format(fmt::runtime(condition), values.size());
        };
        if (query.holder) where(" AND l.holder = ${}", static_cast<std::int32_t>(query.holder->value));
        if (query.type) where(" AND l.type = ${}", text_in(lien_types(), *query.type));
        if (query.open) sql += *query.open ? " AND l.closed IS NULL" : " AND l.closed IS NOT NULL";
        if (query.account || query.location) {
            sql +=
                " AND l.key IN (SELECT n.lien FROM lien_line AS n WHERE n.book_id = $1 AND n.lien > $2"
                " AND (n.since = l.lines_since OR l.closed IS NOT NULL)";
            if (query.account) where(" AND n.owner = ${}", static_cast<std::int32_t>(query.account->value));
            if (query.location)
                where(" AND n.location = ${}", static_cast<std::int32_t>(query.location->value));
            sql += ')';
        }
        const Rows rows = connection.execute(sql + " ORDER BY l.key LIMIT $3", values);
        std::vector<LienKey> found;
        for (std::size_t row = 0; row < rows.size(); ++row)
            found.push_back(LienKey{unsigned_of(rows.at(row, 0))});
        return found;
    });
}

std::vector<Version> PostgresReader::history_of(LienKey lien) {
    return read([&](Connection& connection) {
        return versions_of(connection.execute(lien_life, parameters(book_id(), signed_of(lien.value))));
    });
}

std::vector<Version> PostgresReader::life_of(const char* table, const char* end, std::uint64_t key) {
    return read([&](Connection& connection) {
        return versions_of(connection.execute(
            fmt::format(
                "SELECT key >> 12 FROM {0} WHERE book_id = $1 AND key = $2"
                " UNION SELECT {1} FROM {0} WHERE book_id = $1 AND key = $2 AND {1} IS NOT NULL ORDER BY 1",
                table, end),
            parameters(book_id(), signed_of(key))));
    });
}

std::vector<Version> PostgresReader::history_of(ReservationKey reservation) {
    return life_of("reservation", "closed", reservation.value);
}

std::vector<Version> PostgresReader::history_of(ExceptionKey exception) {
    return life_of("exception", "cured", exception.value);
}

std::vector<std::uint64_t> PostgresReader::keys(const char* table, const char* end,
                                                const port::Ledger::KeysQuery& query) {
    return read([&](Connection& connection) {
        const std::string_view is_open = !query.open ? "" : *query.open ? " IS NULL" : " IS NOT NULL";
        const Rows rows = connection.execute(
            fmt::format("SELECT key FROM {} WHERE book_id = $1 AND key > $2{}{}{} ORDER BY key LIMIT $3",
                        table, query.open ? " AND " : "", query.open ? end : "", is_open),
            parameters(book_id(), signed_of(query.after), signed_of(query.most)));
        std::vector<std::uint64_t> found;
        for (std::size_t row = 0; row < rows.size(); ++row) found.push_back(unsigned_of(rows.at(row, 0)));
        return found;
    });
}

std::vector<ReservationKey> PostgresReader::reservations(const port::Ledger::KeysQuery& query) {
    std::vector<ReservationKey> found;
    for (const auto key : keys("reservation", "closed", query)) found.push_back(ReservationKey{key});
    return found;
}

std::vector<ExceptionKey> PostgresReader::exceptions(const port::Ledger::KeysQuery& query) {
    std::vector<ExceptionKey> found;
    for (const auto key : keys("exception", "cured", query)) found.push_back(ExceptionKey{key});
    return found;
}

std::vector<std::optional<std::string>> PostgresReader::texts(const std::vector<Digest>& commitments) {
    return read([&](Connection& connection) {
        Parameters values;
        values.add(book_id()).add_array(commitments);
        const Rows rows = connection.execute(read_texts, values);
        std::map<Digest, std::optional<std::string>> found;
        for (std::size_t row = 0; row < rows.size(); ++row)
            if (!rows.at(row, 1).is_null())
                found[rows.at(row, 0).digest()] = std::string{rows.at(row, 1).text()};
        std::vector<std::optional<std::string>> texts;
        for (const auto& commitment : commitments) texts.push_back(found[commitment]);
        return texts;
    });
}

}  // namespace ledger::store::postgres
