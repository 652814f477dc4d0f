// What a handler sees of HTTP: a request that has passed every check of the shell, and the response it gives.
#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/query.hpp"
#include "api/http/stream.hpp"
#include "ledger/base/error.hpp"

namespace api::http {

enum class Method : std::uint8_t { get, head, post, put, delete_, patch, other };
[[nodiscard]] std::string_view name_of(Method method);

[[nodiscard]] bool equal_in_any_case(std::string_view left, std::string_view right);

// Fields of a request, in order; names match in any case.
class Headers {
public:
    void add(std::string_view name, std::string_view value);
    // The value of the first field of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;

private:
    struct Field {
        std::size_t name_at, name_size, value_at, value_size;
    };
    [[nodiscard]] bool is_named(const Field& field, std::string_view name) const;
    std::vector<Field> fields_;
    std::string texts_;
};

struct Route;

struct Request {
    Method method = Method::get;
    std::string path;  // as sent, without the query
    Query query;
    Headers headers;
    std::string body;
    std::string remote_address;
    std::string request_id;
    std::string idempotency_key;  // of a route that needs one; else empty
    std::chrono::steady_clock::time_point received;
    std::chrono::steady_clock::time_point deadline;  // when the shell answers in the handler's place
    const Route* route = nullptr;
    std::vector<std::pair<std::string_view, std::string>>
        parameters;  // of the pattern, decoded: "id", "lien_…"
    std::any caller;  // whatever the gate put there

    [[nodiscard]] std::string_view parameter(std::string_view name) const;
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
        return headers.find(name);
    }
    // The gate's own type; it must be that type.
    template <class Caller>
    [[nodiscard]] const Caller& caller_as() const {
        return std::any_cast<const Caller&>(caller);
    }
};

using RequestPtr = std::shared_ptr<const Request>;

struct Response {
    int status = 200;
    std::string body;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers{};
    std::shared_ptr<Stream> stream{};  // instead of a body: sent as it is written
    // In place of all above: makes the response on the session's own thread, which it must not hold.
    std::function<Response()> make{};

    void set(std::string_view name, std::string value);
};

[[nodiscard]] Response json_response(std::string body, int status = 200);
[[nodiscard]] Response problem_response(const ledger::base::Error& error, std::string_view request_id);
[[nodiscard]] Response made_by_session(std::function<Response()> make);
[[nodiscard]] Response stream_response(std::shared_ptr<Stream> stream, std::string content_type);

// To be called once, from any thread; a second call is ignored. When the last copy goes uncalled, the shell
// answers 500 in its place. It may be called after the server has gone.
using Responder = std::function<void(Response)>;
// Called on an I/O thread, which it must not hold: whatever waits answers later, from elsewhere.
using Handler = std::function<void(RequestPtr, Responder)>;

}  // namespace api::http
