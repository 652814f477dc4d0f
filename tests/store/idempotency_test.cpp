// A key is answered as it was for as long as the book exists, and the answer costs one look-up; a new key
// costs none. Partitions are small here, so that a book of some hundred versions has many.
#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "ledger/store/postgres/session.hpp"
#include "ledger/store/postgres/verify.hpp"
#include "tests/simulation/planted_bugs.hpp"
#include "tests/store/stored_book.hpp"
#include "tests/support/random_keys.hpp"

using namespace ledger::port;
using namespace ledger::store::postgres;
using tests::StoredBook;

namespace {

constexpr std::uint64_t partition_size = 100;

using Answers = std::vector<std::pair<IdempotencyId, Answered>>;

std::vector<IdempotencyId> new_ids(std::uint64_t seed, std::size_t count) {
    std::vector<IdempotencyId> ids;
    tests::support::RandomKeys keys{seed};
    while (ids.size() < count) ids.push_back({keys.next()});
    return ids;
}

bool same(Answers left, Answers right) {
    const auto by_id = [](const auto& one, const auto& other) { return one.first < other.first; };
    std::ranges::sort(left, by_id);
    std::ranges::sort(right, by_id);
    return std::ranges::equal(left, right, [](const auto& one, const auto& other) {
        if (one.first != other.first || one.second.request_digest != other.second.request_digest)
            return false;
        const auto* version = std::get_if<Version>(&one.second.outcome);
        const auto* other_version = std::get_if<Version>(&other.second.outcome);
        if (version != nullptr || other_version != nullptr)
            return version != nullptr && other_version != nullptr && *version == *other_version;
        return std::get<RefusedRow>(one.second.outcome).error ==
               std::get<RefusedRow>(other.second.outcome).error;
    });
}

// A book over many partitions, whose batches cross their bounds.
struct LongBook {
    StoredBook book;
    Connection connection{open_session({.conninfo = book.database().conninfo()}, maintenance_session())};

    explicit LongBook(std::uint64_t seed) : book{seed, partition_size} {
        book.run(2000, 27);
        REQUIRE(closed() >= 4);
        REQUIRE(book.refused() > 50);
    }
    [[nodiscard]] std::uint64_t closed() const { return book.state().version().value / partition_size; }
    [[nodiscard]] std::int64_t number(const std::string& sql) {
        return connection.execute(sql).at(0, 0).int8();
    }
    // As the owner of the database might.
    void tamper(const std::string& sql) {
        connection.execute_script("SET session_replication_role = replica;" + sql +
                                  ";SET session_replication_role = origin");
    }
    [[nodiscard]] std::vector<ledger::proof::Finding> findings() {
        const auto report = verify_book(connection, {.book = "test"});
        REQUIRE(report);
        return report->findings;
    }
    [[nodiscard]] bool finds(const std::string& code, const std::string& object) {
        return std::ranges::any_of(findings(), [&](const auto& finding) {
            return finding.code == code && finding.object == object;
        });
    }
};

void check_every_key(StoredBook& book, PostgresStore& store) {
    CHECK(same(store.answered(book.ids()), book.model().answered(book.ids())));
}

}  // namespace

TEST_CASE("a filter that denies a key it holds is found: a planted bug forgets the answers") {
    LongBook long_book{20};
    auto& book = long_book.book;
    REQUIRE_FALSE(book.store().answered(book.ids()).empty());
    const tests::simulation::Planted planted{ledger::base::PlantedBug::filter_false_negative};
    CHECK_FALSE(same(book.store().answered(book.ids()), book.model().answered(book.ids())));
}

TEST_CASE("a replay costs one look-up and a new key none, across many partitions") {
    LongBook long_book{21};
    auto& book = long_book.book;
    auto& store = book.store();
    CHECK(long_book.number("SELECT count(*) FROM pg_inherits WHERE inhparent = 'refusal'::regclass") >=
          static_cast<std::int64_t>(long_book.closed()));
    CHECK(store.filters().partitions() == long_book.closed() + 1);
    check_every_key(book, store);

    auto before = store.filters().counters();
    std::size_t answered = 0;
    std::size_t accepted = 0;
    for (const auto& id : book.ids()) {
        const auto answers = store.answered({id});
        REQUIRE(same(answers, book.model().answered({id})));
        answered += answers.size();
        accepted += !answers.empty() && std::holds_alternative<Version>(answers[0].second.outcome) ? 1 : 0;
    }
    auto after = store.filters().counters();
    CHECK(accepted > 4 * partition_size / 2);
    CHECK(answered - accepted > 50);
    CHECK(after.ids_asked - before.ids_asked == book.ids().size());
    CHECK(after.found - before.found == answered);
    // A filter may be wrong for a key of another partition, seldom.
    CHECK(after.lookups - before.lookups >= answered);
    CHECK(after.lookups - before.lookups <= answered + answered / 50);

    before = after;
    for (const auto& id : new_ids(5, 20'000)) CHECK(store.answered({id}).empty());
    after = store.filters().counters();
    INFO(after.lookups - before.lookups << " look-ups of 20,000");
    // 26 in 100,000 for a full filter, and each partition has two of them; half as many again for chance.
    const auto expected_most = 20'000 * 2 * (long_book.closed() + 1) * 26 / 100'000;
    CHECK(after.lookups - before.lookups <= expected_most + expected_most / 2);
    CHECK(after.found == before.found);
}

TEST_CASE("a new key asks nothing of the database, not even whether it is there") {
    LongBook long_book{22};
    auto& [book, connection] = long_book;
    connection.execute("SELECT pg_terminate_backend($1, 5000)",
                       parameters(book.store().backend_pids().front()));
    CHECK(book.store().answered(new_ids(6, 1)).empty());
    CHECK_THROWS_AS(book.store().answered(book.ids()), Unavailable);
}

TEST_CASE("a closed partition's filter is stored outside the batch and loaded by the next writer") {
    LongBook long_book{23};
    auto& book = long_book.book;
    const auto stored = long_book.number("SELECT count(*) FROM idempotency_filter");
    CHECK(stored == static_cast<std::int64_t>(long_book.closed()));
    CHECK(book.store().filters().counters().filters_rebuilt == 0);
    CHECK(static_cast<std::int64_t>(book.store().filters().counters().filters_stored) == stored);
    CHECK(long_book.findings().empty());

    PostgresStore successor{book.options()};
    static_cast<void>(tests::support::take_lease(successor));
    const auto& counters = successor.filters().counters();
    CHECK(static_cast<std::int64_t>(counters.filters_loaded) == stored);
    CHECK(counters.filters_rebuilt == 0);
    check_every_key(book, successor);
    CHECK(successor.filters().memory() == book.store().filters().memory());
}

TEST_CASE("a stored filter that is missing or damaged is made again from the rows, and stored") {
    LongBook long_book{24};
    auto& book = long_book.book;
    static_cast<void>(tests::support::take_lease(book.store()));
    REQUIRE(long_book.number("SELECT count(*) FROM idempotency_filter") ==
            static_cast<std::int64_t>(long_book.closed()));
    long_book.tamper(
        "DELETE FROM idempotency_filter WHERE first_version = 0;"
        "UPDATE idempotency_filter SET accepted = set_byte(accepted, 40, get_byte(accepted, 40) # 8)"
        " WHERE first_version = 100;"
        "UPDATE idempotency_filter SET refused = substr(refused, 9) WHERE first_version = 200;"
        "UPDATE idempotency_filter SET end_version = 500 WHERE first_version = 300");
    PostgresStore successor{book.options()};
    static_cast<void>(tests::support::take_lease(successor));
    CHECK(successor.filters().counters().filters_rebuilt == 4);
    CHECK(successor.filters().counters().filters_stored == 4);
    CHECK(successor.filters().counters().filters_loaded == long_book.closed() - 4);
    check_every_key(book, successor);
    CHECK(long_book.findings().empty());
    PostgresStore third{book.options()};
    static_cast<void>(tests::support::take_lease(third));
    CHECK(third.filters().counters().filters_loaded == long_book.closed());
    check_every_key(book, third);
}

TEST_CASE("a follower that kept up takes over with what came since") {
    LongBook long_book{25};
    auto& book = long_book.book;
    PostgresStore follower{book.options()};
    follower.catch_up_filters();
    const auto before = follower.filters().counters();
    const auto closed_before = long_book.closed();
    CHECK(before.filters_loaded == closed_before);
    book.run(1000, 27);
    static_cast<void>(tests::support::take_lease(follower));
    // The one that was open is read on from where it stood; those behind it come as the writer stored them.
    CHECK(long_book.closed() > closed_before + 1);
    CHECK(follower.filters().counters().filters_loaded == long_book.closed() - 1);
    CHECK(follower.filters().counters().filters_rebuilt == before.filters_rebuilt);
    CHECK(long_book.number("SELECT count(*) FROM idempotency_filter") ==
          static_cast<std::int64_t>(long_book.closed()));
    check_every_key(book, follower);
    CHECK(long_book.findings().empty());
}

TEST_CASE("the writer's role is enough to look keys up and to keep the filters") {
    LongBook long_book{26};
    auto& [book, connection] = long_book;
    connection.execute_script(
        "DROP ROLE IF EXISTS test_filters; CREATE ROLE test_filters LOGIN IN ROLE bailee_writer");
    for (const auto pid : book.store().backend_pids())
        connection.execute("SELECT pg_terminate_backend($1, 5000)", parameters(pid));
    long_book.tamper(
        "DELETE FROM idempotency_filter WHERE first_version IN (0, 100);"
        "UPDATE idempotency_filter SET accepted = '' WHERE first_version = 200");
    auto options = book.options();
    options.conninfo +=
        (options.conninfo.find('?') == std::string::npos ? "?" : "&") + std::string{"user=test_filters"};
    PostgresStore store{options};
    static_cast<void>(tests::support::take_lease(store));
    CHECK(store.filters().counters().filters_stored >= 3);
    CHECK(long_book.number("SELECT count(*) FROM idempotency_filter") ==
          static_cast<std::int64_t>(long_book.closed()));
    check_every_key(book, store);
}

TEST_CASE("keys of a batch whose answer was lost are known once it is found committed, and only then") {
    for (const std::size_t size : {1U, 600U}) {
        for (const bool is_let_through : {true, false}) {
            INFO(size << " " << is_let_through);
            StoredBook book{27, partition_size};
            book.run(150, 25);
            auto options = book.options();
            options.commit_within = std::chrono::milliseconds{1500};
            std::vector<ledger::rules::Command> commands;
            for (std::size_t at = 0; at < size; ++at)
                commands.emplace_back(ledger::rules::AddParty{.id = fmt::format("lost{}", at),
                                                              .name = {.text = "Lost", .salt = "salt"}});
            commands.emplace_back(  // the id is taken: a refusal
                ledger::rules::AddParty{.id = "lost0", .name = {.text = "Other", .salt = "salt"}});
            const auto known = book.ids().size();
            const auto decided = book.decide(commands);
            REQUIRE(decided.batch.refused.size() == 1);
            const std::vector<IdempotencyId> ids(book.ids().begin() + static_cast<std::ptrdiff_t>(known),
                                                 book.ids().end());
            PostgresStore store{options};
            static_cast<void>(tests::support::take_lease(store));
            auto connection = book.database().connect();
            connection.execute_script(
                "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " PERFORM pg_advisory_lock(99); PERFORM pg_advisory_unlock(99); RETURN NULL; END $$;"
                "CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON batch DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION hold(); SELECT pg_advisory_lock(99)");
            CHECK_THROWS_AS(store.append(decided.batch, decided.state), OutcomeUnknown);
            if (is_let_through) {
                connection.execute_script("SELECT pg_advisory_unlock(99)");
                const auto last = "SELECT max(no) FROM batch";
                while (connection.execute(last).at(0, 0).int8() <
                       static_cast<std::int64_t>(decided.batch.number))
                    std::this_thread::sleep_for(std::chrono::milliseconds{2});
            }
            static_cast<void>(tests::support::take_lease(store));
            CHECK(store.answered(ids).size() == (is_let_through ? ids.size() : 0));
            CHECK(same(store.answered(book.ids()), [&] {
                if (is_let_through) book.take(decided);
                return book.model().answered(book.ids());
            }()));
        }
    }
}

TEST_CASE("verify finds a key that stands twice, in two partitions of the log or of refusals") {
    LongBook long_book{28};
    REQUIRE(long_book.findings().empty());
    const auto last = std::to_string(long_book.closed() * partition_size);
    // What the unique index of a partition cannot see.
    long_book.tamper(
        "INSERT INTO refusal (decided_at, at, idem, book_id, principal, request_digest, code, pointer,"
        " detail, figures, rule, next_step) SELECT " +
        last +
        " - 1, at, idem, book_id, principal, request_digest, code, pointer, detail, figures, rule,"
        " next_step FROM refusal WHERE decided_at < 100 ORDER BY decided_at, idem LIMIT 1");
    const auto first = long_book.number("SELECT min(decided_at) FROM refusal");
    CHECK(long_book.finds("KEY_ANSWERED_TWICE", fmt::format("event {}", first)));
    long_book.tamper("DELETE FROM refusal WHERE decided_at = " + last +
                     " - 1 AND idem = (SELECT idem FROM refusal WHERE decided_at < 100 ORDER BY decided_at, "
                     "idem LIMIT 1)");
    REQUIRE(long_book.findings().empty());
    long_book.tamper(
        "UPDATE event SET idem = (SELECT idem FROM event WHERE version = 60) WHERE version = 260");
    CHECK(long_book.finds("KEY_ANSWERED_TWICE", "event 60"));
}

TEST_CASE("verify finds a stored filter that lacks a key, is damaged, or is of no partition") {
    LongBook long_book{29};
    static_cast<void>(tests::support::take_lease(long_book.book.store()));
    REQUIRE(long_book.findings().empty());
    const auto after = [&](const std::string& change) {
        long_book.connection.execute_script("CREATE TABLE saved AS TABLE idempotency_filter");
        long_book.tamper(change);
        auto findings = long_book.findings();
        long_book.tamper(
            "DELETE FROM idempotency_filter; INSERT INTO idempotency_filter SELECT * FROM saved;"
            "DROP TABLE saved");
        return findings;
    };
    for (const std::string column : {"accepted", "refused"}) {
        INFO(column);
        const auto swapped =
            after(fmt::format("UPDATE idempotency_filter AS f SET {0} = o.{0} FROM idempotency_filter AS o"
                              " WHERE f.first_version = 100 AND o.first_version = 200",
                              column));
        CHECK(swapped.size() > 5);
        for (const auto& finding : swapped) {
            CHECK(finding.code == "FILTER_LACKS_KEY");
            CHECK(finding.object == "idempotency_filter 100");
            CHECK((finding.version.value >= 100 && finding.version.value < 200));
        }
        const auto damaged =
            after(fmt::format("UPDATE idempotency_filter SET {0} = set_byte({0}, 50, get_byte({0}, 50) # 1)"
                              " WHERE first_version = 200",
                              column));
        REQUIRE(damaged.size() == 1);
        CHECK(damaged[0].code == "FILTER_ALTERED");
        CHECK(damaged[0].object == "idempotency_filter 200");
    }
    const auto moved = after("UPDATE idempotency_filter SET end_version = 250 WHERE first_version = 100");
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].code == "FILTER_ALTERED");
    const auto early = after(
        "INSERT INTO idempotency_filter SELECT 100000, 100100, made_at, book_id, accepted, refused"
        " FROM idempotency_filter WHERE first_version = 100");
    REQUIRE(early.size() == 1);
    CHECK(early[0].object == "idempotency_filter 100000");
    CHECK(after("DELETE FROM idempotency_filter WHERE first_version = 100").empty());  // it is made again
    CHECK(long_book.findings().empty());
}
