// The firm that the measurements work on, and the journals that are posted to it: movements of a few cents
// between two random customers' accounts of one pool, so that both legs meet another row each time, as both
// updates of the peers do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/rules/command.hpp"

namespace app::bench {

// The same sequence for a seed on every machine.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : state_{seed} {}
    std::uint64_t next();
    // From 0 to below the bound; the tiny bias of a remainder does not matter here.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

private:
    std::uint64_t state_;
};

enum class KeyOrder { random, time_ordered };

// 36 letters in the form of a UUID; time-ordered ones begin with a counter, as version 7 does with the time.
class KeyMaker {
public:
    KeyMaker(KeyOrder order, std::uint64_t seed) : order_{order}, chance_{seed} {}
    [[nodiscard]] std::string next();

private:
    KeyOrder order_;
    Chance chance_;
    std::uint64_t made_ = 0;
};

[[nodiscard]] std::string account_id(std::size_t place);

// Journals over the first `spread` accounts.
class Traffic {
public:
    Traffic(std::size_t spread, KeyOrder order, std::uint64_t seed);

    [[nodiscard]] ledger::rules::PostJournal journal();
    [[nodiscard]] std::string key() { return keys_.next(); }
    // The same as the body of POST /v1/journals; with its key as an item of journals:batch.
    void append_body(std::string& out, std::string_view key = {});

private:
    struct Movement {
        std::size_t debited = 0;
        std::size_t credited = 0;
        unsigned cents = 1;
    };
    [[nodiscard]] Movement draw();

    std::vector<std::string> ids_;
    Chance chance_;
    KeyMaker keys_;
};

}  // namespace app::bench
