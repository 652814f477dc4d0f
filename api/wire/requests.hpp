// What callers send, as commands: one function for each route that writes. Strict: what is not asked for here
// is refused, and a fault names its place. Ids of a path come as arguments; the shell adds salts, keys and
// preconditions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "api/wire/json_document.hpp"
#include "ledger/base/error.hpp"
#include "ledger/rules/command.hpp"

namespace api::wire {

using ledger::base::Result;
namespace rules = ledger::rules;

// Setting up a firm.
[[nodiscard]] Result<rules::Command> read_party(JsonValue body);
[[nodiscard]] Result<rules::Command> read_asset(JsonValue body);
[[nodiscard]] Result<rules::Command> read_principal(JsonValue body);
[[nodiscard]] Result<rules::Command> read_key(const std::string& principal, JsonValue body);
[[nodiscard]] Result<rules::Command> read_key_revocation(const std::string& key, JsonValue body);
[[nodiscard]] Result<rules::Command> read_account(JsonValue body);
[[nodiscard]] Result<rules::Command> read_agreement(JsonValue body);
[[nodiscard]] Result<rules::Command> read_agreement_revocation(const std::string& agreement, JsonValue body);
[[nodiscard]] Result<rules::Command> read_reason(JsonValue body);

// Posting.
[[nodiscard]] Result<rules::Command> read_journal(JsonValue body);

inline constexpr std::size_t journals_per_batch_max = 8192;

struct BatchItem {
    std::string idempotency_key;
    rules::PostJournal journal;
};
// Each item is itself or what is wrong with it, with pointers from the body's root.
struct JournalBatch {
    bool is_atomic = false;
    std::vector<Result<BatchItem>> items;
};
// Refused as a whole only where it is no batch.
[[nodiscard]] Result<JournalBatch> read_journal_batch(JsonValue body);
[[nodiscard]] Result<rules::Command> read_reversal(const std::string& journal, JsonValue body);

// Liens and reservations.
[[nodiscard]] Result<rules::Command> read_lien(JsonValue body);
[[nodiscard]] Result<rules::Command> read_lien_increase(const std::string& lien, JsonValue body);
[[nodiscard]] Result<rules::Command> read_lien_release(const std::string& lien, JsonValue body);
[[nodiscard]] Result<rules::Command> read_lien_reallocation(const std::string& lien, JsonValue body);
[[nodiscard]] Result<rules::Command> read_reservation(JsonValue body);
[[nodiscard]] Result<rules::Command> read_reservation_commit(const std::string& reservation, JsonValue body);
[[nodiscard]] Result<rules::Command> read_reservation_release(const std::string& reservation, JsonValue body);

// A body with no fields, as an action without any has.
[[nodiscard]] Result<void> read_nothing(JsonValue body);

}  // namespace api::wire
