// docs/examples/journals.md, executed.
#include <fstream>
#include <set>

#include <catch2/catch.hpp>

#include "tests/support/laws.hpp"
#include "tests/support/test_book.hpp"

namespace {

using namespace support;

struct Block {
    std::string heading;
    std::string language;
    std::string text;
};

std::vector<Block> blocks_of(const std::string& path) {
    std::ifstream file{path};
    std::vector<Block> blocks;
    std::string heading;
    bool is_inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("```")) {
            is_inside = !is_inside;
            if (is_inside) blocks.push_back({heading, line.substr(3), {}});
        } else if (is_inside) {
            blocks.back().text += line + "\n";
        } else if (line.starts_with("### ")) {
            heading = line.substr(4);
        }
    }
    return blocks;
}

}  // namespace

TEST_CASE(
    "every kind of account has an example journal that posts and uses it, and all of them leave no "
    "deficiency") {
    TestBook book;
    std::set<std::string> shown;
    for (const auto& block : blocks_of("docs/examples/journals.md")) {
        INFO(block.heading << block.text);
        if (block.language == "json setup") {
            for (const auto& step : Json::parse(block.text)) {
                INFO(step.dump());
                REQUIRE(book.post(step[0], step[1]).code() == "accepted");
            }
            continue;
        }
        REQUIRE(block.language == "json journal");
        const auto body = Json::parse(block.text);
        const auto answer = book.post("/v1/journals", body);
        INFO(answer.code() << " " << answer.pointer());
        REQUIRE(answer.is_accepted());
        const auto kind = account_kind_from_code(block.heading);
        REQUIRE(kind);
        bool is_used = false;
        for (const auto& leg : body["legs"])
            is_used = is_used ||
                      book.state().accounts[book.account(leg["account"].get<std::string>())].kind == *kind;
        REQUIRE(is_used);
        REQUIRE(shown.insert(block.heading).second);
        REQUIRE(broken_law(book.state()) == "");
    }
    for (const auto& row : account_kinds()) {
        INFO(row.code);
        CHECK(shown.contains(std::string{row.code}));
    }
    CHECK(shown.size() == account_kind_count);
    CHECK(book.open_exceptions() == 0);
    CHECK(book.total("due-from.4d", "USD") == "0.00");
    CHECK(book.total("due-to", "USD") == "0.00");
}
