#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/options.hpp"
#include "net/http_client.hpp"

namespace app {

Run add_healthcheck(CLI::App& program) {
    auto* command = program.add_subcommand("healthcheck", "ask a running server whether it is ready");
    auto url = std::make_shared<std::string>("http://127.0.0.1:8080");
    command->add_option("--url", *url, "address of the server")->capture_default_str();
    return [url] {
        const auto answer = net::call({.url = *url + "/readyz"});
        if (!answer) throw CommandFailed{exit_unreachable, answer.error().detail};
        fmt::print("{}\n", answer->body);
        return answer->status == 200 ? exit_done : exit_refused;
    };
}

}  // namespace app
