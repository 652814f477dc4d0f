// What the writer asks of durable storage. One batch is one transaction; an outcome that is not known is said
// to be so.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ledger/book/state.hpp"
#include "ledger/port/ledger.hpp"
#include "ledger/port/outcome.hpp"
#include "ledger/rules/command.hpp"
#include "ledger/rules/decide.hpp"

namespace ledger::port {

// (principal, key) as sixteen bytes of a digest: the scope of idempotency within a book.
struct IdempotencyId {
    std::array<std::byte, 16> bytes{};
    auto operator<=>(const IdempotencyId&) const = default;
};

struct AcceptedRow {
    std::shared_ptr<const LogEntry> entry;
    std::string body;  // canonical bytes of the events
    std::optional<IdempotencyId> idem;  // none for a Tick and for genesis
    Digest request_digest;  // keyed, of the canonical command
    std::optional<rules::ChosenName> name;  // that the command chose for what it made
    std::vector<rules::Erasable> texts;
};

struct RefusedRow {
    IdempotencyId idem;
    Digest request_digest;
    PrincipalNo principal;
    Error error;
    Version decided_at;
    KnownAt at;
};

struct Batch {
    std::uint64_t number = 0;  // the lease's batch number after this one
    std::vector<AcceptedRow> accepted;  // in order of version
    std::vector<RefusedRow> refused;
    KnownAt at;
};

// What an idempotency id was answered with.
struct Answered {
    Digest request_digest;
    std::variant<Version, RefusedRow> outcome;
};

// Where the log ends.
struct LogHead {
    std::uint64_t batch = 0;  // number of the last batch
    Version version;
    Digest hash;  // of that version; zero for an empty book
    auto operator<=>(const LogHead&) const = default;
};

struct Lease {
    std::uint64_t epoch = 0;
    LogHead head;
};

// Of the lease as any process can see it, without taking it.
struct LeaseStatus {
    std::uint64_t epoch = 0;
    std::string holder;  // empty when nobody ever had it
    bool is_mine = false;  // of this very process
    bool has_sessions = false;  // of the holder, in this database
    std::chrono::microseconds since_renewal{0};
    Version version;  // of the head
};

enum class CommitOutcome : std::uint8_t {
    committed,
    fenced
};  // fenced: another writer has the lease; nothing was written

// The transaction may or may not have become durable: the lease must be taken again before anything else is
// said.
class OutcomeUnknown : public std::exception {
public:
    explicit OutcomeUnknown(std::string why) : why_{std::move(why)} {}
    [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

private:
    std::string why_;
};

// The epoch is not the one the caller has seen: another process has taken the lease since.
class Deposed : public Unavailable {
public:
    using Unavailable::Unavailable;
};

struct LoadedBook {
    State state;
    std::string digest_key;  // 32 bytes that key the digests of requests
    std::uint32_t generation = 1;
};

// Used by one thread, the writer's, save what says otherwise. Every call may throw Unavailable.
class Store {
public:
    virtual ~Store() = default;

    [[nodiscard]] virtual LeaseStatus lease_status() = 0;
    // Raises the epoch from the one given, ends the old writer's sessions, and answers once that is durable:
    // what is then in the log is all that will ever be of earlier epochs. Called at takeover and after every
    // failure to write. Throws Deposed when the epoch is another by now.
    [[nodiscard]] virtual Lease take_lease(std::uint64_t epoch_seen) = 0;
    // Says that the holder lives. Not needed while batches are written: each renews. Throws Deposed.
    virtual void renew_lease() = 0;
    // Returns once whatever the log holds now is as durable as an acknowledged commit: a commit whose session
    // was ended while it waited for the standby is visible, and may be gone after a failover. Nothing to do
    // for a store whose every visible commit is durable. Throws Unavailable.
    virtual void await_durable() {}
    // The state of the head, from balances and live objects; the log is not replayed.
    [[nodiscard]] virtual LoadedBook load() = 0;
    // The hash of the log at that version; nothing when the log does not reach it.
    [[nodiscard]] virtual std::optional<Digest> hash_at(Version version) = 0;

    // Two sessions take turns in writing, each on a thread of its own. A batch is staged (rows made, and
    // copied where nobody sees them and nothing waits for them) while the one before it commits, and is
    // committed after that one is durable: log, projections, refusals, texts and the lease in one
    // transaction. `after` is the state with the batch.
    static constexpr std::size_t turns = 2;
    virtual void stage(std::size_t turn, const Batch& batch, const State& after) = 0;
    [[nodiscard]] virtual CommitOutcome commit(std::size_t turn) = 0;  // throws OutcomeUnknown too
    virtual void roll_back(std::size_t turn) = 0;  // what was staged and will not be committed
    // From any thread: whatever the turn is doing ends soon, as a failure.
    virtual void cut(std::size_t turn) noexcept = 0;
    // Stages and commits: for who writes one batch at a time.
    [[nodiscard]] CommitOutcome append(const Batch& batch, const State& after) {
        stage(0, batch, after);
        const auto outcome = commit(0);
        if (outcome == CommitOutcome::committed) remember(batch);
        return outcome;
    }
    // The batch is durable: whatever the store keeps in memory of the log takes it in. In order of batches.
    virtual void remember(const Batch& batch) = 0;

    // What earlier commands were answered; ids that were never answered are left out.
    [[nodiscard]] virtual std::vector<std::pair<IdempotencyId, Answered>> answered(
        const std::vector<IdempotencyId>& ids) = 0;
    // Who holds chosen names, in the order asked.
    [[nodiscard]] virtual std::vector<std::optional<rules::NameHolder>> holders_of(
        const std::vector<rules::ChosenName>& names) = 0;
    [[nodiscard]] virtual std::vector<std::shared_ptr<const LogEntry>> log_at(
        const std::vector<Version>& versions) = 0;
};

// Reads for many threads at once, each on a session of its own.
class Reader {
public:
    virtual ~Reader() = default;
    [[nodiscard]] virtual std::vector<std::shared_ptr<const LogEntry>> log_after(Version after,
                                                                                 std::size_t most) = 0;
    [[nodiscard]] virtual std::vector<std::shared_ptr<const LogEntry>> log_at(
        const std::vector<Version>& versions) = 0;
    [[nodiscard]] virtual std::vector<Version> journals(const Ledger::JournalQuery& query) = 0;
    [[nodiscard]] virtual std::optional<Version> made_by(rules::Named kind, std::string_view name) = 0;
    [[nodiscard]] virtual std::vector<LienKey> liens(const Ledger::LienQuery& query) = 0;
    [[nodiscard]] virtual std::vector<Version> history_of(LienKey lien) = 0;
    [[nodiscard]] virtual std::vector<Version> history_of(ReservationKey reservation) = 0;
    [[nodiscard]] virtual std::vector<Version> history_of(ExceptionKey exception) = 0;
    [[nodiscard]] virtual std::vector<ReservationKey> reservations(const Ledger::KeysQuery& query) = 0;
    [[nodiscard]] virtual std::vector<ExceptionKey> exceptions(const Ledger::KeysQuery& query) = 0;
    [[nodiscard]] virtual std::vector<std::optional<std::string>> texts(
        const std::vector<Digest>& commitments) = 0;
};

}  // namespace ledger::port
