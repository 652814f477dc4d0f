// The holidays of each calendar, as data with their sources. A change is a new row or an exception, never an
// edit.
#include <algorithm>
#include <array>

#include "ledger/base/business_calendar.hpp"

namespace ledger::base {
namespace {

using std::chrono::December;
using std::chrono::February;
using std::chrono::January;
using std::chrono::July;
using std::chrono::June;
using std::chrono::May;
using std::chrono::Monday;
using std::chrono::November;
using std::chrono::October;
using std::chrono::September;
using std::chrono::Thursday;
using std::chrono::year;

constexpr HolidayRule fixed(std::string_view name, std::chrono::month_day day, Observance observance,
                            int first_year = 0) {
    return {name, FixedDay{day, observance}, first_year};
}

constexpr auto lost = Observance::sunday_to_monday;
constexpr auto kept = Observance::nearest_weekday;

constexpr HolidayRule king_day{"Birthday of Martin Luther King, Jr.", January / Monday[3]};
constexpr HolidayRule washington_day{"Washington's Birthday", February / Monday[3]};
constexpr HolidayRule memorial_day{"Memorial Day", May / Monday[std::chrono::last]};
constexpr HolidayRule labor_day{"Labor Day", September / Monday[1]};
constexpr HolidayRule columbus_day{"Columbus Day", October / Monday[2]};
constexpr HolidayRule thanksgiving_day{"Thanksgiving Day", November / Thursday[4]};
constexpr HolidayRule good_friday{"Good Friday", GoodFriday{}};

// Board of Governors, release K.8 "Holidays Observed by the Federal Reserve System", read for 2026 to 2030: a
// holiday on Saturday leaves the Reserve Banks open on Friday, one on Sunday closes them on Monday.
// Juneteenth became law on 17 June 2021 (Pub. L. 117-17); in that year it fell on a Saturday.
constexpr std::array federal_bank_holidays{
    fixed("New Year's Day", January / 1, lost),
    king_day,
    washington_day,
    memorial_day,
    fixed("Juneteenth National Independence Day", June / 19, lost, 2022),
    fixed("Independence Day", July / 4, lost),
    labor_day,
    columbus_day,
    fixed("Veterans Day", November / 11, lost),
    thanksgiving_day,
    fixed("Christmas Day", December / 25, lost),
};

// NYSE Rule 7.2: a holiday on Saturday closes the Friday before, one on Sunday the Monday after, unless
// unusual conditions exist such as the end of a year: so New Year's Day on a Saturday is not kept (as
// announced for 2022). Juneteenth since 2022 (announcements of NYSE Group of 2021). Columbus Day and Veterans
// Day are trading days.
constexpr std::array exchange_holidays{
    fixed("New Year's Day", January / 1, lost),
    king_day,
    washington_day,
    good_friday,
    memorial_day,
    fixed("Juneteenth National Independence Day", June / 19, kept, 2022),
    fixed("Independence Day", July / 4, kept),
    labor_day,
    thanksgiving_day,
    fixed("Christmas Day", December / 25, kept),
};

constexpr std::array exchange_exceptions{
    CalendarException{year{2018} / December / 5, false,
                      "NYSE: national day of mourning for President G. H. W. Bush"},
    CalendarException{year{2025} / January / 9, false, "NYSE: national day of mourning for President Carter"},
};

// SIFMA, holiday recommendations for United States government securities. Good Friday is closed, or ends at
// noon when the employment report is due that morning (2015, 2021, 2023, 2026); either way SIFMA recommends
// that it is not a good settlement day (statements of 9 March 2015 and 20 March 2026), and settlement is what
// this calendar is asked about. Veterans Day on a Saturday is not kept (open on 10 November 2017 and 2023),
// nor is New Year's Day. Juneteenth since 2022 (statement of 14 July 2021).
constexpr std::array government_securities_holidays{
    fixed("New Year's Day", January / 1, lost),
    king_day,
    washington_day,
    good_friday,
    memorial_day,
    fixed("Juneteenth National Independence Day", June / 19, kept, 2022),
    fixed("Independence Day", July / 4, kept),
    labor_day,
    columbus_day,
    fixed("Veterans Day", November / 11, lost),
    thanksgiving_day,
    fixed("Christmas Day", December / 25, kept),
};

// 9 January 2025 was an early close at 14:00 (statement of 30 December 2024), so it stays a business day.
constexpr std::array government_securities_exceptions{
    CalendarException{year{2018} / December / 5, false,
                      "SIFMA, 1 December 2018: full close, settlement moved to 6 December"},
};

const std::array<BusinessCalendar, 3>& all() {
    static const std::array<BusinessCalendar, 3> made{
        BusinessCalendar{{.id = "federal_bank",
                          .title = "Federal Reserve Banks (Fedwire)",
                          .zone = Zone::new_york(),
                          .holidays = federal_bank_holidays,
                          .exceptions = {}}},
        BusinessCalendar{{.id = "exchange",
                          .title = "New York Stock Exchange",
                          .zone = Zone::new_york(),
                          .holidays = exchange_holidays,
                          .exceptions = exchange_exceptions}},
        BusinessCalendar{{.id = "sifma",
                          .title = "United States government securities (SIFMA)",
                          .zone = Zone::new_york(),
                          .holidays = government_securities_holidays,
                          .exceptions = government_securities_exceptions}},
    };
    return made;
}

}  // namespace

const BusinessCalendar& federal_bank_calendar() { return all()[0]; }
const BusinessCalendar& exchange_calendar() { return all()[1]; }
const BusinessCalendar& government_securities_calendar() { return all()[2]; }

std::span<const BusinessCalendar> calendars() { return all(); }

const BusinessCalendar* calendar_by_id(std::string_view id) {
    const auto found = std::ranges::find(all(), id, &BusinessCalendar::id);
    return found == all().end() ? nullptr : &*found;
}

}  // namespace ledger::base
