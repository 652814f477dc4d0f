#include <catch2/catch.hpp>

#include "tests/support/canonical_values.hpp"
#include "tests/support/test_book.hpp"

namespace {

using namespace support;

template <class T>
std::string bytes_in_hex(const T& item) {
    return to_hex(as_bytes(canonical_bytes(item)));
}

}  // namespace

TEST_CASE("every type of event comes back from its bytes as it was, and has no second form") {
    RandomValues random{20260706};
    for (std::size_t alternative = 0; alternative < std::variant_size_v<Event>; ++alternative) {
        for (int round = 0; round < 300; ++round) {
            const auto event = random.make_alternative<Event>(alternative);
            REQUIRE(event.index() == alternative);
            const auto bytes = canonical_bytes(event);
            const auto again = from_canonical_bytes<Event>(bytes);
            REQUIRE((again && *again == event));
            REQUIRE(canonical_bytes(*again) == bytes);
        }
    }
}

TEST_CASE("a truncated or lengthened event is refused") {
    RandomValues random{7};
    for (int round = 0; round < 2000; ++round) {
        const auto bytes = canonical_bytes(random.make<Event>());
        REQUIRE_FALSE(
            from_canonical_bytes<Event>(std::string_view{bytes}.substr(0, random.below(bytes.size()))));
        REQUIRE_FALSE(from_canonical_bytes<Event>(bytes + '\0'));
    }
}

TEST_CASE("a garbled event either is refused or is another event with those very bytes") {
    RandomValues random{8};
    for (int round = 0; round < 20'000; ++round) {
        auto bytes = canonical_bytes(random.make<Event>());
        for (auto flips = 1 + random.below(3); flips > 0; --flips)
            bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
        if (const auto event = from_canonical_bytes<Event>(bytes)) REQUIRE(canonical_bytes(*event) == bytes);
    }
}

TEST_CASE("numbers have one form") {
    CHECK(bytes_in_hex(Quantity{0}) == "00");
    CHECK(bytes_in_hex(Quantity{-1}) == "01");
    CHECK(bytes_in_hex(Quantity{64}) == "8001");
    CHECK(bytes_in_hex(std::uint64_t{300}) == "ac02");
    const auto smallest = Quantity{std::numeric_limits<int128>::min()};
    CHECK((from_canonical_bytes<Quantity>(canonical_bytes(smallest)) == smallest));
    using namespace std::string_view_literals;
    CHECK_FALSE(from_canonical_bytes<std::uint64_t>("\x80\x00"sv));  // a zero more than needed
    CHECK_FALSE(from_canonical_bytes<std::uint8_t>("\x80\x02"sv));   // 256
    CHECK_FALSE(from_canonical_bytes<bool>("\x02"sv));
    CHECK_FALSE(from_canonical_bytes<Side>("\x02"sv));
    CHECK_FALSE(from_canonical_bytes<AccountKind>("\x20"sv));
    CHECK_FALSE(from_canonical_bytes<Code>("\x00"sv));
    CHECK_FALSE(from_canonical_bytes<Code>("\x7f"sv));
    CHECK_FALSE(from_canonical_bytes<RoleSet>("\x80\x04"sv));
    std::string beyond(18, '\xff');
    CHECK_FALSE(from_canonical_bytes<Quantity>(beyond + '\x04'));
    CHECK((from_canonical_bytes<KnownAt>(canonical_bytes(Quantity{int128{1} << 64U})) == std::nullopt));
    CHECK_FALSE(from_canonical_bytes<std::string>("\x05tail"sv));
    CHECK_FALSE(from_canonical_bytes<std::vector<Leg>>("\xff\xff\xff\xff\x0f"sv));
}

TEST_CASE("a command's bytes tell what was asked and nothing else") {
    const auto bytes = [](const char* path, const Json& body, std::optional<std::uint64_t> if_match = {}) {
        return canonical_bytes(command_of(path, body, if_match));
    };
    const Json one{{"asset", "USD"}, {"amount", "1"}};
    const Json same_one{{"asset", "USD"}, {"amount", "1.00"}};
    const Json ten{{"asset", "USD"}, {"amount", "10"}};
    const auto reserve = [&](const Json& amount, const char* expiry,
                             std::optional<std::uint64_t> match = {}) {
        return bytes("/v1/reservations", {{"account", "a"}, {"amount", amount}, {"expires_at", expiry}},
                     match);
    };
    CHECK(reserve(one, "2026-07-06T15:00:00Z") == reserve(same_one, "2026-07-06T11:00:00-04:00"));
    CHECK(reserve(one, "2026-07-06T15:00:00Z") != reserve(ten, "2026-07-06T15:00:00Z"));
    CHECK(reserve(one, "2026-07-06T15:00:00Z") != reserve(one, "2026-07-06T15:00:00Z", 4));
    AddParty party{.id = "p", .name = {"Anna", "salt"}};
    const auto with_salt = canonical_bytes(Command{party});
    party.name.salt = "another";
    CHECK(canonical_bytes(Command{party}) == with_salt);
    party.name.text = "Anne";
    CHECK(canonical_bytes(Command{party}) != with_salt);
}
