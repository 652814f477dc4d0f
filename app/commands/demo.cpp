#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/demo/demo_firm.hpp"
#include "app/keys.hpp"
#include "app/server_files.hpp"
#include "app/serving.hpp"

namespace app {
namespace {

using ledger::book::PrincipalKind;
using ledger::book::Role;
using ledger::book::RoleSet;

std::string keys_file(const std::string& data_dir) { return data_dir + "/demo-keys.json"; }

Keys mint_keys(RunningBook& running, const std::string& pepper) {
    const std::vector<std::pair<const char*, NewPrincipal>> people{
        {"operator", {"p-anna", "Anna Ilves", RoleSet::of(Role::operator_), "", PrincipalKind::person}},
        {"admin", {"admin", "Demo administrator", RoleSet::of(Role::admin), "", PrincipalKind::person}},
        {"approver", {"p-bruno", "Bruno Sato", RoleSet::of(Role::approver), "", PrincipalKind::person}},
        {"margin_engine", {"margin-engine", "Margin engine", RoleSet::of(Role::margin_engine)}},
        {"auditor", {"p-chandra", "Chandra Wells", RoleSet::of(Role::auditor), "", PrincipalKind::person}},
    };
    Keys keys;
    for (const auto& [name, principal] : people)
        keys[name] = mint_principal(running.book(), principal, pepper, demo_environment);
    return keys;
}

Keys load_demo(RunningBook& running, const std::string& pepper, const demo::DemoOptions& firm) {
    auto keys = mint_keys(running, pepper);
    demo::set_up_firm(running.book(), firm);
    keys["customer:cust-42"] = mint_principal(
        running.book(), {"portal-cust-42", "Calder Pension Fund", RoleSet::of(Role::customer), "cust-42"},
        pepper, demo_environment);
    demo::run_day(running.book(), firm);
    return keys;
}

}  // namespace

Run add_demo(CLI::App& program) {
    auto* command = program.add_subcommand("demo", "serve a demo firm with a day of business behind it");
    auto options = std::make_shared<ServeOptions>();
    auto firm = std::make_shared<demo::DemoOptions>();
    options->book = "demo";
    options->is_small = true;
    options->environment = demo_environment;
    options->add_to(*command);
    command->add_option("--seed", firm->seed, "another seed gives another day")->capture_default_str();
    command->add_option("--customers", firm->customers, "how many customers the firm has")
        ->check(CLI::Range(60, 100'000))
        ->capture_default_str();
    command->footer("Example:\n  bailee demo --data-dir ./demo");
    return [options, firm] {
        if (::isatty(STDERR_FILENO) == 1)
            firm->say = [](const std::string& step) { fmt::print(stderr, "demo: {}\n", step); };
        return serve_until_signal(*options, [&](RunningBook& running, const std::string& pepper) {
            const auto path = keys_file(options->place.data_dir);
            if (running.is_new()) {
                const auto keys = load_demo(running, pepper, *firm);
                if (options->place.is_private()) {
                    write_private_file(path, nlohmann::json(keys).dump(2) + "\n");
                    write_private_file(command_line_key_file(options->place.data_dir),
                                       keys.at("admin") + "\n");
                }
                return keys;
            }
            std::ifstream file{path};
            auto kept = nlohmann::json::parse(file, nullptr, false);
            if (!kept.is_object())
                throw CommandFailed{exit_refused,
                                    "The book is there but its demo was not finished; start in another "
                                    "--data-dir, or serve this one with `bailee serve`."};
            return kept.get<Keys>();
        });
    };
}

}  // namespace app
