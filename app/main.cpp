#include <array>
#include <cstdio>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/commands.hpp"
#include "app/logging.hpp"
#include "app/options.hpp"

int main(int argc, char** argv) {
    CLI::App program{"Bailee: a collateral and segregation ledger", "bailee"};
    program.set_version_flag("--version", "bailee " BAILEE_VERSION);
    program.require_subcommand(1);
    program.footer("Examples:\n  bailee demo --data-dir ./firm\n  bailee verify --data-dir ./firm --json");
    app::log_to_standard_error();

    std::vector<std::pair<CLI::App*, app::Run>> commands;
    for (auto* const add :
         {app::add_serve, app::add_demo, app::add_migrate, app::add_verify, app::add_checkpoint, app::add_key,
          app::add_database_url, app::add_export, app::add_healthcheck, app::add_bench}) {
        auto run = add(program);
        commands.emplace_back(program.get_subcommands([](const CLI::App*) { return true; }).back(),
                              std::move(run));
    }
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = program.exit(error);
        return code == 0 ? app::exit_done : app::exit_usage;
    }
    try {
        for (const auto& [command, run] : commands)
            if (command->parsed()) return run();
    } catch (const app::CommandFailed& failed) {
        fmt::print(stderr, "bailee: {}\n", failed.what());
        return failed.exit_code();
    } catch (const std::exception& error) {
        fmt::print(stderr, "bailee: {}\n", error.what());
        return app::exit_unreachable;
    }
    return app::exit_usage;
}
