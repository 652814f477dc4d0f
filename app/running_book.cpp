#include "app/running_book.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

namespace app {

namespace postgres = ledger::store::postgres;

RunningBook::RunningBook(BookDatabase database, const std::string& name,
                         std::chrono::milliseconds commit_within)
    : database_{std::move(database)} {
    database_.migrate();
    {
        std::string digest_key(32, '\0');
        if (RAND_bytes(reinterpret_cast<unsigned char*>(digest_key.data()),
                       static_cast<int>(digest_key.size())) != 1)
            throw CommandFailed{exit_unreachable, "The system gives no random bytes."};
        auto session = database_.maintenance();
        if (auto made = postgres::create_book(session, name, digest_key); !made)
            throw CommandFailed{exit_refused, made.error().detail};
    }
    const auto before_connecting = [this] { return database_.ensure_running(); };
    const auto find_server = [this] { return database_.current_address(); };
    store_ = std::make_unique<postgres::PostgresStore>(
        postgres::StoreOptions{.conninfo = database_.address(),
                               .book = name,
                               .commit_within = commit_within,
                               .before_connecting = before_connecting,
                               .find_server = find_server});
    reader_ = std::make_unique<postgres::PostgresReader>(
        postgres::ReaderOptions{.conninfo = database_.address(),
                                .book = name,
                                .before_connecting = before_connecting,
                                .find_server = find_server});
    ledger::service::ServiceOptions options;
    options.book = name;
    service_ = std::make_unique<ledger::service::BookService>(*store_, *reader_, options);
    try {
        service_->start();
    } catch (const ledger::port::Unavailable& unavailable) {
        throw CommandFailed{exit_unreachable,
                            fmt::format("The book cannot be opened: {}.", unavailable.what())};
    }
    is_new_ = service_->status().is_writer() && service_->committed()->state.principals.size() == 1;
}

RunningBook::~RunningBook() = default;

}  // namespace app
