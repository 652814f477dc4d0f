// The log's hash chain: each version's hash covers every fact of it and the hash before. Law 6.
#pragma once

#include <optional>
#include <string_view>

#include "ledger/base/digest.hpp"
#include "ledger/book/event.hpp"

namespace ledger::proof {

using namespace ledger::book;

// The hash before version 1: of the book's name and id, so that no two books share a chain.
[[nodiscard]] Digest chain_root(std::string_view book);

// sha256("bailee.event.1" · previous · version · principal · known · effective · idempotency id · request
// digest · body), numbers as eight bytes big-endian, the idempotency id as a length byte and its bytes.
struct ChainLink {
    Digest previous;
    Version version;
    PrincipalNo principal;
    KnownAt known_at;
    EffectiveAt effective_at;
    ByteView idempotency_id;  // sixteen bytes, or none
    Digest request_digest;
    std::string_view body;  // canonical bytes of the events
};
[[nodiscard]] Digest link_hash(const ChainLink& link);

}  // namespace ledger::proof
