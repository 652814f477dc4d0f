// SHA-256, HMAC-SHA-256 and their text forms; Ed25519 is in ledger/proof.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ledger::base {

struct Digest {
    std::array<std::byte, 32> bytes{};
    auto operator<=>(const Digest&) const = default;
};

using ByteView = std::span<const std::byte>;

[[nodiscard]] ByteView as_bytes(std::string_view text);
[[nodiscard]] Digest sha256(ByteView data);
[[nodiscard]] Digest sha256(std::string_view data);
[[nodiscard]] Digest hmac_sha256(ByteView key, ByteView data);
[[nodiscard]] std::string to_hex(ByteView data);
// Raw bytes; nothing unless the text is lower-case and of even length.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view hex);
[[nodiscard]] std::optional<Digest> digest_from_hex(std::string_view hex);
[[nodiscard]] bool equal_in_constant_time(ByteView left, ByteView right);

}  // namespace ledger::base
