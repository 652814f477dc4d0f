#include "app/commands.hpp"
#include "app/keys.hpp"
#include "app/server_files.hpp"
#include "app/serving.hpp"

namespace app {

Run add_serve(CLI::App& program) {
    auto* command = program.add_subcommand("serve", "serve a book over HTTP");
    auto options = std::make_shared<ServeOptions>();
    options->environment = live_environment;
    options->add_to(*command);
    command->add_option("--book", options->book, "name of the book when it is new")->capture_default_str();
    command->footer(
        "Examples:\n  bailee serve --data-dir ./firm\n"
        "  bailee serve --database postgresql://bailee@db/bailee --listen 0.0.0.0:8080");
    return [options] {
        return serve_until_signal(*options, [&](RunningBook& running, const std::string& pepper) {
            Keys keys;
            if (!running.is_new()) return keys;
            using ledger::book::Role;
            using ledger::book::RoleSet;
            keys["admin"] =
                mint_principal(running.book(), {"admin", "First administrator", RoleSet::of(Role::admin)},
                               pepper, options->environment);
            if (options->place.is_private())
                write_private_file(
                    command_line_key_file(options->place.data_dir),
                    mint_principal(running.book(),
                                   {"bailee-cli", "Command line of this server", RoleSet::of(Role::admin)},
                                   pepper, options->environment) +
                        "\n");
            return keys;
        });
    };
}

}  // namespace app
