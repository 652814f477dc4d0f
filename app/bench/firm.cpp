#include "app/bench/firm.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/demo/commands_of.hpp"
#include "app/keys.hpp"

namespace app::bench {
namespace {

using namespace ledger::book;
namespace rules = ledger::rules;
using demo::amount;
using demo::credit;
using demo::debit;

constexpr const char* caller = "bench";
constexpr std::size_t accounts_per_customer = 10;
constexpr std::int64_t opening_dollars = 1'000'000;

// Set-up commands need no key: nobody sends them twice.
class SetUp {
public:
    SetUp(const Server& server, const std::string& database, ledger::port::Ledger& book)
        : session_{server.session(database)}, flow_{book, PrincipalNo{0}} {}
    void submit(rules::Command command) {
        flow_.submit(std::move(command), "");
        if (++submitted_ == next_analysis_) analyze();
    }
    void end() { analyze(); }

    void street() {
        party("bank-a", PartyKind::bank);
        party("kestrel", PartyKind::custodian);
        party("cme", PartyKind::dco);
        asset("USD", AssetKind::cash);
        for (std::size_t at = 1; at < assets_of_that_account; ++at) asset(security(at), AssetKind::security);
        const char* title = "Customer Segregated";
        submit(demo::location("bank-a.4d", "bank-a", Regime::FUT_4D, AccountKind::bank, title));
        submit(demo::location("kestrel.4d", "kestrel", Regime::FUT_4D, AccountKind::custodian, title));
        submit(demo::location("cme.4d", "cme", Regime::FUT_4D, AccountKind::dco, title));
    }
    void accounts(std::size_t count) {
        for (std::size_t at = 0; at < count; ++at) {
            const auto customer = fmt::format("cust-{}", at / accounts_per_customer);
            if (at % accounts_per_customer == 0) party(customer, PartyKind::fund);
            submit(demo::obligation(account_id(at), customer, Regime::FUT_4D, AccountKind::customer));
        }
    }
    // One journal for as many accounts as its legs allow: what each gets of one asset, out of one place.
    void deposit(const std::string& place, const std::string& asset, std::int64_t each, std::size_t count) {
        constexpr std::size_t per_journal = rules::legs_per_journal_max - 1;
        for (std::size_t from = 0; from < count; from += per_journal) {
            const auto to = std::min(from + per_journal, count);
            std::vector legs{debit(place, amount(asset, each * static_cast<std::int64_t>(to - from)))};
            for (auto at = from; at < to; ++at) legs.push_back(credit(account_id(at), amount(asset, each)));
            submit(demo::journal("DEPOSIT", std::move(legs)));
        }
    }
    void many_assets() {
        party("cust-assets", PartyKind::fund);
        submit(demo::obligation(many_assets_account, "cust-assets", Regime::FUT_4D, AccountKind::customer));
        std::vector<rules::LegText> legs;
        for (std::size_t at = 0; at < assets_of_that_account; ++at) {
            const auto id = at == 0 ? std::string{"USD"} : security(at);
            legs.push_back(debit("cme.4d", amount(id, 1'000)));
            legs.push_back(credit(many_assets_account, amount(id, 1'000)));
        }
        submit(demo::journal("DEPOSIT", std::move(legs)));
        for (std::size_t at = 1; at <= 5; ++at)
            submit(demo::lien(fmt::format("lien-{}", at), LienType::CCP_MARGIN, "cme",
                              {{.account = many_assets_account,
                                .location = "cme.4d",
                                .amount = amount(security(at), 400)}}));
    }
    void liens_of_two_lines(std::size_t count) {
        for (std::size_t at = 0; at < count; ++at) {
            auto opening = demo::lien(
                "", LienType::CCP_MARGIN, "cme",
                {{.account = account_id(at), .location = "kestrel.4d", .amount = amount(security(1), 40)},
                 {.account = account_id(at), .location = "cme.4d", .amount = amount(security(2), 40)}});
            submit(std::move(opening));
        }
    }

    [[nodiscard]] static std::string security(std::size_t at) { return fmt::format("SEC-{:02}", at); }

private:
    void party(const std::string& id, PartyKind kind) {
        submit(rules::AddParty{.id = id,
                               .kind = kind,
                               .name = {fmt::format("Party {}", id), fmt::format("{:>16}", id).substr(0, 16)},
                               .sec = SecClass::customer,
                               .cftc = CftcClass::public_customer});
    }
    void asset(const std::string& id, AssetKind kind) {
        submit(rules::AddAsset{.id = id, .kind = kind, .scale = 2, .isin = "", .issuer = ""});
    }

    // A server that has run for a minute knows how large its tables are; this one fills them in seconds.
    void analyze() {
        flow_.settle();
        session_.execute("ANALYZE");
        next_analysis_ = submitted_ * 4;
    }

    ledger::store::postgres::Connection session_;
    Flow flow_;
    std::size_t submitted_ = 0;
    std::size_t next_analysis_ = 1000;
};

}  // namespace

std::unique_ptr<RunningBook> open_book(const Server& server, const std::string& database) {
    const BookPlace place{
        .data_dir = {}, .database = server.url(database), .database_file = {}, .patroni = {}};
    return std::make_unique<RunningBook>(BookDatabase{place, BookDatabase::Wanted::make_if_missing},
                                         book_name);
}

std::string add_caller(RunningBook& running) {
    return mint_principal(running.book(), {caller, "Benchmark", RoleSet::of(Role::admin)}, "",
                          demo_environment);
}

PrincipalNo caller_of(RunningBook& running) {
    return running.book().committed()->state.principals.find(caller).value();
}

void set_up_pool(const Server& server, const std::string& database, ledger::port::Ledger& book,
                 std::size_t accounts) {
    SetUp set_up{server, database, book};
    set_up.street();
    set_up.accounts(accounts);
    set_up.deposit("bank-a.4d", "USD", opening_dollars, accounts);
    set_up.many_assets();
    set_up.end();
}

void set_up_encumbered(const Server& server, const std::string& database, ledger::port::Ledger& book,
                       std::size_t accounts) {
    SetUp set_up{server, database, book};
    set_up.street();
    set_up.accounts(accounts);
    set_up.deposit("bank-a.4d", "USD", opening_dollars, accounts);
    set_up.deposit("kestrel.4d", SetUp::security(1), 100, accounts);
    set_up.deposit("cme.4d", SetUp::security(2), 100, accounts);
    set_up.liens_of_two_lines(accounts);
    set_up.end();
}

}  // namespace app::bench
