// The codec of the log and the fold behind it, on any bytes: what is read must be written as it was, and no
// fact may crash the book it contradicts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ledger/book/canonical.hpp"
#include "ledger/book/state.hpp"
#include "ledger/rules/decide.hpp"

namespace {

using namespace ledger::rules;

const State& opened_book() {
    static const State state = [] {
        State book;
        const Command command = OpenBook{"fuzz"};
        const Submission submission{.principal = {}, .command = command, .digest = {}};
        evolve(book, record(book, submission, std::get<Decided>(decide(book, submission).value())));
        return book;
    }();
    return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    auto events = from_canonical_bytes<Events>(bytes);
    if (!events) return 0;
    if (canonical_bytes(*events) != bytes) std::abort();
    auto state = opened_book();
    static_cast<void>(try_evolve(state, {.version = Version{2},
                                         .known_at = state.now(),
                                         .effective_at = {},
                                         .principal = {},
                                         .events = std::move(*events)}));
    return 0;
}
