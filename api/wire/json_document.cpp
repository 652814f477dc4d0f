#include "api/wire/json_document.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>

#include "ledger/base/ensure.hpp"

namespace api::wire {

using ledger::base::Code;
using ledger::base::ensure;
using ledger::base::Error;
using ledger::base::refuse;
using ledger::base::Result;

// Takes the events of Boost.JSON's parser; the names and the limits it looks for are the ones it asks.
class JsonBuilder {
public:
    using Text = boost::json::string_view;
    using Fault = boost::json::error_code;
    // Ours are tighter and are checked here, with a pointer to the place.
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    JsonBuilder(JsonDocument& document, const JsonLimits& limits) : document_{document}, limits_{limits} {}

    static bool on_document_begin(Fault& /*fault*/) { return true; }
    static bool on_document_end(Fault& /*fault*/) { return true; }
    bool on_object_begin(Fault& fault) { return open(JsonKind::object) || stop(fault); }
    bool on_array_begin(Fault& fault) { return open(JsonKind::array) || stop(fault); }
    bool on_object_end(std::size_t /*members*/, Fault& /*fault*/) { return close(); }
    bool on_array_end(std::size_t /*items*/, Fault& /*fault*/) { return close(); }
    bool on_null(Fault& fault) { return add(JsonKind::null) || stop(fault); }
    bool on_bool(bool value, Fault& fault) {
        if (!add(JsonKind::boolean)) return stop(fault);
        document_.nodes_.back().boolean = value;
        return true;
    }

    // A text comes in parts where an escape stands between them.
    bool on_key_part(Text part, std::size_t /*total*/, Fault& fault) { return take_part(part, "key", fault); }
    bool on_key(Text part, std::size_t /*total*/, Fault& fault) {
        if (!take_part(part, "key", fault)) return false;
        const auto name = take_whole();
        const JsonValue object{document_, open_.back()};
        key_ = name;
        if (object.find(document_.view(name)))
            return refuse_here("The key stands twice in one object.", fault);
        if (object.size() == limits_.object_keys)
            return refuse_here(fmt::format("The object has more than {} keys.", limits_.object_keys), fault);
        return true;
    }
    bool on_string_part(Text part, std::size_t /*total*/, Fault& fault) {
        return take_part(part, "text", fault);
    }
    bool on_string(Text part, std::size_t /*total*/, Fault& fault) {
        if (!take_part(part, "text", fault)) return false;
        return add_text(JsonKind::string, take_whole()) || stop(fault);
    }

    static bool on_number_part(Text /*part*/, Fault& /*fault*/) { return true; }  // the body is one piece
    bool on_int64(std::int64_t value, Text written, Fault& fault) {
        return add_number(JsonKind::integer, value == 0 ? Text{"0"} : written, fault);
    }
    bool on_uint64(std::uint64_t /*value*/, Text written, Fault& fault) {
        return add_number(JsonKind::integer, written, fault);
    }
    bool on_double(double value, Text written, Fault& fault) {
        if (!std::isfinite(value)) return refuse_here("The number is too large.", fault);
        const bool is_integer = written.find_first_of(".eE") == Text::npos;
        return add_number(is_integer ? JsonKind::integer : JsonKind::real, written, fault);
    }
    static bool on_comment_part(Text /*part*/, Fault& /*fault*/) { return true; }  // none is let through
    static bool on_comment(Text /*part*/, Fault& /*fault*/) { return true; }

    // The parser's own refusal, after `position` bytes.
    void break_off(std::size_t position, bool number_is_too_large) {
        if (is_refused_) return;
        fail(here(), number_is_too_large
                         ? std::string{"The number is too large."}
                         : fmt::format("The body is not valid JSON: it breaks off at byte {}.", position));
    }
    [[nodiscard]] Error take_error() { return std::move(error_); }

private:
    // The pointer to the value that comes next.
    [[nodiscard]] std::string here() const {
        if (open_.empty()) return {};
        const JsonValue parent{document_, open_.back()};
        std::string pointer = parent.pointer();
        if (parent.is(JsonKind::array)) {
            pointer += fmt::format("/{}", parent.size());
        } else if (key_) {
            append_pointer_token(pointer, document_.view(*key_));
        }
        return pointer;
    }

    bool fail(std::string pointer, std::string detail) {
        error_ = {Code::invalid_input, std::move(detail), std::move(pointer)};
        is_refused_ = true;
        return false;
    }
    // Makes the parser stop; what is answered is our own error.
    static bool stop(Fault& fault) {
        fault = boost::json::error::incomplete;
        return false;
    }
    bool refuse_here(std::string detail, Fault& fault) {
        fail(here(), std::move(detail));
        return stop(fault);
    }

    bool take_part(Text part, std::string_view what, Fault& fault) {
        const auto size = document_.texts_.size() - text_at_ + part.size();
        if (size > limits_.string_bytes)
            return refuse_here(fmt::format("A {} has more than {} bytes.", what, limits_.string_bytes),
                               fault);
        document_.texts_.append(part.data(), part.size());
        return true;
    }
    // The text whose parts were taken.
    JsonDocument::Span take_whole() {
        const auto at = std::exchange(text_at_, document_.texts_.size());
        return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(text_at_ - at)};
    }
    bool add_number(JsonKind kind, Text written, Fault& fault) {
        document_.texts_.append(written.data(), written.size());
        return add_text(kind, take_whole()) || stop(fault);
    }

    bool add(JsonKind kind) {
        auto& nodes = document_.nodes_;
        if (nodes.size() == limits_.values) {
            return fail(here(), fmt::format("The body has more than {} values.", limits_.values));
        }
        const auto at = static_cast<std::uint32_t>(nodes.size());
        JsonDocument::Node node;
        node.kind = kind;
        node.parent = at;
        node.end = at + 1;
        if (!open_.empty()) {
            node.parent = open_.back();
            auto& parent = nodes[node.parent];
            if (parent.kind == JsonKind::array && parent.count == limits_.array_items) {
                return fail(here(), fmt::format("The array has more than {} items.", limits_.array_items));
            }
            ++parent.count;
            parent.end = at + 1;
        }
        if (key_) node.key = *key_;
        key_.reset();
        nodes.push_back(node);
        return true;
    }

    bool add_text(JsonKind kind, JsonDocument::Span text) {
        if (!add(kind)) return false;
        document_.nodes_.back().text = text;
        return true;
    }

    bool open(JsonKind kind) {
        if (open_.size() == limits_.depth) {
            return fail(here(), fmt::format("The body nests deeper than {}.", limits_.depth));
        }
        if (!add(kind)) return false;
        open_.push_back(static_cast<std::uint32_t>(document_.nodes_.size() - 1));
        return true;
    }

    bool close() {
        document_.nodes_[open_.back()].end = static_cast<std::uint32_t>(document_.nodes_.size());
        open_.pop_back();
        return true;
    }

    JsonDocument& document_;
    const JsonLimits& limits_;
    std::vector<std::uint32_t> open_;
    std::optional<JsonDocument::Span> key_;  // of the member whose value comes next
    std::size_t text_at_ = 0;  // where the text that is being read begins
    bool is_refused_ = false;
    Error error_{Code::invalid_input, "The body is not valid JSON.", {}};
};

namespace {

// Faults of the body as a whole, named before the parser would only say that it is not JSON.
std::optional<Error> refused_before_parsing(std::string_view body) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (body.starts_with(byte_order_mark)) {
        return Error{Code::invalid_input, "The body begins with a byte order mark.", {}};
    }
    if (const auto at = body.find('\0'); at != std::string_view::npos) {
        return Error{Code::invalid_input, fmt::format("The body holds U+0000 at byte {}.", at), {}};
    }
    constexpr std::size_t body_bytes_max = std::numeric_limits<std::uint32_t>::max();
    if (body.size() > body_bytes_max) return Error{Code::request_too_large, "The body is too large.", {}};
    return std::nullopt;
}

}  // namespace

Result<JsonDocument> JsonDocument::parse(std::string_view body, const JsonLimits& limits) {
    if (auto refused = refused_before_parsing(body)) return refuse(std::move(*refused));
    JsonDocument document;
    document.texts_.reserve(body.size());
    document.nodes_.reserve(std::min<std::size_t>(body.size() / 12 + 8, limits.values));
    boost::json::parse_options options;
    options.max_depth = limits.depth + 1;  // the builder refuses first, with a pointer
    boost::json::basic_parser<JsonBuilder> parser{options, document, limits};
    boost::json::error_code fault;
    constexpr bool more = false;
    const auto read = parser.write_some(more, body.data(), body.size(), fault);
    if (fault || read != body.size()) {
        parser.handler().break_off(read, fault == boost::json::error::exponent_overflow);
        return refuse(parser.handler().take_error());
    }
    ensure(!document.nodes_.empty(), "a document that was read has a value");
    return document;
}

std::string_view name_of(JsonKind kind) {
    switch (kind) {
        case JsonKind::null: return "null";
        case JsonKind::boolean: return "true or false";
        case JsonKind::integer: return "an integer";
        case JsonKind::real: return "a number";
        case JsonKind::string: return "a text";
        case JsonKind::array: return "an array";
        case JsonKind::object: return "an object";
    }
    ledger::base::never("a kind without a name");
}

std::string JsonValue::pointer() const { return pointer_from({*document_, 0}); }

std::string JsonValue::pointer_from(JsonValue origin) const {
    if (at_ == origin.at_) return {};
    const JsonValue parent{*document_, document_->nodes_[at_].parent};
    std::string pointer = parent.pointer_from(origin);
    if (parent.is(JsonKind::object)) {
        append_pointer_token(pointer, key());
        return pointer;
    }
    std::size_t place = 0;
    for (auto item = parent.first(); item && item->at_ != at_; item = item->next()) ++place;
    return pointer += fmt::format("/{}", place);
}

void append_pointer_token(std::string& pointer, std::string_view key) {
    pointer += '/';
    for (const char c : key) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
}

}  // namespace api::wire
