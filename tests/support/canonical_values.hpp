// Random values of every type of the log, made by walking the same field lists the codec walks.
#pragma once

#include <random>

#include "ledger/book/canonical.hpp"
#include "ledger/book/event.hpp"

namespace support {

class RandomValues {
public:
    explicit RandomValues(std::uint64_t seed) : random_{seed} {}

    template <class T>
    T make() {
        T item{};
        fill(item);
        return item;
    }
    // The alternative of that number of a variant.
    template <class Variant>
    Variant make_alternative(std::size_t number) {
        Variant item;
        choose(item, number, std::make_index_sequence<std::variant_size_v<Variant>>{});
        return item;
    }
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

private:
    template <class T>
    void fill(T& item) {
        using namespace ledger::book;
        if constexpr (std::is_same_v<T, bool>) {
            item = below(2) == 1;
        } else if constexpr (std::is_same_v<T, Code>) {
            item = static_cast<Code>(1 + below(code_table().size()));
        } else if constexpr (std::is_enum_v<T>) {
            item = static_cast<T>(below(static_cast<std::uint64_t>(last_of(T{})) + 1));
        } else if constexpr (std::is_unsigned_v<T>) {
            item = static_cast<T>(random_() >> below(64));
        } else if constexpr (std::is_same_v<T, Quantity>) {
            const auto wide = (static_cast<int128>(random_()) << 64U) | static_cast<int128>(random_());
            item = Quantity{wide >> static_cast<int>(below(127))};
        } else if constexpr (std::is_same_v<T, std::string>) {
            item.resize(below(9));
            for (auto& letter : item) letter = static_cast<char>(below(256));
        } else if constexpr (std::is_same_v<T, RareText>) {
            std::string text;
            fill(text);
            item = text;
        } else if constexpr (std::is_same_v<T, Digest>) {
            for (auto& byte : item.bytes) byte = static_cast<std::byte>(below(256));
        } else if constexpr (std::is_same_v<T, RoleSet>) {
            item = RoleSet{static_cast<std::uint16_t>(below(512))};
        } else if constexpr (std::is_same_v<T, AccountKinds>) {
            item = AccountKinds{random_() & AccountKinds::any().bits()};
        } else if constexpr (requires { item.micros(); }) {
            item = T::from_micros(static_cast<std::int64_t>(random_() >> below(64)));
        } else if constexpr (requires {
                                 item.has_value();
                                 item.emplace();
                             }) {
            if (below(2) == 1) fill(item.emplace());
        } else if constexpr (HasFields<T>) {
            std::apply([&](auto... member) { (fill(item.*member), ...); }, T::fields);
        } else if constexpr (is_variant<T>) {
            choose(item, below(std::variant_size_v<T>), std::make_index_sequence<std::variant_size_v<T>>{});
        } else if constexpr (requires { item.emplace_back(); }) {
            for (auto more = below(4); more > 0; --more) fill(item.emplace_back());
        } else {
            item.value = static_cast<decltype(item.value)>(random_() >> below(64));
        }
    }
    template <class Variant, std::size_t... Index>
    void choose(Variant& item, std::size_t number, std::index_sequence<Index...>) {
        ((Index == number ? fill(item.template emplace<Index>()) : void()), ...);
    }

    std::mt19937_64 random_;
};

}  // namespace support
