// A batch is there whole or not at all, whoever dies, and only the holder of the lease writes it.
#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

#include "ledger/store/postgres/migrate.hpp"
#include "tests/store/stored_book.hpp"

using namespace ledger::port;
using tests::StoredBook;

TEST_CASE("a book that was written is read back as it stands in memory") {
    const auto batch_size = GENERATE(as<std::size_t>{}, 1, 7, 300);
    StoredBook book{1000 + batch_size};
    book.run(batch_size == 1 ? 300 : 900, batch_size);
    INFO("version " << book.state().version().value << ", refused " << book.refused());
    CHECK(book.refused() > 20);
    CHECK(book.state().version().value > 100);
    const auto loaded = book.store().load();
    CHECK(loaded.state.version() == book.state().version());
    CHECK(fingerprint(loaded.state) == fingerprint(book.state()));
    CHECK(loaded.digest_key == std::string(32, 'k'));
    CHECK(loaded.generation == 1);
    CHECK(loaded.state.now() == book.state().now());
    CHECK(book.store().hash_at(book.state().version()) == book.committed().head_hash);
    CHECK_FALSE(book.store().hash_at(Version{book.state().version().value + 1}));
}
