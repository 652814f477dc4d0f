#include "ledger/store/postgres/store.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "ledger/base/fault_point.hpp"
#include "ledger/store/postgres/connection_trouble.hpp"
#include "ledger/store/postgres/log_rows.hpp"
#include "ledger/store/postgres/migrate.hpp"
#include "ledger/store/postgres/session.hpp"
#include "ledger/store/postgres/store_guard.hpp"

namespace ledger::store::postgres {
namespace {

constexpr const char* application_name = "bailee writer";  // as bailee_end_writers knows it

// The head's version is read first: what the lease says is then at least as young.
constexpr Statement read_lease{
    "read_lease",
    "SELECT epoch, holder, EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = ANY(backend_pids)"
    " AND datname = current_database()),"
    " (extract(epoch FROM clock_timestamp() - renewed_at) * 1000000)::int8,"
    " coalesce((SELECT max(version) FROM event WHERE event.book_id = lease.book_id), 0)"
    " FROM lease WHERE book_id = $1"};
constexpr Statement read_holder{"read_holder",
                                "SELECT epoch, holder, backend_pids FROM lease WHERE book_id = $1"};
// Waits for an old writer's transaction, which holds the row until it has ended.
constexpr Statement raise_epoch{
    "raise_epoch",
    "UPDATE lease SET epoch = epoch + 1, holder = $2, backend_pids = $3, renewed_at = clock_timestamp()"
    " WHERE book_id = $1 AND epoch = $4 RETURNING epoch, batch"};
constexpr Statement renew{
    "renew", "UPDATE lease SET renewed_at = clock_timestamp() WHERE book_id = $1 AND epoch = $2"};
// A statement of its own, so that its snapshot is younger than the lock.
constexpr Statement read_head{
    "read_head", "SELECT version, hash FROM event WHERE book_id = $1 ORDER BY version DESC LIMIT 1"};
constexpr Statement read_last_batch{"read_last_batch",
                                    "SELECT coalesce(max(no), 0) FROM batch WHERE book_id = $1"};
constexpr Statement read_hash{"read_hash", "SELECT hash FROM event WHERE book_id = $1 AND version = $2"};

// Each name by its key, whatever the planner thinks of the tables: while they fill it would read the log
// whole.
constexpr Statement name_holders{
    "name_holders",
    "SELECT n.place, held.version, held.request_digest FROM unnest($2::text[], $3::text[])"
    " WITH ORDINALITY AS n (kind, name, place) CROSS JOIN LATERAL (SELECT o.version,"
    " (SELECT e.request_digest FROM event AS e WHERE e.book_id = $1 AND e.version = o.version)"
    " FROM object_name AS o WHERE o.book_id = $1 AND o.kind = n.kind AND o.name = n.name LIMIT 1) AS held"};

// So many versions before the end of a partition the next one is made.
constexpr std::uint64_t partition_ahead_most = 1'000'000;

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

std::vector<int> PostgresStore::backend_pids() const {
    std::vector<int> pids;
    if (connection_) pids.push_back(connection_->backend_pid());
    for (const auto& session : writing_)
        if (session && !session->is_lost()) pids.push_back(session->backend_pid());
    return pids;
}

Connection PostgresStore::open_writing_session() const {
    auto connection = open_session({.conninfo = server_,
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
    static_cast<void>(connection.take_notices());
    return connection;
}

void PostgresStore::connect() {
    if (connection_ && !connection_->is_lost()) return;
    connection_.reset();
    if (options_.before_connecting)
        if (const auto status = options_.before_connecting(); !status)
            throw port::Unavailable{status.error().detail};
    server_ = options_.conninfo;
    if (options_.find_server) {
        auto found = options_.find_server();
        if (!found) throw port::Unavailable{found.error().detail};
        server_ = std::move(*found);
    }
    // They may be with a server that is no longer the primary, and not know it yet.
    for (auto& session : writing_) session.reset();
    try {
        auto connection = open_writing_session();
        if (const auto schema = require_schema(connection, embedded_migrations()); !schema)
            throw port::Unavailable{schema.error().detail + " " + schema.error().next_step};
        book_id_ = find_book(connection, options_.book);
        if (book_id_ == 0)
            throw port::Unavailable{fmt::format("the database has no book \"{}\"", options_.book)};
        partition_size_ =
            static_cast<std::uint64_t>(connection.execute("SELECT bailee_partition_size()").at(0, 0).int8());
        connection_ = std::move(connection);
    } catch (const Fault& fault) {
        throw port::Unavailable{fmt::format("PostgreSQL cannot be reached: {}", fault.what())};
    }
}

void PostgresStore::connect_all() {
    // A session that was not used since does not know yet that its server is gone; another's end tells.
    for (const auto& session : writing_)
        if (session && session->is_lost()) connection_.reset();
    connect();
    try {
        for (auto& session : writing_)
            if (!session || session->is_lost())
                session = std::make_unique<WritingSession>(
                    open_writing_session(), book_id_,
                    WritingSession::Limits{.stage_within = options_.stage_within,
                                           .commit_within = options_.commit_within,
                                           .rows_of_a_tiny_batch = options_.rows_of_a_tiny_batch,
                                           .rows_of_a_small_batch = options_.rows_of_a_small_batch});
    } catch (const Fault& fault) {
        connection_.reset();
        throw port::Unavailable{fmt::format("PostgreSQL cannot be reached: {}", fault.what())};
    }
}

port::LeaseStatus PostgresStore::lease_status() {
    connect();
    return guarded(options_.look_up_within, [&](Connection& connection) {
        const Rows lease = connection.execute(read_lease, parameters(book_id_));
        if (lease.empty()) throw port::Unavailable{"the book has no lease row"};
        return port::LeaseStatus{.epoch = static_cast<std::uint64_t>(lease.at(0, 0).int8()),
                                 .holder = std::string{lease.at(0, 1).text()},
                                 .is_mine = lease.at(0, 1).text() == holder_,
                                 .has_sessions = lease.at(0, 2).boolean(),
                                 .since_renewal = std::chrono::microseconds{lease.at(0, 3).int8()},
                                 .version = Version{static_cast<std::uint64_t>(lease.at(0, 4).int8())}};
    });
}

port::Lease PostgresStore::take_lease(std::uint64_t epoch_seen) {
    connect_all();
    const auto lease = guarded(options_.lease_within, [&](Connection& connection) {
        const Rows held = connection.execute(read_holder, parameters(book_id_));
        if (held.empty()) throw port::Unavailable{"the book has no lease row"};
        const auto require_seen = [&](bool is_as_seen) {
            if (!is_as_seen)
                throw port::Deposed{fmt::format("the lease is held by {}", held.at(0, 1).text())};
        };
        // Of our own raise the answer may have been lost; nobody has taken the lease since.
        const bool is_mine = held.at(0, 1).text() == holder_;
        require_seen(is_mine || held.at(0, 0).int8() == static_cast<std::int64_t>(epoch_seen));
        auto old = held.at(0, 2).int4_array();
        const auto mine = backend_pids();
        std::erase_if(
            old, [&](std::int32_t pid) { return std::find(mine.begin(), mine.end(), pid) != mine.end(); });
        connection.execute("SELECT bailee_end_writers($1)", Parameters{}.add_array(old));
        connection.begin();
        const Rows raised = connection.execute(
            raise_epoch, Parameters{}
                             .add(book_id_)
                             .add(holder_)
                             .add_array(std::vector<std::int32_t>{mine.begin(), mine.end()})
                             .add(held.at(0, 0).int8()));
        require_seen(!raised.empty());
        const Rows head = connection.execute(read_head, parameters(book_id_));
        const Rows last = connection.execute(read_last_batch, parameters(book_id_));
        port::Lease taken{.epoch = static_cast<std::uint64_t>(raised.at(0, 0).int8()), .head = {}};
        taken.head.batch = static_cast<std::uint64_t>(raised.at(0, 1).int8());
        if (!head.empty()) {
            taken.head.version = Version{static_cast<std::uint64_t>(head.at(0, 0).int8())};
            taken.head.hash = head.at(0, 1).digest();
        }
        if (last.at(0, 0).int8() != static_cast<std::int64_t>(taken.head.batch))
            throw port::Unavailable{"the lease's batch is not the last in table batch: run bailee verify"};
        if (connection.commit() != CommitOutcome::committed) {
            connection_.reset();
            throw port::Unavailable{"the lease was not taken durably"};
        }
        return taken;
    });
    base::fault_point(base::FaultPoint::during_takeover);
    epoch_ = lease.epoch;
    for (auto& session : writing_) session->write_under(epoch_);
    partitions_through_ = {};
    make_partitions(lease.head.version);
    catch_up_filters(lease.head.version);
    store_closed_filters();
    return lease;
}

// That it is known elsewhere a moment later is no loss, so it does not wait for a standby.
void PostgresStore::renew_lease() {
    const auto affected = guarded(options_.commit_within, [&](Connection& connection) {
        connection.begin();
        connection.execute_script("SET LOCAL synchronous_commit = local");
        const auto rows = connection.execute(renew, parameters(book_id_, static_cast<std::int64_t>(epoch_)));
        const auto count = rows.affected();
        if (connection.commit() != CommitOutcome::committed)
            throw port::Unavailable{"the lease was not renewed"};
        return count;
    });
    if (affected == 0) throw port::Deposed{"the lease has another epoch"};
}

// Commits wait for the standby in the order of the write-ahead log: when this one is through, so are those
// before.
void PostgresStore::await_durable() {
    guarded(options_.commit_within, [&](Connection& connection) {
        connection.begin();
        connection.execute("SELECT pg_logical_emit_message(true, 'bailee', '')");
        if (connection.commit() != CommitOutcome::committed)
            throw port::Unavailable{"the standby has not confirmed what the log shows"};
    });
}

void PostgresStore::stage(std::size_t turn, const port::Batch& batch, const State& after) {
    if (!writing_.at(turn)) throw port::Unavailable{"there is no session with PostgreSQL"};
    writing_[turn]->stage(batch, after);
}

port::CommitOutcome PostgresStore::commit(std::size_t turn) { return writing_.at(turn)->commit(); }

void PostgresStore::roll_back(std::size_t turn) { writing_.at(turn)->roll_back(); }

void PostgresStore::cut(std::size_t turn) noexcept {
    if (writing_[turn]) writing_[turn]->cut();
}

void PostgresStore::remember(const port::Batch& batch) {
    filters_.remember(batch);
    store_closed_filters();
    if (batch.accepted.empty()) return;
    try {
        make_partitions(batch.accepted.back().entry->recorded.version);
    } catch (const port::Unavailable& unavailable) {  // they are made far ahead of need: tried again
        spdlog::warn("store: the next partitions could not be made: {}", unavailable.what());
    }
}

void PostgresStore::make_partitions(Version ahead_of) {
    const auto size = partition_size_;
    const auto needed =
        ahead_of.value + std::max(std::min(partition_ahead_most, size / 4), options_.versions_ahead);
    if (needed < partitions_through_.value) return;
    const auto no = needed / size;
    guarded(options_.lease_within, [&](Connection& connection) {
        const auto first = partitions_through_.value == 0 ? ahead_of : partitions_through_;
        for (auto part = first.value / size; part <= no; ++part)
            connection.execute("SELECT bailee_make_partitions($1)",
                               parameters(static_cast<std::int64_t>(part * size)));
        return 0;
    });
    partitions_through_ = Version{(no + 1) * size};
}

std::optional<Digest> PostgresStore::hash_at(Version version) {
    return guarded(options_.look_up_within, [&](Connection& connection) -> std::optional<Digest> {
        const Rows rows =
            connection.execute(read_hash, parameters(book_id_, static_cast<std::int64_t>(version.value)));
        return rows.empty() ? std::nullopt : std::optional{rows.at(0, 0).digest()};
    });
}

void PostgresStore::catch_up_filters() {
    connect();
    catch_up_filters(guarded(options_.look_up_within, [&](Connection& connection) {
        const Rows head = connection.execute(read_head, parameters(book_id_));
        return head.empty() ? Version{} : Version{static_cast<std::uint64_t>(head.at(0, 0).int8())};
    }));
}

void PostgresStore::catch_up_filters(Version head) {
    guarded(options_.load_within, [&](Connection& connection) {
        filters_.catch_up(connection, book_id_, head, partition_size_);
        return 0;
    });
}

void PostgresStore::store_closed_filters() {
    try {
        guarded(options_.look_up_within, [&](Connection& connection) {
            filters_.store_closed(connection, book_id_);
            return 0;
        });
    } catch (const port::Unavailable& unavailable) {  // the next lease tries again
        spdlog::warn("store: the filter of a closed partition could not be stored: {}", unavailable.what());
    }
}

std::vector<std::pair<port::IdempotencyId, port::Answered>> PostgresStore::answered(
    const std::vector<port::IdempotencyId>& ids) {
    if (!filters_.is_loaded()) catch_up_filters();
    return guarded(options_.look_up_within,
                   [&](Connection& connection) { return filters_.answered(connection, book_id_, ids); });
}

std::vector<std::optional<rules::NameHolder>> PostgresStore::holders_of(
    const std::vector<rules::ChosenName>& names) {
    std::vector<std::optional<rules::NameHolder>> holders(names.size());
    if (names.empty()) return holders;
    return guarded(options_.look_up_within, [&](Connection& connection) {
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
    return guarded(options_.look_up_within,
                   [&](Connection& connection) { return read_log_at(connection, book_id_, versions); });
}

}  // namespace ledger::store::postgres
