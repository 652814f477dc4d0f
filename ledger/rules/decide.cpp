#include "ledger/rules/decide.hpp"

#include <fmt/format.h>
#include <boost/container/static_vector.hpp>

#include "ledger/rules/deciding.hpp"

namespace ledger::rules {
namespace {

constexpr std::size_t due_per_tick_max = 1000;
// The last one may add two liens of a thousand lines each, and each line two cures.
constexpr std::size_t entries_per_tick_max = 1000;
// What a refusal of DUPLICATE_ID points at.
std::string pointer_of_id(const Command& command) {
    const auto* commit = std::get_if<CommitReservation>(&command);
    if (commit == nullptr) return "/id";
    return std::holds_alternative<OpenLien>(commit->into) ? "/lien/id" : "/journal/id";
}

class CommandVisitor {
public:
    explicit CommandVisitor(Deciding& deciding) : deciding_{deciding}, state_{deciding.state} {}

    Status operator()(const OpenBook& command) {
        add(BookOpened{command.book});
        add(PrincipalAdded{
            {.id = "bailee", .kind = PrincipalKind::service, .name = {}, .roles = {}, .party = {}}});
        for (const auto& reason : reasons_from_the_start()) add(ReasonDefined{reason});
        return {};
    }
    Status operator()(const DefineReason& command) {
        add(ReasonDefined{
            {id_or_made(command.id, "rsn_"), command.nature, command.may_debit, command.may_credit}});
        return {};
    }
    Status operator()(const AddParty& command) {
        add(PartyAdded{{.id = id_or_made(command.id, "pty_"),
                        .kind = command.kind,
                        .name = command.name.commitment(),
                        .sec = command.sec,
                        .cftc = command.cftc}});
        return {};
    }
    Status operator()(const AddPrincipal& command) {
        std::optional<PartyNo> party;
        if (!command.party.empty()) {
            const auto found = deciding_.party(command.party, "/party");
            if (!found) return refuse(found.error());
            party = *found;
        }
        add(PrincipalAdded{{.id = id_or_made(command.id, "prn_"),
                            .kind = command.kind,
                            .name = command.name.commitment(),
                            .roles = command.roles,
                            .party = party}});
        return {};
    }
    Status operator()(const CreateKey& command) {
        const auto principal = deciding_.principal(command.principal, "/principal");
        if (!principal) return refuse(principal.error());
        if (auto ahead = deciding_.expiry_is_ahead(command.expires_at, "/expires_at"); !ahead) return ahead;
        add(KeyCreated{{.id = command.key_id,
                        .principal = *principal,
                        .hash = command.hash,
                        .last_four = command.last_four,
                        .expires_at = command.expires_at}});
        return {};
    }
    Status operator()(const RevokeKey& command) {
        const auto* key = state_.key(command.key_id);
        if (key == nullptr)
            return refuse({.code = Code::not_found, .detail = "There is no such key.", .pointer = "/key"});
        if (key->revoked)
            return refuse({.code = Code::object_closed, .detail = "The key is revoked.", .pointer = "/key"});
        add(KeyRevoked{command.key_id});
        return {};
    }
    Status operator()(const AddAsset& command) {
        add(AssetAdded{{.id = id_or_made(command.id, "ast_"),
                        .kind = command.kind,
                        .scale = command.scale,
                        .isin = command.isin,
                        .issuer = command.issuer}});
        return {};
    }
    Status operator()(const OpenAccount& command);
    Status operator()(const AddAgreement& command) {
        std::vector<PartyNo> parties;
        for (std::size_t at = 0; at < command.parties.size(); ++at) {
            const auto party = deciding_.party(command.parties[at], fmt::format("/parties/{}", at));
            if (!party) return refuse(party.error());
            parties.push_back(*party);
        }
        add(AgreementAdded{{.id = id_or_made(command.id, "agr_"),
                            .kind = command.kind,
                            .parties = std::move(parties),
                            .effective_from = command.effective_from,
                            .effective_to = command.effective_to,
                            .scope = command.scope}});
        return {};
    }
    Status operator()(const RevokeAgreement& command) {
        const auto agreement = deciding_.agreement(command.agreement, "/agreement");
        if (!agreement) return refuse(agreement.error());
        if (state_.agreements[*agreement].revoked_at)
            return refuse({.code = Code::object_closed,
                           .detail = "The agreement is revoked.",
                           .pointer = "/agreement"});
        deciding_.effective_at = command.effective_at.value_or(deciding_.effective_at);
        add(AgreementRevoked{*agreement, deciding_.effective_at, command.reason});
        return {};
    }
    Status operator()(const PostJournal& command) { return post_journal(deciding_, command, ""); }
    Status operator()(const ReverseJournal& command) { return reverse_journal(deciding_, command); }
    Status operator()(const OpenLien& command) { return open_lien(deciding_, command, ""); }
    Status operator()(const IncreaseLien& command) { return increase_lien(deciding_, command); }
    Status operator()(const ReleaseLien& command) { return release_lien(deciding_, command); }
    Status operator()(const ReallocateLien& command) { return reallocate_lien(deciding_, command); }
    Status operator()(const Reserve& command) { return reserve(deciding_, command); }
    Status operator()(const CommitReservation& command) { return commit_reservation(deciding_, command); }
    Status operator()(const ReleaseReservation& command) { return release_reservation(deciding_, command); }
    Status operator()(const Tick& command) {
        for (const auto& due : state_.due_by(command.at, due_per_tick_max)) {
            // What does not fit the events of one version waits for the Tick that follows at once.
            if (deciding_.events.size() + deciding_.balances.entries().size() > entries_per_tick_max) break;
            if (due.is_lien)
                close_lien(deciding_, LienKey{due.key}, Closing::expired);
            else
                close_reservation(deciding_, ReservationKey{due.key}, Closing::expired);
        }
        return {};
    }

private:
    void add(Event event) { deciding_.events.push_back(std::move(event)); }
    [[nodiscard]] std::string id_or_made(const std::string& chosen, std::string_view prefix) const {
        return chosen.empty() ? birth_id(prefix, deciding_.next_key<BirthKey<void>>().value) : chosen;
    }
    [[nodiscard]] static AccountKind default_kind(const OpenAccount& command) {
        return command.regime == Regime::HOUSE ? AccountKind::house_equity : AccountKind::customer;
    }

    Deciding& deciding_;
    const State& state_;
};

Status CommandVisitor::operator()(const OpenAccount& command) {
    const auto party = deciding_.party(command.party, "/party");
    if (!party) return refuse(party.error());
    const auto& kind = row_of(command.kind.value_or(default_kind(command)));
    const auto not_permitted = [&](std::string detail, std::string pointer) {
        return refuse(
            {.code = Code::kind_not_permitted,
             .detail = std::move(detail),
             .pointer = std::move(pointer),
             .figures = {{"kind", std::string{kind.code}}, {"side", std::string{text_of(command.side)}}},
             .rule = "kinds of account"});
    };
    if (kind.side != command.side)
        return not_permitted(fmt::format("{} is a kind of {}.", kind.code, text_of(kind.side)), "/kind");
    if (!command.regime && !command.pool)
        return refuse(
            {.code = Code::invalid_input, .detail = "An account names its regime.", .pointer = "/regime"});
    if (!command.regime && command.pool != Pool::securities_record)
        return not_permitted("Only in the stock record may an account belong to no regime.", "/pool");
    if (command.regime && command.pool && command.pool != row_of(*command.regime).pool)
        return not_permitted(fmt::format("{} is of pool {}.", row_of(*command.regime).code,
                                         row_of(row_of(*command.regime).pool).code),
                             "/pool");
    if (!command.regime && command.side == Side::obligation && kind.floor != Floor::none)
        return not_permitted("Whose property it is names its regime.", "/regime");
    const auto pool = command.regime ? row_of(*command.regime).pool : *command.pool;
    if (!command.limits.empty() && !kind.may_have_limits)
        return refuse({.code = Code::limit_not_permitted,
                       .detail = fmt::format("An account of kind {} has no limits.", kind.code),
                       .pointer = "/limits"});
    std::vector<Amount> limits;
    for (std::size_t at = 0; at < command.limits.size(); ++at) {
        const auto limit = deciding_.amount(command.limits[at], fmt::format("/limits/{}", at));
        if (!limit) return refuse(limit.error());
        limits.push_back(*limit);
    }
    add(AccountOpened{{.id = id_or_made(command.id, "acc_"),
                       .party = *party,
                       .side = command.side,
                       .kind = kind.kind,
                       .pool = pool,
                       .regime = command.regime,
                       .capacity = command.capacity,
                       .title = command.title,
                       .jurisdiction = command.jurisdiction,
                       .limits = std::move(limits)}});
    return {};
}

// Ids of the form the book makes are the book's own: a caller who chose one could meet an object yet to come.
bool is_of_the_books_own_form(std::string_view id) {
    constexpr std::size_t prefix_length_max = 5;
    const auto prefix = id.find('_');
    return prefix != std::string_view::npos && prefix < prefix_length_max &&
           key_from_birth_id(id.substr(0, prefix + 1), id).has_value();
}

bool id_is_taken(const State& state, const NameView& chosen) {
    switch (chosen.kind) {
        case Named::party: return state.parties.find(chosen.name).has_value();
        case Named::principal: return state.principals.find(chosen.name).has_value();
        case Named::asset: return state.assets.find(chosen.name).has_value();
        case Named::account: return state.accounts.find(chosen.name).has_value();
        case Named::agreement: return state.agreements.find(chosen.name).has_value();
        case Named::reason: return state.reasons.find(chosen.name).has_value();
        case Named::lien: return state.lien_named(chosen.name).has_value();
        case Named::reservation: return state.reservation_named(chosen.name).has_value();
        case Named::journal:
            return false;  // journals are not in the state: the holder comes with the command
    }
    return false;
}

}  // namespace

Result<Decision> decide(const State& state, const Submission& submission) {
    const Command& command = submission.command;
    if (const auto chosen = name_in(command)) {
        const auto& holder = submission.name_holder;
        if (holder && holder->digest == submission.digest) return SameAs{holder->version};
        if (holder || is_of_the_books_own_form(chosen->name) || id_is_taken(state, *chosen))
            return refuse({.code = Code::duplicate_id,
                           .detail = fmt::format("The id \"{}\" names another object.", chosen->name),
                           .pointer = pointer_of_id(command),
                           .figures = {{"id", std::string{chosen->name}}}});
    }
    Deciding deciding{state, submission};
    if (auto status = std::visit(CommandVisitor{deciding}, command); !status)
        return refuse(std::move(status.error()));
    settle_exceptions(deciding);
    return Decided{deciding.effective_at, std::move(deciding.events)};
}

void warm(const State& state, std::span<const Command* const> next) {
    constexpr std::size_t names_max = 4 * warmed_together;
    boost::container::static_vector<std::string_view, names_max> names;
    const auto name = [&](const std::string& account) {
        if (names.size() < names_max) names.push_back(account);
    };
    for (const auto* command : next) {
        if (const auto* journal = std::get_if<PostJournal>(command))
            for (const auto& leg : journal->legs) name(leg.account);
        else if (const auto* lien = std::get_if<OpenLien>(command))
            for (const auto& line : lien->allocation) name(line.account);
        else if (const auto* reservation = std::get_if<Reserve>(command))
            name(reservation->account);
    }
    state.warm(names);
}

Recorded record(const State& state, const Submission& submission, Decided decided) {
    return {.version = Version{state.version().value + 1},
            .known_at = state.now(),
            .effective_at = decided.effective_at,
            .principal = submission.principal,
            .events = std::move(decided.events)};
}

}  // namespace ledger::rules
