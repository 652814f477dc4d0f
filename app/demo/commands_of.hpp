// Short forms for the demo's commands, and a door that keeps many in flight.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "app/submit.hpp"
#include "ledger/port/ledger.hpp"

namespace app::demo {

using namespace ledger::book;
namespace rules = ledger::rules;

// Submits without waiting for each; `settle` waits for all and throws with the first refusal.
class Door {
public:
    Door(ledger::port::Ledger& book, std::string purpose) : book_{book}, purpose_{std::move(purpose)} {}
    void submit(rules::Command command);
    void settle();
    [[nodiscard]] std::size_t submitted() const { return submitted_; }

private:
    ledger::port::Ledger& book_;
    std::string purpose_;  // begins each idempotency key, so that a day is not run twice
    std::size_t submitted_ = 0;
    std::mutex mutex_;
    std::condition_variable settled_;
    std::size_t open_ = 0;
    std::string refusal_;
};

[[nodiscard]] rules::AmountText amount(std::string_view asset, std::int64_t whole, int cents = 0);
[[nodiscard]] rules::LegText debit(std::string account, rules::AmountText amount);
[[nodiscard]] rules::LegText credit(std::string account, rules::AmountText amount);
[[nodiscard]] rules::PostJournal journal(std::string reason, std::vector<rules::LegText> legs);
[[nodiscard]] rules::OpenLien lien(std::string id, LienType type, std::string holder,
                                   std::vector<rules::LienLineText> lines);
[[nodiscard]] rules::OpenAccount obligation(std::string id, std::string party, Regime regime,
                                            AccountKind kind);
[[nodiscard]] rules::OpenAccount location(std::string id, std::string party, Regime regime, AccountKind kind,
                                          std::string title);
// Of the stock record, belonging to no regime.
[[nodiscard]] rules::OpenAccount of_the_record(std::string id, std::string party, AccountKind kind,
                                               std::string title);

// The same sequence on every machine.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_{seed} {}
    [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high);

private:
    std::uint64_t state_;
};

}  // namespace app::demo
