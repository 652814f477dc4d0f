#include <catch2/catch.hpp>

#include "tests/simulation/planted_bugs.hpp"
#include "tests/support/small_world.hpp"

using ledger::base::PlantedBug;
using tests::simulation::Budget;
using tests::simulation::explore;
using tests::simulation::Planted;

namespace {

constexpr std::size_t most_worlds = 3'000'000;

void check_every_order(const Budget& budget) {
    const auto explored = explore(budget, most_worlds);
    INFO(explored.worlds << " worlds, " << explored.answered_all << " with every command answered");
    CHECK(explored.fault.value_or("") == "");
    CHECK(explored.worlds < most_worlds);
    CHECK(explored.answered_all > 0);
}

constexpr Budget takeovers{
    .commands = 2, .retries = 1, .lost_answers = 1, .failed_stages = 1, .takeovers = 2, .failovers = 0};
constexpr Budget failover{
    .commands = 2, .retries = 0, .lost_answers = 1, .failed_stages = 1, .takeovers = 2, .failovers = 1};
constexpr Budget lossy_failover{.commands = 3,
                                .retries = 0,
                                .lost_answers = 0,
                                .failed_stages = 0,
                                .takeovers = 2,
                                .failovers = 1,
                                .standby_is_synchronous = false};

}  // namespace

TEST_CASE("no order of deciding, committing, losing and taking over loses or doubles an answered command") {
    check_every_order(takeovers);
}

TEST_CASE("nor does a failover to a synchronous standby") { check_every_order(failover); }

TEST_CASE("after a failover that lost acknowledged batches nobody writes upon the shorter past") {
    check_every_order(lossy_failover);
}

TEST_CASE("each bug in the order of things is found by some order") {
    const auto [bug, budget] = GENERATE(table<PlantedBug, Budget>({
        {PlantedBug::answer_before_durable, takeovers},
        {PlantedBug::answer_out_of_turn, takeovers},
        {PlantedBug::double_merge, takeovers},
        {PlantedBug::doubt_taken_for_yes, takeovers},
        {PlantedBug::doubt_taken_for_no, takeovers},
        {PlantedBug::past_not_compared, lossy_failover},
    }));
    const Planted planted{bug};
    INFO("bug " << static_cast<int>(bug));
    CHECK(explore(budget, most_worlds).fault.has_value());
}
