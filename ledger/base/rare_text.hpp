// A text that most records leave empty: eight bytes where a std::string takes thirty-two, and one allocation
// when there is something to say.
#pragma once

#include <algorithm>
#include <compare>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ledger::base {

class RareText {
public:
    RareText() = default;
    RareText(std::string_view text) : room_{room_for(text)} {}
    RareText(const std::string& text) : RareText{std::string_view{text}} {}
    RareText(const char* text) : RareText{std::string_view{text}} {}
    RareText(const RareText& other) : RareText{other.view()} {}
    RareText(RareText&& other) noexcept = default;
    RareText& operator=(const RareText& other) {
        if (this != &other) room_ = room_for(other.view());
        return *this;
    }
    RareText& operator=(RareText&& other) noexcept = default;
    ~RareText() = default;

    [[nodiscard]] std::string_view view() const {
        if (!room_) return {};
        std::size_t size = 0;
        std::memcpy(&size, room_.get(), sizeof size);
        return {room_.get() + sizeof size, size};
    }
    operator std::string_view() const { return view(); }
    [[nodiscard]] bool empty() const { return !room_; }
    [[nodiscard]] std::size_t size() const { return view().size(); }

    friend bool operator==(const RareText& left, const RareText& right) {
        return left.view() == right.view();
    }
    friend auto operator<=>(const RareText& left, const RareText& right) {
        return left.view() <=> right.view();
    }

private:
    // The size, then the characters; nothing for an empty text.
    static std::unique_ptr<char[]> room_for(std::string_view text) {
        if (text.empty()) return nullptr;
        const auto size = text.size();
        auto room = std::make_unique_for_overwrite<char[]>(sizeof size + size);
        std::memcpy(room.get(), &size, sizeof size);
        std::ranges::copy(text, room.get() + sizeof size);
        return room;
    }

    std::unique_ptr<char[]> room_;
};

}  // namespace ledger::base
