// The border of the store: what fails inside comes out as Unavailable. For the store's own sources.
#pragma once

#include <string_view>

#include "ledger/store/postgres/store.hpp"

namespace ledger::store::postgres {

template <class Call>
auto PostgresStore::guarded(std::chrono::milliseconds within, Call call) {
    if (!connection_ || connection_->is_lost())
        throw port::Unavailable{"there is no session with PostgreSQL"};
    const auto close_if_lost = [this] {
        if (!connection_) return;
        connection_->rollback();
        if (connection_->is_lost()) connection_.reset();
    };
    try {
        connection_->deadline_in(within);
        return call(*connection_);
    } catch (const Fault& fault) {
        close_if_lost();
        throw port::Unavailable{fault.what()};
    } catch (...) {
        close_if_lost();
        throw;
    }
}

[[nodiscard]] std::string_view text_of(rules::Named kind);
[[nodiscard]] port::RefusedRow refusal_of(const Rows& rows,
                                          std::size_t row);  // in the order of `answered_refused`

}  // namespace ledger::store::postgres
