#include "ledger/base/business_calendar.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace ledger::base {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::sys_days;
using std::chrono::year;

using Days = std::vector<std::string>;

struct Closed {
    int in;
    Days days;
};

struct Sunday {
    int in;
    std::string day;
};

Day day(const std::string& text) {
    const auto read = parse_day(text);
    REQUIRE(read.has_value());
    return *read;
}

Microseconds instant(const std::string& text) {
    const auto at = parse_rfc3339(text);
    REQUIRE(at.has_value());
    return *at;
}

// "2026-04-03", or the code of the refusal.
std::string shown(const Result<Day>& result) {
    return result ? format_day(*result) : std::string{info(result.error().code).name};
}

std::string shown(const Result<Microseconds>& result) {
    return result ? format_rfc3339(*result) : std::string{info(result.error().code).name};
}

// The days from Monday to Friday on which the calendar is closed, as "MM-DD".
Days closed_weekdays(const BusinessCalendar& calendar, int in) {
    Days closed;
    for (sys_days at{year{in} / 1 / 1}; at < sys_days{year{in + 1} / 1 / 1}; at += days{1}) {
        const auto iso = std::chrono::weekday{at}.iso_encoding();
        if (iso <= 5 && !calendar.is_business_day(Day{at})) closed.push_back(format_day(Day{at}).substr(5));
    }
    return closed;
}

}  // namespace

TEST_CASE("the Reserve Banks keep the holidays the Board of Governors publishes for 2026 to 2030") {
    const auto [in, closed] = GENERATE(values<Closed>({
        {2026, {"01-01", "01-19", "02-16", "05-25", "06-19", "09-07", "10-12", "11-11", "11-26", "12-25"}},
        {2027, {"01-01", "01-18", "02-15", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25"}},
        {2028, {"01-17", "02-21", "05-29", "06-19", "07-04", "09-04", "10-09", "11-23", "12-25"}},
        {2029,
         {"01-01", "01-15", "02-19", "05-28", "06-19", "07-04", "09-03", "10-08", "11-12", "11-22", "12-25"}},
        {2030,
         {"01-01", "01-21", "02-18", "05-27", "06-19", "07-04", "09-02", "10-14", "11-11", "11-28", "12-25"}},
    }));
    CHECK(closed_weekdays(federal_bank_calendar(), in) == closed);
}

TEST_CASE("the New York Stock Exchange keeps the holidays it has announced") {
    const auto [in, closed] = GENERATE(values<Closed>({
        {2015, {"01-01", "01-19", "02-16", "04-03", "05-25", "07-03", "09-07", "11-26", "12-25"}},
        {2018, {"01-01", "01-15", "02-19", "03-30", "05-28", "07-04", "09-03", "11-22", "12-05", "12-25"}},
        {2020, {"01-01", "01-20", "02-17", "04-10", "05-25", "07-03", "09-07", "11-26", "12-25"}},
        {2021, {"01-01", "01-18", "02-15", "04-02", "05-31", "07-05", "09-06", "11-25", "12-24"}},
        {2022, {"01-17", "02-21", "04-15", "05-30", "06-20", "07-04", "09-05", "11-24", "12-26"}},
        {2023, {"01-02", "01-16", "02-20", "04-07", "05-29", "06-19", "07-04", "09-04", "11-23", "12-25"}},
        {2024, {"01-01", "01-15", "02-19", "03-29", "05-27", "06-19", "07-04", "09-02", "11-28", "12-25"}},
        {2025,
         {"01-01", "01-09", "01-20", "02-17", "04-18", "05-26", "06-19", "07-04", "09-01", "11-27", "12-25"}},
        {2026, {"01-01", "01-19", "02-16", "04-03", "05-25", "06-19", "07-03", "09-07", "11-26", "12-25"}},
    }));
    CHECK(closed_weekdays(exchange_calendar(), in) == closed);
}

TEST_CASE("government securities do not settle on the days SIFMA names") {
    const auto [in, closed] = GENERATE(values<Closed>({
        {2018,
         {"01-01", "01-15", "02-19", "03-30", "05-28", "07-04", "09-03", "10-08", "11-12", "11-22", "12-05",
          "12-25"}},
        {2021,
         {"01-01", "01-18", "02-15", "04-02", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24"}},
        {2023,
         {"01-02", "01-16", "02-20", "04-07", "05-29", "06-19", "07-04", "09-04", "10-09", "11-23", "12-25"}},
        {2026,
         {"01-01", "01-19", "02-16", "04-03", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26",
          "12-25"}},
    }));
    CHECK(closed_weekdays(government_securities_calendar(), in) == closed);
}

TEST_CASE("on Good Friday exchanges are closed and Fedwire is open") {
    const auto good_friday = day("2026-04-03");
    CHECK(federal_bank_calendar().is_business_day(good_friday));
    CHECK_FALSE(exchange_calendar().is_business_day(good_friday));
    CHECK_FALSE(government_securities_calendar().is_business_day(good_friday));
}

TEST_CASE("on Columbus Day and Veterans Day banks are closed and exchanges are open") {
    for (const char* text : {"2026-10-12", "2026-11-11"}) {
        const auto holiday = day(text);
        CHECK_FALSE(federal_bank_calendar().is_business_day(holiday));
        CHECK_FALSE(government_securities_calendar().is_business_day(holiday));
        CHECK(exchange_calendar().is_business_day(holiday));
    }
}

TEST_CASE("a New Year's Day on a Saturday closes nobody on the last day of the year") {
    for (const auto& calendar : calendars()) {
        CAPTURE(calendar.id());
        CHECK(calendar.is_business_day(day("2021-12-31")));
        CHECK_FALSE(calendar.is_business_day(day("2022-01-01")));
        CHECK(shown(calendar.next_business_day(day("2021-12-31"))) == "2022-01-03");
    }
}

TEST_CASE("an Independence Day on a Saturday closes exchanges the day before, not banks") {
    CHECK(federal_bank_calendar().is_business_day(day("2026-07-03")));
    CHECK_FALSE(exchange_calendar().is_business_day(day("2026-07-03")));
}

TEST_CASE("days of mourning close the exchange and leave Fedwire open") {
    for (const auto* mourning : {"2018-12-05", "2025-01-09"}) {
        CHECK_FALSE(exchange_calendar().is_business_day(day(mourning)));
        CHECK(federal_bank_calendar().is_business_day(day(mourning)));
    }
    CHECK(government_securities_calendar().is_business_day(day("2025-01-09")));
}

TEST_CASE("Juneteenth is kept from 2022 on") {
    for (const auto& calendar : calendars()) {
        CHECK(calendar.is_business_day(day("2020-06-19")));
        CHECK(calendar.is_business_day(day("2021-06-18")));
        CHECK_FALSE(calendar.is_business_day(day("2022-06-20")));
        CHECK_FALSE(calendar.is_business_day(day("2023-06-19")));
    }
}

TEST_CASE("Easter is on the Sundays the church tables give") {
    const auto [in, sunday] = GENERATE(values<Sunday>({
        {1818, "1818-03-22"},
        {1943, "1943-04-25"},
        {1954, "1954-04-18"},
        {1981, "1981-04-19"},
        {2000, "2000-04-23"},
        {2008, "2008-03-23"},
        {2011, "2011-04-24"},
        {2019, "2019-04-21"},
        {2025, "2025-04-20"},
        {2026, "2026-04-05"},
        {2027, "2027-03-28"},
        {2038, "2038-04-25"},
        {2049, "2049-04-18"},
        {2076, "2076-04-19"},
        {2285, "2285-03-22"},
    }));
    CHECK(format_day(Day{easter_sunday(year{in})}) == sunday);
}

TEST_CASE("business days are counted over weekends and holidays, both ways") {
    const auto& banks = federal_bank_calendar();
    CHECK(shown(banks.next_business_day(day("2026-11-25"))) == "2026-11-27");
    CHECK(shown(banks.previous_business_day(day("2026-11-27"))) == "2026-11-25");
    CHECK(shown(banks.on_or_after(day("2026-11-26"))) == "2026-11-27");
    CHECK(shown(banks.on_or_before(day("2026-11-26"))) == "2026-11-25");
    CHECK(shown(banks.on_or_after(day("2026-11-25"))) == "2026-11-25");
    CHECK(shown(banks.add_business_days(day("2026-10-09"), 1)) == "2026-10-13");
    CHECK(shown(banks.add_business_days(day("2026-10-09"), 2)) == "2026-10-14");
    CHECK(shown(banks.add_business_days(day("2026-10-14"), -2)) == "2026-10-09");
    CHECK(shown(banks.add_business_days(day("2026-10-10"), 1)) == "2026-10-13");
    CHECK(shown(banks.add_business_days(day("2026-10-10"), 0)) == "2026-10-13");
    CHECK(shown(banks.add_business_days(day("2026-10-13"), 0)) == "2026-10-13");
    CHECK(shown(banks.add_business_days(day("2026-01-01"), 251)) == "2026-12-31");
}

TEST_CASE("the business date of an instant is the local day, or the next business day") {
    const auto& banks = federal_bank_calendar();
    CHECK(shown(banks.business_date_of(instant("2026-07-06T15:04:05Z"))) == "2026-07-06");
    CHECK(shown(banks.business_date_of(instant("2026-07-07T03:59:59.999999Z"))) == "2026-07-06");
    CHECK(shown(banks.business_date_of(instant("2026-07-07T04:00:00Z"))) == "2026-07-07");
    CHECK(shown(banks.business_date_of(instant("2026-07-04T12:00:00Z"))) == "2026-07-06");
    CHECK(shown(banks.business_date_of(instant("2026-04-03T12:00:00Z"))) == "2026-04-03");
    CHECK(shown(exchange_calendar().business_date_of(instant("2026-04-03T12:00:00Z"))) == "2026-04-06");
    CHECK(shown(exchange_calendar().business_date_of(instant("2021-12-31T12:00:00Z"))) == "2021-12-31");
}

TEST_CASE("instants around both daylight-saving nights belong to their local days") {
    const auto& banks = federal_bank_calendar();
    CHECK(shown(banks.business_date_of(instant("2026-03-07T04:59:59Z"))) == "2026-03-06");  // still in EST
    CHECK(shown(banks.business_date_of(instant("2026-03-09T03:59:59Z"))) == "2026-03-09");  // Sunday, in EDT
    CHECK(shown(banks.business_date_of(instant("2026-03-10T03:59:59Z"))) == "2026-03-09");
    CHECK(shown(banks.business_date_of(instant("2026-03-10T04:00:00Z"))) == "2026-03-10");
    CHECK(shown(banks.business_date_of(instant("2026-10-31T03:59:59Z"))) == "2026-10-30");
    CHECK(shown(banks.business_date_of(instant("2026-11-03T04:59:59Z"))) == "2026-11-02");
    CHECK(shown(banks.business_date_of(instant("2026-11-03T05:00:00Z"))) == "2026-11-03");
}

TEST_CASE("at every hour of its years the business date follows from the zone and the days") {
    const Microseconds end = Zone::new_york().instant_of(
        std::chrono::local_days{BusinessCalendar::last_day} + hours{24}, Repeated::earliest);
    for (const auto& calendar : calendars()) {
        int wrong = 0;
        for (Microseconds at = instant("2015-01-01T05:00:00Z"); at < end; at += hours{1}) {
            for (const auto moment : {at, at + hours{1} - std::chrono::microseconds{1}}) {
                const auto expected = calendar.on_or_after(calendar.zone().day_at(moment));
                if (shown(calendar.business_date_of(moment)) != shown(expected)) ++wrong;
            }
        }
        CAPTURE(calendar.id());
        CHECK(wrong == 0);
        CHECK(shown(calendar.business_date_of(end)) == "INVALID_INPUT");
        CHECK(shown(calendar.business_date_of(instant("2015-01-01T04:59:59Z"))) == "INVALID_INPUT");
    }
}

TEST_CASE("outside its years a calendar refuses and says which years it covers") {
    const auto& banks = federal_bank_calendar();
    CHECK(BusinessCalendar::covers(day("2015-01-01")));
    CHECK(BusinessCalendar::covers(day("2040-12-31")));
    CHECK_FALSE(BusinessCalendar::covers(day("2014-12-31")));
    CHECK_FALSE(BusinessCalendar::covers(day("2041-01-01")));
    CHECK_FALSE(BusinessCalendar::covers(year{2026} / 2 / 30));
    CHECK_FALSE(banks.is_business_day(day("2014-12-30")));
    CHECK_FALSE(banks.is_business_day(day("2041-01-02")));

    const auto refused = banks.business_date_of(instant("2041-06-03T12:00:00Z"));
    REQUIRE_FALSE(refused.has_value());
    CHECK((refused.error().code == Code::invalid_input));
    CHECK((refused.error().figures ==
           std::vector<Figure>{{"asked", "2041-06-03"}, {"first", "2015-01-01"}, {"last", "2040-12-31"}}));

    const std::vector<Result<Day>> results{
        banks.business_date_of(instant("2014-12-31T12:00:00Z")),
        banks.next_business_day(day("2040-12-31")),
        banks.previous_business_day(day("2015-01-02")),
        banks.on_or_before(day("2015-01-01")),
        banks.on_or_after(year{-4000} / 1 / 1),
        banks.on_or_after(year{2026} / 2 / 30),
        banks.add_business_days(day("2040-12-01"), 30),
        banks.add_business_days(day("2026-01-01"), 1'000'000'000),
        banks.add_business_days(day("2026-01-01"), -1'000'000'000),
    };
    for (const auto& result : results) CHECK(shown(result) == "INVALID_INPUT");
    CHECK(shown(banks.business_date_of(instant("2040-12-31T12:00:00Z"))) == "2040-12-31");
}

TEST_CASE("a calendar is found by its id") {
    CHECK(calendars().size() == 3);
    for (const auto& calendar : calendars()) CHECK(calendar_by_id(calendar.id()) == &calendar);
    CHECK(calendar_by_id("federal_bank") == &federal_bank_calendar());
    CHECK(calendar_by_id("exchange") == &exchange_calendar());
    CHECK(calendar_by_id("sifma") == &government_securities_calendar());
    CHECK(calendar_by_id("lunar") == nullptr);
}

TEST_CASE("an exception overrules the rules both ways") {
    const std::vector<CalendarException> exceptions{{day("2026-07-06"), false, "a storm"},
                                                    {day("2026-12-25"), true, "a test"}};
    CalendarRules rules = federal_bank_calendar().rules();
    rules.exceptions = exceptions;
    const BusinessCalendar calendar{rules};
    CHECK_FALSE(calendar.is_business_day(day("2026-07-06")));
    CHECK(calendar.is_business_day(day("2026-12-25")));
    CHECK(calendar.is_business_day(day("2026-07-07")));
}

TEST_CASE("a cut-off is an instant of a business day in its own zone") {
    const CutOff wire{hours{18}, Zone::new_york(), &federal_bank_calendar()};
    CHECK(shown(wire.instant_on(day("2026-07-06"))) == "2026-07-06T22:00:00.000000Z");
    CHECK(shown(wire.instant_on(day("2026-12-07"))) == "2026-12-07T23:00:00.000000Z");

    const CutOff noon{hours{12}, Zone::chicago(), &exchange_calendar()};
    CHECK(shown(noon.instant_on(day("2026-07-06"))) == "2026-07-06T17:00:00.000000Z");
    CHECK(shown(noon.instant_on(day("2026-04-03"))) == "INVALID_INPUT");
    CHECK(shown(noon.instant_on(day("2041-04-03"))) == "INVALID_INPUT");
}

TEST_CASE("the first cut-off after an instant is strictly after it and on a business day") {
    const CutOff wire{hours{18}, Zone::new_york(), &federal_bank_calendar()};
    const std::string friday = "2026-10-09T22:00:00.000000Z";
    const std::string tuesday = "2026-10-13T22:00:00.000000Z";  // Monday is Columbus Day
    CHECK(shown(wire.first_after(instant(friday) - hours{1})) == friday);
    CHECK(shown(wire.first_after(instant(friday))) == tuesday);
    CHECK(shown(wire.first_after(instant("2026-10-12T12:00:00-04:00"))) == tuesday);
    CHECK(shown(wire.first_after(instant("2040-12-31T23:30:00Z"))) == "INVALID_INPUT");
}

}  // namespace ledger::base
