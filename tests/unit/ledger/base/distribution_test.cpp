#include "ledger/base/distribution.hpp"

#include <vector>

#include <catch2/catch.hpp>

namespace ledger::base {
namespace {

std::vector<int> units(const std::vector<Quantity>& parts) {
    std::vector<int> shown;
    for (const auto part : parts) shown.push_back(static_cast<int>(part.units()));
    return shown;
}

Ratio thirds(std::int64_t count) { return Ratio{count} / Ratio{std::int64_t{3}}; }

}  // namespace

TEST_CASE("the units left after flooring go to the largest remainders") {
    // 100 x 5/9 = 55 5/9, 100 x 3/9 = 33 3/9, 100 x 1/9 = 11 1/9: one unit is left and the first has most.
    const std::vector<Weight> weights{{"c", Quantity{5}}, {"b", Quantity{3}}, {"a", Quantity{1}}};
    CHECK(units(distribute(Quantity{100}, weights)) == std::vector{56, 33, 11});
}

TEST_CASE("equal remainders are served by ascending id in byte order") {
    const std::vector<Weight> weights{
        {"b", Quantity{1}}, {"a", Quantity{1}}, {"B", Quantity{1}}, {"aa", Quantity{1}}};
    CHECK(units(distribute(Quantity{1}, weights)) == std::vector{0, 0, 1, 0});
    CHECK(units(distribute(Quantity{2}, weights)) == std::vector{0, 1, 1, 0});
    CHECK(units(distribute(Quantity{3}, weights)) == std::vector{0, 1, 1, 1});
    CHECK(units(distribute(Quantity{5}, weights)) == std::vector{1, 1, 2, 1});
}

TEST_CASE("bytes above 127 come after letters") {
    const std::vector<Weight> weights{{"\xc3\xa9", Quantity{1}}, {"z", Quantity{1}}};
    CHECK(units(distribute(Quantity{1}, weights)) == std::vector{0, 1});
}

TEST_CASE("a weight of zero gets nothing, and an empty pool is shared among anybody") {
    const std::vector<Weight> weights{{"a", Quantity{}}, {"b", Quantity{7}}};
    CHECK(units(distribute(Quantity{3}, weights)) == std::vector{0, 3});
    CHECK(units(distribute(Quantity{}, weights)) == std::vector{0, 0});
    CHECK(distribute(Quantity{}, std::vector<Weight>{}).empty());
    CHECK(units(distribute(Quantity{}, std::vector<Weight>{{"a", Quantity{}}})) == std::vector{0});
}

TEST_CASE("the largest pool among the largest weights is shared exactly") {
    const std::vector<Weight> weights{{"a", quantity_max()}, {"b", quantity_max()}, {"c", quantity_max()}};
    const auto parts = distribute(quantity_max(), weights);
    CHECK((parts[0] + parts[1] + parts[2] == quantity_max()));
    CHECK((parts[0] - parts[1] == Quantity{1}));
    CHECK((parts[1] == parts[2]));
}

TEST_CASE("exact shares are floored and rounded up by remainder") {
    const std::vector<ExactShare> shares{{"a", thirds(1)}, {"b", thirds(5)}, {"c", thirds(9)}};
    CHECK(units(distribute(Quantity{5}, shares)) == std::vector{0, 2, 3});
}

}  // namespace ledger::base
