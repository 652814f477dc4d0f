// The same journals over HTTP: in batches beside the writer itself, one by one beside a stored procedure.
#include "app/bench/bench.hpp"
#include "app/bench/commit_meter.hpp"
#include "app/bench/compared.hpp"

#include <fmt/format.h>

#include "app/options.hpp"

namespace app::bench {
namespace {

constexpr const char* unit = "journals/s";
constexpr std::size_t journals_per_request = 1000;
constexpr std::size_t batch_connections = 16;   // two of the writer's batches in flight
constexpr std::size_t single_connections = 64;
constexpr std::string_view accepted_item = R"("status":201)";

// A request up to its body; the length is written with the body.
class RequestHead {
public:
    RequestHead(const std::string& target, const std::string& key)
        : text_{fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
                            "Content-Type: application/json\r\n",
                            target, key)} {}
    void append(std::string& out, std::string_view idempotency_key, const std::string& body) const {
        out += text_;
        if (!idempotency_key.empty()) {
            out += "Idempotency-Key: ";
            out += idempotency_key;
            out += "\r\n";
        }
        out += "Content-Length: ";
        out += std::to_string(body.size());
        out += "\r\n\r\n";
        out += body;
    }

private:
    std::string text_;
};

[[noreturn]] void fail(std::string_view what, const HttpAnswer& answer) {
    throw CommandFailed{exit_refused, fmt::format("{} was answered with {}: {}", what, answer.status,
                                                  answer.body.substr(0, 500))};
}

std::uint64_t count_of(std::string_view text, std::string_view wanted) {
    std::uint64_t count = 0;
    for (auto at = text.find(wanted); at != std::string_view::npos;
         at = text.find(wanted, at + wanted.size()))
        ++count;
    return count;
}

// Journals a second that became durable, all of them answered.
double rate_of(Bench& bench, std::size_t connections, const HttpLoad::Render& render,
               const HttpLoad::Take& take) {
    HttpLoad load{bench.port(), connections};
    const CommitMeter meter{bench.firm().book()};
    const auto begin = Clock::now();
    load.closed_loop(render, take, bench.options.round_length());
    const auto rate = meter.rate(begin + bench.options.warm_up(), begin + bench.options.round_length());
    if (rate <= 0)
        throw CommandFailed{exit_refused, "The server did not finish two batches: give more --seconds."};
    return rate;
}

double singles_per_second(Bench& bench, std::size_t spread) {
    auto& traffic = bench.traffic(spread);
    const RequestHead head{"/v1/journals", bench.caller_key()};
    std::string body;
    return rate_of(
        bench, single_connections,
        [&](std::string& out) {
            body.clear();
            traffic.append_body(body);
            head.append(out, traffic.key(), body);
        },
        [](const HttpAnswer& answer) {
            if (answer.status != 201) fail("A journal", answer);
        });
}

HttpLoad::Render batches_of(Bench& bench, std::size_t journals) {
    return [&traffic = bench.traffic(bench.options.spread), journals,
            head = RequestHead{"/v1/journals:batch", bench.caller_key()}](std::string& out) {
        std::string body = R"({"mode":"independent","journals":[)";
        body.reserve(journals * 256);
        for (std::size_t at = 0; at < journals; ++at) {
            if (at > 0) body += ',';
            traffic.append_body(body, traffic.key());
        }
        body += "]}";
        head.append(out, {}, body);
    };
}

bool has_batch_route(Bench& bench) {
    int status = 0;
    HttpLoad{bench.port(), 1}.closed_loop(
        batches_of(bench, 1), [&](const HttpAnswer& answer) { status = answer.status; },
        std::chrono::milliseconds{0});
    return status != 404 && status != 405;
}

double batches_per_second(Bench& bench) {
    return rate_of(bench, batch_connections, batches_of(bench, journals_per_request),
                   [](const HttpAnswer& answer) {
                       if (answer.status != 200) fail("A batch", answer);
                       if (count_of(answer.body, accepted_item) != journals_per_request)
                           fail("A batch with items that were refused", answer);
                   });
}

void measure_single(Bench& bench, const char* name, std::size_t spread, std::size_t peer_spread, double bar) {
    auto* const pgbench = bench.pgbench(name);
    if (pgbench == nullptr) return;
    static_cast<void>(bench.firm());
    Compared compared;
    for (unsigned round = 1; round <= bench.options.rounds; ++round) {
        bench.step(fmt::format("{}, round {} of {}", name, round, bench.options.rounds));
        const auto ours = singles_per_second(bench, spread);
        compared.add(ours, pgbench->transfers(bench.options.seconds, peer_spread));
    }
    auto figure = compared.figure(name, unit + (spread == hot_accounts ? "" : bench.over(spread)),
                                  fmt::format("stored procedure, 32 clients, {} accounts (transfers/s)",
                                              with_separators(static_cast<double>(peer_spread))));
    figure.bar = bar;
    bench.emit(std::move(figure));
}

}  // namespace

void measure_http_batch(Bench& bench) {
    if (!has_batch_route(bench))
        return bench.skip("http_batch", "this server has no POST /v1/journals:batch");
    Compared compared;
    for (unsigned round = 1; round <= bench.options.rounds; ++round) {
        bench.step(fmt::format("http_batch, round {} of {}", round, bench.options.rounds));
        const auto over_http = batches_per_second(bench);
        compared.add(over_http, bench.writer_round(bench.options.spread).journals_per_second);
    }
    auto figure =
        compared.figure("http_batch", unit + bench.over(bench.options.spread), "the writer in process");
    figure.bar = 0.6;
    bench.emit(std::move(figure));
}

void measure_http_single(Bench& bench) {
    constexpr std::size_t procedure_accounts = 100'000;
    measure_single(bench, "http_single", bench.options.spread, procedure_accounts, 1.5);
}

void measure_http_single_hot(Bench& bench) {
    measure_single(bench, "http_single_hot", hot_accounts, hot_accounts, 4);
}

}  // namespace app::bench
