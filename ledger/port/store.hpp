// What the writer asks of durable storage. One batch is one transaction; an outcome that is not known is said
// to be so.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
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

struct Lease {
    std::uint64_t epoch = 0;
    std::uint64_t batch = 0;  // number of the last batch in the log
    Version version;  // of the head
    Digest head_hash;  // of the head; zero for an empty book
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

// Another process took the lease after this one held it. Trying again does not bring it back.
class Deposed : public Unavailable {
public:
    using Unavailable::Unavailable;
};

struct LoadedBook {
    State state;
    std::string digest_key;  // 32 bytes that key the digests of requests
    std::uint32_t generation = 1;
};

// Used by one thread: the writer's. Every call may throw Unavailable; append also OutcomeUnknown.
class Store {
public:
    virtual ~Store() = default;

    // Raises the epoch, ends the old writer's sessions, and answers once that is durable: what is then in the
    // log is all that will ever be of earlier epochs. Called at start and after every OutcomeUnknown. Throws
    // Deposed when another process has taken the lease since this one held it.
    [[nodiscard]] virtual Lease take_lease() = 0;
    // The state of the head, from balances and live objects; the log is not replayed.
    [[nodiscard]] virtual LoadedBook load() = 0;
    // The hash of the log at that version; nothing when the log does not reach it.
    [[nodiscard]] virtual std::optional<Digest> hash_at(Version version) = 0;

    // Writes log, projections, refusals, texts and the lease in one transaction. `after` is the state with
    // the batch.
    [[nodiscard]] virtual CommitOutcome append(const Batch& batch, const State& after) = 0;

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
