// Fields that several requests share: amounts, evidence, bounded texts, and tables of codes as the readers
// want them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/wire/json_reader.hpp"
#include "ledger/book/regime.hpp"
#include "ledger/book/terms.hpp"
#include "ledger/rules/command.hpp"

namespace api::wire {

namespace rules = ledger::rules;

inline constexpr std::size_t name_characters_max = 200;
inline constexpr std::size_t purpose_characters_max = 500;
inline constexpr std::size_t memo_characters_max = 2000;
inline constexpr std::size_t word_characters_max = 64;
inline constexpr std::size_t reference_characters_max = 256;
inline constexpr std::size_t amount_characters_max = 60;
inline constexpr std::size_t scope_bytes_max = 16UL * 1024;
inline constexpr std::size_t parties_per_agreement_max = 100;
inline constexpr std::size_t limits_per_account_max = 100;

// Characters, not bytes: a name in another script is not shorter for it.
[[nodiscard]] std::string required_text(ObjectReader& reader, std::string_view name,
                                        std::size_t characters_max);
[[nodiscard]] std::optional<std::string> optional_text(ObjectReader& reader, std::string_view name,
                                                       std::size_t characters_max, Null null = Null::refused);
[[nodiscard]] std::size_t characters_in(std::string_view utf8);

// {"asset":"USD","amount":"1250000.00"}, above zero. Whether it fits the asset's scale is for the book to
// say.
[[nodiscard]] rules::AmountText read_amount(ObjectReader amount);
[[nodiscard]] rules::AmountText required_amount(ObjectReader& reader, std::string_view name);
[[nodiscard]] std::optional<rules::AmountText> optional_amount(ObjectReader& reader, std::string_view name,
                                                               Null null = Null::refused);

[[nodiscard]] std::vector<ledger::book::Evidence> optional_evidence(ObjectReader& reader);
[[nodiscard]] std::optional<rules::Erasable> optional_memo(ObjectReader& reader);

[[nodiscard]] std::span<const ledger::book::EnumText<ledger::book::Regime>> regime_texts();
[[nodiscard]] std::span<const ledger::book::EnumText<ledger::book::AccountKind>> account_kind_texts();
[[nodiscard]] std::span<const ledger::book::EnumText<ledger::book::Side>> side_texts();

// Keys sorted, no spaces, so that the same object has the same text.
void append_canonical_json(std::string& out, JsonValue value);

}  // namespace api::wire
