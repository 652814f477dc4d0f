// Business dates of the calendars that regimes name.
#pragma once

#include <chrono>

#include "ledger/base/instant.hpp"
#include "ledger/book/regime.hpp"

namespace ledger::rules {

// The business date an instant belongs to: its local day, or the next business day after it.
[[nodiscard]] std::chrono::year_month_day business_date(book::CalendarName calendar, base::Microseconds at);

}  // namespace ledger::rules
