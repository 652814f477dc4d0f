#include <catch2/catch.hpp>

#include "tests/support/small_world.hpp"

using tests::simulation::Budget;
using tests::simulation::explore;

TEST_CASE("a larger small world is without fault too") {
    const auto budget = GENERATE(Budget{.commands = 3,
                                        .retries = 1,
                                        .lost_answers = 1,
                                        .failed_stages = 1,
                                        .takeovers = 3,
                                        .failovers = 0},
                                 Budget{.commands = 2,
                                        .retries = 1,
                                        .lost_answers = 2,
                                        .failed_stages = 1,
                                        .takeovers = 3,
                                        .failovers = 1},
                                 Budget{.commands = 3,
                                        .retries = 0,
                                        .lost_answers = 1,
                                        .failed_stages = 0,
                                        .takeovers = 2,
                                        .failovers = 1,
                                        .standby_is_synchronous = false});
    const auto explored = explore(budget, 20'000'000);
    WARN(explored.worlds << " worlds");
    CHECK(explored.fault.value_or("") == "");
    CHECK(explored.worlds < 20'000'000);
}
