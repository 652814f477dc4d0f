"""Liens and reservations."""
from oracle_draft import held_at, merge, place_of
from oracle_words import MOST, Refused, business_date, made_id


class Liens:
    def choose(self, draft, line, lines, pointer):
        owner, _, asset, lot, rest, _ = line
        found = []
        for location in self.locations_of.get(self.accounts[owner]["pool"], []):
            asked = sum(l[4] for l in lines if l[1] == location and l[2] == asset)
            free = draft.free(location, asset) - asked
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
                found = self.behind(senior_lines, line)
                for one in found or self.choose(draft, line, lines, here + "/amount"):
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
        draft.liens[made] = {"id": name, "type": kind, "rank": rank,
                             "behind": senior_key if body.get("behind") else None, "junior": None,
                             "lines": lines, "expires": expires}
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


class Reservations:
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
