#include "ledger/base/wide_product.hpp"

#include <cstdint>

namespace ledger::base {
namespace {

struct Wide {
    uint128 high;
    uint128 low;
    constexpr auto operator<=>(const Wide&) const = default;
};

constexpr uint128 magnitude(Quantity quantity) {
    const auto units = static_cast<uint128>(quantity.units());
    return quantity.is_negative() ? -units : units;
}

constexpr Wide multiply(uint128 left, uint128 right) {
    constexpr uint128 half = ~std::uint64_t{0};
    const uint128 low = (left & half) * (right & half);
    const uint128 middle = (left >> 64U) * (right & half) + (low >> 64U);  // at most 2^128 - 2^64
    const uint128 cross = (left & half) * (right >> 64U) + (middle & half);
    return {(left >> 64U) * (right >> 64U) + (middle >> 64U) + (cross >> 64U), (cross << 64U) | (low & half)};
}

constexpr int sign(Quantity quantity) {
    return quantity.is_negative() ? -1 : static_cast<int>(quantity.is_positive());
}

}  // namespace

std::strong_ordering compare_products(Quantity first, Quantity second, Quantity third, Quantity fourth) {
    const int left_sign = sign(first) * sign(second);
    const int right_sign = sign(third) * sign(fourth);
    if (left_sign != right_sign || left_sign == 0) return left_sign <=> right_sign;
    const Wide left = multiply(magnitude(first), magnitude(second));
    const Wide right = multiply(magnitude(third), magnitude(fourth));
    return left_sign > 0 ? left <=> right : right <=> left;
}

}  // namespace ledger::base
