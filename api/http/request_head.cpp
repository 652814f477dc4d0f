#include "api/http/request_head.hpp"

#include <algorithm>
#include <charconv>

namespace api::http {
namespace {

bool is_token(char c) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return alphanumeric || marks.find(c) != std::string_view::npos;
}

bool is_in_value(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

std::string_view fault_in_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return "A header is folded over two lines.";
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return "A header has no name.";
    if (!std::ranges::all_of(line.substr(0, colon), is_token))
        return "A header's name holds a blank or another mark.";
    if (!std::ranges::all_of(line.substr(colon + 1), is_in_value))
        return "A header's value holds a control character.";
    return {};
}

}  // namespace

std::optional<std::size_t> HeadScanner::scan(std::string_view buffer) {
    for (; scanned_ < buffer.size(); ++scanned_) {
        const char c = buffer[scanned_];
        const char before = scanned_ > 0 ? buffer[scanned_ - 1] : '\0';
        if (c == '\n') {
            if (before != '\r') {
                fault_ = "A line of the head ends without a carriage return.";
                return std::nullopt;
            }
            if (scanned_ == 1) {
                fault_ = "The request begins with an empty line.";
                return std::nullopt;
            }
            if (scanned_ >= 3 && buffer[scanned_ - 2] == '\n') return scanned_ + 1;
        } else if (before == '\r' && scanned_ > 0) {
            fault_ = "The head holds a carriage return that ends no line.";
            return std::nullopt;
        } else if (c == '\0') {
            fault_ = "The head holds U+0000.";
            return std::nullopt;
        }
    }
    return std::nullopt;
}

std::string_view fault_in_lines(std::string_view head) {
    bool is_field = false;  // the first line is the request's
    while (head.size() > 2) {
        const auto line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(line.size() + 2);
        if (is_field) {
            if (const auto fault = fault_in_field(line); !fault.empty()) return fault;
        }
        is_field = true;
    }
    return {};
}

std::size_t fields_in(std::string_view head) {
    constexpr std::size_t request_line_and_empty_line = 2;
    const auto lines = static_cast<std::size_t>(std::ranges::count(head, '\n'));
    return lines - std::min(lines, request_line_and_empty_line);
}

Framing framing_of(const Headers& headers, bool is_http_1_0, Method method) {
    Framing framing{is_http_1_0, false, std::nullopt, {}};
    const auto refused = [&](std::string_view fault) {
        framing.fault = fault;
        return framing;
    };
    const auto hosts = headers.count("Host");
    if (hosts > 1 || (hosts == 0 && !is_http_1_0)) return refused("A request has exactly one Host header.");
    const auto lengths = headers.count("Content-Length");
    const auto encodings = headers.count("Transfer-Encoding");
    if (lengths > 0 && encodings > 0)
        return refused("Content-Length and Transfer-Encoding exclude one another.");
    if (lengths > 1 || encodings > 1) return refused("The length of the body is given twice.");
    if (encodings == 1) {
        if (is_http_1_0 || !equal_in_any_case(*headers.find("Transfer-Encoding"), "chunked")) {
            return refused("The only Transfer-Encoding known here is \"chunked\".");
        }
        framing.chunked = true;
    }
    if (lengths == 1) {
        const auto text = *headers.find("Content-Length");
        std::uint64_t length = 0;
        const auto end = text.data() + text.size();
        const auto [stopped, problem] = std::from_chars(text.data(), end, length);
        if (text.empty() || problem != std::errc{} || stopped != end)
            return refused("Content-Length is not a number.");
        framing.content_length = length;
    }
    const bool has_body = framing.chunked || framing.content_length.value_or(0) > 0;
    const bool takes_body = method == Method::post || method == Method::put || method == Method::patch;
    if (has_body && !takes_body) return refused("A request of this method has no body.");
    return framing;
}

std::string_view fault_in_target(std::string_view target) {
    if (!target.starts_with('/')) return "The target of a request begins with \"/\".";
    const auto is_visible = [](char c) { return c > 0x20 && c < 0x7F && c != '#'; };
    if (!std::ranges::all_of(target, is_visible))
        return "The target holds a character that is to be percent-encoded.";
    return {};
}

}  // namespace api::http
