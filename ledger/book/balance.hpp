// The quantities of one asset in one account, and what of them is free. Law 3.
#pragma once

#include <algorithm>
#include <tuple>
#include <vector>

#include "ledger/base/id.hpp"
#include "ledger/base/quantity.hpp"
#include "ledger/book/terms.hpp"

namespace ledger::book {

struct Balance {
    Quantity total;        // positive on the account's normal side
    Quantity encumbered;   // under consuming liens
    Quantity reserved;     // held for the margin engine
    Quantity pending_in;
    Quantity pending_out;
    static constexpr auto fields = std::tuple{&Balance::total, &Balance::encumbered, &Balance::reserved,
                                              &Balance::pending_in, &Balance::pending_out};
    bool operator==(const Balance&) const = default;

    [[nodiscard]] Quantity bound() const { return encumbered + reserved; }
    // max(total, 0) - encumbered - reserved - pending out. Negative only where a fact took what was bound.
    [[nodiscard]] Quantity free() const { return std::max(total, Quantity{}) - bound() - pending_out; }
    // What an instruction leaves once every claim is served; compared with the floor.
    [[nodiscard]] Quantity uncommitted() const { return total - bound() - pending_out; }
};

struct BalanceAfter {
    AccountNo account;
    AssetNo asset;
    Balance balance;
    static constexpr auto fields =
        std::tuple{&BalanceAfter::account, &BalanceAfter::asset, &BalanceAfter::balance};
    bool operator==(const BalanceAfter&) const = default;
};

}  // namespace ledger::book
