#include "ledger/base/rare_text.hpp"

#include <catch2/catch.hpp>

namespace ledger::base {

TEST_CASE("a rare text takes eight bytes and tells what it was given") {
    static_assert(sizeof(RareText) == 8);
    const std::string long_one(300, 'x');
    for (const std::string& text : {std::string{}, std::string{"margin"}, std::string("a\0b", 3), long_one}) {
        const RareText rare{text};
        CHECK(rare.view() == text);
        CHECK(rare.size() == text.size());
        CHECK(rare.empty() == text.empty());
    }
}

TEST_CASE("copies of a rare text are apart, and compare by what they say") {
    RareText first{"margin"};
    const RareText copy{first};
    first = "loan";
    CHECK(copy.view() == "margin");
    CHECK(first < copy);
    CHECK(first != copy);
    first = copy;
    CHECK(first == copy);
    auto& itself = first;
    first = itself;
    CHECK(first == copy);
    const RareText taken{std::move(first)};
    CHECK(taken == copy);
    first = RareText{};
    CHECK(first.empty());
    CHECK(first == RareText{""});
}

}  // namespace ledger::base
