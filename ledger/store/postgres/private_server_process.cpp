#include "ledger/store/postgres/private_server_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "ledger/base/ensure.hpp"
#include "ledger/store/postgres/connection_trouble.hpp"
#include "ledger/store/postgres/private_server_locks.hpp"

namespace ledger::store::postgres {
namespace {

namespace fs = std::filesystem;
using base::Result;

constexpr int folder_descriptor = 9;
constexpr const char* folder_by_descriptor = "/proc/self/fd/9";
constexpr int exit_cannot_become = 126;
constexpr long guard_looks_every_ns = 100'000'000;
constexpr int looks_until_immediate =
    3000;  // five minutes of fast shutdown, then without its last checkpoint

std::string reason() { return std::generic_category().message(errno); }

// Everything a child needs after fork, with no allocation left to do.
class Prepared {
public:
    Prepared(const Command& command, const Identity& as)
        : identity{as}, program{command.program.string()}, folder{command.folder.string()} {
        texts_.push_back(command.program.filename().string());
        for (const auto& argument : command.arguments) texts_.push_back(argument);
        for (auto& text : texts_) arguments.push_back(text.data());
        if (!folder.empty()) {
            arguments.push_back(dash_d_.data());
            folder_argument = arguments.size();
            arguments.push_back(folder.data());
            by_descriptor = folder_by_descriptor;
        }
        arguments.push_back(nullptr);
        for (auto& text : environment_texts_) environment.push_back(text.data());
        environment.push_back(nullptr);
    }
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;

    const Identity& identity;
    std::string program;
    std::string folder;
    std::string by_descriptor;
    std::size_t folder_argument = 0;
    std::vector<char*> arguments;
    std::vector<char*> environment;

private:
    std::string dash_d_{"-D"};
    std::vector<std::string> texts_;
    // Nothing of ours: PGDATA and its like would mislead the server.
    std::array<std::string, 3> environment_texts_{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
                                                  "TZ=UTC"};
};

void say(const char* text) noexcept {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

// Plain system calls: the wrappers of the C library would look for the other threads of the parent.
bool become(const Identity& identity) noexcept {
    if (!identity.is_switched) return true;
    return ::syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) == 0 &&
           ::syscall(SYS_setresgid, identity.group, identity.group, identity.group) == 0 &&
           ::syscall(SYS_setresuid, identity.user, identity.user, identity.user) == 0;
}

void reset_signals() noexcept {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct Parent {
    pid_t process;
    int signal_at_its_end;
};

[[noreturn]] void execute(Prepared& prepared, int folder, Parent parent) noexcept {
    reset_signals();
    ::umask(077);
    if (!become(prepared.identity)) {
        say("FATAL:  the user of the database server cannot be taken on\n");
        ::_exit(exit_cannot_become);
    }
    // Set after the change of user, which would clear it; exec keeps it.
    ::prctl(PR_SET_PDEATHSIG, parent.signal_at_its_end);
    if (::getppid() != parent.process) ::_exit(0);
    if (folder >= 0 && ::access(prepared.folder.c_str(), R_OK | W_OK | X_OK) != 0) {
        if (folder == folder_descriptor)
            ::fcntl(folder, F_SETFD, 0);
        else
            ::dup2(folder, folder_descriptor);
        prepared.arguments[prepared.folder_argument] = prepared.by_descriptor.data();
    }
    [[maybe_unused]] const int moved = ::chdir("/");
    ::execve(prepared.program.c_str(), prepared.arguments.data(), prepared.environment.data());
    say("FATAL:  the database server's program cannot be executed\n");
    ::_exit(exit_cannot_become);
}

FileHandle open_folder(const fs::path& folder) {
    if (folder.empty()) return {};
    return FileHandle{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

void close_all_but(int kept, int also_kept) noexcept {
    const auto low = static_cast<unsigned>(std::min(kept, also_kept));
    const auto high = static_cast<unsigned>(std::max(kept, also_kept));
    if (low > 3) ::syscall(SYS_close_range, 3U, low - 1, 0U);
    if (high > low + 1) ::syscall(SYS_close_range, low + 1, high - 1, 0U);
    ::syscall(SYS_close_range, high + 1, UINT_MAX, 0U);
}

[[noreturn]] void guard_server(Prepared& prepared, int folder, int lock) noexcept {
    sigset_t child_ended;
    ::sigemptyset(&child_ended);
    ::sigaddset(&child_ended, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child_ended, nullptr);
    const pid_t guard = ::getpid();
    const pid_t server = ::fork();
    if (server == 0) execute(prepared, folder, {guard, SIGINT});
    if (server <= 1) ::_exit(1);
    int looks_since_stop = -1;
    for (;;) {
        int status = 0;
        if (::waitpid(server, &status, WNOHANG) == server) ::_exit(0);
        if (looks_since_stop < 0 && try_lock_alone(lock, LockByte::users)) {
            ::kill(server, SIGINT);
            looks_since_stop = 0;
        } else if (looks_since_stop >= 0 && ++looks_since_stop == looks_until_immediate) {
            ::kill(server, SIGQUIT);
        }
        const timespec pause{0, guard_looks_every_ns};
        ::sigtimedwait(&child_ended, nullptr, &pause);
    }
}

[[noreturn]] void become_guard(Prepared& prepared, int folder, const GuardFiles& files) noexcept {
    ::setsid();  // an interrupt from the terminal is for us, not for the database under us
    ::prctl(PR_SET_NAME, "bailee-guard");
    reset_signals();
    for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2}) ::signal(number, SIG_IGN);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(files.log.get(), STDOUT_FILENO);
    ::dup2(files.log.get(), STDERR_FILENO);
    close_all_but(folder, files.lock.get());
    [[maybe_unused]] const int moved = ::chdir("/");
    guard_server(prepared, folder, files.lock.get());
}

// An entry of the password file, read into room of the caller's own: servers may start side by side.
struct PasswordEntry {
    passwd entry{};
    std::array<char, 16384> room{};
    passwd* found = nullptr;
};

std::optional<Identity> identity_named(const char* name) {
    PasswordEntry of;
    ::getpwnam_r(name, &of.entry, of.room.data(), of.room.size(), &of.found);
    if (of.found == nullptr) return std::nullopt;
    return Identity{of.entry.pw_uid, of.entry.pw_gid, {}, name, true};
}

std::string name_of(uid_t user) {
    PasswordEntry of;
    ::getpwuid_r(user, &of.entry, of.room.data(), of.room.size(), &of.found);
    return of.found == nullptr ? std::string{} : std::string{of.entry.pw_name};
}

Identity with_groups(Identity identity) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (!identity.name.empty() &&
        ::getgrouplist(identity.name.c_str(), identity.group, groups.data(), &count) >= 0)
        groups.resize(static_cast<std::size_t>(count));
    else
        groups.assign(1, identity.group);
    identity.groups = std::move(groups);
    return identity;
}

}  // namespace

FileHandle::FileHandle(FileHandle&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

FileHandle::~FileHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Identity> choose_identity(const fs::path& cluster) {
    const uid_t me = ::geteuid();
    struct stat found{};
    const bool is_there = ::stat(cluster.c_str(), &found) == 0;
    if (me != 0) {
        if (is_there && found.st_uid != me)
            return refuse_trouble(
                fmt::format("{} belongs to another user (uid {}).", cluster.string(), found.st_uid),
                "Run as that user, or choose another data directory.");
        return Identity{me, ::getegid(), {}, {}, false};
    }
    if (is_there && found.st_uid != 0) {
        return with_groups({found.st_uid, found.st_gid, {}, name_of(found.st_uid), true});
    }
    for (const char* name : {"postgres", "nobody"})
        if (auto identity = identity_named(name)) return with_groups(*std::move(identity));
    return refuse_trouble(
        "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.",
        "Create a user named postgres, or start bailee as an ordinary user.");
}

bool can_reach(const Identity& identity, const fs::path& path) {
    if (!identity.is_switched) return ::access(path.c_str(), X_OK) == 0;
    const std::string text = path.string();
    const pid_t child = ::fork();
    if (child == 0) ::_exit(become(identity) && ::access(text.c_str(), X_OK) == 0 ? 0 : 1);
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

Captured run(const Command& command, const Identity& identity) {
    Prepared prepared{command, identity};
    const FileHandle folder = open_folder(command.folder);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {-1, "pipe: " + reason()};
    const FileHandle output{ends[0]};
    FileHandle input{ends[1]};
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return {-1, "fork: " + reason()};
    if (child == 0) {
        const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(input.get(), STDOUT_FILENO);
        ::dup2(input.get(), STDERR_FILENO);
        execute(prepared, folder.get(), {parent, SIGKILL});
    }
    input = FileHandle{};
    Captured result;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t size = ::read(output.get(), piece.data(), piece.size());
        if (size > 0)
            result.output.append(piece.data(), static_cast<std::size_t>(size));
        else if (size == 0 || errno != EINTR)
            break;
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

Result<pid_t> start_guarded(const Command& server, const Identity& identity, const GuardFiles& files) {
    Prepared prepared{server, identity};
    const FileHandle folder = open_folder(server.folder);
    if (!folder.is_open())
        return refuse_trouble(fmt::format("{} cannot be opened: {}.", server.folder.string(), reason()),
                              "Check the rights of the data directory.");
    const pid_t child = ::fork();
    if (child == 0) become_guard(prepared, folder.get(), files);
    if (child < 0)
        return refuse_trouble(fmt::format("No process could be started for PostgreSQL: {}.", reason()),
                              "Free memory or raise the limit on processes, and start again.");
    return child;
}

bool reap(pid_t guard) noexcept {
    int status = 0;
    return guard <= 0 || ::waitpid(guard, &status, WNOHANG) != 0;
}

void signal_process(pid_t process, int number) {
    base::ensure(process > 1, "a signal to more than one process");
    ::kill(process, number);
}

bool is_process_in(pid_t process, const fs::path& cluster) {
    struct stat folder{}, works_in{};
    const std::string cwd = fmt::format("/proc/{}/cwd", process);
    if (::stat(cluster.c_str(), &folder) != 0 || ::stat(cwd.c_str(), &works_in) != 0) return false;
    if (folder.st_dev != works_in.st_dev || folder.st_ino != works_in.st_ino) return false;
    std::string name;
    std::getline(std::ifstream{fmt::format("/proc/{}/comm", process)}, name);
    return name.starts_with("postgres");
}

std::vector<pid_t> processes_in(const fs::path& cluster) {
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{"/proc", ignored}) {
        const std::string name = entry.path().filename().string();
        pid_t process = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), process);
        if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size() || process <= 1) continue;
        if (is_process_in(process, cluster)) found.push_back(process);
    }
    return found;
}

bool wait_gone(const fs::path& cluster, std::chrono::milliseconds within) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!processes_in(cluster).empty()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

}  // namespace ledger::store::postgres
