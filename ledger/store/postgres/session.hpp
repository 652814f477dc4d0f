// What each kind of session asks of PostgreSQL: its timeouts, and that a commit means durable.
#pragma once

#include <chrono>

#include "ledger/base/error.hpp"
#include "ledger/store/postgres/connection.hpp"

namespace ledger::store::postgres {

struct SessionSettings {
    std::chrono::milliseconds statement_timeout{0};  // 0: none
    std::chrono::milliseconds lock_timeout{0};
    std::chrono::milliseconds idle_in_transaction_timeout{10'000};
    bool is_read_only = false;
};

// A writer's statements are ended by its own deadline alone; a timeout cannot fire in the wait for a commit.
[[nodiscard]] SessionSettings writer_session();
// As the writer's, but it waits for the lease's lock as long as its own deadline lets it.
[[nodiscard]] SessionSettings takeover_session();
[[nodiscard]] SessionSettings reader_session();
// Migrations and verification: long statements, no timeout of the server's.
[[nodiscard]] SessionSettings maintenance_session();

[[nodiscard]] Connection open_session(const Connection::Options& options, const SessionSettings& settings);

// Refuses a server that would answer before it is durable, or that is older than 15.
[[nodiscard]] base::Status require_durable(Connection& connection);

}  // namespace ledger::store::postgres
