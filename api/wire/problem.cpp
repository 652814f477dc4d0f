#include "api/wire/problem.hpp"

#include "api/wire/json_writer.hpp"

namespace api::wire {

int problem_status(const ledger::base::Error& error) {
    return ledger::base::http_status(ledger::base::info(error.code).kind);
}

std::string problem_type(std::string_view code_name) {
    std::string type = "urn:bailee:problem:";
    for (const char c : code_name) {
        if (c == '_')
            type += '-';
        else if (c >= 'A' && c <= 'Z')
            type += static_cast<char>(c - 'A' + 'a');
        else
            type += c;
    }
    return type;
}

std::string problem_json(const ledger::base::Error& error, std::string_view request_id) {
    const auto& code = ledger::base::info(error.code);
    JsonWriter json;
    json.begin_object().field("type", problem_type(code.name)).field("title", code.title);
    json.field("status", ledger::base::http_status(code.kind)).field("code", code.name);
    json.field("detail", error.detail);
    if (!error.pointer.empty()) json.field("pointer", error.pointer);
    if (!error.figures.empty()) {
        json.begin_object("figures");
        for (const auto& figure : error.figures) json.field(figure.name, figure.value);
        json.end_object();
    }
    if (!error.rule.empty()) json.field("rule", error.rule);
    json.field("retryable", code.transient);
    json.field("next_step", error.next_step.empty() ? code.next_step : std::string_view{error.next_step});
    json.field("request_id", request_id).end_object();
    return json.take();
}

}  // namespace api::wire
