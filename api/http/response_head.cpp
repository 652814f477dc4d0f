#include "api/http/response_head.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace api::http {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 503: return "Service Unavailable";
        default: return "Answer";
    }
}

// A control character in a value would end the header and begin another.
void append_header(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (std::ranges::none_of(value, is_control))
        out += value;
    else
        for (const char c : value)
            if (!is_control(c)) out += c;
    out += "\r\n";
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> on_every_answer{{
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Referrer-Policy", "no-referrer"},
}};

}  // namespace

std::string response_head(const Response& response, const ResponseFacts& facts) {
    std::string head;
    head.reserve(512);
    head += "HTTP/1.1 ";
    head += fmt::format_int{response.status}.c_str();
    head += ' ';
    head += reason(response.status);
    head += "\r\n";
    append_header(head, "Date", facts.date);
    const bool has_content = response.status != 204 && response.status != 304;
    if (has_content) append_header(head, "Content-Type", response.content_type);
    if (facts.body == ResponseFacts::Body::chunked) {
        append_header(head, "Transfer-Encoding", "chunked");
    } else if (facts.body == ResponseFacts::Body::sized && has_content) {
        append_header(head, "Content-Length", fmt::format_int{response.body.size()}.c_str());
    }
    append_header(head, "Connection", facts.keep_alive ? "keep-alive" : "close");
    append_header(head, "Bailee-Request-Id", facts.request_id);
    for (const auto& [name, value] : on_every_answer) {
        const bool replaced = std::ranges::any_of(
            response.headers, [&](const auto& header) { return equal_in_any_case(header.first, name); });
        if (!replaced) append_header(head, name, value);
    }
    for (const auto& [name, value] : response.headers) append_header(head, name, value);
    head += "\r\n";
    return head;
}

std::string http_date(std::chrono::sys_seconds at) {
    using namespace std::chrono;
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto midnight = floor<std::chrono::days>(at);
    const year_month_day date{midnight};
    const hh_mm_ss time{at - midnight};
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday{midnight}.c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

}  // namespace api::http
