#include "ledger/base/ratio.hpp"

#include <algorithm>

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

using Integer = Ratio::Integer;

bool are_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_whole_number(std::string_view text) {
    return are_digits(text) && (text.size() == 1 || text.front() != '0');
}

// Boost would read a leading zero as the mark of an octal number.
Integer integer_of(std::string_view digits) {
    const auto first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    return Integer{std::string{digits.substr(first)}};
}

Integer power_of_ten(std::size_t exponent) {
    return boost::multiprecision::pow(Integer{10}, static_cast<unsigned>(exponent));
}

struct Division {
    Integer floor;
    Integer remainder;  // from zero to below the divisor
};

Division divide(const Integer& dividend, const Integer& divisor) {
    Division division;
    boost::multiprecision::divide_qr(dividend, divisor, division.floor, division.remainder);
    if (division.remainder < 0) {
        --division.floor;
        division.remainder += divisor;
    }
    return division;
}

bool goes_up(const Division& division, const Integer& divisor, Rounding rounding) {
    switch (rounding) {
        case Rounding::floor: return false;
        case Rounding::ceiling: return !division.remainder.is_zero();
        case Rounding::half_even: {
            const int half = Integer{division.remainder * 2}.compare(divisor);
            return half > 0 || (half == 0 && boost::multiprecision::bit_test(abs(division.floor), 0));
        }
    }
    never("a rounding without a rule");
}

}  // namespace

Integer to_integer(Quantity quantity) { return Integer{quantity.units()}; }

std::optional<Quantity> to_quantity(const Integer& integer) {
    static const Integer bound = to_integer(quantity_max());
    if (abs(integer) > bound) return std::nullopt;
    return Quantity{integer.convert_to<int128>()};
}

Ratio::Ratio(Quantity whole) : value_{to_integer(whole)} {}

Ratio Ratio::of(const Integer& numerator, const Integer& denominator) {
    ensure(!denominator.is_zero(), "a ratio has a denominator other than zero");
    Ratio ratio;
    ratio.value_ = denominator < 0 ? Fraction{-numerator, -denominator} : Fraction{numerator, denominator};
    return ratio;
}

Ratio Ratio::of(Quantity numerator, Quantity denominator) {
    return of(to_integer(numerator), to_integer(denominator));
}

std::optional<Ratio> Ratio::from_decimal(std::string_view text) {
    if (text.size() > text_size_max) return std::nullopt;
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
    if (!is_whole_number(whole) || (point != std::string_view::npos && !are_digits(fraction)))
        return std::nullopt;
    const Integer magnitude = integer_of(std::string{whole}.append(fraction));
    return of(is_negative ? Integer{-magnitude} : magnitude, power_of_ten(fraction.size()));
}

std::optional<Ratio> Ratio::from_fraction(std::string_view text) {
    if (text.size() > text_size_max) return std::nullopt;
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const auto stroke = text.find('/');
    if (stroke == std::string_view::npos) return std::nullopt;
    const auto above = text.substr(0, stroke);
    const auto below = text.substr(stroke + 1);
    if (!is_whole_number(above) || !is_whole_number(below) || below == "0") return std::nullopt;
    const Integer magnitude = integer_of(above);
    return of(is_negative ? Integer{-magnitude} : magnitude, integer_of(below));
}

Ratio& Ratio::operator/=(const Ratio& other) {
    ensure(!other.is_zero(), "nothing is divided by zero");
    value_ /= other.value_;
    return *this;
}

std::string Ratio::to_text() const { return numerator().str() + '/' + denominator().str(); }

std::optional<Quantity> round_to_units(const Ratio& ratio, int scale, Rounding rounding) {
    ensure(scale >= 0 && scale <= scale_max, "a scale is from 0 to 18");
    const Integer divisor = ratio.denominator();
    Division units = divide(ratio.numerator() * power_of_ten(static_cast<std::size_t>(scale)), divisor);
    if (goes_up(units, divisor, rounding)) ++units.floor;
    return to_quantity(units.floor);
}

Ratio from_units(Quantity quantity, int scale) {
    ensure(scale >= 0 && scale <= scale_max, "a scale is from 0 to 18");
    return Ratio::of(to_integer(quantity), power_of_ten(static_cast<std::size_t>(scale)));
}

}  // namespace ledger::base
