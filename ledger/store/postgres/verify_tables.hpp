// The parts of verify that are questions to the tables: differences between stored and rebuilt rows, and what
// stands beside the log. For verify.cpp.
#pragma once

#include "ledger/proof/verify_log.hpp"
#include "ledger/store/postgres/connection.hpp"

namespace ledger::store::postgres {

using namespace ledger::book;

// Temporary tables of the projections' names, empty, found before the real ones by plain name; they go with
// the transaction. And `commitment`, for the texts the log names.
void make_rebuilt_tables(Connection& connection);

void drop_rebuilt_tables(Connection& connection);

// Every row that differs, named by table and key.
void compare_projections(Connection& connection, std::int32_t book_id, proof::Findings& findings);
// Rows of books that do not exist.
void find_strays(Connection& connection, proof::Findings& findings);
void check_refusals(Connection& connection, std::int32_t book_id, Version head, std::size_t principals,
                    proof::Findings& findings);
void check_texts(Connection& connection, std::int32_t book_id, proof::Findings& findings);
void check_keys_once(Connection& connection, std::int32_t book_id, proof::Findings& findings);
// Cost: one pass over the keys of the log and of refusals.
void check_filters(Connection& connection, std::int32_t book_id, Version head, proof::Findings& findings);

}  // namespace ledger::store::postgres
