#include "ledger/store/postgres/copy_writer_codec.hpp"

#include <algorithm>
#include <limits>

#include "ledger/base/ensure.hpp"
#include "ledger/store/postgres/connection_fault.hpp"

namespace ledger::store::postgres {
namespace {

using base::ensure;
using base::int128;
using base::Quantity;
using base::uint128;

constexpr std::int64_t micros_at_2000 = 946'684'800'000'000;
constexpr std::int32_t days_at_2000 = 10957;
constexpr std::uint16_t numeric_positive = 0x0000, numeric_negative = 0x4000;
constexpr std::uint64_t ten_to_16 = 10'000'000'000'000'000U;
constexpr std::uint32_t first_number_of_ours = 16384;
constexpr std::size_t array_header = 12, array_dimension = 8;

template <class Unsigned>
Unsigned load(const char* place) {
    Unsigned value = 0;
    for (std::size_t byte = 0; byte < sizeof(Unsigned); ++byte) {
        if constexpr (sizeof(Unsigned) > 1) value = static_cast<Unsigned>(value << 8U);
        value = static_cast<Unsigned>(value | static_cast<unsigned char>(place[byte]));
    }
    return value;
}

// Digits to the base 10000, most significant first; an absolute value below 2^128 has at most ten.
struct Digits {
    std::array<std::uint16_t, 10> digits{};
    std::size_t first = 10;  // digits[first..10) are the number without leading zeros

    void push_low(std::uint64_t value) {
        while (value != 0) {
            digits[--first] = static_cast<std::uint16_t>(value % 10000U);
            value /= 10000U;
        }
    }
    void push_low_four(std::uint64_t value) {
        for (int digit = 0; digit < 4; ++digit) {
            digits[--first] = static_cast<std::uint16_t>(value % 10000U);
            value /= 10000U;
        }
    }
};

Digits digits_of(uint128 value) {
    Digits result;
    while (value > std::numeric_limits<std::uint64_t>::max()) {
        result.push_low_four(static_cast<std::uint64_t>(value % ten_to_16));
        value /= ten_to_16;
    }
    result.push_low(static_cast<std::uint64_t>(value));
    return result;
}

uint128 magnitude(Quantity value) {
    const auto units = static_cast<uint128>(value.units());
    return value.is_negative() ? uint128{0} - units : units;
}

std::uint32_t length_of(std::size_t size) {
    ensure(size <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
           "a value beyond 2 GiB");
    return static_cast<std::uint32_t>(size);
}

}  // namespace

void ByteBuffer::reserve(std::size_t needed) {
    const std::size_t capacity = std::max<std::size_t>({needed, capacity_ * 2, 256});
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
}

void put_instant(ByteBuffer& out, base::Microseconds value) {
    put_int8(out, value.time_since_epoch().count() - micros_at_2000);
}

void put_day(ByteBuffer& out, std::chrono::sys_days value) {
    put_int4(out, static_cast<std::int32_t>(value.time_since_epoch().count()) - days_at_2000);
}

void put_bytes(ByteBuffer& out, ByteView value) {
    out.put(length_of(value.size()));
    out.append(value.data(), value.size());
}

void put_text(ByteBuffer& out, std::string_view value) {
    out.put(length_of(value.size()));
    out.append(value.data(), value.size());
}

void put_jsonb(ByteBuffer& out, std::string_view json) {
    out.put(length_of(json.size() + 1));
    out.put(std::uint8_t{1});  // the only version of the format there is
    out.append(json.data(), json.size());
}

void put_quantity(ByteBuffer& out, Quantity value) {
    if (value.is_zero()) {  // as most parts of most balances are
        std::memset(out.grow(12), 0, 12);
        out.put_at(out.size() - 12, std::uint32_t{8});
        return;
    }
    const Digits number = digits_of(magnitude(value));
    std::size_t last = number.digits.size();
    while (last > number.first && number.digits[last - 1] == 0)
        --last;  // the server's own form has no zeros at the end
    const std::size_t count = last - number.first;
    const std::size_t whole = number.digits.size() - number.first;
    char* place = out.grow(12 + 2 * count);
    ByteBuffer::store(place, static_cast<std::uint32_t>(8 + 2 * count));
    ByteBuffer::store(place + 4, static_cast<std::uint16_t>(count));
    ByteBuffer::store(place + 6,
                      static_cast<std::uint16_t>(whole == 0 ? 0 : whole - 1));  // weight of the first digit
    ByteBuffer::store(place + 8, value.is_negative() ? numeric_negative : numeric_positive);
    ByteBuffer::store(place + 10, std::uint16_t{0});  // no fraction is shown
    for (std::size_t digit = 0; digit < count; ++digit)
        ByteBuffer::store(place + 12 + 2 * digit, number.digits[number.first + digit]);
}

void put_uuid(ByteBuffer& out, const Uuid& value) { put_bytes(out, value); }

void FieldView::require_value(const char* what) const {
    if (is_null_) throw_malformed(std::string{"NULL was read as "} + what);
    if (!is_binary_) throw_malformed(std::string{"a value in text form was read as binary "} + what);
}

const char* FieldView::exactly(std::size_t size, const char* what) const {
    require_value(what);
    if (bytes_.size() != size) throw_malformed(std::to_string(bytes_.size()) + " bytes were read as " + what);
    return bytes_.data();
}

bool FieldView::boolean() const { return *exactly(1, "bool") != '\0'; }
std::int16_t FieldView::int2() const {
    return static_cast<std::int16_t>(load<std::uint16_t>(exactly(2, "int2")));
}
std::int32_t FieldView::int4() const {
    return static_cast<std::int32_t>(load<std::uint32_t>(exactly(4, "int4")));
}
std::int64_t FieldView::int8() const {
    return static_cast<std::int64_t>(load<std::uint64_t>(exactly(8, "int8")));
}

base::Microseconds FieldView::instant() const {
    const auto since_2000 = static_cast<std::int64_t>(load<std::uint64_t>(exactly(8, "timestamptz")));
    using Limits = std::numeric_limits<std::int64_t>;
    if (since_2000 == Limits::min() || since_2000 > Limits::max() - micros_at_2000)
        throw_malformed("an instant at infinity");
    return base::Microseconds{std::chrono::microseconds{since_2000 + micros_at_2000}};
}

std::chrono::sys_days FieldView::day() const {
    const auto since_2000 = static_cast<std::int32_t>(load<std::uint32_t>(exactly(4, "date")));
    using Limits = std::numeric_limits<std::int32_t>;
    if (since_2000 == Limits::min() || since_2000 > Limits::max() - days_at_2000)
        throw_malformed("a day at infinity");
    return std::chrono::sys_days{std::chrono::days{since_2000 + days_at_2000}};
}

Quantity FieldView::quantity() const {
    require_value("numeric");
    if (bytes_.size() < 8) throw_malformed("too few bytes for a numeric");
    const auto count = load<std::uint16_t>(bytes_.data());
    const int weight = static_cast<std::int16_t>(load<std::uint16_t>(bytes_.data() + 2));
    const auto sign = load<std::uint16_t>(bytes_.data() + 4);
    if (bytes_.size() != 8U + 2U * count) throw_malformed("a numeric of the wrong length");
    if (sign != numeric_positive && sign != numeric_negative)
        throw_malformed("a numeric that is not a number");
    if (weight > 9) throw_malformed("a numeric beyond 128 bits");
    int128 units = 0;
    bool overflow = false;
    // Summed on its own side of zero, so that the least value of 128 bits needs no exception.
    for (int position = 0; position <= weight; ++position) {
        const int digit = position < count ? load<std::uint16_t>(bytes_.data() + 8 + 2 * position) : 0;
        overflow |= __builtin_mul_overflow(units, int128{10000}, &units);
        overflow |= __builtin_add_overflow(units, int128{sign == numeric_negative ? -digit : digit}, &units);
    }
    for (int position = std::max(weight + 1, 0); position < count; ++position)
        if (load<std::uint16_t>(bytes_.data() + 8 + 2 * position) != 0)
            throw_malformed("a numeric with a fraction");
    if (overflow) throw_malformed("a numeric beyond 128 bits");
    return Quantity{units};
}

Uuid FieldView::uuid() const {
    Uuid value;
    std::memcpy(value.data(), exactly(value.size(), "uuid"), value.size());
    return value;
}

base::Digest FieldView::digest() const {
    base::Digest value;
    std::memcpy(value.bytes.data(), exactly(value.bytes.size(), "a digest of 32 bytes"), value.bytes.size());
    return value;
}

ByteView FieldView::bytes() const {
    require_value("bytea");
    return std::as_bytes(std::span{bytes_});
}

std::string_view FieldView::text() const {
    if (is_null_) throw_malformed("NULL was read as text");
    return bytes_;
}

std::string_view FieldView::jsonb() const {
    require_value("jsonb");
    if (bytes_.empty() || bytes_.front() != '\1') throw_malformed("an unknown version of jsonb");
    return bytes_.substr(1);
}

std::vector<FieldView> FieldView::elements(unsigned element_oid) const {
    require_value("an array");
    if (bytes_.size() < array_header) throw_malformed("too few bytes for an array");
    const auto dimensions = load<std::uint32_t>(bytes_.data());
    // A domain comes with its own number, which differs from database to database.
    const auto element = load<std::uint32_t>(bytes_.data() + 8);
    if (element != element_oid && element < first_number_of_ours) throw_malformed("an array of another type");
    if (dimensions == 0) return {};
    if (dimensions != 1 || bytes_.size() < array_header + array_dimension)
        throw_malformed("an array of several dimensions");
    const auto count = load<std::uint32_t>(bytes_.data() + array_header);
    std::string_view rest = bytes_.substr(array_header + array_dimension);
    if (count > rest.size() / 4) throw_malformed("an array longer than its bytes");
    std::vector<FieldView> result;
    result.reserve(count);
    for (std::uint32_t index = 0; index < count; ++index) {
        if (rest.size() < 4) throw_malformed("an array longer than its bytes");
        const auto length = load<std::uint32_t>(rest.data());
        rest.remove_prefix(4);
        if (length == std::numeric_limits<std::uint32_t>::max()) {
            result.push_back(FieldView::null());
            continue;
        }
        if (length > rest.size()) throw_malformed("an array longer than its bytes");
        result.emplace_back(rest.substr(0, length));
        rest.remove_prefix(length);
    }
    return result;
}

namespace {

template <class Read>
auto each(const std::vector<FieldView>& elements, Read read) {
    std::vector<decltype(read(elements.front()))> values;
    values.reserve(elements.size());
    for (const auto& element : elements) values.push_back(read(element));
    return values;
}

}  // namespace

std::vector<std::int16_t> FieldView::int2_array() const {
    return each(elements(oid::int2), [](const FieldView& element) { return element.int2(); });
}
std::vector<std::int32_t> FieldView::int4_array() const {
    return each(elements(oid::int4), [](const FieldView& element) { return element.int4(); });
}
std::vector<std::int64_t> FieldView::int8_array() const {
    return each(elements(oid::int8), [](const FieldView& element) { return element.int8(); });
}
std::vector<Quantity> FieldView::quantity_array() const {
    return each(elements(oid::numeric), [](const FieldView& element) { return element.quantity(); });
}
std::vector<std::string_view> FieldView::text_array() const {
    return each(elements(oid::text), [](const FieldView& element) { return element.text(); });
}
std::vector<ByteView> FieldView::bytes_array() const {
    return each(elements(oid::bytea), [](const FieldView& element) { return element.bytes(); });
}

}  // namespace ledger::store::postgres
