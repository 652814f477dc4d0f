#include "api/handlers/submitting.hpp"

#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <array>

#include "api/auth/role_table.hpp"
#include "api/handlers/reading.hpp"
#include "api/wire/requests.hpp"
#include "ledger/base/ensure.hpp"

namespace api::handlers {
namespace {

using ledger::base::ensure;
using ledger::port::Accepted;
using ledger::port::Outcome;
using ledger::port::Refused;

// Where a command keeps the precondition; nothing for those that have none.
std::optional<std::uint64_t>* precondition_of(rules::Command& command) {
    if (auto* lien = std::get_if<rules::OpenLien>(&command))
        return lien->is_short_form ? &lien->if_match : nullptr;
    if (auto* lien = std::get_if<rules::IncreaseLien>(&command)) return &lien->if_match;
    if (auto* lien = std::get_if<rules::ReleaseLien>(&command)) return &lien->if_match;
    if (auto* held = std::get_if<rules::Reserve>(&command)) return &held->if_match;
    if (auto* commit = std::get_if<rules::CommitReservation>(&command))
        if (auto* lien = std::get_if<rules::OpenLien>(&commit->into))
            return lien->is_short_form ? &lien->if_match : nullptr;
    return nullptr;
}

Status read_precondition(const http::Request& request, const wire::Head& head, rules::Command& command) {
    const auto header = request.header("If-Match");
    if (!header) return {};
    auto* precondition = precondition_of(command);
    if (precondition == nullptr || request.headers.count("If-Match") > 1)
        return refuse({.code = Code::invalid_input,
                       .detail = precondition == nullptr
                                     ? "This request has no one account whose version could be asked for."
                                     : "If-Match stands once.",
                       .pointer = "If-Match"});
    const auto version = wire::read_if_match(*header, head);
    if (!version) return refuse(version.error());
    *precondition = *version;
    return {};
}

// The texts the caller just sent, under the commitments the log holds of them: no look-up, and the same for a
// replay, whose digest covers them.
void add_own_texts(wire::Facts& facts, const LogEntry& entry, const rules::Command& command) {
    facts.has_texts = true;
    const auto texts = rules::erasable_texts(command);
    if (texts.empty()) return;
    for (const auto& event : entry.recorded.events) {
        if (const auto* party = std::get_if<PartyAdded>(&event))
            facts.texts[party->terms.name] = texts.front().text;
        if (const auto* one = std::get_if<PrincipalAdded>(&event))
            facts.texts[one->terms.name] = texts.front().text;
        if (const auto* journal = std::get_if<JournalPosted>(&event); journal != nullptr && journal->memo)
            facts.texts[*journal->memo] = texts.front().text;
    }
}

struct Submitted {
    SharedPtr shared;
    RequestPtr request;
    rules::Command asked;  // as far as the answer needs it
    WriteAnswer write_answer;
};

// A posted journal is written from its event alone; only its memo is not there.
rules::Command for_the_answer(const rules::Command& command) {
    const auto* journal = std::get_if<rules::PostJournal>(&command);
    if (journal == nullptr) return command;
    rules::PostJournal asked;
    asked.memo = journal->memo;
    return asked;
}

// Whether the answer can be written without asking the store for anything.
bool needs_no_store(const rules::Command& command) {
    return std::holds_alternative<rules::PostJournal>(command);
}

void add_what_it_rests_on(wire::Facts& facts, ledger::port::Ledger& ledger, const wire::Source& source,
                          const LogEntry& entry) {
    constexpr std::size_t rounds_max = 4;
    for (std::size_t round = 0; round < rounds_max; ++round) {
        const auto missing = wire::rests_on(entry, source);
        if (missing.empty()) return;
        facts.add(ledger.log_at(missing));
    }
}

Response accepted(const Submitted& submitted, const Accepted& outcome) {
    auto& ledger = submitted.shared->ledger;
    const auto book = ledger.committed();
    const auto& entry = *outcome.entry;
    ensure(book->state.version() >= entry.recorded.version, "an answer ahead of the committed book");
    wire::Facts facts;
    if (!needs_no_store(submitted.asked)) facts.add({outcome.entry});
    add_own_texts(facts, entry, submitted.asked);
    const wire::Source source{book->state, facts, {}};
    if (!needs_no_store(submitted.asked)) add_what_it_rests_on(facts, ledger, source, entry);
    wire::JsonWriter out;
    if (submitted.write_answer)
        submitted.write_answer(out, source, entry, outcome.replayed);
    else
        wire::write_outcome(out, source, entry, submitted.asked);
    auto response = http::json_response(out.take(), wire::status_of(submitted.asked));
    set_version(response, {book->generation, book->state.version()}, entry.recorded.version);
    if (outcome.replayed) response.set("Idempotency-Replayed", "true");
    return response;
}

Response answer(const Submitted& submitted, const Outcome& outcome) {
    const auto& request_id = submitted.request->request_id;
    if (const auto* refused = std::get_if<Refused>(&outcome)) {
        auto response = http::problem_response(refused->error, request_id);
        if (const auto book = submitted.shared->ledger.committed())
            set_version(response, {book->generation, book->state.version()}, refused->decided_at);
        if (refused->replayed) response.set("Idempotency-Replayed", "true");
        return response;
    }
    try {
        return accepted(submitted, std::get<Accepted>(outcome));
    } catch (const std::exception& fault) {
        // Accepted and durable, but what the answer rests on cannot be read now: the same key answers later.
        spdlog::warn("an answer waits: {} (request {})", fault.what(), request_id);
        return http::problem_response({.code = Code::outcome_unknown, .detail = fault.what(), .pointer = {}},
                                      request_id);
    }
}

// The book's thread only hands the outcome on: to the session where writing the answer takes no store, else
// to the pool. When the server has gone, so has the caller.
void hand_on(const std::shared_ptr<const Submitted>& submitted, const Responder& respond, Outcome outcome) {
    auto make = [submitted, decided = std::move(outcome)] { return answer(*submitted, decided); };
    if (needs_no_store(submitted->asked)) return respond(http::made_by_session(std::move(make)));
    static_cast<void>(submitted->shared->answers.run([respond, made = std::move(make)] { respond(made()); }));
}

}  // namespace

std::string make_salt() {
    std::array<unsigned char, 16> bytes{};
    ensure(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "the generator has no entropy");
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<wire::JsonDocument> body_of(const http::Request& request) {
    return wire::JsonDocument::parse(request.body.empty() ? std::string_view{"{}"}
                                                          : std::string_view{request.body});
}

void submit(const SharedPtr& shared, const RequestPtr& request, const Responder& respond,
            Result<rules::Command> command, WriteAnswer write_answer) {
    const auto book = shared->ledger.committed();
    const wire::Head head{book->generation, book->state.version()};
    Status ready{};
    if (!command)
        ready = refuse(std::move(command.error()));
    else
        ready = read_precondition(*request, head, *command);
    if (!ready) return respond(http::problem_response(ready.error(), request->request_id));
    rules::salt_texts(*command, make_salt);
    const auto submitted = std::make_shared<const Submitted>(
        Submitted{shared, request, for_the_answer(*command), std::move(write_answer)});
    shared->ledger.submit(
        {.principal = request->caller_as<auth::Caller>().principal,
         .idempotency_key = request->idempotency_key,
         .command = std::move(*command),
         .deadline = request->deadline},
        [submitted, respond](Outcome outcome) { hand_on(submitted, respond, std::move(outcome)); });
}

void submit_body(const SharedPtr& shared, const RequestPtr& request, const Responder& respond,
                 ReadBody read) {
    const auto body = body_of(*request);
    submit(shared, request, respond,
           body ? read(body->root()) : Result<rules::Command>{refuse(body.error())});
}

void commit_reservation(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    const auto body = body_of(*request);
    auto command = body ? wire::read_reservation_commit(std::string{request->parameter("id")}, body->root())
                        : Result<rules::Command>{refuse(body.error())};
    if (command &&
        std::holds_alternative<rules::PostJournal>(std::get<rules::CommitReservation>(*command).into)) {
        auto caller = request->caller_as<auth::Caller>();
        const auto book = shared->ledger.committed();
        if (auto admitted = auth::admit(caller, book->state, auth::posters); !admitted)
            return respond(http::problem_response(admitted.error(), request->request_id));
    }
    submit(shared, request, respond, std::move(command));
}

void submit_action(const SharedPtr& shared, const RequestPtr& request, const Responder& respond,
                   ReadAction read) {
    const auto body = body_of(*request);
    submit(shared, request, respond,
           body ? read(std::string{request->parameter("id")}, body->root())
                : Result<rules::Command>{refuse(body.error())});
}

}  // namespace api::handlers
