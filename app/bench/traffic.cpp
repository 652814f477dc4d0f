#include "app/bench/traffic.hpp"

#include <array>

#include <fmt/format.h>

namespace app::bench {
namespace {

constexpr const char* reason = "TRADE_SETTLEMENT";

// "0.07": what a caller would write, without a formatter's cost in the measured loop.
std::string dollars(unsigned cents) {
    std::string text = "0.00";
    text[2] = static_cast<char>('0' + cents / 10);
    text[3] = static_cast<char>('0' + cents % 10);
    return text;
}

void append_leg(std::string& out, const std::string& account, const char* side, const std::string& amount) {
    out += R"({"account":")";
    out += account;
    out += R"(",")";
    out += side;
    out += R"(":{"asset":"USD","amount":")";
    out += amount;
    out += R"("}})";
}

}  // namespace

std::uint64_t Chance::next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31U);
}

std::string KeyMaker::next() {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto high = order_ == KeyOrder::time_ordered ? ++made_ << 16U : chance_.next();
    const std::array words{high, chance_.next()};
    std::string key(36, '-');
    std::size_t digit = 0;
    for (std::size_t at = 0; at < key.size(); ++at) {
        if (at == 8 || at == 13 || at == 18 || at == 23) continue;
        key[at] = digits[(words[digit / 16] >> (60 - 4 * (digit % 16))) & 0xfU];
        ++digit;
    }
    return key;
}

std::string account_id(std::size_t place) { return fmt::format("a-{:06}", place); }

Traffic::Traffic(std::size_t spread, KeyOrder order, std::uint64_t seed)
    : chance_{seed}, keys_{order, chance_.next()} {
    ids_.reserve(spread);
    for (std::size_t at = 0; at < spread; ++at) ids_.push_back(account_id(at));
}

Traffic::Movement Traffic::draw() {
    Movement drawn;
    drawn.debited = chance_.below(ids_.size());
    drawn.credited = (drawn.debited + 1 + chance_.below(ids_.size() - 1)) % ids_.size();
    drawn.cents = 1 + static_cast<unsigned>(chance_.below(99));
    return drawn;
}

ledger::rules::PostJournal Traffic::journal() {
    const auto drawn = draw();
    const ledger::rules::AmountText amount{"USD", {dollars(drawn.cents)}};
    ledger::rules::PostJournal posting;
    posting.reason = reason;
    posting.legs.reserve(2);
    posting.legs.push_back({ids_[drawn.debited], true, amount});
    posting.legs.push_back({ids_[drawn.credited], false, amount});
    return posting;
}

void Traffic::append_body(std::string& out, std::string_view key) {
    const auto drawn = draw();
    const auto amount = dollars(drawn.cents);
    out += '{';
    if (!key.empty()) {
        out += R"("idempotency_key":")";
        out += key;
        out += R"(",)";
    }
    out += R"("reason":")";
    out += reason;
    out += R"(","legs":[)";
    append_leg(out, ids_[drawn.debited], "debit", amount);
    out += ',';
    append_leg(out, ids_[drawn.credited], "credit", amount);
    out += "]}";
}

}  // namespace app::bench
