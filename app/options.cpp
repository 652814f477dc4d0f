#include "app/options.hpp"

#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

namespace app {

void BookPlace::add_to(CLI::App& command) {
    auto* in_directory = command.add_option("--data-dir", data_dir, "directory of a private PostgreSQL");
    auto* by_address = command.add_option("--database", database, "address of your PostgreSQL database");
    auto* by_file = command.add_option("--database-file", database_file, "file that holds that address");
    command
        .add_option("--patroni", patroni,
                    "where Patroni is asked which host is the primary: http://HOST:PORT of each host of the "
                    "database, in that order, with commas between")
        ->delimiter(',')
        ->excludes(in_directory);
    in_directory->excludes(by_address)->excludes(by_file);
    by_address->excludes(by_file);
    command.callback([this] {
        // Only where the command line names no place, so that it never goes elsewhere than it says.
        const char* from_environment = std::getenv("BAILEE_DATABASE");
        if (data_dir.empty() && is_private() && from_environment != nullptr) database = from_environment;
        if (data_dir.empty() && is_private())
            throw CLI::ValidationError{
                "give --data-dir DIR, --database URL (or BAILEE_DATABASE) or --database-file FILE"};
    });
}

std::string BookPlace::database_address() const {
    return database_file.empty() ? database : first_line_of(database_file);
}

std::string first_line_of(const std::string& path) {
    std::ifstream file{path};
    std::string line;
    if (!std::getline(file, line) || line.empty())
        throw CommandFailed{exit_usage, fmt::format("{} cannot be read or is empty.", path)};
    return line;
}

}  // namespace app
