// What facts become in rows: one pure mapping, used to write a batch and to check the tables against the log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ledger/book/event.hpp"
#include "ledger/book/state.hpp"
#include "ledger/store/postgres/rows.hpp"

namespace ledger::store::postgres {

using namespace ledger::book;

// How many rows each register has: the next one takes that number.
struct RegisterSizes {
    std::uint32_t parties = 0;
    std::uint32_t assets = 0;
    std::uint32_t principals = 0;
    std::uint32_t accounts = 0;
    std::uint32_t agreements = 0;
    std::uint32_t reasons = 0;

    [[nodiscard]] static RegisterSizes of(const State& state);
    // As they were before those events.
    void take_back(const Events& events);
    bool operator==(const RegisterSizes&) const = default;
};

// Changes to rows that are there already, folded to what stands at the end.
struct LienUpdate {
    std::optional<LienKey> behind;
    std::int64_t lines_since = 0;  // 0: unchanged
    std::int16_t rank = 0;  // 0: rank and behind unchanged
    Version changed;
    std::optional<Closing> closed;
};
struct ReservationUpdate {
    Closing closing = Closing::released;
    Version closed;
};
struct AgreementUpdate {
    Version revoked;
    EffectiveAt revoked_at;
};
struct BalanceChange {
    AccountNo account;
    AssetNo asset;
    Balance balance;
    Version version;
};

struct ProjectedRows {
    RowSet inserted;
    std::vector<BalanceChange> balances;  // new and old ones, each once, in the order of their keys
    std::map<LienKey, LienUpdate> liens;
    std::map<ReservationKey, ReservationUpdate> reservations;
    std::map<ExceptionKey, Version> cured;
    std::map<AgreementNo, AgreementUpdate> agreements;
    std::map<std::string, Version> keys_revoked;
    void clear();
};

class Projection {
public:
    Projection(std::int32_t book_id, RegisterSizes sizes) : book_id_{book_id}, sizes_{sizes} {}

    void add(const Recorded& recorded);
    // Rows of objects that were made and changed since the last call come out once, as they now are.
    [[nodiscard]] ProjectedRows& finish();
    // For rows that stand beside the projections in the same batch.
    [[nodiscard]] RowSet& inserted() { return rows_.inserted; }
    void clear() { rows_.clear(); }
    [[nodiscard]] const RegisterSizes& sizes() const { return sizes_; }

private:
    struct NewLien {
        LienTerms terms;
        LienUpdate now;
    };
    struct NewReservation {
        ReservationOpened terms;
        std::optional<ReservationUpdate> end;
    };
    struct NewException {
        ExceptionOpened terms;
        KnownAt opened_at;
        std::optional<Version> cured;
    };
    struct NewAgreement {
        AgreementTerms terms;
        Version version;
        std::optional<AgreementUpdate> revoked;
    };
    struct NewKey {
        KeyTerms terms;
        Version version;
        std::optional<Version> revoked;
    };

    void apply(const BookOpened&) {}
    void apply(const ReasonDefined& fact);
    void apply(const PartyAdded& fact);
    void apply(const PrincipalAdded& fact);
    void apply(const KeyCreated& fact);
    void apply(const KeyRevoked& fact);
    void apply(const AssetAdded& fact);
    void apply(const AccountOpened& fact);
    void apply(const AgreementAdded& fact);
    void apply(const AgreementRevoked& fact);
    void apply(const JournalPosted& fact);
    void apply(const LienOpened& fact);
    void apply(const LienChanged& fact);
    void apply(const LienClosed& fact);
    void apply(const ReservationOpened& fact);
    void apply(const ReservationClosed& fact);
    void apply(const ExceptionOpened& fact);
    void apply(const ExceptionCured& fact);

    void leg_rows(const JournalPosted& fact);
    void history_rows(const std::vector<BalanceAfter>& after);
    void name_row(std::string_view kind, const std::string& name);
    void line_rows(LienKey lien, const std::vector<LienLine>& lines);
    [[nodiscard]] LienUpdate& update_of(LienKey lien);
    void keep_last_balances();
    void write_liens();
    void write_rest();
    [[nodiscard]] std::int64_t version() const { return static_cast<std::int64_t>(recorded_->version.value); }
    [[nodiscard]] std::int64_t event_key() const {
        return (version() << 12) | static_cast<std::int64_t>(index_);
    }

    std::int32_t book_id_;
    RegisterSizes sizes_;
    ProjectedRows rows_;
    std::map<LienKey, NewLien> new_liens_;
    std::map<ReservationKey, NewReservation> new_reservations_;
    std::map<ExceptionKey, NewException> new_exceptions_;
    std::map<std::uint32_t, NewAgreement> new_agreements_;
    std::map<std::string, NewKey> new_keys_;
    const Recorded* recorded_ = nullptr;
    unsigned index_ = 0;
};

// Names of what is stored as text.
[[nodiscard]] std::string_view text_of(Closing closing);
[[nodiscard]] std::string_view text_of(LienChange change);

// Writes what must stand after the inserts: changes to rows that were there. Each is one statement for all
// its rows.
void queue_updates(Connection& connection, std::int32_t book_id, const ProjectedRows& rows);

}  // namespace ledger::store::postgres
