#include "app/bench/figure.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace app::bench {
namespace {

// Enough for a ratio, and free of the noise of binary fractions.
double rounded(double value) { return std::round(value * 10'000.0) / 10'000.0; }

using Cells = std::array<std::string, 6>;

Cells cells_of(const Figure& figure) {
    const auto met = is_met(figure);
    const char* sign = figure.better == Better::higher ? "≥" : "≤";
    return {figure.name,
            fmt::format("{} {}", with_separators(figure.value), figure.unit),
            figure.peer ? figure.peer->name : "",
            figure.peer ? with_separators(figure.peer->value) : "",
            figure.peer ? fmt::format("{:.2f}", figure.peer->ratio) : "",
            figure.bar ? fmt::format("{} {} {}", sign, with_separators(*figure.bar), *met ? "met" : "MISSED")
                       : "no bar"};
}

// Letters a terminal shows, not bytes.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::string line_of(const Cells& cells, const std::array<std::size_t, 6>& widths) {
    constexpr std::array is_number{false, true, false, true, true, false};
    std::string line;
    for (std::size_t at = 0; at < cells.size(); ++at) {
        const std::string gap(widths[at] - width_of(cells[at]), ' ');
        line += is_number[at] ? gap + cells[at] : cells[at] + gap;
        line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

}  // namespace

std::optional<bool> is_met(const Figure& figure) {
    if (!figure.bar) return std::nullopt;
    const double measured = figure.peer ? figure.peer->ratio : figure.value;
    return figure.better == Better::higher ? measured >= *figure.bar : measured <= *figure.bar;
}

std::string with_separators(double number) {
    if (std::abs(number) < 100) return fmt::format("{:.{}f}", number, std::floor(number) == number ? 0 : 2);
    auto text = fmt::format("{:.0f}", number);
    const std::ptrdiff_t first = text.starts_with('-') ? 1 : 0;
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > first; at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

std::string json_line(const Figure& figure) {
    nlohmann::ordered_json line{
        {"name", figure.name}, {"value", rounded(figure.value)}, {"unit", figure.unit}};
    if (figure.peer) {
        line["peer"] = figure.peer->name;
        line["peer_value"] = rounded(figure.peer->value);
        line["ratio"] = rounded(figure.peer->ratio);
    }
    if (figure.bar)
        line["bar"] = *figure.bar;
    else
        line["bar"] = nullptr;
    line["better"] = figure.better == Better::higher ? "higher" : "lower";
    if (const auto met = is_met(figure)) line["met"] = *met;
    if (figure.server_cpu_us) line["server_cpu_us"] = rounded(*figure.server_cpu_us);
    if (figure.peer_server_cpu_us) line["peer_server_cpu_us"] = rounded(*figure.peer_server_cpu_us);
    line["rounds"] = nlohmann::ordered_json::array();
    for (const double round : figure.rounds) line["rounds"].push_back(rounded(round));
    return line.dump();
}

std::string table(const std::vector<Figure>& figures) {
    std::vector<Cells> rows{{"name", "value", "peer", "peer value", "ratio", "bar"}};
    for (const auto& figure : figures) rows.push_back(cells_of(figure));
    std::array<std::size_t, 6> widths{};
    for (const auto& row : rows)
        for (std::size_t at = 0; at < row.size(); ++at) widths[at] = std::max(widths[at], width_of(row[at]));
    std::string text;
    for (const auto& row : rows) text += line_of(row, widths);
    for (const auto& figure : figures) {
        if (!figure.server_cpu_us) continue;
        text += fmt::format("{} beside {}: PostgreSQL spent {:.1f} µs of CPU a journal", figure.name,
                            figure.peer ? figure.peer->name : "nothing", *figure.server_cpu_us);
        text += figure.peer_server_cpu_us ? fmt::format(", the peer {:.1f}\n", *figure.peer_server_cpu_us)
                                          : std::string{"\n"};
    }
    return text;
}

}  // namespace app::bench
