// What the process of a book does next, decided from what has happened: follow the log, take the lease, put
// batches through two turns, resolve what is in doubt. Values in, values out: no thread, clock or SQL.
// docs/writer.md says what is proved of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "ledger/port/store.hpp"

namespace ledger::service {

using namespace ledger::port;

// A batch within this process, dropped ones included: never used twice.
struct Ticket {
    std::uint64_t value = 0;
    auto operator<=>(const Ticket&) const = default;
};

// How a batch that was given a turn ended.
enum class Ending : std::uint8_t {
    committed,    // durable
    not_written,  // certainly not in the log: COMMIT was never sent, or it was rolled back
    fenced,       // the same, because the lease has another epoch
    in_doubt      // COMMIT was sent and its answer is lost
};

// What happened.
namespace happened {
struct LeaseIsFree {};       // nobody holds it, or its holder has not renewed in time
struct LeaseTaken {  // the epoch is raised, durably: `head` is all there will ever be of earlier ones
    LogHead head;
};
struct LeaseIsAnothers {};  // taken by another process since it was seen
struct LeaseNotTaken {};  // the store did not say; ask again
struct CaughtUp {  // a follower has applied the log through here
    LogHead head;
};
struct PastIsLost {  // the log does not contain what was acknowledged
    LogHead found;
};
struct StoreFailed {};  // a look-up or a renewal: the sessions must be made anew
struct BatchDecided {
    Ticket ticket;
    bool writes = true;  // else it only has answers that wait for the batches before it
    LogHead after;
};
struct BatchEnded {
    Ticket ticket;
    Ending ending = Ending::committed;
};
}  // namespace happened
using Happened = std::variant<happened::LeaseIsFree, happened::LeaseTaken, happened::LeaseIsAnothers,
                              happened::LeaseNotTaken, happened::CaughtUp, happened::PastIsLost,
                              happened::StoreFailed, happened::BatchDecided, happened::BatchEnded>;

// What is to be done, in order.
namespace effect {
struct TakeLease {};
struct CatchUp {  // apply the log through here, then say CaughtUp
    LogHead through;
};
struct StartWriting {};
struct Follow {};  // another is the writer; what has waited here is refused
struct Stage {  // on a turn of its own
    Ticket ticket;
};
struct Commit {  // once it is staged
    Ticket ticket;
};
struct RollBack {  // whatever stage it is in; it still ends
    Ticket ticket;
};
struct Merge {  // durable, with all before it: publish it and answer its callers
    Ticket ticket;
};
struct DecideAgain {  // nothing of them was ever said to anyone; first in line, in this order
    std::vector<Ticket> tickets;
};
struct TurnAway {  // certainly not written, and not here any more
    std::vector<Ticket> tickets;
};
struct GiveUp {  // nobody here will know its outcome: the keys in it tell, wherever the book is written
    Ticket ticket;
};
struct RefusePast {  // never write again: the log lacks the version named
    Version missing;
    LogHead found;
};
}  // namespace effect
using Effect = std::variant<effect::TakeLease, effect::CatchUp, effect::StartWriting, effect::Follow,
                            effect::Stage, effect::Commit, effect::RollBack, effect::Merge,
                            effect::DecideAgain, effect::TurnAway, effect::GiveUp, effect::RefusePast>;

class WriterMachine {
public:
    struct Flight {
        Ticket ticket;
        bool writes = true;
        LogHead after;
        std::optional<Ending> ending{};
        auto operator<=>(const Flight&) const = default;
    };

    // Begins as a follower of what was loaded.
    explicit WriterMachine(LogHead loaded) : acknowledged_{loaded} {}

    [[nodiscard]] std::vector<Effect> on(const Happened& happened);

    enum class Stage : std::uint8_t {
        following,
        taking,  // the lease, as a follower
        catching_up,  // with the lease
        writing,
        draining,  // a batch failed: the other's end is awaited
        resolving,  // the lease is taken again, to learn what became of a batch
        past_lost
    };
    [[nodiscard]] Stage stage() const { return stage_; }
    // Whether another batch may be decided now: on the committed state, or on the batch in flight.
    [[nodiscard]] bool may_decide() const {
        return stage_ == Stage::writing && flights_.size() < Store::turns;
    }
    [[nodiscard]] const std::deque<Flight>& flights() const { return flights_; }
    // Where the log ends once everything in flight is in it.
    [[nodiscard]] LogHead decided() const { return flights_.empty() ? acknowledged_ : flights_.back().after; }
    // The last that is known to be durable, and was said to be.
    [[nodiscard]] LogHead acknowledged() const { return acknowledged_; }
    auto operator<=>(const WriterMachine&) const = default;

private:
    void take(const happened::LeaseIsFree&, std::vector<Effect>& list);
    void take(const happened::LeaseTaken& taken, std::vector<Effect>& list);
    void take(const happened::LeaseIsAnothers&, std::vector<Effect>& list);
    void take(const happened::LeaseNotTaken&, std::vector<Effect>& list);
    void take(const happened::CaughtUp& reached, std::vector<Effect>& list);
    void take(const happened::PastIsLost& lost, std::vector<Effect>& list);
    void take(const happened::StoreFailed&, std::vector<Effect>& list);
    void take(const happened::BatchDecided& decided, std::vector<Effect>& list);
    void take(const happened::BatchEnded& ended, std::vector<Effect>& list);

    void advance(std::vector<Effect>& list);
    void drain(std::vector<Effect>& list);
    void merge_first(std::vector<Effect>& list);
    void refuse_past(LogHead found, std::vector<Effect>& list);
    void lose_flights(std::vector<Effect>& list);
    [[nodiscard]] std::vector<Ticket> drop_flights();

    Stage stage_ = Stage::following;
    LogHead acknowledged_;
    std::deque<Flight> flights_;
};

}  // namespace ledger::service
