// A store in memory that writes a batch when it is committed.
#pragma once

#include <array>
#include <utility>

#include "ledger/port/store.hpp"

namespace tests {

class SerialStore : public ledger::port::Store {
public:
    void stage(std::size_t turn, const ledger::port::Batch& batch,
               const ledger::book::State& after) override {
        staged_.at(turn) = {&batch, &after};
    }
    [[nodiscard]] ledger::port::CommitOutcome commit(std::size_t turn) override {
        return write(*staged_.at(turn).first, *staged_.at(turn).second);
    }
    void roll_back(std::size_t /*turn*/) override {}
    void cut(std::size_t /*turn*/) noexcept override {}
    void remember(const ledger::port::Batch& /*batch*/) override {}
    void renew_lease() override {}

protected:
    [[nodiscard]] virtual ledger::port::CommitOutcome write(const ledger::port::Batch& batch,
                                                            const ledger::book::State& after) = 0;

private:
    std::array<std::pair<const ledger::port::Batch*, const ledger::book::State*>, turns> staged_{};
};

}  // namespace tests
