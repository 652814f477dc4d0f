"""The tour of the public interface by example: from setting up a firm, over postings and liens, to the margin engine's
read and the stream."""
import decimal
import re

import firm
import support
from firm import NOTE
from support import EventStream, amount, credit, debit, deposit, in_an_hour, journal, new_id

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
HASH = re.compile(r"[0-9a-f]{64}")
BALANCE_FIELDS = {"asset", "total", "encumbered", "reserved", "pending_in", "pending_out", "free"}


class Tour(support.ServerTest):
    @classmethod
    def set_up_book(cls):
        firm.set_up(cls.admin, customers=2)

    def customer(self):
        """A customer that no other test has touched, and its futures account."""
        id = new_id("c")
        firm.add_customer(self.admin, id)
        return f"{id}.fut"

    def assert_current(self, account, asset, **figures):
        row = self.admin.balances(account)[asset]
        self.assertEqual({name: row[name] for name in figures}, figures)


class SettingUp(Tour):
    def test_every_answer_carries_version_generation_and_a_request_id(self):
        for answer in (self.admin.get("/v1/parties"), self.admin.get("/v1/accounts/none"),
                       self.server.client(None).get("/v1/parties"), self.admin.get("/v1/nothing-here"),
                       self.admin.post("/v1/parties", b"{"), self.admin.get("/healthz")):
            self.assertGreater(answer.version, 0, str(answer))
            self.assertEqual(answer.headers["Bailee-Ledger-Generation"], "1", str(answer))
            self.assertTrue(answer.headers["Bailee-Request-Id"], str(answer))

    def test_a_party_is_made_read_and_listed(self):
        body = {"id": new_id("party"), "name": "Calder Pension Fund", "kind": "fund",
                "classification": {"sec": "customer", "cftc": "public"}}
        made = self.admin.post("/v1/parties", body).must(201)
        for answer in (made, self.admin.get(f"/v1/parties/{body['id']}").must(200)):
            self.assertEqual({name: answer[name] for name in body}, body)
        self.assertEqual(made["version"], made.version)
        self.assertIn(body["id"], [party["id"] for party in self.admin.items("/v1/parties")])

    def test_an_asset_is_made_read_and_listed(self):
        body = {"id": new_id("UST-3.5-"), "kind": "security", "scale": 2, "isin": "US91282CHT18", "issuer": "UST"}
        self.admin.post("/v1/assets", body).must(201)
        found = self.admin.get(f"/v1/assets/{body['id']}").must(200)
        self.assertEqual({name: found[name] for name in body}, body)
        self.assertIn(body["id"], [asset["id"] for asset in self.admin.items("/v1/assets")])

    def test_a_person_gets_a_key_that_is_shown_once_and_works(self):
        id = new_id("p-anna")
        self.admin.post("/v1/principals",
                        {"id": id, "kind": "person", "name": "Anna Ilves", "roles": ["operator"]}).must(201)
        key = self.admin.post(f"/v1/principals/{id}/keys", {}).must(201)
        anna = support.Client(self.server.url, key["key"])
        anna.get("/v1/accounts").must(200)
        listed = self.admin.get(f"/v1/principals/{id}/keys").must(200)
        self.assertEqual([item["id"] for item in listed["items"]], [key["id"]])
        self.assertNotIn(key["key"].encode(), listed.body)
        self.assertTrue(key["key"].endswith(listed["items"][0]["last_four"]))

    def test_a_revoked_key_is_no_key(self):
        id = new_id("p-left")
        self.admin.post("/v1/principals",
                        {"id": id, "kind": "person", "name": "Left", "roles": ["operator"]}).must(201)
        key = self.admin.post(f"/v1/principals/{id}/keys", {}).must(201)
        person = support.Client(self.server.url, key["key"])
        person.get("/v1/accounts").must(200)
        self.admin.post(f"/v1/keys/{key['id']}:revoke", {}).must(200)
        person.get("/v1/accounts").refused(401, "UNAUTHENTICATED")

    def test_accounts_show_side_kind_regime_and_pool_and_locations_are_their_view(self):
        customer = self.admin.get("/v1/accounts/cust-1.fut").must(200)
        self.assertEqual([customer[name] for name in ("party", "side", "kind", "regime", "pool")],
                         ["cust-1", "obligation", "customer", "FUT_4D", "FUT_4D"])
        bank = self.admin.get("/v1/accounts/bank-a.4d").must(200)
        self.assertEqual([bank["side"], bank["kind"]], ["location", "bank"])
        self.assertEqual(bank["location"]["title"], "Customer Segregated")
        box = self.admin.get("/v1/accounts/box").must(200)
        self.assertEqual([box["regime"], box["pool"]], [None, "securities_record"])
        house = self.admin.get("/v1/accounts/firm.house").must(200)
        self.assertEqual([house["kind"], house["pool"]], ["house_equity", "securities_record"])
        locations = [item["id"] for item in self.admin.items("/v1/locations")]
        self.assertIn("bank-a.4d", locations)
        self.assertNotIn("cust-1.fut", locations)
        self.assertEqual(self.admin.get("/v1/locations/bank-a.4d").must(200)["id"], "bank-a.4d")
        self.admin.get("/v1/locations/cust-1.fut").refused(404, "NOT_FOUND")

    def test_an_agreement_is_made_and_revoked(self):
        id = new_id("agr")
        body = {"id": id, "kind": "hypothecation_consent", "parties": ["cust-1"], "effective_from": "2026-01-01",
                "scope": {"lenders": ["bank-b"]}}
        made = self.admin.post("/v1/agreements", body).must(201)
        self.assertEqual({name: made[name] for name in body}, body)
        self.admin.post(f"/v1/agreements/{id}:revoke", {"reason": "the customer asked"}).must(200)
        found = self.admin.get(f"/v1/agreements/{id}").must(200)
        self.assertRegex(found["revoked_at"], INSTANT)

    def test_the_same_id_with_the_same_body_answers_as_before_and_with_another_is_refused(self):
        body = {"id": new_id("twice"), "kind": "company", "name": "Twice"}
        first = self.admin.post("/v1/parties", body).must(201)
        again = self.admin.post("/v1/parties", body)
        self.assertIn(again.status, (200, 201), str(again))
        self.assertEqual(again["version"], first["version"])
        self.admin.post("/v1/parties", {**body, "name": "Other"}).refused(409, "DUPLICATE_ID")

    def test_lists_are_paged_in_a_stable_order(self):
        whole = [item["id"] for item in self.admin.items("/v1/accounts")]
        paged, cursor = [], ""
        while cursor is not None:
            page = self.admin.get("/v1/accounts?limit=2" + (f"&cursor={cursor}" if cursor else "")).must(200)
            self.assertLessEqual(len(page["items"]), 2)
            paged += [item["id"] for item in page["items"]]
            cursor = page["next"]
        self.assertEqual(paged[:len(whole)], whole)
        self.assertEqual(len(set(paged)), len(paged))

    def test_reasons_are_listed_from_the_start(self):
        reasons = {item["id"]: item for item in self.admin.items("/v1/reasons")}
        self.assertEqual(reasons["DEPOSIT"]["nature"], "instruction")
        self.assertEqual(reasons["VARIATION"]["nature"], "fact")
        self.assertGreaterEqual(len(reasons), 24)


class Posting(Tour):
    def test_a_deposit_raises_both_sides_and_says_how_they_stand(self):
        account = self.customer()
        bank_before = self.admin.balances("bank-a.4d").get("USD", {"total": "0.00"})["total"]
        body = deposit("bank-a.4d", account, "USD", "100.00", memo="wire 7781",
                       evidence=[{"kind": "wire", "reference": "20260706MMQFMP2H000123"}])
        posted = self.admin.post("/v1/journals", body).must(201)
        self.assertEqual(posted["status"], "posted")
        self.assertTrue(posted["id"].startswith("jrn_"), posted["id"])
        self.assertEqual(posted["version"], posted.version)
        self.assertEqual(posted["reason"], "DEPOSIT")
        self.assertEqual(posted["memo"], "wire 7781")
        self.assertEqual(posted["evidence"], body["evidence"])
        for name in ("effective_at", "recorded_at"):
            self.assertRegex(posted[name], INSTANT)
        for name in ("hash", "previous_hash"):
            self.assertRegex(posted[name], HASH)
        self.assertEqual([{name: leg[name] for name in leg if name != "balance_after"} for leg in posted["legs"]],
                         body["legs"])
        self.assertEqual(posted["legs"][1]["balance_after"], {"total": "100.00", "free": "100.00"})
        self.assertEqual(posted["legs"][0]["balance_after"]["total"], str(decimal.Decimal(bank_before) + 100))
        self.assertEqual(self.admin.get(f"/v1/journals/{posted['id']}").must(200).json, posted.json)

    def test_amounts_are_printed_at_the_scale_of_the_asset(self):
        account = self.customer()
        posted = self.admin.post("/v1/journals", deposit("bank-a.4d", account, "USD", "7")).must(201)
        self.assertEqual(posted["legs"][1]["credit"], amount("USD", "7.00"))
        sec = account.replace(".fut", ".sec")
        posted = self.admin.post("/v1/journals", deposit("box", sec, "XYZ", "30")).must(201)
        self.assertEqual(posted["legs"][1]["balance_after"], {"total": "30", "free": "30"})

    def test_versions_rise_by_one_and_each_hash_continues_the_last(self):
        account = self.customer()
        posted = [self.admin.post("/v1/journals", deposit("bank-a.4d", account, "USD", "1.00")).must(201)
                  for _ in range(3)]
        for before, after in zip(posted, posted[1:]):
            self.assertGreater(after["version"], before["version"])
            if after["version"] == before["version"] + 1:  # else a tick with events came between
                self.assertEqual(after["previous_hash"], before["hash"])

    def test_the_same_key_gets_the_same_answer_and_posts_once(self):
        account = self.customer()
        body = deposit("bank-a.4d", account, "USD", "12.00")
        first = self.admin.post("/v1/journals", body, idempotency_key="same-" + account).must(201)
        self.assertNotEqual(first.headers["Idempotency-Replayed"], "true")
        self.admin.post("/v1/journals", deposit("bank-a.4d", account, "USD", "1.00")).must(201)
        turned = {"legs": body["legs"], "reason": body["reason"]}  # other order of keys, same request
        again = self.admin.post("/v1/journals", turned, idempotency_key="same-" + account).must(201)
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(again.json, first.json)
        self.assertEqual(again.version, first.version)
        self.assert_current(account, "USD", total="13.00")
        self.admin.post("/v1/journals", deposit("bank-a.4d", account, "USD", "12.01"),
                        idempotency_key="same-" + account).refused(409, "IDEMPOTENCY_CONFLICT")

    def test_a_refusal_is_final_for_its_key(self):
        account = self.customer()
        body = firm.withdrawal(account, "bank-a.4d", "USD", "5.00")
        first = self.admin.post("/v1/journals", body, idempotency_key="no-" + account)
        first.refused(409, "INSUFFICIENT_FREE")
        firm.fund(self.admin, account, "5.00")
        again = self.admin.post("/v1/journals", body, idempotency_key="no-" + account)
        again.refused(409, "INSUFFICIENT_FREE")
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(again["figures"], first["figures"])
        self.admin.post("/v1/journals", body).must(201)

    def test_a_reversal_posts_the_mirror_and_links_both(self):
        account = self.customer()
        posted = self.admin.post("/v1/journals", deposit("bank-a.4d", account, "USD", "40.00")).must(201)
        reversal = self.admin.post(f"/v1/journals/{posted['id']}:reverse", {"reason": "CORRECTION"}).must(201)
        self.assertEqual(reversal["reverses"], posted["id"])
        self.assertEqual(reversal["legs"][0]["credit"], amount("USD", "40.00"))
        self.assertEqual(reversal["legs"][1]["debit"], amount("USD", "40.00"))
        self.assert_current(account, "USD", total="0.00", free="0.00")
        original = self.admin.get(f"/v1/journals/{posted['id']}").must(200)
        self.assertEqual([original["status"], original["reversed_by"]], ["reversed", reversal["id"]])
        self.admin.post(f"/v1/journals/{posted['id']}:reverse", {"reason": "CORRECTION"}).refused(
            409, "ALREADY_REVERSED")

    def test_a_fact_is_posted_even_below_the_floor_and_opens_an_exception(self):
        account = self.customer()
        legs = (debit(account, "USD", "30.00"), credit("bank-a.4d", "USD", "30.00"))
        self.admin.post("/v1/journals", deposit("bank-a.4d", "cust-2.fut", "USD", "30.00")).must(201)
        self.admin.post("/v1/journals", journal("VARIATION", *legs)).refused(422, "EVIDENCE_REQUIRED", "/evidence")
        posted = self.admin.post("/v1/journals", journal("VARIATION", *legs, nature="fact", evidence=[
            {"kind": "dco_statement", "reference": "CME-EOD-1"}])).must(201)
        self.assertEqual(posted["nature"], "fact")
        self.assert_current(account, "USD", total="-30.00", free="0.00")
        mine = [item for item in self.admin.items("/v1/exceptions") if item["account"] == account]
        self.assertEqual([[item["status"], item["short_by"]] for item in mine], [["open", "30.00"]])
        firm.fund(self.admin, account, "30.00")
        mine = [item for item in self.admin.items("/v1/exceptions") if item["account"] == account]
        self.assertNotIn("open", [item["status"] for item in mine])

    def test_the_firms_own_money_crosses_pools_on_a_named_basis(self):
        self.admin.post("/v1/journals", journal("OPENING", debit("bank-a.firm", "USD", "500.00"),
                                                credit("firm.house", "USD", "500.00"))).must(201)
        legs = [debit("firm.house", "USD", "200.00"), credit("bank-a.firm", "USD", "200.00"),
                debit("bank-a.4d", "USD", "200.00"), credit("firm.4d", "USD", "200.00")]
        self.admin.post("/v1/journals", journal("RESIDUAL_INTEREST", *legs)).refused(422, "REGIME_CROSSED")
        posted = self.admin.post("/v1/journals",
                                 journal("RESIDUAL_INTEREST", *legs, basis="RESIDUAL_INTEREST")).must(201)
        self.assertEqual(posted["basis"], "RESIDUAL_INTEREST")
        self.assert_current("firm.4d", "USD", total="200.00")


class LiensAndReservations(Tour):
    def setUp(self):
        self.account = self.customer()
        firm.fund(self.admin, self.account, usd="100.00", note="100.00")

    def test_a_lien_binds_units_and_the_refusal_of_more_gives_the_figures(self):
        opened = self.admin.post("/v1/liens", firm.lien(
            self.account, NOTE, "60.00", location="kestrel.4d", rank=1, secured=amount("USD", "55.00"),
            expires_at=None)).must(201)
        self.assertTrue(opened["id"].startswith("lien_"), opened["id"])
        self.assertEqual(opened["version"], opened.version)
        self.assertEqual(opened["allocation"],
                         [{"account": self.account, "location": "kestrel.4d", "amount": amount(NOTE, "60.00")}])
        self.assert_current(self.account, NOTE, total="100.00", encumbered="60.00", free="40.00")
        no = self.admin.post("/v1/liens", firm.lien(self.account, NOTE, "50.00"))
        no.refused(409, "INSUFFICIENT_FREE", "/amount")
        self.assertEqual(no.headers["Content-Type"].split(";")[0], "application/problem+json")
        self.assertEqual(no["type"], "urn:bailee:problem:insufficient-free")
        self.assertEqual({name: no["figures"][name] for name in ("asked", "free", "encumbered")},
                         {"asked": "50.00", "free": "40.00", "encumbered": "60.00"})
        self.assertEqual([no["status"], no["rule"], no["retryable"]], [409, "law 3", True])
        for name in ("title", "detail", "next_step", "request_id"):
            self.assertTrue(no[name], name)
        no = self.admin.post("/v1/journals", firm.withdrawal(self.account, "kestrel.4d", NOTE, "40.01"))
        no.refused(409, "INSUFFICIENT_FREE", "/legs/0/debit")

    def test_a_lien_grows_shrinks_and_closes(self):
        lien = self.admin.post("/v1/liens", firm.lien(self.account, NOTE, "60.00")).must(201)
        path = f"/v1/liens/{lien['id']}"
        grown = self.admin.post(path + ":increase", {"amount": amount(NOTE, "10.00")}).must(200)
        self.assertEqual(grown["amount"], amount(NOTE, "70.00"))
        part = self.admin.post(path + ":release", {"amount": amount(NOTE, "30.00")}).must(200)
        self.assertEqual([part["status"], part["amount"]], ["open", amount(NOTE, "40.00")])
        self.admin.post(path + ":release", {"amount": amount(NOTE, "40.01")}).refused(422, "OVER_RELEASE")
        closed = self.admin.post(path + ":release", {}).must(200)
        self.assertEqual(closed["status"], "closed")
        self.assertEqual(self.admin.get(path).must(200)["status"], "closed")
        self.assert_current(self.account, NOTE, encumbered="0.00", free="100.00")
        self.admin.post(path + ":release", {}).refused(409, "ALREADY_SETTLED")

    def test_liens_are_listed_by_account_location_holder_and_type(self):
        lien = self.admin.post("/v1/liens", firm.lien(self.account, NOTE, "10.00")).must(201)
        self.admin.post("/v1/liens", firm.lien(self.account, "USD", "10.00")).must(201)
        for query in (f"account={self.account}", f"account={self.account}&location=kestrel.4d&open=true",
                      f"account={self.account}&holder=cme&type=CCP_MARGIN"):
            self.assertIn(lien["id"], [item["id"] for item in self.admin.items(f"/v1/liens?{query}")], query)
        self.assertEqual(self.admin.items(f"/v1/liens?account={self.account}&location=bank-a.307"), [])
        self.assertEqual(self.admin.items(f"/v1/liens?account={self.account}&holder=bank-b"), [])
        self.admin.post(f"/v1/liens/{lien['id']}:release", {}).must(200)
        still = [item["id"] for item in self.admin.items(f"/v1/liens?account={self.account}&open=true")]
        self.assertNotIn(lien["id"], still)

    def test_a_lien_moves_to_another_place(self):
        lien = self.admin.post("/v1/liens", firm.lien(self.account, NOTE, "10.00", location="kestrel.4d")).must(201)
        self.admin.post("/v1/journals", journal(
            "MARGIN_TO_CCP", debit("cme.4d", NOTE, "10.00"), credit("kestrel.4d", NOTE, "10.00"),
            liens=[lien["id"]])).must(201)
        found = self.admin.get(f"/v1/liens/{lien['id']}").must(200)
        self.assertEqual(found["allocation"],
                         [{"account": self.account, "location": "cme.4d", "amount": amount(NOTE, "10.00")}])
        back = [{"account": self.account, "location": "kestrel.4d", "amount": amount(NOTE, "10.00")}]
        changed = self.admin.post(f"/v1/liens/{lien['id']}:reallocate", {"allocation": back}).must(200)
        self.assertEqual(changed["allocation"], back)

    def reserve(self, text="60.00", **more):
        return {"account": self.account, "amount": amount("USD", text), "purpose": "order 9911",
                "expires_at": in_an_hour(), **more}

    def test_a_reservation_holds_commits_into_a_lien_and_is_then_closed(self):
        held = self.admin.post("/v1/reservations", self.reserve()).must(201)
        self.assertEqual([held["status"], held["amount"], held["purpose"]],
                         ["open", amount("USD", "60.00"), "order 9911"])
        self.assertRegex(held["expires_at"], INSTANT)
        self.assert_current(self.account, "USD", reserved="60.00", free="40.00")
        no = self.admin.post("/v1/reservations", self.reserve("40.01"))
        no.refused(409, "INSUFFICIENT_FREE")
        self.assertEqual(no["figures"]["free"], "40.00")
        path = f"/v1/reservations/{held['id']}"
        done = self.admin.post(path + ":commit", {"lien": {"type": "CCP_MARGIN", "holder": "cme"}}).must(200)
        self.assertEqual([done["status"], done["lien"]["amount"]], ["committed", amount("USD", "60.00")])
        self.assert_current(self.account, "USD", reserved="0.00", encumbered="60.00", free="40.00")
        self.admin.post(path + ":release", {}).refused(409, "ALREADY_SETTLED")

    def test_a_reservation_commits_into_a_journal_or_is_released(self):
        held = self.admin.post("/v1/reservations", self.reserve("30.00")).must(201)
        body = {"journal": firm.withdrawal(self.account, "bank-a.4d", "USD", "30.00")}
        done = self.admin.post(f"/v1/reservations/{held['id']}:commit", body).must(200)
        self.assertEqual(done["journal"]["legs"][0]["balance_after"], {"total": "70.00", "free": "70.00"})
        held = self.admin.post("/v1/reservations", self.reserve("70.00")).must(201)
        self.admin.post(f"/v1/reservations/{held['id']}:release", {}).must(200)
        self.assert_current(self.account, "USD", reserved="0.00", free="70.00")

    def test_a_reservation_expires_by_itself(self):
        soon = support.time.strftime("%Y-%m-%dT%H:%M:%SZ", support.time.gmtime(support.time.time() + 2))
        held = self.admin.post("/v1/reservations", self.reserve("50.00", expires_at=soon)).must(201)
        path = f"/v1/reservations/{held['id']}"
        support.wait_for("the expiry", lambda: self.admin.get(path).must(200)["status"] == "expired", every=0.2)
        self.assert_current(self.account, "USD", reserved="0.00", free="100.00")

    def test_if_match_holds_a_reservation_and_a_lien_to_the_state_that_was_read(self):
        read = self.admin.get(f"/v1/accounts/{self.account}/balances").must(200)["state_version"]
        held = self.admin.post("/v1/reservations", self.reserve("1.00"), If_Match=f'"{read}"').must(201)
        for path, body in (("/v1/reservations", self.reserve("1.00")),
                           ("/v1/liens", firm.lien(self.account, "USD", "1.00"))):
            self.admin.post(path, body, If_Match=f'"{read}"').refused(412, "STATE_MOVED")
        now = self.admin.get(f"/v1/accounts/{self.account}/balances").must(200)["state_version"]
        self.assertEqual(now, held["version"])
        self.admin.post("/v1/liens", firm.lien(self.account, "USD", "1.00"), If_Match=f'"{now}"').must(201)


class Reading(Tour):
    def setUp(self):
        self.account = self.customer()
        firm.fund(self.admin, self.account, usd="100.00", note="100.00")

    def test_balances_have_every_quantity_at_full_scale(self):
        answer = self.admin.get(f"/v1/accounts/{self.account}/balances").must(200)
        self.assertEqual(answer["account"], self.account)
        for row in answer["balances"]:
            self.assertGreaterEqual(set(row), BALANCE_FIELDS)
            self.assertEqual(row["total"], "100.00")
            self.assertEqual([row[name] for name in ("encumbered", "reserved", "pending_in", "pending_out")],
                             ["0.00"] * 4)
        self.assertEqual([row["asset"] for row in answer["balances"]], sorted(["USD", NOTE]))

    def test_a_read_at_a_least_version_sees_ones_own_write(self):
        posted = self.admin.post("/v1/journals", deposit("bank-a.4d", self.account, "USD", "1.00")).must(201)
        path = f"/v1/accounts/{self.account}/balances?min_version="
        read = self.admin.get(path + str(posted["version"])).must(200)
        self.assertEqual(read["state_version"], posted["version"])
        self.assertGreaterEqual(read.version, posted["version"])
        self.admin.get(path + str(posted["version"] + 1000000)).refused(503, "VERSION_NOT_REACHED")

    def test_an_etag_changes_with_the_account_and_not_with_the_head(self):
        path = f"/v1/accounts/{self.account}/balances"
        first = self.admin.get(path).must(200)
        self.assertTrue(first.headers["ETag"])
        firm.fund(self.admin, "cust-2.fut", "1.00")
        second = self.admin.get(path).must(200)
        self.assertEqual(first.headers["ETag"], second.headers["ETag"])
        self.assertEqual(first.json, second.json)
        firm.fund(self.admin, self.account, "1.00")
        self.assertNotEqual(self.admin.get(path).headers["ETag"], first.headers["ETag"])
        self.assertEqual(self.admin.get(path, If_None_Match=self.admin.get(path).headers["ETag"]).status, 304)

    def test_collateral_is_what_a_margin_engine_needs(self):
        engine = firm.client_of(self.admin, "margin_engine", id=new_id("engine"))
        lien = self.admin.post("/v1/liens", firm.lien(self.account, NOTE, "60.00")).must(201)
        held = self.admin.post("/v1/reservations", {"account": self.account, "amount": amount("USD", "30.00"),
                                                    "purpose": "x", "expires_at": in_an_hour()}).must(201)
        read = engine.get(f"/v1/collateral?account={self.account}").must(200)
        items = {item["asset"]: item for item in read["items"]}
        self.assertEqual(read["state_version"], held["version"])
        self.assertIsNone(read["next"])
        note = items[NOTE]
        self.assertEqual([note[name] for name in ("account", "party", "regime", "total", "encumbered", "reserved",
                                                  "pending_in", "pending_out", "free", "finality")],
                         [self.account, self.account.split(".")[0], "FUT_4D", "100.00", "60.00", "0.00", "0.00",
                          "0.00", "40.00", "final"])
        self.assertEqual([{name: bound[name] for name in ("id", "type", "holder", "amount")}
                          for bound in note["liens"]],
                         [{"id": lien["id"], "type": "CCP_MARGIN", "holder": "cme", "amount": "60.00"}])
        self.assertEqual(items["USD"]["free"], "70.00")
        for item in items.values():  # quantities only: nobody asked for a view
            self.assertFalse({"price", "market_value", "haircut", "margin_value"} & set(item))
            self.assertGreater(item["state_version"], 0)
        self.assertEqual(read["state_version"], max(item["state_version"] for item in items.values()))

    def test_collateral_is_found_by_party_regime_and_asset(self):
        party = self.account.split(".")[0]
        by_party = self.admin.items(f"/v1/collateral?party={party}")
        self.assertEqual({item["asset"] for item in by_party}, {"USD", NOTE})
        by_regime = self.admin.items("/v1/collateral?regime=FUT_4D")
        self.assertIn((self.account, NOTE), [(item["account"], item["asset"]) for item in by_regime])
        by_asset = self.admin.items(f"/v1/collateral?asset={NOTE}")
        self.assertEqual({item["asset"] for item in by_asset}, {NOTE})
        both = self.admin.items(f"/v1/collateral?asset={NOTE}&party={party}")
        self.assertEqual([item["account"] for item in both], [self.account])

    def test_journals_are_read_by_account_and_by_version(self):
        posted = self.admin.post("/v1/journals", deposit("bank-a.4d", self.account, "USD", "3.00")).must(201)
        of_account = self.admin.items(f"/v1/accounts/{self.account}/journals")
        self.assertEqual(len(of_account), 3)
        self.assertIn(posted["id"], [item["id"] for item in of_account])
        since = self.admin.items(f"/v1/journals?from_version={posted['version']}")
        self.assertEqual([item["id"] for item in since], [posted["id"]])

    def test_a_customer_sees_its_own_property_and_nothing_of_others(self):
        party = self.account.split(".")[0]
        customer = firm.client_of(self.admin, "customer", party)
        self.assertEqual(customer.balances(self.account)["USD"]["total"], "100.00")
        stranger = customer.get("/v1/accounts/cust-1.fut/balances")
        nobody = customer.get("/v1/accounts/no-such.fut/balances")
        for answer in (stranger, nobody):
            answer.refused(404, "NOT_FOUND")
        self.assertEqual({item["party"] for item in customer.items("/v1/accounts")}, {party})
        self.assertEqual({item["account"] for item in customer.items("/v1/collateral")}, {self.account})


class Streaming(Tour):
    def test_the_stream_tells_each_posting_with_balances_and_resumes_after_an_id(self):
        account = self.customer()
        engine = firm.client_of(self.admin, "margin_engine", id=new_id("engine"))
        head = self.admin.get("/v1/parties").version
        stream = EventStream(engine, f"/v1/events?from_version={head + 1}")
        posted = [self.admin.post("/v1/journals", deposit("bank-a.4d", account, "USD", f"{n}.00")).must(201)
                  for n in (1, 2, 3)]
        events = stream.until(lambda event: event["json"].get("version") == posted[-1]["version"]
                              and event["event"] == "journal.posted")
        stream.close()
        told = [event for event in events if event["event"] == "journal.posted"]
        self.assertEqual([event["json"]["journal"]["id"] for event in told], [item["id"] for item in posted])
        for event, item in zip(told, posted):
            data = event["json"]
            self.assertEqual(event["id"], f"{item['version']}.{data['index']}")
            self.assertEqual([data["version"], data["type"], data["recorded_at"]],
                             [item["version"], "journal.posted", item["recorded_at"]])
        after = {(row["account"], row["asset"]): row for row in told[1]["json"]["after"]}
        self.assertEqual([after[account, "USD"][name] for name in ("total", "free")], ["3.00", "3.00"])
        resumed = EventStream(engine, "/v1/events", last_event_id=told[0]["id"])
        rest = resumed.until(lambda event: event["id"] == events[-1]["id"])
        resumed.close()
        start = events.index(told[0]) + 1
        self.assertEqual([(event["id"], event["data"]) for event in rest],
                         [(event["id"], event["data"]) for event in events[start:]])

    def test_liens_and_reservations_are_told_from_opening_to_close(self):
        account = self.customer()
        firm.fund(self.admin, account, "100.00")
        head = self.admin.get("/v1/parties").version
        lien = self.admin.post("/v1/liens", firm.lien(account, "USD", "10.00")).must(201)
        self.admin.post(f"/v1/liens/{lien['id']}:release", {"amount": amount("USD", "4.00")}).must(200)
        self.admin.post(f"/v1/liens/{lien['id']}:release", {}).must(200)
        held = self.admin.post("/v1/reservations", {"account": account, "amount": amount("USD", "5.00"),
                                                    "purpose": "x", "expires_at": in_an_hour()}).must(201)
        last = self.admin.post(f"/v1/reservations/{held['id']}:release", {}).must(200)
        stream = EventStream(self.admin, f"/v1/events?from_version={head + 1}")
        events = stream.until(lambda event: event["json"]["version"] == last["version"])
        stream.close()
        told = [event["event"] for event in events if not event["event"].startswith("balance.")]
        self.assertEqual(told, ["lien.opened", "lien.changed", "lien.closed", "reservation.opened",
                                "reservation.closed"])

    def test_a_filtered_stream_shows_that_it_has_no_gap(self):
        account = self.customer()
        head = self.admin.get("/v1/parties").version
        firm.fund(self.admin, account, "100.00")
        lien = self.admin.post("/v1/liens", firm.lien(account, "USD", "10.00")).must(201)
        stream = EventStream(self.admin, f"/v1/events?types=lien.opened&from_version={head + 1}")
        events = stream.until(lambda event: event["event"] == "lien.opened")
        self.assertEqual([event["json"]["version"] for event in events], [lien["version"]])
        skipped = " ".join(stream.comments)
        stream.close()
        self.assertIn(str(lien["version"] - 1), skipped)

    def test_a_stream_of_one_account_tells_of_no_other(self):
        account, other = self.customer(), self.customer()
        head = self.admin.get("/v1/parties").version
        firm.fund(self.admin, other, "1.00")
        firm.fund(self.admin, account, "2.00")
        stream = EventStream(self.admin, f"/v1/events?account={account}&types=journal.posted&from_version={head + 1}")
        event = stream.next()
        stream.close()
        self.assertIn(account, [leg["account"] for leg in event["json"]["journal"]["legs"]])

    def test_an_id_ahead_of_the_book_or_of_another_generation_is_refused(self):
        for last, status in (("2.1.0", 409), ("nonsense", 400)):
            stream = EventStream(self.admin, last_event_id=last)
            self.assertEqual(stream.status, status, stream.body)
            stream.close()


class Service(Tour):
    def test_health_readiness_metrics_and_the_contract_need_no_key(self):
        nobody = self.server.client(None)
        nobody.get("/healthz").must(200)
        nobody.get("/readyz").must(200)
        metrics = nobody.get("/metrics").must(200)
        self.assertIn("text/plain", metrics.headers["Content-Type"])
        self.assertRegex(metrics.body.decode(), r"(?m)^bailee_\w+(\{.*\})? [0-9.e+]+$")
        contract = nobody.get("/openapi.json").must(200)
        self.assertTrue(contract["openapi"].startswith("3.1"))
        self.assertIn("/v1/journals", contract["paths"])

    def test_the_book_holds_after_all_of_it(self):
        code, verdict = support.verify(self.server.data_dir)
        self.assertEqual(code, 0, verdict)
        self.assertTrue(verdict["ok"])
        self.assertGreaterEqual(verdict["version"], 1)


if __name__ == "__main__":
    support.main()
