#include "ledger/base/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace ledger::base {

void ensure_failed(const char* why, std::source_location where) {
    std::fprintf(stderr, "%s:%u: in %s: this must hold: %s\n", where.file_name(), where.line(),
                 where.function_name(), why);
    std::fflush(stderr);
    std::abort();
}

}  // namespace ledger::base
