// Values as PostgreSQL's binary formats have them, both ways: big-endian integers, numeric as digits to the
// base 10000, instants as microseconds since 2000, one-dimensional arrays. Used for COPY, parameters and
// result rows.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ledger/base/digest.hpp"
#include "ledger/base/instant.hpp"
#include "ledger/base/quantity.hpp"

namespace ledger::store::postgres {

using Uuid = std::array<std::byte, 16>;
using ByteView = std::span<const std::byte>;

namespace oid {
inline constexpr unsigned boolean = 16, bytea = 17, int8 = 20, int2 = 21, int4 = 23, text = 25, date = 1082,
                          timestamptz = 1184, numeric = 1700, uuid = 2950, jsonb = 3802;
inline constexpr unsigned boolean_array = 1000, bytea_array = 1001, int2_array = 1005, int4_array = 1007,
                          text_array = 1009, int8_array = 1016, timestamptz_array = 1185,
                          numeric_array = 1231, uuid_array = 2951;
}  // namespace oid

// Grows by doubling and never clears what it hands out; COPY of a batch is built in one of these.
class ByteBuffer {
public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const char* data() const { return bytes_.get(); }
    [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
    void resize_down(std::size_t size) { size_ = size; }

    char* grow(std::size_t count) {
        if (size_ + count > capacity_) [[unlikely]]
            reserve(size_ + count);
        char* place = bytes_.get() + size_;
        size_ += count;
        return place;
    }
    void append(const void* bytes, std::size_t count) {
        if (count != 0) std::memcpy(grow(count), bytes, count);
    }
    template <class Unsigned>
    void put(Unsigned value) {
        store(grow(sizeof(Unsigned)), value);
    }
    template <class Unsigned>
    void put_at(std::size_t offset, Unsigned value) {
        store(bytes_.get() + offset, value);
    }

    template <class Unsigned>
    static void store(char* place, Unsigned value) {
        static_assert(std::is_unsigned_v<Unsigned>);
        if constexpr (std::endian::native == std::endian::little) {
            if constexpr (sizeof(Unsigned) == 8) value = __builtin_bswap64(value);
            if constexpr (sizeof(Unsigned) == 4) value = __builtin_bswap32(value);
            if constexpr (sizeof(Unsigned) == 2) value = __builtin_bswap16(value);
        }
        std::memcpy(place, &value, sizeof value);
    }

private:
    void reserve(std::size_t needed);

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

// One value with its length in front, appended to a buffer.
inline void put_null(ByteBuffer& out) { out.put(std::numeric_limits<std::uint32_t>::max()); }

// The length and the value.
template <class Unsigned>
void put_fixed(ByteBuffer& out, Unsigned value) {
    char* place = out.grow(4 + sizeof value);
    ByteBuffer::store(place, std::uint32_t{sizeof value});
    ByteBuffer::store(place + 4, value);
}
inline void put_int2(ByteBuffer& out, std::int16_t value) {
    put_fixed(out, static_cast<std::uint16_t>(value));
}
inline void put_int4(ByteBuffer& out, std::int32_t value) {
    put_fixed(out, static_cast<std::uint32_t>(value));
}
inline void put_int8(ByteBuffer& out, std::int64_t value) {
    put_fixed(out, static_cast<std::uint64_t>(value));
}
inline void put_bool(ByteBuffer& out, bool value) {
    put_fixed(out, static_cast<std::uint8_t>(value ? 1U : 0U));
}
void put_instant(ByteBuffer& out, base::Microseconds value);  // timestamptz
void put_day(ByteBuffer& out, std::chrono::sys_days value);   // date
void put_bytes(ByteBuffer& out, ByteView value);              // bytea
void put_text(ByteBuffer& out, std::string_view value);
void put_jsonb(ByteBuffer& out, std::string_view json);
void put_quantity(ByteBuffer& out, base::Quantity value);     // numeric without a fraction
void put_uuid(ByteBuffer& out, const Uuid& value);

// The C++ type decides the PostgreSQL type, so that a parameter and an array element cannot disagree.
template <class T>
struct BinaryForm;

template <>
struct BinaryForm<bool> {
    static constexpr unsigned scalar = oid::boolean, array = oid::boolean_array;
    static void put(ByteBuffer& out, bool value) { put_bool(out, value); }
};
template <>
struct BinaryForm<std::int16_t> {
    static constexpr unsigned scalar = oid::int2, array = oid::int2_array;
    static void put(ByteBuffer& out, std::int16_t value) { put_int2(out, value); }
};
template <>
struct BinaryForm<std::int32_t> {
    static constexpr unsigned scalar = oid::int4, array = oid::int4_array;
    static void put(ByteBuffer& out, std::int32_t value) { put_int4(out, value); }
};
template <>
struct BinaryForm<std::int64_t> {
    static constexpr unsigned scalar = oid::int8, array = oid::int8_array;
    static void put(ByteBuffer& out, std::int64_t value) { put_int8(out, value); }
};
template <>
struct BinaryForm<base::Quantity> {
    static constexpr unsigned scalar = oid::numeric, array = oid::numeric_array;
    static void put(ByteBuffer& out, base::Quantity value) { put_quantity(out, value); }
};
template <>
struct BinaryForm<base::Microseconds> {
    static constexpr unsigned scalar = oid::timestamptz, array = oid::timestamptz_array;
    static void put(ByteBuffer& out, base::Microseconds value) { put_instant(out, value); }
};
template <>
struct BinaryForm<std::string_view> {
    static constexpr unsigned scalar = oid::text, array = oid::text_array;
    static void put(ByteBuffer& out, std::string_view value) { put_text(out, value); }
};
template <>
struct BinaryForm<std::string> : BinaryForm<std::string_view> {};
template <>
struct BinaryForm<ByteView> {
    static constexpr unsigned scalar = oid::bytea, array = oid::bytea_array;
    static void put(ByteBuffer& out, ByteView value) { put_bytes(out, value); }
};
template <>
struct BinaryForm<base::Digest> {
    static constexpr unsigned scalar = oid::bytea, array = oid::bytea_array;
    static void put(ByteBuffer& out, const base::Digest& value) { put_bytes(out, value.bytes); }
};
template <>
struct BinaryForm<Uuid> {
    static constexpr unsigned scalar = oid::uuid, array = oid::uuid_array;
    static void put(ByteBuffer& out, const Uuid& value) { put_uuid(out, value); }
};
// An absent element is NULL.
template <class T>
struct BinaryForm<std::optional<T>> {
    static constexpr unsigned scalar = BinaryForm<T>::scalar, array = BinaryForm<T>::array;
    static void put(ByteBuffer& out, const std::optional<T>& value) {
        if (value)
            BinaryForm<T>::put(out, *value);
        else
            put_null(out);
    }
};

// A one-dimensional array of what `projection` makes of each element.
template <class Range, class Projection>
void put_array(ByteBuffer& out, const Range& range, Projection projection) {
    using Element = std::remove_cvref_t<std::invoke_result_t<Projection, decltype(*std::begin(range))>>;
    const std::size_t length_at = out.size();
    out.put(std::uint32_t{0});
    const auto count = static_cast<std::uint32_t>(std::size(range));
    out.put(std::uint32_t{count == 0 ? 0U : 1U});  // dimensions
    out.put(std::uint32_t{1});                     // may hold nulls
    out.put(std::uint32_t{BinaryForm<Element>::scalar});
    if (count != 0) {
        out.put(count);
        out.put(std::uint32_t{1});  // lower bound
        for (const auto& element : range) BinaryForm<Element>::put(out, projection(element));
    }
    out.put_at(length_at, static_cast<std::uint32_t>(out.size() - length_at - 4));
}

// One value that arrived. It borrows the bytes: valid as long as the rows or the COPY row it came from.
class FieldView {
public:
    FieldView() = default;
    explicit FieldView(std::string_view bytes, bool is_binary = true)
        : bytes_{bytes}, is_binary_{is_binary} {}
    static FieldView null() {
        FieldView field;
        field.is_null_ = true;
        return field;
    }

    [[nodiscard]] bool is_null() const { return is_null_; }
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::int16_t int2() const;
    [[nodiscard]] std::int32_t int4() const;
    [[nodiscard]] std::int64_t int8() const;
    [[nodiscard]] base::Microseconds instant() const;
    [[nodiscard]] std::chrono::sys_days day() const;
    [[nodiscard]] base::Quantity quantity() const;
    [[nodiscard]] Uuid uuid() const;
    [[nodiscard]] base::Digest digest() const;         // a bytea of exactly 32 bytes
    [[nodiscard]] ByteView bytes() const;              // bytea
    [[nodiscard]] std::string_view text() const;  // text, varchar, name; any value of a text-format row
    [[nodiscard]] std::string_view jsonb() const;

    [[nodiscard]] std::vector<std::int16_t> int2_array() const;
    [[nodiscard]] std::vector<std::int32_t> int4_array() const;
    [[nodiscard]] std::vector<std::int64_t> int8_array() const;
    [[nodiscard]] std::vector<base::Quantity> quantity_array() const;
    [[nodiscard]] std::vector<std::string_view> text_array() const;
    [[nodiscard]] std::vector<ByteView> bytes_array() const;
    [[nodiscard]] std::vector<FieldView> elements(unsigned element_oid) const;  // with nulls

private:
    [[nodiscard]] const char* exactly(std::size_t size, const char* what) const;
    void require_value(const char* what) const;

    std::string_view bytes_{};
    bool is_null_ = false;
    bool is_binary_ = true;
};

}  // namespace ledger::store::postgres
