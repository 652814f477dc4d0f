#include "app/demo/demo_firm.hpp"

#include <array>

#include <fmt/format.h>

#include "app/demo/commands_of.hpp"

namespace app::demo {
namespace {

using enum AccountKind;

struct NamedParty {
    const char* id;
    PartyKind kind;
    const char* name;
};

constexpr std::array streets{
    NamedParty{"firm", PartyKind::firm, "Harbour & Lane Securities LLC"},
    NamedParty{"bank-a", PartyKind::bank, "First Meridian Bank"},
    NamedParty{"bank-b", PartyKind::bank, "Commonwealth Lending Bank"},
    NamedParty{"bank-c", PartyKind::bank, "Old Colony Trust Bank"},
    NamedParty{"custodian-k", PartyKind::custodian, "Kestrel Custody"},
    NamedParty{"dtc", PartyKind::clearing_agency, "Central securities depository"},
    NamedParty{"cme", PartyKind::dco, "Derivatives clearing organization"},
    NamedParty{"ficc", PartyKind::clearing_agency, "Treasury clearing agency"},
    NamedParty{"broker-x", PartyKind::broker_dealer, "Exeter Brothers"},
};

constexpr std::array first_words{"Calder", "Marlowe",   "Ashgrove",  "Bellweather", "Northgate",
                                 "Sable",  "Quayside",  "Thornbury", "Wexford",     "Larkhill",
                                 "Ostler", "Pinecrest", "Rowan",     "Stanmore"};
constexpr std::array last_words{"Pension Fund",  "Partners",    "Endowment",       "Capital", "Trading",
                                "Family Office", "Growth Fund", "Municipal Trust", "Mills",   "Insurance"};

void add_parties(Door& door, const DemoOptions& options) {
    for (const auto& party : streets)
        door.submit(rules::AddParty{.id = party.id, .kind = party.kind, .name = personal(party.name)});
    for (unsigned at = 1; at <= options.customers; ++at) {
        const auto* first = first_words[at % first_words.size()];
        const auto* last =
            at == 42 ? "Pension Fund" : last_words[(at / first_words.size()) % last_words.size()];
        door.submit(rules::AddParty{.id = fmt::format("cust-{}", at),
                                    .kind = PartyKind::fund,
                                    .name = personal(fmt::format("{} {}", at == 42 ? "Calder" : first, last)),
                                    .sec = SecClass::customer,
                                    .cftc = CftcClass::public_customer});
    }
}

void add_assets(Door& door) {
    const auto add = [&](const char* id, AssetKind kind, std::uint8_t scale, const char* isin,
                         const char* issuer) {
        door.submit(rules::AddAsset{.id = id, .kind = kind, .scale = scale, .isin = isin, .issuer = issuer});
    };
    add("USD", AssetKind::cash, 2, "", "");
    add("UST-4.25-2030", AssetKind::security, 2, "US91282CHK00", "UST");
    add("UST-BILL-2027-03", AssetKind::security, 2, "US912797MU00", "UST");
    add("XYZ", AssetKind::security, 0, "US0000000XY1", "XYZ Industries");
    add("ACME", AssetKind::security, 0, "US0000000AC2", "Acme Holdings");
}

void add_locations(Door& door) {
    auto bank_account = of_the_record("bank-a.firm", "bank-a", bank, "Harbour & Lane - Operating");
    bank_account.limits = {amount("USD", 1'000'000)};
    door.submit(bank_account);
    door.submit(of_the_record("dtc.box", "dtc", box, "Harbour & Lane - Free"));
    door.submit(of_the_record("custodian-k.sec", "custodian-k", custodian,
                              "Harbour & Lane - For the exclusive benefit of customers"));
    door.submit(of_the_record("ficc.gsd", "ficc", clearing_corporation, "Harbour & Lane - GSD member"));
    door.submit(of_the_record("fails-to-receive", "broker-x", fail_to_receive, "Fails to receive"));
    door.submit(of_the_record("fails-to-deliver", "broker-x", fail_to_deliver, ""));
    door.submit(
        of_the_record("stock-loaned.broker-x", "broker-x", stock_loaned, "Stock loaned to Exeter Brothers"));
    door.submit(of_the_record("stock-borrowed.broker-x", "broker-x", stock_borrowed, ""));
    door.submit(of_the_record("loan.bank-b", "bank-b", bank_loan, ""));
    door.submit(
        location("bank-a.4d", "bank-a", Regime::FUT_4D, bank, "Harbour & Lane FCM - Customer Segregated"));
    door.submit(location("custodian-k.4d", "custodian-k", Regime::FUT_4D, custodian,
                         "Harbour & Lane FCM - Customer Segregated"));
    door.submit(
        location("cme.4d", "cme", Regime::FUT_4D, dco, "Harbour & Lane FCM - Customer Segregated Margin"));
    door.submit(location("bank-c.reserve", "bank-c", Regime::RESERVE_CUST, bank,
                         "Special Reserve Account for the Exclusive Benefit of Customers"));
}

void add_firm_and_customers(Door& door, const DemoOptions& options) {
    door.submit(obligation("firm.house", "firm", Regime::HOUSE, house_equity));
    door.submit(obligation("firm.4d", "firm", Regime::FUT_4D, residual_interest));
    door.submit(obligation("firm.4d.ote", "firm", Regime::FUT_4D, open_trade_equity));
    door.submit(obligation("firm.reserve", "firm", Regime::RESERVE_CUST, residual_interest));
    for (unsigned at = 1; at <= options.customers; ++at) {
        const auto id = fmt::format("cust-{}", at);
        auto securities =
            obligation(id + ".sec", id, Regime::SEC_CUST, at % 3 == 0 ? customer_margin : customer);
        if (at % 3 == 0) securities.limits = {amount("USD", 250'000)};
        door.submit(securities);
        if (at % 3 == 0) door.submit(obligation(id + ".short", id, Regime::SEC_CUST, short_position));
        if (at % 2 == 0) {
            door.submit(obligation(id + ".fut", id, Regime::FUT_4D, customer));
            door.submit(obligation(id + ".fut.ote", id, Regime::FUT_4D, open_trade_equity));
        }
    }
}

void add_agreements(Door& door) {
    for (const auto* id : {"cust-3", "cust-6", "cust-9", "cust-42"})
        door.submit(
            rules::AddAgreement{.id = id == std::string_view{"cust-42"} ? "agr-7" : fmt::format("agr-{}", id),
                                .kind = "hypothecation_consent",
                                .parties = {id},
                                .effective_from = "2026-01-01",
                                .scope = R"({"lenders":["bank-b"]})"});
}

}  // namespace

void set_up_firm(ledger::port::Ledger& book, const DemoOptions& options) {
    Door door{book, "firm"};
    options.say(fmt::format("parties: {} customers and the street", options.customers));
    add_parties(door, options);
    add_assets(door);
    door.settle();
    options.say("accounts and locations");
    add_locations(door);
    add_firm_and_customers(door, options);
    add_agreements(door);
    door.settle();
}

}  // namespace app::demo
