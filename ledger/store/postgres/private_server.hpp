// The private PostgreSQL of a data directory: made at first use, reachable by a socket of the file system
// alone, shared by all our processes that name the directory, and stopped when the last of them is gone,
// killed ones included. Any thread may call it; starting takes under two seconds at first and a few tenths
// after that.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/base/error.hpp"

namespace ledger::store::postgres {

class PrivateServer {
public:
    struct Options {
        std::filesystem::path data_dir;
        bool is_small = false;  // the demo's settings: 512 MB of buffers, 2 GB of log
        std::chrono::milliseconds start_within{600'000};  // crash recovery of a large book takes its time
        std::filesystem::path programs{};  // where postgres and initdb are; empty: looked for
        std::vector<std::pair<std::string, std::string>> settings{};  // written last, so they win
        std::vector<std::string> initdb_arguments{};
    };

    // Makes the cluster when there is none, starts the server when it is down, joins it when it is up.
    [[nodiscard]] static base::Result<PrivateServer> start(const Options& options);
    // The same for commands that read an existing book: refuses where there is none.
    [[nodiscard]] static base::Result<PrivateServer> attach_or_start(const Options& options);
    // For one to print: needs no server to be up.
    [[nodiscard]] static base::Result<std::string> connection_string_of(
        const std::filesystem::path& data_dir);

    PrivateServer(PrivateServer&&) noexcept;
    PrivateServer& operator=(PrivateServer&&) noexcept;
    // Stops the server when nobody else uses it, and waits until it has.
    ~PrivateServer();

    // A URI as superuser; without a name the database is the book's.
    [[nodiscard]] std::string connection_string() const;
    [[nodiscard]] std::string connection_string(const std::string& database) const;

    // To be called when connections fail: returns once the server accepts them again, restarting it when it
    // was killed.
    [[nodiscard]] base::Status ensure_running();

    [[nodiscard]] bool has_joined() const;  // it was up already
    [[nodiscard]] std::optional<pid_t> server_process() const;

    struct Shared;

private:
    explicit PrivateServer(std::unique_ptr<Shared> shared);
    std::unique_ptr<Shared> shared_;
};

}  // namespace ledger::store::postgres
