#include "ledger/base/digest.hpp"

#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace ledger::base {
namespace {

std::string hex(const Digest& digest) { return to_hex(digest.bytes); }

std::string repeated(std::size_t count, unsigned char byte) {
    return std::string(count, static_cast<char>(byte));
}

std::string counted_key() {
    std::string key;
    for (char byte = 1; byte <= 25; ++byte) key += byte;
    return key;
}

struct Mac {
    std::string key;
    std::string data;
    std::string expected;
};

}  // namespace

TEST_CASE("SHA-256 gives the answers of FIPS 180-4's examples") {
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(hex(sha256(repeated(1'000'000, 'a'))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("HMAC-SHA-256 gives the answers of RFC 4231") {
    const auto [key, data, expected] = GENERATE(values<Mac>({
        {repeated(20, 0x0b), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {repeated(20, 0xaa), repeated(50, 0xdd),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {counted_key(), repeated(50, 0xcd),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {repeated(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {repeated(131, 0xaa),
         "This is a test using a larger than block-size key and a larger than block-size data. "
         "The key needs to be hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    }));
    CHECK(hex(hmac_sha256(as_bytes(key), as_bytes(data))) == expected);
}

TEST_CASE("an empty key and an empty text have a HMAC") {
    CHECK(hex(hmac_sha256({}, {})) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("threads that hash at once get the same answers as one alone") {
    std::vector<int> wrong(4);
    {
        std::vector<std::jthread> threads;
        for (auto& count : wrong) {
            threads.emplace_back([&count] {
                for (std::size_t round = 0; round < 2000; ++round) {
                    const std::string text = repeated(round % 130, 'x');
                    if (sha256(text) != sha256(as_bytes(text))) ++count;
                    if (hex(sha256("abc")).substr(0, 8) != "ba7816bf") ++count;
                }
            });
        }
    }
    CHECK(wrong == std::vector<int>(4));
}

TEST_CASE("bytes are printed as lower-case hex and read back") {
    std::string bytes(1, char{0});
    bytes += "\x01\x7f\x80\xff";
    CHECK(to_hex(as_bytes(bytes)) == "00017f80ff");
    CHECK((from_hex("00017f80ff") == bytes));
    CHECK((from_hex("") == std::string{}));
    for (const char* text : {"0", "0G", "AB", "0x", " 0", "00 "}) CHECK_FALSE(from_hex(text).has_value());
}

TEST_CASE("a digest is read from exactly 64 digits") {
    const Digest digest = sha256("abc");
    CHECK((digest_from_hex(hex(digest)) == digest));
    CHECK_FALSE(digest_from_hex(hex(digest).substr(2)).has_value());
    CHECK_FALSE(digest_from_hex(hex(digest) + "00").has_value());
    CHECK_FALSE(digest_from_hex(repeated(64, 'z')).has_value());
}

TEST_CASE("secrets are equal only in length and in each byte") {
    CHECK(equal_in_constant_time(as_bytes("same"), as_bytes("same")));
    CHECK(equal_in_constant_time({}, {}));
    CHECK_FALSE(equal_in_constant_time(as_bytes("same"), as_bytes("samf")));
    CHECK_FALSE(equal_in_constant_time(as_bytes("same"), as_bytes("sam")));
}

}  // namespace ledger::base
