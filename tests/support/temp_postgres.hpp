// A throwaway PostgreSQL for one test program, and databases in it: each test gets its own, copied from a
// template that is filled once. Its fsync is off for speed, unless the test is about durability.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/private_server.hpp"

namespace tests::support {

// A folder with a random name, removed with all it holds.
class TempFolder {
public:
    explicit TempFolder(const std::string& parent = "/tmp");
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder();
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// Settings that trade durability for speed, for PrivateServer::Options.
[[nodiscard]] ledger::store::postgres::PrivateServer::Options fast_options(
    const std::filesystem::path& data_dir);

class TempDatabase {
public:
    TempDatabase(std::string name, std::string conninfo)
        : name_{std::move(name)}, conninfo_{std::move(conninfo)} {}
    TempDatabase(const TempDatabase&) = delete;
    TempDatabase& operator=(const TempDatabase&) = delete;
    ~TempDatabase();
    [[nodiscard]] const std::string& conninfo() const { return conninfo_; }
    [[nodiscard]] ledger::store::postgres::Connection connect() const;

private:
    std::string name_;
    std::string conninfo_;
};

class TempPostgres {
public:
    // The program's one cluster, started at first use and removed at its end.
    static TempPostgres& instance();

    TempPostgres();
    [[nodiscard]] std::unique_ptr<TempDatabase> empty_database();
    // `fill` runs once in a program for each name.
    [[nodiscard]] std::unique_ptr<TempDatabase> database_from(
        const std::string& template_name,
        const std::function<void(ledger::store::postgres::Connection&)>& fill);
    [[nodiscard]] std::string conninfo(const std::string& database) const;
    [[nodiscard]] ledger::store::postgres::PrivateServer& server() { return server_; }

private:
    std::string create(const std::string& from);

    TempFolder folder_;
    ledger::store::postgres::PrivateServer server_;
};

}  // namespace tests::support
