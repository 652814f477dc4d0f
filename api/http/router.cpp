#include "api/http/router.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "ledger/base/ensure.hpp"

namespace api::http {

using ledger::base::Code;
using ledger::base::ensure;
using ledger::base::Error;
using ledger::base::refuse;
using ledger::base::Result;

namespace {

struct Pieces {
    std::vector<std::string_view> segments;
    std::string_view action;
};

// "/v1/liens/lien_1:release" is {"v1", "liens", "lien_1"} and "release".
Pieces split(std::string_view path) {
    Pieces pieces;
    path.remove_prefix(1);
    const auto last_slash = path.rfind('/');
    const auto last = last_slash == std::string_view::npos ? 0 : last_slash + 1;
    if (const auto colon = path.find(':', last); colon != std::string_view::npos) {
        pieces.action = path.substr(colon + 1);
        path = path.substr(0, colon);
    }
    for (bool more = true; more;) {
        const auto slash = path.find('/');
        pieces.segments.push_back(path.substr(0, slash));
        more = slash != std::string_view::npos;
        if (more) path.remove_prefix(slash + 1);
    }
    return pieces;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

// The names in braces, in order: views into the pattern.
std::vector<std::string_view> parameter_names(std::string_view pattern) {
    std::vector<std::string_view> names;
    for (const auto segment : split(pattern).segments)
        if (is_parameter(segment)) names.push_back(segment.substr(1, segment.size() - 2));
    return names;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_{std::move(routes)}, nodes_(1) {
    for (const auto& route : routes_) add(route);
}

void Router::add(const Route& route) {
    ensure(route.pattern.starts_with('/'), "a pattern begins with a slash");
    ensure(route.method != Method::head && route.method != Method::other, "a route has a method of its own");
    const auto pieces = split(route.pattern);
    std::size_t node = 0;
    for (const auto segment : pieces.segments) {
        std::optional<std::size_t> next;
        if (is_parameter(segment)) {
            next = nodes_[node].parameter;
        } else if (const auto found = nodes_[node].fixed.find(segment); found != nodes_[node].fixed.end()) {
            next = found->second;
        }
        if (!next) {
            next = nodes_.size();
            if (is_parameter(segment))
                nodes_[node].parameter = next;
            else
                nodes_[node].fixed.emplace(segment, *next);
            nodes_.emplace_back();
        }
        node = *next;
    }
    auto& ends = nodes_[node].ends[std::string{pieces.action}];
    for (const auto* other : ends)
        ensure(other->method != route.method, "two routes have one method and pattern");
    ends.push_back(&route);
}

const std::vector<const Route*>* Router::find(std::size_t node, const std::vector<std::string_view>& segments,
                                              std::size_t depth, std::string_view action,
                                              std::vector<std::string_view>& values) const {
    const Node& here = nodes_[node];
    if (depth == segments.size()) {
        const auto found = here.ends.find(action);
        return found == here.ends.end() ? nullptr : &found->second;
    }
    const auto segment = segments[depth];
    if (const auto fixed = here.fixed.find(segment); fixed != here.fixed.end()) {
        if (const auto* found = find(fixed->second, segments, depth + 1, action, values)) return found;
    }
    if (!here.parameter || segment.empty()) return nullptr;
    values.push_back(segment);
    if (const auto* found = find(*here.parameter, segments, depth + 1, action, values)) return found;
    values.pop_back();
    return nullptr;
}

Result<Router::Match> Router::match(Method method, std::string_view path, std::string& allow) const {
    const auto nothing = [] { return refuse(Error{Code::not_found, "There is nothing at this path.", {}}); };
    constexpr std::ptrdiff_t segments_max = 16;
    if (!path.starts_with('/') || std::ranges::count(path, '/') > segments_max) return nothing();
    const auto pieces = split(path);
    std::vector<std::string_view> values;
    const auto* const routes = find(0, pieces.segments, 0, pieces.action, values);
    if (routes == nullptr) return nothing();

    const Method wanted = method == Method::head ? Method::get : method;
    const auto found =
        std::ranges::find_if(*routes, [&](const Route* route) { return route->method == wanted; });
    if (found == routes->end()) {
        for (const auto* route : *routes) {
            if (!allow.empty()) allow += ", ";
            allow += name_of(route->method);
            if (route->method == Method::get) allow += ", HEAD";
        }
        return refuse(Error{Code::method_not_allowed, fmt::format("This path takes {}.", allow), {}});
    }
    Match match{*found, {}};
    if (values.empty()) return match;
    const auto names = parameter_names(match.route->pattern);
    for (std::size_t place = 0; place < values.size(); ++place) {
        auto value = percent_decode(values[place]);
        if (!value) {
            return refuse(Error{Code::invalid_input, "The path is not percent-encoded UTF-8.",
                                fmt::format("{{{}}}", names[place])});
        }
        if (value->size() > parameter_bytes_max) return nothing();
        match.parameters.emplace_back(names[place], std::move(*value));
    }
    return match;
}

}  // namespace api::http
