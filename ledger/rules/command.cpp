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

namespace {

struct NameChoice {
    static std::optional<NameView> of(Named kind, const std::string& id) {
        return id.empty() ? std::nullopt : std::optional{NameView{kind, id}};
    }
    std::optional<NameView> operator()(const AddParty& made) const { return of(Named::party, made.id); }
    std::optional<NameView> operator()(const AddPrincipal& made) const {
        return of(Named::principal, made.id);
    }
    std::optional<NameView> operator()(const AddAsset& made) const { return of(Named::asset, made.id); }
    std::optional<NameView> operator()(const OpenAccount& made) const { return of(Named::account, made.id); }
    std::optional<NameView> operator()(const AddAgreement& made) const {
        return of(Named::agreement, made.id);
    }
    std::optional<NameView> operator()(const DefineReason& made) const { return of(Named::reason, made.id); }
    std::optional<NameView> operator()(const PostJournal& made) const { return of(Named::journal, made.id); }
    std::optional<NameView> operator()(const OpenLien& made) const { return of(Named::lien, made.id); }
    std::optional<NameView> operator()(const Reserve& made) const { return of(Named::reservation, made.id); }
    std::optional<NameView> operator()(const CommitReservation& commit) const {
        return std::visit(*this, commit.into);
    }
    template <class Other>
    std::optional<NameView> operator()(const Other&) const {
        return std::nullopt;
    }
};

}  // namespace

std::optional<NameView> name_in(const Command& command) { return std::visit(NameChoice{}, command); }

std::optional<ChosenName> chosen_name(const Command& command) {
    const auto found = name_in(command);
    return found ? std::optional{ChosenName{found->kind, std::string{found->name}}} : std::nullopt;
}

std::optional<ChosenName> acted_upon(const Command& command) {
    if (const auto* increase = std::get_if<IncreaseLien>(&command))
        return ChosenName{Named::lien, increase->lien};
    if (const auto* release = std::get_if<ReleaseLien>(&command))
        return ChosenName{Named::lien, release->lien};
    if (const auto* other = std::get_if<ReallocateLien>(&command))
        return ChosenName{Named::lien, other->lien};
    if (const auto* commit = std::get_if<CommitReservation>(&command))
        return ChosenName{Named::reservation, commit->reservation};
    if (const auto* release = std::get_if<ReleaseReservation>(&command))
        return ChosenName{Named::reservation, release->reservation};
    return std::nullopt;
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
