// Which keys were surely never added. A key is sixteen bytes of a good digest, so its own bits choose its
// place: one block of 512 bits, a cache line, and one bit in each of the block's eight words. A key that was
// added is never missed; one that was not is taken for one about 3 times in 10,000 when the filter is full,
// and the rate climbs slowly behind that. Memory is 20 bits a key and fixed at birth. Cost: one cache miss a
// question.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/base/digest.hpp"

namespace ledger::base {

class KeyFilter {
public:
    using Key = std::span<const std::byte, 16>;
    static constexpr std::uint64_t bits_per_key = 20;
    static constexpr std::uint64_t capacity_max = std::uint64_t{1} << 32U;

    // Sized for so many keys, at least 1; more may be added, at a rising rate of false answers.
    explicit KeyFilter(std::uint64_t capacity);

    void add(Key key);
    // False: the key was never added. True: it was, or seldom, it was not.
    [[nodiscard]] bool may_hold(Key key) const;

    [[nodiscard]] std::uint64_t capacity() const { return capacity_; }
    // Keys that set a bit: about how many different ones were added.
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] bool is_full() const { return count_ >= capacity_; }
    [[nodiscard]] std::size_t memory() const { return blocks_.size() * sizeof(Block); }  // bytes

    // A version byte, the sizes, the blocks, and a SHA-256 of all that.
    [[nodiscard]] std::string to_bytes() const;
    // Nothing when one bit of it is not as it was written, or another version wrote it.
    [[nodiscard]] static std::optional<KeyFilter> from_bytes(ByteView bytes);

private:
    struct alignas(64) Block {
        std::array<std::uint64_t, 8> words{};
    };
    [[nodiscard]] static std::size_t blocks_for(std::uint64_t capacity);

    std::vector<Block> blocks_;
    std::uint64_t capacity_;
    std::uint64_t count_ = 0;
};

// The same for a number of keys that nobody knows ahead: when a filter is full, one of twice its size is
// begun behind it. Empty, it takes no memory. A question asks each part, of which there are few.
class GrowingKeyFilter {
public:
    explicit GrowingKeyFilter(std::uint64_t first_capacity) : first_capacity_{first_capacity} {}

    void add(KeyFilter::Key key);
    [[nodiscard]] bool may_hold(KeyFilter::Key key) const {
        for (const auto& part : parts_)
            if (part.may_hold(key)) return true;
        return false;
    }
    [[nodiscard]] bool is_empty() const { return parts_.empty(); }
    [[nodiscard]] std::size_t parts() const { return parts_.size(); }
    [[nodiscard]] std::uint64_t count() const;
    [[nodiscard]] std::size_t memory() const;

    [[nodiscard]] std::string to_bytes() const;
    // The parts as they were; a key that comes later goes on as if they had grown here.
    [[nodiscard]] static std::optional<GrowingKeyFilter> from_bytes(ByteView bytes,
                                                                    std::uint64_t first_capacity);

private:
    std::uint64_t first_capacity_;
    std::vector<KeyFilter> parts_;
};

}  // namespace ledger::base
