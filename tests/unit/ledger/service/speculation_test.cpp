// Two batches in flight: what the second is decided upon, and what becomes of it when the first fails.
#include <catch2/catch.hpp>

#include <condition_variable>

#include "tests/simulation/planted_bugs.hpp"
#include "tests/support/running_service.hpp"

using namespace ledger::port;
using namespace ledger::service;
using tests::Fault;
using tests::support::comes_true;
using tests::support::RunningService;
namespace rules = ledger::rules;

namespace {

// Holds every commit up until it is let through.
class Gate {
public:
    void operator()(const Batch& batch) {
        std::unique_lock lock{mutex_};
        reached_ = batch.number;
        changed_.notify_all();
        changed_.wait(lock, [&] { return open_through_ >= batch.number; });
    }
    void let_through(std::uint64_t number) {
        const std::lock_guard lock{mutex_};
        open_through_ = number;
        changed_.notify_all();
    }
    [[nodiscard]] bool is_reached_by(std::uint64_t number) {
        const std::lock_guard lock{mutex_};
        return reached_ >= number;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t reached_ = 0;
    std::uint64_t open_through_ = 1;  // the opening of the book
};

// A customer with a hundred units, and a writer whose next commit is held up.
struct HeldUp {
    ServiceOptions options{.overlap_from = 1};
    Gate gate;  // outlives the book, whose last commits pass it
    RunningService book{options};
    std::uint64_t batches = 0;

    HeldUp() {
        book.service->start();
        accept(rules::AddAsset{.id = "USD", .kind = AssetKind::cash, .scale = 0, .isin = {}, .issuer = {}});
        accept(rules::AddParty{.id = "p", .kind = PartyKind::fund, .name = {"P", "salt"}});
        rules::OpenAccount owner{.id = "a", .party = "p"};
        owner.regime = Regime::FUT_4D;
        accept(owner);
        rules::OpenAccount bank{.id = "b", .party = "p", .side = Side::location, .kind = AccountKind::bank};
        bank.regime = Regime::FUT_4D;
        accept(bank);
        accept(journal("DEPOSIT", true, "100"));
        batches = book.store.database->head.batch;
        gate.let_through(batches);
        book.store.before_commit = [this](const Batch& batch) { gate(batch); };
    }
    ~HeldUp() { gate.let_through(1'000'000); }

    void accept(rules::Command command) {
        REQUIRE(std::holds_alternative<Accepted>(book.ask(std::move(command))));
    }
    static rules::PostJournal journal(const std::string& reason, bool is_deposit, const std::string& amount) {
        rules::PostJournal journal;
        journal.reason = reason;
        journal.legs = {{"b", is_deposit, {"USD", {amount}}}, {"a", !is_deposit, {"USD", {amount}}}};
        return journal;
    }
    static rules::PostJournal withdrawal(const std::string& amount) {
        return journal("WITHDRAWAL", false, amount);
    }
    // Until so many batches are decided and not yet durable.
    [[nodiscard]] bool are_in_flight(std::size_t count) {
        return comes_true([&] { return book.service->status().batches_in_flight == count; });
    }
};

bool is_ready(std::future<Outcome>& answer) {
    return answer.wait_for(std::chrono::milliseconds{30}) == std::future_status::ready;
}

}  // namespace

TEST_CASE("the next batch is decided upon the one that commits, and answered after it") {
    HeldUp held;
    auto first = held.book.submit(held.withdrawal("60"), "k1");
    REQUIRE(comes_true([&] { return held.gate.is_reached_by(held.batches + 1); }));
    auto second = held.book.submit(held.withdrawal("60"), "k2");  // 40 are left, once the first is in
    REQUIRE(held.are_in_flight(2));
    CHECK_FALSE(is_ready(second));  // a refusal, and it too waits
    held.gate.let_through(held.batches + 2);
    CHECK(std::holds_alternative<Accepted>(first.get()));
    const auto refused = second.get();
    REQUIRE(std::holds_alternative<Refused>(refused));
    CHECK(std::get<Refused>(refused).error.code == Code::insufficient_free);
}

TEST_CASE("a refusal that rests on a batch that failed reaches nobody") {
    for (const auto fault : {Fault::lost_before, Fault::away}) {
        HeldUp held;
        {
            const std::lock_guard lock{held.book.store.database->mutex};
            held.book.store.faults = {fault};
        }
        auto first = held.book.submit(held.withdrawal("60"), "k1");
        REQUIRE(comes_true([&] { return held.gate.is_reached_by(held.batches + 1); }));
        auto second = held.book.submit(held.withdrawal("50"), "k2");
        REQUIRE(held.are_in_flight(2));
        // Meanwhile what the first rested on changes: its key is answered by nobody, so it is decided again,
        // first, and the second after it.
        held.gate.let_through(1'000'000);
        CHECK(std::holds_alternative<Accepted>(first.get()));
        const auto outcome = second.get();
        REQUIRE(std::holds_alternative<Refused>(outcome));
        // Decided anew, at the version the first really has.
        CHECK(std::get<Refused>(outcome).decided_at ==
              std::get<Accepted>(held.book.ask(held.withdrawal("60"), "k1")).entry->recorded.version);
    }
}

TEST_CASE("a refusal that only a failed batch caused is not given when that batch never comes back") {
    HeldUp held;
    {
        const std::lock_guard lock{held.book.store.database->mutex};
        held.book.store.faults = {Fault::lost_before};
    }
    auto late = std::make_shared<std::promise<Outcome>>();
    // Past its deadline when it would be decided again.
    held.book.service->submit({.principal = PrincipalNo{0},
                               .idempotency_key = "k1",
                               .command = held.withdrawal("60"),
                               .deadline = held.book.clock.clocks().steady() + std::chrono::seconds{1}},
                              [late](Outcome outcome) { late->set_value(std::move(outcome)); });
    REQUIRE(comes_true([&] { return held.gate.is_reached_by(held.batches + 1); }));
    auto second = held.book.submit(held.withdrawal("60"), "k2");
    REQUIRE(held.are_in_flight(2));
    held.book.clock.pass(std::chrono::seconds{2});
    held.gate.let_through(1'000'000);
    const auto first = late->get_future().get();
    REQUIRE(std::holds_alternative<Refused>(first));
    CHECK(std::get<Refused>(first).error.code == Code::queue_full);
    CHECK(std::holds_alternative<Accepted>(second.get()));
}

TEST_CASE("a key that is in flight is answered by the batch that holds it") {
    HeldUp held;
    auto first = held.book.submit(held.withdrawal("60"), "k1");
    REQUIRE(comes_true([&] { return held.gate.is_reached_by(held.batches + 1); }));
    auto again = held.book.submit(held.withdrawal("60"), "k1");
    REQUIRE(held.are_in_flight(2));
    CHECK_FALSE(is_ready(again));
    held.gate.let_through(1'000'000);
    const auto one = std::get<Accepted>(first.get());
    const auto other = std::get<Accepted>(again.get());
    CHECK_FALSE(one.replayed);
    CHECK(other.replayed);
    CHECK(one.entry->recorded.version == other.entry->recorded.version);
}

TEST_CASE("readers see the committed version while two batches are in flight, and pins are counted") {
    HeldUp held;
    const auto pinned = held.book.service->committed();
    auto first = held.book.submit(held.withdrawal("60"), "k1");
    REQUIRE(comes_true([&] { return held.gate.is_reached_by(held.batches + 1); }));
    auto second = held.book.submit(held.withdrawal("10"), "k2");
    REQUIRE(held.are_in_flight(2));
    CHECK(held.book.service->committed() == pinned);
    held.gate.let_through(1'000'000);
    CHECK(std::holds_alternative<Accepted>(second.get()));
    CHECK(pinned->state.balance(AccountNo{0}, AssetNo{0}).free() == Quantity{100});
    CHECK(held.book.service->committed()->state.balance(AccountNo{0}, AssetNo{0}).free() == Quantity{30});
    CHECK(held.book.service->status().pinned_versions == 1);
}

TEST_CASE("a linked group is all or none, and only its culprit is stored") {
    HeldUp held;
    held.gate.let_through(1'000'000);
    const auto envelope = [&](rules::Command command, std::string key) {
        return Envelope{
            .principal = PrincipalNo{0}, .idempotency_key = std::move(key), .command = std::move(command)};
    };
    const auto version = held.book.service->committed()->state.version();
    auto refused =
        held.book
            .submit_group({envelope(held.withdrawal("60"), "a"), envelope(held.withdrawal("60"), "b"),
                           envelope(held.withdrawal("1"), "c")},
                          Linkage::linked)
            .get();
    REQUIRE(refused.size() == 3);
    CHECK(std::get<Refused>(refused[0]).error.code == Code::linked_refused);
    CHECK(std::get<Refused>(refused[1]).error.code == Code::insufficient_free);
    CHECK(std::get<Refused>(refused[2]).error.code == Code::linked_refused);
    CHECK(held.book.service->committed()->state.version() == version);
    CHECK(std::get<Refused>(held.book.ask(held.withdrawal("60"), "b")).replayed);
    auto accepted =
        held.book
            .submit_group({envelope(held.withdrawal("60"), "a"), envelope(held.withdrawal("40"), "d")},
                          Linkage::linked)
            .get();
    CHECK_FALSE(std::get<Accepted>(accepted[0]).replayed);
    CHECK(std::get<Accepted>(accepted[1]).entry->recorded.version.value == version.value + 2);
    auto independent = held.book
                           .submit_group({envelope(held.withdrawal("1"), "e"),
                                          envelope(HeldUp::journal("DEPOSIT", true, "5"), "f")},
                                         Linkage::independent)
                           .get();
    CHECK(std::holds_alternative<Refused>(independent[0]));
    CHECK(std::holds_alternative<Accepted>(independent[1]));
}

TEST_CASE("when the queue is full releases are still taken, and go first") {
    Inbox inbox{16};
    const auto waiting = [](rules::Command command) {
        Waiting one;
        one.commands.push_back(
            {Envelope{.principal = {}, .idempotency_key = "", .command = std::move(command)}, {}});
        return one;
    };
    for (int at = 0; at < 14; ++at) {
        auto pledge = waiting(rules::OpenLien{});
        CHECK(inbox.add(pledge) == Inbox::Added::yes);
    }
    auto pledge = waiting(rules::OpenLien{});
    CHECK(inbox.add(pledge) == Inbox::Added::full);
    CHECK(pledge.commands.size() == 1);
    for (int at = 0; at < 2; ++at) {
        auto release = waiting(rules::ReleaseLien{.lien = "l", .amount = {}, .if_match = {}});
        CHECK(inbox.add(release) == Inbox::Added::yes);
    }
    auto release = waiting(rules::ReleaseReservation{"r"});
    CHECK(inbox.add(release) == Inbox::Added::full);
    const auto taken = inbox.take(4);
    REQUIRE(taken.size() == 4);
    CHECK(taken[0].is_release());
    CHECK(taken[1].is_release());
    CHECK_FALSE(taken[2].is_release());
    CHECK(inbox.size() == 12);
}

TEST_CASE("a batch is bounded by the lines it brings, and one that is larger alone still goes") {
    Inbox inbox{100};
    const auto journal = [](std::size_t legs) {
        rules::PostJournal of_many;
        of_many.legs.resize(legs);
        Waiting one;
        one.commands.push_back({Envelope{.principal = {}, .idempotency_key = "", .command = of_many}, {}});
        return one;
    };
    for (const auto legs : {Inbox::lines_per_batch_max - 10, std::size_t{10}, std::size_t{2},
                            Inbox::lines_per_batch_max + 1, std::size_t{2}}) {
        auto one = journal(legs);
        REQUIRE(inbox.add(one) == Inbox::Added::yes);
    }
    CHECK(inbox.take(50).size() == 2);
    CHECK(inbox.take(50).size() == 1);
    CHECK(inbox.take(50).size() == 1);
    CHECK(inbox.take(50).size() == 1);
    CHECK(inbox.size() == 0);
}

// Each says whether something is wrong, which it must be when the bug is planted, and only then.

namespace {

bool collides_in_flight(HeldUp& held) {
    auto first = held.book.submit(held.withdrawal("60"), "k1");
    REQUIRE(comes_true([&] { return held.gate.is_reached_by(held.batches + 1); }));
    auto second = held.book.submit(held.withdrawal("60"), "k2");
    REQUIRE(held.are_in_flight(2));
    held.gate.let_through(1'000'000);
    static_cast<void>(first.get());
    static_cast<void>(second.get());
    const std::lock_guard lock{held.book.store.database->mutex};
    return held.book.store.database->collisions > 0;
}

bool keeps_what_is_past_its_time(HeldUp& held) {
    held.gate.let_through(1'000'000);
    rules::Reserve reserve{
        .id = "r", .account = "a", .amount = {"USD", {"80"}}, .purpose = "", .expires_at = {}};
    reserve.expires_at = KnownAt::from_micros(held.book.clock.wall.load() + 1'000'000);
    held.accept(reserve);
    held.book.clock.pass(std::chrono::seconds{2});
    return std::holds_alternative<Refused>(held.book.ask(held.withdrawal("60"), "k1"));
}

bool forgets_a_refusal(HeldUp& held) {
    held.gate.let_through(1'000'000);
    static_cast<void>(held.book.ask(held.withdrawal("150"), "k1"));
    held.accept(HeldUp::journal("DEPOSIT", true, "100"));
    return std::holds_alternative<Accepted>(held.book.ask(held.withdrawal("150"), "k1"));
}

bool keeps_half_a_group(HeldUp& held) {
    held.gate.let_through(1'000'000);
    std::vector<Envelope> group;
    for (const std::string key : {"a", "b"})
        group.push_back(
            {.principal = PrincipalNo{0}, .idempotency_key = key, .command = held.withdrawal("60")});
    const auto before = held.book.service->committed()->state.version();
    static_cast<void>(held.book.submit_group(std::move(group), Linkage::linked).get());
    return held.book.service->committed()->state.version() != before;
}

}  // namespace

TEST_CASE("bugs planted in the deciding of batches are found") {
    using ledger::base::PlantedBug;
    const auto [bug, is_wrong] = GENERATE(table<PlantedBug, bool (*)(HeldUp&)>({
        {PlantedBug::lost_overlay, collides_in_flight},
        {PlantedBug::missed_tick, keeps_what_is_past_its_time},
        {PlantedBug::refusal_not_stored, forgets_a_refusal},
        {PlantedBug::linked_not_undone, keeps_half_a_group},
    }));
    INFO("bug " << static_cast<int>(bug));
    {
        HeldUp held;
        CHECK_FALSE(is_wrong(held));
    }
    HeldUp held;
    const tests::simulation::Planted planted{bug};
    CHECK(is_wrong(held));
}
