// What the containers of the book's state cost: at a million entries, alone, against the standard ones, and
// while a copy of the last batch is held, as readers hold it.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/base/persistent_map.hpp"
#include "ledger/base/persistent_vector.hpp"
#include "ledger/base/quantity.hpp"

namespace {

using ledger::base::mix_word;
using ledger::base::PersistentMap;
using ledger::base::PersistentVector;
using ledger::base::Quantity;

constexpr std::uint64_t entries = 1'000'000;

struct Large {
    std::string text = "twenty-four characters..";
    Quantity quantities[6];
};

// Keys as the book has them: versions that rise, with gaps.
constexpr std::uint64_t key_at(std::uint64_t place) { return place * 4096 + place % 3; }

std::uint64_t next_place(std::uint64_t& seed) { return (seed = mix_word(seed)) % entries; }

double heap_bytes() { return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd); }

template <class Value>
PersistentMap<std::uint64_t, Value> filled_map() {
    PersistentMap<std::uint64_t, Value> map;
    for (std::uint64_t i = 0; i < entries; ++i) map.insert_or_assign(key_at(i), Value{});
    return map;
}

template <class Value>
void map_insert_a_million(benchmark::State& state) {
    for (auto _ : state) {
        const double before = heap_bytes();
        auto map = filled_map<Value>();
        benchmark::DoNotOptimize(map);
        state.counters["bytes/entry"] = (heap_bytes() - before) / static_cast<double>(entries);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries));
}

void map_find(benchmark::State& state) {
    const auto map = filled_map<std::uint64_t>();
    std::uint64_t seed = 1;
    for (auto _ : state) benchmark::DoNotOptimize(map.find(key_at(next_place(seed))));
}

void unordered_map_find(benchmark::State& state) {
    std::unordered_map<std::uint64_t, std::uint64_t> map;
    for (std::uint64_t i = 0; i < entries; ++i) map.emplace(key_at(i), i);
    std::uint64_t seed = 1;
    for (auto _ : state) benchmark::DoNotOptimize(map.find(key_at(next_place(seed))));
}

template <class Value>
void map_mutate_in_place(benchmark::State& state) {
    auto map = filled_map<Value>();
    std::uint64_t seed = 1;
    for (auto _ : state) benchmark::DoNotOptimize(&map.mutate(key_at(next_place(seed))));
}

void map_erase_and_insert(benchmark::State& state) {
    auto map = filled_map<std::uint64_t>();
    std::uint64_t seed = 1;
    for (auto _ : state) {
        const std::uint64_t key = key_at(next_place(seed));
        map.erase(key);
        map.insert_or_assign(key, 1);
    }
}

// A batch of changes, then a copy that replaces the last batch's: what the writer does when readers pin.
template <class Value>
void map_mutate_under_a_reader(benchmark::State& state) {
    auto map = filled_map<Value>();
    auto held = map;
    std::uint64_t seed = 1;
    std::int64_t until_copy = state.range(0);
    for (auto _ : state) {
        benchmark::DoNotOptimize(&map.mutate(key_at(next_place(seed))));
        if (--until_copy == 0) {
            held = map;
            until_copy = state.range(0);
        }
    }
}

template <class T, unsigned LeafBits>
PersistentVector<T, LeafBits> filled_vector() {
    PersistentVector<T, LeafBits> vector;
    for (std::uint64_t i = 0; i < entries; ++i) vector.push_back(T{});
    return vector;
}

void vector_push_back_a_million(benchmark::State& state) {
    for (auto _ : state) {
        const double before = heap_bytes();
        auto vector = filled_vector<std::uint64_t, 4>();
        benchmark::DoNotOptimize(vector);
        state.counters["bytes/entry"] = (heap_bytes() - before) / static_cast<double>(entries);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries));
}

void vector_read(benchmark::State& state) {
    const auto vector = filled_vector<std::uint64_t, 4>();
    std::uint64_t seed = 1;
    for (auto _ : state) benchmark::DoNotOptimize(vector[next_place(seed)]);
}

void vector_mutate_in_place(benchmark::State& state) {
    auto vector = filled_vector<std::uint64_t, 4>();
    std::uint64_t seed = 1;
    for (auto _ : state) benchmark::DoNotOptimize(++vector.mutate(next_place(seed)));
}

template <class T, unsigned LeafBits>
void vector_mutate_under_a_reader(benchmark::State& state) {
    auto vector = filled_vector<T, LeafBits>();
    auto held = vector;
    std::uint64_t seed = 1;
    std::int64_t until_copy = state.range(0);
    for (auto _ : state) {
        benchmark::DoNotOptimize(&vector.mutate(next_place(seed)));
        if (--until_copy == 0) {
            held = vector;
            until_copy = state.range(0);
        }
    }
}

BENCHMARK(map_insert_a_million<std::uint64_t>)->Unit(benchmark::kMillisecond);
BENCHMARK(map_insert_a_million<Large>)->Unit(benchmark::kMillisecond);
BENCHMARK(map_find);
BENCHMARK(unordered_map_find);
BENCHMARK(map_mutate_in_place<std::uint64_t>);
BENCHMARK(map_mutate_in_place<Large>);
BENCHMARK(map_erase_and_insert);
BENCHMARK(map_mutate_under_a_reader<std::uint64_t>)->Arg(100)->Arg(1000)->Arg(8192);
BENCHMARK(map_mutate_under_a_reader<Large>)->Arg(1000)->Arg(8192);
BENCHMARK(vector_push_back_a_million)->Unit(benchmark::kMillisecond);
BENCHMARK(vector_read);
BENCHMARK(vector_mutate_in_place);
BENCHMARK(vector_mutate_under_a_reader<std::uint64_t, 4>)->Arg(100)->Arg(1000)->Arg(8192);
BENCHMARK(vector_mutate_under_a_reader<Large, 1>)->Arg(1000)->Arg(8192);

}  // namespace

BENCHMARK_MAIN();
