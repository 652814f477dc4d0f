// A book in memory: the pure core with what the shell would add (who holds a name, the journal to be
// reversed, whether a target was closed), and every version it recorded.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/book/state.hpp"
#include "ledger/rules/decide.hpp"
#include "tests/support/wire_reader.hpp"

namespace support {

using namespace ledger::rules;

[[nodiscard]] Microseconds at_time(std::string_view rfc3339);

struct Answer {
    std::optional<Error> error;  // the refusal, if it is one
    Version version;             // that was recorded, or that made the same object before
    std::string id;              // of what was made: the chosen name, or the book's own
    bool is_same = false;        // answered as before, nothing recorded

    [[nodiscard]] bool is_accepted() const { return !error; }
    [[nodiscard]] std::string code() const {
        return error ? std::string{info(error->code).name} : "accepted";
    }
    [[nodiscard]] std::string pointer() const { return error ? error->pointer : ""; }
    [[nodiscard]] std::string figure(std::string_view name) const;
};

class TestBook {
public:
    explicit TestBook(std::string_view opened_at = "2026-07-06T14:00:00Z");
    TestBook(const TestBook&) = delete;

    // Ticks until nothing more is due at that instant.
    void tick(Microseconds at);
    void tick(std::string_view at) { tick(at_time(at)); }
    Answer submit(const Command& command);
    Answer post(const std::string& path, const Json& body, std::optional<std::uint64_t> if_match = {}) {
        return submit(command_of(path, body, if_match));
    }
    // The same without recording: what a dry run would answer.
    [[nodiscard]] Result<Decision> decide_only(const Command& command) const;

    [[nodiscard]] const State& state() const { return state_; }
    [[nodiscard]] const std::deque<Recorded>& log() const { return log_; }
    [[nodiscard]] const Recorded& last() const { return log_.back(); }

    // By the texts of the objects; throw when there is no such thing.
    [[nodiscard]] AccountNo account(std::string_view id) const { return state_.accounts.find(id).value(); }
    [[nodiscard]] AssetNo asset(std::string_view id) const { return state_.assets.find(id).value(); }
    [[nodiscard]] Balance balance(std::string_view account_id, std::string_view asset_id) const;
    [[nodiscard]] std::string total(std::string_view account_id, std::string_view asset_id) const;
    [[nodiscard]] std::string free(std::string_view account_id, std::string_view asset_id) const;
    [[nodiscard]] std::string encumbered(std::string_view account_id, std::string_view asset_id) const;
    [[nodiscard]] std::string reserved(std::string_view account_id, std::string_view asset_id) const;
    [[nodiscard]] LienKey lien_key(const std::string& id) const;
    [[nodiscard]] const LiveLien* lien(const std::string& id) const;  // nothing when it is not open
    [[nodiscard]] std::size_t open_exceptions() const;
    [[nodiscard]] std::size_t open_liens() const;
    [[nodiscard]] std::size_t open_reservations() const;

private:
    struct Name {
        NameHolder holder;
        std::uint64_t key = 0;  // of a journal, lien or reservation
    };
    [[nodiscard]] Submission submission_of(const Command& command) const;
    [[nodiscard]] std::optional<PostedJournal> journal(const std::string& id) const;
    [[nodiscard]] bool was_closed(const Command& command) const;
    void apply(const Recorded& recorded);
    [[nodiscard]] static std::string print(Quantity quantity, std::uint8_t scale) {
        return format_decimal(quantity, scale);
    }

    State state_;
    std::deque<Recorded> log_;  // versions never move: journals_ points into them
    std::map<std::pair<Named, std::string>, Name> names_;
    std::map<JournalKey, const JournalPosted*> journals_;
    std::set<std::pair<Named, std::uint64_t>> births_;  // of liens and reservations, open or closed
};

}  // namespace support
