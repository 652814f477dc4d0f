// A vector that is a value: a copy costs one atomic add, and a change after a copy clones only the path to
// the leaf it touches. For the book's State: the writer changes its own value, readers keep old ones as long
// as they like.
//
// A radix tree: inner nodes of 64 children, leaves of 2^LeafBits elements (take fewer for large elements: a
// leaf is what the first change after a copy clones). All leaves stand at one height, and only the last may
// be part full.
// Cost: reading and changing in place follow log64(size / leaf) pointers: three of them at a million
// elements, where 64-bit elements take 9.5 bytes each.
// Threads: as persistent_node.hpp says. References that mutate gives are valid until the next call that
// changes or copies.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "ledger/base/ensure.hpp"
#include "ledger/base/persistent_node.hpp"

namespace ledger::base {

template <class T, unsigned LeafBits = 4>
class PersistentVector {
    static_assert(LeafBits <= 12, "a leaf is cloned whole");

public:
    PersistentVector() = default;
    PersistentVector(const PersistentVector& other) noexcept
        : root_{other.root_}, size_{other.size_}, height_{other.height_} {
        if (root_ != nullptr) root_->holders.add();
    }
    PersistentVector(PersistentVector&& other) noexcept { swap(other); }
    PersistentVector& operator=(const PersistentVector& other) noexcept {
        PersistentVector copy{other};
        swap(copy);
        return *this;
    }
    PersistentVector& operator=(PersistentVector&& other) noexcept {
        PersistentVector taken{std::move(other)};
        swap(taken);
        return *this;
    }
    ~PersistentVector() { release(root_, height_); }

    void swap(PersistentVector& other) noexcept {
        std::swap(root_, other.root_);
        std::swap(size_, other.size_);
        std::swap(height_, other.height_);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    void clear() noexcept { PersistentVector{}.swap(*this); }

    [[nodiscard]] const T& operator[](std::size_t index) const {
        ensure(index < size_, "a persistent vector is read inside its size");
        return leaf_of(index).items()[index & leaf_mask];
    }

    // Asks the cache for an element that will soon be read or changed.
    void warm(std::size_t index) const noexcept {
        if (index >= size_) return;
        const Leaf& leaf = leaf_of(index);
        __builtin_prefetch(&leaf, 1);
        const auto* first = reinterpret_cast<const std::byte*>(leaf.items() + (index & leaf_mask));
        for (std::size_t at = 0; at < sizeof(T); at += cache_line) __builtin_prefetch(first + at, 1);
        __builtin_prefetch(first + sizeof(T) - 1, 1);
    }

    // In place where the path is ours alone, on a clone of the path where it is shared.
    [[nodiscard]] T& mutate(std::size_t index) {
        ensure(index < size_, "a persistent vector is changed inside its size");
        return own_leaf(index).items()[index & leaf_mask];
    }

    // Returns the new element's index.
    std::size_t push_back(T value) {
        const std::size_t index = size_;
        if ((index & leaf_mask) != 0) {
            Leaf& leaf = own_leaf(index);
            std::construct_at(leaf.items() + leaf.used, std::move(value));
            ++leaf.used;
        } else {
            attach_leaf(index, std::move(value));
        }
        size_ = index + 1;
        return index;
    }

    void pop_back() {
        ensure(size_ != 0, "an empty persistent vector has no last element");
        const std::size_t index = size_ - 1;
        if ((index & leaf_mask) != 0) {
            Leaf& leaf = own_leaf(index);
            --leaf.used;
            std::destroy_at(leaf.items() + leaf.used);
        } else {
            detach_leaf(index);
        }
        size_ = index;
    }

    // fn(element) or fn(index, element), in order.
    template <class Fn>
    void for_each(Fn&& fn) const {
        for_each_from(0, [&fn](std::size_t index, const T& item) {
            call(fn, index, item);
            return false;
        });
    }

    // fn(element) or fn(index, element) from `start` on, until it returns true. Says whether it was stopped.
    template <class Fn>
    bool for_each_from(std::size_t start, Fn&& fn) const {
        for (std::size_t index = start; index < size_;) {
            const Leaf& leaf = leaf_of(index);
            for (std::size_t at = index & leaf_mask; at < leaf.used; ++at, ++index) {
                if (call(fn, index, leaf.items()[at])) return true;
            }
        }
        return false;
    }

    // Bytes asked for by the nodes reached from here, shared or not; for measurement.
    [[nodiscard]] std::size_t footprint() const { return root_ == nullptr ? 0 : footprint(*root_, height_); }

private:
    static constexpr std::size_t leaf_size = std::size_t{1} << LeafBits;
    static constexpr std::size_t leaf_mask = leaf_size - 1;
    static constexpr std::size_t cache_line = 64;
    static constexpr unsigned fan_bits = 6;
    static constexpr std::size_t fan_out = std::size_t{1} << fan_bits;

    struct Node {
        ShareCount holders;
        std::uint32_t used = 0;
    };
    struct Leaf : Node {
        alignas(T) std::byte room[sizeof(T) << LeafBits];  // uninitialised beyond `used`
        [[nodiscard]] T* items() noexcept { return reinterpret_cast<T*>(room); }
        [[nodiscard]] const T* items() const noexcept { return reinterpret_cast<const T*>(room); }
    };
    struct Inner : Node {
        std::array<Node*, fan_out> children;  // uninitialised beyond `used`
    };

    // A subtree until it is tied to its parent, so that an allocation that fails leaks nothing.
    class Loose {
    public:
        Loose(Node* node, unsigned height) noexcept : node_{node}, height_{height} {}
        Loose(const Loose&) = delete;
        Loose& operator=(const Loose&) = delete;
        ~Loose() { release(node_, height_); }
        void wrap() {
            auto* parent = new Inner;
            parent->children[0] = node_;
            parent->used = 1;
            node_ = parent;
            ++height_;
        }
        [[nodiscard]] Node* tie() noexcept { return std::exchange(node_, nullptr); }

    private:
        Node* node_;
        unsigned height_;
    };

    template <class Fn>
    static decltype(auto) call(Fn& fn, std::size_t index, const T& item) {
        if constexpr (std::invocable<Fn&, std::size_t, const T&>) {
            return fn(index, item);
        } else {
            return fn(item);
        }
    }

    static std::size_t branch(std::size_t index, unsigned height) noexcept {
        return (index >> (LeafBits + fan_bits * (height - 1))) & (fan_out - 1);
    }

    // The height of the node under which the leaf that begins at `index` hangs as a chain of first children.
    static unsigned attach_height(std::size_t index) noexcept {
        return static_cast<unsigned>(std::countr_zero(index >> LeafBits)) / fan_bits + 1;
    }

    [[nodiscard]] const Leaf& leaf_of(std::size_t index) const noexcept {
        const Node* node = root_;
        for (unsigned height = height_; height != 0; --height) {
            node = static_cast<const Inner*>(node)->children[branch(index, height)];
        }
        return *static_cast<const Leaf*>(node);
    }

    Leaf& own_leaf(std::size_t index) { return static_cast<Leaf&>(*own_path(index, 0)); }

    // Makes the path to the node at `floor` ours alone and returns the pointer to it, its parent's or root_.
    Node*& own_path(std::size_t index, unsigned floor) {
        Node** at = &root_;
        for (unsigned height = height_;; --height) {
            own(*at, height);
            if (height == floor) return *at;
            at = &static_cast<Inner&>(**at).children[branch(index, height)];
        }
    }

    static void own(Node*& at, unsigned height) {
        if (at->holders.is_sole()) [[likely]]
            return;
        Node* fresh =
            height == 0 ? clone(static_cast<const Leaf&>(*at)) : clone(static_cast<const Inner&>(*at));
        release(std::exchange(at, fresh), height);
    }

    static Node* clone(const Leaf& from) {
        auto fresh = std::make_unique_for_overwrite<Leaf>();
        std::uninitialized_copy_n(from.items(), from.used, fresh->items());
        fresh->used = from.used;
        return fresh.release();
    }

    static Node* clone(const Inner& from) {
        auto* fresh = new Inner;
        fresh->used = from.used;
        base::warm(from.children.data(), from.used);
        for (std::size_t i = 0; i < from.used; ++i) {
            from.children[i]->holders.add();
            fresh->children[i] = from.children[i];
        }
        return fresh;
    }

    void attach_leaf(std::size_t index, T&& value) {
        auto leaf = std::make_unique_for_overwrite<Leaf>();
        std::construct_at(leaf->items(), std::move(value));
        leaf->used = 1;
        Loose chain{leaf.release(), 0};
        if (index == 0) {
            root_ = chain.tie();
            return;
        }
        const unsigned top = attach_height(index);
        for (unsigned height = 1; height < top; ++height) chain.wrap();
        if (top > height_) {
            Loose grown{root_, height_};
            root_->holders.add();
            grown.wrap();
            release(root_, height_);
            root_ = grown.tie();
            ++height_;
        }
        auto& parent = static_cast<Inner&>(*own_path(index, top));
        parent.children[parent.used] = chain.tie();
        ++parent.used;
    }

    void detach_leaf(std::size_t index) {
        if (index == 0) {
            clear();
            return;
        }
        const unsigned top = attach_height(index);
        auto& parent = static_cast<Inner&>(*own_path(index, top));
        --parent.used;
        release(parent.children[parent.used], top - 1);
        if (top == height_ && parent.used == 1) {
            Node* only = parent.children[0];
            delete &parent;
            root_ = only;
            --height_;
        }
    }

    static void release(Node* node, unsigned height) noexcept {
        if (node == nullptr || !node->holders.drop()) return;
        if (height == 0) {
            auto* leaf = static_cast<Leaf*>(node);
            std::destroy_n(leaf->items(), leaf->used);
            delete leaf;
            return;
        }
        auto* inner = static_cast<Inner*>(node);
        base::warm(inner->children.data(), inner->used);
        for (std::size_t i = 0; i < inner->used; ++i) release(inner->children[i], height - 1);
        delete inner;
    }

    static std::size_t footprint(const Node& node, unsigned height) {
        if (height == 0) return sizeof(Leaf);
        const auto& inner = static_cast<const Inner&>(node);
        std::size_t sum = sizeof(Inner);
        for (std::size_t i = 0; i < inner.used; ++i) sum += footprint(*inner.children[i], height - 1);
        return sum;
    }

    Node* root_ = nullptr;
    std::size_t size_ = 0;
    unsigned height_ = 0;
};

}  // namespace ledger::base
