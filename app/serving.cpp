#include "app/serving.hpp"

#include <csignal>
#include <cstdio>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "api/api.hpp"
#include "app/checkpoints.hpp"
#include "app/keys.hpp"
#include "app/server_files.hpp"

namespace app {
namespace {

struct Address {
    std::string host;
    std::uint16_t port = 0;
};

Address parse_address(const std::string& text) {
    const auto colon = text.rfind(':');
    const auto port_text = colon == std::string::npos ? std::string{} : text.substr(colon + 1);
    const bool is_number = !port_text.empty() && port_text.size() <= 5 &&
                           port_text.find_first_not_of("0123456789") == std::string::npos;
    const auto port = is_number ? std::stoul(port_text) : 65'536UL;
    if (port > 65'535)
        throw CommandFailed{
            exit_usage, fmt::format("--listen wants ADDRESS:PORT, like 127.0.0.1:8080, not \"{}\".", text)};
    return {text.substr(0, colon), static_cast<std::uint16_t>(port)};
}

sigset_t ending_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

void print_ready(const ServeOptions& options, const std::string& url, RunningBook& running,
                 const Keys& keys) {
    const auto base = running.book().committed();
    if (options.as_json) {
        const nlohmann::ordered_json line{{"url", url},
                                          {"book", base->state.book()},
                                          {"version", base->state.version().value},
                                          {"keys", keys}};
        fmt::print("{}\n", line.dump());
    } else {
        const auto status = running.book().status();
        fmt::print(
            "Bailee serves book \"{}\" at version {}{}.\n\n  API        {}/v1\n  Reference  {}/docs\n",
            base->state.book(), base->state.version().value,
            status.is_writer() ? std::string{} : fmt::format(", following its writer {}", status.writer), url,
            url);
        if (!keys.empty())
            fmt::print(
                "\n  Keys, shown once unless this is the demo; send them as Authorization: Bearer KEY\n");
        for (const auto& [name, key] : keys) fmt::print("    {:<18} {}\n", name, key);
        fmt::print("\nStop with Ctrl-C.\n");
    }
    std::fflush(stdout);
}

}  // namespace

void ServeOptions::add_to(CLI::App& command) {
    place.add_to(command);
    command.add_option("--listen", listen, "address and port; port 0 takes a free one")
        ->capture_default_str();
    command.add_option("--threads", threads, "threads for connections")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command
        .add_option("--commit-within", commit_within_seconds,
                    "seconds after which the outcome of a commit without an answer is unknown, and resolved")
        ->check(CLI::Range(1, 600))
        ->capture_default_str();
    command.add_option("--pepper-file", pepper_file, "file whose first line keys the hashes of API keys");
    auto* checkpoints =
        command.add_option("--checkpoint-file", checkpoint_file, "keep a signed checkpoint here");
    command.add_option("--signing-key", signing_key_file, "the key that signs it; made when it is not there");
    command.add_option("--checkpoint-every", checkpoint_every_seconds, "seconds between checkpoints")
        ->needs(checkpoints)
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    command.add_flag("--json", as_json, "print the readiness line as JSON");
}

int serve_until_signal(ServeOptions options,
                       const std::function<Keys(RunningBook& running, const std::string& pepper)>& prepare) {
    const auto signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals,
                    nullptr);  // before any thread, so that only the wait below hears them
    std::signal(SIGPIPE, SIG_IGN);

    const auto address = parse_address(options.listen);
    const auto pepper = read_pepper(options.pepper_file);
    const auto& data_dir = options.place.data_dir;
    if (options.signing_key_file.empty() && options.place.is_private())
        options.signing_key_file = signing_key_file(data_dir);
    if (!options.checkpoint_file.empty() && options.signing_key_file.empty())
        throw CommandFailed{exit_usage,
                            "--checkpoint-file with a database of yours needs --signing-key FILE."};
    std::optional<ServerLock> lock;
    if (options.place.is_private()) {
        lock = ServerLock::take(data_dir);
        if (!lock) throw CommandFailed{exit_refused, fmt::format("Another bailee serves {}.", data_dir)};
    }
    RunningBook running{BookDatabase{options.place, BookDatabase::Wanted::make_if_missing, options.is_small},
                        options.book, std::chrono::seconds{options.commit_within_seconds}};
    const auto keys = prepare(running, pepper);
    api::Api interface{running.book(), api::ApiOptions{.address = address.host,
                                                       .port = address.port,
                                                       .threads = options.threads,
                                                       .pepper = pepper,
                                                       .environment = options.environment}};
    const auto url = fmt::format("http://{}:{}", address.host, interface.port());
    if (options.place.is_private()) write_private_file(server_address_file(data_dir), url + "\n");
    print_ready(options, url, running, keys);

    auto checkpoint = [&, signed_version = ledger::base::Version{}]() mutable {
        if (options.checkpoint_file.empty()) return;
        const auto base = running.book().committed();
        if (base->state.version() == signed_version) return;
        signed_version = base->state.version();
        write_checkpoint(options.checkpoint_file,
                         {.book = base->state.book(),
                          .generation = base->generation,
                          .version = signed_version,
                          .hash = base->head_hash,
                          .known_at = base->state.now()},
                         signing_key_in(options.signing_key_file));
    };
    int signal = -1;
    while (signal < 0) {
        checkpoint();
        const timespec pause{.tv_sec = static_cast<time_t>(options.checkpoint_every_seconds), .tv_nsec = 0};
        signal = sigtimedwait(&signals, nullptr, &pause);
    }
    spdlog::info("ending on signal {}", signal);
    interface.stop();
    running.stop();
    checkpoint();
    return exit_done;
}

}  // namespace app
