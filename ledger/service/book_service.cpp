#include "ledger/service/book_service.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "ledger/base/ensure.hpp"
#include "ledger/book/canonical.hpp"
#include "ledger/proof/hash_chain.hpp"

namespace ledger::service {

Clocks Clocks::of_this_machine() {
    return {.wall =
                [] {
                    return std::chrono::time_point_cast<std::chrono::microseconds>(
                        std::chrono::system_clock::now());
                },
            .steady = [] { return std::chrono::steady_clock::now(); }};
}

BookService::BookService(Store& store, Reader& reader, ServiceOptions options, Clocks clocks)
    : store_{store},
      reader_{reader},
      options_{std::move(options)},
      clocks_{std::move(clocks)},
      inbox_{options_.queue_max},
      tail_{options_.tail_max} {}

BookService::~BookService() { stop(); }

void BookService::start() {
    auto loaded = store_.load();
    digest_key_ = std::move(loaded.digest_key);
    auto first = new_pin();
    first->state = std::move(loaded.state);
    first->generation = loaded.generation;
    const auto version = first->state.version();
    if (version.value == 0) {
        first->head_hash = proof::chain_root(options_.book);
    } else {
        const auto hash = store_.hash_at(version);
        if (!hash)
            throw Unavailable{
                fmt::format("the balances are those of version {}, which the log has not: run "
                            "bailee verify",
                            version.value)};
        first->head_hash = *hash;
    }
    machine_ = WriterMachine{
        LogHead{.batch = 0, .version = version, .hash = version.value == 0 ? Digest{} : first->head_hash}};
    std::unique_lock lock{mutex_};
    committed_ = std::move(first);
    clock_base_ = {clocks_.wall(), clocks_.steady()};
    thread_ = std::thread{[this] { run(); }};
    settled_.wait(lock, [&] { return is_settled_; });
    if (status_.health != Health::ready) {
        const auto why = status_.trouble;
        lock.unlock();
        stop();
        throw Unavailable{why};
    }
}

void BookService::stop() {
    is_stopping_ = true;
    inbox_.close();
    if (thread_.joinable()) thread_.join();
    change_status([](ServiceStatus& status) {
        status.health = Health::stopping;
        status.role = ServerRole::follower;
    });
}

void BookService::submit(Envelope envelope, std::function<void(Outcome)> answer) {
    std::vector<Envelope> alone;
    alone.push_back(std::move(envelope));
    submit_group(
        std::move(alone), Linkage::independent,
        [answer = std::move(answer)](std::vector<Outcome> outcomes) { answer(std::move(outcomes.front())); });
}

void BookService::submit_group(std::vector<Envelope> commands, Linkage linkage,
                               std::function<void(std::vector<Outcome>)> answer) {
    base::ensure(!commands.empty() && commands.size() <= group_max, "a group of none or of too many");
    const auto status = this->status();
    const auto refuse = [&](Code code, const std::string& why) {
        std::vector<Waiting> all;
        all.push_back(Waiting{.commands = {}, .linkage = linkage, .answer = std::move(answer)});
        all.front().commands.resize(commands.size());
        refuse_all(std::move(all), code, why);
    };
    if (status.health == Health::clock_leap) return refuse(Code::clock_leap, status.trouble);
    if (!status.is_writer()) {
        if (!status.trouble.empty()) return refuse(Code::not_the_writer, status.trouble);
        return refuse(Code::not_the_writer,
                      status.writer.empty() || status.health != Health::ready
                          ? "The server is starting or stopping."
                          : fmt::format("This server follows {}, the writer of the book.", status.writer));
    }
    Waiting waiting{.commands = {}, .linkage = linkage, .answer = std::move(answer)};
    waiting.commands.reserve(commands.size());
    for (auto& envelope : commands) {
        const auto bytes = canonical_bytes(envelope.command);
        waiting.commands.push_back(
            Asked::of(std::move(envelope), hmac_sha256(as_bytes(digest_key_), as_bytes(bytes))));
    }
    const auto added = inbox_.add(waiting);
    if (added == Inbox::Added::yes) return;
    answer = std::move(waiting.answer);
    if (added == Inbox::Added::full) return refuse(Code::queue_full, "The book's queue is full.");
    refuse(Code::not_the_writer, "The server is stopping.");
}

std::shared_ptr<const Committed> BookService::committed() const {
    const std::lock_guard lock{mutex_};
    return committed_;
}

std::shared_ptr<void> BookService::on_commit(std::function<void()> notify) {
    const std::lock_guard lock{notify_mutex_};
    notified_.push_back(std::move(notify));
    const auto place = std::prev(notified_.end());
    return {nullptr, [this, place](void*) {
                const std::lock_guard guard{notify_mutex_};
                notified_.erase(place);
            }};
}

std::vector<std::shared_ptr<const LogEntry>> BookService::log_after(Version after, std::size_t most) {
    if (auto recent = tail_.after(after, most)) return std::move(*recent);
    if (committed()->state.version() <= after) return {};
    return reader_.log_after(after, most);
}

std::vector<std::shared_ptr<const LogEntry>> BookService::log_at(const std::vector<Version>& versions) {
    std::vector<std::shared_ptr<const LogEntry>> entries;
    for (const auto version : versions) {
        auto entry = tail_.at(version);
        if (!entry) return reader_.log_at(versions);
        entries.push_back(std::move(entry));
    }
    return entries;
}

ServiceStatus BookService::status() const {
    const std::lock_guard lock{mutex_};
    auto status = status_;
    status.queue_length = inbox_.size();
    status.pinned_versions = pins_->load() - (committed_ ? 1 : 0);
    if (status.is_writer() && committed_) status.head = committed_->state.version();
    if (!status.is_writer())
        status.since_head_seen =
            std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - head_seen_at_);
    return status;
}

void BookService::change_status(const std::function<void(ServiceStatus&)>& change) {
    const std::lock_guard lock{mutex_};
    change(status_);
}

void BookService::set_trouble(Health health, std::string trouble) {
    const std::lock_guard lock{mutex_};
    if (status_.trouble != trouble && !trouble.empty()) spdlog::warn("book: {}", trouble);
    status_.health = health;
    status_.trouble = std::move(trouble);
}

void BookService::confirm_clock() {
    {
        const std::lock_guard lock{mutex_};
        clock_base_ = {clocks_.wall(), clocks_.steady()};
        if (status_.health == Health::clock_leap) {
            status_.health = Health::ready;
            status_.trouble.clear();
        }
    }
    inbox_.wake();
}

// Counts those that are alive.
std::shared_ptr<Committed> BookService::new_pin() {
    pins_->fetch_add(1);
    return {new Committed, [pins = pins_](Committed* pinned) {
                delete pinned;
                pins->fetch_sub(1);
            }};
}

}  // namespace ledger::service
