#include "app/submit.hpp"

#include <future>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/rand.h>

#include "app/options.hpp"

namespace app {

ledger::port::Outcome submit_and_wait(ledger::port::Ledger& book, ledger::port::Envelope envelope) {
    auto promise = std::make_shared<std::promise<ledger::port::Outcome>>();
    auto future = promise->get_future();
    book.submit(std::move(envelope),
                [promise](ledger::port::Outcome outcome) { promise->set_value(std::move(outcome)); });
    return future.get();
}

std::shared_ptr<const ledger::port::LogEntry> must_accept(ledger::port::Ledger& book,
                                                          ledger::rules::Command command) {
    const ledger::base::PrincipalNo the_book{0};
    auto outcome =
        submit_and_wait(book, {.principal = the_book, .idempotency_key = "", .command = std::move(command)});
    if (const auto* accepted = std::get_if<ledger::port::Accepted>(&outcome)) return accepted->entry;
    const auto& error = std::get<ledger::port::Refused>(outcome).error;
    throw CommandFailed{exit_refused,
                        fmt::format("{}: {}", ledger::base::info(error.code).name, error.detail)};
}

ledger::rules::Erasable personal(std::string text) {
    std::string salt(16, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) != 1)
        throw std::runtime_error{"the system gives no random bytes"};
    return {std::move(text), std::move(salt)};
}

}  // namespace app
