// How each fact changes the book. Nothing here decides; it only applies and checks that the fact agrees with
// the state.
#include <algorithm>
#include <limits>

#include "ledger/base/ensure.hpp"
#include "ledger/book/state.hpp"

namespace ledger::book {

class Fold {
public:
    Fold(State& state, const Recorded& recorded) : state_{state}, recorded_{recorded} {}

    std::optional<std::string> run() {
        if (recorded_.version.value != state_.version_.value + 1)
            return "the version does not follow the one before";
        if (recorded_.known_at < state_.now_) return "knowledge time went back";
        if (recorded_.events.empty() || recorded_.events.size() > events_per_version_max)
            return "no events, or too many";
        state_.version_ = recorded_.version;
        state_.now_ = recorded_.known_at;
        for (const auto& event : recorded_.events) {
            std::visit([&](const auto& fact) { apply(fact); }, event);
            if (wrong_ != nullptr) return wrong_;
            check_after(balances_after(event));
            if (wrong_ != nullptr) return wrong_;
            ++index_;
        }
        if (!state_.principals.contains(recorded_.principal)) return "an unknown principal";
        return std::nullopt;
    }

private:
    template <class Key>
    [[nodiscard]] Key born() const {
        return Key::at(recorded_.version, index_);
    }
    void expect(bool condition, const char* otherwise) {
        if (!condition && wrong_ == nullptr) wrong_ = otherwise;
    }

    void check_after(const std::vector<BalanceAfter>& after) {
        for (const auto& changed : after) {
            const auto* position = known(changed.account, changed.asset)
                                       ? state_.position(changed.account, changed.asset)
                                       : nullptr;
            expect(position != nullptr && position->balance == changed.balance,
                   "a balance after is not the balance");
        }
    }
    // What a fact from outside may claim must stay where sums cannot leave 128 bits.
    void expect_within_bound(Quantity quantity) {
        expect(is_within_bound(quantity), "a quantity beyond law 1");
    }
    [[nodiscard]] bool known(AccountNo account, AssetNo asset) const {
        return state_.accounts.contains(account) && state_.assets.contains(asset);
    }

    void apply(const BookOpened& fact) {
        expect(state_.version_.value == 1 && state_.book_.empty(), "a book is opened once");
        state_.book_ = fact.book;
    }
    template <class Register, class Terms>
    void add(Register& rows, const std::string& id, const Terms& terms) {
        expect(!rows.find(id), "an id is taken");
        rows.add(id, terms);
    }
    void apply(const ReasonDefined& fact) { add(state_.reasons, fact.terms.id, fact.terms); }
    void apply(const PartyAdded& fact) { add(state_.parties, fact.terms.id, fact.terms); }
    void apply(const PrincipalAdded& fact) {
        expect(!fact.terms.party || state_.parties.contains(*fact.terms.party),
               "a principal of an unknown party");
        add(state_.principals, fact.terms.id, fact.terms);
    }
    void apply(const AssetAdded& fact) {
        add(state_.assets, fact.terms.id, fact.terms);
        state_.supplies_.push_back({});
    }
    void apply(const AccountOpened& fact) {
        expect(state_.parties.contains(fact.terms.party), "an account of an unknown party");
        for (const auto& limit : fact.terms.limits) {
            expect(state_.assets.contains(limit.asset), "a limit in an unknown asset");
            expect_within_bound(limit.quantity);
        }
        add(state_.accounts, fact.terms.id, fact.terms);
        state_.heads_.push_back(AccountHead::of(fact.terms, recorded_.version));
        if (fact.terms.side != Side::location) return;
        auto& list = state_.locations_[static_cast<std::size_t>(fact.terms.pool)];
        auto longer = list ? *list : std::vector<AccountNo>{};
        longer.push_back(AccountNo{static_cast<std::uint32_t>(state_.accounts.size() - 1)});
        list = std::make_shared<const std::vector<AccountNo>>(std::move(longer));
    }
    void apply(const AgreementAdded& fact) {
        for (const auto party : fact.terms.parties)
            expect(state_.parties.contains(party), "an agreement of an unknown party");
        add(state_.agreements, fact.terms.id, AgreementState{fact.terms, {}});
    }
    void apply(const AgreementRevoked& fact) {
        expect(state_.agreements.contains(fact.agreement), "an unknown agreement");
        if (wrong_ == nullptr) state_.agreements.mutate(fact.agreement).revoked_at = fact.effective_at;
    }
    void apply(const KeyCreated& fact) {
        expect(state_.keys_.find(fact.terms.id) == nullptr, "a key id is taken");
        expect(state_.principals.contains(fact.terms.principal), "a key of an unknown principal");
        state_.keys_.insert_or_assign(fact.terms.id, KeyState{fact.terms, false});
    }
    void apply(const KeyRevoked& fact) {
        expect(state_.keys_.find(fact.key) != nullptr, "an unknown key");
        if (wrong_ == nullptr) state_.keys_.mutate(fact.key).revoked = true;
    }

    void apply(const JournalPosted& fact) {
        expect(state_.reasons.contains(fact.reason), "a journal of an unknown reason");
        for (const auto& leg : fact.legs) {
            expect(known(leg.account, leg.asset), "a leg names what the book does not know");
            expect_within_bound(leg.debit);
            if (wrong_ != nullptr) return;
            const auto side = state_.head(leg.account).side;
            auto& position = state_.touch_position(leg.account, leg.asset);
            const auto before = position.balance.total;
            position.balance.total += side == Side::location ? leg.debit : -leg.debit;
            auto& supply = state_.supplies_.mutate(leg.asset.value);
            auto& of_side = side == Side::location ? supply.locations : supply.obligations;
            of_side += magnitude(position.balance.total) - magnitude(before);
            // Legs of one journal may pass the bound on the way; 500 of them cannot leave 128 bits within
            // this.
            expect(of_side.units() <= way_max && of_side.units() >= -way_max, "a supply beyond law 1");
            if (wrong_ != nullptr) return;
        }
        for (const auto& leg : fact.legs) {
            expect_within_bound(state_.supply(leg.asset).locations);
            expect_within_bound(state_.supply(leg.asset).obligations);
        }
        if (fact.reverses) {
            expect(!state_.reversed_by(*fact.reverses), "a journal is reversed twice");
            state_.reversals_.insert_or_assign(fact.reverses->value, born<JournalKey>().value);
        }
    }
    static Quantity magnitude(Quantity quantity) { return quantity.is_negative() ? -quantity : quantity; }

    void encumber(const std::vector<LienLine>& lines, bool take) {
        for (const auto& line : lines) {
            expect(known(line.owner, line.asset) && known(line.location, line.asset),
                   "a lien line names the unknown");
            expect(!line.consumed.is_negative() && line.consumed <= line.quantity,
                   "a lien line consumes what it has not");
            expect_within_bound(line.quantity);
            if (wrong_ != nullptr) return;
            const auto consumed = take ? line.consumed : -line.consumed;
            for (const auto account : {line.owner, line.location}) {
                auto& encumbered = state_.touch_position(account, line.asset).balance.encumbered;
                encumbered += consumed;
                expect_within_bound(encumbered);
            }
        }
    }
    template <class Key>
    static void link(PersistentMap<std::uint64_t, KeyList<Key>>& lists, AccountNo account, Key key,
                     bool present) {
        auto& list = lists.upsert(account.value);
        if (present)
            list.insert(key);
        else
            list.erase(key);
        if (list.empty()) lists.erase(account.value);
    }
    void link_owners(const std::vector<LienLine>& lines, LienKey key, bool present) {
        for (const auto& line : lines) link(state_.liens_by_owner_, line.owner, key, present);
    }
    template <class Change>
    void change_lien(LienKey key, Change change) {
        auto& lien = state_.liens_.mutate(key.value);
        change(lien);
        lien.changed = recorded_.version;
    }
    void set_junior(const std::optional<LienKey>& senior, std::optional<LienKey> junior) {
        if (!senior || state_.lien(*senior) == nullptr) return;
        // Nothing of the senior's own changes, so its version stays.
        state_.liens_.mutate(senior->value).junior = junior;
    }

    void apply(const LienOpened& fact) {
        const auto key = born<LienKey>();
        expect(!fact.lines.empty(), "a lien without lines");
        expect(state_.parties.contains(fact.terms.holder), "a lien of an unknown holder");
        expect(!fact.terms.agreement || state_.agreements.contains(*fact.terms.agreement),
               "an unknown agreement");
        expect(!fact.terms.secured || state_.assets.contains(fact.terms.secured->asset),
               "an unknown asset secured");
        encumber(fact.lines, true);
        if (wrong_ != nullptr) return;
        state_.liens_.insert_or_assign(
            key.value, LiveLien{fact.terms, fact.lines, recorded_.version, recorded_.version, {}});
        link_owners(fact.lines, key, true);
        set_junior(fact.terms.behind, key);
        if (!fact.terms.name.empty()) state_.lien_names_.insert_or_assign(fact.terms.name, key.value);
        if (fact.terms.expires_at) state_.add_due({*fact.terms.expires_at, key.value, true});
    }
    void apply(const LienChanged& fact) {
        expect(state_.lien(fact.lien) != nullptr, "a lien changes that is not open");
        expect(!fact.lines.empty(), "a lien without lines");
        if (wrong_ != nullptr) return;
        const auto before = *state_.lien(fact.lien);
        encumber(before.lines, false);
        encumber(fact.lines, true);
        if (wrong_ != nullptr) return;
        link_owners(before.lines, fact.lien, false);
        link_owners(fact.lines, fact.lien, true);
        if (before.terms.behind != fact.behind) set_junior(before.terms.behind, std::nullopt);
        change_lien(fact.lien, [&](LiveLien& lien) {
            lien.lines = fact.lines;
            lien.terms.rank = fact.rank;
            lien.terms.behind = fact.behind;
        });
    }
    void apply(const LienClosed& fact) {
        expect(state_.lien(fact.lien) != nullptr, "a lien closes that is not open");
        if (wrong_ != nullptr) return;
        const auto lien = *state_.lien(fact.lien);
        encumber(lien.lines, false);
        link_owners(lien.lines, fact.lien, false);
        set_junior(lien.terms.behind, lien.junior);
        state_.liens_.erase(fact.lien.value);
        if (!lien.terms.name.empty()) state_.lien_names_.erase(lien.terms.name);
        if (lien.terms.expires_at) state_.remove_due({*lien.terms.expires_at, fact.lien.value, true});
    }

    void apply(const ReservationOpened& fact) {
        expect(known(fact.account, fact.asset), "a reservation names what the book does not know");
        expect(fact.quantity.is_positive(), "a reservation of nothing");
        expect_within_bound(fact.quantity);
        if (wrong_ != nullptr) return;
        const auto key = born<ReservationKey>();
        auto& reserved = state_.touch_position(fact.account, fact.asset).balance.reserved;
        reserved += fact.quantity;
        expect_within_bound(reserved);
        auto terms = fact;
        terms.after.clear();
        state_.reservations_.insert_or_assign(key.value,
                                              LiveReservation{std::move(terms), recorded_.version});
        link(state_.reservations_by_account_, fact.account, key, true);
        if (!fact.name.empty()) state_.reservation_names_.insert_or_assign(fact.name, key.value);
        state_.add_due({fact.expires_at, key.value, false});
    }
    void apply(const ReservationClosed& fact) {
        expect(state_.reservation(fact.reservation) != nullptr, "a reservation closes that is not open");
        if (wrong_ != nullptr) return;
        const auto held = *state_.reservation(fact.reservation);
        state_.touch_position(held.terms.account, held.terms.asset).balance.reserved -= held.terms.quantity;
        link(state_.reservations_by_account_, held.terms.account, fact.reservation, false);
        state_.reservations_.erase(fact.reservation.value);
        if (!held.terms.name.empty()) state_.reservation_names_.erase(held.terms.name);
        state_.remove_due({held.terms.expires_at, fact.reservation.value, false});
    }

    void apply(const ExceptionOpened& fact) {
        const auto key = born<ExceptionKey>();
        expect(known(fact.account, fact.asset), "an exception names what the book does not know");
        state_.exceptions_.insert_or_assign(key.value,
                                            OpenException{fact, recorded_.version, recorded_.known_at});
        state_.exception_of_position_.insert_or_assign(place(fact), key.value);
    }
    void apply(const ExceptionCured& fact) {
        const auto* open = state_.exception(fact.exception);
        expect(open != nullptr, "an exception is cured that is not open");
        if (wrong_ != nullptr) return;
        state_.exception_of_position_.erase(place(open->terms));
        state_.exceptions_.erase(fact.exception.value);
    }
    static std::uint64_t place(const ExceptionOpened& fact) {
        return (std::uint64_t{fact.account.value} << 32U) | fact.asset.value;
    }

    static constexpr int128 way_max = int128{std::numeric_limits<std::int64_t>::max()} << 63U;  // 8.5 * 10^37

    State& state_;
    const Recorded& recorded_;
    unsigned index_ = 0;
    const char* wrong_ = nullptr;
};

std::optional<std::string> try_evolve(State& state, const Recorded& recorded) {
    return Fold{state, recorded}.run();
}

void evolve(State& state, const Recorded& recorded) {
    const auto contradiction = try_evolve(state, recorded);
    ensure(!contradiction, contradiction ? contradiction->c_str() : "");
}

const std::vector<BalanceAfter>& balances_after(const Event& event) {
    static const std::vector<BalanceAfter> nothing;
    return std::visit(
        [](const auto& fact) -> const std::vector<BalanceAfter>& {
            if constexpr (requires { fact.after; })
                return fact.after;
            else
                return nothing;
        },
        event);
}

}  // namespace ledger::book
