// The pure core alone: no queue, no digest, no hash, no SQL.
#include "app/bench/bench.hpp"

#include <fmt/format.h>

#include "app/demo/commands_of.hpp"
#include "app/options.hpp"
#include "ledger/rules/decide.hpp"

namespace app::bench {
namespace {

using namespace ledger::book;
namespace rules = ledger::rules;

constexpr std::size_t batch =
    8192;  // after as many, the writer leaves a version behind that readers may hold
constexpr std::size_t accounts = 100'000;

// A book in memory that takes commands as the writer does.
class MemoryBook {
public:
    MemoryBook() {
        state_.advance_clock(KnownAt::from_micros(1'783'350'000'000'000));  // 2026-07-06T15:00:00Z
        take(rules::OpenBook{book_name});
    }
    void take(const rules::Command& command) {
        const rules::Submission submission{.principal = PrincipalNo{0}, .command = command, .digest = {}};
        auto decision = rules::decide(state_, submission);
        if (!decision)
            throw CommandFailed{
                exit_refused,
                fmt::format("The pure core refused a command of the benchmark: {}", decision.error().detail)};
        evolve(state_, rules::record(state_, submission, std::get<rules::Decided>(std::move(*decision))));
    }
    [[nodiscard]] const State& state() const { return state_; }

private:
    State state_;
};

// Every account holds dollars, and a tenth of them stands under a lien, so that no check has an easy way out.
void fill(MemoryBook& book) {
    for (const auto* bank : {"bank-a", "cme"})
        book.take(rules::AddParty{.id = bank, .kind = PartyKind::bank, .name = {bank, std::string(16, '0')}});
    book.take(rules::AddParty{.id = "fund", .kind = PartyKind::fund, .name = {"fund", std::string(16, '1')}});
    book.take(rules::AddAsset{.id = "USD", .kind = AssetKind::cash, .scale = 2, .isin = "", .issuer = ""});
    book.take(
        demo::location("bank-a.4d", "bank-a", Regime::FUT_4D, AccountKind::bank, "Customer Segregated"));
    for (std::size_t at = 0; at < accounts; ++at) {
        const auto id = account_id(at);
        book.take(demo::obligation(id, "fund", Regime::FUT_4D, AccountKind::customer));
        const auto dollars = demo::amount("USD", 1'000'000);
        book.take(demo::journal("DEPOSIT", {demo::debit("bank-a.4d", dollars), demo::credit(id, dollars)}));
        book.take(
            demo::lien("", LienType::CCP_MARGIN, "cme",
                       {{.account = id, .location = "bank-a.4d", .amount = demo::amount("USD", 100'000)}}));
    }
}

// Commands that are there before the clock starts: parsing is another layer's work.
std::vector<rules::Command> prepared(std::size_t count) {
    Traffic traffic{accounts, KeyOrder::random, 1};
    std::vector<rules::Command> commands;
    commands.reserve(count);
    for (std::size_t at = 0; at < count; ++at) commands.push_back(traffic.journal());
    return commands;
}

}  // namespace

void measure_decide_evolve(Bench& bench) {
    bench.step(fmt::format("decide_evolve over {} accounts", with_separators(static_cast<double>(accounts))));
    MemoryBook book;
    fill(book);
    const auto commands = prepared(256UL * 1024);
    std::vector<const rules::Command*> pointers;
    for (const auto& command : commands) pointers.push_back(&command);
    std::vector<double> rates;
    std::size_t next = 0;
    for (unsigned round = 1; round <= bench.options.rounds; ++round) {
        bench.step(fmt::format("decide_evolve, round {} of {}", round, bench.options.rounds));
        const auto begin = Clock::now();
        const auto end = begin + bench.options.round_length();
        std::uint64_t done = 0;
        while (Clock::now() < end) {
            const State held = book.state();  // the version that readers hold while the next is made
            for (std::size_t at = 0; at < batch; ++at, ++done) {
                if (at % rules::warmed_together == 0)
                    rules::warm(book.state(), std::span{pointers}.subspan(next, rules::warmed_together));
                book.take(commands[next]);
                next = (next + 1) % commands.size();
            }
        }
        rates.push_back(static_cast<double>(done) / seconds_between(begin, Clock::now()));
    }
    Figure figure{.name = "decide_evolve", .value = median(rates), .unit = "journals/s"};
    figure.bar = 1'000'000;
    figure.rounds = rates;
    bench.emit(std::move(figure));
}

}  // namespace app::bench
