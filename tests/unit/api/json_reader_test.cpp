// Reading an object field by field: every wrong type, bound and unknown field with its pointer.
#include <array>

#include <catch2/catch.hpp>

#include "api/wire/json_reader.hpp"

using api::wire::JsonDocument;
using api::wire::Null;
using api::wire::ObjectReader;
using ledger::base::Quantity;

namespace {

enum class Colour { red, green };
struct ColourText {
    Colour value;
    std::string_view text;
};
constexpr std::array<ColourText, 2> colours{{{Colour::red, "red"}, {Colour::green, "green"}}};

// Reads with the function and says "ok" or "pointer: detail".
template <class Read>
std::string outcome(std::string_view body, Read read) {
    const auto document = JsonDocument::parse(body);
    REQUIRE(document);
    ObjectReader reader{document->root()};
    read(reader);
    const auto finished = reader.finish();
    return finished ? "ok" : finished.error().pointer + ": " + finished.error().detail;
}

template <class Read>
std::string pointer(std::string_view body, Read read) {
    const auto text = outcome(body, read);
    return text == "ok" ? text : text.substr(0, text.find(':'));
}

}  // namespace

TEST_CASE("fields of every type are read", "[json]") {
    const auto document = JsonDocument::parse(
        R"({"id":"cust-42.fut","text":"wire 7781","at":"2026-07-06T11:04:05-04:00","day":"2026-07-06",)"
        R"("count":7,"yes":true,"amount":"100.05","colour":"green","inner":{"a":"1"},"list":["x","y"],)"
        R"("objects":[{"n":1},{"n":2}],"scope":{"free":{"form":[1,2]}}})");
    REQUIRE(document);
    ObjectReader reader{document->root()};
    CHECK(reader.required_id("id") == "cust-42.fut");
    CHECK(reader.required_string("text") == "wire 7781");
    CHECK(ledger::base::format_rfc3339(reader.required_instant("at")) == "2026-07-06T15:04:05.000000Z");
    CHECK(ledger::base::format_day(reader.required_day("day")) == "2026-07-06");
    CHECK(reader.required_count("count") == 7);
    CHECK(reader.required_bool("yes"));
    CHECK(reader.required_quantity("amount", 2) == Quantity{10005});
    CHECK(reader.required_decimal("amount") == "100.05");
    CHECK(reader.required_enum("colour", colours) == Colour::green);
    CHECK(reader.required_object("inner").required_string("a") == "1");
    CHECK(reader.required_array("list").strings() == std::vector<std::string>{"x", "y"});
    std::uint64_t sum = 0;
    for (auto& object : reader.required_array("objects").objects()) sum += object.required_count("n");
    CHECK(sum == 3);
    CHECK(reader.optional_value("scope")->find("free")->size() == 1);
    CHECK_FALSE(reader.optional_string("absent"));
    CHECK_FALSE(reader.optional_object("absent"));
    CHECK_FALSE(reader.optional_enum("absent", colours));
    CHECK(reader.has("id"));
    CHECK_FALSE(reader.has("absent"));
    CHECK(reader.finish());
}

TEST_CASE("a missing field, a wrong type and a wrong form point at the field", "[json]") {
    CHECK(pointer("{}", [](auto& r) { (void)r.required_string("a"); }) == "/a");
    CHECK(pointer(R"({"a":1})", [](auto& r) { (void)r.required_string("a"); }) == "/a");
    CHECK(pointer(R"({"a":""})", [](auto& r) { (void)r.required_string("a"); }) == "/a");
    CHECK(pointer(R"({"a":"12345"})", [](auto& r) { (void)r.required_string("a", {1, 4}); }) == "/a");
    CHECK(pointer(R"({"a":"1234"})", [](auto& r) { (void)r.required_string("a", {1, 4}); }) == "ok");
    CHECK(pointer(R"({"a":"x\u0000y"})", [](auto& r) { (void)r.required_string("a"); }) == "/a");
    CHECK(pointer(R"({"a":["x\u0000y"]})", [](auto& r) { (void)r.required_array("a").strings(); }) == "/a/0");
    CHECK(pointer(R"({"a":"-x"})", [](auto& r) { (void)r.required_id("a"); }) == "/a");
    CHECK(pointer(R"({"a":"x y"})", [](auto& r) { (void)r.optional_id("a"); }) == "/a");
    CHECK(pointer(R"({"a":["ok","no good"]})", [](auto& r) { (void)r.required_array("a").ids(); }) == "/a/1");
    CHECK(pointer(R"({"a":"2026-07-06T15:04:05"})", [](auto& r) { (void)r.required_instant("a"); }) == "/a");
    CHECK(pointer(R"({"a":1751814245})", [](auto& r) { (void)r.optional_instant("a"); }) == "/a");
    CHECK(pointer(R"({"a":"2026-02-30"})", [](auto& r) { (void)r.required_day("a"); }) == "/a");
    CHECK(pointer(R"({"a":"true"})", [](auto& r) { (void)r.required_bool("a"); }) == "/a");
    CHECK(pointer(R"({"a":"blue"})", [](auto& r) { (void)r.required_enum("a", colours); }) == "/a");
    CHECK(pointer(R"({"a":"blue"})", [](auto& r) { (void)r.optional_enum("a", colours); }) == "/a");
    CHECK(outcome(R"({"a":"blue"})", [](auto& r) {
              (void)r.required_enum("a", colours);
          }).find("red, green") != std::string::npos);
    CHECK(pointer(R"({"a":[]})", [](auto& r) { (void)r.required_object("a"); }) == "/a");
    CHECK(pointer(R"({"a":{}})", [](auto& r) { (void)r.required_array("a"); }) == "/a");
    CHECK(pointer(R"({"a":[]})", [](auto& r) { (void)r.required_array("a"); }) == "/a");
    CHECK(pointer(R"({"a":[1,2,3]})", [](auto& r) { (void)r.optional_array("a", {1, 2}); }) == "/a");
    CHECK(pointer(R"({"a":[{},1]})", [](auto& r) { (void)r.required_array("a").objects(); }) == "/a/1");
    CHECK(pointer("[]", [](auto&) {}) == "");
}

TEST_CASE("a count is a JSON integer within its bounds and nothing else", "[json]") {
    const auto read = [](auto& r) { (void)r.required_count("a", {1, 100}); };
    for (const auto* good : {R"({"a":1})", R"({"a":100})"}) CHECK(pointer(good, read) == "ok");
    for (const auto* bad :
         {R"({"a":0})", R"({"a":101})", R"({"a":-1})", R"({"a":1.0})", R"({"a":1e1})", R"({"a":"1"})",
          R"({"a":true})", R"({"a":null})", R"({"a":99999999999999999999999})"}) {
        CAPTURE(bad);
        CHECK(pointer(bad, read) == "/a");
    }
}

TEST_CASE("an amount is a decimal in a text: never a number, an exponent or more digits than the scale",
          "[json]") {
    const auto read = [](auto& r) { (void)r.required_quantity("a", 2); };
    for (const auto* good : {R"({"a":"0"})", R"({"a":"-1.5"})", R"({"a":"1250000.00"})",
                             R"({"a":"10000000000000000000000000000000000.00"})"}) {
        CAPTURE(good);
        CHECK(pointer(good, read) == "ok");
    }
    for (const auto* bad :
         {R"({"a":1})", R"({"a":1.5})", R"({"a":"1e3"})", R"({"a":"1.005"})", R"({"a":"1.000"})",
          R"({"a":"+1"})", R"({"a":"01"})", R"({"a":".5"})", R"({"a":"5."})", R"({"a":" 5"})",
          R"({"a":"5 "})", R"({"a":""})", R"({"a":"-"})", R"({"a":"1,000"})", R"({"a":"0x10"})",
          R"({"a":"NaN"})", R"({"a":"10000000000000000000000000000000000.01"})",
          R"({"a":"10000000000000000000000000000000000000000"})"}) {
        CAPTURE(bad);
        CHECK(pointer(bad, read) == "/a");
    }
    CHECK(outcome(R"({"a":5})", read).find("never a JSON number") != std::string::npos);
    CHECK(pointer(R"({"a":"1e3"})", [](auto& r) { (void)r.required_decimal("a"); }) == "/a");
    CHECK(pointer(R"({"a":7})", [](auto& r) { (void)r.optional_decimal("a"); }) == "/a");
    CHECK(pointer(R"({"a":"00.1"})", [](auto& r) { (void)r.optional_decimal("a"); }) == "/a");
}

TEST_CASE("null is a wrong type unless the call lets it be absent", "[json]") {
    CHECK(pointer(R"({"a":null})", [](auto& r) { (void)r.optional_instant("a"); }) == "/a");
    CHECK(pointer(R"({"a":null})", [](auto& r) { CHECK_FALSE(r.optional_instant("a", Null::absent)); }) ==
          "ok");
    CHECK(pointer(R"({"a":null})", [](auto& r) { CHECK_FALSE(r.optional_string("a", {}, Null::absent)); }) ==
          "ok");
    CHECK(pointer(R"({"a":null})", [](auto& r) { CHECK_FALSE(r.optional_object("a", Null::absent)); }) ==
          "ok");
    CHECK(pointer(R"({"a":null})", [](auto& r) { (void)r.required_string("a"); }) == "/a");
    CHECK(pointer(R"({"a":null})", [](auto& r) { CHECK_FALSE(r.has("a")); }) == "/a");
}

TEST_CASE("finish refuses what nobody read, at any depth", "[json]") {
    CHECK(pointer(R"({"a":"1","b":"2"})", [](auto& r) { (void)r.required_string("a"); }) == "/b");
    CHECK(pointer(R"({"legs":[{"n":1},{"n":2,"x/y":3}]})", [](auto& r) {
              for (auto& leg : r.required_array("legs").objects()) (void)leg.required_count("n");
          }) == "/legs/1/x~1y");
    CHECK(pointer(R"({"a":{"b":{"c":1}}})",
                  [](auto& r) { (void)r.required_object("a").required_object("b"); }) == "/a/b/c");
    CHECK(pointer(R"({"a":{"b":{"c":1}}})", [](auto& r) { (void)r.optional_value("a"); }) == "ok");
    CHECK(pointer(R"({"a":[1,2]})", [](auto& r) { (void)r.required_array("a"); }) == "/a/0");
    CHECK(pointer(R"({"":1})", [](auto&) {}) == "/");
}

TEST_CASE("the first fault is kept and later reads add none", "[json]") {
    const auto text = outcome(R"({"b":1,"z":0})", [](auto& r) {
        auto missing = r.required_object("a");
        (void)missing.required_string("inner");
        CHECK_FALSE(r.ok());
        (void)r.required_string("b");
        r.fail("c", "another");
        CHECK(r.error().pointer == "/a");
    });
    CHECK(text == "/a: The field \"a\" is missing.");
}

TEST_CASE("a handler's own fault points at its field, in nested objects and below a base", "[json]") {
    const auto document = JsonDocument::parse(R"({"journals":[{"reason":"X","legs":[{"account":"a"}]}]})");
    REQUIRE(document);
    const auto item = *document->root().find("journals")->first();
    ObjectReader whole{item};
    CHECK(whole.pointer("reason") == "/reason");
    ObjectReader part{item, "/journals/0"};
    CHECK(part.pointer() == "/journals/0");
    auto legs = part.required_array("legs").objects();
    CHECK(legs.front().pointer("account") == "/journals/0/legs/0/account");
    CHECK(legs.front().pointer("a/b") == "/journals/0/legs/0/a~1b");
    CHECK(part.required_array("legs").pointer(0) == "/journals/0/legs/0");
    legs.front().fail("account", "It is closed.");
    CHECK(part.error().pointer == "/journals/0/legs/0/account");
    CHECK(part.error().detail == "It is closed.");
    CHECK_FALSE(part.finish());
}
