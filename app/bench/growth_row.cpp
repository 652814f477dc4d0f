// The writer's rate while the book grows: one step after another of the same traffic, each begun with a
// checkpoint, so that what a page costs when it is first touched after one falls into every step.
#include "app/bench/bench.hpp"

#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "app/bench/flow.hpp"
#include "app/options.hpp"

namespace app::bench {
namespace {

constexpr std::uint64_t journals_of_a_step = 1'000'000;

struct Step {
    std::uint64_t journals = 0;  // the book held at its end
    double rate = 0;             // journals a second
    double wal_bytes = 0;        // a journal
    std::int64_t checkpoints = 0;
    double table_bytes = 0;  // of the whole database, a journal it holds
};

class Growth {
public:
    explicit Growth(Bench& bench) : bench_{bench}, session_{bench.server().session(book_database)} {}

    Step next() {
        session_.execute_script("CHECKPOINT");
        const auto wal_before = number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8");
        const auto checkpoints_before = checkpoints();
        auto& journals = bench_.traffic(bench_.options.spread);
        auto& running = bench_.firm();
        const auto begin = Clock::now();
        Flow flow{running.book(), caller_of(running)};
        for (std::uint64_t at = 0; at < journals_of_a_step; ++at)
            flow.submit(journals.journal(), journals.key());
        flow.settle();
        const auto took = seconds_between(begin, Clock::now());
        constexpr auto of_a_step = static_cast<double>(journals_of_a_step);
        written_ += journals_of_a_step;
        const auto wal = number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8") - wal_before;
        const auto size = number("SELECT pg_database_size(current_database())");
        return {.journals = written_,
                .rate = of_a_step / took,
                .wal_bytes = static_cast<double>(wal) / of_a_step,
                .checkpoints = 1 + checkpoints() - checkpoints_before,
                .table_bytes = static_cast<double>(size) / static_cast<double>(written_)};
    }

private:
    std::int64_t number(const std::string& sql) { return session_.execute(sql).at(0, 0).int8(); }
    std::int64_t checkpoints() {
        return number("SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter");
    }

    Bench& bench_;
    ledger::store::postgres::Connection session_;
    std::uint64_t written_ = 0;
};

}  // namespace

void measure_growth(Bench& bench) {
    const auto& options = bench.options;
    static_cast<void>(bench.firm());
    std::ofstream steps;
    if (!options.steps_file.empty()) {
        steps.open(options.steps_file);
        if (!steps)
            throw CommandFailed{exit_refused, fmt::format("{} cannot be written.", options.steps_file)};
    }
    Growth growth{bench};
    double first = 0;
    Step last;
    for (std::uint64_t done = 0; done < options.journals; done += journals_of_a_step) {
        last = growth.next();
        if (first == 0) first = last.rate;
        bench.step(fmt::format("growth: {} journals, {} a second, {} bytes of WAL and {} of tables a journal",
                               with_separators(static_cast<double>(last.journals)),
                               with_separators(last.rate), with_separators(last.wal_bytes),
                               with_separators(last.table_bytes)));
        if (steps.is_open())
            steps << fmt::format(R"({{"journals":{},"rate":{:.0f},"wal_bytes":{:.0f},)", last.journals,
                                 last.rate, last.wal_bytes)
                  << fmt::format(R"("checkpoints":{},"table_bytes":{:.0f}}})", last.checkpoints,
                                 last.table_bytes)
                  << '\n'
                  << std::flush;
    }
    Figure figure{.name = "growth",
                  .value = last.rate,
                  .unit = fmt::format("journals/s at {} journals",
                                      with_separators(static_cast<double>(last.journals)))};
    figure.peer = Peer{.name = "the writer's first million", .value = first, .ratio = last.rate / first};
    figure.bar = 0.8;
    bench.emit(std::move(figure));
}

}  // namespace app::bench
