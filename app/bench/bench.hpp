// One run of `bailee bench`: what it was asked for, what the measurements share (made when the first of them
// needs it), and where figures go.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/api.hpp"
#include "app/bench/figure.hpp"
#include "app/bench/firm.hpp"
#include "app/bench/http_load.hpp"
#include "app/bench/pgbench.hpp"
#include "app/bench/server.hpp"
#include "app/bench/traffic.hpp"

namespace app::bench {

inline constexpr std::size_t hot_accounts = 10;

struct Options {
    bool as_json = false;
    bool is_strict = false;            // a missed bar ends with exit code 1
    std::vector<std::string> only{};   // empty: all
    unsigned seconds = 2;              // of each measurement in a round
    unsigned rounds = 3;
    std::size_t spread = 100'000;      // accounts that journals are spread over
    std::size_t start_up_accounts = 0;  // 0: 100,000, or 1,000,000 with `is_long`
    bool is_long = false;
    std::uint64_t journals = 2'000'000;  // at which growth ends
    std::string steps_file{};            // where growth puts its steps; empty: nowhere
    unsigned scale = 50;               // of pgbench's TPC-B
    KeyOrder keys = KeyOrder::random;
    std::string data_dir{};            // empty: a temporary one
    std::function<void(const std::string& step)> say = [](const std::string&) {};  // progress

    [[nodiscard]] std::chrono::milliseconds round_length() const { return std::chrono::seconds{seconds}; }
    // The part of a round in which queues fill; rates leave it out.
    [[nodiscard]] std::chrono::milliseconds warm_up() const { return round_length() / 6; }
};

// What one round in process gave.
struct WriterRound {
    double journals_per_second = 0;
    double server_cpu_us = 0;  // a journal
};

class Bench {
public:
    explicit Bench(Options options);
    ~Bench();

    const Options options;

    // Tells where it is, and ends the run when it was interrupted: throws CommandFailed.
    void step(const std::string& what) const;
    void emit(Figure figure);
    // Says in a line on standard error why a figure is missing.
    void skip(const std::string& row, const std::string& why);

    Server& server();
    // Nothing, once said, where pgbench is not installed.
    Pgbench* pgbench(const std::string& row);
    RunningBook& firm();
    std::uint16_t port();  // of the interface in front of it
    const std::string& caller_key();

    // Journals through the writer, from inside its process, over the first `spread` accounts.
    WriterRound writer_round(std::size_t spread);
    // The highest rate seen, measured now when it has not been.
    double writer_peak();
    Traffic& traffic(std::size_t spread);
    const std::filesystem::path& scratch() const { return scratch_.path(); }
    [[nodiscard]] std::string over(std::size_t spread) const;  // " over 2,000 accounts", or nothing

    [[nodiscard]] const std::vector<Figure>& figures() const { return figures_; }
    [[nodiscard]] bool has_skipped() const { return has_skipped_; }

private:
    double writer_cpu_seconds();

    ScratchFolder scratch_;
    std::unique_ptr<Server> server_;
    std::unique_ptr<Pgbench> pgbench_;
    std::unique_ptr<RunningBook> firm_;
    std::unique_ptr<ledger::store::postgres::Connection> statistics_;
    std::unique_ptr<api::Api> api_;
    std::unique_ptr<Traffic> spread_traffic_;
    std::unique_ptr<Traffic> hot_traffic_;
    std::string caller_key_;
    double writer_peak_ = 0;
    std::vector<Figure> figures_;
    std::set<std::string> said_;
    bool has_skipped_ = false;
};

// The measurements, in the order they run.
struct Row {
    const char* name;
    const char* what;
    void (*measure)(Bench& bench);
    bool only_when_named = false;  // it takes minutes
};
[[nodiscard]] const std::vector<Row>& all_rows();

void measure_decide_evolve(Bench& bench);
void measure_writer_batch(Bench& bench);
void measure_writer_hot(Bench& bench);
void measure_http_batch(Bench& bench);
void measure_http_single(Bench& bench);
void measure_http_single_hot(Bench& bench);
void measure_collateral_read(Bench& bench);
void measure_start_up(Bench& bench);
void measure_growth(Bench& bench);

}  // namespace app::bench
