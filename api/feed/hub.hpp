// The stream of events: each reader has a place in the log and moves on as its connection takes what is
// offered. One thread serves all; what the last versions look like is rendered once. A reader holds no memory
// but its buffer.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/feed/rendered.hpp"
#include "api/http/stream.hpp"
#include "api/loop.hpp"
#include "api/wire/cursor.hpp"
#include "ledger/port/ledger.hpp"

namespace api::feed {

struct HubOptions {
    std::chrono::milliseconds heartbeat{15'000};
    std::chrono::milliseconds stall_max{10'000};  // a reader that takes nothing for so long is closed
    std::chrono::milliseconds store_retry{1000};
    std::size_t streams_max = 1000;
    std::size_t page = 256;  // versions read from the log at once
    std::size_t rendered_max = 1024;  // versions kept rendered
    std::size_t chunk_bytes = 64UL * 1024;
    std::size_t buffer_bytes = 256UL * 1024;
};

struct Subscription {
    EventTypes types = EventTypes{}.set();
    std::optional<AccountNo> account{};
    std::optional<PartyNo> scope{};
    wire::EventId next{};  // the first event it wants
    std::string key{};  // that opened it; the stream ends with it
};

class Hub {
public:
    Hub(ledger::port::Ledger& ledger, HubOptions options);
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;
    ~Hub() { stop(); }

    // Nothing when there are too many streams already. Any thread.
    [[nodiscard]] std::shared_ptr<http::Stream> subscribe(Subscription wanted);
    // The book has moved. Any thread; returns at once.
    void on_commit();
    void stop();
    [[nodiscard]] std::size_t streams() const { return count_; }

private:
    using Clock = std::chrono::steady_clock;
    struct Reader {
        Subscription wanted;
        std::shared_ptr<http::Stream> stream;
        std::string pending;  // written as soon as the stream takes it
        Clock::time_point last_taken;
        bool is_stalled = false;
        std::string last_id;
    };
    enum class Turn : std::uint8_t { waits, has_more, ended };

    void begin(std::uint64_t number, Subscription wanted, std::shared_ptr<http::Stream> stream);
    void pump_all();
    void pump(std::uint64_t number);
    [[nodiscard]] Turn turn(Reader& reader);
    [[nodiscard]] bool give(Reader& reader);  // false when nothing more can be given now
    void append_version(Reader& reader, const RenderedVersion& version, const wire::Head& head);
    [[nodiscard]] std::shared_ptr<const RenderedVersion> rendered(
        const std::shared_ptr<const wire::LogEntry>& entry, const ledger::port::Committed& book,
        const std::optional<PartyNo>& scope);
    void beat();
    void end(std::uint64_t number);

    ledger::port::Ledger& ledger_;
    const HubOptions options_;
    std::atomic<std::size_t> count_{0};
    std::atomic<std::uint64_t> next_number_{0};
    std::atomic<bool> is_pump_due_{false};
    // The rest is the loop's.
    std::map<std::uint64_t, Reader> readers_;
    std::deque<std::shared_ptr<const RenderedVersion>> kept_;  // versions without a gap
    Loop loop_;
};

}  // namespace api::feed
