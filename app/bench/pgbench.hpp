// The peers that PostgreSQL's own pgbench measures: TPC-B, and a transfer by one stored procedure.
#pragma once

#include <cstddef>
#include <filesystem>

#include "app/bench/server.hpp"

namespace app::bench {

class Pgbench {
public:
    // Makes a database for them. Scripts are put into the scratch folder.
    Pgbench(Server& server, std::filesystem::path scratch);

    // Transactions a second of TPC-B with prepared statements, 8 clients on 2 threads; fills its tables first
    // when they are not there (100,000 accounts for each unit of scale).
    [[nodiscard]] double tpc_b(unsigned seconds, unsigned scale);
    // The same of one stored-procedure transfer each, 32 clients on 2 threads, between two random ones of the
    // first `spread` of 100,000 accounts.
    [[nodiscard]] double transfers(unsigned seconds, std::size_t spread);

private:
    void make_stored_procedure();
    [[nodiscard]] double rate_of(std::vector<std::string> arguments) const;

    Server& server_;
    std::filesystem::path scratch_;
    bool has_tpc_b_ = false;
    bool has_procedure_ = false;
};

}  // namespace app::bench
