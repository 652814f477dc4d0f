// Appends JSON to one string, field by field; commas and escapes are its own business. Whoever calls it
// closes what was opened. Bytes that are not UTF-8 come out as U+FFFD, so that the result is JSON whatever a
// text holds.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ledger/base/instant.hpp"
#include "ledger/base/quantity.hpp"

namespace api::wire {

class JsonWriter {
public:
    explicit JsonWriter(std::size_t expected_bytes = 512) { out_.reserve(expected_bytes); }

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);

    // Values: items of an array, or what follows a key.
    JsonWriter& string(std::string_view text);
    template <std::integral Integer>
        requires(!std::same_as<Integer, bool>)
    JsonWriter& number(Integer value) {
        if constexpr (std::unsigned_integral<Integer>)
            return number_text(static_cast<std::uint64_t>(value));
        else
            return number_text(static_cast<std::int64_t>(value));
    }
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    JsonWriter& decimal(ledger::base::Quantity quantity, int scale);  // a text: "100.00"
    JsonWriter& instant(ledger::base::Microseconds at);
    JsonWriter& day(std::chrono::year_month_day day);
    JsonWriter& raw(std::string_view json);  // already JSON

    // A key and its value in one call.
    JsonWriter& field(std::string_view name, std::string_view text) { return key(name).string(text); }
    JsonWriter& field(std::string_view name, const std::string& text) { return key(name).string(text); }
    JsonWriter& field(std::string_view name, const char* text) { return key(name).string(text); }
    JsonWriter& field(std::string_view name, std::same_as<bool> auto value) {
        return key(name).boolean(value);
    }
    template <std::integral Integer>
        requires(!std::same_as<Integer, bool>)
    JsonWriter& field(std::string_view name, Integer value) {
        return key(name).number(value);
    }
    JsonWriter& field(std::string_view name, ledger::base::Quantity quantity, int scale) {
        return key(name).decimal(quantity, scale);
    }
    JsonWriter& field(std::string_view name, ledger::base::Microseconds at) { return key(name).instant(at); }
    JsonWriter& field(std::string_view name, std::chrono::year_month_day date) { return key(name).day(date); }
    JsonWriter& field_null(std::string_view name) { return key(name).null(); }
    // Nothing is null.
    template <class T>
    JsonWriter& field_or_null(std::string_view name, const std::optional<T>& value) {
        return value ? field(name, *value) : field_null(name);
    }
    JsonWriter& begin_object(std::string_view name) { return key(name).begin_object(); }
    JsonWriter& begin_array(std::string_view name) { return key(name).begin_array(); }

    [[nodiscard]] const std::string& text() const { return out_; }
    [[nodiscard]] std::string take() { return std::exchange(out_, {}); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    JsonWriter& number_text(std::uint64_t value);
    JsonWriter& number_text(std::int64_t value);
    void before_value() {
        if (comma_) out_ += ',';
        comma_ = true;
    }

    std::string out_;
    bool comma_ = false;  // a value stands before the next one
};

[[nodiscard]] bool is_utf8(std::string_view text);

// The text between the quotes.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace api::wire
