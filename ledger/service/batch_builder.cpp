#include "ledger/service/batch_builder.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "ledger/base/ensure.hpp"
#include "ledger/base/fault_point.hpp"
#include "ledger/book/canonical.hpp"
#include "ledger/proof/hash_chain.hpp"

namespace ledger::service {

struct BatchBuilder::Prefetched {
    ByIdempotencyId<Answered> answered;
    HoldersByName names;
    std::map<Version, std::shared_ptr<const LogEntry>> entries;
};

namespace {

// Whether the lien or reservation an action names is live in the state the batch starts from.
bool is_live(const State& state, const rules::ChosenName& target) {
    if (target.kind == rules::Named::lien) {
        const auto number = key_from_birth_id("lien_", target.name);
        return state.lien_named(target.name) || (number && state.lien(LienKey{*number}) != nullptr);
    }
    const auto number = key_from_birth_id("rsv_", target.name);
    return state.reservation_named(target.name) ||
           (number && state.reservation(ReservationKey{*number}) != nullptr);
}

const char* prefix_of(rules::Named kind) {
    switch (kind) {
        case rules::Named::lien: return "lien_";
        case rules::Named::reservation: return "rsv_";
        default: return "jrn_";
    }
}

// Whether the event born under this key made an object of that kind.
bool made(const LogEntry& entry, rules::Named kind, unsigned index) {
    const auto& events = entry.recorded.events;
    if (index >= events.size()) return false;
    switch (kind) {
        case rules::Named::lien: return std::holds_alternative<LienOpened>(events[index]);
        case rules::Named::reservation: return std::holds_alternative<ReservationOpened>(events[index]);
        default: return std::holds_alternative<JournalPosted>(events[index]);
    }
}

bool is_stored(Kind kind) {
    return kind == Kind::not_found || kind == Kind::conflict || kind == Kind::moved || kind == Kind::refused;
}

}  // namespace

std::shared_ptr<const LogEntry> DecidedBatch::entry(Version version) const {
    const auto& accepted = batch.accepted;
    if (accepted.empty() || version < accepted.front().entry->recorded.version) return nullptr;
    const auto place = version.value - accepted.front().entry->recorded.version.value;
    return place < accepted.size() ? accepted[place].entry : nullptr;
}

BatchBuilder::BatchBuilder(Store& store, const Committed& base, KnownAt at) : store_{store}, at_{at} {
    decided_.state = base.state;
    decided_.state.advance_clock(at);
    decided_.head_hash = base.head_hash;
    decided_.batch.at = at;
}

BatchBuilder::BatchBuilder(Store& store, const DecidedBatch& ahead, KnownAt at)
    : store_{store}, at_{at}, ahead_{&ahead} {
    decided_.state = ahead.state;
    decided_.state.advance_clock(at);
    decided_.head_hash = ahead.head_hash;
    decided_.batch.at = at;
}

// What the store may not show yet, the latest first.
std::vector<const DecidedBatch*> BatchBuilder::undurable() const {
    std::vector<const DecidedBatch*> batches{&decided_};
    if (ahead_ != nullptr) batches.push_back(ahead_);
    return batches;
}

void BatchBuilder::tick() {
    if (base::is_planted(base::PlantedBug::missed_tick)) return;
    const PrincipalNo the_book{0};
    while (true) {
        const rules::Command command = rules::Tick{at_};
        const rules::Submission submission{.principal = the_book, .command = command, .digest = {}};
        auto decision = rules::decide(decided_.state, submission);
        ensure(decision.has_value(), "a Tick was refused");
        auto decided = std::get<rules::Decided>(std::move(*decision));
        if (decided.events.empty()) return;
        write(submission, std::move(decided), std::nullopt);
    }
}

std::shared_ptr<const LogEntry> BatchBuilder::not_stored_yet(Version version) const {
    auto entry = decided_.entry(version);
    if (!entry && ahead_ != nullptr) entry = ahead_->entry(version);
    return entry;
}

BatchBuilder::Prefetched BatchBuilder::prefetch(const std::vector<Waiting>& waiting) {
    Prefetched known;
    std::vector<IdempotencyId> ids;
    std::vector<rules::ChosenName> names;
    std::vector<Version> versions;
    const auto want_born = [&](rules::Named kind, const std::string& id) {
        if (const auto key = key_from_birth_id(prefix_of(kind), id)) {
            const Version version{*key >> 12U};
            if (version <= decided_.state.version()) versions.push_back(version);
        } else {
            names.push_back({kind, id});
        }
    };
    const auto want = [&](const Asked& asked) {
        const auto& command = asked.envelope.command;
        if (asked.id) ids.push_back(*asked.id);
        if (auto chosen = rules::chosen_name(command)) names.push_back(std::move(*chosen));
        if (const auto target = rules::acted_upon(command); target && !is_live(decided_.state, *target))
            want_born(target->kind, target->name);
        if (const auto* reversal = std::get_if<rules::ReverseJournal>(&command))
            want_born(rules::Named::journal, reversal->journal);
    };
    std::size_t commands = 0;
    for (const auto& group : waiting) commands += group.commands.size();
    ids.reserve(commands);
    decided_.answers.reserve(waiting.size());
    decided_.batch.accepted.reserve(decided_.batch.accepted.size() + commands);
    decided_.accepted_ids.reserve(commands);
    for (const auto& group : waiting)
        for (const auto& asked : group.commands) want(asked);
    for (auto& [id, answered] : store_.answered(ids)) {
        if (const auto* version = std::get_if<Version>(&answered.outcome)) versions.push_back(*version);
        known.answered.emplace(id, std::move(answered));
    }
    const auto holders =
        names.empty() ? std::vector<std::optional<rules::NameHolder>>{} : store_.holders_of(names);
    for (std::size_t at = 0; at < holders.size(); ++at) {
        if (!holders[at]) continue;
        versions.push_back(holders[at]->version);
        known.names.emplace(std::move(names[at]), *holders[at]);
    }
    std::ranges::sort(versions);
    versions.erase(std::ranges::unique(versions).begin(), versions.end());
    if (!versions.empty())
        for (auto& entry : store_.log_at(versions)) known.entries.emplace(entry->recorded.version, entry);
    return known;
}

void BatchBuilder::decide(const std::vector<Waiting>& waiting) {
    const auto known = prefetch(waiting);
    for (const auto& group : waiting)
        for (const auto& asked : group.commands) upcoming_.push_back(&asked.envelope.command);
    for (const auto& group : waiting)
        decided_.answers.push_back(group.linkage == Linkage::linked ? decide_linked(group, known)
                                                                    : decide_group(group, known));
}

std::vector<Outcome> BatchBuilder::decide_group(const Waiting& group, const Prefetched& known) {
    std::vector<Outcome> outcomes;
    outcomes.reserve(group.commands.size());
    for (const auto& asked : group.commands) outcomes.push_back(decide_one(asked, known));
    return outcomes;
}

// All or none: the first refusal undoes those before it and is the only one that is stored.
std::vector<Outcome> BatchBuilder::decide_linked(const Waiting& group, const Prefetched& known) {
    const auto before = decided_.state;
    const auto head_before = decided_.head_hash;
    const auto accepted = decided_.batch.accepted.size();
    const auto refused = decided_.batch.refused.size();
    std::vector<Outcome> outcomes;
    for (std::size_t at = 0; at < group.commands.size(); ++at) {
        outcomes.push_back(decide_one(group.commands[at], known));
        const auto* culprit = std::get_if<Refused>(&outcomes.back());
        if (culprit == nullptr) continue;
        undo_to(accepted, refused);
        if (!base::is_planted(base::PlantedBug::linked_not_undone)) {
            decided_.state = before;
            decided_.head_hash = head_before;
        }
        auto refusal = *culprit;
        refusal.decided_at = refusal.replayed ? refusal.decided_at : decided_.state.version();
        if (!refusal.replayed) store_refusal(group.commands[at], refusal);
        const Refused linked{.error = {.code = Code::linked_refused,
                                       .detail = fmt::format("Command {} of the linked ones was refused: {}.",
                                                             at, info(refusal.error.code).name),
                                       .pointer = ""},
                             .decided_at = decided_.state.version()};
        outcomes.clear();
        for (std::size_t other = 0; other < group.commands.size(); ++other)
            outcomes.push_back(other == at ? Outcome{refusal}
                                           : earlier_answer(group.commands[other], known).value_or(linked));
        return outcomes;
    }
    return outcomes;
}

// What an earlier request was granted stays granted (law 5).
std::optional<Outcome> BatchBuilder::earlier_answer(const Asked& asked, const Prefetched& known) {
    auto earlier = answered_before(asked, known);
    if (earlier && !std::holds_alternative<Accepted>(*earlier)) earlier.reset();
    return earlier;
}

void BatchBuilder::undo_to(std::size_t accepted, std::size_t refused) {
    if (base::is_planted(base::PlantedBug::linked_not_undone)) return;
    boost::unordered::erase_if(decided_.accepted_ids, [&](const auto& id) { return id.second >= accepted; });
    boost::unordered::erase_if(decided_.refused_ids, [&](const auto& id) { return id.second >= refused; });
    for (auto row = accepted; row < decided_.batch.accepted.size(); ++row)
        if (const auto& name = decided_.batch.accepted[row].name) decided_.names.erase(*name);
    decided_.batch.accepted.erase(decided_.batch.accepted.begin() + static_cast<std::ptrdiff_t>(accepted),
                                  decided_.batch.accepted.end());
    decided_.batch.refused.erase(decided_.batch.refused.begin() + static_cast<std::ptrdiff_t>(refused),
                                 decided_.batch.refused.end());
}

std::optional<Outcome> BatchBuilder::answered_before(const Asked& asked, const Prefetched& known) {
    if (!asked.id) return std::nullopt;
    const auto& id = *asked.id;
    const auto conflict = [&]() -> Outcome {
        return Refused{.error = {.code = Code::idempotency_conflict,
                                 .detail = "The Idempotency-Key was used for another request.",
                                 .pointer = "Idempotency-Key"},
                       .decided_at = decided_.state.version()};
    };
    for (const auto* batch : undurable()) {
        if (const auto here = batch->accepted_ids.find(id); here != batch->accepted_ids.end()) {
            const auto& row = batch->batch.accepted[here->second];
            if (row.request_digest != asked.digest) return conflict();
            return Accepted{row.entry, true};
        }
        if (const auto here = batch->refused_ids.find(id); here != batch->refused_ids.end()) {
            const auto& row = batch->batch.refused[here->second];
            if (row.request_digest != asked.digest) return conflict();
            return Refused{row.error, row.decided_at, true};
        }
    }
    const auto found = known.answered.find(id);
    if (found == known.answered.end()) return std::nullopt;
    if (found->second.request_digest != asked.digest) return conflict();
    if (const auto* refused = std::get_if<RefusedRow>(&found->second.outcome))
        return Refused{refused->error, refused->decided_at, true};
    return same_as(std::get<Version>(found->second.outcome), known);
}

Outcome BatchBuilder::same_as(Version version, const Prefetched& known) const {
    if (const auto entry = not_stored_yet(version)) return Accepted{entry, true};
    const auto found = known.entries.find(version);
    if (found == known.entries.end()) throw Unavailable{"a version the book has answered is not in the log"};
    return Accepted{found->second, true};
}

void BatchBuilder::complete(rules::Submission& submission, const Prefetched& known) const {
    const rules::Command& command = submission.command;
    const auto holder = [&](rules::Named kind, std::string_view name) -> std::optional<rules::NameHolder> {
        const rules::NameView key{kind, name};
        for (const auto* batch : undurable())
            if (const auto here = batch->names.find(key); here != batch->names.end()) return here->second;
        if (const auto found = known.names.find(key); found != known.names.end()) return found->second;
        return std::nullopt;
    };
    // The entry and the place in it where the object of that id was born.
    const auto birth = [&](rules::Named kind, const std::string& id) -> std::pair<const LogEntry*, unsigned> {
        const auto key = key_from_birth_id(prefix_of(kind), id);
        const auto named = key ? std::nullopt : holder(kind, id);
        if (!key && !named) return {nullptr, 0};
        const Version version = key ? Version{*key >> 12U} : named->version;
        const auto here = not_stored_yet(version);
        const auto found = known.entries.find(version);
        const LogEntry* entry = here                           ? here.get()
                                : found != known.entries.end() ? found->second.get()
                                                               : nullptr;
        if (entry == nullptr) return {nullptr, 0};
        unsigned index = key ? static_cast<unsigned>(*key & 0xfffU) : 0;
        while (!key && index < entry->recorded.events.size() && !made(*entry, kind, index)) ++index;
        return made(*entry, kind, index) ? std::pair{entry, index}
                                         : std::pair<const LogEntry*, unsigned>{nullptr, 0};
    };
    if (const auto chosen = rules::name_in(command))
        submission.name_holder = holder(chosen->kind, chosen->name);
    if (const auto target = rules::acted_upon(command))
        submission.closed_target = birth(target->kind, target->name).first != nullptr;
    if (const auto* reversal = std::get_if<rules::ReverseJournal>(&command)) {
        const auto [entry, index] = birth(rules::Named::journal, reversal->journal);
        if (entry != nullptr)
            submission.journal = {JournalKey::at(entry->recorded.version, index),
                                  std::get<JournalPosted>(entry->recorded.events[index])};
    }
}

Outcome BatchBuilder::decide_one(const Asked& asked, const Prefetched& known) {
    if (next_++ % rules::warmed_together == 0) {
        const auto ahead = std::span{upcoming_}.subspan(next_ - 1);
        rules::warm(decided_.state, ahead.first(std::min(ahead.size(), rules::warmed_together)));
    }
    const auto& envelope = asked.envelope;
    if (auto before = answered_before(asked, known)) return std::move(*before);
    rules::Submission submission{
        .principal = envelope.principal, .command = envelope.command, .digest = asked.digest};
    complete(submission, known);
    auto decision = rules::decide(decided_.state, submission);
    if (!decision) {
        Refused refused{decision.error(), decided_.state.version()};
        store_refusal(asked, refused);
        return refused;
    }
    if (const auto* same = std::get_if<rules::SameAs>(&*decision)) return same_as(same->version, known);
    return Accepted{write(submission, std::get<rules::Decided>(std::move(*decision)), asked.id)};
}

void BatchBuilder::store_refusal(const Asked& asked, const Refused& refused) {
    const auto& envelope = asked.envelope;
    if (!asked.id || !is_stored(info(refused.error.code).kind)) return;
    if (refused.error.code == Code::idempotency_conflict) return;  // the key has its answer
    if (base::is_planted(base::PlantedBug::refusal_not_stored)) return;
    if (!decided_.refused_ids.emplace(*asked.id, decided_.batch.refused.size()).second) return;
    decided_.batch.refused.push_back(
        {*asked.id, asked.digest, envelope.principal, refused.error, refused.decided_at, at_});
}

const std::shared_ptr<const LogEntry>& BatchBuilder::write(const rules::Submission& submission,
                                                           rules::Decided decided,
                                                           std::optional<IdempotencyId> id) {
    AcceptedRow row;
    auto recorded = rules::record(decided_.state, submission, std::move(decided));
    row.body = canonical_bytes(recorded.events);
    row.idem = id;
    row.request_digest = submission.digest;
    row.name = rules::chosen_name(submission.command);
    row.texts = rules::erasable_texts(submission.command);
    const auto hash = proof::link_hash({.previous = decided_.head_hash,
                                        .version = recorded.version,
                                        .principal = recorded.principal,
                                        .known_at = recorded.known_at,
                                        .effective_at = recorded.effective_at,
                                        .idempotency_id = id ? ByteView{row.idem->bytes} : ByteView{},
                                        .request_digest = row.request_digest,
                                        .body = row.body});
    evolve(decided_.state, recorded);
    if (row.name) decided_.names.emplace(*row.name, rules::NameHolder{recorded.version, row.request_digest});
    if (id) decided_.accepted_ids.emplace(*id, decided_.batch.accepted.size());
    row.entry = std::make_shared<const LogEntry>(LogEntry{std::move(recorded), decided_.head_hash, hash});
    decided_.head_hash = hash;
    decided_.batch.accepted.push_back(std::move(row));
    return decided_.batch.accepted.back().entry;
}

}  // namespace ledger::service
