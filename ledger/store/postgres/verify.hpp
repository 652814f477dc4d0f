// The whole book against its own log: order and chain, the laws in every version, every projection made again
// and compared row by row, batches and lease, refusals, texts, and a checkpoint from outside. One snapshot,
// so the server may be up. Needs a session of the tables' owner or a superuser. Cost: one pass over the log,
// and a copy of the projections in temporary tables.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/proof/checkpoint.hpp"
#include "ledger/proof/verify_log.hpp"
#include "ledger/store/postgres/connection.hpp"

namespace ledger::store::postgres {

struct VerifyOptions {
    std::string book;
    std::optional<proof::Checkpoint> checkpoint{};  // its signature was checked by whoever read it
    std::size_t findings_max = 1000;
    // Versions read, and versions there are. Called from time to time.
    std::function<void(std::uint64_t done, std::uint64_t of)> progress{};
};

struct VerifyReport {
    book::Version version;  // of the head of the log
    base::Digest head_hash;  // with which a checkpoint of this head can be made
    book::KnownAt head_known_at;
    std::uint32_t generation = 1;
    std::uint64_t journals = 0;
    std::vector<proof::Finding> findings;
    std::uint64_t findings_left_out = 0;
    [[nodiscard]] bool ok() const { return findings.empty(); }
};

// A refusal only when the book cannot be read at all: no such book, no rights, the server is gone.
[[nodiscard]] base::Result<VerifyReport> verify_book(Connection& connection, const VerifyOptions& options);

// Writes the rows of these projections, which are empty, from the log of every book; part of the caller's
// transaction. Refuses when a log cannot be trusted.
[[nodiscard]] base::Status refill_from_log(Connection& connection, const std::vector<std::string>& tables);

// What a checkpoint of the book's head says; nothing for an empty book.
[[nodiscard]] base::Result<std::optional<proof::Checkpoint>> checkpoint_of_head(Connection& connection,
                                                                                const std::string& book);

}  // namespace ledger::store::postgres
