#include "ledger/base/persistent_vector.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using ledger::base::PersistentVector;

namespace {

// Counts what lives and what was copied, and fails to copy on demand.
struct Witness {
    static inline int alive = 0;
    static inline int copies = 0;
    static inline int copies_until_failure = -1;

    std::string name;

    explicit Witness(std::string given) : name{std::move(given)} { ++alive; }
    Witness(const Witness& other) : name{other.name} {
        if (copies_until_failure == 0) throw std::runtime_error{"no more copies"};
        if (copies_until_failure > 0) --copies_until_failure;
        ++alive;
        ++copies;
    }
    Witness(Witness&& other) noexcept : name{std::move(other.name)} { ++alive; }
    Witness& operator=(const Witness&) = default;
    Witness& operator=(Witness&&) = default;
    ~Witness() { --alive; }
};

template <class T, unsigned LeafBits>
std::vector<T> contents(const PersistentVector<T, LeafBits>& vector) {
    std::vector<T> all;
    vector.for_each([&all](const T& item) { all.push_back(item); });
    return all;
}

std::vector<std::size_t> numbers_up_to(std::size_t size) {
    std::vector<std::size_t> all(size);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

template <unsigned LeafBits>
PersistentVector<std::size_t, LeafBits> counted_up_to(std::size_t size) {
    PersistentVector<std::size_t, LeafBits> vector;
    for (std::size_t i = 0; i < size; ++i) vector.push_back(i);
    return vector;
}

// Grows and shrinks through every size at which the tree gains or loses a level.
template <unsigned LeafBits>
void check_levels(std::size_t largest) {
    auto vector = counted_up_to<LeafBits>(largest);
    CHECK(contents(vector) == numbers_up_to(largest));
    for (std::size_t size = largest; size > 0; --size) {
        const bool is_at_a_step = (size & (size - 1)) == 0 || (size & (size + 1)) == 0;
        if (is_at_a_step) {
            CHECK(vector[size - 1] == size - 1);
            CHECK(vector[0] == 0);
            CHECK(vector.footprint() == counted_up_to<LeafBits>(size).footprint());
        }
        vector.pop_back();
    }
    CHECK(vector.empty());
    CHECK(vector.footprint() == 0);
}

}  // namespace

TEST_CASE("a persistent vector gives the index of what is pushed") {
    PersistentVector<std::string> vector;
    CHECK(vector.empty());
    CHECK(vector.push_back("first") == 0);
    CHECK(vector.push_back("second") == 1);
    CHECK(vector.size() == 2);
    CHECK(vector[0] == "first");
    CHECK(vector[1] == "second");
}

TEST_CASE("a copy of a persistent vector stays as it was, whatever is done to the other") {
    auto vector = counted_up_to<4>(5000);
    const auto before = vector;
    for (std::size_t i = 0; i < vector.size(); i += 3) vector.mutate(i) = 0;
    const auto between = vector;
    while (vector.size() > 100) vector.pop_back();
    vector.push_back(77);

    CHECK(contents(before) == numbers_up_to(5000));
    CHECK(between.size() == 5000);
    CHECK(between[4998] == 0);
    CHECK(between[4999] == 4999);
    CHECK(vector.size() == 101);
    CHECK(vector[100] == 77);
    vector.clear();
    CHECK(vector.empty());
    CHECK(contents(before) == numbers_up_to(5000));
}

TEST_CASE("two copies of a persistent vector that both go on do not see each other") {
    auto left = counted_up_to<2>(100);
    auto right = left;
    left.push_back(1);
    right.push_back(2);
    left.mutate(0) = 10;
    right.mutate(0) = 20;
    CHECK(left[100] == 1);
    CHECK(right[100] == 2);
    CHECK(left[0] == 10);
    CHECK(right[0] == 20);
}

TEST_CASE("a persistent vector that shrank has the tree of one that never grew") {
    SECTION("with a leaf for each element") { check_levels<0>(64 * 64 + 2); }
    SECTION("with leaves of four") { check_levels<2>(4 * 64 * 64 + 2); }
    SECTION("with leaves of sixteen") { check_levels<4>(16 * 64 * 64 + 2); }
}

TEST_CASE("a persistent vector copies no element until it is shared, and then one leaf") {
    PersistentVector<Witness, 2> vector;
    for (int i = 0; i < 1000; ++i) vector.push_back(Witness{std::to_string(i)});
    CHECK(Witness::alive == 1000);

    Witness::copies = 0;
    vector.mutate(500).name = "changed";
    CHECK(Witness::copies == 0);

    const auto held = vector;
    vector.mutate(501).name = "changed";
    CHECK(Witness::copies == 4);
    vector.mutate(502).name = "changed";
    CHECK(Witness::copies == 4);
    CHECK(held[501].name == "501");
    CHECK(held[500].name == "changed");
}

TEST_CASE("every element of a persistent vector is destroyed once") {
    {
        PersistentVector<Witness, 2> vector;
        for (int i = 0; i < 500; ++i) vector.push_back(Witness{std::to_string(i)});
        auto held = vector;
        for (int i = 0; i < 250; ++i) vector.pop_back();
        vector.mutate(3).name = "changed";
        held = vector;
        CHECK(Witness::alive == 250);
        PersistentVector<Witness, 2> moved{std::move(held)};
        CHECK(moved.size() == 250);
    }
    CHECK(Witness::alive == 0);
}

TEST_CASE("a persistent vector whose element cannot be copied stays as it was") {
    {
        PersistentVector<Witness, 2> vector;
        for (int i = 0; i < 100; ++i) vector.push_back(Witness{std::to_string(i)});
        const auto held = vector;
        Witness::copies_until_failure = 2;
        CHECK_THROWS_AS(vector.mutate(50), std::runtime_error);
        Witness::copies_until_failure = -1;
        CHECK(Witness::alive == 100);
        CHECK(vector[50].name == "50");
        vector.mutate(50).name = "changed";
        CHECK(held[50].name == "50");
    }
    CHECK(Witness::alive == 0);
}

TEST_CASE("a walk of a persistent vector starts where it is told and stops when it is told") {
    const auto vector = counted_up_to<4>(1000);
    std::vector<std::size_t> seen;
    const bool was_stopped = vector.for_each_from(37, [&seen](std::size_t item) {
        seen.push_back(item);
        return item == 70;
    });
    CHECK(was_stopped);
    CHECK(seen.size() == 34);
    CHECK(seen.front() == 37);
    CHECK(seen.back() == 70);
    CHECK_FALSE(vector.for_each_from(1000, [](std::size_t) { return true; }));
    CHECK_FALSE(vector.for_each_from(999, [](std::size_t) { return false; }));

    std::size_t expected = 0;
    PersistentVector<std::string> texts;
    for (int i = 0; i < 40; ++i) texts.push_back(std::to_string(i));
    texts.for_each([&expected](std::size_t index, const std::string& text) {
        CHECK(index == expected);
        CHECK(text == std::to_string(index));
        ++expected;
    });
    CHECK(expected == 40);
}

TEST_CASE("a persistent vector holds a million elements beside its last copy") {
    auto vector = counted_up_to<4>(1'000'000);
    const auto held = vector;
    for (std::size_t i = 0; i < vector.size(); i += 97) vector.mutate(i) += 1;
    std::uint64_t sum_now = 0;
    std::uint64_t sum_held = 0;
    vector.for_each([&sum_now](std::size_t item) { sum_now += item; });
    held.for_each([&sum_held](std::size_t item) { sum_held += item; });
    CHECK(sum_held == 499'999'500'000U);
    CHECK(sum_now == sum_held + 10'310U);
    CHECK(vector.footprint() < std::size_t{10'000'000});
}
