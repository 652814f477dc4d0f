// Two processes of one book, a primary and a synchronous standby, in every order of deciding, sending,
// committing, replicating, answering, losing, taking over and failing over. docs/writer.md says what that
// proves and what it does not.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/service/writer_machine.hpp"

namespace tests::simulation {

using namespace ledger::service;

// What may still go wrong, and what is still to be asked: each use takes one away, so that the world is
// small.
struct Budget {
    std::uint8_t commands = 2;  // a client's, sent to one process and, without an answer, to the other
    std::uint8_t retries = 0;  // of a command whose answer its client has not got yet
    std::uint8_t lost_answers = 1;  // of a COMMIT or of taking the lease
    std::uint8_t failed_stages = 1;
    std::uint8_t takeovers = 2;  // times a follower finds the lease free, rightly or not
    std::uint8_t failovers = 1;  // the standby becomes the primary
    bool standby_is_synchronous = true;
    auto operator<=>(const Budget&) const = default;
};

// A record of the database's log: a batch (of one command) or a taking of the lease.
struct LogRecord {
    bool is_lease = false;
    std::uint8_t command = 0;  // of a batch
    std::uint64_t serial = 0;  // unique
    auto operator<=>(const LogRecord&) const = default;
};

enum class Carried : std::uint8_t { idle, staged, sent, applied };

// A session that carries a batch.
struct Carrier {
    Carried carried = Carried::idle;
    Ticket ticket{};
    std::uint8_t command = 0;
    std::uint64_t epoch = 0;
    std::uint64_t number = 0;  // the batch's, as the writer expects it
    std::uint64_t serial = 0;
    LogHead upon{};  // the past it was decided upon
    bool may_commit = false;
    bool must_roll_back = false;
    bool is_cut = false;  // the session is gone; the process has not heard yet
    auto operator<=>(const Carrier&) const = default;
};

// A flight as its process knows it, beside the machine.
struct Batch {
    Ticket ticket{};
    std::uint8_t command = 0;
    bool writes = true;
    std::uint64_t serial = 0;
    auto operator<=>(const Batch&) const = default;
};

struct Process {
    WriterMachine machine{LogHead{}};
    std::vector<LogRecord> view{};  // batches merged or applied from the log
    std::vector<Batch> flights{};
    std::array<Carrier, Store::turns> carriers{};
    std::vector<std::uint8_t> waiting{};  // commands
    std::uint64_t next_ticket = 1;
    std::uint64_t epoch_seen = 0;
    bool wants_lease = false;
    std::optional<LogHead> catching_up{};
    auto operator<=>(const Process&) const = default;
};

struct World {
    Budget budget{};
    std::vector<LogRecord> log{};
    std::size_t replicated = 0;  // so many records of it are on the standby
    std::array<Process, 2> processes{};
    std::vector<Carrier> orphans{};  // sent, their socket lost: the database may still execute them
    std::uint8_t answered = 0;  // bit per command: somebody told its client that it is in the book
    bool has_failed_over = false;
    bool is_out_of_order =
        false;  // a batch was merged that was not the first, or more were staged than turns
    bool is_upon_another_past = false;  // a batch was written upon a log that its writer had not decided upon
    auto operator<=>(const World&) const = default;

    [[nodiscard]] static World begin(const Budget& budget);
    // Every world that one step leads to.
    [[nodiscard]] std::vector<World> next() const;
    // What is wrong with it, if anything.
    [[nodiscard]] std::optional<std::string> fault() const;
    [[nodiscard]] std::string bytes() const;  // equal for equal worlds
};

struct Explored {
    std::size_t worlds = 0;
    std::size_t answered_all = 0;  // worlds in which every command was answered as written
    std::size_t ends = 0;  // worlds with no next
    std::optional<std::string> fault;
};
// Every world that can be reached; ends at the first fault.
[[nodiscard]] Explored explore(const Budget& budget, std::size_t most_worlds);

}  // namespace tests::simulation
