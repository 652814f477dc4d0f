// A refusal as RFC 9457 has it: application/problem+json, the shape of api.md under "No".
#pragma once

#include <string>
#include <string_view>

#include "ledger/base/error.hpp"

namespace api::wire {

inline constexpr std::string_view problem_content_type = "application/problem+json";

[[nodiscard]] int problem_status(const ledger::base::Error& error);
[[nodiscard]] std::string problem_json(const ledger::base::Error& error, std::string_view request_id);
// "INSUFFICIENT_FREE" is "urn:bailee:problem:insufficient-free".
[[nodiscard]] std::string problem_type(std::string_view code_name);

}  // namespace api::wire
