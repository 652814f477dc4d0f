// A seeded stream of requests as a caller would send them: most fit the book, many do not. The same seed
// gives the same stream, for property tests and for the oracle alike.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/test_book.hpp"

namespace support {

struct Request {
    Microseconds at;  // the book's clock when it is decided
    std::string path;
    Json body;
    std::optional<std::uint64_t> if_match;
};

// BAILEE_SEED, or one of the clock; printed by whoever uses it.
[[nodiscard]] std::uint64_t chosen_seed();

class RandomCommands {
public:
    struct Mix {
        unsigned accounts = 30;  // 2 to 50
        unsigned customers = 4;
        bool has_facts = true;
    };

    RandomCommands(std::uint64_t seed, Mix mix);

    // Looks at the book only to be relevant; whether a request fits is for the book to say.
    [[nodiscard]] Request next(const TestBook& book);

private:
    struct Place {
        std::string id;
        Pool pool;
        AccountKind kind;
    };
    [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }
    [[nodiscard]] unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
    template <class List>
    [[nodiscard]] const auto& one_of(const List& list) {
        return list[below(static_cast<unsigned>(list.size()))];
    }
    void advance_clock();
    void plan_setup();
    Request account_request();
    Request from(std::string path, Json body) { return {now_, std::move(path), std::move(body), {}}; }

    [[nodiscard]] const Place* some_place(Side side, std::optional<Pool> pool);
    [[nodiscard]] std::string some_asset() { return one_of(assets_); }
    [[nodiscard]] std::string digits(const TestBook& book, const std::string& account,
                                     const std::string& asset);
    [[nodiscard]] Json amount(const TestBook& book, const std::string& account, const std::string& asset);
    [[nodiscard]] std::string instant_near(std::int64_t seconds_before, std::int64_t seconds_after);
    [[nodiscard]] std::string some_lien(const TestBook& book);
    [[nodiscard]] std::string some_reservation(const TestBook& book);
    [[nodiscard]] std::optional<std::uint64_t> some_match(const TestBook& book, const std::string& account);

    void add_pair(Json& legs, const TestBook& book, Pool pool, const std::string& asset);
    Json plain_journal(const TestBook& book);
    Json crossing_journal(const TestBook& book);
    Json moving_journal(const TestBook& book);
    Json journal(const TestBook& book);
    void dress(Json& journal);
    Json lien_lines(const TestBook& book, bool may_list);
    Json lien(const TestBook& book);
    Request lien_action(const TestBook& book);
    Request reservation(const TestBook& book);
    Request reservation_action(const TestBook& book);
    Request reversal();
    Request terms();
    void remember(const Request& request);

    std::mt19937_64 random_;
    Mix mix_;
    Microseconds now_;
    std::deque<Request> planned_;
    std::deque<Request> sent_;  // of those that chose an id
    std::vector<Place> places_;
    std::vector<std::string> assets_;
    std::vector<std::string> holders_;
    std::vector<std::string> customers_;
    std::vector<std::string> agreements_;
    std::vector<Pool> pools_;
    unsigned made_ = 0;
};

}  // namespace support
