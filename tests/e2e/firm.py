"""A small firm to test with: one futures pool, one more pool beside it, a stock record, and customers with property."""
from support import Client, amount, deposit, journal

PARTIES = [("firm", "firm", "Harbour & Lane Securities LLC"), ("bank-a", "bank", "First Meridian Bank"),
           ("bank-b", "bank", "Commonwealth Lending Bank"), ("kestrel", "custodian", "Kestrel Custody"),
           ("cme", "dco", "Derivatives clearing organization")]
ASSETS = [{"id": "USD", "kind": "cash", "scale": 2},
          {"id": "UST-4.25-2030", "kind": "security", "scale": 2, "isin": "US91282CHK00", "issuer": "UST"},
          {"id": "XYZ", "kind": "security", "scale": 0, "isin": "US0000000XY1"}]
NOTE = "UST-4.25-2030"


def location(id, party, regime, kind, title="Customer Segregated"):
    return {"id": id, "party": party, "side": "location", "regime": regime,
            "location": {"kind": kind, "title": title, "jurisdiction": "US"}}


def of_the_record(id, party, kind, **more):
    return {"id": id, "party": party, "side": "location", "pool": "securities_record",
            "location": {"kind": kind, "title": "Free", "jurisdiction": "US"}, **more}


def obligation(id, party, regime, **more):
    return {"id": id, "party": party, "side": "obligation", "regime": regime, **more}


ACCOUNTS = [location("bank-a.4d", "bank-a", "FUT_4D", "bank"),
            location("kestrel.4d", "kestrel", "FUT_4D", "custodian"),
            location("cme.4d", "cme", "FUT_4D", "dco"),
            location("bank-a.307", "bank-a", "FOR_307", "bank"),
            of_the_record("bank-a.firm", "bank-a", "bank"),
            of_the_record("box", "kestrel", "box"),
            obligation("firm.house", "firm", "HOUSE"),
            obligation("firm.4d", "firm", "FUT_4D", kind="residual_interest")]


def set_up(admin: Client, customers=3):
    """Parties, assets and accounts; customer n has cust-n.fut (FUT_4D), cust-n.for (FOR_307) and cust-n.sec."""
    for id, kind, name in PARTIES:
        admin.post("/v1/parties", {"id": id, "kind": kind, "name": name}).must(201)
    for asset in ASSETS:
        admin.post("/v1/assets", asset).must(201)
    for account in ACCOUNTS:
        admin.post("/v1/accounts", account).must(201)
    for at in range(1, customers + 1):
        add_customer(admin, f"cust-{at}")


def add_customer(admin, id):
    admin.post("/v1/parties", {"id": id, "kind": "fund", "name": f"Fund {id}",
                               "classification": {"sec": "customer", "cftc": "public"}}).must(201)
    for suffix, regime in (("fut", "FUT_4D"), ("for", "FOR_307"), ("sec", "SEC_CUST")):
        admin.post("/v1/accounts", obligation(f"{id}.{suffix}", id, regime)).must(201)


def fund(admin, account="cust-1.fut", usd="100.00", note=None):
    """Cash at the bank and notes at the custodian of the futures pool."""
    admin.post("/v1/journals", deposit("bank-a.4d", account, "USD", usd)).must(201)
    if note is not None:
        admin.post("/v1/journals", deposit("kestrel.4d", account, NOTE, note)).must(201)


def lien(account, asset, text, **more):
    return {"account": account, "amount": amount(asset, text), "type": "CCP_MARGIN", "holder": "cme", **more}


def withdrawal(account, place, asset, text, **more):
    return journal("WITHDRAWAL", {"account": account, "debit": amount(asset, text)},
                   {"account": place, "credit": amount(asset, text)}, **more)


def key_of(admin, role, party=None, id=None):
    """A principal with one role and a key of its own."""
    name = id or f"p-{role.replace('_', '-')}" + (f"-{party}" if party else "")
    body = {"id": name, "kind": "service", "name": name, "roles": [role], **({"party": party} if party else {})}
    admin.post("/v1/principals", body).must(201)
    made = admin.post(f"/v1/principals/{name}/keys", {}).must(201)
    return made["key"]


def client_of(admin, role, party=None, id=None):
    return Client(admin.url, key_of(admin, role, party, id))


def whole_book(client):
    """Every balance of every account, and the version: what must not change when a request is refused."""
    accounts = client.items("/v1/accounts")
    return {account["id"]: client.get(f"/v1/accounts/{account['id']}/balances").must(200).json for account in accounts}
