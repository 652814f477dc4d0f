#include "api/http/query.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "api/wire/json_writer.hpp"
#include "ledger/base/id.hpp"

namespace api::http {

using ledger::base::Code;
using ledger::base::Error;
using ledger::base::Microseconds;
using ledger::base::refuse;
using ledger::base::Result;
using ledger::base::Status;

namespace {

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return std::nullopt;
}

Error fault(std::string_view name, std::string detail) {
    std::string pointer = "?";
    wire::append_json_escaped(pointer, name);
    return {Code::invalid_input, std::move(detail), std::move(pointer)};
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            decoded += text[at];
            continue;
        }
        if (at + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[at + 1]);
        const auto low = hex_digit(text[at + 2]);
        if (!high || !low) return std::nullopt;
        decoded += static_cast<char>(*high << 4U | *low);
        at += 2;
    }
    if (decoded.find('\0') != std::string::npos || !wire::is_utf8(decoded)) return std::nullopt;
    return decoded;
}

Result<Query> Query::parse(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const auto piece = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), piece.size() + 1));
        const auto equals = std::min(piece.find('='), piece.size());
        auto name = percent_decode(piece.substr(0, equals));
        if (!name || name->empty())
            return refuse(fault({}, "The query has a parameter without a readable name."));
        auto value = percent_decode(piece.substr(std::min(equals + 1, piece.size())));
        if (!value) return refuse(fault(*name, "The value is not percent-encoded UTF-8."));
        if (query.find(*name)) return refuse(fault(*name, "The parameter stands twice."));
        if (query.parameters_.size() == parameters_max)
            return refuse(fault({}, "The query has too many parameters."));
        query.parameters_.emplace_back(std::move(*name), std::move(*value));
    }
    return query;
}

std::optional<std::string_view> Query::find(std::string_view name) const {
    for (const auto& [known, value] : parameters_)
        if (known == name) return value;
    return std::nullopt;
}

void QueryReader::fail(std::string_view name, std::string detail) {
    if (!error_) error_ = fault(name, std::move(detail));
}

Status QueryReader::finish() const {
    if (error_) return refuse(*error_);
    return {};
}

std::optional<std::string> QueryReader::text(std::string_view name) {
    const auto found = query_->find(name);
    if (!found) return std::nullopt;
    return std::string{*found};
}

std::optional<std::string> QueryReader::id(std::string_view name) {
    const auto found = query_->find(name);
    if (!found) return std::nullopt;
    if (!ledger::base::is_object_id(*found)) {
        fail(name, "The value is not an id.");
        return std::nullopt;
    }
    return std::string{*found};
}

std::optional<std::uint64_t> QueryReader::count(std::string_view name, std::uint64_t least,
                                                std::uint64_t most) {
    const auto found = query_->find(name);
    if (!found) return std::nullopt;
    std::uint64_t value = 0;
    const auto end = found->data() + found->size();
    const auto [stopped, problem] = std::from_chars(found->data(), end, value);
    if (problem != std::errc{} || stopped != end || value < least || value > most) {
        fail(name, fmt::format("The value is not an integer from {} to {}.", least, most));
        return std::nullopt;
    }
    return value;
}

std::optional<bool> QueryReader::boolean(std::string_view name) {
    const auto found = query_->find(name);
    if (!found) return std::nullopt;
    if (*found != "true" && *found != "false") {
        fail(name, "The value is neither true nor false.");
        return std::nullopt;
    }
    return *found == "true";
}

std::optional<Microseconds> QueryReader::instant(std::string_view name) {
    const auto found = query_->find(name);
    if (!found) return std::nullopt;
    const auto at = ledger::base::parse_rfc3339(*found);
    if (!at) fail(name, "The value is not an instant with an offset, as in 2026-07-06T15:04:05Z.");
    return at;
}

std::optional<std::chrono::year_month_day> QueryReader::day(std::string_view name) {
    const auto found = query_->find(name);
    if (!found) return std::nullopt;
    const auto date = ledger::base::parse_day(*found);
    if (!date) fail(name, "The value is not a day, as in 2026-07-06.");
    return date;
}

std::vector<std::string> QueryReader::list(std::string_view name) {
    std::vector<std::string> items;
    const auto found = query_->find(name);
    if (!found) return items;
    auto rest = *found;
    for (bool more = true; more;) {
        const auto comma = rest.find(',');
        std::string item{rest.substr(0, comma)};
        if (item.empty() || std::ranges::find(items, item) != items.end()) {
            fail(name, "The list has an empty item, or one that stands twice.");
            return {};
        }
        items.push_back(std::move(item));
        more = comma != std::string_view::npos;
        if (more) rest.remove_prefix(comma + 1);
    }
    return items;
}

}  // namespace api::http
