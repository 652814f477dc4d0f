// Keys are made here, because the secret must be shown once and is never in the log.
#include <memory>

#include "api/auth/api_key.hpp"
#include "api/handlers/handlers.hpp"
#include "api/wire/requests.hpp"

namespace api::handlers {

void create_key(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    const auto body = body_of(*request);
    auto command = body ? wire::read_key(std::string{request->parameter("id")}, body->root())
                        : Result<rules::Command>{refuse(body.error())};
    const auto made = std::make_shared<const auth::NewKey>(
        auth::make_key(auth::random_key_bytes(), shared->options.environment));
    if (command) {
        auto& key = std::get<rules::CreateKey>(*command);
        const auto& text = made->text.reveal();
        key.key_id = made->id;
        key.hash = auth::key_hash(ledger::base::as_bytes(shared->options.pepper.reveal()), text);
        key.last_four = auth::key_tail(text);
    }
    submit(shared, request, respond, std::move(command),
           [made](wire::JsonWriter& out, const wire::Source&, const LogEntry& entry, bool is_replayed) {
               for (const auto& event : entry.recorded.events) {
                   const auto* created = std::get_if<KeyCreated>(&event);
                   if (created == nullptr) continue;
                   out.begin_object().field("id", created->terms.id);
                   // A replay made no key: the one whose text was shown is gone from here.
                   if (!is_replayed) out.field("key", made->text.reveal());
                   out.field("last_four", created->terms.last_four);
                   if (created->terms.expires_at)
                       out.field("expires_at", created->terms.expires_at->at);
                   else
                       out.field_null("expires_at");
                   out.field("version", entry.recorded.version.value).end_object();
               }
           });
}

}  // namespace api::handlers
