// POST /v1/journals:batch. The body is read and the answer written on a thread of the pool, because both may
// take longer than an I/O thread should be held; the journals go through the one door as one group.
#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "api/handlers/handlers.hpp"
#include "api/handlers/submitting.hpp"
#include "api/wire/problem.hpp"
#include "api/wire/requests.hpp"
#include "ledger/base/ensure.hpp"

namespace api::handlers {
namespace {

using ledger::base::ensure;
using ledger::port::Accepted;
using ledger::port::Envelope;
using ledger::port::Linkage;
using ledger::port::Outcome;
using ledger::port::Refused;

// What the answer to one item needs besides its outcome.
struct Asked {
    std::optional<Error> malformed{};  // it never reached the book
    std::string memo{};
};

struct Batch {
    SharedPtr shared;
    RequestPtr request;
    Responder respond;
    std::vector<Asked> asked;
};

bool is_not_decided(const Outcome& outcome) {
    const auto* refused = std::get_if<Refused>(&outcome);
    if (refused == nullptr) return false;
    const auto kind = info(refused->error.code).kind;
    return kind == ledger::base::Kind::unavailable || kind == ledger::base::Kind::outcome_unknown;
}

// The book's pointers begin at the journal; the caller's begin at the batch.
Error in_batch(Error error, std::size_t place) {
    if (error.pointer == "Idempotency-Key") error.pointer = "/idempotency_key";
    error.pointer = fmt::format("/journals/{}{}", place, error.pointer);
    return error;
}

class ResultsWriter {
public:
    ResultsWriter(const Batch& batch, const State& state) : batch_{batch}, state_{state} {
        out_.begin_object().begin_array("results");
    }

    void accepted(const Accepted& outcome, const std::string& memo) {
        begin(201);
        const auto& entry = *outcome.entry;
        wire::Facts facts;
        if (!memo.empty()) add_memo(facts, entry, memo);
        out_.key("journal");
        wire::write_outcome(out_, {state_, facts, {}}, entry, posted_);
        end(outcome.replayed);
        accepted_ = std::max(accepted_, entry.recorded.version);
    }
    void refused(const Refused& outcome, std::size_t place) {
        problem(in_batch(outcome.error, place));
        end(outcome.replayed);
        decided_at_ = std::max(decided_at_, outcome.decided_at);
    }
    void malformed(const Error& error) {
        problem(error);
        end(false);
    }

    // Of the last journal accepted; when none was, the one the last refusal was decided at.
    [[nodiscard]] Version version() const {
        if (accepted_.value != 0) return accepted_;
        return decided_at_.value != 0 ? decided_at_ : state_.version();
    }
    [[nodiscard]] std::string finish() {
        out_.end_array().field("version", version().value).end_object();
        return out_.take();
    }

private:
    void begin(int status) { out_.begin_object().field("status", status); }
    void problem(const Error& error) {
        begin(wire::problem_status(error));
        out_.key("problem").raw(wire::problem_json(error, batch_.request->request_id));
    }
    void end(bool is_replayed) {
        if (is_replayed) out_.field("replayed", true);
        out_.end_object();
    }
    static void add_memo(wire::Facts& facts, const LogEntry& entry, const std::string& memo) {
        facts.has_texts = true;
        for (const auto& event : entry.recorded.events)
            if (const auto* journal = std::get_if<JournalPosted>(&event); journal != nullptr && journal->memo)
                facts.texts[*journal->memo] = memo;
    }

    const Batch& batch_;
    const State& state_;
    const rules::Command posted_{rules::PostJournal{}};  // what the answer needs of it: its kind
    Version accepted_;
    Version decided_at_;
    static constexpr std::size_t bytes_per_journal = 1024;
    wire::JsonWriter out_{batch_.asked.size() * bytes_per_journal};
};

Response answer_of(const Batch& batch, const std::vector<Outcome>& outcomes) {
    const auto& request_id = batch.request->request_id;
    if (const auto open = std::ranges::find_if(outcomes, is_not_decided); open != outcomes.end())
        return http::problem_response(std::get<Refused>(*open).error, request_id);
    const auto book = batch.shared->ledger.committed();
    ResultsWriter results{batch, book->state};
    auto outcome = outcomes.begin();
    for (std::size_t place = 0; place < batch.asked.size(); ++place) {
        const auto& asked = batch.asked[place];
        if (asked.malformed) {
            results.malformed(*asked.malformed);
            continue;
        }
        ensure(outcome != outcomes.end(), "an item without an outcome");
        if (const auto* refused = std::get_if<Refused>(&*outcome))
            results.refused(*refused, place);
        else
            results.accepted(std::get<Accepted>(*outcome), asked.memo);
        ++outcome;
    }
    const auto version = results.version();
    ensure(book->state.version() >= version, "an answer ahead of the committed book");
    auto response = http::json_response(results.finish());
    set_version(response, {book->generation, book->state.version()}, version);
    return response;
}

void answer(const Batch& batch, const std::vector<Outcome>& outcomes) {
    try {
        batch.respond(answer_of(batch, outcomes));
    } catch (const std::exception& fault) {
        // Decided and durable, but not to be shown now: the same keys answer later.
        spdlog::warn("the answer to a batch waits: {} (request {})", fault.what(), batch.request->request_id);
        batch.respond(
            http::problem_response({.code = Code::outcome_unknown, .detail = fault.what(), .pointer = {}},
                                   batch.request->request_id));
    }
}

// Submits what is well formed; what is not is kept beside it.
void submit_batch(const std::shared_ptr<Batch>& batch, wire::JournalBatch read) {
    const auto principal = batch->request->caller_as<auth::Caller>().principal;
    std::vector<Envelope> commands;
    commands.reserve(read.items.size());
    batch->asked.reserve(read.items.size());
    for (auto& item : read.items) {
        auto& asked = batch->asked.emplace_back();
        if (!item) {
            asked.malformed = std::move(item.error());
            continue;
        }
        if (item->journal.memo) asked.memo = item->journal.memo->text;
        rules::Command command{std::move(item->journal)};
        rules::salt_texts(command, make_salt);
        commands.push_back({.principal = principal,
                            .idempotency_key = std::move(item->idempotency_key),
                            .command = std::move(command),
                            .deadline = batch->request->deadline});
    }
    if (commands.empty()) return answer(*batch, {});
    batch->shared->ledger.submit_group(
        std::move(commands), read.is_atomic ? Linkage::linked : Linkage::independent,
        [batch](std::vector<Outcome> outcomes) {
            // The book's thread only hands it on. When the server has gone, so has the caller.
            static_cast<void>(batch->shared->answers.run(
                [batch, decided = std::move(outcomes)] { answer(*batch, decided); }));
        });
}

void read_batch(const std::shared_ptr<Batch>& batch) {
    const auto refuse_whole = [&](const Error& error) {
        batch->respond(http::problem_response(error, batch->request->request_id));
    };
    const auto body = body_of(*batch->request);
    auto read =
        body ? wire::read_journal_batch(body->root()) : Result<wire::JournalBatch>{refuse(body.error())};
    if (!read) return refuse_whole(read.error());
    if (read->is_atomic)
        for (const auto& item : read->items)
            if (!item) return refuse_whole(item.error());
    submit_batch(batch, std::move(*read));
}

}  // namespace

void post_journals(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    if (request->header("If-Match"))
        return respond(http::problem_response(
            {.code = Code::invalid_input,
             .detail = "This request has no one account whose version could be asked for.",
             .pointer = "If-Match"},
            request->request_id));
    const auto batch = std::make_shared<Batch>(Batch{shared, request, respond, {}});
    const auto read = [batch] {
        try {
            read_batch(batch);
        } catch (const std::exception& fault) {
            spdlog::error("a batch could not be read: {} (request {})", fault.what(),
                          batch->request->request_id);
            batch->respond(http::problem_response({.code = Code::internal_error,
                                                   .detail = "The server failed to read the batch.",
                                                   .pointer = {}},
                                                  batch->request->request_id));
        }
    };
    if (shared->bodies.run(read)) return;
    respond(http::problem_response(
        {.code = Code::queue_full, .detail = "Too many batches wait to be read.", .pointer = {}},
        request->request_id));
}

}  // namespace api::handlers
