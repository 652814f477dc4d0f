// Rows for COPY … FROM STDIN BINARY, built in one growing buffer that a batch fills and the next batch
// reuses; and the reading of COPY … TO STDOUT BINARY. Cost: one pass over the values, no allocation once the
// buffer has grown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/ensure.hpp"
#include "ledger/store/postgres/copy_writer_codec.hpp"

namespace ledger::store::postgres {

class CopyWriter {
public:
    CopyWriter();

    // The caller then writes exactly that many values, in the order of COPY's column list.
    CopyWriter& row(std::uint16_t columns);
    CopyWriter& null() {
        take_column();
        put_null(buffer_);
        return *this;
    }
    CopyWriter& int2(std::int16_t value) {
        take_column();
        put_int2(buffer_, value);
        return *this;
    }
    CopyWriter& int4(std::int32_t value) {
        take_column();
        put_int4(buffer_, value);
        return *this;
    }
    CopyWriter& int8(std::int64_t value) {
        take_column();
        put_int8(buffer_, value);
        return *this;
    }
    CopyWriter& boolean(bool value) {
        take_column();
        put_bool(buffer_, value);
        return *this;
    }
    CopyWriter& instant(base::Microseconds value) {
        take_column();
        put_instant(buffer_, value);
        return *this;
    }
    CopyWriter& day(std::chrono::sys_days value) {
        take_column();
        put_day(buffer_, value);
        return *this;
    }
    CopyWriter& bytes(ByteView value) {
        take_column();
        put_bytes(buffer_, value);
        return *this;
    }
    CopyWriter& digest(const base::Digest& value) { return bytes(value.bytes); }
    CopyWriter& text(std::string_view value) {
        take_column();
        put_text(buffer_, value);
        return *this;
    }
    CopyWriter& jsonb(std::string_view json) {
        take_column();
        put_jsonb(buffer_, json);
        return *this;
    }
    CopyWriter& quantity(base::Quantity value) {
        take_column();
        put_quantity(buffer_, value);
        return *this;
    }
    CopyWriter& uuid(const Uuid& value) {
        take_column();
        put_uuid(buffer_, value);
        return *this;
    }
    // Any type with a BinaryForm; an empty optional is NULL.
    template <class T>
    CopyWriter& value(const T& value) {
        take_column();
        BinaryForm<T>::put(buffer_, value);
        return *this;
    }
    template <class Range, class Projection = std::identity>
    CopyWriter& array(const Range& range, Projection projection = {}) {
        take_column();
        put_array(buffer_, range, projection);
        return *this;
    }

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] bool is_empty() const { return rows_ == 0; }
    // The whole stream with its trailer. The writer is then as after clear() on its next row().
    [[nodiscard]] std::string_view finish();
    void clear();

private:
    void take_column() {
        base::ensure(columns_left_ != 0, "a COPY row has more values than columns");
        --columns_left_;
    }

    ByteBuffer buffer_;
    std::size_t rows_ = 0;
    std::uint32_t columns_left_ = 0;
    bool is_finished_ = false;
};

// Takes the stream apart as it arrives, in pieces of any size.
class CopyReader {
public:
    void feed(std::string_view bytes);
    // The next row that is whole, or false when more bytes are needed or the end has come. The row borrows
    // the reader's buffer until the next feed().
    [[nodiscard]] bool next(std::vector<FieldView>& row);
    [[nodiscard]] bool is_at_end() const { return is_at_end_; }

private:
    [[nodiscard]] bool take_header();

    std::string pending_;
    std::size_t at_ = 0;
    bool has_header_ = false;
    bool is_at_end_ = false;
};

}  // namespace ledger::store::postgres
