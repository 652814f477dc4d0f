#include "ledger/service/book_service.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "ledger/base/ensure.hpp"
#include "ledger/book/canonical.hpp"
#include "ledger/proof/hash_chain.hpp"

namespace ledger::service {
namespace {

Refused refused(Code code, std::string detail, Version at) {
    return {.error = {.code = code, .detail = std::move(detail), .pointer = ""}, .decided_at = at};
}

}  // namespace

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
      queue_{options_.queue_max},
      tail_{options_.tail_max} {}

BookService::~BookService() { stop(); }

void BookService::start() {
    const auto lease = store_.take_lease();
    auto loaded = store_.load();
    if (loaded.state.version() != lease.version)
        throw Unavailable{fmt::format("the log ends at version {} but the balances at {}: run bailee verify",
                                      lease.version.value, loaded.state.version().value)};
    digest_key_ = std::move(loaded.digest_key);
    batch_number_ = lease.batch;
    auto first = std::make_shared<Committed>();
    first->state = std::move(loaded.state);
    first->generation = loaded.generation;
    first->head_hash = lease.version.value == 0 ? proof::chain_root(options_.book) : lease.head_hash;
    {
        const std::lock_guard lock{mutex_};
        committed_ = std::move(first);
        clock_base_ = {clocks_.wall(), clocks_.steady()};
        status_.epoch = lease.epoch;
    }
    if (lease.version.value == 0) open_book(lease);
    {
        const std::lock_guard lock{mutex_};
        status_.health = Health::ready;
        status_.is_writer = true;
    }
    thread_ = std::thread{[this] { run(); }};
}

void BookService::open_book(const Lease& lease) {
    ensure(lease.batch == 0, "an empty book with batches");
    std::vector<Waiting> opening;
    Envelope envelope{
        .principal = PrincipalNo{0}, .idempotency_key = "", .command = rules::OpenBook{options_.book}};
    opening.push_back({std::move(envelope), Digest{}, [](const Outcome&) {}});
    write(std::move(opening));
    if (committed()->state.version().value == 0) throw Unavailable{"the book could not be opened"};
}

void BookService::stop() {
    queue_.close();
    is_stopping_ = true;
    if (thread_.joinable()) thread_.join();
    const std::lock_guard lock{mutex_};
    status_.health = Health::stopping;
    status_.is_writer = false;
}

void BookService::submit(Envelope envelope, std::function<void(Outcome)> answer) {
    Code code = Code::queue_full;
    std::string why = "The book's queue is full.";
    {
        const std::lock_guard lock{mutex_};
        if (!status_.is_writer) {
            code = Code::not_the_writer;
            why = status_.trouble.empty() ? "The server is starting or stopping." : status_.trouble;
        } else if (status_.health == Health::clock_leap) {
            code = Code::clock_leap;
            why = status_.trouble;
        }
    }
    if (code == Code::queue_full) {
        const auto bytes = canonical_bytes(envelope.command);
        Waiting waiting{std::move(envelope), hmac_sha256(as_bytes(digest_key_), as_bytes(bytes)),
                        std::move(answer)};
        if (queue_.add(waiting)) return;
        if (queue_.is_closed()) {
            code = Code::not_the_writer;
            why = "The server is stopping.";
        }
        answer = std::move(waiting.answer);
    }
    const auto version = committed() ? committed()->state.version() : Version{};
    answer(refused(code, std::move(why), version));
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
    status.queue_length = queue_.size();
    return status;
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
    queue_.wake();
}

// Wall time, never earlier than the book's own; nothing when it leapt against the monotonic clock.
std::optional<KnownAt> BookService::knowledge_time() {
    const auto wall = clocks_.wall();
    const auto steady = clocks_.steady();
    const auto now = committed()->state.now();
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

void BookService::run() {
    while (true) {
        auto commands = queue_.take(options_.batch_max, options_.tick_every);
        if (commands.empty() && queue_.is_closed()) return;
        if (commands.empty() && committed()->state.due_by(KnownAt{clocks_.wall()}, 1).empty()) continue;
        write(std::move(commands));
    }
}

void BookService::write(std::vector<Waiting> commands) {
    const auto now = clocks_.steady();
    std::vector<Waiting> expired;
    std::vector<Waiting> in_time;
    for (auto& waiting : commands)
        (waiting.envelope.deadline > now ? in_time : expired).push_back(std::move(waiting));
    refuse_all(expired, Code::queue_full, "The command waited past its deadline.");
    decide_until_durable(in_time);
}

void BookService::decide_until_durable(std::vector<Waiting>& commands) {
    while (true) {
        const auto at = knowledge_time();
        if (!at) return refuse_all(commands, Code::clock_leap, status().trouble);
        std::optional<DecidedBatch> decided;
        try {
            BatchBuilder builder{store_, *committed(), *at};
            builder.tick();
            builder.decide(commands);
            decided = builder.finish();
            if (!decided->writes()) return answer(*decided, commands);
            decided->batch.number = batch_number_ + 1;
            if (store_.append(decided->batch, decided->state) == CommitOutcome::committed) {
                publish(*decided);
                return answer(*decided, commands);
            }
            return step_down(commands, "Another server has become the writer of this book.");
        } catch (const OutcomeUnknown& unknown) {
            set_trouble(Health::resolving,
                        fmt::format("The outcome of a commit is unknown: {}", unknown.what()));
            const std::lock_guard lock{mutex_};
            ++status_.unknown_outcomes;
        } catch (const Unavailable& unavailable) {
            set_trouble(Health::resolving, fmt::format("The store is away: {}", unavailable.what()));
        }
        const auto is_in_the_log = resolve(decided, commands);
        if (!is_in_the_log) return;
        set_trouble(Health::ready, "");
        if (*is_in_the_log) {
            publish(*decided);
            return answer(*decided, commands);
        }
    }
}

// The lease is taken again until that is durable; what the log then holds is the truth (design 3, Fencing).
std::optional<bool> BookService::resolve(const std::optional<DecidedBatch>& in_doubt,
                                         std::vector<Waiting>& commands) {
    auto pause = options_.retry_first;
    const auto begun = clocks_.steady();
    while (true) {
        try {
            const auto lease = store_.take_lease();
            const bool is_there = in_doubt && in_doubt->writes() && lease.batch == batch_number_ + 1 &&
                                  lease.head_hash == in_doubt->head_hash;
            if (!is_there && !past_matches(lease)) {
                step_down(commands,
                          fmt::format(
                              "The database does not contain version {} as it was acknowledged; its log ends "
                              "at version {}. Nothing more is written.",
                              committed()->state.version().value, lease.version.value));
                return std::nullopt;
            }
            const std::lock_guard lock{mutex_};
            status_.epoch = lease.epoch;
            return is_there;
        } catch (const Deposed&) {
            step_down(commands, "Another server has become the writer of this book.");
            return std::nullopt;
        } catch (const Unavailable& unavailable) {
            set_trouble(Health::resolving, fmt::format("The store is away: {}", unavailable.what()));
        }
        if (is_stopping_ || clocks_.steady() - begun >= options_.resolve_patience) {
            // Callers must hear something; what they asked may or may not be in the log, and their keys will
            // tell.
            refuse_all(commands, Code::outcome_unknown,
                       "The store did not answer in time; the outcome is open.");
            commands.clear();
            if (is_stopping_) return std::nullopt;
        }
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, options_.retry_last);
    }
}

// This process writes nothing more to the book; a person or a restart decides what follows.
void BookService::step_down(std::vector<Waiting>& commands, const std::string& why) {
    {
        const std::lock_guard lock{mutex_};
        status_.is_writer = false;
    }
    set_trouble(Health::stopping, why);
    queue_.close();
    refuse_all(commands, Code::not_the_writer, why);
}

// The past must match: the log holds the last acknowledged version under the hash it was acknowledged with.
bool BookService::past_matches(const Lease& lease) {
    const auto base = committed();
    const auto version = base->state.version();
    if (version.value == 0) return lease.version.value == 0;
    return lease.version == version && lease.head_hash == base->head_hash && lease.batch == batch_number_;
}

void BookService::publish(DecidedBatch& decided) {
    auto next = std::make_shared<Committed>();
    next->state = decided.state;
    next->head_hash = decided.head_hash;
    for (const auto& row : decided.batch.accepted) tail_.append(row.entry);
    batch_number_ += 1;
    {
        const std::lock_guard lock{mutex_};
        next->generation = committed_->generation;
        committed_ = std::move(next);
        ++status_.batches;
        status_.accepted += decided.batch.accepted.size();
        status_.refused += decided.batch.refused.size();
    }
    const std::lock_guard lock{notify_mutex_};
    for (const auto& notify : notified_) notify();
}

void BookService::answer(DecidedBatch& decided, std::vector<Waiting>& commands) {
    // Commands that were already told the outcome is open are no longer here.
    if (commands.empty()) return;
    for (auto& [place, outcome] : decided.answers) commands[place].answer(std::move(outcome));
    commands.clear();
}

void BookService::refuse_all(std::vector<Waiting>& commands, Code code, const std::string& why) {
    const auto base = committed();
    const auto version = base ? base->state.version() : Version{};
    for (auto& waiting : commands) waiting.answer(refused(code, why, version));
    commands.clear();
}

}  // namespace ledger::service
