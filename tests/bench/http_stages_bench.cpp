// What the HTTP side of a journal costs by stage, each alone on one thread: reading the JSON, making commands
// of it, digesting them, and writing the answer. One figure is one journal of two legs out of a body of 1000.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "api/auth/api_key.hpp"
#include "api/auth/caller.hpp"
#include "api/wire/json_document.hpp"
#include "api/wire/rendering.hpp"
#include "api/wire/requests.hpp"
#include "ledger/base/ensure.hpp"
#include "ledger/book/canonical.hpp"
#include "tests/support/model_ledger.hpp"

namespace {

using namespace api::wire;

constexpr int journals = 1000;

std::string journal_text(int at) {
    return fmt::format(R"({{"reason":"DEPOSIT","effective_at":"2026-07-06T15:00:00Z",)"
                       R"("legs":[{{"account":"bank.4d","debit":{{"asset":"USD","amount":"{0}.25"}}}},)"
                       R"({{"account":"cust-{1}.fut","credit":{{"asset":"USD","amount":"{0}.25"}}}}]}})",
                       at + 1, at % 100);
}

std::string body_text() {
    std::string body = R"({"mode":"independent","journals":[)";
    for (int at = 0; at < journals; ++at) body += (at > 0 ? "," : "") + journal_text(at);
    return body + "]}";
}

JsonDocument parsed(std::string_view body) {
    auto document = JsonDocument::parse(body, {});
    ledger::base::ensure(document.has_value(), "the body is JSON");
    return std::move(*document);
}

std::vector<rules::Command> commands_of(const JsonDocument& document) {
    std::vector<rules::Command> commands;
    commands.reserve(journals);
    for (auto item = document.root().find("journals")->first(); item; item = item->next()) {
        auto command = read_journal(*item);
        ledger::base::ensure(command.has_value(), "the item is a journal");
        commands.push_back(std::move(*command));
    }
    return commands;
}

void per_journal(benchmark::State& state) {
    state.counters["per_journal"] = benchmark::Counter(
        journals, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void json(benchmark::State& state) {
    const auto body = body_text();
    for (auto _ : state) benchmark::DoNotOptimize(parsed(body));
    per_journal(state);
}
BENCHMARK(json);

void typed_reading(benchmark::State& state) {
    const auto body = body_text();
    const auto document = parsed(body);
    for (auto _ : state) benchmark::DoNotOptimize(commands_of(document));
    per_journal(state);
}
BENCHMARK(typed_reading);

void canonical_and_digest(benchmark::State& state) {
    const auto body = body_text();
    const auto document = parsed(body);
    const auto commands = commands_of(document);
    const std::string key(32, 'k');
    for (auto _ : state)
        for (const auto& command : commands) {
            const auto bytes = ledger::book::canonical_bytes(command);
            benchmark::DoNotOptimize(
                ledger::base::hmac_sha256(ledger::base::as_bytes(key), ledger::base::as_bytes(bytes)));
        }
    per_journal(state);
}
BENCHMARK(canonical_and_digest);

rules::OpenAccount account(const std::string& id, const std::string& party, Side side) {
    rules::OpenAccount open;
    open.id = id;
    open.party = party;
    open.side = side;
    open.regime = Regime::FUT_4D;
    if (side == Side::location) open.kind = AccountKind::bank;
    open.title = side == Side::location ? "Customer Segregated" : "";
    open.jurisdiction = side == Side::location ? "US" : "";
    return open;
}

void rendering(benchmark::State& state) {
    tests::support::ModelLedger book;
    rules::AddParty party;
    for (const auto* id : {"bank", "fund"}) {
        party.id = id;
        party.kind = party.id == "bank" ? PartyKind::bank : PartyKind::fund;
        party.name.text = party.id;
        book.accept(party);
    }
    book.accept(rules::AddAsset{.id = "USD", .kind = AssetKind::cash, .scale = 2});
    book.accept(account("bank.4d", "bank", Side::location));
    for (int at = 0; at < 100; ++at)
        book.accept(account(fmt::format("cust-{}.fut", at), "fund", Side::obligation));
    const auto body = body_text();
    const auto document = parsed(body);
    const auto commands = commands_of(document);
    std::vector<std::shared_ptr<const LogEntry>> entries;
    for (const auto& command : commands) entries.push_back(book.accept(command));
    const auto head = book.committed();
    const Facts facts;
    for (auto _ : state) {
        JsonWriter out{1'000'000};
        for (std::size_t at = 0; at < entries.size(); ++at)
            write_outcome(out, Source{head->state, facts, {}}, *entries[at], commands[at]);
        benchmark::DoNotOptimize(out.take());
    }
    per_journal(state);
}
BENCHMARK(rendering);

// Once a request, whatever it holds.
void key_check(benchmark::State& state) {
    tests::support::ModelLedger book;
    const auto made = api::auth::make_key(api::auth::random_key_bytes(), "main");
    rules::AddPrincipal principal;
    principal.id = "p";
    principal.name.text = "p";
    principal.roles.add(Role::operator_);
    book.accept(principal);
    rules::CreateKey key{.principal = "p", .expires_at = {}, .key_id = made.id};
    key.hash = api::auth::key_hash({}, made.text.reveal());
    book.accept(key);
    const auto head = book.committed();
    const auto header = "Bearer " + made.text.reveal();
    for (auto _ : state)
        benchmark::DoNotOptimize(api::auth::authenticate(head->state, {}, header, head->state.now()));
}
BENCHMARK(key_check);

}  // namespace

BENCHMARK_MAIN();
