// For our own bugs, never for input: always on, says where and why, and stops the process before anything is
// committed.
#pragma once

#include <source_location>

namespace ledger::base {

[[noreturn]] void ensure_failed(const char* why, std::source_location where);

constexpr void ensure(bool condition, const char* why,
                      std::source_location where = std::source_location::current()) {
    if (!condition) [[unlikely]]
        ensure_failed(why, where);
}

// Behind a switch that names every enumerator: the compiler is told that nothing comes after it.
[[noreturn]] inline void never(const char* why,
                               std::source_location where = std::source_location::current()) {
    ensure_failed(why, where);
}

}  // namespace ledger::base
