// What the writer puts out is JSON, whatever it is given.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire/json_document.hpp"
#include "api/wire/json_writer.hpp"

using api::wire::JsonWriter;
using ledger::base::Microseconds;
using ledger::base::Quantity;

TEST_CASE("fields, items and nesting come out with their commas", "[json]") {
    JsonWriter json;
    json.begin_object().field("id", "jrn_1").field("version", 1042U).field("open", true).field("below", -7);
    json.field("amount", Quantity{10005}, 2).field("at", Microseconds{std::chrono::microseconds{1}});
    json.field("day",
               std::chrono::year_month_day{std::chrono::year{2026}, std::chrono::July, std::chrono::day{6}});
    json.field_null("next").field_or_null("some", std::optional<std::string>{"x"});
    json.field_or_null("none", std::optional<std::string>{});
    json.begin_array("legs");
    for (int n = 0; n < 2; ++n) json.begin_object().field("n", n).end_object();
    json.number(std::numeric_limits<std::uint64_t>::max()).string("t").null().boolean(false).raw("[1]");
    json.begin_array().end_array().begin_object().end_object().end_array().end_object();
    CHECK(json.text() == R"({"id":"jrn_1","version":1042,"open":true,"below":-7,"amount":"100.05",)"
                         R"("at":"1970-01-01T00:00:00.000001Z",)"
                         R"("day":"2026-07-06","next":null,"some":"x","none":null,)"
                         R"("legs":[{"n":0},{"n":1},18446744073709551615,"t",null,false,[1],[],{}]})");
    CHECK(api::wire::JsonDocument::parse(json.take()));
}

TEST_CASE("every byte in a text comes back the same, or as U+FFFD where it is no UTF-8", "[json]") {
    std::string ascii;
    for (int c = 0; c < 128; ++c) ascii += static_cast<char>(c);
    JsonWriter json;
    json.begin_object().field(ascii, ascii).field("wide", "é€😹").end_object();
    const auto read = nlohmann::json::parse(json.text());
    CHECK(read.at(ascii).get<std::string>() == ascii);
    CHECK(read.at("wide").get<std::string>() == "é€😹");

    const auto mend = [](std::string_view text) {
        JsonWriter writer;
        writer.string(text);
        return nlohmann::json::parse(writer.take()).get<std::string>();
    };
    const std::string mark = "\xEF\xBF\xBD";
    CHECK(mend("a\xFFz") == "a" + mark + "z");
    CHECK(mend("\xC3") == mark);
    CHECK(mend("\xE2\x82") == mark + mark);
    CHECK(mend("\xC0\xAF") == mark + mark);
    CHECK(mend("\xED\xA0\x80") == mark + mark + mark);
    CHECK(mend("\xF4\x90\x80\x80") == mark + mark + mark + mark);
    CHECK(mend("\xF4\x8F\xBF\xBF") == "\xF4\x8F\xBF\xBF");
}

TEST_CASE("is_utf8 agrees with the parser on every sequence of two bytes and on the borders of longer ones",
          "[json]") {
    const auto agrees = [](const std::string& bytes) {
        const bool parsed = nlohmann::json::accept("\"" + bytes + "\"");
        return parsed == api::wire::is_utf8(bytes);
    };
    int wrong = 0;
    for (int a = 0x80; a < 256; ++a) {
        for (int b = 0x80; b < 256; ++b) {
            const std::string two{static_cast<char>(a), static_cast<char>(b)};
            wrong += agrees(two) && agrees(two + "\x80") && agrees(two + "\xBF\x80") && agrees(two + "\xC0")
                         ? 0
                         : 1;
        }
    }
    CHECK(wrong == 0);
}
