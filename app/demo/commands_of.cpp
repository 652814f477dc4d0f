#include "app/demo/commands_of.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace app::demo {

void Door::submit(rules::Command command) {
    {
        const std::lock_guard lock{mutex_};
        ++open_;
        ++submitted_;
    }
    const PrincipalNo operator_of_the_demo{1};
    ledger::port::Envelope envelope{.principal = operator_of_the_demo,
                                    .idempotency_key = fmt::format("demo-{}-{}", purpose_, submitted_),
                                    .command = std::move(command)};
    const auto number = submitted_;
    book_.submit(std::move(envelope), [this, number](const ledger::port::Outcome& outcome) {
        const std::lock_guard lock{mutex_};
        if (const auto* refused = std::get_if<ledger::port::Refused>(&outcome);
            refused != nullptr && refusal_.empty())
            refusal_ =
                fmt::format("{} command {}: {} at \"{}\": {}", purpose_, number,
                            info(refused->error.code).name, refused->error.pointer, refused->error.detail);
        if (--open_ == 0) settled_.notify_all();
    });
}

void Door::settle() {
    std::unique_lock lock{mutex_};
    settled_.wait(lock, [&] { return open_ == 0; });
    if (!refusal_.empty()) throw std::runtime_error{"the demo was refused: " + refusal_};
}

rules::AmountText amount(std::string_view asset, std::int64_t whole, int cents) {
    return {std::string{asset},
            {cents == 0 ? fmt::format("{}", whole) : fmt::format("{}.{:02}", whole, cents)}};
}

rules::LegText debit(std::string account, rules::AmountText amount) {
    return {std::move(account), true, std::move(amount)};
}
rules::LegText credit(std::string account, rules::AmountText amount) {
    return {std::move(account), false, std::move(amount)};
}

rules::PostJournal journal(std::string reason, std::vector<rules::LegText> legs) {
    rules::PostJournal posting;
    posting.reason = std::move(reason);
    posting.legs = std::move(legs);
    return posting;
}

rules::OpenLien lien(std::string id, LienType type, std::string holder,
                     std::vector<rules::LienLineText> lines) {
    rules::OpenLien opening;
    opening.id = std::move(id);
    opening.type = type;
    opening.holder = std::move(holder);
    opening.is_short_form = lines.size() == 1;
    opening.allocation = std::move(lines);
    return opening;
}

rules::OpenAccount obligation(std::string id, std::string party, Regime regime, AccountKind kind) {
    rules::OpenAccount account;
    account.id = std::move(id);
    account.party = std::move(party);
    account.side = Side::obligation;
    account.kind = kind;
    account.regime = regime;
    account.capacity = "individual";
    return account;
}

rules::OpenAccount location(std::string id, std::string party, Regime regime, AccountKind kind,
                            std::string title) {
    auto account = obligation(std::move(id), std::move(party), regime, kind);
    account.side = Side::location;
    account.capacity.clear();
    account.title = std::move(title);
    account.jurisdiction = "US";
    return account;
}

rules::OpenAccount of_the_record(std::string id, std::string party, AccountKind kind, std::string title) {
    auto account = location(std::move(id), std::move(party), Regime::HOUSE, kind, std::move(title));
    account.side = row_of(kind).side;
    account.regime.reset();
    account.pool = Pool::securities_record;
    return account;
}

std::int64_t Dice::between(std::int64_t low, std::int64_t high) {
    state_ += 0x9e3779b97f4a7c15ULL;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    mixed ^= mixed >> 31U;
    return low + static_cast<std::int64_t>(mixed % static_cast<std::uint64_t>(high - low + 1));
}

}  // namespace app::demo
