#include "ledger/store/postgres/verify.hpp"

#include <fmt/format.h>

#include "ledger/store/postgres/connection_trouble.hpp"
#include "ledger/store/postgres/projection.hpp"
#include "ledger/store/postgres/verify_tables.hpp"

namespace ledger::store::postgres {
namespace {

using base::Status;
using proof::Findings;
using proof::LogRow;

constexpr const char* log_cursor =
    "DECLARE log_rows NO SCROLL CURSOR FOR SELECT version, known, effective, principal, idem, request_digest,"
    " previous_hash, hash, body FROM public.event WHERE book_id = {} ORDER BY version, hash";
constexpr const char* batch_cursor =
    "DECLARE batch_rows NO SCROLL CURSOR FOR SELECT no, first_version, last_version, epoch, at FROM "
    "public.batch"
    " WHERE book_id = {} ORDER BY no, first_version";
constexpr std::size_t versions_per_flush = 4000;

struct BookRow {
    std::int32_t id = 0;
    std::uint32_t generation = 1;
    std::uint64_t versions = 0;  // about; for progress
};

struct BatchRow {
    std::int64_t no = 0;
    Version first;
    Version last;
    std::int64_t epoch = 0;
    KnownAt at;
};

Digest digest_or_zero(const FieldView& field) {
    // A digest of another length is a fault of the row, not of the reading.
    return field.bytes().size() == Digest{}.bytes.size() ? field.digest() : Digest{};
}

LogRow log_row(const Rows& rows, std::size_t row) {
    const auto body = rows.at(row, 8).bytes();
    LogRow read{.version = Version{static_cast<std::uint64_t>(rows.at(row, 0).int8())},
                .known_at = KnownAt{rows.at(row, 1).instant()},
                .effective_at = EffectiveAt{rows.at(row, 2).instant()},
                .principal = PrincipalNo{static_cast<std::uint32_t>(rows.at(row, 3).int4())},
                .idempotency_id = {},
                .request_digest = digest_or_zero(rows.at(row, 5)),
                .previous_hash = digest_or_zero(rows.at(row, 6)),
                .hash = digest_or_zero(rows.at(row, 7)),
                .body = {reinterpret_cast<const char*>(body.data()), body.size()}};
    if (!rows.at(row, 4).is_null()) read.idempotency_id = rows.at(row, 4).uuid();
    return read;
}

// The batches in their order, checked as they pass.
class Batches {
public:
    Batches(Connection& connection, std::int32_t book_id, Findings& findings)
        : connection_{connection}, findings_{findings} {
        connection_.execute_script(fmt::format(fmt::runtime(batch_cursor), book_id));
        take();
    }

    // The batch that holds the version, or nothing when the table does not say.
    [[nodiscard]] const BatchRow* of(Version version) {
        while (current_ && current_->last < version) take();
        return current_ && current_->first <= version ? &*current_ : nullptr;
    }
    void finish() {
        while (current_) take();
    }
    [[nodiscard]] const BatchRow& last() const { return last_; }
    void fault(const BatchRow& batch, std::string detail) {
        findings_.add({"BATCH_ALTERED", fmt::format("batch {}", batch.no), batch.first, std::move(detail)});
    }

private:
    void take() {
        if (current_) last_ = *current_;
        current_.reset();
        if (at_ == rows_.size()) {
            rows_ = connection_.execute("FETCH 4000 FROM batch_rows");
            at_ = 0;
        }
        if (at_ == rows_.size()) return;
        const auto& row = rows_;
        current_ = BatchRow{.no = row.at(at_, 0).int8(),
                            .first = Version{static_cast<std::uint64_t>(row.at(at_, 1).int8())},
                            .last = Version{static_cast<std::uint64_t>(row.at(at_, 2).int8())},
                            .epoch = row.at(at_, 3).int8(),
                            .at = KnownAt{row.at(at_, 4).instant()}};
        ++at_;
        check(*current_);
    }
    void check(const BatchRow& batch) {
        if (batch.no == last_.no) return fault(batch, "the batch stands more than once");
        if (batch.no != last_.no + 1)
            return fault(batch, fmt::format("batches {} to {} are missing", last_.no + 1, batch.no - 1));
        if (batch.first.value != last_.last.value + 1 || batch.last.value + 1 < batch.first.value)
            return fault(batch,
                         fmt::format("versions {} to {} do not follow the batch in front, which ends at {}",
                                     batch.first.value, batch.last.value, last_.last.value));
        if (batch.epoch < last_.epoch || batch.at < last_.at)
            return fault(batch, "its epoch or its time is before that of the batch in front");
    }

    Connection& connection_;
    Findings& findings_;
    Rows rows_{nullptr};  // none yet
    std::size_t at_ = 0;
    std::optional<BatchRow> current_;
    BatchRow last_;
};

class Verification {
public:
    Verification(Connection& connection, const VerifyOptions& options, const BookRow& book)
        : connection_{connection},
          options_{options},
          book_{book},
          findings_{options.findings_max},
          audit_{options.book, findings_},
          projection_{book.id, {}} {}

    VerifyReport run();
    Status refill(const std::vector<std::string>& tables);

private:
    void rebuild();
    void read_log();
    void take(const LogRow& row, Batches& batches);
    void project(const Recorded& recorded, Batches& batches);
    void remember_commitments(const Recorded& recorded);
    void flush();
    void check_lease();
    void check_head();
    void check_checkpoint();
    void fault(std::string code, std::string object, std::string detail) {
        findings_.add({std::move(code), std::move(object), audit_.head(), std::move(detail)});
    }

    Connection& connection_;
    const VerifyOptions& options_;
    BookRow book_;
    Findings findings_;
    proof::LogAudit audit_;
    Projection projection_;
    CopyWriter commitments_;
    std::size_t unflushed_ = 0;
    BatchRow last_batch_;
    KnownAt head_known_at_;
    std::optional<Digest> hash_at_checkpoint_;
};

void Verification::remember_commitments(const Recorded& recorded) {
    const auto remember = [&](const Digest& commitment) {
        if (commitment != Digest{})
            commitments_.row(2).digest(commitment).int8(static_cast<std::int64_t>(recorded.version.value));
    };
    for (const auto& event : recorded.events) {
        if (const auto* party = std::get_if<PartyAdded>(&event)) remember(party->terms.name);
        if (const auto* principal = std::get_if<PrincipalAdded>(&event)) remember(principal->terms.name);
        if (const auto* journal = std::get_if<JournalPosted>(&event); journal != nullptr && journal->memo)
            remember(*journal->memo);
    }
}

void Verification::project(const Recorded& recorded, Batches& batches) {
    projection_.add(recorded);
    remember_commitments(recorded);
    const auto* batch = batches.of(recorded.version);
    if (batch != nullptr && recorded.known_at != batch->at)
        batches.fault(*batch, fmt::format("version {} was not learned at its time", recorded.version.value));
    if (unflushed_ >= versions_per_flush) flush();
}

void Verification::flush() {
    auto& rows = projection_.finish();
    rows.inserted.copy_into(connection_);
    if (!commitments_.is_empty())
        connection_.copy_in("COPY pg_temp.commitment (commitment, version) FROM STDIN (FORMAT binary)",
                            commitments_.finish());
    commitments_.clear();
    connection_.execute_script("DISCARD PLANS");  // the last ones were made for smaller tables
    connection_.begin_pipeline();
    queue_updates(connection_, book_.id, rows);
    const auto answer = connection_.end_pipeline();
    if (answer.failed) throw Fault{*answer.failed};
    projection_.clear();
    unflushed_ = 0;
    if (options_.progress) options_.progress(audit_.head().value, book_.versions);
}

void Verification::take(const LogRow& row, Batches& batches) {
    if (options_.checkpoint && row.version == options_.checkpoint->version) hash_at_checkpoint_ = row.hash;
    head_known_at_ = row.known_at;
    ++unflushed_;
    if (const auto recorded = audit_.take(row)) project(*recorded, batches);
}

void Verification::read_log() {
    connection_.execute_script(fmt::format(fmt::runtime(log_cursor), book_.id));
    Batches batches{connection_, book_.id, findings_};
    for (;;) {
        const Rows rows = connection_.execute("FETCH 1000 FROM log_rows");
        for (std::size_t row = 0; row < rows.size(); ++row) take(log_row(rows, row), batches);
        if (rows.empty()) break;
    }
    if (audit_.is_replayed()) flush();
    batches.finish();
    audit_.finish();
    last_batch_ = batches.last();
    check_head();
}

void Verification::check_head() {
    const auto& last = last_batch_;
    if (audit_.head() < last.last)
        fault("LOG_TRUNCATED", fmt::format("event {}", last.last.value),
              fmt::format("table event ends at version {}, and the last batch at {}", audit_.head().value,
                          last.last.value));
    if (audit_.head() > last.last)
        fault("BATCH_MISSING", fmt::format("batch {}", last.no + 1),
              fmt::format("table batch ends at version {}, and the log at {}", last.last.value,
                          audit_.head().value));
}

void Verification::check_lease() {
    const auto& last = last_batch_;
    const Rows rows =
        connection_.execute("SELECT epoch, batch FROM public.lease WHERE book_id = $1", parameters(book_.id));
    if (rows.size() != 1)
        return fault("LEASE_ALTERED", "lease", fmt::format("the book has {} lease rows", rows.size()));
    if (rows.at(0, 1).int8() != last.no || rows.at(0, 0).int8() < last.epoch)
        fault("LEASE_ALTERED", "lease",
              fmt::format("it stands at batch {} of epoch {}; the last batch is {} of epoch {}",
                          rows.at(0, 1).int8(), rows.at(0, 0).int8(), last.no, last.epoch));
}

void Verification::check_checkpoint() {
    if (!options_.checkpoint) return;
    const auto& checkpoint = *options_.checkpoint;
    const auto object = fmt::format("event {}", checkpoint.version.value);
    const auto since = checkpoint.generation == book_.generation
                           ? std::string{}
                           : fmt::format(" (generation {}, now {})", checkpoint.generation, book_.generation);
    if (checkpoint.book != options_.book)
        return fault("CHECKPOINT_BOOK", "checkpoint",
                     fmt::format("the checkpoint is of book \"{}\"", checkpoint.book));
    if (!hash_at_checkpoint_)
        return fault("LOG_TRUNCATED", object,
                     fmt::format("the log ends at version {}; the checkpoint saw {}{}", audit_.head().value,
                                 checkpoint.version.value, since));
    if (*hash_at_checkpoint_ != checkpoint.hash)
        fault("LOG_REWRITTEN", object, "the log has another hash there than the checkpoint saw" + since);
}

void Verification::rebuild() {
    make_rebuilt_tables(connection_);
    connection_.execute_script(
        "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_hashjoin = off;"
        "SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off; SET LOCAL work_mem = '256MB'");
    read_log();
    connection_.execute_script(
        "SET LOCAL plan_cache_mode = auto; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;"
        "SET LOCAL enable_seqscan = on");
}

VerifyReport Verification::run() {
    rebuild();
    check_lease();
    check_checkpoint();
    if (audit_.is_replayed()) {
        compare_projections(connection_, book_.id, findings_);
        check_texts(connection_, book_.id, findings_);
        check_refusals(connection_, book_.id, audit_.head(), audit_.state().principals.size(), findings_);
    } else {
        fault("NOT_COMPARED", "event", "the log cannot be trusted, so the tables were not compared with it");
    }
    check_keys_once(connection_, book_.id, findings_);
    check_filters(connection_, book_.id, audit_.head(), findings_);
    find_strays(connection_, findings_);
    return {.version = audit_.head(),
            .head_hash = audit_.head_hash(),
            .head_known_at = head_known_at_,
            .generation = book_.generation,
            .journals = audit_.journals(),
            .findings = findings_.kept(),
            .findings_left_out = findings_.left_out()};
}

Status Verification::refill(const std::vector<std::string>& names) {
    rebuild();
    if (!findings_.empty()) {
        const auto& first = findings_.kept().front();
        return refuse_trouble(fmt::format("The log of book \"{}\" does not verify: {} {}, {}", options_.book,
                                          first.code, first.object, first.detail),
                              "Run bailee verify of the version before, and restore a book that verifies.");
    }
    for (const auto& table : tables())
        if (std::ranges::find(names, table.name) != names.end())
            connection_.execute(
                fmt::format("INSERT INTO public.{0} ({1}) SELECT {1} FROM pg_temp.{0} ORDER BY {2}",
                            table.name, table.columns, table.key));
    drop_rebuilt_tables(connection_);
    return {};
}

std::optional<BookRow> find_book_row(Connection& connection, const std::string& name) {
    const Rows rows = connection.execute(
        "SELECT book_id, generation, (SELECT coalesce(max(e.last_version), 0) FROM public.batch AS e"
        " WHERE e.book_id = b.book_id) FROM public.book AS b WHERE name = $1",
        parameters(name));
    if (rows.empty()) return std::nullopt;
    return BookRow{.id = rows.at(0, 0).int4(),
                   .generation = static_cast<std::uint32_t>(rows.at(0, 1).int4()),
                   .versions = static_cast<std::uint64_t>(rows.at(0, 2).int8())};
}

tl::unexpected<base::Error> no_book(const std::string& name) {
    return refuse_trouble(fmt::format("The database has no book \"{}\".", name),
                          "Name another book or database.");
}

tl::unexpected<base::Error> not_read(const Fault& fault) {
    return refuse_trouble(fmt::format("The book could not be read: {}", fault.what()),
                          "Check that PostgreSQL is up and that the role owns the tables, and try again.");
}

}  // namespace

base::Result<VerifyReport> verify_book(Connection& connection, const VerifyOptions& options) {
    try {
        Transaction transaction{connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"};
        const auto book = find_book_row(connection, options.book);
        if (!book) return no_book(options.book);
        return Verification{connection, options, *book}.run();
    } catch (const Fault& fault) {
        return not_read(fault);
    }
}

Status refill_from_log(Connection& connection, const std::vector<std::string>& tables) {
    const Rows books = connection.execute("SELECT name FROM public.book ORDER BY book_id");
    for (std::size_t row = 0; row < books.size(); ++row) {
        const VerifyOptions options{.book = std::string{books.at(row, 0).text()}};
        const auto book = find_book_row(connection, options.book);
        if (auto status = Verification{connection, options, *book}.refill(tables); !status) return status;
    }
    return {};
}

base::Result<std::optional<proof::Checkpoint>> checkpoint_of_head(Connection& connection,
                                                                  const std::string& book) {
    try {
        Transaction transaction{connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
        const auto of = find_book_row(connection, book);
        if (!of) return no_book(book);
        const Rows rows = connection.execute(
            "SELECT version, hash, known FROM public.event WHERE book_id = $1 ORDER BY version DESC LIMIT 1",
            parameters(of->id));
        if (rows.empty()) return std::nullopt;
        return proof::Checkpoint{.book = book,
                                 .generation = of->generation,
                                 .version = Version{static_cast<std::uint64_t>(rows.at(0, 0).int8())},
                                 .hash = rows.at(0, 1).digest(),
                                 .known_at = KnownAt{rows.at(0, 2).instant()}};
    } catch (const Fault& fault) {
        return not_read(fault);
    }
}

}  // namespace ledger::store::postgres
