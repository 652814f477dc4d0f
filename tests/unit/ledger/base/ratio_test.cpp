#include "ledger/base/ratio.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "ledger/base/wide_product.hpp"

namespace ledger::base {
namespace {

std::optional<Ratio> read_ratio(const std::string& text) {
    return text.find('/') == std::string::npos ? Ratio::from_decimal(text) : Ratio::from_fraction(text);
}

Ratio ratio(const std::string& text) {
    const auto read = read_ratio(text);
    REQUIRE(read.has_value());
    return *read;
}

struct Text {
    std::string text;
    std::string lowest;  // empty where the text is not read
};

struct Rounded {
    std::string text;
    int scale;
    int floor;
    int half_even;
    int ceiling;
};

}  // namespace

TEST_CASE("a ratio is printed in lowest terms with the sign in front") {
    const auto [text, lowest] = GENERATE(values<Text>({
        {"0.05", "1/20"},
        {"0", "0/1"},
        {"-0", "0/1"},
        {"-0.00", "0/1"},
        {"-12", "-12/1"},
        {"1.20", "6/5"},
        {"18/20", "9/10"},
        {"-2/4", "-1/2"},
        {"0/7", "0/1"},
        {"0.0080", "1/125"},
        {"340282366920938463463374607431768211457", "340282366920938463463374607431768211457/1"},
        {"08/10", ""},
        {"00.5", ""},
        {"1/-2", ""},
        {"1/0", ""},
        {"/2", ""},
        {"1/", ""},
        {"1/02", ""},
        {"1/2/3", ""},
        {"1.5/2", ""},
        {"1e3", ""},
        {"+1", ""},
        {".5", ""},
        {"1.", ""},
        {"", ""},
        {"-", ""},
        {" 1", ""},
        {"1 /2", ""},
        {"0x10", ""},
    }));
    const auto read = read_ratio(text);
    CAPTURE(text);
    CHECK((read ? read->to_text() : std::string{}) == lowest);
}

TEST_CASE("a text that is longer than any figure of a rule is not read") {
    CHECK(Ratio::from_decimal(std::string(Ratio::text_size_max, '9')).has_value());
    CHECK_FALSE(Ratio::from_decimal(std::string(Ratio::text_size_max + 1, '9')).has_value());
    CHECK_FALSE(Ratio::from_fraction("1/" + std::string(Ratio::text_size_max, '9')).has_value());
}

TEST_CASE("ratios add, subtract, multiply, divide and compare exactly") {
    CHECK((ratio("1/3") + ratio("1/6") == ratio("1/2")));
    CHECK((ratio("1/3") - ratio("1/2") == ratio("-1/6")));
    CHECK((ratio("2/3") * ratio("3/4") == ratio("0.5")));
    CHECK((ratio("2/3") / ratio("-4/3") == ratio("-0.5")));
    CHECK((-ratio("2/3") == ratio("-2/3")));
    CHECK((ratio("0.1") + ratio("0.2") == ratio("0.3")));
    CHECK((ratio("1/3") < ratio("0.3333333333333333333333333333334")));
    CHECK((ratio("1/3") > ratio("0.3333333333333333333333333333333")));
    CHECK((ratio("-1/3") < ratio("0")));
    CHECK(((ratio("7/5") <=> ratio("1.40")) == std::strong_ordering::equal));
}

TEST_CASE("numbers far beyond 128 bits stay exact") {
    Ratio power{std::int64_t{1}};
    for (int step = 0; step < 200; ++step) power *= Ratio{quantity_max()};
    for (int step = 0; step < 199; ++step) power /= Ratio{quantity_max()};
    CHECK((power == Ratio{quantity_max()}));
}

TEST_CASE("a ratio of quantities has a denominator above zero") {
    const auto made = Ratio::of(Quantity{6}, Quantity{-4});
    CHECK(made.to_text() == "-3/2");
    CHECK((made.denominator() == 2));
    CHECK(made.is_negative());
    CHECK(Ratio::of(quantity_max(), -quantity_max()).to_text() == "-1/1");
}

TEST_CASE(
    "rounding is to the even neighbour at the half, down for floor and up for ceiling, below zero too") {
    const auto [text, scale, floor, half_even, ceiling] = GENERATE(values<Rounded>({
        {"0.125", 2, 12, 12, 13},
        {"0.135", 2, 13, 14, 14},
        {"0.1250000001", 2, 12, 13, 13},
        {"0.005", 2, 0, 0, 1},
        {"0.015", 2, 1, 2, 2},
        {"-0.125", 2, -13, -12, -12},
        {"-0.135", 2, -14, -14, -13},
        {"-0.005", 2, -1, 0, 0},
        {"-0.015", 2, -2, -2, -1},
        {"1/3", 2, 33, 33, 34},
        {"2/3", 2, 66, 67, 67},
        {"-1/3", 0, -1, 0, 0},
        {"5", 2, 500, 500, 500},
        {"-5", 0, -5, -5, -5},
        {"0", 18, 0, 0, 0},
        {"5/2", 0, 2, 2, 3},
        {"7/2", 0, 3, 4, 4},
    }));
    CAPTURE(text);
    CHECK((round_to_units(ratio(text), scale, Rounding::floor) == Quantity{floor}));
    CHECK((round_to_units(ratio(text), scale, Rounding::half_even) == Quantity{half_even}));
    CHECK((round_to_units(ratio(text), scale, Rounding::ceiling) == Quantity{ceiling}));
}

TEST_CASE("what would round beyond law 1's bound is nothing") {
    CHECK((round_to_units(Ratio{quantity_max()}, 0, Rounding::half_even) == quantity_max()));
    CHECK_FALSE(round_to_units(Ratio{quantity_max()}, 1, Rounding::half_even).has_value());
    CHECK_FALSE(round_to_units(Ratio{quantity_max()} + ratio("0.5"), 0, Rounding::ceiling).has_value());
    CHECK((round_to_units(Ratio{-quantity_max()}, 0, Rounding::floor) == -quantity_max()));
}

TEST_CASE("units are a ratio at their scale") {
    CHECK((from_units(Quantity{125}, 2) == ratio("1.25")));
    CHECK((from_units(Quantity{-125}, 0) == ratio("-125")));
    CHECK((to_quantity(to_integer(-quantity_max())) == -quantity_max()));
    CHECK_FALSE(to_quantity(to_integer(quantity_max()) + 1).has_value());
}

TEST_CASE("products are compared beyond 128 bits and with their signs") {
    const Quantity most{static_cast<int128>(~uint128{0} >> 1U)};
    const Quantity least{-most.units() - 1};
    const Quantity one{1};
    const auto compare = [](Quantity a, Quantity b, Quantity c, Quantity d) {
        const auto order = compare_products(a, b, c, d);
        return order < 0 ? "less" : order > 0 ? "greater" : "equal";
    };
    CHECK(compare(Quantity{140}, Quantity{5}, Quantity{100}, Quantity{7}) == std::string{"equal"});
    CHECK(compare(most, most, most, most) == std::string{"equal"});
    CHECK(compare(most, most, most, most - one) == std::string{"greater"});
    CHECK(compare(least, least, most, most) == std::string{"greater"});
    CHECK(compare(least, most, most, least) == std::string{"equal"});
    CHECK(compare(least, most, -most, most) == std::string{"less"});
    CHECK(compare(Quantity{}, least, Quantity{}, most) == std::string{"equal"});
    CHECK(compare(Quantity{}, most, -one, one) == std::string{"greater"});
    CHECK(compare(-one, one, Quantity{}, one) == std::string{"less"});
}

}  // namespace ledger::base
