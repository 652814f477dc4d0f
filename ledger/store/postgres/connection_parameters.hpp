// The parameters of one statement, all in binary form and with their types said, so that nothing is guessed
// from text.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "ledger/store/postgres/copy_writer_codec.hpp"

namespace ledger::store::postgres {

class Parameters {
public:
    // Any type with a BinaryForm; an empty optional is NULL.
    template <class T>
    Parameters& add(const T& value) {
        begin(BinaryForm<T>::scalar);
        BinaryForm<T>::put(buffer_, value);
        return *this;
    }
    Parameters& add(const char* text) { return add(std::string_view{text}); }
    // An array of what `projection` makes of each element, for `unnest`.
    template <class Range, class Projection = std::identity>
    Parameters& add_array(const Range& range, Projection projection = {}) {
        using Element = std::remove_cvref_t<std::invoke_result_t<Projection, decltype(*std::begin(range))>>;
        begin(BinaryForm<Element>::array);
        put_array(buffer_, range, projection);
        return *this;
    }
    Parameters& add_jsonb(std::string_view json) {
        begin(oid::jsonb);
        put_jsonb(buffer_, json);
        return *this;
    }
    Parameters& add_day(std::chrono::sys_days day) {
        begin(oid::date);
        put_day(buffer_, day);
        return *this;
    }

    [[nodiscard]] std::size_t size() const { return types_.size(); }
    [[nodiscard]] const std::vector<unsigned>& types() const { return types_; }

    // As libpq wants them; valid until the next add.
    struct Arrays {
        std::vector<const char*> values;
        std::vector<int> lengths;
        std::vector<int> formats;
    };
    [[nodiscard]] Arrays arrays() const;

private:
    void begin(unsigned type) {
        types_.push_back(type);
        offsets_.push_back(buffer_.size());
    }

    ByteBuffer buffer_;
    std::vector<unsigned> types_;
    std::vector<std::size_t> offsets_;
};

template <class... Values>
[[nodiscard]] Parameters parameters(const Values&... values) {
    Parameters result;
    (result.add(values), ...);
    return result;
}

}  // namespace ledger::store::postgres
