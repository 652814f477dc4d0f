"""Accounts and agreements."""
from oracle_words import IN_STOCK_RECORD, LOCATION_KINDS, STOCK_RECORD, WITH_FLOOR, WITH_LIMITS, Refused, \
    instant


class Terms:
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
            self.accounts[name] = {"side": side, "kind": kind, "regime": regime,
                                   "pool": own_pool or pool, "limits": limits}
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
