// Time, and what is said of several rounds.
#pragma once

#include <chrono>
#include <vector>

#include <sys/types.h>

namespace app::bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] double median(std::vector<double> values);  // 0 of none
// The value that `percent` of a hundred values do not exceed; 0 of none.
[[nodiscard]] double percentile(std::vector<double> values, double percent);

[[nodiscard]] double seconds_between(Clock::time_point begin, Clock::time_point end);

// CPU time a process has used so far, in seconds; 0 when it is gone.
[[nodiscard]] double cpu_seconds(pid_t process);
// Memory of a process that is in RAM, in bytes; 0 when it is gone.
[[nodiscard]] double resident_bytes(pid_t process);

}  // namespace app::bench
