#include "api/feed/hub.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "api/auth/caller.hpp"

namespace api::feed {
namespace {

constexpr std::size_t rounds_max = 4;
constexpr std::chrono::milliseconds beat_every_max{1000};

}  // namespace

Hub::Hub(ledger::port::Ledger& ledger, HubOptions options) : ledger_{ledger}, options_{options} {
    loop_.after(std::min(options_.heartbeat, beat_every_max), [this] { beat(); });
}

void Hub::stop() {
    loop_.stop();
    for (auto& [number, reader] : readers_) reader.stream->end(": the server is stopping\n\n");
    readers_.clear();
}

std::shared_ptr<http::Stream> Hub::subscribe(Subscription wanted) {
    if (++count_ > options_.streams_max) {
        --count_;
        return nullptr;
    }
    auto stream = std::make_shared<http::Stream>(options_.buffer_bytes);
    const auto number = ++next_number_;
    stream->on_change([this, number] { loop_.post([this, number] { pump(number); }); });
    loop_.post([this, number, wanted, stream] { begin(number, wanted, stream); });
    return stream;
}

void Hub::on_commit() {
    if (is_pump_due_.exchange(true)) return;
    loop_.post([this] {
        is_pump_due_ = false;
        pump_all();
    });
}

void Hub::begin(std::uint64_t number, Subscription wanted, std::shared_ptr<http::Stream> stream) {
    Reader reader{.wanted = wanted,
                  .stream = std::move(stream),
                  .pending = {},
                  .last_taken = Clock::now(),
                  .last_id = {}};
    reader.pending = fmt::format("retry: 2000\n: from version {}\n\n", wanted.next.version.value);
    readers_.emplace(number, std::move(reader));
    pump(number);
}

void Hub::end(std::uint64_t number) {
    if (readers_.erase(number) > 0) --count_;
}

void Hub::pump_all() {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, reader] : readers_) numbers.push_back(number);
    for (const auto number : numbers) pump(number);
}

// One turn each, so that a reader far behind does not hold up the others.
void Hub::pump(std::uint64_t number) {
    const auto found = readers_.find(number);
    if (found == readers_.end()) return;
    try {
        switch (turn(found->second)) {
            case Turn::waits: return;
            case Turn::has_more: return loop_.post([this, number] { pump(number); });
            case Turn::ended: return end(number);
        }
    } catch (const std::exception& fault) {
        spdlog::debug("stream: the log cannot be read now: {}", fault.what());
        loop_.after(options_.store_retry, [this, number] { pump(number); });
    }
}

bool Hub::give(Reader& reader) {
    if (reader.pending.empty()) return true;
    if (reader.stream->offer(reader.pending) != http::Stream::Offer::taken) {
        reader.is_stalled = true;
        return false;
    }
    reader.pending.clear();
    reader.is_stalled = false;
    reader.last_taken = Clock::now();
    return true;
}

Hub::Turn Hub::turn(Reader& reader) {
    if (reader.stream->closed()) return Turn::ended;
    if (!give(reader)) return reader.stream->closed() ? Turn::ended : Turn::waits;
    const auto book = ledger_.committed();
    const auto head = book->state.version();
    auto& next = reader.wanted.next;
    if (next.version > head) return Turn::waits;
    const auto entries = ledger_.log_after(Version{next.version.value - 1}, options_.page);
    for (const auto& entry : entries) {
        // What is in the tail but not yet in the committed state has names the state does not know.
        if (entry->recorded.version > head) break;
        append_version(reader, *rendered(entry, *book, reader.wanted.scope), {book->generation, head});
        if (reader.pending.size() >= options_.chunk_bytes) break;
    }
    if (!give(reader)) return reader.stream->closed() ? Turn::ended : Turn::waits;
    return next.version <= head && !entries.empty() ? Turn::has_more : Turn::waits;
}

void Hub::append_version(Reader& reader, const RenderedVersion& version, const wire::Head& head) {
    auto& next = reader.wanted.next;
    bool is_any_shown = false;
    for (const auto& event : version.events) {
        if (version.version == next.version && event.index < next.index) {
            is_any_shown = true;  // the reader has seen it already
            continue;
        }
        if (!reader.wanted.types.test(static_cast<std::size_t>(event.type))) continue;
        if (reader.wanted.account && !std::ranges::binary_search(event.accounts, *reader.wanted.account))
            continue;
        reader.last_id = wire::make_event_id(head, {version.version, event.index});
        reader.pending +=
            fmt::format("id: {}\nevent: {}\ndata: {}\n\n", reader.last_id, name_of(event.type), event.data);
        is_any_shown = true;
    }
    // A filtered stream names what it leaves out, so that its reader can prove that nothing is missing.
    if (!is_any_shown)
        reader.pending += fmt::format(": skipped {}{}\n\n", wire::generation_prefix(head.generation),
                                      version.version.value);
    next = {Version{version.version.value + 1}, 0};
}

std::shared_ptr<const RenderedVersion> Hub::rendered(const std::shared_ptr<const wire::LogEntry>& entry,
                                                     const ledger::port::Committed& book,
                                                     const std::optional<PartyNo>& scope) {
    const auto version = entry->recorded.version;
    if (!scope && !kept_.empty() && version >= kept_.front()->version && version <= kept_.back()->version)
        return kept_[version.value - kept_.front()->version.value];
    wire::Facts facts;
    facts.add({entry});
    const wire::Source source{book.state, facts, scope};
    for (std::size_t round = 0; round < rounds_max; ++round) {
        const auto missing = wire::rests_on(*entry, source);
        if (missing.empty()) break;
        facts.add(ledger_.log_at(missing));
    }
    auto made = std::make_shared<const RenderedVersion>(render_version(source, *entry));
    if (scope) return made;
    if (!kept_.empty() && version.value != kept_.back()->version.value + 1) {
        if (version < kept_.front()->version) return made;  // someone reads history: the last versions stay
        kept_.clear();
    }
    kept_.push_back(made);
    if (kept_.size() > options_.rendered_max) kept_.pop_front();
    return made;
}

void Hub::beat() {
    const auto now = Clock::now();
    const auto book = ledger_.committed();
    const KnownAt wall{
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now())};
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, reader] : readers_) numbers.push_back(number);
    for (const auto number : numbers) {
        auto& reader = readers_.at(number);
        if (!auth::is_in_force(book->state, reader.wanted.key, wall)) {
            reader.stream->end(": the key is no longer in force\n\n");
            end(number);
            continue;
        }
        if (reader.is_stalled && now - reader.last_taken >= options_.stall_max) {
            reader.stream->end(fmt::format(": too slow; resume with Last-Event-ID {}\n\n", reader.last_id));
            end(number);
            continue;
        }
        if (reader.pending.empty() && now - reader.last_taken >= options_.heartbeat)
            reader.pending = fmt::format(": heartbeat {}\n\n", reader.wanted.next.version.value - 1);
        pump(number);
    }
    loop_.after(std::min(options_.heartbeat, beat_every_max), [this] { beat(); });
}

}  // namespace api::feed
