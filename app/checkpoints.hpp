// Signed checkpoints as files: the key that signs them, made at first use, and the statement of the head.
#pragma once

#include <optional>
#include <string>

#include "ledger/proof/checkpoint.hpp"

namespace app {

// The key in the file; makes the file, readable by its owner alone, when it is not there.
[[nodiscard]] ledger::proof::SigningKey signing_key_in(const std::string& path);
// The file is replaced as a whole, so that a reader never sees half a checkpoint.
void write_checkpoint(const std::string& path, const ledger::proof::Checkpoint& checkpoint,
                      const ledger::proof::SigningKey& key);
// Throws CommandFailed when the file is no checkpoint, its signature does not fit, or another than `signer`
// signed it.
[[nodiscard]] ledger::proof::SignedCheckpoint checkpoint_in(
    const std::string& path, const std::optional<ledger::proof::PublicKey>& signer);
[[nodiscard]] std::string signing_key_file(const std::string& data_dir);
[[nodiscard]] std::string whole_file(const std::string& path);

}  // namespace app
