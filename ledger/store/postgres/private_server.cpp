#include "ledger/store/postgres/private_server.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpq-fe.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/connection_trouble.hpp"
#include "ledger/store/postgres/private_server_cluster.hpp"
#include "ledger/store/postgres/private_server_locks.hpp"
#include "ledger/store/postgres/private_server_process.hpp"

namespace ledger::store::postgres {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::refuse;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

constexpr const char* book_database = "bailee";
constexpr auto look_every = 10ms;
constexpr auto stray_stops_within = 30s;
constexpr auto leftover_ends_within = 2s;
constexpr auto stops_within = std::chrono::minutes{6};
constexpr int starts_max = 5;
constexpr std::streamoff log_tail = 16'384;
constexpr std::uintmax_t log_max = 64U * 1024U * 1024U;

std::string uri_of(const fs::path& socket_dir, const std::string& database) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    const auto encoded = [plain](const std::string& text) {
        std::string result;
        for (const char letter : text)
            result += plain.find(letter) != std::string_view::npos
                          ? std::string{letter}
                          : fmt::format("%{:02X}", static_cast<unsigned char>(letter));
        return result;
    };
    return fmt::format("postgresql://postgres@/{}?host={}&port=5432", encoded(database),
                       encoded(socket_dir.string()));
}

FileHandle open_lock(const ClusterPaths& paths) {
    return FileHandle{::open(paths.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
}

Status wait_until(Clock::time_point until, const char* what, const std::function<bool()>& holds) {
    while (!holds()) {
        if (Clock::now() >= until)
            return refuse_trouble(fmt::format("Gave up waiting {}.", what),
                                  "Look into postgres.log in the data directory.");
        std::this_thread::sleep_for(look_every);
    }
    return {};
}

// The last thing the server said before it ended, from where its log stood at the start.
std::string last_words(const fs::path& log, std::uintmax_t from) {
    std::ifstream file{log, std::ios::binary};
    file.seekg(0, std::ios::end);
    const std::streamoff end = file.tellg();
    file.seekg(std::max(static_cast<std::streamoff>(from), end - log_tail));
    std::string words;
    for (std::string line; std::getline(file, line);) {
        for (const char* severity : {"FATAL:  ", "PANIC:  "})
            if (const auto at = line.find(severity); at != std::string::npos) words = line.substr(at + 8);
        if (line.find("No space left on device") != std::string::npos) return line;
    }
    return words;
}

class StartLock {
public:
    explicit StartLock(int file) : file_{file} {}
    StartLock(const StartLock&) = delete;
    StartLock& operator=(const StartLock&) = delete;
    ~StartLock() { unlock(file_, LockByte::starting); }

private:
    int file_;
};

}  // namespace

struct PrivateServer::Shared {
    explicit Shared(const Options& given)
        : options{given},
          paths{given.data_dir},
          settings{given.is_small, given.settings, given.initdb_arguments} {}
    ~Shared() { leave(); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    Status join(bool may_create);
    Status ensure_running();
    void leave() noexcept;
    std::optional<pid_t> server() const;

    const Options options;
    const ClusterPaths paths;
    const ClusterSettings settings;
    fs::path socket_dir;
    bool has_joined = false;

private:
    bool is_guarded() const { return is_locked_by_another(lock_.get(), LockByte::guard); }
    bool is_answering() const;
    Status start_or_wait(Clock::time_point until);
    Status start_once();
    void end_strays() const;
    void end_unreachable() const;
    bool make_database(Status& made);
    base::Error explain(std::uintmax_t log_from) const;
    void stop_alone() noexcept;

    std::mutex mutex_;
    FileHandle lock_;
    bool is_user_ = false;
    bool has_database_ = false;
    pid_t guard_ = 0;  // 0: somebody else's
};

std::optional<pid_t> PrivateServer::Shared::server() const {
    std::ifstream file{paths.cluster / "postmaster.pid"};
    pid_t process = 0;
    if (file >> process && process > 1 && is_process_in(process, paths.cluster)) return process;
    return std::nullopt;
}

bool PrivateServer::Shared::is_answering() const {
    return PQping((uri_of(socket_dir, "postgres") + "&connect_timeout=2").c_str()) == PQPING_OK;
}

Status PrivateServer::Shared::join(bool may_create) {
    if (const auto status = prepare_data_dir(paths, may_create); !status) return status;
    if (!may_create && !has_cluster(paths))
        return refuse_trouble(fmt::format("There is no book in {}.", paths.data_dir.string()),
                              "Check the path, or make a book there with bailee serve.");
    lock_ = open_lock(paths);
    if (!lock_.is_open())
        return refuse_trouble(fmt::format("{} cannot be opened: {}.", paths.lock.string(),
                                          std::generic_category().message(errno)),
                              "Check the rights of the data directory.");
    // Held alone only by somebody who is stopping the server: then it is down in a moment, and started anew.
    const auto until = Clock::now() + options.start_within;
    const auto status = wait_until(until, "for the last PostgreSQL of this data directory to stop",
                                   [this] { return try_lock_shared(lock_.get(), LockByte::users); });
    if (!status) return status;
    is_user_ = true;
    has_joined = is_guarded();
    return ensure_running();
}

Status PrivateServer::Shared::ensure_running() {
    const std::lock_guard in_this_process{mutex_};
    const auto until = Clock::now() + options.start_within;
    const auto status = wait_until(until, "for another bailee to start PostgreSQL",
                                   [this] { return try_lock_alone(lock_.get(), LockByte::starting); });
    if (!status) return status;
    const StartLock among_processes{lock_.get()};
    return start_or_wait(until);
}

Status PrivateServer::Shared::start_or_wait(Clock::time_point until) {
    for (int starts = 0;;) {
        std::error_code ignored;
        const auto log_from = fs::exists(paths.log, ignored) ? fs::file_size(paths.log, ignored) : 0;
        if (is_guarded()) {
            const auto place = recorded_socket_dir(paths);
            if (!place) return refuse(place.error());
            socket_dir = *place;
        } else {
            if (starts++ == starts_max) return refuse(explain(log_from));
            reap(guard_);
            if (const auto status = start_once(); !status) return status;
        }
        Status made;
        bool is_up = false;
        const auto status = wait_until(until, "for PostgreSQL to accept connections", [&] {
            is_up = is_answering() && make_database(made);
            if (!is_up) end_unreachable();
            return is_up || !is_guarded();
        });
        if (!status) return status;
        if (is_up) return made;
        const base::Error why = explain(log_from);
        // Children of a killed server may hold its memory for a moment; all else will not cure itself.
        if (why.detail.find("shared memory block") == std::string::npos && starts > 1) return refuse(why);
    }
}

// Not under a guard: a server whose guard was killed, one started by hand, or the children of a killed one.
void PrivateServer::Shared::end_strays() const {
    if (const auto stray = server()) {
        signal_process(*stray, SIGINT);
        if (!wait_gone(paths.cluster, stray_stops_within)) signal_process(*stray, SIGQUIT);
    }
    if (!wait_gone(paths.cluster, leftover_ends_within)) {
        for (const pid_t process : processes_in(paths.cluster)) signal_process(process, SIGKILL);
        static_cast<void>(wait_gone(paths.cluster, leftover_ends_within));
    }
    // Its number may belong to a stranger by now, which would keep the new server from starting.
    std::error_code ignored;
    if (processes_in(paths.cluster).empty()) fs::remove(paths.cluster / "postmaster.pid", ignored);
}

// A cleaner of temporary folders took the socket away: only a new start brings it back.
void PrivateServer::Shared::end_unreachable() const {
    std::ifstream file{paths.cluster / "postmaster.pid"};
    const std::string state{std::istreambuf_iterator<char>{file}, {}};
    std::error_code ignored;
    if (state.find("ready") == std::string::npos || fs::exists(socket_dir / ".s.PGSQL.5432", ignored)) return;
    if (const auto running = server()) signal_process(*running, SIGINT);
}

Status PrivateServer::Shared::start_once() {
    const auto identity = choose_identity(paths.cluster);
    if (!identity) return refuse(identity.error());
    const auto installation = find_installation(paths, options.programs);
    if (!installation) return refuse(installation.error());
    if (!has_cluster(paths)) {
        if (const auto status = make_cluster(paths, *installation, *identity, settings); !status)
            return status;
    } else if (const auto status = require_own_cluster(paths); !status) {
        return status;
    }
    end_strays();
    const auto place = prepare_socket_dir(paths, *identity);
    if (!place) return refuse(place.error());
    socket_dir = *place;
    if (const auto status = write_settings(paths, *identity, socket_dir, settings); !status) return status;
    std::error_code ignored;
    if (fs::exists(paths.log, ignored) && fs::file_size(paths.log, ignored) > log_max)
        fs::rename(paths.log, paths.log.string() + ".1", ignored);
    const FileHandle log{
        ::open(paths.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)};
    const FileHandle guard_lock = open_lock(paths);
    if (!log.is_open() || !guard_lock.is_open())
        return refuse_trouble(fmt::format("{} cannot be opened: {}.", paths.log.string(),
                                          std::generic_category().message(errno)),
                              "Check the rights of the data directory.");
    if (!try_lock_alone(guard_lock.get(), LockByte::guard)) return {};  // one came between; it is waited for
    const auto guard =
        start_guarded({installation->programs / "postgres", {}, paths.cluster}, *identity, {guard_lock, log});
    if (!guard) return refuse(guard.error());
    guard_ = *guard;
    return {};
}

base::Error PrivateServer::Shared::explain(std::uintmax_t log_from) const {
    const std::string words = last_words(paths.log, log_from);
    if (words.find("No space left on device") != std::string::npos)
        return trouble(
            fmt::format("PostgreSQL could not start: the disk of {} is full.", paths.data_dir.string()),
            "Free some space and start again; what was answered is all there.");
    if (words.find("Cannot allocate memory") != std::string::npos)
        return trouble(fmt::format("PostgreSQL could not start for want of memory: {}", words),
                       "Free memory, or raise the limit this runs under, and start again.");
    return trouble(
        fmt::format("PostgreSQL could not start: {}", words.empty() ? "it ended without a word" : words),
        fmt::format("Its log is {}.", paths.log.string()));
}

// False when the server went away meanwhile: a crash of a backend makes it start over.
bool PrivateServer::Shared::make_database(Status& made) {
    if (has_database_) return true;
    try {
        Connection connection{
            {.conninfo = uri_of(socket_dir, "postgres"), .application_name = "bailee start"}};
        connection.deadline_in(60s);
        const std::string_view name{book_database};
        if (connection.execute("SELECT 1 FROM pg_database WHERE datname = $1", parameters(name)).empty())
            connection.execute("CREATE DATABASE " + quoted_identifier(name));
        has_database_ = true;
    } catch (const Fault& fault) {
        if (fault.connection_lost()) return false;
        made = refuse_trouble(
            fmt::format("PostgreSQL started, but its database cannot be made: {}", fault.what()),
            fmt::format("Its log is {}.", paths.log.string()));
    }
    return true;
}

void PrivateServer::Shared::stop_alone() noexcept {
    if (const auto running = server()) {
        signal_process(*running, SIGINT);
        static_cast<void>(wait_gone(paths.cluster, stops_within));
    }
    const auto until = Clock::now() + leftover_ends_within;
    while ((is_guarded() || !reap(guard_)) && Clock::now() < until) std::this_thread::sleep_for(look_every);
    if (socket_dir != paths.socket_beside) ::rmdir(socket_dir.c_str());
}

void PrivateServer::Shared::leave() noexcept {
    if (!is_user_) return;
    is_user_ = false;
    try {
        if (try_lock_alone(lock_.get(), LockByte::users)) stop_alone();
    } catch (...) {
        // The guard stops it within a moment instead.
    }
    unlock(lock_.get(), LockByte::users);
}

PrivateServer::PrivateServer(std::unique_ptr<Shared> shared) : shared_{std::move(shared)} {}
PrivateServer::PrivateServer(PrivateServer&&) noexcept = default;
PrivateServer& PrivateServer::operator=(PrivateServer&&) noexcept = default;
PrivateServer::~PrivateServer() = default;

Result<PrivateServer> PrivateServer::start(const Options& options) {
    auto shared = std::make_unique<Shared>(options);
    if (const auto status = shared->join(true); !status) return refuse(status.error());
    return PrivateServer{std::move(shared)};
}

Result<PrivateServer> PrivateServer::attach_or_start(const Options& options) {
    auto shared = std::make_unique<Shared>(options);
    if (const auto status = shared->join(false); !status) return refuse(status.error());
    return PrivateServer{std::move(shared)};
}

Result<std::string> PrivateServer::connection_string_of(const fs::path& data_dir) {
    const auto place = recorded_socket_dir(ClusterPaths{data_dir});
    if (!place) return refuse(place.error());
    return uri_of(*place, book_database);
}

std::string PrivateServer::connection_string() const { return connection_string(book_database); }
std::string PrivateServer::connection_string(const std::string& database) const {
    return uri_of(shared_->socket_dir, database);
}
Status PrivateServer::ensure_running() { return shared_->ensure_running(); }
bool PrivateServer::has_joined() const { return shared_->has_joined; }
std::optional<pid_t> PrivateServer::server_process() const { return shared_->server(); }

}  // namespace ledger::store::postgres
