// A read of one pinned version, through the eyes of one caller: what another party owns is not there for a
// customer. Handlers that read get this and nothing else of the book.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/caller.hpp"
#include "api/http/message.hpp"
#include "api/http/query.hpp"
#include "api/shared.hpp"
#include "api/wire/cursor.hpp"
#include "api/wire/json_writer.hpp"
#include "api/wire/rendering.hpp"
#include "ledger/base/error.hpp"

namespace api::handlers {

using namespace ledger::book;
using http::RequestPtr;
using http::Responder;
using http::Response;
using ledger::base::refuse;
using ledger::port::Committed;
using wire::LogEntry;

inline constexpr std::size_t page_default = 100;
inline constexpr std::size_t page_max = 1000;
inline constexpr std::size_t store_page_max = 200;  // of lists whose items are read from the log

struct Page {
    std::uint64_t after = 0;
    std::size_t limit = page_default;
};

class Reading {
public:
    Reading(SharedPtr shared, RequestPtr request);

    [[nodiscard]] const State& state() const { return book_->state; }
    [[nodiscard]] wire::Head head() const { return {book_->generation, book_->state.version()}; }
    [[nodiscard]] const Committed& book() const { return *book_; }
    [[nodiscard]] const http::Request& request() const { return *request_; }
    [[nodiscard]] const std::optional<PartyNo>& scope() const { return caller_->scope; }
    [[nodiscard]] Shared& shared() const { return *shared_; }
    [[nodiscard]] ledger::port::Ledger& ledger() const { return shared_->ledger; }
    // Takes the book as it is now, after a wait or a read of the log.
    void pin_again();

    [[nodiscard]] bool sees(AccountNo account) const {
        return !scope() || state().accounts[account].party == *scope();
    }
    [[nodiscard]] bool sees(PartyNo party) const { return !scope() || party == *scope(); }
    [[nodiscard]] bool sees_any(const std::vector<LienLine>& lines) const;
    // NOT_FOUND in the same words whether it never was or is another party's. The pointer is empty for a
    // path.
    [[nodiscard]] Result<AccountNo> account(std::string_view id, std::string_view pointer = {}) const;
    [[nodiscard]] Result<PartyNo> party(std::string_view id, std::string_view pointer = {}) const;
    [[nodiscard]] Result<AssetNo> asset(std::string_view id, std::string_view pointer = {}) const;
    [[nodiscard]] std::vector<AccountNo> own_accounts() const;  // of a scoped caller

    [[nodiscard]] std::string_view id() const { return request_->parameter("id"); }
    [[nodiscard]] Result<Page> page(http::QueryReader& query, char list,
                                    std::size_t limit_max = page_max) const;
    [[nodiscard]] wire::Source source(const wire::Facts& facts) const { return {state(), facts, scope()}; }
    // Adds what the entries' objects rest on.
    void complete(wire::Facts& facts, const LogEntry& entry) const;

    [[nodiscard]] Response answer(wire::JsonWriter& body, std::optional<Version> etag = std::nullopt) const;

private:
    SharedPtr shared_;
    RequestPtr request_;
    const auth::Caller* caller_;
    std::shared_ptr<const Committed> book_;
};

using Read = Result<Response> (*)(Reading&);

[[nodiscard]] tl::unexpected<Error> no_such(std::string_view what, std::string_view id,
                                            std::string_view pointer = {});
void set_version(Response& response, const wire::Head& head, Version version);

// On the I/O thread: what the pinned state answers alone.
void answer_read(const SharedPtr& shared, const RequestPtr& request, const Responder& respond, Read read);
// On a thread of the pool: what needs the store.
void answer_stored(const SharedPtr& shared, const RequestPtr& request, const Responder& respond, Read read);
// As answer_read, once the book has reached `?min_version`.
void answer_awaited(const SharedPtr& shared, const RequestPtr& request, const Responder& respond, Read read);

template <Read read>
void from_state(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    answer_read(shared, request, respond, read);
}
template <Read read>
void from_store(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    answer_stored(shared, request, respond, read);
}
template <Read read>
void from_awaited_state(const SharedPtr& shared, const RequestPtr& request, const Responder& respond) {
    answer_awaited(shared, request, respond, read);
}

// "next" closes every list: a cursor while there may be more.
void write_next(wire::JsonWriter& out, const wire::Head& head, char list,
                std::optional<std::uint64_t> position);

}  // namespace api::handlers
