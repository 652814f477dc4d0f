// The private PostgreSQL through what happens to it: killed, orphaned, shared, moved to odd places, and
// refused.
#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <thread>
#include <vector>

#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/private_server.hpp"
#include "ledger/store/postgres/private_server_cluster.hpp"
#include "ledger/store/postgres/private_server_process.hpp"
#include "tests/support/temp_postgres.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace ledger::store::postgres;
using tests::support::fast_options;
using tests::support::TempFolder;
using Clock = std::chrono::steady_clock;

PrivateServer started(const fs::path& data_dir) {
    auto server = PrivateServer::start(fast_options(data_dir));
    if (!server) FAIL(server.error().detail);
    return *std::move(server);
}

void run_sql(const PrivateServer& server, const std::string& sql) {
    Connection{{.conninfo = server.connection_string()}}.execute_script(sql);
}

std::int64_t count_of(const PrivateServer& server, const std::string& table) {
    Connection connection{{.conninfo = server.connection_string()}};
    return connection.execute("SELECT count(*) FROM " + table).at(0, 0).int8();
}

bool comes_true(std::chrono::milliseconds within, const std::function<bool()>& holds) {
    const auto until = Clock::now() + within;
    while (!holds()) {
        if (Clock::now() >= until) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

bool is_down(const fs::path& data_dir) { return processes_in(data_dir / "postgres").empty(); }

// Another process that does its work and then waits to be killed or told to go.
class OtherProcess {
public:
    explicit OtherProcess(const std::function<bool()>& work) {
        int ready[2] = {-1, -1};
        int go[2] = {-1, -1};
        if (::pipe(ready) != 0 || ::pipe(go) != 0) throw std::runtime_error{"no pipe"};
        process_ = ::fork();
        if (process_ < 0) throw std::runtime_error{"no process"};
        if (process_ == 0) {
            ::close(ready[0]);
            ::close(go[1]);
            int code = 1;
            {
                go_ = go[0];
                ready_ = ready[1];
                if (work()) code = 0;
            }
            ::_exit(code);
        }
        ::close(ready[1]);
        ::close(go[0]);
        go_ = go[1];
        char byte = 0;
        is_ready = ::read(ready[0], &byte, 1) == 1;
        ::close(ready[0]);
    }
    OtherProcess(const OtherProcess&) = delete;
    OtherProcess& operator=(const OtherProcess&) = delete;
    ~OtherProcess() { kill(); }
    void kill() {
        if (process_ > 0) signal_process(process_, SIGKILL);
        leave();
    }
    int leave() {
        if (process_ <= 0) return code_;
        if (go_ >= 0) ::close(go_);
        go_ = -1;
        int status = 0;
        ::waitpid(process_, &status, 0);
        process_ = -1;
        code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return code_;
    }
    // In the child: says that it is ready and waits.
    static void pause() {
        [[maybe_unused]] const auto said = ::write(ready_, "!", 1);
        char byte = 0;
        [[maybe_unused]] const auto told = ::read(go_, &byte, 1);
    }

    bool is_ready = false;

private:
    pid_t process_ = -1;
    int code_ = -1;
    static inline int ready_ = -1;
    static inline int go_ = -1;
};

std::string detail_of(const PrivateServer::Options& options) {
    const auto server = PrivateServer::start(options);
    return server ? "it started" : server.error().detail;
}

pid_t parent_of(pid_t process) {
    std::ifstream file{"/proc/" + std::to_string(process) + "/status"};
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("PPid:")) return static_cast<pid_t>(std::stol(line.substr(5)));
    return 0;
}

}  // namespace

TEST_CASE("the private server is made, stopped with its owner and found again with its rows") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    {
        const auto server = started(data_dir);
        CHECK_FALSE(server.has_joined());
        run_sql(server, "CREATE TABLE t AS SELECT generate_series(1, 100)");
    }
    CHECK(is_down(data_dir));
    CHECK_FALSE(fs::exists(data_dir / "postgres" / "postmaster.pid"));
    const auto again = started(data_dir);
    CHECK(count_of(again, "t") == 100);
}

TEST_CASE("the private server is durable, closed to the network and to other users") {
    const TempFolder folder;
    const auto server = PrivateServer::start({.data_dir = folder.path() / "data",
                                              .is_small = true,
                                              .start_within = 60s,
                                              .initdb_arguments = {"--no-sync"}});
    REQUIRE(server);
    Connection connection{{.conninfo = server->connection_string()}};
    const auto shown = [&](const char* name) {
        return std::string{
            connection.execute("SELECT current_setting($1)", Parameters{}.add(name)).at(0, 0).text()};
    };
    for (const char* name : {"fsync", "full_page_writes", "synchronous_commit", "data_checksums"})
        CHECK(shown(name) == "on");
    CHECK(shown("listen_addresses").empty());
    CHECK(shown("max_wal_size") == "2GB");
    CHECK(shown("server_encoding") == "UTF8");
    CHECK(shown("search_path").find("public") != std::string::npos);
    const fs::path socket_dir = shown("unix_socket_directories");
    CHECK((fs::status(socket_dir).permissions() & fs::perms::all) == fs::perms::owner_all);
    if (::geteuid() != 0) return;
    const std::string socket = socket_dir / ".s.PGSQL.5432";
    Identity nobody{65534, 65534, {65534}, "nobody", true};
    CHECK_FALSE(can_reach(nobody, socket));
}

TEST_CASE("a killed PostgreSQL is started again and has what was committed") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    auto server = started(data_dir);
    run_sql(server, "CREATE TABLE t (n int8)");
    for (int round = 0; round < 3; ++round) {
        run_sql(server, "INSERT INTO t VALUES (1)");
        Connection open{{.conninfo = server.connection_string()}};
        const auto process = server.server_process();
        REQUIRE(process);
        signal_process(*process, SIGKILL);
        const auto status = server.ensure_running();
        if (!status) FAIL(status.error().detail);
        CHECK(server.server_process() != process);
        CHECK(count_of(server, "t") == round + 1);
    }
}

TEST_CASE("a killed backend costs no hand either") {
    const TempFolder folder;
    auto server = started(folder.path() / "data");
    Connection victim{{.conninfo = server.connection_string()}};
    signal_process(victim.backend_pid(), SIGKILL);
    CHECK_THROWS_AS(victim.execute("SELECT 1"), Fault);
    REQUIRE(server.ensure_running());
    const bool is_back = comes_true(10s, [&] {
        try {
            run_sql(server, "SELECT 1");
            return true;
        } catch (const Fault&) {
            return false;
        }
    });
    CHECK(is_back);
}

TEST_CASE("a killed owner leaves no orphan") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    OtherProcess owner{[&] {
        const auto server = PrivateServer::start(fast_options(data_dir));
        OtherProcess::pause();
        return server.has_value();
    }};
    REQUIRE(owner.is_ready);
    REQUIRE_FALSE(is_down(data_dir));
    owner.kill();
    CHECK(comes_true(10s, [&] { return is_down(data_dir); }));
}

TEST_CASE("an owner killed again and again is followed by one that starts at once and finds every row") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    {
        run_sql(started(data_dir), "CREATE TABLE t (n int8)");
    }
    for (int round = 0; round < 8; ++round) {
        OtherProcess owner{[&] {
            const auto server = PrivateServer::start(fast_options(data_dir));
            if (server) run_sql(*server, "INSERT INTO t VALUES (1)");
            OtherProcess::pause();
            return server.has_value();
        }};
        REQUIRE(owner.is_ready);
        // At once, or when the guard has begun to stop the server, or after it.
        owner.kill();
        std::this_thread::sleep_for(std::chrono::milliseconds{round * 30});
        const auto next = started(data_dir);
        REQUIRE(count_of(next, "t") == round + 1);
    }
}

TEST_CASE("a second process joins a running server, and the last one to leave stops it") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    auto first = std::make_unique<PrivateServer>(started(data_dir));
    run_sql(*first, "CREATE TABLE t AS SELECT 1");
    OtherProcess second{[&] {
        const auto server = PrivateServer::attach_or_start(fast_options(data_dir));
        const bool is_joined = server && server->has_joined() && count_of(*server, "t") == 1;
        OtherProcess::pause();
        return is_joined && count_of(*server, "t") == 1;
    }};
    REQUIRE(second.is_ready);
    const auto process = first->server_process();
    first.reset();
    CHECK_FALSE(is_down(data_dir));
    CHECK(second.leave() == 0);
    CHECK(is_down(data_dir));
    CHECK(process);
}

TEST_CASE("many that start on one new data directory at the same time share one server") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    std::vector<std::string> troubles(4);
    {
        std::vector<std::jthread> starters;
        for (auto& trouble : troubles)
            starters.emplace_back([&] {
                const auto server = PrivateServer::start(fast_options(data_dir));
                if (!server)
                    trouble = server.error().detail;
                else
                    run_sql(*server, "SELECT 1");
            });
    }
    for (const auto& trouble : troubles) CHECK(trouble == "");
    CHECK(is_down(data_dir));
}

TEST_CASE("a killed guard takes the server with it, and the next look brings both back") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    auto server = started(data_dir);
    run_sql(server, "CREATE TABLE t AS SELECT 1");
    const auto process = server.server_process();
    REQUIRE(process);
    signal_process(parent_of(*process), SIGKILL);
    CHECK(comes_true(10s, [&] { return is_down(data_dir); }));
    const auto status = server.ensure_running();
    if (!status) FAIL(status.error().detail);
    CHECK(count_of(server, "t") == 1);
}

TEST_CASE("a server somebody started by hand is stopped and started under our guard") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    {
        run_sql(started(data_dir), "CREATE TABLE t AS SELECT 1");
    }
    const ClusterPaths paths{data_dir};
    const auto identity = choose_identity(paths.cluster);
    const auto installation = find_installation(paths, {});
    REQUIRE((identity && installation && prepare_socket_dir(paths, *identity)));
    const Captured said = run(
        {installation->programs / "pg_ctl", {"start", "-w", "-l", "/dev/null"}, paths.cluster}, *identity);
    REQUIRE(said.exit_code == 0);
    const auto stray = processes_in(paths.cluster);
    {
        const auto server = started(data_dir);
        CHECK(count_of(server, "t") == 1);
        for (const pid_t process : processes_in(paths.cluster))
            CHECK(std::find(stray.begin(), stray.end(), process) == stray.end());
    }
    CHECK(is_down(data_dir));
}

TEST_CASE("a stale postmaster.pid that names a living stranger is no hindrance") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    {
        run_sql(started(data_dir), "SELECT 1");
    }
    std::ofstream{data_dir / "postgres" / "postmaster.pid"} << ::getpid() << "\n"
                                                            << data_dir.string() << "\n";
    run_sql(started(data_dir), "SELECT 1");
}

TEST_CASE("an initdb that was killed half way is begun again") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    fs::create_directories(data_dir / "postgres.new" / "base");
    std::ofstream{data_dir / "postgres.new" / "PG_VERSION"} << "15\n";
    run_sql(started(data_dir), "SELECT 1");
    CHECK_FALSE(fs::exists(data_dir / "postgres.new"));
}

TEST_CASE("a data directory with a path too long for a socket gets a short one, the same at each start") {
    const TempFolder folder;
    const auto data_dir = folder.path() / std::string(120, 'x');
    std::string place;
    {
        const auto server = started(data_dir);
        run_sql(server, "CREATE TABLE t AS SELECT 1");
        place = server.connection_string();
        CHECK(place.find("%2Ftmp%2Fbailee-") != std::string::npos);
    }
    const auto again = started(data_dir);
    CHECK(again.connection_string() == place);
    CHECK(count_of(again, "t") == 1);
}

TEST_CASE("a replaced socket folder is not trusted and not used") {
    const TempFolder folder;
    const auto data_dir = folder.path() / std::string(120, 'x');
    {
        run_sql(started(data_dir), "SELECT 1");
    }
    std::string place;
    {
        std::ifstream record{data_dir / "postgres.socket-dir"};
        std::getline(record, place);
        std::getline(record, place);
    }
    fs::create_directory(place);
    ::chmod(place.c_str(), 0777);
    const auto printed = PrivateServer::connection_string_of(data_dir);
    REQUIRE_FALSE(printed);
    CHECK_THAT(printed.error().detail, Catch::Contains("not the closed folder"));
    const auto server = started(data_dir);
    CHECK(server.connection_string().find(place.substr(place.rfind('/') + 1)) == std::string::npos);
    fs::remove(place);
}

TEST_CASE("a socket folder that a cleaner took away comes back") {
    const TempFolder folder;
    auto server = started(folder.path() / std::string(120, 'x'));
    run_sql(server, "CREATE TABLE t AS SELECT 1");
    std::ifstream record{folder.path() / std::string(120, 'x') / "postgres.socket-dir"};
    std::string place;
    std::getline(record, place);
    std::getline(record, place);
    fs::remove_all(place);
    const auto status = server.ensure_running();
    if (!status) FAIL(status.error().detail);
    CHECK(count_of(server, "t") == 1);
}

TEST_CASE("a data directory below a folder of root's alone works for the unprivileged server") {
    if (::geteuid() != 0) {
        WARN("skipped: only root has such folders");
        return;
    }
    const TempFolder folder;
    fs::permissions(folder.path(), fs::perms::owner_all);
    const auto data_dir = folder.path() / "data";
    {
        run_sql(started(data_dir), "CREATE TABLE t AS SELECT 1");
    }
    auto server = started(data_dir);
    CHECK(count_of(server, "t") == 1);
    const auto process = server.server_process();
    REQUIRE(process);
    struct stat owner{};
    REQUIRE(::stat(("/proc/" + std::to_string(*process)).c_str(), &owner) == 0);
    CHECK(owner.st_uid != 0);
    signal_process(*process, SIGKILL);
    CHECK(server.ensure_running());
}

TEST_CASE("the connection string is known while the server is down") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    std::string place;
    {
        const auto server = started(data_dir);
        place = server.connection_string();
    }
    const auto printed = PrivateServer::connection_string_of(data_dir);
    REQUIRE(printed);
    CHECK(*printed == place);
    CHECK_FALSE(PrivateServer::connection_string_of(folder.path() / "other"));
}

TEST_CASE("each reason not to start is a sentence that names the place") {
    const TempFolder folder;
    const auto data_dir = folder.path() / "data";
    SECTION("no book where one should be read") {
        const auto server = PrivateServer::attach_or_start(fast_options(data_dir));
        REQUIRE_FALSE(server);
        CHECK_THAT(server.error().detail, Catch::Contains("There is no data directory"));
        CHECK_FALSE(fs::exists(data_dir));
        fs::create_directory(data_dir);
        const auto empty = PrivateServer::attach_or_start(fast_options(data_dir));
        REQUIRE_FALSE(empty);
        CHECK_THAT(empty.error().detail, Catch::Contains("There is no book"));
    }
    SECTION("a cluster of another version") {
        {
            run_sql(started(data_dir), "SELECT 1");
        }
        std::ofstream{data_dir / "postgres" / "PG_VERSION"} << "9\n";
        CHECK_THAT(detail_of(fast_options(data_dir)),
                   Catch::Contains("made by PostgreSQL 9, which is not installed"));
    }
    SECTION("a cluster that is not ours is left as it is") {
        fs::create_directories(data_dir / "postgres");
        std::ofstream{data_dir / "postgres" / "postgresql.conf"} << "port = 1\n";
        CHECK_THAT(detail_of(fast_options(data_dir)), Catch::Contains("not a PostgreSQL that bailee made"));
        std::ifstream conf{data_dir / "postgres" / "postgresql.conf"};
        std::string line;
        std::getline(conf, line);
        CHECK(line == "port = 1");
    }
    SECTION("a folder everybody may write to") {
        fs::create_directory(data_dir);
        fs::permissions(data_dir, fs::perms::all);
        CHECK_THAT(detail_of(fast_options(data_dir)), Catch::Contains("Everybody may write"));
    }
    SECTION("settings PostgreSQL will not take") {
        auto options = fast_options(data_dir);
        options.settings.emplace_back("work_mem", "no number");
        CHECK_THAT(detail_of(options), Catch::Contains("PostgreSQL could not start"));
        CHECK(is_down(data_dir));
    }
    SECTION("a full disk") {
        if (::geteuid() != 0) {
            WARN("skipped: only root can mount a small disk");
            return;
        }
        fs::create_directory(data_dir);
        if (::mount("tmpfs", data_dir.c_str(), "tmpfs", 0, "size=12m,mode=755") != 0) {
            WARN("skipped: no small disk can be mounted here");
            return;
        }
        const auto detail = detail_of(fast_options(data_dir));
        ::umount(data_dir.c_str());
        CHECK_THAT(detail, Catch::Contains("is full"));
    }
}

TEST_CASE("buffers are a quarter of the memory within bounds") {
    constexpr std::int64_t gigabyte = std::int64_t{1} << 30;
    CHECK(shared_buffers_mb(16 * gigabyte, false) == 4096);
    CHECK(shared_buffers_mb(64 * gigabyte, false) == 8192);
    CHECK(shared_buffers_mb(gigabyte / 4, false) == 128);
    CHECK(shared_buffers_mb(64 * gigabyte, true) == 512);
    CHECK(usable_memory_bytes() > 0);
}
