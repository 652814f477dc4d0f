// Commands as the book's thread gets them, for tests that build batches themselves.
#pragma once

#include <utility>

#include "ledger/service/inbox.hpp"

namespace tests::support {

[[nodiscard]] inline ledger::service::Waiting alone(ledger::port::Envelope envelope,
                                                    ledger::base::Digest digest = {}) {
    ledger::service::Waiting waiting;
    waiting.commands.push_back(ledger::service::Asked::of(std::move(envelope), digest));
    return waiting;
}

// As a server that finds the lease free.
[[nodiscard]] inline ledger::port::Lease take_lease(ledger::port::Store& store) {
    return store.take_lease(store.lease_status().epoch);
}

}  // namespace tests::support
