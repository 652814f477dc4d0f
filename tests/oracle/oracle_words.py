"""The words of design section 5 and api.md, days, and the forms of texts: typed by hand from those papers."""
import re
from datetime import date, datetime, timedelta, timezone

MOST = 10 ** 36
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
BASE32_PLACE = {c: n for n, c in enumerate(BASE32)}

# ---- the words of the model ----

DEPOSITORIES = """bank custodian trust_company csd clearing_corporation dco broker box wallet transfer_agent
    foreign_bank
    foreign_broker foreign_clearing_organization foreign_depository""".split()
LOCATIONS_WITHOUT_FLOOR = """fail_to_receive stock_loaned distribution_receivable due_from count_difference
    in_transit""".split()
OBLIGATIONS_WITH_FLOOR = ["customer", "customer_margin", "residual_interest"]
OBLIGATIONS_WITHOUT_FLOOR = """house_equity short_position open_trade_equity fail_to_deliver stock_borrowed
    bank_loan repo due_to suspense""".split()
LOCATION_KINDS = set(DEPOSITORIES + LOCATIONS_WITHOUT_FLOOR)
KINDS = LOCATION_KINDS | set(OBLIGATIONS_WITH_FLOOR + OBLIGATIONS_WITHOUT_FLOOR)
WITH_FLOOR = set(DEPOSITORIES + OBLIGATIONS_WITH_FLOOR)
WITH_LIMITS = {"customer_margin", "bank"}

STOCK_RECORD = "securities_record"
IN_STOCK_RECORD = {"SEC_CUST", "SEC_PAB", "HOUSE"}
EXCHANGE_DAYS = {"SEC_CUST", "SEC_PAB", "HOUSE", "SBS_CLEARED", "SBS_NONCLEARED", "XM_OCC_CME_NP", None}
SIFMA_DAYS = {"XM_FICC_CME_CUST", "XM_HOUSE"}

OWNERS = {"customer", "customer_margin"}
FIRM = {"house_equity", "residual_interest"}
PLACES = set(DEPOSITORIES) | {"in_transit"}
CLEARING = {"clearing_corporation", "dco", "broker", "foreign_broker", "foreign_clearing_organization"}
OPEN_ITEMS = {"fail_to_deliver", "fail_to_receive", "short_position", "suspense"}


def both(kinds):
    return (False, kinds, kinds)


# reason: (is a fact, may debit, may credit)
REASONS = {
    "OPENING": both(KINDS),
    "DEPOSIT": (False, PLACES, OWNERS | FIRM | {"suspense", "due_to"}),
    "WITHDRAWAL": (False, OWNERS | {"house_equity", "suspense"}, PLACES),
    "LOCATION_MOVE": both(PLACES),
    "MARGIN_TO_CCP": (False, CLEARING | {"in_transit"}, PLACES),
    "MARGIN_FROM_CCP": (False, PLACES, CLEARING | {"in_transit"}),
    "TRADE_SETTLEMENT": both(OWNERS | FIRM | PLACES | OPEN_ITEMS |
                             {"open_trade_equity", "stock_borrowed", "stock_loaned"}),
    "FAIL": both(OWNERS | FIRM | PLACES | OPEN_ITEMS),
    "STOCK_BORROW": both(FIRM | PLACES | OPEN_ITEMS | {"stock_borrowed"}),
    "STOCK_LOAN": both(FIRM | PLACES | OPEN_ITEMS | {"stock_loaned", "stock_borrowed"}),
    "BANK_LOAN": both(FIRM | PLACES | {"bank_loan"}),
    "REPO": both(FIRM | PLACES | {"repo"}),
    "RESERVE": both(FIRM | PLACES),
    "RESIDUAL_INTEREST": both(FIRM | PLACES),
    "MISDIRECTED": both(OWNERS | PLACES | {"due_from", "due_to", "suspense"}),
    "FEE": both(OWNERS | FIRM | PLACES),
    "INTEREST": both(OWNERS | FIRM | PLACES | {"stock_borrowed", "stock_loaned", "bank_loan", "repo"}),
    "REALISATION": both(OWNERS | FIRM | {"open_trade_equity"}),
    "CORRECTION": both(KINDS),
    "VARIATION": (True, OWNERS | FIRM | PLACES | {"open_trade_equity"},
                  OWNERS | FIRM | PLACES | {"open_trade_equity"}),
    "INCOME": (True, KINDS, KINDS),
    "FORCED_TRANSFER": (True, KINDS, KINDS),
    "LOCATION_LOSS": (True, OWNERS | FIRM | {"suspense", "count_difference", "due_from"}, PLACES),
    "COUNT_DIFFERENCE": (True, FIRM | PLACES | {"count_difference", "suspense"},
                         FIRM | PLACES | {"count_difference", "suspense"}),
}

# ---- days ----


def nth(year, month, weekday, count):
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def last_monday_of_may(year):
    day = date(year, 5, 31)
    return day - timedelta(days=day.weekday())


def easter(year):
    """The anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    el = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * el) // 451
    month, day = divmod(h + el - 7 * m + 114, 31)
    return date(year, month, day + 1)


def holidays(year, calendar):
    def kept(day, saturday_too):
        if day.weekday() == 6:
            return day + timedelta(days=1)
        if day.weekday() == 5:
            return day - timedelta(days=1) if saturday_too else None
        return day

    to_friday = calendar != "federal"
    days = {nth(year, 1, 0, 3), nth(year, 2, 0, 3), last_monday_of_may(year), nth(year, 9, 0, 1),
            nth(year, 11, 3, 4)}
    days |= {kept(date(year, 1, 1), False), kept(date(year, 6, 19), to_friday),
             kept(date(year, 7, 4), to_friday), kept(date(year, 12, 25), to_friday)}
    if calendar != "exchange":
        days |= {nth(year, 10, 0, 2), kept(date(year, 11, 11), False)}
    if calendar != "federal":
        days.add(easter(year) - timedelta(days=2))
    return days


HOLIDAYS = {(y, c): holidays(y, c) for y in range(2025, 2029) for c in ("federal", "exchange", "sifma")}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def instant(text):
    """Microseconds since 1970."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at - EPOCH) // timedelta(microseconds=1)


def new_york_day(micros):
    at = EPOCH + timedelta(microseconds=micros)
    begin = nth(at.year, 3, 6, 2)
    end = nth(at.year, 11, 6, 1)
    summer = (datetime(at.year, 3, begin.day, 7, tzinfo=timezone.utc) <= at
              < datetime(at.year, 11, end.day, 6, tzinfo=timezone.utc))
    return (at - timedelta(hours=4 if summer else 5)).date()


def business_date(calendar, micros):
    day = new_york_day(micros)
    while day.weekday() >= 5 or day in HOLIDAYS[day.year, calendar]:
        day += timedelta(days=1)
    return day


def calendar_of(regime):
    return "exchange" if regime in EXCHANGE_DAYS else "sifma" if regime in SIFMA_DAYS else "federal"


# ---- refusals and texts ----


class Refused(Exception):
    def __init__(self, code, pointer):
        super().__init__(code, pointer)
        self.code, self.pointer = code, pointer


DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?\Z")


def made_id(prefix, version, index):
    number = version << 12 | index
    return prefix + "".join(BASE32[number >> 5 * place & 31] for place in range(12, -1, -1))


def is_made_form(name):
    head, line, tail = name.partition("_")
    return (line != "" and len(head) < 5 and len(tail) == 13 and all(c in BASE32_PLACE for c in tail)
            and BASE32_PLACE[tail[0]] < 16)


def plain(value, field=""):
    """What was asked, in one form: 1.0 asks for what 1.00 does."""
    if isinstance(value, dict):
        return tuple(sorted((k, plain(v, k)) for k, v in value.items() if v is not None))
    if isinstance(value, list):
        return tuple(plain(v) for v in value)
    if field == "amount" and isinstance(value, str) and "." in value:
        return value.rstrip("0").rstrip(".")
    if field.endswith("_at") and isinstance(value, str):
        return instant(value)
    return value
