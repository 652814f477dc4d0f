#include "api/metrics.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace api {
namespace {

using Family = prometheus::Family<prometheus::Gauge>;

const prometheus::Histogram::BucketBoundaries seconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                      0.1,    0.25,  0.5,    1,     2.5,  5,     10};

constexpr double seconds_per_microsecond = 1e-6;

// A method of a client's own making must not make a series of its own.
std::string_view known_method(std::string_view method) {
    constexpr std::array<std::string_view, 6> known{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"};
    return std::ranges::find(known, method) != known.end() ? method : "OTHER";
}

}  // namespace

class Metrics::Registry {
public:
    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                            .Name("bailee_http_requests_total")
                                                            .Help("Requests answered, by route and status")
                                                            .Register(registry);
    prometheus::Family<prometheus::Histogram>& durations =
        prometheus::BuildHistogram()
            .Name("bailee_http_request_seconds")
            .Help("From the head of a request to its answer's end")
            .Register(registry);
    prometheus::Gauge& version = gauge("bailee_ledger_version", "The book's head version");
    prometheus::Gauge& generation = gauge("bailee_ledger_generation", "The book's generation");
    prometheus::Gauge& ready = gauge("bailee_ledger_ready", "1 when the book takes commands");
    prometheus::Gauge& writer = gauge("bailee_ledger_is_writer", "1 when this process holds the lease");
    prometheus::Gauge& lag =
        gauge("bailee_ledger_lag_versions", "Versions of the log that are not served yet");
    prometheus::Gauge& since_head_seen =
        gauge("bailee_ledger_since_head_seen_seconds", "How long ago a follower last saw the log's head");
    prometheus::Gauge& takeovers =
        gauge("bailee_ledger_takeovers", "Times this process became the writer since the start");
    prometheus::Gauge& in_flight =
        gauge("bailee_ledger_batches_in_flight", "Batches decided and not durable");
    prometheus::Gauge& pins = gauge("bailee_ledger_pinned_versions", "Earlier versions that a reader holds");
    prometheus::Gauge& epoch = gauge("bailee_ledger_epoch", "Epoch of the lease");
    prometheus::Gauge& queue = gauge("bailee_ledger_queue_length", "Commands that wait for the writer");
    prometheus::Gauge& batches = gauge("bailee_ledger_batches", "Batches made durable since the start");
    prometheus::Gauge& accepted = gauge("bailee_ledger_accepted", "Commands accepted since the start");
    prometheus::Gauge& refused = gauge("bailee_ledger_refused", "Commands refused since the start");
    prometheus::Gauge& unknown = gauge("bailee_ledger_unknown_outcomes",
                                       "Commits whose outcome was lost and resolved since the start");
    prometheus::Gauge& streams = gauge("bailee_http_streams", "Open event streams");
    prometheus::Gauge& reads =
        gauge("bailee_http_reads_waiting", "Reads of the store that wait for a thread");

private:
    prometheus::Gauge& gauge(const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
    }
};

Metrics::Metrics() : registry_{std::make_unique<Registry>()} {}

Metrics::~Metrics() = default;

// The registry finds a series by its labels, under a lock and with a map of texts; each is looked for once.
Metrics::Series Metrics::series_of(const http::Access& access) {
    const Label label{access.route, known_method(access.method), access.status};
    {
        const std::shared_lock lock{series_mutex_};
        if (const auto found = series_.find(label); found != series_.end()) return found->second;
    }
    const std::string route{access.route.empty() ? "none" : access.route};
    const Series made{&registry_->requests.Add({{"method", std::string{std::get<1>(label)}},
                                                {"route", route},
                                                {"status", std::to_string(access.status)}}),
                      &registry_->durations.Add({{"route", route}}, seconds)};
    const std::unique_lock lock{series_mutex_};
    series_.emplace(OwnLabel{access.route, std::get<1>(label), access.status}, made);
    return made;
}

void Metrics::observe(const http::Access& access) {
    const auto series = series_of(access);
    series.requests->Increment();
    series.durations->Observe(static_cast<double>(access.duration.count()) * seconds_per_microsecond);
}

std::string Metrics::render(const ledger::port::Ledger& ledger, const Gauges& gauges) {
    auto& all = *registry_;
    const auto status = ledger.status();
    const auto set = [](prometheus::Gauge& gauge, auto value) { gauge.Set(static_cast<double>(value)); };
    if (const auto book = ledger.committed()) {
        const auto served = book->state.version();
        set(all.version, served.value);
        set(all.lag, status.head > served ? status.head.value - served.value : 0);
        set(all.generation, book->generation);
    }
    set(all.ready, status.health == ledger::port::Health::ready ? 1 : 0);
    set(all.writer, status.is_writer() ? 1 : 0);
    set(all.since_head_seen, static_cast<double>(status.since_head_seen.count()) * seconds_per_microsecond);
    set(all.takeovers, status.takeovers);
    set(all.in_flight, status.batches_in_flight);
    set(all.pins, status.pinned_versions);
    set(all.epoch, status.epoch);
    set(all.queue, status.queue_length);
    set(all.batches, status.batches);
    set(all.accepted, status.accepted);
    set(all.refused, status.refused);
    set(all.unknown, status.unknown_outcomes);
    set(all.streams, gauges.streams);
    set(all.reads, gauges.reads_waiting);
    return prometheus::TextSerializer{}.Serialize(all.registry.Collect());
}

}  // namespace api
