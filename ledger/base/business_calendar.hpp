// Days on which a bank, an exchange or the government securities market does business. A calendar is a value
// made of dated rules and a list of exceptions, each with its source (calendar_rules.cpp); it covers 2015 to
// 2040 and refuses to answer outside. Years for which no schedule is published yet follow the rules.
//
// Cost: a look at a bit; business_date_of adds a look at two midnights. Read by any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/base/error.hpp"
#include "ledger/base/instant.hpp"
#include "ledger/base/zone.hpp"

namespace ledger::base {

using Day = std::chrono::year_month_day;

// What becomes of a holiday of fixed date that falls on a weekend. Weekends are Saturday and Sunday
// everywhere here.
enum class Observance : std::uint8_t {
    sunday_to_monday,  // Saturday's is lost: the Friday before is open
    nearest_weekday,   // Saturday's goes to Friday, Sunday's to Monday
};

struct FixedDay {
    std::chrono::month_day day;
    Observance observance;
};
struct GoodFriday {};

struct HolidayRule {
    std::string_view name;
    std::variant<FixedDay, std::chrono::month_weekday, std::chrono::month_weekday_last, GoodFriday> when;
    int first_year = 0;
};

// A day that is otherwise than the rules say.
struct CalendarException {
    Day day;
    bool is_open;
    std::string_view source;
};

struct CalendarRules {
    std::string_view id;
    std::string_view title;
    Zone zone;
    std::span<const HolidayRule> holidays;
    std::span<const CalendarException> exceptions;
};

class BusinessCalendar {
public:
    static constexpr Day first_day{std::chrono::year{2015} / 1 / 1};
    static constexpr Day last_day{std::chrono::year{2040} / 12 / 31};

    // What the rules refer to must outlive the calendar.
    explicit BusinessCalendar(const CalendarRules& rules);

    [[nodiscard]] std::string_view id() const { return rules_.id; }
    [[nodiscard]] std::string_view title() const { return rules_.title; }
    [[nodiscard]] Zone zone() const { return rules_.zone; }
    [[nodiscard]] const CalendarRules& rules() const { return rules_; }

    [[nodiscard]] static bool covers(Day day);

    // False also for a day outside the calendar; what gives a day refuses there.
    [[nodiscard]] bool is_business_day(Day day) const;

    // The day itself where it is a business day.
    [[nodiscard]] Result<Day> on_or_after(Day day) const;
    [[nodiscard]] Result<Day> on_or_before(Day day) const;

    [[nodiscard]] Result<Day> next_business_day(Day day) const;
    [[nodiscard]] Result<Day> previous_business_day(Day day) const;

    // The count-th business day after the day, or before it where count is negative; zero is on_or_after.
    [[nodiscard]] Result<Day> add_business_days(Day day, int count) const;

    // The zone's date at that instant if it is a business day, else the next one.
    [[nodiscard]] Result<Day> business_date_of(Microseconds at) const;

private:
    [[nodiscard]] bool is_open(std::ptrdiff_t index) const;
    void set(Day day, bool open);
    void close_holidays_of(std::chrono::year year);
    [[nodiscard]] Result<Day> walk(Day from, std::ptrdiff_t start, std::ptrdiff_t step) const;

    CalendarRules rules_;
    std::vector<std::uint64_t> open_;  // one bit for each day from first_day
    std::vector<Microseconds> midnights_;  // when each day begins in the zone, and when the last one ends
};

// The Federal Reserve Banks and their Fedwire services; the New York Stock Exchange; and, by SIFMA's
// recommendations, the days that are good settlement days for United States government securities.
[[nodiscard]] const BusinessCalendar& federal_bank_calendar();
[[nodiscard]] const BusinessCalendar& exchange_calendar();
[[nodiscard]] const BusinessCalendar& government_securities_calendar();

[[nodiscard]] std::span<const BusinessCalendar> calendars();
[[nodiscard]] const BusinessCalendar* calendar_by_id(std::string_view id);  // null for none

// The civil date of Easter Sunday.
[[nodiscard]] std::chrono::sys_days easter_sunday(std::chrono::year year);

// A time of day by which something is due on a business day. It need not be in the calendar's own zone: a
// clearing house in Chicago and a bank in New York share a calendar. In a repeated hour the earlier instant
// is the deadline.
struct CutOff {
    std::chrono::minutes time_of_day;
    Zone zone;
    const BusinessCalendar* calendar;

    [[nodiscard]] Result<Microseconds> instant_on(Day day) const;  // refused for a day without business
    [[nodiscard]] Result<Microseconds> first_after(Microseconds at) const;  // strictly after
};

}  // namespace ledger::base
