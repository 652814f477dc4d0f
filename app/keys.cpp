#include "app/keys.hpp"

#include "api/auth/api_key.hpp"
#include "app/options.hpp"
#include "app/submit.hpp"

namespace app {

std::string mint_key(ledger::port::Ledger& book, const std::string& principal, const std::string& pepper,
                     const std::string& environment) {
    const auto key = api::auth::make_key(api::auth::random_key_bytes(), environment);
    const auto& text = key.text.reveal();
    ledger::rules::CreateKey command;
    command.principal = principal;
    command.key_id = key.id;
    command.hash = api::auth::key_hash(ledger::base::as_bytes(pepper), text);
    command.last_four = api::auth::key_tail(text);
    must_accept(book, std::move(command));
    return text;
}

std::string mint_principal(ledger::port::Ledger& book, const NewPrincipal& principal,
                           const std::string& pepper, const std::string& environment) {
    const auto entry = must_accept(book, ledger::rules::AddPrincipal{.id = principal.id,
                                                                     .kind = principal.kind,
                                                                     .name = personal(principal.name),
                                                                     .roles = principal.roles,
                                                                     .party = principal.party});
    const auto& added = std::get<ledger::book::PrincipalAdded>(entry->recorded.events.front());
    return mint_key(book, added.terms.id, pepper, environment);
}

std::string read_pepper(const std::string& path) {
    return path.empty() ? std::string{} : first_line_of(path);
}

}  // namespace app
