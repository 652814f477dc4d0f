#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/options.hpp"
#include "ledger/store/postgres/private_server.hpp"

namespace app {

Run add_database_url(CLI::App& program) {
    auto* command = program.add_subcommand("database-url", "print the address of the private PostgreSQL");
    auto data_dir = std::make_shared<std::string>();
    command->add_option("--data-dir", *data_dir, "directory of the private PostgreSQL")->required();
    command->footer("Example:\n  psql \"$(bailee database-url --data-dir ./firm)\"");
    return [data_dir] {
        const auto address = ledger::store::postgres::PrivateServer::connection_string_of(*data_dir);
        if (!address) throw CommandFailed{exit_refused, address.error().detail};
        fmt::print("{}\n", *address);
        return exit_done;
    };
}

}  // namespace app
