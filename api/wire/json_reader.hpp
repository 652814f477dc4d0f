// Reads an object field by field, so that a handler is a list of its fields and one question at the end:
//
//     ObjectReader body{document.root()};
//     const auto reason = body.required_string("reason");
//     for (auto leg : body.required_array("legs", {.most = 1000}).objects()) legs.push_back(read_leg(leg));
//     if (auto read = body.finish(); !read) return refuse(read.error());
//
// The first fault is kept, with a pointer to the value; later ones, and values read after it, do not matter
// (they are empty or zero). Readers of nested objects share the fault and the record of what was read with
// the outermost one, whose finish() refuses whatever nobody asked for, at any depth. A field that is null
// counts as a wrong type unless the call says Null::absent. A text with U+0000 is refused: no store can keep
// it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/wire/json_document.hpp"
#include "ledger/base/error.hpp"
#include "ledger/base/instant.hpp"
#include "ledger/base/quantity.hpp"

namespace api::wire {

enum class Null : std::uint8_t { refused, absent };

struct TextBounds {
    std::size_t least = 1;
    std::size_t most = 1024;  // bytes
};
struct CountBounds {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::int64_t>::max();
};
struct ArrayBounds {
    std::size_t least = 1;
    std::size_t most = 1000;
};

struct ReadRecord;  // what was read, and the first fault; shared by all readers of one document
class ArrayReader;

class ObjectReader {
public:
    // `base` is put before every pointer: for an object that is a part of what the caller sent.
    explicit ObjectReader(JsonValue object, std::string base = {});

    [[nodiscard]] std::string required_string(std::string_view name, TextBounds bounds = {});
    [[nodiscard]] std::optional<std::string> optional_string(std::string_view name, TextBounds bounds = {},
                                                             Null null = Null::refused);
    // An id as api.md has it: [A-Za-z0-9][A-Za-z0-9._-]{0,63}.
    [[nodiscard]] std::string required_id(std::string_view name);
    [[nodiscard]] std::optional<std::string> optional_id(std::string_view name, Null null = Null::refused);

    [[nodiscard]] ledger::base::Microseconds required_instant(std::string_view name);
    [[nodiscard]] std::optional<ledger::base::Microseconds> optional_instant(std::string_view name,
                                                                             Null null = Null::refused);
    [[nodiscard]] std::chrono::year_month_day required_day(std::string_view name);
    [[nodiscard]] std::optional<std::chrono::year_month_day> optional_day(std::string_view name,
                                                                          Null null = Null::refused);

    // A JSON integer.
    [[nodiscard]] std::uint64_t required_count(std::string_view name, CountBounds bounds = {});
    [[nodiscard]] std::optional<std::uint64_t> optional_count(std::string_view name, CountBounds bounds = {},
                                                              Null null = Null::refused);
    [[nodiscard]] bool required_bool(std::string_view name);
    [[nodiscard]] std::optional<bool> optional_bool(std::string_view name, Null null = Null::refused);

    // A decimal as text, never a JSON number. The first form checks the shape alone, for when the asset's
    // scale is not known; the second reads it at a scale.
    [[nodiscard]] std::string required_decimal(std::string_view name);
    [[nodiscard]] std::optional<std::string> optional_decimal(std::string_view name,
                                                              Null null = Null::refused);
    [[nodiscard]] ledger::base::Quantity required_quantity(std::string_view name, int scale);
    [[nodiscard]] std::optional<ledger::base::Quantity> optional_quantity(std::string_view name, int scale,
                                                                          Null null = Null::refused);

    // `table`: rows with `.text` and `.value`, as the tables of ledger/book are.
    template <class Table>
    [[nodiscard]] auto required_enum(std::string_view name, const Table& table) {
        return one_of(name, table, required_string(name)).value_or(std::begin(table)->value);
    }
    template <class Table>
    [[nodiscard]] auto optional_enum(std::string_view name, const Table& table, Null null = Null::refused) {
        const auto text = optional_string(name, {}, null);
        return text ? one_of(name, table, *text) : decltype(one_of(name, table, *text)){};
    }

    // A reader whose every field is absent, without a further fault, when the object itself is not there.
    [[nodiscard]] ObjectReader required_object(std::string_view name);
    [[nodiscard]] std::optional<ObjectReader> optional_object(std::string_view name,
                                                              Null null = Null::refused);
    [[nodiscard]] ArrayReader required_array(std::string_view name, ArrayBounds bounds = {});
    [[nodiscard]] std::optional<ArrayReader> optional_array(std::string_view name, ArrayBounds bounds = {},
                                                            Null null = Null::refused);
    // The items of an array that readers of their own will read: all that they hold counts as read here.
    [[nodiscard]] std::vector<JsonValue> required_items(std::string_view name, ArrayBounds bounds);
    // A value of any shape; all that it holds counts as read.
    [[nodiscard]] std::optional<JsonValue> optional_value(std::string_view name);

    [[nodiscard]] bool has(std::string_view name) const;  // there, and not null
    // Of the object, and of a field whether it is there or not.
    [[nodiscard]] std::string pointer() const;
    [[nodiscard]] std::string pointer(std::string_view name) const;
    [[nodiscard]] std::optional<JsonValue> value() const { return object_; }

    // The handler's own fault with a field (or with the object, when the name is empty): `invalid_input`.
    void fail(std::string_view name, std::string detail);
    void fail(ledger::base::Error error);  // kept as it is

    [[nodiscard]] bool ok() const;
    [[nodiscard]] const ledger::base::Error& error() const;  // only when not ok()
    // Refuses what was not read, then says how it went.
    [[nodiscard]] ledger::base::Status finish();

private:
    friend class ArrayReader;
    ObjectReader(std::optional<JsonValue> object, std::shared_ptr<ReadRecord> record)
        : object_{object}, record_{std::move(record)} {}

    std::optional<JsonValue> take(std::string_view name, JsonKind kind, bool required, Null null,
                                  std::string_view instead = {});
    std::optional<std::string> take_text(std::string_view name, TextBounds bounds, bool required, Null null,
                                         std::string_view instead = {});
    std::optional<std::string> take_id(std::string_view name, bool required, Null null);
    std::optional<ledger::base::Microseconds> take_instant(std::string_view name, bool required, Null null);
    std::optional<std::chrono::year_month_day> take_day(std::string_view name, bool required, Null null);
    std::optional<std::uint64_t> take_count(std::string_view name, CountBounds bounds, bool required,
                                            Null null);
    std::optional<std::string> take_decimal(std::string_view name, bool required, Null null);
    std::optional<ledger::base::Quantity> take_quantity(std::string_view name, int scale, bool required,
                                                        Null null);
    std::optional<ArrayReader> take_array(std::string_view name, ArrayBounds bounds, bool required,
                                          Null null);
    void fail_choice(std::string_view name, std::string_view text,
                     const std::vector<std::string_view>& choices);

    template <class Table>
    auto one_of(std::string_view name, const Table& table, std::string_view text) {
        std::optional<std::decay_t<decltype(std::begin(table)->value)>> found;
        for (const auto& row : table)
            if (row.text == text) found = row.value;
        if (!found && ok()) {
            std::vector<std::string_view> choices;
            for (const auto& row : table)
                if (!row.text.empty()) choices.push_back(row.text);
            fail_choice(name, text, choices);
        }
        return found;
    }

    std::optional<JsonValue> object_;
    std::shared_ptr<ReadRecord> record_;
};

class ArrayReader {
public:
    [[nodiscard]] std::size_t size() const { return items_.size(); }
    // One of these; it reads every item.
    [[nodiscard]] std::vector<ObjectReader> objects();
    [[nodiscard]] std::vector<std::string> strings(TextBounds bounds = {});
    [[nodiscard]] std::vector<std::string> ids();
    [[nodiscard]] std::string pointer(std::size_t item) const;

private:
    friend class ObjectReader;
    ArrayReader(std::vector<JsonValue> items, std::shared_ptr<ReadRecord> record)
        : items_{std::move(items)}, record_{std::move(record)} {}
    bool expect(JsonValue item, JsonKind kind);

    std::vector<JsonValue> items_;
    std::shared_ptr<ReadRecord> record_;
};

}  // namespace api::wire
