// The commands that the oracle replays and the examples that people read are bodies as the interface takes
// them: its parser makes of each what the tests' own plain reader makes.
#include <fstream>
#include <regex>

#include <catch2/catch.hpp>

#include "api/wire/requests.hpp"
#include "tests/support/random_commands.hpp"

namespace {

using namespace support;
using api::wire::JsonDocument;
using api::wire::JsonValue;

Result<Command> parse(const std::string& path, const std::string& text) {
    const auto document = JsonDocument::parse(text);
    REQUIRE(document);
    const auto body = document->root();
    static const std::map<std::string, Result<Command> (*)(JsonValue)> makers{
        {"/v1/parties", api::wire::read_party},           {"/v1/assets", api::wire::read_asset},
        {"/v1/accounts", api::wire::read_account},        {"/v1/agreements", api::wire::read_agreement},
        {"/v1/journals", api::wire::read_journal},        {"/v1/liens", api::wire::read_lien},
        {"/v1/reservations", api::wire::read_reservation}};
    static const std::map<std::string, Result<Command> (*)(const std::string&, JsonValue)> actions{
        {"journals:reverse", api::wire::read_reversal},
        {"liens:increase", api::wire::read_lien_increase},
        {"liens:release", api::wire::read_lien_release},
        {"liens:reallocate", api::wire::read_lien_reallocation},
        {"reservations:commit", api::wire::read_reservation_commit},
        {"reservations:release", api::wire::read_reservation_release},
        {"agreements:revoke", api::wire::read_agreement_revocation}};
    if (const auto maker = makers.find(path); maker != makers.end()) return maker->second(body);
    static const std::regex shape{"/v1/([a-z]+)/(.+):([a-z]+)"};
    std::smatch parts;
    REQUIRE(std::regex_match(path, parts, shape));
    return actions.at(parts[1].str() + ":" + parts[3].str())(parts[2].str(), body);
}

bool same(const Command& left, const Command& right) { return left == right; }

}  // namespace

TEST_CASE("random requests are bodies as the interface takes them") {
    TestBook book{"2026-03-05T13:00:00Z"};
    RandomCommands random{42, {.accounts = 40}};
    int taken = 0;
    constexpr int asked = 8000;
    for (int step = 0; step < asked; ++step) {
        const auto request = random.next(book);
        book.tick(request.at);
        book.post(request.path, request.body, request.if_match);
        const auto parsed = parse(request.path, request.body.dump());
        INFO(request.path << " " << request.body.dump());
        if (!parsed) {
            // What the interface refuses as malformed never reaches the book.
            CHECK(info(parsed.error().code).kind == Kind::malformed);
            continue;
        }
        ++taken;
        REQUIRE(same(*parsed, command_of(request.path, request.body)));
    }
    CHECK(taken > asked * 95 / 100);
}

TEST_CASE("the example journals are bodies as the interface takes them") {
    std::ifstream file{"docs/examples/journals.md"};
    std::string block;
    bool is_journal = false;
    int journals = 0;
    for (std::string line; std::getline(file, line);) {
        if (line == "```json journal") {
            is_journal = true;
            block.clear();
        } else if (line == "```" && is_journal) {
            is_journal = false;
            ++journals;
            INFO(block);
            const auto parsed = parse("/v1/journals", block);
            REQUIRE(parsed);
            REQUIRE(same(*parsed, command_of("/v1/journals", Json::parse(block))));
        } else if (is_journal) {
            block += line + "\n";
        }
    }
    CHECK(journals == 32);
}
