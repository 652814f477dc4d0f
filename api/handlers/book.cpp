// The book itself, the stream of its events, and what a watcher asks of the process.
#include <fmt/format.h>

#include "api/handlers/handlers.hpp"
#include "api/openapi.hpp"
#include "api/wire/requests.hpp"

namespace api::handlers {
namespace {

using http::QueryReader;
using ledger::port::Health;
using ledger::port::ServerRole;
using wire::JsonWriter;

std::string_view name_of(Health health) {
    switch (health) {
        case Health::starting: return "starting";
        case Health::ready: return "ready";
        case Health::resolving: return "resolving";
        case Health::clock_leap: return "clock_leap";
        case Health::past_lost: return "past_lost";
        case Health::stopping: return "stopping";
    }
    return {};
}

std::string_view name_of(ServerRole role) {
    switch (role) {
        case ServerRole::follower: return "follower";
        case ServerRole::writer: return "writer";
    }
    return {};
}

// Where a new stream begins: after the last event seen, from a version, or with what comes next.
Result<wire::EventId> first_event(const Reading& reading, std::optional<std::uint64_t> from_version) {
    const auto head = reading.head();
    if (const auto last = reading.request().header("Last-Event-ID")) {
        const auto seen = wire::read_event_id(*last, head);
        if (!seen) return refuse(seen.error());
        if (seen->version.value == 0) return wire::EventId{Version{1}, 0};
        return wire::EventId{seen->version, seen->index + 1};
    }
    if (!from_version) return wire::EventId{Version{head.version.value + 1}, 0};
    if (*from_version > head.version.value + 1)
        return refuse(
            {.code = Code::invalid_input,
             .detail = fmt::format("The book is at version {}; the stream begins at {} at the latest.",
                                   head.version.value, head.version.value + 1),
             .pointer = "?from_version",
             .figures = {{"head", std::to_string(head.version.value)}}});
    return wire::EventId{Version{std::max<std::uint64_t>(*from_version, 1)}, 0};
}

Result<feed::Subscription> read_subscription(const Reading& reading) {
    QueryReader query{reading.request().query};
    feed::Subscription wanted;
    const auto types = query.list("types");
    const auto account_id = query.id("account");
    const auto from_version = query.count("from_version");
    if (auto read = query.finish(); !read) return refuse(std::move(read.error()));
    if (!types.empty()) wanted.types.reset();
    for (const auto& name : types) {
        const auto type = feed::event_type_from(name);
        if (!type)
            return refuse({.code = Code::invalid_input,
                           .detail = fmt::format("There is no type of event \"{}\".", name),
                           .pointer = "?types"});
        wanted.types.set(static_cast<std::size_t>(*type));
    }
    if (account_id) {
        const auto account = reading.account(*account_id, "?account");
        if (!account) return refuse(account.error());
        wanted.account = *account;
    }
    wanted.scope = reading.scope();
    wanted.key = reading.request().caller_as<auth::Caller>().key;
    const auto first = first_event(reading, from_version);
    if (!first) return refuse(first.error());
    wanted.next = *first;
    return wanted;
}

Response plain_json(JsonWriter& out, int status) { return http::json_response(out.take(), status); }

}  // namespace

Result<Response> get_book(Reading& reading) {
    const auto& state = reading.state();
    JsonWriter out;
    out.begin_object().field("book", state.book()).field("version", state.version().value);
    out.field("head_hash", to_hex(reading.book().head_hash.bytes))
        .field("generation", reading.head().generation);
    out.field("now", state.now().at).end_object();
    return reading.answer(out, state.version());
}

void stream_events(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    const Reading reading{shared, request};
    const auto wanted = read_subscription(reading);
    if (!wanted) return respond(http::problem_response(wanted.error(), request->request_id));
    auto stream = shared->hub.subscribe(*wanted);
    if (!stream)
        return respond(http::problem_response(
            {.code = Code::too_many_connections, .detail = "Too many event streams are open.", .pointer = {}},
            request->request_id));
    auto response = http::stream_response(std::move(stream), "text/event-stream");
    response.set("Cache-Control", "no-cache");
    set_version(response, reading.head(), reading.head().version);
    respond(std::move(response));
}

void confirm_clock(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    const auto body = body_of(*request);
    Status read = body ? wire::read_nothing(body->root()) : Status{refuse(body.error())};
    if (!read) return respond(http::problem_response(read.error(), request->request_id));
    shared->ledger.confirm_clock();
    JsonWriter out;
    out.begin_object().field("status", "confirmed").end_object();
    respond(plain_json(out, 200));
}

void healthz(const SharedPtr& /*shared*/, const RequestPtr& /*request*/, const Responder& respond) {
    JsonWriter out;
    out.begin_object().field("status", "ok").end_object();
    respond(plain_json(out, 200));
}

void readyz(const SharedPtr& shared, const RequestPtr& /*request*/, const Responder& respond) {
    const auto status = shared->ledger.status();
    JsonWriter out;
    const auto served = shared->ledger.committed()->state.version();
    out.begin_object()
        .field("status", name_of(status.health))
        .field("role", name_of(status.role))
        .field("is_writer", status.is_writer())
        .field("epoch", status.epoch)
        .field("version", served.value)
        .field("lag", status.head > served ? status.head.value - served.value : 0);
    if (!status.trouble.empty()) out.field("trouble", status.trouble);
    out.end_object();
    auto response = plain_json(out, status.health == Health::ready ? 200 : 503);
    if (response.status == 503) response.set("Retry-After", "1");
    respond(std::move(response));
}

void metrics(const SharedPtr& shared, const RequestPtr& /*request*/, const Responder& respond) {
    Response response;
    response.body = shared->metrics.render(
        shared->ledger, {.streams = shared->hub.streams(), .reads_waiting = shared->reads.waiting()});
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    respond(std::move(response));
}

void openapi_json(const SharedPtr& /*shared*/, const RequestPtr& /*request*/, const Responder& respond) {
    respond(http::json_response(std::string{openapi_document()}));
}

void docs_page(const SharedPtr& /*shared*/, const RequestPtr& /*request*/, const Responder& respond) {
    Response response;
    response.body = openapi_page();
    response.content_type = "text/html; charset=utf-8";
    response.set("Content-Security-Policy",
                 "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                 "frame-ancestors 'none'");
    respond(std::move(response));
}

void redirect_to_docs(const SharedPtr& /*shared*/, const RequestPtr& /*request*/, const Responder& respond) {
    Response response;
    response.status = 302;
    response.set("Location", "/docs");
    respond(std::move(response));
}

}  // namespace api::handlers
