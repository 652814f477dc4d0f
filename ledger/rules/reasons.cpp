// The reasons every book begins with, and what each may debit and credit (api.md, Posting).
#include <array>

#include "ledger/rules/deciding.hpp"

namespace ledger::rules {
namespace {

using enum AccountKind;

constexpr auto customers = AccountKinds::of(customer, customer_margin);
constexpr auto firms_own = AccountKinds::of(house_equity, residual_interest);
constexpr auto depositories = AccountKinds::of(
    bank, custodian, trust_company, csd, clearing_corporation, dco, broker, box, wallet, transfer_agent,
    foreign_bank, foreign_broker, foreign_clearing_organization, foreign_depository, in_transit);
constexpr auto clearing =
    AccountKinds::of(clearing_corporation, dco, broker, foreign_broker, foreign_clearing_organization);
constexpr auto open_items = AccountKinds::of(fail_to_deliver, fail_to_receive, short_position, suspense);
constexpr auto any = AccountKinds::any();

ReasonTerms instruction(const char* id, AccountKinds may_debit, AccountKinds may_credit) {
    return {.id = id, .nature = Nature::instruction, .may_debit = may_debit, .may_credit = may_credit};
}
ReasonTerms fact(const char* id, AccountKinds may_debit, AccountKinds may_credit) {
    return {.id = id, .nature = Nature::fact, .may_debit = may_debit, .may_credit = may_credit};
}
ReasonTerms both_ways(const char* id, AccountKinds kinds) { return instruction(id, kinds, kinds); }

}  // namespace

std::span<const ReasonTerms> reasons_from_the_start() {
    static const std::array reasons{
        both_ways("OPENING", any),
        instruction("DEPOSIT", depositories, customers | firms_own | AccountKinds::of(suspense, due_to)),
        instruction("WITHDRAWAL", customers | AccountKinds::of(house_equity, suspense), depositories),
        both_ways("LOCATION_MOVE", depositories),
        instruction("MARGIN_TO_CCP", clearing | AccountKinds::of(in_transit), depositories),
        instruction("MARGIN_FROM_CCP", depositories, clearing | AccountKinds::of(in_transit)),
        both_ways("TRADE_SETTLEMENT", customers | firms_own | depositories | open_items |
                                          AccountKinds::of(open_trade_equity, stock_borrowed, stock_loaned)),
        both_ways("FAIL", customers | firms_own | depositories | open_items),
        both_ways("STOCK_BORROW", firms_own | depositories | open_items | AccountKinds::of(stock_borrowed)),
        both_ways("STOCK_LOAN",
                  firms_own | depositories | open_items | AccountKinds::of(stock_loaned, stock_borrowed)),
        both_ways("BANK_LOAN", firms_own | depositories | AccountKinds::of(bank_loan)),
        both_ways("REPO", firms_own | depositories | AccountKinds::of(repo)),
        both_ways("RESERVE", firms_own | depositories),
        both_ways("RESIDUAL_INTEREST", firms_own | depositories),
        both_ways("MISDIRECTED", customers | depositories | AccountKinds::of(due_from, due_to, suspense)),
        both_ways("FEE", customers | firms_own | depositories),
        both_ways("INTEREST", customers | firms_own | depositories |
                                  AccountKinds::of(stock_borrowed, stock_loaned, bank_loan, repo)),
        both_ways("REALISATION", customers | firms_own | AccountKinds::of(open_trade_equity)),
        both_ways("CORRECTION", any),
        fact("VARIATION", customers | firms_own | depositories | AccountKinds::of(open_trade_equity),
             customers | firms_own | depositories | AccountKinds::of(open_trade_equity)),
        fact("INCOME", any, any),
        fact("FORCED_TRANSFER", any, any),
        fact("LOCATION_LOSS", customers | firms_own | AccountKinds::of(suspense, count_difference, due_from),
             depositories),
        fact("COUNT_DIFFERENCE", firms_own | depositories | AccountKinds::of(count_difference, suspense),
             firms_own | depositories | AccountKinds::of(count_difference, suspense)),
    };
    return reasons;
}

}  // namespace ledger::rules
