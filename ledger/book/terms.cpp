#include "ledger/book/terms.hpp"

#include <array>

namespace ledger::book {
namespace {

constexpr auto party_kind_rows = std::to_array<EnumText<PartyKind>>({
    {PartyKind::firm, "firm"},
    {PartyKind::person, "person"},
    {PartyKind::fund, "fund"},
    {PartyKind::company, "company"},
    {PartyKind::broker_dealer, "broker_dealer"},
    {PartyKind::fcm, "fcm"},
    {PartyKind::bank, "bank"},
    {PartyKind::custodian, "custodian"},
    {PartyKind::dco, "dco"},
    {PartyKind::clearing_agency, "clearing_agency"},
    {PartyKind::trustee, "trustee"},
});

constexpr auto sec_class_rows = std::to_array<EnumText<SecClass>>({
    {SecClass::customer, "customer"},
    {SecClass::non_customer, "non_customer"},
    {SecClass::pab, "pab"},
    {SecClass::sbs, "sbs"},
    {SecClass::excluded, "excluded"},
});

constexpr auto cftc_class_rows = std::to_array<EnumText<CftcClass>>({
    {CftcClass::public_customer, "public"},
    {CftcClass::non_public, "non_public"},
    {CftcClass::affiliate, "affiliate"},
});

constexpr auto asset_kind_rows = std::to_array<EnumText<AssetKind>>({
    {AssetKind::cash, "cash"},
    {AssetKind::security, "security"},
    {AssetKind::money_market_fund, "money_market_fund"},
    {AssetKind::exchange_traded_fund, "exchange_traded_fund"},
    {AssetKind::letter_of_credit, "letter_of_credit"},
    {AssetKind::warehouse_receipt, "warehouse_receipt"},
    {AssetKind::tokenized_entitlement, "tokenized_entitlement"},
    {AssetKind::tokenized_fund, "tokenized_fund"},
    {AssetKind::payment_stablecoin, "payment_stablecoin"},
    {AssetKind::digital_asset, "digital_asset"},
});

constexpr auto principal_kind_rows = std::to_array<EnumText<PrincipalKind>>({
    {PrincipalKind::person, "person"},
    {PrincipalKind::service, "service"},
});

constexpr auto role_rows = std::to_array<EnumText<Role>>({
    {Role::customer, "customer"},
    {Role::manager, "manager"},
    {Role::operator_, "operator"},
    {Role::approver, "approver"},
    {Role::margin_engine, "margin_engine"},
    {Role::auditor, "auditor"},
    {Role::examiner, "examiner"},
    {Role::trustee, "trustee"},
    {Role::admin, "admin"},
});

constexpr auto nature_rows = std::to_array<EnumText<Nature>>({
    {Nature::instruction, "instruction"},
    {Nature::fact, "fact"},
});

constexpr auto basis_rows = std::to_array<EnumText<Basis>>({
    {Basis::reserve, "RESERVE"},
    {Basis::residual_interest, "RESIDUAL_INTEREST"},
    {Basis::misdirected, "MISDIRECTED"},
});

constexpr auto lien_type_rows = std::to_array<EnumText<LienType>>({
    {LienType::CUST_SEC_INT, "CUST_SEC_INT"},
    {LienType::CCP_MARGIN, "CCP_MARGIN"},
    {LienType::BANK_LOAN, "BANK_LOAN"},
    {LienType::STOCK_LOAN_OUT, "STOCK_LOAN_OUT"},
    {LienType::REPO_OUT, "REPO_OUT"},
    {LienType::TRIPARTY, "TRIPARTY"},
    {LienType::STOCK_BORROW_IN, "STOCK_BORROW_IN"},
    {LienType::REPO_IN, "REPO_IN"},
    {LienType::REG_LOCK, "REG_LOCK"},
    {LienType::REUSE_RIGHT, "REUSE_RIGHT"},
    {LienType::LEGAL_HOLD, "LEGAL_HOLD"},
    {LienType::STAY, "STAY"},
    {LienType::SMART_LOCK, "SMART_LOCK"},
    {LienType::LC_SUPPORT, "LC_SUPPORT"},
});

}  // namespace

std::span<const EnumText<PartyKind>> party_kinds() { return party_kind_rows; }
std::span<const EnumText<SecClass>> sec_classes() { return sec_class_rows; }
std::span<const EnumText<CftcClass>> cftc_classes() { return cftc_class_rows; }
std::span<const EnumText<AssetKind>> asset_kinds() { return asset_kind_rows; }
std::span<const EnumText<PrincipalKind>> principal_kinds() { return principal_kind_rows; }
std::span<const EnumText<Role>> roles() { return role_rows; }
std::span<const EnumText<Nature>> natures() { return nature_rows; }
std::span<const EnumText<Basis>> bases() { return basis_rows; }
std::span<const EnumText<LienType>> lien_types() { return lien_type_rows; }

}  // namespace ledger::book
