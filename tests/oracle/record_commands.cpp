// Drives the pure core with random commands and writes what it answered, for the oracle: one JSON a line.
//   record_commands <seed> <commands> [<commands between checks>]
// {"opened_at":…} begins a book; {"at","principal","path","body","if_match"?,"verdict"} is a command as POST
// takes it;
// {"check":{…}} is everything the book then holds. A book is given up after some thousand commands for one of
// another size.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/support/random_commands.hpp"

namespace {

using namespace support;

constexpr std::uint64_t commands_per_book = 4000;

Json verdict_of(const Answer& answer) {
    if (!answer.is_accepted())
        return {{"status", "refused"}, {"code", answer.code()}, {"pointer", answer.pointer()}};
    if (answer.is_same) return {{"status", "same"}, {"version", answer.version.value}};
    Json verdict{{"status", "accepted"}, {"version", answer.version.value}};
    if (!answer.id.empty()) verdict["id"] = answer.id;
    return verdict;
}

class Picture {
public:
    explicit Picture(const State& state) : state_{state} {}

    [[nodiscard]] Json draw() const {
        return {{"version", state_.version().value},
                {"balances", balances()},
                {"liens", liens()},
                {"reservations", reservations()},
                {"exceptions", exceptions()}};
    }

private:
    [[nodiscard]] std::string print(Quantity quantity, AssetNo asset) const {
        return format_decimal(quantity, state_.assets[asset].scale);
    }
    [[nodiscard]] const std::string& id(AccountNo account) const { return state_.accounts[account].id; }
    [[nodiscard]] const std::string& id(AssetNo asset) const { return state_.assets[asset].id; }
    [[nodiscard]] std::string id(LienKey key) const {
        const auto& name = state_.lien(key)->terms.name;
        return name.empty() ? birth_id("lien_", key.value) : name;
    }
    [[nodiscard]] static Json sorted(std::vector<Json> rows) {
        std::ranges::sort(rows);
        return rows;
    }

    [[nodiscard]] Json balances() const {
        std::vector<Json> rows;
        for (std::size_t at = 0; at < state_.position_count(); ++at) {
            const auto& [balance, account, asset, next, version] = state_.position_at(at);
            rows.push_back({id(account), id(asset), print(balance.total, asset),
                            print(balance.encumbered, asset), print(balance.reserved, asset)});
        }
        return sorted(std::move(rows));
    }
    [[nodiscard]] Json liens() const {
        std::vector<Json> rows;
        state_.for_each_lien([&](LienKey key, const LiveLien& lien) {
            std::vector<Json> lines;
            for (const auto& line : lien.lines)
                lines.push_back({id(line.owner), id(line.location), id(line.asset), line.lot,
                                 print(line.quantity, line.asset), print(line.consumed, line.asset)});
            const auto behind = lien.terms.behind ? Json(id(*lien.terms.behind)) : Json(nullptr);
            rows.push_back({id(key), lien.terms.rank, behind, sorted(std::move(lines))});
        });
        return sorted(std::move(rows));
    }
    [[nodiscard]] Json reservations() const {
        std::vector<Json> rows;
        state_.for_each_reservation([&](ReservationKey key, const LiveReservation& held) {
            const auto name = held.terms.name.empty() ? birth_id("rsv_", key.value) : held.terms.name;
            rows.push_back({name, id(held.terms.account), id(held.terms.asset),
                            print(held.terms.quantity, held.terms.asset)});
        });
        return sorted(std::move(rows));
    }
    [[nodiscard]] Json exceptions() const {
        std::vector<Json> rows;
        state_.for_each_exception([&](ExceptionKey, const OpenException& open) {
            rows.push_back({info(open.terms.rule).name, id(open.terms.account), id(open.terms.asset),
                            print(open.terms.short_by, open.terms.asset)});
        });
        return sorted(std::move(rows));
    }

    const State& state_;
};

void record_book(std::uint64_t seed, std::uint64_t commands, std::uint64_t between_checks) {
    constexpr auto opened_at = "2026-03-05T13:00:00Z";
    TestBook book{opened_at};
    constexpr unsigned sizes[]{30, 50, 5, 12, 2};
    RandomCommands random{seed,
                          {.accounts = sizes[seed % 5], .customers = 1 + static_cast<unsigned>(seed % 6)}};
    std::cout << Json{{"opened_at", opened_at}, {"seed", seed}}.dump() << '\n';
    for (std::uint64_t count = 1; count <= commands; ++count) {
        const auto request = random.next(book);
        book.tick(request.at);
        const auto answer = book.post(request.path, request.body, request.if_match);
        Json line{{"at", format_rfc3339(request.at)},
                  {"principal", "bailee"},
                  {"path", request.path},
                  {"body", request.body},
                  {"verdict", verdict_of(answer)}};
        if (request.if_match) line["if_match"] = *request.if_match;
        std::cout << line.dump() << '\n';
        if (count % between_checks == 0 || count == commands)
            std::cout << Json{{"check", Picture{book.state()}.draw()}}.dump() << '\n';
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::cerr << "usage: record_commands <seed> <commands> [<commands between checks>]\n";
        return 2;
    }
    auto seed = std::strtoull(argv[1], nullptr, 10);
    auto left = std::strtoull(argv[2], nullptr, 10);
    const auto between = argc > 3 ? std::max(std::strtoull(argv[3], nullptr, 10), 1ULL) : 500ULL;
    for (; left > 0; ++seed) {
        const auto here = std::min<unsigned long long>(left, commands_per_book);
        record_book(seed, here, between);
        left -= here;
    }
    return std::cout.flush() ? 0 : 1;
}
