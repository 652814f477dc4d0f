// What is read from PostgreSQL is what the same book in memory answers.
#include <catch2/catch.hpp>

#include <thread>

#include "ledger/store/postgres/reader.hpp"
#include "tests/store/stored_book.hpp"

using namespace ledger::port;
using ledger::store::postgres::PostgresReader;
using tests::StoredBook;

namespace {

std::vector<LogEntry> plain(const std::vector<std::shared_ptr<const LogEntry>>& entries) {
    std::vector<LogEntry> values;
    for (const auto& entry : entries) values.push_back(*entry);
    return values;
}

bool same_log(const std::vector<std::shared_ptr<const LogEntry>>& left,
              const std::vector<std::shared_ptr<const LogEntry>>& right) {
    return std::ranges::equal(plain(left), plain(right), [](const LogEntry& one, const LogEntry& other) {
        return one.recorded == other.recorded && one.hash == other.hash &&
               one.previous_hash == other.previous_hash;
    });
}

struct Filled {
    StoredBook book{77};
    PostgresReader reader{{.conninfo = book.database().conninfo(), .book = "test", .sessions_max = 2}};
    Filled() { book.run(1200, 40); }
};

Filled& filled() {
    static Filled one;
    return one;
}

}  // namespace

TEST_CASE("the log is read in pieces and by version as it was written") {
    auto& [book, reader] = filled();
    for (const std::uint64_t after : {0U, 1U, 57U, 10'000U})
        for (const std::size_t most : {1U, 10U, 5000U})
            CHECK(same_log(reader.log_after(Version{after}, most),
                           book.model().log_after(Version{after}, most)));
    const std::vector<Version> asked{{9}, {3}, {100'000}, {1}};
    CHECK(same_log(reader.log_at(asked), book.model().log_at(asked)));
    CHECK(same_log(book.store().log_at(asked), book.model().log_at(asked)));
}

TEST_CASE("journals are found by account, forwards and backwards") {
    auto& [book, reader] = filled();
    for (const bool newest_first : {false, true})
        for (const std::uint64_t after : {0U, 20U, 300U})
            for (std::uint32_t account = 0; account <= book.state().accounts.size(); ++account) {
                Ledger::JournalQuery query{.account = AccountNo{account},
                                           .after = Version{after},
                                           .most = account % 7 + 1,
                                           .newest_first = newest_first};
                if (account == book.state().accounts.size()) query.account.reset();
                CHECK(reader.journals(query) == book.model().journals(query));
            }
}

TEST_CASE("liens are found by owner, place, holder, type and whether they are open") {
    auto& [book, reader] = filled();
    std::size_t found = 0;
    const auto check = [&](const Ledger::LienQuery& query) {
        const auto keys = reader.liens(query);
        CHECK(keys == book.model().liens(query));
        found += keys.size();
        return keys;
    };
    for (const auto open : {std::optional<bool>{}, std::optional{true}, std::optional{false}}) {
        Ledger::LienQuery query;
        query.open = open;
        const auto all = check(query);
        if (!all.empty()) {
            query.after = all[all.size() / 2];
            check(query);
            query.after = {};
        }
        query.most = 3;
        check(query);
        for (std::uint32_t account = 0; account < book.state().accounts.size(); ++account) {
            Ledger::LienQuery by_account;
            by_account.open = open;
            by_account.account = AccountNo{account};
            check(by_account);
            by_account.location =
                AccountNo{(account * 7 + 3) % static_cast<std::uint32_t>(book.state().accounts.size())};
            check(by_account);
            by_account.account.reset();
            check(by_account);
        }
        for (const auto& row : lien_types()) {
            Ledger::LienQuery by_type;
            by_type.open = open;
            by_type.type = row.value;
            check(by_type);
            by_type.holder = PartyNo{1};
            check(by_type);
        }
    }
    CHECK(found > 100);
}

TEST_CASE("the life of a lien, a reservation and an exception is told from birth to end") {
    auto& [book, reader] = filled();
    Ledger::LienQuery liens;
    liens.most = 100'000;
    for (const auto key : reader.liens(liens)) CHECK(reader.history_of(key) == book.model().history_of(key));
    for (const auto open : {std::optional<bool>{}, std::optional{true}, std::optional{false}}) {
        const Ledger::KeysQuery query{.after = 0, .most = 100'000, .open = open};
        const auto reservations = reader.reservations(query);
        CHECK(reservations == book.model().reservations(query));
        for (const auto key : reservations) CHECK(reader.history_of(key) == book.model().history_of(key));
        const auto exceptions = reader.exceptions(query);
        CHECK(exceptions == book.model().exceptions(query));
        for (const auto key : exceptions) CHECK(reader.history_of(key) == book.model().history_of(key));
    }
    CHECK(reader.reservations({.after = 0, .most = 2, .open = {}}).size() == 2);
}

TEST_CASE("a chosen name leads to the version that made it") {
    auto& [book, reader] = filled();
    CHECK(reader.made_by(ledger::rules::Named::asset, "USD") ==
          book.model().made_by(ledger::rules::Named::asset, "USD"));
    CHECK(reader.made_by(ledger::rules::Named::asset, "USD"));
    CHECK_FALSE(reader.made_by(ledger::rules::Named::asset, "XYZ"));
    CHECK(reader.made_by(ledger::rules::Named::reason, "DEPOSIT") == Version{1});
    const std::vector<ledger::rules::ChosenName> names{{ledger::rules::Named::party, "firm"},
                                                       {ledger::rules::Named::lien, "nobody"},
                                                       {ledger::rules::Named::party, "cme"}};
    const auto holders = book.store().holders_of(names);
    const auto wanted = book.model().holders_of(names);
    for (std::size_t at = 0; at < names.size(); ++at) {
        REQUIRE(holders[at].has_value() == wanted[at].has_value());
        if (!holders[at]) continue;
        CHECK(holders[at]->version == wanted[at]->version);
        CHECK(holders[at]->digest == wanted[at]->digest);
    }
}

TEST_CASE("what a key was answered is remembered, refusals with their figures") {
    auto& [book, reader] = filled();
    auto ids = book.ids();
    ids.push_back({});
    auto answers = book.store().answered(ids);
    auto wanted = book.model().answered(ids);
    const auto by_id = [](const auto& left, const auto& right) { return left.first < right.first; };
    std::ranges::sort(answers, by_id);
    std::ranges::sort(wanted, by_id);
    REQUIRE(answers.size() == wanted.size());
    CHECK(answers.size() <= book.ids().size());
    std::size_t refused = 0;
    for (std::size_t at = 0; at < answers.size(); ++at) {
        CHECK(answers[at].first == wanted[at].first);
        CHECK(answers[at].second.request_digest == wanted[at].second.request_digest);
        REQUIRE(answers[at].second.outcome.index() == wanted[at].second.outcome.index());
        if (const auto* refusal = std::get_if<RefusedRow>(&answers[at].second.outcome)) {
            const auto& other = std::get<RefusedRow>(wanted[at].second.outcome);
            ++refused;
            CHECK(refusal->error == other.error);
            CHECK(refusal->decided_at == other.decided_at);
            CHECK(refusal->principal == other.principal);
            CHECK(refusal->at == other.at);
        } else {
            CHECK(std::get<Version>(answers[at].second.outcome) ==
                  std::get<Version>(wanted[at].second.outcome));
        }
    }
    CHECK(refused > 20);
}

TEST_CASE("texts are read by their commitments until they are erased") {
    auto& [book, reader] = filled();
    const auto party = book.state().parties[PartyNo{0}].name;
    const auto other = book.state().parties[PartyNo{1}].name;
    CHECK(reader.texts({other, Digest{}, party}) == book.model().texts({other, Digest{}, party}));
    CHECK(reader.texts({party}).front());
    auto connection = book.database().connect();
    connection.execute("UPDATE erasable_text SET text = NULL WHERE commitment = $1",
                       ledger::store::postgres::parameters(party));
    CHECK_FALSE(reader.texts({party}).front());
    CHECK(reader.texts({other}).front());
}

TEST_CASE("many threads share few sessions, and a killed session is replaced") {
    auto& [book, reader] = filled();
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&, &from = reader] {
            for (int round = 0; round < 20; ++round)
                right += from.log_after(Version{5}, 3).size() == 3 ? 1 : 0;
        });
    for (auto& thread : threads) thread.join();
    CHECK(right == 160);
    auto connection = book.database().connect();
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bailee reader'");
    CHECK(reader.log_after(Version{5}, 3).size() == 3);
}

TEST_CASE("a reader without a database is unavailable, not broken") {
    PostgresReader reader{{.conninfo = "host=/nowhere dbname=none", .book = "test"}};
    CHECK_THROWS_AS(reader.log_after(Version{}, 1), Unavailable);
    auto& [book, other] = filled();
    PostgresReader wrong{{.conninfo = book.database().conninfo(), .book = "other"}};
    CHECK_THROWS_AS(wrong.log_after(Version{}, 1), Unavailable);
}
