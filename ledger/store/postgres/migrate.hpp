// The schema's history: numbered steps that only go forward, each in its own transaction, each remembered
// with the SHA-256 of what ran. Two servers that start together take turns behind an advisory lock.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.hpp"
#include "ledger/store/postgres/connection.hpp"

namespace ledger::store::postgres {

struct Migration {
    std::int32_t number;
    std::string_view name;
    std::string_view up;     // what it does
    std::string_view check;  // runs after it in the same transaction and raises when the result is not as
                             // meant; may be empty
};

struct MigrationReport {
    std::int32_t before = 0;  // number of the last step that was there; 0 for an empty database
    std::int32_t after = 0;
    std::vector<std::string> applied;  // "0001_book" …
};

// migrations/NNNN_name of this build, in order.
[[nodiscard]] std::span<const Migration> embedded_migrations();

// Applies what is missing. Refuses when a step that was applied reads differently now, or the database knows
// steps that this program does not. A step that fails leaves nothing, and the ones before it stay.
[[nodiscard]] base::Result<MigrationReport> migrate(Connection& connection,
                                                    std::span<const Migration> migrations);

// Refuses unless the database stands exactly where this program expects it.
[[nodiscard]] base::Status require_schema(Connection& connection, std::span<const Migration> migrations);

}  // namespace ledger::store::postgres
