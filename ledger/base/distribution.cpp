#include "ledger/base/distribution.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include <boost/multiprecision/cpp_int.hpp>

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

// Two quantities multiply to 254 bits, and 2^64 weights sum to 191.
using Wide = boost::multiprecision::uint256_t;

Wide wide(Quantity quantity) { return Wide{static_cast<uint128>(quantity.units())}; }

// Gives one unit each to those with the largest remainders until nothing is left.
template <class Entry, class Remainder>
void give_rest(Quantity left, std::span<const Entry> entries, const std::vector<Remainder>& remainders,
               std::vector<Quantity>& parts) {
    ensure(!left.is_negative() && left.units() <= static_cast<int128>(entries.size()),
           "floored shares leave at most a unit for each");
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto takers = order.begin() + static_cast<std::ptrdiff_t>(left.units());
    std::nth_element(order.begin(), takers, order.end(), [&](std::size_t one, std::size_t other) {
        if (remainders[one] != remainders[other]) return remainders[one] > remainders[other];
        return entries[one].id < entries[other].id;
    });
    std::for_each(order.begin(), takers, [&](std::size_t taker) { parts[taker] += Quantity{1}; });
}

}  // namespace

std::vector<Quantity> distribute(Quantity pool, std::span<const Weight> weights) {
    ensure(!pool.is_negative(), "a pool to share out is not negative");
    Wide total = 0;
    for (const auto& entry : weights) {
        ensure(!entry.weight.is_negative(), "a weight is not negative");
        total += wide(entry.weight);
    }
    std::vector<Quantity> parts(weights.size());
    if (pool.is_zero()) return parts;
    ensure(!total.is_zero(), "a pool is shared out among weights");
    std::vector<Wide> remainders(weights.size());
    Quantity left = pool;
    for (std::size_t at = 0; at < weights.size(); ++at) {
        Wide floor;
        boost::multiprecision::divide_qr(Wide{wide(pool) * wide(weights[at].weight)}, total, floor,
                                         remainders[at]);
        parts[at] = Quantity{floor.convert_to<int128>()};
        left -= parts[at];
    }
    give_rest(left, weights, remainders, parts);
    return parts;
}

std::vector<Quantity> distribute(Quantity pool, std::span<const ExactShare> shares) {
    std::vector<Quantity> parts(shares.size());
    std::vector<Ratio> remainders(shares.size());
    Ratio total;
    Quantity left = pool;
    for (std::size_t at = 0; at < shares.size(); ++at) {
        ensure(!shares[at].units.is_negative(), "a share is not negative");
        total += shares[at].units;
        const auto floor = round_to_units(shares[at].units, 0, Rounding::floor);
        ensure(floor.has_value(), "a share is within the bound of law 1");
        parts[at] = *floor;
        remainders[at] = shares[at].units - Ratio{*floor};
        left -= *floor;
    }
    ensure(total == Ratio{pool}, "exact shares sum to their pool");
    give_rest(left, shares, remainders, parts);
    return parts;
}

}  // namespace ledger::base
