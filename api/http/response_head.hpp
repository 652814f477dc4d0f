// The status line and headers of a response, those that every answer carries among them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/message.hpp"

namespace api::http {

struct ResponseFacts {
    enum class Body : std::uint8_t { sized, chunked, until_close };
    Body body = Body::sized;
    bool keep_alive = true;
    std::string_view request_id;
    std::string_view date;
};

[[nodiscard]] std::string response_head(const Response& response, const ResponseFacts& facts);

// "Mon, 06 Jul 2026 15:04:05 GMT"
[[nodiscard]] std::string http_date(std::chrono::sys_seconds at);

}  // namespace api::http
