#include "api/wire/cursor.hpp"

#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace api::wire {
namespace {

using namespace ledger::base;

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t number = 0;
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// The generation a text begins with, taken off it; the first when it names none. `parts` is how many parts
// between dots the text has without a generation.
std::optional<std::uint64_t> take_generation(std::string_view& text, std::size_t parts) {
    std::size_t dots = 0;
    for (const char letter : text) dots += letter == '.' ? 1U : 0U;
    if (dots + 1 == parts) return 1;
    if (dots != parts) return std::nullopt;
    const auto dot = text.find('.');
    const auto generation = whole_number(text.substr(0, dot));
    text.remove_prefix(dot + 1);
    return generation && *generation >= 2 ? generation : std::nullopt;
}

tl::unexpected<Error> malformed(std::string_view what, std::string pointer) {
    return refuse({.code = Code::invalid_input,
                   .detail = fmt::format("That is not {} of this book.", what),
                   .pointer = std::move(pointer)});
}

Status check_generation(std::uint64_t generation, const Head& head, std::string pointer) {
    if (generation != head.generation) return refuse(generation_passed(generation, head, std::move(pointer)));
    return {};
}

}  // namespace

Error generation_passed(std::uint64_t asked, const Head& head, std::string pointer) {
    return {.code = Code::generation_passed,
            .detail = fmt::format("It belongs to generation {}; the book is in generation {}, at version {}.",
                                  asked, head.generation, head.version.value),
            .pointer = std::move(pointer),
            .figures = {{"generation", std::to_string(asked)},
                        {"current_generation", std::to_string(head.generation)},
                        {"head", generation_prefix(head.generation) + std::to_string(head.version.value)}},
            .rule = "design 3, fencing"};
}

std::string generation_prefix(std::uint32_t generation) {
    return generation > 1 ? fmt::format("{}.", generation) : std::string{};
}

std::string make_cursor(const Head& head, char list, std::uint64_t position) {
    return fmt::format("{}{}{}", generation_prefix(head.generation), list, position);
}

Result<std::uint64_t> read_cursor(std::string_view text, const Head& head, char list) {
    constexpr std::string_view what = "a cursor of this list";
    const auto generation = take_generation(text, 1);
    if (!generation || text.empty() || text.front() != list) return malformed(what, "?cursor");
    const auto position = whole_number(text.substr(1));
    if (!position) return malformed(what, "?cursor");
    if (auto current = check_generation(*generation, head, "?cursor"); !current)
        return refuse(std::move(current.error()));
    return *position;
}

std::string make_etag(const Head& head, Version version) {
    return fmt::format("\"{}{}\"", generation_prefix(head.generation), version.value);
}

Result<std::uint64_t> read_if_match(std::string_view text, const Head& head) {
    constexpr std::string_view what = "a state version";
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    const auto generation = take_generation(text, 1);
    const auto version = whole_number(text);
    if (!generation || !version) return malformed(what, "If-Match");
    if (auto current = check_generation(*generation, head, "If-Match"); !current)
        return refuse(std::move(current.error()));
    return *version;
}

std::string make_event_id(const Head& head, const EventId& id) {
    return fmt::format("{}{}.{}", generation_prefix(head.generation), id.version.value, id.index);
}

Result<EventId> read_event_id(std::string_view text, const Head& head) {
    constexpr std::string_view what = "an event id";
    const auto pointer = std::string{"Last-Event-ID"};
    const auto generation = take_generation(text, 2);
    const auto dot = text.find('.');
    if (!generation || dot == std::string_view::npos) return malformed(what, pointer);
    const auto version = whole_number(text.substr(0, dot));
    const auto index = whole_number(text.substr(dot + 1));
    if (!version || !index || *index > 2 * events_per_version_max + 1) return malformed(what, pointer);
    if (auto current = check_generation(*generation, head, pointer); !current)
        return refuse(std::move(current.error()));
    if (*version > head.version.value)
        return refuse({.code = Code::invalid_input,
                       .detail = fmt::format("The book is at version {}; that event is not there yet.",
                                             head.version.value),
                       .pointer = pointer,
                       .figures = {{"head", std::to_string(head.version.value)}}});
    return EventId{Version{*version}, static_cast<std::uint32_t>(*index)};
}

}  // namespace api::wire
