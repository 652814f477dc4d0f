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

template <class Key>
std::span<const Key> list_in(const PersistentMap<std::uint64_t, KeyList<Key>>& lists, AccountNo account) {
    const auto* list = lists.find(account.value);
    return list != nullptr ? list->keys() : std::span<const Key>{};
}

std::optional<std::uint64_t> number_in(const PersistentMap<std::string, std::uint64_t>& names,
                                       std::string_view name) {
    const auto* number = names.find(name);
    return number != nullptr ? std::optional{*number} : std::nullopt;
}

}  // namespace

std::uint32_t State::position_number(const AccountHead& head, AccountNo account, AssetNo asset) const {
    auto at = head.first_position;
    for (unsigned step = 0; step < chained_positions && at != Position::none; ++step) {
        const auto& position = positions_[at];
        if (position.asset == asset) return at;
        at = position.next;
    }
    if (at == Position::none) return Position::none;
    const auto* number = position_numbers_.find(position_key(account, asset));
    return number != nullptr ? *number : Position::none;
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

bool State::has_floor(AccountNo account) const { return row_of(head(account).kind).floor != Floor::none; }

Quantity State::shortfall_of(const AccountHead& head, AccountNo account, AssetNo asset,
                             const Balance& balance) const {
    const auto below = [](Quantity have, Quantity need) { return have < need ? need - have : Quantity{}; };
    Quantity short_by;
    if (row_of(head.kind).floor != Floor::none)
        short_by = below(balance.uncommitted(), head.has_limits ? floor(account, asset) : Quantity{});
    if (balance.bound().is_positive()) short_by = std::max(short_by, below(balance.total, balance.bound()));
    return short_by;
}

Version State::state_version(AccountNo account) const {
    auto last = head(account).opened;
    for_each_position(account, [&](const Position& position) { last = std::max(last, position.version); });
    return last;
}

const LiveLien* State::lien(LienKey key) const { return liens_.find(key.value); }

std::optional<LienKey> State::lien_named(std::string_view name) const {
    const auto number = number_in(lien_names_, name);
    return number ? std::optional{LienKey{*number}} : std::nullopt;
}

std::span<const LienKey> State::liens_of(AccountNo owner) const { return list_in(liens_by_owner_, owner); }

const LiveReservation* State::reservation(ReservationKey key) const { return reservations_.find(key.value); }

std::optional<ReservationKey> State::reservation_named(std::string_view name) const {
    const auto number = number_in(reservation_names_, name);
    return number ? std::optional{ReservationKey{*number}} : std::nullopt;
}

std::span<const ReservationKey> State::reservations_of(AccountNo account) const {
    return list_in(reservations_by_account_, account);
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
    const auto number = position_number(head(account), account, asset);
    auto& position = number != Position::none ? positions_.mutate(number)
                                              : add_position(heads_.mutate(account.value), account, asset);
    position.version = version_;
    return position;
}

Position& State::add_position(AccountHead& head, AccountNo account, AssetNo asset) {
    const auto added = static_cast<std::uint32_t>(positions_.size());
    unsigned before = 0;
    for (auto at = head.first_position; at != Position::none && before < chained_positions;
         at = positions_[at].next)
        ++before;
    positions_.push_back(Position{.balance = {}, .account = account, .asset = asset, .version = version_});
    if (before == chained_positions) position_numbers_.insert_or_assign(position_key(account, asset), added);
    if (head.last_position == Position::none)
        head.first_position = added;
    else
        positions_.mutate(head.last_position).next = added;
    head.last_position = added;
    return positions_.mutate(added);
}

void State::warm(std::span<const std::string_view> account_names) const {
    constexpr auto at_once = decltype(accounts)::together;
    constexpr unsigned positions_of_most = 3;
    std::array<const std::uint32_t*, at_once> found;
    std::array<std::uint32_t, at_once> places;
    while (!account_names.empty()) {
        const auto names = account_names.first(std::min(at_once, account_names.size()));
        account_names = account_names.subspan(names.size());
        accounts.find_together(names, found.data());
        std::size_t count = 0;
        for (std::size_t at = 0; at < names.size(); ++at) {
            if (found[at] == nullptr) continue;
            places[count] = *found[at];
            heads_.warm(places[count++]);
        }
        for (std::size_t at = 0; at < count; ++at) {
            places[at] = heads_[places[at]].first_position;
            positions_.warm(places[at]);
        }
        for (unsigned step = 1; step < positions_of_most; ++step) {
            for (std::size_t at = 0; at < count; ++at) {
                if (places[at] == Position::none) continue;
                places[at] = positions_[places[at]].next;
                positions_.warm(places[at]);
            }
        }
    }
}

void State::add_due(const Due& due) {
    const auto second = second_of(due.at);
    due_from_ = due_.empty() ? second : std::min(due_from_, second);
    due_.upsert(second).push_back(due);
}

void State::remove_due(const Due& due) {
    const auto second = second_of(due.at);
    if (due_.find(second) == nullptr) return;
    auto& list = due_.mutate(second);
    std::erase_if(list,
                  [&](const Due& entry) { return entry.key == due.key && entry.is_lien == due.is_lien; });
    if (list.empty()) due_.erase(second);
}

std::vector<Due> State::due_by(KnownAt at, std::size_t most) const {
    std::vector<Due> due;
    if (due_.empty()) return due;
    for (auto second = due_from_; second <= second_of(at) && due.size() < most; ++second) {
        const auto* list = due_.find(second);
        if (list == nullptr) continue;
        const auto first_of_second = due.size();
        for (const auto& entry : *list)
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
        writer.value(state.state_version(account));
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
