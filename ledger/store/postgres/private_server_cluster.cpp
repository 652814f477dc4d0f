#include "ledger/store/postgres/private_server_cluster.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "ledger/store/postgres/connection_trouble.hpp"

namespace ledger::store::postgres {
namespace {

namespace fs = std::filesystem;
using base::Result;
using base::Status;

constexpr std::string_view settings_mark = "# Written by bailee at each start; changes here are lost.";
constexpr std::string_view socket_name = "/.s.PGSQL.5432";
constexpr std::size_t socket_path_max = 107;
constexpr int major_min = 15;
constexpr std::int64_t megabyte = 1024 * 1024;

std::string reason() { return std::generic_category().message(errno); }

std::string first_line(const fs::path& path) {
    std::string line;
    std::getline(std::ifstream{path}, line);
    return line;
}

std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{}) return std::nullopt;
    return value;
}

// Inside the cluster its user may have put anything, so a file is made anew and then gets its name.
Status write_file(const fs::path& folder, const std::string& name, const std::string& text,
                  const Identity& owner) {
    const auto failed = [&] {
        return refuse_trouble(fmt::format("{} cannot be written: {}.", (folder / name).string(), reason()),
                              "Check free space and rights of the data directory.");
    };
    const FileHandle where{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!where.is_open()) return failed();
    const std::string fresh = name + ".new";
    ::unlinkat(where.get(), fresh.c_str(), 0);
    const FileHandle file{
        ::openat(where.get(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file.is_open()) return failed();
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t size = ::write(file.get(), rest.data(), rest.size());
        if (size < 0 && errno != EINTR) return failed();
        if (size > 0) rest.remove_prefix(static_cast<std::size_t>(size));
    }
    if (owner.is_switched && ::fchown(file.get(), owner.user, owner.group) != 0) return failed();
    if (::fsync(file.get()) != 0) return failed();
    if (::renameat(where.get(), fresh.c_str(), where.get(), name.c_str()) != 0) return failed();
    return {};
}

std::optional<Installation> installation_at(const fs::path& programs) {
    std::error_code ignored;
    if (!fs::exists(programs / "postgres", ignored) || !fs::exists(programs / "initdb", ignored))
        return std::nullopt;
    const Captured said =
        run({programs / "postgres", {"--version"}, {}}, {});  // "postgres (PostgreSQL) 15.20 (…)"
    const auto at = said.output.find(") ");
    if (said.exit_code != 0 || at == std::string::npos) return std::nullopt;
    const auto major = number_in(std::string_view{said.output}.substr(at + 2));
    if (!major) return std::nullopt;
    return Installation{programs, static_cast<int>(*major)};
}

std::vector<Installation> installations(const fs::path& preferred) {
    std::vector<fs::path> places;
    std::error_code ignored;
    if (!preferred.empty()) places.push_back(preferred);
    for (const auto& entry : fs::directory_iterator{"/usr/lib/postgresql", ignored})
        places.push_back(entry.path() / "bin");
    for (const char* config :
         {"/usr/bin/pg_config", "/usr/local/bin/pg_config", "/usr/local/pgsql/bin/pg_config"}) {
        if (!fs::exists(config, ignored)) continue;
        std::string said = run({config, {"--bindir"}, {}}, {}).output;
        said.erase(said.find_last_not_of('\n') + 1);
        places.emplace_back(said);
    }
    std::vector<Installation> found;
    std::set<fs::path> seen;
    for (const auto& place : places) {
        if (!seen.insert(fs::weakly_canonical(place, ignored)).second) continue;
        if (auto installation = installation_at(place)) found.push_back(*std::move(installation));
    }
    return found;
}

Status give_to(const Identity& identity, const fs::path& path) {
    if (!identity.is_switched) return {};
    bool is_given = ::lchown(path.c_str(), identity.user, identity.group) == 0;
    std::error_code problem;
    for (auto entry = fs::recursive_directory_iterator{path, problem};
         !problem && is_given && entry != fs::end(entry); entry.increment(problem))
        is_given = ::lchown(entry->path().c_str(), identity.user, identity.group) == 0;
    if (is_given && !problem) return {};
    return refuse_trouble(
        fmt::format("{} cannot be given to user {}: {}.", path.string(), identity.name, reason()),
        "Choose a data directory on a file system that keeps owners.");
}

// "device:inode" of the cluster.
std::string identity_of(const fs::path& cluster) {
    struct stat found{};
    if (::stat(cluster.c_str(), &found) != 0) return "none";
    return fmt::format("{}:{}", found.st_dev, found.st_ino);
}

bool is_private_to(const fs::path& folder, uid_t owner) {
    struct stat found{};
    return ::lstat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == owner &&
           (found.st_mode & 077U) == 0;
}

bool fits(const fs::path& folder) { return folder.string().size() + socket_name.size() <= socket_path_max; }

// True when the folder is there, ours or the server's, closed to others, and its user can reach it.
bool make_socket_dir(const fs::path& folder, const Identity& identity) {
    const bool is_made = ::mkdir(folder.c_str(), 0700) == 0;
    if (is_made && identity.is_switched && ::lchown(folder.c_str(), identity.user, identity.group) != 0)
        return false;
    if (is_private_to(folder, identity.user) && can_reach(identity, folder)) return true;
    if (is_made) ::rmdir(folder.c_str());
    return false;
}

fs::path base_for_short_names(const Identity& identity) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (!identity.is_switched && runtime != nullptr && is_private_to(runtime, identity.user) &&
        fits(fs::path{runtime} / "bailee-XXXXXX"))
        return runtime;
    return "/tmp";
}

struct SocketRecord {
    std::string cluster;
    fs::path folder;
};

std::optional<SocketRecord> read_record(const ClusterPaths& paths) {
    std::ifstream file{paths.socket_record};
    SocketRecord record;
    std::string folder;
    if (!std::getline(file, record.cluster) || !std::getline(file, folder)) return std::nullopt;
    record.folder = folder;
    return record;
}

Result<fs::path> record_socket_dir(const ClusterPaths& paths, const fs::path& folder) {
    const auto text = fmt::format("{}\n{}\n", identity_of(paths.cluster), folder.string());
    if (const auto status = write_file(paths.data_dir, paths.socket_record.filename(), text, {}); !status)
        return base::refuse(status.error());
    return folder;
}

std::string quoted_setting(std::string_view value) {
    std::string quoted = "'";
    for (const char letter : value) quoted += letter == '\'' ? std::string{"''"} : std::string{letter};
    return quoted + "'";
}

}  // namespace

ClusterPaths::ClusterPaths(const fs::path& where)
    : data_dir{(fs::absolute(where) / "").lexically_normal().parent_path()},
      cluster{data_dir / "postgres"},
      unfinished{data_dir / "postgres.new"},
      log{data_dir / "postgres.log"},
      lock{data_dir / "postgres.lock"},
      socket_record{data_dir / "postgres.socket-dir"},
      socket_beside{data_dir / "postgres.socket"} {}

Result<Installation> find_installation(const ClusterPaths& paths, const fs::path& preferred) {
    const auto found = installations(preferred);
    const auto cluster_major = number_in(first_line(paths.cluster / "PG_VERSION"));
    if (cluster_major) {
        for (const auto& installation : found)
            if (installation.major == *cluster_major) return installation;
        return refuse_trouble(
            fmt::format("{} was made by PostgreSQL {}, which is not installed here.", paths.cluster.string(),
                        *cluster_major),
            fmt::format("Install it (apt-get install postgresql-{}), or move the book with its pg_dump.",
                        *cluster_major));
    }
    const auto newest = std::max_element(found.begin(), found.end(), [](const auto& left, const auto& right) {
        return left.major < right.major;
    });
    if (newest == found.end() || newest->major < major_min)
        return refuse_trouble(
            fmt::format("No PostgreSQL {} or later is installed.", major_min),
            "Install it (apt-get install postgresql-15), or give your own with --database URL.");
    return *newest;
}

Status prepare_data_dir(const ClusterPaths& paths, bool may_create) {
    std::error_code problem;
    const bool is_there = fs::is_directory(paths.data_dir, problem);
    if (!is_there && !may_create)
        return refuse_trouble(fmt::format("There is no data directory {}.", paths.data_dir.string()),
                              "Check the path, or make a book there with bailee serve.");
    if (!is_there) {
        if (!paths.data_dir.has_filename() || !paths.data_dir.has_parent_path()) return {};
        fs::create_directories(paths.data_dir.parent_path(), problem);
        if (::mkdir(paths.data_dir.c_str(), 0700) != 0 && errno != EEXIST)  // another may begin too
            return refuse_trouble(fmt::format("{} cannot be made: {}.", paths.data_dir.string(), reason()),
                                  "Choose a data directory you may write to.");
        // Its user must be able to walk to the cluster, and need not see what else is here.
        if (const auto identity = choose_identity(paths.cluster);
            identity && identity->is_switched && ::chown(paths.data_dir.c_str(), 0, identity->group) == 0)
            ::chmod(paths.data_dir.c_str(), 0710);
        return {};
    }
    struct stat found{};
    if (::stat(paths.data_dir.c_str(), &found) != 0 || (::geteuid() != 0 && found.st_uid != ::geteuid()))
        return refuse_trouble(fmt::format("{} belongs to another user.", paths.data_dir.string()),
                              "Run as its owner, or choose another data directory.");
    if ((found.st_mode & S_IWOTH) != 0)
        return refuse_trouble(fmt::format("Everybody may write to {}.", paths.data_dir.string()),
                              "Choose a data directory of your own, or take the right away (chmod o-w).");
    return {};
}

bool has_cluster(const ClusterPaths& paths) {
    std::error_code ignored;
    return fs::exists(paths.cluster, ignored);
}

Status require_own_cluster(const ClusterPaths& paths) {
    if (first_line(paths.cluster / "postgresql.conf") == settings_mark) return {};
    return refuse_trouble(fmt::format("{} is not a PostgreSQL that bailee made.", paths.cluster.string()),
                          "Choose another data directory; nothing was changed in this one.");
}

Status make_cluster(const ClusterPaths& paths, const Installation& installation, const Identity& identity,
                    const ClusterSettings& settings) {
    std::error_code problem;
    fs::remove_all(paths.unfinished, problem);
    if (::mkdir(paths.unfinished.c_str(), 0700) != 0)
        return refuse_trouble(fmt::format("{} cannot be made: {}.", paths.unfinished.string(), reason()),
                              "Check free space and rights of the data directory.");
    if (const auto status = give_to(identity, paths.unfinished); !status) return status;
    Command initdb{installation.programs / "initdb",
                   {"--data-checksums", "-E", "UTF8", "--locale=C.UTF-8", "-U", "postgres", "--auth=trust",
                    "--no-instructions"},
                   paths.unfinished};
    for (const auto& argument : settings.initdb_arguments) initdb.arguments.push_back(argument);
    const Captured said = run(initdb, identity);
    const bool is_full = said.output.find("No space left on device") != std::string::npos;
    if (said.exit_code != 0) fs::remove_all(paths.unfinished, problem);
    if (is_full)
        return refuse_trouble(fmt::format("The disk of {} is full.", paths.data_dir.string()),
                              "Free some space (a new book takes about 100 MB) and start again.");
    if (said.exit_code != 0)
        return refuse_trouble(fmt::format("initdb failed with {}: {}", said.exit_code, said.output),
                              "Cure what it names and start again; nothing was left behind.");
    // Ours from the first moment it has its name.
    if (const auto status =
            write_file(paths.unfinished, "postgresql.conf", std::string{settings_mark} + "\n", identity);
        !status)
        return status;
    if (::rename(paths.unfinished.c_str(), paths.cluster.c_str()) != 0)
        return refuse_trouble(fmt::format("{} cannot be named: {}.", paths.cluster.string(), reason()),
                              "Check the rights of the data directory.");
    return {};
}

Status write_settings(const ClusterPaths& paths, const Identity& identity, const fs::path& socket_dir,
                      const ClusterSettings& settings) {
    std::ostringstream text;
    text << settings_mark << "\n";
    const auto set = [&text](std::string_view name, std::string_view value) {
        text << name << " = " << quoted_setting(value) << "\n";
    };
    set("listen_addresses", "");
    set("port", "5432");
    set("unix_socket_directories", socket_dir.string());
    set("unix_socket_permissions", "0700");
    set("cluster_name", "bailee");
    set("fsync", "on");
    set("synchronous_commit", "on");
    set("full_page_writes", "on");
    set("shared_buffers", fmt::format("{}MB", shared_buffers_mb(usable_memory_bytes(), settings.is_small)));
    set("wal_buffers", settings.is_small ? "16MB" : "64MB");
    set("wal_compression", "off");
    set("wal_level", "replica");
    set("max_wal_size", settings.is_small ? "2GB" : "16GB");
    set("min_wal_size", settings.is_small ? "256MB" : "2GB");
    set("checkpoint_timeout", "15min");
    set("checkpoint_completion_target", "0.9");
    set("jit", "off");
    set("max_connections", "40");
    set("autovacuum", "on");
    set("timezone", "UTC");
    set("log_timezone", "UTC");
    set("log_line_prefix", "%m [%p] %a ");
    set("lc_messages", "C");
    for (const auto& [name, value] : settings.more) set(name, value);
    if (const auto status = write_file(paths.cluster, "postgresql.conf", text.str(), identity); !status)
        return status;
    // The socket's folder is closed to everybody but the server's user and root: who reaches it may come in.
    return write_file(paths.cluster, "pg_hba.conf", "local all all trust\n", identity);
}

Result<fs::path> prepare_socket_dir(const ClusterPaths& paths, const Identity& identity) {
    if (fits(paths.socket_beside) && make_socket_dir(paths.socket_beside, identity))
        return record_socket_dir(paths, paths.socket_beside);
    const auto record = read_record(paths);
    if (record && record->cluster == identity_of(paths.cluster) && record->folder != paths.socket_beside &&
        fits(record->folder) && make_socket_dir(record->folder, identity))
        return record->folder;
    std::string name = base_for_short_names(identity) / "bailee-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
        return refuse_trouble(
            fmt::format("No folder for PostgreSQL's socket can be made ({}): {}.", name, reason()),
            "Make /tmp writable, or choose a data directory with a shorter path.");
    if (identity.is_switched && ::lchown(name.c_str(), identity.user, identity.group) != 0)
        return refuse_trouble(
            fmt::format("{} cannot be given to user {}: {}.", name, identity.name, reason()),
            "Choose a data directory with a shorter path.");
    return record_socket_dir(paths, name);
}

Result<fs::path> recorded_socket_dir(const ClusterPaths& paths) {
    const auto record = read_record(paths);
    struct stat cluster{};
    if (!record || ::stat(paths.cluster.c_str(), &cluster) != 0 ||
        record->cluster != identity_of(paths.cluster))
        return refuse_trouble(
            fmt::format("The PostgreSQL in {} has never been started there.", paths.data_dir.string()),
            "Start it once with bailee serve.");
    struct stat folder{};
    if (::lstat(record->folder.c_str(), &folder) == 0 && !is_private_to(record->folder, cluster.st_uid))
        return refuse_trouble(fmt::format("{} is not the closed folder PostgreSQL's socket was put in.",
                                          record->folder.string()),
                              "Somebody replaced it: find out who, remove it, and start bailee serve again.");
    return record->folder;
}

std::int64_t shared_buffers_mb(std::int64_t memory_bytes, bool is_small) {
    const std::int64_t most = is_small ? 512 : 8192;
    return std::clamp<std::int64_t>(memory_bytes / 4 / megabyte, 128, most);
}

std::int64_t usable_memory_bytes() {
    std::int64_t memory = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
    for (const char* limit : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"})
        if (const auto bytes = number_in(first_line(limit)); bytes && *bytes > 0)
            memory = std::min(memory, *bytes);
    return memory;
}

}  // namespace ledger::store::postgres
