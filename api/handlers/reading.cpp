#include "api/handlers/reading.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace api::handlers {
namespace {

constexpr std::size_t rounds_max = 4;  // a lien names its parent and the lien before it: no chain is longer

Response give(Reading& reading, Read read) {
    try {
        auto response = read(reading);
        if (response) return std::move(*response);
        return http::problem_response(response.error(), reading.request().request_id);
    } catch (const ledger::port::Unavailable& away) {
        return http::problem_response({.code = Code::store_unavailable, .detail = away.what(), .pointer = {}},
                                      reading.request().request_id);
    } catch (const std::exception& fault) {
        spdlog::error("a read failed: {} (request {})", fault.what(), reading.request().request_id);
        return http::problem_response(
            {.code = Code::internal_error, .detail = "The read failed.", .pointer = {}},
            reading.request().request_id);
    }
}

void too_busy(const RequestPtr& request, const Responder& respond) {
    respond(http::problem_response({.code = Code::store_unavailable,
                                    .detail = "Too many reads of the store are waiting.",
                                    .pointer = {}},
                                   request->request_id));
}

}  // namespace

tl::unexpected<Error> no_such(std::string_view what, std::string_view id, std::string_view pointer) {
    return refuse({.code = Code::not_found,
                   .detail = fmt::format("There is no {} \"{}\".", what, id),
                   .pointer = std::string{pointer}});
}

void set_version(Response& response, const wire::Head& head, Version version) {
    response.set("Bailee-Ledger-Version", std::to_string(version.value));
    response.set("Bailee-Ledger-Generation", std::to_string(head.generation));
}

Reading::Reading(SharedPtr shared, RequestPtr request)
    : shared_{std::move(shared)},
      request_{std::move(request)},
      caller_{&request_->caller_as<auth::Caller>()},
      book_{shared_->ledger.committed()} {}

void Reading::pin_again() { book_ = shared_->ledger.committed(); }

bool Reading::sees_any(const std::vector<LienLine>& lines) const {
    return std::ranges::any_of(lines, [&](const LienLine& line) { return sees(line.owner); });
}

Result<AccountNo> Reading::account(std::string_view id, std::string_view pointer) const {
    const auto found = state().accounts.find(id);
    if (!found || !sees(*found)) return no_such("account", id, pointer);
    return *found;
}

Result<PartyNo> Reading::party(std::string_view id, std::string_view pointer) const {
    const auto found = state().parties.find(id);
    if (!found || !sees(*found)) return no_such("party", id, pointer);
    return *found;
}

Result<AssetNo> Reading::asset(std::string_view id, std::string_view pointer) const {
    const auto found = state().assets.find(id);
    if (!found) return no_such("asset", id, pointer);
    return *found;
}

std::vector<AccountNo> Reading::own_accounts() const {
    return scope() ? shared_->accounts.of_party(state(), *scope()) : std::vector<AccountNo>{};
}

Result<Page> Reading::page(http::QueryReader& query, char list, std::size_t limit_max) const {
    Page page;
    page.limit = static_cast<std::size_t>(query.count("limit", 1, limit_max).value_or(page_default));
    const auto cursor = query.text("cursor");
    if (auto read = query.finish(); !read) return refuse(std::move(read.error()));
    if (!cursor) return page;
    const auto after = wire::read_cursor(*cursor, head(), list);
    if (!after) return refuse(after.error());
    page.after = *after;
    return page;
}

void Reading::complete(wire::Facts& facts, const LogEntry& entry) const {
    for (std::size_t round = 0; round < rounds_max; ++round) {
        const auto missing = wire::rests_on(entry, source(facts));
        if (missing.empty()) return;
        facts.add(ledger().log_at(missing));
    }
}

Response Reading::answer(wire::JsonWriter& body, std::optional<Version> etag) const {
    auto response = http::json_response(body.take());
    set_version(response, head(), head().version);
    if (!etag) return response;
    const auto tag = wire::make_etag(head(), *etag);
    response.set("ETag", tag);
    if (request_->header("If-None-Match") == tag) {
        response.status = 304;
        response.body.clear();
    }
    return response;
}

void answer_read(const SharedPtr& shared, const RequestPtr& request, const Responder& respond, Read read) {
    Reading reading{shared, request};
    respond(give(reading, read));
}

void answer_stored(const SharedPtr& shared, const RequestPtr& request, const Responder& respond, Read read) {
    const bool is_taken = shared->reads.run([shared, request, respond, read] {
        Reading reading{shared, request};
        respond(give(reading, read));
    });
    if (!is_taken) too_busy(request, respond);
}

void answer_awaited(const SharedPtr& shared, const RequestPtr& request, const Responder& respond, Read read) {
    http::QueryReader query{request->query};
    const auto version = query.count("min_version");
    if (auto understood = query.finish(); !understood)
        return respond(http::problem_response(understood.error(), request->request_id));
    if (!version) return answer_read(shared, request, respond, read);
    shared->waits.wait(
        Version{*version}, shared->options.version_patience,
        [shared, request, respond, read, asked = *version](bool reached) {
            if (reached) return answer_read(shared, request, respond, read);
            const auto at = shared->ledger.committed()->state.version().value;
            respond(http::problem_response(
                {.code = Code::version_not_reached,
                 .detail = fmt::format("The book is at version {}, not yet at {}.", at, asked),
                 .pointer = "?min_version",
                 .figures = {{"asked", std::to_string(asked)}, {"version", std::to_string(at)}}},
                request->request_id));
        });
}

void write_next(wire::JsonWriter& out, const wire::Head& head, char list,
                std::optional<std::uint64_t> position) {
    if (position)
        out.field("next", wire::make_cursor(head, list, *position));
    else
        out.field_null("next");
}

}  // namespace api::handlers
