// Keys as digests make them: sixteen random bytes each, the same for the same seed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace tests::support {

using RandomKey = std::array<std::byte, 16>;

class RandomKeys {
public:
    explicit RandomKeys(std::uint64_t seed) : random_{seed} {}

    [[nodiscard]] RandomKey next() {
        const std::array<std::uint64_t, 2> words{random_(), random_()};
        RandomKey key;
        std::memcpy(key.data(), words.data(), key.size());
        return key;
    }
    [[nodiscard]] std::vector<RandomKey> some(std::size_t count) {
        std::vector<RandomKey> keys(count);
        for (auto& key : keys) key = next();
        return keys;
    }

private:
    std::mt19937_64 random_;
};

}  // namespace tests::support
