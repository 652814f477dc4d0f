#include "ledger/store/postgres/hosts.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "ledger/store/postgres/connection_trouble.hpp"

namespace ledger::store::postgres {
namespace {

std::vector<std::string> split_at_commas(std::string_view text) {
    std::vector<std::string> parts;
    while (true) {
        const auto comma = text.find(',');
        parts.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        text.remove_prefix(comma + 1);
    }
}

// As libpq reads it back: backslashes and quotes are escaped by a backslash.
std::string quoted(std::string_view value) {
    std::string text = "'";
    for (const char letter : value) {
        if (letter == '\\' || letter == '\'') text += '\\';
        text += letter;
    }
    return text + "'";
}

}  // namespace

base::Result<std::vector<std::string>> one_for_each_host(const std::string& conninfo) {
    char* complaint = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{
        PQconninfoParse(conninfo.c_str(), &complaint), &PQconninfoFree};
    const std::unique_ptr<char, decltype(&PQfreemem)> complaint_owned{complaint, &PQfreemem};
    if (!options)
        return refuse_trouble(fmt::format("The address of the database cannot be read: {}",
                                          complaint == nullptr ? "no memory" : complaint),
                              "Give it as postgresql://user@host:port,host:port/database.");
    std::map<std::string, std::string> common{{"target_session_attrs", "read-write"}};
    std::map<std::string, std::vector<std::string>> each;
    std::size_t count = 1;
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        const std::string_view keyword = option->keyword;
        if (keyword != "host" && keyword != "hostaddr" && keyword != "port") {
            common[option->keyword] = option->val;
            continue;
        }
        each[option->keyword] = split_at_commas(option->val);
        count = std::max(count, each[option->keyword].size());
    }
    std::vector<std::string> found(count);
    for (std::size_t at = 0; at < count; ++at) {
        for (const auto& [keyword, values] : each) {
            if (values.size() != count && values.size() != 1)
                return refuse_trouble(fmt::format("The address of the database has {} of {} for {} servers.",
                                                  values.size(), keyword, count),
                                      "Name one for each server.");
            found[at] += fmt::format("{}={} ", keyword, quoted(values[values.size() == 1 ? 0 : at]));
        }
        for (const auto& [keyword, value] : common)
            found[at] += fmt::format("{}={} ", keyword, quoted(value));
    }
    return found;
}

}  // namespace ledger::store::postgres
