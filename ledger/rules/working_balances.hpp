// The balances a command is about to change, laid over the state until the command is decided.
#pragma once

#include <map>
#include <span>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "ledger/book/state.hpp"

namespace ledger::rules {

using namespace ledger::book;

class WorkingBalances {
public:
    struct Entry {
        AccountNo account;
        AssetNo asset;
        const AccountHead* head;
        Balance before;
        Balance now;
        bool is_reported = true;  // false while its latest change is in no event
    };

    explicit WorkingBalances(const State& state) : state_{state} {}

    // The balance to change; the change belongs to the event whose `take_after` comes next.
    [[nodiscard]] Balance& change(AccountNo account, AssetNo asset) {
        return change(account, asset, state_.head(account));
    }
    // The same for who has the account's head at hand.
    [[nodiscard]] Balance& change(AccountNo account, AssetNo asset, const AccountHead& head);
    [[nodiscard]] Balance now(AccountNo account, AssetNo asset) const;
    // What changed since the last call, in the order it was first touched.
    [[nodiscard]] std::vector<BalanceAfter> take_after();
    [[nodiscard]] std::span<const Entry> entries() const { return {entries_.data(), entries_.size()}; }
    // Units by which the entry's account would break its floor or its liens with that balance.
    [[nodiscard]] Quantity shortfall(const Entry& entry, const Balance& balance) const {
        return state_.shortfall_of(*entry.head, entry.account, entry.asset, balance);
    }

private:
    static constexpr std::size_t few = 16;  // up to here a scan beats a map
    static constexpr std::size_t of_most_commands = 4;
    [[nodiscard]] const Entry* find(AccountNo account, AssetNo asset) const;

    const State& state_;
    boost::container::small_vector<Entry, of_most_commands> entries_;
    std::map<std::pair<AccountNo, AssetNo>, std::size_t> places_;  // only when entries are more than a few
};

}  // namespace ledger::rules
