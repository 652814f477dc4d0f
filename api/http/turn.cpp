#include "api/http/turn.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "api/wire/idempotency_key.hpp"

namespace api::http {

using ledger::base::Code;
using ledger::base::Error;

namespace {

Error malformed(std::string_view detail, std::string pointer = {}) {
    return {Code::invalid_input, std::string{detail}, std::move(pointer)};
}

bool is_sane_id(std::string_view text) {
    constexpr std::size_t size_max = 64;
    return !text.empty() && text.size() <= size_max && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
               c == '_' || c == '-';
    });
}

void find_route(const ServerState& state, Turn& turn) {
    Request& request = *turn.request;
    auto match = state.router.match(request.method, request.path, turn.allow);
    if (!match) return turn.refuse(std::move(match.error()));
    request.route = match->route;
    request.parameters = std::move(match->parameters);
    turn.body_limit = request.route->bulk ? state.limits.bulk_body_bytes : state.limits.body_bytes;
}

void pass_gate(const ServerState& state, Turn& turn) {
    if (!state.hooks.gate) return;
    try {
        auto passed = state.hooks.gate(*turn.request->route, *turn.request);
        if (!passed) turn.refuse(std::move(passed.error()));
    } catch (const std::exception& failure) {
        state.report(failure.what(), turn.request->request_id);
        turn.refuse({Code::internal_error, "The server failed while it judged the key.", {}});
    }
}

void read_query(Turn& turn) {
    auto query = Query::parse(turn.query_text);
    if (!query) return turn.refuse(std::move(query.error()));
    const auto& known = turn.request->route->query;
    for (const auto& [name, value] : query->parameters()) {
        if (std::ranges::find(known, name) == known.end()) {
            return turn.refuse(malformed("No query parameter of this name is known here.", "?" + name));
        }
    }
    turn.request->query = std::move(*query);
}

void read_idempotency_key(Turn& turn) {
    constexpr auto header = "Idempotency-Key";
    Request& request = *turn.request;
    if (!request.route->needs_idempotency_key) return;
    const auto key = request.header(header);
    if (!key || key->empty()) {
        return turn.refuse(malformed("A write needs an Idempotency-Key header.", header));
    }
    if (!wire::is_idempotency_key(*key) || request.headers.count(header) > 1) {
        return turn.refuse(
            malformed("An Idempotency-Key is given once and has 1 to 255 visible ASCII characters.", header));
    }
    request.idempotency_key = *key;
}

void read_expectation(Turn& turn) {
    const auto expectation = turn.request->header("Expect");
    if (!expectation) return;
    if (!equal_in_any_case(*expectation, "100-continue")) {
        return turn.refuse_and_close(
            malformed("The only expectation known here is \"100-continue\".", "Expect"));
    }
    turn.expects_continue = turn.has_body() && !turn.framing.is_http_1_0;
}

}  // namespace

std::string ServerState::new_request_id() {
    return fmt::format("req_{}{:08x}", id_prefix, ids.fetch_add(1, std::memory_order_relaxed));
}

void ServerState::report(std::string_view what, std::string_view request_id) const {
    if (hooks.fault) hooks.fault(what, request_id);
}

void admit(ServerState& state, Turn& turn) {
    Request& request = *turn.request;
    if (const auto given = request.header("X-Request-Id"); given && is_sane_id(*given))
        request.request_id = *given;
    if (!turn.framing.fault.empty()) return turn.refuse_and_close(malformed(turn.framing.fault));
    if (const auto fault = fault_in_target(request.path); !fault.empty()) {
        return turn.refuse_and_close(malformed(fault));
    }
    turn.body_limit = state.limits.body_bytes;
    read_expectation(turn);
    if (!turn.refusal) find_route(state, turn);
    if (!turn.refusal) pass_gate(state, turn);
    if (turn.framing.content_length.value_or(0) > turn.body_limit) {
        turn.refuse_and_close({Code::request_too_large,
                               fmt::format("The body has {} bytes; at most {} are taken here.",
                                           *turn.framing.content_length, turn.body_limit),
                               {},
                               {{"limit", std::to_string(turn.body_limit)}}});
    }
    if (!turn.refusal) read_query(turn);
    if (!turn.refusal) read_idempotency_key(turn);
}

}  // namespace api::http
