#include "ledger/base/zone.hpp"

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

namespace ledger::base {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year;

Microseconds instant(const std::string& text) {
    const auto at = parse_rfc3339(text);
    REQUIRE(at.has_value());
    return *at;
}

LocalTime local(std::chrono::year_month_day day, minutes time) { return std::chrono::local_days{day} + time; }

// The C library reads the system's time zone database, of which zone.cpp knows nothing.
class SystemZone {
public:
    explicit SystemZone(const std::string& name) {
        if (const char* before = std::getenv("TZ")) before_ = before;
        setenv("TZ", name.c_str(), 1);
        tzset();
    }
    SystemZone(const SystemZone&) = delete;
    SystemZone& operator=(const SystemZone&) = delete;
    ~SystemZone() {
        if (before_) {
            setenv("TZ", before_->c_str(), 1);
        } else {
            unsetenv("TZ");
        }
        tzset();
    }

    [[nodiscard]] static seconds offset_at(std::time_t at) {
        std::tm local{};
        localtime_r(&at, &local);
        return seconds{local.tm_gmtoff};
    }

private:
    std::optional<std::string> before_;
};

struct Night {
    Zone zone;
    std::string turn;  // when the clock is first set
};

constexpr auto spring_2026 = year{2026} / 3 / 8;
constexpr auto autumn_2026 = year{2026} / 11 / 1;

}  // namespace

TEST_CASE("offsets agree with the system's time zone database, hour by hour from 1970 to 2050") {
    const Zone zone = GENERATE(values({Zone::utc(), Zone::new_york(), Zone::chicago()}));
    const SystemZone system{std::string{zone.name()}};
    const std::time_t end = instant("2050-01-01T00:00:00Z").time_since_epoch() / seconds{1};
    int wrong = 0;
    for (std::time_t hour = 0; hour < end; hour += 3600) {
        for (const std::time_t second : {hour, hour + 3599}) {
            if (zone.offset_at(Microseconds{seconds{second}}) != SystemZone::offset_at(second)) ++wrong;
        }
    }
    CAPTURE(zone.name());
    CHECK(wrong == 0);
}

TEST_CASE("each instant is found again from its local time by one of the two choices") {
    const Zone zone = GENERATE(values({Zone::utc(), Zone::new_york(), Zone::chicago()}));
    const auto end = instant("2029-01-01T00:00:00Z");
    int wrong = 0;
    for (Microseconds at = instant("2024-12-31T23:45:00Z"); at < end; at += minutes{15}) {
        const auto earliest = zone.instant_of(zone.local_at(at), Repeated::earliest);
        const auto latest = zone.instant_of(zone.local_at(at), Repeated::latest);
        if (earliest > latest || (earliest != at && latest != at)) ++wrong;
    }
    CHECK(wrong == 0);
}

TEST_CASE("in the spring night an hour is skipped, and a time in it is the first instant after") {
    const auto [zone, turn] = GENERATE(values<Night>({
        {Zone::new_york(), "2026-03-08T07:00:00Z"},
        {Zone::chicago(), "2026-03-08T08:00:00Z"},
    }));
    const auto gap = instant(turn);
    for (const auto choice : {Repeated::earliest, Repeated::latest}) {
        const auto at = [&, here = zone](minutes time) {
            return here.instant_of(local(spring_2026, time), choice);
        };
        CHECK((at(hours{1} + minutes{59}) == gap - minutes{1}));
        CHECK((at(hours{2}) == gap));
        CHECK((at(hours{2} + minutes{30}) == gap));
        CHECK((at(hours{2} + minutes{59}) == gap));
        CHECK((at(hours{3}) == gap));
        CHECK((at(hours{3} + minutes{1}) == gap + minutes{1}));
    }
    CHECK((zone.local_at(gap - microseconds{1}) == local(spring_2026, hours{2}) - microseconds{1}));
    CHECK((zone.local_at(gap) == local(spring_2026, hours{3})));
}

TEST_CASE("in the autumn night an hour comes twice, and the caller says which is meant") {
    const auto [zone, turn] = GENERATE(values<Night>({
        {Zone::new_york(), "2026-11-01T05:00:00Z"},
        {Zone::chicago(), "2026-11-01T06:00:00Z"},
    }));
    const auto first = instant(turn);
    const auto at = [here = zone](minutes time, Repeated choice) {
        return here.instant_of(local(autumn_2026, time), choice);
    };
    CHECK((at(hours{1}, Repeated::earliest) == first));
    CHECK((at(hours{1}, Repeated::latest) == first + hours{1}));
    CHECK((at(hours{1} + minutes{59}, Repeated::earliest) == first + minutes{59}));
    CHECK((at(hours{1} + minutes{59}, Repeated::latest) == first + hours{1} + minutes{59}));
    for (const auto choice : {Repeated::earliest, Repeated::latest}) {
        CHECK((at(minutes{59}, choice) == first - minutes{1}));
        CHECK((at(hours{2}, choice) == first + hours{2}));
    }
    CHECK((zone.local_at(first) == local(autumn_2026, hours{1})));
    CHECK((zone.local_at(first + hours{1}) == local(autumn_2026, hours{1})));
}

TEST_CASE("the local day turns at local midnight") {
    CHECK((Zone::new_york().day_at(instant("2026-07-07T03:59:59.999999Z")) == year{2026} / 7 / 6));
    CHECK((Zone::new_york().day_at(instant("2026-07-07T04:00:00Z")) == year{2026} / 7 / 7));
    CHECK((Zone::new_york().day_at(instant("2026-01-07T04:59:59Z")) == year{2026} / 1 / 6));
    CHECK((Zone::chicago().day_at(instant("2026-07-07T04:59:59Z")) == year{2026} / 7 / 6));
    CHECK((Zone::utc().day_at(instant("2026-07-07T00:00:00Z")) == year{2026} / 7 / 7));
}

TEST_CASE("a zone is known by its name and no other") {
    for (const Zone zone : {Zone::utc(), Zone::new_york(), Zone::chicago()}) {
        CHECK((Zone::from_name(zone.name()) == zone));
    }
    CHECK_FALSE(Zone::from_name("Europe/London").has_value());
    CHECK_FALSE(Zone::from_name("america/new_york").has_value());
}

}  // namespace ledger::base
