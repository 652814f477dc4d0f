// The table of routes, compiled once into a tree of path segments. A pattern is "/v1/liens/{id}:release":
// whole segments in braces are parameters, and what follows ":" in the last segment is the action.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/message.hpp"
#include "ledger/base/error.hpp"
#include "ledger/book/terms.hpp"

namespace api::http {

// One row of the interface. Texts must outlive the table; they are literals.
struct Route {
    Method method = Method::get;
    std::string_view pattern;
    std::string_view operation_id;
    ledger::book::RoleSet
        roles{};  // who may; empty: anyone, without a key. The gate judges, the shell does not
    Handler handler{};
    bool needs_idempotency_key = false;
    bool bulk = false;                      // takes bodies up to the larger limit
    std::vector<std::string_view> query{};  // the parameters it knows; any other is refused
};

class Router {
public:
    static constexpr std::size_t parameter_bytes_max = 128;

    explicit Router(std::vector<Route> routes);  // two routes with one method and pattern are our bug
    Router(const Router&) = delete;  // the tree points into the table
    Router& operator=(const Router&) = delete;
    Router(Router&&) = default;
    Router& operator=(Router&&) = default;
    ~Router() = default;

    struct Match {
        const Route* route = nullptr;
        std::vector<std::pair<std::string_view, std::string>> parameters;
    };
    // HEAD finds the GET route. NOT_FOUND; METHOD_NOT_ALLOWED with `allow` filled; INVALID_INPUT for a
    // malformed escape.
    [[nodiscard]] ledger::base::Result<Match> match(Method method, std::string_view path,
                                                    std::string& allow) const;
    [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

private:
    struct Node {
        std::map<std::string, std::size_t, std::less<>> fixed;
        std::optional<std::size_t> parameter;
        // By action ("" for none): the routes that end here.
        std::map<std::string, std::vector<const Route*>, std::less<>> ends;
    };
    void add(const Route& route);
    [[nodiscard]] const std::vector<const Route*>* find(std::size_t node,
                                                        const std::vector<std::string_view>& segments,
                                                        std::size_t depth, std::string_view action,
                                                        std::vector<std::string_view>& values) const;

    std::vector<Route> routes_;
    std::vector<Node> nodes_;
};

}  // namespace api::http
