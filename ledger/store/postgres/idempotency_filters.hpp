// Which partition may hold the answer to a key: a filter in memory for each partition of the log and of
// refusals, so that a new key asks nobody and a replay asks one index, however many partitions there are.
// Filters hold at least every key that is durable, and may hold keys that never became so. The book's thread.
// Memory: 20 bits a key, and never less than what the open partition will need.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/base/key_filter.hpp"
#include "ledger/port/store.hpp"
#include "ledger/store/postgres/connection.hpp"

namespace ledger::store::postgres {

// Since the store began.
struct IdempotencyCounters {
    std::uint64_t ids_asked = 0;  // keys of commands
    std::uint64_t filter_hits = 0;  // index probes: a key in a partition's log or refusals that may hold it
    std::uint64_t lookups = 0;  // statements for them, each for one partition's log or refusals
    std::uint64_t found = 0;  // filter_hits less found: the filters were wrong
    std::uint64_t filters_loaded = 0;  // of closed partitions, as they were stored
    std::uint64_t filters_rebuilt = 0;  // from rows, because the stored one was missing or damaged
    std::uint64_t filters_stored = 0;
};

class IdempotencyFilters {
public:
    // Brings the filters to where the log stands: all of them at first, later what came since. `head` was
    // read before this is called, and `partition_size` from the database.
    void catch_up(Connection& connection, std::int32_t book_id, port::Version head,
                  std::uint64_t partition_size);
    [[nodiscard]] bool is_loaded() const { return is_loaded_; }

    // The keys of a batch, once it has committed, in the order of the log. Harmless for one that has not.
    void remember(const port::Batch& batch);

    // Stores the filters of partitions the head has left behind, each in a transaction of its own; costs
    // nothing when there is none.
    void store_closed(Connection& connection, std::int32_t book_id);

    // What the keys were answered. At most one round trip, none when no filter knows any of them.
    using Answers = std::vector<std::pair<port::IdempotencyId, port::Answered>>;
    [[nodiscard]] Answers answered(Connection& connection, std::int32_t book_id,
                                   const std::vector<port::IdempotencyId>& ids);

    [[nodiscard]] const IdempotencyCounters& counters() const { return counters_; }
    [[nodiscard]] std::size_t partitions() const { return partitions_.size(); }
    [[nodiscard]] std::size_t memory() const;  // bytes of the filters

private:
    struct Partition {
        Partition(std::uint64_t number, std::uint64_t size);

        std::uint64_t first;  // versions
        std::uint64_t end;
        base::GrowingKeyFilter accepted;
        base::GrowingKeyFilter refused;
        bool is_settled = false;  // stored, or not to be tried again before the next start
        // Statements on this partition by its name, with one table to plan for and to lock.
        std::string accepted_name, accepted_sql, refused_name, refused_sql;
    };
    [[nodiscard]] Partition& partition_of(port::Version version);
    [[nodiscard]] bool load(Connection& connection, std::int32_t book_id, Partition& partition);
    void read_rows(Connection& connection, std::int32_t book_id, Partition& partition);

    std::uint64_t partition_size_ = 0;
    bool is_loaded_ = false;
    std::uint64_t through_ = 0;  // every version up to this one, and refusals decided before it
    std::map<std::uint64_t, Partition> partitions_;  // by number
    IdempotencyCounters counters_;
};

}  // namespace ledger::store::postgres
