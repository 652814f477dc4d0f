// Exact fractions of unlimited whole numbers: shares, haircuts, percentages. Never rounded on the way; where
// a rule rounds, the call names how. For the hot path, comparing by cross-multiplying is in wide_product.hpp.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/multiprecision/cpp_int.hpp>

#include "ledger/base/quantity.hpp"

namespace ledger::base {

class Ratio {
public:
    // Without expression templates, so that `auto` holds a number and not a reference to temporaries.
    using Integer = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>,
                                                  boost::multiprecision::et_off>;

    Ratio() = default;  // zero
    explicit Ratio(Quantity whole);
    explicit Ratio(std::int64_t whole) : value_{whole} {}

    // The denominator may be negative, but not zero: that would be a bug of the caller.
    [[nodiscard]] static Ratio of(const Integer& numerator, const Integer& denominator);
    [[nodiscard]] static Ratio of(Quantity numerator, Quantity denominator);

    // "0.05" or "-12": the text form of amounts with any number of fraction digits. "p/q" with q > 0, not
    // necessarily in lowest terms. Nothing for other texts, nor for one of more than text_size_max
    // characters.
    static constexpr std::size_t text_size_max = 4096;
    [[nodiscard]] static std::optional<Ratio> from_decimal(std::string_view text);
    [[nodiscard]] static std::optional<Ratio> from_fraction(std::string_view text);

    [[nodiscard]] Integer numerator() const { return boost::multiprecision::numerator(value_); }
    [[nodiscard]] Integer denominator() const {
        return boost::multiprecision::denominator(value_);
    }  // above zero
    [[nodiscard]] bool is_zero() const { return value_.is_zero(); }
    [[nodiscard]] bool is_positive() const { return value_.sign() > 0; }
    [[nodiscard]] bool is_negative() const { return value_.sign() < 0; }

    Ratio& operator+=(const Ratio& other) {
        value_ += other.value_;
        return *this;
    }
    Ratio& operator-=(const Ratio& other) {
        value_ -= other.value_;
        return *this;
    }
    Ratio& operator*=(const Ratio& other) {
        value_ *= other.value_;
        return *this;
    }
    Ratio& operator/=(const Ratio& other);  // by zero: a bug of the caller

    friend Ratio operator+(Ratio left, const Ratio& right) { return left += right; }
    friend Ratio operator-(Ratio left, const Ratio& right) { return left -= right; }
    friend Ratio operator*(Ratio left, const Ratio& right) { return left *= right; }
    friend Ratio operator/(Ratio left, const Ratio& right) { return left /= right; }
    Ratio operator-() const { return Ratio{} - *this; }

    friend bool operator==(const Ratio& left, const Ratio& right) { return left.value_ == right.value_; }
    friend std::strong_ordering operator<=>(const Ratio& left, const Ratio& right) {
        return left.value_.compare(right.value_) <=> 0;
    }

    [[nodiscard]] std::string to_text() const;  // "9/10", "0/1", "-3/1": lowest terms, the sign in front

private:
    using Fraction = boost::multiprecision::number<boost::multiprecision::cpp_rational_backend,
                                                   boost::multiprecision::et_off>;
    Fraction value_;
};

[[nodiscard]] Ratio::Integer to_integer(Quantity quantity);
[[nodiscard]] std::optional<Quantity> to_quantity(
    const Ratio::Integer& integer);  // nothing beyond 10^36 units

// As units at the asset's scale: 1/8 at scale 2 is 12 by half_even and floor, 13 by ceiling. Floor and
// ceiling go down and up, also below zero. Nothing when the units would pass law 1's bound.
enum class Rounding : std::uint8_t { half_even, floor, ceiling };
[[nodiscard]] std::optional<Quantity> round_to_units(const Ratio& ratio, int scale, Rounding rounding);
[[nodiscard]] Ratio from_units(Quantity quantity, int scale);

}  // namespace ledger::base
