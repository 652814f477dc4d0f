// Persistent containers against the standard ones: random changes with copies taken between them. At the end
// each copy, and each copy's own tree, must be what the model was when it was taken.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/base/persistent_map.hpp"
#include "ledger/base/persistent_vector.hpp"

using namespace ledger::base;

namespace {

// What to do, to which key or place, with what value.
using Step = std::tuple<int, int, int>;

std::vector<Step> some_steps(int keys) {
    const auto full = [](auto gen) { return rc::gen::resize(rc::kNominalSize, std::move(gen)); };
    const auto step = rc::gen::tuple(full(rc::gen::inRange(0, 100)), full(rc::gen::inRange(0, keys)),
                                     full(rc::gen::inRange(0, 1000)));
    const auto count = *rc::gen::inRange<std::size_t>(0, 3000);
    return *rc::gen::container<std::vector<Step>>(count, step);
}

template <class T>
T made(int value) {
    if constexpr (std::is_same_v<T, std::string>) {
        return "a text that does not fit inside a string: " + std::to_string(value);
    } else {
        return value;
    }
}

struct GoodHash : PersistentHash<int> {};
struct OneHash {
    std::uint64_t operator()(int) const { return 1; }
};
struct FewHashes {
    std::uint64_t operator()(int key) const { return static_cast<std::uint64_t>(key % 5) << 62U; }
};
struct CrowdedHash {
    std::uint64_t operator()(int key) const {
        return static_cast<std::uint64_t>(key % 100) * 0x0000100000000101U;
    }
};

template <class Value, class Hash>
struct MapAndModel {
    PersistentMap<int, Value, Hash> map;
    std::unordered_map<int, Value> model;

    void apply(const Step& step) {
        const auto [what, key, number] = step;
        if (what < 35) {
            const bool is_new = map.insert_or_assign(key, made<Value>(number));
            RC_ASSERT(is_new == model.insert_or_assign(key, made<Value>(number)).second);
        } else if (what < 50) {
            map.upsert(key) += made<Value>(number);
            model[key] += made<Value>(number);
        } else if (what < 65) {
            if (model.contains(key)) {
                map.mutate(key) = made<Value>(number);
                model[key] = made<Value>(number);
            }
        } else if (what < 97) {
            RC_ASSERT(map.erase(key) == (model.erase(key) == 1));
        } else if (number == 0) {
            map.clear();
            model.clear();
        }
        const auto there = model.find(key);
        const Value* found = map.find(key);
        RC_ASSERT((found != nullptr) == (there != model.end()));
        RC_ASSERT((found == nullptr || *found == there->second));
    }

    void check() const {
        RC_ASSERT(map.size() == model.size());
        std::unordered_map<int, Value> walked;
        map.for_each(
            [&walked](int key, const Value& value) { RC_ASSERT(walked.emplace(key, value).second); });
        RC_ASSERT(walked == model);
        PersistentMap<int, Value, Hash> fresh;
        for (const auto& [key, value] : model) fresh.insert_or_assign(key, value);
        RC_ASSERT(fresh.footprint() == map.footprint());
        std::vector<int> order;
        std::vector<int> fresh_order;
        map.for_each([&order](int key, const Value&) { order.push_back(key); });
        fresh.for_each([&fresh_order](int key, const Value&) { fresh_order.push_back(key); });
        RC_ASSERT(order == fresh_order);
    }
};

template <class T, unsigned LeafBits>
struct VectorAndModel {
    PersistentVector<T, LeafBits> vector;
    std::vector<T> model;

    void apply(const Step& step) {
        const auto [what, place, number] = step;
        if (what < 55) {
            RC_ASSERT(vector.push_back(made<T>(number)) == model.size());
            model.push_back(made<T>(number));
        } else if (what < 70 && !model.empty()) {
            vector.pop_back();
            model.pop_back();
        } else if (what < 97 && !model.empty()) {
            const std::size_t at = static_cast<std::size_t>(place) % model.size();
            vector.mutate(at) += made<T>(number);
            model[at] += made<T>(number);
        } else if (number == 0) {
            vector.clear();
            model.clear();
        }
        RC_ASSERT(vector.size() == model.size());
        RC_ASSERT((model.empty() || vector[model.size() - 1] == model.back()));
    }

    void check() const {
        std::vector<T> walked;
        vector.for_each([&walked](const T& item) { walked.push_back(item); });
        RC_ASSERT(walked == model);
        for (std::size_t i = 0; i < model.size(); ++i) RC_ASSERT(vector[i] == model[i]);
        PersistentVector<T, LeafBits> fresh;
        for (const T& item : model) fresh.push_back(item);
        RC_ASSERT(fresh.footprint() == vector.footprint());
    }
};

// Runs the steps with two writers that begin as one, takes copies now and then, and checks all at the end.
template <class Pair>
bool keeps_every_copy(const std::string& fact) {
    return rc::check(fact, [] {
        Pair current;
        std::vector<Pair> copies;
        for (const Step& step : some_steps(300)) {
            const auto [what, key, number] = step;
            if (what >= 98) {
                copies.push_back(current);
            } else if (what == 97 && !copies.empty()) {
                // An older copy goes on, as when a speculative overlay is thrown away, and the newer one
                // stays.
                std::swap(current, copies[static_cast<std::size_t>(number) % copies.size()]);
            } else if (what == 96 && !copies.empty()) {
                copies.erase(copies.begin());
            } else {
                current.apply(step);
            }
        }
        for (const Pair& copy : copies) copy.check();
        current.check();
    });
}

}  // namespace

TEST_CASE("a persistent map does what a standard map does, and each copy stays as it was") {
    CHECK(keeps_every_copy<MapAndModel<int, GoodHash>>("small values, good hash"));
    CHECK(keeps_every_copy<MapAndModel<std::string, GoodHash>>("values in cells, good hash"));
    CHECK(keeps_every_copy<MapAndModel<int, OneHash>>("small values, one hash for all"));
    CHECK(keeps_every_copy<MapAndModel<std::string, FewHashes>>("values in cells, few hashes"));
    CHECK(
        keeps_every_copy<MapAndModel<int, CrowdedHash>>("small values, hashes that share their beginnings"));
}

TEST_CASE("a persistent vector does what a standard vector does, and each copy stays as it was") {
    CHECK(keeps_every_copy<VectorAndModel<int, 0>>("a leaf for each number"));
    CHECK(keeps_every_copy<VectorAndModel<std::string, 1>>("two texts to a leaf"));
    CHECK(keeps_every_copy<VectorAndModel<int, 4>>("sixteen numbers to a leaf"));
}
