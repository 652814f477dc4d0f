// One session with PostgreSQL over libpq, used by one thread at a time; only `cut` may be called from
// another. Every wait has our own deadline: when it passes, the socket is shut down and what was under way is
// in doubt. A cancel is never sent: a cancelled wait for the standby is reported as success. Trouble is a
// `Fault`. Cost: one round trip for each call; a COPY is one for its rows.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/store/postgres/connection_fault.hpp"
#include "ledger/store/postgres/connection_parameters.hpp"
#include "ledger/store/postgres/copy_writer.hpp"

struct pg_result;

namespace ledger::store::postgres {

struct Notice {
    std::string severity;
    std::string sqlstate;
    std::string message;
};

// The rows of an answer, in binary form.
class Rows {
public:
    explicit Rows(pg_result* result);

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] std::size_t columns() const;
    [[nodiscard]] FieldView at(std::size_t row, std::size_t column) const;
    [[nodiscard]] std::size_t affected() const;  // rows a writing statement touched
    [[nodiscard]] std::string_view command() const;  // "UPDATE 1", "COMMIT" …

private:
    struct Clear {
        void operator()(pg_result* result) const;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

// A statement that is planned once in a session, at its first use there. Both texts live as long as the
// program.
struct Statement {
    const char* name;
    const char* sql;
};

enum class CommitOutcome {
    committed,  // durable as the session's synchronous_commit has it
    rolled_back,  // certainly not there
    in_doubt,  // a lost socket, a passed deadline or any notice on the way: ask the lease, never guess
};

class Connection {
public:
    struct Options {
        std::string conninfo;  // URI or key=value; several hosts as libpq has it
        std::string application_name = "bailee";
        std::chrono::milliseconds connect_within{5000};
    };

    explicit Connection(const Options& options);
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    // Holds for every later call, until changed.
    void deadline_at(std::chrono::steady_clock::time_point at);
    void deadline_in(std::chrono::milliseconds from_now);
    void no_deadline();

    // Several statements in one text, rows thrown away.
    void execute_script(const std::string& sql);
    Rows execute(const std::string& sql, const Parameters& parameters = {});
    Rows execute(const Statement& statement, const Parameters& parameters = {});

    // `COPY t (…) FROM STDIN (FORMAT binary)`; returns the rows taken.
    std::size_t copy_in(const std::string& sql, std::string_view stream);
    // `COPY (…) TO STDOUT (FORMAT binary)`; returns the rows given.
    std::size_t copy_out(const std::string& sql,
                         const std::function<void(const std::vector<FieldView>&)>& take_row);

    // Statements sent one behind another and answered together: one round trip for all. The first that fails
    // ends it; those behind it do not run. Only `queue` may stand between begin and end.
    struct PipelineAnswer {
        std::vector<Rows> answers;  // of the statements before the one that failed
        std::optional<Fault> failed;  // a lost connection is thrown instead
        std::size_t not_run = 0;  // statements behind the one that failed
    };
    void begin_pipeline();
    void queue(const Statement& statement, const Parameters& parameters = {});
    // Values in binary form, as `Parameters::Arrays` has them; their types follow from the statement.
    void queue(const Statement& statement, const std::vector<const char*>& values,
               const std::vector<int>& lengths);
    [[nodiscard]] PipelineAnswer end_pipeline();

    void begin(const char* how = "BEGIN ISOLATION LEVEL READ COMMITTED");
    CommitOutcome commit();
    void rollback() noexcept;  // a session that cannot even do that is lost
    [[nodiscard]] bool is_in_transaction() const;

    // Notices since the last call.
    [[nodiscard]] std::vector<Notice> take_notices();
    // Nothing more can be sent. Known only after a call failed; a fresh socket tells nothing.
    [[nodiscard]] bool is_lost() const;
    [[nodiscard]] int backend_pid() const;
    [[nodiscard]] int server_version() const;  // 150020

    // From any thread, while the object lives: the call under way ends with a lost connection.
    void cut() noexcept;

private:
    struct Session;
    std::unique_ptr<Session> session_;
};

// Rolls back what its scope did not commit.
class Transaction {
public:
    explicit Transaction(Connection& connection) : connection_{connection} { connection_.begin(); }
    Transaction(Connection& connection, const char* how) : connection_{connection} { connection_.begin(how); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() {
        if (!is_over_) connection_.rollback();
    }
    [[nodiscard]] CommitOutcome commit() {
        is_over_ = true;
        return connection_.commit();
    }

private:
    Connection& connection_;
    bool is_over_ = false;
};

// A text as a quoted identifier or literal, for the few statements that take no parameters.
[[nodiscard]] std::string quoted_identifier(std::string_view name);
[[nodiscard]] std::string quoted_literal(std::string_view text);

}  // namespace ledger::store::postgres
