// `bailee` that can be told where to die: BAILEE_DIE_AT=after_copy:7 ends the process as kill -9 does, the
// seventh time it comes there. The shipped program has the places and no way to set this.
#include <csignal>

#include <atomic>
#include <cstdlib>
#include <string>

#include "ledger/base/fault_point.hpp"

namespace {

using ledger::base::FaultPoint;

FaultPoint wanted{};
std::atomic<int> visits_left{0};

void die_at_last(FaultPoint point) {
    if (point == wanted && --visits_left == 0) ::raise(SIGKILL);
}

const bool is_armed = [] {
    const char* given = std::getenv("BAILEE_DIE_AT");
    if (given == nullptr) return false;
    const std::string text{given};
    const auto colon = text.find(':');
    if (colon == std::string::npos) std::abort();
    const auto name = text.substr(0, colon);
    if (name == "after_copy")
        wanted = FaultPoint::after_copy;
    else if (name == "after_commit_was_sent")
        wanted = FaultPoint::after_commit_was_sent;
    else if (name == "before_merge")
        wanted = FaultPoint::before_merge;
    else if (name == "before_answer")
        wanted = FaultPoint::before_answer;
    else if (name == "during_takeover")
        wanted = FaultPoint::during_takeover;
    else
        std::abort();
    visits_left = std::stoi(text.substr(colon + 1));
    ledger::base::at_fault_point = die_at_last;
    return true;
}();

}  // namespace
