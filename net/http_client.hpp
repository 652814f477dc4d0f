// A small blocking HTTP client for our own command line: one request, one answer, with limits on time and
// size.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "ledger/base/error.hpp"

namespace net {

struct HttpAnswer {
    int status = 0;
    std::string body;
};

struct HttpCall {
    std::string method = "GET";
    std::string url;  // http://host:port/path
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::chrono::seconds within{10};
    std::size_t body_max = 4U << 20U;
};

// Refuses with OUTCOME_UNKNOWN's kind of words when nothing answered: the caller cannot know whether the call
// arrived.
[[nodiscard]] ledger::base::Result<HttpAnswer> call(const HttpCall& request);

}  // namespace net
