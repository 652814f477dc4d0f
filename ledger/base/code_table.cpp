#include "ledger/base/code_table.hpp"

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

// Precedence: who you are, then what you wrote, then what it names, then what the laws and the state say.
constexpr std::array<CodeInfo, 46> table{{
    {Code::request_too_slow, "REQUEST_TOO_SLOW", Kind::too_slow, false, "The request took too long to arrive",
     "Send the request again with the same key on a better connection."},
    {Code::headers_too_large, "HEADERS_TOO_LARGE", Kind::headers_too_large, false,
     "The headers are too large", "Send fewer or shorter headers."},
    {Code::request_too_large, "REQUEST_TOO_LARGE", Kind::too_large, false, "The request body is too large",
     "Split the request; the limit is in the figures."},
    {Code::too_many_connections, "TOO_MANY_CONNECTIONS", Kind::unavailable, true, "Too many connections",
     "Wait as Retry-After says and reuse connections."},
    {Code::too_many_requests, "TOO_MANY_REQUESTS", Kind::too_many, true, "Too many requests",
     "Wait as Retry-After says; the same key may be sent again."},
    {Code::method_not_allowed, "METHOD_NOT_ALLOWED", Kind::method, false, "The method is not allowed here",
     "Use one of the methods in the Allow header."},
    {Code::unauthenticated, "UNAUTHENTICATED", Kind::unauthenticated, false, "No valid key was given",
     "Send Authorization: Bearer with a key of this book."},
    {Code::forbidden, "FORBIDDEN", Kind::forbidden, false, "The role does not allow this",
     "Use a key whose principal has one of the roles in the figures."},
    {Code::invalid_input, "INVALID_INPUT", Kind::malformed, false, "The request is malformed",
     "Correct the value the pointer names and send it again; the key is still free."},
    {Code::queue_full, "QUEUE_FULL", Kind::unavailable, true, "The book's queue is full",
     "Wait as Retry-After says and send the same request with the same key."},
    {Code::not_the_writer, "NOT_THE_WRITER", Kind::unavailable, true, "This server is not the writer now",
     "Send the same request with the same key to the writer."},
    {Code::clock_leap, "CLOCK_LEAP", Kind::unavailable, true, "The clock leapt; writing waits for a person",
     "An admin checks the time and sends POST /v1/clock:confirm."},
    {Code::outcome_unknown, "OUTCOME_UNKNOWN", Kind::outcome_unknown, true, "The outcome is being resolved",
     "Send the same request with the same key: it takes effect once."},
    {Code::retention_passed, "RETENTION_PASSED", Kind::gone, false, "That event is beyond retention",
     "Take a snapshot and resume from the version it states."},
    {Code::generation_passed, "GENERATION_PASSED", Kind::conflict, false,
     "That id belongs to an earlier generation", "Take a snapshot of this generation and resume from it."},
    {Code::version_not_reached, "VERSION_NOT_REACHED", Kind::unavailable, true,
     "That version is not there yet", "Ask again shortly, or without min_version."},
    {Code::store_unavailable, "STORE_UNAVAILABLE", Kind::unavailable, true, "The store cannot be read now",
     "Wait as Retry-After says and ask again."},
    {Code::idempotency_conflict, "IDEMPOTENCY_CONFLICT", Kind::conflict, false,
     "The key was used for another request", "Use a new Idempotency-Key for a new request."},
    {Code::duplicate_id, "DUPLICATE_ID", Kind::conflict, false, "The id is taken by another object",
     "Choose another id, or leave it out and take the one the server makes."},
    {Code::not_found, "NOT_FOUND", Kind::not_found, false, "No such object",
     "Check the id; create the object first if it is yours to create."},
    {Code::state_moved, "STATE_MOVED", Kind::moved, true, "The account has moved since it was read",
     "Read the account again and decide on its new state_version."},
    {Code::object_closed, "ALREADY_SETTLED", Kind::conflict, false, "The object is already closed",
     "Read it: its status says how it ended."},
    {Code::already_reversed, "ALREADY_REVERSED", Kind::conflict, false, "The journal is already reversed",
     "Read the reversing journal named in the figures."},
    {Code::kind_not_permitted, "KIND_NOT_PERMITTED", Kind::refused, false, "That kind does not belong there",
     "Choose a kind, side and regime that belong together."},
    {Code::limit_not_permitted, "LIMIT_NOT_PERMITTED", Kind::refused, false, "That kind carries no limits",
     "Only customer_margin and bank accounts carry limits."},
    {Code::reason_not_permitted, "REASON_NOT_PERMITTED", Kind::refused, false,
     "The reason does not permit that leg",
     "Choose the reason that fits the movement; GET /v1/reasons lists them."},
    {Code::nature_mismatch, "NATURE_MISMATCH", Kind::refused, false, "The reason has another nature",
     "Leave nature out, or give the one of the reason."},
    {Code::evidence_required, "EVIDENCE_REQUIRED", Kind::refused, false, "A fact needs evidence",
     "Give at least one evidence entry with kind and reference."},
    {Code::effective_in_future, "EFFECTIVE_IN_FUTURE", Kind::refused, false, "The effective time lies ahead",
     "Post it when it takes effect."},
    {Code::hindsight_unexplained, "HINDSIGHT_UNEXPLAINED", Kind::refused, false,
     "A journal of an earlier business date needs a memo and evidence", "Add memo and evidence."},
    {Code::unbalanced, "UNBALANCED", Kind::refused, false, "The legs do not balance",
     "Make debits equal credits in each asset."},
    {Code::regime_crossed, "REGIME_CROSSED", Kind::refused, false,
     "The movement crosses pools without a basis",
     "Keep the legs in one pool, name the basis for the firm's own money, or use a regime transfer."},
    {Code::not_reversible, "NOT_REVERSIBLE", Kind::refused, false, "That journal cannot be reversed",
     "Correct it with the opposite of what the figures name."},
    {Code::expiry_not_ahead, "EXPIRY_NOT_AHEAD", Kind::refused, false, "The expiry is not ahead",
     "Give an expiry later than now."},
    {Code::agreement_not_in_force, "AGREEMENT_NOT_IN_FORCE", Kind::refused, false,
     "The agreement is not in force", "Name an agreement that is in force and has the party in it."},
    {Code::lien_rank, "LIEN_RANK", Kind::refused, false, "The lien's rank does not hold",
     "A first lien has rank 1; a junior names the one lien it stands behind and takes no more than that."},
    {Code::lien_lines_stay, "LIEN_LINES_STAY", Kind::refused, false, "The lien cannot move with this journal",
     "Name liens whose lines lie at the location the units leave, within the quantity moved."},
    {Code::lien_expired, "LIEN_EXPIRED", Kind::conflict, false, "The lien or reservation has expired",
     "Open a new one."},
    {Code::supply_exceeded, "SUPPLY_EXCEEDED", Kind::refused, false,
     "The book cannot hold that much of the asset",
     "Law 1 bounds an asset at 10^36 units; check the amount and the asset's scale."},
    {Code::over_release, "OVER_RELEASE", Kind::refused, false, "More than the lien holds",
     "Release at most what the figures show."},
    {Code::reservation_exceeded, "RESERVATION_EXCEEDED", Kind::refused, false, "More than was reserved",
     "Commit at most what the reservation holds, of its account and asset."},
    {Code::insufficient_free, "INSUFFICIENT_FREE", Kind::conflict, true, "Not enough free collateral",
     "Release or substitute what binds it, or ask for at most what is free."},
    {Code::lien_short, "LIEN_SHORT", Kind::conflict, true, "A fact took units that were bound",
     "Restore the units or release what binds them."},
    {Code::floor_broken, "FLOOR_BROKEN", Kind::conflict, true, "The account would fall below its floor",
     "Move at most what leaves the account at its floor."},
    {Code::linked_refused, "LINKED_REFUSED", Kind::conflict, true, "A linked command was refused",
     "Correct the command that was refused and send all again under new keys."},
    {Code::internal_error, "INTERNAL_ERROR", Kind::internal, false, "The server failed",
     "Report the request id; the same key may be sent again."},
}};

constexpr bool each_number_has_one_row() {
    for (std::size_t number = 1; number <= table.size(); ++number) {
        std::size_t rows = 0;
        for (const auto& row : table) rows += static_cast<std::size_t>(row.code) == number ? 1U : 0U;
        if (rows != 1) return false;
    }
    return true;
}
static_assert(each_number_has_one_row(), "each code needs exactly one row");

constexpr std::array<std::size_t, table.size() + 1> row_of_number() {
    std::array<std::size_t, table.size() + 1> rows{};
    for (std::size_t row = 0; row < table.size(); ++row)
        rows[static_cast<std::size_t>(table[row].code)] = row;
    return rows;
}
constexpr auto rows = row_of_number();

}  // namespace

std::span<const CodeInfo> code_table() { return table; }

const CodeInfo& info(Code code) {
    const auto number = static_cast<std::size_t>(code);
    ensure(number >= 1 && number < rows.size(), "a code outside the table");
    return table[rows[number]];
}

std::optional<Code> code_from_name(std::string_view name) {
    for (const auto& row : table)
        if (row.name == name) return row.code;
    return std::nullopt;
}

std::optional<Code> code_from_number(std::uint16_t number) {
    if (number < 1 || number >= rows.size()) return std::nullopt;
    return static_cast<Code>(number);
}

int http_status(Kind kind) {
    switch (kind) {
        case Kind::malformed: return 400;
        case Kind::unauthenticated: return 401;
        case Kind::forbidden: return 403;
        case Kind::not_found: return 404;
        case Kind::method: return 405;
        case Kind::too_slow: return 408;
        case Kind::conflict: return 409;
        case Kind::gone: return 410;
        case Kind::moved: return 412;
        case Kind::too_large: return 413;
        case Kind::refused: return 422;
        case Kind::too_many: return 429;
        case Kind::headers_too_large: return 431;
        case Kind::internal: return 500;
        case Kind::unavailable:
        case Kind::outcome_unknown: return 503;
    }
    never("a kind without a status");
}

}  // namespace ledger::base
