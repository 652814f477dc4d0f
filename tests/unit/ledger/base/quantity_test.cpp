#include "ledger/base/quantity.hpp"

#include <limits>
#include <string>

#include <catch2/catch.hpp>

namespace ledger::base {
namespace {

std::string zeros(std::size_t count) { return std::string(count, '0'); }
std::string nines(std::size_t count) { return std::string(count, '9'); }
const std::string bound = "1" + zeros(36);

struct Read {
    std::string text;
    int scale;
    std::string printed;
};

struct Refused {
    std::string text;
    int scale;
    DecimalFault fault;
};

constexpr int128 int128_max = static_cast<int128>(~uint128{0} >> 1U);

}  // namespace

TEST_CASE("a decimal is read as units of its scale and printed in full") {
    const auto [text, scale, printed] = GENERATE(values<Read>({
        {"0", 0, "0"},
        {"0", 2, "0.00"},
        {"-0", 0, "0"},
        {"-0.00", 2, "0.00"},
        {"5", 2, "5.00"},
        {"0.05", 2, "0.05"},
        {"-0.05", 2, "-0.05"},
        {"0.5", 2, "0.50"},
        {"1250000.00", 2, "1250000.00"},
        {"-1", 18, "-1.000000000000000000"},
        {"0.000000000000000001", 18, "0.000000000000000001"},
        {"123456789012345678", 0, "123456789012345678"},
        {"1234567890123456789", 0, "1234567890123456789"},
        {"100000000000000000000.00", 2, "100000000000000000000.00"},
        {"999999999999999999.999999999999999999", 18, "999999999999999999.999999999999999999"},
        {bound, 0, bound},
        {"-" + bound, 0, "-" + bound},
        {"1" + zeros(34), 2, "1" + zeros(34) + ".00"},
        {"1" + zeros(18), 18, "1" + zeros(18) + "." + zeros(18)},
    }));
    const auto read = parse_decimal(text, scale);
    CAPTURE(text, scale);
    REQUIRE(read.fault == DecimalFault::none);
    CHECK(format_decimal(read.quantity, scale) == printed);
}

TEST_CASE("what is no decimal, too fine or too large is told apart") {
    using enum DecimalFault;
    const auto [text, scale, fault] = GENERATE(values<Refused>({
        {"", 2, not_a_decimal},
        {"-", 2, not_a_decimal},
        {"+1", 2, not_a_decimal},
        {"--1", 2, not_a_decimal},
        {"00", 2, not_a_decimal},
        {"01", 2, not_a_decimal},
        {"-01.00", 2, not_a_decimal},
        {"1.", 2, not_a_decimal},
        {".5", 2, not_a_decimal},
        {".", 2, not_a_decimal},
        {"1.2.3", 3, not_a_decimal},
        {"1,000", 2, not_a_decimal},
        {"1e3", 2, not_a_decimal},
        {"1E3", 2, not_a_decimal},
        {"0x10", 2, not_a_decimal},
        {" 1", 2, not_a_decimal},
        {"1 ", 2, not_a_decimal},
        {"1\n", 2, not_a_decimal},
        {std::string(1, '1') + std::string(1, char{0}), 2, not_a_decimal},
        {"NaN", 2, not_a_decimal},
        {"Infinity", 2, not_a_decimal},
        {"\xd9\xa1\xd9\xa2", 2, not_a_decimal},   // Arabic-Indic digits
        {"\xef\xbc\x91", 2, not_a_decimal},       // a full-width digit
        {"\xe2\x88\x92"
         "1",
         2, not_a_decimal},   // a minus sign that is no hyphen
        {"0.001", 2, too_many_fraction_digits},
        {"1.000", 2, too_many_fraction_digits},
        {"1.0", 0, too_many_fraction_digits},
        {"0." + zeros(10'000), 18, too_many_fraction_digits},
        {"1" + zeros(35) + "1", 0, too_large},
        {"-1" + zeros(35) + "1", 0, too_large},
        {"1" + zeros(34) + ".01", 2, too_large},
        {"1" + zeros(18) + "." + zeros(17) + "1", 18, too_large},
        {"1" + zeros(37), 0, too_large},
        {"1" + zeros(40), 0, too_large},
        {"340282366920938463463374607431768211457", 0, too_large},  // 2^128 + 1: must not wrap to 1
        {nines(10'000), 0, too_large},
        {nines(10'000) + ".99", 2, too_large},
        {nines(10'000) + "x", 0, not_a_decimal},
    }));
    const auto read = parse_decimal(text, scale);
    CAPTURE(text.substr(0, 60), scale);
    CHECK(read.fault == fault);
    CHECK(read.quantity.is_zero());
}

TEST_CASE("a decimal is appended to what stands there") {
    std::string text = "USD ";
    append_decimal(text, Quantity{-7}, 2);
    CHECK(text == "USD -0.07");
}

TEST_CASE("the whole range of 128 bits can be printed") {
    CHECK(format_decimal(Quantity{int128_max}, 0) == "170141183460469231731687303715884105727");
    CHECK(format_decimal(Quantity{-int128_max - 1}, 0) == "-170141183460469231731687303715884105728");
    CHECK(format_decimal(Quantity{-int128_max - 1}, 18) == "-170141183460469231731.687303715884105728");
}

TEST_CASE("inner zeros are printed at each place where words meet") {
    for (std::size_t place = 0; place <= 36; ++place) {
        const std::string text = "1" + zeros(place);
        CHECK(format_decimal(parse_decimal(text, 0).quantity, 0) == text);
    }
}

TEST_CASE("a sum, a difference or a product beyond 128 bits is nothing") {
    const Quantity most{int128_max};
    const Quantity least{-int128_max - 1};
    CHECK((checked_add(most, Quantity{}) == most));
    CHECK_FALSE(checked_add(most, Quantity{1}).has_value());
    CHECK_FALSE(checked_add(least, Quantity{-1}).has_value());
    CHECK((checked_subtract(least, Quantity{}) == least));
    CHECK_FALSE(checked_subtract(least, Quantity{1}).has_value());
    CHECK_FALSE(checked_subtract(Quantity{}, least).has_value());
    CHECK((checked_multiply(quantity_max(), 100) == Quantity{quantity_max().units() * 100}));
    CHECK_FALSE(checked_multiply(quantity_max(), 1000).has_value());
    CHECK_FALSE(checked_multiply(most, std::numeric_limits<std::int64_t>::min()).has_value());
    CHECK_FALSE(checked_multiply(least, -1).has_value());
}

TEST_CASE("law 1's bound is 10^36 on either side of zero") {
    CHECK(format_decimal(quantity_max(), 0) == bound);
    CHECK(is_within_bound(quantity_max()));
    CHECK(is_within_bound(-quantity_max()));
    CHECK_FALSE(is_within_bound(quantity_max() + Quantity{1}));
    CHECK_FALSE(is_within_bound(-quantity_max() - Quantity{1}));
}

}  // namespace ledger::base
