#include "ledger/store/postgres/copy_writer.hpp"

#include <limits>

#include "ledger/base/ensure.hpp"
#include "ledger/store/postgres/connection_fault.hpp"

namespace ledger::store::postgres {
namespace {

using base::ensure;

// Signature, no flags, no header extension.
constexpr std::string_view header{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
constexpr std::size_t signature_size = 11;
constexpr std::uint16_t trailer = 0xFFFFU;

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char byte : bytes) value = (value << 8U) | static_cast<unsigned char>(byte);
    return value;
}

}  // namespace

CopyWriter::CopyWriter() { clear(); }

void CopyWriter::clear() {
    buffer_.resize_down(0);
    buffer_.append(header.data(), header.size());
    rows_ = 0;
    columns_left_ = 0;
    is_finished_ = false;
}

CopyWriter& CopyWriter::row(std::uint16_t columns) {
    ensure(columns_left_ == 0, "a COPY row begins before the last one has all its columns");
    if (is_finished_) clear();
    buffer_.put(columns);
    columns_left_ = columns;
    ++rows_;
    return *this;
}

std::string_view CopyWriter::finish() {
    ensure(columns_left_ == 0, "the last COPY row lacks columns");
    if (!is_finished_) buffer_.put(trailer);
    is_finished_ = true;
    return buffer_.view();
}

void CopyReader::feed(std::string_view bytes) {
    pending_.erase(0, at_);
    at_ = 0;
    pending_ += bytes;
}

bool CopyReader::take_header() {
    const std::string_view rest = std::string_view{pending_}.substr(at_);
    if (rest.size() < header.size()) return false;
    if (rest.substr(0, signature_size) != header.substr(0, signature_size))
        throw_malformed("a COPY without its signature");
    if (big_endian(rest.substr(11, 4)) != 0) throw_malformed("a COPY with flags this program does not know");
    const std::size_t extension = big_endian(rest.substr(15, 4));
    if (rest.size() < header.size() + extension) return false;
    at_ += header.size() + extension;
    has_header_ = true;
    return true;
}

bool CopyReader::next(std::vector<FieldView>& row) {
    if (is_at_end_ || (!has_header_ && !take_header())) return false;
    std::string_view rest = std::string_view{pending_}.substr(at_);
    const auto take = [&rest](std::size_t count, std::string_view& bytes) {
        if (rest.size() < count) return false;
        bytes = rest.substr(0, count);
        rest.remove_prefix(count);
        return true;
    };
    std::string_view bytes;
    if (!take(2, bytes)) return false;
    const std::uint32_t columns = big_endian(bytes);
    if (columns == trailer) {
        is_at_end_ = true;
        return false;
    }
    row.clear();
    for (std::uint32_t column = 0; column < columns; ++column) {
        if (!take(4, bytes)) return false;
        const std::uint32_t length = big_endian(bytes);
        if (length == std::numeric_limits<std::uint32_t>::max()) {
            row.push_back(FieldView::null());
            continue;
        }
        if (!take(length, bytes)) return false;
        row.emplace_back(bytes);
    }
    at_ = pending_.size() - rest.size();
    return true;
}

}  // namespace ledger::store::postgres
