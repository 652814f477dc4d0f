// The whole interface over the model ledger, called over a socket: what a caller sees, without a database.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "api/api.hpp"
#include "tests/support/model_ledger.hpp"
#include "tests/unit/api/http_client.hpp"

namespace tests::api_interface {

using nlohmann::json;
using tests::http::Answer;
using tests::support::ModelLedger;

class Interface {
public:
    explicit Interface(api::ApiOptions options = {});

    // The key of a principal with that one role, made when first asked for. Customers and managers act for a
    // party.
    const std::string& key(ledger::book::Role role, const std::string& party = {});

    // As admin unless another role's key is given.
    Answer get(std::string_view target, const std::string& key = {}, std::string_view more_headers = {});
    Answer post(std::string_view target, const json& body, const std::string& key = {},
                std::string_view more_headers = {});
    // The same under an Idempotency-Key of the test's choice, with the body as it is written.
    Answer post_text(std::string_view target, std::string_view body, std::string_view idempotency_key,
                     const std::string& key = {}, std::string_view more_headers = {});
    // As post, for what must succeed: the answer's JSON.
    json made(std::string_view target, const json& body);

    // A customer with 100 USD and 100.00 BND in FUT_4D at a bank and a custodian, and a clearing house as
    // holder.
    void set_up_firm();

    ModelLedger ledger;
    std::unique_ptr<api::Api> api;

private:
    std::map<std::pair<ledger::book::Role, std::string>, std::string> keys_;
    int next_key_ = 0;
};

[[nodiscard]] json amount(const char* asset, const char* text);
[[nodiscard]] json leg(const char* account, const char* side, const char* asset, const char* text);
[[nodiscard]] json deposit(const char* location, const char* account, const char* asset, const char* text);

}  // namespace tests::api_interface
