// Decides a batch over a state: what each command was answered, and what must be written before anyone may
// know. It asks the store only what the state cannot know; it writes nothing. The book's thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ledger/port/store.hpp"
#include "ledger/service/inbox.hpp"

namespace ledger::service {

struct DecidedBatch {
    Batch batch;
    State state;       // after the batch
    Digest head_hash;  // of its last version
    std::vector<std::vector<Outcome>> answers;  // to each that waited, once durable

    // Where in the batch, for itself and for the one decided behind it.
    std::map<IdempotencyId, std::size_t> accepted_ids;  // place in batch.accepted
    std::map<IdempotencyId, std::size_t> refused_ids;   // place in batch.refused
    std::map<std::pair<rules::Named, std::string>, rules::NameHolder> names;  // chosen in it

    [[nodiscard]] bool writes() const { return !batch.accepted.empty() || !batch.refused.empty(); }
    [[nodiscard]] std::shared_ptr<const LogEntry> entry(Version version) const;
};

[[nodiscard]] IdempotencyId idempotency_id(PrincipalNo principal, const std::string& key);

class BatchBuilder {
public:
    // Upon a committed book, or upon a batch in flight, whose look-ups the store cannot answer yet.
    BatchBuilder(Store& store, const Committed& base, KnownAt at);
    BatchBuilder(Store& store, const DecidedBatch& ahead, KnownAt at);

    // Time first: closes what came due.
    void tick();
    // Then each command in order. Throws Unavailable when the store cannot be asked; nothing is lost by that.
    void decide(const std::vector<Waiting>& waiting);
    [[nodiscard]] DecidedBatch finish() { return std::move(decided_); }

private:
    struct Prefetched;

    [[nodiscard]] Prefetched prefetch(const std::vector<Waiting>& waiting);
    [[nodiscard]] std::vector<Outcome> decide_group(const Waiting& group, const Prefetched& known);
    [[nodiscard]] std::vector<Outcome> decide_linked(const Waiting& group, const Prefetched& known);
    [[nodiscard]] Outcome decide_one(const Asked& asked, const Prefetched& known);
    [[nodiscard]] std::optional<Outcome> answered_before(const Asked& asked, const IdempotencyId& id,
                                                         const Prefetched& known);
    [[nodiscard]] std::optional<Outcome> earlier_answer(const Asked& asked, const Prefetched& known);
    void complete(rules::Submission& submission, const Prefetched& known) const;
    [[nodiscard]] Outcome same_as(Version version, const Prefetched& known) const;
    const std::shared_ptr<const LogEntry>& write(const rules::Submission& submission, rules::Decided decided,
                                                 std::optional<IdempotencyId> id);
    [[nodiscard]] std::shared_ptr<const LogEntry> not_stored_yet(Version version) const;
    [[nodiscard]] std::vector<const DecidedBatch*> undurable() const;
    void store_refusal(const Asked& asked, const Refused& refused);
    void undo_to(std::size_t accepted, std::size_t refused);

    Store& store_;
    KnownAt at_;
    const DecidedBatch* ahead_ = nullptr;
    DecidedBatch decided_;
};

}  // namespace ledger::service
