// Figures for Prometheus: what the server answered and how the book fares. Any thread.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "api/http/server.hpp"
#include "ledger/port/ledger.hpp"

namespace prometheus {
class Counter;
class Histogram;
}  // namespace prometheus

namespace api {

class Metrics {
public:
    Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;
    ~Metrics();

    void observe(const http::Access& access);
    struct Gauges {
        std::size_t streams = 0;
        std::size_t reads_waiting = 0;
    };
    // In the text exposition format.
    [[nodiscard]] std::string render(const ledger::port::Ledger& ledger, const Gauges& gauges);

private:
    class Registry;
    struct Series {
        prometheus::Counter* requests;
        prometheus::Histogram* durations;
    };
    using Label = std::tuple<std::string_view, std::string_view, int>;  // route, method, status
    using OwnLabel = std::tuple<std::string, std::string, int>;
    [[nodiscard]] Series series_of(const http::Access& access);

    std::unique_ptr<Registry> registry_;
    std::shared_mutex series_mutex_;
    std::map<OwnLabel, Series, std::less<>> series_;
};

}  // namespace api
