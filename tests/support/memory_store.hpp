// A database in memory that several stores can share, and that can fail as PostgreSQL can: away, fenced, an
// outcome lost before or after it took effect, a commit that is held up.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "ledger/base/ensure.hpp"
#include "ledger/port/store.hpp"

namespace tests {

using namespace ledger::port;

enum class Fault { none, away, lost_before, lost_after, fenced };

struct MemoryDatabase {
    std::mutex mutex;
    std::uint64_t epoch = 0;
    std::string holder;
    std::chrono::microseconds since_renewal{0};
    bool has_sessions = false;
    LogHead head;
    State state;
    std::vector<Batch> batches;
    std::map<IdempotencyId, Answered> answers;
    std::map<std::pair<ledger::rules::Named, std::string>, ledger::rules::NameHolder> names;
    std::map<Version, std::shared_ptr<const LogEntry>> log;
    std::size_t collisions = 0;  // batches refused because a version or a key was there already
};

class MemoryStore final : public Store {
public:
    explicit MemoryStore(std::shared_ptr<MemoryDatabase> shared = std::make_shared<MemoryDatabase>(),
                         std::string name = "this")
        : database{std::move(shared)}, name_{std::move(name)} {}

    const std::shared_ptr<MemoryDatabase> database;
    // Under the database's mutex once a service runs:
    std::deque<Fault> faults;        // of the commits to come
    std::size_t leases_refused = 0;  // take_lease fails this often
    // Called before a commit takes effect, with nothing locked; may wait.
    std::function<void(const Batch&)> before_commit;
    std::function<void(const Batch&)> before_stage;

    LeaseStatus lease_status() override {
        const std::lock_guard lock{database->mutex};
        return {.epoch = database->epoch,
                .holder = database->holder,
                .is_mine = database->holder == name_,
                .has_sessions = database->has_sessions,
                .since_renewal = database->since_renewal,
                .version = database->head.version};
    }
    Lease take_lease(std::uint64_t epoch_seen) override {
        const std::lock_guard lock{database->mutex};
        if (database->epoch != epoch_seen) throw Deposed{"taken by another"};
        if (leases_refused > 0) {
            --leases_refused;
            throw Unavailable{"refused by the test"};
        }
        database->holder = name_;
        database->has_sessions = true;
        database->since_renewal = {};
        epoch_ = ++database->epoch;
        return {epoch_, database->head};
    }
    void renew_lease() override {
        const std::lock_guard lock{database->mutex};
        if (database->epoch != epoch_) throw Deposed{"taken by another"};
        database->since_renewal = {};
    }
    LoadedBook load() override {
        const std::lock_guard lock{database->mutex};
        return {database->state, std::string(32, 'k'), 1};
    }
    std::optional<Digest> hash_at(Version version) override {
        const std::lock_guard lock{database->mutex};
        const auto found = database->log.find(version);
        return found != database->log.end() ? std::optional{found->second->hash} : std::nullopt;
    }
    void stage(std::size_t turn, const Batch& batch, const State& after) override {
        if (before_stage) before_stage(batch);
        staged_.at(turn) = {&batch, &after};
    }
    CommitOutcome commit(std::size_t turn) override {
        const auto& [batch, after] = staged_.at(turn);
        if (before_commit) before_commit(*batch);
        const std::lock_guard lock{database->mutex};
        const auto fault = faults.empty() ? Fault::none : faults.front();
        if (!faults.empty()) faults.pop_front();
        if (fault == Fault::away) throw Unavailable{"away by the test"};
        if (fault == Fault::fenced || database->epoch != epoch_) return CommitOutcome::fenced;
        if (fault == Fault::lost_before) throw OutcomeUnknown{"lost before it took effect"};
        if (batch->number != database->head.batch + 1)
            throw Unavailable{"another batch number than ours was next"};
        if (collides(*batch)) {
            ++database->collisions;
            throw Unavailable{"a version or a key is there already"};
        }
        apply(*batch, *after);
        if (fault == Fault::lost_after) throw OutcomeUnknown{"lost after it took effect"};
        return CommitOutcome::committed;
    }
    void roll_back(std::size_t turn) override { staged_.at(turn) = {}; }
    void cut(std::size_t /*turn*/) noexcept override {}
    void remember(const Batch& /*batch*/) override {}
    std::vector<std::pair<IdempotencyId, Answered>> answered(const std::vector<IdempotencyId>& ids) override {
        const std::lock_guard lock{database->mutex};
        std::vector<std::pair<IdempotencyId, Answered>> found;
        for (const auto& id : ids)
            if (const auto answer = database->answers.find(id); answer != database->answers.end())
                found.emplace_back(*answer);
        return found;
    }
    std::vector<std::optional<ledger::rules::NameHolder>> holders_of(
        const std::vector<ledger::rules::ChosenName>& wanted) override {
        const std::lock_guard lock{database->mutex};
        std::vector<std::optional<ledger::rules::NameHolder>> found;
        for (const auto& name : wanted) {
            const auto holder = database->names.find({name.kind, name.name});
            found.push_back(holder != database->names.end() ? std::optional{holder->second} : std::nullopt);
        }
        return found;
    }
    std::vector<std::shared_ptr<const LogEntry>> log_at(const std::vector<Version>& versions) override {
        const std::lock_guard lock{database->mutex};
        std::vector<std::shared_ptr<const LogEntry>> found;
        for (const auto version : versions)
            if (const auto entry = database->log.find(version); entry != database->log.end())
                found.push_back(entry->second);
        return found;
    }

private:
    [[nodiscard]] bool collides(const Batch& batch) const {
        for (const auto& row : batch.accepted)
            if (database->log.contains(row.entry->recorded.version) ||
                (row.idem && database->answers.contains(*row.idem)))
                return true;
        return false;
    }
    void apply(const Batch& batch, const State& after) {
        database->batches.push_back(batch);
        database->state = after;
        database->since_renewal = {};
        database->head.batch = batch.number;
        for (const auto& row : batch.accepted) {
            const auto version = row.entry->recorded.version;
            ledger::base::ensure(version.value == database->head.version.value + 1, "a version out of order");
            database->log.emplace(version, row.entry);
            database->head.version = version;
            database->head.hash = row.entry->hash;
            if (row.idem) {
                const auto is_new =
                    database->answers.emplace(*row.idem, Answered{row.request_digest, version}).second;
                ledger::base::ensure(is_new, "an idempotency id was written twice");
            }
            if (row.name)
                database->names.emplace(std::pair{row.name->kind, row.name->name},
                                        ledger::rules::NameHolder{version, row.request_digest});
        }
        for (const auto& row : batch.refused)
            database->answers.emplace(row.idem, Answered{row.request_digest, row});
    }

    const std::string name_;
    std::uint64_t epoch_ = 0;
    std::array<std::pair<const Batch*, const State*>, turns> staged_{};
};

// Reads that the service passes on; the tests of the service need the log alone.
class MemoryReader final : public Reader {
public:
    explicit MemoryReader(MemoryStore& store) : store_{store} {}
    std::vector<std::shared_ptr<const LogEntry>> log_after(Version after, std::size_t most) override {
        const std::lock_guard lock{store_.database->mutex};
        const auto& log = store_.database->log;
        std::vector<std::shared_ptr<const LogEntry>> found;
        for (auto at = log.upper_bound(after); at != log.end() && found.size() < most; ++at)
            found.push_back(at->second);
        return found;
    }
    std::vector<std::shared_ptr<const LogEntry>> log_at(const std::vector<Version>& versions) override {
        return store_.log_at(versions);
    }
    std::vector<Version> journals(const Ledger::JournalQuery&) override { return {}; }
    std::optional<Version> made_by(ledger::rules::Named, std::string_view) override { return {}; }
    std::vector<LienKey> liens(const Ledger::LienQuery&) override { return {}; }
    std::vector<Version> history_of(LienKey) override { return {}; }
    std::vector<Version> history_of(ReservationKey) override { return {}; }
    std::vector<Version> history_of(ExceptionKey) override { return {}; }
    std::vector<ReservationKey> reservations(const Ledger::KeysQuery&) override { return {}; }
    std::vector<ExceptionKey> exceptions(const Ledger::KeysQuery&) override { return {}; }
    std::vector<std::optional<std::string>> texts(const std::vector<Digest>& wanted) override {
        return std::vector<std::optional<std::string>>(wanted.size());
    }

private:
    MemoryStore& store_;
};

}  // namespace tests
