#include "api/wire/json_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "ledger/base/ensure.hpp"
#include "ledger/base/id.hpp"

namespace api::wire {

using ledger::base::Code;
using ledger::base::ensure;
using ledger::base::Error;
using ledger::base::Microseconds;
using ledger::base::Quantity;
using ledger::base::refuse;
using ledger::base::Status;

struct ReadRecord {
    JsonValue origin;
    std::string base;
    std::vector<bool> read;  // by place in the document, from the origin on
    std::optional<Error> error;

    [[nodiscard]] std::string pointer_to(JsonValue value) const { return base + value.pointer_from(origin); }
    void mark(JsonValue value) { read[value.index() - origin.index()] = true; }
    void mark_all(JsonValue value) {
        for (auto at = value.index(); at < value.end_index(); ++at) read[at - origin.index()] = true;
    }
    void fail(Error fault) {
        if (!error) error = std::move(fault);
    }
    void fail_at(JsonValue value, std::string detail) {
        if (!error) error = Error{Code::invalid_input, std::move(detail), pointer_to(value)};
    }
};

namespace {

std::shared_ptr<ReadRecord> new_record(JsonValue object, std::string base) {
    const std::size_t places = object.end_index() - object.index();
    return std::make_shared<ReadRecord>(
        ReadRecord{object, std::move(base), std::vector<bool>(places, false), std::nullopt});
}

bool is_decimal(std::string_view text) {
    const auto digits_from = [&](std::size_t at) {
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
        return at;
    };
    const std::size_t whole = text.starts_with('-') ? 1 : 0;
    const std::size_t point = digits_from(whole);
    if (point == whole || (text[whole] == '0' && point > whole + 1)) return false;
    if (point == text.size()) return true;
    return text[point] == '.' && point + 1 < text.size() && digits_from(point + 1) == text.size();
}

constexpr std::string_view amount_instead =
    "An amount is a text with a decimal, as in \"1250000.00\", never a JSON number.";
constexpr std::string_view decimal_form =
    "The text is not a decimal: digits, at most one point, no exponent, no plus.";
constexpr std::string_view id_form =
    "An id is a letter or digit, then at most 63 letters, digits, points, underlines or dashes.";

}  // namespace

ObjectReader::ObjectReader(JsonValue object, std::string base)
    : object_{object}, record_{new_record(object, std::move(base))} {
    if (!object.is(JsonKind::object)) {
        record_->fail_at(object, fmt::format("An object is wanted here, not {}.", name_of(object.kind())));
        object_.reset();
        return;
    }
    record_->mark(object);
}

bool ObjectReader::ok() const { return !record_->error.has_value(); }

const Error& ObjectReader::error() const {
    ensure(!ok(), "there is a fault to show");
    return *record_->error;
}

std::string ObjectReader::pointer() const { return object_ ? record_->pointer_to(*object_) : record_->base; }

std::string ObjectReader::pointer(std::string_view name) const {
    std::string text = pointer();
    append_pointer_token(text, name);
    return text;
}

void ObjectReader::fail(std::string_view name, std::string detail) {
    if (!ok()) return;
    record_->fail({Code::invalid_input, std::move(detail), name.empty() ? pointer() : pointer(name)});
}

void ObjectReader::fail(Error error) { record_->fail(std::move(error)); }

bool ObjectReader::has(std::string_view name) const {
    const auto found = object_ ? object_->find(name) : std::nullopt;
    return found && !found->is(JsonKind::null);
}

Status ObjectReader::finish() {
    if (object_ && ok()) {
        const auto& document = object_->document();
        for (auto at = object_->index(); at < object_->end_index() && ok(); ++at) {
            const JsonValue value{document, at};
            if (record_->read[at - record_->origin.index()]) continue;
            record_->fail_at(value, value.key().empty()
                                        ? "No value is known here."
                                        : fmt::format("No field \"{}\" is known here.", value.key()));
        }
    }
    if (!ok()) return refuse(*record_->error);
    return {};
}

std::optional<JsonValue> ObjectReader::take(std::string_view name, JsonKind kind, bool required, Null null,
                                            std::string_view instead) {
    if (!object_) return std::nullopt;
    const auto found = object_->find(name);
    if (!found) {
        if (required) fail(name, fmt::format("The field \"{}\" is missing.", name));
        return std::nullopt;
    }
    record_->mark(*found);
    if (found->is(kind)) return found;
    if (found->is(JsonKind::null) && null == Null::absent && !required) return std::nullopt;
    record_->fail_at(*found, instead.empty() ? fmt::format("\"{}\" is {}; {} is wanted.", name,
                                                           name_of(found->kind()), name_of(kind))
                                             : std::string{instead});
    return std::nullopt;
}

std::optional<std::string> ObjectReader::take_text(std::string_view name, TextBounds bounds, bool required,
                                                   Null null, std::string_view instead) {
    const auto found = take(name, JsonKind::string, required, null, instead);
    if (!found) return std::nullopt;
    const auto text = found->text();
    if (text.size() < bounds.least || text.size() > bounds.most) {
        record_->fail_at(*found, text.empty() ? fmt::format("\"{}\" is empty.", name)
                                              : fmt::format("\"{}\" has {} bytes; {} to {} are allowed.",
                                                            name, text.size(), bounds.least, bounds.most));
        return std::nullopt;
    }
    if (text.find('\0') != std::string_view::npos) {
        record_->fail_at(*found, "A text may not hold U+0000.");
        return std::nullopt;
    }
    return std::string{text};
}

std::string ObjectReader::required_string(std::string_view name, TextBounds bounds) {
    return take_text(name, bounds, true, Null::refused).value_or("");
}

std::optional<std::string> ObjectReader::optional_string(std::string_view name, TextBounds bounds,
                                                         Null null) {
    return take_text(name, bounds, false, null);
}

std::optional<std::string> ObjectReader::take_id(std::string_view name, bool required, Null null) {
    constexpr std::size_t far_too_long = 4096;
    auto text = take_text(name, {1, far_too_long}, required, null);
    if (text && !ledger::base::is_object_id(*text)) {
        fail(name, std::string{id_form});
        return std::nullopt;
    }
    return text;
}

std::string ObjectReader::required_id(std::string_view name) {
    return take_id(name, true, Null::refused).value_or("");
}

std::optional<std::string> ObjectReader::optional_id(std::string_view name, Null null) {
    return take_id(name, false, null);
}

std::optional<Microseconds> ObjectReader::take_instant(std::string_view name, bool required, Null null) {
    const auto text = take_text(name, {}, required, null);
    if (!text) return std::nullopt;
    const auto at = ledger::base::parse_rfc3339(*text);
    if (!at) fail(name, "The text is not an instant with an offset, as in \"2026-07-06T15:04:05Z\".");
    return at;
}

Microseconds ObjectReader::required_instant(std::string_view name) {
    return take_instant(name, true, Null::refused).value_or(Microseconds{});
}

std::optional<Microseconds> ObjectReader::optional_instant(std::string_view name, Null null) {
    return take_instant(name, false, null);
}

std::optional<std::chrono::year_month_day> ObjectReader::take_day(std::string_view name, bool required,
                                                                  Null null) {
    const auto text = take_text(name, {}, required, null);
    if (!text) return std::nullopt;
    const auto day = ledger::base::parse_day(*text);
    if (!day) fail(name, "The text is not a day, as in \"2026-07-06\".");
    return day;
}

std::chrono::year_month_day ObjectReader::required_day(std::string_view name) {
    using namespace std::chrono;
    return take_day(name, true, Null::refused).value_or(year_month_day{sys_days{}});
}

std::optional<std::chrono::year_month_day> ObjectReader::optional_day(std::string_view name, Null null) {
    return take_day(name, false, null);
}

std::optional<std::uint64_t> ObjectReader::take_count(std::string_view name, CountBounds bounds,
                                                      bool required, Null null) {
    const auto found = take(name, JsonKind::integer, required, null);
    if (!found) return std::nullopt;
    const auto text = found->text();
    std::uint64_t value = 0;
    const auto end = text.data() + text.size();
    const auto [stopped, fault] = std::from_chars(text.data(), end, value);
    if (fault != std::errc{} || stopped != end || value < bounds.least || value > bounds.most) {
        record_->fail_at(*found,
                         fmt::format("\"{}\" is not from {} to {}.", name, bounds.least, bounds.most));
        return std::nullopt;
    }
    return value;
}

std::uint64_t ObjectReader::required_count(std::string_view name, CountBounds bounds) {
    return take_count(name, bounds, true, Null::refused).value_or(bounds.least);
}

std::optional<std::uint64_t> ObjectReader::optional_count(std::string_view name, CountBounds bounds,
                                                          Null null) {
    return take_count(name, bounds, false, null);
}

bool ObjectReader::required_bool(std::string_view name) {
    const auto found = take(name, JsonKind::boolean, true, Null::refused);
    return found && found->boolean();
}

std::optional<bool> ObjectReader::optional_bool(std::string_view name, Null null) {
    const auto found = take(name, JsonKind::boolean, false, null);
    if (!found) return std::nullopt;
    return found->boolean();
}

std::optional<std::string> ObjectReader::take_decimal(std::string_view name, bool required, Null null) {
    constexpr std::size_t decimal_bytes_max = 128;
    auto text = take_text(name, {1, decimal_bytes_max}, required, null, amount_instead);
    if (text && !is_decimal(*text)) {
        fail(name, std::string{decimal_form});
        return std::nullopt;
    }
    return text;
}

std::string ObjectReader::required_decimal(std::string_view name) {
    return take_decimal(name, true, Null::refused).value_or("");
}

std::optional<std::string> ObjectReader::optional_decimal(std::string_view name, Null null) {
    return take_decimal(name, false, null);
}

std::optional<Quantity> ObjectReader::take_quantity(std::string_view name, int scale, bool required,
                                                    Null null) {
    using ledger::base::DecimalFault;
    const auto text = take_decimal(name, required, null);
    if (!text) return std::nullopt;
    const auto parsed = ledger::base::parse_decimal(*text, scale);
    switch (parsed.fault) {
        case DecimalFault::none: return parsed.quantity;
        case DecimalFault::not_a_decimal: fail(name, std::string{decimal_form}); break;
        case DecimalFault::too_many_fraction_digits:
            fail(name, fmt::format("{} has more than the {} fraction digits of the asset.", *text, scale));
            break;
        case DecimalFault::too_large:
            fail(name, "The amount is beyond 10^36 of the asset's smallest units.");
            break;
    }
    return std::nullopt;
}

Quantity ObjectReader::required_quantity(std::string_view name, int scale) {
    return take_quantity(name, scale, true, Null::refused).value_or(Quantity{});
}

std::optional<Quantity> ObjectReader::optional_quantity(std::string_view name, int scale, Null null) {
    return take_quantity(name, scale, false, null);
}

void ObjectReader::fail_choice(std::string_view name, std::string_view text,
                               const std::vector<std::string_view>& choices) {
    constexpr std::size_t shown_bytes = 64;
    fail(name, fmt::format("\"{}\" is none of {}.", text.substr(0, shown_bytes), fmt::join(choices, ", ")));
}

ObjectReader ObjectReader::required_object(std::string_view name) {
    return {take(name, JsonKind::object, true, Null::refused), record_};
}

std::optional<ObjectReader> ObjectReader::optional_object(std::string_view name, Null null) {
    const auto found = take(name, JsonKind::object, false, null);
    if (!found) return std::nullopt;
    return ObjectReader{found, record_};
}

std::optional<ArrayReader> ObjectReader::take_array(std::string_view name, ArrayBounds bounds, bool required,
                                                    Null null) {
    const auto found = take(name, JsonKind::array, required, null);
    if (!found) return std::nullopt;
    if (found->size() < bounds.least || found->size() > bounds.most) {
        record_->fail_at(*found, fmt::format("\"{}\" has {} items; {} to {} are allowed.", name,
                                             found->size(), bounds.least, bounds.most));
        return std::nullopt;
    }
    std::vector<JsonValue> items;
    items.reserve(found->size());
    for (auto item = found->first(); item; item = item->next()) items.push_back(*item);
    return ArrayReader{std::move(items), record_};
}

ArrayReader ObjectReader::required_array(std::string_view name, ArrayBounds bounds) {
    return take_array(name, bounds, true, Null::refused).value_or(ArrayReader{{}, record_});
}

std::optional<ArrayReader> ObjectReader::optional_array(std::string_view name, ArrayBounds bounds,
                                                        Null null) {
    return take_array(name, bounds, false, null);
}

std::vector<JsonValue> ObjectReader::required_items(std::string_view name, ArrayBounds bounds) {
    auto items = take_array(name, bounds, true, Null::refused);
    if (!items) return {};
    static_cast<void>(optional_value(name));
    return std::move(items->items_);
}

std::optional<JsonValue> ObjectReader::optional_value(std::string_view name) {
    const auto found = object_ ? object_->find(name) : std::nullopt;
    if (found) record_->mark_all(*found);
    return found;
}

bool ArrayReader::expect(JsonValue item, JsonKind kind) {
    record_->mark(item);
    if (item.is(kind)) return true;
    record_->fail_at(item, fmt::format("The item is {}; {} is wanted.", name_of(item.kind()), name_of(kind)));
    return false;
}

std::vector<ObjectReader> ArrayReader::objects() {
    std::vector<ObjectReader> readers;
    readers.reserve(items_.size());
    for (const auto item : items_) {
        if (!expect(item, JsonKind::object)) return {};
        readers.push_back(ObjectReader{item, record_});
    }
    return readers;
}

std::vector<std::string> ArrayReader::strings(TextBounds bounds) {
    std::vector<std::string> texts;
    texts.reserve(items_.size());
    for (const auto item : items_) {
        if (!expect(item, JsonKind::string)) return {};
        const auto text = item.text();
        if (text.size() < bounds.least || text.size() > bounds.most ||
            text.find('\0') != std::string_view::npos) {
            record_->fail_at(item, fmt::format("The text has {} bytes; {} to {} are allowed, and no U+0000.",
                                               text.size(), bounds.least, bounds.most));
            return {};
        }
        texts.emplace_back(text);
    }
    return texts;
}

std::vector<std::string> ArrayReader::ids() {
    auto texts = strings();
    for (std::size_t place = 0; place < texts.size(); ++place) {
        if (ledger::base::is_object_id(texts[place])) continue;
        record_->fail_at(items_[place], std::string{id_form});
        return {};
    }
    return texts;
}

std::string ArrayReader::pointer(std::size_t item) const { return record_->pointer_to(items_.at(item)); }

}  // namespace api::wire
