// One book in this process: a thread that follows its log, or holds its lease and writes; and the committed
// view that readers pin. Clocks are given, so that tests own time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
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
#include "ledger/service/inbox.hpp"
#include "ledger/service/log_tail.hpp"
#include "ledger/service/turns.hpp"
#include "ledger/service/writer_machine.hpp"

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
    std::size_t tail_max = 65'536;  // versions kept in memory
    // So many commands wait before a second batch is decided while one commits; fewer go with the next.
    std::size_t overlap_from = 256;
    std::chrono::milliseconds tick_every{1000};     // how often to look for what came due
    std::chrono::milliseconds renew_every{500};     // an idle writer says that it lives
    std::chrono::milliseconds lease_for{3000};      // not renewed for so long, the lease is free
    std::chrono::milliseconds vacancy_for{1000};    // the same when the holder has no session either
    std::chrono::milliseconds follow_every{50};     // how often a follower looks at the log
    std::size_t follow_page = 4096;                 // versions it takes at once
    std::chrono::seconds leap_max{3600};            // a larger leap of the clock stops writing
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

    // Loads the book and begins: as its writer when the lease is free (a new book is opened then), else as a
    // follower. Throws Unavailable with the reason.
    void start();
    // Decides what waits, then ends. Safe to call again.
    void stop();

    void submit(Envelope envelope, std::function<void(Outcome)> answer) override;
    void submit_group(std::vector<Envelope> commands, Linkage linkage,
                      std::function<void(std::vector<Outcome>)> answer) override;
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
    using Clock = std::chrono::steady_clock;
    // A batch between its decision and its merge.
    struct Flight {
        Ticket ticket;
        DecidedBatch decided;
        std::vector<Waiting> waiting;  // empty once they were told that the outcome is open
    };

    // The book's thread.
    void run();
    void follow_on();
    void write_on();
    void resolve_on();
    [[nodiscard]] bool has_nothing_left() const;
    void perform(std::vector<Effect> list);
    void happened(const Happened& happened) { perform(machine_.on(happened)); }
    void perform_one(const effect::TakeLease&);
    void perform_one(const effect::CatchUp& catching_up);
    void perform_one(const effect::StartWriting&);
    void perform_one(const effect::Follow&);
    void perform_one(const effect::Stage& stage);
    void perform_one(const effect::Commit& commit) { turns_->commit(commit.ticket); }
    void perform_one(const effect::RollBack& back) { turns_->roll_back(back.ticket); }
    void perform_one(const effect::Merge& merge);
    void perform_one(const effect::DecideAgain& again);
    void perform_one(const effect::TurnAway& away);
    void perform_one(const effect::GiveUp& gone);
    void perform_one(const effect::RefusePast& lost);

    // Following.
    void look_at_the_lease();
    void tail_the_log(Version through);
    void try_to_take_the_lease();
    void store_is_away(const std::string& why);

    // Writing.
    void decide_next();
    [[nodiscard]] std::size_t enough_to_decide() const;
    void decide(std::vector<Waiting> waiting);
    void renew_when_idle();
    [[nodiscard]] std::optional<KnownAt> knowledge_time();
    void publish(std::shared_ptr<Committed> next, const std::function<void(ServiceStatus&)>& count);
    void refuse_all(std::vector<Waiting> waiting, Code code, const std::string& why);
    void refuse_everything_waiting(Code code, const std::string& why);
    void tell_those_in_doubt();
    [[nodiscard]] Flight take_flight(Ticket ticket);

    void set_trouble(Health health, std::string trouble);
    void change_status(const std::function<void(ServiceStatus&)>& change);
    [[nodiscard]] std::shared_ptr<Committed> new_pin();

    Store& store_;
    Reader& reader_;
    const ServiceOptions options_;
    const Clocks clocks_;
    Inbox inbox_;
    LogTail tail_;
    std::string digest_key_;

    // Of the book's thread alone.
    WriterMachine machine_{LogHead{}};
    std::optional<Turns> turns_;
    std::deque<Flight> flights_;
    std::uint64_t next_ticket_ = 1;
    std::uint64_t epoch_seen_ = 0;
    bool is_lease_wanted_ = false;
    Clock::time_point next_try_{};
    std::chrono::milliseconds pause_{0};
    Clock::time_point in_doubt_since_{};
    Clock::time_point next_look_{};
    Clock::time_point next_renewal_{};
    bool is_first_look_ = true;
    std::optional<LogHead> catching_up_;

    std::shared_ptr<std::atomic<std::size_t>> pins_ = std::make_shared<std::atomic<std::size_t>>(0);
    mutable std::mutex mutex_;  // guards what follows
    std::shared_ptr<const Committed> committed_;
    ServiceStatus status_;
    std::optional<std::pair<Microseconds, Clock::time_point>> clock_base_;
    Clock::time_point head_seen_at_{};
    std::condition_variable settled_;
    bool is_settled_ = false;  // writer, follower of somebody, or in trouble: start() may return

    std::mutex notify_mutex_;
    std::list<std::function<void()>> notified_;

    std::atomic<bool> is_stopping_{false};
    std::thread thread_;
};

}  // namespace ledger::service
