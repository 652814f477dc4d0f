// A signed statement of how far the log had come and under which hash, kept outside the database: a log that
// was cut short or written anew since then does not contain it. Law 6. Ed25519; the file's form is in
// docs/log-format.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/base/digest.hpp"
#include "ledger/base/error.hpp"
#include "ledger/base/id.hpp"
#include "ledger/base/instant.hpp"
#include "ledger/base/secret.hpp"

namespace ledger::proof {

using namespace ledger::base;

struct Checkpoint {
    std::string book;  // its name
    std::uint32_t generation = 1;
    Version version;
    Digest hash;
    KnownAt known_at;
    bool operator==(const Checkpoint&) const = default;
};

using PublicKey = std::array<std::byte, 32>;

class SigningKey {
public:
    [[nodiscard]] static SigningKey generate();
    // The key file: "bailee signing key 1", and the key as 64 digits. Whoever has it can sign; keep it at
    // mode 0600.
    [[nodiscard]] static Result<SigningKey> read(std::string_view text);
    [[nodiscard]] Secret<std::string> text() const;

    [[nodiscard]] PublicKey public_key() const;
    [[nodiscard]] std::array<std::byte, 64> sign(std::string_view message) const;

private:
    explicit SigningKey(Secret<std::string> seed) : seed_{std::move(seed)} {}
    Secret<std::string> seed_;  // 32 bytes
};

[[nodiscard]] bool is_signed_by(const PublicKey& key, std::string_view message, ByteView signature);

// The text of a checkpoint file.
[[nodiscard]] std::string signed_text(const Checkpoint& checkpoint, const SigningKey& key);

struct SignedCheckpoint {
    Checkpoint checkpoint;
    PublicKey signer;
};
// Refuses a text of another form, and one whose signature does not fit. Who the signer is, is for the caller
// to judge.
[[nodiscard]] Result<SignedCheckpoint> read_checkpoint(std::string_view text);

}  // namespace ledger::proof
