#include "ledger/base/quantity.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

constexpr std::array<std::uint64_t, 20> powers_of_ten = [] {
    std::array<std::uint64_t, 20> powers{};
    std::uint64_t power = 1;
    for (auto& entry : powers) {
        entry = power;
        power *= 10;
    }
    return powers;
}();

constexpr std::size_t digits_per_word = 18;
constexpr std::uint64_t word_size = powers_of_ten[digits_per_word];
constexpr std::size_t digits_of_units_max = 37;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::size_t count_digits(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

// At most 38 digits in all, so that nothing can overflow.
uint128 append_digits(uint128 so_far, std::string_view digits) {
    while (!digits.empty()) {
        const auto part = digits.substr(0, digits_per_word);
        std::uint64_t word = 0;
        for (const char digit : part) word = word * 10 + static_cast<std::uint64_t>(digit - '0');
        so_far = so_far * powers_of_ten[part.size()] + word;
        digits.remove_prefix(part.size());
    }
    return so_far;
}

struct DecimalParts {
    bool is_negative = false;
    std::string_view whole;
    std::string_view fraction;
};

std::optional<DecimalParts> split_decimal(std::string_view text) {
    DecimalParts parts;
    if (text.starts_with('-')) {
        parts.is_negative = true;
        text.remove_prefix(1);
    }
    parts.whole = text.substr(0, count_digits(text));
    if (parts.whole.empty() || (parts.whole.front() == '0' && parts.whole.size() > 1)) return std::nullopt;
    text.remove_prefix(parts.whole.size());
    if (text.empty()) return parts;
    if (text.front() != '.') return std::nullopt;
    parts.fraction = text.substr(1);
    if (parts.fraction.empty() || count_digits(parts.fraction) != parts.fraction.size()) return std::nullopt;
    return parts;
}

constexpr std::array<char, 200> digit_pairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t value = 0; value < 100; ++value) {
        pairs[2 * value] = static_cast<char>('0' + value / 10);
        pairs[2 * value + 1] = static_cast<char>('0' + value % 10);
    }
    return pairs;
}();

// Writes towards the front and returns where the digits begin; zero has none.
char* write_digits(char* end, std::uint64_t word) {
    while (word >= 10) {
        const auto* pair = digit_pairs.data() + 2 * (word % 100);
        word /= 100;
        *--end = pair[1];
        *--end = pair[0];
    }
    if (word != 0) *--end = static_cast<char>('0' + word);
    return end;
}

char* fill_zeros(char* begin, char* until) {
    while (begin > until) *--begin = '0';
    return begin;
}

char* write_digits(char* end, uint128 value) {
    while (value >= word_size) {
        char* const begin = write_digits(end, static_cast<std::uint64_t>(value % word_size));
        end = fill_zeros(begin, end - digits_per_word);
        value /= word_size;
    }
    return write_digits(end, static_cast<std::uint64_t>(value));
}

}  // namespace

std::optional<Quantity> checked_add(Quantity left, Quantity right) {
    int128 sum = 0;
    if (__builtin_add_overflow(left.units(), right.units(), &sum)) return std::nullopt;
    return Quantity{sum};
}

std::optional<Quantity> checked_subtract(Quantity left, Quantity right) {
    int128 difference = 0;
    if (__builtin_sub_overflow(left.units(), right.units(), &difference)) return std::nullopt;
    return Quantity{difference};
}

std::optional<Quantity> checked_multiply(Quantity left, std::int64_t factor) {
    int128 product = 0;
    if (__builtin_mul_overflow(left.units(), int128{factor}, &product)) return std::nullopt;
    return Quantity{product};
}

ParsedDecimal parse_decimal(std::string_view text, int scale) {
    ensure(scale >= 0 && scale <= scale_max, "a scale is from 0 to 18");
    const auto parts = split_decimal(text);
    if (!parts) return {Quantity{}, DecimalFault::not_a_decimal};
    const auto places = static_cast<std::size_t>(scale);
    if (parts->fraction.size() > places) return {Quantity{}, DecimalFault::too_many_fraction_digits};
    if (parts->whole != "0" && parts->whole.size() + places > digits_of_units_max) {
        return {Quantity{}, DecimalFault::too_large};
    }
    uint128 units = append_digits(append_digits(0, parts->whole), parts->fraction);
    units *= powers_of_ten[places - parts->fraction.size()];
    if (units > static_cast<uint128>(quantity_max().units())) return {Quantity{}, DecimalFault::too_large};
    const auto magnitude = static_cast<int128>(units);
    return {Quantity{parts->is_negative ? -magnitude : magnitude}, DecimalFault::none};
}

void append_decimal(std::string& out, Quantity quantity, int scale) {
    ensure(scale >= 0 && scale <= scale_max, "a scale is from 0 to 18");
    const auto places = static_cast<std::size_t>(scale);
    std::array<char, 48> room;
    char* const end = room.data() + room.size();
    const auto units = static_cast<uint128>(quantity.units());
    char* begin = write_digits(end, quantity.is_negative() ? -units : units);
    begin = fill_zeros(begin, end - (places + 1));
    if (quantity.is_negative()) *--begin = '-';
    char* const point = end - places;
    out.append(begin, point);
    if (places == 0) return;
    out += '.';
    out.append(point, end);
}

std::string format_decimal(Quantity quantity, int scale) {
    std::string text;
    append_decimal(text, quantity, scale);
    return text;
}

}  // namespace ledger::base
