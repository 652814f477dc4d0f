#include "api/auth/api_key.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <openssl/rand.h>

#include "ledger/base/base62.hpp"
#include "ledger/base/ensure.hpp"

namespace api::auth {
namespace {

using ledger::base::as_bytes;
using ledger::base::ByteView;
using ledger::base::Digest;
using ledger::base::ensure;

constexpr std::string_view prefix = "bailee_";
constexpr std::size_t environment_size_max = 16;
constexpr std::size_t id_size = 8;
constexpr std::size_t secret_size = ledger::base::base62_width(32);
constexpr std::size_t checksum_size = ledger::base::base62_width(4);
static_assert(secret_size == 43 && checksum_size == 6, "the form of reliability.md 8.2");
constexpr std::string_view letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

constexpr auto crc_of_byte = [] {
    constexpr std::uint32_t polynomial = 0xEDB88320U;
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0U);
        table[byte] = crc;
    }
    return table;
}();

// CRC-32 as in zlib and PNG: finds every fault of one character and every swap of neighbours.
std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : text) crc = (crc >> 8U) ^ crc_of_byte[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
    return ~crc;
}

std::string checksum(std::string_view text) {
    const std::uint32_t crc = crc32(text);
    std::array<std::byte, 4> bytes{};
    for (std::size_t at = 0; at < bytes.size(); ++at)
        bytes[at] = static_cast<std::byte>((crc >> (24 - 8 * at)) & 0xFFU);
    return ledger::base::to_base62(bytes);
}

bool is_environment(std::string_view text) {
    return !text.empty() && text.size() <= environment_size_max &&
           std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

bool is_base62(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
}

}  // namespace

KeyRandomness random_key_bytes() {
    KeyRandomness randomness;
    const auto fill = [](auto& bytes) {
        const int done =
            RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
        ensure(done == 1, "OpenSSL has entropy");
    };
    fill(randomness.id);
    fill(randomness.secret);
    return randomness;
}

NewKey make_key(const KeyRandomness& randomness, std::string_view environment) {
    ensure(is_environment(environment), "an environment is 1 to 16 lower-case letters and digits");
    std::string id;
    for (const std::byte byte : randomness.id)
        id += letters[std::to_integer<std::size_t>(byte) % letters.size()];
    std::string text{prefix};
    text.reserve(prefix.size() + environment.size() + id_size + secret_size + checksum_size + 3);
    text += environment;
    text += '_';
    text += id;
    text += '_';
    text += ledger::base::to_base62(randomness.secret);
    text += '_';
    text += checksum(std::string_view{text}.substr(0, text.size() - 1));
    return {std::move(id), ledger::base::Secret<std::string>{std::move(text)}};
}

std::optional<KeyParts> parse_key(std::string_view text) {
    constexpr std::size_t behind_environment = 1 + id_size + 1 + secret_size + 1 + checksum_size;
    if (!text.starts_with(prefix) || text.size() <= prefix.size() + behind_environment) return std::nullopt;
    const auto environment = text.substr(prefix.size(), text.size() - prefix.size() - behind_environment);
    if (!is_environment(environment)) return std::nullopt;
    const auto rest = text.substr(prefix.size() + environment.size());
    const auto id = rest.substr(1, id_size);
    const auto secret = rest.substr(1 + id_size + 1, secret_size);
    const bool in_form = rest[0] == '_' && rest[1 + id_size] == '_' &&
                         rest[2 + id_size + secret_size] == '_' && is_base62(id) && is_base62(secret);
    if (!in_form) return std::nullopt;
    if (checksum(text.substr(0, text.size() - checksum_size - 1)) !=
        rest.substr(rest.size() - checksum_size)) {
        return std::nullopt;
    }
    return KeyParts{environment, id};
}

Digest key_hash(ByteView pepper, std::string_view text) {
    if (!pepper.empty()) return ledger::base::hmac_sha256(pepper, as_bytes(text));
    std::string domain_and_text = "bailee api key 1\n";
    domain_and_text += text;
    const ledger::base::Secret<std::string> in_domain{std::move(domain_and_text)};
    return ledger::base::sha256(in_domain.reveal());
}

bool key_matches(const Digest& stored, ByteView pepper, std::string_view text) {
    const Digest hash = key_hash(pepper, text);
    return ledger::base::equal_in_constant_time(stored.bytes, hash.bytes);
}

std::string_view key_tail(std::string_view text) {
    return text.substr(text.size() - std::min<std::size_t>(4, text.size()));
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    constexpr std::size_t token_size_max = 512;
    if (authorization.size() <= scheme.size() || authorization.size() > token_size_max) return std::nullopt;
    const bool is_bearer =
        std::ranges::equal(authorization.substr(0, scheme.size()), scheme, [](char given, char wanted) {
            return (given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given) == wanted;
        });
    const auto token = authorization.substr(scheme.size());
    if (!is_bearer || token.find_first_of(" \t,") != std::string_view::npos) return std::nullopt;
    return token;
}

}  // namespace api::auth
