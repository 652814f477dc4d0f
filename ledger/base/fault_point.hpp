// Named places where a test may end the process, and bugs that a test may plant to show that it would find
// them. Nothing in the shipped program sets either: no option, no variable of the environment. A place costs
// the look at one flag, once or twice a batch.
#pragma once

#include <atomic>
#include <cstdint>

namespace ledger::base {

enum class FaultPoint : std::uint8_t {
    after_copy,             // the rows of a batch are with the server, in an open transaction
    after_commit_was_sent,  // its answer is not here
    before_merge,           // a batch is durable, and nobody knows
    before_answer,          // published, and its callers do not know
    during_takeover         // the epoch is raised, and the log not yet read
};

// What a test wants done there.
inline std::atomic<void (*)(FaultPoint)> at_fault_point{nullptr};

inline void fault_point(FaultPoint point) {
    if (auto* const act = at_fault_point.load(std::memory_order_relaxed)) act(point);
}

// tests/simulation/planted_bugs.md says who finds each.
enum class PlantedBug : std::uint8_t {
    lost_overlay,           // a batch is decided upon the committed state while another is in flight
    double_merge,           // a batch that is found durable is merged, and kept
    answer_before_durable,  // a batch is merged when it is decided
    answer_out_of_turn,     // answers that write nothing do not wait for the batches before them
    doubt_taken_for_yes,    // a lost answer to COMMIT counts as committed
    doubt_taken_for_no,     // … as rolled back
    past_not_compared,      // a lease over another past is written under
    stale_lease,            // a batch is written under whatever epoch the lease has
    missed_tick,            // time does not come first in a batch
    dropped_balance_row,    // a changed balance is not written
    refusal_not_stored,     // a refusal does not stand under its key
    linked_not_undone,      // what came before a linked refusal stays
    filter_false_negative   // a key filter denies a key that it holds
};

inline std::atomic<std::uint32_t> planted_bugs{0};

[[nodiscard]] inline bool is_planted(PlantedBug bug) {
    return (planted_bugs.load(std::memory_order_relaxed) >> static_cast<unsigned>(bug) & 1U) != 0;
}

}  // namespace ledger::base
