// Cursors, tags and event ids of several generations.
#include <catch2/catch.hpp>

#include "api/wire/cursor.hpp"

using namespace api::wire;
using ledger::base::Code;
using ledger::base::Version;

namespace {

const Head first{1, Version{1042}};
const Head third{3, Version{1042}};

}  // namespace

TEST_CASE("a cursor of this generation is read back", "[cursor]") {
    CHECK(make_cursor(first, 'j', 7) == "j7");
    CHECK(make_cursor(third, 'j', 7) == "3.j7");
    CHECK(read_cursor("j7", first, 'j') == 7);
    CHECK(read_cursor("3.j7", third, 'j') == 7);
    CHECK(read_cursor("j18446744073709551615", first, 'j') == 18446744073709551615U);
}

TEST_CASE("what names another generation is refused with both heads", "[cursor]") {
    for (const auto& error : {read_cursor("j7", third, 'j').error(), read_cursor("4.j7", third, 'j').error(),
                              read_if_match("\"7\"", third).error(), read_event_id("2.7.0", third).error()}) {
        CHECK(error.code == Code::generation_passed);
        REQUIRE(error.figures.size() == 3);
        CHECK(error.figures[1].value == "3");
        CHECK(error.figures[2].value == "3.1042");
    }
}

TEST_CASE("what is no cursor, tag or event id is malformed", "[cursor]") {
    for (const auto* text :
         {"", "j", "k7", "7", "j-1", "j 7", "j07", "1.j7", "0.j7", "j7.", ".j7", "j99999999999999999999"}) {
        INFO(text);
        CHECK(read_cursor(text, first, 'j').error().code == Code::invalid_input);
    }
    for (const auto* text : {"", "\"", "\"\"", "*", "W/\"7\"", "7,8", "\"7", "1.7"}) {
        INFO(text);
        CHECK(read_if_match(text, first).error().code == Code::invalid_input);
    }
    for (const auto* text : {"", "7", "7.", "7.x", "9.7.0.0", "7.99999", "1043.0"}) {
        INFO(text);
        CHECK(read_event_id(text, first).error().code == Code::invalid_input);
    }
}

TEST_CASE("a tag is a version in quotes and an If-Match may leave them out", "[cursor]") {
    CHECK(make_etag(first, Version{5}) == "\"5\"");
    CHECK(make_etag(third, Version{5}) == "\"3.5\"");
    CHECK(read_if_match("\"3.5\"", third) == 5);
    CHECK(read_if_match("5", first) == 5);
    CHECK(read_event_id("1042.3", first)->index == 3);
    CHECK(make_event_id(third, {Version{9}, 1}) == "3.9.1");
}
