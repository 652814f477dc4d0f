// What the fold says of facts that contradict the book: it names the contradiction and never reads past a
// table.
#include <catch2/catch.hpp>

#include "ledger/book/canonical.hpp"
#include "ledger/book/state_loader.hpp"
#include "tests/support/canonical_values.hpp"
#include "tests/support/random_commands.hpp"

namespace {

using namespace support;

// A book with one customer, who has 100.00 at a bank of FUT_4D.
struct SmallBook {
    TestBook book;
    SmallBook() {
        book.post("/v1/parties", {{"id", "p"}, {"name", "P"}, {"kind", "fund"}});
        book.post("/v1/assets", {{"id", "USD"}, {"kind", "cash"}, {"scale", 2}});
        book.post("/v1/accounts",
                  {{"id", "c"}, {"party", "p"}, {"side", "obligation"}, {"regime", "FUT_4D"}});
        book.post(
            "/v1/accounts",
            {{"id", "b"}, {"party", "p"}, {"side", "location"}, {"kind", "bank"}, {"regime", "FUT_4D"}});
        const Json amount{{"asset", "USD"}, {"amount", "100"}};
        REQUIRE(book.post("/v1/journals",
                          {{"reason", "DEPOSIT"},
                           {"legs",
                            {{{"account", "b"}, {"debit", amount}}, {{"account", "c"}, {"credit", amount}}}}})
                    .is_accepted());
    }
    [[nodiscard]] std::string told(Events events) const {
        auto state = book.state();
        return try_evolve(state, {.version = Version{state.version().value + 1},
                                  .known_at = state.now(),
                                  .effective_at = {},
                                  .principal = {},
                                  .events = std::move(events)})
            .value_or("");
    }
};

LienOpened lien_of(LienLine line) { return {.terms = {}, .lines = {std::move(line)}, .after = {}}; }

}  // namespace

TEST_CASE_METHOD(SmallBook, "a fact that contradicts the book is named") {
    const Quantity hundred{10'000};
    const LienLine fine{
        .owner = {0}, .location = {1}, .asset = {0}, .lot = {}, .quantity = hundred, .consumed = hundred};
    CHECK(told({lien_of(fine)}).empty());
    CHECK(told({}) == "no events, or too many");
    CHECK(told({PartyAdded{book.state().parties[PartyNo{0}]}}) == "an id is taken");
    CHECK(told({AccountOpened{{.id = "x", .party = {9}}}}) == "an account of an unknown party");
    CHECK(told({PrincipalAdded{{.id = "x", .name = {}, .roles = {}, .party = PartyNo{9}}}}) ==
          "a principal of an unknown party");
    CHECK(told({JournalPosted{.name = {}, .reason = {9'999}}}) == "a journal of an unknown reason");
    JournalPosted journal{.name = {}, .reason = {0}};
    journal.legs = {{{9}, {0}, hundred}};
    CHECK(told({journal}) == "a leg names what the book does not know");
    journal.legs = {{{0}, {0}, Quantity{quantity_max().units() + 1}}};
    CHECK(told({journal}) == "a quantity beyond law 1");
    journal.legs = {{{0}, {0}, hundred}};
    journal.after = {{{0}, {0}, {}}};
    CHECK(told({journal}) == "");  // 100.00 taken from 100.00 leaves zero
    Balance untouched;
    untouched.total = hundred;
    journal.after = {{{0}, {0}, untouched}};
    CHECK(told({journal}) == "a balance after is not the balance");
    auto line = fine;
    line.consumed = hundred + hundred;
    CHECK(told({lien_of(line)}) == "a lien line consumes what it has not");
    line = fine;
    line.location = {9};
    CHECK(told({lien_of(line)}) == "a lien line names the unknown");
    CHECK(told({LienOpened{}}) == "a lien without lines");
    CHECK(told({LienClosed{LienKey{1}}}) == "a lien closes that is not open");
    CHECK(told({ReservationClosed{ReservationKey{1}}}) == "a reservation closes that is not open");
    CHECK(told({ExceptionCured{ExceptionKey{1}}}) == "an exception is cured that is not open");
    CHECK(told({BookOpened{"again"}}) == "a book is opened once");
}

TEST_CASE_METHOD(SmallBook, "versions follow each other and knowledge time never goes back") {
    auto state = book.state();
    Recorded recorded{.version = state.version(),
                      .known_at = state.now(),
                      .effective_at = {},
                      .principal = {},
                      .events = {ReasonDefined{{.id = "NEW"}}}};
    CHECK(try_evolve(state, recorded) == std::string{"the version does not follow the one before"});
    recorded.version = Version{state.version().value + 1};
    recorded.known_at = KnownAt::from_micros(state.now().micros() - 1);
    CHECK(try_evolve(state, recorded) == std::string{"knowledge time went back"});
    recorded.known_at = state.now();
    recorded.principal = PrincipalNo{77};
    CHECK(try_evolve(state, recorded) == std::string{"an unknown principal"});
}

TEST_CASE("a garbled log never crashes the fold") {
    TestBook book{"2026-03-05T13:00:00Z"};
    RandomCommands random{3, {.accounts = 12}};
    for (int step = 0; step < 400; ++step) {
        const auto request = random.next(book);
        book.tick(request.at);
        book.post(request.path, request.body, request.if_match);
    }
    RandomValues values{4};
    int contradicted = 0;
    for (int round = 0; round < 3000; ++round) {
        const auto& recorded = book.log()[values.below(book.log().size())];
        auto bytes = canonical_bytes(recorded.events);
        for (auto flips = 1 + values.below(4); flips > 0; --flips)
            bytes[values.below(bytes.size())] = static_cast<char>(values.below(256));
        auto events = from_canonical_bytes<Events>(bytes);
        if (!events) continue;
        auto state = book.state();
        const auto wrong = try_evolve(state, {.version = Version{state.version().value + 1},
                                              .known_at = state.now(),
                                              .effective_at = recorded.effective_at,
                                              .principal = recorded.principal,
                                              .events = std::move(*events)});
        if (wrong) ++contradicted;
    }
    CHECK(contradicted > 100);
    // And events of no book at all.
    for (int round = 0; round < 20'000; ++round) {
        auto state = book.state();
        static_cast<void>(try_evolve(state, {.version = Version{state.version().value + 1},
                                             .known_at = state.now(),
                                             .effective_at = {},
                                             .principal = {},
                                             .events = {values.make<Event>()}}));
    }
}

TEST_CASE_METHOD(SmallBook, "a fingerprint tells every fact apart") {
    const auto before = fingerprint(book.state());
    const auto moved = [&, last = before]() mutable {
        const auto now = fingerprint(book.state());
        const bool has_moved = now != last;
        last = now;
        return has_moved;
    };
    auto changed = moved;
    const Json few{{"asset", "USD"}, {"amount", "5"}};
    const auto ends = "2026-07-06T18:00:00Z";
    book.post("/v1/liens",
              {{"id", "l"}, {"type", "CCP_MARGIN"}, {"holder", "p"}, {"account", "c"}, {"amount", few}});
    CHECK(changed());
    book.post("/v1/reservations", {{"id", "r"}, {"account", "c"}, {"amount", few}, {"expires_at", ends}});
    CHECK(changed());
    book.post("/v1/journals",
              {{"id", "j"},
               {"reason", "WITHDRAWAL"},
               {"legs", {{{"account", "c"}, {"debit", few}}, {{"account", "b"}, {"credit", few}}}}});
    CHECK(changed());
    const auto untouched = book.state();
    book.post("/v1/journals/j:reverse", {{"reason", "CORRECTION"}});
    CHECK(changed());
    CHECK(fingerprint(untouched) != fingerprint(book.state()));
}

TEST_CASE_METHOD(SmallBook, "an idle tick moves the clock and nothing else") {
    const auto version = book.state().version();
    const auto before = fingerprint(book.state());
    book.tick("2026-07-06T14:00:01Z");
    CHECK(book.state().version() == version);
    CHECK(fingerprint(book.state()) == before);
    CHECK(format_rfc3339(book.state().now().at) == "2026-07-06T14:00:01.000000Z");
}

TEST_CASE_METHOD(SmallBook, "a copy of the state never changes under its reader") {
    const State pinned = book.state();
    const auto before = fingerprint(pinned);
    const Json few{{"asset", "USD"}, {"amount", "5"}};
    book.post("/v1/liens", {{"type", "CCP_MARGIN"}, {"holder", "p"}, {"account", "c"}, {"amount", few}});
    book.post("/v1/accounts",
              {{"id", "d"}, {"party", "p"}, {"side", "location"}, {"kind", "dco"}, {"regime", "FUT_4D"}});
    CHECK(fingerprint(pinned) == before);
    CHECK(pinned.locations_of(Pool::fut_4d).size() == 1);
    CHECK(book.state().locations_of(Pool::fut_4d).size() == 2);
}

TEST_CASE_METHOD(SmallBook, "each asset of an account is found, be they one or many") {
    constexpr int many = 12;
    const auto name = [](int at) { return "A" + std::to_string(at); };
    for (int at = 0; at < many; ++at) {
        book.post("/v1/assets", {{"id", name(at)}, {"kind", "security"}, {"scale", 0}});
        const auto before = book.state();
        for (int of = 0; of < at; ++of) CHECK(book.total("c", name(of)) == std::to_string(2 * (of + 1)));
        CHECK(book.total("c", name(at)) == "0");
        for (int twice = 0; twice < 2; ++twice) {
            const Json amount{{"asset", name(at)}, {"amount", std::to_string(at + 1)}};
            REQUIRE(book.post("/v1/journals", {{"reason", "DEPOSIT"},
                                               {"legs",
                                                {{{"account", "b"}, {"debit", amount}},
                                                 {{"account", "c"}, {"credit", amount}}}}})
                        .is_accepted());
        }
        CHECK(before.balance(book.account("c"), book.asset(name(at))).total.is_zero());
    }
    int seen = 0;
    book.state().for_each_position(book.account("c"), [&](const Position& position) {
        CHECK(book.state().position(position.account, position.asset) == &position);
        ++seen;
    });
    CHECK(seen == many + 1);
    CHECK(book.state().position_count() == 2 * (many + 1));
}

TEST_CASE_METHOD(SmallBook, "warming changes nothing, also for names the book does not know") {
    const auto before = fingerprint(book.state());
    std::vector<std::string_view> names(100, "c");
    names.emplace_back("nobody");
    names.emplace_back("b");
    book.state().warm(names);
    book.state().warm({});
    CHECK(fingerprint(book.state()) == before);
}
