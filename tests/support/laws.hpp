// The laws of the book that every state keeps, computed anew from the state alone.
#pragma once

#include <string>

#include "ledger/book/state.hpp"

namespace support {

// The first law that does not hold, in a sentence; empty when all do.
[[nodiscard]] std::string broken_law(const ledger::book::State& state);

}  // namespace support
