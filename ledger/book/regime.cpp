#include "ledger/book/regime.hpp"

#include <array>

namespace ledger::book {
namespace {

using enum CalendarName;

constexpr std::array<RegimeRow, regime_count> regime_rows{{
    {Regime::SEC_CUST, "SEC_CUST", Pool::securities_record, exchange, "17 CFR 240.15c3-3; SIPA"},
    {Regime::SEC_PAB, "SEC_PAB", Pool::securities_record, exchange, "17 CFR 240.15c3-3, PAB provisions"},
    {Regime::SBS_CLEARED, "SBS_CLEARED", Pool::sbs_cleared, exchange, "17 CFR 240.15c3-3(p)"},
    {Regime::SBS_NONCLEARED, "SBS_NONCLEARED", Pool::sbs_noncleared, exchange, "17 CFR 240.15c3-3(p)"},
    {Regime::FUT_4D, "FUT_4D", Pool::fut_4d, federal_bank, "CEA 4d(a)(2); 17 CFR 1.20-1.32"},
    {Regime::SWP_4DF, "SWP_4DF", Pool::swp_4df, federal_bank, "CEA 4d(f); 17 CFR Part 22"},
    {Regime::FOR_307, "FOR_307", Pool::for_307, federal_bank, "17 CFR 30.7"},
    {Regime::DLV_PHYS, "DLV_PHYS", Pool::dlv_phys, federal_bank, "17 CFR 1.42; Part 190"},
    {Regime::DLV_CASH, "DLV_CASH", Pool::dlv_cash, federal_bank, "17 CFR 1.42; Part 190"},
    {Regime::XM_FICC_CME_CUST, "XM_FICC_CME_CUST", Pool::xm_ficc_cme_cust, sifma,
     "SEC and CFTC orders of April 2026"},
    {Regime::XM_OCC_CME_NP, "XM_OCC_CME_NP", Pool::xm_occ_cme_np, exchange,
     "4d orders; Part 190 App. B Framework 1"},
    {Regime::XM_HOUSE, "XM_HOUSE", Pool::xm_house, sifma, "FICC/CME cross-margining agreements"},
    {Regime::HOUSE, "HOUSE", Pool::securities_record, exchange, "17 CFR 1.3 proprietary; 240.15c3-1"},
    {Regime::RESERVE_CUST, "RESERVE_CUST", Pool::reserve_cust, federal_bank, "17 CFR 240.15c3-3(e)"},
    {Regime::RESERVE_PAB, "RESERVE_PAB", Pool::reserve_pab, federal_bank, "17 CFR 240.15c3-3(e)"},
    {Regime::RESERVE_SBS, "RESERVE_SBS", Pool::reserve_sbs, federal_bank, "17 CFR 240.15c3-3(p)"},
    {Regime::SWAPS_UNCLEARED, "SWAPS_UNCLEARED", Pool::swaps_uncleared, federal_bank, "17 CFR Part 23"},
    {Regime::WATCH_ONLY, "WATCH_ONLY", Pool::watch_only, federal_bank, "none: shown, never counted"},
}};

constexpr std::array<PoolRow, pool_count> pool_rows{{
    {Pool::securities_record, "securities_record", Protection::stock_record},
    {Pool::fut_4d, "FUT_4D", Protection::trust},
    {Pool::swp_4df, "SWP_4DF", Protection::trust},
    {Pool::for_307, "FOR_307", Protection::trust},
    {Pool::dlv_phys, "DLV_PHYS", Protection::trust},
    {Pool::dlv_cash, "DLV_CASH", Protection::trust},
    {Pool::xm_ficc_cme_cust, "XM_FICC_CME_CUST", Protection::trust},
    {Pool::xm_occ_cme_np, "XM_OCC_CME_NP", Protection::trust},
    {Pool::xm_house, "XM_HOUSE", Protection::trust},
    {Pool::reserve_cust, "RESERVE_CUST", Protection::trust},
    {Pool::reserve_pab, "RESERVE_PAB", Protection::trust},
    {Pool::reserve_sbs, "RESERVE_SBS", Protection::trust},
    {Pool::sbs_cleared, "SBS_CLEARED", Protection::formula},
    {Pool::sbs_noncleared, "SBS_NONCLEARED", Protection::formula},
    {Pool::swaps_uncleared, "SWAPS_UNCLEARED", Protection::formula},
    {Pool::watch_only, "WATCH_ONLY", Protection::memo},
}};

using enum AccountKind;
constexpr auto obligation = Side::obligation;
constexpr auto location = Side::location;

constexpr std::array<AccountKindRow, account_kind_count> kind_rows{{
    {customer, "customer", obligation, Floor::zero, false},
    {customer_margin, "customer_margin", obligation, Floor::limit, true},
    {residual_interest, "residual_interest", obligation, Floor::zero, false},
    {house_equity, "house_equity", obligation, Floor::none, false},
    {short_position, "short_position", obligation, Floor::none, false},
    {open_trade_equity, "open_trade_equity", obligation, Floor::none, false},
    {fail_to_deliver, "fail_to_deliver", obligation, Floor::none, false},
    {stock_borrowed, "stock_borrowed", obligation, Floor::none, false},
    {bank_loan, "bank_loan", obligation, Floor::none, false},
    {repo, "repo", obligation, Floor::none, false},
    {due_to, "due_to", obligation, Floor::none, false},
    {suspense, "suspense", obligation, Floor::none, false},
    {bank, "bank", location, Floor::limit, true},
    {custodian, "custodian", location, Floor::zero, false},
    {trust_company, "trust_company", location, Floor::zero, false},
    {csd, "csd", location, Floor::zero, false},
    {clearing_corporation, "clearing_corporation", location, Floor::zero, false},
    {dco, "dco", location, Floor::zero, false},
    {broker, "broker", location, Floor::zero, false},
    {box, "box", location, Floor::zero, false},
    {wallet, "wallet", location, Floor::zero, false},
    {transfer_agent, "transfer_agent", location, Floor::zero, false},
    {foreign_bank, "foreign_bank", location, Floor::zero, false},
    {foreign_broker, "foreign_broker", location, Floor::zero, false},
    {foreign_clearing_organization, "foreign_clearing_organization", location, Floor::zero, false},
    {foreign_depository, "foreign_depository", location, Floor::zero, false},
    {fail_to_receive, "fail_to_receive", location, Floor::none, false},
    {stock_loaned, "stock_loaned", location, Floor::none, false},
    {distribution_receivable, "distribution_receivable", location, Floor::none, false},
    {due_from, "due_from", location, Floor::none, false},
    {count_difference, "count_difference", location, Floor::none, false},
    {in_transit, "in_transit", location, Floor::none, false},
}};

template <class Rows, class Enum>
constexpr bool rows_stand_at_their_number(const Rows& rows, Enum RowOf) {
    for (std::size_t at = 0; at < rows.size(); ++at)
        if (static_cast<std::size_t>(RowOf(rows[at])) != at) return false;
    return true;
}
static_assert(rows_stand_at_their_number(regime_rows, [](const RegimeRow& row) { return row.regime; }));
static_assert(rows_stand_at_their_number(pool_rows, [](const PoolRow& row) { return row.pool; }));
static_assert(rows_stand_at_their_number(kind_rows, [](const AccountKindRow& row) { return row.kind; }));

template <class Row, std::size_t Size>
const Row* find_code(const std::array<Row, Size>& rows, std::string_view code) {
    for (const auto& row : rows)
        if (row.code == code) return &row;
    return nullptr;
}

}  // namespace

std::span<const RegimeRow> regimes() { return regime_rows; }
std::span<const PoolRow> pools() { return pool_rows; }
std::span<const AccountKindRow> account_kinds() { return kind_rows; }
const RegimeRow& row_of(Regime regime) { return regime_rows[static_cast<std::size_t>(regime)]; }
const PoolRow& row_of(Pool pool) { return pool_rows[static_cast<std::size_t>(pool)]; }
const AccountKindRow& row_of(AccountKind kind) { return kind_rows[static_cast<std::size_t>(kind)]; }

std::optional<Regime> regime_from_code(std::string_view code) {
    const auto* row = find_code(regime_rows, code);
    return row != nullptr ? std::optional{row->regime} : std::nullopt;
}

std::optional<Pool> pool_from_code(std::string_view code) {
    const auto* row = find_code(pool_rows, code);
    return row != nullptr ? std::optional{row->pool} : std::nullopt;
}

std::optional<AccountKind> account_kind_from_code(std::string_view code) {
    const auto* row = find_code(kind_rows, code);
    return row != nullptr ? std::optional{row->kind} : std::nullopt;
}

std::string_view text_of(Side side) { return side == Side::obligation ? "obligation" : "location"; }

std::optional<Side> side_from_text(std::string_view text) {
    if (text == "obligation") return Side::obligation;
    if (text == "location") return Side::location;
    return std::nullopt;
}

}  // namespace ledger::book
