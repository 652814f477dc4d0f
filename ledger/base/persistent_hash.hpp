// The hash of PersistentMap: 64 well mixed bits, the same on every machine, in every run and build, because
// the order in which a map is walked follows from it. There is no secret seed. Numbers are mixed one to one,
// so two numbers never collide; texts and byte arrays can be made to collide by a caller who tries, and the
// map stays correct and keeps such keys in order, so that finding one still takes a binary search and no
// more.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ledger/base/quantity.hpp"

namespace ledger::base {

// The finaliser of splitmix64: a bijection of 64 bits in which each bit of the input moves half of those of
// the output.
[[nodiscard]] constexpr std::uint64_t mix_word(std::uint64_t word) noexcept {
    word += 0x9e3779b97f4a7c15U;
    word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
    return word ^ (word >> 31U);
}

// For keys of several parts: fold the hash of the parts so far with the next word. Order matters.
[[nodiscard]] constexpr std::uint64_t mix_next(std::uint64_t so_far, std::uint64_t word) noexcept {
    return mix_word(std::rotl(so_far, 23) ^ mix_word(word));
}

namespace persistent_hash {

[[nodiscard]] inline std::uint64_t load_little_endian(const std::byte* from, std::size_t size) noexcept {
    std::array<std::byte, 8> bytes{};
    std::memcpy(bytes.data(), from, size);
    auto word = std::bit_cast<std::uint64_t>(bytes);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

// Eight bytes a step: the product of two words folded to its halves' exclusive or.
[[nodiscard]] inline std::uint64_t of_bytes(std::span<const std::byte> bytes) noexcept {
    constexpr std::uint64_t odd = 0xd6e8feb86659fd93U;
    std::uint64_t hash = 0x8bb84b93962eacc9U ^ bytes.size();
    const auto take = [&hash](std::uint64_t word) {
        const uint128 product = static_cast<uint128>(hash ^ word ^ 0x2d358dccaa6c78a5U) * odd;
        hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U) ^
               std::rotl(word, 29);
    };
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) take(load_little_endian(bytes.data() + at, 8));
    if (at < bytes.size()) take(load_little_endian(bytes.data() + at, bytes.size() - at));
    return mix_word(hash);
}

template <class Key>
concept Wide = std::same_as<Key, int128> || std::same_as<Key, uint128>;

}  // namespace persistent_hash

// Specialise it, or name another hash in the map's type, for a key of your own; mix_word and mix_next are the
// parts.
template <class Key>
struct PersistentHash;

template <class Key>
    requires std::integral<Key> || std::is_enum_v<Key>
struct PersistentHash<Key> {
    [[nodiscard]] constexpr std::uint64_t operator()(Key key) const noexcept {
        return mix_word(static_cast<std::uint64_t>(key));
    }
};

template <persistent_hash::Wide Key>
struct PersistentHash<Key> {
    [[nodiscard]] constexpr std::uint64_t operator()(Key key) const noexcept {
        const auto bits = static_cast<uint128>(key);
        return mix_next(mix_word(static_cast<std::uint64_t>(bits >> 64U)), static_cast<std::uint64_t>(bits));
    }
};

// Number, Version, BirthKey: one integer by the name `value`.
template <class Key>
    requires std::integral<decltype(Key::value)>
struct PersistentHash<Key> {
    [[nodiscard]] constexpr std::uint64_t operator()(const Key& key) const noexcept {
        return mix_word(static_cast<std::uint64_t>(key.value));
    }
};

template <std::size_t Size>
struct PersistentHash<std::array<std::byte, Size>> {
    [[nodiscard]] std::uint64_t operator()(const std::array<std::byte, Size>& key) const noexcept {
        return persistent_hash::of_bytes(key);
    }
};

// Digest: one array of bytes by the name `bytes`.
template <class Key>
    requires requires(const Key& key) {
        PersistentHash<std::remove_cvref_t<decltype(Key::bytes)>>{}(key.bytes);
    }
struct PersistentHash<Key> {
    [[nodiscard]] std::uint64_t operator()(const Key& key) const noexcept {
        return persistent_hash::of_bytes(key.bytes);
    }
};

template <>
struct PersistentHash<std::string> {
    using is_transparent = void;
    [[nodiscard]] std::uint64_t operator()(std::string_view key) const noexcept {
        return persistent_hash::of_bytes(std::as_bytes(std::span{key.data(), key.size()}));
    }
};

template <class First, class Second>
struct PersistentHash<std::pair<First, Second>> {
    [[nodiscard]] constexpr std::uint64_t operator()(const std::pair<First, Second>& key) const noexcept {
        return mix_next(PersistentHash<First>{}(key.first), PersistentHash<Second>{}(key.second));
    }
};

}  // namespace ledger::base
