// The model store: a book in memory, decided by the real rules one command at a time, with no database,
// thread or clock. What PostgreSQL answers can be held against what this answers. ModelLedger is the port
// over it, for tests of the API.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ledger/port/ledger.hpp"
#include "ledger/port/store.hpp"
#include "tests/support/serial_store.hpp"

namespace tests::support {

using namespace ledger::port;
namespace rules = ledger::rules;

class ModelStore final : public SerialStore, public Reader {
public:
    [[nodiscard]] LeaseStatus lease_status() override;
    [[nodiscard]] Lease take_lease(std::uint64_t epoch_seen) override;
    [[nodiscard]] LoadedBook load() override;
    [[nodiscard]] std::optional<Digest> hash_at(Version version) override;
    [[nodiscard]] CommitOutcome write(const Batch& batch, const State& after) override;
    [[nodiscard]] std::vector<std::pair<IdempotencyId, Answered>> answered(
        const std::vector<IdempotencyId>& ids) override;
    [[nodiscard]] std::vector<std::optional<rules::NameHolder>> holders_of(
        const std::vector<rules::ChosenName>& names) override;
    [[nodiscard]] std::vector<std::shared_ptr<const LogEntry>> log_at(
        const std::vector<Version>& versions) override;

    [[nodiscard]] std::vector<std::shared_ptr<const LogEntry>> log_after(Version after,
                                                                         std::size_t most) override;
    [[nodiscard]] std::vector<Version> journals(const Ledger::JournalQuery& query) override;
    [[nodiscard]] std::optional<Version> made_by(rules::Named kind, std::string_view name) override;
    [[nodiscard]] std::vector<LienKey> liens(const Ledger::LienQuery& query) override;
    [[nodiscard]] std::vector<Version> history_of(LienKey lien) override;
    [[nodiscard]] std::vector<Version> history_of(ReservationKey reservation) override;
    [[nodiscard]] std::vector<Version> history_of(ExceptionKey exception) override;
    [[nodiscard]] std::vector<ReservationKey> reservations(const Ledger::KeysQuery& query) override;
    [[nodiscard]] std::vector<ExceptionKey> exceptions(const Ledger::KeysQuery& query) override;
    [[nodiscard]] std::vector<std::optional<std::string>> texts(
        const std::vector<Digest>& commitments) override;

    // As an erasure does: the commitment stays in the log, the text goes.
    void erase_text(const Digest& commitment);

private:
    template <class Key>
    [[nodiscard]] std::vector<Version> touching(std::uint64_t key) const;
    template <class Opened, class Key>
    [[nodiscard]] std::vector<Key> born(const Ledger::KeysQuery& query,
                                        const std::set<std::uint64_t>& closed) const;

    mutable std::mutex mutex_;
    std::uint64_t epoch_ = 0;
    std::uint64_t batch_ = 0;
    State state_;
    std::vector<std::shared_ptr<const LogEntry>> log_;  // version 1 first
    std::map<IdempotencyId, Answered> answered_;
    std::map<std::pair<rules::Named, std::string>, rules::NameHolder> names_;
    std::map<Digest, std::string> texts_;
    std::set<std::uint64_t> closed_liens_;
    std::set<std::uint64_t> closed_reservations_;
    std::set<std::uint64_t> cured_exceptions_;
};

// Answers at once, from the caller's thread, under one lock. Time moves only when a test moves it.
class ModelLedger final : public Ledger {
public:
    explicit ModelLedger(
        const std::string& book = "main",
        KnownAt start = KnownAt::from_micros(1'783'350'000'000'000));  // 2026-07-06T15:00:00Z

    void submit(Envelope envelope, std::function<void(Outcome)> answer) override;
    void submit_group(std::vector<Envelope> commands, Linkage linkage,
                      std::function<void(std::vector<Outcome>)> answer) override;
    [[nodiscard]] std::shared_ptr<const Committed> committed() const override;
    [[nodiscard]] std::shared_ptr<void> on_commit(std::function<void()> notify) override;
    [[nodiscard]] std::vector<std::shared_ptr<const LogEntry>> log_after(Version after,
                                                                         std::size_t most) override;
    [[nodiscard]] std::vector<std::shared_ptr<const LogEntry>> log_at(
        const std::vector<Version>& versions) override;
    [[nodiscard]] std::vector<Version> journals(const JournalQuery& query) override;
    [[nodiscard]] std::optional<Version> made_by(rules::Named kind, std::string_view name) override;
    [[nodiscard]] std::vector<LienKey> liens(const LienQuery& query) override;
    [[nodiscard]] std::vector<Version> history_of(LienKey lien) override;
    [[nodiscard]] std::vector<Version> history_of(ReservationKey reservation) override;
    [[nodiscard]] std::vector<Version> history_of(ExceptionKey exception) override;
    [[nodiscard]] std::vector<ReservationKey> reservations(const KeysQuery& query) override;
    [[nodiscard]] std::vector<ExceptionKey> exceptions(const KeysQuery& query) override;
    [[nodiscard]] std::vector<std::optional<std::string>> texts(
        const std::vector<Digest>& commitments) override;
    [[nodiscard]] ServiceStatus status() const override;
    void confirm_clock() override;

    // For tests. `run` submits as a principal under a key of its own and gives the outcome back.
    Outcome run(Command command, PrincipalNo principal = PrincipalNo{0}, std::string key = {});
    // As run, for what must be accepted: says why it was not, and stops.
    std::shared_ptr<const LogEntry> accept(Command command);
    // Moves the clock on and closes what came due.
    void advance(std::chrono::microseconds by);
    // From now on every command is refused with this code, and every read of the store throws Unavailable.
    void refuse_all(std::optional<Code> code);
    void set_status(const ServiceStatus& status);
    [[nodiscard]] std::size_t clock_confirmations() const;
    [[nodiscard]] ModelStore& store() { return store_; }

private:
    Outcome decide(Envelope envelope);
    std::vector<Outcome> decide_group(std::vector<Envelope> commands, Linkage linkage);
    void publish(State state, const Digest& head);
    void notify_all();
    void check_store() const;

    ModelStore store_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Committed> committed_;
    KnownAt now_;
    std::optional<Code> refusal_;
    ServiceStatus status_;
    std::size_t clock_confirmations_ = 0;
    std::uint64_t next_key_ = 0;
    std::uint64_t batch_number_ = 0;
    std::mutex notify_mutex_;
    std::list<std::function<void()>> notified_;
};

}  // namespace tests::support
