#include "tests/support/temp_postgres.hpp"

#include <stdlib.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <system_error>

namespace tests::support {
namespace {

namespace fs = std::filesystem;
namespace postgres = ledger::store::postgres;

std::atomic<int> databases_made{0};

postgres::PrivateServer started(const fs::path& folder) {
    auto server = postgres::PrivateServer::start(fast_options(folder));
    if (!server) throw std::runtime_error{server.error().detail};
    return *std::move(server);
}

}  // namespace

TempFolder::TempFolder(const std::string& parent) {
    std::string name = parent + "/bailee-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no folder can be made in " + parent};
    // The database's user must walk through it when the tests run as root.
    fs::permissions(name, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    path_ = name;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

postgres::PrivateServer::Options fast_options(const fs::path& data_dir) {
    return {.data_dir = data_dir,
            .is_small = true,
            .start_within = std::chrono::seconds{60},
            .settings = {{"fsync", "off"},
                         {"full_page_writes", "off"},
                         {"shared_buffers", "64MB"},
                         {"max_connections", "100"},
                         {"autovacuum", "off"}},
            .initdb_arguments = {"--no-sync"}};
}

TempDatabase::~TempDatabase() {
    try {
        postgres::Connection connection{{.conninfo = TempPostgres::instance().conninfo("postgres")}};
        connection.execute_script("DROP DATABASE IF EXISTS " + postgres::quoted_identifier(name_) +
                                  " WITH (FORCE)");
    } catch (const postgres::Fault&) {
        // The whole cluster goes with the program.
    }
}

postgres::Connection TempDatabase::connect() const { return postgres::Connection{{.conninfo = conninfo_}}; }

TempPostgres& TempPostgres::instance() {
    static TempPostgres one;
    return one;
}

TempPostgres::TempPostgres() : server_{started(folder_.path() / "data")} {}

std::string TempPostgres::conninfo(const std::string& database) const {
    return server_.connection_string(database);
}

std::string TempPostgres::create(const std::string& from) {
    const std::string name = "test_" + std::to_string(++databases_made);
    postgres::Connection connection{{.conninfo = conninfo("postgres")}};
    connection.execute_script("CREATE DATABASE " + postgres::quoted_identifier(name) + " TEMPLATE " +
                              postgres::quoted_identifier(from));
    return name;
}

std::unique_ptr<TempDatabase> TempPostgres::empty_database() {
    const std::string name = create("template0");
    return std::make_unique<TempDatabase>(name, conninfo(name));
}

std::unique_ptr<TempDatabase> TempPostgres::database_from(
    const std::string& template_name, const std::function<void(postgres::Connection&)>& fill) {
    static std::mutex mutex;
    static std::set<std::string> filled;
    const std::string source = "template_" + template_name;
    {
        const std::lock_guard lock{mutex};
        if (!filled.contains(source)) {
            postgres::Connection connection{{.conninfo = conninfo("postgres")}};
            connection.execute_script("CREATE DATABASE " + postgres::quoted_identifier(source) +
                                      " TEMPLATE template0");
            postgres::Connection in_template{{.conninfo = conninfo(source)}};
            fill(in_template);
            filled.insert(source);
        }
    }
    const std::string name = create(source);
    return std::make_unique<TempDatabase>(name, conninfo(name));
}

}  // namespace tests::support
