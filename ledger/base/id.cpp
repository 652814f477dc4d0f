#include "ledger/base/id.hpp"

#include <algorithm>

namespace ledger::base {
namespace {

constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t digits_of_a_key = 13;

constexpr bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string birth_id(std::string_view prefix, std::uint64_t key) {
    std::string id{prefix};
    for (std::size_t place = digits_of_a_key; place-- > 0;) id += digits[(key >> (5 * place)) & 31U];
    return id;
}

std::optional<std::uint64_t> key_from_birth_id(std::string_view prefix, std::string_view id) {
    if (!id.starts_with(prefix) || id.size() != prefix.size() + digits_of_a_key) return std::nullopt;
    id.remove_prefix(prefix.size());
    if (digits.find(id.front()) > 15) return std::nullopt;  // thirteen digits hold 65 bits; a key has 64
    std::uint64_t key = 0;
    for (const char digit : id) {
        const auto value = digits.find(digit);
        if (value == std::string_view::npos) return std::nullopt;
        key = (key << 5U) | value;
    }
    return key;
}

bool is_object_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && is_letter_or_digit(text.front()) &&
           std::ranges::all_of(
               text, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace ledger::base
