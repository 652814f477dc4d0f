// Two services over one database: one writes, the other follows and takes over.
#include <catch2/catch.hpp>

#include "tests/support/running_service.hpp"

using namespace ledger::port;
using namespace ledger::service;
using tests::Fault;
using tests::MemoryDatabase;
using tests::support::comes_true;
using tests::support::RunningService;
namespace rules = ledger::rules;

namespace {

rules::AddAsset asset(std::string id) {
    return {.id = std::move(id), .kind = AssetKind::cash, .scale = 2, .isin = {}, .issuer = {}};
}

struct TwoServers {
    std::shared_ptr<MemoryDatabase> database = std::make_shared<MemoryDatabase>();
    RunningService one{{}, database, "one"};
    RunningService other{{}, database, "other"};

    TwoServers() {
        one.service->start();
        other.service->start();
    }
    // As when the holder stopped without a word for longer than the lease lasts.
    void let_the_lease_lapse() {
        const std::lock_guard lock{database->mutex};
        database->since_renewal = std::chrono::hours{1};
    }
};

}  // namespace

TEST_CASE("the second server follows: it serves what the first wrote, and passes no write on") {
    TwoServers two;
    CHECK(two.one.service->status().role == ServerRole::writer);
    CHECK(two.other.service->status().role == ServerRole::follower);
    CHECK(two.other.service->status().writer == "one");
    REQUIRE(std::holds_alternative<Accepted>(two.one.ask(asset("USD"), "k1")));
    CHECK(comes_true([&] { return two.other.service->committed()->state.assets.find("USD").has_value(); }));
    CHECK(two.other.service->committed()->head_hash == two.one.service->committed()->head_hash);
    CHECK(two.other.service->status().head == Version{2});
    const auto refused = two.other.ask(asset("EUR"), "k2");
    CHECK(std::get<Refused>(refused).error.code == Code::not_the_writer);
}

TEST_CASE("a server whose sessions are gone loses the lease, and its successor goes on where it ended") {
    TwoServers two;
    REQUIRE(std::holds_alternative<Accepted>(two.one.ask(asset("USD"), "k1")));
    two.one.service->stop();
    {
        const std::lock_guard lock{two.database->mutex};
        two.database->has_sessions = false;
        two.database->since_renewal = std::chrono::hours{1};
    }
    REQUIRE(comes_true([&] { return two.other.service->status().is_writer(); }));
    const auto replay = two.other.ask(asset("USD"), "k1");
    CHECK(std::get<Accepted>(replay).replayed);
    CHECK(std::get<Accepted>(two.other.ask(asset("EUR"), "k2")).entry->recorded.version == Version{3});
    CHECK(two.other.service->status().takeovers == 1);
}

TEST_CASE("a writer that was deposed while it slept is fenced, follows, and can become the writer again") {
    TwoServers two;
    {
        // It sleeps in the middle of a commit: the lease lapses, the other takes it.
        two.one.store.before_commit = [&](const Batch&) {
            two.let_the_lease_lapse();
            static_cast<void>(comes_true([&] { return two.other.service->status().is_writer(); }));
        };
        const auto outcome = two.one.ask(asset("USD"), "k1");
        CHECK(std::get<Refused>(outcome).error.code == Code::not_the_writer);
        two.one.store.before_commit = {};
    }
    CHECK(comes_true([&] { return two.one.service->status().role == ServerRole::follower; }));
    REQUIRE(std::holds_alternative<Accepted>(two.other.ask(asset("USD"), "k1")));
    CHECK(comes_true([&] { return two.one.service->committed()->state.assets.find("USD").has_value(); }));
    two.other.service->stop();
    two.let_the_lease_lapse();
    REQUIRE(comes_true([&] { return two.one.service->status().is_writer(); }));
    CHECK(std::get<Accepted>(two.one.ask(asset("USD"), "k1")).replayed);
    CHECK(two.database->log.size() == 2);
}

TEST_CASE("a follower refuses a database whose past is not its own") {
    TwoServers two;
    REQUIRE(std::holds_alternative<Accepted>(two.one.ask(asset("USD"), "k1")));
    REQUIRE(comes_true([&] { return two.other.service->committed()->state.version() == Version{2}; }));
    two.one.service->stop();
    {
        const std::lock_guard lock{two.database->mutex};
        two.database->head = {
            .batch = 1, .version = Version{1}, .hash = two.database->log.at(Version{1})->hash};
        two.database->since_renewal = std::chrono::hours{1};
    }
    CHECK(comes_true([&] { return two.other.service->status().health == Health::past_lost; }));
    CHECK(two.other.service->status().trouble.find("version 2") != std::string::npos);
    CHECK_FALSE(two.other.service->status().is_writer());
}
