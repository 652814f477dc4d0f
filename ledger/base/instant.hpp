// Two kinds of time that cannot be mixed up: when a fact took effect, and when the book learned it. Law 6.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ledger::base {

using Microseconds = std::chrono::sys_time<std::chrono::microseconds>;

template <class Tag>
struct Instant {
    Microseconds at{};
    constexpr auto operator<=>(const Instant&) const = default;
    [[nodiscard]] constexpr std::int64_t micros() const { return at.time_since_epoch().count(); }
    [[nodiscard]] static constexpr Instant from_micros(std::int64_t micros) {
        return Instant{Microseconds{std::chrono::microseconds{micros}}};
    }
};

using EffectiveAt = Instant<struct EffectiveTag>;
using KnownAt = Instant<struct KnownTag>;

// RFC 3339 with an offset ("2026-07-06T15:04:05Z", "…T11:04:05.123456-04:00"); years 1970 to 9999; at most
// six fraction digits; nothing when the text is anything else. Leap seconds are refused.
[[nodiscard]] std::optional<Microseconds> parse_rfc3339(std::string_view text);
// UTC with six fraction digits: "2026-07-06T15:04:05.000000Z".
[[nodiscard]] std::string format_rfc3339(Microseconds at);
// "2026-07-06"; nothing for a day that does not exist.
[[nodiscard]] std::optional<std::chrono::year_month_day> parse_day(std::string_view text);
[[nodiscard]] std::string format_day(std::chrono::year_month_day day);

}  // namespace ledger::base
