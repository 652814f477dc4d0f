// The strict parser: the public suite, what we refuse beyond it, and where pointers lead.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire/json_document.hpp"

using api::wire::JsonDocument;
using api::wire::JsonKind;
using api::wire::JsonLimits;
using api::wire::JsonValue;

namespace {

std::string vectors_folder() {
    if (const char* given = std::getenv("BAILEE_VECTORS"); given != nullptr && *given != '\0') return given;
    return {};
}

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    }
    return bytes;
}

std::string body_of(const nlohmann::json& row) {
    std::string body = row.contains("hex") ? from_hex(row.at("hex").get<std::string>()) : "";
    if (row.contains("repeat")) {
        const auto piece = from_hex(row.at("repeat").at("hex").get<std::string>());
        for (int n = row.at("repeat").at("times").get<int>(); n > 0; --n) body += piece;
    }
    if (row.contains("tail_hex")) body += from_hex(row.at("tail_hex").get<std::string>());
    return body;
}

// Valid JSON that this interface refuses all the same, each with the reason.
const std::map<std::string, std::string> ours{
    {"y_object_duplicated_key", "a repeated key is refused"},
    {"y_object_duplicated_key_and_value", "a repeated key is refused"},
};

// A document of any shape, with blanks, escapes and numbers of every form.
std::string random_json(std::mt19937& random, int depth) {
    const auto any = [&](auto... texts) {
        const std::array<const char*, sizeof...(texts)> all{texts...};
        return std::string{all[random() % all.size()]};
    };
    const auto blank = [&] { return any("", "", "", " ", "\n\t", "\r "); };
    const auto text = [&] {
        return '"' +
               any("", "a", "key", "\\u00e9", "\xC3\xA9", "\\ud83d\\ude39", "\\\"\\\\", "x\\ny", "\\u0000") +
               any("", "b", "long enough to be taken in strides of sixteen bytes", "\xE2\x82\xAC", "\x7f") +
               '"';
    };
    if (depth == 0 || random() % 3 == 0) {
        return blank() +
               any("0", "-0", "12", "-7", "1.50", "2e3", "-1E-2", "123456789012345678901234567890", "true",
                   "false", "null", "18446744073709551615", "-9223372036854775808") +
               blank();
    }
    if (random() % 4 == 0) return blank() + text() + blank();
    const bool is_object = random() % 2 == 0;
    std::string json = is_object ? "{" : "[";
    const auto members = random() % 4;
    for (unsigned at = 0; at < members; ++at) {
        if (at > 0) json += ',';
        if (is_object) json += blank() + '"' + std::to_string(at) + text().substr(1) + blank() + ':';
        json += random_json(random, depth - 1);
    }
    return blank() + json + blank() + (is_object ? "}" : "]") + blank();
}

bool is_same(JsonValue read, const nlohmann::json& theirs) {
    switch (read.kind()) {
        case JsonKind::null: return theirs.is_null();
        case JsonKind::boolean: return theirs.is_boolean() && theirs.get<bool>() == read.boolean();
        case JsonKind::integer:
        case JsonKind::real: return theirs.is_number() && nlohmann::json::parse(read.text()) == theirs;
        case JsonKind::string: return theirs.is_string() && theirs.get<std::string>() == read.text();
        case JsonKind::array:
        case JsonKind::object: break;
    }
    if (!(read.is(JsonKind::array) ? theirs.is_array() : theirs.is_object())) return false;
    if (theirs.size() != read.size()) return false;
    std::size_t place = 0;
    for (auto inner = read.first(); inner; inner = inner->next(), ++place) {
        if (read.is(JsonKind::array)
                ? !is_same(*inner, theirs[place])
                : !theirs.contains(inner->key()) || !is_same(*inner, theirs[std::string{inner->key()}]))
            return false;
    }
    return true;
}

std::string pointer_of_refusal(std::string_view body, const JsonLimits& limits = {}) {
    const auto document = JsonDocument::parse(body, limits);
    if (document) return "accepted";
    CHECK(document.error().code == ledger::base::Code::invalid_input);
    CHECK_FALSE(document.error().detail.empty());
    return document.error().pointer;
}

}  // namespace

TEST_CASE("the public JSON suite is judged as it says, save for repeated keys", "[json]") {
    const auto path = std::filesystem::path{vectors_folder()} / "json/test_parsing.json";
    if (!std::filesystem::exists(path)) {
        WARN("THE JSON SUITE WAS NOT RUN: no file " << path
                                                    << ". Give the folder of the official test vectors as "
                                                    << "BAILEE_VECTORS.");
        return;
    }
    std::ifstream file{path};
    const auto suite = nlohmann::json::parse(std::string{std::istreambuf_iterator<char>{file}, {}});
    REQUIRE(suite.size() == 318);
    std::map<std::string, int> judged;
    for (const auto& row : suite) {
        const auto name = row.at("name").get<std::string>();
        const auto expect = row.at("expect").get<std::string>();
        CAPTURE(name);
        const auto document = JsonDocument::parse(body_of(row));
        ++judged[expect];
        if (expect == "reject" || ours.contains(name))
            CHECK_FALSE(document.has_value());
        else if (expect == "accept")
            CHECK(document.has_value());
        if (!document) CHECK_FALSE(document.error().detail.empty());
    }
    CHECK(judged == std::map<std::string, int>{{"accept", 95}, {"either", 35}, {"reject", 188}});
}

TEST_CASE("what the suite leaves open is refused where two readers could disagree", "[json]") {
    const auto body = GENERATE(values<std::string>({
        "\xEF\xBB\xBF{}",             // byte order mark
        std::string{"{}\0", 3},       // nlohmann takes U+0000 for the end
        std::string{"{}\0x", 4},
        "{} {}",
        "{}x",
        "",
        " ",
        "// a\n{}",
        "{/**/}",
        "NaN",
        "[Infinity]",
        "[-Infinity]",
        "{'a':1}",
        "{a:1}",
        "[1,]",
        "[\"\\ud800\"]",              // lone surrogates
        "[\"\\udc00\"]",
        "[\"\\ud800\\ud800\"]",
        "{\"\\udfaa\":0}",
        "[\"\xC0\xAF\"]",             // overlong
        "[\"\xED\xA0\x80\"]",         // a surrogate in UTF-8
        "[\"\xF4\x90\x80\x80\"]",     // beyond U+10FFFF
        "[\"\x80\"]",
        "[\"\xE2\x82\"]",
        "[1e400]",
        "[01]",
        "[.5]",
        "[1.]",
        "[+1]",
        "[0x1]",
    }));
    CAPTURE(body);
    CHECK(pointer_of_refusal(body) != "accepted");
}

TEST_CASE("a repeated key is refused with a pointer to it, however it is escaped and wherever it stands",
          "[json]") {
    CHECK(pointer_of_refusal(R"({"a":1,"a":2})") == "/a");
    CHECK(pointer_of_refusal(R"({"a":1,"b":{"c":[0,{"d":1,"\u0064":2}]}})") == "/b/c/1/d");
    CHECK(pointer_of_refusal(R"({"a/b":1,"a~b":{"":1,"":2}})") == "/a~0b/");
    CHECK(pointer_of_refusal(R"({"a":1,"b":{"a":1},"c":{"a":1}})") == "accepted");
    CHECK(pointer_of_refusal(R"({"a":1,"A":2})") == "accepted");
}

TEST_CASE("a fault of form is pointed at as far as it was read", "[json]") {
    CHECK(pointer_of_refusal(R"({"legs":[{"account":"a"},{"account":tru}]})") == "/legs/1/account");
    CHECK(pointer_of_refusal(R"({"legs":[1,2,)") == "/legs/2");
    CHECK(pointer_of_refusal("{\"a\":\"\xFF\"}") == "/a");
    CHECK(pointer_of_refusal("[") == "/0");
    CHECK(pointer_of_refusal("") == "");
}

TEST_CASE("each limit holds at its value and not one beyond", "[json]") {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(pointer_of_refusal(nested(16)) == "accepted");
    CHECK(pointer_of_refusal(nested(17)) == "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0");
    CHECK(pointer_of_refusal(nested(3), {.depth = 2}) == "/0/0");
    CHECK(pointer_of_refusal(std::string(10'000'000, '[')) != "accepted");

    CHECK(pointer_of_refusal(R"({"a":1,"b":2})", {.object_keys = 2}) == "accepted");
    CHECK(pointer_of_refusal(R"({"a":1,"b":2,"c":3})", {.object_keys = 2}) == "/c");
    CHECK(pointer_of_refusal("[[1,2],3]", {.array_items = 2}) == "accepted");
    CHECK(pointer_of_refusal("[1,[1,2,3]]", {.array_items = 2}) == "/1/2");
    CHECK(pointer_of_refusal(R"({"k":"1234"})", {.string_bytes = 4}) == "accepted");
    CHECK(pointer_of_refusal(R"({"k":"12345"})", {.string_bytes = 4}) == "/k");
    CHECK(pointer_of_refusal(R"({"12345":1})", {.string_bytes = 4}) != "accepted");
    CHECK(pointer_of_refusal("[1,2,3]", {.values = 4}) == "accepted");
    CHECK(pointer_of_refusal("[1,2,3,4]", {.values = 4}) == "/3");
}

TEST_CASE("the tree holds what was written, in order", "[json]") {
    const auto document = JsonDocument::parse(
        R"( {"t":"a\u00e9\n\ud83d\ude39","n":[0,-1,18446744073709551615,18446744073709551616,1.50,1e3],)"
        R"("o":{"x":{},"y":[]},"b":[true,false,null]} )");
    REQUIRE(document);
    const auto root = document->root();
    CHECK(root.is(JsonKind::object));
    CHECK(root.size() == 4);
    CHECK(root.find("t")->text() == "a\xC3\xA9\n\xF0\x9F\x98\xB9");
    CHECK_FALSE(root.find("T"));
    std::string numbers;
    for (auto item = root.find("n")->first(); item; item = item->next()) {
        numbers += fmt::format("{}{} ", item->text(), item->is(JsonKind::integer) ? "i" : "r");
    }
    CHECK(numbers == "0i -1i 18446744073709551615i 18446744073709551616i 1.50r 1e3r ");
    std::string keys;
    for (auto member = root.first(); member; member = member->next()) keys += member->key();
    CHECK(keys == "tnob");
    CHECK(root.find("o")->find("y")->is(JsonKind::array));
    CHECK(root.find("o")->find("x")->size() == 0);
    const auto booleans = *root.find("b");
    CHECK(booleans.first()->boolean());
    CHECK_FALSE(booleans.first()->next()->boolean());
    CHECK(booleans.first()->next()->next()->is(JsonKind::null));
    CHECK(booleans.first()->next()->pointer() == "/b/1");
    CHECK(booleans.first()->next()->pointer_from(booleans) == "/1");
    CHECK(root.pointer().empty());
}

TEST_CASE("another parser reads the same of what is whole, and refuses what is spoilt alike", "[json]") {
    constexpr unsigned seed = 20261121;
    CAPTURE(seed);
    std::mt19937 random{seed};
    int refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto body = random_json(random, 4);
        const bool is_spoilt = round % 2 == 1;
        if (is_spoilt) {
            const auto place = random() % body.size();
            constexpr std::string_view bytes = "{}[]:,\"\\0e.-+ \xFF\xC3\x01tn";
            if (random() % 2 == 0)
                body.erase(place, 1 + random() % 3);
            else
                body[place] = bytes[random() % bytes.size()];
        }
        CAPTURE(body);
        const auto read = JsonDocument::parse(body);
        const bool is_repeated_key = !read && read.error().detail.find("twice") != std::string::npos;
        const auto theirs = nlohmann::json::parse(body, nullptr, false);
        refused += theirs.is_discarded() ? 1 : 0;
        if (read.has_value() == theirs.is_discarded() && !is_repeated_key) FAIL("judged otherwise");
        if (read && !is_same(read->root(), theirs)) FAIL("read otherwise");
    }
    CHECK(refused > 2'000);
}

TEST_CASE("a document of a number or a text alone is read", "[json]") {
    CHECK(JsonDocument::parse("42")->root().text() == "42");
    CHECK(JsonDocument::parse("\"\"")->root().text().empty());
    CHECK_FALSE(JsonDocument::parse("42")->root().next());
}
