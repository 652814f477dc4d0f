#include "app/bench/flow.hpp"

#include <fmt/format.h>

#include "app/options.hpp"

namespace app::bench {

Flow::~Flow() {
    std::unique_lock lock{mutex_};
    answered_.wait(lock, [this] { return open_ == 0; });
}

void Flow::submit(ledger::rules::Command command, std::string key) {
    {
        std::unique_lock lock{mutex_};
        // Woken when a quarter of the window is free: a wake for each answer would cost more than the answer.
        if (open_ >= window_) answered_.wait(lock, [this] { return open_ <= window_ * 3 / 4; });
        ++open_;
    }
    book_.submit({.principal = principal_, .idempotency_key = std::move(key), .command = std::move(command)},
                 [this](const ledger::port::Outcome& outcome) { take(outcome); });
}

void Flow::take(const ledger::port::Outcome& outcome) {
    const std::lock_guard lock{mutex_};
    if (const auto* refused = std::get_if<ledger::port::Refused>(&outcome)) {
        if (refusal_.empty())
            refusal_ =
                fmt::format("{}: {}", ledger::base::info(refused->error.code).name, refused->error.detail);
    } else if (std::get<ledger::port::Accepted>(outcome).replayed) {
        refusal_ = "a command was taken for a repetition of another";
    }
    --open_;
    if (open_ == 0 || open_ == window_ * 3 / 4) answered_.notify_all();
}

void Flow::settle() {
    std::unique_lock lock{mutex_};
    answered_.wait(lock, [this] { return open_ == 0; });
    if (!refusal_.empty())
        throw CommandFailed{exit_refused,
                            fmt::format("The book refused a command of the benchmark: {}", refusal_)};
}

}  // namespace app::bench
