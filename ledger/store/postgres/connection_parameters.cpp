#include "ledger/store/postgres/connection_parameters.hpp"

#include <limits>

namespace ledger::store::postgres {

Parameters::Arrays Parameters::arrays() const {
    Arrays result;
    for (const std::size_t offset : offsets_) {
        const std::string_view field = buffer_.view().substr(offset);
        std::uint32_t length = 0;
        for (const char byte : field.substr(0, 4)) length = (length << 8U) | static_cast<unsigned char>(byte);
        const bool is_null = length == std::numeric_limits<std::uint32_t>::max();
        result.values.push_back(is_null ? nullptr : field.data() + 4);
        result.lengths.push_back(is_null ? 0 : static_cast<int>(length));
        result.formats.push_back(1);
    }
    return result;
}

}  // namespace ledger::store::postgres
