// Figures for Prometheus: what the server answered and how the book fares. Any thread.
#pragma once

#include <memory>
#include <string>

#include "api/http/server.hpp"
#include "ledger/port/ledger.hpp"

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
    std::unique_ptr<Registry> registry_;
};

}  // namespace api
