// Quantities of an asset in its own smallest units: exact, signed, 128 bits. Law 1.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ledger::base {

__extension__ using int128 = __int128;
__extension__ using uint128 = unsigned __int128;

class Quantity {
public:
    constexpr Quantity() = default;
    constexpr explicit Quantity(int128 units) : units_{units} {}

    [[nodiscard]] constexpr int128 units() const { return units_; }
    constexpr auto operator<=>(const Quantity&) const = default;

    [[nodiscard]] constexpr bool is_zero() const { return units_ == 0; }
    [[nodiscard]] constexpr bool is_positive() const { return units_ > 0; }
    [[nodiscard]] constexpr bool is_negative() const { return units_ < 0; }

    // Safe without a check: every stored quantity is within law 1's bound, so one sum cannot overflow.
    constexpr Quantity operator+(Quantity other) const { return Quantity{units_ + other.units_}; }
    constexpr Quantity operator-(Quantity other) const { return Quantity{units_ - other.units_}; }
    constexpr Quantity operator-() const { return Quantity{-units_}; }
    constexpr Quantity& operator+=(Quantity other) {
        units_ += other.units_;
        return *this;
    }
    constexpr Quantity& operator-=(Quantity other) {
        units_ -= other.units_;
        return *this;
    }

private:
    // The processor wants no more than eight; sixteen would pad every record of quantities.
    using Units [[gnu::aligned(8)]] = int128;
    Units units_ = 0;
};
static_assert(alignof(Quantity) == 8);

// For values that come from outside the bound: nothing when the sum leaves 128 bits.
[[nodiscard]] std::optional<Quantity> checked_add(Quantity left, Quantity right);
[[nodiscard]] std::optional<Quantity> checked_subtract(Quantity left, Quantity right);
[[nodiscard]] std::optional<Quantity> checked_multiply(Quantity left, std::int64_t factor);

// 10^36: the most units a leg may carry and the most of one asset a book may hold on either side (law 1).
[[nodiscard]] constexpr Quantity quantity_max() {
    constexpr std::int64_t root = 1'000'000'000'000'000'000;
    return Quantity{int128{root} * root};
}
[[nodiscard]] constexpr bool is_within_bound(Quantity quantity) {  // |quantity| <= 10^36
    return quantity <= quantity_max() && quantity >= -quantity_max();
}

inline constexpr int scale_max = 18;

enum class DecimalFault : std::uint8_t { none, not_a_decimal, too_many_fraction_digits, too_large };

struct ParsedDecimal {
    Quantity quantity;
    DecimalFault fault = DecimalFault::none;
};

// Text form `-?(0|[1-9][0-9]*)(\.[0-9]+)?` at the asset's scale. More fraction digits than the scale is a
// fault, even when they are zeros; fewer are filled. A magnitude above 10^36 units is `too_large`.
[[nodiscard]] ParsedDecimal parse_decimal(std::string_view text, int scale);

// Always in full: scale 2 prints 5 as "0.05", scale 0 prints "5".
[[nodiscard]] std::string format_decimal(Quantity quantity, int scale);
void append_decimal(std::string& out, Quantity quantity, int scale);

}  // namespace ledger::base
