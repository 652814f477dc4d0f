// The balances a command is about to change, laid over the state until the command is decided.
#pragma once

#include <map>
#include <vector>

#include "ledger/book/state.hpp"

namespace ledger::rules {

using namespace ledger::book;

class WorkingBalances {
public:
    struct Entry {
        AccountNo account;
        AssetNo asset;
        Balance before;
        Balance now;
        bool is_reported = true;  // false while its latest change is in no event
    };

    explicit WorkingBalances(const State& state) : state_{state} {}

    // The balance to change; the change belongs to the event whose `take_after` comes next.
    [[nodiscard]] Balance& change(AccountNo account, AssetNo asset);
    [[nodiscard]] Balance now(AccountNo account, AssetNo asset) const;
    // What changed since the last call, in the order it was first touched.
    [[nodiscard]] std::vector<BalanceAfter> take_after();
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
    static constexpr std::size_t few = 16;  // up to here a scan beats a map
    [[nodiscard]] const Entry* find(AccountNo account, AssetNo asset) const;

    const State& state_;
    std::vector<Entry> entries_;
    std::map<std::pair<AccountNo, AssetNo>, std::size_t> places_;  // only when entries are more than a few
};

}  // namespace ledger::rules
