// Books that the measurements run on, set up through the writer itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "app/bench/flow.hpp"
#include "app/bench/server.hpp"
#include "app/bench/traffic.hpp"
#include "app/running_book.hpp"

namespace app::bench {

inline constexpr const char* book_name = "bench";
inline constexpr const char* book_database = "bench";
// Holds twenty assets and five liens: what the collateral read is asked for.
inline constexpr const char* many_assets_account = "c-assets";
inline constexpr std::size_t assets_of_that_account = 20;

// Opens the book of that name in a database, and makes it when it is new.
[[nodiscard]] std::unique_ptr<RunningBook> open_book(const Server& server, const std::string& database);

// One principal with every right; the text of its key.
[[nodiscard]] std::string add_caller(RunningBook& running);
[[nodiscard]] ledger::port::PrincipalNo caller_of(RunningBook& running);

// One futures pool: parties, assets, locations, `accounts` customers' accounts with money in each, and the
// account of many assets.
void set_up_pool(const Server& server, const std::string& database, ledger::port::Ledger& book,
                 std::size_t accounts);

// The same pool as a start-up meets it: `accounts` accounts of one customer for every ten, each with three
// assets and one lien of two lines.
void set_up_encumbered(const Server& server, const std::string& database, ledger::port::Ledger& book,
                       std::size_t accounts);

}  // namespace app::bench
