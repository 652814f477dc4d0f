#include <catch2/catch.hpp>

#include "app/demo/demo_firm.hpp"
#include "app/submit.hpp"
#include "ledger/service/book_service.hpp"
#include "tests/support/memory_store.hpp"

using namespace ledger::book;

namespace {

struct DemoBook {
    tests::MemoryStore store;
    tests::MemoryReader reader{store};
    ledger::service::BookService service{store, reader, {}};

    explicit DemoBook(std::uint64_t seed) {
        service.start();
        app::must_accept(service,
                         ledger::rules::AddPrincipal{.id = "p-anna", .roles = RoleSet::of(Role::operator_)});
        app::demo::DemoOptions options;
        options.seed = seed;
        app::demo::set_up_firm(service, options);
        app::demo::run_day(service, options);
    }
    [[nodiscard]] const State& state() const { return store.database->state; }
};

std::string balances_of(const State& state) {
    std::string out;
    for (std::uint32_t row = 0; row < state.accounts.size(); ++row)
        state.for_each_position(AccountNo{row}, [&](const Position& position) {
            out += state.accounts[AccountNo{row}].id + ' ' + state.assets[position.asset].id + ' ' +
                   format_decimal(position.balance.total, 0) + ' ' +
                   format_decimal(position.balance.free(), 0) + '\n';
        });
    return out;
}

}  // namespace

TEST_CASE("the demo's day posts without a deficiency and every pool stays a closed book") {
    const DemoBook demo{42};
    const auto& state = demo.state();
    std::size_t exceptions = 0;
    state.for_each_exception([&](ExceptionKey, const OpenException&) { ++exceptions; });
    CHECK(exceptions == 0);
    CHECK(state.accounts.size() > 700);
    std::map<std::pair<Pool, std::uint32_t>, Quantity> locations_less_obligations;
    for (std::uint32_t row = 0; row < state.accounts.size(); ++row) {
        const AccountNo account{row};
        const auto& terms = state.accounts[account];
        state.for_each_position(account, [&](const Position& position) {
            auto& sum = locations_less_obligations[{terms.pool, position.asset.value}];
            sum += terms.side == Side::location ? position.balance.total : -position.balance.total;
        });
    }
    for (const auto& [place, sum] : locations_less_obligations) CHECK(sum == Quantity{});
}

TEST_CASE("the same seed gives the same day, another seed another") {
    const auto first = balances_of(DemoBook{7}.state());
    CHECK(first == balances_of(DemoBook{7}.state()));
    CHECK(first != balances_of(DemoBook{8}.state()));
}
