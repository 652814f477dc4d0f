#include "ledger/book/state.hpp"

#include <algorithm>

#include "ledger/base/ensure.hpp"
#include "ledger/book/canonical.hpp"

namespace ledger::book {
namespace {

constexpr std::uint64_t position_key(AccountNo account, AssetNo asset) {
    return (std::uint64_t{account.value} << 32U) | asset.value;
}

std::int64_t second_of(KnownAt at) { return at.micros() / 1'000'000; }

template <class Value>
const std::vector<Value>& list_in(
    const PersistentMap<std::uint64_t, std::shared_ptr<const std::vector<Value>>>& lists, std::uint64_t key) {
    static const std::vector<Value> nothing;
    const auto* list = lists.find(key);
    return list != nullptr ? **list : nothing;
}

std::optional<std::uint64_t> number_in(const PersistentMap<std::string, std::uint64_t>& names,
                                       std::string_view name) {
    const auto* number = names.find(name);
    return number != nullptr ? std::optional{*number} : std::nullopt;
}

}  // namespace

const Position* State::position(AccountNo account, AssetNo asset) const {
    const auto* number = position_numbers_.find(position_key(account, asset));
    return number != nullptr ? &positions_[*number] : nullptr;
}

Balance State::balance(AccountNo account, AssetNo asset) const {
    const auto* found = position(account, asset);
    return found != nullptr ? found->balance : Balance{};
}

Quantity State::floor(AccountNo account, AssetNo asset) const {
    const auto& terms = accounts[account];
    for (const auto& limit : terms.limits)
        if (limit.asset == asset) return -limit.quantity;
    return Quantity{};
}

bool State::has_floor(AccountNo account) const { return row_of(accounts[account].kind).floor != Floor::none; }

Quantity State::shortfall(AccountNo account, AssetNo asset, const Balance& balance) const {
    const auto below = [](Quantity have, Quantity need) { return have < need ? need - have : Quantity{}; };
    auto short_by = has_floor(account) ? below(balance.uncommitted(), floor(account, asset)) : Quantity{};
    if (balance.bound().is_positive()) short_by = std::max(short_by, below(balance.total, balance.bound()));
    return short_by;
}

const LiveLien* State::lien(LienKey key) const {
    const auto* found = liens_.find(key.value);
    return found != nullptr ? found->get() : nullptr;
}

std::optional<LienKey> State::lien_named(std::string_view name) const {
    const auto number = number_in(lien_names_, name);
    return number ? std::optional{LienKey{*number}} : std::nullopt;
}

const std::vector<LienKey>& State::liens_of(AccountNo owner) const {
    return list_in(liens_by_owner_, owner.value);
}

const LiveReservation* State::reservation(ReservationKey key) const {
    const auto* found = reservations_.find(key.value);
    return found != nullptr ? found->get() : nullptr;
}

std::optional<ReservationKey> State::reservation_named(std::string_view name) const {
    const auto number = number_in(reservation_names_, name);
    return number ? std::optional{ReservationKey{*number}} : std::nullopt;
}

const std::vector<ReservationKey>& State::reservations_of(AccountNo account) const {
    return list_in(reservations_by_account_, account.value);
}

std::optional<ExceptionKey> State::open_exception(AccountNo account, AssetNo asset) const {
    const auto* key = exception_of_position_.find(position_key(account, asset));
    return key != nullptr ? std::optional{ExceptionKey{*key}} : std::nullopt;
}

const OpenException* State::exception(ExceptionKey key) const { return exceptions_.find(key.value); }

std::optional<JournalKey> State::reversed_by(JournalKey journal) const {
    const auto* by = reversals_.find(journal.value);
    return by != nullptr ? std::optional{JournalKey{*by}} : std::nullopt;
}

const KeyState* State::key(std::string_view id) const { return keys_.find(id); }

const std::vector<AccountNo>& State::locations_of(Pool pool) const {
    static const std::vector<AccountNo> nothing;
    const auto& list = locations_[static_cast<std::size_t>(pool)];
    return list ? *list : nothing;
}

Position& State::touch_position(AccountNo account, AssetNo asset) {
    auto& head = heads_.mutate(account.value);
    head.state_version = version_;
    auto& number = position_numbers_;
    if (const auto* found = number.find(position_key(account, asset))) {
        auto& position = positions_.mutate(*found);
        position.version = version_;
        return position;
    }
    const auto added = static_cast<std::uint32_t>(positions_.size());
    positions_.push_back(Position{.balance = {}, .account = account, .asset = asset, .version = version_});
    number.insert_or_assign(position_key(account, asset), added);
    if (head.last_position == Position::none)
        head.first_position = added;
    else
        positions_.mutate(head.last_position).next = added;
    head.last_position = added;
    return positions_.mutate(added);
}

void State::add_due(const Due& due) {
    const auto second = second_of(due.at);
    due_from_ = due_.empty() ? second : std::min(due_from_, second);
    auto& list = due_.upsert(second);
    auto longer = list ? *list : std::vector<Due>{};
    longer.push_back(due);
    list = std::make_shared<const std::vector<Due>>(std::move(longer));
}

void State::remove_due(const Due& due) {
    const auto second = second_of(due.at);
    const auto* list = due_.find(second);
    if (list == nullptr) return;
    auto shorter = **list;
    std::erase_if(shorter,
                  [&](const Due& entry) { return entry.key == due.key && entry.is_lien == due.is_lien; });
    if (shorter.empty())
        due_.erase(second);
    else
        due_.mutate(second) = std::make_shared<const std::vector<Due>>(std::move(shorter));
}

std::vector<Due> State::due_by(KnownAt at, std::size_t most) const {
    std::vector<Due> due;
    if (due_.empty()) return due;
    for (auto second = due_from_; second <= second_of(at) && due.size() < most; ++second) {
        const auto* list = due_.find(second);
        if (list == nullptr) continue;
        const auto first_of_second = due.size();
        for (const auto& entry : **list)
            if (entry.at <= at) due.push_back(entry);
        std::sort(due.begin() + static_cast<std::ptrdiff_t>(first_of_second), due.end(),
                  [](const Due& left, const Due& right) {
                      return std::tie(left.at, left.is_lien, left.key) <
                             std::tie(right.at, right.is_lien, right.key);
                  });
    }
    if (due.size() > most) due.resize(most);
    return due;
}

void State::advance_clock(KnownAt at) {
    ensure(at >= now_, "knowledge time went back");
    now_ = at;
    if (due_.empty()) {
        due_from_ = second_of(at);
        return;
    }
    while (due_from_ < second_of(at) && due_.find(due_from_) == nullptr) ++due_from_;
}

Digest fingerprint(const State& state) {
    std::string out;
    CanonicalWriter writer{out};
    writer.value(state.book());
    writer.value(state.version());
    const auto rows = [&](const auto& list, auto numbered) {
        for (std::uint32_t row = 0; row < list.size(); ++row) writer.value(list[decltype(numbered){row}]);
    };
    rows(state.parties, PartyNo{});
    rows(state.assets, AssetNo{});
    rows(state.principals, PrincipalNo{});
    rows(state.reasons, ReasonNo{});
    for (std::uint32_t row = 0; row < state.agreements.size(); ++row) {
        writer.value(state.agreements[AgreementNo{row}].terms);
        writer.value(state.agreements[AgreementNo{row}].revoked_at);
    }
    for (std::uint32_t row = 0; row < state.accounts.size(); ++row) {
        const AccountNo account{row};
        writer.value(state.accounts[account]);
        writer.value(state.head(account).state_version);
        std::vector<const Position*> held;
        state.for_each_position(account, [&](const Position& position) { held.push_back(&position); });
        std::ranges::sort(held, {}, [](const Position* position) { return position->asset; });
        for (const auto* position : held) {
            writer.value(position->asset);
            writer.value(position->balance);
            writer.value(position->version);
        }
    }
    for (std::uint32_t row = 0; row < state.assets.size(); ++row) {
        writer.value(state.supply(AssetNo{row}).locations);
        writer.value(state.supply(AssetNo{row}).obligations);
    }
    std::string open;
    CanonicalWriter live{open};
    state.for_each_lien([&](LienKey key, const LiveLien& lien) {
        live.value(key);
        live.value(lien.terms);
        live.value(lien.lines);
        live.value(lien.junior);
        live.value(lien.changed);
    });
    state.for_each_reservation([&](ReservationKey key, const LiveReservation& held) {
        live.value(key);
        live.value(held.terms);
    });
    state.for_each_exception([&](ExceptionKey key, const OpenException& exception) {
        live.value(key);
        live.value(exception.terms);
    });
    state.for_each_key([&](const KeyState& key) {
        live.value(key.terms);
        live.value(key.revoked);
    });
    state.for_each_reversal([&](JournalKey reversed, JournalKey by) {
        live.value(reversed);
        live.value(by);
    });
    writer.value(open);
    return sha256(out);
}

}  // namespace ledger::book
