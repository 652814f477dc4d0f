// Requests under "Posting" and "Liens and reservations".
#include <array>

#include <fmt/format.h>

#include "api/wire/idempotency_key.hpp"
#include "api/wire/request_fields.hpp"
#include "api/wire/requests.hpp"

namespace api::wire {
namespace {

using namespace ledger::book;
using ledger::base::refuse;

template <class Command>
Result<rules::Command> finished(ObjectReader& reader, Command command) {
    if (auto read = reader.finish(); !read) return refuse(std::move(read.error()));
    return rules::Command{std::move(command)};
}

rules::LegText leg_from(ObjectReader leg) {
    rules::LegText read;
    read.account = leg.required_id("account");
    const bool is_debit = leg.has("debit");
    const bool is_credit = leg.has("credit");
    if (is_debit == is_credit) leg.fail("", "A leg has exactly one of debit and credit.");
    read.is_debit = is_debit;
    read.amount = required_amount(leg, is_debit ? "debit" : "credit");
    return read;
}

rules::PostJournal journal_from(ObjectReader& reader) {
    rules::PostJournal journal;
    journal.id = reader.optional_id("id").value_or("");
    journal.reason = reader.required_id("reason");
    journal.nature = reader.optional_enum("nature", natures());
    journal.basis = reader.optional_enum("basis", bases(), Null::absent).value_or(Basis::none);
    if (const auto at = reader.optional_instant("effective_at")) journal.effective_at = EffectiveAt{*at};
    journal.memo = optional_memo(reader);
    for (auto leg :
         reader.required_array("legs", {.least = 1, .most = rules::legs_per_journal_max}).objects())
        journal.legs.push_back(leg_from(leg));
    journal.evidence = optional_evidence(reader);
    if (auto liens = reader.optional_array("liens", {.least = 0, .most = rules::liens_per_journal_max}))
        journal.liens = liens->ids();
    return journal;
}

enum class Batch : std::uint8_t { independent, atomic };
constexpr std::array<EnumText<Batch>, 2> batch_modes{
    {{Batch::independent, "independent"}, {Batch::atomic, "atomic"}}};

Result<BatchItem> batch_item_from(JsonValue item, std::size_t place) {
    ObjectReader reader{item, fmt::format("/journals/{}", place)};
    constexpr std::string_view key = "idempotency_key";
    BatchItem read;
    read.idempotency_key = reader.required_string(key, {.least = 1, .most = idempotency_key_bytes_max});
    if (!is_idempotency_key(read.idempotency_key))
        reader.fail(key, "A key has 1 to 255 visible ASCII characters.");
    read.journal = journal_from(reader);
    if (auto finished = reader.finish(); !finished) return refuse(std::move(finished.error()));
    return read;
}

std::vector<rules::LienLineText> lines_from(ArrayReader list) {
    std::vector<rules::LienLineText> lines;
    for (auto line : list.objects()) {
        rules::LienLineText read;
        read.account = line.required_id("account");
        read.location = line.optional_id("location", Null::absent).value_or("");
        read.amount = required_amount(line, "amount");
        read.lot = line.optional_id("lot", Null::absent).value_or("");
        lines.push_back(std::move(read));
    }
    return lines;
}

constexpr ArrayBounds allocation_bounds{.least = 1, .most = rules::lines_per_lien_max};

void refuse_beside_allocation(ObjectReader& reader) {
    for (const auto* field : {"account", "amount", "location", "lot"})
        if (reader.has(field))
            reader.fail(field, "A lien names one owner's amount or an allocation, not both.");
}

enum class OwnerAndAmount : std::uint8_t { required, from_the_reservation };

rules::OpenLien lien_from(ObjectReader reader, OwnerAndAmount which) {
    rules::OpenLien lien;
    lien.id = reader.optional_id("id").value_or("");
    lien.type = reader.required_enum("type", lien_types());
    lien.holder = reader.required_id("holder");
    lien.purpose = optional_text(reader, "purpose", purpose_characters_max, Null::absent).value_or("");
    lien.rank =
        static_cast<std::uint8_t>(reader.optional_count("rank", {.least = 1, .most = 255}).value_or(1));
    lien.behind = reader.optional_id("behind", Null::absent).value_or("");
    lien.agreement = reader.optional_id("agreement", Null::absent).value_or("");
    lien.secured = optional_amount(reader, "secured", Null::absent);
    lien.reuse_right = reader.optional_bool("reuse_right").value_or(false);
    lien.parent = reader.optional_id("parent", Null::absent).value_or("");
    if (const auto at = reader.optional_instant("expires_at", Null::absent)) lien.expires_at = KnownAt{*at};
    if (reader.has("allocation")) {
        refuse_beside_allocation(reader);
        lien.is_short_form = false;
        lien.allocation = lines_from(reader.required_array("allocation", allocation_bounds));
        return lien;
    }
    rules::LienLineText line;
    if (which == OwnerAndAmount::required) {
        line.account = reader.required_id("account");
        line.amount = required_amount(reader, "amount");
    } else {
        line.account = reader.optional_id("account").value_or("");
        line.amount = optional_amount(reader, "amount").value_or(rules::AmountText{});
    }
    line.location = reader.optional_id("location", Null::absent).value_or("");
    line.lot = reader.optional_id("lot", Null::absent).value_or("");
    lien.allocation.push_back(std::move(line));
    return lien;
}

}  // namespace

Result<rules::Command> read_journal(JsonValue body) {
    ObjectReader reader{body};
    auto journal = journal_from(reader);
    return finished(reader, std::move(journal));
}

Result<JournalBatch> read_journal_batch(JsonValue body) {
    ObjectReader reader{body};
    JournalBatch batch;
    batch.is_atomic = reader.required_enum("mode", batch_modes) == Batch::atomic;
    const auto items = reader.required_items("journals", {.least = 1, .most = journals_per_batch_max});
    if (auto read = reader.finish(); !read) return refuse(std::move(read.error()));
    batch.items.reserve(items.size());
    for (const auto item : items) batch.items.push_back(batch_item_from(item, batch.items.size()));
    return batch;
}

Result<rules::Command> read_reversal(const std::string& journal, JsonValue body) {
    ObjectReader reader{body};
    rules::ReverseJournal reversal;
    reversal.journal = journal;
    reversal.reason = reader.optional_id("reason").value_or("CORRECTION");
    if (const auto at = reader.optional_instant("effective_at")) reversal.effective_at = EffectiveAt{*at};
    reversal.memo = optional_memo(reader);
    reversal.evidence = optional_evidence(reader);
    return finished(reader, std::move(reversal));
}

Result<rules::Command> read_lien(JsonValue body) {
    ObjectReader reader{body};
    auto lien = lien_from(reader, OwnerAndAmount::required);
    return finished(reader, std::move(lien));
}

Result<rules::Command> read_lien_increase(const std::string& lien, JsonValue body) {
    ObjectReader reader{body};
    rules::IncreaseLien increase;
    increase.lien = lien;
    if (reader.has("allocation")) {
        refuse_beside_allocation(reader);
        increase.is_short_form = false;
        increase.allocation = lines_from(reader.required_array("allocation", allocation_bounds));
    } else {
        rules::LienLineText line;
        line.amount = required_amount(reader, "amount");
        line.location = reader.optional_id("location", Null::absent).value_or("");
        line.lot = reader.optional_id("lot", Null::absent).value_or("");
        increase.allocation.push_back(std::move(line));
    }
    return finished(reader, std::move(increase));
}

Result<rules::Command> read_lien_release(const std::string& lien, JsonValue body) {
    ObjectReader reader{body};
    rules::ReleaseLien release;
    release.lien = lien;
    release.amount = optional_amount(reader, "amount", Null::absent);
    return finished(reader, std::move(release));
}

Result<rules::Command> read_lien_reallocation(const std::string& lien, JsonValue body) {
    ObjectReader reader{body};
    rules::ReallocateLien reallocation{lien,
                                       lines_from(reader.required_array("allocation", allocation_bounds))};
    return finished(reader, std::move(reallocation));
}

Result<rules::Command> read_reservation(JsonValue body) {
    ObjectReader reader{body};
    rules::Reserve reservation;
    reservation.id = reader.optional_id("id").value_or("");
    reservation.account = reader.required_id("account");
    reservation.amount = required_amount(reader, "amount");
    reservation.purpose = optional_text(reader, "purpose", purpose_characters_max, Null::absent).value_or("");
    reservation.expires_at = KnownAt{reader.required_instant("expires_at")};
    return finished(reader, std::move(reservation));
}

Result<rules::Command> read_reservation_commit(const std::string& reservation, JsonValue body) {
    ObjectReader reader{body};
    rules::CommitReservation commit;
    commit.reservation = reservation;
    if (reader.has("lien") == reader.has("journal"))
        reader.fail("", "A reservation is committed into exactly one of lien and journal.");
    if (reader.has("lien"))
        commit.into = lien_from(reader.required_object("lien"), OwnerAndAmount::from_the_reservation);
    if (reader.has("journal")) {
        auto journal = reader.required_object("journal");
        commit.into = journal_from(journal);
    }
    return finished(reader, std::move(commit));
}

Result<rules::Command> read_reservation_release(const std::string& reservation, JsonValue body) {
    ObjectReader reader{body};
    return finished(reader, rules::ReleaseReservation{reservation});
}

}  // namespace api::wire
