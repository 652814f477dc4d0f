#include "ledger/base/zone.hpp"

#include <array>

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::Sunday;
using std::chrono::sys_days;
using std::chrono::year;

// A Sunday of a month, counted from its start; `last` is the last one, be it the fourth or the fifth.
struct SundayOf {
    month in;
    unsigned count;
};
constexpr unsigned last = 0;

struct DaylightRule {
    int first_year;
    SundayOf begins;  // at 02:00 standard time
    SundayOf ends;    // at 02:00 daylight time
};

// 15 U.S.C. 260a. The newest row that has begun is in force; an instant before the first row is standard
// time.
constexpr std::array daylight_rules{
    DaylightRule{2007, {std::chrono::March, 2}, {std::chrono::November, 1}},  // Pub. L. 109-58, section 110
    DaylightRule{1987, {std::chrono::April, 1}, {std::chrono::October, last}},  // Pub. L. 99-359
    DaylightRule{1976, {std::chrono::April, last}, {std::chrono::October, last}},
    DaylightRule{1975, {std::chrono::February, last}, {std::chrono::October, last}},  // Pub. L. 93-434
    DaylightRule{1974, {std::chrono::January, 1}, {std::chrono::October, last}},  // Pub. L. 93-182
    DaylightRule{1967, {std::chrono::April, last}, {std::chrono::October, last}},  // Pub. L. 89-387
};

constexpr sys_days day_of(SundayOf sunday, year in) {
    if (sunday.count == last) return sys_days{in / sunday.in / Sunday[std::chrono::last]};
    return sys_days{in / sunday.in / Sunday[sunday.count]};
}

struct DaylightTime {
    Microseconds begins;
    Microseconds ends;
};

std::optional<DaylightTime> daylight_time(year in, seconds standard) {
    for (const auto& rule : daylight_rules) {
        if (static_cast<int>(in) < rule.first_year) continue;
        return DaylightTime{day_of(rule.begins, in) + hours{2} - standard,
                            day_of(rule.ends, in) + hours{1} - standard};
    }
    return std::nullopt;
}

constexpr seconds standard_of_new_york = hours{-5};
constexpr seconds standard_of_chicago = hours{-6};

seconds offset_with_daylight(Microseconds at, seconds standard) {
    const std::chrono::year_month_day day{std::chrono::floor<days>(at)};
    const auto daylight = daylight_time(day.year(), standard);
    if (!daylight || at < daylight->begins || at >= daylight->ends) return standard;
    return standard + hours{1};
}

constexpr Microseconds shifted(LocalTime local, seconds offset) {
    return Microseconds{local.time_since_epoch()} - offset;
}

Microseconds instant_with_daylight(LocalTime local, seconds standard, Repeated choice) {
    const Microseconds by_daylight = shifted(local, standard + hours{1});
    const Microseconds by_standard = shifted(local, standard);
    const bool is_daylight = offset_with_daylight(by_daylight, standard) != standard;
    const bool is_standard = offset_with_daylight(by_standard, standard) == standard;
    if (is_daylight && is_standard) return choice == Repeated::earliest ? by_daylight : by_standard;
    if (is_daylight) return by_daylight;
    if (is_standard) return by_standard;
    const std::chrono::year_month_day day{std::chrono::floor<days>(by_standard)};
    const auto daylight = daylight_time(day.year(), standard);
    ensure(daylight.has_value(), "only a beginning of daylight time skips an hour");
    return daylight->begins;
}

}  // namespace

std::optional<Zone> Zone::from_name(std::string_view name) {
    for (const Zone zone : {utc(), new_york(), chicago()}) {
        if (zone.name() == name) return zone;
    }
    return std::nullopt;
}

std::string_view Zone::name() const {
    switch (name_) {
        case Name::utc: return "UTC";
        case Name::new_york: return "America/New_York";
        case Name::chicago: return "America/Chicago";
    }
    never("a zone without a name");
}

seconds Zone::offset_at(Microseconds at) const {
    switch (name_) {
        case Name::utc: return seconds{0};
        case Name::new_york: return offset_with_daylight(at, standard_of_new_york);
        case Name::chicago: return offset_with_daylight(at, standard_of_chicago);
    }
    never("a zone without an offset");
}

LocalTime Zone::local_at(Microseconds at) const { return LocalTime{at.time_since_epoch() + offset_at(at)}; }

std::chrono::year_month_day Zone::day_at(Microseconds at) const {
    return std::chrono::year_month_day{std::chrono::floor<days>(local_at(at))};
}

Microseconds Zone::instant_of(LocalTime local, Repeated choice) const {
    switch (name_) {
        case Name::utc: return shifted(local, seconds{0});
        case Name::new_york: return instant_with_daylight(local, standard_of_new_york, choice);
        case Name::chicago: return instant_with_daylight(local, standard_of_chicago, choice);
    }
    never("a zone without an offset");
}

}  // namespace ledger::base
