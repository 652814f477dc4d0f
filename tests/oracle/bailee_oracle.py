"""A second book, written from design.md and api.md alone: dull, slow and of another make than the one it checks.

It reads recorded commands as NDJSON (`record_commands` writes them; docs in test_replay.py), decides each by itself and
compares: every verdict with its code, pointer, version and id, and at each check line every balance, lien, reservation
and exception. The first difference ends it.
"""
import json
import re
import sys
from datetime import date, datetime, timedelta, timezone

MOST = 10 ** 36
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
BASE32_PLACE = {c: n for n, c in enumerate(BASE32)}

# ---- the words of design section 5 and api.md -------------------------------------------------------------------

DEPOSITORIES = """bank custodian trust_company csd clearing_corporation dco broker box wallet transfer_agent foreign_bank
    foreign_broker foreign_clearing_organization foreign_depository""".split()
LOCATIONS_WITHOUT_FLOOR = "fail_to_receive stock_loaned distribution_receivable due_from count_difference in_transit".split()
OBLIGATIONS_WITH_FLOOR = ["customer", "customer_margin", "residual_interest"]
OBLIGATIONS_WITHOUT_FLOOR = """house_equity short_position open_trade_equity fail_to_deliver stock_borrowed bank_loan repo
    due_to suspense""".split()
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
    "VARIATION": (True, OWNERS | FIRM | PLACES | {"open_trade_equity"}, OWNERS | FIRM | PLACES | {"open_trade_equity"}),
    "INCOME": (True, KINDS, KINDS),
    "FORCED_TRANSFER": (True, KINDS, KINDS),
    "LOCATION_LOSS": (True, OWNERS | FIRM | {"suspense", "count_difference", "due_from"}, PLACES),
    "COUNT_DIFFERENCE": (True, FIRM | PLACES | {"count_difference", "suspense"},
                         FIRM | PLACES | {"count_difference", "suspense"}),
}

# ---- days -------------------------------------------------------------------------------------------------------


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
    days = {nth(year, 1, 0, 3), nth(year, 2, 0, 3), last_monday_of_may(year), nth(year, 9, 0, 1), nth(year, 11, 3, 4)}
    days |= {kept(date(year, 1, 1), False), kept(date(year, 6, 19), to_friday), kept(date(year, 7, 4), to_friday),
             kept(date(year, 12, 25), to_friday)}
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


# ---- refusals and texts -----------------------------------------------------------------------------------------


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


class Draft:
    """The book as one command would leave it; dropped when the command is refused."""

    def __init__(self, book):
        self.book = book
        self.positions = {}   # those touched, in the order they were
        self.liens = {}       # those changed; None: closed
        self.events = 0
        self.done = []        # what else is to be done when it is accepted

    def touch(self, account, asset):
        place = (account, asset)
        if place not in self.positions:
            self.positions[place] = list(self.book.positions.get(place, (0, 0, 0)))
        return self.positions[place]

    def now(self, account, asset):
        place = (account, asset)
        return self.positions.get(place) or self.book.positions.get(place, (0, 0, 0))

    def free(self, account, asset):
        total, encumbered, reserved = self.now(account, asset)
        return max(total, 0) - encumbered - reserved

    def lien(self, key):
        return self.liens[key] if key in self.liens else self.book.liens[key]

    def bind(self, lines, sign):
        for owner, location, asset, _, _, consumed in lines:
            self.touch(owner, asset)[1] += sign * consumed
            self.touch(location, asset)[1] += sign * consumed

    def set_lines(self, key, lines, **other):
        old = self.lien(key)
        self.bind(old["lines"], -1)
        self.bind(lines, 1)
        self.liens[key] = dict(old, lines=lines, **other)
        self.events += 1


def place_of(line):
    return line[:4]


def merge(lines, added):
    for at, line in enumerate(lines):
        if place_of(line) == place_of(added):
            lines[at] = line[:4] + (line[4] + added[4], line[5] + added[5])
            return
    lines.append(added)


def held_at(lines, place):
    return sum(line[4] for line in lines if place_of(line) == place)


class Book:
    def __init__(self):
        self.version = 1  # the book was opened
        self.now = 0
        self.parties, self.assets, self.accounts, self.agreements = set(), {}, {}, {}
        self.positions, self.liens, self.reservations, self.exceptions = {}, {}, {}, {}
        self.state_version = {}
        self.supply = {}             # (asset, side) -> sum of magnitudes
        self.journals, self.reversed = {}, set()
        self.names = {}              # (kind, name) -> (version, what was asked)
        self.keys = {}               # (kind, id) -> key, of liens and reservations, open or closed
        self.locations_of = {}

    # -- looking up

    def asset_amount(self, amount, pointer):
        asset = amount["asset"]
        if asset not in self.assets:
            raise Refused("NOT_FOUND", pointer + "/asset")
        scale = self.assets[asset]
        parts = DECIMAL.match(amount["amount"])
        fraction = parts and parts.group(3) or ""
        if not parts or len(fraction) > scale:
            raise Refused("INVALID_INPUT", pointer + "/amount")
        units = int(parts.group(2) + fraction + "0" * (scale - len(fraction)))
        if parts.group(1) or not 0 < units <= MOST:
            raise Refused("INVALID_INPUT", pointer + "/amount")
        return asset, units

    def account(self, name, pointer):
        if name not in self.accounts:
            raise Refused("NOT_FOUND", pointer)
        return self.accounts[name]

    def live_lien(self, name, pointer, is_target=False):
        key = self.keys.get(("lien", name))
        if key in self.liens:
            return key
        raise Refused("ALREADY_SETTLED" if is_target and key is not None else "NOT_FOUND", pointer)

    def shortfall(self, account, asset, position):
        total, encumbered, reserved = position
        bound = encumbered + reserved
        terms = self.accounts[account]
        short = 0
        if terms["kind"] in WITH_FLOOR:
            short = max(0, -terms["limits"].get(asset, 0) - (total - bound))
        return max(short, bound - total) if bound > 0 else short

    def not_moved(self, account, if_match):
        if if_match is not None and self.state_version[account] != if_match:
            raise Refused("STATE_MOVED", "If-Match")

    def is_ahead(self, body, pointer):
        if body.get("expires_at") is None:
            return None
        at = instant(body["expires_at"])
        if at <= self.now:
            raise Refused("EXPIRY_NOT_AHEAD", pointer + "/expires_at")
        return at

    # -- time

    def advance(self, at):
        self.now = max(self.now, at)
        due = sorted([(r["expires"], 0, key) for key, r in self.reservations.items() if r["expires"] <= at] +
                     [(lien["expires"], 1, key) for key, lien in self.liens.items()
                      if lien["expires"] is not None and lien["expires"] <= at])
        if not due:
            return
        draft = Draft(self)
        for _, is_lien, key in due:
            if is_lien:
                self.close_lien(draft, key)
            else:
                self.close_reservation(draft, key)
        self.accept(draft)

    def accept(self, draft):
        self.version += 1
        for place, position in draft.positions.items():
            account, asset = place
            before = self.positions.get(place, (0, 0, 0))
            side = (asset, self.accounts[account]["side"])
            self.supply[side] = self.supply.get(side, 0) + abs(position[0]) - abs(before[0])
            self.positions[place] = tuple(position)
            self.state_version[account] = self.version
            short = self.shortfall(account, asset, position)
            if short and place not in self.exceptions:
                bound = position[1] + position[2]
                rule = "LIEN_SHORT" if bound and position[0] < bound else "FLOOR_BROKEN"
                self.exceptions[place] = (rule, short)
            elif not short:
                self.exceptions.pop(place, None)
        for key, lien in draft.liens.items():
            if lien is None:
                del self.liens[key]
            else:
                self.liens[key] = lien
        for act in draft.done:
            act()

    # -- postings

    def resolve_legs(self, body, p):
        legs = []
        for at, leg in enumerate(body["legs"]):
            self.account(leg["account"], f"{p}/legs/{at}/account")
            side = "debit" if "debit" in leg else "credit"
            asset, units = self.asset_amount(leg[side], f"{p}/legs/{at}/{side}")
            legs.append((leg["account"], asset, units if side == "debit" else -units))
        return legs

    def kinds_fit(self, reason, legs, p):
        _, may_debit, may_credit = REASONS[reason]
        for at, (account, _, debit) in enumerate(legs):
            if self.accounts[account]["kind"] not in (may_debit if debit > 0 else may_credit):
                raise Refused("REASON_NOT_PERMITTED", f"{p}/legs/{at}/{'debit' if debit > 0 else 'credit'}")

    def pools_closed(self, legs, basis, p):
        sums = {}
        for account, asset, debit in legs:
            sums.setdefault((asset, self.accounts[account]["pool"]), [0, 0])[debit < 0] += abs(debit)
        if any(max(pair) > MOST for pair in sums.values()):
            raise Refused("SUPPLY_EXCEEDED", p + "/legs")
        for asset in {asset for asset, _ in sums}:
            if sum(d - c for (a, _), (d, c) in sums.items() if a == asset):
                raise Refused("UNBALANCED", p + "/legs")
        if any(d != c for d, c in sums.values()):
            raise Refused("REGIME_CROSSED", p + "/legs")
        if len({pool for _, pool in sums}) < 2:
            return
        if basis is None:
            raise Refused("REGIME_CROSSED", p + "/basis")
        for at, (account, _, _) in enumerate(legs):
            kind = self.accounts[account]["kind"]
            if basis == "MISDIRECTED":
                fits = kind in OWNERS or kind == "due_to" or kind in LOCATION_KINDS
            else:
                fits = kind in FIRM or kind in DEPOSITORIES
            if not fits:
                raise Refused("REGIME_CROSSED", f"{p}/legs/{at}/account")
        if basis == "MISDIRECTED":
            self.misdirection_paired(legs, p)

    def misdirection_paired(self, legs, p):
        """What is due from one pool is due to another, all else in a pool stands against it, nothing is due below zero."""
        due, others, after = {}, {}, {}
        for account, asset, debit in legs:
            terms = self.accounts[account]
            if terms["kind"] in ("due_from", "due_to"):
                due[asset] = due.get(asset, 0) + debit
                place = (account, asset)
                after.setdefault(place, self.positions.get(place, (0, 0, 0))[0])
                after[place] += debit if terms["side"] == "location" else -debit
            else:
                others.setdefault((asset, terms["pool"]), set()).add(debit > 0)
        if any(due.values()) or any(len(sides) > 1 for sides in others.values()) or any(t < 0 for t in after.values()):
            raise Refused("REGIME_CROSSED", p + "/legs")

    def timely(self, body, legs, p):
        if body.get("effective_at") is None:
            return
        at = instant(body["effective_at"])
        if at > self.now:
            raise Refused("EFFECTIVE_IN_FUTURE", p + "/effective_at")
        if body.get("memo") and body.get("evidence"):
            return
        for account, _, _ in legs:
            calendar = calendar_of(self.accounts[account]["regime"])
            if business_date(calendar, at) < business_date(calendar, self.now):
                raise Refused("HINDSIGHT_UNEXPLAINED", p + ("/memo" if body.get("evidence") else "/evidence"))

    def post(self, draft, body, legs, is_fact, basis, p, reverses=None):
        self.pools_closed(legs, basis, p)
        self.timely(body, legs, p)
        before = {}
        for account, asset, debit in legs:
            position = draft.touch(account, asset)
            before.setdefault((account, asset), position[0])
            position[0] += debit if self.accounts[account]["side"] == "location" else -debit
        growth = {}
        for (account, asset), was in before.items():
            side = (asset, self.accounts[account]["side"])
            growth.setdefault(side, self.supply.get(side, 0))
            growth[side] += abs(draft.now(account, asset)[0]) - abs(was)
        if any(size > MOST for size in growth.values()):
            raise Refused("SUPPLY_EXCEEDED", p + "/legs")
        made = made_id("jrn_", self.version + 1, draft.events)
        draft.events += 1
        if body.get("liens"):
            self.move_liens(draft, body["liens"], legs, p)
        if not is_fact:
            for account, asset in draft.positions:
                was = self.positions.get((account, asset), (0, 0, 0))[0]
                now = draft.positions[account, asset]
                if now[0] < was and self.shortfall(account, asset, now):
                    at = next(n for n, leg in enumerate(legs) if leg[:2] == (account, asset))
                    side = "debit" if legs[at][2] > 0 else "credit"
                    raise Refused("INSUFFICIENT_FREE", f"{p}/legs/{at}/{side}")
        name = body.get("id") or made

        def keep():
            self.journals[made] = self.journals[name] = (made, legs, basis, reverses)
        draft.done.append(keep)
        return name

    def journal(self, draft, body, p=""):
        if body["reason"] not in REASONS:
            raise Refused("NOT_FOUND", p + "/reason")
        legs = self.resolve_legs(body, p)
        is_fact = REASONS[body["reason"]][0]
        if "nature" in body and (body["nature"] == "fact") != is_fact:
            raise Refused("NATURE_MISMATCH", p + "/nature")
        if is_fact and not body.get("evidence"):
            raise Refused("EVIDENCE_REQUIRED", p + "/evidence")
        self.kinds_fit(body["reason"], legs, p)
        return self.post(draft, body, legs, is_fact, body.get("basis"), p)

    def reverse(self, draft, target, body):
        if target not in self.journals:
            raise Refused("NOT_FOUND", "/journal")
        key, legs, basis, reverses = self.journals[target]
        if key in self.reversed:
            raise Refused("ALREADY_REVERSED", "/journal")
        if reverses:
            raise Refused("NOT_REVERSIBLE", "/journal")
        if body["reason"] not in REASONS:
            raise Refused("NOT_FOUND", "/reason")
        mirror = [(account, asset, -debit) for account, asset, debit in legs]
        self.kinds_fit(body["reason"], mirror, "")
        if REASONS[body["reason"]][0]:
            raise Refused("NATURE_MISMATCH", "/reason")
        draft.done.append(lambda: self.reversed.add(key))
        return self.post(draft, dict(body, id=None, liens=None), mirror, False, basis, "", reverses=key)

    def move_liens(self, draft, names, legs, p):
        def only(asset, is_debit):
            found = [leg for leg in legs if leg[1] == asset and (leg[2] > 0) == is_debit]
            fits = len(found) == 1 and self.accounts[found[0][0]]["side"] == "location"
            return found[0] if fits else None

        moved = {}
        for at, name in enumerate(names):
            stays = Refused("LIEN_LINES_STAY", f"{p}/liens/{at}")
            key = self.live_lien(name, f"{p}/liens/{at}")
            if draft.lien(key)["behind"] is not None:
                raise stays
            anything = False
            while key is not None:
                lines, quantities = [], {}
                for line in draft.lien(key)["lines"]:
                    asset = line[2]
                    source, target = only(asset, False), only(asset, True)
                    if source is None or target is None or line[1] != source[0]:
                        merge(lines, line)
                        continue
                    if self.accounts[source[0]]["pool"] != self.accounts[target[0]]["pool"]:
                        raise stays
                    merge(lines, (line[0], target[0]) + line[2:])
                    moved[asset] = moved.get(asset, 0) + line[5]
                    quantities[asset] = quantities.get(asset, 0) + line[4]
                    if max(moved[asset], quantities[asset]) > target[2]:
                        raise stays
                if quantities:
                    anything = True
                    draft.set_lines(key, lines)
                key = draft.lien(key)["junior"]
            if not anything:
                raise stays

    # -- liens

    def choose(self, draft, line, lines, pointer):
        owner, _, asset, lot, rest, _ = line
        found = []
        for location in self.locations_of.get(self.accounts[owner]["pool"], []):
            free = draft.free(location, asset) - sum(l[4] for l in lines if l[1] == location and l[2] == asset)
            if free > 0:
                found.append((-free, location))
        chosen = []
        for free, location in sorted(found):
            if rest:
                taken = min(rest, -free)
                chosen.append((owner, location, asset, lot, taken, 0))
                rest -= taken
        if rest:
            raise Refused("INSUFFICIENT_FREE", pointer)
        return chosen

    def lines_of(self, draft, texts, is_short, p, senior_lines=None):
        lines, asked = [], {}
        for at, text in enumerate(texts):
            here = p if is_short else f"{p}/allocation/{at}"
            owner = text.get("account", "")
            if self.account(owner, here + "/account")["side"] != "obligation":
                raise Refused("KIND_NOT_PERMITTED", here + "/account")
            asset, units = self.asset_amount(text["amount"], here + "/amount")
            asked[asset] = asked.get(asset, 0) + units
            if asked[asset] > MOST:
                raise Refused("SUPPLY_EXCEEDED", here + "/amount")
            location = text.get("location", "")
            line = (owner, location, asset, text.get("lot", ""), units, 0)
            if not location:
                for one in self.behind(senior_lines, line) or self.choose(draft, line, lines, here + "/amount"):
                    merge(lines, one)
                continue
            place = self.account(location, here + "/location")
            if place["side"] != "location":
                raise Refused("KIND_NOT_PERMITTED", here + "/location")
            if place["pool"] != self.accounts[owner]["pool"]:
                raise Refused("REGIME_CROSSED", here + "/location")
            merge(lines, line)
        return lines

    @staticmethod
    def behind(senior_lines, line):
        """A junior lies where its senior lies, in the order of the senior's lines."""
        found, rest = [], line[4]
        for in_front in senior_lines or []:
            if in_front[0] == line[0] and in_front[2] == line[2] and rest:
                taken = min(rest, in_front[4])
                found.append(in_front[:4] + (taken, 0))
                rest -= taken
        if rest and found:
            found[0] = found[0][:4] + (found[0][4] + rest, 0)
        return found

    def are_free(self, draft, lines, is_short, p):
        for owner, location, asset, _, _, _ in lines:
            of_owner = sum(l[5] for l in lines if l[0] == owner and l[2] == asset)
            of_location = sum(l[5] for l in lines if l[1] == location and l[2] == asset)
            if of_owner and draft.free(owner, asset) < 0:
                raise Refused("INSUFFICIENT_FREE", p + ("/amount" if is_short else "/allocation"))
            if of_location and draft.free(location, asset) < 0:
                raise Refused("INSUFFICIENT_FREE", p + ("/location" if is_short else "/allocation"))

    def base_interest_there(self, draft, kind, lines, is_short, p):
        if kind != "CUST_SEC_INT":
            return
        for owner, location, asset, _, _, _ in lines:
            for account, place in ((owner, 0), (location, 1)):
                asked = sum(l[4] for l in lines if l[place] == account and l[2] == asset)
                if asked > draft.now(account, asset)[0]:
                    raise Refused("INSUFFICIENT_FREE", p + ("/amount" if is_short else "/allocation"))

    @staticmethod
    def texts_of(body):
        return (body["allocation"], False) if "allocation" in body else ([body], True)

    def agreement(self, name, pointer):
        if name not in self.agreements:
            raise Refused("NOT_FOUND", pointer)
        terms = self.agreements[name]
        today = business_date("federal", self.now).isoformat()
        revoked = terms["revoked"] is not None and terms["revoked"] <= self.now
        if revoked or not terms["from"] <= today or (terms["to"] and today > terms["to"]):
            raise Refused("AGREEMENT_NOT_IN_FORCE", pointer)

    def open_lien(self, draft, body, if_match, p=""):
        if body["holder"] not in self.parties:
            raise Refused("NOT_FOUND", p + "/holder")
        senior_key = self.keys.get(("lien", body.get("behind")))
        senior = self.liens.get(senior_key)
        texts, is_short = self.texts_of(body)
        lines = self.lines_of(draft, texts, is_short, p, senior and senior["lines"])
        if is_short:
            self.not_moved(lines[0][0], if_match)
        if body.get("agreement"):
            self.agreement(body["agreement"], p + "/agreement")
        if body.get("secured"):
            self.asset_amount(body["secured"], p + "/secured")
        if body.get("parent"):
            self.live_lien(body["parent"], p + "/parent")
        expires = self.is_ahead(body, p)
        rank, kind = body.get("rank", 1), body["type"]
        if not body.get("behind"):
            if rank != 1:
                raise Refused("LIEN_RANK", p + "/behind")
            lines = [l[:5] + (0 if kind == "CUST_SEC_INT" else l[4],) for l in lines]
        else:
            if senior is None:
                raise Refused("NOT_FOUND", p + "/behind")
            if kind == "CUST_SEC_INT" or senior["type"] == "CUST_SEC_INT" :
                raise Refused("LIEN_RANK", p + "/behind")
            if rank <= senior["rank"]:
                raise Refused("LIEN_RANK", p + "/rank")
            if senior["junior"] is not None:
                raise Refused("LIEN_RANK", p + "/behind")
            if any(l[4] > held_at(senior["lines"], place_of(l)) for l in lines):
                raise Refused("LIEN_RANK", p + ("/amount" if is_short else "/allocation"))
        draft.bind(lines, 1)
        self.are_free(draft, lines, is_short, p)
        self.base_interest_there(draft, kind, lines, is_short, p)
        made = made_id("lien_", self.version + 1, draft.events)
        draft.events += 1
        name = body.get("id") or made
        draft.liens[made] = {"id": name, "type": kind, "rank": rank, "behind": senior_key if body.get("behind") else None,
                             "junior": None, "lines": lines, "expires": expires}
        if body.get("behind"):
            draft.liens[senior_key] = dict(draft.lien(senior_key), junior=made)

        def keep():
            self.keys["lien", made] = self.keys["lien", name] = made
        draft.done.append(keep)
        return name

    def increase_lien(self, draft, name, body, if_match):
        key = self.live_lien(name, "/lien", True)
        lien = draft.lien(key)
        texts, is_short = self.texts_of(body)
        if is_short:
            if len({l[0] for l in lien["lines"]}) > 1:
                raise Refused("INVALID_INPUT", "/allocation")
            text = dict(body, account=lien["lines"][0][0])
            if not text.get("location") and len(lien["lines"]) == 1:
                text["location"] = lien["lines"][0][1]
            texts = [text]
        room = None
        if lien["behind"] is not None:
            room = []
            for line in draft.lien(lien["behind"])["lines"]:
                taken = [l for l in lien["lines"] if place_of(l) == place_of(line)]
                left = line[4] - sum(l[4] - l[5] for l in taken)
                if left > 0:
                    room.append(line[:4] + (left, 0))
        added = self.lines_of(draft, texts, is_short, "", room)
        self.not_moved(added[0][0], if_match)
        lines = list(lien["lines"])
        where = "/amount" if is_short else "/allocation"
        if room is not None:
            for line in added:
                if line[4] > held_at(room, place_of(line)):
                    raise Refused("LIEN_RANK", where)
        elif lien["type"] != "CUST_SEC_INT":
            added = [l[:5] + (l[4],) for l in added]
        for line in added:
            merge(lines, line)
        if any(l[4] > MOST for l in lines):
            raise Refused("SUPPLY_EXCEEDED", where)
        draft.set_lines(key, lines)
        self.are_free(draft, added, is_short, "")
        self.base_interest_there(draft, lien["type"], lines, is_short, "")

    def release_lien(self, draft, name, body, if_match):
        key = self.live_lien(name, "/lien", True)
        lien = draft.lien(key)
        self.not_moved(lien["lines"][0][0], if_match)
        if not body.get("amount"):
            return self.close_lien(draft, key)
        asset, rest = self.asset_amount(body["amount"], "/amount")
        if rest > sum(l[4] for l in lien["lines"] if l[2] == asset):
            raise Refused("OVER_RELEASE", "/amount/amount")
        lines = []
        for line in reversed(lien["lines"]):
            taken = min(rest, line[4]) if line[2] == asset else 0
            rest -= taken
            left = line[4] - taken
            if left:
                lines.insert(0, line[:4] + (left, min(line[5], left)))
        if not lines:
            return self.close_lien(draft, key)
        draft.set_lines(key, lines)
        return self.promote(draft, lien["junior"], key)

    def promote(self, draft, key, in_front):
        """Down the chain: each lien takes what it holds and no lien before it consumes."""
        while key is not None:
            lien, lines = draft.lien(key), []
            for line in lien["lines"]:
                covered, ahead = line[5], in_front
                while ahead is not None:
                    covered += sum(l[5] for l in draft.lien(ahead)["lines"] if place_of(l) == place_of(line))
                    ahead = draft.lien(ahead)["behind"]
                lines.append(line[:5] + (line[5] + max(0, line[4] - covered),))
            if lines != lien["lines"] or lien["behind"] != in_front:
                draft.set_lines(key, lines, behind=in_front, rank=lien["rank"] if in_front is not None else 1)
            in_front, key = key, lien["junior"]

    def close_lien(self, draft, key):
        lien = draft.lien(key)
        draft.bind(lien["lines"], -1)
        draft.liens[key] = None
        draft.events += 1
        if lien["behind"] is not None:
            draft.liens[lien["behind"]] = dict(draft.lien(lien["behind"]), junior=lien["junior"])
        self.promote(draft, lien["junior"], lien["behind"])

    def reallocate_lien(self, draft, name, body):
        key = self.live_lien(name, "/lien", True)
        lien = draft.lien(key)
        if lien["junior"] is not None or lien["behind"] is not None:
            raise Refused("LIEN_RANK", "/lien")
        draft.bind(lien["lines"], -1)
        lines = self.lines_of(draft, body["allocation"], False, "")
        if lien["type"] != "CUST_SEC_INT":
            lines = [l[:5] + (l[4],) for l in lines]
        for asset in {l[2] for l in lien["lines"] + lines}:
            if sum(l[4] for l in lien["lines"] if l[2] == asset) != sum(l[4] for l in lines if l[2] == asset):
                raise Refused("UNBALANCED", "/allocation")
        draft.bind(lines, 1)
        self.are_free(draft, lines, False, "")
        self.base_interest_there(draft, lien["type"], lines, False, "")
        draft.liens[key] = dict(lien, lines=lines)
        draft.events += 1

    # -- reservations

    def reserve(self, draft, body, if_match):
        if self.account(body["account"], "/account")["side"] != "obligation":
            raise Refused("KIND_NOT_PERMITTED", "/account")
        asset, units = self.asset_amount(body["amount"], "/amount")
        self.not_moved(body["account"], if_match)
        expires = self.is_ahead(body, "")
        draft.touch(body["account"], asset)[2] += units
        if draft.free(body["account"], asset) < 0:
            raise Refused("INSUFFICIENT_FREE", "/amount")
        made = made_id("rsv_", self.version + 1, draft.events)
        name = body.get("id") or made

        def keep():
            self.keys["reservation", made] = self.keys["reservation", name] = made
            self.reservations[made] = {"id": name, "account": body["account"], "asset": asset, "units": units,
                                       "expires": expires}
        draft.done.append(keep)
        return name

    def live_reservation(self, name):
        key = self.keys.get(("reservation", name))
        if key not in self.reservations:
            raise Refused("NOT_FOUND" if key is None else "ALREADY_SETTLED", "/reservation")
        return key

    def close_reservation(self, draft, key):
        held = self.reservations[key]
        draft.touch(held["account"], held["asset"])[2] -= held["units"]
        draft.events += 1
        draft.done.append(lambda: self.reservations.pop(key))
        return held

    def commit(self, draft, name, body, if_match):
        held = self.close_reservation(draft, self.live_reservation(name))
        account, asset, units = held["account"], held["asset"], held["units"]
        if "lien" in body:
            lien = dict(body["lien"])
            if lien.setdefault("account", account) != account:
                raise Refused("RESERVATION_EXCEEDED", "/lien/account")
            lien.setdefault("amount", {"asset": asset, "amount": self.text(asset, units)})
            of, asked = self.asset_amount(lien["amount"], "/lien/amount")
            if of != asset:
                raise Refused("RESERVATION_EXCEEDED", "/lien/amount/asset")
            if asked > units:
                raise Refused("RESERVATION_EXCEEDED", "/lien/amount/amount")
            return self.open_lien(draft, lien, if_match, "/lien")
        taken = 0
        for at, leg in enumerate(body["journal"]["legs"]):
            if "debit" in leg and leg["account"] == account and leg["debit"]["asset"] == asset:
                taken += self.asset_amount(leg["debit"], f"/journal/legs/{at}/debit")[1]
                if taken > units:
                    raise Refused("RESERVATION_EXCEEDED", f"/journal/legs/{at}/debit/amount")
        if not taken:
            raise Refused("RESERVATION_EXCEEDED", "/journal/legs")
        return self.journal(draft, body["journal"], "/journal")

    # -- terms

    def open_account(self, draft, body):
        if body["party"] not in self.parties:
            raise Refused("NOT_FOUND", "/party")
        side, regime, pool = body["side"], body.get("regime"), body.get("pool")
        kind = body.get("kind") or body.get("location", {}).get("kind")
        if not kind:
            kind = "house_equity" if regime == "HOUSE" else "customer"
        if (kind in LOCATION_KINDS) != (side == "location"):
            raise Refused("KIND_NOT_PERMITTED", "/kind")
        if not regime and not pool:
            raise Refused("INVALID_INPUT", "/regime")
        own_pool = STOCK_RECORD if regime in IN_STOCK_RECORD else regime
        if not regime and pool != STOCK_RECORD or regime and pool and pool != own_pool:
            raise Refused("KIND_NOT_PERMITTED", "/pool")
        if not regime and side == "obligation" and kind in WITH_FLOOR:
            raise Refused("KIND_NOT_PERMITTED", "/regime")
        if body.get("limits") and kind not in WITH_LIMITS:
            raise Refused("LIMIT_NOT_PERMITTED", "/limits")
        limits = {}
        for at, limit in enumerate(body.get("limits", [])):
            asset, units = self.asset_amount(limit, f"/limits/{at}")
            limits.setdefault(asset, units)

        def keep():
            name = body["id"]
            self.accounts[name] = {"side": side, "kind": kind, "regime": regime, "pool": own_pool or pool, "limits": limits}
            self.state_version[name] = self.version
            if side == "location":
                self.locations_of.setdefault(own_pool or pool, []).append(name)
        draft.done.append(keep)
        return body["id"]

    def add_agreement(self, draft, body):
        for at, party in enumerate(body["parties"]):
            if party not in self.parties:
                raise Refused("NOT_FOUND", f"/parties/{at}")
        terms = {"from": body["effective_from"], "to": body.get("effective_to", ""), "revoked": None}
        draft.done.append(lambda: self.agreements.__setitem__(body["id"], terms))
        return body["id"]

    def revoke(self, draft, name, body):
        if name not in self.agreements:
            raise Refused("NOT_FOUND", "/agreement")
        if self.agreements[name]["revoked"] is not None:
            raise Refused("ALREADY_SETTLED", "/agreement")
        at = instant(body["effective_at"]) if body.get("effective_at") else self.now
        draft.done.append(lambda: self.agreements[name].__setitem__("revoked", at))

    # -- the door

    def chosen(self, path, body):
        """Kind, name and pointer of the id the caller chose, if one was."""
        kinds = {"/v1/parties": "party", "/v1/assets": "asset", "/v1/accounts": "account", "/v1/agreements": "agreement",
                 "/v1/journals": "journal", "/v1/liens": "lien", "/v1/reservations": "reservation"}
        if path in kinds:
            return kinds[path], body.get("id"), "/id"
        if path.startswith("/v1/reservations/") and path.endswith(":commit"):
            kind = "lien" if "lien" in body else "journal"
            return kind, body[kind].get("id"), f"/{kind}/id"
        return None, None, None

    def decide(self, draft, path, body, if_match):
        if path == "/v1/parties":
            draft.done.append(lambda: self.parties.add(body["id"]))
            return body["id"]
        if path == "/v1/assets":
            draft.done.append(lambda: self.assets.__setitem__(body["id"], body["scale"]))
            return body["id"]
        if path == "/v1/accounts":
            return self.open_account(draft, body)
        if path == "/v1/agreements":
            return self.add_agreement(draft, body)
        if path == "/v1/journals":
            return self.journal(draft, body)
        if path == "/v1/liens":
            return self.open_lien(draft, body, if_match)
        if path == "/v1/reservations":
            return self.reserve(draft, body, if_match)
        what, _, rest = path[len("/v1/"):].partition("/")
        target, _, action = rest.rpartition(":")
        if what == "journals" and action == "reverse":
            return self.reverse(draft, target, body)
        if what == "agreements" and action == "revoke":
            return self.revoke(draft, target, body)
        if what == "liens" and action == "increase":
            return self.increase_lien(draft, target, body, if_match)
        if what == "liens" and action == "release":
            return self.release_lien(draft, target, body, if_match)
        if what == "liens" and action == "reallocate":
            return self.reallocate_lien(draft, target, body)
        if what == "reservations" and action == "commit":
            return self.commit(draft, target, body, if_match)
        if what == "reservations" and action == "release":
            self.close_reservation(draft, self.live_reservation(target))
            return None
        raise ValueError("an unknown path: " + path)

    def submit(self, at, path, body, if_match):
        """The verdict, as it would be recorded."""
        self.advance(instant(at))
        kind, name, pointer = self.chosen(path, body)
        asked = (path, plain(body), if_match)
        if name:
            holder = self.names.get((kind, name))
            if holder and holder[1] == asked:
                return {"status": "same", "version": holder[0]}
            if holder or is_made_form(name):
                return {"status": "refused", "code": "DUPLICATE_ID", "pointer": pointer}
        draft = Draft(self)
        try:
            made = self.decide(draft, path, body, if_match)
        except Refused as no:
            return {"status": "refused", "code": no.code, "pointer": no.pointer}
        self.accept(draft)
        if name:
            self.names[kind, name] = (self.version, asked)
        verdict = {"status": "accepted", "version": self.version}
        if made:
            verdict["id"] = made
        return verdict

    # -- what a check line shows

    def text(self, asset, units):
        scale = self.assets[asset]
        digits = str(abs(units)).rjust(scale + 1, "0")
        shown = digits[:len(digits) - scale] + ("." + digits[len(digits) - scale:] if scale else "")
        return "-" + shown if units < 0 else shown

    def picture(self):
        balances = [[account, asset] + [self.text(asset, n) for n in position]
                    for (account, asset), position in self.positions.items()]
        liens = [[lien["id"], lien["rank"], lien["behind"] and self.liens[lien["behind"]]["id"],
                  sorted([o, l, a, lot, self.text(a, q), self.text(a, c)] for o, l, a, lot, q, c in lien["lines"])]
                 for lien in self.liens.values()]
        held = [[r["id"], r["account"], r["asset"], self.text(r["asset"], r["units"])] for r in self.reservations.values()]
        exceptions = [[rule, account, asset, self.text(asset, short)]
                      for (account, asset), (rule, short) in self.exceptions.items()]
        return {"version": self.version, "balances": sorted(balances), "liens": sorted(liens, key=lambda l: l[0]),
                "reservations": sorted(held), "exceptions": sorted(exceptions)}


def differences(mine, theirs):
    for field in mine:
        if mine[field] == theirs[field]:
            continue
        if not isinstance(mine[field], list):
            return f"{field}: the oracle has {mine[field]}, the record {theirs[field]}"
        only_mine = [row for row in mine[field] if row not in theirs[field]][:3]
        only_theirs = [row for row in theirs[field] if row not in mine[field]][:3]
        return f"{field}: only the oracle has {only_mine}, only the record {only_theirs}"
    return None


def replay(lines):
    """Returns (commands, checks, the first complaint or None)."""
    book, commands, checks = Book(), 0, 0
    for number, line in enumerate(lines, 1):
        entry = json.loads(line)
        if "check" in entry:
            checks += 1
            wrong = differences(book.picture(), entry["check"])
            if wrong:
                return commands, checks, f"line {number}: {wrong}"
        elif "opened_at" in entry:
            book = Book()
            book.now = instant(entry["opened_at"])
        else:
            commands += 1
            verdict = book.submit(entry["at"], entry["path"], entry["body"], entry.get("if_match"))
            if verdict != entry["verdict"]:
                asked = json.dumps({k: v for k, v in entry.items() if k != "verdict"})
                return commands, checks, f"line {number}: the oracle says {verdict}, the record {entry['verdict']}: {asked}"
    return commands, checks, None


if __name__ == "__main__":
    total, seen, complaint = replay(sys.stdin if len(sys.argv) < 2 else open(sys.argv[1], encoding="utf-8"))
    print(f"{total} commands, {seen} checks: {complaint or 'all agree'}")
    sys.exit(1 if complaint else 0)
