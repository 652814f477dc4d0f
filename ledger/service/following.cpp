// The book's thread while another process writes: the log is applied as it grows, and the lease is watched.
#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "ledger/service/book_service.hpp"

namespace ledger::service {

void BookService::follow_on() {
    if (is_lease_wanted_) return try_to_take_the_lease();
    if (Clock::now() >= next_look_) {
        next_look_ = Clock::now() + options_.follow_every;
        if (machine_.stage() == WriterMachine::Stage::catching_up)
            perform_one(effect::CatchUp{*catching_up_});
        else
            look_at_the_lease();
        if (is_lease_wanted_ || machine_.stage() == WriterMachine::Stage::writing) return;
    }
    inbox_.wait(1, std::max(next_look_ - Clock::now(), Clock::duration{0}));
    if (machine_.stage() == WriterMachine::Stage::following)
        refuse_everything_waiting(Code::not_the_writer, "This server has just become a follower.");
}

void BookService::look_at_the_lease() {
    try {
        const auto lease = store_.lease_status();
        epoch_seen_ = lease.epoch;
        if (lease.version < committed()->state.version())
            return happened(happened::PastIsLost{LogHead{.batch = 0, .version = lease.version, .hash = {}}});
        if (lease.version > committed()->state.version()) store_.await_durable();
        tail_the_log(lease.version);
        if (machine_.stage() != WriterMachine::Stage::following) return;
        const bool is_vacant =
            !lease.has_sessions && (is_first_look_ || lease.since_renewal >= options_.vacancy_for);
        const bool is_free =
            lease.holder.empty() || lease.is_mine || is_vacant || lease.since_renewal >= options_.lease_for;
        is_first_look_ = false;
        {
            const std::lock_guard lock{mutex_};
            status_.epoch = lease.epoch;
            status_.writer = lease.holder;
            status_.head = lease.version;
            head_seen_at_ = Clock::now();
            if (!is_free) {
                status_.health = Health::ready;
                status_.trouble.clear();
                is_settled_ = true;
            }
        }
        settled_.notify_all();
        if (is_free) happened(happened::LeaseIsFree{});
    } catch (const Unavailable& unavailable) {
        store_is_away(unavailable.what());
    }
}

void BookService::store_is_away(const std::string& why) {
    set_trouble(Health::resolving, fmt::format("The store is away: {}", why));
    {
        const std::lock_guard lock{mutex_};
        is_settled_ = true;  // before start() has returned, trouble ends it
    }
    settled_.notify_all();
}

// Applies the log through that version, page by page, each published.
void BookService::tail_the_log(Version through) {
    while (committed()->state.version() < through) {
        const auto base = committed();
        const auto page = reader_.log_after(base->state.version(), options_.follow_page);
        if (page.empty()) throw Unavailable{fmt::format("the log ends before version {}", through.value)};
        auto next = new_pin();
        next->state = base->state;
        next->head_hash = base->head_hash;
        for (const auto& entry : page) {
            if (entry->previous_hash != next->head_hash) {
                const auto version = entry->recorded.version;
                return happened(
                    happened::PastIsLost{LogHead{.batch = 0, .version = version, .hash = entry->hash}});
            }
            if (const auto fault = try_evolve(next->state, entry->recorded))
                throw Unavailable{
                    fmt::format("version {} of the log cannot be applied ({}): run bailee verify",
                                entry->recorded.version.value, *fault)};
            next->head_hash = entry->hash;
        }
        const LogHead head{machine_.acknowledged().batch, next->state.version(), next->head_hash};
        for (const auto& entry : page) tail_.append(entry);
        publish(std::move(next), [&](ServiceStatus& status) { status.accepted += page.size(); });
        if (machine_.stage() == WriterMachine::Stage::following) happened(happened::CaughtUp{head});
    }
}

void BookService::perform_one(const effect::CatchUp& catching_up) {
    catching_up_ = catching_up.through;
    try {
        tail_the_log(catching_up.through.version);
    } catch (const Unavailable& unavailable) {
        return store_is_away(unavailable.what());  // tried again at the next look
    }
    if (machine_.stage() != WriterMachine::Stage::catching_up) return;
    const auto base = committed();
    if (base->state.version() != catching_up.through.version || base->head_hash != catching_up.through.hash)
        return happened(happened::PastIsLost{catching_up.through});
    happened(happened::CaughtUp{catching_up.through});
}

void BookService::perform_one(const effect::StartWriting&) {
    {
        const std::lock_guard lock{mutex_};
        if (!status_.is_writer()) {
            ++status_.takeovers;
            spdlog::info("book: writing from version {} under epoch {}", committed_->state.version().value,
                         status_.epoch);
        }
        status_.role = ServerRole::writer;
        status_.writer.clear();
        if (status_.health != Health::clock_leap) {
            status_.health = Health::ready;
            status_.trouble.clear();
        }
        is_settled_ = committed_->state.version().value > 0;
    }
    settled_.notify_all();
    if (committed()->state.version().value > 0 || inbox_.size() > 0) return;
    Waiting opening{.commands = {}, .linkage = Linkage::independent, .answer = [](const auto&) {}};
    opening.commands.push_back(
        {Envelope{
             .principal = PrincipalNo{0}, .idempotency_key = "", .command = rules::OpenBook{options_.book}},
         Digest{}});
    std::vector<Waiting> alone;
    alone.push_back(std::move(opening));
    decide(std::move(alone));
}

void BookService::perform_one(const effect::Follow&) {
    {
        const std::lock_guard lock{mutex_};
        status_.role = ServerRole::follower;
        status_.batches_in_flight = 0;
        is_settled_ = true;
    }
    settled_.notify_all();
    set_trouble(Health::ready, "");
    spdlog::warn("book: another server has become the writer; this one follows");
    refuse_everything_waiting(Code::not_the_writer, "Another server has become the writer of this book.");
    next_look_ = {};
}

void BookService::perform_one(const effect::RefusePast& lost) {
    {
        const std::lock_guard lock{mutex_};
        status_.role = ServerRole::follower;
        is_settled_ = true;
    }
    const auto why = fmt::format(
        "The database does not contain version {} as it was acknowledged; its log {} version {}. Nothing "
        "more is "
        "written.",
        lost.missing.value, lost.found.version < lost.missing ? "ends at" : "has another past at",
        lost.found.version.value);
    set_trouble(Health::past_lost, why);
    settled_.notify_all();
    refuse_everything_waiting(Code::not_the_writer, why);
}

}  // namespace ledger::service
