#include "tests/support/test_book.hpp"

#include <stdexcept>

#include "ledger/book/canonical.hpp"

namespace support {

Microseconds at_time(std::string_view rfc3339) {
    const auto at = parse_rfc3339(rfc3339);
    if (!at) throw std::runtime_error("not an instant: " + std::string{rfc3339});
    return *at;
}

std::string Answer::figure(std::string_view name) const {
    if (error)
        for (const auto& figure : error->figures)
            if (figure.name == name) return figure.value;
    return {};
}

TestBook::TestBook(std::string_view opened_at) {
    state_.advance_clock(KnownAt{at_time(opened_at)});
    submit(OpenBook{"test"});
}

void TestBook::tick(Microseconds at) {
    state_.advance_clock(KnownAt{at});
    for (;;) {
        const Command command = Tick{KnownAt{at}};
        const Submission submission{.principal = {}, .command = command, .digest = {}};
        auto decided = std::get<Decided>(decide(state_, submission).value());
        if (decided.events.empty()) return;
        apply(record(state_, submission, std::move(decided)));
    }
}

std::optional<PostedJournal> TestBook::journal(const std::string& id) const {
    auto key = key_from_birth_id("jrn_", id);
    if (const auto named = names_.find({Named::journal, id}); named != names_.end()) key = named->second.key;
    if (!key) return std::nullopt;
    const auto found = journals_.find(JournalKey{*key});
    if (found == journals_.end()) return std::nullopt;
    return PostedJournal{found->first, *found->second};
}

bool TestBook::was_closed(const Command& command) const {
    const auto target = acted_upon(command);
    if (!target) return false;
    const bool is_lien = target->kind == Named::lien;
    auto key = key_from_birth_id(is_lien ? "lien_" : "rsv_", target->name);
    if (const auto named = names_.find({target->kind, target->name}); named != names_.end())
        key = named->second.key;
    if (!key || !births_.contains({target->kind, *key})) return false;
    return is_lien ? state_.lien(LienKey{*key}) == nullptr
                   : state_.reservation(ReservationKey{*key}) == nullptr;
}

Submission TestBook::submission_of(const Command& command) const {
    Submission submission{.principal = {}, .command = command, .digest = sha256(canonical_bytes(command))};
    if (const auto chosen = chosen_name(command))
        if (const auto named = names_.find({chosen->kind, chosen->name}); named != names_.end())
            submission.name_holder = named->second.holder;
    if (const auto* reversal = std::get_if<ReverseJournal>(&command))
        submission.journal = journal(reversal->journal);
    submission.closed_target = was_closed(command);
    return submission;
}

Result<Decision> TestBook::decide_only(const Command& command) const {
    return decide(state_, submission_of(command));
}

namespace {

// Where in a version the thing a caller asked for was made, and the prefix of its id.
struct Made {
    const char* prefix;
    unsigned index = 0;
};

std::optional<Made> made_by(const Recorded& recorded) {
    for (unsigned at = 0; at < recorded.events.size(); ++at) {
        const auto& event = recorded.events[at];
        if (std::holds_alternative<JournalPosted>(event)) return Made{"jrn_", at};
        if (std::holds_alternative<LienOpened>(event)) return Made{"lien_", at};
        if (std::holds_alternative<ReservationOpened>(event)) return Made{"rsv_", at};
    }
    return std::nullopt;
}

}  // namespace

Answer TestBook::submit(const Command& command) {
    const auto submission = submission_of(command);
    auto decision = decide(state_, submission);
    if (!decision) return {.error = decision.error(), .version = state_.version(), .id = {}};
    const auto chosen = chosen_name(command);
    if (const auto* same = std::get_if<SameAs>(&*decision))
        return {.error = {}, .version = same->version, .id = chosen->name, .is_same = true};
    const auto recorded = record(state_, submission, std::get<Decided>(std::move(*decision)));
    apply(recorded);
    Answer answer{.error = {}, .version = recorded.version, .id = chosen ? chosen->name : ""};
    const auto made = made_by(recorded);
    const auto key = made ? BirthKey<void>::at(recorded.version, made->index).value : 0;
    if (chosen) names_[{chosen->kind, chosen->name}] = {{recorded.version, submission.digest}, key};
    if (made && answer.id.empty()) answer.id = birth_id(made->prefix, key);
    return answer;
}

void TestBook::apply(const Recorded& recorded) {
    if (const auto contradiction = try_evolve(state_, recorded)) throw std::runtime_error(*contradiction);
    log_.push_back(recorded);
    for (unsigned at = 0; at < recorded.events.size(); ++at) {
        const auto key = BirthKey<void>::at(recorded.version, at).value;
        const auto& event = log_.back().events[at];
        if (std::holds_alternative<LienOpened>(event)) births_.insert({Named::lien, key});
        if (std::holds_alternative<ReservationOpened>(event)) births_.insert({Named::reservation, key});
        if (const auto* posted = std::get_if<JournalPosted>(&event)) journals_[JournalKey{key}] = posted;
    }
}

Balance TestBook::balance(std::string_view account_id, std::string_view asset_id) const {
    return state_.balance(account(account_id), asset(asset_id));
}
std::string TestBook::total(std::string_view account_id, std::string_view asset_id) const {
    return print(balance(account_id, asset_id).total, state_.assets[asset(asset_id)].scale);
}
std::string TestBook::free(std::string_view account_id, std::string_view asset_id) const {
    return print(balance(account_id, asset_id).free(), state_.assets[asset(asset_id)].scale);
}
std::string TestBook::encumbered(std::string_view account_id, std::string_view asset_id) const {
    return print(balance(account_id, asset_id).encumbered, state_.assets[asset(asset_id)].scale);
}
std::string TestBook::reserved(std::string_view account_id, std::string_view asset_id) const {
    return print(balance(account_id, asset_id).reserved, state_.assets[asset(asset_id)].scale);
}

LienKey TestBook::lien_key(const std::string& id) const {
    if (const auto key = state_.lien_named(id)) return *key;
    return LienKey{key_from_birth_id("lien_", id).value_or(0)};
}
const LiveLien* TestBook::lien(const std::string& id) const { return state_.lien(lien_key(id)); }

std::size_t TestBook::open_exceptions() const {
    std::size_t count = 0;
    state_.for_each_exception([&](ExceptionKey, const OpenException&) { ++count; });
    return count;
}
std::size_t TestBook::open_liens() const {
    std::size_t count = 0;
    state_.for_each_lien([&](LienKey, const LiveLien&) { ++count; });
    return count;
}
std::size_t TestBook::open_reservations() const {
    std::size_t count = 0;
    state_.for_each_reservation([&](ReservationKey, const LiveReservation&) { ++count; });
    return count;
}

}  // namespace support
