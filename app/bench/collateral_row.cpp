// The margin engine's read while the writer works at half its peak.
#include "app/bench/bench.hpp"
#include "app/bench/compared.hpp"

#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "app/options.hpp"

namespace app::bench {
namespace {

constexpr double reads_per_second = 500;
constexpr std::size_t read_connections = 32;
constexpr double least_share = 0.9;  // below, what the writer did is said

// Journals at a steady rate from a thread of its own, until it goes.
class SteadyWriter {
public:
    SteadyWriter(Bench& bench, double per_second)
        : flow_{bench.firm().book(), caller_of(bench.firm())},
          traffic_{bench.traffic(bench.options.spread)},
          thread_{[this, per_second] { run(per_second); }} {}
    ~SteadyWriter() { join(); }
    SteadyWriter(const SteadyWriter&) = delete;
    SteadyWriter& operator=(const SteadyWriter&) = delete;

    // Ends it; journals a second that were really posted. Throws CommandFailed when one was refused.
    [[nodiscard]] double end() {
        join();
        flow_.settle();
        return sent_ / seconds_between(begin_, Clock::now());
    }

private:
    void join() {
        is_ending_ = true;
        if (thread_.joinable()) thread_.join();
    }
    void run(double per_second) {
        while (!is_ending_) {
            for (const auto due = seconds_between(begin_, Clock::now()) * per_second;
                 sent_ < due && !is_ending_; ++sent_)
                flow_.submit(traffic_.journal(), traffic_.key());
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
    }

    Flow flow_;
    Traffic& traffic_;  // no other thread draws from it meanwhile
    std::atomic<bool> is_ending_ = false;
    const Clock::time_point begin_ = Clock::now();
    double sent_ = 0;
    std::thread thread_;
};

double p99_ms(Bench& bench, const std::string& target, std::size_t items) {
    const auto request = fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n\r\n",
                                     target, bench.caller_key());
    HttpLoad load{bench.port(), read_connections};
    const auto waited = load.fixed_rate(
        [&](std::string& out) { out += request; },
        [&](const HttpAnswer& answer) {
            std::size_t found = 0;
            for (auto at = answer.body.find(R"("asset":)"); at != std::string_view::npos;
                 at = answer.body.find(R"("asset":)", at + 1))
                ++found;
            if (answer.status != 200 || found < items)
                throw CommandFailed{exit_refused, fmt::format("{} was answered with {}: {}", target,
                                                              answer.status, answer.body.substr(0, 500))};
        },
        reads_per_second, bench.options.round_length());
    return percentile(waited, 99);
}

}  // namespace

void measure_collateral_read(Bench& bench) {
    static_cast<void>(bench.port());
    const auto half = bench.writer_peak() / 2;
    Compared compared;
    std::vector<double> reads;
    std::vector<double> shares;  // of the rate the writer was to take
    for (unsigned round = 1; round <= bench.options.rounds; ++round) {
        bench.step(fmt::format("collateral_read, round {} of {}", round, bench.options.rounds));
        SteadyWriter writer{bench, half};
        const auto collateral = p99_ms(bench, fmt::format("/v1/collateral?account={}", many_assets_account),
                                       assets_of_that_account);
        reads.push_back(collateral);
        compared.add(collateral, p99_ms(bench, "/healthz", 0));
        shares.push_back(writer.end() / half);
    }
    const auto share = median(shares);
    const auto unit = share >= least_share
                          ? std::string{"ms at p99"}
                          : fmt::format("ms at p99, the writer at {:.0f} % of its peak", share * 50);
    Figure figure{.name = "collateral_read", .value = median(reads), .unit = unit};
    figure.bar = 5;
    figure.better = Better::lower;
    figure.rounds = reads;
    bench.emit(std::move(figure));
    auto beside = compared.figure("collateral_read", unit, "/healthz");
    beside.better = Better::lower;
    bench.emit(std::move(beside));
}

}  // namespace app::bench
