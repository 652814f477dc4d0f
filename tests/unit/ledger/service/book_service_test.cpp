#include <catch2/catch.hpp>

#include <atomic>
#include <future>

#include "tests/support/running_service.hpp"

using namespace ledger::port;
using namespace ledger::service;
using tests::Fault;
using tests::MemoryReader;
using tests::MemoryStore;
using Book = tests::support::RunningService;
namespace rules = ledger::rules;

namespace {

rules::AddAsset asset(std::string id, std::uint8_t scale = 2) {
    return {.id = std::move(id), .kind = AssetKind::cash, .scale = scale, .isin = {}, .issuer = {}};
}

Version version_of(const Outcome& outcome) { return std::get<Accepted>(outcome).entry->recorded.version; }
Code code_of(const Outcome& outcome) { return std::get<Refused>(outcome).error.code; }

}  // namespace

TEST_CASE("a new book opens with its reasons and goes on from there after a restart") {
    Book book;
    book.service->start();
    CHECK(book.service->committed()->state.version() == Version{1});
    CHECK(book.service->committed()->state.reasons.find("DEPOSIT"));
    CHECK(version_of(book.ask(asset("USD"), "k1")) == Version{2});
    book.service->stop();

    BookService again{book.store, book.reader, {}, book.clock.clocks()};
    again.start();
    CHECK(again.committed()->state.version() == Version{2});
    CHECK(again.committed()->state.assets.find("USD"));
}

TEST_CASE("the same key gets the same answer, another command under it a conflict") {
    Book book;
    book.service->start();
    const auto first = book.ask(asset("USD"), "k1");
    const auto replay = book.ask(asset("USD"), "k1");
    CHECK_FALSE(std::get<Accepted>(first).replayed);
    CHECK(std::get<Accepted>(replay).replayed);
    CHECK(version_of(replay) == version_of(first));
    CHECK(code_of(book.ask(asset("EUR"), "k1")) == Code::idempotency_conflict);

    const auto refused = book.ask(rules::RevokeKey{"nobody"}, "k2");
    const auto refused_again = book.ask(rules::RevokeKey{"nobody"}, "k2");
    CHECK(code_of(refused) == Code::not_found);
    CHECK(std::get<Refused>(refused_again).replayed);
    CHECK(std::get<Refused>(refused_again).decided_at == std::get<Refused>(refused).decided_at);
}

TEST_CASE(
    "creating the same id again with the same body answers as before, with another body it is refused") {
    Book book;
    book.service->start();
    const auto first = book.ask(asset("USD"), "k1");
    const auto same = book.ask(asset("USD"), "k2");
    CHECK(version_of(same) == version_of(first));
    CHECK(std::get<Accepted>(same).replayed);
    CHECK(code_of(book.ask(asset("USD", 4), "k3")) == Code::duplicate_id);
}

TEST_CASE("an outcome lost before it took effect is decided again, once") {
    Book book;
    book.service->start();
    book.store.faults = {Fault::lost_before};
    CHECK(version_of(book.ask(asset("USD"), "k1")) == Version{2});
    CHECK(book.store.database->log.size() == 2);
    CHECK(book.service->status().unknown_outcomes == 1);
    CHECK(book.service->status().health == Health::ready);
}

TEST_CASE("an outcome lost after it took effect is answered from the log and not written twice") {
    Book book;
    book.service->start();
    book.store.faults = {Fault::lost_after};
    const auto outcome = book.ask(asset("USD"), "k1");
    CHECK(version_of(outcome) == Version{2});
    CHECK_FALSE(std::get<Accepted>(outcome).replayed);
    CHECK(book.store.database->batches.size() == 2);
    CHECK(version_of(book.ask(asset("EUR"), "k2")) == Version{3});
}

TEST_CASE("while the store is away callers wait, and are answered when it is back") {
    Book book;
    book.service->start();
    book.store.faults = {Fault::away, Fault::away};
    book.store.leases_refused = 3;
    CHECK(version_of(book.ask(asset("USD"), "k1")) == Version{2});
}

TEST_CASE("a caller in doubt for too long hears that the outcome is open, and its key tells later") {
    ServiceOptions options;
    options.resolve_patience = std::chrono::milliseconds{0};
    Book book{options};
    book.service->start();
    book.store.faults = {Fault::lost_after};
    book.store.leases_refused = 2;
    CHECK(code_of(book.ask(asset("USD"), "k1")) == Code::outcome_unknown);
    const auto replay = book.ask(asset("USD"), "k1");
    CHECK(version_of(replay) == Version{2});
    CHECK(std::get<Accepted>(replay).replayed);
}

TEST_CASE("a deposed writer writes nothing more and says so") {
    Book book;
    book.service->start();
    {
        const std::lock_guard lock{book.store.database->mutex};
        book.store.database->epoch += 1;
        book.store.database->holder = "another";
    }
    CHECK(code_of(book.ask(asset("USD"), "k1")) == Code::not_the_writer);
    CHECK(code_of(book.ask(asset("USD"), "k1")) == Code::not_the_writer);
    CHECK(book.store.database->log.size() == 1);
}

TEST_CASE("a writer that finds its lease taken steps down at once and follows") {
    Book book;
    book.service->start();
    book.store.before_commit = [&](const Batch&) {
        const std::lock_guard lock{book.store.database->mutex};
        book.store.database->epoch += 1;
        book.store.database->holder = "another";
    };
    book.store.faults = {Fault::none};
    CHECK(code_of(book.ask(asset("USD"), "k1")) == Code::not_the_writer);
    CHECK_FALSE(book.service->status().is_writer());
    CHECK(book.service->status().health == Health::ready);  // as a follower
}

TEST_CASE("a database that lost an acknowledged version is refused by name") {
    Book book;
    book.service->start();
    REQUIRE(version_of(book.ask(asset("USD"), "k1")) == Version{2});
    book.store.before_commit = [&](const Batch&) {
        const std::lock_guard lock{book.store.database->mutex};
        // As after a failover onto a standby that lacked the last batch.
        book.store.database->head = {.batch = 1, .version = Version{1}, .hash = {}};
    };
    book.store.faults = {Fault::lost_before};
    CHECK(code_of(book.ask(asset("EUR"), "k2")) == Code::outcome_unknown);  // it was in doubt
    CHECK(code_of(book.ask(asset("EUR"), "k3")) == Code::not_the_writer);
    CHECK(book.service->status().trouble.find("version 2") != std::string::npos);
}

TEST_CASE("a leap of the clock stops writing until a person confirms it; a backward clock is held") {
    Book book;
    book.service->start();
    const auto before = std::get<Accepted>(book.ask(asset("USD"), "k1")).entry->recorded.known_at;
    book.clock.wall -= 5'000'000;
    CHECK(std::get<Accepted>(book.ask(asset("EUR"), "k2")).entry->recorded.known_at == before);
    book.clock.wall += 3 * 3'600'000'000LL;
    CHECK(code_of(book.ask(asset("GBP"), "k3")) == Code::clock_leap);
    CHECK(code_of(book.ask(asset("GBP"), "k3")) == Code::clock_leap);
    book.service->confirm_clock();
    CHECK(std::holds_alternative<Accepted>(book.ask(asset("GBP"), "k3")));
}

TEST_CASE("a full queue refuses at once and nothing waits for ever") {
    ServiceOptions options;
    options.queue_max = 4;
    Book book{options};
    book.service->start();
    book.store.leases_refused = 200;
    book.store.faults = {Fault::away};
    std::vector<std::future<Outcome>> answers;
    for (int at = 0; at < 50; ++at)
        answers.push_back(book.submit(asset("A" + std::to_string(at)), std::to_string(at)));
    std::size_t full = 0;
    std::size_t accepted = 0;
    for (auto& answer : answers) {
        REQUIRE(answer.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
        const auto outcome = answer.get();
        if (std::holds_alternative<Accepted>(outcome))
            ++accepted;
        else if (code_of(outcome) == Code::queue_full)
            ++full;
    }
    CHECK(full > 0);
    CHECK(accepted + full == answers.size());
}

TEST_CASE("what comes due is closed by a Tick without anyone asking") {
    Book book;
    book.service->start();
    REQUIRE(std::holds_alternative<Accepted>(book.ask(asset("USD"))));
    REQUIRE(std::holds_alternative<Accepted>(
        book.ask(rules::AddParty{.id = "p", .kind = PartyKind::fund, .name = {"P", "salt"}})));
    rules::OpenAccount owner{.id = "a", .party = "p"};
    owner.regime = Regime::FUT_4D;
    REQUIRE(std::holds_alternative<Accepted>(book.ask(owner)));
    rules::OpenAccount bank{.id = "b", .party = "p", .side = Side::location, .kind = AccountKind::bank};
    bank.regime = Regime::FUT_4D;
    REQUIRE(std::holds_alternative<Accepted>(book.ask(bank)));
    rules::PostJournal deposit;
    deposit.reason = "DEPOSIT";
    deposit.legs = {{"b", true, {"USD", {"10"}}}, {"a", false, {"USD", {"10"}}}};
    REQUIRE(std::holds_alternative<Accepted>(book.ask(deposit)));
    rules::Reserve reserve{
        .id = "r", .account = "a", .amount = {"USD", {"4"}}, .purpose = "", .expires_at = {}};
    reserve.expires_at = KnownAt::from_micros(book.clock.wall.load() + 1'000'000);
    REQUIRE(std::holds_alternative<Accepted>(book.ask(reserve)));
    book.clock.pass(std::chrono::seconds{2});
    for (int waited = 0; waited < 2000; ++waited) {
        if (!book.service->committed()->state.reservation_named("r")) break;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    const auto base = book.service->committed();
    CHECK_FALSE(base->state.reservation_named("r"));
    CHECK(base->state.balance(AccountNo{0}, AssetNo{0}).free() == Quantity{1000});
    CHECK(code_of(book.ask(rules::ReleaseReservation{"r"}, "late")) == Code::object_closed);
}
