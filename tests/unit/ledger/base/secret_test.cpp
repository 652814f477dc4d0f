#include "ledger/base/secret.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <type_traits>

#include <fmt/core.h>
#include <catch2/catch.hpp>

namespace ledger::base {
namespace {

template <class T>
concept Streams = requires(std::ostream& out, const T& value) { out << value; };

using Key = std::array<unsigned char, 32>;

static_assert(!Streams<Secret<std::string>> && Streams<std::string>);
static_assert(!fmt::is_formattable<Secret<std::string>>::value);
static_assert(!std::convertible_to<Secret<std::string>, std::string>);
static_assert(!std::is_copy_constructible_v<Secret<Key>> && std::is_move_constructible_v<Secret<Key>>);

Key some_key() {
    Key key{};
    key.fill(0xa5);
    return key;
}

}  // namespace

TEST_CASE("a secret is wiped from where it lay when it goes") {
    alignas(Secret<Key>) std::array<unsigned char, sizeof(Secret<Key>)> room{};
    auto* const secret = new (room.data()) Secret<Key>{some_key()};
    REQUIRE(std::ranges::count(room, 0xa5) == 32);
    std::destroy_at(secret);
    CHECK(std::ranges::count(room, 0xa5) == 0);
}

TEST_CASE("a moved secret stays in one place only") {
    Key key = some_key();
    Secret<Key> first{std::move(key)};
    CHECK(key == Key{});
    const Secret<Key> second{std::move(first)};
    CHECK(first.reveal() == Key{});
    CHECK(second.reveal() == some_key());
}

TEST_CASE("a text is wiped over its whole capacity and keeps its room") {
    std::string text = "a password that is longer than any small buffer";
    text.resize(4);
    const char* const place = text.data();
    const auto capacity = text.capacity();
    wipe_value(text);
    CHECK(text.empty());
    CHECK(text.capacity() == capacity);
    CHECK(text.data() == place);
}

TEST_CASE("a secret can be replaced and revealed") {
    Secret<std::string> secret{std::string{"first"}};
    secret = Secret<std::string>{std::string{"second"}};
    CHECK(secret.reveal() == "second");
}

}  // namespace ledger::base
