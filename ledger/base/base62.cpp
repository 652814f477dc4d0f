#include "ledger/base/base62.hpp"

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static_assert(digits.size() == 62);

std::optional<unsigned> value_of(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A') + 10;
    if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + 36;
    return std::nullopt;
}

unsigned byte_of(char c) { return static_cast<unsigned char>(c); }

}  // namespace

std::string to_base62(ByteView data) {
    ensure(data.size() <= base62_bytes_max, "base 62 is for short values");
    std::string text(base62_width(data.size()), digits.front());
    std::string number(reinterpret_cast<const char*>(data.data()), data.size());
    for (std::size_t place = text.size(); place-- > 0;) {
        unsigned remainder = 0;
        for (char& byte : number) {
            const unsigned value = remainder * 256 + byte_of(byte);
            byte = static_cast<char>(value / 62);
            remainder = value % 62;
        }
        text[place] = digits[remainder];
    }
    return text;
}

std::optional<std::string> from_base62(std::string_view text, std::size_t bytes) {
    ensure(bytes <= base62_bytes_max, "base 62 is for short values");
    if (text.size() != base62_width(bytes)) return std::nullopt;
    std::string number(bytes, '\0');
    for (const char digit : text) {
        const auto value = value_of(digit);
        if (!value) return std::nullopt;
        unsigned carry = *value;
        for (std::size_t place = bytes; place-- > 0;) {
            carry += byte_of(number[place]) * 62;
            number[place] = static_cast<char>(carry % 256);
            carry /= 256;
        }
        if (carry != 0) return std::nullopt;
    }
    return number;
}

}  // namespace ledger::base
