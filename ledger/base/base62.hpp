// Bytes as letters and digits (0-9, A-Z, a-z), of a width that follows from the number of bytes alone, so
// that texts of one kind sort as their bytes do and need no escaping anywhere. For keys and the like; the
// cost grows with the square.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/digest.hpp"

namespace ledger::base {

inline constexpr std::size_t base62_bytes_max = 64;

// The digits that hold so many bytes: 22 for 16, 43 for 32.
[[nodiscard]] constexpr std::size_t base62_width(std::size_t bytes) {
    constexpr std::size_t millionths_of_a_digit_per_byte = 1'343'588;  // log 256 / log 62, rounded up
    return (bytes * millionths_of_a_digit_per_byte + 999'999) / 1'000'000;
}

[[nodiscard]] std::string to_base62(ByteView data);  // at most base62_bytes_max bytes

// So many raw bytes; nothing for another width, another character, or a number that is too large for the
// bytes.
[[nodiscard]] std::optional<std::string> from_base62(std::string_view text, std::size_t bytes);

}  // namespace ledger::base
