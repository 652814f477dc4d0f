// The log goes to standard error, so that standard output holds results alone.
#pragma once

namespace app {

// Level from BAILEE_LOG (trace, debug, info, warn, error, off); warnings and worse without it.
void log_to_standard_error();

}  // namespace app
