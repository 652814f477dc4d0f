#include "ledger/service/writer_machine.hpp"

#include <algorithm>

#include "ledger/base/ensure.hpp"
#include "ledger/base/fault_point.hpp"

namespace ledger::service {

using namespace happened;
using base::PlantedBug;

std::vector<Effect> WriterMachine::on(const Happened& happened) {
    std::vector<Effect> list;
    if (stage_ == Stage::past_lost) return list;  // for good
    std::visit([&](const auto& one) { take(one, list); }, happened);
    return list;
}

void WriterMachine::take(const LeaseIsFree&, std::vector<Effect>& list) {
    if (stage_ != Stage::following) return;
    stage_ = Stage::taking;
    list.emplace_back(effect::TakeLease{});
}

// What is in the log now is the truth (design 3, Fencing).
void WriterMachine::take(const LeaseTaken& taken, std::vector<Effect>& list) {
    if (stage_ == Stage::taking) {
        const bool is_behind = taken.head.version > acknowledged_.version;
        if (!is_behind &&
            (taken.head.version != acknowledged_.version || taken.head.hash != acknowledged_.hash))
            return refuse_past(taken.head, list);
        if (is_behind) {
            stage_ = Stage::catching_up;
            list.emplace_back(effect::CatchUp{taken.head});
            return;
        }
        acknowledged_ = taken.head;  // the number of a batch of refusals alone is no part of the past
        stage_ = Stage::writing;
        list.emplace_back(effect::StartWriting{});
        return;
    }
    if (stage_ != Stage::resolving) return;
    const bool first_is_there = !flights_.empty() && flights_.front().ending == Ending::in_doubt &&
                                taken.head == flights_.front().after;
    const bool is_past_compared = !base::is_planted(PlantedBug::past_not_compared);
    if (!first_is_there && taken.head != acknowledged_ && is_past_compared)
        return refuse_past(taken.head, list);
    if (!is_past_compared && !first_is_there) acknowledged_ = taken.head;
    stage_ = Stage::writing;
    if (first_is_there) merge_first(list);
    if (!flights_.empty()) list.emplace_back(effect::DecideAgain{drop_flights()});
    list.emplace_back(effect::StartWriting{});
}

void WriterMachine::take(const LeaseIsAnothers&, std::vector<Effect>& list) {
    if (stage_ != Stage::taking && stage_ != Stage::resolving) return;
    stage_ = Stage::following;
    list.emplace_back(effect::Follow{});
    lose_flights(list);
}

void WriterMachine::take(const LeaseNotTaken&, std::vector<Effect>& list) {
    if (stage_ == Stage::taking) stage_ = Stage::following;  // the lease may not be free any more
    if (stage_ == Stage::resolving) list.emplace_back(effect::TakeLease{});
}

void WriterMachine::take(const CaughtUp& reached, std::vector<Effect>& list) {
    if (stage_ != Stage::following && stage_ != Stage::catching_up) return;
    acknowledged_ = reached.head;
    if (stage_ == Stage::following) return;
    stage_ = Stage::writing;
    list.emplace_back(effect::StartWriting{});
}

void WriterMachine::take(const PastIsLost& lost, std::vector<Effect>& list) { refuse_past(lost.found, list); }

void WriterMachine::take(const StoreFailed&, std::vector<Effect>& list) {
    if (stage_ != Stage::writing) return;
    stage_ = Stage::draining;
    drain(list);
}

void WriterMachine::take(const BatchDecided& decided, std::vector<Effect>& list) {
    base::ensure(may_decide(), "a batch was decided that has no turn");
    flights_.push_back({decided.ticket, decided.writes, decided.after});
    if (decided.writes) list.emplace_back(effect::Stage{decided.ticket});
    if (base::is_planted(PlantedBug::answer_before_durable) ||
        (base::is_planted(PlantedBug::answer_out_of_turn) && !decided.writes && flights_.size() > 1))
        list.emplace_back(effect::Merge{decided.ticket});
    if (flights_.size() == 1) advance(list);
}

void WriterMachine::take(const BatchEnded& ended, std::vector<Effect>& list) {
    const auto flight = std::find_if(flights_.begin(), flights_.end(),
                                     [&](const Flight& one) { return one.ticket == ended.ticket; });
    if (flight == flights_.end()) return;  // of a batch that was dropped
    flight->ending = ended.ending;
    if (ended.ending == Ending::in_doubt && base::is_planted(PlantedBug::doubt_taken_for_yes))
        flight->ending = Ending::committed;
    if (ended.ending == Ending::in_doubt && base::is_planted(PlantedBug::doubt_taken_for_no))
        flight->ending = Ending::not_written;
    const bool is_first = flight == flights_.begin();
    base::ensure(flight->ending != Ending::committed || is_first, "a batch was committed before its turn");
    if (flight->ending == Ending::committed && (stage_ == Stage::writing || stage_ == Stage::draining)) {
        merge_first(list);
        if (stage_ == Stage::writing) return advance(list);
    }
    if (stage_ == Stage::writing && (is_first || ended.ending == Ending::fenced)) stage_ = Stage::draining;
    if (stage_ == Stage::draining) drain(list);
}

// The first in flight may commit now, or be answered when there is nothing to commit.
void WriterMachine::advance(std::vector<Effect>& list) {
    while (!flights_.empty()) {
        const auto& first = flights_.front();
        if (first.ending) {  // it failed to be staged while the one before it committed
            stage_ = Stage::draining;
            return drain(list);
        }
        if (first.writes) {
            list.emplace_back(effect::Commit{first.ticket});
            return;
        }
        merge_first(list);
    }
}

// A batch failed. The one behind it rests on it: it must not be committed, and its session must be done with
// it before the lease is taken again.
void WriterMachine::drain(std::vector<Effect>& list) {
    bool is_awaited = false;
    for (auto flight = flights_.begin(); flight != flights_.end(); ++flight) {
        if (!flight->writes || flight->ending) continue;
        is_awaited = true;
        if (flight != flights_.begin()) list.emplace_back(effect::RollBack{flight->ticket});
    }
    if (is_awaited) return;
    stage_ = Stage::resolving;
    list.emplace_back(effect::TakeLease{});
}

void WriterMachine::merge_first(std::vector<Effect>& list) {
    acknowledged_ = flights_.front().after;
    list.emplace_back(effect::Merge{flights_.front().ticket});
    if (base::is_planted(PlantedBug::double_merge) && flights_.front().ending == Ending::in_doubt) return;
    flights_.pop_front();
}

void WriterMachine::refuse_past(LogHead found, std::vector<Effect>& list) {
    stage_ = Stage::past_lost;
    lose_flights(list);
    list.emplace_back(effect::RefusePast{acknowledged_.version, found});
}

void WriterMachine::lose_flights(std::vector<Effect>& list) {
    if (!flights_.empty() && flights_.front().ending == Ending::in_doubt) {
        list.emplace_back(effect::GiveUp{flights_.front().ticket});
        flights_.pop_front();
    }
    if (!flights_.empty()) list.emplace_back(effect::TurnAway{drop_flights()});
}

std::vector<Ticket> WriterMachine::drop_flights() {
    std::vector<Ticket> dropped;
    for (const auto& flight : flights_) dropped.push_back(flight.ticket);
    flights_.clear();
    return dropped;
}

}  // namespace ledger::service
