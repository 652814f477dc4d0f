#include "ledger/base/secret.hpp"

#include <openssl/crypto.h>

namespace ledger::base {

void wipe(void* data, std::size_t size) noexcept { OPENSSL_cleanse(data, size); }

}  // namespace ledger::base
