#include "ledger/proof/hash_chain.hpp"

#include <string>

#include <boost/container/small_vector.hpp>

namespace ledger::proof {
namespace {

using Preimage = boost::container::small_vector<std::byte, 1024>;

void append_number(Preimage& out, std::uint64_t number) {
    std::array<std::byte, 8> digits;
    for (std::size_t at = digits.size(); at-- > 0; number >>= 8U) digits[at] = static_cast<std::byte>(number);
    out.insert(out.end(), digits.begin(), digits.end());
}

void append_bytes(Preimage& out, ByteView data) { out.insert(out.end(), data.begin(), data.end()); }

}  // namespace

Digest chain_root(std::string_view book) { return sha256("bailee.book.1" + std::string{book}); }

Digest link_hash(const ChainLink& link) {
    Preimage out;
    out.reserve(160 + link.body.size());
    append_bytes(out, as_bytes("bailee.event.1"));
    append_bytes(out, link.previous.bytes);
    append_number(out, link.version.value);
    append_number(out, link.principal.value);
    append_number(out, static_cast<std::uint64_t>(link.known_at.micros()));
    append_number(out, static_cast<std::uint64_t>(link.effective_at.micros()));
    out.push_back(static_cast<std::byte>(link.idempotency_id.size()));
    append_bytes(out, link.idempotency_id);
    append_bytes(out, link.request_digest.bytes);
    append_bytes(out, as_bytes(link.body));
    return sha256(ByteView{out.data(), out.size()});
}

}  // namespace ledger::proof
