#include "ledger/rules/working_balances.hpp"

namespace ledger::rules {

const WorkingBalances::Entry* WorkingBalances::find(AccountNo account, AssetNo asset) const {
    if (entries_.size() > few) {
        const auto found = places_.find({account, asset});
        return found != places_.end() ? &entries_[found->second] : nullptr;
    }
    for (const auto& entry : entries_)
        if (entry.account == account && entry.asset == asset) return &entry;
    return nullptr;
}

Balance& WorkingBalances::change(AccountNo account, AssetNo asset, const AccountHead& head) {
    if (const auto* found = find(account, asset)) {
        auto& entry = entries_[static_cast<std::size_t>(found - entries_.data())];
        entry.is_reported = false;
        return entry.now;
    }
    const auto* position = state_.position_of(head, account, asset);
    const auto before = position != nullptr ? position->balance : Balance{};
    entries_.push_back({.account = account,
                        .asset = asset,
                        .head = &head,
                        .before = before,
                        .now = before,
                        .is_reported = false});
    if (entries_.size() == few + 1) {
        for (std::size_t place = 0; place < entries_.size(); ++place)
            places_[{entries_[place].account, entries_[place].asset}] = place;
    } else if (entries_.size() > few) {
        places_[{account, asset}] = entries_.size() - 1;
    }
    return entries_.back().now;
}

Balance WorkingBalances::now(AccountNo account, AssetNo asset) const {
    const auto* found = find(account, asset);
    return found != nullptr ? found->now : state_.balance(account, asset);
}

std::vector<BalanceAfter> WorkingBalances::take_after() {
    std::vector<BalanceAfter> after;
    after.reserve(entries_.size());
    for (auto& entry : entries_) {
        if (entry.is_reported) continue;
        entry.is_reported = true;
        after.push_back({entry.account, entry.asset, entry.now});
    }
    return after;
}

}  // namespace ledger::rules
