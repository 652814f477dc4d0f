// Every code the interface can answer with, once. Row order is precedence; names and numbers are for ever.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ledger::base {

// How the request failed; this alone decides the HTTP status.
enum class Kind : std::uint8_t {
    malformed,         // 400
    unauthenticated,   // 401
    forbidden,         // 403
    not_found,         // 404
    method,            // 405
    too_slow,          // 408
    conflict,          // 409: the state says no, and may change
    gone,              // 410
    moved,             // 412: a precondition no longer holds
    too_large,         // 413
    refused,           // 422: a law or a rule says no
    too_many,          // 429
    headers_too_large, // 431
    internal,          // 500: a bug of ours; never a business reason
    unavailable,       // 503
    outcome_unknown,   // 503: being resolved; the same key may be sent again
};

enum class Code : std::uint16_t {
    invalid_input = 1,
    unauthenticated = 2,
    forbidden = 3,
    not_found = 4,
    method_not_allowed = 5,
    request_too_slow = 6,
    request_too_large = 7,
    headers_too_large = 8,
    too_many_requests = 9,
    idempotency_conflict = 10,
    duplicate_id = 11,
    state_moved = 12,
    unbalanced = 13,
    regime_crossed = 14,
    reason_not_permitted = 15,
    nature_mismatch = 16,
    evidence_required = 17,
    effective_in_future = 18,
    hindsight_unexplained = 19,
    supply_exceeded = 20,
    kind_not_permitted = 21,
    limit_not_permitted = 22,
    object_closed = 23,
    already_reversed = 24,
    not_reversible = 25,
    insufficient_free = 26,
    lien_short = 27,
    floor_broken = 28,
    over_release = 29,
    reservation_exceeded = 30,
    lien_rank = 31,
    lien_lines_stay = 32,
    expiry_not_ahead = 33,
    agreement_not_in_force = 34,
    retention_passed = 35,
    generation_passed = 36,
    queue_full = 37,
    not_the_writer = 38,
    outcome_unknown = 39,
    clock_leap = 40,
    internal_error = 41,
    too_many_connections = 42,
    linked_refused = 43,
    lien_expired = 44,
    version_not_reached = 45,
    store_unavailable = 46,
};

struct CodeInfo {
    Code code;
    std::string_view name;   // as on the wire
    Kind kind;
    bool transient;          // the same request may succeed later, under a new key
    std::string_view title;
    std::string_view next_step;
};

[[nodiscard]] std::span<const CodeInfo> code_table();
[[nodiscard]] const CodeInfo& info(Code code);
[[nodiscard]] std::optional<Code> code_from_name(std::string_view name);
[[nodiscard]] std::optional<Code> code_from_number(std::uint16_t number);
[[nodiscard]] int http_status(Kind kind);

}  // namespace ledger::base
