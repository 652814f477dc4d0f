#include "ledger/service/batch_builder.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "ledger/base/ensure.hpp"
#include "ledger/book/canonical.hpp"
#include "ledger/proof/hash_chain.hpp"

namespace ledger::service {

IdempotencyId idempotency_id(PrincipalNo principal, const std::string& key) {
    const auto digest = sha256(fmt::format("{}:{}", principal.value, key));
    IdempotencyId id;
    std::memcpy(id.bytes.data(), digest.bytes.data(), id.bytes.size());
    return id;
}

struct BatchBuilder::Prefetched {
    std::map<IdempotencyId, Answered> answered;
    std::map<std::pair<rules::Named, std::string>, rules::NameHolder> names;
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

BatchBuilder::BatchBuilder(Store& store, const Committed& base, KnownAt at) : store_{store}, at_{at} {
    decided_.state = base.state;
    decided_.state.advance_clock(at);
    decided_.head_hash = base.head_hash;
    decided_.batch.at = at;
}

void BatchBuilder::tick() {
    const PrincipalNo the_book{0};
    while (true) {
        const rules::Submission submission{.principal = the_book, .command = rules::Tick{at_}, .digest = {}};
        auto decision = rules::decide(decided_.state, submission);
        ensure(decision.has_value(), "a Tick was refused");
        auto decided = std::get<rules::Decided>(std::move(*decision));
        if (decided.events.empty()) return;
        write(submission, std::move(decided), std::nullopt);
    }
}

std::shared_ptr<const LogEntry> BatchBuilder::in_batch(Version version) const {
    const auto& accepted = decided_.batch.accepted;
    if (accepted.empty() || version < accepted.front().entry->recorded.version) return nullptr;
    const auto place = version.value - accepted.front().entry->recorded.version.value;
    return place < accepted.size() ? accepted[place].entry : nullptr;
}

BatchBuilder::Prefetched BatchBuilder::prefetch(const std::vector<Waiting>& commands) {
    Prefetched known;
    std::vector<IdempotencyId> ids;
    std::vector<rules::ChosenName> names;
    std::set<Version> versions;
    const auto want_born = [&](rules::Named kind, const std::string& id) {
        if (const auto key = key_from_birth_id(prefix_of(kind), id)) {
            const Version version{*key >> 12U};
            if (version <= decided_.state.version()) versions.insert(version);
        } else {
            names.push_back({kind, id});
        }
    };
    for (const auto& waiting : commands) {
        const auto& command = waiting.envelope.command;
        if (!waiting.envelope.idempotency_key.empty())
            ids.push_back(idempotency_id(waiting.envelope.principal, waiting.envelope.idempotency_key));
        if (const auto chosen = rules::chosen_name(command)) names.push_back(*chosen);
        if (const auto target = rules::acted_upon(command); target && !is_live(decided_.state, *target))
            want_born(target->kind, target->name);
        if (const auto* reversal = std::get_if<rules::ReverseJournal>(&command))
            want_born(rules::Named::journal, reversal->journal);
    }
    for (auto& [id, answered] : store_.answered(ids)) {
        if (const auto* version = std::get_if<Version>(&answered.outcome)) versions.insert(*version);
        known.answered.emplace(id, std::move(answered));
    }
    const auto holders =
        names.empty() ? std::vector<std::optional<rules::NameHolder>>{} : store_.holders_of(names);
    for (std::size_t at = 0; at < holders.size(); ++at) {
        if (!holders[at]) continue;
        known.names.emplace(std::pair{names[at].kind, names[at].name}, *holders[at]);
        versions.insert(holders[at]->version);
    }
    if (!versions.empty())
        for (auto& entry : store_.log_at({versions.begin(), versions.end()}))
            known.entries.emplace(entry->recorded.version, entry);
    return known;
}

void BatchBuilder::decide(const std::vector<Waiting>& commands) {
    const auto known = prefetch(commands);
    for (std::size_t place = 0; place < commands.size(); ++place)
        decided_.answers.emplace_back(place, decide_one(commands[place], known));
}

std::optional<Outcome> BatchBuilder::answered_before(const Waiting& waiting, const IdempotencyId& id,
                                                     const Prefetched& known) {
    const auto conflict = [&]() -> Outcome {
        return Refused{.error = {.code = Code::idempotency_conflict,
                                 .detail = "The Idempotency-Key was used for another request.",
                                 .pointer = "Idempotency-Key"},
                       .decided_at = decided_.state.version()};
    };
    if (const auto here = accepted_ids_.find(id); here != accepted_ids_.end()) {
        const auto& row = decided_.batch.accepted[here->second];
        if (row.request_digest != waiting.digest) return conflict();
        return Accepted{row.entry, true};
    }
    if (const auto here = refused_ids_.find(id); here != refused_ids_.end()) {
        const auto& row = decided_.batch.refused[here->second];
        if (row.request_digest != waiting.digest) return conflict();
        return Refused{row.error, row.decided_at, true};
    }
    const auto found = known.answered.find(id);
    if (found == known.answered.end()) return std::nullopt;
    if (found->second.request_digest != waiting.digest) return conflict();
    if (const auto* refused = std::get_if<RefusedRow>(&found->second.outcome))
        return Refused{refused->error, refused->decided_at, true};
    return same_as(std::get<Version>(found->second.outcome), known);
}

Outcome BatchBuilder::same_as(Version version, const Prefetched& known) const {
    if (const auto entry = in_batch(version)) return Accepted{entry, true};
    const auto found = known.entries.find(version);
    if (found == known.entries.end()) throw Unavailable{"a version the book has answered is not in the log"};
    return Accepted{found->second, true};
}

void BatchBuilder::complete(rules::Submission& submission, const Prefetched& known) const {
    const auto holder = [&](rules::Named kind, const std::string& name) -> std::optional<rules::NameHolder> {
        const std::pair key{kind, name};
        if (const auto here = names_.find(key); here != names_.end()) return here->second;
        if (const auto found = known.names.find(key); found != known.names.end()) return found->second;
        return std::nullopt;
    };
    // The entry and the place in it where the object of that id was born.
    const auto birth = [&](rules::Named kind, const std::string& id) -> std::pair<const LogEntry*, unsigned> {
        const auto key = key_from_birth_id(prefix_of(kind), id);
        const auto named = key ? std::nullopt : holder(kind, id);
        if (!key && !named) return {nullptr, 0};
        const Version version = key ? Version{*key >> 12U} : named->version;
        const auto here = in_batch(version);
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
    if (const auto chosen = rules::chosen_name(submission.command))
        submission.name_holder = holder(chosen->kind, chosen->name);
    if (const auto target = rules::acted_upon(submission.command))
        submission.closed_target = birth(target->kind, target->name).first != nullptr;
    if (const auto* reversal = std::get_if<rules::ReverseJournal>(&submission.command)) {
        const auto [entry, index] = birth(rules::Named::journal, reversal->journal);
        if (entry != nullptr)
            submission.journal = {JournalKey::at(entry->recorded.version, index),
                                  std::get<JournalPosted>(entry->recorded.events[index])};
    }
}

Outcome BatchBuilder::decide_one(const Waiting& waiting, const Prefetched& known) {
    const auto& envelope = waiting.envelope;
    std::optional<IdempotencyId> id;
    if (!envelope.idempotency_key.empty()) {
        id = idempotency_id(envelope.principal, envelope.idempotency_key);
        if (auto before = answered_before(waiting, *id, known)) return std::move(*before);
    }
    rules::Submission submission{
        .principal = envelope.principal, .command = envelope.command, .digest = waiting.digest};
    complete(submission, known);
    auto decision = rules::decide(decided_.state, submission);
    if (!decision) {
        Refused refused{decision.error(), decided_.state.version()};
        if (id && is_stored(info(refused.error.code).kind)) {
            refused_ids_.emplace(*id, decided_.batch.refused.size());
            decided_.batch.refused.push_back(
                {*id, waiting.digest, envelope.principal, refused.error, refused.decided_at, at_});
        }
        return refused;
    }
    if (const auto* same = std::get_if<rules::SameAs>(&*decision)) return same_as(same->version, known);
    return Accepted{write(submission, std::get<rules::Decided>(std::move(*decision)), id)};
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
    if (row.name)
        names_.emplace(std::pair{row.name->kind, row.name->name},
                       rules::NameHolder{recorded.version, row.request_digest});
    if (id) accepted_ids_.emplace(*id, decided_.batch.accepted.size());
    row.entry = std::make_shared<const LogEntry>(LogEntry{std::move(recorded), decided_.head_hash, hash});
    decided_.head_hash = hash;
    decided_.batch.accepted.push_back(std::move(row));
    return decided_.batch.accepted.back().entry;
}

}  // namespace ledger::service
