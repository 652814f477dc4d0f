// The facts of the book. A version is one accepted command (or a Tick that had something to do) with all its
// events; their canonical bytes are the log, the hash chain and the change stream.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "ledger/base/code_table.hpp"
#include "ledger/base/digest.hpp"
#include "ledger/base/id.hpp"
#include "ledger/base/instant.hpp"
#include "ledger/book/balance.hpp"
#include "ledger/book/terms.hpp"

namespace ledger::book {

struct BookOpened {
    std::string book{};
    static constexpr auto fields = std::tuple{&BookOpened::book};
    bool operator==(const BookOpened&) const = default;
};

struct ReasonDefined {
    ReasonTerms terms{};
    static constexpr auto fields = std::tuple{&ReasonDefined::terms};
    bool operator==(const ReasonDefined&) const = default;
};

struct PartyAdded {
    PartyTerms terms{};
    static constexpr auto fields = std::tuple{&PartyAdded::terms};
    bool operator==(const PartyAdded&) const = default;
};

struct PrincipalAdded {
    PrincipalTerms terms{};
    static constexpr auto fields = std::tuple{&PrincipalAdded::terms};
    bool operator==(const PrincipalAdded&) const = default;
};

struct KeyCreated {
    KeyTerms terms{};
    static constexpr auto fields = std::tuple{&KeyCreated::terms};
    bool operator==(const KeyCreated&) const = default;
};

struct KeyRevoked {
    std::string key{};
    static constexpr auto fields = std::tuple{&KeyRevoked::key};
    bool operator==(const KeyRevoked&) const = default;
};

struct AssetAdded {
    AssetTerms terms{};
    static constexpr auto fields = std::tuple{&AssetAdded::terms};
    bool operator==(const AssetAdded&) const = default;
};

struct AccountOpened {
    AccountTerms terms{};
    static constexpr auto fields = std::tuple{&AccountOpened::terms};
    bool operator==(const AccountOpened&) const = default;
};

struct AgreementAdded {
    AgreementTerms terms{};
    static constexpr auto fields = std::tuple{&AgreementAdded::terms};
    bool operator==(const AgreementAdded&) const = default;
};

struct AgreementRevoked {
    AgreementNo agreement{};
    EffectiveAt effective_at{};
    std::string reason{};
    static constexpr auto fields =
        std::tuple{&AgreementRevoked::agreement, &AgreementRevoked::effective_at, &AgreementRevoked::reason};
    bool operator==(const AgreementRevoked&) const = default;
};

// One side of a journal: positive is a debit, negative a credit.
struct Leg {
    AccountNo account{};
    AssetNo asset{};
    Quantity debit{};
    static constexpr auto fields = std::tuple{&Leg::account, &Leg::asset, &Leg::debit};
    bool operator==(const Leg&) const = default;
};

struct Evidence {
    std::string kind{};
    std::string reference{};
    std::string digest{};  // "sha256:…" or empty
    static constexpr auto fields = std::tuple{&Evidence::kind, &Evidence::reference, &Evidence::digest};
    bool operator==(const Evidence&) const = default;
};

struct JournalPosted {
    std::string name{};  // chosen by the caller, or empty: then the key is the id
    ReasonNo reason{};
    Nature nature = Nature::instruction;
    Basis basis = Basis::none;
    std::optional<Digest> memo{};  // a salted commitment
    std::vector<Evidence> evidence{};
    std::optional<JournalKey> reverses{};
    std::vector<Leg> legs{};
    std::vector<BalanceAfter> after{};
    static constexpr auto fields =
        std::tuple{&JournalPosted::name,     &JournalPosted::reason, &JournalPosted::nature,
                   &JournalPosted::basis,    &JournalPosted::memo,   &JournalPosted::evidence,
                   &JournalPosted::reverses, &JournalPosted::legs,   &JournalPosted::after};
    bool operator==(const JournalPosted&) const = default;
};

// Whose units, where they lie, and how many of them this lien consumes (all of them unless it is a junior).
struct LienLine {
    AccountNo owner{};
    AccountNo location{};
    AssetNo asset{};
    RareText lot{};
    Quantity quantity{};
    Quantity consumed{};
    static constexpr auto fields = std::tuple{&LienLine::owner, &LienLine::location, &LienLine::asset,
                                              &LienLine::lot,   &LienLine::quantity, &LienLine::consumed};
    bool operator==(const LienLine&) const = default;
};

struct LienTerms {
    std::string name{};
    LienType type = LienType::CCP_MARGIN;
    PartyNo holder{};
    RareText purpose{};
    std::uint8_t rank = 1;
    std::optional<LienKey> behind{};  // the lien a junior stands behind
    std::optional<AgreementNo> agreement{};
    std::optional<Amount> secured{};
    bool reuse_right = false;
    std::optional<LienKey> parent{};  // the lien whose property this one re-uses
    std::optional<KnownAt> expires_at{};
    static constexpr auto fields =
        std::tuple{&LienTerms::name,        &LienTerms::type,   &LienTerms::holder,    &LienTerms::purpose,
                   &LienTerms::rank,        &LienTerms::behind, &LienTerms::agreement, &LienTerms::secured,
                   &LienTerms::reuse_right, &LienTerms::parent, &LienTerms::expires_at};
    bool operator==(const LienTerms&) const = default;
};

struct LienOpened {
    LienTerms terms{};
    std::vector<LienLine> lines{};
    std::vector<BalanceAfter> after{};
    static constexpr auto fields = std::tuple{&LienOpened::terms, &LienOpened::lines, &LienOpened::after};
    bool operator==(const LienOpened&) const = default;
};

enum class LienChange : std::uint8_t { increased, released, reallocated, moved, promoted };
constexpr LienChange last_of(LienChange) { return LienChange::promoted; }

struct LienChanged {
    LienKey lien{};
    LienChange change = LienChange::increased;
    std::uint8_t rank = 1;
    std::optional<LienKey> behind{};
    std::vector<LienLine> lines{};  // all of them, as they now are
    std::vector<BalanceAfter> after{};
    static constexpr auto fields =
        std::tuple{&LienChanged::lien,   &LienChanged::change, &LienChanged::rank,
                   &LienChanged::behind, &LienChanged::lines,  &LienChanged::after};
    bool operator==(const LienChanged&) const = default;
};

enum class Closing : std::uint8_t { released, expired, committed };
constexpr Closing last_of(Closing) { return Closing::committed; }

struct LienClosed {
    LienKey lien{};
    Closing closing = Closing::released;
    std::vector<BalanceAfter> after{};
    static constexpr auto fields = std::tuple{&LienClosed::lien, &LienClosed::closing, &LienClosed::after};
    bool operator==(const LienClosed&) const = default;
};

struct ReservationOpened {
    std::string name{};
    AccountNo account{};
    AssetNo asset{};
    Quantity quantity{};
    std::string purpose{};
    KnownAt expires_at{};
    std::vector<BalanceAfter> after{};
    static constexpr auto fields =
        std::tuple{&ReservationOpened::name,     &ReservationOpened::account, &ReservationOpened::asset,
                   &ReservationOpened::quantity, &ReservationOpened::purpose, &ReservationOpened::expires_at,
                   &ReservationOpened::after};
    bool operator==(const ReservationOpened&) const = default;
};

struct ReservationClosed {
    ReservationKey reservation{};
    Closing closing = Closing::released;
    std::vector<BalanceAfter> after{};
    static constexpr auto fields =
        std::tuple{&ReservationClosed::reservation, &ReservationClosed::closing, &ReservationClosed::after};
    bool operator==(const ReservationClosed&) const = default;
};

// A fact left the account below its floor, or took what was bound. Nothing leans on it until it is cured.
struct ExceptionOpened {
    Code rule = Code::floor_broken;
    AccountNo account{};
    AssetNo asset{};
    Quantity short_by{};
    static constexpr auto fields = std::tuple{&ExceptionOpened::rule, &ExceptionOpened::account,
                                              &ExceptionOpened::asset, &ExceptionOpened::short_by};
    bool operator==(const ExceptionOpened&) const = default;
};

struct ExceptionCured {
    ExceptionKey exception{};
    static constexpr auto fields = std::tuple{&ExceptionCured::exception};
    bool operator==(const ExceptionCured&) const = default;
};

// The order is the number on the wire of the log: append only.
using Event =
    std::variant<BookOpened, ReasonDefined, PartyAdded, PrincipalAdded, KeyCreated, KeyRevoked, AssetAdded,
                 AccountOpened, AgreementAdded, AgreementRevoked, JournalPosted, LienOpened, LienChanged,
                 LienClosed, ReservationOpened, ReservationClosed, ExceptionOpened, ExceptionCured>;
using Events = std::vector<Event>;
// What an event holds stays where it is when the list of events grows.
static_assert(std::is_nothrow_move_constructible_v<Event>);

// One version of the book.
struct Recorded {
    Version version{};
    KnownAt known_at{};
    EffectiveAt effective_at{};
    PrincipalNo principal{};
    Events events{};
    bool operator==(const Recorded&) const = default;
};

// The balances an event changed; empty for those that touch none.
[[nodiscard]] const std::vector<BalanceAfter>& balances_after(const Event& event);

}  // namespace ledger::book
