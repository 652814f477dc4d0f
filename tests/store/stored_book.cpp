#include "tests/store/stored_book.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "ledger/book/canonical.hpp"
#include "ledger/proof/hash_chain.hpp"
#include "ledger/store/postgres/migrate.hpp"

namespace tests {

using namespace ledger::port;
using ledger::service::BatchBuilder;
using ledger::service::DecidedBatch;
using ledger::service::Waiting;

std::unique_ptr<support::TempDatabase> database_with_book(std::uint64_t versions_in_a_partition) {
    const auto size = versions_in_a_partition;
    return support::TempPostgres::instance().database_from(
        fmt::format("book{}", size), [&](postgres::Connection& connection) {
            const auto report = postgres::migrate(connection, postgres::embedded_migrations());
            if (!report) throw std::runtime_error{report.error().detail};
            if (size != 0)
                connection.execute_script(fmt::format(
                    "DROP TABLE event_p0000, journal_p0000, leg_p0000, encumbrance_history_p0000, "
                    "refusal_p0000;"
                    "CREATE OR REPLACE FUNCTION bailee_partition_size() RETURNS int8 LANGUAGE sql IMMUTABLE"
                    " AS 'SELECT {}::int8'; SELECT bailee_make_partitions(0)",
                    size));
            const auto made = postgres::create_book(connection, "test", std::string(32, 'k'));
            if (!made) throw std::runtime_error{made.error().detail};
        });
}

namespace {

// What the stream of random commands leaves out.
std::vector<ledger::rules::Command> people_and_keys() {
    std::vector<ledger::rules::Command> commands;
    for (const std::string name : {"anna", "bo", "cyd"}) {
        commands.emplace_back(
            ledger::rules::AddPrincipal{.id = "p-" + name,
                                        .name = {.text = name, .salt = std::string(16, name[0])},
                                        .roles = RoleSet::of(Role::operator_, Role::auditor),
                                        .party = ""});
        for (const char digit : {'1', '2'})
            commands.emplace_back(ledger::rules::CreateKey{
                .principal = "p-" + name,
                .expires_at = digit == '1'
                                  ? std::optional{KnownAt{::support::at_time("2027-03-05T14:00:00.123456Z")}}
                                  : std::nullopt,
                .key_id = name + digit,
                .hash = ledger::base::sha256(name),
                .last_four = "abcd"});
    }
    commands.emplace_back(ledger::rules::RevokeKey{"bo1"});
    return commands;
}

}  // namespace

StoredBook::StoredBook(std::uint64_t seed, std::uint64_t versions_in_a_partition)
    : database_{database_with_book(versions_in_a_partition)},
      store_{std::make_unique<PostgresStore>(options())},
      random_{seed, {.accounts = 20 + static_cast<unsigned>(seed % 30), .customers = 5}},
      at_{::support::at_time("2026-03-05T14:00:00Z")} {
    static_cast<void>(take_lease(*store_));
    static_cast<void>(take_lease(model_));
    committed_.head_hash = ledger::proof::chain_root("test");
    if (write({ledger::rules::OpenBook{"test"}}) != CommitOutcome::committed)
        throw std::runtime_error{"no book"};
    if (write(people_and_keys()) != CommitOutcome::committed || refused_ != 0)
        throw std::runtime_error{"no people"};
}

postgres::StoreOptions StoredBook::options() const {
    return {
        .conninfo = database_->conninfo(), .book = "test", .versions_ahead = 1'500, .allows_volatile = true};
}

DecidedBatch StoredBook::decide(const std::vector<ledger::rules::Command>& commands) {
    BatchBuilder builder{*store_, committed_, KnownAt{at_}};
    builder.tick();
    std::vector<Waiting> waiting;
    for (const auto& command : commands) {
        const bool is_genesis = std::holds_alternative<ledger::rules::OpenBook>(command);
        auto key = is_genesis ? std::string{} : "key-" + std::to_string(++next_key_);
        if (!is_genesis) ids_.push_back(ledger::service::idempotency_id(PrincipalNo{0}, key));
        const auto digest = ledger::base::sha256(ledger::book::canonical_bytes(command));
        waiting.push_back(support::alone(
            {.principal = PrincipalNo{0}, .idempotency_key = std::move(key), .command = command}, digest));
    }
    builder.decide(waiting);
    auto decided = builder.finish();
    decided.batch.number = batch_number_ + 1;
    return decided;
}

void StoredBook::take(const DecidedBatch& decided) {
    static_cast<void>(model_.append(decided.batch, decided.state));
    committed_.state = decided.state;
    committed_.head_hash = decided.head_hash;
    refused_ += decided.batch.refused.size();
    ++batch_number_;
}

CommitOutcome StoredBook::write(const std::vector<ledger::rules::Command>& commands) {
    const auto decided = decide(commands);
    if (!decided.writes()) return CommitOutcome::committed;
    const auto outcome = store_->append(decided.batch, decided.state);
    if (outcome == CommitOutcome::committed) take(decided);
    return outcome;
}

void StoredBook::run(std::size_t commands, std::size_t batch_size) {
    for (std::size_t done = 0; done < commands; done += batch_size) {
        std::vector<ledger::rules::Command> batch;
        while (batch.size() < std::min(batch_size, commands - done)) {
            const auto request = random_.next(twin_);
            at_ = std::max(at_, request.at);
            batch.push_back(::support::command_of(request.path, request.body, request.if_match));
            twin_.tick(std::max(request.at, twin_.state().now().at));
            twin_.submit(batch.back());
        }
        if (write(batch) != CommitOutcome::committed) throw std::runtime_error{"a batch was not committed"};
    }
}

}  // namespace tests
