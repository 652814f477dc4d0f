// The demo's day, in the order a firm lives it.
#include <chrono>

#include <fmt/format.h>

#include "app/demo/commands_of.hpp"
#include "app/demo/demo_firm.hpp"

namespace app::demo {
namespace {

constexpr const char* note = "UST-4.25-2030";

bool trades_futures(unsigned at) { return at % 2 == 0; }

class Day {
public:
    Day(ledger::port::Ledger& book, const DemoOptions& options)
        : options_{options}, door_{book, "day"}, dice_{options.seed} {}

    void run() {
        step("the firm's own money", [&] { fund_the_firm(); });
        step("deposits of cash", [&] { each(&Day::deposit_cash); });
        step("deliveries of securities", [&] { each(&Day::deliver_securities); });
        step("margin to the DCO, and its liens", [&] { margin_out(); });
        step("variation, both ways", [&] { variation(); });
        step("margin loans and a short sale", [&] { margin_loans(); });
        step("a bank loan on customers' margin securities", [&] { bank_loan_with_pledge(); });
        step("a fail and a stock loan", [&] { fail_and_stock_loan(); });
        step("recalls and margin back from the DCO", [&] { recalls(); });
        step("fees, withdrawals and the reserve deposit", [&] { fees_and_withdrawals(); });
        step("a correction", [&] { correction(); });
        step("reservations of the margin engine", [&] { reservations(); });
    }

private:
    void step(const char* name, const std::function<void()>& work) {
        options_.say(name);
        work();
        door_.settle();
    }
    void each(void (Day::*work)(unsigned, const std::string&)) {
        for (unsigned at = 1; at <= options_.customers; ++at) (this->*work)(at, fmt::format("cust-{}", at));
    }
    void post(const char* reason, std::vector<rules::LegText> legs) {
        door_.submit(journal(reason, std::move(legs)));
    }
    // A movement of one amount: what is debited, what is credited.
    void move(const char* reason, const std::string& debited, const std::string& credited,
              const rules::AmountText& of) {
        post(reason, {debit(debited, of), credit(credited, of)});
    }
    void cross(const char* reason, Basis basis, std::vector<rules::LegText> legs) {
        auto posting = journal(reason, std::move(legs));
        posting.basis = basis;
        door_.submit(posting);
    }

    void fund_the_firm() {
        move("OPENING", "bank-a.firm", "firm.house", amount("USD", 60'000'000));
        move("OPENING", "dtc.box", "firm.house", amount("XYZ", 20'000));
        door_.settle();
        const auto top_up = amount("USD", 5'000'000);
        cross("RESIDUAL_INTEREST", Basis::residual_interest,
              {debit("firm.house", top_up), credit("bank-a.firm", top_up), debit("bank-a.4d", top_up),
               credit("firm.4d", top_up)});
    }
    void deposit_cash(unsigned at, const std::string& id) {
        move("DEPOSIT", "bank-a.firm", id + ".sec", amount("USD", dice_.between(5'000, 90'000), 25));
        if (trades_futures(at))
            move("DEPOSIT", "bank-a.4d", id + ".fut", amount("USD", dice_.between(40'000, 400'000), 50));
    }
    void deliver_securities(unsigned at, const std::string& id) {
        move("DEPOSIT", "dtc.box", id + ".sec", amount("XYZ", dice_.between(100, 2'000)));
        if (at % 5 == 0)
            move("DEPOSIT", "custodian-k.sec", id + ".sec", amount("ACME", dice_.between(50, 900)));
        if (at % 4 == 0)
            move("DEPOSIT", "custodian-k.4d", id + ".fut", amount(note, dice_.between(100'000, 500'000)));
        if (at == 42) move("DEPOSIT", "custodian-k.4d", id + ".fut", amount(note, 100'000));
    }
    void margin_out() {
        move("MARGIN_TO_CCP", "cme.4d", "bank-a.4d", amount("USD", 4'000'000));
        move("MARGIN_TO_CCP", "cme.4d", "custodian-k.4d", amount(note, 2'000'000));
        door_.settle();
        for (unsigned at = 4; at <= options_.customers && at <= 60; at += 4)
            pledge_to_ccp(at, amount(note, dice_.between(20'000, 40'000)));
        pledge_to_ccp(42, amount(note, 60'000));
    }
    void pledge_to_ccp(unsigned at, const rules::AmountText& of) {
        door_.submit(lien(fmt::format("ccp-cust-{}", at), LienType::CCP_MARGIN, "cme",
                          {{.account = fmt::format("cust-{}.fut", at), .location = "cme.4d", .amount = of}}));
    }
    void variation() {
        for (unsigned at = 2; at <= options_.customers; at += 2) {
            const auto of = amount("USD", dice_.between(100, 9'000), 75);
            const auto ote = fmt::format("cust-{}.fut.ote", at);
            const bool gains = dice_.between(0, 1) == 1;
            auto posting = journal("VARIATION", gains ? std::vector{debit("cme.4d", of), credit(ote, of)}
                                                      : std::vector{debit(ote, of), credit("cme.4d", of)});
            posting.evidence = {
                {.kind = "dco_statement", .reference = fmt::format("CME-EOD-{:04}", at), .digest = ""}};
            door_.submit(posting);
            const auto customer = fmt::format("cust-{}.fut", at);
            door_.settle();
            move("REALISATION", gains ? ote : customer, gains ? customer : ote, of);
        }
    }
    void margin_loans() {
        for (unsigned at = 3; at <= options_.customers; at += 9) {
            const auto id = fmt::format("cust-{}", at);
            const auto shares = amount("XYZ", 500);
            const auto price = amount("USD", 150'000);
            post("TRADE_SETTLEMENT", {debit(id + ".sec", price), credit("bank-a.firm", price),
                                      debit("dtc.box", shares), credit(id + ".sec", shares)});
        }
        const auto sold = amount("XYZ", 300);
        const auto proceeds = amount("USD", 90'000);
        move("STOCK_BORROW", "dtc.box", "stock-borrowed.broker-x", sold);
        move("STOCK_BORROW", "stock-borrowed.broker-x", "bank-a.firm", proceeds);
        door_.settle();
        post("TRADE_SETTLEMENT", {debit("cust-6.short", sold), credit("dtc.box", sold),
                                  debit("bank-a.firm", proceeds), credit("cust-6.sec", proceeds)});
    }
    void bank_loan_with_pledge() {
        move("BANK_LOAN", "bank-a.firm", "loan.bank-b", amount("USD", 1'000'000));
        std::vector<rules::LienLineText> lines;
        for (unsigned at = 3; at <= options_.customers; at += 9)
            lines.push_back({.account = fmt::format("cust-{}.sec", at),
                             .location = "dtc.box",
                             .amount = amount("XYZ", 400)});
        auto pledge = lien("loan-bank-b-1", LienType::BANK_LOAN, "bank-b", std::move(lines));
        pledge.purpose = "loan against customers' margin securities";
        pledge.secured = amount("USD", 1'000'000);
        door_.submit(pledge);
    }
    void fail_and_stock_loan() {
        const auto shares = amount("ACME", 120);
        const auto price = amount("USD", 6'000);
        post("FAIL", {debit("fails-to-receive", shares), credit("cust-5.sec", shares),
                      debit("cust-5.sec", price), credit("fails-to-deliver", price)});
        const auto loaned = amount("XYZ", 5'000);
        const auto collateral = amount("USD", 1'500'000);
        post("STOCK_LOAN", {debit("stock-loaned.broker-x", loaned), credit("dtc.box", loaned),
                            debit("bank-a.firm", collateral), credit("stock-loaned.broker-x", collateral)});
    }
    void recalls() {
        door_.submit(rules::ReleaseLien{.lien = "ccp-cust-4"});
        door_.submit(rules::ReleaseLien{.lien = "ccp-cust-8", .amount = amount(note, 10'000)});
        door_.submit(rules::ReleaseLien{.lien = "loan-bank-b-1", .amount = amount("XYZ", 400)});
        move("MARGIN_FROM_CCP", "bank-a.4d", "cme.4d", amount("USD", 500'000));
    }
    void fees_and_withdrawals() {
        for (unsigned at = 2; at <= options_.customers; at += 2)
            move("FEE", fmt::format("cust-{}.fut", at), "firm.4d", amount("USD", dice_.between(5, 60), 10));
        for (unsigned at = 10; at <= options_.customers; at += 20)
            move("WITHDRAWAL", fmt::format("cust-{}.fut", at), "bank-a.4d",
                 amount("USD", dice_.between(1'000, 9'000)));
        const auto reserve = amount("USD", 8'000'000);
        cross("RESERVE", Basis::reserve,
              {debit("firm.house", reserve), credit("bank-a.firm", reserve), debit("bank-c.reserve", reserve),
               credit("firm.reserve", reserve)});
    }
    void correction() {
        auto wrong =
            journal("FEE", {debit("cust-42.fut", amount("USD", 500)), credit("firm.4d", amount("USD", 500))});
        wrong.id = "fee-posted-twice";
        wrong.memo = personal("monthly fee, entered a second time");
        door_.submit(wrong);
        door_.settle();
        door_.submit(rules::ReverseJournal{.journal = "fee-posted-twice", .reason = "CORRECTION"});
    }
    void reservations() {
        const auto at =
            std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
        const KnownAt in_a_day{at + std::chrono::hours{24}};
        for (const unsigned customer : {42U, 44U, 48U})
            door_.submit(rules::Reserve{.id = fmt::format("order-{}", customer),
                                        .account = fmt::format("cust-{}.fut", customer),
                                        .amount = amount("USD", 10'000),
                                        .purpose = "initial margin of a resting order",
                                        .expires_at = in_a_day});
    }

    const DemoOptions& options_;
    Door door_;
    Dice dice_;
};

}  // namespace

void run_day(ledger::port::Ledger& book, const DemoOptions& options) { Day{book, options}.run(); }

}  // namespace app::demo
