// Accounts by party and by regime. Accounts are only ever added and never change either, so the index only
// grows, and one serves readers of every version. Any thread.
#pragma once

#include <array>
#include <mutex>
#include <vector>

#include "ledger/book/state.hpp"

namespace api {

using namespace ledger::book;

class AccountIndex {
public:
    // In order of number; of the version the state is at.
    [[nodiscard]] std::vector<AccountNo> of_party(const State& state, PartyNo party);
    [[nodiscard]] std::vector<AccountNo> of_regime(const State& state, Regime regime);

private:
    void grow(const State& state);

    std::mutex mutex_;
    std::uint32_t indexed_ = 0;
    std::vector<std::vector<AccountNo>> by_party_;
    std::array<std::vector<AccountNo>, regime_count> by_regime_;
};

}  // namespace api
