// What the book knows of each object besides its quantities: terms given when it was made, which later facts
// may narrow but never rewrite.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "ledger/base/digest.hpp"
#include "ledger/base/id.hpp"
#include "ledger/base/instant.hpp"
#include "ledger/base/quantity.hpp"
#include "ledger/base/rare_text.hpp"
#include "ledger/book/regime.hpp"

namespace ledger::book {

using namespace ledger::base;  // the vocabulary below the book is the book's own

enum class PartyKind : std::uint8_t {
    firm,
    person,
    fund,
    company,
    broker_dealer,
    fcm,
    bank,
    custodian,
    dco,
    clearing_agency,
    trustee,
};
enum class SecClass : std::uint8_t { unclassified, customer, non_customer, pab, sbs, excluded };
enum class CftcClass : std::uint8_t { unclassified, public_customer, non_public, affiliate };
enum class AssetKind : std::uint8_t {
    cash,
    security,
    money_market_fund,
    exchange_traded_fund,
    letter_of_credit,
    warehouse_receipt,
    tokenized_entitlement,
    tokenized_fund,
    payment_stablecoin,
    digital_asset,
};
enum class PrincipalKind : std::uint8_t { person, service };
enum class Role : std::uint8_t {
    customer,
    manager,
    operator_,
    approver,
    margin_engine,
    auditor,
    examiner,
    trustee,
    admin,
};
enum class Nature : std::uint8_t { instruction, fact };
enum class Basis : std::uint8_t { none, reserve, residual_interest, misdirected };

// Domain 4.1. CUST_SEC_INT is the base interest: it consumes nothing.
enum class LienType : std::uint8_t {
    CUST_SEC_INT,
    CCP_MARGIN,
    BANK_LOAN,
    STOCK_LOAN_OUT,
    REPO_OUT,
    TRIPARTY,
    STOCK_BORROW_IN,
    REPO_IN,
    REG_LOCK,
    REUSE_RIGHT,
    LEGAL_HOLD,
    STAY,
    SMART_LOCK,
    LC_SUPPORT,
};

// The last enumerator of each: what the log may hold ends there.
constexpr PartyKind last_of(PartyKind) { return PartyKind::trustee; }
constexpr SecClass last_of(SecClass) { return SecClass::excluded; }
constexpr CftcClass last_of(CftcClass) { return CftcClass::affiliate; }
constexpr AssetKind last_of(AssetKind) { return AssetKind::digital_asset; }
constexpr PrincipalKind last_of(PrincipalKind) { return PrincipalKind::service; }
constexpr Role last_of(Role) { return Role::admin; }
constexpr Nature last_of(Nature) { return Nature::fact; }
constexpr Basis last_of(Basis) { return Basis::misdirected; }
constexpr LienType last_of(LienType) { return LienType::LC_SUPPORT; }

// Text tables, one way each, used by the wire, SQL and files alike.
template <class Enum>
struct EnumText {
    Enum value;
    std::string_view text{};
};
[[nodiscard]] std::span<const EnumText<PartyKind>> party_kinds();
[[nodiscard]] std::span<const EnumText<SecClass>> sec_classes();
[[nodiscard]] std::span<const EnumText<CftcClass>> cftc_classes();
[[nodiscard]] std::span<const EnumText<AssetKind>> asset_kinds();
[[nodiscard]] std::span<const EnumText<PrincipalKind>> principal_kinds();
[[nodiscard]] std::span<const EnumText<Role>> roles();
[[nodiscard]] std::span<const EnumText<Nature>> natures();
[[nodiscard]] std::span<const EnumText<Basis>> bases();
[[nodiscard]] std::span<const EnumText<LienType>> lien_types();

template <class Enum>
[[nodiscard]] std::string_view text_in(std::span<const EnumText<Enum>> table, Enum value) {
    for (const auto& row : table)
        if (row.value == value) return row.text;
    return {};
}
template <class Enum>
[[nodiscard]] std::optional<Enum> value_in(std::span<const EnumText<Enum>> table, std::string_view text) {
    for (const auto& row : table)
        if (row.text == text) return row.value;
    return std::nullopt;
}

class RoleSet {
public:
    constexpr RoleSet() = default;
    constexpr explicit RoleSet(std::uint16_t bits) : bits_{bits} {}
    template <class... Roles>
    [[nodiscard]] static constexpr RoleSet of(Roles... roles) {
        return RoleSet{static_cast<std::uint16_t>(((1U << static_cast<unsigned>(roles)) | ... | 0U))};
    }
    [[nodiscard]] constexpr bool contains(Role role) const {
        return ((bits_ >> static_cast<unsigned>(role)) & 1U) != 0;
    }
    [[nodiscard]] constexpr bool meets(RoleSet other) const { return (bits_ & other.bits_) != 0; }
    constexpr void add(Role role) {
        bits_ = static_cast<std::uint16_t>(bits_ | (1U << static_cast<unsigned>(role)));
    }
    [[nodiscard]] constexpr std::uint16_t bits() const { return bits_; }
    constexpr bool operator==(const RoleSet&) const = default;

private:
    std::uint16_t bits_ = 0;
};

// An amount of one asset; the only thing a leg or a lien may carry.
struct Amount {
    AssetNo asset{};
    Quantity quantity{};
    static constexpr auto fields = std::tuple{&Amount::asset, &Amount::quantity};
    bool operator==(const Amount&) const = default;
};

struct PartyTerms {
    std::string id{};
    PartyKind kind = PartyKind::company;
    Digest name{};  // a salted commitment; the text stands outside the log and can be erased
    SecClass sec = SecClass::unclassified;
    CftcClass cftc = CftcClass::unclassified;
    static constexpr auto fields = std::tuple{&PartyTerms::id, &PartyTerms::kind, &PartyTerms::name,
                                              &PartyTerms::sec, &PartyTerms::cftc};
    bool operator==(const PartyTerms&) const = default;
};

struct AssetTerms {
    std::string id{};
    AssetKind kind = AssetKind::cash;
    std::uint8_t scale = 0;
    std::string isin{};
    std::string issuer{};
    static constexpr auto fields = std::tuple{&AssetTerms::id, &AssetTerms::kind, &AssetTerms::scale,
                                              &AssetTerms::isin, &AssetTerms::issuer};
    bool operator==(const AssetTerms&) const = default;
};

struct PrincipalTerms {
    std::string id{};
    PrincipalKind kind = PrincipalKind::person;
    Digest name{};
    RoleSet roles{};
    std::optional<PartyNo> party{};  // whose property a customer or manager may see
    static constexpr auto fields =
        std::tuple{&PrincipalTerms::id, &PrincipalTerms::kind, &PrincipalTerms::name, &PrincipalTerms::roles,
                   &PrincipalTerms::party};
    bool operator==(const PrincipalTerms&) const = default;
};

struct KeyTerms {
    std::string id{};  // the eight characters that find the row; never the key
    PrincipalNo principal{};
    Digest hash{};
    std::string last_four{};
    std::optional<KnownAt> expires_at{};
    static constexpr auto fields = std::tuple{&KeyTerms::id, &KeyTerms::principal, &KeyTerms::hash,
                                              &KeyTerms::last_four, &KeyTerms::expires_at};
    bool operator==(const KeyTerms&) const = default;
};

// Names what a movement is for: its nature, and the kinds of account it may debit and credit, so that no
// other name walks around a gate.
struct ReasonTerms {
    std::string id{};
    Nature nature = Nature::instruction;
    AccountKinds may_debit{};
    AccountKinds may_credit{};
    static constexpr auto fields =
        std::tuple{&ReasonTerms::id, &ReasonTerms::nature, &ReasonTerms::may_debit, &ReasonTerms::may_credit};
    bool operator==(const ReasonTerms&) const = default;
};

struct AccountTerms {
    std::string id{};
    PartyNo party{};
    Side side = Side::obligation;
    AccountKind kind = AccountKind::customer;
    Pool pool = Pool::securities_record;
    std::optional<Regime> regime{};  // none: a location of the stock record that belongs to no regime
    RareText capacity{};
    RareText title{};         // of a location, as it stands at the depository
    RareText jurisdiction{};  // of a location
    std::vector<Amount> limits{};  // how far below zero the account may go, by asset
    static constexpr auto fields = std::tuple{
        &AccountTerms::id,           &AccountTerms::party,  &AccountTerms::side,     &AccountTerms::kind,
        &AccountTerms::pool,         &AccountTerms::regime, &AccountTerms::capacity, &AccountTerms::title,
        &AccountTerms::jurisdiction, &AccountTerms::limits};
    bool operator==(const AccountTerms&) const = default;
};

struct AgreementTerms {
    std::string id{};
    std::string kind{};  // hypothecation_consent, control_agreement …
    std::vector<PartyNo> parties{};
    std::string effective_from{};  // a day
    std::string effective_to{};    // a day, or empty
    std::string scope{};           // canonical JSON
    static constexpr auto fields = std::tuple{&AgreementTerms::id,           &AgreementTerms::kind,
                                              &AgreementTerms::parties,      &AgreementTerms::effective_from,
                                              &AgreementTerms::effective_to, &AgreementTerms::scope};
    bool operator==(const AgreementTerms&) const = default;
};

}  // namespace ledger::book
