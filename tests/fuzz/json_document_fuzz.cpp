// Any bytes as a request body: refused with a reason, or a tree whose every pointer leads back and which,
// written again, is read as the same tree.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/wire/json_document.hpp"
#include "api/wire/json_reader.hpp"
#include "api/wire/json_writer.hpp"
#include "ledger/base/ensure.hpp"

namespace {

using api::wire::JsonDocument;
using api::wire::JsonKind;
using api::wire::JsonValue;
using api::wire::JsonWriter;
using api::wire::ObjectReader;
using ledger::base::ensure;

void write(JsonWriter& json, JsonValue value) {
    switch (value.kind()) {
        case JsonKind::null: json.null(); return;
        case JsonKind::boolean: json.boolean(value.boolean()); return;
        case JsonKind::integer:
        case JsonKind::real: json.raw(value.text()); return;
        case JsonKind::string: json.string(value.text()); return;
        case JsonKind::array:
            json.begin_array();
            for (auto item = value.first(); item; item = item->next()) write(json, *item);
            json.end_array();
            return;
        case JsonKind::object:
            json.begin_object();
            for (auto member = value.first(); member; member = member->next()) {
                json.key(member->key());
                write(json, *member);
            }
            json.end_object();
            return;
    }
}

void read_as_a_handler_would(JsonValue root) {
    ObjectReader reader{root};
    (void)reader.optional_string("a");
    (void)reader.optional_id("b");
    (void)reader.optional_instant("c");
    (void)reader.optional_day("d");
    (void)reader.optional_count("e");
    (void)reader.optional_quantity("f", 2);
    if (auto array = reader.optional_array("g")) {
        for (auto& item : array->objects()) (void)item.optional_decimal("f");
    }
    const auto finished = reader.finish();
    ensure(finished.has_value() == reader.ok(), "a reader that finished well has no fault");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body{reinterpret_cast<const char*>(data), size};
    const auto document = JsonDocument::parse(body);
    if (!document) {
        ensure(!document.error().detail.empty(), "a refusal says why");
        return 0;
    }
    JsonWriter json;
    write(json, document->root());
    const auto again = JsonDocument::parse(json.text());
    ensure(again.has_value(), "what the writer writes is read");
    ensure(again->size() == document->size(), "no value is lost");
    JsonWriter third;
    write(third, again->root());
    ensure(third.text() == json.text(), "writing and reading settle at once");
    for (std::uint32_t at = 0; at < document->size() && at < 64; ++at)
        (void)JsonValue{*document, at}.pointer();
    read_as_a_handler_would(document->root());
    return 0;
}
