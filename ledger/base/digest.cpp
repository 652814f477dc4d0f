#include "ledger/base/digest.hpp"

#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

struct Free {
    void operator()(EVP_MD* method) const { EVP_MD_free(method); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_MAC* method) const { EVP_MAC_free(method); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

template <class T>
using Owned = std::unique_ptr<T, Free>;

// Fetching a method costs more than hashing a small text with it, so each is fetched once.
const EVP_MD* sha256_method() {
    static const Owned<EVP_MD> method{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
    ensure(method != nullptr, "OpenSSL has SHA-256");
    return method.get();
}

EVP_MAC* hmac_method() {
    static const Owned<EVP_MAC> method{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
    ensure(method != nullptr, "OpenSSL has HMAC");
    return method.get();
}

// A context may not be shared, and making one costs as much as a small hash: one for each thread.
EVP_MD_CTX* context_of_this_thread() {
    thread_local const Owned<EVP_MD_CTX> context{EVP_MD_CTX_new()};
    ensure(context != nullptr, "OpenSSL has memory for a digest");
    return context.get();
}

const unsigned char* raw(ByteView data) {
    static constexpr unsigned char nothing = 0;
    return data.empty() ? &nothing : reinterpret_cast<const unsigned char*>(data.data());
}

unsigned char* raw(Digest& digest) { return reinterpret_cast<unsigned char*>(digest.bytes.data()); }

std::optional<unsigned> value_of(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    return std::nullopt;
}

}  // namespace

ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span{text.data(), text.size()}); }

Digest sha256(ByteView data) {
    Digest digest;
    EVP_MD_CTX* const context = context_of_this_thread();
    const bool done = EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1 &&
                      EVP_DigestUpdate(context, raw(data), data.size()) == 1 &&
                      EVP_DigestFinal_ex(context, raw(digest), nullptr) == 1;
    ensure(done, "SHA-256 cannot fail");
    return digest;
}

Digest sha256(std::string_view data) { return sha256(as_bytes(data)); }

Digest hmac_sha256(ByteView key, ByteView data) {
    Digest digest;
    const Owned<EVP_MAC_CTX> context{EVP_MAC_CTX_new(hmac_method())};
    std::array<char, 7> method{"SHA256"};
    const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string("digest", method.data(), 0),
                                               OSSL_PARAM_construct_end()};
    std::size_t size = 0;
    const bool done = context != nullptr &&
                      EVP_MAC_init(context.get(), raw(key), key.size(), parameters.data()) == 1 &&
                      EVP_MAC_update(context.get(), raw(data), data.size()) == 1 &&
                      EVP_MAC_final(context.get(), raw(digest), &size, digest.bytes.size()) == 1;
    ensure(done && size == digest.bytes.size(), "HMAC-SHA-256 cannot fail");
    return digest;
}

std::string to_hex(ByteView data) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * data.size());
    for (const std::byte byte : data) {
        text += digits[std::to_integer<std::size_t>(byte >> 4)];
        text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
    }
    return text;
}

std::optional<std::string> from_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t at = 0; at < hex.size(); at += 2) {
        const auto high = value_of(hex[at]);
        const auto low = value_of(hex[at + 1]);
        if (!high || !low) return std::nullopt;
        bytes += static_cast<char>(*high << 4U | *low);
    }
    return bytes;
}

std::optional<Digest> digest_from_hex(std::string_view hex) {
    Digest digest;
    if (hex.size() != 2 * digest.bytes.size()) return std::nullopt;
    const auto bytes = from_hex(hex);
    if (!bytes) return std::nullopt;
    for (std::size_t at = 0; at < bytes->size(); ++at) {
        digest.bytes[at] = static_cast<std::byte>(static_cast<unsigned char>((*bytes)[at]));
    }
    return digest;
}

bool equal_in_constant_time(ByteView left, ByteView right) {
    return left.size() == right.size() && CRYPTO_memcmp(raw(left), raw(right), left.size()) == 0;
}

}  // namespace ledger::base
