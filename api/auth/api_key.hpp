// API keys: bailee_<environment>_<8 id>_<43 secret>_<6 checksum>, letters and digits only. The prefix is for
// secret scanners, the id finds the row, the checksum refuses a typing fault without a query. Only hashes are
// stored: the secret has 256 random bits, so that a slow hash would give nothing but work.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/digest.hpp"
#include "ledger/base/secret.hpp"

namespace api::auth {

struct KeyRandomness {
    std::array<std::byte, 8> id{};
    std::array<std::byte, 32> secret{};
};

// From OpenSSL; a generator without entropy ends the process.
[[nodiscard]] KeyRandomness random_key_bytes();

struct NewKey {
    std::string id;  // 8 characters; public
    ledger::base::Secret<std::string> text;  // the whole key, to be shown once
};

// `environment`: 1 to 16 lower-case letters and digits ("live", "demo").
[[nodiscard]] NewKey make_key(const KeyRandomness& randomness, std::string_view environment);

// What can be read off a key's text; views into it.
struct KeyParts {
    std::string_view environment;
    std::string_view id;
};
// Nothing when the form or the checksum is wrong.
[[nodiscard]] std::optional<KeyParts> parse_key(std::string_view text);

// HMAC-SHA-256 of the whole text under the pepper; without a pepper, SHA-256 in a domain of its own.
[[nodiscard]] ledger::base::Digest key_hash(ledger::base::ByteView pepper, std::string_view text);
// In constant time.
[[nodiscard]] bool key_matches(const ledger::base::Digest& stored, ledger::base::ByteView pepper,
                               std::string_view text);
// The last four characters, to tell keys apart on a page.
[[nodiscard]] std::string_view key_tail(std::string_view text);
// The key of "Bearer <key>"; nothing for any other scheme or form.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace api::auth
