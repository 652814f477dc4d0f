// A write: the body becomes a command, the command goes through the one door, and the answer comes from its
// callback. No thread waits in between.
#pragma once

#include <functional>
#include <string>

#include "api/http/message.hpp"
#include "api/shared.hpp"
#include "api/wire/json_document.hpp"
#include "api/wire/rendering.hpp"
#include "ledger/base/error.hpp"
#include "ledger/port/ledger.hpp"
#include "ledger/rules/command.hpp"

namespace api::handlers {

namespace rules = ledger::rules;
using http::RequestPtr;
using http::Responder;
using ledger::base::Result;

// How the accepted command is answered, when not by the object it made.
using WriteAnswer =
    std::function<void(wire::JsonWriter&, const wire::Source&, const wire::LogEntry&, bool is_replayed)>;

// What keeps a commitment to an erasable text from being guessed.
[[nodiscard]] std::string make_salt();

// Reads the body (an empty one is an empty object), or says what is wrong with it.
[[nodiscard]] Result<wire::JsonDocument> body_of(const http::Request& request);

void submit(const SharedPtr& shared, const RequestPtr& request, const Responder& respond,
            Result<rules::Command> command, WriteAnswer write_answer = {});

using ReadBody = Result<rules::Command> (*)(wire::JsonValue);
using ReadAction = Result<rules::Command> (*)(const std::string& id, wire::JsonValue);

void submit_body(const SharedPtr& shared, const RequestPtr& request, const Responder& respond, ReadBody read);
void submit_action(const SharedPtr& shared, const RequestPtr& request, const Responder& respond,
                   ReadAction read);

template <ReadBody read>
void creates(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    submit_body(shared, request, respond, read);
}
template <ReadAction read>
void acts(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    submit_action(shared, request, respond, read);
}

// A reservation that becomes a journal moves property: that takes a role that may post.
void commit_reservation(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);

}  // namespace api::handlers
