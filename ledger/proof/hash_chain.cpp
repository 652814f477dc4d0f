#include "ledger/proof/hash_chain.hpp"

#include <string>

namespace ledger::proof {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((number >> shift) & 0xffU);
}

void append_bytes(std::string& out, ByteView data) {
    out.append(reinterpret_cast<const char*>(data.data()), data.size());
}

}  // namespace

Digest chain_root(std::string_view book) { return sha256("bailee.book.1" + std::string{book}); }

Digest link_hash(const ChainLink& link) {
    std::string out{"bailee.event.1"};
    out.reserve(160 + link.body.size());
    append_bytes(out, link.previous.bytes);
    append_number(out, link.version.value);
    append_number(out, link.principal.value);
    append_number(out, static_cast<std::uint64_t>(link.known_at.micros()));
    append_number(out, static_cast<std::uint64_t>(link.effective_at.micros()));
    out += static_cast<char>(link.idempotency_id.size());
    append_bytes(out, link.idempotency_id);
    append_bytes(out, link.request_digest.bytes);
    out += link.body;
    return sha256(out);
}

}  // namespace ledger::proof
