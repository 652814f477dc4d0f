// Lines of liens, as the decisions about liens share them. Internal to rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/rules/deciding.hpp"

namespace ledger::rules {

[[nodiscard]] bool same_place(const LienLine& left, const LienLine& right);
[[nodiscard]] Quantity quantity_at(const std::vector<LienLine>& lines, const LienLine& place);
// Adds to the line of the same place, so that a lien has one line for each.
void add_line(std::vector<LienLine>& lines, const LienLine& added);
// Takes or gives back what the lines consume, at owner and location.
void encumber(Deciding& deciding, const std::vector<LienLine>& lines, bool take);

// The lines a caller asked for. Where no location is named the book chooses; a junior lies where `senior`
// does.
[[nodiscard]] Result<std::vector<LienLine>> resolve_lines(const Deciding& deciding,
                                                          const std::vector<LienLineText>& texts,
                                                          bool is_short_form, const std::string& pointer,
                                                          const LiveLien* senior = nullptr);
// After `encumber`: both sides of every line must have had the units free.
[[nodiscard]] Status lines_are_free(const Deciding& deciding, const std::vector<LienLine>& lines,
                                    bool is_short_form, const std::string& pointer);
[[nodiscard]] Status base_interest_is_there(const Deciding& deciding, LienType type,
                                            const std::vector<LienLine>& lines, bool is_short_form,
                                            const std::string& pointer);
// The lines without the quantity, taken from the last line first.
[[nodiscard]] Result<std::vector<LienLine>> lines_less(const Deciding& deciding, const LiveLien& lien,
                                                       const Amount& amount, const std::string& pointer);

// Gives a lien its new lines, rank and place, with the event that says so.
void change_lines(Deciding& deciding, LienKey key, LienChange change, std::vector<LienLine> lines,
                  std::uint8_t rank, std::optional<LienKey> behind);
// What was released in front of `junior` and its own juniors is theirs, now that they stand behind
// `in_front`.
void promote_behind(Deciding& deciding, std::optional<LienKey> junior, std::optional<LienKey> in_front);

}  // namespace ledger::rules
