// A dually registered firm and one day of its business, the same every time for a seed. It comes in by the
// same door as everyone: commands through the ledger's port.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ledger/port/ledger.hpp"

namespace app::demo {

struct DemoOptions {
    std::uint64_t seed = 42;
    unsigned customers = 300;
    std::function<void(const std::string&)> say = [](const std::string&) {};  // progress, for a person
};

// Parties, principals, assets, accounts and agreements. Throws std::runtime_error when the book refuses any
// of it.
void set_up_firm(ledger::port::Ledger& book, const DemoOptions& options);

// Deposits, deliveries, DCO margin out and back, variation, pledges, recalls, a fail, a stock loan, a reserve
// deposit, a correction. Assumes `set_up_firm`.
void run_day(ledger::port::Ledger& book, const DemoOptions& options);

}  // namespace app::demo
