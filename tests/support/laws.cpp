#include "tests/support/laws.hpp"

#include <map>
#include <tuple>

#include <fmt/format.h>

namespace support {
namespace {

using namespace ledger::book;
using Place = std::tuple<AccountNo, AccountNo, AssetNo, RareText>;
using Holding = std::pair<AccountNo, AssetNo>;

class Audit {
public:
    explicit Audit(const State& state) : state_{state} {}

    std::string run() {
        conservation();
        liens();
        reservations();
        positions();
        state_.for_each_lien([&](LienKey key, const LiveLien& lien) { chain(key, lien); });
        return complaint_;
    }

private:
    void expect(bool holds, const std::string& otherwise) {
        if (!holds && complaint_.empty()) complaint_ = otherwise;
    }
    [[nodiscard]] std::string name(AccountNo account, AssetNo asset) const {
        return state_.accounts[account].id + " " + state_.assets[asset].id;
    }

    // Law 1 and law 2: obligations equal locations, per asset and pool.
    void conservation() {
        std::map<std::pair<Pool, AssetNo>, Quantity> sums;
        std::map<AssetNo, Supply> supplies;
        for (std::size_t at = 0; at < state_.position_count(); ++at) {
            const auto& position = state_.position_at(at);
            const auto& account = state_.accounts[position.account];
            const auto total = position.balance.total;
            const bool is_location = account.side == Side::location;
            sums[{account.pool, position.asset}] += is_location ? total : -total;
            auto& supply = supplies[position.asset];
            (is_location ? supply.locations : supply.obligations) += total.is_negative() ? -total : total;
        }
        for (const auto& [of, sum] : sums)
            expect(sum.is_zero(), fmt::format("{} of pool {} does not balance", state_.assets[of.second].id,
                                              row_of(of.first).code));
        for (const auto& [asset, supply] : supplies) {
            expect(supply.locations == state_.supply(asset).locations,
                   "the supply at locations is not its sum");
            expect(supply.obligations == state_.supply(asset).obligations, "the supply owed is not its sum");
            expect(is_within_bound(supply.locations) && is_within_bound(supply.obligations),
                   "a supply beyond law 1");
        }
    }
    void liens() {
        state_.for_each_lien([&](LienKey key, const LiveLien& lien) {
            expect(!lien.lines.empty(), "a lien without lines");
            std::map<Place, int> places;
            for (const auto& line : lien.lines) {
                expect(line.quantity.is_positive(), "a lien line of nothing");
                expect(!line.consumed.is_negative() && line.consumed <= line.quantity,
                       "a line consumes what it has not");
                expect(++places[{line.owner, line.location, line.asset, line.lot}] == 1,
                       "two lines of one place");
                expect(state_.accounts[line.owner].pool == state_.accounts[line.location].pool,
                       "a line crosses pools");
                encumbered_[{line.owner, line.asset}] += line.consumed;
                encumbered_[{line.location, line.asset}] += line.consumed;
                const auto& of_owner = state_.liens_of(line.owner);
                expect(std::ranges::find(of_owner, key) != of_owner.end(), "a lien its owner does not know");
                expect(std::ranges::is_sorted(of_owner), "an owner's liens are out of order");
            }
        });
    }
    void reservations() {
        state_.for_each_reservation([&](ReservationKey key, const LiveReservation& held) {
            reserved_[{held.terms.account, held.terms.asset}] += held.terms.quantity;
            const auto& of_account = state_.reservations_of(held.terms.account);
            expect(std::ranges::find(of_account, key) != of_account.end(),
                   "a reservation its account does not know");
        });
    }
    // Law 3 and law 10: what falls short has an open exception, and nothing else has.
    void positions() {
        for (std::size_t at = 0; at < state_.position_count(); ++at) {
            const auto& [balance, account, asset, next, version] = state_.position_at(at);
            const auto where = name(account, asset);
            expect(balance.encumbered == encumbered_[{account, asset}], where + ": liens do not add up");
            expect(balance.reserved == reserved_[{account, asset}], where + ": reservations do not add up");
            const bool is_short = state_.shortfall(account, asset, balance).is_positive();
            expect(is_short == state_.open_exception(account, asset).has_value(),
                   where + ": exception and state differ");
            encumbered_.erase({account, asset});
            reserved_.erase({account, asset});
        }
        expect(encumbered_.empty() && reserved_.empty(), "a claim on a position that is not there");
    }
    // Each junior is within what the chain in front of it and it itself consume; ranks rise; links go both
    // ways.
    void chain(LienKey key, const LiveLien& lien) {
        if (lien.junior) {
            const auto* junior = state_.lien(*lien.junior);
            expect(junior != nullptr && junior->terms.behind == key, "a junior that does not stand behind");
            if (junior != nullptr) expect(junior->terms.rank > lien.terms.rank, "ranks do not rise");
        }
        if (lien.terms.type == LienType::CUST_SEC_INT) {
            for (const auto& line : lien.lines) expect(line.consumed.is_zero(), "the base interest consumes");
            expect(!lien.junior && !lien.terms.behind, "the base interest stands in a chain");
            return;
        }
        if (!lien.terms.behind) expect(lien.terms.rank == 1, "a first lien without rank 1");
        for (const auto& line : lien.lines) {
            Quantity held = line.consumed;
            for (auto next = lien.terms.behind; next; next = state_.lien(*next)->terms.behind) {
                if (state_.lien(*next) == nullptr) return expect(false, "a lien behind one that is not open");
                for (const auto& other : state_.lien(*next)->lines)
                    if (Place{other.owner, other.location, other.asset, other.lot} ==
                        Place{line.owner, line.location, line.asset, line.lot})
                        held += other.consumed;
            }
            expect(line.quantity <= held, "a lien holds units that its chain does not consume");
        }
    }

    const State& state_;
    std::string complaint_;
    std::map<Holding, Quantity> encumbered_;
    std::map<Holding, Quantity> reserved_;
};

}  // namespace

std::string broken_law(const State& state) { return Audit{state}.run(); }

}  // namespace support
