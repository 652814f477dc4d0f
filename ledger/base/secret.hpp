// A value that cannot be printed, formatted or written as JSON by accident, and that is wiped when it goes.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace ledger::base {

// A write the compiler may not leave out.
void wipe(void* data, std::size_t size) noexcept;

template <class T>
void wipe_value(T& value) noexcept {
    if constexpr (requires {
                      value.resize(value.capacity());
                      value.data();
                  }) {
        // Beyond its size a text may still hold what it held before; growing to the capacity moves nothing.
        value.resize(value.capacity());
        wipe(value.data(), value.size() * sizeof(*value.data()));
        value.clear();
    } else {
        static_assert(std::is_trivially_copyable_v<T>,
                      "only plain bytes and containers of them can be wiped");
        wipe(&value, sizeof value);
    }
}

template <class T>
class Secret {
public:
    explicit Secret(T&& value) : value_{std::move(value)} { wipe_value(value); }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept : value_{std::move(other.value_)} { wipe_value(other.value_); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe_value(value_);
            value_ = std::move(other.value_);
            wipe_value(other.value_);
        }
        return *this;
    }
    ~Secret() { wipe_value(value_); }

    // The only way to the value, so that a search for this name finds every place that sees it.
    [[nodiscard]] const T& reveal() const& { return value_; }
    const T& reveal() const&& = delete;

private:
    T value_;
};

}  // namespace ledger::base
