// The peer of the writer: the rows it wrote, taken by COPY alone. Same server, same columns, same indexes, in
// the same batches, each in a transaction of its own, on one session; nothing is decided, hashed, encoded or
// updated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/bench/server.hpp"

namespace app::bench {

class BareCopy {
public:
    BareCopy(const Server& server, const std::string& database, const std::string& book);

    // Reads the rows of the batches after that version into memory, as COPY will send them; those that were
    // written while the queue filled or ran dry are left out. The version of the last.
    std::uint64_t read_batches_after(std::uint64_t version);

    struct Rates {
        double journals_per_second = 0;
        double server_cpu_us = 0;  // a journal
    };
    // Sends what was read, into tables that keep what earlier rounds sent, as the writer's do.
    [[nodiscard]] Rates copy_in();

private:
    struct Batch {
        std::vector<std::string> streams;  // one for each table
        std::uint64_t journals = 0;
    };

    ledger::store::postgres::Connection session_;
    std::int32_t book_id_ = 0;
    std::vector<Batch> batches_;
};

}  // namespace app::bench
