#include "ledger/store/postgres/idempotency_filters.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "ledger/base/ensure.hpp"
#include "ledger/store/postgres/store_guard.hpp"

namespace ledger::store::postgres {
namespace {

using port::Answered;
using port::IdempotencyId;
using port::Version;

constexpr Statement read_filter{"read_filter",
                                "SELECT end_version, accepted, refused FROM idempotency_filter"
                                " WHERE book_id = $1 AND first_version = $2"};
constexpr Statement write_filter{
    "write_filter",
    "INSERT INTO idempotency_filter (book_id, first_version, end_version, accepted, refused)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (book_id, first_version) DO UPDATE SET"
    " end_version = excluded.end_version, accepted = excluded.accepted, refused = excluded.refused,"
    " made_at = excluded.made_at"};

// A refusal takes no version, so any number of them may fall into a partition; their filter starts small.
constexpr std::uint64_t accepted_to_refused = 16;
constexpr std::uint64_t smallest_filter = 64;

// Sizes of a partition's filters, in keys.
std::uint64_t accepted_capacity(std::uint64_t partition_size) {
    return std::max(partition_size, smallest_filter);
}
std::uint64_t refused_capacity(std::uint64_t partition_size) {
    return std::max(partition_size / accepted_to_refused, smallest_filter);
}

// What the partition's tables are called behind their parent's name.
std::string suffix_of(std::uint64_t number) { return fmt::format("p{:04}", number); }

void add(base::GrowingKeyFilter& filter, const IdempotencyId& id) { filter.add(id.bytes); }

std::vector<Uuid> that_may_be_in(const base::GrowingKeyFilter& filter,
                                 const std::vector<IdempotencyId>& ids) {
    std::vector<Uuid> hits;
    if (filter.is_empty()) return hits;
    for (const auto& id : ids)
        if (filter.may_hold(id.bytes)) hits.push_back(id.bytes);
    return hits;
}

void take_accepted(const Rows& rows, IdempotencyFilters::Answers& answers) {
    for (std::size_t row = 0; row < rows.size(); ++row)
        answers.emplace_back(
            IdempotencyId{rows.at(row, 0).uuid()},
            Answered{.request_digest = rows.at(row, 1).digest(),
                     .outcome = Version{static_cast<std::uint64_t>(rows.at(row, 2).int8())}});
}

void take_refused(const Rows& rows, IdempotencyFilters::Answers& answers) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const auto refusal = refusal_of(rows, row);
        answers.emplace_back(refusal.idem, Answered{refusal.request_digest, refusal});
    }
}

}  // namespace

IdempotencyFilters::Partition::Partition(std::uint64_t number, std::uint64_t size)
    : first{number * size},
      end{(number + 1) * size},
      accepted{accepted_capacity(size)},
      refused{refused_capacity(size)},
      accepted_name{"answered_accepted_" + suffix_of(number)},
      accepted_sql{fmt::format(
          "SELECT idem, request_digest, version FROM event_{} WHERE book_id = $1 AND idem = ANY($2)",
          suffix_of(number))},
      refused_name{"answered_refused_" + suffix_of(number)},
      refused_sql{
          fmt::format("SELECT idem, request_digest, principal, code, pointer, detail, figures, rule,"
                      " next_step, decided_at, at FROM refusal_{} WHERE book_id = $1 AND idem = ANY($2)",
                      suffix_of(number))} {}

IdempotencyFilters::Partition& IdempotencyFilters::partition_of(Version version) {
    const auto number = version.value / partition_size_;
    return partitions_.try_emplace(number, number, partition_size_).first->second;
}

// The stored filter, when it is there, whole, and of these bounds.
bool IdempotencyFilters::load(Connection& connection, std::int32_t book_id, Partition& partition) {
    const Rows rows =
        connection.execute(read_filter, parameters(book_id, static_cast<std::int64_t>(partition.first)));
    if (rows.empty()) return false;
    auto accepted =
        base::GrowingKeyFilter::from_bytes(rows.at(0, 1).bytes(), accepted_capacity(partition_size_));
    auto refused =
        base::GrowingKeyFilter::from_bytes(rows.at(0, 2).bytes(), refused_capacity(partition_size_));
    if (rows.at(0, 0).int8() != static_cast<std::int64_t>(partition.end) || !accepted || !refused) {
        spdlog::warn("book: the stored filter of versions {} to {} is damaged and is made again",
                     partition.first, partition.end - 1);
        return false;
    }
    partition.accepted = *std::move(accepted);
    partition.refused = *std::move(refused);
    return true;
}

// A refusal is decided at the head before its batch, so those decided at `through_` may have come since.
void IdempotencyFilters::read_rows(Connection& connection, std::int32_t book_id, Partition& partition) {
    const auto suffix = suffix_of(partition.first / partition_size_);
    // A partition that is read whole needs no look at its versions, so the index on keys may be enough.
    const auto since = [&](std::string_view column, std::string_view how) {
        return partition.first < through_ ? fmt::format(" AND {} {} {}", column, how, through_)
                                          : std::string{};
    };
    connection.copy_out(
        fmt::format("COPY (SELECT idem FROM event_{} WHERE book_id = {} AND idem IS NOT NULL{}) TO STDOUT"
                    " (FORMAT binary)",
                    suffix, book_id, since("version", ">")),
        [&](const std::vector<FieldView>& row) { add(partition.accepted, {row[0].uuid()}); });
    connection.copy_out(fmt::format("COPY (SELECT idem FROM refusal_{} WHERE book_id = {}{}) TO STDOUT"
                                    " (FORMAT binary)",
                                    suffix, book_id, since("decided_at", ">=")),
                        [&](const std::vector<FieldView>& row) { add(partition.refused, {row[0].uuid()}); });
}

void IdempotencyFilters::catch_up(Connection& connection, std::int32_t book_id, Version head,
                                  std::uint64_t partition_size) {
    base::ensure(partition_size != 0, "a partition holds versions");
    if (!is_loaded_ || partition_size != partition_size_ || head.value < through_) {
        partitions_.clear();
        through_ = 0;
        is_loaded_ = false;
    }
    partition_size_ = partition_size;
    Transaction transaction{connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
    connection.execute_script("SET LOCAL enable_seqscan = on");
    for (auto number = through_ / partition_size; number <= head.value / partition_size; ++number) {
        const bool is_new = !partitions_.contains(number);
        auto& partition = partition_of(Version{number * partition_size});
        const bool is_closed = partition.end <= head.value;
        if (is_new && is_closed && load(connection, book_id, partition)) {
            partition.is_settled = true;
            ++counters_.filters_loaded;
            continue;
        }
        read_rows(connection, book_id, partition);
        if (is_new && is_closed) ++counters_.filters_rebuilt;
    }
    if (transaction.commit() != CommitOutcome::committed)
        throw Fault{{.message = "the keys of the log could not be read"}};
    through_ = head.value;
    is_loaded_ = true;
}

void IdempotencyFilters::remember(const port::Batch& batch) {
    if (!is_loaded_) return;  // they will be read with the rest
    for (const auto& row : batch.accepted)
        if (row.idem) add(partition_of(row.entry->recorded.version).accepted, *row.idem);
    for (const auto& row : batch.refused) add(partition_of(row.decided_at).refused, row.idem);
    if (!batch.accepted.empty()) through_ = batch.accepted.back().entry->recorded.version.value;
}

void IdempotencyFilters::store_closed(Connection& connection, std::int32_t book_id) {
    for (auto& [number, partition] : partitions_) {
        if (partition.is_settled || partition.end > through_) continue;
        partition.is_settled = true;
        const auto accepted = partition.accepted.to_bytes();
        const auto refused = partition.refused.to_bytes();
        try {
            connection.execute(write_filter, Parameters{}
                                                 .add(book_id)
                                                 .add(static_cast<std::int64_t>(partition.first))
                                                 .add(static_cast<std::int64_t>(partition.end))
                                                 .add(base::as_bytes(accepted))
                                                 .add(base::as_bytes(refused)));
            ++counters_.filters_stored;
        } catch (const Fault& fault) {
            partition.is_settled = !fault.connection_lost();
            if (fault.connection_lost()) throw;
            spdlog::warn("book: the filter of versions {} to {} is not stored and will be made again: {}",
                         partition.first, partition.end - 1, fault.what());
        }
    }
}

IdempotencyFilters::Answers IdempotencyFilters::answered(Connection& connection, std::int32_t book_id,
                                                         const std::vector<IdempotencyId>& ids) {
    base::ensure(is_loaded_, "a filter that was never loaded knows no key");
    Answers answers;
    counters_.ids_asked += ids.size();
    std::vector<decltype(&take_accepted)> takers;
    const auto ask = [&](const base::GrowingKeyFilter& filter, const Statement& statement, auto take) {
        const auto hits = that_may_be_in(filter, ids);
        if (hits.empty()) return;
        if (takers.empty()) connection.begin_pipeline();
        connection.queue(statement, Parameters{}.add(book_id).add_array(hits));
        takers.push_back(take);
        counters_.filter_hits += hits.size();
        ++counters_.lookups;
    };
    for (const auto& [number, partition] : partitions_) {
        ask(partition.accepted, {partition.accepted_name.c_str(), partition.accepted_sql.c_str()},
            take_accepted);
        ask(partition.refused, {partition.refused_name.c_str(), partition.refused_sql.c_str()}, take_refused);
    }
    if (takers.empty()) return answers;
    const auto asked = connection.end_pipeline();
    if (asked.failed) throw Fault{*asked.failed};
    for (std::size_t at = 0; at < takers.size(); ++at) takers[at](asked.answers[at], answers);
    counters_.found += answers.size();
    return answers;
}

std::size_t IdempotencyFilters::memory() const {
    std::size_t memory = 0;
    for (const auto& [number, partition] : partitions_)
        memory += partition.accepted.memory() + partition.refused.memory();
    return memory;
}

}  // namespace ledger::store::postgres
