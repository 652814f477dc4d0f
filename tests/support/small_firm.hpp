// A small dually registered firm for unit tests, with short words for what they ask most.
#pragma once

#include <string>

#include "tests/support/test_book.hpp"

namespace support {

// FUT_4D: fund.fut has 100 UST and 1000.00 USD; k holds 70 UST, cme.4d 20, vault 10; bank.4d the cash.
// Stock record: fund.sec has 500.00 USD at bank; fund.margin may owe 200.00; house owns 1000.00.
class SmallFirm {
public:
    SmallFirm();

    TestBook book;

    [[nodiscard]] static Json amount(const std::string& digits, const std::string& asset) {
        return {{"asset", asset}, {"amount", digits}};
    }
    [[nodiscard]] static Json debit(const std::string& account, const std::string& digits,
                                    const std::string& asset) {
        return {{"account", account}, {"debit", amount(digits, asset)}};
    }
    [[nodiscard]] static Json credit(const std::string& account, const std::string& digits,
                                     const std::string& asset) {
        return {{"account", account}, {"credit", amount(digits, asset)}};
    }
    Answer post(const std::string& path, const std::string& json,
                std::optional<std::uint64_t> if_match = {}) {
        return book.post(path, Json::parse(json), if_match);
    }
    // Debits one account and credits another; `more` adds or replaces fields.
    Answer journal(const std::string& reason, const std::string& debited, const std::string& credited,
                   const std::string& digits, const std::string& asset, const Json& more = Json::object());
    // The short form on fund.fut's UST.
    Answer lien(const std::string& id, const std::string& digits, const Json& more = Json::object());
    [[nodiscard]] std::uint64_t state_version(const std::string& account) const {
        return book.state().state_version(book.account(account)).value;
    }
    // "k 70, cme.4d 20": places and quantities of a lien's lines, in their order.
    [[nodiscard]] std::string lines(const std::string& lien) const;
};

}  // namespace support
