#include "api/wire/request_fields.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "api/wire/json_writer.hpp"

namespace api::wire {
namespace {

using namespace ledger::book;

constexpr std::size_t bytes_per_character_max = 4;

void check_length(ObjectReader& reader, std::string_view name, std::string_view text,
                  std::size_t characters_max) {
    if (characters_in(text) > characters_max)
        reader.fail(name, fmt::format("At most {} characters.", characters_max));
}

bool is_digest(std::string_view text) {
    constexpr std::string_view prefix = "sha256:";
    return text.starts_with(prefix) && digest_from_hex(text.substr(prefix.size())).has_value();
}

template <class Enum, std::size_t Size, class Rows, class Key>
std::array<EnumText<Enum>, Size> texts_of(const Rows& rows, Key key) {
    std::array<EnumText<Enum>, Size> texts{};
    for (std::size_t at = 0; at < Size; ++at) texts[at] = {rows[at].*key, rows[at].code};
    return texts;
}

}  // namespace

std::size_t characters_in(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(
        utf8, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; }));
}

std::string required_text(ObjectReader& reader, std::string_view name, std::size_t characters_max) {
    auto text = reader.required_string(name, {.least = 1, .most = characters_max * bytes_per_character_max});
    check_length(reader, name, text, characters_max);
    return text;
}

std::optional<std::string> optional_text(ObjectReader& reader, std::string_view name,
                                         std::size_t characters_max, Null null) {
    auto text =
        reader.optional_string(name, {.least = 1, .most = characters_max * bytes_per_character_max}, null);
    if (text) check_length(reader, name, *text, characters_max);
    return text;
}

rules::AmountText read_amount(ObjectReader amount) {
    rules::AmountText read{amount.required_id("asset"), {amount.required_decimal("amount")}};
    const auto& text = read.amount.text;
    if (text.size() > amount_characters_max)
        amount.fail("amount", fmt::format("At most {} characters.", amount_characters_max));
    if (text.starts_with('-') || text.find_first_of("123456789") == std::string::npos)
        amount.fail("amount", "An amount is greater than zero.");
    return read;
}

rules::AmountText required_amount(ObjectReader& reader, std::string_view name) {
    return read_amount(reader.required_object(name));
}

std::optional<rules::AmountText> optional_amount(ObjectReader& reader, std::string_view name, Null null) {
    auto amount = reader.optional_object(name, null);
    return amount ? std::optional{read_amount(*amount)} : std::nullopt;
}

std::vector<Evidence> optional_evidence(ObjectReader& reader) {
    std::vector<Evidence> evidence;
    auto list = reader.optional_array("evidence", {.least = 0, .most = rules::evidence_per_journal_max});
    if (!list) return evidence;
    for (auto entry : list->objects()) {
        Evidence one{.kind = required_text(entry, "kind", word_characters_max),
                     .reference = required_text(entry, "reference", reference_characters_max),
                     .digest = optional_text(entry, "digest", reference_characters_max).value_or("")};
        if (!one.digest.empty() && !is_digest(one.digest))
            entry.fail("digest", "A digest is \"sha256:\" and 64 lower-case hexadecimal digits.");
        evidence.push_back(std::move(one));
    }
    return evidence;
}

std::optional<rules::Erasable> optional_memo(ObjectReader& reader) {
    auto memo = optional_text(reader, "memo", memo_characters_max, Null::absent);
    if (!memo) return std::nullopt;
    return rules::Erasable{.text = std::move(*memo), .salt = {}};
}

std::span<const EnumText<Regime>> regime_texts() {
    static const auto texts = texts_of<Regime, regime_count>(regimes(), &RegimeRow::regime);
    return texts;
}

std::span<const EnumText<AccountKind>> account_kind_texts() {
    static const auto texts =
        texts_of<AccountKind, account_kind_count>(account_kinds(), &AccountKindRow::kind);
    return texts;
}

std::span<const EnumText<Side>> side_texts() {
    static constexpr std::array<EnumText<Side>, 2> texts{
        {{Side::obligation, "obligation"}, {Side::location, "location"}}};
    return texts;
}

void append_canonical_json(std::string& out, JsonValue value) {
    switch (value.kind()) {
        case JsonKind::null: out += "null"; return;
        case JsonKind::boolean: out += value.boolean() ? "true" : "false"; return;
        case JsonKind::integer:
        case JsonKind::real: out += value.text(); return;
        case JsonKind::string:
            out += '"';
            append_json_escaped(out, value.text());
            out += '"';
            return;
        case JsonKind::array: {
            out += '[';
            for (auto item = value.first(); item; item = item->next()) {
                if (out.back() != '[') out += ',';
                append_canonical_json(out, *item);
            }
            out += ']';
            return;
        }
        case JsonKind::object: {
            std::vector<JsonValue> members;
            for (auto member = value.first(); member; member = member->next()) members.push_back(*member);
            std::ranges::sort(members, {}, [](const JsonValue& member) { return member.key(); });
            out += '{';
            for (const auto& member : members) {
                if (out.back() != '{') out += ',';
                out += '"';
                append_json_escaped(out, member.key());
                out += "\":";
                append_canonical_json(out, member);
            }
            out += '}';
            return;
        }
    }
}

}  // namespace api::wire
