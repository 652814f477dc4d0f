// The files of the private PostgreSQL in a data directory: where its programs are, making the cluster once,
// writing its settings at each start, and a place for its socket that is short enough and reachable by us and
// by its user.
//
//   D/postgres/             the cluster          D/postgres.log          what the server says
//   D/postgres.lock         who uses it          D/postgres.socket-dir   where its socket is
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/base/error.hpp"
#include "ledger/store/postgres/private_server_process.hpp"

namespace ledger::store::postgres {

struct ClusterPaths {
    explicit ClusterPaths(const std::filesystem::path& data_dir);
    std::filesystem::path data_dir, cluster, unfinished, log, lock, socket_record, socket_beside;
};

struct Installation {
    std::filesystem::path programs;  // the folder of postgres and initdb
    int major = 0;
};

// Of the cluster's own version when there is one, else the newest.
[[nodiscard]] base::Result<Installation> find_installation(const ClusterPaths& paths,
                                                           const std::filesystem::path& preferred);

// A folder that others can write to is no place for a book.
[[nodiscard]] base::Status prepare_data_dir(const ClusterPaths& paths, bool may_create);
[[nodiscard]] bool has_cluster(const ClusterPaths& paths);
[[nodiscard]] base::Status require_own_cluster(const ClusterPaths& paths);

struct ClusterSettings {
    bool is_small = false;
    std::vector<std::pair<std::string, std::string>> more;  // written last, so they win
    std::vector<std::string> initdb_arguments;
};

// initdb in a folder beside, which gets its name when it is whole: a kill in between leaves nothing to mend.
[[nodiscard]] base::Status make_cluster(const ClusterPaths& paths, const Installation& installation,
                                        const Identity& identity, const ClusterSettings& settings);
[[nodiscard]] base::Status write_settings(const ClusterPaths& paths, const Identity& identity,
                                          const std::filesystem::path& socket_dir,
                                          const ClusterSettings& settings);

// D/postgres.socket when that fits and both sides can reach it, else a folder with a random name below
// $XDG_RUNTIME_DIR or /tmp. Recorded with the cluster's inode, so that a copied data directory gets its own.
[[nodiscard]] base::Result<std::filesystem::path> prepare_socket_dir(const ClusterPaths& paths,
                                                                     const Identity& identity);
// The recorded place, refused when it is not what was made: another owner, or open to others.
[[nodiscard]] base::Result<std::filesystem::path> recorded_socket_dir(const ClusterPaths& paths);

// 25 % of the memory this process may use, between 128 MB and 8 GB; at most 512 MB when small.
[[nodiscard]] std::int64_t shared_buffers_mb(std::int64_t memory_bytes, bool is_small);
[[nodiscard]] std::int64_t usable_memory_bytes();

}  // namespace ledger::store::postgres
