#include "ledger/base/instant.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace ledger::base {
namespace {

struct Read {
    std::string text;
    std::string printed;
};

}  // namespace

TEST_CASE("an instant with an offset is printed in UTC with microseconds") {
    const auto [text, printed] = GENERATE(values<Read>({
        {"2026-07-06T15:04:05Z", "2026-07-06T15:04:05.000000Z"},
        {"2026-07-06T11:04:05.123456-04:00", "2026-07-06T15:04:05.123456Z"},
        {"2026-07-06T15:04:05.1Z", "2026-07-06T15:04:05.100000Z"},
        {"2026-07-06T15:04:05.000001Z", "2026-07-06T15:04:05.000001Z"},
        {"2026-07-06t15:04:05z", "2026-07-06T15:04:05.000000Z"},
        {"2026-12-31T23:59:59.999999-00:00", "2026-12-31T23:59:59.999999Z"},
        {"2027-01-01T05:29:59+05:30", "2026-12-31T23:59:59.000000Z"},
        {"2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000000Z"},
        {"2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000Z"},
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
        {"1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000000Z"},
        {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
        {"2026-07-06T00:00:00+23:59", "2026-07-05T00:01:00.000000Z"},
    }));
    const auto at = parse_rfc3339(text);
    CAPTURE(text);
    REQUIRE(at.has_value());
    CHECK(format_rfc3339(*at) == printed);
    CHECK((parse_rfc3339(printed) == at));
}

TEST_CASE("a text that is not an RFC 3339 instant is not read") {
    const std::string text = GENERATE(values<std::string>({
        "",
        "2026-07-06",
        "2026-07-06T15:04:05",    // no offset
        "2026-07-06 15:04:05Z",   // a space for the T
        "2026-07-06T15:04Z",      // no seconds
        "2026-07-06T15:04:05.Z",  // no fraction digit
        "2026-07-06T15:04:05,5Z",
        "2026-07-06T15:04:05.1234567Z",
        "2026-07-06T24:00:00Z",
        "2026-07-06T23:60:00Z",
        "2026-12-31T23:59:60Z",  // a leap second
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "2026-13-10T00:00:00Z",
        "2026-07-00T00:00:00Z",
        "2026-7-06T00:00:00Z",
        "26-07-06T00:00:00Z",
        "12026-07-06T00:00:00Z",
        "-2026-07-06T00:00:00Z",
        "2026-07-06T15:04:05+0400",
        "2026-07-06T15:04:05+4:00",
        "2026-07-06T15:04:05+24:00",
        "2026-07-06T15:04:05+04:60",
        "2026-07-06T15:04:05+04",
        "2026-07-06T15:04:05ZZ",
        "2026-07-06T15:04:05Z ",
        " 2026-07-06T15:04:05Z",
        "2026-07-06T15:04:+5Z",
        "20260706T150405Z",
        "1783350245",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",  // 1969 in UTC
        "9999-12-31T23:59:59-01:00",  // the year 10000 in UTC
        "0000-01-01T00:00:00Z",
    }));
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text).has_value());
}

TEST_CASE("a day is read and printed, and one that does not exist is not read") {
    for (const char* text : {"2026-07-06", "2028-02-29", "1969-12-31", "9999-12-31"}) {
        const auto read = parse_day(text);
        REQUIRE(read.has_value());
        CHECK(format_day(*read) == text);
    }
    for (const char* text : {"2026-02-29", "2026-07-06T00:00:00Z", "2026-7-6", "20260706", "2026-07-32",
                             "2026/07/06", "2026-07-06 ", "", "2026-00-00"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_day(text).has_value());
    }
}

TEST_CASE("microseconds before 1970 are still printed as their day") {
    CHECK(format_rfc3339(Microseconds{std::chrono::microseconds{-1}}) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("an instant keeps its microseconds") {
    CHECK(EffectiveAt::from_micros(1'783'350'245'123'456).micros() == 1'783'350'245'123'456);
    CHECK((KnownAt::from_micros(1) < KnownAt::from_micros(2)));
}

}  // namespace ledger::base
