// The book's thread: hears how batches ended, decides the next, and does what the machine says.
#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "ledger/base/ensure.hpp"
#include "ledger/base/fault_point.hpp"
#include "ledger/service/book_service.hpp"

namespace ledger::service {
namespace {

constexpr auto never = std::numeric_limits<std::size_t>::max();

}  // namespace

void BookService::run() {
    turns_.emplace(store_, [this](Ticket ticket, Ending ending, std::string why) {
        inbox_.report({ticket, ending, std::move(why)});
    });
    while (!has_nothing_left()) {
        for (auto& report : inbox_.reports()) {
            if (report.ending == Ending::in_doubt)
                set_trouble(Health::resolving,
                            fmt::format("The outcome of a commit is unknown: {}", report.why));
            else if (report.ending == Ending::not_written &&
                     machine_.stage() == WriterMachine::Stage::writing)
                set_trouble(Health::resolving, fmt::format("The store is away: {}", report.why));
            if (report.ending == Ending::in_doubt)
                change_status([](ServiceStatus& status) { ++status.unknown_outcomes; });
            happened(happened::BatchEnded{report.ticket, report.ending});
        }
        switch (machine_.stage()) {
            case WriterMachine::Stage::following:
            case WriterMachine::Stage::taking:
            case WriterMachine::Stage::catching_up: follow_on(); break;
            case WriterMachine::Stage::writing: write_on(); break;
            case WriterMachine::Stage::draining: inbox_.wait(never, options_.tick_every); break;
            case WriterMachine::Stage::resolving: resolve_on(); break;
            case WriterMachine::Stage::past_lost:
                refuse_everything_waiting(Code::not_the_writer, status().trouble);
                inbox_.wait(1, options_.tick_every);
                break;
        }
    }
    refuse_everything_waiting(Code::not_the_writer, "The server is stopping.");
    turns_.reset();
}

bool BookService::has_nothing_left() const {
    if (!is_stopping_) return false;
    switch (machine_.stage()) {
        case WriterMachine::Stage::writing: return flights_.empty() && inbox_.size() == 0;
        case WriterMachine::Stage::draining: return false;
        case WriterMachine::Stage::resolving:
            return std::all_of(flights_.begin(), flights_.end(),
                               [](const Flight& flight) { return flight.waiting.empty(); });
        default: return true;
    }
}

void BookService::perform(std::vector<Effect> list) {
    for (const auto& one : list) std::visit([this](const auto& what) { perform_one(what); }, one);
}

// Writing.

void BookService::write_on() {
    const auto enough = enough_to_decide();
    if (inbox_.size() >= enough) return decide_next();
    if (flights_.empty()) {
        if (!committed()->state.due_by(KnownAt{clocks_.wall()}, 1).empty() &&
            status().health == Health::ready)
            return decide({});
        renew_when_idle();
        if (machine_.stage() != WriterMachine::Stage::writing) return;
    }
    inbox_.wait(enough, std::min(options_.tick_every, options_.renew_every));
}

// A second batch is decided when it is worth a turn of its own: as many wait as are under way, or many.
std::size_t BookService::enough_to_decide() const {
    if (!machine_.may_decide()) return never;
    if (flights_.empty()) return 1;
    std::size_t under_way = 0;
    for (const auto& group : flights_.back().waiting) under_way += group.commands.size();
    return std::clamp(under_way, std::size_t{1}, options_.overlap_from);
}

void BookService::decide_next() {
    const auto now = clocks_.steady();
    auto waiting = inbox_.take(options_.batch_max);
    refuse_all(take_those(waiting, [&](const Waiting& one) { return one.deadline() <= now; }),
               Code::queue_full, "The command waited past its deadline.");
    if (!waiting.empty()) decide(std::move(waiting));
}

void BookService::decide(std::vector<Waiting> waiting) {
    const auto at = knowledge_time();
    if (!at) return refuse_all(std::move(waiting), Code::clock_leap, status().trouble);
    DecidedBatch decided;
    try {
        const bool is_overlay_lost = base::is_planted(base::PlantedBug::lost_overlay);
        auto builder = flights_.empty() || is_overlay_lost
                           ? BatchBuilder{store_, *committed(), *at}
                           : BatchBuilder{store_, flights_.back().decided, *at};
        builder.tick();
        builder.decide(waiting);
        decided = builder.finish();
    } catch (const Unavailable& unavailable) {
        inbox_.put_back(std::move(waiting));
        set_trouble(Health::resolving, fmt::format("The store is away: {}", unavailable.what()));
        return happened(happened::StoreFailed{});
    }
    if (!decided.writes() && waiting.empty()) return;
    auto after = machine_.decided();
    if (decided.writes()) decided.batch.number = ++after.batch;
    after.version = decided.state.version();
    after.hash = decided.head_hash;
    const Ticket ticket{next_ticket_++};
    const auto writes = decided.writes();
    flights_.push_back({ticket, std::move(decided), std::move(waiting)});
    change_status([&](ServiceStatus& status) { status.batches_in_flight = flights_.size(); });
    happened(happened::BatchDecided{ticket, writes, after});
}

// Wall time, never earlier than the book's own; nothing when it leapt against the monotonic clock.
std::optional<KnownAt> BookService::knowledge_time() {
    const auto wall = clocks_.wall();
    const auto steady = clocks_.steady();
    const auto now = flights_.empty() ? committed()->state.now() : flights_.back().decided.state.now();
    std::unique_lock lock{mutex_};
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(steady - clock_base_->second);
    const auto leap = wall - (clock_base_->first + passed);
    if (leap > options_.leap_max) {
        lock.unlock();
        set_trouble(Health::clock_leap,
                    fmt::format("The clock leapt ahead by {} s against the monotonic clock; writing waits.",
                                std::chrono::duration_cast<std::chrono::seconds>(leap).count()));
        return std::nullopt;
    }
    clock_base_ = {wall, steady};
    lock.unlock();
    if (wall < now.at)
        spdlog::debug("book: the clock is behind the book by {} us; held", (now.at - wall).count());
    return KnownAt{std::max(wall, now.at)};
}

void BookService::renew_when_idle() {
    if (Clock::now() < next_renewal_) return;
    next_renewal_ = Clock::now() + options_.renew_every;
    try {
        store_.renew_lease();
    } catch (const Unavailable& unavailable) {
        set_trouble(Health::resolving, fmt::format("The lease could not be renewed: {}", unavailable.what()));
        happened(happened::StoreFailed{});
    }
}

void BookService::perform_one(const effect::Stage& stage) {
    const auto& flight = flights_.back();
    base::ensure(flight.ticket == stage.ticket, "only the last that was decided is staged");
    turns_->stage(flight.ticket, flight.decided.batch, flight.decided.state);
}

void BookService::perform_one(const effect::Merge& merge) {
    base::fault_point(base::FaultPoint::before_merge);
    auto flight = take_flight(merge.ticket);
    auto& decided = flight.decided;
    if (decided.writes()) {
        store_.remember(decided.batch);
        for (const auto& row : decided.batch.accepted) tail_.append(row.entry);
        auto next = new_pin();
        next->state = std::move(decided.state);
        next->head_hash = decided.head_hash;
        publish(std::move(next), [&](ServiceStatus& status) {
            ++status.batches;
            status.accepted += decided.batch.accepted.size();
            status.refused += decided.batch.refused.size();
            status.batches_in_flight = flights_.size();
        });
        next_renewal_ = Clock::now() + options_.renew_every;
    }
    base::fault_point(base::FaultPoint::before_answer);
    for (std::size_t at = 0; at < flight.waiting.size(); ++at)
        flight.waiting[at].answer(std::move(decided.answers[at]));
}

void BookService::publish(std::shared_ptr<Committed> next, const std::function<void(ServiceStatus&)>& count) {
    {
        const std::lock_guard lock{mutex_};
        next->generation = committed_->generation;
        committed_ = std::move(next);
        count(status_);
        if (status_.is_writer()) is_settled_ = true;
    }
    settled_.notify_all();
    const std::lock_guard lock{notify_mutex_};
    for (const auto& notify : notified_) notify();
}

BookService::Flight BookService::take_flight(Ticket ticket) {
    base::ensure(!flights_.empty() && flights_.front().ticket == ticket, "batches end in their order");
    auto flight = std::move(flights_.front());
    flights_.pop_front();
    return flight;
}

// Resolving.

void BookService::perform_one(const effect::TakeLease&) {
    is_lease_wanted_ = true;
    if (machine_.stage() != WriterMachine::Stage::resolving || next_try_ != Clock::time_point{}) return;
    in_doubt_since_ = clocks_.steady();
    next_try_ = Clock::now();
    pause_ = options_.retry_first;
}

void BookService::resolve_on() {
    if (is_lease_wanted_ && Clock::now() >= next_try_) try_to_take_the_lease();
    if (machine_.stage() != WriterMachine::Stage::resolving) return;
    if (is_stopping_ || clocks_.steady() - in_doubt_since_ >= options_.resolve_patience)
        tell_those_in_doubt();
    refuse_all(inbox_.take_expired(clocks_.steady()), Code::queue_full,
               "The command waited past its deadline.");
    inbox_.wait(never, std::max(next_try_ - Clock::now(), Clock::duration{0}));
}

void BookService::try_to_take_the_lease() {
    is_lease_wanted_ = false;
    try {
        const auto lease = store_.take_lease(epoch_seen_);
        epoch_seen_ = lease.epoch;
        next_try_ = {};
        change_status([&](ServiceStatus& status) { status.epoch = lease.epoch; });
        happened(happened::LeaseTaken{lease.head});
    } catch (const Deposed&) {
        next_try_ = {};
        happened(happened::LeaseIsAnothers{});
    } catch (const Unavailable& unavailable) {
        store_is_away(unavailable.what());
        next_try_ = Clock::now() + pause_;
        pause_ = std::min(pause_ * 2, options_.retry_last);
        happened(happened::LeaseNotTaken{});
    }
}

// Callers must hear something. What they asked may or may not be in the log, and their keys will tell.
void BookService::tell_those_in_doubt() {
    for (auto& flight : flights_)
        refuse_all(std::exchange(flight.waiting, {}), Code::outcome_unknown,
                   "The store did not answer in time; the outcome is open.");
}

void BookService::perform_one(const effect::DecideAgain& again) {
    std::vector<Waiting> waiting;
    for (const auto ticket : again.tickets) {
        auto flight = take_flight(ticket);
        std::move(flight.waiting.begin(), flight.waiting.end(), std::back_inserter(waiting));
    }
    inbox_.put_back(std::move(waiting));
}

void BookService::perform_one(const effect::TurnAway& away) {
    for (const auto ticket : away.tickets)
        refuse_all(take_flight(ticket).waiting, Code::not_the_writer,
                   "Another server has become the writer of this book.");
}

void BookService::perform_one(const effect::GiveUp& gone) {
    refuse_all(take_flight(gone.ticket).waiting, Code::outcome_unknown,
               "Another server has become the writer of this book while the outcome was open.");
}

void BookService::refuse_everything_waiting(Code code, const std::string& why) {
    while (inbox_.size() > 0) refuse_all(inbox_.take(options_.batch_max), code, why);
}

void BookService::refuse_all(std::vector<Waiting> waiting, Code code, const std::string& why) {
    if (waiting.empty()) return;
    const auto base = committed();
    const Refused refused{.error = {.code = code, .detail = why, .pointer = ""},
                          .decided_at = base ? base->state.version() : Version{}};
    for (auto& one : waiting) one.answer(std::vector<Outcome>(one.commands.size(), refused));
}

}  // namespace ledger::service
