#include "app/bench/bench.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "app/bench/commit_meter.hpp"
#include "app/keys.hpp"
#include "app/options.hpp"

namespace app::bench {
namespace {

constexpr std::uint64_t seed = 20'260'706;

volatile std::sig_atomic_t was_interrupted = 0;

void note_interruption(int) { was_interrupted = 1; }

// The first signal ends the run at its next step, so that nothing is left behind; a second one ends it at
// once.
void listen_for_signals() {
    struct sigaction action{};
    action.sa_handler = note_interruption;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

const std::vector<Row>& all_rows() {
    static const std::vector<Row> rows{
        {"decide_evolve", "decisions and their effects on one core", measure_decide_evolve},
        {"writer_batch", "durable journals through the writer", measure_writer_batch},
        {"writer_hot", "the same over 10 accounts", measure_writer_hot},
        {"http_batch", "journals over HTTP in batches", measure_http_batch},
        {"http_single", "single journals over HTTP", measure_http_single},
        {"http_single_hot", "the same over 10 accounts", measure_http_single_hot},
        {"collateral_read", "an account's collateral while the writer works", measure_collateral_read},
        {"start_up", "opening a large book", measure_start_up},
        {"growth", "the writer while its book grows; only when named", measure_growth, true},
    };
    return rows;
}

Bench::Bench(Options wanted) : options{std::move(wanted)} { listen_for_signals(); }

Bench::~Bench() {
    if (api_) api_->stop();
    if (firm_) firm_->stop();
}

void Bench::step(const std::string& what) const {
    if (was_interrupted != 0) throw CommandFailed{exit_unreachable, "Interrupted."};
    options.say(what);
}

void Bench::emit(Figure figure) {
    if (options.as_json) {
        fmt::print("{}\n", json_line(figure));
        std::fflush(stdout);
    }
    figures_.push_back(std::move(figure));
}

void Bench::skip(const std::string& row, const std::string& why) {
    has_skipped_ = true;
    if (said_.insert(row + why).second)
        fmt::print(stderr, "bailee bench: {} is not measured: {}\n", row, why);
}

Server& Bench::server() {
    if (!server_) {
        step("a private PostgreSQL");
        server_ = std::make_unique<Server>(scratch(), options.data_dir);
        server_->create_database(book_database);
    }
    return *server_;
}

Pgbench* Bench::pgbench(const std::string& row) {
    if (!server().has_program("pgbench")) {
        skip(row, fmt::format("there is no pgbench in {} (it comes with Debian's postgresql-15)",
                              server().programs().string()));
        return nullptr;
    }
    if (!pgbench_) pgbench_ = std::make_unique<Pgbench>(server(), scratch());
    return pgbench_.get();
}

RunningBook& Bench::firm() {
    if (!firm_) {
        firm_ = open_book(server(), book_database);
        step(fmt::format("a pool of {} accounts", with_separators(static_cast<double>(options.spread))));
        caller_key_ = add_caller(*firm_);
        set_up_pool(server(), book_database, firm_->book(), options.spread);
    }
    return *firm_;
}

std::uint16_t Bench::port() {
    if (!api_)
        api_ = std::make_unique<api::Api>(
            firm().book(),
            api::ApiOptions{.address = "127.0.0.1", .port = 0, .environment = demo_environment});
    return api_->port();
}

const std::string& Bench::caller_key() {
    static_cast<void>(firm());
    return caller_key_;
}

Traffic& Bench::traffic(std::size_t spread) {
    auto& made = spread == hot_accounts ? hot_traffic_ : spread_traffic_;
    if (!made) made = std::make_unique<Traffic>(spread, options.keys, seed + spread);
    return *made;
}

std::string Bench::over(std::size_t spread) const {
    return spread == Options{}.spread
               ? ""
               : fmt::format(" over {} accounts", with_separators(static_cast<double>(spread)));
}

// Of all sessions the writer has, however many it takes turns with.
double Bench::writer_cpu_seconds() {
    if (!statistics_)
        statistics_ = std::make_unique<ledger::store::postgres::Connection>(server().session(book_database));
    const auto rows = statistics_->execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bailee "
        "writer'");
    double seconds = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) seconds += cpu_seconds(rows.at(row, 0).int4());
    return seconds;
}

WriterRound Bench::writer_round(std::size_t spread) {
    auto& journals = traffic(spread);
    auto& running = firm();
    const auto cpu_before = writer_cpu_seconds();
    const auto begin = Clock::now();
    const auto end = begin + options.round_length();
    const CommitMeter meter{running.book()};
    Flow flow{running.book(), caller_of(running)};
    for (int at = 0; at % 64 != 0 || Clock::now() < end; ++at)
        flow.submit(journals.journal(), journals.key());
    flow.settle();
    const auto cpu = writer_cpu_seconds() - cpu_before;
    WriterRound round{.journals_per_second = meter.rate(begin + options.warm_up(), end),
                      .server_cpu_us = cpu * 1e6 / static_cast<double>(meter.count())};
    if (round.journals_per_second <= 0)
        throw CommandFailed{exit_refused,
                            "The writer did not finish two batches in a round: give more --seconds."};
    if (spread == options.spread) writer_peak_ = std::max(writer_peak_, round.journals_per_second);
    return round;
}

double Bench::writer_peak() {
    if (writer_peak_ == 0) {
        step("the writer's peak");
        static_cast<void>(writer_round(options.spread));
    }
    return writer_peak_;
}

}  // namespace app::bench
