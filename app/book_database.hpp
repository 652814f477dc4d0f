// The database a command works on: a private PostgreSQL in a directory, or an address of yours.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/patroni.hpp"
#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/private_server.hpp"

namespace app {

class BookDatabase {
public:
    enum class Wanted { make_if_missing, existing };
    // Throws CommandFailed with a sentence when it cannot be had.
    BookDatabase(const BookPlace& place, Wanted wanted, bool is_small = false);

    [[nodiscard]] const std::string& address() const { return address_; }
    // The address of the server that may be written to now: where Patroni keeps several, the primary's. Any
    // thread.
    [[nodiscard]] ledger::base::Result<std::string> current_address() const;
    // A session for migrations, verification and exports.
    [[nodiscard]] ledger::store::postgres::Connection maintenance() const;
    // Brings a private server back when it was killed; for others there is nothing to do. Any thread.
    [[nodiscard]] ledger::base::Status ensure_running();
    // Applies what is missing of the schema; the names of what was applied.
    std::vector<std::string> migrate();
    // The name asked for, or the only book there is. Throws CommandFailed when that is not one.
    [[nodiscard]] std::string book_name(const std::string& asked) const;
    // Whether a writer's session is open on the book now.
    [[nodiscard]] bool has_a_writer() const;

private:
    std::optional<ledger::store::postgres::PrivateServer> server_;
    std::string address_;
    std::optional<PatroniNodes> patroni_;
};

}  // namespace app
