#include "ledger/store/postgres/store.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "ledger/store/postgres/connection_trouble.hpp"
#include "ledger/store/postgres/log_rows.hpp"
#include "ledger/store/postgres/migrate.hpp"
#include "ledger/store/postgres/session.hpp"
#include "ledger/store/postgres/store_guard.hpp"

namespace ledger::store::postgres {
namespace {

constexpr const char* application_name = "bailee writer";  // as bailee_end_writers knows it

constexpr Statement read_lease{"read_lease",
                               "SELECT holder, backend_pids, epoch FROM lease WHERE book_id = $1"};
// Waits for an old writer's transaction, which holds the row until it has ended.
constexpr Statement raise_epoch{
    "raise_epoch",
    "UPDATE lease SET epoch = epoch + 1, holder = $2, backend_pids = ARRAY[pg_backend_pid()],"
    " renewed_at = clock_timestamp() WHERE book_id = $1 RETURNING epoch, batch"};
// A statement of its own, so that its snapshot is younger than the lock.
constexpr Statement read_head{
    "read_head", "SELECT version, hash FROM event WHERE book_id = $1 ORDER BY version DESC LIMIT 1"};
constexpr Statement read_last_batch{"read_last_batch",
                                    "SELECT coalesce(max(no), 0) FROM batch WHERE book_id = $1"};
constexpr Statement read_hash{"read_hash", "SELECT hash FROM event WHERE book_id = $1 AND version = $2"};

constexpr Statement answered_accepted{
    "answered_accepted",
    "SELECT idem, request_digest, version FROM event WHERE book_id = $1 AND idem = ANY($2)"};
constexpr Statement answered_refused{
    "answered_refused",
    "SELECT idem, request_digest, principal, code, pointer, detail, figures, rule, next_step, decided_at, at"
    " FROM refusal WHERE book_id = $1 AND idem = ANY($2)"};
constexpr Statement name_holders{
    "name_holders",
    "SELECT n.place, o.version, e.request_digest FROM unnest($2::text[], $3::text[])"
    " WITH ORDINALITY AS n (kind, name, place)"
    " JOIN object_name AS o ON o.book_id = $1 AND o.kind = n.kind AND o.name = n.name"
    " JOIN event AS e ON e.book_id = $1 AND e.version = o.version"};

// So many versions before the end of a partition the next one is made.
constexpr std::uint64_t partition_size = 4'000'000;
constexpr std::uint64_t partition_ahead = 1'000'000;

std::string name_of_this_process() {
    static std::uint64_t instances = 0;
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
    const auto started = std::chrono::system_clock::now().time_since_epoch().count();
    return fmt::format("{}:{}:{:x}.{}", host.data(), ::getpid(), started, ++instances);
}

}  // namespace

base::Status create_book(Connection& connection, const std::string& name, const std::string& digest_key) {
    try {
        Transaction transaction{connection};
        connection.execute("LOCK TABLE book IN SHARE ROW EXCLUSIVE MODE");
        if (find_book(connection, name) == 0) {
            const Rows made = connection.execute(
                "INSERT INTO book (book_id, name, digest_key) SELECT coalesce(max(book_id), 0) + 1, $1, $2 "
                "FROM book"
                " RETURNING book_id",
                Parameters{}.add(name).add(base::as_bytes(digest_key)));
            connection.execute("INSERT INTO lease (book_id) VALUES ($1)", parameters(made.at(0, 0).int4()));
        }
        if (transaction.commit() == CommitOutcome::committed) return {};
        return refuse_trouble("The book could not be made: its commit did not end cleanly.", "Start again.");
    } catch (const Fault& fault) {
        return refuse_trouble(fmt::format("The book could not be made: {}", fault.what()),
                              "Run bailee migrate, check the role's rights, and start again.");
    }
}

PostgresStore::PostgresStore(StoreOptions options)
    : options_{std::move(options)}, holder_{name_of_this_process()} {}
PostgresStore::~PostgresStore() = default;

std::optional<int> PostgresStore::backend_pid() const {
    return connection_ ? std::optional{connection_->backend_pid()} : std::nullopt;
}

void PostgresStore::connect() {
    if (connection_ && !connection_->is_lost()) return;
    connection_.reset();
    if (options_.before_connecting)
        if (const auto status = options_.before_connecting(); !status)
            throw port::Unavailable{status.error().detail};
    auto connection = open_session({.conninfo = options_.conninfo,
                                    .application_name = application_name,
                                    .connect_within = options_.connect_within},
                                   takeover_session());
    connection.deadline_in(options_.connect_within);
    // Every statement of the writer finds its rows by key; a plan that reads a table whole is never the right
    // one.
    connection.execute_script(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;"
        "SET enable_mergejoin = off");
    if (const auto durable = require_durable(connection); !durable && !options_.allows_volatile)
        throw port::Unavailable{durable.error().detail + " " + durable.error().next_step};
    if (const auto schema = require_schema(connection, embedded_migrations()); !schema)
        throw port::Unavailable{schema.error().detail + " " + schema.error().next_step};
    book_id_ = find_book(connection, options_.book);
    if (book_id_ == 0) throw port::Unavailable{fmt::format("the database has no book \"{}\"", options_.book)};
    static_cast<void>(connection.take_notices());
    connection_ = std::move(connection);
}

void PostgresStore::open_session_or_throw() {
    try {
        connect();
    } catch (const Fault& fault) {
        throw port::Unavailable{fmt::format("PostgreSQL cannot be reached: {}", fault.what())};
    }
}

port::Lease PostgresStore::take_lease() {
    open_session_or_throw();
    const auto lease = guarded(options_.lease_within, [&](Connection& connection) {
        const Rows held = connection.execute(read_lease, parameters(book_id_));
        if (held.empty()) throw port::Unavailable{"the book has no lease row"};
        const bool is_mine = held.at(0, 0).text() == holder_;
        if (epoch_ != 0 && !is_mine)
            throw port::Deposed{fmt::format("the lease is held by {}", held.at(0, 0).text())};
        connection.execute("SELECT bailee_end_writers($1)",
                           Parameters{}.add_array(held.at(0, 1).int4_array()));
        connection.begin();
        const Rows raised = connection.execute(raise_epoch, parameters(book_id_, holder_));
        const Rows head = connection.execute(read_head, parameters(book_id_));
        const Rows last = connection.execute(read_last_batch, parameters(book_id_));
        port::Lease taken{.epoch = static_cast<std::uint64_t>(raised.at(0, 0).int8()),
                          .batch = static_cast<std::uint64_t>(raised.at(0, 1).int8()),
                          .version = {},
                          .head_hash = {}};
        if (!head.empty()) {
            taken.version = Version{static_cast<std::uint64_t>(head.at(0, 0).int8())};
            taken.head_hash = head.at(0, 1).digest();
        }
        if (last.at(0, 0).int8() != static_cast<std::int64_t>(taken.batch))
            throw port::Unavailable{"the lease's batch is not the last in table batch: run bailee verify"};
        if (connection.commit() != CommitOutcome::committed) {
            connection_.reset();
            throw port::Unavailable{"the lease was not taken durably"};
        }
        return taken;
    });
    epoch_ = lease.epoch;
    make_partitions(lease.version);
    return lease;
}

void PostgresStore::make_partitions(Version ahead_of) {
    const auto needed = ahead_of.value + partition_ahead;
    if (needed < partitions_through_.value) return;
    const auto no = needed / partition_size;
    guarded(options_.lease_within, [&](Connection& connection) {
        for (auto part = ahead_of.value / partition_size; part <= no; ++part)
            connection.execute("SELECT bailee_make_partitions($1)",
                               parameters(static_cast<std::int64_t>(part * partition_size)));
        return 0;
    });
    partitions_through_ = Version{(no + 1) * partition_size};
}

std::optional<Digest> PostgresStore::hash_at(Version version) {
    return guarded(options_.append_within, [&](Connection& connection) -> std::optional<Digest> {
        const Rows rows =
            connection.execute(read_hash, parameters(book_id_, static_cast<std::int64_t>(version.value)));
        return rows.empty() ? std::nullopt : std::optional{rows.at(0, 0).digest()};
    });
}

std::vector<std::pair<port::IdempotencyId, port::Answered>> PostgresStore::answered(
    const std::vector<port::IdempotencyId>& ids) {
    std::vector<std::pair<port::IdempotencyId, port::Answered>> found;
    if (ids.empty()) return found;
    return guarded(options_.append_within, [&](Connection& connection) {
        Parameters wanted;
        wanted.add(book_id_).add_array(ids, [](const port::IdempotencyId& id) -> Uuid { return id.bytes; });
        connection.begin_pipeline();
        connection.queue(answered_accepted, wanted);
        connection.queue(answered_refused, wanted);
        const auto answer = connection.end_pipeline();
        if (answer.failed) throw Fault{*answer.failed};
        const auto& accepted = answer.answers[0];
        for (std::size_t row = 0; row < accepted.size(); ++row)
            found.emplace_back(
                port::IdempotencyId{accepted.at(row, 0).uuid()},
                port::Answered{.request_digest = accepted.at(row, 1).digest(),
                               .outcome = Version{static_cast<std::uint64_t>(accepted.at(row, 2).int8())}});
        const auto& refused = answer.answers[1];
        for (std::size_t row = 0; row < refused.size(); ++row) {
            const auto refusal = refusal_of(refused, row);
            found.emplace_back(refusal.idem, port::Answered{refusal.request_digest, refusal});
        }
        return found;
    });
}

std::vector<std::optional<rules::NameHolder>> PostgresStore::holders_of(
    const std::vector<rules::ChosenName>& names) {
    std::vector<std::optional<rules::NameHolder>> holders(names.size());
    if (names.empty()) return holders;
    return guarded(options_.append_within, [&](Connection& connection) {
        const Rows rows = connection.execute(
            name_holders,
            Parameters{}
                .add(book_id_)
                .add_array(names, [](const rules::ChosenName& name) { return text_of(name.kind); })
                .add_array(names, [](const rules::ChosenName& name) { return std::string_view{name.name}; }));
        for (std::size_t row = 0; row < rows.size(); ++row)
            holders.at(static_cast<std::size_t>(rows.at(row, 0).int8() - 1)) = rules::NameHolder{
                Version{static_cast<std::uint64_t>(rows.at(row, 1).int8())}, rows.at(row, 2).digest()};
        return holders;
    });
}

std::vector<std::shared_ptr<const port::LogEntry>> PostgresStore::log_at(
    const std::vector<Version>& versions) {
    return guarded(options_.append_within,
                   [&](Connection& connection) { return read_log_at(connection, book_id_, versions); });
}

}  // namespace ledger::store::postgres
