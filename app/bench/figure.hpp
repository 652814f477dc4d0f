// What a measurement says, and how it is printed: a line of JSON for programs, a table for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace app::bench {

enum class Better { higher, lower };

struct Peer {
    std::string name;
    double value = 0;  // in the figure's unit, unless its name says another
    double ratio = 0;  // the figure over the peer: the median of the rounds' ratios
};

struct Figure {
    std::string name;
    double value = 0;  // the median of the rounds
    std::string unit;
    std::optional<Peer> peer{};
    std::optional<double> bar{};  // on the ratio where a peer is named, else on the value
    Better better = Better::higher;
    std::optional<double> server_cpu_us{};  // of PostgreSQL's sessions, for each journal
    std::optional<double> peer_server_cpu_us{};
    std::vector<double> rounds{};  // the ratios, or the values where there is no peer
};

// Whether the bar is met; nothing for a figure without a bar.
[[nodiscard]] std::optional<bool> is_met(const Figure& figure);

// One line, as api.md has it, without its end.
[[nodiscard]] std::string json_line(const Figure& figure);

// Columns under one heading, for people.
[[nodiscard]] std::string table(const std::vector<Figure>& figures);

// "1,234,567", or with as many digits behind the point as a small number needs.
[[nodiscard]] std::string with_separators(double number);

}  // namespace app::bench
