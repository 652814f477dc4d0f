#include "ledger/store/postgres/projection.hpp"

namespace ledger::store::postgres {
namespace {

// Known rows are updated and new ones inserted; the writer alone writes them, so no row changes under it.
constexpr Statement merge_balances{
    "merge_balances",
    "MERGE INTO balance AS b USING unnest($2::int4[], $3::int4[], $4::numeric[], $5::numeric[], "
    "$6::numeric[],"
    " $7::numeric[], $8::numeric[], $9::int8[])"
    " AS n (account, asset, total, encumbered, reserved, pending_in, pending_out, version)"
    " ON b.book_id = $1 AND b.account = n.account AND b.asset = n.asset"
    " WHEN MATCHED THEN UPDATE SET total = n.total, encumbered = n.encumbered, reserved = n.reserved,"
    " pending_in = n.pending_in, pending_out = n.pending_out, version = n.version"
    " WHEN NOT MATCHED THEN INSERT (book_id, account, asset, total, encumbered, reserved, pending_in, "
    "pending_out,"
    " version) VALUES ($1, n.account, n.asset, n.total, n.encumbered, n.reserved, n.pending_in, "
    "n.pending_out,"
    " n.version)"};

// For few rows: it finds each by key whatever the planner thinks of the table's size. MERGE is a third faster
// for many.
constexpr Statement upsert_balances{
    "upsert_balances",
    "INSERT INTO balance AS b (book_id, account, asset, total, encumbered, reserved, pending_in, "
    "pending_out, version)"
    " SELECT $1, n.* FROM unnest($2::int4[], $3::int4[], $4::numeric[], $5::numeric[], $6::numeric[], "
    "$7::numeric[],"
    " $8::numeric[], $9::int8[]) AS n ON CONFLICT (book_id, account, asset) DO UPDATE SET total = "
    "excluded.total,"
    " encumbered = excluded.encumbered, reserved = excluded.reserved, pending_in = excluded.pending_in,"
    " pending_out = excluded.pending_out, version = excluded.version"};
constexpr std::size_t few_balances = 1000;

constexpr Statement update_liens{
    "update_liens",
    "UPDATE lien AS l SET changed = n.changed, closed = n.closed, status = n.status,"
    " lines_since = CASE n.lines_since WHEN 0 THEN l.lines_since ELSE n.lines_since END,"
    " rank = CASE n.rank WHEN 0 THEN l.rank ELSE n.rank END,"
    " behind = CASE n.rank WHEN 0 THEN l.behind ELSE n.behind END"
    " FROM unnest($2::int8[], $3::int8[], $4::int8[], $5::text[], $6::int8[], $7::int2[], $8::int8[])"
    " AS n (key, changed, closed, status, lines_since, rank, behind)"
    " WHERE l.book_id = $1 AND l.key = n.key"};

constexpr Statement close_reservations{
    "close_reservations",
    "UPDATE reservation AS r SET closed = n.closed, status = n.status"
    " FROM unnest($2::int8[], $3::int8[], $4::text[]) AS n (key, closed, status)"
    " WHERE r.book_id = $1 AND r.key = n.key"};

constexpr Statement cure_exceptions{
    "cure_exceptions",
    "UPDATE exception AS e SET cured = n.cured FROM unnest($2::int8[], $3::int8[]) AS n (key, cured)"
    " WHERE e.book_id = $1 AND e.key = n.key"};

constexpr Statement revoke_agreements{
    "revoke_agreements",
    "UPDATE agreement AS a SET revoked = n.revoked, revoked_at = n.revoked_at"
    " FROM unnest($2::int4[], $3::int8[], $4::timestamptz[]) AS n (no, revoked, revoked_at)"
    " WHERE a.book_id = $1 AND a.no = n.no"};

constexpr Statement revoke_keys{
    "revoke_keys",
    "UPDATE api_key AS k SET revoked = n.revoked FROM unnest($2::text[], $3::int8[]) AS n (id, revoked)"
    " WHERE k.book_id = $1 AND k.id = n.id"};

template <class Key>
std::int64_t key_number(Key key) {
    return static_cast<std::int64_t>(key.value);
}

void queue_balances(Connection& connection, std::int32_t book_id, const ProjectedRows& rows) {
    const auto of = [](Quantity Balance::* part) {
        return [part](const BalanceChange& change) { return change.balance.*part; };
    };
    Parameters values;
    values.add(book_id)
        .add_array(
            rows.balances,
            [](const BalanceChange& change) { return static_cast<std::int32_t>(change.account.value); })
        .add_array(rows.balances,
                   [](const BalanceChange& change) { return static_cast<std::int32_t>(change.asset.value); })
        .add_array(rows.balances, of(&Balance::total))
        .add_array(rows.balances, of(&Balance::encumbered))
        .add_array(rows.balances, of(&Balance::reserved))
        .add_array(rows.balances, of(&Balance::pending_in))
        .add_array(rows.balances, of(&Balance::pending_out))
        .add_array(rows.balances, [](const BalanceChange& change) { return key_number(change.version); });
    connection.queue(rows.balances.size() <= few_balances ? upsert_balances : merge_balances, values);
}

void queue_liens(Connection& connection, std::int32_t book_id, const ProjectedRows& rows) {
    Parameters values;
    values.add(book_id)
        .add_array(rows.liens, [](const auto& row) { return key_number(row.first); })
        .add_array(rows.liens, [](const auto& row) { return key_number(row.second.changed); })
        .add_array(rows.liens,
                   [](const auto& row) {
                       const auto& update = row.second;
                       return update.closed ? std::optional{key_number(update.changed)} : std::nullopt;
                   })
        .add_array(rows.liens,
                   [](const auto& row) {
                       return row.second.closed ? text_of(*row.second.closed) : std::string_view{"open"};
                   })
        .add_array(rows.liens, [](const auto& row) { return row.second.lines_since; })
        .add_array(rows.liens, [](const auto& row) { return row.second.rank; })
        .add_array(rows.liens, [](const auto& row) {
            const auto& behind = row.second.behind;
            return behind ? std::optional{key_number(*behind)} : std::nullopt;
        });
    connection.queue(update_liens, values);
}

void queue_rare(Connection& connection, std::int32_t book_id, const ProjectedRows& rows) {
    if (!rows.cured.empty())
        connection.queue(cure_exceptions,
                         Parameters{}
                             .add(book_id)
                             .add_array(rows.cured, [](const auto& row) { return key_number(row.first); })
                             .add_array(rows.cured, [](const auto& row) { return key_number(row.second); }));
    if (!rows.agreements.empty())
        connection.queue(
            revoke_agreements,
            Parameters{}
                .add(book_id)
                .add_array(rows.agreements,
                           [](const auto& row) { return static_cast<std::int32_t>(row.first.value); })
                .add_array(rows.agreements, [](const auto& row) { return key_number(row.second.revoked); })
                .add_array(rows.agreements, [](const auto& row) { return row.second.revoked_at.at; }));
    if (!rows.keys_revoked.empty())
        connection.queue(
            revoke_keys,
            Parameters{}
                .add(book_id)
                .add_array(rows.keys_revoked, [](const auto& row) { return std::string_view{row.first}; })
                .add_array(rows.keys_revoked, [](const auto& row) { return key_number(row.second); }));
}

}  // namespace

void queue_updates(Connection& connection, std::int32_t book_id, const ProjectedRows& rows) {
    if (!rows.balances.empty()) queue_balances(connection, book_id, rows);
    if (!rows.liens.empty()) queue_liens(connection, book_id, rows);
    if (!rows.reservations.empty())
        connection.queue(
            close_reservations,
            Parameters{}
                .add(book_id)
                .add_array(rows.reservations, [](const auto& row) { return key_number(row.first); })
                .add_array(rows.reservations, [](const auto& row) { return key_number(row.second.closed); })
                .add_array(rows.reservations, [](const auto& row) { return text_of(row.second.closing); }));
    queue_rare(connection, book_id, rows);
}

}  // namespace ledger::store::postgres
