#include "ledger/store/postgres/rows.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "ledger/base/ensure.hpp"

namespace ledger::store::postgres {
namespace {

constexpr std::array<TableRow, table_count> table_rows{{
    {Table::event, "event",
     "version, known, effective, book_id, principal, idem, request_digest, previous_hash, hash, body",
     "book_id, version", false},
    {Table::batch, "batch", "book_id, no, first_version, last_version, epoch, at", "book_id, no", false},
    {Table::party, "party", "book_id, no, version, id, kind, sec, cftc, name_commitment", "book_id, no",
     true},
    {Table::asset, "asset", "book_id, no, version, scale, id, kind, isin, issuer", "book_id, no", true},
    {Table::principal, "principal", "book_id, no, version, party, id, kind, roles, name_commitment",
     "book_id, no", true},
    {Table::api_key, "api_key", "book_id, id, version, revoked, expires_at, principal, hash, last_four",
     "book_id, id", true},
    {Table::reason, "reason", "book_id, no, version, is_fact, id, may_debit, may_credit", "book_id, no",
     true},
    {Table::agreement, "agreement",
     "book_id, no, version, revoked, revoked_at, id, kind, parties, effective_from, effective_to, scope",
     "book_id, no", true},
    {Table::account, "account",
     "book_id, no, version, party, side, kind, pool, regime, id, capacity, title, jurisdiction",
     "book_id, no", true},
    {Table::account_limit, "account_limit", "book_id, account, n, asset, quantity", "book_id, account, n",
     true},
    {Table::object_name, "object_name", "book_id, kind, name, version", "book_id, kind, name", true},
    {Table::journal, "journal", "key, reverses, book_id, reason, is_fact, basis, name, memo", "book_id, key",
     true},
    {Table::leg, "leg",
     "journal, debit, book_id, account, asset, n, total, encumbered, reserved, pending_in, pending_out",
     "book_id, journal, n", true},
    {Table::evidence, "evidence", "book_id, journal, n, kind, reference, digest", "book_id, journal, n",
     true},
    {Table::balance, "balance",
     "total, encumbered, reserved, pending_in, pending_out, version, book_id, account, asset",
     "book_id, account, asset", true},
    {Table::encumbrance_history, "encumbrance_history",
     "key, total, encumbered, reserved, pending_in, pending_out, book_id, account, asset",
     "book_id, account, asset, key", true},
    {Table::lien, "lien",
     "key, lines_since, changed, closed, behind, parent, expires_at, secured, book_id, holder, agreement, "
     "secured_asset, rank, reuse_right, type, status, name, purpose",
     "book_id, key", true},
    {Table::lien_line, "lien_line",
     "lien, since, quantity, consumed, book_id, owner, location, asset, n, lot", "book_id, lien, since, n",
     true},
    {Table::lien_history, "lien_history", "lien, since, behind, book_id, rank, change",
     "book_id, lien, since", true},
    {Table::reservation, "reservation",
     "key, closed, expires_at, quantity, book_id, account, asset, status, name, purpose", "book_id, key",
     true},
    {Table::exception, "exception", "key, cured, opened_at, short_by, book_id, account, asset, rule",
     "book_id, key", true},
    {Table::refusal, "refusal",
     "decided_at, at, idem, book_id, principal, request_digest, code, pointer, detail, figures, rule, "
     "next_step",
     "book_id, idem", false},
    {Table::erasable_text, "erasable_text", "book_id, commitment, salt, text", "book_id, commitment", false},
}};

// Rows go out in lots of these sizes, so that few statements serve every number of rows.
constexpr std::array<std::size_t, 4> lot_sizes{32, 8, 3, 1};

struct InsertText {
    std::string name;
    std::string sql;
};

InsertText insert_text(const TableRow& table, std::size_t rows) {
    InsertText text{fmt::format("insert_{}_{}", table.name, rows),
                    fmt::format("INSERT INTO {} ({}) VALUES ", table.name, table.columns)};
    std::size_t parameter = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        text.sql += row == 0 ? "(" : ", (";
        for (std::uint16_t column = 0; column < column_count(table.table); ++column)
            text.sql += fmt::format("{}${}", column == 0 ? "" : ", ", ++parameter);
        text.sql += ')';
    }
    if (table.table == Table::erasable_text) text.sql += " ON CONFLICT DO NOTHING";
    return text;
}

Statement insert_statement(Table table, std::size_t lot) {
    static const auto texts = [] {
        std::array<std::array<InsertText, lot_sizes.size()>, table_count> made;
        for (std::size_t at = 0; at < table_count; ++at)
            for (std::size_t size = 0; size < lot_sizes.size(); ++size)
                made[at][size] = insert_text(table_rows[at], lot_sizes[size]);
        return made;
    }();
    const auto& text = texts[static_cast<std::size_t>(table)][lot];
    return {text.name.c_str(), text.sql.c_str()};
}

// Walks the cells of a finished COPY stream.
class Cells {
public:
    explicit Cells(std::string_view stream)
        : at_{stream.data() + copy_header}, end_{stream.data() + stream.size()} {}

    void take_row(std::vector<const char*>& values, std::vector<int>& lengths) {
        const auto columns = number<std::uint16_t>();
        for (std::uint16_t column = 0; column < columns; ++column) {
            const auto length = static_cast<std::int32_t>(number<std::uint32_t>());
            values.push_back(length < 0 ? nullptr : at_);
            lengths.push_back(std::max(length, 0));
            at_ += std::max(length, 0);
        }
        base::ensure(at_ <= end_, "a row runs over the end of its stream");
    }

private:
    static constexpr std::size_t copy_header = 19;
    template <class Unsigned>
    Unsigned number() {
        std::uint64_t value = 0;
        for (std::size_t byte = 0; byte < sizeof(Unsigned); ++byte)
            value = (value << 8U) | static_cast<unsigned char>(*at_++);
        return static_cast<Unsigned>(value);
    }

    const char* at_;
    const char* end_;
};

}  // namespace

const std::array<TableRow, table_count>& tables() { return table_rows; }

const TableRow& row_of(Table table) {
    const auto& row = table_rows[static_cast<std::size_t>(table)];
    base::ensure(row.table == table, "the rows of the table of tables are in order");
    return row;
}

std::uint16_t column_count(Table table) {
    static const auto counts = [] {
        std::array<std::uint16_t, table_count> made{};
        for (std::size_t at = 0; at < table_count; ++at)
            made[at] = static_cast<std::uint16_t>(
                1 + std::ranges::count(std::string_view{table_rows[at].columns}, ','));
        return made;
    }();
    return counts[static_cast<std::size_t>(table)];
}

std::size_t RowSet::total() const {
    std::size_t total = 0;
    for (const auto& writer : writers_) total += writer.rows();
    return total;
}

void RowSet::copy_into(Connection& connection) {
    for (const auto& table : table_rows) {
        auto& writer = writers_[static_cast<std::size_t>(table.table)];
        if (writer.is_empty() || table.table == Table::erasable_text) continue;
        const auto sent = writer.rows();
        const auto taken = connection.copy_in(
            fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.columns),
            writer.finish());
        base::ensure(taken == sent, "PostgreSQL took another number of rows than it was sent");
    }
}

void RowSet::queue_inserts(Connection& connection, Texts texts) {
    for (const auto& table : table_rows)
        if (texts == Texts::taken || table.table != Table::erasable_text)
            queue_inserts(connection, table.table);
}

void RowSet::queue_inserts(Connection& connection, Table table) {
    auto& writer = writers_[static_cast<std::size_t>(table)];
    auto left = writer.rows();
    if (left == 0) return;
    Cells cells{writer.finish()};
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (std::size_t lot = 0; lot < lot_sizes.size(); ++lot) {
        while (left >= lot_sizes[lot]) {
            values.clear();
            lengths.clear();
            for (std::size_t row = 0; row < lot_sizes[lot]; ++row) cells.take_row(values, lengths);
            connection.queue(insert_statement(table, lot), values, lengths);
            left -= lot_sizes[lot];
        }
    }
}

void RowSet::clear() {
    for (auto& writer : writers_) writer.clear();
}

}  // namespace ledger::store::postgres
