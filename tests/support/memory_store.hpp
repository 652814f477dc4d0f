// A store in memory that can fail as PostgreSQL can: away, fenced, an outcome lost before or after it took
// effect.
#pragma once

#include <deque>
#include <map>
#include <mutex>

#include "ledger/book/canonical.hpp"
#include "ledger/port/store.hpp"
#include "ledger/proof/hash_chain.hpp"

namespace tests {

using namespace ledger::port;

enum class Fault { none, away, lost_before, lost_after, fenced };

class MemoryStore final : public Store {
public:
    std::deque<Fault> faults;          // of the appends to come
    std::size_t leases_refused = 0;    // take_lease fails this often
    bool is_deposed = false;           // another process has the lease for good
    std::vector<Batch> batches;
    State state;
    Lease lease;
    std::map<IdempotencyId, Answered> answers;
    std::map<std::pair<ledger::rules::Named, std::string>, ledger::rules::NameHolder> names;
    std::map<Version, std::shared_ptr<const LogEntry>> log;

    Lease take_lease() override {
        if (is_deposed) throw Deposed{"taken by the test"};
        if (leases_refused > 0) {
            --leases_refused;
            throw Unavailable{"refused by the test"};
        }
        ++lease.epoch;
        return lease;
    }
    LoadedBook load() override { return {state, std::string(32, 'k'), 1}; }
    std::optional<Digest> hash_at(Version version) override {
        const auto found = log.find(version);
        return found != log.end() ? std::optional{found->second->hash} : std::nullopt;
    }
    CommitOutcome append(const Batch& batch, const State& after) override {
        const auto fault = faults.empty() ? Fault::none : faults.front();
        if (!faults.empty()) faults.pop_front();
        if (fault == Fault::away) throw Unavailable{"away by the test"};
        if (fault == Fault::fenced) return CommitOutcome::fenced;
        if (fault == Fault::lost_before) throw OutcomeUnknown{"lost before it took effect"};
        apply(batch, after);
        if (fault == Fault::lost_after) throw OutcomeUnknown{"lost after it took effect"};
        return CommitOutcome::committed;
    }
    std::vector<std::pair<IdempotencyId, Answered>> answered(const std::vector<IdempotencyId>& ids) override {
        std::vector<std::pair<IdempotencyId, Answered>> found;
        for (const auto& id : ids)
            if (const auto answer = answers.find(id); answer != answers.end()) found.emplace_back(*answer);
        return found;
    }
    std::vector<std::optional<ledger::rules::NameHolder>> holders_of(
        const std::vector<ledger::rules::ChosenName>& wanted) override {
        std::vector<std::optional<ledger::rules::NameHolder>> found;
        for (const auto& name : wanted) {
            const auto holder = names.find({name.kind, name.name});
            found.push_back(holder != names.end() ? std::optional{holder->second} : std::nullopt);
        }
        return found;
    }
    std::vector<std::shared_ptr<const LogEntry>> log_at(const std::vector<Version>& versions) override {
        std::vector<std::shared_ptr<const LogEntry>> found;
        for (const auto version : versions)
            if (const auto entry = log.find(version); entry != log.end()) found.push_back(entry->second);
        return found;
    }

private:
    void apply(const Batch& batch, const State& after) {
        batches.push_back(batch);
        state = after;
        lease.batch = batch.number;
        for (const auto& row : batch.accepted) {
            log.emplace(row.entry->recorded.version, row.entry);
            lease.version = row.entry->recorded.version;
            lease.head_hash = row.entry->hash;
            if (row.idem)
                answers.emplace(*row.idem, Answered{row.request_digest, row.entry->recorded.version});
            if (row.name)
                names.emplace(std::pair{row.name->kind, row.name->name},
                              ledger::rules::NameHolder{row.entry->recorded.version, row.request_digest});
        }
        for (const auto& row : batch.refused) answers.emplace(row.idem, Answered{row.request_digest, row});
    }
};

// Reads that the service passes on; the tests of the service need the log alone.
class MemoryReader final : public Reader {
public:
    explicit MemoryReader(MemoryStore& store) : store_{store} {}
    std::vector<std::shared_ptr<const LogEntry>> log_after(Version after, std::size_t most) override {
        std::vector<std::shared_ptr<const LogEntry>> found;
        for (auto at = store_.log.upper_bound(after); at != store_.log.end() && found.size() < most; ++at)
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
