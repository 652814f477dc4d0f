#include "api/wire/json_document.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ledger/base/ensure.hpp"

namespace api::wire {

using ledger::base::Code;
using ledger::base::ensure;
using ledger::base::Error;
using ledger::base::refuse;
using ledger::base::Result;

// Takes the events of nlohmann's parser; the names are the ones it calls.
class JsonBuilder {
public:
    JsonBuilder(JsonDocument& document, const JsonLimits& limits) : document_{document}, limits_{limits} {}

    bool null() { return add(JsonKind::null); }
    bool boolean(bool value) {
        if (!add(JsonKind::boolean)) return false;
        document_.nodes_.back().boolean = value;
        return true;
    }
    bool number_integer(std::int64_t value) { return add_text(JsonKind::integer, std::to_string(value)); }
    bool number_unsigned(std::uint64_t value) { return add_text(JsonKind::integer, std::to_string(value)); }
    bool number_float(double /*value*/, const std::string& written) {
        const bool is_integer = written.find_first_of(".eE") == std::string::npos;
        return add_text(is_integer ? JsonKind::integer : JsonKind::real, written);
    }
    bool string(const std::string& value) {
        if (value.size() > limits_.string_bytes) {
            return fail(here(), fmt::format("A text has more than {} bytes.", limits_.string_bytes));
        }
        return add_text(JsonKind::string, value);
    }
    bool binary(const nlohmann::json::binary_t& /*value*/) {
        return fail(here(), "The body is not valid JSON.");
    }
    bool start_object(std::size_t /*unknown*/) { return open(JsonKind::object); }
    bool start_array(std::size_t /*unknown*/) { return open(JsonKind::array); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }

    bool key(const std::string& name) {
        if (name.size() > limits_.string_bytes) {
            return fail(here(), fmt::format("A key has more than {} bytes.", limits_.string_bytes));
        }
        const JsonValue object{document_, open_.back()};
        key_ = keep(name);
        if (object.find(name)) return fail(here(), "The key stands twice in one object.");
        if (object.size() == limits_.object_keys) {
            return fail(here(), fmt::format("The object has more than {} keys.", limits_.object_keys));
        }
        return true;
    }

    template <class Exception>
    bool parse_error(std::size_t position, const std::string& /*token*/, const Exception& exception) {
        constexpr int number_out_of_range = 406;
        if (exception.id == number_out_of_range) return fail(here(), "The number is too large.");
        return fail(here(), fmt::format("The body is not valid JSON: it breaks off at byte {}.", position));
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
        return false;
    }

    JsonDocument::Span keep(std::string_view text) {
        const JsonDocument::Span span{static_cast<std::uint32_t>(document_.texts_.size()),
                                      static_cast<std::uint32_t>(text.size())};
        document_.texts_ += text;
        return span;
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

    bool add_text(JsonKind kind, std::string_view text) {
        if (!add(kind)) return false;
        document_.nodes_.back().text = keep(text);
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
    Error error_{Code::invalid_input, "The body is not valid JSON.", {}};
};

namespace {

// nlohmann's lexer takes U+0000 outside a text for the end of the input and passes over a byte order mark.
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
    JsonBuilder builder{document, limits};
    constexpr bool nothing_behind = true;
    constexpr bool comments = false;
    const bool read = nlohmann::json::sax_parse(
        body.begin(), body.end(), &builder, nlohmann::json::input_format_t::json, nothing_behind, comments);
    if (!read) return refuse(builder.take_error());
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

JsonKind JsonValue::kind() const { return document_->nodes_[at_].kind; }
std::string_view JsonValue::text() const { return document_->view(document_->nodes_[at_].text); }
bool JsonValue::boolean() const { return document_->nodes_[at_].boolean; }
std::string_view JsonValue::key() const { return document_->view(document_->nodes_[at_].key); }
std::size_t JsonValue::size() const { return document_->nodes_[at_].count; }
std::uint32_t JsonValue::end_index() const { return document_->nodes_[at_].end; }

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
    for (auto member = first(); member; member = member->next())
        if (member->key() == key) return member;
    return std::nullopt;
}

std::optional<JsonValue> JsonValue::first() const {
    if (size() == 0) return std::nullopt;
    return JsonValue{*document_, at_ + 1};
}

std::optional<JsonValue> JsonValue::next() const {
    const auto& node = document_->nodes_[at_];
    const auto& parent = document_->nodes_[node.parent];
    if (node.parent == at_ || node.end >= parent.end) return std::nullopt;
    return JsonValue{*document_, node.end};
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
