#include "tests/support/small_world.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <unordered_set>

#include "ledger/base/digest.hpp"

namespace tests::simulation {
namespace {

namespace to_hear = ledger::service::happened;
using ledger::base::Digest;

std::vector<LogRecord> batches_of(const std::vector<LogRecord>& log) {
    std::vector<LogRecord> batches;
    std::copy_if(log.begin(), log.end(), std::back_inserter(batches),
                 [](const LogRecord& record) { return !record.is_lease; });
    return batches;
}

// Names a past: equal only for equal pasts.
LogHead head_of(const std::vector<LogRecord>& batches) {
    LogHead head{.batch = batches.size(), .version = Version{batches.size()}, .hash = {}};
    std::uint64_t chain = 14'695'981'039'346'656'037ULL;
    for (const auto& record : batches) chain = (chain ^ record.serial) * 1'099'511'628'211ULL;
    if (!batches.empty()) std::memcpy(head.hash.bytes.data(), &chain, sizeof chain);
    return head;
}

bool holds(const std::vector<LogRecord>& batches, std::uint8_t command) {
    return std::any_of(batches.begin(), batches.end(),
                       [&](const LogRecord& record) { return record.command == command; });
}

// One step of the world, under way.
class Step {
public:
    explicit Step(World world) : world_{std::move(world)} {}

    World finish() && { return std::move(world_); }
    World& world() { return world_; }
    Process& process(std::size_t at) { return world_.processes.at(at); }

    void hear(std::size_t at, const Happened& what) {
        for (const auto& one : process(at).machine.on(what))
            std::visit([&](const auto& wanted) { perform(at, wanted); }, one);
    }

    void decide(std::size_t at) {
        auto& self = process(at);
        const auto command = self.waiting.front();
        self.waiting.erase(self.waiting.begin());
        bool is_known = holds(self.view, command);
        for (const auto& flight : self.flights) is_known = is_known || flight.command == command;
        const Ticket ticket{self.next_ticket++};
        const std::uint64_t serial = is_known ? 0 : 1 + at * 64 + ticket.value;
        self.flights.push_back({ticket, command, !is_known, serial});
        auto decided = self.view;
        for (const auto& flight : self.flights)
            if (flight.writes) decided.push_back(record_of(flight));
        auto after = head_of(decided);
        after.batch = self.machine.decided().batch + (is_known ? 0 : 1);
        hear(at, to_hear::BatchDecided{ticket, !is_known, after});
    }

    // The database executes a COMMIT that reached it.
    void apply(std::size_t at, Carrier& carrier) {
        if (execute(carrier)) {
            carrier.carried = Carried::applied;
            return;
        }
        if (carrier.is_cut) {  // nobody hears that it was undone
            carrier.number = 0;
            return;
        }
        end(at, carrier, carrier.epoch == epoch() ? Ending::not_written : Ending::fenced);
    }

    bool execute(const Carrier& carrier) {
        const auto batches = batches_of(world_.log);
        if (carrier.epoch != epoch() || carrier.number != batches.size() + 1) return false;
        world_.is_upon_another_past = world_.is_upon_another_past || head_of(batches) != carrier.upon;
        world_.log.push_back({.command = carrier.command, .serial = carrier.serial});
        return true;
    }

    void end(std::size_t at, Carrier& carrier, Ending ending) {
        const auto ticket = carrier.ticket;
        if (ending == Ending::in_doubt && carrier.carried == Carried::sent && carrier.number != 0)
            world_.orphans.push_back(carrier);
        carrier = {};
        hear(at, to_hear::BatchEnded{ticket, ending});
    }

    [[nodiscard]] std::uint64_t epoch() const {
        return static_cast<std::uint64_t>(std::count_if(
            world_.log.begin(), world_.log.end(), [](const LogRecord& record) { return record.is_lease; }));
    }

    // Ends every session of the writers before, raises the epoch, and is sure of it once the standby has it.
    void take_lease(std::size_t at, bool is_answer_lost) {
        auto& self = process(at);
        self.wants_lease = false;
        if (self.epoch_seen != epoch()) return hear(at, to_hear::LeaseIsAnothers{});
        for (auto& other : world_.processes)
            for (auto& carrier : other.carriers)
                if (carrier.carried != Carried::idle) cut(carrier);
        world_.orphans.clear();
        world_.log.push_back({.is_lease = true, .command = 0, .serial = 1000 + epoch()});
        if (world_.budget.standby_is_synchronous) world_.replicated = world_.log.size();
        if (is_answer_lost) return hear(at, to_hear::LeaseNotTaken{});
        self.epoch_seen = epoch();
        hear(at, to_hear::LeaseTaken{head_of(batches_of(world_.log))});
    }

    // The standby becomes the primary: what it did not have is gone, and so is every session.
    void fail_over() {
        world_.has_failed_over = true;
        world_.log.resize(world_.replicated);
        world_.orphans.clear();
        for (auto& process : world_.processes)
            for (auto& carrier : process.carriers)
                if (carrier.carried != Carried::idle) cut(carrier);
    }

    // A follower looks at the log and at the lease.
    void look(std::size_t at, bool is_lease_free) {
        auto& self = process(at);
        self.epoch_seen = epoch();
        const auto seen = visible();
        if (seen.size() < self.view.size()) return hear(at, to_hear::PastIsLost{head_of(seen)});
        if (!std::equal(self.view.begin(), self.view.end(), seen.begin()))
            return hear(at, to_hear::PastIsLost{head_of(seen)});
        self.view = seen;
        hear(at, to_hear::CaughtUp{head_of(seen)});
        if (is_lease_free) hear(at, to_hear::LeaseIsFree{});
    }

    void catch_up(std::size_t at) {
        auto& self = process(at);
        const auto through = *self.catching_up;
        const auto seen = visible();
        self.catching_up.reset();
        if (seen.size() < self.view.size() || !std::equal(self.view.begin(), self.view.end(), seen.begin()) ||
            head_of(seen) != through)
            return hear(at, to_hear::PastIsLost{head_of(seen)});
        self.view = seen;
        hear(at, to_hear::CaughtUp{through});
    }

private:
    static void cut(Carrier& carrier) {
        carrier.is_cut = true;
        if (carrier.carried == Carried::sent) carrier.number = 0;  // it will never be executed now
    }

    [[nodiscard]] static LogRecord record_of(const Batch& flight) {
        return {.command = flight.command, .serial = flight.serial};
    }

    // Rows whose transaction still waits for the standby are not seen by others.
    [[nodiscard]] std::vector<LogRecord> visible() const {
        auto seen = world_.log;
        for (const auto& process : world_.processes)
            for (const auto& carrier : process.carriers)
                if (carrier.carried == Carried::applied && !carrier.is_cut)
                    std::erase_if(seen,
                                  [&](const LogRecord& record) { return record.serial == carrier.serial; });
        return batches_of(seen);
    }

    Batch take_flight(std::size_t at, Ticket ticket) {
        auto& self = process(at);
        const auto flight = std::find_if(self.flights.begin(), self.flights.end(),
                                         [&](const Batch& one) { return one.ticket == ticket; });
        if (flight == self.flights.end()) {
            world_.is_out_of_order = true;
            return {};
        }
        auto taken = *flight;
        self.flights.erase(flight);
        return taken;
    }

    Carrier* carrier_of(std::size_t at, Ticket ticket) {
        for (auto& carrier : process(at).carriers)
            if (carrier.carried != Carried::idle && carrier.ticket == ticket) return &carrier;
        return nullptr;
    }

    void perform(std::size_t at, const effect::TakeLease&) { process(at).wants_lease = true; }
    void perform(std::size_t at, const effect::CatchUp& wanted) { process(at).catching_up = wanted.through; }
    void perform(std::size_t, const effect::StartWriting&) {}
    void perform(std::size_t at, const effect::Follow&) { send_on(at, process(at).waiting); }
    void perform(std::size_t at, const effect::Stage& wanted) {
        auto& self = process(at);
        const auto flight = std::find_if(self.flights.begin(), self.flights.end(),
                                         [&](const Batch& one) { return one.ticket == wanted.ticket; });
        auto before = self.view;
        for (auto one = self.flights.begin(); one < flight; ++one)
            if (one->writes) before.push_back(record_of(*one));
        const auto number = self.machine.flights().back().after.batch;
        for (auto& carrier : self.carriers) {
            if (carrier.carried != Carried::idle) continue;
            carrier = {.carried = Carried::staged,
                       .ticket = wanted.ticket,
                       .command = flight->command,
                       .epoch = self.epoch_seen,
                       .number = number,
                       .serial = flight->serial,
                       .upon = head_of(before)};
            return;
        }
        world_.is_out_of_order = true;
    }
    void perform(std::size_t at, const effect::Commit& wanted) {
        if (auto* carrier = carrier_of(at, wanted.ticket)) carrier->may_commit = true;
    }
    void perform(std::size_t at, const effect::RollBack& wanted) {
        if (auto* carrier = carrier_of(at, wanted.ticket)) carrier->must_roll_back = true;
    }
    void perform(std::size_t at, const effect::Merge& wanted) {
        world_.is_out_of_order = world_.is_out_of_order || process(at).flights.empty() ||
                                 process(at).flights.front().ticket != wanted.ticket;
        const auto flight = take_flight(at, wanted.ticket);
        if (flight.writes) process(at).view.push_back(record_of(flight));
        world_.answered = static_cast<std::uint8_t>(world_.answered | (1U << flight.command));
    }
    void perform(std::size_t at, const effect::DecideAgain& wanted) {
        std::vector<std::uint8_t> again;
        for (const auto ticket : wanted.tickets) again.push_back(take_flight(at, ticket).command);
        auto& waiting = process(at).waiting;
        waiting.insert(waiting.begin(), again.begin(), again.end());
    }
    void perform(std::size_t at, const effect::TurnAway& wanted) {
        std::vector<std::uint8_t> commands;
        for (const auto ticket : wanted.tickets) commands.push_back(take_flight(at, ticket).command);
        send_on(at, commands);
    }
    void perform(std::size_t at, const effect::GiveUp& wanted) {
        std::vector<std::uint8_t> commands{take_flight(at, wanted.ticket).command};
        send_on(at, commands);
    }
    void perform(std::size_t at, const effect::RefusePast&) { send_on(at, process(at).waiting); }

    // Its client asks the other process, under the same key.
    void send_on(std::size_t at, std::vector<std::uint8_t>& commands) {
        auto& other = process(1 - at);
        other.waiting.insert(other.waiting.end(), commands.begin(), commands.end());
        commands.clear();
    }

    World world_;
};

}  // namespace

World World::begin(const Budget& budget) {
    World world;
    world.budget = budget;
    for (std::uint8_t command = 0; command < budget.commands; ++command)
        world.processes[0].waiting.push_back(command);
    return world;
}

std::vector<World> World::next() const {
    std::vector<World> worlds;
    const auto step = [&](const auto& change) {
        Step one{*this};
        change(one);
        worlds.push_back(std::move(one).finish());
    };
    for (std::size_t at = 0; at < processes.size(); ++at) {
        const auto& self = processes[at];
        using Stage = WriterMachine::Stage;
        const auto stage = self.machine.stage();
        if (self.machine.may_decide() && !self.waiting.empty()) step([&](Step& one) { one.decide(at); });
        if (budget.retries > 0 && !self.flights.empty())
            step([&](Step& one) {
                --one.world().budget.retries;
                one.process(at).waiting.push_back(self.flights.front().command);
            });
        if (stage == Stage::following) {
            step([&](Step& one) { one.look(at, false); });
            if (budget.takeovers > 0)
                step([&](Step& one) {
                    --one.world().budget.takeovers;
                    one.look(at, true);
                });
        }
        if (self.catching_up) step([&](Step& one) { one.catch_up(at); });
        if (self.wants_lease) {
            step([&](Step& one) { one.take_lease(at, false); });
            if (budget.lost_answers > 0)
                step([&](Step& one) {
                    --one.world().budget.lost_answers;
                    one.take_lease(at, true);
                });
        }
        for (std::size_t turn = 0; turn < self.carriers.size(); ++turn) {
            const auto& carrier = self.carriers[turn];
            const auto act = [&](const auto& change) {
                step([&](Step& one) { change(one, one.process(at).carriers[turn]); });
            };
            if (carrier.carried == Carried::staged) {
                if (carrier.is_cut || carrier.must_roll_back)
                    act([&](Step& one, Carrier& mine) { one.end(at, mine, Ending::not_written); });
                else if (budget.failed_stages > 0)
                    act([&](Step& one, Carrier& mine) {
                        --one.world().budget.failed_stages;
                        one.end(at, mine, Ending::not_written);
                    });
                if (carrier.may_commit && !carrier.is_cut && !carrier.must_roll_back)
                    act([&](Step&, Carrier& mine) { mine.carried = Carried::sent; });
            }
            const bool may_execute = carrier.carried == Carried::sent && carrier.number != 0;
            if (may_execute) act([&](Step& one, Carrier& mine) { one.apply(at, mine); });
            const bool is_on_standby =
                carrier.carried == Carried::applied &&
                (!budget.standby_is_synchronous ||
                 std::any_of(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(replicated),
                             [&](const LogRecord& record) { return record.serial == carrier.serial; }));
            if (is_on_standby && !carrier.is_cut)
                act([&](Step& one, Carrier& mine) { one.end(at, mine, Ending::committed); });
            const bool is_in_doubt = carrier.carried == Carried::sent || carrier.carried == Carried::applied;
            if (is_in_doubt && carrier.is_cut)
                act([&](Step& one, Carrier& mine) { one.end(at, mine, Ending::in_doubt); });
            // The socket is lost; what was sent may still be executed.
            if (is_in_doubt && !carrier.is_cut && budget.lost_answers > 0)
                act([&](Step& one, Carrier& mine) {
                    --one.world().budget.lost_answers;
                    mine.is_cut = true;
                });
        }
    }
    for (std::size_t orphan = 0; orphan < orphans.size(); ++orphan)
        step([&](Step& one) {
            static_cast<void>(one.execute(orphans[orphan]));
            auto& rest = one.world().orphans;
            rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(orphan));
        });
    if (replicated < log.size()) step([](Step& one) { ++one.world().replicated; });
    if (budget.failovers > 0)
        step([](Step& one) {
            --one.world().budget.failovers;
            one.fail_over();
        });
    return worlds;
}

std::optional<std::string> World::fault() const {
    const auto batches = batches_of(log);
    if (budget.standby_is_synchronous && !has_failed_over)
        for (const auto& process : processes)
            if (process.machine.stage() == WriterMachine::Stage::past_lost)
                return "a process refuses the past, and nothing was lost";
    if (is_out_of_order) return "a batch was merged out of order, or twice";
    if (is_upon_another_past) return "a batch was written upon another past than it was decided upon";
    for (std::uint8_t command = 0; command < 8; ++command) {
        const auto times = std::count_if(batches.begin(), batches.end(),
                                         [&](const LogRecord& record) { return record.command == command; });
        if (times > 1) return "a command stands in the log twice";
        if (((answered >> command) & 1U) == 0) continue;
        if (times == 0 && budget.standby_is_synchronous)
            return "a command was answered and is not in the log";
        const auto on_standby = std::any_of(
            log.begin(), log.begin() + static_cast<std::ptrdiff_t>(std::min(replicated, log.size())),
            [&](const LogRecord& record) { return !record.is_lease && record.command == command; });
        if (!on_standby && budget.standby_is_synchronous)
            return "a command was answered before it was durable";
    }
    return std::nullopt;
}

namespace {

class Bytes {
public:
    template <class Number>
    void add(Number number) {
        static_assert(std::is_integral_v<Number> || std::is_enum_v<Number>);
        auto value = static_cast<std::uint64_t>(number);
        do {
            text_ += static_cast<char>(value & 0xffU);
            value >>= 8U;
        } while (value != 0);
        text_ += '|';
    }
    void add(const LogHead& head) {
        add(head.batch);
        add(head.version.value);
        text_.append(reinterpret_cast<const char*>(head.hash.bytes.data()), 8);
    }
    void add(const std::vector<LogRecord>& log) {
        add(log.size());
        for (const auto& record : log) add(record.serial);
    }
    [[nodiscard]] std::string take() && { return std::move(text_); }

private:
    std::string text_;
};

}  // namespace

std::string World::bytes() const {
    Bytes bytes;
    bytes.add(has_failed_over);
    for (const auto number : {budget.retries, budget.lost_answers, budget.failed_stages, budget.takeovers,
                              budget.failovers, answered})
        bytes.add(number);
    bytes.add(is_out_of_order);
    bytes.add(is_upon_another_past);
    bytes.add(log);
    bytes.add(replicated);
    for (const auto& orphan : orphans) bytes.add(orphan.serial * 64 + orphan.epoch * 8 + orphan.number);
    for (const auto& process : processes) {
        bytes.add(process.machine.stage());
        bytes.add(process.machine.acknowledged());
        for (const auto& flight : process.machine.flights()) {
            bytes.add(flight.ticket.value);
            bytes.add(flight.writes);
            bytes.add(flight.after);
            bytes.add(flight.ending ? 1 + static_cast<int>(*flight.ending) : 0);
        }
        bytes.add(process.view);
        for (const auto& flight : process.flights) bytes.add(flight.ticket.value * 8 + flight.command);
        bytes.add(process.waiting.size());
        for (const auto command : process.waiting) bytes.add(command);
        for (const auto& carrier : process.carriers) {
            bytes.add(carrier.carried);
            bytes.add(carrier.ticket.value);
            bytes.add(carrier.epoch * 64 + carrier.number * 8 + carrier.may_commit * 4U +
                      carrier.must_roll_back * 2U + carrier.is_cut);
        }
        bytes.add(process.next_ticket);
        bytes.add(process.epoch_seen * 4 + process.wants_lease * 2U + process.catching_up.has_value());
        if (process.catching_up) bytes.add(*process.catching_up);
    }
    return std::move(bytes).take();
}

Explored explore(const Budget& budget, std::size_t most_worlds) {
    Explored explored;
    std::unordered_set<std::string> seen;  // sixteen bytes of a digest each
    const auto name_of = [](const World& world) {
        const auto digest = ledger::base::sha256(world.bytes());
        return std::string{reinterpret_cast<const char*>(digest.bytes.data()), 16};
    };
    std::deque<World> frontier{World::begin(budget)};
    seen.insert(name_of(frontier.front()));
    const auto every = (1U << budget.commands) - 1;
    while (!frontier.empty() && explored.worlds < most_worlds) {
        const auto world = std::move(frontier.back());
        frontier.pop_back();
        ++explored.worlds;
        if ((explored.fault = world.fault())) return explored;
        if ((world.answered & every) == every) ++explored.answered_all;
        const auto followers = world.next();
        if (followers.empty()) ++explored.ends;
        for (const auto& follower : followers)
            if (seen.insert(name_of(follower)).second) frontier.push_back(follower);
    }
    return explored;
}

}  // namespace tests::simulation
