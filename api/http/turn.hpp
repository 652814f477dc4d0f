// One request on a connection, from its head to its answer: what the shell checks before a handler is asked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/message.hpp"
#include "api/http/request_head.hpp"
#include "api/http/router.hpp"
#include "api/http/server.hpp"
#include "ledger/base/error.hpp"

namespace api::http {

// What all loops of one server share.
struct ServerState {
    ServerLimits limits;
    ServerHooks hooks;
    Router router;
    std::string id_prefix;  // of request ids made here: differs from process to process
    std::atomic<std::uint64_t> ids{0};
    std::atomic<std::size_t> connections{0};

    [[nodiscard]] std::string new_request_id();
    void report(std::string_view what, std::string_view request_id) const;
};

struct Turn {
    std::shared_ptr<Request> request = std::make_shared<Request>();
    std::string method_text;
    std::string query_text;
    std::string allow;  // of a 405
    Framing framing;
    bool keep_alive = false;
    bool expects_continue = false;
    std::size_t body_limit = 0;
    std::optional<ledger::base::Error> refusal;  // the first

    void refuse(ledger::base::Error error) {
        if (!refusal) refusal = std::move(error);
    }
    // The connection cannot be trusted to be at the beginning of a request afterwards.
    void refuse_and_close(ledger::base::Error error) {
        keep_alive = false;
        refuse(std::move(error));
    }
    [[nodiscard]] bool has_body() const { return framing.chunked || framing.content_length.value_or(0) > 0; }
};

// Framing, route, gate, length, query and key, in this order; the head is parsed, the body has not been read.
void admit(ServerState& state, Turn& turn);

}  // namespace api::http
