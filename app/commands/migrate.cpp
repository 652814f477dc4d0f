#include <fmt/format.h>

#include "app/book_database.hpp"
#include "app/commands.hpp"

namespace app {

Run add_migrate(CLI::App& program) {
    auto* command = program.add_subcommand("migrate", "bring the schema of a database up to this program");
    auto place = std::make_shared<BookPlace>();
    place->add_to(*command);
    return [place] {
        const auto applied = BookDatabase{*place, BookDatabase::Wanted::make_if_missing}.migrate();
        if (applied.empty()) fmt::print("nothing to apply\n");
        for (const auto& name : applied) fmt::print("applied {}\n", name);
        return exit_done;
    };
}

}  // namespace app
