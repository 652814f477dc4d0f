#include "ledger/base/base62.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <catch2/catch.hpp>

namespace ledger::base {

TEST_CASE("the width is the least that holds all values of so many bytes") {
    using boost::multiprecision::cpp_int;
    for (std::size_t bytes = 0; bytes <= base62_bytes_max; ++bytes) {
        const cpp_int values = cpp_int{1} << (8 * bytes);
        const auto width = static_cast<unsigned>(base62_width(bytes));
        CHECK((boost::multiprecision::pow(cpp_int{62}, width) >= values));
        if (width > 0) CHECK((boost::multiprecision::pow(cpp_int{62}, width - 1) < values));
    }
}

TEST_CASE("bytes are printed in base 62 and read back") {
    CHECK(to_base62(as_bytes(std::string(3, char{0}))) == "00000");
    CHECK(to_base62(as_bytes("\x3d")) == "0z");
    CHECK(to_base62(as_bytes("\x3e")) == "10");
    CHECK(to_base62(as_bytes("\xff")) == "47");
    CHECK(to_base62({}).empty());
    for (const std::string text : {"", "a", "0123456789abcdef", "\xff\xff\xff\xff\xff\xff\xff\xff"}) {
        CHECK((from_base62(to_base62(as_bytes(text)), text.size()) == text));
    }
}

TEST_CASE("a text of another width, alphabet or range is not read") {
    CHECK_FALSE(from_base62("48", 1).has_value());  // 256
    CHECK_FALSE(from_base62("zz", 1).has_value());
    CHECK_FALSE(from_base62("1", 1).has_value());
    CHECK_FALSE(from_base62("001", 1).has_value());
    CHECK_FALSE(from_base62("1-", 1).has_value());
    CHECK_FALSE(from_base62("0 ", 1).has_value());
    CHECK_FALSE(from_base62(std::string(43, 'z'), 32).has_value());
}

}  // namespace ledger::base
