#include "ledger/store/postgres/verify_tables.hpp"

#include <fmt/format.h>

#include "ledger/base/code_table.hpp"
#include "ledger/store/postgres/rows.hpp"

namespace ledger::store::postgres {
namespace {

constexpr int differences_max = 500;  // of one table; a book that lost a table needs no more to say so

std::vector<std::string_view> names_in(std::string_view list) {
    std::vector<std::string_view> names;
    while (!list.empty()) {
        const auto end = list.find(", ");
        names.push_back(list.substr(0, end));
        if (end == std::string_view::npos) break;
        list.remove_prefix(end + 2);
    }
    return names;
}

// The version a row belongs to, from the column that tells.
std::string version_of(const TableRow& table) {
    const auto columns = names_in(table.columns);
    const auto has = [&](std::string_view name) { return std::ranges::find(columns, name) != columns.end(); };
    for (const std::string_view name : {"version", "since", "journal", "key"})
        if (has(name))
            return fmt::format("coalesce(e.{0}, f.{0}){1}", name, name == "version" ? "" : " >> 12");
    return "0::int8";
}

std::string key_of(const TableRow& table) {
    std::string key;
    for (const auto name : names_in(table.key))
        if (name != "book_id") key += fmt::format(", coalesce(e.{0}, f.{0})::text", name);
    return fmt::format("concat_ws(','{})", key);
}

std::string rebuilt_has_key(const TableRow& table) {
    std::string same;
    for (const auto name : names_in(table.key))
        same += fmt::format("{0}r.{1} = f.{1}", same.empty() ? "" : " AND ", name);
    return fmt::format("EXISTS (SELECT FROM pg_temp.{} AS r WHERE {})", table.name, same);
}

// expected: what the log says and the table does not; found: what the table says and the log does not.
std::string difference_sql(const TableRow& table, std::int32_t book_id) {
    return fmt::format(
        "WITH expected AS MATERIALIZED (SELECT {0} FROM pg_temp.{1} EXCEPT ALL SELECT {0} FROM public.{1}"
        " WHERE book_id = {2}),"
        " found AS MATERIALIZED (SELECT {0} FROM public.{1} WHERE book_id = {2} EXCEPT ALL SELECT {0} FROM "
        "pg_temp.{1})"
        " SELECT CASE WHEN f.whole IS NULL THEN 'missing' WHEN e.whole IS NOT NULL THEN 'altered'"
        " WHEN {3} THEN 'duplicated' ELSE 'unexpected' END AS fault, {4} AS key, ({5})::int8 AS version,"
        " (SELECT string_agg(format('%s is %s, and the log says %s', s.key, coalesce(left(s.value, 70), "
        "'NULL'),"
        " coalesce(left(l.value, 70), 'NULL')), '; ')"
        " FROM jsonb_each_text(f.whole) AS s JOIN jsonb_each_text(e.whole) AS l USING (key)"
        " WHERE s.value IS DISTINCT FROM l.value) AS detail"
        " FROM (SELECT *, to_jsonb(expected) AS whole FROM expected) AS e"
        " FULL JOIN (SELECT *, to_jsonb(found) AS whole FROM found) AS f USING ({6})"
        " ORDER BY 3, 2 LIMIT {7}",
        table.columns, table.name, book_id, rebuilt_has_key(table), key_of(table), version_of(table),
        table.key, differences_max);
}

Version version_at(const Rows& rows, std::size_t row, std::size_t column) {
    return rows.at(row, column).is_null() ? Version{}
                                          : Version{static_cast<std::uint64_t>(rows.at(row, column).int8())};
}

std::string code_of(std::string_view fault) {
    if (fault == "missing") return "ROW_MISSING";
    if (fault == "altered") return "ROW_ALTERED";
    if (fault == "duplicated") return "ROW_DUPLICATED";
    return "ROW_UNEXPECTED";
}

std::string told(std::string_view fault, const TableRow& table, const FieldView& detail) {
    if (fault == "missing") return fmt::format("the log has it and table {} does not", table.name);
    if (fault == "duplicated") return fmt::format("table {} has it more than once", table.name);
    if (fault == "unexpected") return fmt::format("table {} has it and the log does not", table.name);
    return detail.is_null() ? "it differs from what the log says" : std::string{detail.text()};
}

}  // namespace

void make_rebuilt_tables(Connection& connection) {
    std::string sql = "CREATE TEMP TABLE commitment (commitment bytea, version int8) ON COMMIT DROP;";
    for (const auto& table : tables()) {
        if (!table.is_projection) continue;
        sql += fmt::format("CREATE TEMP TABLE {0} (LIKE public.{0}) ON COMMIT DROP;", table.name);
        // Those whose rows change are found by key.
        for (const auto changing : {Table::balance, Table::lien, Table::reservation, Table::exception,
                                    Table::agreement, Table::api_key})
            if (table.table == changing)
                sql += fmt::format("CREATE UNIQUE INDEX ON pg_temp.{} ({});", table.name, table.key);
    }
    connection.execute_script(sql);
}

void drop_rebuilt_tables(Connection& connection) {
    std::string sql = "DROP TABLE pg_temp.commitment;";
    for (const auto& table : tables())
        if (table.is_projection) sql += fmt::format("DROP TABLE pg_temp.{};", table.name);
    connection.execute_script(sql);
}

void compare_projections(Connection& connection, std::int32_t book_id, proof::Findings& findings) {
    for (const auto& table : tables()) {
        if (!table.is_projection) continue;
        const Rows rows = connection.execute(difference_sql(table, book_id));
        for (std::size_t row = 0; row < rows.size(); ++row) {
            const auto fault = rows.at(row, 0).text();
            findings.add({code_of(fault), fmt::format("{} {}", table.name, rows.at(row, 1).text()),
                          version_at(rows, row, 2), told(fault, table, rows.at(row, 3))});
        }
    }
}

void find_strays(Connection& connection, proof::Findings& findings) {
    for (const auto& table : tables()) {
        const Rows rows = connection.execute(fmt::format(
            "SELECT t.book_id, count(*) FROM public.{} AS t WHERE NOT EXISTS (SELECT FROM public.book AS b"
            " WHERE b.book_id = t.book_id) GROUP BY t.book_id",
            table.name));
        for (std::size_t row = 0; row < rows.size(); ++row)
            findings.add({"ROW_UNEXPECTED", table.name, Version{},
                          fmt::format("{} rows are of book {}, which does not exist", rows.at(row, 1).int8(),
                                      rows.at(row, 0).is_null() ? 0 : rows.at(row, 0).int4())});
    }
}

void check_refusals(Connection& connection, std::int32_t book_id, Version head, std::size_t principals,
                    proof::Findings& findings) {
    const Rows rows = connection.execute(
        "SELECT idem::text, decided_at, principal, code, cardinality(figures),"
        " octet_length(request_digest) FROM public.refusal WHERE book_id = $1 AND (decided_at > $2 OR "
        "decided_at < 1"
        " OR principal < 0 OR principal >= $3 OR cardinality(figures) % 2 <> 0 OR "
        "octet_length(request_digest) <> 32"
        " OR NOT code = ANY($4)) LIMIT 1000",
        Parameters{}
            .add(book_id)
            .add(static_cast<std::int64_t>(head.value))
            .add(static_cast<std::int64_t>(principals))
            .add_array(code_table(), [](const CodeInfo& row) { return row.name; }));
    for (std::size_t row = 0; row < rows.size(); ++row)
        findings.add({"REFUSAL_ALTERED", fmt::format("refusal {}", rows.at(row, 0).text()),
                      version_at(rows, row, 1),
                      fmt::format("code {}, principal {}, decided at {}: no refusal of this book reads so",
                                  rows.at(row, 3).text(), rows.at(row, 2).int4(), rows.at(row, 1).int8())});
}

void check_keys_once(Connection& connection, std::int32_t book_id, proof::Findings& findings) {
    const Rows rows = connection.execute(
        "SELECT idem::text, min(version), count(*) FROM (SELECT idem, version FROM public.event WHERE "
        "book_id = $1"
        " AND idem IS NOT NULL UNION ALL SELECT idem, decided_at FROM public.refusal WHERE book_id = $1) AS "
        "used"
        " GROUP BY idem HAVING count(*) > 1 LIMIT 1000",
        parameters(book_id));
    for (std::size_t row = 0; row < rows.size(); ++row)
        findings.add({"KEY_ANSWERED_TWICE", fmt::format("event {}", version_at(rows, row, 1).value),
                      version_at(rows, row, 1),
                      fmt::format("idempotency id {} stands {} times in tables event and refusal",
                                  rows.at(row, 0).text(), rows.at(row, 2).int8())});
}

void check_texts(Connection& connection, std::int32_t book_id, proof::Findings& findings) {
    const Rows rows = connection.execute(
        "SELECT CASE WHEN t.commitment IS NULL THEN 'TEXT_MISSING' WHEN c.commitment IS NULL THEN "
        "'TEXT_UNEXPECTED'"
        " WHEN n > 1 THEN 'TEXT_DUPLICATED' ELSE 'TEXT_ALTERED' END, encode(coalesce(c.commitment, "
        "t.commitment), 'hex'),"
        " coalesce(c.version, 0) FROM (SELECT commitment, min(version) AS version FROM pg_temp.commitment"
        " GROUP BY commitment) AS c"
        " FULL JOIN (SELECT *, count(*) OVER (PARTITION BY commitment) AS n FROM public.erasable_text"
        " WHERE book_id = $1) AS t USING (commitment)"
        " WHERE c.commitment IS NULL OR t.commitment IS NULL OR n > 1"
        " OR (t.text IS NOT NULL AND sha256(t.salt || convert_to(t.text, 'UTF8')) <> t.commitment) LIMIT "
        "1000",
        parameters(book_id));
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const auto code = rows.at(row, 0).text();
        findings.add({std::string{code}, fmt::format("erasable_text {}", rows.at(row, 1).text()),
                      version_at(rows, row, 2),
                      code == "TEXT_MISSING"      ? "the log commits to a text whose row is gone"
                      : code == "TEXT_UNEXPECTED" ? "the log does not commit to it"
                      : code == "TEXT_DUPLICATED" ? "the text stands more than once"
                                                  : "the text is not the one the log commits to"});
    }
}

}  // namespace ledger::store::postgres
