#include "ledger/rules/business_dates.hpp"

#include "ledger/base/business_calendar.hpp"

namespace ledger::rules {

std::chrono::year_month_day business_date(book::CalendarName calendar, base::Microseconds at) {
    const auto& dates = [&]() -> const base::BusinessCalendar& {
        switch (calendar) {
            case book::CalendarName::exchange: return base::exchange_calendar();
            case book::CalendarName::federal_bank: return base::federal_bank_calendar();
            case book::CalendarName::sifma: return base::government_securities_calendar();
        }
        return base::federal_bank_calendar();
    }();
    // Beyond the years the calendar covers a day is its own business date.
    const auto date = dates.business_date_of(at);
    return date ? *date : dates.zone().day_at(at);
}

}  // namespace ledger::rules
