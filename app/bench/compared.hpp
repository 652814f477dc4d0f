// Rounds of one thing beside its peer, each pair taken one right after the other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/bench/figure.hpp"
#include "app/bench/rounds.hpp"

namespace app::bench {

class Compared {
public:
    void add(double value, double peer_value) {
        values_.push_back(value);
        peer_values_.push_back(peer_value);
        ratios_.push_back(peer_value > 0 ? value / peer_value : 0);
    }

    // The medians of both, and the median of the rounds' ratios, which need not be their quotient.
    [[nodiscard]] Figure figure(std::string name, std::string unit, std::string peer) const {
        Figure figure{.name = std::move(name), .value = median(values_), .unit = std::move(unit)};
        figure.peer = Peer{.name = std::move(peer), .value = median(peer_values_), .ratio = median(ratios_)};
        figure.rounds = ratios_;
        return figure;
    }

private:
    std::vector<double> values_;
    std::vector<double> peer_values_;
    std::vector<double> ratios_;
};

}  // namespace app::bench
