#include "ledger/base/business_calendar.hpp"

#include <string>

#include <fmt/core.h>

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::weekday;
using std::chrono::year;

constexpr std::ptrdiff_t days_covered =
    (sys_days{BusinessCalendar::last_day} - sys_days{BusinessCalendar::first_day}).count() + 1;

constexpr std::ptrdiff_t index_of(sys_days day) {
    return (day - sys_days{BusinessCalendar::first_day}).count();
}
constexpr std::ptrdiff_t index_of(Day day) { return index_of(sys_days{day}); }
constexpr Day day_at(std::ptrdiff_t index) {
    return Day{sys_days{BusinessCalendar::first_day} + days{index}};
}
constexpr bool is_covered(std::ptrdiff_t index) { return index >= 0 && index < days_covered; }

constexpr bool is_weekend(weekday day) { return day == std::chrono::Saturday || day == std::chrono::Sunday; }

tl::unexpected<Error> outside(std::string_view calendar, std::string_view asked) {
    return refuse({.code = Code::invalid_input,
                   .detail = fmt::format("the calendar {} does not say which days near {} are business days",
                                         calendar, asked),
                   .pointer = {},
                   .figures = {{"asked", std::string{asked}},
                               {"first", format_day(BusinessCalendar::first_day)},
                               {"last", format_day(BusinessCalendar::last_day)}},
                   .rule = fmt::format("calendar {}", calendar),
                   .next_step = "Give a time within the years the calendar covers."});
}

// A day of the proleptic calendar may have a year that has no four digits.
std::string shown(Day day) {
    const int number = static_cast<int>(day.year());
    return day.ok() && number >= 0 && number <= 9999 ? format_day(day) : fmt::format("the year {}", number);
}

sys_days observed(sys_days day, Observance observance) {
    const weekday on{day};
    if (on == std::chrono::Sunday) return day + days{1};
    if (on == std::chrono::Saturday && observance == Observance::nearest_weekday) return day - days{1};
    return day;
}

struct InYear {
    year in;
    sys_days operator()(const FixedDay& fixed) const {
        return observed(sys_days{in / fixed.day.month() / fixed.day.day()}, fixed.observance);
    }
    sys_days operator()(const std::chrono::month_weekday& nth) const {
        return sys_days{in / nth.month() / nth.weekday_indexed()};
    }
    sys_days operator()(const std::chrono::month_weekday_last& last) const {
        return sys_days{in / last.month() / last.weekday_last()};
    }
    sys_days operator()(const GoodFriday&) const { return easter_sunday(in) - days{2}; }
};

}  // namespace

// The Gregorian computus: the first Sunday after the full moon, by the church's tables, on or after 21 March.
sys_days easter_sunday(year in) {
    const int number = static_cast<int>(in);
    const int golden = number % 19;
    const int century = number / 100;
    const int leap_days_left_out = century - century / 4;
    const int moon_correction = (8 * century + 13) / 25;
    int age = (19 * golden + leap_days_left_out - moon_correction + 15) % 30;
    // The moon never takes 30 days from 21 March, nor 29 in the later part of its cycle.
    if (age == 29 || (age == 28 && golden > 10)) --age;
    const sys_days full_moon = sys_days{in / std::chrono::March / 21} + days{age};
    const weekday on{full_moon};
    return full_moon + days{7 - static_cast<int>(on.c_encoding())};
}

BusinessCalendar::BusinessCalendar(const CalendarRules& rules)
    : rules_{rules}, open_(static_cast<std::size_t>(days_covered + 63) / 64) {
    for (std::ptrdiff_t index = 0; index < days_covered; ++index) {
        const Day day = day_at(index);
        set(day, !is_weekend(weekday{sys_days{day}}));
    }
    // A holiday of a year may be observed in its neighbour.
    for (year in = first_day.year() - std::chrono::years{1}; in <= last_day.year() + std::chrono::years{1};
         ++in) {
        close_holidays_of(in);
    }
    for (const auto& exception : rules_.exceptions) set(exception.day, exception.is_open);
    midnights_.reserve(static_cast<std::size_t>(days_covered) + 1);
    for (std::ptrdiff_t index = 0; index <= days_covered; ++index) {
        const LocalTime midnight{std::chrono::local_days{day_at(index)}};
        midnights_.push_back(zone().instant_of(midnight, Repeated::earliest));
    }
}

bool BusinessCalendar::covers(Day day) { return day.ok() && is_covered(index_of(day)); }

bool BusinessCalendar::is_business_day(Day day) const { return covers(day) && is_open(index_of(day)); }

Result<Day> BusinessCalendar::on_or_after(Day day) const { return walk(day, 0, 1); }
Result<Day> BusinessCalendar::on_or_before(Day day) const { return walk(day, 0, -1); }
Result<Day> BusinessCalendar::next_business_day(Day day) const { return walk(day, 1, 1); }
Result<Day> BusinessCalendar::previous_business_day(Day day) const { return walk(day, -1, -1); }

Result<Day> BusinessCalendar::add_business_days(Day day, int count) const {
    if (count == 0) return on_or_after(day);
    const std::ptrdiff_t step = count > 0 ? 1 : -1;
    Result<Day> reached = day;
    for (int left = count; left != 0; left -= static_cast<int>(step)) {
        reached = walk(*reached, step, step);
        if (!reached) return reached;
    }
    return reached;
}

Result<Day> BusinessCalendar::business_date_of(Microseconds at) const {
    if (at < midnights_.front() || at >= midnights_.back()) return outside(id(), shown(zone().day_at(at)));
    // Days of 24 hours from a winter's midnight: daylight time can only let a day begin sooner.
    auto index = static_cast<std::size_t>((at - midnights_.front()) / days{1});
    if (at >= midnights_[index + 1]) ++index;
    const auto date = static_cast<std::ptrdiff_t>(index);
    if (is_open(date)) [[likely]]
        return day_at(date);
    return on_or_after(day_at(date));
}

bool BusinessCalendar::is_open(std::ptrdiff_t index) const {
    const auto bit = static_cast<std::size_t>(index);
    return ((open_[bit / 64] >> (bit % 64)) & 1U) != 0;
}

void BusinessCalendar::set(Day day, bool open) {
    const auto index = index_of(day);
    if (!is_covered(index)) return;
    const auto bit = static_cast<std::size_t>(index);
    const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
    open_[bit / 64] = open ? open_[bit / 64] | mask : open_[bit / 64] & ~mask;
}

void BusinessCalendar::close_holidays_of(year in) {
    for (const auto& rule : rules_.holidays) {
        if (static_cast<int>(in) >= rule.first_year) set(Day{std::visit(InYear{in}, rule.when)}, false);
    }
}

Result<Day> BusinessCalendar::walk(Day from, std::ptrdiff_t start, std::ptrdiff_t step) const {
    if (!covers(from)) return outside(id(), shown(from));
    for (auto index = index_of(from) + start; is_covered(index); index += step) {
        if (is_open(index)) return day_at(index);
    }
    return outside(id(), shown(from));
}

Result<Microseconds> CutOff::instant_on(Day day) const {
    ensure(calendar != nullptr, "a cut-off has a calendar");
    if (!BusinessCalendar::covers(day)) return outside(calendar->id(), shown(day));
    if (!calendar->is_business_day(day)) {
        return refuse({.code = Code::invalid_input,
                       .detail = fmt::format("{} is no business day of the calendar {}", format_day(day),
                                             calendar->id()),
                       .pointer = {},
                       .figures = {{"asked", format_day(day)}},
                       .rule = fmt::format("calendar {}", calendar->id()),
                       .next_step = "Give a business day."});
    }
    return zone.instant_of(std::chrono::local_days{day} + time_of_day, Repeated::earliest);
}

Result<Microseconds> CutOff::first_after(Microseconds at) const {
    ensure(calendar != nullptr, "a cut-off has a calendar");
    const auto today = calendar->on_or_after(zone.day_at(at));
    if (!today) return refuse(today.error());
    auto due = instant_on(*today);
    if (!due || *due > at) return due;
    return calendar->next_business_day(*today).and_then([this](Day day) { return instant_on(day); });
}

}  // namespace ledger::base
