// What becomes of a command.
#pragma once

#include <memory>
#include <variant>

#include "ledger/base/digest.hpp"
#include "ledger/base/error.hpp"
#include "ledger/book/event.hpp"

namespace ledger::port {

using namespace ledger::book;

// One version as the log holds it, with its place in the hash chain.
struct LogEntry {
    Recorded recorded;
    Digest previous_hash;
    Digest hash;
};

struct Accepted {
    std::shared_ptr<const LogEntry> entry;
    bool replayed = false;  // the key, or the id, was answered before
};

struct Refused {
    Error error;
    Version decided_at;
    bool replayed = false;
};

using Outcome = std::variant<Accepted, Refused>;

}  // namespace ledger::port
