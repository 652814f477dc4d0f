// Decides a batch over a state: what each command was answered, and what must be written before anyone may
// know. It asks the store only what the state cannot know; it writes nothing. The book's thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ledger/port/store.hpp"
#include "ledger/service/command_queue.hpp"

namespace ledger::service {

struct DecidedBatch {
    Batch batch;
    State state;       // after the batch
    Digest head_hash;  // of its last version
    std::vector<std::pair<std::size_t, Outcome>>
        answers;  // place among the commands, and what to say once durable
    [[nodiscard]] bool writes() const { return !batch.accepted.empty() || !batch.refused.empty(); }
};

[[nodiscard]] IdempotencyId idempotency_id(PrincipalNo principal, const std::string& key);

class BatchBuilder {
public:
    BatchBuilder(Store& store, const Committed& base, KnownAt at);

    // Time first: closes what came due.
    void tick();
    // Then each command in order. Throws Unavailable when the store cannot be asked; nothing is lost by that.
    void decide(const std::vector<Waiting>& commands);
    [[nodiscard]] DecidedBatch finish() { return std::move(decided_); }

private:
    struct Prefetched;

    [[nodiscard]] Prefetched prefetch(const std::vector<Waiting>& commands);
    [[nodiscard]] Outcome decide_one(const Waiting& waiting, const Prefetched& known);
    [[nodiscard]] std::optional<Outcome> answered_before(const Waiting& waiting, const IdempotencyId& id,
                                                         const Prefetched& known);
    void complete(rules::Submission& submission, const Prefetched& known) const;
    [[nodiscard]] Outcome same_as(Version version, const Prefetched& known) const;
    const std::shared_ptr<const LogEntry>& write(const rules::Submission& submission, rules::Decided decided,
                                                 std::optional<IdempotencyId> id);
    [[nodiscard]] std::shared_ptr<const LogEntry> in_batch(Version version) const;

    Store& store_;
    KnownAt at_;
    DecidedBatch decided_;
    std::map<IdempotencyId, std::size_t> accepted_ids_;  // place in batch.accepted
    std::map<IdempotencyId, std::size_t> refused_ids_;
    std::map<std::pair<rules::Named, std::string>, rules::NameHolder> names_;  // chosen in this batch
};

}  // namespace ledger::service
