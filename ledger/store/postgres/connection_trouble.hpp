// What an operator is told when the database cannot be used: what happened, and what to do.
#pragma once

#include <string>
#include <utility>

#include "ledger/base/error.hpp"

namespace ledger::store::postgres {

[[nodiscard]] inline base::Error trouble(std::string what, std::string next_step) {
    return {.code = base::Code::internal_error,
            .detail = std::move(what),
            .pointer = {},
            .next_step = std::move(next_step)};
}

[[nodiscard]] inline tl::unexpected<base::Error> refuse_trouble(std::string what, std::string next_step) {
    return base::refuse(trouble(std::move(what), std::move(next_step)));
}

}  // namespace ledger::store::postgres
