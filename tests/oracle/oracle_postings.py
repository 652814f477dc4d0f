"""Journals, their reversal, and the liens that move with them."""
from oracle_draft import merge
from oracle_words import (DEPOSITORIES, FIRM, LOCATION_KINDS, MOST, OWNERS, REASONS, Refused, business_date,
                          calendar_of, instant, made_id)


class Postings:
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
        """What is due from one pool is due to another, all else stands against it, none falls below zero."""
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
        is_mixed = any(len(sides) > 1 for sides in others.values())
        if any(due.values()) or is_mixed or any(total < 0 for total in after.values()):
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
                was = self.positions.get((account, asset), (0, 0, 0))
                now = draft.positions[account, asset]
                is_worse = now[0] < was[0] or now[1] + now[2] > was[1] + was[2]
                if is_worse and self.shortfall(account, asset, now):
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
