// One function for each read of the interface, and the few writes that need more than their body. The route
// table names them; see api/routes.cpp.
#pragma once

#include "api/handlers/reading.hpp"
#include "api/handlers/submitting.hpp"

namespace api::handlers {

// Registers.
[[nodiscard]] Result<Response> list_parties(Reading& reading);
[[nodiscard]] Result<Response> get_party(Reading& reading);
[[nodiscard]] Result<Response> list_assets(Reading& reading);
[[nodiscard]] Result<Response> get_asset(Reading& reading);
[[nodiscard]] Result<Response> list_principals(Reading& reading);
[[nodiscard]] Result<Response> get_principal(Reading& reading);
[[nodiscard]] Result<Response> list_keys(Reading& reading);
[[nodiscard]] Result<Response> list_accounts(Reading& reading);
[[nodiscard]] Result<Response> get_account(Reading& reading);
[[nodiscard]] Result<Response> list_locations(Reading& reading);
[[nodiscard]] Result<Response> get_location(Reading& reading);
[[nodiscard]] Result<Response> list_agreements(Reading& reading);
[[nodiscard]] Result<Response> get_agreement(Reading& reading);
[[nodiscard]] Result<Response> list_reasons(Reading& reading);
[[nodiscard]] Result<Response> get_reason(Reading& reading);
// Keys of a batch stand in its items.
void post_journals(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);
void create_key(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);

// Postings, claims and what is wrong.
[[nodiscard]] Result<Response> list_journals(Reading& reading);
[[nodiscard]] Result<Response> get_journal(Reading& reading);
[[nodiscard]] Result<Response> list_account_journals(Reading& reading);
[[nodiscard]] Result<Response> list_liens(Reading& reading);
[[nodiscard]] Result<Response> get_lien(Reading& reading);
[[nodiscard]] Result<Response> list_reservations(Reading& reading);
[[nodiscard]] Result<Response> get_reservation(Reading& reading);
[[nodiscard]] Result<Response> list_exceptions(Reading& reading);
[[nodiscard]] Result<Response> get_exception(Reading& reading);

// Quantities.
[[nodiscard]] Result<Response> get_balances(Reading& reading);
[[nodiscard]] Result<Response> get_collateral(Reading& reading);

// The book and the process.
[[nodiscard]] Result<Response> get_book(Reading& reading);
void stream_events(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);
void confirm_clock(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);
void healthz(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);
void readyz(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);
void metrics(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);
void openapi_json(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);
void docs_page(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);
void redirect_to_docs(const SharedPtr& shared, const RequestPtr& request, const Responder& respond);

}  // namespace api::handlers
