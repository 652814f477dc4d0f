// A command and its outcome, for callers that can wait: the command line and the demo.
#pragma once

#include <string>

#include "ledger/port/ledger.hpp"

namespace app {

// Waits until the outcome is durable.
[[nodiscard]] ledger::port::Outcome submit_and_wait(ledger::port::Ledger& book,
                                                    ledger::port::Envelope envelope);

// As the book itself, with no idempotency key. Throws CommandFailed with the refusal when it is refused.
std::shared_ptr<const ledger::port::LogEntry> must_accept(ledger::port::Ledger& book,
                                                          ledger::rules::Command command);

// Text about a person, with the salt of its commitment.
[[nodiscard]] ledger::rules::Erasable personal(std::string text);

}  // namespace app
