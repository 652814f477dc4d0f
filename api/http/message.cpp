#include "api/http/message.hpp"

#include <algorithm>

#include "api/wire/problem.hpp"

namespace api::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool equal_in_any_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view name_of(Method method) {
    switch (method) {
        case Method::get: return "GET";
        case Method::head: return "HEAD";
        case Method::post: return "POST";
        case Method::put: return "PUT";
        case Method::delete_: return "DELETE";
        case Method::patch: return "PATCH";
        case Method::other: return "OTHER";
    }
    return "OTHER";
}

void Headers::add(std::string_view name, std::string_view value) {
    fields_.push_back({texts_.size(), name.size(), texts_.size() + name.size(), value.size()});
    texts_ += name;
    texts_ += value;
}

bool Headers::is_named(const Field& field, std::string_view name) const {
    return field.name_size == name.size() &&
           equal_in_any_case(std::string_view{texts_}.substr(field.name_at, field.name_size), name);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (const auto& field : fields_)
        if (is_named(field, name)) return std::string_view{texts_}.substr(field.value_at, field.value_size);
    return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(fields_, [&](const Field& field) { return is_named(field, name); }));
}

std::string_view Request::parameter(std::string_view name) const {
    for (const auto& [known, value] : parameters)
        if (known == name) return value;
    return {};
}

void Response::set(std::string_view name, std::string value) {
    for (auto& [known, old] : headers) {
        if (!equal_in_any_case(known, name)) continue;
        old = std::move(value);
        return;
    }
    headers.emplace_back(name, std::move(value));
}

Response json_response(std::string body, int status) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

Response problem_response(const ledger::base::Error& error, std::string_view request_id) {
    Response response;
    response.status = wire::problem_status(error);
    response.body = wire::problem_json(error, request_id);
    response.content_type = wire::problem_content_type;
    if (response.status == 401) response.set("WWW-Authenticate", "Bearer");
    if (response.status == 503 || response.status == 429) response.set("Retry-After", "1");
    return response;
}

Response made_by_session(std::function<Response()> make) {
    Response response;
    response.make = std::move(make);
    return response;
}

Response stream_response(std::shared_ptr<Stream> stream, std::string content_type) {
    Response response;
    response.stream = std::move(stream);
    response.content_type = std::move(content_type);
    return response;
}

}  // namespace api::http
