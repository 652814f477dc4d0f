// The commands of `bailee`, one file each under app/commands. Each adds itself to the program and returns
// what runs it.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace app {

using Run = std::function<int()>;

Run add_serve(CLI::App& program);
Run add_demo(CLI::App& program);
Run add_migrate(CLI::App& program);
Run add_verify(CLI::App& program);
Run add_checkpoint(CLI::App& program);
Run add_key(CLI::App& program);
Run add_database_url(CLI::App& program);
Run add_export(CLI::App& program);
Run add_healthcheck(CLI::App& program);
Run add_bench(CLI::App& program);

}  // namespace app
