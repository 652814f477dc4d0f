// The one PostgreSQL all measurements share: private, made for them, gone with them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/private_server.hpp"
#include "ledger/store/postgres/private_server_process.hpp"

namespace app::bench {

// A folder with a random name that other users may walk through but not list; removed at the end.
class ScratchFolder {
public:
    ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

class Server {
public:
    // In a directory that must not hold a cluster yet, or in the scratch folder when none is named. Throws
    // CommandFailed.
    Server(const std::filesystem::path& scratch, const std::string& data_dir);

    [[nodiscard]] std::string url(const std::string& database) const {
        return server_->connection_string(database);
    }
    void create_database(const std::string& name);
    // A session as superuser, without deadlines.
    [[nodiscard]] ledger::store::postgres::Connection session(const std::string& database) const;

    // Runs a program of PostgreSQL's as the user the server runs as, which a root cannot be; what it printed.
    // Throws CommandFailed when it fails.
    [[nodiscard]] std::string run_program(const std::string& name,
                                          const std::vector<std::string>& arguments) const;
    [[nodiscard]] bool has_program(const std::string& name) const;
    [[nodiscard]] const std::filesystem::path& programs() const { return programs_; }

private:
    std::optional<ledger::store::postgres::PrivateServer> server_;
    ledger::store::postgres::Identity identity_;
    std::filesystem::path programs_;
};

}  // namespace app::bench
