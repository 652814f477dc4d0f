// Opening a large book: the shipped program, from its start to its readiness line, and what it then weighs.
#include "app/bench/bench.hpp"
#include "app/bench/child.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/options.hpp"

namespace app::bench {
namespace {

constexpr const char* database = "start_up";
constexpr const char* empty_database = "start_up_empty";

struct Start {
    double seconds = 0;
    double bytes = 0;
    std::uint64_t version = 0;
};

Start start(Bench& bench, const char* where) {
    const auto begin = Clock::now();
    Child child{{"serve", "--database", bench.server().url(where), "--book", book_name, "--listen",
                 "127.0.0.1:0", "--json"},
                bench.scratch() / "start_up.log"};
    const auto ready = nlohmann::json::parse(child.first_line());
    return {.seconds = seconds_between(begin, Clock::now()),
            .bytes = resident_bytes(child.process()),
            .version = ready.at("version").get<std::uint64_t>()};
}

std::size_t accounts_of(const Options& options) {
    if (options.start_up_accounts != 0) return options.start_up_accounts;
    return options.is_long ? 1'000'000 : 100'000;
}

// The version the book was left at, for the second program to arrive at.
std::uint64_t make_book(Bench& bench, std::size_t accounts) {
    bench.server().create_database(database);
    const auto running = open_book(bench.server(), database);
    static_cast<void>(
        add_caller(*running));  // a book without principals would mint its first key at each start
    set_up_encumbered(bench.server(), database, running->book(), accounts);
    running->stop();
    return running->book().committed()->state.version().value;
}

}  // namespace

void measure_start_up(Bench& bench) {
    const auto accounts = accounts_of(bench.options);
    const auto of = with_separators(static_cast<double>(accounts));
    static_cast<void>(bench.server());
    bench.step(fmt::format("start_up: a book of {} accounts", of));
    const auto left_at = make_book(bench, accounts);
    bench.server().create_database(empty_database);
    const auto empty = start(bench, empty_database);
    std::vector<double> seconds;
    std::vector<double> bytes;
    for (unsigned round = 1; round <= bench.options.rounds; ++round) {
        bench.step(fmt::format("start_up, round {} of {}", round, bench.options.rounds));
        const auto begun = start(bench, database);
        if (begun.version < left_at)
            throw CommandFailed{exit_refused,
                                "The book came back at an earlier version than it was left at."};
        seconds.push_back(begun.seconds);
        bytes.push_back((begun.bytes - empty.bytes) / static_cast<double>(accounts));
    }
    Figure time{.name = "start_up", .value = median(seconds), .unit = fmt::format("s for {} accounts", of)};
    time.bar = 10;
    time.better = Better::lower;
    time.rounds = seconds;
    bench.emit(std::move(time));
    Figure memory{.name = "start_up_memory",
                  .value = median(bytes),
                  .unit = fmt::format("bytes an account, of {} accounts", of)};
    memory.bar = 1024;
    memory.better = Better::lower;
    memory.rounds = bytes;
    bench.emit(std::move(memory));
}

}  // namespace app::bench
