// The log's rows as entries, for the writer and for readers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger/port/outcome.hpp"
#include "ledger/store/postgres/connection.hpp"

namespace ledger::store::postgres {

using namespace ledger::book;

// In the order asked; versions the log does not have are left out.
[[nodiscard]] std::vector<std::shared_ptr<const port::LogEntry>> read_log_at(
    Connection& connection, std::int32_t book_id, const std::vector<Version>& versions);
[[nodiscard]] std::vector<std::shared_ptr<const port::LogEntry>> read_log_after(Connection& connection,
                                                                                std::int32_t book_id,
                                                                                Version after,
                                                                                std::size_t most);
// The book of that name; 0 when there is none.
[[nodiscard]] std::int32_t find_book(Connection& connection, const std::string& name);

}  // namespace ledger::store::postgres
