// The one decision: what a command does to the book, or why not. Pure: no clock, no store, no chance. What
// decide needs of closed objects comes with the command.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <variant>

#include "ledger/base/error.hpp"
#include "ledger/book/state.hpp"
#include "ledger/rules/command.hpp"

namespace ledger::rules {

// Who already has the id a command chooses: the version that made it, and the digest of the command that did.
struct NameHolder {
    Version version;
    Digest digest;
};

// A journal that is to be reversed, as posted. The caller looks it up: the state does not keep journals.
struct PostedJournal {
    JournalKey key;
    JournalPosted journal;
};

struct Submission {
    PrincipalNo principal;
    std::reference_wrapper<const Command> command;  // lives as long as this
    Digest digest;  // of the canonical command
    std::optional<NameHolder> name_holder{};
    std::optional<PostedJournal> journal{};  // only for ReverseJournal
    bool closed_target = false;  // the lien or reservation the command names once was, and is no longer live
};

struct Decided {
    EffectiveAt effective_at;
    Events events;
};

// The id exists and was made by the same command: answered as before.
struct SameAs {
    Version version;
};

using Decision = std::variant<Decided, SameAs>;

// Refusals in the order of the code table's rows: what the request names (NOT_FOUND), what the laws say of
// its form (UNBALANCED, REGIME_CROSSED …), what the state says (INSUFFICIENT_FREE …). INVALID_INPUT only for
// amounts that do not fit the asset's scale; everything else malformed is refused before. A Tick with nothing
// due decides to no events.
[[nodiscard]] Result<Decision> decide(const State& state, const Submission& submission);

// Decides and applies: the version that follows, with its knowledge time. The same for the writer, tests and
// replay.
[[nodiscard]] Recorded record(const State& state, const Submission& submission, Decided decided);

// Asks the cache for what these commands, which are decided next, will read of the state: one wait for memory
// for all instead of one for each. Changes nothing.
void warm(const State& state, std::span<const Command* const> next);
inline constexpr std::size_t warmed_together = 16;

}  // namespace ledger::rules
