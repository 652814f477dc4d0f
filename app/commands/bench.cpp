#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <unistd.h>

#include "app/bench/bench.hpp"
#include "app/commands.hpp"
#include "app/options.hpp"

namespace app {
namespace {

// A row by its name, or by the name it begins with: "http_single" is both of its rows.
bool is_wanted(const bench::Row& row, const std::vector<std::string>& only) {
    const std::string name{row.name};
    return (only.empty() && !row.only_when_named) ||
           std::ranges::any_of(only, [&](const std::string& wanted) {
               return name == wanted || name.starts_with(wanted + "_");
           });
}

std::vector<bench::Row> wanted_rows(const std::vector<std::string>& only) {
    for (const auto& name : only) {
        if (std::ranges::any_of(bench::all_rows(), [&](const auto& row) { return is_wanted(row, {name}); }))
            continue;
        std::string known;
        for (const auto& row : bench::all_rows()) known += fmt::format("\n  {:<16} {}", row.name, row.what);
        throw CommandFailed{exit_usage,
                            fmt::format("There is no measurement \"{}\". There are:{}", name, known)};
    }
    std::vector<bench::Row> rows;
    for (const auto& row : bench::all_rows())
        if (is_wanted(row, only)) rows.push_back(row);
    return rows;
}

int run(const bench::Options& options) {
    const auto rows = wanted_rows(options.only);
    bench::Bench bench{options};
    for (const auto& row : rows) row.measure(bench);
    if (!options.as_json) fmt::print("{}", bench::table(bench.figures()));
    if (bench.has_skipped()) return exit_unreachable;
    const bool is_missed = std::ranges::any_of(
        bench.figures(), [](const bench::Figure& figure) { return !bench::is_met(figure).value_or(true); });
    return options.is_strict && is_missed ? exit_refused : exit_done;
}

}  // namespace

Run add_bench(CLI::App& program) {
    auto* command = program.add_subcommand("bench", "measure this program beside its peers on this machine");
    auto options = std::make_shared<bench::Options>();
    command->add_flag("--json", options->as_json, "print one JSON object a figure");
    command->add_option("--only", options->only, "measure this alone; may be given several times");
    command->add_option("--seconds", options->seconds, "of each measurement in a round")
        ->check(CLI::Range(1, 600))
        ->capture_default_str();
    command->add_option("--rounds", options->rounds, "how often each and its peer take turns")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    command->add_option("--spread", options->spread, "accounts that journals are spread over")
        ->check(CLI::Range(100, 1'000'000))
        ->capture_default_str();
    command
        ->add_option("--accounts", options->start_up_accounts,
                     "accounts of start_up (default 100000; 1000000 with --long)")
        ->check(CLI::Range(1, 10'000'000));
    command->add_flag("--long", options->is_long, "the size the bar of start_up is set for");
    command->add_option("--journals", options->journals, "at which growth ends")
        ->check(CLI::Range(2'000'000, 2'000'000'000))
        ->capture_default_str();
    command->add_option("--steps", options->steps_file, "file for the steps of growth, a line of JSON each");
    command->add_option("--scale", options->scale, "of pgbench's tables")
        ->check(CLI::Range(8, 1000))
        ->capture_default_str();
    command->add_option("--keys", options->keys, "order of idempotency keys: random or time-ordered")
        ->transform(CLI::CheckedTransformer(std::map<std::string, bench::KeyOrder>{
            {"random", bench::KeyOrder::random}, {"time-ordered", bench::KeyOrder::time_ordered}}));
    command->add_option("--data-dir", options->data_dir,
                        "an empty directory for the database, which is kept (default: a temporary one)");
    command->add_flag("--strict", options->is_strict, "exit with 1 when a bar is missed");
    command->footer(
        "Examples:\n  bailee bench\n  bailee bench --json --only writer_batch --seconds 5 --rounds 5\n"
        "  bailee bench --only start_up --long\n"
        "  bailee bench --only growth --journals 20000000 --steps growth.jsonl");
    return [options] {
        if (::isatty(STDERR_FILENO) == 1)
            options->say = [](const std::string& step) { fmt::print(stderr, "bench: {}\n", step); };
        return run(*options);
    };
}

}  // namespace app
