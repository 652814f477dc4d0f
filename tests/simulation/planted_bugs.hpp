// Plants one bug for as long as it lives.
#pragma once

#include "ledger/base/fault_point.hpp"

namespace tests::simulation {

class Planted {
public:
    explicit Planted(ledger::base::PlantedBug bug) {
        ledger::base::planted_bugs = 1U << static_cast<unsigned>(bug);
    }
    ~Planted() { ledger::base::planted_bugs = 0; }
    Planted(const Planted&) = delete;
    Planted& operator=(const Planted&) = delete;
};

}  // namespace tests::simulation
