// The interface as one table: method, pattern, who may, what it takes, and who answers. api/openapi.yaml says
// the same to others, and a test compares the two.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "api/http/router.hpp"
#include "api/shared.hpp"

namespace api {

using Handle = void (*)(const SharedPtr&, const http::RequestPtr&, const http::Responder&);

struct RouteRow {
    http::Method method;
    std::string_view pattern;
    std::string_view operation_id;
    ledger::book::RoleSet roles;
    bool needs_idempotency_key;
    std::array<std::string_view, 8> query;  // names it knows; empty ones are none
    Handle handle;
    bool is_bulk = false;  // takes bodies up to the larger limit
};

[[nodiscard]] std::span<const RouteRow> route_table();

// The table as the server takes it, with its handlers bound.
[[nodiscard]] std::vector<http::Route> bind_routes(const SharedPtr& shared);

}  // namespace api
