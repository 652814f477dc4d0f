#include "ledger/base/key_filter.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "ledger/base/ensure.hpp"
#include "ledger/base/fault_point.hpp"

namespace ledger::base {
namespace {

// Words are stored as this machine has them.
static_assert(std::endian::native == std::endian::little);

__extension__ using Wide = unsigned __int128;

constexpr unsigned char format = 1;
constexpr std::size_t header_size = 1 + 2 * sizeof(std::uint64_t);  // format, capacity, count
constexpr unsigned bits_to_place = 6;  // of 64

std::uint64_t word_at(const std::byte* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

void put_word(std::string& bytes, std::uint64_t word) {
    std::array<char, sizeof word> raw{};
    std::memcpy(raw.data(), &word, sizeof word);
    bytes.append(raw.data(), raw.size());
}

// The first half of a key chooses the block, the second the bits.
std::size_t block_of(KeyFilter::Key key, std::size_t blocks) {
    return static_cast<std::size_t>((Wide{word_at(key.data())} * blocks) >> 64U);
}

}  // namespace

std::size_t KeyFilter::blocks_for(std::uint64_t capacity) {
    ensure(capacity >= 1 && capacity <= capacity_max,
           "a filter is sized for some keys, and not for all there are");
    constexpr std::uint64_t bits = 8 * sizeof(Block);
    return static_cast<std::size_t>((capacity * bits_per_key + bits - 1) / bits);
}

KeyFilter::KeyFilter(std::uint64_t capacity) : blocks_(blocks_for(capacity)), capacity_{capacity} {}

void KeyFilter::add(Key key) {
    auto& block = blocks_[block_of(key, blocks_.size())];
    auto places = word_at(key.data() + sizeof(std::uint64_t));
    std::uint64_t news = 0;
    for (auto& word : block.words) {
        const auto bit = std::uint64_t{1} << (places & 63U);
        news |= bit & ~word;
        word |= bit;
        places >>= bits_to_place;
    }
    count_ += news != 0 ? 1 : 0;
}

bool KeyFilter::may_hold(Key key) const {
    if (is_planted(PlantedBug::filter_false_negative)) return false;
    const auto& block = blocks_[block_of(key, blocks_.size())];
    auto places = word_at(key.data() + sizeof(std::uint64_t));
    std::uint64_t all = 1;
    for (const auto& word : block.words) {
        all &= word >> (places & 63U);
        places >>= bits_to_place;
    }
    return (all & 1U) != 0;
}

std::string KeyFilter::to_bytes() const {
    std::string bytes;
    bytes.reserve(header_size + memory() + Digest{}.bytes.size());
    bytes.push_back(static_cast<char>(format));
    put_word(bytes, capacity_);
    put_word(bytes, count_);
    bytes.append(reinterpret_cast<const char*>(blocks_.data()), memory());
    const auto sum = sha256(bytes);
    bytes.append(reinterpret_cast<const char*>(sum.bytes.data()), sum.bytes.size());
    return bytes;
}

std::optional<KeyFilter> KeyFilter::from_bytes(ByteView bytes) {
    constexpr auto sum_size = std::tuple_size_v<decltype(Digest::bytes)>;
    if (bytes.size() < header_size + sum_size) return std::nullopt;
    const auto summed = bytes.first(bytes.size() - sum_size);
    if (!std::ranges::equal(sha256(summed).bytes, bytes.last(sum_size))) return std::nullopt;
    const auto capacity = word_at(bytes.data() + 1);
    if (bytes[0] != std::byte{format} || capacity < 1 || capacity > capacity_max) return std::nullopt;
    if (summed.size() != header_size + blocks_for(capacity) * sizeof(Block)) return std::nullopt;
    KeyFilter filter{capacity};
    filter.count_ = word_at(bytes.data() + 1 + sizeof(std::uint64_t));
    std::memcpy(filter.blocks_.data(), bytes.data() + header_size, filter.memory());
    return filter;
}

void GrowingKeyFilter::add(KeyFilter::Key key) {
    if (parts_.empty())
        parts_.emplace_back(first_capacity_);
    else if (parts_.back().is_full())
        parts_.emplace_back(std::min(parts_.back().capacity() * 2, KeyFilter::capacity_max));
    parts_.back().add(key);
}

std::uint64_t GrowingKeyFilter::count() const {
    std::uint64_t count = 0;
    for (const auto& part : parts_) count += part.count();
    return count;
}

std::size_t GrowingKeyFilter::memory() const {
    std::size_t memory = 0;
    for (const auto& part : parts_) memory += part.memory();
    return memory;
}

std::string GrowingKeyFilter::to_bytes() const {
    std::string bytes;
    for (const auto& part : parts_) {
        const auto own = part.to_bytes();
        put_word(bytes, own.size());
        bytes += own;
    }
    put_word(bytes, 0);  // so that a lost part is seen
    return bytes;
}

std::optional<GrowingKeyFilter> GrowingKeyFilter::from_bytes(ByteView bytes, std::uint64_t first_capacity) {
    GrowingKeyFilter filter{first_capacity};
    while (bytes.size() >= sizeof(std::uint64_t)) {
        const auto size = word_at(bytes.data());
        bytes = bytes.subspan(sizeof(std::uint64_t));
        if (size == 0) return bytes.empty() ? std::optional{std::move(filter)} : std::nullopt;
        if (size > bytes.size()) return std::nullopt;
        auto part = KeyFilter::from_bytes(bytes.first(static_cast<std::size_t>(size)));
        if (!part) return std::nullopt;
        filter.parts_.push_back(*std::move(part));
        bytes = bytes.subspan(static_cast<std::size_t>(size));
    }
    return std::nullopt;
}

}  // namespace ledger::base
