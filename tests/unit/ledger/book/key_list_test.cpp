#include "ledger/book/key_list.hpp"

#include <catch2/catch.hpp>

#include "ledger/base/id.hpp"

namespace ledger::book {

using base::LienKey;

namespace {

std::vector<std::uint64_t> told(const KeyList<LienKey>& list) {
    std::vector<std::uint64_t> keys;
    for (const auto key : list.keys()) keys.push_back(key.value);
    return keys;
}

}  // namespace

TEST_CASE("a list of keys is in their order, however it came about") {
    KeyList<LienKey> list;
    CHECK(list.empty());
    list.insert(LienKey{7});
    CHECK(told(list) == std::vector<std::uint64_t>{7});
    list.insert(LienKey{3});
    list.insert(LienKey{9});
    list.insert(LienKey{7});
    CHECK(told(list) == std::vector<std::uint64_t>{3, 7, 9});
    const auto copy = list;
    list.erase(LienKey{7});
    list.erase(LienKey{8});
    CHECK(told(list) == std::vector<std::uint64_t>{3, 9});
    list.erase(LienKey{3});
    CHECK(told(list) == std::vector<std::uint64_t>{9});
    list.erase(LienKey{9});
    CHECK(list.empty());
    CHECK(told(copy) == std::vector<std::uint64_t>{3, 7, 9});
}

}  // namespace ledger::book
