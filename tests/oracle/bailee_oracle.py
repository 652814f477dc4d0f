"""A second book, written from design.md and api.md: dull, slow and of another make than the one it checks.

It reads recorded commands as NDJSON (`record_commands` writes them and says their form), decides each by
itself and compares: every verdict with its code, pointer, version and id, and at each check line every
balance, lien, reservation and exception. The first difference ends it.
"""
import json
import sys

from oracle_draft import Draft
from oracle_liens import Liens, Reservations
from oracle_postings import Postings
from oracle_terms import Terms
from oracle_words import DECIMAL, MOST, WITH_FLOOR, Refused, instant, is_made_form, made_id, plain


class Book(Postings, Liens, Reservations, Terms):
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

    # -- the door

    def chosen(self, path, body):
        """Kind, name and pointer of the id the caller chose, if one was."""
        kinds = {"/v1/parties": "party", "/v1/assets": "asset", "/v1/accounts": "account",
                 "/v1/agreements": "agreement", "/v1/journals": "journal",
                 "/v1/liens": "lien", "/v1/reservations": "reservation"}
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
                  sorted([o, l, a, lot, self.text(a, q), self.text(a, c)]
                         for o, l, a, lot, q, c in lien["lines"])]
                 for lien in self.liens.values()]
        held = [[r["id"], r["account"], r["asset"], self.text(r["asset"], r["units"])]
                for r in self.reservations.values()]
        exceptions = [[rule, account, asset, self.text(asset, short)]
                      for (account, asset), (rule, short) in self.exceptions.items()]
        return {"version": self.version, "balances": sorted(balances),
                "liens": sorted(liens, key=lambda l: l[0]), "reservations": sorted(held),
                "exceptions": sorted(exceptions)}


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
                told = f"the oracle says {verdict}, the record {entry['verdict']}: {asked}"
                return commands, checks, f"line {number}: {told}"
    return commands, checks, None


if __name__ == "__main__":
    total, seen, complaint = replay(sys.stdin if len(sys.argv) < 2 else open(sys.argv[1], encoding="utf-8"))
    print(f"{total} commands, {seen} checks: {complaint or 'all agree'}")
    sys.exit(1 if complaint else 0)
