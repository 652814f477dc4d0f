#include "app/checkpoints.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "app/options.hpp"
#include "app/server_files.hpp"

namespace app {

namespace proof = ledger::proof;

std::string whole_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) throw CommandFailed{exit_usage, fmt::format("{} cannot be read.", path)};
    return text.str();
}

proof::SigningKey signing_key_in(const std::string& path) {
    if (!std::filesystem::exists(path)) {
        const auto made = proof::SigningKey::generate();
        const auto text = made.text();
        write_private_file(path, text.reveal());
    }
    auto key = proof::SigningKey::read(whole_file(path));
    if (!key) throw CommandFailed{exit_usage, fmt::format("{}: {}", path, key.error().detail)};
    return std::move(*key);
}

void write_checkpoint(const std::string& path, const proof::Checkpoint& checkpoint,
                      const proof::SigningKey& key) {
    write_private_file(path, proof::signed_text(checkpoint, key));
}

proof::SignedCheckpoint checkpoint_in(const std::string& path,
                                      const std::optional<proof::PublicKey>& signer) {
    auto found = proof::read_checkpoint(whole_file(path));
    if (!found) throw CommandFailed{exit_refused, fmt::format("{}: {}", path, found.error().detail)};
    if (signer && found->signer != *signer)
        throw CommandFailed{exit_refused, fmt::format("{} was signed by another key: {}.", path,
                                                      ledger::base::to_hex(found->signer))};
    return std::move(*found);
}

std::string signing_key_file(const std::string& data_dir) { return data_dir + "/signing.key"; }

}  // namespace app
