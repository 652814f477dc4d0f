// One thread changes a state and publishes copies, others read and drop them: what the thread sanitizer must
// see.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/base/persistent_map.hpp"
#include "ledger/base/persistent_vector.hpp"

using namespace ledger::base;

namespace {

struct State {
    PersistentMap<std::uint64_t, std::uint64_t> numbers;
    PersistentMap<std::string, std::string> texts;
    PersistentVector<std::uint64_t> dense;
    PersistentVector<std::string, 1> names;
    std::uint64_t sum_of_numbers = 0;
    std::uint64_t length_of_texts = 0;
    std::uint64_t sum_of_dense = 0;
    std::uint64_t length_of_names = 0;
};

[[nodiscard]] bool is_whole(const State& state) {
    std::uint64_t numbers = 0;
    std::uint64_t texts = 0;
    std::uint64_t dense = 0;
    std::uint64_t names = 0;
    state.numbers.for_each([&numbers](std::uint64_t, std::uint64_t value) { numbers += value; });
    state.texts.for_each([&texts](const std::string&, const std::string& value) { texts += value.size(); });
    state.dense.for_each([&dense](std::uint64_t value) { dense += value; });
    state.names.for_each([&names](const std::string& name) { names += name.size(); });
    return numbers == state.sum_of_numbers && texts == state.length_of_texts && dense == state.sum_of_dense &&
           names == state.length_of_names;
}

void change(State& state, std::uint64_t random) {
    const std::uint64_t key = random % 500;
    if (random % 7 == 0) {
        if (const std::uint64_t* there = state.numbers.find(key)) state.sum_of_numbers -= *there;
        state.numbers.erase(key);
    } else {
        ++state.numbers.upsert(key);
        ++state.sum_of_numbers;
    }
    state.texts.upsert("text " + std::to_string(key)) += "x";
    ++state.length_of_texts;
    if (random % 5 == 0 && !state.dense.empty()) {
        state.sum_of_dense -= state.dense[state.dense.size() - 1];
        state.dense.pop_back();
        state.length_of_names -= state.names[state.names.size() - 1].size();
        state.names.pop_back();
    } else if (random % 3 == 0 || state.dense.empty()) {
        state.dense.push_back(key);
        state.sum_of_dense += key;
        state.names.push_back("a name too long to stand inside a string");
        state.length_of_names += state.names[state.names.size() - 1].size();
    } else {
        ++state.dense.mutate(key % state.dense.size());
        ++state.sum_of_dense;
        state.names.mutate(key % state.names.size()) += "y";
        ++state.length_of_names;
    }
}

class Publication {
public:
    void publish(const State& state) {
        State copy = state;
        const std::lock_guard lock{mutex_};
        std::swap(state_, copy);
    }
    [[nodiscard]] State pin() const {
        const std::lock_guard lock{mutex_};
        return state_;
    }

private:
    mutable std::mutex mutex_;
    State state_;
};

}  // namespace

TEST_CASE("readers on other threads see each published state whole while the writer goes on") {
    Publication publication;
    std::atomic<bool> is_done{false};
    std::atomic<std::uint64_t> broken{0};
    std::atomic<std::uint64_t> readings{0};
    const auto read = [&](std::size_t kept) {
        std::vector<State> pinned;
        while (!is_done.load() || readings.load() < 10) {
            pinned.push_back(publication.pin());
            if (pinned.size() > kept) pinned.erase(pinned.begin());
            if (!is_whole(pinned.front()) || !is_whole(pinned.back())) ++broken;
            ++readings;
        }
        for (const State& state : pinned) broken += is_whole(state) ? 0U : 1U;
    };
    std::thread first{read, 1};
    std::thread second{read, 20};

    State state;
    std::uint64_t random = 1;
    for (int batch = 0; batch < 1500; ++batch) {
        for (int i = 0; i < 20; ++i) change(state, random = mix_word(random));
        publication.publish(state);
    }
    is_done = true;
    first.join();
    second.join();
    CHECK(broken == 0);
    CHECK(readings >= 10);
    CHECK(is_whole(state));
    CHECK(state.texts.size() == 500);
}
