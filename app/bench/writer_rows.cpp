// The writer beside what the same PostgreSQL does without it.
#include "app/bench/bare_copy.hpp"
#include "app/bench/bench.hpp"
#include "app/bench/compared.hpp"

#include <fmt/format.h>

namespace app::bench {
namespace {

constexpr const char* unit = "journals/s";

std::uint64_t head(Bench& bench) { return bench.firm().book().committed()->state.version().value; }

struct CopyRounds {
    Compared rates;
    std::vector<double> writer_cpu;
    std::vector<double> copy_cpu;
};

void emit_copy(Bench& bench, const CopyRounds& rounds) {
    const auto of = unit + bench.over(bench.options.spread);
    auto figure = rounds.rates.figure("writer_batch", of, "bare COPY");
    figure.bar = 0.6;
    figure.server_cpu_us = median(rounds.writer_cpu);
    figure.peer_server_cpu_us = median(rounds.copy_cpu);
    bench.emit(std::move(figure));
}

}  // namespace

void measure_writer_batch(Bench& bench) {
    const auto& options = bench.options;
    static_cast<void>(bench.firm());
    auto* const pgbench = bench.pgbench("writer_batch beside pgbench TPC-B");
    if (pgbench != nullptr) {
        bench.step("pgbench's tables");
        static_cast<void>(pgbench->tpc_b(1, options.scale));
    }
    BareCopy copy{bench.server(), book_database, book_name};
    CopyRounds copies;
    Compared tpc_b;
    for (unsigned round = 1; round <= options.rounds; ++round) {
        bench.step(fmt::format("writer_batch, round {} of {}", round, options.rounds));
        const auto before = head(bench);
        const auto ours = bench.writer_round(options.spread);
        copy.read_batches_after(before);
        const auto theirs = copy.copy_in();
        copies.rates.add(ours.journals_per_second, theirs.journals_per_second);
        copies.writer_cpu.push_back(ours.server_cpu_us);
        copies.copy_cpu.push_back(theirs.server_cpu_us);
        if (pgbench != nullptr)
            tpc_b.add(ours.journals_per_second, pgbench->tpc_b(options.seconds, options.scale));
    }
    emit_copy(bench, copies);
    if (pgbench == nullptr) return;
    auto figure = tpc_b.figure("writer_batch", unit + bench.over(options.spread),
                               "pgbench TPC-B, prepared, 8 clients (transactions/s)");
    figure.bar = 15;
    bench.emit(std::move(figure));
}

void measure_writer_hot(Bench& bench) {
    Compared compared;
    std::vector<double> hot_cpu;
    std::vector<double> spread_cpu;
    for (unsigned round = 1; round <= bench.options.rounds; ++round) {
        static_cast<void>(bench.firm());
        bench.step(fmt::format("writer_hot, round {} of {}", round, bench.options.rounds));
        const auto hot = bench.writer_round(hot_accounts);
        const auto spread = bench.writer_round(bench.options.spread);
        compared.add(hot.journals_per_second, spread.journals_per_second);
        hot_cpu.push_back(hot.server_cpu_us);
        spread_cpu.push_back(spread.server_cpu_us);
    }
    auto figure = compared.figure("writer_hot", unit,
                                  fmt::format("the writer over {} accounts",
                                              with_separators(static_cast<double>(bench.options.spread))));
    figure.bar = 1;
    figure.server_cpu_us = median(hot_cpu);
    figure.peer_server_cpu_us = median(spread_cpu);
    bench.emit(std::move(figure));
}

}  // namespace app::bench
