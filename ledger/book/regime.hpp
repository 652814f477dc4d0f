// Regimes, pools, sides and kinds of account: the words of design section 5 as tables. Codes are those of
// domain 0.2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ledger::book {

enum class Regime : std::uint8_t {
    SEC_CUST,
    SEC_PAB,
    SBS_CLEARED,
    SBS_NONCLEARED,
    FUT_4D,
    SWP_4DF,
    FOR_307,
    DLV_PHYS,
    DLV_CASH,
    XM_FICC_CME_CUST,
    XM_OCC_CME_NP,
    XM_HOUSE,
    HOUSE,
    RESERVE_CUST,
    RESERVE_PAB,
    RESERVE_SBS,
    SWAPS_UNCLEARED,
    WATCH_ONLY,
};
inline constexpr std::size_t regime_count = 18;
constexpr Regime last_of(Regime) { return Regime::WATCH_ONLY; }

// A closed book (law 2). The stock record holds three regimes; every other regime is a pool of its own.
enum class Pool : std::uint8_t {
    securities_record,
    fut_4d,
    swp_4df,
    for_307,
    dlv_phys,
    dlv_cash,
    xm_ficc_cme_cust,
    xm_occ_cme_np,
    xm_house,
    reserve_cust,
    reserve_pab,
    reserve_sbs,
    sbs_cleared,
    sbs_noncleared,
    swaps_uncleared,
    watch_only,
};
inline constexpr std::size_t pool_count = 16;
constexpr Pool last_of(Pool) { return Pool::watch_only; }

// How a pool protects the customers in it.
enum class Protection : std::uint8_t { stock_record, trust, formula, memo };

enum class CalendarName : std::uint8_t { exchange, federal_bank, sifma };

struct RegimeRow {
    Regime regime;
    std::string_view code;
    Pool pool;
    CalendarName calendar;  // whose business dates its journals carry
    std::string_view law;
};

struct PoolRow {
    Pool pool;
    std::string_view code;
    Protection protection;
};

[[nodiscard]] std::span<const RegimeRow> regimes();
[[nodiscard]] std::span<const PoolRow> pools();
[[nodiscard]] const RegimeRow& row_of(Regime regime);
[[nodiscard]] const PoolRow& row_of(Pool pool);
[[nodiscard]] std::optional<Regime> regime_from_code(std::string_view code);
[[nodiscard]] std::optional<Pool> pool_from_code(std::string_view code);

enum class Side : std::uint8_t { obligation, location };  // credit-normal, debit-normal
constexpr Side last_of(Side) { return Side::location; }

enum class Floor : std::uint8_t { zero, limit, none };

enum class AccountKind : std::uint8_t {
    // obligations
    customer,
    customer_margin,
    residual_interest,
    house_equity,
    short_position,
    open_trade_equity,
    fail_to_deliver,
    stock_borrowed,
    bank_loan,
    repo,
    due_to,
    suspense,
    // locations
    bank,
    custodian,
    trust_company,
    csd,
    clearing_corporation,
    dco,
    broker,
    box,
    wallet,
    transfer_agent,
    foreign_bank,
    foreign_broker,
    foreign_clearing_organization,
    foreign_depository,
    fail_to_receive,
    stock_loaned,
    distribution_receivable,
    due_from,
    count_difference,
    in_transit,
};
inline constexpr std::size_t account_kind_count = 32;
constexpr AccountKind last_of(AccountKind) { return AccountKind::in_transit; }

struct AccountKindRow {
    AccountKind kind;
    std::string_view code;
    Side side;
    Floor floor;
    bool may_have_limits;  // customer cash with a debit agreed, overdraft line
};

[[nodiscard]] std::span<const AccountKindRow> account_kinds();
[[nodiscard]] const AccountKindRow& row_of(AccountKind kind);
[[nodiscard]] std::optional<AccountKind> account_kind_from_code(std::string_view code);
[[nodiscard]] std::string_view text_of(Side side);
[[nodiscard]] std::optional<Side> side_from_text(std::string_view text);

// Short sets of kinds, for the table of reasons.
class AccountKinds {
public:
    constexpr AccountKinds() = default;
    constexpr explicit AccountKinds(std::uint64_t bits) : bits_{bits} {}
    template <class... Kinds>
    [[nodiscard]] static constexpr AccountKinds of(Kinds... kinds) {
        return AccountKinds{((std::uint64_t{1} << static_cast<unsigned>(kinds)) | ... | std::uint64_t{0})};
    }
    [[nodiscard]] static constexpr AccountKinds any() {
        return AccountKinds{(std::uint64_t{1} << account_kind_count) - 1};
    }
    [[nodiscard]] constexpr bool contains(AccountKind kind) const {
        return ((bits_ >> static_cast<unsigned>(kind)) & 1U) != 0;
    }
    [[nodiscard]] constexpr AccountKinds operator|(AccountKinds other) const {
        return AccountKinds{bits_ | other.bits_};
    }
    [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
    constexpr bool operator==(const AccountKinds&) const = default;

private:
    std::uint64_t bits_ = 0;
};

}  // namespace ledger::book
