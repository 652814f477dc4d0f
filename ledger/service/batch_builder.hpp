// Decides a batch over a state: what each command was answered, and what must be written before anyone may
// know. It asks the store only what the state cannot know; it writes nothing. The book's thread.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "ledger/port/store.hpp"
#include "ledger/service/inbox.hpp"

namespace ledger::service {

// An id is part of a digest: any eight bytes of it are a hash.
struct IdempotencyIdHash {
    using is_avalanching = void;
    [[nodiscard]] std::size_t operator()(const IdempotencyId& id) const {
        std::size_t hash = 0;
        std::memcpy(&hash, id.bytes.data(), sizeof hash);
        return hash;
    }
};
template <class Value>
using ByIdempotencyId = boost::unordered_flat_map<IdempotencyId, Value, IdempotencyIdHash>;

// Found by a borrowed name too.
struct ChosenNameHash {
    using is_avalanching = void;
    using is_transparent = void;
    template <class Name>
    [[nodiscard]] std::size_t operator()(const Name& of) const {
        return mix_next(static_cast<std::uint64_t>(of.kind), PersistentHash<std::string>{}(of.name));
    }
};
struct ChosenNameEqual {
    using is_transparent = void;
    template <class Left, class Right>
    [[nodiscard]] bool operator()(const Left& left, const Right& right) const {
        return left.kind == right.kind && left.name == right.name;
    }
};
using HoldersByName =
    boost::unordered_flat_map<rules::ChosenName, rules::NameHolder, ChosenNameHash, ChosenNameEqual>;

struct DecidedBatch {
    Batch batch;
    State state;       // after the batch
    Digest head_hash;  // of its last version
    std::vector<std::vector<Outcome>> answers;  // to each that waited, once durable

    // Where in the batch, for itself and for the one decided behind it.
    ByIdempotencyId<std::size_t> accepted_ids;  // place in batch.accepted
    ByIdempotencyId<std::size_t> refused_ids;   // place in batch.refused
    HoldersByName names;                        // chosen in it

    [[nodiscard]] bool writes() const { return !batch.accepted.empty() || !batch.refused.empty(); }
    [[nodiscard]] std::shared_ptr<const LogEntry> entry(Version version) const;
};

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
    [[nodiscard]] std::optional<Outcome> answered_before(const Asked& asked, const Prefetched& known);
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
    std::vector<const rules::Command*> upcoming_;  // of this batch, in their order
    std::size_t next_ = 0;  // of them
};

}  // namespace ledger::service
