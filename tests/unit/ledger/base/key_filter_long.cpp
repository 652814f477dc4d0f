// A hundred million keys in the filters of twenty-five partitions, without the rows: memory, speed, and how
// many new keys would ask the database for nothing.
#include <catch2/catch.hpp>

#include <chrono>
#include <iostream>

#include <fmt/format.h>

#include "ledger/base/key_filter.hpp"
#include "tests/support/random_keys.hpp"

using namespace ledger::base;
using tests::support::RandomKeys;

namespace {

constexpr std::uint64_t partitions = 25;
constexpr std::uint64_t keys_in_a_partition = 4'000'000;
constexpr std::size_t new_keys = 2'000'000;
constexpr std::size_t batch = 8192;

std::int64_t microseconds_since(std::chrono::steady_clock::time_point begun) {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun)
        .count();
}

}  // namespace

TEST_CASE("with a hundred million keys in 25 filters, fewer than 1 new key in 100 is looked up for nothing") {
    std::vector<KeyFilter> filters;
    auto begun = std::chrono::steady_clock::now();
    for (std::uint64_t at = 0; at < partitions; ++at) {
        auto& filter = filters.emplace_back(keys_in_a_partition);
        RandomKeys keys{at};
        for (std::uint64_t key = 0; key < keys_in_a_partition; ++key) filter.add(keys.next());
    }
    const auto filling = microseconds_since(begun);

    std::uint64_t missed = 0;
    for (std::uint64_t at = 0; at < partitions; ++at) {
        RandomKeys keys{at};
        for (std::uint64_t key = 0; key < keys_in_a_partition; ++key)
            missed += filters[at].may_hold(keys.next()) ? 0 : 1;
    }
    CHECK(missed == 0);

    // As the store asks: the keys of a batch, filter by filter.
    RandomKeys others{4711};
    std::uint64_t hits = 0;
    std::uint64_t taken_for_old = 0;
    std::int64_t asking = 0;
    std::size_t asked = 0;
    for (; asked < new_keys; asked += batch) {
        const auto keys = others.some(batch);
        std::vector<char> is_hit(batch);
        begun = std::chrono::steady_clock::now();
        for (const auto& filter : filters)
            for (std::size_t at = 0; at < batch; ++at)
                if (filter.may_hold(keys[at])) {
                    is_hit[at] = 1;
                    ++hits;
                }
        asking += microseconds_since(begun);
        for (const auto hit : is_hit) taken_for_old += hit != 0 ? 1 : 0;
    }
    std::size_t memory = 0;
    for (const auto& filter : filters) memory += filter.memory();
    std::cout << fmt::format(
        "{} keys in {} filters: {} bytes, filled at {} keys a second (with making them);\n"
        "{} new keys asked of every filter at {} a second; {} of them ({} in 10,000) were taken for old in "
        "{} "
        "partitions\n",
        partitions * keys_in_a_partition, partitions, memory,
        partitions * keys_in_a_partition * 1'000'000 / static_cast<std::uint64_t>(filling), asked,
        asked * 1'000'000 / static_cast<std::size_t>(asking), taken_for_old, taken_for_old * 10'000 / asked,
        hits);
    CHECK(memory <= 251'000'000);
    CHECK(taken_for_old * 100 < asked);
    CHECK(taken_for_old > 0);

    begun = std::chrono::steady_clock::now();
    const auto bytes = filters[0].to_bytes();
    const auto writing = microseconds_since(begun);
    begun = std::chrono::steady_clock::now();
    const auto read = KeyFilter::from_bytes(as_bytes(bytes));
    const auto reading = microseconds_since(begun);
    REQUIRE(read);
    std::cout << fmt::format("one filter: {} bytes stored, {} us to write out, {} us to read and check\n",
                             bytes.size(), writing, reading);
    CHECK(read->to_bytes() == bytes);
}
