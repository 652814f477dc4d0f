// What an idempotency key may look like, in the header and in the items of a batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace api::wire {

inline constexpr std::size_t idempotency_key_bytes_max = 255;

[[nodiscard]] inline bool is_idempotency_key(std::string_view text) {
    return !text.empty() && text.size() <= idempotency_key_bytes_max &&
           std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace api::wire
