#include "ledger/service/turns.hpp"

#include <algorithm>

#include "ledger/base/ensure.hpp"

namespace ledger::service {

Turns::Turns(Store& store, std::function<void(Ticket, Ending, std::string)> ended)
    : store_{store}, ended_{std::move(ended)} {
    for (std::size_t at = 0; at < turns_.size(); ++at)
        turns_[at].thread = std::thread{[this, at] { run(at); }};
}

Turns::~Turns() {
    {
        const std::lock_guard lock{mutex_};
        is_over_ = true;
    }
    changed_.notify_all();
    for (auto& turn : turns_) turn.thread.join();
}

void Turns::stage(Ticket ticket, const Batch& batch, const State& after) {
    {
        const std::lock_guard lock{mutex_};
        const auto idle =
            std::find_if(turns_.begin(), turns_.end(), [](const Turn& turn) { return !turn.ticket; });
        base::ensure(idle != turns_.end(), "more batches than turns");
        idle->ticket = ticket;
        idle->batch = &batch;
        idle->after = &after;
        idle->wish = Wish::none;
    }
    changed_.notify_all();
}

void Turns::commit(Ticket ticket) { wish(ticket, Wish::commit); }

void Turns::roll_back(Ticket ticket) {
    wish(ticket, Wish::roll_back);
    std::optional<std::size_t> at;
    {
        const std::lock_guard lock{mutex_};
        for (std::size_t turn = 0; turn < turns_.size(); ++turn)
            if (turns_[turn].ticket == ticket) at = turn;
    }
    if (at) store_.cut(*at);  // it may be in the middle of a long COPY
}

void Turns::wish(Ticket ticket, Wish wish) {
    {
        const std::lock_guard lock{mutex_};
        for (auto& turn : turns_)
            if (turn.ticket == ticket) turn.wish = wish;
    }
    changed_.notify_all();
}

void Turns::run(std::size_t at) {
    std::unique_lock lock{mutex_};
    auto& turn = turns_[at];
    while (true) {
        changed_.wait(lock, [&] { return is_over_ || turn.ticket; });
        if (!turn.ticket) return;
        const auto ticket = *turn.ticket;
        const auto& batch = *turn.batch;
        const auto& after = *turn.after;
        lock.unlock();
        std::string why;
        const auto ending = carry(at, batch, after, why);
        lock.lock();
        turn.ticket.reset();
        lock.unlock();
        ended_(ticket, ending, std::move(why));
        lock.lock();
    }
}

Ending Turns::carry(std::size_t at, const Batch& batch, const State& after, std::string& why) {
    try {
        store_.stage(at, batch, after);
        auto wanted = Wish::none;
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [&] { return is_over_ || turns_[at].wish != Wish::none; });
            wanted = turns_[at].wish;
        }
        if (wanted == Wish::commit) {
            if (store_.commit(at) == CommitOutcome::committed) return Ending::committed;
            why = "another server has become the writer";
            return Ending::fenced;
        }
        store_.roll_back(at);
        why = "rolled back with the batch before it";
        return Ending::not_written;
    } catch (const OutcomeUnknown& unknown) {
        why = unknown.what();
        return Ending::in_doubt;
    } catch (const Unavailable& unavailable) {
        why = unavailable.what();
        return Ending::not_written;
    }
}

}  // namespace ledger::service
