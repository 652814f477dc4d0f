// A filter never misses a key it was given, and seldom takes another for one.
#include <catch2/catch.hpp>

#include <vector>

#include "ledger/base/key_filter.hpp"
#include "tests/support/random_keys.hpp"

using namespace ledger::base;

namespace {

using Key = tests::support::RandomKey;
using Keys = tests::support::RandomKeys;

template <class Filter>
Filter filled(Filter filter, const std::vector<Key>& keys) {
    for (const auto& key : keys) filter.add(key);
    return filter;
}

template <class Filter>
std::size_t held(const Filter& filter, const std::vector<Key>& keys) {
    std::size_t count = 0;
    for (const auto& key : keys) count += filter.may_hold(key) ? 1 : 0;
    return count;
}

// False answers to a million keys that were never added.
template <class Filter>
std::size_t false_in_a_million(const Filter& filter, std::uint64_t seed) {
    Keys others{seed};
    std::size_t count = 0;
    for (int at = 0; at < 1'000'000; ++at) count += filter.may_hold(others.next()) ? 1 : 0;
    return count;
}

ByteView viewed(const std::string& bytes) { return as_bytes(bytes); }

}  // namespace

TEST_CASE("a filter holds every key it was given, whatever its size") {
    for (const std::size_t count : {1U, 2U, 25U, 26U, 1000U, 100'000U}) {
        INFO(count);
        const auto keys = Keys{count}.some(count);
        CHECK(held(filled(KeyFilter{count}, keys), keys) == count);
        CHECK(held(filled(KeyFilter{(count + 9) / 10}, keys), keys) == count);  // ten times too full
        CHECK(held(filled(GrowingKeyFilter{(count + 9) / 10}, keys), keys) == count);
    }
}

TEST_CASE("an empty filter holds nothing and says so") {
    CHECK(false_in_a_million(KeyFilter{1000}, 1) == 0);
    CHECK(false_in_a_million(GrowingKeyFilter{1000}, 1) == 0);
    CHECK(GrowingKeyFilter{1000}.memory() == 0);
    CHECK(KeyFilter{1000}.count() == 0);
}

TEST_CASE("a full filter takes fewer than 1 in 1,000 strange keys for one of its own, in 20 bits a key") {
    constexpr std::size_t count = 200'000;
    const auto filter = filled(KeyFilter{count}, Keys{7}.some(count));
    const auto wrong = false_in_a_million(filter, 8);
    INFO(wrong << " of 1,000,000");
    CHECK(wrong < 400);
    CHECK(wrong > 100);  // none at all would mean that nothing was measured
    CHECK(filter.memory() <= count * 20 / 8 + 64);
    CHECK(filter.count() <= count);
    CHECK(filter.count() > count - count / 1000);
    CHECK(false_in_a_million(filled(KeyFilter{count}, Keys{7}.some(count / 2)), 8) < 20);
}

TEST_CASE("a key that is added again changes nothing") {
    auto filter = filled(KeyFilter{1000}, Keys{3}.some(1000));
    const auto before = filter.to_bytes();
    for (const auto& key : Keys{3}.some(1000)) filter.add(key);
    CHECK(filter.to_bytes() == before);
}

TEST_CASE("a filter that grows keeps its rate, in memory that follows the keys") {
    constexpr std::size_t count = 300'000;
    const auto filter = filled(GrowingKeyFilter{10'000}, Keys{9}.some(count));
    CHECK(filter.parts() == 5);  // 10, 20, 40, 80 and 160 thousand
    const auto wrong = false_in_a_million(filter, 10);
    INFO(wrong << " of 1,000,000");
    CHECK(wrong < 2000);
    CHECK(filter.memory() <= 2 * count * 20 / 8);
}

TEST_CASE("a filter is read back as it was written") {
    const auto keys = Keys{11}.some(5000);
    const auto filter = filled(KeyFilter{5000}, keys);
    const auto bytes = filter.to_bytes();
    const auto read = KeyFilter::from_bytes(viewed(bytes));
    REQUIRE(read);
    CHECK(held(*read, keys) == keys.size());
    CHECK(read->to_bytes() == bytes);
    CHECK(read->count() == filter.count());
    CHECK(read->capacity() == 5000);

    for (const std::size_t count : {0U, 1U, 3000U}) {
        const auto some = std::vector<Key>(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(count));
        const auto growing = filled(GrowingKeyFilter{500}, some);
        const auto written = growing.to_bytes();
        auto again = GrowingKeyFilter::from_bytes(viewed(written), 500);
        REQUIRE(again);
        CHECK(held(*again, some) == count);
        CHECK(again->to_bytes() == written);
        for (const auto& key : keys) again->add(key);
        CHECK(held(*again, keys) == keys.size());
    }
}

TEST_CASE("a damaged filter is refused, whichever bit it is") {
    const auto keys = Keys{12}.some(100);
    const auto bytes = filled(KeyFilter{100}, keys).to_bytes();
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        auto damaged = bytes;
        damaged[bit / 8] =
            static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << (bit % 8)));
        if (KeyFilter::from_bytes(viewed(damaged))) FAIL("bit " << bit);
    }
    for (std::size_t size = 0; size < bytes.size(); ++size)
        if (KeyFilter::from_bytes(viewed(bytes).first(size))) FAIL("cut to " << size);
    CHECK_FALSE(KeyFilter::from_bytes(viewed(bytes + '\0')));

    const auto parts = filled(GrowingKeyFilter{30}, keys).to_bytes();
    REQUIRE(GrowingKeyFilter::from_bytes(viewed(parts), 30));
    for (std::size_t size = 0; size < parts.size(); ++size)
        if (GrowingKeyFilter::from_bytes(viewed(parts).first(size), 30)) FAIL("cut to " << size);
    for (std::size_t at = 0; at < parts.size(); ++at) {
        auto damaged = parts;
        damaged[at] = static_cast<char>(damaged[at] + 1);
        if (GrowingKeyFilter::from_bytes(viewed(damaged), 30)) FAIL("byte " << at);
    }
}

TEST_CASE("a filter of another version, or whose sizes lie, is refused though its sum fits") {
    const auto bytes = filled(KeyFilter{100}, Keys{13}.some(100)).to_bytes();
    const auto resummed = [&](std::size_t at, char value) {
        auto changed = bytes.substr(0, bytes.size() - 32);
        changed[at] = value;
        const auto sum = sha256(changed);
        return changed.append(reinterpret_cast<const char*>(sum.bytes.data()), sum.bytes.size());
    };
    CHECK(KeyFilter::from_bytes(viewed(resummed(0, 1))));
    CHECK_FALSE(KeyFilter::from_bytes(viewed(resummed(0, 2))));
    CHECK_FALSE(KeyFilter::from_bytes(viewed(resummed(2, 1))));          // sized for more than it holds
    CHECK_FALSE(KeyFilter::from_bytes(viewed(resummed(8, '\x7f'))));     // for more than there can be
    CHECK_FALSE(KeyFilter::from_bytes(viewed(resummed(1, '\0'))));       // for none
}
