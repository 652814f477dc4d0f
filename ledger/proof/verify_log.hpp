// The log held against itself: order, chain, canonical form, and the laws of the book in every version of it.
// Pure: rows come from wherever the log is kept, so the same check serves a database and an exported file.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/book/state.hpp"

namespace ledger::proof {

using namespace ledger::book;

struct Finding {
    std::string code;  // LOG_GAP, LAW_1 … as docs/log-format.md lists them
    std::string object;  // "event 1042", "leg 4096,0", "batch 17"
    Version version;  // of the book; 0 when it belongs to none
    std::string detail;
    bool operator==(const Finding&) const = default;
};

// Keeps the first so many, and counts the rest.
class Findings {
public:
    explicit Findings(std::size_t most) : most_{most} {}
    void add(Finding finding) {
        if (kept_.size() < most_)
            kept_.push_back(std::move(finding));
        else
            ++left_out_;
    }
    [[nodiscard]] bool empty() const { return kept_.empty(); }
    [[nodiscard]] const std::vector<Finding>& kept() const { return kept_; }
    [[nodiscard]] std::size_t left_out() const { return left_out_; }

private:
    std::size_t most_;
    std::vector<Finding> kept_;
    std::size_t left_out_ = 0;
};

// One version as it is stored.
struct LogRow {
    Version version;
    KnownAt known_at;
    EffectiveAt effective_at;
    PrincipalNo principal;
    std::optional<std::array<std::byte, 16>> idempotency_id;
    Digest request_digest;
    Digest previous_hash;
    Digest hash;
    std::string body;
};

class LogAudit {
public:
    LogAudit(const std::string& book, Findings& findings);

    // Rows in the order of their versions. Gives the facts back while the log can be trusted to replay; from
    // the first fault on only order and chain are checked, because what follows from a wrong fact says
    // nothing.
    [[nodiscard]] std::optional<Recorded> take(const LogRow& row);
    // The laws that the book keeps as a whole.
    void finish();

    [[nodiscard]] bool is_replayed() const { return is_replayed_; }  // all of it so far
    [[nodiscard]] const State& state() const { return state_; }
    [[nodiscard]] Version head() const { return last_version_; }
    [[nodiscard]] const Digest& head_hash() const { return last_hash_; }
    [[nodiscard]] std::uint64_t journals() const { return journals_; }

private:
    void fault(const char* code, const LogRow& row, std::string detail);
    [[nodiscard]] bool follows(const LogRow& row);
    [[nodiscard]] bool is_linked(const LogRow& row);
    void check_laws(const Recorded& recorded);
    void check_journal(const JournalPosted& journal, Version version);
    void check_position(AccountNo account, AssetNo asset, Version version);
    void law(const char* code, Version version, std::string detail);

    std::string book_;
    Findings& findings_;
    State state_;
    Version last_version_;
    KnownAt last_known_;
    Digest last_hash_;  // as stored
    Digest last_computed_;  // as it follows from the row
    bool is_replayed_ = true;
    std::uint64_t journals_ = 0;
};

}  // namespace ledger::proof
