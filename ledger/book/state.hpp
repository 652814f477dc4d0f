// The book at one version, as a value: copying it is cheap, a copy never changes under its reader, and the
// writer changes only its own. It holds what is live; what is closed is read from the store.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/id.hpp"
#include "ledger/base/instant.hpp"
#include "ledger/base/persistent_map.hpp"
#include "ledger/base/persistent_vector.hpp"
#include "ledger/book/balance.hpp"
#include "ledger/book/event.hpp"
#include "ledger/book/key_list.hpp"
#include "ledger/book/terms.hpp"

namespace ledger::book {

// One asset in one account. Positions of an account are chained in the order they began.
struct Position {
    Balance balance;
    AccountNo account;
    AssetNo asset;
    std::uint32_t next = none;
    Version version;  // that last changed it
    static constexpr std::uint32_t none = 0xffffffffU;
};

// With what every posting asks of an account's terms, so that it need not read them.
struct AccountHead {
    Version opened;
    std::uint32_t first_position = Position::none;
    std::uint32_t last_position = Position::none;
    AccountKind kind = AccountKind::customer;
    Side side = Side::obligation;
    Pool pool = Pool::securities_record;
    bool has_limits = false;

    [[nodiscard]] static AccountHead of(const AccountTerms& terms, Version opened) {
        return {.opened = opened,
                .kind = terms.kind,
                .side = terms.side,
                .pool = terms.pool,
                .has_limits = !terms.limits.empty()};
    }
};

struct LiveLien {
    LienTerms terms;
    std::vector<LienLine> lines;
    Version opened;
    Version changed;
    std::optional<LienKey> junior;  // the one lien that stands behind this one
};

struct LiveReservation {
    ReservationOpened terms;
    Version opened;
};

struct OpenException {
    ExceptionOpened terms;
    Version opened;
    KnownAt opened_at;
};

struct AgreementState {
    AgreementTerms terms;
    std::optional<EffectiveAt> revoked_at;
};

struct KeyState {
    KeyTerms terms;
    bool revoked = false;
};

// What comes due at an instant; an entry whose object has gone means nothing.
struct Due {
    KnownAt at;
    std::uint64_t key = 0;
    bool is_lien = false;
};

// Sum of the magnitudes of all balances of an asset, on each side: the bound of law 1.
struct Supply {
    Quantity locations;
    Quantity obligations;
};

template <class No, class Terms>
class Register {
public:
    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    [[nodiscard]] const Terms& operator[](No no) const { return rows_[no.value]; }
    [[nodiscard]] bool contains(No no) const { return no.value < rows_.size(); }
    [[nodiscard]] std::optional<No> find(std::string_view id) const {
        const auto* no = numbers_.find(id);
        return no != nullptr ? std::optional{No{*no}} : std::nullopt;
    }
    // As find, for several at once; null for an id that is not there.
    static constexpr std::size_t together = PersistentMap<std::string, std::uint32_t>::together;
    void find_together(std::span<const std::string_view> ids, const std::uint32_t** found) const {
        numbers_.find_together(ids, found);
    }
    // The row's number is its place: rows are only ever added.
    No add(const std::string& id, Terms terms) {
        const No no{static_cast<std::uint32_t>(rows_.size())};
        numbers_.insert_or_assign(id, no.value);
        rows_.push_back(std::move(terms));
        return no;
    }
    Terms& mutate(No no) { return rows_.mutate(no.value); }

private:
    PersistentVector<Terms> rows_;
    PersistentMap<std::string, std::uint32_t> numbers_;
};

class State {
public:
    // Registers of what is never forgotten.
    Register<PartyNo, PartyTerms> parties;
    Register<AssetNo, AssetTerms> assets;
    Register<PrincipalNo, PrincipalTerms> principals;
    Register<AccountNo, AccountTerms> accounts;
    Register<AgreementNo, AgreementState> agreements;
    Register<ReasonNo, ReasonTerms> reasons;

    [[nodiscard]] const std::string& book() const { return book_; }
    [[nodiscard]] Version version() const { return version_; }
    [[nodiscard]] KnownAt now() const { return now_; }

    [[nodiscard]] const AccountHead& head(AccountNo account) const { return heads_[account.value]; }
    // The version that last changed its balances, liens, reservations, pendings or terms.
    [[nodiscard]] Version state_version(AccountNo account) const;
    // All zero when the account never held the asset.
    [[nodiscard]] Balance balance(AccountNo account, AssetNo asset) const;
    [[nodiscard]] const Position* position(AccountNo account, AssetNo asset) const {
        return contains_account(account) ? position_of(head(account), account, asset) : nullptr;
    }
    // The same for who has the account's head at hand.
    [[nodiscard]] const Position* position_of(const AccountHead& head, AccountNo account,
                                              AssetNo asset) const {
        const auto number = position_number(head, account, asset);
        return number != Position::none ? &positions_[number] : nullptr;
    }
    // Calls `visit(const Position&)` for each asset the account ever held, in the order it first did.
    template <class Visit>
    void for_each_position(AccountNo account, Visit visit) const {
        for (auto at = head(account).first_position; at != Position::none; at = positions_[at].next)
            visit(positions_[at]);
    }
    [[nodiscard]] std::size_t position_count() const { return positions_.size(); }
    [[nodiscard]] const Position& position_at(std::size_t index) const { return positions_[index]; }
    [[nodiscard]] Quantity floor(AccountNo account, AssetNo asset) const;  // of a kind that has one
    [[nodiscard]] bool has_floor(AccountNo account) const;
    // Units by which the account breaks its floor or its liens; zero when it stands.
    [[nodiscard]] Quantity shortfall(AccountNo account, AssetNo asset, const Balance& balance) const {
        return shortfall_of(head(account), account, asset, balance);
    }
    [[nodiscard]] Quantity shortfall_of(const AccountHead& head, AccountNo account, AssetNo asset,
                                        const Balance& balance) const;

    [[nodiscard]] const LiveLien* lien(LienKey key) const;
    [[nodiscard]] std::optional<LienKey> lien_named(
        std::string_view name) const;  // chosen names of live liens
    [[nodiscard]] std::span<const LienKey> liens_of(AccountNo owner) const;  // valid while the state is
    [[nodiscard]] const LiveReservation* reservation(ReservationKey key) const;
    [[nodiscard]] std::optional<ReservationKey> reservation_named(std::string_view name) const;
    [[nodiscard]] std::span<const ReservationKey> reservations_of(AccountNo account) const;
    [[nodiscard]] std::optional<ExceptionKey> open_exception(AccountNo account, AssetNo asset) const;
    [[nodiscard]] const OpenException* exception(ExceptionKey key) const;
    [[nodiscard]] std::optional<JournalKey> reversed_by(JournalKey journal) const;
    [[nodiscard]] const KeyState* key(std::string_view id) const;
    [[nodiscard]] const Supply& supply(AssetNo asset) const { return supplies_[asset.value]; }
    [[nodiscard]] const std::vector<AccountNo>& locations_of(Pool pool) const;
    // What came due after the last tick and by `at`, oldest first, ties by key; at most `most`.
    [[nodiscard]] std::vector<Due> due_by(KnownAt at, std::size_t most) const;

    template <class Visit>
    void for_each_lien(Visit visit) const {
        liens_.for_each([&](std::uint64_t key, const LiveLien& lien) { visit(LienKey{key}, lien); });
    }
    template <class Visit>
    void for_each_reservation(Visit visit) const {
        reservations_.for_each(
            [&](std::uint64_t key, const LiveReservation& held) { visit(ReservationKey{key}, held); });
    }
    template <class Visit>
    void for_each_exception(Visit visit) const {
        exceptions_.for_each(
            [&](std::uint64_t key, const OpenException& open) { visit(ExceptionKey{key}, open); });
    }
    template <class Visit>
    void for_each_reversal(Visit visit) const {
        reversals_.for_each(
            [&](std::uint64_t reversed, std::uint64_t by) { visit(JournalKey{reversed}, JournalKey{by}); });
    }
    template <class Visit>
    void for_each_key(Visit visit) const {
        keys_.for_each([&](const std::string&, const KeyState& key) { visit(key); });
    }

    // Asks the cache for what postings to accounts of these names will read, many at once, so that one wait
    // for memory serves all. Names the book does not know are passed over.
    void warm(std::span<const std::string_view> account_names) const;

    // Knowledge time moves on; it never goes back. Facts that came due are a Tick's events, not this.
    void advance_clock(KnownAt at);

    friend class StateLoader;  // rebuilds a state from the store's rows (ledger/book/state_loader.hpp)
    friend class Fold;

private:
    // Positions an account had first are found along its chain; those beyond stand in a map, so that an
    // account of few assets costs it nothing.
    static constexpr unsigned chained_positions = 4;

    [[nodiscard]] bool contains_account(AccountNo account) const { return account.value < heads_.size(); }
    [[nodiscard]] std::uint32_t position_number(const AccountHead& head, AccountNo account,
                                                AssetNo asset) const;
    Position& touch_position(AccountNo account, AssetNo asset);
    Position& add_position(AccountHead& head, AccountNo account, AssetNo asset);
    void add_due(const Due& due);
    void remove_due(const Due& due);

    std::string book_;
    Version version_;
    KnownAt now_;
    PersistentVector<AccountHead> heads_;
    PersistentVector<Position, 3> positions_;
    PersistentMap<std::uint64_t, std::uint32_t> position_numbers_;  // beyond an account's first few
    PersistentVector<Supply> supplies_;
    std::array<std::shared_ptr<const std::vector<AccountNo>>, pool_count> locations_{};
    PersistentMap<std::uint64_t, LiveLien> liens_;
    PersistentMap<std::string, std::uint64_t> lien_names_;
    PersistentMap<std::uint64_t, KeyList<LienKey>> liens_by_owner_;
    PersistentMap<std::uint64_t, LiveReservation> reservations_;
    PersistentMap<std::string, std::uint64_t> reservation_names_;
    PersistentMap<std::uint64_t, KeyList<ReservationKey>> reservations_by_account_;
    PersistentMap<std::uint64_t, OpenException> exceptions_;
    PersistentMap<std::uint64_t, std::uint64_t> exception_of_position_;
    PersistentMap<std::uint64_t, std::uint64_t> reversals_;
    PersistentMap<std::string, KeyState> keys_;
    PersistentMap<std::int64_t, std::vector<Due>> due_;  // by second
    std::int64_t due_from_ = 0;  // no second before this one has an entry
};

// Applies one version to the state. Pure: the same state and facts give the same state, on every machine.
// Stops the process when the facts contradict the state (a balance after that is not the balance after): that
// is a bug of ours.
void evolve(State& state, const Recorded& recorded);

// As evolve, for facts that come from outside this process (replay, verify): says what contradicts instead of
// stopping.
[[nodiscard]] std::optional<std::string> try_evolve(State& state, const Recorded& recorded);

// A digest of everything the state holds; equal for equal states, however they came about.
[[nodiscard]] Digest fingerprint(const State& state);

}  // namespace ledger::book
