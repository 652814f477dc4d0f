// What the nodes of the persistent containers share: a count of holders inside the node, and warming of the
// cache before many counts are raised. A copy of a container is one more holder of its root, so it costs one
// atomic add.
//
// Threads: one thread mutates a given container value; any thread may read, copy or destroy its own copy of
// it. A node is changed in place only while its count is one on the whole path from the root, so no reader
// can see it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ledger::base {

class ShareCount {
public:
    ShareCount() = default;
    ShareCount(const ShareCount&) = delete;
    ShareCount& operator=(const ShareCount&) = delete;
    ~ShareCount() = default;

    // Relaxed: whoever adds a holder is one already, or was handed the value by a thread that is.
    void add() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }

    // Acquire: what other holders read of the node happened before they dropped it, so before our writes.
    [[nodiscard]] bool is_sole() const noexcept { return holders_.load(std::memory_order_acquire) == 1; }

    // True for the last holder, who destroys the node. A sole holder needs no locked instruction: nobody else
    // can add.
    [[nodiscard]] bool drop() noexcept {
        return is_sole() || holders_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }

private:
    std::atomic<std::uint32_t> holders_{1};
};

// Counts live in the children, far apart in memory: asking for all lines first overlaps the misses.
template <class Node>
void warm(Node* const* children, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) __builtin_prefetch(children[i], 1);
}

// Compilers make this one instruction where the target has it; where it has not, std::popcount would be a
// call.
[[nodiscard]] constexpr unsigned count_bits(std::uint64_t word) noexcept {
    word -= (word >> 1U) & 0x5555555555555555U;
    word = (word & 0x3333333333333333U) + ((word >> 2U) & 0x3333333333333333U);
    word = (word + (word >> 4U)) & 0x0f0f0f0f0f0f0f0fU;
    return static_cast<unsigned>((word * 0x0101010101010101U) >> 56U);
}

}  // namespace ledger::base
