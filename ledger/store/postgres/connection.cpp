#include "ledger/store/postgres/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <libpq-fe.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <mutex>
#include <set>
#include <system_error>

#include "ledger/base/ensure.hpp"
#include "ledger/base/fault_point.hpp"

namespace ledger::store::postgres {
namespace {

using base::ensure;
using Clock = std::chrono::steady_clock;

constexpr int binary_format = 1;
constexpr std::size_t copy_piece = 256U * 1024U;
constexpr std::size_t notices_max = 100;

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

std::string text_or_empty(const char* text) { return text == nullptr ? std::string{} : std::string{text}; }

std::string field_of(const PGresult* result, int field) {
    return text_or_empty(PQresultErrorField(result, field));
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

// What the operator did not say in the connection string: a dead peer is noticed in seconds.
struct ConnectArguments {
    std::vector<const char*> keywords{"keepalives_idle",
                                      "keepalives_interval",
                                      "keepalives_count",
                                      "tcp_user_timeout",
                                      "connect_timeout",
                                      "client_encoding",
                                      "application_name",
                                      "dbname",
                                      nullptr};
    std::vector<const char*> values;

    explicit ConnectArguments(const Connection::Options& options)
        : values{"2",
                 "1",
                 "2",
                 "5000",
                 "2",
                 "UTF8",
                 options.application_name.c_str(),
                 options.conninfo.c_str(),
                 nullptr} {}
};

}  // namespace

Fault::Fault(Facts facts)
    : std::runtime_error{facts.sqlstate.empty() ? facts.message : facts.sqlstate + ": " + facts.message},
      facts_{std::move(facts)} {}

void throw_malformed(std::string what) {
    throw Fault{{.message = "the database answered with " + std::move(what)}};
}

struct Connection::Session {
    explicit Session(const Options& options);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void wait_for(short events);
    void poll_connect();
    void flush();
    ResultHandle next_result();
    ResultHandle last_result();
    void sent(int accepted);
    [[noreturn]] void throw_lost(std::string message, bool deadline_passed = false);
    void throw_if_failed(const PGresult* result);
    void remember_notice(const PGresult* result);
    void shut() noexcept;
    void queue(const Statement& statement, const std::vector<unsigned>* types,
               const std::vector<const char*>& values, const std::vector<int>& lengths);
    PipelineAnswer take_pipeline();

    PGconn* connection = nullptr;
    std::optional<Clock::time_point> deadline;
    std::vector<Notice> notices;
    std::set<std::string, std::less<>> prepared;
    // What the pipeline will be answered: the name of a statement it prepares, or nothing for one it runs.
    std::vector<const char*> pipelined;
    bool is_lost = false;
    std::mutex cut_mutex;  // between `cut` and the end of the socket
    int socket = -1;
};

Connection::Session::Session(const Options& options) : deadline{Clock::now() + options.connect_within} {
    const ConnectArguments arguments{options};
    connection = PQconnectStartParams(arguments.keywords.data(), arguments.values.data(), 1);
    ensure(connection != nullptr, "no memory for a connection");
    try {
        poll_connect();
        if (PQsetnonblocking(connection, 1) != 0) throw_lost("the connection cannot be made non-blocking");
    } catch (...) {
        PQfinish(connection);
        throw;
    }
    socket = PQsocket(connection);
    PQsetNoticeReceiver(
        connection,
        [](void* session, const PGresult* result) {
            static_cast<Session*>(session)->remember_notice(result);
        },
        this);
    deadline.reset();
}

Connection::Session::~Session() {
    {
        const std::lock_guard lock{cut_mutex};
        socket = -1;
    }
    PQfinish(connection);
}

void Connection::Session::poll_connect() {
    auto state = PGRES_POLLING_WRITING;
    if (PQstatus(connection) == CONNECTION_BAD) state = PGRES_POLLING_FAILED;
    while (state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED) throw_lost(trimmed(text_or_empty(PQerrorMessage(connection))));
        wait_for(state == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        state = PQconnectPoll(connection);
    }
}

void Connection::Session::remember_notice(const PGresult* result) {
    if (notices.size() >= notices_max) return;
    notices.push_back({field_of(result, PG_DIAG_SEVERITY_NONLOCALIZED), field_of(result, PG_DIAG_SQLSTATE),
                       field_of(result, PG_DIAG_MESSAGE_PRIMARY)});
}

void Connection::Session::shut() noexcept {
    const std::lock_guard lock{cut_mutex};
    if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
}

void Connection::Session::throw_lost(std::string message, bool deadline_passed) {
    is_lost = true;
    shut();
    throw Fault{{.message = std::move(message), .connection_lost = true, .deadline_passed = deadline_passed}};
}

void Connection::Session::wait_for(short events) {
    for (;;) {
        int timeout_ms = -1;
        if (deadline) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
            if (left.count() <= 0) throw_lost("the deadline passed before PostgreSQL answered", true);
            timeout_ms = static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000));
        }
        pollfd watched{PQsocket(connection), events, 0};
        const int ready = ::poll(&watched, 1, timeout_ms);
        if (ready > 0) return;
        if (ready < 0 && errno != EINTR) throw_lost("poll: " + std::generic_category().message(errno));
    }
}

void Connection::Session::flush() {
    for (;;) {
        const int left = PQflush(connection);
        if (left == 0) return;
        if (left < 0) throw_lost(trimmed(text_or_empty(PQerrorMessage(connection))));
        wait_for(POLLIN | POLLOUT);
        // What the server says meanwhile must be read, or both sides wait for each other.
        if (PQconsumeInput(connection) == 0) throw_lost(trimmed(text_or_empty(PQerrorMessage(connection))));
    }
}

void Connection::Session::sent(int accepted) {
    if (accepted != 1) throw_lost(trimmed(text_or_empty(PQerrorMessage(connection))));
    flush();
}

ResultHandle Connection::Session::next_result() {
    while (PQisBusy(connection) != 0) {
        wait_for(POLLIN);
        if (PQconsumeInput(connection) == 0) throw_lost(trimmed(text_or_empty(PQerrorMessage(connection))));
    }
    return ResultHandle{PQgetResult(connection)};
}

// The answer of a whole statement or script: the first failure if there is one, else the last result.
ResultHandle Connection::Session::last_result() {
    ResultHandle kept;
    for (ResultHandle result = next_result(); result != nullptr; result = next_result()) {
        const auto status = PQresultStatus(kept.get());
        const bool has_failed =
            kept != nullptr && (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE);
        if (!has_failed) kept = std::move(result);
        const auto now = PQresultStatus(kept.get());
        if (now == PGRES_COPY_IN || now == PGRES_COPY_OUT) break;  // the rows come next
    }
    if (kept == nullptr) throw_lost("PostgreSQL closed the connection without an answer");
    throw_if_failed(kept.get());
    return kept;
}

void Connection::Session::throw_if_failed(const PGresult* result) {
    const auto status = PQresultStatus(result);
    const bool is_fine = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN ||
                         status == PGRES_COPY_OUT || status == PGRES_EMPTY_QUERY;
    if (is_fine) return;
    Fault::Facts facts{.sqlstate = field_of(result, PG_DIAG_SQLSTATE),
                       .message = field_of(result, PG_DIAG_MESSAGE_PRIMARY),
                       .detail = field_of(result, PG_DIAG_MESSAGE_DETAIL)};
    if (facts.message.empty()) facts.message = trimmed(text_or_empty(PQresultErrorMessage(result)));
    if (PQstatus(connection) == CONNECTION_BAD) {
        is_lost = true;
        facts.connection_lost = true;
    }
    throw Fault{std::move(facts)};
}

Rows::Rows(pg_result* result) : result_{result} {}
void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }
std::size_t Rows::size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }
std::size_t Rows::columns() const { return static_cast<std::size_t>(PQnfields(result_.get())); }
std::string_view Rows::command() const { return PQcmdStatus(result_.get()); }

FieldView Rows::at(std::size_t row, std::size_t column) const {
    ensure(row < size() && column < columns(), "a row or column that is not there");
    const int r = static_cast<int>(row);
    const int c = static_cast<int>(column);
    if (PQgetisnull(result_.get(), r, c) != 0) return FieldView::null();
    const std::string_view bytes{PQgetvalue(result_.get(), r, c),
                                 static_cast<std::size_t>(PQgetlength(result_.get(), r, c))};
    return FieldView{bytes, PQfformat(result_.get(), c) == binary_format};
}

std::size_t Rows::affected() const {
    const std::string_view text = PQcmdTuples(result_.get());
    std::size_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

Connection::Connection(const Options& options) : session_{std::make_unique<Session>(options)} {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

void Connection::deadline_at(Clock::time_point at) { session_->deadline = at; }
void Connection::deadline_in(std::chrono::milliseconds from_now) { deadline_at(Clock::now() + from_now); }
void Connection::no_deadline() { session_->deadline.reset(); }

void Connection::execute_script(const std::string& sql) {
    session_->sent(PQsendQuery(session_->connection, sql.c_str()));
    session_->last_result();
}

Rows Connection::execute(const std::string& sql, const Parameters& parameters) {
    const auto arrays = parameters.arrays();
    session_->sent(PQsendQueryParams(session_->connection, sql.c_str(), static_cast<int>(parameters.size()),
                                     parameters.types().data(), arrays.values.data(), arrays.lengths.data(),
                                     arrays.formats.data(), binary_format));
    return Rows{session_->last_result().release()};
}

Rows Connection::execute(const Statement& statement, const Parameters& parameters) {
    if (!session_->prepared.contains(std::string_view{statement.name})) {
        session_->sent(PQsendPrepare(session_->connection, statement.name, statement.sql,
                                     static_cast<int>(parameters.size()), parameters.types().data()));
        session_->last_result();
        session_->prepared.insert(statement.name);
    }
    const auto arrays = parameters.arrays();
    session_->sent(PQsendQueryPrepared(session_->connection, statement.name,
                                       static_cast<int>(parameters.size()), arrays.values.data(),
                                       arrays.lengths.data(), arrays.formats.data(), binary_format));
    return Rows{session_->last_result().release()};
}

std::size_t Connection::copy_in(const std::string& sql, std::string_view stream) {
    execute_script(sql);
    const auto put = [this](auto send) {
        for (;;) {
            const int accepted = send();
            if (accepted == 1) return;
            if (accepted < 0)
                session_->throw_lost(trimmed(text_or_empty(PQerrorMessage(session_->connection))));
            session_->flush();
        }
    };
    while (!stream.empty()) {
        const std::string_view piece = stream.substr(0, copy_piece);
        put([&] {
            return PQputCopyData(session_->connection, piece.data(), static_cast<int>(piece.size()));
        });
        session_->flush();
        stream.remove_prefix(piece.size());
    }
    put([&] { return PQputCopyEnd(session_->connection, nullptr); });
    session_->flush();
    return Rows{session_->last_result().release()}.affected();
}

std::size_t Connection::copy_out(const std::string& sql,
                                 const std::function<void(const std::vector<FieldView>&)>& take_row) {
    execute_script(sql);
    CopyReader reader;
    std::vector<FieldView> row;
    std::size_t rows = 0;
    try {
        for (;;) {
            char* bytes = nullptr;
            const int size = PQgetCopyData(session_->connection, &bytes, 1);
            if (size == -1) break;
            if (size == -2)
                session_->throw_lost(trimmed(text_or_empty(PQerrorMessage(session_->connection))));
            if (size == 0) {
                session_->wait_for(POLLIN);
                if (PQconsumeInput(session_->connection) == 0)
                    session_->throw_lost(trimmed(text_or_empty(PQerrorMessage(session_->connection))));
                continue;
            }
            const std::unique_ptr<char, void (*)(void*)> held{bytes, PQfreemem};
            reader.feed({bytes, static_cast<std::size_t>(size)});
            while (reader.next(row)) {
                ++rows;
                take_row(row);
            }
        }
    } catch (...) {
        // Rows are still on their way and there is no cancel here, so the session ends with the reading.
        session_->is_lost = true;
        session_->shut();
        throw;
    }
    session_->last_result();
    if (!reader.is_at_end()) throw_malformed("a COPY that breaks off");
    return rows;
}

void Connection::Session::queue(const Statement& statement, const std::vector<unsigned>* types,
                                const std::vector<const char*>& values, const std::vector<int>& lengths) {
    const auto require = [this](int accepted) {
        if (accepted != 1) throw_lost(trimmed(text_or_empty(PQerrorMessage(connection))));
    };
    const int count = static_cast<int>(values.size());
    const bool is_queued = std::ranges::any_of(pipelined, [&](const char* name) {
        return name != nullptr && std::string_view{name} == statement.name;
    });
    if (!is_queued && !prepared.contains(std::string_view{statement.name})) {
        require(PQsendPrepare(connection, statement.name, statement.sql, types == nullptr ? 0 : count,
                              types == nullptr ? nullptr : types->data()));
        pipelined.push_back(statement.name);
    }
    static const std::vector<int> all_binary(std::size_t{65536}, binary_format);
    ensure(values.size() < all_binary.size(), "a statement has more parameters than PostgreSQL takes");
    require(PQsendQueryPrepared(connection, statement.name, count, values.data(), lengths.data(),
                                all_binary.data(), binary_format));
    pipelined.push_back(nullptr);
}

Connection::PipelineAnswer Connection::Session::take_pipeline() {
    PipelineAnswer answer;
    for (const char* prepares : pipelined) {
        auto result = next_result();
        if (result == nullptr) throw_lost("PostgreSQL closed the connection without an answer");
        if (PQresultStatus(result.get()) == PGRES_PIPELINE_ABORTED) {
            if (prepares == nullptr) ++answer.not_run;
            while (next_result() != nullptr) {
            }
            continue;
        }
        try {
            throw_if_failed(result.get());
            if (prepares != nullptr)
                prepared.insert(prepares);
            else
                answer.answers.emplace_back(result.release());
        } catch (const Fault& fault) {
            if (fault.connection_lost()) throw;
            if (!answer.failed) answer.failed = fault;
        }
        while (next_result() != nullptr) {
        }
    }
    const auto end = next_result();
    if (end == nullptr || PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC)
        throw_lost("PostgreSQL did not answer the end of a pipeline");
    return answer;
}

void Connection::begin_pipeline() {
    session_->notices.clear();
    session_->pipelined.clear();
    if (PQenterPipelineMode(session_->connection) != 1)
        session_->throw_lost("the connection takes no pipeline now");
}

void Connection::queue(const Statement& statement, const Parameters& parameters) {
    const auto arrays = parameters.arrays();
    session_->queue(statement, &parameters.types(), arrays.values, arrays.lengths);
}

void Connection::queue(const Statement& statement, const std::vector<const char*>& values,
                       const std::vector<int>& lengths) {
    session_->queue(statement, nullptr, values, lengths);
}

Connection::PipelineAnswer Connection::end_pipeline() {
    session_->sent(PQpipelineSync(session_->connection));
    base::fault_point(base::FaultPoint::after_commit_was_sent);
    auto answer = session_->take_pipeline();
    if (PQexitPipelineMode(session_->connection) != 1) session_->throw_lost("the pipeline did not end");
    return answer;
}

void Connection::begin(const char* how) { execute_script(how); }

CommitOutcome Connection::commit() {
    session_->notices.clear();
    try {
        session_->sent(PQsendQuery(session_->connection, "COMMIT"));
        base::fault_point(base::FaultPoint::after_commit_was_sent);
        const Rows answer{session_->last_result().release()};
        if (!session_->notices.empty()) return CommitOutcome::in_doubt;
        return answer.command() == "COMMIT" ? CommitOutcome::committed : CommitOutcome::rolled_back;
    } catch (const Fault& fault) {
        // Only a deferred constraint and a serialization failure are known to come before the commit is
        // written.
        const std::string_view kind = std::string_view{fault.sqlstate()}.substr(0, 2);
        const bool is_certain =
            !fault.connection_lost() && session_->notices.empty() && (kind == "23" || kind == "40");
        return is_certain ? CommitOutcome::rolled_back : CommitOutcome::in_doubt;
    }
}

void Connection::rollback() noexcept {
    if (session_->is_lost || !is_in_transaction()) return;
    try {
        execute_script("ROLLBACK");
    } catch (...) {
        session_->is_lost = true;
        session_->shut();
    }
}

bool Connection::is_in_transaction() const {
    const auto state = PQtransactionStatus(session_->connection);
    return state == PQTRANS_ACTIVE || state == PQTRANS_INTRANS || state == PQTRANS_INERROR;
}

std::vector<Notice> Connection::take_notices() { return std::exchange(session_->notices, {}); }

bool Connection::is_lost() const {
    return session_->is_lost || PQstatus(session_->connection) == CONNECTION_BAD;
}
int Connection::backend_pid() const { return PQbackendPID(session_->connection); }
int Connection::server_version() const { return PQserverVersion(session_->connection); }
void Connection::cut() noexcept { session_->shut(); }

std::string quoted_identifier(std::string_view name) {
    std::string quoted = "\"";
    for (const char letter : name) quoted += letter == '"' ? std::string{"\"\""} : std::string{letter};
    return quoted + '"';
}

std::string quoted_literal(std::string_view text) {
    std::string quoted = "E'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') quoted += letter;
        quoted += letter;
    }
    return quoted + '\'';
}

}  // namespace ledger::store::postgres
