// One canonical form for events and commands: the bytes that are hashed, stored and compared. Fields follow
// each other in the order of the struct; integers are LEB128, signed ones zig-zag; texts and lists carry
// their length. No field has two forms, so equal values have equal bytes. docs/log-format.md tells it to
// other programs.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "ledger/base/code_table.hpp"
#include "ledger/base/digest.hpp"
#include "ledger/base/id.hpp"
#include "ledger/base/instant.hpp"
#include "ledger/base/quantity.hpp"
#include "ledger/book/terms.hpp"

namespace ledger::book {

template <class T>
inline constexpr bool is_variant = false;
template <class... Alternatives>
inline constexpr bool is_variant<std::variant<Alternatives...>> = true;

template <class T>
concept HasFields = requires { T::fields; };

class CanonicalWriter {
public:
    explicit CanonicalWriter(std::string& out) : out_{out} {}

    void unsigned_number(uint128 value) {
        if (value < 0x80U) [[likely]] {
            out_.push_back(static_cast<char>(value));
            return;
        }
        std::array<char, 19> digits;
        std::size_t count = 0;
        const auto take = [&](auto word) {
            for (; word >= 0x80U; word >>= 7U)
                digits[count++] = static_cast<char>(static_cast<unsigned char>(word) | 0x80U);
            digits[count++] = static_cast<char>(word);
        };
        if (value <= std::numeric_limits<std::uint64_t>::max())
            take(static_cast<std::uint64_t>(value));
        else
            take(value);
        out_.append(digits.data(), count);
    }
    void signed_number(int128 value) {
        unsigned_number((static_cast<uint128>(value) << 1U) ^ static_cast<uint128>(value >> 127));
    }
    void bytes(std::string_view raw) { out_ += raw; }

    template <class T>
    void value(const T& item) {
        if constexpr (std::is_same_v<T, bool>) {
            unsigned_number(item ? 1U : 0U);
        } else if constexpr (std::is_enum_v<T>) {
            unsigned_number(static_cast<std::underlying_type_t<T>>(item));
        } else if constexpr (std::is_unsigned_v<T>) {
            unsigned_number(item);
        } else if constexpr (std::is_same_v<T, Quantity>) {
            signed_number(item.units());
        } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, RareText>) {
            unsigned_number(item.size());
            bytes(item);
        } else if constexpr (std::is_same_v<T, Digest>) {
            bytes({reinterpret_cast<const char*>(item.bytes.data()), item.bytes.size()});
        } else if constexpr (std::is_same_v<T, RoleSet> || std::is_same_v<T, AccountKinds>) {
            unsigned_number(item.bits());
        } else if constexpr (requires { item.micros(); }) {
            signed_number(item.micros());
        } else if constexpr (requires {
                                 item.has_value();
                                 *item;
                             }) {
            unsigned_number(item.has_value() ? 1U : 0U);
            if (item.has_value()) value(*item);
        } else if constexpr (requires { item.canonical(); }) {
            value(item.canonical());  // a type with several texts for one meaning names the one that counts
        } else if constexpr (HasFields<T>) {
            std::apply([&](auto... member) { (value(item.*member), ...); }, T::fields);
        } else if constexpr (is_variant<T>) {
            unsigned_number(item.index());
            std::visit([&](const auto& chosen) { value(chosen); }, item);
        } else if constexpr (requires {
                                 item.begin();
                                 item.size();
                             }) {
            unsigned_number(item.size());
            for (const auto& element : item) value(element);
        } else {
            unsigned_number(item.value);  // the numbers and keys of ledger/base/id.hpp
        }
    }

private:
    std::string& out_;
};

// Reads what CanonicalWriter wrote. Anything else leaves `ok()` false; nothing is ever read beyond the end.
class CanonicalReader {
public:
    explicit CanonicalReader(std::string_view data) : data_{data} {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return ok_ && data_.empty(); }

    uint128 unsigned_number() {
        uint128 value = 0;
        for (unsigned shift = 0; shift < 128; shift += 7) {
            if (data_.empty()) return fail();
            const auto byte = static_cast<unsigned char>(data_.front());
            data_.remove_prefix(1);
            if (shift == 126 && byte > 3) return fail();
            value |= static_cast<uint128>(byte & 0x7fU) << shift;
            if ((byte & 0x80U) == 0) return byte == 0 && shift != 0 ? fail() : value;
        }
        return fail();
    }
    int128 signed_number() {
        const uint128 value = unsigned_number();
        return static_cast<int128>(value >> 1U) ^ -static_cast<int128>(value & 1U);
    }
    std::string_view bytes(uint128 count) {
        if (count > data_.size()) {
            fail();
            return {};
        }
        const auto taken = data_.substr(0, static_cast<std::size_t>(count));
        data_.remove_prefix(taken.size());
        return taken;
    }

    template <class T>
    void value(T& item) {
        if constexpr (std::is_same_v<T, bool>) {
            item = bounded(1) == 1;
        } else if constexpr (std::is_enum_v<T>) {
            enumerator(item);
        } else if constexpr (std::is_unsigned_v<T>) {
            item = static_cast<T>(bounded(std::numeric_limits<T>::max()));
        } else if constexpr (std::is_same_v<T, Quantity>) {
            item = Quantity{signed_number()};
        } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, RareText>) {
            item = bytes(unsigned_number());
        } else if constexpr (std::is_same_v<T, Digest>) {
            const auto raw = bytes(item.bytes.size());
            if (ok_) std::memcpy(item.bytes.data(), raw.data(), raw.size());
        } else if constexpr (std::is_same_v<T, RoleSet>) {
            constexpr auto every_role =
                (std::uint16_t{1} << (static_cast<unsigned>(last_of(Role{})) + 1U)) - 1;
            item = RoleSet{static_cast<std::uint16_t>(bounded(every_role))};
        } else if constexpr (std::is_same_v<T, AccountKinds>) {
            item = AccountKinds{static_cast<std::uint64_t>(bounded(AccountKinds::any().bits()))};
        } else if constexpr (requires { item.micros(); }) {
            const auto micros = signed_number();
            const bool fits = micros == static_cast<std::int64_t>(micros);
            item =
                T::from_micros(fits ? static_cast<std::int64_t>(micros) : static_cast<std::int64_t>(fail()));
        } else if constexpr (requires {
                                 item.has_value();
                                 item.emplace();
                             }) {
            item.reset();
            if (bounded(1) == 1) value(item.emplace());
        } else if constexpr (HasFields<T>) {
            std::apply([&](auto... member) { (value(item.*member), ...); }, T::fields);
        } else if constexpr (is_variant<T>) {
            alternative(item, bounded(std::variant_size_v<T> - 1),
                        std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (requires { item.emplace_back(); }) {
            item.clear();
            const auto count = unsigned_number();
            if (count > data_.size()) {  // every element takes at least a byte
                fail();
                return;
            }
            constexpr uint128 believed = 1024;  // a short text must not claim much memory
            item.reserve(static_cast<std::size_t>(std::min(count, believed)));
            for (uint128 at = 0; at < count && ok_; ++at) value(item.emplace_back());
        } else {
            item.value =
                static_cast<decltype(item.value)>(bounded(std::numeric_limits<decltype(item.value)>::max()));
        }
    }

private:
    uint128 fail() {
        ok_ = false;
        data_ = {};
        return 0;
    }
    uint128 bounded(uint128 highest) {
        const auto number = unsigned_number();
        return number <= highest ? number : fail();
    }
    // A number without an enumerator would index past the tables of the vocabulary.
    template <class Enum>
    void enumerator(Enum& item) {
        if constexpr (std::is_same_v<Enum, Code>) {
            const auto code = code_from_number(static_cast<std::uint16_t>(bounded(0xffff)));
            if (!code) fail();
            item = code.value_or(Code::invalid_input);
        } else {
            item = static_cast<Enum>(bounded(static_cast<std::underlying_type_t<Enum>>(last_of(Enum{}))));
        }
    }
    template <class Variant, std::size_t... Index>
    void alternative(Variant& item, uint128 index, std::index_sequence<Index...>) {
        ((Index == index ? value(item.template emplace<Index>()) : void()), ...);
    }

    std::string_view data_;
    bool ok_ = true;
};

template <class T>
[[nodiscard]] std::string canonical_bytes(const T& item) {
    std::string out;
    out.reserve(192);  // a journal of two legs fits
    CanonicalWriter{out}.value(item);
    return out;
}

template <class T>
[[nodiscard]] std::optional<T> from_canonical_bytes(std::string_view data) {
    CanonicalReader reader{data};
    T item{};
    reader.value(item);
    if (!reader.at_end()) return std::nullopt;
    return item;
}

}  // namespace ledger::book
