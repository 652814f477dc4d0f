// The servers that one connection string names.
#pragma once

#include <string>
#include <vector>

#include "ledger/base/error.hpp"

namespace ledger::store::postgres {

// One connection string for each server, in the order named. Each insists on a server that takes writes,
// unless the string says otherwise: a standby answers reads of what may already have been taken back. Refused
// when it cannot be read, or when its ports are not one for all or one for each.
[[nodiscard]] base::Result<std::vector<std::string>> one_for_each_host(const std::string& conninfo);

}  // namespace ledger::store::postgres
