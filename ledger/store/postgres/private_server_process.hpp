// Processes of the private PostgreSQL: as whom they run, how one is started under a guard, and which are
// alive.
//
// The guard is a small process of ours between `bailee` and PostgreSQL. It is PostgreSQL's parent and
// outlives us: when the last process that uses the server is gone, however it went, the guard stops the
// server and ends. If the guard itself is killed, the kernel sends PostgreSQL the same signal to stop.
// Between fork and exec, and in the guard, only calls are made that are safe after a fork of a program with
// threads: everything is prepared before.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "ledger/base/error.hpp"

namespace ledger::store::postgres {

class FileHandle {
public:
    FileHandle() = default;
    explicit FileHandle(int descriptor) : descriptor_{descriptor} {}
    FileHandle(FileHandle&& other) noexcept;
    FileHandle& operator=(FileHandle&& other) noexcept;
    ~FileHandle();
    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

private:
    int descriptor_ = -1;
};

// PostgreSQL refuses to run as root: then it runs as the owner of its files, or as `postgres`, or as
// `nobody`.
struct Identity {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;
    std::string name;
    bool is_switched = false;  // we are root and must become somebody else
};

[[nodiscard]] base::Result<Identity> choose_identity(const std::filesystem::path& cluster);

// Whether that user can walk to the path.
[[nodiscard]] bool can_reach(const Identity& identity, const std::filesystem::path& path);

struct Captured {
    int exit_code = -1;  // 128 and the signal when killed
    std::string output;  // both streams
};

struct Command {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    // A folder the program gets with -D. Where the user cannot walk to it (a home of root's), it gets an open
    // descriptor of the folder in place of the path.
    std::filesystem::path folder;
};

[[nodiscard]] Captured run(const Command& command, const Identity& identity);

struct GuardFiles {
    const FileHandle& lock;  // holds the guard's byte already; the guard keeps it
    const FileHandle& log;
};

// The guard's process, on its way to start the server by itself. It is our child until we end; when it ends
// before us it waits for `reap`.
[[nodiscard]] base::Result<pid_t> start_guarded(const Command& server, const Identity& identity,
                                                const GuardFiles& files);

// Whether there is no such child of ours any more; does not wait.
bool reap(pid_t guard) noexcept;

// Only ever to one process: 0, negative numbers and init, which the kernel reads as many or all, are our bug.
void signal_process(pid_t process, int number);

// The processes that work in the folder as PostgreSQL's do.
[[nodiscard]] std::vector<pid_t> processes_in(const std::filesystem::path& cluster);
[[nodiscard]] bool is_process_in(pid_t process, const std::filesystem::path& cluster);
// Waits until none of them is left.
[[nodiscard]] bool wait_gone(const std::filesystem::path& cluster, std::chrono::milliseconds within);

}  // namespace ledger::store::postgres
