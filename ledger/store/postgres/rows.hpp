// The rows of a batch, table by table, in PostgreSQL's binary form: built once, then sent by COPY or, when
// they are few, by prepared INSERTs in one round trip.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/copy_writer.hpp"

namespace ledger::store::postgres {

enum class Table : std::uint8_t {
    event,
    batch,
    party,
    asset,
    principal,
    api_key,
    reason,
    agreement,
    account,
    account_limit,
    object_name,
    journal,
    leg,
    evidence,
    balance,
    encumbrance_history,
    lien,
    lien_line,
    lien_history,
    reservation,
    exception,
    refusal,
    erasable_text,
};
inline constexpr std::size_t table_count = 23;

struct TableRow {
    Table table;
    const char* name;
    const char* columns;  // as the rows hold them
    const char* key;      // columns that find a row
    bool is_projection;   // follows from the log alone
};
[[nodiscard]] const std::array<TableRow, table_count>& tables();
[[nodiscard]] const TableRow& row_of(Table table);
[[nodiscard]] std::uint16_t column_count(Table table);

class RowSet {
public:
    // Begins a row; the caller writes every column in the order of the table's list.
    CopyWriter& row(Table table) {
        return writers_[static_cast<std::size_t>(table)].row(column_count(table));
    }
    [[nodiscard]] std::size_t count(Table table) const {
        return writers_[static_cast<std::size_t>(table)].rows();
    }
    [[nodiscard]] std::size_t total() const;

    // A round trip or two for each table that has rows; texts are left out, because they may be there
    // already.
    void copy_into(Connection& connection);
    // Into the connection's pipeline. A text that is there already stays as it is.
    enum class Texts : std::uint8_t { taken, left_out };
    void queue_inserts(Connection& connection, Texts texts);
    void queue_inserts(Connection& connection, Table table);
    void clear();

private:
    std::array<CopyWriter, table_count> writers_;
};

}  // namespace ledger::store::postgres
