#include "app/bench/server.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "app/options.hpp"
#include "ledger/store/postgres/private_server_cluster.hpp"
#include "ledger/store/postgres/session.hpp"

namespace app::bench {

namespace fs = std::filesystem;
namespace postgres = ledger::store::postgres;

namespace {

template <class T>
T or_fail(ledger::base::Result<T> result) {
    if (result) return std::move(*result);
    throw CommandFailed{exit_unreachable,
                        fmt::format("{} {}", result.error().detail, result.error().next_step)};
}

}  // namespace

ScratchFolder::ScratchFolder() {
    std::string name = fs::temp_directory_path() / "bailee-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr || ::chmod(name.c_str(), 0711) != 0)
        throw CommandFailed{exit_unreachable,
                            fmt::format("No folder {} can be made: {}.", name, std::strerror(errno))};
    path_ = name;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Server::Server(const fs::path& scratch, const std::string& data_dir) {
    const fs::path where = data_dir.empty() ? scratch / "data" : fs::path{data_dir};
    const postgres::ClusterPaths paths{where};
    if (postgres::has_cluster(paths))
        throw CommandFailed{
            exit_usage,
            fmt::format("{} holds a book or an earlier benchmark: name an empty directory.", where.string())};
    postgres::PrivateServer::Options options{.data_dir = where};
    options.settings = {{"max_connections", "100"}};  // pgbench's 32 beside the book's own
    server_.emplace(or_fail(postgres::PrivateServer::start(options)));
    identity_ = or_fail(postgres::choose_identity(paths.cluster));
    programs_ = or_fail(postgres::find_installation(paths, {})).programs;
}

void Server::create_database(const std::string& name) {
    session("postgres").execute("CREATE DATABASE " + postgres::quoted_identifier(name));
}

postgres::Connection Server::session(const std::string& database) const {
    auto connection = postgres::open_session({.conninfo = url(database), .application_name = "bailee bench"},
                                             postgres::maintenance_session());
    connection.no_deadline();
    return connection;
}

bool Server::has_program(const std::string& name) const {
    std::error_code ignored;
    return fs::exists(programs_ / name, ignored);
}

std::string Server::run_program(const std::string& name, const std::vector<std::string>& arguments) const {
    const auto said = postgres::run({programs_ / name, arguments, {}}, identity_);
    if (said.exit_code != 0)
        throw CommandFailed{exit_unreachable,
                            fmt::format("{} failed with {}: {}", name, said.exit_code, said.output)};
    return said.output;
}

}  // namespace app::bench
