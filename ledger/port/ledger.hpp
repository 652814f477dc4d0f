// The one door to the book: every writer and reader comes through it, and nobody behind it is named here.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/book/state.hpp"
#include "ledger/port/outcome.hpp"
#include "ledger/rules/command.hpp"

namespace ledger::port {

using rules::Command;

struct Envelope {
    PrincipalNo principal;
    std::string idempotency_key;
    Command command;
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

// The committed book at one version, with what stands beside the state.
struct Committed {
    State state;
    Digest head_hash;
    std::uint32_t generation = 1;
};

enum class Health : std::uint8_t { starting, ready, resolving, clock_leap, past_lost, stopping };
// What this process is to the book now.
enum class ServerRole : std::uint8_t { follower, writer };

struct ServiceStatus {
    Health health = Health::starting;
    ServerRole role = ServerRole::follower;
    std::uint64_t epoch = 0;  // of the lease, as this process last saw it
    std::string writer;  // who holds the lease, as the writer calls itself
    Version head;  // of the log, as this process last saw it; what is served may lag behind
    std::chrono::microseconds since_head_seen{0};
    std::size_t queue_length = 0;
    std::size_t batches_in_flight = 0;
    std::size_t pinned_versions = 0;  // that a reader holds, besides the last
    std::uint64_t batches = 0;
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    std::uint64_t unknown_outcomes = 0;  // resolved since the process started
    std::uint64_t takeovers = 0;  // times this process became the writer
    std::string trouble;  // why it is not ready, in a sentence

    [[nodiscard]] bool is_writer() const { return role == ServerRole::writer; }
};

enum class Linkage : std::uint8_t { independent, linked };  // linked: all or none

class Ledger {
public:
    virtual ~Ledger() = default;

    // Queues the command; `answer` is called once, from the book's thread, when the outcome is durable (or at
    // once, from the caller's thread, when the queue is full or the service stops: Refused with an
    // `unavailable` code).
    virtual void submit(Envelope envelope, std::function<void(Outcome)> answer) = 0;
    // The same for commands that are decided next to each other, in order, in one batch; one outcome for
    // each. Of a linked group that is refused, one says why (and that is stored under its key), the others
    // LINKED_REFUSED. At most `group_max` commands; the first one's deadline is the group's.
    virtual void submit_group(std::vector<Envelope> commands, Linkage linkage,
                              std::function<void(std::vector<Outcome>)> answer) = 0;
    static constexpr std::size_t group_max = 8192;

    // The last durable version. Cheap: a pointer; holding it pins the version.
    [[nodiscard]] virtual std::shared_ptr<const Committed> committed() const = 0;

    // Called after each batch became durable, from the book's thread; must return at once. The handle ends
    // it.
    [[nodiscard]] virtual std::shared_ptr<void> on_commit(std::function<void()> notify) = 0;

    // Reads of the log and of what is closed. They may touch the database: never call them on an I/O thread.
    // Throw `Unavailable` when the store cannot be read now.
    [[nodiscard]] virtual std::vector<std::shared_ptr<const LogEntry>> log_after(Version after,
                                                                                 std::size_t most) = 0;
    [[nodiscard]] virtual std::vector<std::shared_ptr<const LogEntry>> log_at(
        const std::vector<Version>& versions) = 0;
    struct JournalQuery {
        std::optional<AccountNo> account;
        Version after;  // versions greater than this one
        std::size_t most = 100;
        bool newest_first = false;  // then versions less than `after`, unless it is 0
    };
    // Versions that posted a journal, in order.
    [[nodiscard]] virtual std::vector<Version> journals(const JournalQuery& query) = 0;
    // The version that made the object of that name, or nothing.
    [[nodiscard]] virtual std::optional<Version> made_by(rules::Named kind, std::string_view name) = 0;
    struct LienQuery {
        std::optional<AccountNo> account;
        std::optional<AccountNo> location;
        std::optional<PartyNo> holder;
        std::optional<LienType> type;
        std::optional<bool> open;
        LienKey after;
        std::size_t most = 100;
    };
    [[nodiscard]] virtual std::vector<LienKey> liens(
        const LienQuery& query) = 0;  // opened and closed, by key
    // Versions whose events touched the lien (opened first, last change last); for reading a closed one.
    [[nodiscard]] virtual std::vector<Version> history_of(LienKey lien) = 0;
    [[nodiscard]] virtual std::vector<Version> history_of(ReservationKey reservation) = 0;
    [[nodiscard]] virtual std::vector<Version> history_of(ExceptionKey exception) = 0;
    struct KeysQuery {
        std::uint64_t after = 0;
        std::size_t most = 100;
        std::optional<bool> open;
    };
    [[nodiscard]] virtual std::vector<ReservationKey> reservations(const KeysQuery& query) = 0;
    [[nodiscard]] virtual std::vector<ExceptionKey> exceptions(const KeysQuery& query) = 0;
    // Erasable texts by their commitments, in the order asked; nothing where a text was erased.
    [[nodiscard]] virtual std::vector<std::optional<std::string>> texts(
        const std::vector<Digest>& commitments) = 0;

    [[nodiscard]] virtual ServiceStatus status() const = 0;
    // After a leap of the clock: an admin says the time is right.
    virtual void confirm_clock() = 0;
};

class Unavailable : public std::exception {
public:
    explicit Unavailable(std::string why) : why_{std::move(why)} {}
    [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

private:
    std::string why_;
};

}  // namespace ledger::port
