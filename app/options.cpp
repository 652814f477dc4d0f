#include "app/options.hpp"

#include <fstream>

#include <fmt/format.h>

namespace app {

void BookPlace::add_to(CLI::App& command) {
    auto* in_directory = command.add_option("--data-dir", data_dir, "directory of a private PostgreSQL");
    auto* by_address = command.add_option("--database", database, "address of your PostgreSQL database")
                           ->envname("BAILEE_DATABASE");
    auto* by_file = command.add_option("--database-file", database_file, "file that holds that address");
    in_directory->excludes(by_file);
    by_address->excludes(by_file);
    command.callback([this] {
        if (data_dir.empty() && is_private())
            throw CLI::ValidationError{"give --data-dir DIR, --database URL or --database-file FILE"};
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
