#include "ledger/store/postgres/log_rows.hpp"

#include <unordered_map>

#include <fmt/format.h>

#include "ledger/book/canonical.hpp"

namespace ledger::store::postgres {
namespace {

constexpr Statement log_at{"log_at",
                           "SELECT version, known, effective, principal, previous_hash, hash, body FROM event"
                           " WHERE book_id = $1 AND version = ANY($2)"};
constexpr Statement log_after{
    "log_after",
    "SELECT version, known, effective, principal, previous_hash, hash, body FROM event"
    " WHERE book_id = $1 AND version > $2 ORDER BY version LIMIT $3"};
constexpr Statement book_named{"book_named", "SELECT book_id FROM book WHERE name = $1"};

std::shared_ptr<const port::LogEntry> entry_of(const Rows& rows, std::size_t row) {
    const Version version{static_cast<std::uint64_t>(rows.at(row, 0).int8())};
    const auto body = rows.at(row, 6).bytes();
    auto events = from_canonical_bytes<Events>({reinterpret_cast<const char*>(body.data()), body.size()});
    if (!events)
        throw_malformed(fmt::format("a body of version {} that is no list of events", version.value));
    return std::make_shared<const port::LogEntry>(port::LogEntry{
        .recorded = {.version = version,
                     .known_at = KnownAt{rows.at(row, 1).instant()},
                     .effective_at = EffectiveAt{rows.at(row, 2).instant()},
                     .principal = PrincipalNo{static_cast<std::uint32_t>(rows.at(row, 3).int4())},
                     .events = std::move(*events)},
        .previous_hash = rows.at(row, 4).digest(),
        .hash = rows.at(row, 5).digest()});
}

}  // namespace

std::vector<std::shared_ptr<const port::LogEntry>> read_log_at(Connection& connection, std::int32_t book_id,
                                                               const std::vector<Version>& versions) {
    const Rows rows = connection.execute(
        log_at, Parameters{}.add(book_id).add_array(
                    versions, [](Version version) { return static_cast<std::int64_t>(version.value); }));
    std::unordered_map<std::uint64_t, std::shared_ptr<const port::LogEntry>> found;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto entry = entry_of(rows, row);
        found.emplace(entry->recorded.version.value, std::move(entry));
    }
    std::vector<std::shared_ptr<const port::LogEntry>> entries;
    entries.reserve(versions.size());
    for (const auto version : versions)
        if (const auto entry = found.find(version.value); entry != found.end())
            entries.push_back(entry->second);
    return entries;
}

std::vector<std::shared_ptr<const port::LogEntry>> read_log_after(Connection& connection,
                                                                  std::int32_t book_id, Version after,
                                                                  std::size_t most) {
    const Rows rows = connection.execute(
        log_after,
        parameters(book_id, static_cast<std::int64_t>(after.value), static_cast<std::int64_t>(most)));
    std::vector<std::shared_ptr<const port::LogEntry>> entries;
    entries.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) entries.push_back(entry_of(rows, row));
    return entries;
}

std::int32_t find_book(Connection& connection, const std::string& name) {
    const Rows rows = connection.execute(book_named, parameters(name));
    return rows.empty() ? 0 : rows.at(0, 0).int4();
}

}  // namespace ledger::store::postgres
