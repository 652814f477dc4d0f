#include "app/bench/pgbench.hpp"

#include <sys/stat.h>

#include <charconv>
#include <fstream>

#include <fmt/format.h>

#include "app/options.hpp"

namespace app::bench {
namespace {

constexpr const char* database = "pgbench";

// What a careful team writes on plain tables: the key is looked up, both rows are locked in one order, the
// balance is checked, and a transfer with its two entries is kept.
constexpr const char* stored_procedure = R"(
CREATE TABLE sp_account (
    id bigint PRIMARY KEY, balance bigint NOT NULL, version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE TABLE sp_transfer (
    id bigserial PRIMARY KEY, idem uuid NOT NULL UNIQUE, src bigint NOT NULL, dst bigint NOT NULL,
    amount bigint NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE sp_entry (
    transfer bigint NOT NULL, n smallint NOT NULL, account bigint NOT NULL, amount bigint NOT NULL,
    PRIMARY KEY (transfer, n)
);
CREATE INDEX ON sp_entry (account, transfer);
INSERT INTO sp_account SELECT i, 1000000000 FROM generate_series(1, 100000) AS i;
CREATE FUNCTION sp_post(k uuid, a bigint, b bigint, amt bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    t bigint;
    bal bigint;
BEGIN
    IF a = b THEN RETURN NULL; END IF;
    SELECT id INTO t FROM sp_transfer WHERE idem = k;
    IF FOUND THEN RETURN t; END IF;
    PERFORM 1 FROM sp_account WHERE id IN (a, b) ORDER BY id FOR UPDATE;
    UPDATE sp_account SET balance = balance - amt, version = version + 1 WHERE id = a
        RETURNING balance INTO bal;
    IF bal < 0 THEN RAISE EXCEPTION 'insufficient'; END IF;
    UPDATE sp_account SET balance = balance + amt, version = version + 1 WHERE id = b;
    INSERT INTO sp_transfer (idem, src, dst, amount) VALUES (k, a, b, amt) RETURNING id INTO t;
    INSERT INTO sp_entry VALUES (t, 1, a, -amt), (t, 2, b, amt);
    RETURN t;
END $$;
VACUUM ANALYZE sp_account;
)";

}  // namespace

Pgbench::Pgbench(Server& server, std::filesystem::path scratch)
    : server_{server}, scratch_{std::move(scratch)} {
    server_.create_database(database);
}

double Pgbench::tpc_b(unsigned seconds, unsigned scale) {
    if (!has_tpc_b_) {
        static_cast<void>(
            server_.run_program("pgbench", {"-i", "-q", "-s", std::to_string(scale), server_.url(database)}));
        has_tpc_b_ = true;
    }
    return rate_of({"-c", "8", "-T", std::to_string(seconds)});
}

double Pgbench::transfers(unsigned seconds, std::size_t spread) {
    if (!has_procedure_) make_stored_procedure();
    const auto script = scratch_ / fmt::format("transfer-{}.pgbench", spread);
    {
        std::ofstream file{script};
        file << fmt::format(
            "\\set a random(1, {0})\n\\set b random(1, {0})\n\\set m random(1, 100)\n"
            "SELECT sp_post(gen_random_uuid(), :a, :b, :m);\n",
            spread);
    }
    ::chmod(script.c_str(), 0644);
    return rate_of({"-c", "32", "-T", std::to_string(seconds), "-f", script.string()});
}

void Pgbench::make_stored_procedure() {
    auto session = server_.session(database);
    const std::string script{stored_procedure};
    const auto vacuum =
        script.rfind("VACUUM");  // which no transaction block may hold, not even an implied one
    session.execute_script(script.substr(0, vacuum));
    session.execute_script(script.substr(vacuum));
    has_procedure_ = true;
}

double Pgbench::rate_of(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"-n", "-M", "prepared", "-j", "2"});
    arguments.push_back(server_.url(database));
    const auto said = server_.run_program("pgbench", arguments);
    constexpr std::string_view label = "\ntps = ";
    const auto at = said.find(label);
    double rate = 0;
    if (at != std::string::npos)
        std::from_chars(said.data() + at + label.size(), said.data() + said.size(), rate);
    if (rate <= 0) throw CommandFailed{exit_unreachable, "pgbench printed no rate: " + said};
    return rate;
}

}  // namespace app::bench
