#include <algorithm>

#include "ledger/base/ensure.hpp"
#include "tests/support/model_ledger.hpp"

namespace tests::support {
namespace {

using namespace ledger::book;

// Whether the event is about the object that was born under this key.
struct Touches {
    std::uint64_t key;
    bool operator()(LienKey of, const Event& event) const {
        if (const auto* changed = std::get_if<LienChanged>(&event)) return changed->lien == of;
        if (const auto* closed = std::get_if<LienClosed>(&event)) return closed->lien == of;
        return false;
    }
    bool operator()(ReservationKey of, const Event& event) const {
        const auto* closed = std::get_if<ReservationClosed>(&event);
        return closed != nullptr && closed->reservation == of;
    }
    bool operator()(ExceptionKey of, const Event& event) const {
        const auto* cured = std::get_if<ExceptionCured>(&event);
        return cured != nullptr && cured->exception == of;
    }
};

template <class Opened>
const Opened* born_at(const LogEntry& entry, unsigned index) {
    return index < entry.recorded.events.size() ? std::get_if<Opened>(&entry.recorded.events[index])
                                                : nullptr;
}

bool has_leg_of(const LogEntry& entry, const std::optional<AccountNo>& account) {
    for (const auto& event : entry.recorded.events)
        if (const auto* journal = std::get_if<JournalPosted>(&event))
            if (!account ||
                std::ranges::any_of(journal->legs, [&](const Leg& leg) { return leg.account == *account; }))
                return true;
    return false;
}

}  // namespace

LeaseStatus ModelStore::lease_status() {
    const std::lock_guard lock{mutex_};
    return {.epoch = epoch_,
            .holder = "model",
            .is_mine = true,
            .has_sessions = true,
            .version = state_.version()};
}

Lease ModelStore::take_lease(std::uint64_t /*epoch_seen*/) {
    const std::lock_guard lock{mutex_};
    return {.epoch = ++epoch_,
            .head = {.batch = batch_,
                     .version = state_.version(),
                     .hash = log_.empty() ? Digest{} : log_.back()->hash}};
}

LoadedBook ModelStore::load() {
    const std::lock_guard lock{mutex_};
    return {.state = state_, .digest_key = std::string(32, 'k'), .generation = 1};
}

std::optional<Digest> ModelStore::hash_at(Version version) {
    const std::lock_guard lock{mutex_};
    if (version.value == 0 || version.value > log_.size()) return std::nullopt;
    return log_[version.value - 1]->hash;
}

CommitOutcome ModelStore::write(const Batch& batch, const State& after) {
    const std::lock_guard lock{mutex_};
    for (const auto& row : batch.accepted) {
        ledger::base::ensure(row.entry->recorded.version.value == log_.size() + 1, "a version out of order");
        log_.push_back(row.entry);
        if (row.idem) answered_[*row.idem] = {row.request_digest, row.entry->recorded.version};
        if (row.name)
            names_[{row.name->kind, row.name->name}] = {row.entry->recorded.version, row.request_digest};
        for (const auto& text : row.texts) texts_[text.commitment()] = text.text;
        for (const auto& event : row.entry->recorded.events) {
            if (const auto* lien = std::get_if<LienClosed>(&event)) closed_liens_.insert(lien->lien.value);
            if (const auto* held = std::get_if<ReservationClosed>(&event))
                closed_reservations_.insert(held->reservation.value);
            if (const auto* cured = std::get_if<ExceptionCured>(&event))
                cured_exceptions_.insert(cured->exception.value);
        }
    }
    for (const auto& row : batch.refused) answered_[row.idem] = {row.request_digest, row};
    batch_ = batch.number;
    state_ = after;
    return CommitOutcome::committed;
}

std::vector<std::pair<IdempotencyId, Answered>> ModelStore::answered(const std::vector<IdempotencyId>& ids) {
    const std::lock_guard lock{mutex_};
    std::vector<std::pair<IdempotencyId, Answered>> found;
    for (const auto& id : ids)
        if (const auto row = answered_.find(id); row != answered_.end()) found.push_back(*row);
    return found;
}

std::vector<std::optional<rules::NameHolder>> ModelStore::holders_of(
    const std::vector<rules::ChosenName>& names) {
    const std::lock_guard lock{mutex_};
    std::vector<std::optional<rules::NameHolder>> holders;
    for (const auto& name : names) {
        const auto row = names_.find({name.kind, name.name});
        holders.push_back(row != names_.end() ? std::optional{row->second} : std::nullopt);
    }
    return holders;
}

std::vector<std::shared_ptr<const LogEntry>> ModelStore::log_at(const std::vector<Version>& versions) {
    const std::lock_guard lock{mutex_};
    std::vector<std::shared_ptr<const LogEntry>> entries;
    for (const auto version : versions)
        if (version.value >= 1 && version.value <= log_.size()) entries.push_back(log_[version.value - 1]);
    return entries;
}

std::vector<std::shared_ptr<const LogEntry>> ModelStore::log_after(Version after, std::size_t most) {
    const std::lock_guard lock{mutex_};
    std::vector<std::shared_ptr<const LogEntry>> entries;
    for (auto at = after.value; at < log_.size() && entries.size() < most; ++at) entries.push_back(log_[at]);
    return entries;
}

std::vector<Version> ModelStore::journals(const Ledger::JournalQuery& query) {
    const std::lock_guard lock{mutex_};
    std::vector<Version> versions;
    const auto take = [&](const LogEntry& entry) {
        if (versions.size() < query.most && has_leg_of(entry, query.account))
            versions.push_back(entry.recorded.version);
    };
    if (!query.newest_first) {
        for (auto at = query.after.value; at < log_.size(); ++at) take(*log_[at]);
    } else {
        const auto below = query.after.value == 0 ? log_.size() + 1 : query.after.value;
        for (auto version = std::min<std::size_t>(below - 1, log_.size()); version > 0; --version)
            take(*log_[version - 1]);
    }
    return versions;
}

std::optional<Version> ModelStore::made_by(rules::Named kind, std::string_view name) {
    const std::lock_guard lock{mutex_};
    const auto row = names_.find({kind, std::string{name}});
    return row != names_.end() ? std::optional{row->second.version} : std::nullopt;
}

std::vector<LienKey> ModelStore::liens(const Ledger::LienQuery& query) {
    const std::lock_guard lock{mutex_};
    std::map<LienKey, std::pair<const LienOpened*, bool>> all;  // and whether its lines ever match
    const auto matches = [&](const std::vector<LienLine>& lines) {
        return std::ranges::any_of(lines, [&](const LienLine& line) {
            return (!query.account || line.owner == *query.account) &&
                   (!query.location || line.location == *query.location);
        });
    };
    for (const auto& entry : log_)
        for (unsigned index = 0; index < entry->recorded.events.size(); ++index) {
            if (const auto* opened = born_at<LienOpened>(*entry, index))
                all[LienKey::at(entry->recorded.version, index)] = {opened, matches(opened->lines)};
            if (const auto* changed = born_at<LienChanged>(*entry, index)) {
                auto& row = all[changed->lien];
                const bool is_open = !closed_liens_.contains(changed->lien.value);
                row.second = is_open ? matches(changed->lines) : row.second || matches(changed->lines);
            }
        }
    std::vector<LienKey> keys;
    for (const auto& [key, row] : all) {
        const auto& [opened, is_matched] = row;
        if (keys.size() == query.most) break;
        if (key <= query.after || !is_matched) continue;
        if (query.holder && opened->terms.holder != *query.holder) continue;
        if (query.type && opened->terms.type != *query.type) continue;
        if (query.open && *query.open == closed_liens_.contains(key.value)) continue;
        keys.push_back(key);
    }
    return keys;
}

template <class Key>
std::vector<Version> ModelStore::touching(std::uint64_t number) const {
    const Key key{number};
    std::vector<Version> versions;
    for (const auto& entry : log_) {
        const auto version = entry->recorded.version;
        const bool touched =
            version == key.version() || std::ranges::any_of(entry->recorded.events, [&](const Event& event) {
                return Touches{number}(key, event);
            });
        if (touched) versions.push_back(version);
    }
    return versions;
}

std::vector<Version> ModelStore::history_of(LienKey lien) {
    const std::lock_guard lock{mutex_};
    return touching<LienKey>(lien.value);
}
std::vector<Version> ModelStore::history_of(ReservationKey reservation) {
    const std::lock_guard lock{mutex_};
    return touching<ReservationKey>(reservation.value);
}
std::vector<Version> ModelStore::history_of(ExceptionKey exception) {
    const std::lock_guard lock{mutex_};
    return touching<ExceptionKey>(exception.value);
}

template <class Opened, class Key>
std::vector<Key> ModelStore::born(const Ledger::KeysQuery& query,
                                  const std::set<std::uint64_t>& closed) const {
    std::vector<Key> keys;
    for (const auto& entry : log_)
        for (unsigned index = 0; index < entry->recorded.events.size(); ++index) {
            const auto key = Key::at(entry->recorded.version, index);
            if (keys.size() == query.most) return keys;
            if (born_at<Opened>(*entry, index) == nullptr || key.value <= query.after) continue;
            if (query.open && *query.open == closed.contains(key.value)) continue;
            keys.push_back(key);
        }
    return keys;
}

std::vector<ReservationKey> ModelStore::reservations(const Ledger::KeysQuery& query) {
    const std::lock_guard lock{mutex_};
    return born<ReservationOpened, ReservationKey>(query, closed_reservations_);
}
std::vector<ExceptionKey> ModelStore::exceptions(const Ledger::KeysQuery& query) {
    const std::lock_guard lock{mutex_};
    return born<ExceptionOpened, ExceptionKey>(query, cured_exceptions_);
}

std::vector<std::optional<std::string>> ModelStore::texts(const std::vector<Digest>& commitments) {
    const std::lock_guard lock{mutex_};
    std::vector<std::optional<std::string>> found;
    for (const auto& commitment : commitments) {
        const auto row = texts_.find(commitment);
        found.push_back(row != texts_.end() ? std::optional{row->second} : std::nullopt);
    }
    return found;
}

void ModelStore::erase_text(const Digest& commitment) {
    const std::lock_guard lock{mutex_};
    texts_.erase(commitment);
}

}  // namespace tests::support
