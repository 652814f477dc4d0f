#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "app/book_database.hpp"
#include "app/checkpoints.hpp"
#include "app/commands.hpp"
#include "ledger/store/postgres/verify.hpp"

namespace app {
namespace {

namespace postgres = ledger::store::postgres;

struct CheckOptions {
    BookPlace place;
    std::string book;
    std::string checkpoint_file;
    std::string signer;
    std::string signing_key_file;
    bool as_json = false;
};

// Who must have signed: named on the command line, or the key of the data directory when it has one.
std::optional<ledger::proof::PublicKey> expected_signer(const CheckOptions& options) {
    if (!options.signer.empty()) {
        const auto digest = ledger::base::digest_from_hex(options.signer);
        if (!digest) throw CommandFailed{exit_usage, "--signer wants 64 hexadecimal digits."};
        return digest->bytes;
    }
    const auto key = signing_key_file(options.place.data_dir);
    if (!options.place.is_private() || !std::filesystem::exists(key)) return std::nullopt;
    return signing_key_in(key).public_key();
}

std::string with_separators(std::uint64_t number) {
    auto text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

void print_report(const CheckOptions& options, const postgres::VerifyReport& report) {
    if (options.as_json) {
        nlohmann::ordered_json line{
            {"ok", report.ok()}, {"version", report.version.value}, {"journals", report.journals}};
        if (!report.ok()) {
            line["findings"] = nlohmann::ordered_json::array();
            for (const auto& finding : report.findings)
                line["findings"].push_back({{"code", finding.code},
                                            {"object", finding.object},
                                            {"version", finding.version.value},
                                            {"detail", finding.detail}});
            line["findings_left_out"] = report.findings_left_out;
        }
        fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
        return;
    }
    for (const auto& finding : report.findings)
        fmt::print("{:<18} {:<32} version {:>10}  {}\n", finding.code, finding.object,
                   with_separators(finding.version.value), finding.detail);
    if (report.findings_left_out > 0)
        fmt::print("… and {} more\n", with_separators(report.findings_left_out));
    fmt::print("{}: {} versions, {} journals, head {}\n",
               report.ok() ? "The book holds" : "The book does NOT hold",
               with_separators(report.version.value), with_separators(report.journals),
               ledger::base::to_hex(report.head_hash.bytes));
}

int verify(const CheckOptions& options) {
    BookDatabase database{options.place, BookDatabase::Wanted::existing};
    auto session = database.maintenance();
    postgres::VerifyOptions wanted{.book = database.book_name(options.book)};
    if (!options.checkpoint_file.empty()) {
        try {
            wanted.checkpoint = checkpoint_in(options.checkpoint_file, expected_signer(options)).checkpoint;
        } catch (const CommandFailed& failed) {
            if (!options.as_json || failed.exit_code() != exit_refused) throw;
            postgres::VerifyReport forged;
            forged.findings.push_back({"CHECKPOINT_FORGED", options.checkpoint_file, {}, failed.what()});
            print_report(options, forged);
            return exit_refused;
        }
    }
    if (::isatty(STDERR_FILENO) == 1)
        wanted.progress = [](std::uint64_t done, std::uint64_t of) {
            fmt::print(stderr, "\rverify: {} of {} versions ", with_separators(done), with_separators(of));
            if (done == of) fmt::print(stderr, "\n");
        };
    const auto report = postgres::verify_book(session, wanted);
    if (!report) throw CommandFailed{exit_unreachable, report.error().detail};
    print_report(options, *report);
    return report->ok() ? exit_done : exit_refused;
}

int checkpoint(const CheckOptions& options) {
    BookDatabase database{options.place, BookDatabase::Wanted::existing};
    auto session = database.maintenance();
    const auto head = postgres::checkpoint_of_head(session, database.book_name(options.book));
    if (!head) throw CommandFailed{exit_unreachable, head.error().detail};
    if (!*head) throw CommandFailed{exit_refused, "The book is empty: there is nothing to sign."};
    auto key_file = options.signing_key_file;
    if (key_file.empty() && options.place.is_private()) key_file = signing_key_file(options.place.data_dir);
    if (key_file.empty())
        throw CommandFailed{exit_usage, "Give --signing-key FILE with a database of yours."};
    const auto key = signing_key_in(key_file);
    write_checkpoint(options.checkpoint_file, **head, key);
    fmt::print("{}: version {} signed by {}\n", options.checkpoint_file,
               with_separators((*head)->version.value), ledger::base::to_hex(key.public_key()));
    return exit_done;
}

}  // namespace

Run add_verify(CLI::App& program) {
    auto* command = program.add_subcommand("verify", "rebuild the book from its log and compare everything");
    auto options = std::make_shared<CheckOptions>();
    options->place.add_to(*command);
    command->add_option("--book", options->book, "which book, when the database has several");
    command->add_option("--checkpoint", options->checkpoint_file, "a signed checkpoint the log must contain");
    command->add_option("--signer", options->signer, "public key that must have signed it, in hexadecimal");
    command->add_flag("--json", options->as_json, "print one JSON object");
    command->footer(
        "Examples:\n  bailee verify --data-dir ./firm\n"
        "  bailee verify --data-dir ./firm --checkpoint /mnt/elsewhere/bailee.checkpoint --json");
    return [options] { return verify(*options); };
}

Run add_checkpoint(CLI::App& program) {
    auto* command =
        program.add_subcommand("checkpoint", "sign how far the log has come, into a file to keep elsewhere");
    auto options = std::make_shared<CheckOptions>();
    options->place.add_to(*command);
    command->add_option("--book", options->book, "which book, when the database has several");
    command->add_option("--file", options->checkpoint_file, "where to write it")->required();
    command->add_option("--signing-key", options->signing_key_file,
                        "the key's file; made when it is not there");
    command->footer(
        "Example:\n  bailee checkpoint --data-dir ./firm --file /mnt/elsewhere/bailee.checkpoint");
    return [options] { return checkpoint(*options); };
}

}  // namespace app
