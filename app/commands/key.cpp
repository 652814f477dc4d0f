#include <fstream>

#include <fmt/format.h>
#include <openssl/rand.h>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/keys.hpp"
#include "app/running_book.hpp"
#include "app/server_files.hpp"
#include "net/http_client.hpp"

namespace app {
namespace {

struct KeyOptions {
    BookPlace place;
    std::string role;
    std::string party;
    std::string principal;
    std::string pepper_file;
    std::string url;
    std::string key_file;
    bool as_json = false;
};

std::string random_text() {
    std::array<std::byte, 16> bytes{};
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
        throw CommandFailed{exit_unreachable, "The system gives no random bytes."};
    return ledger::base::to_hex(bytes);
}

// Through the server that has the book: the same door as everyone.
nlohmann::json post(const KeyOptions& options, const std::string& path, const nlohmann::json& body) {
    const auto answer = net::call({.method = "POST",
                                   .url = options.url + path,
                                   .headers = {{"Authorization", "Bearer " + first_line_of(options.key_file)},
                                               {"Content-Type", "application/json"},
                                               {"Idempotency-Key", "key-create-" + random_text()}},
                                   .body = body.dump()});
    if (!answer) throw CommandFailed{exit_unreachable, answer.error().detail};
    auto parsed = nlohmann::json::parse(answer->body, nullptr, false);
    if (answer->status / 100 == 2 && parsed.is_object()) return parsed;
    throw CommandFailed{
        exit_refused, fmt::format("The server answered {}: {}", answer->status,
                                  parsed.is_object() ? parsed.value("detail", answer->body) : answer->body)};
}

std::string create_through_server(const KeyOptions& options, const ledger::book::RoleSet&) {
    auto principal = options.principal;
    if (principal.empty()) {
        nlohmann::json body{
            {"kind", "service"}, {"name", "Made by bailee key create"}, {"roles", {options.role}}};
        if (!options.party.empty()) body["party"] = options.party;
        principal = post(options, "/v1/principals", body).at("id").get<std::string>();
    }
    return post(options, fmt::format("/v1/principals/{}/keys", principal), nlohmann::json::object())
        .at("key")
        .get<std::string>();
}

std::string create_here(const KeyOptions& options, const ledger::book::RoleSet& roles) {
    BookDatabase database{options.place, BookDatabase::Wanted::existing};
    if (!options.place.is_private() && database.has_a_writer())
        throw CommandFailed{exit_refused,
                            "A server has this book now: give its --url and an admin's --key-file."};
    const auto name = database.book_name("");
    RunningBook running{std::move(database), name};
    const auto pepper = read_pepper(options.pepper_file);
    const auto text =
        options.principal.empty()
            ? mint_principal(running.book(), {"", "Made by bailee key create", roles, options.party}, pepper,
                             live_environment)
            : mint_key(running.book(), options.principal, pepper, live_environment);
    running.stop();
    return text;
}

int create(KeyOptions options) {
    ledger::book::RoleSet roles;
    if (const auto role = ledger::book::value_in(ledger::book::roles(), options.role))
        roles.add(*role);
    else if (options.principal.empty())
        throw CommandFailed{exit_usage, fmt::format("There is no role \"{}\".", options.role)};
    const auto of_one_party =
        ledger::book::RoleSet::of(ledger::book::Role::customer, ledger::book::Role::manager);
    if (options.principal.empty() && roles.meets(of_one_party) && options.party.empty())
        throw CommandFailed{exit_usage, "A customer or manager acts for one party: give --party."};
    std::optional<ServerLock> lock;
    if (options.url.empty() && options.place.is_private()) {
        lock = ServerLock::take(options.place.data_dir);
        if (!lock) {
            options.url = first_line_of(server_address_file(options.place.data_dir));
            options.key_file = command_line_key_file(options.place.data_dir);
        }
    }
    const auto key =
        options.url.empty() ? create_here(options, roles) : create_through_server(options, roles);
    if (options.as_json)
        fmt::print("{}\n", nlohmann::json{{"key", key}}.dump());
    else
        fmt::print("{}\n", key);
    return exit_done;
}

}  // namespace

Run add_key(CLI::App& program) {
    auto* command = program.add_subcommand("key", "make API keys");
    command->require_subcommand(1);
    auto* making =
        command->add_subcommand("create", "make a key, with a principal of its own unless one is named");
    auto options = std::make_shared<KeyOptions>();
    options->place.add_to(*making);
    making->add_option("--role", options->role, "role of the new principal");
    making->add_option("--party", options->party, "the party a customer or manager may see");
    making->add_option("--principal", options->principal, "make the key for this principal instead");
    making->add_option("--pepper-file", options->pepper_file, "the pepper the server has");
    making->add_option("--url", options->url, "go through this server");
    making->add_option("--key-file", options->key_file, "file with an admin's key for that server");
    making->add_flag("--json", options->as_json, "print JSON");
    making->footer("Example:\n  bailee key create --role margin_engine --data-dir ./firm");
    return [options] { return create(*options); };
}

}  // namespace app
