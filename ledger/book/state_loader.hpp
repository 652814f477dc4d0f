// Rebuilds a state from stored rows, in any order that makes the rows before what names them. For the store
// alone.
#pragma once

#include "ledger/book/state.hpp"

namespace ledger::book {

class StateLoader {
public:
    // Registers: rows must come in order of their number, from 0.
    void party(PartyTerms terms);
    void asset(AssetTerms terms);
    void principal(PrincipalTerms terms);
    void account(AccountTerms terms, Version opened);  // its state version follows from its positions
    void agreement(AgreementTerms terms, std::optional<EffectiveAt> revoked_at);
    void reason(ReasonTerms terms);
    void key(KeyTerms terms, bool revoked);
    // What is live; a lien's junior is found from the junior's own row.
    void position(AccountNo account, AssetNo asset, const Balance& balance, Version version);
    void lien(LienKey key, LienTerms terms, std::vector<LienLine> lines, Version changed);
    void reservation(ReservationKey key, ReservationOpened terms);
    void exception(ExceptionKey key, ExceptionOpened terms, KnownAt opened_at);
    void reversal(JournalKey reversed, JournalKey by);
    // The head; nothing may be added after.
    [[nodiscard]] State finish(std::string book, Version version, KnownAt now);

private:
    State state_;
    std::vector<std::pair<LienKey, LienKey>> juniors_;  // senior, junior
};

}  // namespace ledger::book
