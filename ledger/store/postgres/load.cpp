// Start-up: the state of the head from balances and live objects, by binary COPY; the log is not replayed.
#include <future>
#include <unordered_map>

#include <fmt/format.h>

#include "ledger/book/state_loader.hpp"
#include "ledger/store/postgres/session.hpp"
#include "ledger/store/postgres/store_guard.hpp"

namespace ledger::store::postgres {
namespace {

using Fields = std::vector<FieldView>;

std::uint32_t number(const FieldView& field) { return static_cast<std::uint32_t>(field.int4()); }
std::string text(const FieldView& field) { return std::string{field.text()}; }
std::string text_or_empty(const FieldView& field) { return field.is_null() ? std::string{} : text(field); }
Version version(const FieldView& field) { return Version{static_cast<std::uint64_t>(field.int8())}; }

template <class Key>
Key key(const FieldView& field) {
    return Key{static_cast<std::uint64_t>(field.int8())};
}
template <class Key>
std::optional<Key> key_or_none(const FieldView& field) {
    return field.is_null() ? std::nullopt : std::optional{key<Key>(field)};
}
template <class No>
std::optional<No> number_or_none(const FieldView& field) {
    return field.is_null() ? std::nullopt : std::optional{No{number(field)}};
}
std::optional<KnownAt> known_or_none(const FieldView& field) {
    return field.is_null() ? std::nullopt : std::optional{KnownAt{field.instant()}};
}

template <class Value>
Value decoded(std::optional<Value> value, std::string_view what) {
    if (!value) throw_malformed(fmt::format("an unknown {}", what));
    return *value;
}
template <class Enum>
Enum in_table(std::span<const EnumText<Enum>> table, const FieldView& field, std::string_view what) {
    return decoded(value_in(table, field.text()), what);
}

AccountKinds kinds(const FieldView& field) {
    AccountKinds set;
    for (const auto code : field.text_array())
        set = set | AccountKinds::of(decoded(account_kind_from_code(code), "kind of account"));
    return set;
}

using LienLines = std::vector<std::pair<LienKey, LienLine>>;

template <class Take>
void copy_rows(Connection& connection, std::int32_t book_id, std::string_view columns, std::string_view from,
               Take take) {
    connection.copy_out(fmt::format("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT binary)", columns,
                                    fmt::format(fmt::runtime(from), book_id)),
                        [&](const Fields& row) { take(row); });
}

class Loading {
public:
    Loading(Connection& connection, std::int32_t book_id) : connection_{connection}, book_id_{book_id} {}

    void registers() {
        parties();
        assets();
        principals();
        reasons();
        accounts();
        agreements();
        keys();
    }
    void positions();
    void liens(LienLines lines);
    void what_is_open();
    void reversals();
    [[nodiscard]] State finish(std::string book, Version head, KnownAt now) {
        return loader_.finish(std::move(book), head, now);
    }

private:
    template <class Take>
    void rows(std::string_view columns, std::string_view from, Take take) {
        copy_rows(connection_, book_id_, columns, from, take);
    }
    // Registers are numbered without gaps, so a row's place is its number.
    void expect_next(const FieldView& no, std::uint32_t& next, std::string_view what) {
        if (number(no) != next)
            throw_malformed(fmt::format("a gap in the numbers of table {} at {}", what, next));
        ++next;
    }

    void parties();
    void assets();
    void principals();
    void reasons();
    void accounts();
    void agreements();
    void keys();

    Connection& connection_;
    std::int32_t book_id_;
    StateLoader loader_;
};

void Loading::parties() {
    std::uint32_t next = 0;
    rows("no, id, kind, sec, cftc, name_commitment", "party WHERE book_id = {} ORDER BY no",
         [&](const Fields& row) {
             expect_next(row[0], next, "party");
             PartyTerms terms{
                 .id = text(row[1]), .kind = in_table(party_kinds(), row[2], "kind of party"), .name = {}};
             if (!row[3].is_null()) terms.sec = in_table(sec_classes(), row[3], "SEC class");
             if (!row[4].is_null()) terms.cftc = in_table(cftc_classes(), row[4], "CFTC class");
             terms.name = row[5].digest();
             loader_.party(std::move(terms));
         });
}

void Loading::assets() {
    std::uint32_t next = 0;
    rows("no, id, kind, scale, isin, issuer", "asset WHERE book_id = {} ORDER BY no", [&](const Fields& row) {
        expect_next(row[0], next, "asset");
        loader_.asset({.id = text(row[1]),
                       .kind = in_table(asset_kinds(), row[2], "kind of asset"),
                       .scale = static_cast<std::uint8_t>(row[3].int2()),
                       .isin = text_or_empty(row[4]),
                       .issuer = text_or_empty(row[5])});
    });
}

void Loading::principals() {
    std::uint32_t next = 0;
    rows("no, id, kind, roles, party, name_commitment", "principal WHERE book_id = {} ORDER BY no",
         [&](const Fields& row) {
             expect_next(row[0], next, "principal");
             RoleSet set;
             for (const auto role : row[3].text_array()) set.add(decoded(value_in(roles(), role), "role"));
             loader_.principal({.id = text(row[1]),
                                .kind = in_table(principal_kinds(), row[2], "kind of principal"),
                                .name = row[5].digest(),
                                .roles = set,
                                .party = number_or_none<PartyNo>(row[4])});
         });
}

void Loading::reasons() {
    std::uint32_t next = 0;
    rows("no, id, is_fact, may_debit, may_credit", "reason WHERE book_id = {} ORDER BY no",
         [&](const Fields& row) {
             expect_next(row[0], next, "reason");
             loader_.reason({.id = text(row[1]),
                             .nature = row[2].boolean() ? Nature::fact : Nature::instruction,
                             .may_debit = kinds(row[3]),
                             .may_credit = kinds(row[4])});
         });
}

void Loading::accounts() {
    std::unordered_map<std::uint32_t, std::vector<Amount>> limits;
    rows("account, asset, quantity", "account_limit WHERE book_id = {} ORDER BY account, n",
         [&](const Fields& row) {
             limits[number(row[0])].push_back({AssetNo{number(row[1])}, row[2].quantity()});
         });
    std::uint32_t next = 0;
    rows("no, id, party, side, kind, pool, regime, capacity, title, jurisdiction, version",
         "account WHERE book_id = {} ORDER BY no", [&](const Fields& row) {
             expect_next(row[0], next, "account");
             AccountTerms terms{.id = text(row[1]),
                                .party = PartyNo{number(row[2])},
                                .side = decoded(side_from_text(row[3].text()), "side"),
                                .kind = decoded(account_kind_from_code(row[4].text()), "kind of account"),
                                .pool = decoded(pool_from_code(row[5].text()), "pool"),
                                .regime = {},
                                .capacity = text(row[7]),
                                .title = text(row[8]),
                                .jurisdiction = text(row[9]),
                                .limits = {}};
             if (!row[6].is_null()) terms.regime = decoded(regime_from_code(row[6].text()), "regime");
             if (const auto of = limits.find(number(row[0])); of != limits.end())
                 terms.limits = std::move(of->second);
             loader_.account(std::move(terms), version(row[10]));
         });
}

void Loading::agreements() {
    std::uint32_t next = 0;
    rows("no, id, kind, parties, effective_from, effective_to, scope, revoked_at",
         "agreement WHERE book_id = {} ORDER BY no", [&](const Fields& row) {
             expect_next(row[0], next, "agreement");
             AgreementTerms terms{.id = text(row[1]),
                                  .kind = text(row[2]),
                                  .parties = {},
                                  .effective_from = text(row[4]),
                                  .effective_to = text(row[5]),
                                  .scope = text(row[6])};
             for (const auto party : row[3].int4_array())
                 terms.parties.push_back(PartyNo{static_cast<std::uint32_t>(party)});
             const auto revoked =
                 row[7].is_null() ? std::nullopt : std::optional{EffectiveAt{row[7].instant()}};
             loader_.agreement(std::move(terms), revoked);
         });
}

void Loading::keys() {
    rows("id, principal, hash, last_four, expires_at, revoked", "api_key WHERE book_id = {}",
         [&](const Fields& row) {
             loader_.key({.id = text(row[0]),
                          .principal = PrincipalNo{number(row[1])},
                          .hash = row[2].digest(),
                          .last_four = text(row[3]),
                          .expires_at = known_or_none(row[4])},
                         !row[5].is_null());
         });
}

void Loading::positions() {
    rows("account, asset, total, encumbered, reserved, pending_in, pending_out, version",
         "balance WHERE book_id = {}", [&](const Fields& row) {
             loader_.position(AccountNo{number(row[0])}, AssetNo{number(row[1])},
                              {.total = row[2].quantity(),
                               .encumbered = row[3].quantity(),
                               .reserved = row[4].quantity(),
                               .pending_in = row[5].quantity(),
                               .pending_out = row[6].quantity()},
                              version(row[7]));
         });
}

// In the order of the lien's key.
LienLines lines_of_open_liens(Connection& connection, std::int32_t book_id) {
    LienLines lines;
    copy_rows(connection, book_id, "n.lien, n.owner, n.location, n.asset, n.lot, n.quantity, n.consumed",
              "lien AS l JOIN lien_line AS n ON n.book_id = l.book_id AND n.lien = l.key AND n.since = "
              "l.lines_since"
              " WHERE l.book_id = {} AND l.closed IS NULL ORDER BY n.lien, n.n",
              [&](const Fields& row) {
                  lines.emplace_back(key<LienKey>(row[0]), LienLine{.owner = AccountNo{number(row[1])},
                                                                    .location = AccountNo{number(row[2])},
                                                                    .asset = AssetNo{number(row[3])},
                                                                    .lot = text(row[4]),
                                                                    .quantity = row[5].quantity(),
                                                                    .consumed = row[6].quantity()});
              });
    return lines;
}

// Two streams in the order of the lien's key, so that each lien meets its lines.
void Loading::liens(LienLines lines) {
    auto line = lines.begin();
    rows(
        "key, name, type, holder, purpose, rank, behind, agreement, secured_asset, secured, reuse_right, "
        "parent,"
        " expires_at, changed",
        "lien WHERE book_id = {} AND closed IS NULL ORDER BY key", [&](const Fields& row) {
            const auto lien = key<LienKey>(row[0]);
            LienTerms terms{.name = text_or_empty(row[1]),
                            .type = in_table(lien_types(), row[2], "type of lien"),
                            .holder = PartyNo{number(row[3])},
                            .purpose = text(row[4]),
                            .rank = static_cast<std::uint8_t>(row[5].int2()),
                            .behind = key_or_none<LienKey>(row[6]),
                            .agreement = number_or_none<AgreementNo>(row[7]),
                            .secured = {},
                            .reuse_right = row[10].boolean(),
                            .parent = key_or_none<LienKey>(row[11]),
                            .expires_at = known_or_none(row[12])};
            if (!row[8].is_null()) terms.secured = Amount{AssetNo{number(row[8])}, row[9].quantity()};
            std::vector<LienLine> of_this;
            while (line != lines.end() && line->first < lien) ++line;
            for (; line != lines.end() && line->first == lien; ++line)
                of_this.push_back(std::move(line->second));
            loader_.lien(lien, std::move(terms), std::move(of_this), version(row[13]));
        });
}

void Loading::what_is_open() {
    rows("key, name, account, asset, quantity, purpose, expires_at",
         "reservation WHERE book_id = {} AND closed IS NULL ORDER BY key", [&](const Fields& row) {
             loader_.reservation(key<ReservationKey>(row[0]), {.name = text_or_empty(row[1]),
                                                               .account = AccountNo{number(row[2])},
                                                               .asset = AssetNo{number(row[3])},
                                                               .quantity = row[4].quantity(),
                                                               .purpose = text(row[5]),
                                                               .expires_at = KnownAt{row[6].instant()},
                                                               .after = {}});
         });
    rows("key, rule, account, asset, short_by, opened_at",
         "exception WHERE book_id = {} AND cured IS NULL ORDER BY key", [&](const Fields& row) {
             loader_.exception(key<ExceptionKey>(row[0]),
                               {.rule = decoded(code_from_name(row[1].text()), "rule of an exception"),
                                .account = AccountNo{number(row[2])},
                                .asset = AssetNo{number(row[3])},
                                .short_by = row[4].quantity()},
                               KnownAt{row[5].instant()});
         });
}

void Loading::reversals() {
    rows("reverses, key", "journal WHERE book_id = {} AND reverses IS NOT NULL",
         [&](const Fields& row) { loader_.reversal(key<JournalKey>(row[0]), key<JournalKey>(row[1])); });
}

}  // namespace

port::LoadedBook PostgresStore::load() {
    connect();  // a snapshot may be read without the lease
    return guarded(options_.load_within, [&](Connection& connection) {
        Transaction transaction{connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
        connection.execute_script(
            "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;"
            "SET LOCAL work_mem = '256MB'");
        const Rows book = connection.execute(
            "SELECT b.generation, b.digest_key,"
            " (SELECT coalesce(max(e.version), 0) FROM event AS e WHERE e.book_id = b.book_id),"
            " (SELECT t.at FROM batch AS t WHERE t.book_id = b.book_id ORDER BY t.no DESC LIMIT 1)"
            " FROM book AS b WHERE b.book_id = $1",
            parameters(book_id_));
        if (book.empty()) throw_malformed("no row for the book");
        const auto head = version(book.at(0, 2));
        const auto now = book.at(0, 3).is_null() ? KnownAt{} : KnownAt{book.at(0, 3).instant()};
        // Half of what PostgreSQL has to say comes on a session of its own, meanwhile.
        const std::string snapshot{connection.execute("SELECT pg_export_snapshot()").at(0, 0).text()};
        auto lines = std::async(std::launch::async, [&] {
            auto beside = open_session({.conninfo = server_,
                                        .application_name = "bailee start",
                                        .connect_within = options_.connect_within},
                                       takeover_session());
            beside.deadline_in(options_.load_within);
            Transaction same{beside, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
            beside.execute_script(
                fmt::format("SET TRANSACTION SNAPSHOT '{}'; SET LOCAL work_mem = '256MB'", snapshot));
            return lines_of_open_liens(beside, book_id_);
        });
        Loading loading{connection, book_id_};
        loading.registers();
        loading.positions();
        loading.liens(lines.get());
        loading.what_is_open();
        loading.reversals();
        const auto secret = book.at(0, 1).bytes();
        port::LoadedBook loaded{
            .state = loading.finish(head.value == 0 ? std::string{} : options_.book, head, now),
            .digest_key = {reinterpret_cast<const char*>(secret.data()), secret.size()},
            .generation = static_cast<std::uint32_t>(book.at(0, 0).int4())};
        static_cast<void>(transaction.commit());
        return loaded;
    });
}

}  // namespace ledger::store::postgres
