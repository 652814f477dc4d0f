// Numbers the book gives its objects in the order they were made, one type for each, so that they cannot be
// mixed. Callers see texts ("cust-42.fut"); inside the book an object is its number.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ledger::base {

template <class Tag>
struct Number {
    std::uint32_t value = 0;
    constexpr auto operator<=>(const Number&) const = default;
};

using PartyNo = Number<struct PartyTag>;
using AssetNo = Number<struct AssetTag>;
using AccountNo = Number<struct AccountTag>;
using PrincipalNo = Number<struct PrincipalTag>;
using AgreementNo = Number<struct AgreementTag>;
using ReasonNo = Number<struct ReasonTag>;

// The book's sequence number: one accepted command, or one Tick with events.
struct Version {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const Version&) const = default;
};

// Journals, liens, reservations and exceptions are many, so they are known by where they were born:
// the version in the upper 52 bits, the event's place in it in the lower 12. Keys rise with time.
inline constexpr unsigned events_per_version_max = 4095;

template <class Tag>
struct BirthKey {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const BirthKey&) const = default;
    [[nodiscard]] static constexpr BirthKey at(Version version, unsigned index) {
        return BirthKey{(version.value << 12U) | index};
    }
    [[nodiscard]] constexpr Version version() const { return Version{value >> 12U}; }
    [[nodiscard]] constexpr unsigned index() const { return static_cast<unsigned>(value & 0xfffU); }
};

using JournalKey = BirthKey<struct JournalTag>;
using LienKey = BirthKey<struct LienTag>;
using ReservationKey = BirthKey<struct ReservationTag>;
using ExceptionKey = BirthKey<struct ExceptionTag>;

// A key as callers see it: the prefix and thirteen digits of base 32, so that ids sort by time
// ("lien_00000000110g0").
[[nodiscard]] std::string birth_id(std::string_view prefix, std::uint64_t key);
[[nodiscard]] std::optional<std::uint64_t> key_from_birth_id(std::string_view prefix, std::string_view id);

// `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, as api.md has it for an id chosen by the caller.
[[nodiscard]] bool is_object_id(std::string_view text);

}  // namespace ledger::base
