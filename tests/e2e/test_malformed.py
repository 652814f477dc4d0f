"""Every way to get a request wrong, one row each: what the answer says, and that nothing in the book changed."""
import json
import pathlib
import uuid

import firm
import support
from firm import NOTE
from support import amount, credit, debit, deposit, in_an_hour, journal

ACCOUNT = "cust-1.fut"
FIXED_KEY = "deposit-1"


def raw_journal(asset_amount):
    """A deposit with the given JSON in place of the amount of its first leg."""
    return (b'{"reason":"DEPOSIT","legs":[{"account":"bank-a.4d","debit":{"asset":"USD","amount":' +
            asset_amount.encode() + b'}},{"account":"cust-1.fut","credit":{"asset":"USD","amount":"1.00"}}]}')


class Row:
    """One request and what must come back. `key` is a role, a Bearer text, or None."""

    def __init__(self, name, status, code, pointer, method, path, body=None, *, key="admin", headers=None):
        self.name = name
        self.wanted = (status, code, pointer)
        self.method = method
        self.path = path
        self.body = body
        self.key = key
        self.headers = {} if headers is None else headers


def post(name, status, code, pointer, path, body, **more):
    return Row(name, status, code, pointer, "POST", path, body, **more)


def get(name, status, code, pointer, path, **more):
    return Row(name, status, code, pointer, "GET", path, **more)


def bad(name, pointer, path, body, **more):
    return post(name, 400, "INVALID_INPUT", pointer, path, body, **more)


AMOUNT_AT = "/legs/0/debit/amount"
AMOUNTS = [
    ("a number for an amount", "100"), ("a fraction for an amount", "100.00"), ("null for an amount", "null"),
    ("true for an amount", "true"), ("an array for an amount", '["1.00"]'), ("an object for an amount", '{"n":"1"}'),
    ("one digit too many", '"100.001"'), ("a zero too many", '"100.000"'), ("an exponent", '"1e2"'),
    ("an upper-case exponent", '"1E2"'), ("an exponent as a number", "1e2"), ("10^40", f'"1{"0" * 40}"'),
    ("10^40 as a number", "1" + "0" * 40), ("one unit beyond the bound", f'"1{"0" * 34}.01"'),
    ("a negative amount", '"-1.00"'), ("zero", '"0"'), ("zero in full", '"0.00"'), ("minus zero", '"-0.00"'),
    ("an empty text", '""'), ("a blank before", '" 1.00"'), ("a blank behind", '"1.00 "'), ("a plus", '"+1.00"'),
    ("a thousands comma", '"1,000.00"'), ("a decimal comma", '"1,00"'), ("no digit before the point", '".50"'),
    ("no digit behind the point", '"1."'), ("two points", '"1.0.0"'), ("a leading zero", '"01.00"'),
    ("not a number", '"NaN"'), ("infinity", '"Infinity"'), ("hexadecimal", '"0x10"'), ("other digits", '"１"'),
    ("two hundred digits", f'"{"9" * 200}"'), ("an underline", '"1_000"'),
]

DEPOSIT = deposit("bank-a.4d", ACCOUNT, "USD", "1.00")


def changed(**fields):
    return {**DEPOSIT, **fields}


def two_legs(first, second, reason="DEPOSIT", **more):
    return journal(reason, first, second, **more)


def parsing_rows():
    big = b'{"reason":"DEPOSIT","memo":"' + b"x" * (1 << 20) + b'"}'
    deep = {"id": "deep", "kind": "hypothecation_consent", "parties": ["cust-1"], "effective_from": "2026-01-01"}
    nested = json.dumps(deep)[:-1].encode() + b',"scope":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}"
    bodies = [
        ("an empty body", b""), ("null", b"null"), ("a number alone", b"1"), ("a text alone", b'"x"'),
        ("an array", b"[]"),
        ("a body cut short", b'{"reason":"DEPOSIT"'), ("something behind the body", b'{"reason":"DEPOSIT"} {}'),
        ("a comment", b'{"reason":"DEPOSIT" /* x */}'), ("single quotes", b"{'reason':'DEPOSIT'}"),
        ("a comma too many", b'{"reason":"DEPOSIT",}'), ("a key without quotes", b'{reason:"DEPOSIT"}'),
        ("NaN", b'{"reason":NaN}'), ("a byte order mark", b'\xef\xbb\xbf{"reason":"DEPOSIT"}'),
        ("UTF-16", '{"reason":"DEPOSIT"}'.encode("utf-16")), ("a NUL in the body", b'{"reason":"DEPO\0SIT"}'),
        ("a control character", b'{"reason":"DEPO\nSIT"}'), ("a bare 0xff", b'{"reason":"\xff"}'),
        ("an overlong form", b'{"reason":"\xc0\xaf"}'), ("a surrogate in UTF-8", b'{"reason":"\xed\xa0\x80"}'),
        ("a lone surrogate escape", b'{"reason":"\\ud800"}'), ("UTF-8 cut short", b'{"reason":"\xe2\x82"}'),
        ("beyond U+10FFFF", b'{"reason":"\xf4\x90\x80\x80"}'), ("an unknown escape", b'{"reason":"\\x41"}'),
        ("100,000 open arrays", b"[" * 100000), ("50,000 open objects", b'{"":' * 50000),
    ]
    rows = [bad(name, None, "/v1/journals", body) for name, body in bodies]
    rows += [
        bad("a repeated key", "/reason", "/v1/journals", b'{"reason":"DEPOSIT","reason":"FEE","legs":[]}'),
        bad("a repeated key that looks otherwise", "/reason", "/v1/journals",
            b'{"reason":"DEPOSIT","re\\u0061son":"FEE","legs":[]}'),
        bad("a repeated key inside a leg", "/legs/0/account", "/v1/journals",
            b'{"reason":"DEPOSIT","legs":[{"account":"bank-a.4d","account":"cme.4d"}]}'),
        bad("nesting forty deep", None, "/v1/agreements", nested),
        post("a body beyond the limit", 413, "REQUEST_TOO_LARGE", None, "/v1/journals", big),
    ]
    return rows


def shape_rows():
    leg = {"account": "bank-a.4d", "debit": amount("USD", "1.00")}
    other = credit(ACCOUNT, "USD", "1.00")
    rows = [bad(f"amount: {name}", AMOUNT_AT, "/v1/journals", raw_journal(text)) for name, text in AMOUNTS]
    rows += [
        bad("an unknown field", "/colour", "/v1/journals", changed(colour="red")),
        bad("an unknown field inside an amount", "/legs/0/debit/currency", "/v1/journals",
            two_legs({"account": "bank-a.4d", "debit": {**amount("USD", "1.00"), "currency": "USD"}}, other)),
        bad("an unknown field inside a leg", "/legs/0/note", "/v1/journals", two_legs({**leg, "note": "x"}, other)),
        bad("no reason", "/reason", "/v1/journals", {"legs": DEPOSIT["legs"]}),
        bad("no legs", "/legs", "/v1/journals", {"reason": "DEPOSIT"}),
        bad("an empty list of legs", "/legs", "/v1/journals", {"reason": "DEPOSIT", "legs": []}),
        bad("legs that are an object", "/legs", "/v1/journals", {"reason": "DEPOSIT", "legs": {}}),
        bad("a leg that is a text", "/legs/0", "/v1/journals", {"reason": "DEPOSIT", "legs": ["x"]}),
        bad("a leg with both sides", "/legs/0", "/v1/journals",
            two_legs({**leg, "credit": amount("USD", "1.00")}, other)),
        bad("a leg with neither side", "/legs/0", "/v1/journals", two_legs({"account": "bank-a.4d"}, other)),
        bad("an amount that is a text", "/legs/0/debit", "/v1/journals",
            two_legs({"account": "bank-a.4d", "debit": "1.00"}, other)),
        bad("an amount without an asset", "/legs/0/debit/asset", "/v1/journals",
            two_legs({"account": "bank-a.4d", "debit": {"amount": "1.00"}}, other)),
        bad("a number for a reason", "/reason", "/v1/journals", changed(reason=7)),
        bad("a number for an account", "/legs/0/account", "/v1/journals", two_legs({**leg, "account": 7}, other)),
        bad("an id with a blank", "/legs/0/account", "/v1/journals", two_legs({**leg, "account": "bank a"}, other)),
        bad("an id that begins with a dash", "/id", "/v1/journals", changed(id="-x")),
        bad("an id of 65 characters", "/id", "/v1/journals", changed(id="x" * 65)),
        bad("an empty id", "/id", "/v1/journals", changed(id="")),
        bad("an id beyond ASCII", "/id", "/v1/journals", changed(id="müller")),
        bad("an instant without an offset", "/effective_at", "/v1/journals",
            changed(effective_at="2026-07-06T15:04:05")),
        bad("a day for an instant", "/effective_at", "/v1/journals", changed(effective_at="2026-07-06")),
        bad("30 February", "/effective_at", "/v1/journals", changed(effective_at="2026-02-30T00:00:00Z")),
        bad("an instant as a number", "/effective_at", "/v1/journals", changed(effective_at=1783350245)),
        bad("an unknown nature", "/nature", "/v1/journals", changed(nature="rumour")),
        bad("an unknown basis", "/basis", "/v1/journals", changed(basis="WHIM")),
        bad("a memo of U+0000", "/memo", "/v1/journals", changed(memo="a\0b")),
        bad("a memo beyond its length", "/memo", "/v1/journals", changed(memo="x" * 2001)),
        bad("evidence without a kind", "/evidence/0/kind", "/v1/journals", changed(evidence=[{"reference": "x"}])),
        bad("evidence with a wrong digest", "/evidence/0/digest", "/v1/journals",
            changed(evidence=[{"kind": "wire", "reference": "x", "digest": "sha256:zz"}])),
        bad("more legs than a journal has", "/legs", "/v1/journals", changed(legs=[leg] * 5000)),
        bad("a party without a name", "/name", "/v1/parties", {"id": "p", "kind": "fund"}),
        bad("an unknown kind of party", "/kind", "/v1/parties", {"id": "p", "kind": "ghost", "name": "x"}),
        bad("an unknown class", "/classification/sec", "/v1/parties",
            {"id": "p", "kind": "fund", "name": "x", "classification": {"sec": "friend"}}),
        bad("a scale of nineteen", "/scale", "/v1/assets", {"id": "X", "kind": "cash", "scale": 19}),
        bad("a negative scale", "/scale", "/v1/assets", {"id": "X", "kind": "cash", "scale": -1}),
        bad("a scale that is a text", "/scale", "/v1/assets", {"id": "X", "kind": "cash", "scale": "2"}),
        bad("a scale with a point", "/scale", "/v1/assets", b'{"id":"X","kind":"cash","scale":2.0}'),
        bad("an unknown regime", "/regime", "/v1/accounts",
            {"id": "x", "party": "cust-1", "side": "obligation", "regime": "FUT_5D"}),
        bad("a regime in lower case", "/regime", "/v1/accounts",
            {"id": "x", "party": "cust-1", "side": "obligation", "regime": "fut_4d"}),
        bad("an account without a regime", "/regime", "/v1/accounts",
            {"id": "x", "party": "cust-1", "side": "obligation"}),
        bad("an unknown side", "/side", "/v1/accounts",
            {"id": "x", "party": "cust-1", "side": "left", "regime": "FUT_4D"}),
        bad("a location without a kind", "/kind", "/v1/accounts",
            {"id": "x", "party": "bank-a", "side": "location", "regime": "FUT_4D"}),
        bad("a principal without a role", "/roles", "/v1/principals",
            {"id": "p", "kind": "person", "name": "x", "roles": []}),
        bad("an unknown role", "/roles/0", "/v1/principals",
            {"id": "p", "kind": "person", "name": "x", "roles": ["king"]}),
        bad("a customer of no party", "/party", "/v1/principals",
            {"id": "p", "kind": "person", "name": "x", "roles": ["customer"]}),
        bad("a day that is none", "/effective_from", "/v1/agreements",
            {"id": "a", "kind": "consent", "parties": ["cust-1"], "effective_from": "2026-13-01"}),
        bad("an agreement that ends before it begins", "/effective_to", "/v1/agreements",
            {"id": "a", "kind": "consent", "parties": ["cust-1"], "effective_from": "2026-02-01",
             "effective_to": "2026-01-01"}),
        bad("an unknown type of lien", "/type", "/v1/liens", firm.lien(ACCOUNT, NOTE, "1.00", type="GRIP")),
        bad("a lien with a number for its amount", "/amount/amount", "/v1/liens",
            {**firm.lien(ACCOUNT, NOTE, "1.00"), "amount": {"asset": NOTE, "amount": 1}}),
        bad("a lien with an amount and an allocation", "/account", "/v1/liens",
            firm.lien(ACCOUNT, NOTE, "1.00", allocation=[])),
        bad("a lien with too many digits", "/amount/amount", "/v1/liens", firm.lien(ACCOUNT, NOTE, "1.001")),
        bad("a rank of zero", "/rank", "/v1/liens", firm.lien(ACCOUNT, NOTE, "1.00", rank=0)),
        bad("a reservation without an expiry", "/expires_at", "/v1/reservations",
            {"account": ACCOUNT, "amount": amount("USD", "1.00")}),
        bad("a commit into nothing", "", "/v1/reservations/held-1:commit", {}),
        bad("a commit into two things", "", "/v1/reservations/held-1:commit",
            {"lien": {"type": "CCP_MARGIN", "holder": "cme"}, "journal": DEPOSIT}),
    ]
    return rows


def law_rows():
    crossing = [debit("bank-a.4d", "USD", "1.00"), credit("cust-1.for", "USD", "1.00")]
    both = [debit("bank-a.4d", "USD", "1.00"), credit(ACCOUNT, "USD", "1.00"), debit("bank-a.307", "USD", "1.00"),
            credit("cust-1.for", "USD", "1.00")]
    bound = "1" + "0" * 34
    return [
        post("an unknown account", 404, "NOT_FOUND", "/legs/0/account", "/v1/journals",
             deposit("nowhere", ACCOUNT, "USD", "1.00")),
        post("an unknown asset", 404, "NOT_FOUND", "/legs/0/debit/asset", "/v1/journals",
             deposit("bank-a.4d", ACCOUNT, "ZZZ", "1.00")),
        post("an unknown reason", 404, "NOT_FOUND", "/reason", "/v1/journals", changed(reason="WHIM")),
        post("an unknown party", 404, "NOT_FOUND", "/party", "/v1/accounts",
             firm.obligation("x.fut", "nobody", "FUT_4D")),
        post("an unknown holder", 404, "NOT_FOUND", "/holder", "/v1/liens",
             firm.lien(ACCOUNT, NOTE, "1.00", holder="nobody")),
        post("an unknown agreement", 404, "NOT_FOUND", "/agreement", "/v1/liens",
             firm.lien(ACCOUNT, NOTE, "1.00", agreement="none")),
        post("an unknown lien", 404, "NOT_FOUND", None, "/v1/liens/none:release", {}),
        post("an unknown reservation", 404, "NOT_FOUND", None, "/v1/reservations/none:release", {}),
        post("an unknown journal", 404, "NOT_FOUND", None, "/v1/journals/none:reverse", {}),
        post("a lien id of the book's form that never was", 404, "NOT_FOUND", None, "/v1/liens/lien_zzzzz:release", {}),
        post("legs of two pools", 422, "REGIME_CROSSED", "/legs", "/v1/journals", journal("DEPOSIT", *crossing)),
        post("two pools and no basis", 422, "REGIME_CROSSED", "/basis", "/v1/journals", journal("DEPOSIT", *both)),
        post("customers' money on the firm's basis", 422, "REGIME_CROSSED", "/legs/1/account", "/v1/journals",
             journal("DEPOSIT", *both, basis="RESIDUAL_INTEREST")),
        post("a lien on units of another pool", 422, "REGIME_CROSSED", "/location", "/v1/liens",
             firm.lien(ACCOUNT, "USD", "1.00", location="bank-a.307")),
        post("legs that do not balance", 422, "UNBALANCED", "/legs", "/v1/journals",
             two_legs(debit("bank-a.4d", "USD", "1.00"), credit(ACCOUNT, "USD", "1.01"))),
        post("legs that balance over assets alone", 422, "UNBALANCED", "/legs", "/v1/journals",
             two_legs(debit("bank-a.4d", "USD", "1.00"), credit(ACCOUNT, NOTE, "1.00"))),
        post("one leg", 422, "UNBALANCED", "/legs", "/v1/journals",
             journal("DEPOSIT", debit("bank-a.4d", "USD", "1.00"))),
        post("beyond the supply of law 1", 422, "SUPPLY_EXCEEDED", "/legs", "/v1/journals",
             deposit("bank-a.4d", ACCOUNT, "USD", bound)),
        post("more than is free", 409, "INSUFFICIENT_FREE", "/legs/0/debit", "/v1/journals",
             firm.withdrawal(ACCOUNT, "bank-a.4d", "USD", "1000.01")),
        post("more than a lien leaves free", 409, "INSUFFICIENT_FREE", "/legs/0/debit", "/v1/journals",
             firm.withdrawal(ACCOUNT, "kestrel.4d", NOTE, "40.01")),
        post("a lien on bound units", 409, "INSUFFICIENT_FREE", "/amount", "/v1/liens",
             firm.lien(ACCOUNT, NOTE, "40.01")),
        post("a lien on units that lie elsewhere", 409, "INSUFFICIENT_FREE", "/location", "/v1/liens",
             firm.lien(ACCOUNT, NOTE, "1.00", location="cme.4d")),
        post("a reservation of more than is free", 409, "INSUFFICIENT_FREE", "/amount", "/v1/reservations",
             {"account": ACCOUNT, "amount": amount("USD", "1000.01"), "expires_at": in_an_hour()}),
        post("a reservation that has already expired", 422, "EXPIRY_NOT_AHEAD", "/expires_at", "/v1/reservations",
             {"account": ACCOUNT, "amount": amount("USD", "1.00"), "expires_at": "2020-01-01T00:00:00Z"}),
        post("a reservation of a location's units", 422, "KIND_NOT_PERMITTED", "/account", "/v1/reservations",
             {"account": "bank-a.4d", "amount": amount("USD", "1.00"), "expires_at": in_an_hour()}),
        post("over-release", 422, "OVER_RELEASE", None, "/v1/liens/lien-1:release", {"amount": amount(NOTE, "60.01")}),
        post("release of an asset the lien has not", 422, "OVER_RELEASE", None, "/v1/liens/lien-1:release",
             {"amount": amount("USD", "0.01")}),
        post("a commit of more than was reserved", 422, "RESERVATION_EXCEEDED", "/lien/amount/amount",
             "/v1/reservations/held-1:commit",
             {"lien": {"type": "CCP_MARGIN", "holder": "cme", "amount": amount("USD", "25.01")}}),
        post("a commit of another account", 422, "RESERVATION_EXCEEDED", "/lien/account",
             "/v1/reservations/held-1:commit",
             {"lien": {"type": "CCP_MARGIN", "holder": "cme", "account": "cust-2.fut",
                       "amount": amount("USD", "1.00")}}),
        post("a junior lien behind nothing", 422, "LIEN_RANK", "/behind", "/v1/liens",
             firm.lien(ACCOUNT, NOTE, "1.00", rank=2)),
        post("a kind that the reason does not debit", 422, "REASON_NOT_PERMITTED", "/legs/0/debit", "/v1/journals",
             two_legs(debit(ACCOUNT, "USD", "1.00"), credit("bank-a.4d", "USD", "1.00"))),
        post("an instruction called a fact", 422, "NATURE_MISMATCH", "/nature", "/v1/journals", changed(nature="fact")),
        post("a fact without evidence", 422, "EVIDENCE_REQUIRED", "/evidence", "/v1/journals",
             changed(reason="VARIATION")),
        post("a future effective time", 422, "EFFECTIVE_IN_FUTURE", "/effective_at", "/v1/journals",
             changed(effective_at="2099-01-01T00:00:00Z")),
        post("hindsight without a memo", 422, "HINDSIGHT_UNEXPLAINED", None, "/v1/journals",
             changed(effective_at="2020-01-06T15:00:00Z")),
        post("a kind of the other side", 422, "KIND_NOT_PERMITTED", "/kind", "/v1/accounts",
             firm.obligation("x.fut", "cust-1", "FUT_4D", kind="bank")),
        post("limits on a kind without", 422, "LIMIT_NOT_PERMITTED", "/limits", "/v1/accounts",
             firm.obligation("x.fut", "cust-1", "FUT_4D", limits=[amount("USD", "1.00")])),
        post("an id that is taken", 409, "DUPLICATE_ID", "/id", "/v1/parties",
             {"id": "cust-1", "kind": "fund", "name": "Other"}),
        post("an id of the form the book makes", 409, "DUPLICATE_ID", "/id", "/v1/journals",
             changed(id="jrn_" + "0" * 13)),
        post("a key used for another command", 409, "IDEMPOTENCY_CONFLICT", None, "/v1/journals",
             deposit("bank-a.4d", ACCOUNT, "USD", "9.00"), headers={"Idempotency-Key": FIXED_KEY}),
        post("a state that has moved", 412, "STATE_MOVED", None, "/v1/liens", firm.lien(ACCOUNT, NOTE, "1.00"),
             headers={"If-Match": '"1"'}),
    ]


def batch(*items, mode="atomic"):
    """A batch whose items have keys of their own."""
    return {"mode": mode, "journals": [{"idempotency_key": f"b-{uuid.uuid4()}", **item} for item in items]}


def batch_rows():
    """What refuses a whole batch. An atomic one is refused for any item that is malformed."""
    path = "/v1/journals:batch"
    over = {"mode": "independent", "journals": [{}] * 8193}
    wrong = two_legs({"account": "bank-a.4d", "debit": {"asset": "USD", "amount": 1}}, credit(ACCOUNT, "USD", "1.00"))
    keyed = batch(DEPOSIT)["journals"][0]
    rows = [
        bad("a batch without a mode", "/mode", path, {"journals": [keyed]}),
        bad("a batch of an unknown mode", "/mode", path, {"mode": "some", "journals": [keyed]}),
        bad("a batch without journals", "/journals", path, {"mode": "atomic"}),
        bad("a batch of none", "/journals", path, {"mode": "atomic", "journals": []}),
        bad("journals that are no list", "/journals", path, {"mode": "atomic", "journals": keyed}),
        bad("a batch of 8193", "/journals", path, over),
        bad("an unknown field of a batch", "/colour", path, {**batch(DEPOSIT), "colour": "red"}),
        bad("a batch that is a list", "", path, [keyed]),
        bad("a batch that is no JSON", "/journals/1", path, b'{"mode":"atomic","journals":[{},'),
        bad("a key twice in an item", "/journals/0/reason", path,
            b'{"mode":"independent","journals":[{"reason":"FEE","reason":"FEE"}]}'),
        bad("an item that is no object", "/journals/1", path, {"mode": "atomic", "journals": [keyed, "x"]}),
        bad("an item without a key", "/journals/0/idempotency_key", path, {"mode": "atomic", "journals": [DEPOSIT]}),
        bad("an item with an empty key", "/journals/0/idempotency_key", path,
            batch({**DEPOSIT, "idempotency_key": ""})),
        bad("an item with a key with a blank", "/journals/0/idempotency_key", path,
            batch({**DEPOSIT, "idempotency_key": "a b"})),
        bad("an item with a key beyond ASCII", "/journals/0/idempotency_key", path,
            batch({**DEPOSIT, "idempotency_key": "schl\u00fcssel"})),
        bad("an item with a key beyond its length", "/journals/0/idempotency_key", path,
            batch({**DEPOSIT, "idempotency_key": "k" * 256})),
        bad("a number for the amount of a third item", "/journals/2/legs/0/debit/amount", path,
            batch(DEPOSIT, DEPOSIT, wrong)),
        bad("an unknown field of a second item", "/journals/1/colour", path, batch(DEPOSIT, changed(colour="red"))),
        bad("a memo beyond its length in an item", "/journals/0/memo", path, batch(changed(memo="x" * 2001))),
        bad("a batch under If-Match", "If-Match", path, batch(DEPOSIT), headers={"If-Match": '"1"'}),
        post("a body beyond the limit of batches", 413, "REQUEST_TOO_LARGE", None, path,
             b"{}", headers={"Content-Length": str((8 << 20) + 1)}),
        post("a margin engine posts a batch", 403, "FORBIDDEN", None, path, batch(DEPOSIT), key="margin_engine"),
        post("a customer posts a batch", 403, "FORBIDDEN", None, path, batch(DEPOSIT), key="customer"),
        post("no key at a batch", 401, "UNAUTHENTICATED", None, path, batch(DEPOSIT), key=None),
        Row("GET of a batch", 405, "METHOD_NOT_ALLOWED", None, "GET", path),
    ]
    return rows


def caller_rows():
    reserve = {"account": ACCOUNT, "amount": amount("USD", "1.00"), "expires_at": in_an_hour()}
    rows = [
        post("no Idempotency-Key", 400, "INVALID_INPUT", "Idempotency-Key", "/v1/journals", DEPOSIT,
             headers={"Idempotency-Key": None}),
        post("an empty Idempotency-Key", 400, "INVALID_INPUT", "Idempotency-Key", "/v1/journals", DEPOSIT,
             headers={"Idempotency-Key": ""}),
        post("an Idempotency-Key beyond its length", 400, "INVALID_INPUT", "Idempotency-Key", "/v1/journals", DEPOSIT,
             headers={"Idempotency-Key": "k" * 300}),
        post("an If-Match that is no version", 400, "INVALID_INPUT", None, "/v1/liens",
             firm.lien(ACCOUNT, NOTE, "1.00"), headers={"If-Match": '"now"'}),
        get("an unknown query parameter", 400, "INVALID_INPUT", "?colour", "/v1/accounts?colour=red"),
        get("a query parameter given twice", 400, "INVALID_INPUT", "?limit", "/v1/accounts?limit=1&limit=2"),
        post("an unknown query parameter of a write", 400, "INVALID_INPUT", "?colour", "/v1/journals?colour=red",
             DEPOSIT),
        get("a limit of zero", 400, "INVALID_INPUT", "?limit", "/v1/accounts?limit=0"),
        get("a limit that is no number", 400, "INVALID_INPUT", "?limit", "/v1/accounts?limit=ten"),
        get("a cursor of our own making", 400, "INVALID_INPUT", "?cursor", "/v1/accounts?cursor=AAAA"),
        get("a version that is no number", 400, "INVALID_INPUT", "?min_version",
            f"/v1/accounts/{ACCOUNT}/balances?min_version=last"),
        get("a malformed escape", 400, "INVALID_INPUT", None, "/v1/accounts/%zz"),
        get("a path that is none", 404, "NOT_FOUND", None, "/v1/nothing"),
        get("an account that never was", 404, "NOT_FOUND", None, "/v1/accounts/none/balances"),
        get("a journal that never was", 404, "NOT_FOUND", None, "/v1/journals/none"),
        get("an action on nothing", 404, "NOT_FOUND", None, "/v1/liens/lien-1:frobnicate"),
        get("no key", 401, "UNAUTHENTICATED", None, "/v1/accounts", key=None),
        get("a malformed key", 401, "UNAUTHENTICATED", None, "/v1/accounts", key="Bearer nonsense"),
        get("another scheme", 401, "UNAUTHENTICATED", None, "/v1/accounts", key="Basic YWRtaW46YWRtaW4="),
        get("an empty key", 401, "UNAUTHENTICATED", None, "/v1/accounts", key="Bearer "),
        get("a key with one letter changed", 401, "UNAUTHENTICATED", None, "/v1/accounts", key="changed"),
        post("no key at a write", 401, "UNAUTHENTICATED", None, "/v1/journals", DEPOSIT, key=None),
        post("a margin engine posts", 403, "FORBIDDEN", None, "/v1/journals", DEPOSIT, key="margin_engine"),
        post("an auditor posts", 403, "FORBIDDEN", None, "/v1/journals", DEPOSIT, key="auditor"),
        post("an auditor binds", 403, "FORBIDDEN", None, "/v1/liens", firm.lien(ACCOUNT, NOTE, "1.00"), key="auditor"),
        post("a customer posts", 403, "FORBIDDEN", None, "/v1/journals", DEPOSIT, key="customer"),
        post("a customer reserves", 403, "FORBIDDEN", None, "/v1/reservations", reserve, key="customer"),
        post("an operator makes a principal", 403, "FORBIDDEN", None, "/v1/principals",
             {"id": "p", "kind": "person", "name": "x", "roles": ["admin"]}, key="operator"),
        get("a customer reads another's account", 404, "NOT_FOUND", None, "/v1/accounts/cust-2.fut", key="customer"),
        get("a customer reads another's balances", 404, "NOT_FOUND", None, "/v1/accounts/cust-2.fut/balances",
            key="customer"),
        get("a customer reads another party", 404, "NOT_FOUND", None, "/v1/parties/cust-2", key="customer"),
        get("a customer reads another's journal", 404, "NOT_FOUND", None, "/v1/journals/of-cust-2", key="customer"),
    ]
    for method in ("PUT", "DELETE", "PATCH"):
        rows.append(Row(f"{method} of journals", 405, "METHOD_NOT_ALLOWED", None, method, "/v1/journals"))
    rows.append(post("POST of balances", 405, "METHOD_NOT_ALLOWED", None, f"/v1/accounts/{ACCOUNT}/balances", {}))
    rows.append(Row("GET of an action", 405, "METHOD_NOT_ALLOWED", None, "GET", "/v1/liens/lien-1:release"))
    return rows


class Malformed(support.ServerTest):
    @classmethod
    def set_up_book(cls):
        firm.set_up(cls.admin, customers=2)
        cls.admin.post("/v1/journals", deposit("bank-a.4d", ACCOUNT, "USD", "1000.00"),
                       idempotency_key=FIXED_KEY).must(201)
        cls.admin.post("/v1/journals", deposit("kestrel.4d", ACCOUNT, NOTE, "100.00")).must(201)
        cls.admin.post("/v1/journals", deposit("bank-a.4d", "cust-2.fut", "USD", "5.00", id="of-cust-2")).must(201)
        cls.admin.post("/v1/liens", firm.lien(ACCOUNT, NOTE, "60.00", id="lien-1", location="kestrel.4d")).must(201)
        cls.admin.post("/v1/reservations", {"id": "held-1", "account": ACCOUNT, "amount": amount("USD", "25.00"),
                                            "expires_at": in_an_hour()}).must(201)
        keys = cls.server.keys
        for role in ("margin_engine", "auditor", "operator"):
            keys[role] = firm.key_of(cls.admin, role)
        keys["customer"] = firm.key_of(cls.admin, "customer", "cust-1")

    def setUp(self):
        self.before = self.book()

    def book(self):
        balances = firm.whole_book(self.admin)
        version = int(self.admin.get("/v1/parties").headers["Bailee-Ledger-Version"])
        return version, balances, self.admin.items("/v1/liens"), self.admin.items("/v1/reservations")

    def assert_nothing_changed(self):
        self.assertEqual(self.book(), self.before)

    def authorization(self, key):
        if key is None:
            return {}
        if key == "changed":
            good = self.server.keys["admin"]
            return {"Authorization": "Bearer " + good[:-8] + ("a" if good[-8] != "a" else "b") + good[-7:]}
        return {"Authorization": key if " " in key else f"Bearer {self.server.keys[key]}"}

    def check(self, rows):
        nobody = self.server.client(None)
        for row in rows:
            with self.subTest(row.name):
                fields = {"Idempotency-Key": str(uuid.uuid4()), **self.authorization(row.key), **row.headers}
                fields = {name: value for name, value in fields.items() if value is not None}
                answer = nobody.call(row.method, row.path, row.body, fields)
                status, code, pointer = row.wanted
                answer.refused(status, code, pointer if pointer else None)
                self.assertEqual(answer["status"], status)
                self.assertEqual(answer.headers["Content-Type"].split(";")[0], "application/problem+json")
                for name in ("type", "title", "detail", "next_step", "request_id"):
                    self.assertTrue(answer[name], f"{name} of {answer}")
                if status == 405:
                    self.assertTrue(answer.headers["Allow"], str(answer))
                    self.assertNotIn(row.method, answer.headers["Allow"])
                self.assert_nothing_changed()

    def test_bodies_that_are_no_json_or_no_utf_8_are_refused(self):
        self.check(parsing_rows())

    def test_wrong_types_and_amounts_are_refused_where_they_stand(self):
        self.check(shape_rows())

    def test_what_breaks_a_law_is_refused_by_its_name(self):
        self.check(law_rows())

    def test_callers_without_right_and_requests_without_form_are_refused(self):
        self.check(caller_rows())

    def test_batches_without_form_are_refused_whole(self):
        self.check(batch_rows())

    def test_a_malformed_item_of_an_independent_batch_is_refused_alone(self):
        for row in shape_rows():
            if row.path != "/v1/journals":
                continue
            with self.subTest(row.name):
                item = json.loads(row.body) if isinstance(row.body, bytes) else row.body
                answer = self.admin.post("/v1/journals:batch", batch(item, mode="independent")).must(200)
                status, code, pointer = row.wanted
                result = answer["results"][0]
                self.assertEqual((result["status"], result["problem"]["status"], result["problem"]["code"],
                                  result["problem"]["pointer"]), (status, status, code, f"/journals/0{pointer}"))
                self.assert_nothing_changed()

    def test_what_breaks_a_law_is_refused_in_a_batch_as_alone(self):
        for row in law_rows():
            if row.path != "/v1/journals" or "Idempotency-Key" in row.headers:
                continue
            for mode in ("independent", "atomic"):
                with self.subTest(f"{row.name}, {mode}"):
                    answer = self.admin.post("/v1/journals:batch", batch(row.body, mode=mode)).must(200)
                    status, code, pointer = row.wanted
                    result = answer["results"][0]
                    self.assertEqual((result["status"], result["problem"]["code"]), (status, code))
                    if pointer:
                        self.assertEqual(result["problem"]["pointer"], f"/journals/0{pointer}")
                    self.assert_nothing_changed()

    def test_the_json_suite_never_brings_the_server_down_and_what_must_be_refused_is(self):
        path = pathlib.Path(support.VECTORS) / "json/test_parsing.json"
        if not support.VECTORS or not path.exists():
            self.skipTest("BAILEE_VECTORS names no folder with json/test_parsing.json")
        rows = json.loads(path.read_text())
        self.assertGreater(len(rows), 300)
        for row in rows:
            with self.subTest(row["name"]):
                answer = self.admin.post("/v1/parties", suite_body(row))
                self.assertLess(answer.status, 500, str(answer))
                self.assertGreaterEqual(answer.status, 400, str(answer))  # none of them is a party
                if row["expect"] == "reject":
                    answer.refused(400, "INVALID_INPUT")
        self.assert_nothing_changed()

    def test_what_the_json_suite_accepts_is_taken_where_any_json_may_stand(self):
        path = pathlib.Path(support.VECTORS) / "json/test_parsing.json"
        if not support.VECTORS or not path.exists():
            self.skipTest("BAILEE_VECTORS names no folder with json/test_parsing.json")
        for row in json.loads(path.read_text()):
            if row["expect"] != "accept":
                continue
            with self.subTest(row["name"]):
                answer = self.admin.post("/v1/parties", suite_body(row))
                self.assertNotIn(b"not valid JSON", answer.body, str(answer))
        self.assert_nothing_changed()


def suite_body(row):
    repeated = row.get("repeat")
    body = bytes.fromhex(repeated["hex"]) * repeated["times"] if repeated else bytes.fromhex(row["hex"])
    return body + bytes.fromhex(row.get("tail_hex", ""))


if __name__ == "__main__":
    support.main()
