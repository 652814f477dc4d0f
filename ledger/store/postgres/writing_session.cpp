// A batch becomes durable: log, projections, refusals, texts and the lease, in one transaction.
#include "ledger/store/postgres/writing_session.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "ledger/base/ensure.hpp"
#include "ledger/base/fault_point.hpp"
#include "ledger/store/postgres/store_guard.hpp"

namespace ledger::store::postgres {
namespace {

// Compared in the process: a WHERE on the old number would not wait for the row's lock (perf 11).
constexpr Statement renew_lease{
    "renew_lease",
    "UPDATE lease SET batch = batch + 1, renewed_at = clock_timestamp() WHERE book_id = $1 AND epoch = $2"
    " RETURNING batch"};
// The same for a batch that is sent whole: a number that is not ours divides by zero, and COMMIT undoes all.
constexpr Statement renew_lease_or_fail{
    "renew_lease_or_fail",
    "WITH renewed AS (UPDATE lease SET batch = batch + 1, renewed_at = clock_timestamp()"
    " WHERE book_id = $1 AND epoch = $2 RETURNING batch)"
    " SELECT 1 / count(*) FILTER (WHERE batch = $3) FROM renewed"};
constexpr Statement begin_batch{"begin_batch", "BEGIN ISOLATION LEVEL READ COMMITTED"};
constexpr Statement commit_batch{"commit_batch", "COMMIT"};
// Plans are kept from batch to batch, and one that was made for an almost empty table reads a grown one
// whole.
constexpr const char* plan_anew = "DISCARD PLANS";
constexpr std::uint64_t rows_before_planning_anew = 200;

constexpr Statement read_epoch{"read_epoch", "SELECT epoch FROM lease WHERE book_id = $1"};

constexpr std::string_view division_by_zero = "22012";

std::vector<std::string_view> figures_of(const Error& error) {
    std::vector<std::string_view> figures;
    for (const auto& figure : error.figures) {
        figures.push_back(figure.name);
        figures.push_back(figure.value);
    }
    return figures;
}

void event_row(RowSet& rows, std::int32_t book_id, const port::AcceptedRow& accepted) {
    const auto& recorded = accepted.entry->recorded;
    rows.row(Table::event)
        .int8(static_cast<std::int64_t>(recorded.version.value))
        .instant(recorded.known_at.at)
        .instant(recorded.effective_at.at)
        .int4(book_id)
        .int4(static_cast<std::int32_t>(recorded.principal.value))
        .value(accepted.idem ? std::optional<Uuid>{accepted.idem->bytes} : std::nullopt)
        .digest(accepted.request_digest)
        .digest(accepted.entry->previous_hash)
        .digest(accepted.entry->hash)
        .bytes(as_bytes(accepted.body));
    for (const auto& text : accepted.texts)
        rows.row(Table::erasable_text)
            .int4(book_id)
            .digest(text.commitment())
            .bytes(as_bytes(text.salt))
            .text(text.text);
}

void refusal_row(RowSet& rows, std::int32_t book_id, const port::RefusedRow& refused) {
    const auto& error = refused.error;
    rows.row(Table::refusal)
        .int8(static_cast<std::int64_t>(refused.decided_at.value))
        .instant(refused.at.at)
        .uuid(refused.idem.bytes)
        .int4(book_id)
        .int4(static_cast<std::int32_t>(refused.principal.value))
        .digest(refused.request_digest)
        .text(info(error.code).name)
        .text(error.pointer)
        .text(error.detail)
        .array(figures_of(error))
        .text(error.rule)
        .text(error.next_step);
}

}  // namespace

std::string_view text_of(rules::Named kind) {
    switch (kind) {
        case rules::Named::party: return "party";
        case rules::Named::principal: return "principal";
        case rules::Named::asset: return "asset";
        case rules::Named::account: return "account";
        case rules::Named::agreement: return "agreement";
        case rules::Named::reason: return "reason";
        case rules::Named::journal: return "journal";
        case rules::Named::lien: return "lien";
        case rules::Named::reservation: return "reservation";
    }
    base::never("an unknown kind of name");
}

port::RefusedRow refusal_of(const Rows& rows, std::size_t row) {
    const auto code = code_from_name(rows.at(row, 3).text());
    if (!code) throw_malformed("a refusal of an unknown code");
    Error error{.code = *code,
                .detail = std::string{rows.at(row, 5).text()},
                .pointer = std::string{rows.at(row, 4).text()},
                .rule = std::string{rows.at(row, 7).text()},
                .next_step = std::string{rows.at(row, 8).text()}};
    const auto figures = rows.at(row, 6).text_array();
    if (figures.size() % 2 != 0) throw_malformed("a figure without a value");
    for (std::size_t at = 0; at < figures.size(); at += 2)
        error.figures.push_back({std::string{figures[at]}, std::string{figures[at + 1]}});
    return {.idem = {rows.at(row, 0).uuid()},
            .request_digest = rows.at(row, 1).digest(),
            .principal = PrincipalNo{static_cast<std::uint32_t>(rows.at(row, 2).int4())},
            .error = std::move(error),
            .decided_at = Version{static_cast<std::uint64_t>(rows.at(row, 9).int8())},
            .at = KnownAt{rows.at(row, 10).instant()}};
}

WritingSession::WritingSession(Connection connection, std::int32_t book_id, Limits limits)
    : connection_{std::move(connection)}, book_id_{book_id}, limits_{limits} {}

Connection& WritingSession::connection() {
    if (is_lost()) throw port::Unavailable{"there is no session with PostgreSQL"};
    return *connection_;
}

void WritingSession::cut() noexcept {
    was_cut_ = true;
    const std::lock_guard lock{cutting_};
    if (connection_) connection_->cut();
}

void WritingSession::project(const port::Batch& batch, const State& after) {
    auto sizes = RegisterSizes::of(after);
    for (const auto& accepted : batch.accepted) sizes.take_back(accepted.entry->recorded.events);
    projection_.emplace(book_id_, sizes);
    auto& inserted = projection_->inserted();
    for (const auto& accepted : batch.accepted) {
        event_row(inserted, book_id_, accepted);
        projection_->add(accepted.entry->recorded);
    }
    for (const auto& refused : batch.refused) refusal_row(inserted, book_id_, refused);
    const auto first = batch.accepted.empty() ? after.version().value + 1
                                              : batch.accepted.front().entry->recorded.version.value;
    inserted.row(Table::batch)
        .int4(book_id_)
        .int8(static_cast<std::int64_t>(batch.number))
        .int8(static_cast<std::int64_t>(first))
        .int8(static_cast<std::int64_t>(after.version().value))
        .int8(static_cast<std::int64_t>(epoch_))
        .instant(batch.at.at);
    rows_ = &projection_->finish();
}

void WritingSession::stage(const port::Batch& batch, const State& after) {
    static_cast<void>(connection());
    base::ensure(epoch_ != 0, "a batch is written without the lease");
    base::ensure(batch.accepted.empty() || batch.accepted.back().entry->recorded.version == after.version(),
                 "the state after a batch is that of its last version");
    project(batch, after);
    batch_number_ = batch.number;
    const auto rows = rows_->inserted.total() + rows_->balances.size();
    size_ = rows <= limits_.rows_of_a_tiny_batch    ? Size::tiny
            : rows <= limits_.rows_of_a_small_batch ? Size::small
                                                    : Size::large;
    try {
        connection().deadline_in(limits_.stage_within);
        keep_plans_fit();
        if (size_ == Size::tiny) return;
        if (size_ == Size::small) {
            connection().begin_pipeline();
            connection_->queue(begin_batch);
            rows_->inserted.queue_inserts(*connection_, RowSet::Texts::left_out);
            const auto answer = connection_->end_pipeline();
            if (answer.failed) throw Fault{*answer.failed};
        } else {
            connection().begin();
            rows_->inserted.copy_into(*connection_);
        }
        base::fault_point(base::FaultPoint::after_copy);
    } catch (const Fault& fault) {
        lose(fault);
    }
}

// Each time a table has grown by half.
void WritingSession::keep_plans_fit() {
    bool has_outgrown = false;
    for (std::size_t at = 0; at < table_count; ++at) {
        auto& growth = growth_[at];
        has_outgrown = has_outgrown || growth.rows > growth.plan_anew_at;
        growth.rows += rows_->inserted.count(tables()[at].table);
    }
    growth_[static_cast<std::size_t>(Table::balance)].rows += rows_->balances.size();
    if (!has_outgrown) return;
    for (auto& growth : growth_)
        growth.plan_anew_at = std::max(rows_before_planning_anew, growth.rows * 3 / 2);
    connection_->execute_script(plan_anew);
}

port::CommitOutcome WritingSession::commit() {
    connection().deadline_in(limits_.commit_within);
    return size_ == Size::large ? commit_copied() : commit_small();
}

port::CommitOutcome WritingSession::commit_small() {
    Connection::PipelineAnswer answer;
    try {
        connection_->begin_pipeline();
        if (size_ == Size::tiny) connection_->queue(begin_batch);
        connection_->queue(renew_lease_or_fail, parameters(book_id_, static_cast<std::int64_t>(epoch_),
                                                           static_cast<std::int64_t>(batch_number_)));
        if (size_ == Size::tiny)
            rows_->inserted.queue_inserts(*connection_, RowSet::Texts::taken);
        else
            rows_->inserted.queue_inserts(*connection_, Table::erasable_text);
        queue_updates(*connection_, book_id_, *rows_);
        connection_->queue(commit_batch);
        answer = connection_->end_pipeline();
    } catch (const Fault& fault) {
        throw_unknown(fault.what());  // COMMIT was on its way
    }
    if (answer.failed) {
        if (answer.not_run == 0) throw_unknown(answer.failed->what());  // it was COMMIT itself
        const bool is_fence = answer.failed->sqlstate() == division_by_zero;
        if (!is_fence) lose(*answer.failed);
        connection_->rollback();
        return fenced_or_unavailable("another batch number than ours was next");
    }
    if (!connection_->take_notices().empty()) throw_unknown("a notice came with the commit");
    if (answer.answers.back().command() != "COMMIT") throw_unknown("COMMIT was answered with something else");
    return port::CommitOutcome::committed;
}

port::CommitOutcome WritingSession::commit_copied() {
    try {
        connection_->begin_pipeline();
        connection_->queue(renew_lease, parameters(book_id_, static_cast<std::int64_t>(epoch_)));
        rows_->inserted.queue_inserts(*connection_, Table::erasable_text);
        queue_updates(*connection_, book_id_, *rows_);
        const auto answer = connection_->end_pipeline();
        if (answer.failed) throw Fault{*answer.failed};
        const auto& lease = answer.answers.front();
        const bool is_stale_lease_taken = base::is_planted(base::PlantedBug::stale_lease);
        if (!is_stale_lease_taken &&
            (lease.empty() || lease.at(0, 0).int8() != static_cast<std::int64_t>(batch_number_))) {
            connection_->rollback();
            return fenced_or_unavailable("another batch number than ours was next");
        }
    } catch (const Fault& fault) {
        lose(fault);
    }
    switch (connection_->commit()) {
        case CommitOutcome::committed: return port::CommitOutcome::committed;
        case CommitOutcome::rolled_back: return fenced_or_unavailable("the batch was rolled back");
        case CommitOutcome::in_doubt: break;
    }
    throw_unknown("COMMIT was not answered cleanly");
}

void WritingSession::roll_back() {
    if (connection_) connection_->rollback();
}

void WritingSession::throw_unknown(const std::string& why) {
    const std::lock_guard lock{cutting_};
    connection_.reset();  // nothing this session says may count any more
    throw port::OutcomeUnknown{why};
}

// COMMIT was not sent, or not reached: nothing of the batch is in the log.
void WritingSession::lose(const Fault& fault) {
    connection_->rollback();
    throw port::Unavailable{fault.what()};
}

port::CommitOutcome WritingSession::fenced_or_unavailable(const std::string& why) {
    try {
        const Rows rows = connection().execute(read_epoch, parameters(book_id_));
        if (rows.empty() || rows.at(0, 0).int8() != static_cast<std::int64_t>(epoch_))
            return port::CommitOutcome::fenced;
    } catch (const Fault& fault) {
        lose(fault);
    }
    throw port::Unavailable{why};
}

}  // namespace ledger::store::postgres
