// What holds for every book whatever is asked of it. The seed is printed; BAILEE_SEED repeats a run.
#include <cstdlib>
#include <iostream>

#include <catch2/catch.hpp>

#include "ledger/book/canonical.hpp"
#include "ledger/book/state_loader.hpp"
#include "tests/support/laws.hpp"
#include "tests/support/random_commands.hpp"

namespace {

using namespace support;

std::uint64_t seed_of_run() {
    static const auto seed = [] {
        const auto chosen = chosen_seed();
        std::cout << "BAILEE_SEED=" << chosen << '\n' << std::flush;
        return chosen;
    }();
    return seed;
}

RandomCommands::Mix mix_of(std::uint64_t world) {
    static constexpr unsigned sizes[]{2, 5, 12, 30, 50};
    return {.accounts = sizes[world % 5],
            .customers = 1 + static_cast<unsigned>(world % 4),
            .has_facts = world % 3 != 0};
}

// The live objects as a store would give them back, fed to the loader.
State rebuilt(const State& state) {
    StateLoader loader;
    const auto rows = [](const auto& list, auto numbered, auto visit) {
        for (std::uint32_t row = 0; row < list.size(); ++row) visit(list[decltype(numbered){row}], row);
    };
    rows(state.parties, PartyNo{}, [&](const auto& terms, auto) { loader.party(terms); });
    rows(state.assets, AssetNo{}, [&](const auto& terms, auto) { loader.asset(terms); });
    rows(state.principals, PrincipalNo{}, [&](const auto& terms, auto) { loader.principal(terms); });
    rows(state.reasons, ReasonNo{}, [&](const auto& terms, auto) { loader.reason(terms); });
    rows(state.agreements, AgreementNo{},
         [&](const auto& agreement, auto) { loader.agreement(agreement.terms, agreement.revoked_at); });
    rows(state.accounts, AccountNo{}, [&](const auto& terms, auto row) {
        // Where no position is younger, the account's version is that of its opening.
        const auto version = state.state_version(AccountNo{row});
        loader.account(terms, version);
    });
    for (std::size_t at = 0; at < state.position_count(); ++at) {
        const auto& position = state.position_at(at);
        loader.position(position.account, position.asset, position.balance, position.version);
    }
    state.for_each_lien(
        [&](LienKey key, const LiveLien& lien) { loader.lien(key, lien.terms, lien.lines, lien.changed); });
    state.for_each_reservation(
        [&](ReservationKey key, const LiveReservation& held) { loader.reservation(key, held.terms); });
    state.for_each_exception([&](ExceptionKey key, const OpenException& open) {
        loader.exception(key, open.terms, open.opened_at);
    });
    state.for_each_reversal([&](JournalKey reversed, JournalKey by) { loader.reversal(reversed, by); });
    state.for_each_key([&](const KeyState& key) { loader.key(key.terms, key.revoked); });
    return loader.finish(state.book(), state.version(), state.now());
}

}  // namespace

TEST_CASE("every law holds after every command, and a dry decision changes nothing") {
    const auto seed = seed_of_run();
    for (std::uint64_t world = 0; world < 30; ++world) {
        TestBook book{"2026-03-05T13:00:00Z"};
        RandomCommands random{seed + world, mix_of(world)};
        for (int step = 0; step < 400; ++step) {
            const auto request = random.next(book);
            book.tick(request.at);
            const auto command = command_of(request.path, request.body, request.if_match);
            const bool is_sampled = step % 20 == 0;
            const auto before = is_sampled ? fingerprint(book.state()) : Digest{};
            const auto dry = book.decide_only(command);
            if (is_sampled) REQUIRE(fingerprint(book.state()) == before);
            const auto answer = book.submit(command);
            INFO("world " << world << ", step " << step << ": " << request.path << " "
                          << request.body.dump());
            REQUIRE(dry.has_value() == answer.is_accepted());
            if (is_sampled && !answer.is_accepted()) REQUIRE(fingerprint(book.state()) == before);
            REQUIRE(broken_law(book.state()) == "");
        }
    }
}

TEST_CASE("without facts no instruction makes free quantity negative and no exception opens") {
    const auto seed = seed_of_run();
    for (std::uint64_t world = 0; world < 20; ++world) {
        TestBook book{"2026-03-05T13:00:00Z"};
        RandomCommands random{seed * 31 + world, {.accounts = 20, .customers = 3, .has_facts = false}};
        for (int step = 0; step < 400; ++step) {
            const auto request = random.next(book);
            book.tick(request.at);
            book.post(request.path, request.body, request.if_match);
            INFO("world " << world << ", step " << step << ": " << request.path << " "
                          << request.body.dump());
            for (std::size_t at = 0; at < book.state().position_count(); ++at)
                REQUIRE_FALSE(book.state().position_at(at).balance.free().is_negative());
            REQUIRE(book.open_exceptions() == 0);
        }
    }
}

TEST_CASE("a replay of the canonical log gives the live state, and so does a rebuild from its rows") {
    const auto seed = seed_of_run();
    for (std::uint64_t world = 0; world < 15; ++world) {
        TestBook book{"2026-03-05T13:00:00Z"};
        RandomCommands random{seed * 17 + world, mix_of(world)};
        for (int step = 0; step < 600; ++step) {
            const auto request = random.next(book);
            book.tick(request.at);
            book.post(request.path, request.body, request.if_match);
        }
        State replayed;
        for (const auto& recorded : book.log()) {
            const auto bytes = canonical_bytes(recorded.events);
            const auto events = from_canonical_bytes<Events>(bytes);
            REQUIRE((events && *events == recorded.events));
            REQUIRE(canonical_bytes(*events) == bytes);
            auto again = recorded;
            again.events = *events;
            REQUIRE(try_evolve(replayed, again) == std::nullopt);
        }
        REQUIRE(fingerprint(replayed) == fingerprint(book.state()));
        REQUIRE(fingerprint(rebuilt(book.state())) == fingerprint(book.state()));
        REQUIRE(broken_law(replayed) == "");
    }
}

TEST_CASE("a batch decided command by command under one tick gives what single commands give") {
    const auto seed = seed_of_run();
    for (std::uint64_t world = 0; world < 10; ++world) {
        TestBook single{"2026-03-05T13:00:00Z"};
        RandomCommands random{seed * 13 + world, mix_of(world)};
        // Each group of requests shares the instant of its first.
        std::vector<std::vector<Request>> batches;
        for (int step = 0; step < 300; ++step) {
            auto request = random.next(single);
            if (batches.empty() || batches.back().size() >= 1 + (seed + batches.size()) % 40)
                batches.emplace_back();
            if (!batches.back().empty()) request.at = batches.back().front().at;
            single.tick(request.at);
            single.post(request.path, request.body, request.if_match);
            batches.back().push_back(request);
        }
        TestBook batched{"2026-03-05T13:00:00Z"};
        for (const auto& batch : batches) {
            batched.tick(batch.front().at);
            const State committed = batched.state();  // a reader's pin, which must not move
            const auto pinned = fingerprint(committed);
            for (const auto& request : batch) batched.post(request.path, request.body, request.if_match);
            REQUIRE(fingerprint(committed) == pinned);
        }
        REQUIRE(fingerprint(batched.state()) == fingerprint(single.state()));
        REQUIRE((batched.log() == single.log()));
    }
}

TEST_CASE("the random mix accepts and refuses enough to mean something") {
    TestBook book{"2026-03-05T13:00:00Z"};
    RandomCommands random{7, {.accounts = 30}};
    std::map<std::string, int> codes;
    for (int step = 0; step < 6000; ++step) {
        const auto request = random.next(book);
        book.tick(request.at);
        ++codes[book.post(request.path, request.body, request.if_match).code()];
    }
    if (std::getenv("BAILEE_SHOW_MIX") != nullptr)
        for (const auto& [code, count] : codes) std::cout << code << " " << count << "\n";
    CHECK(codes["accepted"] > 1500);
    for (const auto* code :
         {"INSUFFICIENT_FREE", "NOT_FOUND", "UNBALANCED", "REGIME_CROSSED", "REASON_NOT_PERMITTED",
          "INVALID_INPUT", "LIEN_RANK", "DUPLICATE_ID", "STATE_MOVED", "ALREADY_SETTLED", "OVER_RELEASE",
          "HINDSIGHT_UNEXPLAINED", "EXPIRY_NOT_AHEAD", "RESERVATION_EXCEEDED"}) {
        INFO(code);
        CHECK(codes[code] > 0);
    }
}
