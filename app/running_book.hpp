// A book that runs in this process: its database, its store and its writer, wired once, here.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "app/book_database.hpp"
#include "ledger/service/book_service.hpp"
#include "ledger/store/postgres/reader.hpp"
#include "ledger/store/postgres/store.hpp"

namespace app {

class RunningBook {
public:
    // Migrates, makes the book when it is new, and begins: as its writer, or as a follower of the server that
    // is. A batch whose COMMIT is not answered within the time has an unknown outcome. Throws CommandFailed.
    RunningBook(BookDatabase database, const std::string& name,
                std::chrono::milliseconds commit_within = std::chrono::seconds{5});
    ~RunningBook();

    [[nodiscard]] ledger::port::Ledger& book() { return *service_; }
    [[nodiscard]] bool is_new() const { return is_new_; }  // nobody but the book itself has a principal
    void stop() { service_->stop(); }

private:
    BookDatabase database_;
    std::unique_ptr<ledger::store::postgres::PostgresStore> store_;
    std::unique_ptr<ledger::store::postgres::PostgresReader> reader_;
    std::unique_ptr<ledger::service::BookService> service_;
    bool is_new_ = false;
};

}  // namespace app
