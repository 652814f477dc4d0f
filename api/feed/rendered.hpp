// One version of the log as events of the stream: the stored ones under their index, then those that follow
// from them, journal.reversed for each reversal and balance.changed once, under the indexes that come next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/feed/event_types.hpp"
#include "api/wire/rendering.hpp"

namespace api::feed {

using namespace ledger::book;

struct RenderedEvent {
    std::uint32_t index = 0;
    EventType type = EventType::book_opened;
    std::vector<AccountNo> accounts;  // that it touches
    std::string data;                 // one line of JSON
};

struct RenderedVersion {
    Version version;
    std::vector<RenderedEvent> events;
};

// With a scope, only the events that touch the party's accounts, without what they say of others.
[[nodiscard]] RenderedVersion render_version(const wire::Source& source, const wire::LogEntry& entry);

}  // namespace api::feed
