#include <fmt/format.h>

#include "api/feed/rendered.hpp"
#include "app/book_database.hpp"
#include "app/commands.hpp"
#include "ledger/store/postgres/reader.hpp"
#include "ledger/store/postgres/store.hpp"

namespace app {
namespace {

namespace postgres = ledger::store::postgres;
using ledger::book::Version;

struct ExportOptions {
    BookPlace place;
    std::string book;
    std::uint64_t from_version = 1;
};

constexpr std::size_t versions_per_page = 500;

// Everything the versions of a page rest on, texts included.
api::wire::Facts facts_of(postgres::PostgresReader& reader, const ledger::book::State& state,
                          const std::vector<std::shared_ptr<const ledger::port::LogEntry>>& page) {
    api::wire::Facts facts;
    facts.add(page);
    for (const auto& entry : page) {
        while (true) {
            const auto wanted = api::wire::rests_on(*entry, {state, facts});
            if (wanted.empty()) break;
            facts.add(reader.log_at(wanted));
        }
    }
    std::vector<ledger::base::Digest> commitments;
    for (const auto& entry : page)
        for (const auto& event : entry->recorded.events) {
            if (const auto* journal = std::get_if<ledger::book::JournalPosted>(&event);
                journal && journal->memo)
                commitments.push_back(*journal->memo);
            if (const auto* party = std::get_if<ledger::book::PartyAdded>(&event))
                commitments.push_back(party->terms.name);
            if (const auto* principal = std::get_if<ledger::book::PrincipalAdded>(&event))
                commitments.push_back(principal->terms.name);
        }
    const auto texts = reader.texts(commitments);
    for (std::size_t at = 0; at < commitments.size(); ++at)
        if (texts[at]) facts.texts.emplace(commitments[at], *texts[at]);
    facts.has_texts = true;
    return facts;
}

void print_version(const ledger::book::State& state, const api::wire::Facts& facts,
                   const ledger::port::LogEntry& entry) {
    const auto& recorded = entry.recorded;
    fmt::print(
        R"({{"version":{},"recorded_at":"{}","effective_at":"{}","principal":"{}","previous_hash":"{}",)"
        R"("hash":"{}","events":[)",
        recorded.version.value, ledger::base::format_rfc3339(recorded.known_at.at),
        ledger::base::format_rfc3339(recorded.effective_at.at), state.principals[recorded.principal].id,
        ledger::base::to_hex(entry.previous_hash.bytes), ledger::base::to_hex(entry.hash.bytes));
    const char* separator = "";
    for (const auto& event : api::feed::render_version({state, facts}, entry).events) {
        fmt::print("{}{}", separator, event.data);
        separator = ",";
    }
    fmt::print("]}}\n");
}

int export_log(const ExportOptions& options) {
    BookDatabase database{options.place, BookDatabase::Wanted::existing};
    const auto name = database.book_name(options.book);
    postgres::PostgresStore store{{.conninfo = database.address(), .book = name}};
    postgres::PostgresReader reader{{.conninfo = database.address(), .book = name}};
    const auto state = store.load().state;
    Version after{options.from_version - 1};
    while (after < state.version()) {
        const auto page = reader.log_after(after, versions_per_page);
        if (page.empty()) break;
        const auto facts = facts_of(reader, state, page);
        for (const auto& entry : page) {
            if (entry->recorded.version > state.version()) break;
            print_version(state, facts, *entry);
        }
        after = page.back()->recorded.version;
    }
    return exit_done;
}

}  // namespace

Run add_export(CLI::App& program) {
    auto* command = program.add_subcommand("export", "write the log as one JSON line a version");
    auto options = std::make_shared<ExportOptions>();
    options->place.add_to(*command);
    command->add_option("--book", options->book, "which book, when the database has several");
    command->add_option("--from-version", options->from_version, "begin here")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->footer("Example:\n  bailee export --data-dir ./firm > firm.ndjson");
    return [options] { return export_log(*options); };
}

}  // namespace app
