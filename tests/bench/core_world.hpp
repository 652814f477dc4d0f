// The book that tests/bench/core_bench.cpp measures: customers in four pools, each with three assets and one
// lien of two lines, made by the rules themselves.
#pragma once

#include <malloc.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/base/persistent_hash.hpp"
#include "ledger/rules/decide.hpp"

namespace bench {

using namespace ledger::rules;

[[nodiscard]] inline double heap_bytes() {
    return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd);
}

struct RegimeHome {
    Regime regime;
    std::string suffix;     // of the customers' accounts
    std::string custodian;  // where securities lie
    std::string bank;
};

class CoreWorld {
public:
    // Heap the state took, in bytes a customer account.
    struct Footprint {
        double parties = 0, accounts = 0, positions = 0, liens = 0;
        [[nodiscard]] double whole() const { return parties + accounts + positions + liens; }
    };

    explicit CoreWorld(std::size_t customers) : customers_{customers} {
        state.advance_clock(KnownAt{base_time()});
        accept(OpenBook{"bench"});
        accept(AddParty{.id = "firm", .name = {"The firm", "salt"}});
        accept(AddAsset{.id = "USD", .scale = 2});
        accept(AddAsset{.id = "UST", .scale = 0});
        accept(AddAsset{.id = "MMF", .scale = 4});
        for (const auto& home : homes()) open_home(home);
        const auto stage = [&](double& bytes, auto make) {
            const double before = heap_bytes();
            for (std::size_t customer = 0; customer < customers_; ++customer) make(customer);
            bytes = (heap_bytes() - before) / static_cast<double>(customers_);
        };
        stage(footprint.parties, [&](std::size_t customer) {
            accept(AddParty{.id = "cust-" + std::to_string(customer), .name = {"A customer", "salt"}});
        });
        stage(footprint.accounts, [&](std::size_t customer) {
            accept(OpenAccount{.id = account_of(customer),
                               .party = "cust-" + std::to_string(customer),
                               .regime = home_of(customer).regime});
        });
        stage(footprint.positions, [&](std::size_t customer) {
            for (std::size_t asset = 0; asset < 3; ++asset)
                accept(movement(customer, asset, "DEPOSIT", 1'000'000));
        });
        stage(footprint.liens, [&](std::size_t customer) {
            const auto line = [&](const char* asset) {
                return LienLineText{.account = account_of(customer),
                                    .location = home_of(customer).custodian,
                                    .amount = {asset, {"600000"}}};
            };
            accept(OpenLien{.holder = "firm",
                            .purpose = "margin",
                            .is_short_form = false,
                            .allocation = {line("UST"), line("MMF")}});
        });
    }

    State state;
    Footprint footprint;

    // One of the first `among` customers deposits or withdraws a little of one of the three assets: cash at
    // the bank, or what half and more of stands under the lien.
    [[nodiscard]] PostJournal some_journal(std::uint64_t& seed, std::size_t among) const {
        seed = ledger::base::mix_word(seed);
        const auto customer = static_cast<std::size_t>((seed >> 8U) % among);
        const auto units = 1 + (seed >> 40U) % 90;
        return movement(customer, seed % 3, (seed & 0x80U) != 0 ? "DEPOSIT" : "WITHDRAWAL", units);
    }

    [[nodiscard]] static Digest digest_of(std::uint64_t number) {
        Digest made;
        const auto mixed = ledger::base::mix_word(number);
        for (std::size_t at = 0; at < made.bytes.size(); ++at)
            made.bytes[at] = static_cast<std::byte>(mixed >> (at % 8 * 8));
        return made;
    }

    [[nodiscard]] static Microseconds base_time() {
        return Microseconds{std::chrono::seconds{1'783'000'000}};
    }

private:
    static const std::array<RegimeHome, 4>& homes() {
        static const std::array<RegimeHome, 4> made{{{Regime::FUT_4D, ".fut", "custody.fut", "bank.fut"},
                                                     {Regime::SWP_4DF, ".swp", "custody.swp", "bank.swp"},
                                                     {Regime::FOR_307, ".for", "custody.for", "bank.for"},
                                                     {Regime::SEC_CUST, ".sec", "box.sec", "bank.sec"}}};
        return made;
    }
    static const RegimeHome& home_of(std::size_t customer) { return homes()[customer % homes().size()]; }
    static std::string account_of(std::size_t customer) {
        return "cust-" + std::to_string(customer) + home_of(customer).suffix;
    }

    void open_home(const RegimeHome& home) {
        const bool is_stock_record = home.regime == Regime::SEC_CUST;
        const auto open = [&](const std::string& id, AccountKind kind) {
            OpenAccount command{.id = id, .party = "firm", .side = Side::location, .kind = kind};
            if (is_stock_record)
                command.pool = Pool::securities_record;
            else
                command.regime = home.regime;
            accept(command);
        };
        open(home.custodian, is_stock_record ? AccountKind::box : AccountKind::custodian);
        open(home.bank, AccountKind::bank);
    }

    [[nodiscard]] static PostJournal movement(std::size_t customer, std::size_t asset, const char* reason,
                                              std::uint64_t units) {
        static constexpr std::array<const char*, 3> assets{"USD", "UST", "MMF"};
        const auto& home = home_of(customer);
        const AmountText amount{assets[asset], {std::to_string(units) + (asset == 1 ? "" : ".25")}};
        const bool is_deposit = std::string_view{reason} == "DEPOSIT";
        PostJournal made;
        made.reason = reason;
        made.legs.push_back({asset == 0 ? home.bank : home.custodian, is_deposit, amount});
        made.legs.push_back({account_of(customer), !is_deposit, amount});
        return made;
    }

    void accept(const Command& command) {
        const Submission made{
            .principal = PrincipalNo{0}, .command = command, .digest = digest_of(state.version().value)};
        auto decision = decide(state, made);
        if (!decision) {
            std::fprintf(stderr, "refused: %s\n", decision.error().detail.c_str());
            std::exit(1);
        }
        evolve(state, record(state, made, std::get<Decided>(std::move(*decision))));
    }

    std::size_t customers_;
};

}  // namespace bench
