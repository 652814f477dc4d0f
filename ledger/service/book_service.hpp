// The book's one writer: a thread that takes what waits, decides it in order, writes once and answers once.
// Also the committed view that readers pin. Clocks are given, so that tests own time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ledger/port/ledger.hpp"
#include "ledger/port/store.hpp"
#include "ledger/service/batch_builder.hpp"
#include "ledger/service/command_queue.hpp"
#include "ledger/service/log_tail.hpp"

namespace ledger::service {

struct Clocks {
    std::function<Microseconds()> wall;
    std::function<std::chrono::steady_clock::time_point()> steady;
    [[nodiscard]] static Clocks of_this_machine();
};

struct ServiceOptions {
    std::string book = "main";  // name of the book when it is new
    std::size_t batch_max = 8192;
    std::size_t queue_max = 65'536;
    std::size_t tail_max = 65'536;                      // versions kept in memory
    std::chrono::milliseconds tick_every{1000};         // how often to look for what came due
    std::chrono::seconds leap_max{3600};                // a larger leap of the clock stops writing
    std::chrono::milliseconds resolve_patience{10'000};  // then callers in doubt hear OUTCOME_UNKNOWN
    std::chrono::milliseconds retry_first{50};
    std::chrono::milliseconds retry_last{1000};
};

class BookService final : public Ledger {
public:
    BookService(Store& store, Reader& reader, ServiceOptions options,
                Clocks clocks = Clocks::of_this_machine());
    ~BookService() override;
    BookService(const BookService&) = delete;
    BookService& operator=(const BookService&) = delete;

    // Takes the lease, loads the book (opens it when it is new) and starts writing. Throws Unavailable with
    // the reason.
    void start();
    // Decides what waits, then ends. Safe to call again.
    void stop();

    void submit(Envelope envelope, std::function<void(Outcome)> answer) override;
    [[nodiscard]] std::shared_ptr<const Committed> committed() const override;
    [[nodiscard]] std::shared_ptr<void> on_commit(std::function<void()> notify) override;
    [[nodiscard]] std::vector<std::shared_ptr<const LogEntry>> log_after(Version after,
                                                                         std::size_t most) override;
    [[nodiscard]] std::vector<std::shared_ptr<const LogEntry>> log_at(
        const std::vector<Version>& versions) override;
    [[nodiscard]] std::vector<Version> journals(const JournalQuery& query) override {
        return reader_.journals(query);
    }
    [[nodiscard]] std::optional<Version> made_by(rules::Named kind, std::string_view name) override {
        return reader_.made_by(kind, name);
    }
    [[nodiscard]] std::vector<LienKey> liens(const LienQuery& query) override { return reader_.liens(query); }
    [[nodiscard]] std::vector<Version> history_of(LienKey lien) override { return reader_.history_of(lien); }
    [[nodiscard]] std::vector<Version> history_of(ReservationKey key) override {
        return reader_.history_of(key);
    }
    [[nodiscard]] std::vector<Version> history_of(ExceptionKey key) override {
        return reader_.history_of(key);
    }
    [[nodiscard]] std::vector<ReservationKey> reservations(const KeysQuery& query) override {
        return reader_.reservations(query);
    }
    [[nodiscard]] std::vector<ExceptionKey> exceptions(const KeysQuery& query) override {
        return reader_.exceptions(query);
    }
    [[nodiscard]] std::vector<std::optional<std::string>> texts(
        const std::vector<Digest>& commitments) override {
        return reader_.texts(commitments);
    }
    [[nodiscard]] ServiceStatus status() const override;
    void confirm_clock() override;

private:
    void run();
    void open_book(const Lease& lease);
    void write(std::vector<Waiting> commands);
    void decide_until_durable(std::vector<Waiting>& commands);
    // Whether the batch whose outcome was lost is in the log; nothing while the store cannot say and time ran
    // out.
    [[nodiscard]] std::optional<bool> resolve(const std::optional<DecidedBatch>& in_doubt,
                                              std::vector<Waiting>& commands);
    void publish(DecidedBatch& decided);
    void answer(DecidedBatch& decided, std::vector<Waiting>& commands);
    void step_down(std::vector<Waiting>& commands, const std::string& why);
    void refuse_all(std::vector<Waiting>& commands, Code code, const std::string& why);
    [[nodiscard]] std::optional<KnownAt> knowledge_time();
    void set_trouble(Health health, std::string trouble);
    [[nodiscard]] bool past_matches(const Lease& lease);

    Store& store_;
    Reader& reader_;
    const ServiceOptions options_;
    const Clocks clocks_;
    CommandQueue queue_;
    LogTail tail_;
    std::string digest_key_;
    std::uint64_t batch_number_ = 0;

    mutable std::mutex mutex_;  // guards what follows
    std::shared_ptr<const Committed> committed_;
    ServiceStatus status_;
    std::optional<std::pair<Microseconds, std::chrono::steady_clock::time_point>> clock_base_;

    std::mutex notify_mutex_;
    std::list<std::function<void()>> notified_;

    std::atomic<bool> is_stopping_{false};
    std::thread thread_;
};

}  // namespace ledger::service
