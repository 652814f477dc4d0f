// Reads a command as POST takes it (api.md) for tests that speak to the pure core alone. It trusts the shape
// of the body: what is malformed is the affair of api/wire and its own tests, and throws here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "ledger/rules/command.hpp"

namespace support {

using Json = nlohmann::json;

[[nodiscard]] ledger::rules::Command command_of(const std::string& path, const Json& body,
                                                std::optional<std::uint64_t> if_match = {});

}  // namespace support
