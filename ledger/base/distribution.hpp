// Sharing out a pool so that the parts sum to it exactly: each share is floored to the unit, then the units
// left go one each by largest remainder, ties by ascending id in byte order.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ledger/base/quantity.hpp"
#include "ledger/base/ratio.hpp"

namespace ledger::base {

struct Weight {
    std::string_view id;
    Quantity weight;  // not negative
};

struct ExactShare {
    std::string_view id;
    Ratio units;  // not negative
};

// The parts stand in the order of the weights. Neither the pool nor a weight is negative, ids differ, and the
// weights sum to more than zero unless the pool is empty. Anything else is a bug of the caller.
[[nodiscard]] std::vector<Quantity> distribute(Quantity pool, std::span<const Weight> weights);

// The same for shares that have been worked out exactly already; they sum to the pool.
[[nodiscard]] std::vector<Quantity> distribute(Quantity pool, std::span<const ExactShare> shares);

}  // namespace ledger::base
