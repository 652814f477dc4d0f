// A batch is there whole or not at all, whoever dies, and only the holder of the lease writes it.
#include <catch2/catch.hpp>

#include <signal.h>

#include <chrono>
#include <thread>

#include "ledger/proof/hash_chain.hpp"
#include "ledger/store/postgres/migrate.hpp"
#include "tests/simulation/planted_bugs.hpp"
#include "tests/store/stored_book.hpp"

using namespace ledger::port;
using tests::StoredBook;
using tests::support::take_lease;

TEST_CASE("a book that was written is read back as it stands in memory") {
    const auto batch_size = GENERATE(as<std::size_t>{}, 1, 7, 300);
    StoredBook book{1000 + batch_size};
    book.run(batch_size == 1 ? 300 : 900, batch_size);
    INFO("version " << book.state().version().value << ", refused " << book.refused());
    CHECK(book.refused() > 20);
    CHECK(book.state().version().value > 100);
    const auto loaded = book.store().load();
    CHECK(loaded.state.version() == book.state().version());
    CHECK(fingerprint(loaded.state) == fingerprint(book.state()));
    CHECK(loaded.digest_key == std::string(32, 'k'));
    CHECK(loaded.generation == 1);
    CHECK(loaded.state.now() == book.state().now());
    CHECK(book.store().hash_at(book.state().version()) == book.committed().head_hash);
    CHECK_FALSE(book.store().hash_at(Version{book.state().version().value + 1}));
}

namespace {

using namespace ledger::store::postgres;

ledger::rules::Command party(const std::string& id) {
    return ledger::rules::AddParty{.id = id, .name = {.text = "Party " + id, .salt = std::string(16, 's')}};
}

std::vector<ledger::rules::Command> parties(const std::string& prefix, std::size_t count) {
    std::vector<ledger::rules::Command> commands;
    for (std::size_t at = 0; at < count; ++at) commands.push_back(party(prefix + std::to_string(at)));
    return commands;
}

// Small batches go out in one round trip, large ones by COPY: both must fail in the same way.
const auto sizes = {std::size_t{1}, std::size_t{600}};

std::int64_t number(Connection& connection, const std::string& sql) {
    return connection.execute(sql).at(0, 0).int8();
}

void terminate(const StoredBook& book, int pid) {
    auto connection = book.database().connect();
    connection.execute("SELECT pg_terminate_backend($1)", parameters(pid));
    while (number(connection, "SELECT count(*) FROM pg_stat_activity WHERE pid = " + std::to_string(pid)) !=
           0)
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
}

}  // namespace

TEST_CASE("a writer whose lease was taken writes nothing more and cannot take it back") {
    for (const auto size : sizes) {
        StoredBook book{5};
        const auto decided = book.decide(parties("late", size));
        const auto first_pids = book.store().backend_pids();
        PostgresStore successor{book.options()};
        const auto lease = take_lease(successor);
        CHECK(lease.epoch == 2);
        CHECK(lease.head.batch == book.batches());
        CHECK(lease.head.version == book.state().version());
        CHECK(lease.head.hash == book.committed().head_hash);
        CHECK(successor.backend_pids() != first_pids);
        CHECK_THROWS(
            book.store().append(decided.batch, decided.state));  // its session ended with the takeover
        CHECK_THROWS_AS(book.store().take_lease(1), Unavailable);  // of its session it does not know yet
        CHECK_THROWS_AS(book.store().take_lease(1), Deposed);
        CHECK_THROWS_AS(book.store().take_lease(1),
                        Unavailable);  // which callers that know no better try again
        CHECK(take_lease(successor).head.version == book.state().version());
        CHECK(successor.append(decided.batch, decided.state) == ledger::port::CommitOutcome::committed);
    }
}

TEST_CASE("a writer that kept its session is fenced by the epoch") {
    for (const auto size : sizes) {
        StoredBook book{6};
        const auto before = book.state().version();
        const auto decided = book.decide(parties("late", size));
        auto connection = book.database().connect();
        connection.execute_script("UPDATE lease SET epoch = epoch + 1, holder = 'another'");
        CHECK(book.store().append(decided.batch, decided.state) == ledger::port::CommitOutcome::fenced);
        CHECK(number(connection, "SELECT max(version) FROM event") ==
              static_cast<std::int64_t>(before.value));
        CHECK(number(connection, "SELECT count(*) FROM party WHERE id LIKE 'late%'") == 0);
        CHECK(number(connection, "SELECT count(*) FROM erasable_text WHERE text LIKE '%late%'") == 0);
    }
}

TEST_CASE("a stale lease that is written under all the same is found: the planted bug commits") {
    StoredBook book{6};
    const auto decided = book.decide(parties("late", 600));
    auto connection = book.database().connect();
    connection.execute_script("UPDATE lease SET epoch = epoch + 1, holder = 'another'");
    const tests::simulation::Planted planted{ledger::base::PlantedBug::stale_lease};
    CHECK(book.store().append(decided.batch, decided.state) == ledger::port::CommitOutcome::committed);
}

TEST_CASE("a batch that is not the next one is refused whole") {
    for (const auto size : sizes) {
        StoredBook book{7};
        auto decided = book.decide(parties("odd", size));
        decided.batch.number += 1;
        CHECK_THROWS_AS(book.store().append(decided.batch, decided.state), Unavailable);
        decided.batch.number -= 1;
        CHECK(book.store().append(decided.batch, decided.state) == ledger::port::CommitOutcome::committed);
    }
}

TEST_CASE("a version that is in the log is never written over") {
    for (const auto size : sizes) {
        StoredBook book{8};
        const auto decided = book.decide(parties("first", size));
        REQUIRE(book.store().append(decided.batch, decided.state) == ledger::port::CommitOutcome::committed);
        auto again = decided;
        again.batch.number += 1;  // the lease alone would let it pass
        CHECK_THROWS_AS(book.store().append(again.batch, again.state), Unavailable);
        CHECK(book.store().hash_at(decided.state.version()) == decided.head_hash);
    }
}

TEST_CASE("a session that was killed before the batch leaves nothing, and the lease brings the writer back") {
    for (const auto size : sizes) {
        StoredBook book{9};
        const auto decided = book.decide(parties("again", size));
        for (const auto pid : book.store().backend_pids()) terminate(book, pid);
        // Sent whole, a small batch may have been committed for all the writer knows; a large one certainly
        // was not.
        if (size == 1)
            CHECK_THROWS_AS(book.store().append(decided.batch, decided.state), OutcomeUnknown);
        else
            CHECK_THROWS_AS(book.store().append(decided.batch, decided.state), Unavailable);
        CHECK_THROWS_AS(book.store().append(decided.batch, decided.state), Unavailable);
        CHECK_THROWS_AS(book.store().lease_status(), Unavailable);  // the book's own session is gone too
        const auto lease = take_lease(book.store());
        CHECK(lease.head.batch == book.batches());
        CHECK(lease.head.version == book.state().version());
        CHECK(book.store().append(decided.batch, decided.state) == ledger::port::CommitOutcome::committed);
        book.take(decided);
        CHECK(fingerprint(book.store().load().state) == fingerprint(book.state()));
    }
}

namespace {

// Holds every commit of a batch up, with all of it written, for as long as the connection keeps the lock.
void hold_commits(Connection& connection) {
    connection.execute_script(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM pg_advisory_lock(99); PERFORM pg_advisory_unlock(99); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON batch DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION hold(); SELECT pg_advisory_lock(99)");
}

}  // namespace

TEST_CASE("a commit whose answer was lost is unknown until the lease says what became of it") {
    for (const auto size : sizes) {
        for (const bool is_let_through : {true, false}) {
            INFO(size << " " << is_let_through);
            StoredBook book{10};
            auto options = book.options();
            options.commit_within = std::chrono::milliseconds{1500};
            PostgresStore store{options};
            static_cast<void>(take_lease(store));
            auto connection = book.database().connect();
            hold_commits(connection);
            ledger::service::BatchBuilder builder{store, book.committed(), book.state().now()};
            std::vector<ledger::service::Waiting> waiting;
            for (auto& command : parties("lost", size))
                waiting.push_back(
                    tests::support::alone({.principal = {}, .idempotency_key = "", .command = command}));
            builder.decide(waiting);
            auto decided = builder.finish();
            decided.batch.number = book.batches() + 1;
            CHECK_THROWS_AS(store.append(decided.batch, decided.state), OutcomeUnknown);
            if (is_let_through) {
                connection.execute_script("SELECT pg_advisory_unlock(99)");
                while (number(connection, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") != 0 ||
                       number(connection, "SELECT max(no) FROM batch") <
                           static_cast<std::int64_t>(decided.batch.number))
                    std::this_thread::sleep_for(std::chrono::milliseconds{2});
            }
            const auto lease = take_lease(store);
            CHECK(lease.epoch == 3);
            CHECK(lease.head.batch == decided.batch.number - (is_let_through ? 0 : 1));
            CHECK(lease.head.version == (is_let_through ? decided.state.version() : book.state().version()));
            CHECK(lease.head.hash == (is_let_through ? decided.head_hash : book.committed().head_hash));
        }
    }
}

TEST_CASE("a server that is gone makes every call unavailable, and its return makes the book whole") {
    const tests::support::TempFolder folder;
    auto settings = tests::support::fast_options(folder.path() / "data");
    auto server = PrivateServer::start(settings);
    REQUIRE(server);
    const auto conninfo = server->connection_string();
    {
        auto connection = Connection{{.conninfo = conninfo}};
        REQUIRE(migrate(connection, embedded_migrations()));
        REQUIRE(create_book(connection, "main", std::string(32, 'k')));
        REQUIRE(create_book(connection, "main", std::string(32, 'x')));
        CHECK(number(connection, "SELECT count(*) FROM book") == 1);
    }
    PostgresStore store{{.conninfo = conninfo,
                         .book = "main",
                         .connect_within = std::chrono::milliseconds{500},
                         .allows_volatile = true,
                         .before_connecting = [&] { return server->ensure_running(); }}};
    CHECK(take_lease(store).head.version == Version{});
    ledger::port::Committed start{.state = {}, .head_hash = ledger::proof::chain_root("main")};
    ledger::service::BatchBuilder builder{store, start, KnownAt::from_micros(1'783'350'000'000'000)};
    builder.decide({tests::support::alone(
        {.principal = {}, .idempotency_key = "", .command = ledger::rules::OpenBook{"main"}})});
    auto decided = builder.finish();
    decided.batch.number = 1;
    REQUIRE(store.append(decided.batch, decided.state) == ledger::port::CommitOutcome::committed);
    REQUIRE(server->server_process());
    const auto sessions = store.backend_pids();
    ::kill(*server->server_process(), SIGKILL);
    for (const auto pid : sessions)
        while (::kill(pid, 0) == 0) std::this_thread::sleep_for(std::chrono::milliseconds{2});
    CHECK_THROWS_AS(store.load(), Unavailable);
    CHECK_THROWS_AS(store.hash_at(Version{1}), Unavailable);
    const auto lease = take_lease(store);
    CHECK(lease.epoch == 2);
    CHECK(lease.head.hash == decided.head_hash);
    CHECK(fingerprint(store.load().state) == fingerprint(decided.state));
}

TEST_CASE("a server that does not sync is refused, unless a test says otherwise") {
    StoredBook book{11};
    auto options = book.options();
    options.allows_volatile = false;
    PostgresStore strict{options};
    CHECK_THROWS_WITH(strict.lease_status(), Catch::Contains("fsync"));
    options.allows_volatile = true;
    options.book = "another";
    PostgresStore other{options};
    CHECK_THROWS_WITH(other.lease_status(), Catch::Contains("another"));
}
