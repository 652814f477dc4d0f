#include "api/account_index.hpp"

#include <algorithm>

namespace api {
namespace {

std::vector<AccountNo> known_to(const State& state, const std::vector<AccountNo>& accounts) {
    const auto end = std::ranges::partition_point(
        accounts, [&](AccountNo account) { return state.accounts.contains(account); });
    return {accounts.begin(), end};
}

}  // namespace

void AccountIndex::grow(const State& state) {
    if (by_party_.size() < state.parties.size()) by_party_.resize(state.parties.size());
    for (; indexed_ < state.accounts.size(); ++indexed_) {
        const auto& account = state.accounts[AccountNo{indexed_}];
        by_party_[account.party.value].push_back(AccountNo{indexed_});
        if (account.regime)
            by_regime_[static_cast<std::size_t>(*account.regime)].push_back(AccountNo{indexed_});
    }
}

std::vector<AccountNo> AccountIndex::of_party(const State& state, PartyNo party) {
    const std::lock_guard lock{mutex_};
    grow(state);
    return party.value < by_party_.size() ? known_to(state, by_party_[party.value])
                                          : std::vector<AccountNo>{};
}

std::vector<AccountNo> AccountIndex::of_regime(const State& state, Regime regime) {
    const std::lock_guard lock{mutex_};
    grow(state);
    return known_to(state, by_regime_[static_cast<std::size_t>(regime)]);
}

}  // namespace api
