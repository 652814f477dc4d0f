// Local time of the United States' markets, as a value and without files: the rules of law stand in a dated
// table in zone.cpp, so that a replay gives the same business date on every machine, whatever its time zone
// database says. A test compares the table with the system's database. Cost: some tens of nanoseconds;
// nothing is allocated or locked.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ledger/base/instant.hpp"

namespace ledger::base {

using LocalTime = std::chrono::local_time<std::chrono::microseconds>;

// Which of the two instants is meant by a local time in the hour that autumn repeats.
enum class Repeated : std::uint8_t { earliest, latest };

class Zone {
public:
    [[nodiscard]] static constexpr Zone utc() { return Zone{Name::utc}; }
    [[nodiscard]] static constexpr Zone new_york() { return Zone{Name::new_york}; }
    [[nodiscard]] static constexpr Zone chicago() { return Zone{Name::chicago}; }
    [[nodiscard]] static std::optional<Zone> from_name(std::string_view name);

    constexpr auto operator<=>(const Zone&) const = default;

    [[nodiscard]] std::string_view name() const;  // as in the IANA database: "America/New_York"
    [[nodiscard]] std::chrono::seconds offset_at(Microseconds at) const;
    [[nodiscard]] LocalTime local_at(Microseconds at) const;
    [[nodiscard]] std::chrono::year_month_day day_at(Microseconds at) const;

    // A local time that spring skips is the first instant after the gap.
    [[nodiscard]] Microseconds instant_of(LocalTime local, Repeated choice) const;

private:
    enum class Name : std::uint8_t { utc, new_york, chicago };
    constexpr explicit Zone(Name name) : name_{name} {}

    Name name_;
};

}  // namespace ledger::base
