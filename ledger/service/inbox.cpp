#include "ledger/service/inbox.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include <fmt/format.h>

namespace ledger::service {

IdempotencyId idempotency_id(PrincipalNo principal, std::string_view key) {
    fmt::memory_buffer scope;
    scope.append(fmt::format_int{principal.value});
    scope.push_back(':');
    scope.append(key);
    const auto digest = sha256(std::string_view{scope.data(), scope.size()});
    IdempotencyId id;
    std::memcpy(id.bytes.data(), digest.bytes.data(), id.bytes.size());
    return id;
}

Asked Asked::of(Envelope envelope, const Digest& digest) {
    std::optional<IdempotencyId> id;
    if (!envelope.idempotency_key.empty()) id = idempotency_id(envelope.principal, envelope.idempotency_key);
    return {std::move(envelope), digest, id};
}

std::size_t Waiting::lines() const {
    std::size_t sum = 0;
    for (const auto& asked : commands) {
        const auto& command = asked.envelope.command;
        if (const auto* journal = std::get_if<rules::PostJournal>(&command)) sum += journal->legs.size();
        if (const auto* lien = std::get_if<rules::OpenLien>(&command)) sum += lien->allocation.size();
        if (const auto* lien = std::get_if<rules::IncreaseLien>(&command)) sum += lien->allocation.size();
        if (const auto* lien = std::get_if<rules::ReallocateLien>(&command)) sum += lien->allocation.size();
    }
    return sum;
}

bool Waiting::is_release() const {
    return std::all_of(commands.begin(), commands.end(), [](const Asked& asked) {
        const auto& command = asked.envelope.command;
        return std::holds_alternative<rules::ReleaseLien>(command) ||
               std::holds_alternative<rules::ReleaseReservation>(command) ||
               std::holds_alternative<rules::RevokeKey>(command) ||
               std::holds_alternative<rules::RevokeAgreement>(command);
    });
}

Inbox::Added Inbox::add(Waiting& waiting) {
    {
        const std::lock_guard lock{mutex_};
        if (is_closed_) return Added::closed;
        const auto room = waiting.is_release() ? capacity_ : capacity_ - capacity_ / 8;
        if (commands_ + waiting.commands.size() > room) return Added::full;
        commands_ += waiting.commands.size();
        waiting_.push_back(std::move(waiting));
    }
    arrived_.notify_one();
    return Added::yes;
}

void Inbox::put_back(std::vector<Waiting> waiting) {
    const std::lock_guard lock{mutex_};
    for (const auto& one : waiting) commands_ += one.commands.size();
    returned_.insert(returned_.begin(), std::make_move_iterator(waiting.begin()),
                     std::make_move_iterator(waiting.end()));
}

void Inbox::report(BatchReport report) {
    {
        const std::lock_guard lock{mutex_};
        reports_.push_back(std::move(report));
    }
    arrived_.notify_one();
}

void Inbox::wake() {
    {
        const std::lock_guard lock{mutex_};
        is_woken_ = true;
    }
    arrived_.notify_one();
}

void Inbox::close() {
    {
        const std::lock_guard lock{mutex_};
        is_closed_ = true;
        is_woken_ = true;
    }
    arrived_.notify_all();
}

void Inbox::wait(std::size_t enough, std::chrono::steady_clock::duration patience) {
    std::unique_lock lock{mutex_};
    arrived_.wait_for(lock, patience, [&] { return is_woken_ || !reports_.empty() || commands_ >= enough; });
    is_woken_ = false;
}

std::vector<BatchReport> Inbox::reports() {
    const std::lock_guard lock{mutex_};
    return std::exchange(reports_, {});
}

std::vector<Waiting> Inbox::take(std::size_t most) {
    const std::lock_guard lock{mutex_};
    std::vector<Waiting> taken;
    Load load;
    if (commands_ > most) {
        auto releases = take_those(waiting_, [](const Waiting& one) { return one.is_release(); });
        waiting_.insert(waiting_.begin(), std::make_move_iterator(releases.begin()),
                        std::make_move_iterator(releases.end()));
    }
    take_from(returned_, most, taken, load);
    if (returned_.empty()) take_from(waiting_, most, taken, load);
    return taken;
}

void Inbox::take_from(std::deque<Waiting>& line, std::size_t most, std::vector<Waiting>& taken, Load& load) {
    while (!line.empty()) {
        const Load with{load.commands + line.front().commands.size(), load.lines + line.front().lines()};
        if (!taken.empty() && (with.commands > most || with.lines > lines_per_batch_max)) return;
        load = with;
        commands_ -= line.front().commands.size();
        taken.push_back(std::move(line.front()));
        line.pop_front();
    }
}

std::vector<Waiting> Inbox::take_expired(std::chrono::steady_clock::time_point now) {
    const std::lock_guard lock{mutex_};
    std::vector<Waiting> expired;
    for (auto* line : {&returned_, &waiting_}) {
        auto late = take_those(*line, [&](const Waiting& one) { return one.deadline() <= now; });
        std::ranges::move(late, std::back_inserter(expired));
    }
    for (const auto& one : expired) commands_ -= one.commands.size();
    return expired;
}

std::size_t Inbox::size() const {
    const std::lock_guard lock{mutex_};
    return commands_;
}

bool Inbox::is_closed() const {
    const std::lock_guard lock{mutex_};
    return is_closed_;
}

}  // namespace ledger::service
