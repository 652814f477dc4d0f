#include "ledger/proof/checkpoint.hpp"

#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "ledger/base/ensure.hpp"

namespace ledger::proof {
namespace {

constexpr std::string_view key_title = "bailee signing key 1\n";
constexpr std::string_view checkpoint_title = "bailee checkpoint 1\n";
constexpr std::string_view signature_label = "signature: ";
constexpr std::size_t seed_size = 32;
constexpr std::size_t signature_size = 64;

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Key private_key(std::string_view seed) {
    Key key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(seed), seed.size())};
    ensure(key != nullptr, "OpenSSL takes an Ed25519 key of 32 bytes");
    return key;
}

tl::unexpected<Error> not_readable(std::string detail) {
    return refuse({.code = Code::invalid_input,
                   .detail = std::move(detail),
                   .pointer = {},
                   .next_step = "Use the file as bailee wrote it."});
}

// Takes "label: value\n" from the front.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view label) {
    if (text.substr(0, label.size()) != label) return std::nullopt;
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto value = text.substr(label.size(), end - label.size());
    text.remove_prefix(end + 1);
    return value;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number number{};
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || end != text.data() + text.size() || (text.size() > 1 && text.front() == '0'))
        return std::nullopt;
    return number;
}

std::string unsigned_text(const Checkpoint& checkpoint, const PublicKey& key) {
    return fmt::format("{}book: {}\ngeneration: {}\nversion: {}\nhash: {}\nknown-at: {}\nkey: {}\n",
                       checkpoint_title, checkpoint.book, checkpoint.generation, checkpoint.version.value,
                       to_hex(checkpoint.hash.bytes), format_rfc3339(checkpoint.known_at.at), to_hex(key));
}

}  // namespace

SigningKey SigningKey::generate() {
    std::string seed(seed_size, '\0');
    ensure(RAND_priv_bytes(reinterpret_cast<unsigned char*>(seed.data()), static_cast<int>(seed.size())) == 1,
           "the system gives random bytes");
    return SigningKey{Secret{std::move(seed)}};
}

Result<SigningKey> SigningKey::read(std::string_view text) {
    if (text.substr(0, key_title.size()) != key_title)
        return not_readable("This is no signing key of Bailee.");
    text.remove_prefix(key_title.size());
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    auto seed = from_hex(text);
    if (!seed || seed->size() != seed_size) return not_readable("The signing key is not 64 digits 0-9 a-f.");
    return SigningKey{Secret{std::move(*seed)}};
}

Secret<std::string> SigningKey::text() const {
    return Secret{fmt::format("{}{}\n", key_title, to_hex(as_bytes(seed_.reveal())))};
}

PublicKey SigningKey::public_key() const {
    PublicKey key{};
    auto size = key.size();
    const bool is_given =
        EVP_PKEY_get_raw_public_key(private_key(seed_.reveal()).get(),
                                    reinterpret_cast<unsigned char*>(key.data()), &size) == 1;
    ensure(is_given && size == key.size(), "an Ed25519 key has a public part of 32 bytes");
    return key;
}

std::array<std::byte, 64> SigningKey::sign(std::string_view message) const {
    const auto key = private_key(seed_.reveal());
    const Context context{EVP_MD_CTX_new()};
    std::array<std::byte, signature_size> signature{};
    auto size = signature.size();
    const bool is_signed = context != nullptr &&
                           EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                           EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                          &size, raw(message), message.size()) == 1;
    ensure(is_signed && size == signature.size(), "OpenSSL signs with Ed25519");
    return signature;
}

bool is_signed_by(const PublicKey& key, std::string_view message, ByteView signature) {
    const Key of{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                             reinterpret_cast<const unsigned char*>(key.data()), key.size())};
    const Context context{EVP_MD_CTX_new()};
    return of != nullptr && context != nullptr &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, of.get()) == 1 &&
           EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                            signature.size(), raw(message), message.size()) == 1;
}

std::string signed_text(const Checkpoint& checkpoint, const SigningKey& key) {
    auto text = unsigned_text(checkpoint, key.public_key());
    const auto signature = key.sign(text);
    text += fmt::format("{}{}\n", signature_label, to_hex(signature));
    return text;
}

Result<SignedCheckpoint> read_checkpoint(std::string_view text) {
    auto rest = text;
    if (rest.substr(0, checkpoint_title.size()) != checkpoint_title)
        return not_readable("This is no checkpoint of Bailee.");
    rest.remove_prefix(checkpoint_title.size());
    const auto book = take_line(rest, "book: ");
    const auto generation = take_line(rest, "generation: ");
    const auto version = take_line(rest, "version: ");
    const auto hash = take_line(rest, "hash: ");
    const auto known_at = take_line(rest, "known-at: ");
    const auto key = take_line(rest, "key: ");
    const auto signed_length = text.size() - rest.size();
    const auto signature = take_line(rest, signature_label);
    if (!book || !generation || !version || !hash || !known_at || !key || !signature || !rest.empty())
        return not_readable("The checkpoint lacks a line, or has one too many.");
    const auto generation_number = number_of<std::uint32_t>(*generation);
    const auto version_number = number_of<std::uint64_t>(*version);
    const auto digest = digest_from_hex(*hash);
    const auto instant = parse_rfc3339(*known_at);
    const auto key_bytes = from_hex(*key);
    const auto signature_bytes = from_hex(*signature);
    if (!generation_number || !version_number || !digest || !instant || !key_bytes || !signature_bytes ||
        key_bytes->size() != seed_size || signature_bytes->size() != signature_size)
        return not_readable("A line of the checkpoint has no value that can be read.");
    SignedCheckpoint read{.checkpoint = {.book = std::string{*book},
                                         .generation = *generation_number,
                                         .version = Version{*version_number},
                                         .hash = *digest,
                                         .known_at = KnownAt{*instant}},
                          .signer = {}};
    std::memcpy(read.signer.data(), key_bytes->data(), read.signer.size());
    if (!is_signed_by(read.signer, text.substr(0, signed_length), as_bytes(*signature_bytes)))
        return not_readable("The checkpoint's signature does not fit what it says.");
    return read;
}

}  // namespace ledger::proof
