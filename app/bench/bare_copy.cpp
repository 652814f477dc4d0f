#include "app/bench/bare_copy.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "app/bench/rounds.hpp"
#include "app/options.hpp"

namespace app::bench {
namespace {

namespace postgres = ledger::store::postgres;

// Every table the writer appends a journal's rows to, with the column that says which version a row is of.
struct AppendedTable {
    const char* name;
    const char* column;
    std::uint64_t keys_per_version;
};
constexpr std::array tables{AppendedTable{"event", "version", 1}, AppendedTable{"journal", "key", 4096},
                            AppendedTable{"leg", "journal", 4096}, AppendedTable{"batch", "last_version", 1}};
constexpr std::size_t journal_table = 1;

constexpr std::size_t journals_max = 200'000;  // in memory at once: about 600 bytes each

constexpr std::string_view copy_signature{"PGCOPY\n\377\r\n\0", 11};

void append_number(std::string& out, std::uint64_t number, unsigned bytes) {
    while (bytes-- > 0) out += static_cast<char>((number >> (8 * bytes)) & 0xffU);
}

void append_row(std::string& out, const std::vector<postgres::FieldView>& row) {
    append_number(out, row.size(), 2);
    for (const auto& field : row) {
        if (field.is_null()) {
            append_number(out, 0xffffffffU, 4);
            continue;
        }
        const auto bytes = field.bytes();
        append_number(out, bytes.size(), 4);
        out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
}

// Where the newest rows go: a partition, or the table itself.
std::string place_of(postgres::Connection& session, const std::string& table) {
    const auto rows = session.execute(fmt::format(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{}'::regclass ORDER BY 1 DESC",
        table));
    return rows.empty() ? table : std::string{rows.at(0, 0).text()};
}

std::string copy_of(const AppendedTable& table) { return fmt::format("bench_copy_{}", table.name); }

}  // namespace

BareCopy::BareCopy(const Server& server, const std::string& database, const std::string& book)
    : session_{server.session(database)} {
    const std::string_view name{book};
    book_id_ = session_.execute("SELECT book_id FROM book WHERE name = $1", postgres::parameters(name))
                   .at(0, 0)
                   .int4();
    for (const auto& table : tables)
        session_.execute(fmt::format("CREATE TABLE {} (LIKE {} INCLUDING ALL)", copy_of(table),
                                     place_of(session_, table.name)));
}

std::uint64_t BareCopy::read_batches_after(std::uint64_t version) {
    struct Range {
        std::uint64_t first;
        std::uint64_t last;
        [[nodiscard]] std::uint64_t size() const { return last + 1 - first; }
    };
    const auto rows = session_.execute(
        "SELECT first_version, last_version FROM batch WHERE book_id = $1 AND first_version > $2"
        " AND last_version >= first_version ORDER BY no",
        postgres::parameters(book_id_, static_cast<std::int64_t>(version)));
    std::vector<Range> ranges;
    std::uint64_t largest = 0;
    std::uint64_t last = version;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        ranges.push_back({static_cast<std::uint64_t>(rows.at(row, 0).int8()),
                          static_cast<std::uint64_t>(rows.at(row, 1).int8())});
        largest = std::max(largest, ranges.back().size());
        last = ranges.back().last;
    }
    std::erase_if(ranges, [&](const Range& range) { return range.size() < largest / 2; });
    batches_.clear();
    std::uint64_t journals = 0;
    for (const auto& range : ranges) {
        Batch batch;
        for (std::size_t at = 0; at < tables.size(); ++at) {
            const auto& table = tables[at];
            std::string stream{copy_signature};
            append_number(stream, 0, 8);  // flags, and no extension
            const auto count = session_.copy_out(
                fmt::format(
                    "COPY (SELECT * FROM {0} WHERE book_id = {1} AND {2} >= {3} AND {2} < {4} ORDER BY {2})"
                    " TO STDOUT (FORMAT binary)",
                    table.name, book_id_, table.column, range.first * table.keys_per_version,
                    (range.last + 1) * table.keys_per_version),
                [&](const std::vector<postgres::FieldView>& row) { append_row(stream, row); });
            append_number(stream, 0xffffU, 2);
            batch.streams.push_back(std::move(stream));
            if (at == journal_table) batch.journals = count;
        }
        journals += batch.journals;
        batches_.push_back(std::move(batch));
        if (journals >= journals_max) break;
    }
    return last;
}

BareCopy::Rates BareCopy::copy_in() {
    std::array<std::string, tables.size()> statements;
    for (std::size_t at = 0; at < tables.size(); ++at)
        statements[at] = fmt::format("COPY {} FROM STDIN (FORMAT binary)", copy_of(tables[at]));
    const auto cpu_before = cpu_seconds(session_.backend_pid());
    const auto begin = Clock::now();
    double journals = 0;
    for (const auto& batch : batches_) {
        session_.begin();
        for (std::size_t at = 0; at < tables.size(); ++at)
            session_.copy_in(statements[at], batch.streams[at]);
        if (session_.commit() != postgres::CommitOutcome::committed)
            throw CommandFailed{exit_unreachable, "A COPY of the benchmark was not committed."};
        journals += static_cast<double>(batch.journals);
    }
    const auto took = seconds_between(begin, Clock::now());
    const auto cpu = cpu_seconds(session_.backend_pid()) - cpu_before;
    if (journals == 0) return {};
    return {.journals_per_second = journals / took, .server_cpu_us = cpu * 1e6 / journals};
}

}  // namespace app::bench
