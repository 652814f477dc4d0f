// The liens of an owner, the reservations of an account: one key as a rule, so that one needs no memory of
// its own.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "ledger/base/persistent_map.hpp"

namespace ledger::book {

// In the order of the keys, so that a list does not tell how it came about. Copying one shares what it holds.
template <class Key>
class KeyList {
public:
    [[nodiscard]] std::span<const Key> keys() const {
        if (several_) return *several_;
        return {&only_, only_ == Key{} ? 0U : 1U};
    }
    [[nodiscard]] bool empty() const { return keys().empty(); }

    void insert(Key key) {
        const auto present = keys();
        const auto place = std::ranges::lower_bound(present, key);
        if (place != present.end() && *place == key) return;
        std::vector<Key> longer{present.begin(), place};
        longer.push_back(key);
        longer.insert(longer.end(), place, present.end());
        hold(std::move(longer));
    }
    void erase(Key key) {
        std::vector<Key> shorter{keys().begin(), keys().end()};
        std::erase(shorter, key);
        hold(std::move(shorter));
    }

private:
    void hold(std::vector<Key> keys) {
        only_ = keys.size() == 1 ? keys.front() : Key{};
        several_ = keys.size() > 1 ? std::make_shared<const std::vector<Key>>(std::move(keys)) : nullptr;
    }

    std::shared_ptr<const std::vector<Key>> several_;
    Key only_{};  // zero is no object's key
};

}  // namespace ledger::book

template <class Key>
inline constexpr bool ledger::base::is_cheap_to_copy<ledger::book::KeyList<Key>> = true;
