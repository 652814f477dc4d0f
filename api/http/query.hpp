// The query of a request target, read strictly: each name once, percent-encoding well formed, UTF-8 without
// U+0000.
// "+" is itself, as RFC 3986 has it. A QueryReader reads it field by field as ObjectReader reads an object;
// pointers are "?name".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/base/error.hpp"
#include "ledger/base/instant.hpp"

namespace api::http {

// Nothing when an escape is malformed or the result is not UTF-8 or holds U+0000.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

class Query {
public:
    static constexpr std::size_t parameters_max = 32;

    // Without the "?".
    [[nodiscard]] static ledger::base::Result<Query> parse(std::string_view text);

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& parameters() const {
        return parameters_;
    }
    [[nodiscard]] bool empty() const { return parameters_.empty(); }

private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

// The query must outlive it. Every parameter is optional; an empty value is a fault for all but text().
class QueryReader {
public:
    explicit QueryReader(const Query& query) : query_{&query} {}

    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::optional<std::string> id(std::string_view name);
    [[nodiscard]] std::optional<std::uint64_t> count(
        std::string_view name, std::uint64_t least = 0,
        std::uint64_t most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    [[nodiscard]] std::optional<bool> boolean(std::string_view name);
    [[nodiscard]] std::optional<ledger::base::Microseconds> instant(std::string_view name);
    [[nodiscard]] std::optional<std::chrono::year_month_day> day(std::string_view name);
    // "a,b,c": each item once, none empty.
    [[nodiscard]] std::vector<std::string> list(std::string_view name);
    // `table`: rows with `.text` and `.value`.
    template <class Table>
    [[nodiscard]] auto choice(std::string_view name, const Table& table) {
        std::optional<std::decay_t<decltype(std::begin(table)->value)>> found;
        const auto text = query_->find(name);
        if (!text) return found;
        for (const auto& row : table)
            if (row.text == *text && !row.text.empty()) found = row.value;
        if (!found) fail(name, "The value is none of those known here.");
        return found;
    }

    void fail(std::string_view name, std::string detail);
    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    [[nodiscard]] ledger::base::Status finish() const;

private:
    const Query* query_;
    std::optional<ledger::base::Error> error_;
};

}  // namespace api::http
