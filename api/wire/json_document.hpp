// A request body as an immutable tree, read strictly: one value, no repeated key, no comment, no byte order
// mark, valid UTF-8 without lone surrogates, and limits on all that can grow. Nodes lie flat in one vector in
// document order, texts in one string: two allocations for a body, however many values it has. A JsonValue is
// a view; the document must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.hpp"

namespace api::wire {

struct JsonLimits {
    std::size_t depth = 16;  // arrays and objects inside one another
    std::size_t object_keys = 64;
    std::size_t array_items = 10'000;
    std::size_t string_bytes = 64UL * 1024;  // of one key or text, decoded
    std::size_t values = 1'000'000;  // in the whole document
};

enum class JsonKind : std::uint8_t { null, boolean, integer, real, string, array, object };

// "a text", "an array" … as a sentence about a wrong type needs it.
[[nodiscard]] std::string_view name_of(JsonKind kind);

class JsonDocument;

class JsonValue {
public:
    JsonValue(const JsonDocument& document, std::uint32_t at) : document_{&document}, at_{at} {}

    [[nodiscard]] JsonKind kind() const;
    [[nodiscard]] bool is(JsonKind wanted) const { return kind() == wanted; }
    // The decoded text of a string; a number as it was written, save that an integer has no "-0".
    [[nodiscard]] std::string_view text() const;
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::string_view key() const;  // of a member of an object; else empty
    [[nodiscard]] std::size_t size() const;  // members or items
    [[nodiscard]] std::optional<JsonValue> find(std::string_view key) const;
    // In the order written: first(), then next() of each until there is none.
    [[nodiscard]] std::optional<JsonValue> first() const;
    [[nodiscard]] std::optional<JsonValue> next() const;
    // RFC 6901, from the root or from a value that holds this one: "/legs/0/account".
    [[nodiscard]] std::string pointer() const;
    [[nodiscard]] std::string pointer_from(JsonValue origin) const;

    [[nodiscard]] const JsonDocument& document() const { return *document_; }
    [[nodiscard]] std::uint32_t index() const { return at_; }  // place in document order
    [[nodiscard]] std::uint32_t end_index() const;  // the place after all that it holds

private:
    const JsonDocument* document_;
    std::uint32_t at_;
};

class JsonDocument {
public:
    // Refusals are `invalid_input` with a pointer to the value (or repeated key) that was being read.
    [[nodiscard]] static ledger::base::Result<JsonDocument> parse(std::string_view body,
                                                                  const JsonLimits& limits = {});

    [[nodiscard]] JsonValue root() const { return {*this, 0}; }
    [[nodiscard]] std::size_t size() const { return nodes_.size(); }

private:
    friend class JsonValue;
    friend class JsonBuilder;
    struct Span {
        std::uint32_t at = 0;
        std::uint32_t size = 0;
    };
    struct Node {
        JsonKind kind = JsonKind::null;
        bool boolean = false;
        std::uint32_t parent = 0;
        std::uint32_t end = 0;  // the node after all that this one holds
        std::uint32_t count = 0;  // members or items
        Span key;
        Span text;
    };
    [[nodiscard]] std::string_view view(Span span) const { return {texts_.data() + span.at, span.size}; }

    std::vector<Node> nodes_;
    std::string texts_;
};

// Every field that is asked for is looked for, so these are for the compiler to see through.
inline JsonKind JsonValue::kind() const { return document_->nodes_[at_].kind; }
inline std::string_view JsonValue::text() const { return document_->view(document_->nodes_[at_].text); }
inline bool JsonValue::boolean() const { return document_->nodes_[at_].boolean; }
inline std::string_view JsonValue::key() const { return document_->view(document_->nodes_[at_].key); }
inline std::size_t JsonValue::size() const { return document_->nodes_[at_].count; }
inline std::uint32_t JsonValue::end_index() const { return document_->nodes_[at_].end; }

inline std::optional<JsonValue> JsonValue::find(std::string_view key) const {
    const auto& nodes = document_->nodes_;
    for (auto at = at_ + 1; at < nodes[at_].end; at = nodes[at].end)
        if (nodes[at].key.size == key.size() && document_->view(nodes[at].key) == key)
            return JsonValue{*document_, at};
    return std::nullopt;
}

inline std::optional<JsonValue> JsonValue::first() const {
    if (size() == 0) return std::nullopt;
    return JsonValue{*document_, at_ + 1};
}

inline std::optional<JsonValue> JsonValue::next() const {
    const auto& node = document_->nodes_[at_];
    const auto& parent = document_->nodes_[node.parent];
    if (node.parent == at_ || node.end >= parent.end) return std::nullopt;
    return JsonValue{*document_, node.end};
}

// "/" and "~" in a key become "~1" and "~0".
void append_pointer_token(std::string& pointer, std::string_view key);

}  // namespace api::wire
