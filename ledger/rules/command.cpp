#include "ledger/rules/command.hpp"

namespace ledger::rules {

std::string DecimalText::canonical() const {
    auto shortest = text;
    if (shortest.find('.') == std::string::npos) return shortest;
    while (shortest.back() == '0') shortest.pop_back();
    if (shortest.back() == '.') shortest.pop_back();
    return shortest;
}

Digest Erasable::commitment() const { return sha256(salt + text); }

std::optional<ChosenName> chosen_name(const Command& command) {
    const auto named = [](Named kind, const std::string& id) {
        return id.empty() ? std::nullopt : std::optional{ChosenName{kind, id}};
    };
    struct Visitor {
        decltype(named)& of;
        std::optional<ChosenName> operator()(const AddParty& c) const { return of(Named::party, c.id); }
        std::optional<ChosenName> operator()(const AddPrincipal& c) const { return of(Named::principal, c.id); }
        std::optional<ChosenName> operator()(const AddAsset& c) const { return of(Named::asset, c.id); }
        std::optional<ChosenName> operator()(const OpenAccount& c) const { return of(Named::account, c.id); }
        std::optional<ChosenName> operator()(const AddAgreement& c) const { return of(Named::agreement, c.id); }
        std::optional<ChosenName> operator()(const DefineReason& c) const { return of(Named::reason, c.id); }
        std::optional<ChosenName> operator()(const PostJournal& c) const { return of(Named::journal, c.id); }
        std::optional<ChosenName> operator()(const OpenLien& c) const { return of(Named::lien, c.id); }
        std::optional<ChosenName> operator()(const Reserve& c) const { return of(Named::reservation, c.id); }
        std::optional<ChosenName> operator()(const CommitReservation& c) const {
            return std::visit([&](const auto& into) { return (*this)(into); }, c.into);
        }
        template <class Other>
        std::optional<ChosenName> operator()(const Other&) const {
            return std::nullopt;
        }
    };
    return std::visit(Visitor{named}, command);
}

std::vector<Erasable> erasable_texts(const Command& command) {
    std::vector<Erasable> texts;
    const auto keep = [&](const Erasable& text) { texts.push_back(text); };
    const auto keep_memo = [&](const auto& journal) {
        if (journal.memo) keep(*journal.memo);
    };
    if (const auto* party = std::get_if<AddParty>(&command)) keep(party->name);
    if (const auto* principal = std::get_if<AddPrincipal>(&command)) keep(principal->name);
    if (const auto* journal = std::get_if<PostJournal>(&command)) keep_memo(*journal);
    if (const auto* reversal = std::get_if<ReverseJournal>(&command)) keep_memo(*reversal);
    if (const auto* commit = std::get_if<CommitReservation>(&command))
        if (const auto* into = std::get_if<PostJournal>(&commit->into)) keep_memo(*into);
    return texts;
}

}  // namespace ledger::rules
