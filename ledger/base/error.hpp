// A refusal is a value: the code, a sentence with the figures, where in the request it points, and what to do
// next. Law 11.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "ledger/base/code_table.hpp"

namespace ledger::base {

struct Figure {
    std::string name;  // "asked", "free", "limit" …
    std::string value;  // as printed: a decimal at the asset's scale, an id, an instant
    bool operator==(const Figure&) const = default;
};

struct Error {
    Code code;
    std::string detail;
    std::string pointer;  // RFC 6901, to the offending value of the request; empty when it is the whole
    std::vector<Figure> figures{};  // in the order they are to be read
    std::string rule{};  // "law 3", "15c3-3(d)" …
    std::string next_step{};  // empty: the code's own advice is shown
    bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> refuse(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace ledger::base
