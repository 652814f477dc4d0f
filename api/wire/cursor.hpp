// Cursors and precondition tags: where a list goes on, and the version a caller has seen. Those of a later
// generation begin with it ("2.a1042"); those of another one are refused with both heads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/base/error.hpp"
#include "ledger/base/id.hpp"

namespace api::wire {

struct Head {
    std::uint32_t generation = 1;
    ledger::base::Version version;
};

// "2." from the second generation on.
[[nodiscard]] std::string generation_prefix(std::uint32_t generation);

// `list` tells the cursors of one list from those of another.
[[nodiscard]] std::string make_cursor(const Head& head, char list, std::uint64_t position);
// INVALID_INPUT at "?cursor" for any other text, GENERATION_PASSED for one of another generation.
[[nodiscard]] ledger::base::Result<std::uint64_t> read_cursor(std::string_view text, const Head& head,
                                                              char list);

// "1042" in quotes, as an ETag has it.
[[nodiscard]] std::string make_etag(const Head& head, ledger::base::Version version);
// An If-Match of one version, with or without its quotes.
[[nodiscard]] ledger::base::Result<std::uint64_t> read_if_match(std::string_view text, const Head& head);

// "1042.0" or "2.1042.0": the id of an event in the stream.
struct EventId {
    ledger::base::Version version;
    std::uint32_t index = 0;
};
[[nodiscard]] std::string make_event_id(const Head& head, const EventId& id);
[[nodiscard]] ledger::base::Result<EventId> read_event_id(std::string_view text, const Head& head);

[[nodiscard]] ledger::base::Error generation_passed(std::uint64_t asked, const Head& head,
                                                    std::string pointer);

}  // namespace api::wire
