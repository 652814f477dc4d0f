#include "ledger/base/persistent_map.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/base/digest.hpp"
#include "ledger/base/id.hpp"

using namespace ledger::base;

namespace {

struct OneHash {
    std::uint64_t operator()(int) const { return 0x0123456789abcdefU; }
};

// All the difference is in the last four bits, so that two keys meet only below ten levels of single
// children.
struct LateHash {
    std::uint64_t operator()(int key) const { return static_cast<std::uint64_t>(key) & 15U; }
};

// Copies are counted and can be made to fail; not trivial to copy, so it stands in a cell of its own.
struct Witness {
    static inline int alive = 0;
    static inline int copies = 0;
    static inline bool fails = false;

    int number = 0;

    Witness() { ++alive; }
    explicit Witness(int given) : number{given} { ++alive; }
    Witness(const Witness& other) : number{other.number} {
        if (fails) throw std::runtime_error{"no more copies"};
        ++alive;
        ++copies;
    }
    Witness(Witness&& other) noexcept : number{other.number} { ++alive; }
    Witness& operator=(const Witness&) = default;
    Witness& operator=(Witness&&) = default;
    ~Witness() { --alive; }
};

template <class Map>
auto contents(const Map& map) {
    std::vector<std::pair<int, int>> all;
    map.for_each([&all](int key, int value) { all.emplace_back(key, value); });
    return all;
}

// The same contents by three histories: in order, in a shuffled order, and with as many others that came and
// went.
template <class Hash>
void check_histories(int size) {
    std::vector<int> keys;
    for (int key = 0; key < size; ++key) keys.push_back(key);
    PersistentMap<int, int, Hash> ordered;
    for (const int key : keys) ordered.insert_or_assign(key, key * 2);

    std::mt19937 random{7};
    std::shuffle(keys.begin(), keys.end(), random);
    PersistentMap<int, int, Hash> shuffled;
    for (const int key : keys) shuffled.insert_or_assign(key, key * 2);

    PersistentMap<int, int, Hash> returned;
    for (const int key : keys) {
        returned.insert_or_assign(key + size, 0);
        returned.insert_or_assign(key, key * 2);
    }
    const auto held = returned;
    for (const int key : keys) CHECK(returned.erase(key + size));

    CHECK(ordered.size() == static_cast<std::size_t>(size));
    CHECK(contents(shuffled) == contents(ordered));
    CHECK(contents(returned) == contents(ordered));
    CHECK(shuffled.footprint() == ordered.footprint());
    CHECK(returned.footprint() == ordered.footprint());
    CHECK(held.size() == 2 * ordered.size());

    const auto order = contents(ordered);
    CHECK(std::is_sorted(order.begin(), order.end(), [](const auto& left, const auto& right) {
        return std::pair{Hash{}(left.first), left.first} < std::pair{Hash{}(right.first), right.first};
    }));
}

}  // namespace

TEST_CASE("a persistent map finds what was put in and nothing else") {
    PersistentMap<std::uint64_t, int> map;
    CHECK(map.empty());
    CHECK(map.find(1) == nullptr);
    CHECK(map.insert_or_assign(1, 10));
    CHECK_FALSE(map.insert_or_assign(1, 11));
    CHECK(map.upsert(2) == 0);
    map.upsert(2) += 5;
    map.mutate(1) += 1;
    CHECK(map.size() == 2);
    CHECK(*map.find(1) == 12);
    CHECK(*map.find(2) == 5);
    CHECK_FALSE(map.contains(3));
    CHECK_FALSE(map.erase(3));
    CHECK(map.erase(1));
    CHECK(map.find(1) == nullptr);
    CHECK(map.erase(2));
    CHECK(map.empty());
    CHECK(map.footprint() == 0);
}

TEST_CASE("a persistent map of texts is asked by any text") {
    PersistentMap<std::string, std::string> map;
    map.upsert("cust-42.fut") = "futures";
    map.insert_or_assign("cust-42.sbs", "swaps");
    CHECK(*map.find(std::string_view{"cust-42.fut"}) == "futures");
    CHECK(*map.find(std::string{"cust-42.sbs"}) == "swaps");
    CHECK(map.contains("cust-42.sbs"));
    map.mutate(std::string_view{"cust-42.sbs"}) += " and options";
    CHECK(*map.find("cust-42.sbs") == "swaps and options");
    CHECK(map.erase(std::string_view{"cust-42.fut"}));
    CHECK_FALSE(map.contains("cust-42.fut"));
    CHECK(map.size() == 1);
}

TEST_CASE("the book's own kinds of key need no hash of their own") {
    PersistentMap<AccountNo, int> by_number;
    PersistentMap<LienKey, int> by_birth;
    PersistentMap<Digest, int> by_digest;
    PersistentMap<std::array<std::byte, 16>, int> by_bytes;
    PersistentMap<uint128, int> by_wide_number;
    PersistentMap<std::pair<AccountNo, AssetNo>, int> by_pair;
    for (std::uint32_t i = 0; i < 300; ++i) {
        const auto value = static_cast<int>(i);
        by_number.upsert(AccountNo{i}) = value;
        by_birth.upsert(LienKey::at(Version{i}, 1)) = value;
        Digest digest;
        digest.bytes[31] = static_cast<std::byte>(i % 256);
        digest.bytes[0] = static_cast<std::byte>(i / 256);
        by_digest.upsert(digest) = value;
        std::array<std::byte, 16> bytes{};
        bytes[8] = static_cast<std::byte>(i % 256);
        bytes[15] = static_cast<std::byte>(i / 256);
        by_bytes.upsert(bytes) = value;
        by_wide_number.upsert(uint128{i} << 64U) = value;
        by_pair.upsert({AccountNo{i / 20}, AssetNo{i % 20}}) = value;
    }
    CHECK(*by_number.find(AccountNo{299}) == 299);
    CHECK(*by_birth.find(LienKey::at(Version{77}, 1)) == 77);
    CHECK(by_digest.size() == 300);
    CHECK(by_bytes.size() == 300);
    CHECK(*by_wide_number.find(uint128{200} << 64U) == 200);
    CHECK(*by_pair.find({AccountNo{2}, AssetNo{3}}) == 43);
    CHECK(by_pair.find({AccountNo{3}, AssetNo{20}}) == nullptr);
}

TEST_CASE("a copy of a persistent map stays as it was, whatever is done to the other") {
    PersistentMap<int, int> map;
    for (int key = 0; key < 5000; ++key) map.insert_or_assign(key, key);
    const auto before = map;
    const auto contents_before = contents(before);
    for (int key = 0; key < 5000; key += 3) map.mutate(key) = -1;
    for (int key = 1; key < 5000; key += 3) CHECK(map.erase(key));
    for (int key = 5000; key < 9000; ++key) map.upsert(key) = key;
    CHECK(contents(before) == contents_before);
    CHECK(before.size() == 5000);
    CHECK(*before.find(3) == 3);
    CHECK(before.find(6000) == nullptr);
    CHECK(*map.find(3) == -1);
    CHECK(map.find(4) == nullptr);
    CHECK(*map.find(5) == 5);
    CHECK(map.size() == 5000 - 1667 + 4000);
}

TEST_CASE("the order and the structure of a persistent map follow from its contents alone") {
    SECTION("with a good hash") { check_histories<PersistentHash<int>>(20'000); }
    SECTION("when every key has the same hash") { check_histories<OneHash>(300); }
    SECTION("when hashes differ only at the end") { check_histories<LateHash>(300); }
    SECTION("when hashes are the keys") {
        struct SameHash {
            std::uint64_t operator()(int key) const { return static_cast<std::uint64_t>(key); }
        };
        check_histories<SameHash>(3000);
    }
}

TEST_CASE("keys of equal hash are found, changed and erased one by one") {
    PersistentMap<int, int, OneHash> map;
    for (int key = 99; key >= 0; --key) CHECK(map.insert_or_assign(key, key));
    const auto held = map;
    for (int key = 0; key < 100; key += 2) map.mutate(key) = -key;
    for (int key = 1; key < 100; key += 2) CHECK(map.erase(key));
    for (int key = 0; key < 100; ++key) {
        CHECK(*held.find(key) == key);
        CHECK(map.contains(key) == (key % 2 == 0));
    }
    CHECK(*map.find(98) == -98);
    CHECK(map.find(100) == nullptr);
    for (int key = 0; key < 100; key += 2) CHECK(map.erase(key));
    CHECK(map.footprint() == 0);
    CHECK(held.size() == 100);
}

TEST_CASE("hashes are the same on every machine and in every version") {
    CHECK(PersistentHash<std::uint64_t>{}(0) == 0xe220a8397b1dcdafU);
    CHECK(PersistentHash<std::uint64_t>{}(42) == 0xbdd732262feb6e95U);
    CHECK(PersistentHash<AccountNo>{}(AccountNo{42}) == 0xbdd732262feb6e95U);
    CHECK(PersistentHash<uint128>{}(uint128{1} << 64U) == 0x6e41e2273fe59f22U);
    CHECK(PersistentHash<std::string>{}("") == 0x2d9430e4e3b2bc4fU);
    CHECK(PersistentHash<std::string>{}("cust-42.fut") == 0x04747de2844ec720U);
    CHECK(PersistentHash<Digest>{}(Digest{}) == 0x774eef1e8c1fb216U);
    CHECK(PersistentHash<std::pair<AccountNo, AssetNo>>{}({AccountNo{1}, AssetNo{2}}) == 0x7e14944ce4e766d2U);
}

TEST_CASE("texts that differ by one character, or by a zero at the end, have different hashes") {
    std::map<std::uint64_t, std::string> seen;
    const auto look = [&seen](const std::string& text) {
        const auto [there, is_new] = seen.emplace(PersistentHash<std::string>{}(text), text);
        CHECK(is_new);
    };
    for (std::size_t size = 0; size < 40; ++size) look(std::string(size, '\0'));
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (const char letter : {'a', 'b', '\x01'}) {
                std::string text(size, '\0');
                text[at] = letter;
                look(text);
            }
        }
    }
}

TEST_CASE("a change in a shared map copies one value that is costly to copy, never its neighbours") {
    {
        PersistentMap<int, Witness> map;
        for (int key = 0; key < 1000; ++key) map.insert_or_assign(key, Witness{key});
        CHECK(Witness::alive == 1000);
        Witness::copies = 0;
        map.mutate(5).number = -5;
        CHECK(Witness::copies == 0);
        const auto held = map;
        map.mutate(6).number = -6;
        CHECK(Witness::copies == 1);
        map.mutate(6).number = -7;
        map.insert_or_assign(2000, Witness{2000});
        CHECK(map.erase(7));
        CHECK(Witness::copies == 1);
        CHECK(held.find(6)->number == 6);
        CHECK(held.find(7)->number == 7);
        CHECK(held.find(2000) == nullptr);
    }
    CHECK(Witness::alive == 0);
}

TEST_CASE("a persistent map whose value cannot be copied stays as it was") {
    {
        PersistentMap<int, Witness> map;
        for (int key = 0; key < 100; ++key) map.insert_or_assign(key, Witness{key});
        const auto held = map;
        Witness::fails = true;
        CHECK_THROWS_AS(map.mutate(5), std::runtime_error);
        Witness::fails = false;
        CHECK(map.find(5)->number == 5);
        CHECK(map.size() == 100);
        map.mutate(5).number = -5;
        CHECK(held.find(5)->number == 5);
    }
    CHECK(Witness::alive == 0);
}

TEST_CASE("a persistent map holds a million entries beside its last copy") {
    constexpr std::uint64_t entries = 1'000'000;
    PersistentMap<std::uint64_t, std::uint64_t> map;
    for (std::uint64_t i = 0; i < entries; ++i) map.insert_or_assign(i << 12U, i);
    const auto held = map;
    for (std::uint64_t i = 0; i < entries; i += 97) map.mutate(i << 12U) += 1;
    for (std::uint64_t i = 1; i < entries; i += 97) map.erase(i << 12U);
    std::uint64_t sum_held = 0;
    std::uint64_t wrong = 0;
    held.for_each([&](std::uint64_t key, std::uint64_t value) {
        sum_held += value;
        wrong += key >> 12U != value ? 1U : 0U;
    });
    for (std::uint64_t i = 0; i < entries; ++i) {
        const std::uint64_t* value = map.find(i << 12U);
        const bool is_right = i % 97 == 1   ? value == nullptr
                              : i % 97 == 0 ? value != nullptr && *value == i + 1
                                            : value != nullptr && *value == i;
        wrong += is_right ? 0U : 1U;
    }
    CHECK(sum_held == 499'999'500'000U);
    CHECK(wrong == 0);
    CHECK(held.size() == entries);
    CHECK(held.footprint() < 30 * entries);
}
