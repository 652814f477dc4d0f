// What the parts of one decision share: the state, the balances as they will be, the events so far. Internal
// to rules.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/rules/decide.hpp"
#include "ledger/rules/working_balances.hpp"

namespace ledger::rules {

class Deciding {
public:
    Deciding(const State& book, const Submission& asked)
        : state{book}, submission{asked}, balances{book}, effective_at{EffectiveAt{book.now().at}} {}

    const State& state;
    const Submission& submission;
    WorkingBalances balances;
    Events events;
    EffectiveAt effective_at;
    std::map<LienKey, LiveLien> changed_liens;  // as they will be, after the events so far

    // The lien as the events so far leave it.
    [[nodiscard]] const LiveLien& lien(LienKey key) const;
    [[nodiscard]] LiveLien& change_lien(LienKey key);
    [[nodiscard]] Version next_version() const { return Version{state.version().value + 1}; }
    // The key of an object born in the event that is added next.
    template <class Key>
    [[nodiscard]] Key next_key() const {
        return Key::at(next_version(), static_cast<unsigned>(events.size()));
    }

    // Look-ups that refuse with NOT_FOUND and the pointer.
    [[nodiscard]] Result<PartyNo> party(const std::string& id, std::string_view pointer) const;
    [[nodiscard]] Result<AssetNo> asset(const std::string& id, std::string_view pointer) const;
    [[nodiscard]] Result<AccountNo> account(const std::string& id, std::string_view pointer) const;
    [[nodiscard]] Result<PrincipalNo> principal(const std::string& id, std::string_view pointer) const;
    [[nodiscard]] Result<AgreementNo> agreement(const std::string& id, std::string_view pointer) const;
    [[nodiscard]] Result<ReasonNo> reason(const std::string& id, std::string_view pointer) const;
    [[nodiscard]] Result<LienKey> live_lien(const std::string& id, std::string_view pointer) const;
    [[nodiscard]] Result<ReservationKey> live_reservation(const std::string& id,
                                                          std::string_view pointer) const;
    // An amount above zero at the asset's scale; INVALID_INPUT at `pointer/amount` otherwise.
    [[nodiscard]] Result<Amount> amount(const AmountText& text, const std::string& pointer) const;
    // The same without saying why not, so that no pointer need be spelled out for what stands.
    [[nodiscard]] std::optional<Amount> amount_if_valid(const AmountText& text) const;
    // INSUFFICIENT_FREE unless the account's units are free for what `balances` now binds.
    [[nodiscard]] Status bound_units_are_free(AccountNo account, AssetNo asset, Quantity asked,
                                              const std::string& pointer) const;
    [[nodiscard]] Error insufficient_free(AccountNo account, AssetNo asset, Quantity asked,
                                          const Balance& before, const std::string& pointer) const;
    [[nodiscard]] Status account_has_not_moved(AccountNo account,
                                               std::optional<std::uint64_t> if_match) const;
    [[nodiscard]] Status expiry_is_ahead(const std::optional<KnownAt>& expires_at,
                                         std::string_view pointer) const;

    [[nodiscard]] std::string print(Quantity quantity, AssetNo asset) const;
    [[nodiscard]] std::string name_of(LienKey lien) const;
    [[nodiscard]] const std::string& id_of(AccountNo account) const { return state.accounts[account].id; }
    [[nodiscard]] const std::string& id_of(AssetNo asset) const { return state.assets[asset].id; }
};

// Parts of the decision; each adds its events or refuses.
[[nodiscard]] Status post_journal(Deciding& deciding, const PostJournal& command, const std::string& pointer);
[[nodiscard]] Status reverse_journal(Deciding& deciding, const ReverseJournal& command);
[[nodiscard]] Status open_lien(Deciding& deciding, const OpenLien& command, const std::string& pointer);
[[nodiscard]] Status increase_lien(Deciding& deciding, const IncreaseLien& command);
[[nodiscard]] Status release_lien(Deciding& deciding, const ReleaseLien& command);
[[nodiscard]] Status reallocate_lien(Deciding& deciding, const ReallocateLien& command);
[[nodiscard]] Status reserve(Deciding& deciding, const Reserve& command);
[[nodiscard]] Status commit_reservation(Deciding& deciding, const CommitReservation& command);
[[nodiscard]] Status release_reservation(Deciding& deciding, const ReleaseReservation& command);
// Moves all lines of the liens (and of what stands behind them) that lie where the units leave.
[[nodiscard]] Status move_liens(Deciding& deciding, const PostJournal& command, std::span<const Leg> legs,
                                const std::string& pointer);
// Closes a lien and promotes what stands behind it.
void close_lien(Deciding& deciding, LienKey lien, Closing closing);
void close_reservation(Deciding& deciding, ReservationKey reservation, Closing closing);
// Opens an exception where a fact left an account short, cures those that stand again.
void settle_exceptions(Deciding& deciding);

[[nodiscard]] std::span<const ReasonTerms> reasons_from_the_start();

}  // namespace ledger::rules
