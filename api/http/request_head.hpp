// The bytes of a request's head before any parser sees them: parsers forgive what lets two servers disagree
// about where a request ends, so such shapes are refused here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/message.hpp"

namespace api::http {

// Looks for the end of the head in a buffer that grows.
class HeadScanner {
public:
    // The size of the head with its empty line; nothing yet, or fault() is set.
    [[nodiscard]] std::optional<std::size_t> scan(std::string_view buffer);
    // A sentence, once a byte stands where it may not.
    [[nodiscard]] std::string_view fault() const { return fault_; }

private:
    std::size_t scanned_ = 0;
    std::string_view fault_;
};

// A sentence when a line of a complete head is out of form.
[[nodiscard]] std::string_view fault_in_lines(std::string_view head);
[[nodiscard]] std::size_t fields_in(std::string_view head);

struct Framing {
    bool is_http_1_0 = false;
    bool chunked = false;
    std::optional<std::uint64_t> content_length;
    std::string_view fault;  // a sentence, when length, host or target are out of form
};
[[nodiscard]] Framing framing_of(const Headers& headers, bool is_http_1_0, Method method);

[[nodiscard]] std::string_view fault_in_target(std::string_view target);

}  // namespace api::http
