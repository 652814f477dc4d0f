// What a caller may ask of the book, parsed but undecided. Objects are named by their texts and amounts stand
// as written, because only the book knows the numbers and the scales. docs/log-format.md lists the canonical
// form of each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "ledger/base/error.hpp"
#include "ledger/book/event.hpp"
#include "ledger/book/terms.hpp"

namespace ledger::rules {

using namespace ledger::book;

// An amount as the caller wrote it. "1", "1.0" and "1.00" ask for the same.
struct DecimalText {
    std::string text{};
    [[nodiscard]] std::string canonical() const;
    bool operator==(const DecimalText&) const = default;
};

struct AmountText {
    std::string asset{};
    DecimalText amount{};
    static constexpr auto fields = std::tuple{&AmountText::asset, &AmountText::amount};
    bool operator==(const AmountText&) const = default;
};

// Text about a person or a deal. The log holds sha256(salt, text); the text itself can be erased.
struct Erasable {
    std::string text{};
    std::string salt{};  // sixteen random bytes, given by the shell
    static constexpr auto fields = std::tuple{&Erasable::text};  // the salt is no part of what was asked
    [[nodiscard]] Digest commitment() const;
    bool operator==(const Erasable&) const = default;
};

// Opens the book with its reasons and its first principal. Decided once, by the process that makes the book.
struct OpenBook {
    std::string book{};
    static constexpr auto fields = std::tuple{&OpenBook::book};
    bool operator==(const OpenBook&) const = default;
};

struct DefineReason {
    std::string id{};
    Nature nature = Nature::instruction;
    AccountKinds may_debit{};
    AccountKinds may_credit{};
    static constexpr auto fields = std::tuple{&DefineReason::id, &DefineReason::nature,
                                              &DefineReason::may_debit, &DefineReason::may_credit};
    bool operator==(const DefineReason&) const = default;
};

struct AddParty {
    std::string id{};  // empty: the book makes one; so for every id below
    PartyKind kind = PartyKind::company;
    Erasable name{};
    SecClass sec = SecClass::unclassified;
    CftcClass cftc = CftcClass::unclassified;
    static constexpr auto fields =
        std::tuple{&AddParty::id, &AddParty::kind, &AddParty::name, &AddParty::sec, &AddParty::cftc};
    bool operator==(const AddParty&) const = default;
};

struct AddPrincipal {
    std::string id{};
    PrincipalKind kind = PrincipalKind::person;
    Erasable name{};
    RoleSet roles{};
    std::string party{};  // empty unless the principal acts for one customer
    static constexpr auto fields = std::tuple{&AddPrincipal::id, &AddPrincipal::kind, &AddPrincipal::name,
                                              &AddPrincipal::roles, &AddPrincipal::party};
    bool operator==(const AddPrincipal&) const = default;
};

struct CreateKey {
    std::string principal{};
    std::optional<KnownAt> expires_at{};
    std::string key_id{};  // the three below are made by the shell with the secret it shows once
    Digest hash{};
    std::string last_four{};
    static constexpr auto fields = std::tuple{&CreateKey::principal, &CreateKey::expires_at};
    bool operator==(const CreateKey&) const = default;
};

struct RevokeKey {
    std::string key_id{};
    static constexpr auto fields = std::tuple{&RevokeKey::key_id};
    bool operator==(const RevokeKey&) const = default;
};

struct AddAsset {
    std::string id{};
    AssetKind kind = AssetKind::cash;
    std::uint8_t scale = 0;
    std::string isin{};
    std::string issuer{};
    static constexpr auto fields =
        std::tuple{&AddAsset::id, &AddAsset::kind, &AddAsset::scale, &AddAsset::isin, &AddAsset::issuer};
    bool operator==(const AddAsset&) const = default;
};

struct OpenAccount {
    std::string id{};
    std::string party{};
    Side side = Side::obligation;
    std::optional<AccountKind> kind{};  // absent: customer, house_equity in HOUSE
    std::optional<Regime> regime{};
    std::optional<Pool> pool{};  // only for what belongs to no regime of the stock record
    std::string capacity{};
    std::string title{};
    std::string jurisdiction{};
    std::vector<AmountText> limits{};
    static constexpr auto fields = std::tuple{
        &OpenAccount::id,           &OpenAccount::party, &OpenAccount::side,     &OpenAccount::kind,
        &OpenAccount::regime,       &OpenAccount::pool,  &OpenAccount::capacity, &OpenAccount::title,
        &OpenAccount::jurisdiction, &OpenAccount::limits};
    bool operator==(const OpenAccount&) const = default;
};

struct AddAgreement {
    std::string id{};
    std::string kind{};
    std::vector<std::string> parties{};
    std::string effective_from{};
    std::string effective_to{};
    std::string scope{};
    static constexpr auto fields = std::tuple{&AddAgreement::id,           &AddAgreement::kind,
                                              &AddAgreement::parties,      &AddAgreement::effective_from,
                                              &AddAgreement::effective_to, &AddAgreement::scope};
    bool operator==(const AddAgreement&) const = default;
};

struct RevokeAgreement {
    std::string agreement{};
    std::optional<EffectiveAt> effective_at{};
    std::string reason{};
    static constexpr auto fields =
        std::tuple{&RevokeAgreement::agreement, &RevokeAgreement::effective_at, &RevokeAgreement::reason};
    bool operator==(const RevokeAgreement&) const = default;
};

struct LegText {
    std::string account{};
    bool is_debit = true;
    AmountText amount{};
    static constexpr auto fields = std::tuple{&LegText::account, &LegText::is_debit, &LegText::amount};
    bool operator==(const LegText&) const = default;
};

struct PostJournal {
    std::string id{};
    std::string reason{};
    std::optional<Nature> nature{};  // absent: the reason's own
    Basis basis = Basis::none;
    std::optional<EffectiveAt> effective_at{};  // absent: when the book learns it
    std::optional<Erasable> memo{};
    std::vector<LegText> legs{};
    std::vector<Evidence> evidence{};
    std::vector<std::string> liens{};  // that move with the units, between two locations
    static constexpr auto fields =
        std::tuple{&PostJournal::id,    &PostJournal::reason,       &PostJournal::nature,
                   &PostJournal::basis, &PostJournal::effective_at, &PostJournal::memo,
                   &PostJournal::legs,  &PostJournal::evidence,     &PostJournal::liens};
    bool operator==(const PostJournal&) const = default;
};

struct ReverseJournal {
    std::string journal{};
    std::string reason{};  // of the mirror; CORRECTION as a rule
    std::optional<EffectiveAt> effective_at{};
    std::optional<Erasable> memo{};
    std::vector<Evidence> evidence{};
    static constexpr auto fields =
        std::tuple{&ReverseJournal::journal, &ReverseJournal::reason, &ReverseJournal::effective_at,
                   &ReverseJournal::memo, &ReverseJournal::evidence};
    bool operator==(const ReverseJournal&) const = default;
};

struct LienLineText {
    std::string account{};
    std::string location{};  // empty: the book chooses, most free first
    AmountText amount{};
    std::string lot{};
    static constexpr auto fields = std::tuple{&LienLineText::account, &LienLineText::location,
                                              &LienLineText::amount, &LienLineText::lot};
    bool operator==(const LienLineText&) const = default;
};

struct OpenLien {
    std::string id{};
    LienType type = LienType::CCP_MARGIN;
    std::string holder{};
    std::string purpose{};
    std::uint8_t rank = 1;
    std::string behind{};
    std::string agreement{};
    std::optional<AmountText> secured{};
    bool reuse_right = false;
    std::string parent{};
    std::optional<KnownAt> expires_at{};
    bool is_short_form = true;  // one owner named by account and amount, not by a list
    std::vector<LienLineText> allocation{};
    std::optional<std::uint64_t> if_match{};
    static constexpr auto fields = std::tuple{
        &OpenLien::id,          &OpenLien::type,    &OpenLien::holder,     &OpenLien::purpose,
        &OpenLien::rank,        &OpenLien::behind,  &OpenLien::agreement,  &OpenLien::secured,
        &OpenLien::reuse_right, &OpenLien::parent,  &OpenLien::expires_at, &OpenLien::is_short_form,
        &OpenLien::allocation,  &OpenLien::if_match};
    bool operator==(const OpenLien&) const = default;
};

struct IncreaseLien {
    std::string lien{};
    bool is_short_form = true;  // amount alone: of the lien's only owner
    std::vector<LienLineText> allocation{};
    std::optional<std::uint64_t> if_match{};
    static constexpr auto fields = std::tuple{&IncreaseLien::lien, &IncreaseLien::is_short_form,
                                              &IncreaseLien::allocation, &IncreaseLien::if_match};
    bool operator==(const IncreaseLien&) const = default;
};

struct ReleaseLien {
    std::string lien{};
    std::optional<AmountText> amount{};  // absent: all of it, and the lien closes
    std::optional<std::uint64_t> if_match{};
    static constexpr auto fields =
        std::tuple{&ReleaseLien::lien, &ReleaseLien::amount, &ReleaseLien::if_match};
    bool operator==(const ReleaseLien&) const = default;
};

struct ReallocateLien {
    std::string lien{};
    std::vector<LienLineText> allocation{};
    static constexpr auto fields = std::tuple{&ReallocateLien::lien, &ReallocateLien::allocation};
    bool operator==(const ReallocateLien&) const = default;
};

struct Reserve {
    std::string id{};
    std::string account{};
    AmountText amount{};
    std::string purpose{};
    KnownAt expires_at{};
    std::optional<std::uint64_t> if_match{};
    static constexpr auto fields = std::tuple{&Reserve::id,      &Reserve::account,    &Reserve::amount,
                                              &Reserve::purpose, &Reserve::expires_at, &Reserve::if_match};
    bool operator==(const Reserve&) const = default;
};

struct CommitReservation {
    std::string reservation{};
    std::variant<OpenLien, PostJournal> into{};  // the lien's account and amount default to the reservation's
    static constexpr auto fields = std::tuple{&CommitReservation::reservation, &CommitReservation::into};
    bool operator==(const CommitReservation&) const = default;
};

struct ReleaseReservation {
    std::string reservation{};
    static constexpr auto fields = std::tuple{&ReleaseReservation::reservation};
    bool operator==(const ReleaseReservation&) const = default;
};

// Time as a command: closes what came due.
struct Tick {
    KnownAt at{};
    static constexpr auto fields = std::tuple{&Tick::at};
    bool operator==(const Tick&) const = default;
};

using Command =
    std::variant<OpenBook, DefineReason, AddParty, AddPrincipal, CreateKey, RevokeKey, AddAsset, OpenAccount,
                 AddAgreement, RevokeAgreement, PostJournal, ReverseJournal, OpenLien, IncreaseLien,
                 ReleaseLien, ReallocateLien, Reserve, CommitReservation, ReleaseReservation, Tick>;

// Kinds of object a caller may name; names are unique within a kind.
enum class Named : std::uint8_t {
    party,
    principal,
    asset,
    account,
    agreement,
    reason,
    journal,
    lien,
    reservation
};

struct ChosenName {
    Named kind;
    std::string name{};
};
// The same, borrowed from the command.
struct NameView {
    Named kind;
    std::string_view name;
};
// The id the command chooses for what it makes, if it makes something and chooses.
[[nodiscard]] std::optional<NameView> name_in(const Command& command);
[[nodiscard]] std::optional<ChosenName> chosen_name(const Command& command);

// The lien or reservation an action names; the caller finds out whether it once was when it is no longer
// live.
[[nodiscard]] std::optional<ChosenName> acted_upon(const Command& command);

// The texts that must be kept beside the log if the command is accepted.
[[nodiscard]] std::vector<Erasable> erasable_texts(const Command& command);
// Gives each erasable text its salt; called by the shell, which has randomness.
template <class MakeSalt>
void salt_texts(Command& command, MakeSalt make_salt);

inline constexpr std::size_t legs_per_journal_max = 500;
inline constexpr std::size_t lines_per_lien_max = 1000;
inline constexpr std::size_t evidence_per_journal_max = 32;
inline constexpr std::size_t liens_per_journal_max = 64;

template <class MakeSalt>
void salt_texts(Command& command, MakeSalt make_salt) {
    const auto salt = [&](Erasable& text) { text.salt = make_salt(); };
    const auto salt_memo = [&](auto& journal) {
        if (journal.memo) salt(*journal.memo);
    };
    if (auto* party = std::get_if<AddParty>(&command)) salt(party->name);
    if (auto* principal = std::get_if<AddPrincipal>(&command)) salt(principal->name);
    if (auto* journal = std::get_if<PostJournal>(&command)) salt_memo(*journal);
    if (auto* reversal = std::get_if<ReverseJournal>(&command)) salt_memo(*reversal);
    if (auto* commit = std::get_if<CommitReservation>(&command))
        if (auto* into = std::get_if<PostJournal>(&commit->into)) salt_memo(*into);
}

}  // namespace ledger::rules
