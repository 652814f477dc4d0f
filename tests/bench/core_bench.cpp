// What a journal costs the writer's processor: decide and evolve alone, and a whole batch;
// and the bytes of an account and of a pinned version. BAILEE_BENCH_CUSTOMERS: accounts, 100,000 unless said.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ledger/proof/hash_chain.hpp"
#include "ledger/service/batch_builder.hpp"
#include "tests/bench/core_world.hpp"
#include "tests/support/model_ledger.hpp"
#include "tests/support/waiting.hpp"

namespace {

using namespace ledger::service;
using bench::CoreWorld;
using bench::heap_bytes;
using ledger::rules::Decided;
using ledger::rules::Submission;

constexpr std::size_t batch_max = 8192;
constexpr std::size_t prepared = 8 * batch_max;
using ledger::rules::warmed_together;

std::size_t customers() {
    static const auto count = [] {
        const char* const asked = std::getenv("BAILEE_BENCH_CUSTOMERS");
        return asked != nullptr ? static_cast<std::size_t>(std::strtoull(asked, nullptr, 10)) : 100'000;
    }();
    return count;
}

const CoreWorld& world() {
    static const CoreWorld made{customers()};
    return made;
}

std::size_t accounts_of(const benchmark::State& state) {
    return std::min(customers(), static_cast<std::size_t>(state.range(0)));
}

struct Asked {
    Command command;
    Digest digest;
    [[nodiscard]] Submission submission() const {
        return {.principal = PrincipalNo{0}, .command = command, .digest = digest};
    }
};

std::vector<Asked> journals(std::size_t among) {
    std::vector<Asked> made;
    made.reserve(prepared);
    std::uint64_t seed = 1;
    for (std::size_t at = 0; at < prepared; ++at)
        made.push_back({world().some_journal(seed, among), CoreWorld::digest_of(at)});
    return made;
}

std::vector<Waiting> commands(std::size_t count, std::size_t among, bool is_named) {
    std::vector<Waiting> made;
    made.reserve(count);
    std::uint64_t seed = 2;
    for (std::size_t at = 0; at < count; ++at) {
        auto journal = world().some_journal(seed, among);
        if (is_named) journal.id = "trade-2026-07-06-" + std::to_string(at);
        made.push_back(tests::support::alone(
            {PrincipalNo{0}, "0197e5a3-7c11-7000-8000-" + std::to_string(100'000'000'000 + at),
             std::move(journal)},
            CoreWorld::digest_of(at)));
    }
    return made;
}

void count_journals(benchmark::State& state, std::size_t in_an_iteration) {
    const auto journals = static_cast<double>(state.iterations()) * static_cast<double>(in_an_iteration);
    state.SetItemsProcessed(static_cast<std::int64_t>(journals));
    state.counters["us/journal"] =
        benchmark::Counter(journals / 1e6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// A batch a turn, while the state of the batch before is held as readers hold it.
void decide_and_evolve(benchmark::State& state) {
    const auto asked = journals(accounts_of(state));
    const bool is_warmed = state.range(1) != 0;
    std::vector<const Command*> pointers;
    for (const auto& one : asked) pointers.push_back(&one.command);
    auto book = world().state;
    auto held = book;
    std::size_t at = 0;
    for (auto _ : state) {
        for (const auto end = at + batch_max; at < end; ++at) {
            if (is_warmed && at % warmed_together == 0)
                ledger::rules::warm(book, std::span{pointers}.subspan(at, warmed_together));
            const auto submission = asked[at].submission();
            auto decision = ledger::rules::decide(book, submission);
            if (!decision) return state.SkipWithError("a journal was refused");
            evolve(book, ledger::rules::record(book, submission, std::get<Decided>(std::move(*decision))));
        }
        at %= prepared;
        held = book;
    }
    count_journals(state, batch_max);
}

void decide_alone(benchmark::State& state) {
    const auto asked = journals(accounts_of(state));
    const auto& book = world().state;
    std::size_t at = 0;
    for (auto _ : state) {
        for (const auto end = at + batch_max; at < end; ++at)
            benchmark::DoNotOptimize(ledger::rules::decide(book, asked[at].submission()));
        at %= prepared;
    }
    count_journals(state, batch_max);
}

// The writer's turn without the store: build, decide, publish; then the batch goes.
void batch_builder(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(1));
    const std::size_t lots = std::max<std::size_t>(1, prepared / size / 8);
    std::vector<std::vector<Waiting>> waiting;
    auto all = commands(size * lots, accounts_of(state), state.range(2) != 0);
    for (std::size_t lot = 0; lot < lots; ++lot) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(lot * size);
        waiting.emplace_back(std::make_move_iterator(from),
                             std::make_move_iterator(from + static_cast<std::ptrdiff_t>(size)));
    }
    tests::support::ModelStore store;
    auto base = std::make_shared<Committed>();
    base->state = world().state;
    std::size_t turn = 0;
    for (auto _ : state) {
        BatchBuilder builder{store, *base, base->state.now()};
        builder.tick();
        builder.decide(waiting[turn++ % lots]);
        auto decided = builder.finish();
        if (decided.batch.accepted.size() != size) return state.SkipWithError("a journal was refused");
        auto next = std::make_shared<Committed>();
        next->state = decided.state;
        next->head_hash = decided.head_hash;
        base = std::move(next);
    }
    count_journals(state, size);
}

void memory(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const auto waiting = commands(size, customers(), false);
    tests::support::ModelStore store;
    for (auto _ : state) {
        const Committed base{.state = world().state, .head_hash = {}};
        BatchBuilder builder{store, base, base.state.now()};
        builder.decide(waiting);
        auto next = builder.finish().state;
        const double with_both = heap_bytes();
        next = base.state;
        state.counters["bytes/pinned version"] = with_both - heap_bytes();
    }
    const auto& footprint = world().footprint;
    state.counters["bytes/account"] = footprint.whole();
    state.counters["of them party"] = footprint.parties;
    state.counters["of them account"] = footprint.accounts;
    state.counters["of them three balances"] = footprint.positions;
    state.counters["of them lien of two lines"] = footprint.liens;
}

BENCHMARK(decide_and_evolve)
    ->ArgNames({"accounts", "warmed"})
    ->Args({100'000, 0})
    ->Args({100'000, 1})
    ->Args({10, 0})
    ->Args({10, 1})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(decide_alone)->ArgName("accounts")->Arg(100'000)->Arg(10)->Unit(benchmark::kMillisecond);
BENCHMARK(batch_builder)
    ->ArgNames({"accounts", "batch", "named"})
    ->Args({100'000, 1, 0})
    ->Args({100'000, 64, 0})
    ->Args({100'000, 4096, 0})
    ->Args({100'000, 8192, 0})
    ->Args({100'000, 8192, 1})
    ->Args({10, 8192, 0});
BENCHMARK(memory)->ArgName("batch")->Arg(1)->Arg(64)->Arg(8192)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
