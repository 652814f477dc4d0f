// Laws of quantities, ratios, sharing and calendars on random values.
#include <algorithm>
#include <string>
#include <vector>

#include <rapidcheck.h>
#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "ledger/base/base62.hpp"
#include "ledger/base/business_calendar.hpp"
#include "ledger/base/distribution.hpp"
#include "ledger/base/quantity.hpp"
#include "ledger/base/ratio.hpp"
#include "ledger/base/wide_product.hpp"

namespace ledger::base {
namespace {

// Of every length from one bit to the bound, so that small and large meet.
Quantity any_quantity() {
    const auto high = *rc::gen::arbitrary<std::uint64_t>();
    const auto low = *rc::gen::arbitrary<std::uint64_t>();
    const auto bits = *rc::gen::inRange(0U, 120U);
    const uint128 magnitude = ((uint128{high} << 64U) | low) & ((uint128{1} << bits) - 1);
    const auto bounded = static_cast<int128>(magnitude % static_cast<uint128>(quantity_max().units() + 1));
    return Quantity{*rc::gen::arbitrary<bool>() ? -bounded : bounded};
}

Quantity any_amount() {
    const auto quantity = any_quantity();
    return quantity.is_negative() ? -quantity : quantity;
}

Ratio any_ratio() {
    const auto denominator = any_quantity();
    return Ratio::of(any_quantity(), denominator.is_zero() ? Quantity{1} : denominator);
}

Day any_day() {
    const auto count = *rc::gen::inRange(0, 9000);
    return Day{std::chrono::sys_days{BusinessCalendar::first_day} + std::chrono::days{30 + count}};
}

const BusinessCalendar& any_calendar() {
    return calendars()[*rc::gen::inRange<std::size_t>(0, calendars().size())];
}

}  // namespace

TEST_CASE("what is printed is read back") {
    rc::prop("a decimal", [] {
        const auto quantity = any_quantity();
        const auto scale = *rc::gen::inRange(0, scale_max + 1);
        const auto read = parse_decimal(format_decimal(quantity, scale), scale);
        RC_ASSERT((read.fault == DecimalFault::none));
        RC_ASSERT((read.quantity == quantity));
    });

    rc::prop("a decimal, as the ratio of its units", [] {
        const auto quantity = any_quantity();
        const auto scale = *rc::gen::inRange(0, scale_max + 1);
        const auto read = Ratio::from_decimal(format_decimal(quantity, scale));
        RC_ASSERT(read.has_value());
        RC_ASSERT((*read == from_units(quantity, scale)));
        RC_ASSERT((round_to_units(*read, scale, Rounding::half_even) == quantity));
    });

    rc::prop("a ratio", [] {
        const auto ratio = any_ratio();
        RC_ASSERT((Ratio::from_fraction(ratio.to_text()) == ratio));
    });

    rc::prop("an instant", [] {
        const auto micros = *rc::gen::inRange<std::int64_t>(0, 253'402'300'800'000'000);
        const Microseconds at{std::chrono::microseconds{micros}};
        RC_ASSERT((parse_rfc3339(format_rfc3339(at)) == at));
    });

    rc::prop("bytes in base 62, whose order they keep", [] {
        const auto size = *rc::gen::inRange<std::size_t>(0, 41);
        const auto any_bytes = rc::gen::container<std::string>(size, rc::gen::arbitrary<char>());
        const auto one = *any_bytes;
        const auto other = *any_bytes;
        RC_ASSERT((from_base62(to_base62(as_bytes(one)), size) == one));
        RC_ASSERT((one < other) == (to_base62(as_bytes(one)) < to_base62(as_bytes(other))));
    });
}

TEST_CASE("quantities and ratios agree on what has the form of a decimal") {
    rc::prop("texts of digits, signs and points", [] {
        const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"0012345.-+e "}));
        const bool is_decimal = parse_decimal(text, scale_max).fault != DecimalFault::not_a_decimal;
        RC_ASSERT(is_decimal == Ratio::from_decimal(text).has_value());
    });
}

TEST_CASE("ratios keep the laws of arithmetic") {
    rc::prop("addition and multiplication commute, associate and distribute", [] {
        const auto a = any_ratio();
        const auto b = any_ratio();
        const auto c = any_ratio();
        RC_ASSERT((a + b == b + a));
        RC_ASSERT((a * b == b * a));
        RC_ASSERT(((a + b) + c == a + (b + c)));
        RC_ASSERT(((a * b) * c == a * (b * c)));
        RC_ASSERT((a * (b + c) == a * b + a * c));
        RC_ASSERT((a - a == Ratio{}));
        if (!a.is_zero()) RC_ASSERT((b / a * a == b));
    });

    rc::prop("the order is that of the difference's sign", [] {
        const auto a = any_ratio();
        const auto b = any_ratio();
        RC_ASSERT((a < b) == (a - b).is_negative());
        RC_ASSERT((a == b) == (a - b).is_zero());
    });

    rc::prop("rounding stays within a half, floor and ceiling within one", [] {
        const auto a = any_ratio();
        const auto scale = *rc::gen::inRange(0, 3);
        const auto floor = round_to_units(a, scale, Rounding::floor);
        const auto ceiling = round_to_units(a, scale, Rounding::ceiling);
        const auto nearest = round_to_units(a, scale, Rounding::half_even);
        RC_PRE(floor && ceiling && nearest);
        const auto unit = from_units(Quantity{1}, scale);
        const auto off = a - from_units(*nearest, scale);
        RC_ASSERT((from_units(*floor, scale) <= a));
        RC_ASSERT((a < from_units(*floor, scale) + unit));
        RC_ASSERT((a <= from_units(*ceiling, scale)));
        RC_ASSERT((from_units(*ceiling, scale) - unit < a));
        RC_ASSERT((off + off <= unit));
        RC_ASSERT((-(off + off) <= unit));
    });

    rc::prop("products of quantities compare as unlimited numbers do", [] {
        const auto a = any_quantity();
        const auto b = any_quantity();
        const auto c = any_quantity();
        const auto d = any_quantity();
        RC_ASSERT((compare_products(a, b, c, d) == (Ratio{a} * Ratio{b} <=> Ratio{c} * Ratio{d})));
        RC_ASSERT((compare_products(a, b, b, a) == std::strong_ordering::equal));
        RC_ASSERT((compare_products(a, b, a, b + Quantity{1}) == (Ratio{} <=> Ratio{a})));
    });
}

TEST_CASE("sharing a pool loses and makes nothing") {
    rc::prop("parts sum to the pool, lie within a unit of the exact share, and do not depend on the order",
             [] {
                 const auto count = *rc::gen::inRange<std::size_t>(1, 12);
                 std::vector<std::string> ids;
                 for (std::size_t at = 0; at < count; ++at) ids.push_back("cust-" + std::to_string(at));
                 const auto pool = any_amount();
                 std::vector<Weight> weights;
                 Ratio total;
                 for (const auto& id : ids) {
                     weights.push_back({id, any_amount()});
                     total += Ratio{weights.back().weight};
                 }
                 RC_PRE(!total.is_zero());

                 const auto parts = distribute(pool, weights);
                 std::vector<ExactShare> exact;
                 Quantity sum;
                 for (std::size_t at = 0; at < count; ++at) {
                     exact.push_back({ids[at], Ratio{pool} * Ratio{weights[at].weight} / total});
                     const auto off = Ratio{parts[at]} - exact.back().units;
                     RC_ASSERT((off < Ratio{std::int64_t{1}}));
                     RC_ASSERT((off > Ratio{std::int64_t{-1}}));
                     sum += parts[at];
                 }
                 RC_ASSERT((sum == pool));
                 RC_ASSERT((distribute(pool, exact) == parts));

                 std::ranges::reverse(weights);
                 auto reversed = distribute(pool, weights);
                 std::ranges::reverse(reversed);
                 RC_ASSERT((reversed == parts));
             });
}

TEST_CASE("calendars count business days as one counts") {
    rc::prop("adding business days adds up and can be taken back", [] {
        const auto& calendar = any_calendar();
        const auto start = *calendar.on_or_after(any_day());
        const auto there = *rc::gen::inRange(1, 60);
        const auto further = *rc::gen::inRange(1, 60);
        const auto reached = *calendar.add_business_days(start, there);
        RC_ASSERT(calendar.is_business_day(reached));
        RC_ASSERT((*calendar.add_business_days(reached, further) ==
                   *calendar.add_business_days(start, there + further)));
        RC_ASSERT((*calendar.add_business_days(reached, -there) == start));
    });

    rc::prop("no stretch without business is longer than four days", [] {
        const auto& calendar = any_calendar();
        const auto day = any_day();
        const auto next = *calendar.next_business_day(day);
        RC_ASSERT((std::chrono::sys_days{next} - std::chrono::sys_days{day}).count() <= 5);
        RC_ASSERT((*calendar.previous_business_day(next) == *calendar.on_or_before(day)));
    });

    rc::prop("a later local time is no earlier instant", [] {
        const Zone zone = *rc::gen::element(Zone::new_york(), Zone::chicago());
        const LocalTime local =
            std::chrono::local_days{any_day()} + std::chrono::minutes{*rc::gen::inRange(0, 24 * 60)};
        const auto choice = *rc::gen::element(Repeated::earliest, Repeated::latest);
        RC_ASSERT((zone.instant_of(local, choice) >= zone.instant_of(local - std::chrono::hours{1}, choice)));
        RC_ASSERT((zone.local_at(zone.instant_of(local, choice)) >= local));
    });
}

}  // namespace ledger::base
