#include "ledger/book/state_loader.hpp"

#include <algorithm>

namespace ledger::book {
namespace {

// Takes the id before the terms are moved: arguments of one call are evaluated in no order one can rely on.
template <class Register, class Terms>
auto add_to(Register& registered, Terms terms) {
    const auto id = terms.id;
    return registered.add(id, std::move(terms));
}

}  // namespace

void StateLoader::party(PartyTerms terms) { add_to(state_.parties, std::move(terms)); }
void StateLoader::principal(PrincipalTerms terms) { add_to(state_.principals, std::move(terms)); }
void StateLoader::reason(ReasonTerms terms) { add_to(state_.reasons, std::move(terms)); }

void StateLoader::asset(AssetTerms terms) {
    add_to(state_.assets, std::move(terms));
    state_.supplies_.push_back({});
}

void StateLoader::account(AccountTerms terms, Version opened) {
    const auto head = AccountHead::of(terms, opened);
    const auto no = add_to(state_.accounts, std::move(terms));
    state_.heads_.push_back(head);
    if (head.side != Side::location) return;
    auto& list = state_.locations_[static_cast<std::size_t>(head.pool)];
    auto longer = list ? *list : std::vector<AccountNo>{};
    longer.push_back(no);
    list = std::make_shared<const std::vector<AccountNo>>(std::move(longer));
}

void StateLoader::agreement(AgreementTerms terms, std::optional<EffectiveAt> revoked_at) {
    const auto id = terms.id;
    state_.agreements.add(id, AgreementState{std::move(terms), revoked_at});
}

void StateLoader::key(KeyTerms terms, bool revoked) {
    const auto id = terms.id;
    state_.keys_.insert_or_assign(id, KeyState{std::move(terms), revoked});
}

void StateLoader::position(AccountNo account, AssetNo asset, const Balance& balance, Version version) {
    auto& position = state_.touch_position(account, asset);
    position.balance = balance;
    position.version = version;
    const auto magnitude = balance.total.is_negative() ? -balance.total : balance.total;
    auto& supply = state_.supplies_.mutate(asset.value);
    (state_.head(account).side == Side::location ? supply.locations : supply.obligations) += magnitude;
}

void StateLoader::lien(LienKey key, LienTerms terms, std::vector<LienLine> lines, Version changed) {
    for (const auto& line : lines) state_.liens_by_owner_.upsert(line.owner.value).insert(key);
    if (terms.behind) juniors_.emplace_back(*terms.behind, key);
    if (!terms.name.empty()) state_.lien_names_.insert_or_assign(terms.name, key.value);
    if (terms.expires_at) state_.add_due({*terms.expires_at, key.value, true});
    state_.liens_.insert_or_assign(key.value,
                                   LiveLien{std::move(terms), std::move(lines), key.version(), changed, {}});
}

void StateLoader::reservation(ReservationKey key, ReservationOpened terms) {
    state_.reservations_by_account_.upsert(terms.account.value).insert(key);
    if (!terms.name.empty()) state_.reservation_names_.insert_or_assign(terms.name, key.value);
    state_.add_due({terms.expires_at, key.value, false});
    state_.reservations_.insert_or_assign(key.value, LiveReservation{std::move(terms), key.version()});
}

void StateLoader::exception(ExceptionKey key, ExceptionOpened terms, KnownAt opened_at) {
    const auto place = (std::uint64_t{terms.account.value} << 32U) | terms.asset.value;
    state_.exception_of_position_.insert_or_assign(place, key.value);
    state_.exceptions_.insert_or_assign(key.value, OpenException{std::move(terms), key.version(), opened_at});
}

void StateLoader::reversal(JournalKey reversed, JournalKey by) {
    state_.reversals_.insert_or_assign(reversed.value, by.value);
}

State StateLoader::finish(std::string book, Version version, KnownAt now) {
    for (const auto& [senior, junior] : juniors_) {
        if (state_.liens_.contains(senior.value)) state_.liens_.mutate(senior.value).junior = junior;
    }
    state_.book_ = std::move(book);
    state_.version_ = version;
    state_.now_ = now;
    return std::move(state_);
}

}  // namespace ledger::book
