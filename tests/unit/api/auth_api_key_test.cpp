// Keys: their form, their checksum and their hashes.
#include <set>

#include <catch2/catch.hpp>

#include "api/auth/api_key.hpp"

using namespace api::auth;
using ledger::base::as_bytes;

namespace {

constexpr std::string_view letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string some_key(std::string_view environment = "live") {
    const auto key = make_key(random_key_bytes(), environment);
    return key.text.reveal();
}

}  // namespace

TEST_CASE("a key has its form, its id and all of its randomness", "[auth]") {
    KeyRandomness zeros;
    const auto key = make_key(zeros, "demo");
    CHECK(key.id == "00000000");
    CHECK(key.text.reveal().substr(0, 65) == "bailee_demo_00000000_" + std::string(43, '0') + "_");
    CHECK(key.text.reveal().size() == 71);
    KeyRandomness ones = zeros;
    ones.secret.back() = std::byte{1};
    const auto other = make_key(ones, "demo");
    CHECK(other.text.reveal().substr(62, 2) == "01");
    std::set<std::string> seen;
    for (int n = 0; n < 1000; ++n) seen.insert(some_key());
    CHECK(seen.size() == 1000);
}

TEST_CASE("what was made is parsed", "[auth]") {
    for (const auto* environment : {"a", "live", "0123456789abcdef"}) {
        const auto text = some_key(environment);
        const auto parts = parse_key(text);
        REQUIRE(parts);
        CHECK(parts->environment == environment);
        CHECK(parts->id.size() == 8);
        CHECK(text.find(parts->id) == std::string("bailee_").size() + parts->environment.size() + 1);
    }
}

TEST_CASE("every fault of one character and every swap of neighbours is refused without a query", "[auth]") {
    const auto text = some_key();
    int accepted = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const char c : std::string{letters} + "_- \n\xC3") {
            auto wrong = text;
            wrong[at] = c;
            if (c != text[at] && parse_key(wrong)) ++accepted;
        }
        auto swapped = text;
        if (at + 1 < text.size()) std::swap(swapped[at], swapped[at + 1]);
        if (swapped != text && parse_key(swapped)) ++accepted;
        if (parse_key(text.substr(0, at)) || parse_key(text.substr(at + 1))) ++accepted;
    }
    CHECK(accepted == 0);
    CHECK_FALSE(parse_key(text + "0"));
    CHECK_FALSE(parse_key(""));
    CHECK_FALSE(parse_key(std::string(100'000, '_')));
    CHECK(parse_key(text));
}

TEST_CASE("a hash depends on the key, on the pepper and on there being one", "[auth]") {
    const auto text = some_key();
    const auto pepper = as_bytes("pepper of this book");
    const auto plain = key_hash({}, text);
    const auto peppered = key_hash(pepper, text);
    CHECK(plain != peppered);
    CHECK(plain != ledger::base::sha256(text));
    CHECK(peppered == ledger::base::hmac_sha256(pepper, as_bytes(text)));
    CHECK(key_matches(plain, {}, text));
    CHECK(key_matches(peppered, pepper, text));
    CHECK_FALSE(key_matches(plain, pepper, text));
    CHECK_FALSE(key_matches(peppered, as_bytes("another"), text));
    CHECK_FALSE(key_matches(plain, {}, some_key()));
}

TEST_CASE("a bearer token is taken from its header and from no other form", "[auth]") {
    CHECK(bearer_token("Bearer abc") == "abc");
    CHECK(bearer_token("bearer abc") == "abc");
    for (const auto* bad :
         {"", "Bearer", "Bearer ", "Bearer  abc", "Bearer a b", "Basic abc", "abc", "Bearer a,b"}) {
        CAPTURE(bad);
        CHECK_FALSE(bearer_token(bad));
    }
    CHECK_FALSE(bearer_token("Bearer " + std::string(1000, 'x')));
    CHECK(key_tail("bailee_x_1234") == "1234");
    CHECK(key_tail("abc") == "abc");
}
