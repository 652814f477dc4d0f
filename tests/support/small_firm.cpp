#include "tests/support/small_firm.hpp"

#include <stdexcept>

namespace support {

SmallFirm::SmallFirm() {
    const auto must = [](const Answer& answer) {
        if (!answer.is_accepted()) throw std::runtime_error(answer.error->detail);
    };
    for (const auto* party : {"firm", "fund", "other", "cme", "bank-a", "bank-b"})
        must(book.post("/v1/parties", {{"id", party}, {"name", party}, {"kind", "company"}}));
    must(book.post("/v1/assets", {{"id", "USD"}, {"kind", "cash"}, {"scale", 2}}));
    must(book.post("/v1/assets", {{"id", "UST"}, {"kind", "security"}, {"scale", 0}}));
    const auto account = [&](const char* id, const char* party, const char* side, const char* kind,
                             const char* regime, const Json& limits = Json::array()) {
        Json body{{"id", id}, {"party", party}, {"side", side}, {"kind", kind}};
        body[std::string{regime} == "securities_record" ? "pool" : "regime"] = regime;
        if (!limits.empty()) body["limits"] = limits;
        must(book.post("/v1/accounts", body));
    };
    account("fund.fut", "fund", "obligation", "customer", "FUT_4D");
    account("other.fut", "other", "obligation", "customer", "FUT_4D");
    account("ri", "firm", "obligation", "residual_interest", "FUT_4D");
    account("ote", "fund", "obligation", "open_trade_equity", "FUT_4D");
    account("k", "firm", "location", "custodian", "FUT_4D");
    account("cme.4d", "cme", "location", "dco", "FUT_4D");
    account("vault", "firm", "location", "trust_company", "FUT_4D");
    account("bank.4d", "bank-a", "location", "bank", "FUT_4D");
    account("fund.sec", "fund", "obligation", "customer", "SEC_CUST");
    account("fund.margin", "fund", "obligation", "customer_margin", "SEC_CUST",
            Json::array({amount("200.00", "USD")}));
    account("house", "firm", "obligation", "house_equity", "HOUSE");
    account("bank", "bank-a", "location", "bank", "securities_record");
    account("box", "firm", "location", "box", "securities_record");
    must(journal("DEPOSIT", "k", "fund.fut", "70", "UST"));
    must(journal("DEPOSIT", "cme.4d", "fund.fut", "20", "UST"));
    must(journal("DEPOSIT", "vault", "fund.fut", "10", "UST"));
    must(journal("DEPOSIT", "bank.4d", "fund.fut", "1000.00", "USD"));
    must(journal("DEPOSIT", "bank", "fund.sec", "500.00", "USD"));
    must(journal("OPENING", "bank", "house", "1000.00", "USD"));
}

Answer SmallFirm::journal(const std::string& reason, const std::string& debited, const std::string& credited,
                          const std::string& digits, const std::string& asset, const Json& more) {
    Json body{{"reason", reason}, {"legs", {debit(debited, digits, asset), credit(credited, digits, asset)}}};
    body.update(more);
    return book.post("/v1/journals", body);
}

Answer SmallFirm::lien(const std::string& id, const std::string& digits, const Json& more) {
    Json body{{"id", id},
              {"type", "CCP_MARGIN"},
              {"holder", "cme"},
              {"account", "fund.fut"},
              {"amount", amount(digits, "UST")}};
    body.update(more);
    return book.post("/v1/liens", body);
}

std::string SmallFirm::lines(const std::string& lien) const {
    std::string text;
    for (const auto& line : book.lien(lien)->lines) {
        if (!text.empty()) text += ", ";
        text += book.state().accounts[line.location].id + " " +
                format_decimal(line.quantity, book.state().assets[line.asset].scale);
    }
    return text;
}

}  // namespace support
