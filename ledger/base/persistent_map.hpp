// A map that is a value: a copy costs one atomic add, and a change after a copy clones only the path to the
// entry it touches. For the book's State: the writer changes its own value, readers keep old ones as long as
// they like.
//
// A hash array mapped trie: each node takes six bits of the hash, highest first, and holds only the slots
// and children that exist, found by counting the bits of two bitmaps. Keys of equal hash stand in order in a
// node below the last bits. Structure is canonical: it follows from the contents alone, whatever insertions
// and erasures led to them, and so does the order of for_each: rising by hash, then by key. That order is
// the same on every machine (persistent_hash.hpp).
//
// Cost: at a million entries a find follows three pointers, and an entry of two 64-bit words takes 27 bytes
// of heap, allocator included. A large entry, or one whose value is costly to copy, stands in a cell of its
// own, so that cloning a node never copies its neighbours' values.
// Threads: as persistent_node.hpp says. References are valid until the next call that changes or copies the
// map.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <source_location>
#include <span>
#include <type_traits>
#include <utility>

#include "ledger/base/ensure.hpp"
#include "ledger/base/persistent_hash.hpp"
#include "ledger/base/persistent_node.hpp"

namespace ledger::base {

// An entry inside its node, or in a cell that nodes share.
template <class Entry>
class InlineSlot {
public:
    explicit InlineSlot(Entry&& entry) : entry_{std::move(entry)} {}
    [[nodiscard]] const Entry& get() const noexcept { return entry_; }
    [[nodiscard]] Entry& own() noexcept { return entry_; }
    void warm() const noexcept {}

private:
    Entry entry_;
};

template <class Entry>
class SharedSlot {
public:
    explicit SharedSlot(Entry&& entry) : cell_{new Cell(std::move(entry))} {}
    SharedSlot(const SharedSlot& other) noexcept : cell_{other.cell_} { cell_->holders.add(); }
    SharedSlot(SharedSlot&& other) noexcept : cell_{std::exchange(other.cell_, nullptr)} {}
    SharedSlot& operator=(const SharedSlot&) = delete;
    SharedSlot& operator=(SharedSlot&&) = delete;
    ~SharedSlot() { release(cell_); }

    [[nodiscard]] const Entry& get() const noexcept { return cell_->entry; }
    void warm() const noexcept { __builtin_prefetch(cell_, 1); }
    [[nodiscard]] Entry& own() {
        if (!cell_->holders.is_sole()) {
            auto* fresh = new Cell(Entry(cell_->entry));
            release(std::exchange(cell_, fresh));
        }
        return cell_->entry;
    }

private:
    struct Cell {
        explicit Cell(Entry&& from) : entry{std::move(from)} {}
        ShareCount holders;
        Entry entry;
    };
    static void release(Cell* cell) noexcept {
        if (cell != nullptr && cell->holders.drop()) delete cell;
    }
    Cell* cell_;
};

// Whether cloning a node may copy its neighbours' values: such a value needs no cell of its own. Specialise
// it for a type of yours whose copies allocate nothing.
template <class Value>
inline constexpr bool is_cheap_to_copy = std::is_trivially_copyable_v<Value>;

template <class Key, class Value, class Hash = PersistentHash<Key>>
class PersistentMap {
    static_assert(std::totally_ordered<Key>, "keys of equal hash are kept in order");

    // What a look-up may be by, beside the key itself.
    template <class Probe>
    static constexpr bool is_probe = requires(const Key& key, const Probe& probe) {
        typename Hash::is_transparent;
        { Hash{}(probe) } -> std::same_as<std::uint64_t>;
        { key == probe } -> std::convertible_to<bool>;
        { key < probe } -> std::convertible_to<bool>;
        Key(probe);
    };

public:
    PersistentMap() = default;
    PersistentMap(const PersistentMap& other) noexcept : root_{other.root_}, size_{other.size_} {
        if (root_ != nullptr) root_->holders.add();
    }
    PersistentMap(PersistentMap&& other) noexcept { swap(other); }
    PersistentMap& operator=(const PersistentMap& other) noexcept {
        PersistentMap copy{other};
        swap(copy);
        return *this;
    }
    PersistentMap& operator=(PersistentMap&& other) noexcept {
        PersistentMap taken{std::move(other)};
        swap(taken);
        return *this;
    }
    ~PersistentMap() { release(root_); }

    void swap(PersistentMap& other) noexcept {
        std::swap(root_, other.root_);
        std::swap(size_, other.size_);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    void clear() noexcept { PersistentMap{}.swap(*this); }

    // Null when there is no such key.
    [[nodiscard]] const Value* find(const Key& key) const { return find_by(key); }
    template <class Probe>
        requires is_probe<Probe>
    [[nodiscard]] const Value* find(const Probe& probe) const {
        return find_by(probe);
    }

    // Looks for several keys at once, step by step together, so that their waits for memory overlap. Null
    // where there is no such key. At most `together` of them.
    static constexpr std::size_t together = 32;
    template <class Probe>
    void find_together(std::span<const Probe> probes, const Value** found) const {
        std::array<Step, together> steps;
        const auto count = std::min(probes.size(), together);
        for (std::size_t at = 0; at < count; ++at) steps[at] = {root_, nullptr, Hash{}(probes[at])};
        bool is_under_way = root_ != nullptr;
        for (unsigned depth = 0; is_under_way && depth < depth_max; ++depth) {
            is_under_way = false;
            for (std::size_t at = 0; at < count; ++at) is_under_way |= descend(steps[at]);
        }
        for (std::size_t at = 0; at < count; ++at) {
            const auto& step = steps[at];
            const bool is_found = step.slot != nullptr && step.slot->get().key == probes[at];
            found[at] = is_found               ? &step.slot->get().value
                        : step.node != nullptr ? find_by(probes[at])  // among keys of equal hash
                                               : nullptr;
        }
    }

    [[nodiscard]] bool contains(const Key& key) const { return lookup(key) != nullptr; }
    template <class Probe>
        requires is_probe<Probe>
    [[nodiscard]] bool contains(const Probe& probe) const {
        return lookup(probe) != nullptr;
    }

    // True when the key is new.
    bool insert_or_assign(const Key& key, Value value) {
        const auto [there, is_new] = place(key, [&] { return Entry{key, std::move(value)}; });
        if (!is_new) *there = std::move(value);
        return is_new;
    }

    // The value of a key that is there, to be changed: in place where the path is ours alone, else on a clone
    // of it.
    [[nodiscard]] Value& mutate(const Key& key) { return mutate_by(key); }
    template <class Probe>
        requires is_probe<Probe>
    [[nodiscard]] Value& mutate(const Probe& probe) {
        return mutate_by(probe);
    }

    // The same, with a default value put in first when the key is new.
    Value& upsert(const Key& key) {
        return *place(key, [&] { return Entry{key, Value{}}; }).first;
    }
    template <class Probe>
        requires is_probe<Probe>
    Value& upsert(const Probe& probe) {
        return *place(probe, [&] { return Entry{Key(probe), Value{}}; }).first;
    }

    // False, and nothing is cloned, when there is no such key.
    bool erase(const Key& key) { return erase_by(key); }
    template <class Probe>
        requires is_probe<Probe>
    bool erase(const Probe& probe) {
        return erase_by(probe);
    }

    // fn(key, value), in an order that follows from the contents alone.
    template <class Fn>
    void for_each(Fn&& fn) const {
        if (root_ != nullptr) walk(*root_, fn);
    }

    // Bytes asked for by the nodes reached from here, shared or not, cells apart; for measurement.
    [[nodiscard]] std::size_t footprint() const { return root_ == nullptr ? 0 : footprint(*root_); }

private:
    struct Entry {
        Key key;
        Value value;
    };
    static constexpr bool is_inline = sizeof(Entry) <= 64 && is_cheap_to_copy<Value>;
    using Slot = std::conditional_t<is_inline, InlineSlot<Entry>, SharedSlot<Entry>>;
    static_assert(std::is_nothrow_move_constructible_v<Slot>, "slots move from node to node");

    static constexpr unsigned bits = 6;
    static constexpr unsigned depth_max = 11;  // 64 bits of hash are spent; below stand keys of equal hash

    // Slots follow the header, children follow the slots. A node of equal hashes has slots and empty bitmaps.
    struct Node {
        ShareCount holders;
        std::uint32_t slot_count;
        std::uint64_t slot_map;
        std::uint64_t child_map;

        [[nodiscard]] unsigned child_count() const noexcept { return count_bits(child_map); }
        [[nodiscard]] Slot* slots() noexcept { return reinterpret_cast<Slot*>(at(slots_at)); }
        [[nodiscard]] const Slot* slots() const noexcept { return const_cast<Node*>(this)->slots(); }
        [[nodiscard]] Node** children() noexcept {
            return reinterpret_cast<Node**>(at(children_at(slot_count)));
        }
        [[nodiscard]] Node* const* children() const noexcept { return const_cast<Node*>(this)->children(); }

    private:
        [[nodiscard]] std::byte* at(std::size_t offset) noexcept {
            return reinterpret_cast<std::byte*>(this) + offset;
        }
    };

    static constexpr std::size_t rounded(std::size_t size, std::size_t unit) {
        return (size + unit - 1) / unit * unit;
    }
    static constexpr std::size_t alignment = std::max(alignof(Node), alignof(Slot));
    static constexpr bool is_overaligned =
        alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__;  // those calls are slower
    static constexpr std::size_t slots_at = rounded(sizeof(Node), alignof(Slot));
    static constexpr std::size_t children_at(std::size_t slot_count) {
        return rounded(slots_at + slot_count * sizeof(Slot), alignof(Node*));
    }
    static std::size_t size_of(std::size_t slot_count, std::uint64_t child_map) {
        return children_at(slot_count) + count_bits(child_map) * sizeof(Node*);
    }

    // Frees a node's memory only; used while its slots are not yet, or no more, alive.
    struct FreeShell {
        void operator()(Node* node) const noexcept {
            std::destroy_at(node);
            if constexpr (is_overaligned) {
                ::operator delete(node, std::align_val_t{alignment});
            } else {
                ::operator delete(node);
            }
        }
    };
    struct Release {
        void operator()(Node* node) const noexcept { release(node); }
    };
    using Shell = std::unique_ptr<Node, FreeShell>;
    using Loose = std::unique_ptr<Node, Release>;  // a subtree not yet tied to its parent

    static Shell make_shell(std::size_t slot_count, std::uint64_t slot_map, std::uint64_t child_map) {
        const std::size_t size = size_of(slot_count, child_map);
        void* memory = nullptr;
        if constexpr (is_overaligned) {
            memory = ::operator new(size, std::align_val_t{alignment});
        } else {
            memory = ::operator new(size);
        }
        return Shell{::new (memory) Node{{}, static_cast<std::uint32_t>(slot_count), slot_map, child_map}};
    }

    static std::uint64_t bit_of(std::uint64_t path) noexcept {
        return std::uint64_t{1} << (path >> (64 - bits));
    }
    static std::size_t rank(std::uint64_t map, std::uint64_t bit) noexcept {
        return count_bits(map & (bit - 1));
    }
    static std::uint64_t path_at(std::uint64_t hash, unsigned depth) noexcept {
        return depth == depth_max ? 0 : hash << (bits * depth);
    }

    template <class Probe>
    static std::size_t rank_of_key(const Node& node, const Probe& probe) {
        const Slot* end = node.slots() + node.slot_count;
        const Slot* found =
            std::lower_bound(node.slots(), end, probe,
                             [](const Slot& slot, const Probe& sought) { return slot.get().key < sought; });
        return static_cast<std::size_t>(found - node.slots());
    }

    struct Step {
        const Node* node = nullptr;  // null once the way has ended
        const Slot* slot = nullptr;  // where it ended, if anywhere
        std::uint64_t path = 0;
    };
    // One node further; what comes next is asked for and not waited for. False at the end of the way.
    static bool descend(Step& step) {
        if (step.node == nullptr) return false;
        const Node& node = *step.node;
        const std::uint64_t bit = bit_of(step.path);
        step.path <<= bits;
        if ((node.child_map & bit) != 0) {
            step.node = node.children()[rank(node.child_map, bit)];
            __builtin_prefetch(step.node);
            return true;
        }
        step.node = nullptr;
        if ((node.slot_map & bit) == 0) return false;
        step.slot = node.slots() + rank(node.slot_map, bit);
        __builtin_prefetch(step.slot);
        return false;
    }

    template <class Probe>
    [[nodiscard]] const Entry* lookup(const Probe& probe) const {
        const Node* node = root_;
        if (node == nullptr) return nullptr;
        std::uint64_t path = Hash{}(probe);
        for (unsigned depth = 0; depth < depth_max; ++depth, path <<= bits) {
            const std::uint64_t bit = bit_of(path);
            if ((node->child_map & bit) != 0) {
                node = node->children()[rank(node->child_map, bit)];
                continue;
            }
            if ((node->slot_map & bit) == 0) return nullptr;
            const Entry& entry = node->slots()[rank(node->slot_map, bit)].get();
            return entry.key == probe ? &entry : nullptr;
        }
        const std::size_t at = rank_of_key(*node, probe);
        if (at == node->slot_count || !(node->slots()[at].get().key == probe)) return nullptr;
        return &node->slots()[at].get();
    }

    template <class Probe>
    [[nodiscard]] const Value* find_by(const Probe& probe) const {
        const Entry* entry = lookup(probe);
        return entry == nullptr ? nullptr : &entry->value;
    }

    template <class Probe>
    Value& mutate_by(const Probe& probe) {
        return *place(probe, []() -> Entry {
                    ensure_failed("a persistent map changes only a key that is there",
                                  std::source_location::current());
                }).first;
    }

    // The value of the key, with the entry that make() gives put in first when the key is new; and whether it
    // was.
    template <class Probe, class Make>
    std::pair<Value*, bool> place(const Probe& probe, Make make) {
        bool is_new = false;
        std::uint64_t path = Hash{}(probe);
        if (root_ == nullptr) root_ = make_shell(0, 0, 0).release();
        Node** at = &root_;
        for (unsigned depth = 0; depth < depth_max; ++depth, path <<= bits) {
            own(*at);
            const std::uint64_t bit = bit_of(path);
            const std::size_t index = rank((*at)->slot_map, bit);
            if (((*at)->child_map & bit) == 0) {
                if (((*at)->slot_map & bit) == 0)
                    return {insert(*at, index, (*at)->slot_map | bit, make), true};
                Slot& there = (*at)->slots()[index];
                if (there.get().key == probe) return {&there.own().value, is_new};
                push_down(*at, index, bit, depth, path, Slot(make()));
                is_new = true;
                ++size_;
            }
            at = &(*at)->children()[rank((*at)->child_map, bit)];
        }
        own(*at);
        const std::size_t index = rank_of_key(**at, probe);
        const bool is_there = index < (*at)->slot_count && (*at)->slots()[index].get().key == probe;
        if (is_there) return {&(*at)->slots()[index].own().value, is_new};
        return {insert(*at, index, 0, make), true};
    }

    template <class Make>
    Value* insert(Node*& at, std::size_t index, std::uint64_t slot_map, Make& make) {
        Slot fresh(make());
        Node& old = *at;
        Shell shell = make_shell(old.slot_count + 1U, slot_map, old.child_map);
        move_slots(old, 0, index, *shell, 0);
        std::construct_at(shell->slots() + index, std::move(fresh));
        move_slots(old, index, old.slot_count, *shell, index + 1);
        std::copy_n(old.children(), old.child_count(), shell->children());
        replace(at, std::move(shell));
        ++size_;
        return &at->slots()[index].own().value;
    }

    // The slot at `index` and a fresh one of the same bit go into a child of their own.
    static void push_down(Node*& at, std::size_t index, std::uint64_t bit, unsigned depth, std::uint64_t path,
                          Slot&& fresh) {
        Node& old = *at;
        Slot& there = old.slots()[index];
        const std::uint64_t there_path = path_at(Hash{}(there.get().key), depth + 1);
        Shell shell = make_shell(old.slot_count - 1U, old.slot_map & ~bit, old.child_map | bit);
        const std::size_t child = rank(shell->child_map, bit);
        shell->children()[child] = join(depth + 1, there_path, there, path << bits, fresh).release();
        std::destroy_at(&there);
        move_slots(old, 0, index, *shell, 0);
        move_slots(old, index + 1, old.slot_count, *shell, index);
        std::copy_n(old.children(), child, shell->children());
        std::copy_n(old.children() + child, old.child_count() - child, shell->children() + child + 1);
        replace(at, std::move(shell));
    }

    // The smallest subtree of two slots; moves from them only when all memory is there.
    static Loose join(unsigned depth, std::uint64_t left_path, Slot& left, std::uint64_t right_path,
                      Slot& right) {
        const bool is_last = depth == depth_max;
        const std::uint64_t left_bit = is_last ? 0 : bit_of(left_path);
        const std::uint64_t right_bit = is_last ? 0 : bit_of(right_path);
        if (!is_last && left_bit == right_bit) {
            Shell shell = make_shell(0, 0, left_bit);
            shell->children()[0] =
                join(depth + 1, left_path << bits, left, right_path << bits, right).release();
            return Loose{shell.release()};
        }
        Shell shell = make_shell(2, left_bit | right_bit, 0);
        const bool left_first = is_last ? left.get().key < right.get().key : left_bit < right_bit;
        std::construct_at(shell->slots(), std::move(left_first ? left : right));
        std::construct_at(shell->slots() + 1, std::move(left_first ? right : left));
        return Loose{shell.release()};
    }

    template <class Probe>
    bool erase_by(const Probe& probe) {
        if (lookup(probe) == nullptr) return false;
        remove(root_, 0, Hash{}(probe), probe);
        --size_;
        if (size_ == 0) release(std::exchange(root_, nullptr));
        return true;
    }

    template <class Probe>
    static void remove(Node*& at, unsigned depth, std::uint64_t path, const Probe& probe) {
        own(at);
        const std::uint64_t bit = depth == depth_max ? 0 : bit_of(path);
        if ((at->child_map & bit) != 0) {
            const std::size_t child = rank(at->child_map, bit);
            remove(at->children()[child], depth + 1, path << bits, probe);
            const Node& below = *at->children()[child];
            if (below.child_map == 0 && below.slot_count == 1) pull_up(at, child, bit);
            return;
        }
        Node& old = *at;
        const std::size_t index = bit == 0 ? rank_of_key(old, probe) : rank(old.slot_map, bit);
        Shell shell = make_shell(old.slot_count - 1U, old.slot_map & ~bit, old.child_map);
        std::destroy_at(old.slots() + index);
        move_slots(old, 0, index, *shell, 0);
        move_slots(old, index + 1, old.slot_count, *shell, index);
        std::copy_n(old.children(), old.child_count(), shell->children());
        replace(at, std::move(shell));
    }

    // A child left with one slot gives it to its parent, so that structure follows from the contents.
    static void pull_up(Node*& at, std::size_t child, std::uint64_t bit) {
        Node& old = *at;
        Node& below = *old.children()[child];
        Shell shell = make_shell(old.slot_count + 1U, old.slot_map | bit, old.child_map & ~bit);
        const std::size_t index = rank(old.slot_map, bit);
        move_slots(old, 0, index, *shell, 0);
        move_slots(below, 0, 1, *shell, index);
        move_slots(old, index, old.slot_count, *shell, index + 1);
        std::copy_n(old.children(), child, shell->children());
        std::copy_n(old.children() + child + 1, old.child_count() - child - 1, shell->children() + child);
        FreeShell{}(&below);
        replace(at, std::move(shell));
    }

    // Both nodes are ours alone: what moves needs no count.
    static void move_slots(Node& from, std::size_t first, std::size_t last, Node& to,
                           std::size_t at) noexcept {
        for (; first < last; ++first, ++at) {
            Slot& slot = from.slots()[first];
            std::construct_at(to.slots() + at, std::move(slot));
            std::destroy_at(&slot);
        }
    }

    // The old node's slots and children have moved; its memory goes.
    static void replace(Node*& at, Shell shell) noexcept {
        Shell{std::exchange(at, shell.release())}.reset();
    }

    // Before all that hangs on a node gains or loses a holder.
    static void warm(const Node& node) noexcept {
        for (unsigned i = 0; i < node.slot_count; ++i) node.slots()[i].warm();
        base::warm(node.children(), node.child_count());
    }

    static void own(Node*& at) {
        if (at->holders.is_sole()) [[likely]]
            return;
        const Node& from = *at;
        Shell shell = make_shell(from.slot_count, from.slot_map, from.child_map);
        warm(from);
        std::uninitialized_copy_n(from.slots(), from.slot_count, shell->slots());
        for (unsigned i = 0; i < from.child_count(); ++i) {
            from.children()[i]->holders.add();
            shell->children()[i] = from.children()[i];
        }
        release(std::exchange(at, shell.release()));
    }

    static void release(Node* node) noexcept {
        if (node == nullptr || !node->holders.drop()) return;
        const unsigned child_count = node->child_count();
        warm(*node);
        std::destroy_n(node->slots(), node->slot_count);
        for (unsigned i = 0; i < child_count; ++i) release(node->children()[i]);
        FreeShell{}(node);
    }

    template <class Fn>
    static void walk(const Node& node, Fn& fn) {
        const Slot* slot = node.slots();
        Node* const* child = node.children();
        if (node.slot_map == 0 && node.child_map == 0) {
            for (const Slot* end = slot + node.slot_count; slot != end; ++slot)
                fn(slot->get().key, slot->get().value);
        }
        for (std::uint64_t left = node.slot_map | node.child_map; left != 0; left &= left - 1) {
            if ((node.child_map & (left & -left)) != 0) {
                walk(**child++, fn);
            } else {
                fn(slot->get().key, slot->get().value);
                ++slot;
            }
        }
    }

    static std::size_t footprint(const Node& node) {
        std::size_t sum = size_of(node.slot_count, node.child_map);
        for (unsigned i = 0; i < node.child_count(); ++i) sum += footprint(*node.children()[i]);
        return sum;
    }

    Node* root_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace ledger::base
