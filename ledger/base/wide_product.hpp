// Comparing fractions of quantities by cross-multiplying in 256 bits: exact, without allocation, for the hot
// path. "Is 140 % of the debit at least the pledged value" is compare_products(value, 100, debit, 140) <= 0.
#pragma once

#include <compare>

#include "ledger/base/quantity.hpp"

namespace ledger::base {

// The order of first * second against third * fourth.
[[nodiscard]] std::strong_ordering compare_products(Quantity first, Quantity second, Quantity third,
                                                    Quantity fourth);

}  // namespace ledger::base
