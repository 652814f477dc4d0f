"""Journals in batches against the shipped binary: independent and atomic, replays, and what the book then holds."""
import json
import threading
import uuid

import firm
import support
from support import deposit

PATH = "/v1/journals:batch"
ACCOUNT = "cust-1.fut"


def item(text, key=None, account=ACCOUNT, **more):
    return {"idempotency_key": key or str(uuid.uuid4()), **deposit("bank-a.4d", account, "USD", text, **more)}


def withdrawal(text, key=None, account=ACCOUNT):
    return {"idempotency_key": key or str(uuid.uuid4()), **firm.withdrawal(account, "bank-a.4d", "USD", text)}


def batch(items, mode="independent"):
    return {"mode": mode, "journals": items}


def statuses(answer):
    return [result["status"] for result in answer["results"]]


class Batches(support.ServerTest):
    @classmethod
    def set_up_book(cls):
        firm.set_up(cls.admin, customers=6)

    def total(self, account=ACCOUNT):
        return self.admin.balances(account).get("USD", {}).get("total", "0.00")

    def head(self):
        return self.admin.get("/v1/book").must(200).version

    def test_each_item_has_its_own_version_and_the_last_is_the_batches(self):
        items = [item("1.00", account="cust-2.fut", memo=f"wire {at}") for at in range(5)]
        answer = self.admin.post(PATH, batch(items)).must(200)
        self.assertEqual(statuses(answer), [201] * 5)
        versions = [result["journal"]["version"] for result in answer["results"]]
        self.assertEqual(versions, list(range(versions[0], versions[0] + 5)))
        self.assertEqual((answer["version"], answer.version), (versions[-1], versions[-1]))
        hashes = [(result["journal"]["previous_hash"], result["journal"]["hash"]) for result in answer["results"]]
        self.assertTrue(all(after[0] == before[1] for before, after in zip(hashes, hashes[1:])))
        for at, result in enumerate(answer["results"]):
            self.assertEqual(result["journal"]["memo"], f"wire {at}")
            self.assertEqual(result["journal"]["legs"][1]["balance_after"]["total"], f"{at + 1}.00")
            alone = self.admin.get(f"/v1/journals/{result['journal']['id']}").must(200)
            self.assertEqual(alone.json, result["journal"])

    def test_an_independent_batch_takes_what_holds_and_names_what_does_not(self):
        self.admin.post("/v1/journals", deposit("bank-a.4d", "cust-3.fut", "USD", "10.00")).must(201)
        malformed = {**item("1.00"), "colour": "red"}
        items = [item("5.00", account="cust-3.fut"), withdrawal("99.00", account="cust-3.fut"), malformed,
                 withdrawal("15.00", account="cust-3.fut")]
        answer = self.admin.post(PATH, batch(items)).must(200)
        self.assertEqual(statuses(answer), [201, 409, 400, 201])
        refused, wrong = answer["results"][1]["problem"], answer["results"][2]["problem"]
        self.assertEqual((refused["code"], refused["pointer"]), ("INSUFFICIENT_FREE", "/journals/1/legs/0/debit"))
        self.assertTrue(refused["figures"])
        self.assertEqual((wrong["code"], wrong["pointer"]), ("INVALID_INPUT", "/journals/2/colour"))
        self.assertEqual(self.total("cust-3.fut"), "0.00")
        self.assertEqual(answer["version"], answer["results"][3]["journal"]["version"])
        again = self.admin.post(PATH, batch(items)).must(200)
        self.assertEqual(statuses(again), [201, 409, 400, 201])
        self.assertEqual([result.get("replayed", False) for result in again["results"]], [True, True, False, True])
        self.assertEqual([result.get("journal") for result in again["results"]],
                         [result.get("journal") for result in answer["results"]])
        self.assertEqual(again["version"], answer["version"])

    def test_one_refusal_refuses_an_atomic_batch_and_only_the_culprit_is_kept(self):
        before, version = self.total(), self.head()
        items = [item("1.00"), withdrawal("1000000.00"), item("2.00")]
        answer = self.admin.post(PATH, batch(items, "atomic")).must(200)
        codes = [result["problem"]["code"] for result in answer["results"]]
        self.assertEqual(codes, ["LINKED_REFUSED", "INSUFFICIENT_FREE", "LINKED_REFUSED"])
        self.assertEqual(statuses(answer), [409] * 3)
        self.assertEqual((self.total(), self.head(), answer["version"]), (before, version, version))
        self.admin.post("/v1/journals", deposit("bank-a.4d", ACCOUNT, "USD", "2000000.00")).must(201)
        again = self.admin.post(PATH, batch(items, "atomic")).must(200)
        self.assertEqual([result["problem"]["code"] for result in again["results"]], codes)
        self.assertTrue(again["results"][1]["replayed"])
        # The others' keys are free: alone they post.
        alone = self.admin.post(PATH, batch([items[0], items[2]], "atomic")).must(200)
        self.assertEqual(statuses(alone), [201, 201])
        self.assertNotIn("replayed", alone["results"][0])

    def test_an_atomic_batch_that_holds_posts_all_and_replays_all(self):
        items = [item("7.00", account="cust-4.fut"), withdrawal("7.00", account="cust-4.fut"),
                 item("3.00", account="cust-4.fut", id=support.new_id("named"))]
        first = self.admin.post(PATH, batch(items, "atomic"), idempotency_key="ignored").must(200)
        self.assertEqual(statuses(first), [201] * 3)
        head = self.head()
        second = self.admin.post(PATH, batch(items, "atomic"), idempotency_key="ignored").must(200)
        self.assertEqual([result["journal"] for result in second["results"]],
                         [result["journal"] for result in first["results"]])
        self.assertEqual((self.total("cust-4.fut"), self.head(), second.version), ("3.00", head, first.version))
        # And one of them alone, under its key, is the same journal.
        key, body = items[2]["idempotency_key"], {name: value for name, value in items[2].items()
                                                  if name != "idempotency_key"}
        alone = self.admin.post("/v1/journals", body, idempotency_key=key).must(201)
        self.assertEqual((alone.headers["Idempotency-Replayed"], alone.json),
                         ("true", first["results"][2]["journal"]))

    def test_a_key_twice_in_a_batch_is_a_replay_or_a_conflict(self):
        before = float(self.total())
        twice = item("4.00", key=str(uuid.uuid4()))
        other = {**item("5.00"), "idempotency_key": twice["idempotency_key"]}
        answer = self.admin.post(PATH, batch([twice, twice, other])).must(200)
        self.assertEqual(statuses(answer), [201, 201, 409])
        self.assertEqual(answer["results"][0]["journal"], answer["results"][1]["journal"])
        self.assertTrue(answer["results"][1]["replayed"])
        self.assertEqual((answer["results"][2]["problem"]["code"], answer["results"][2]["problem"]["pointer"]),
                         ("IDEMPOTENCY_CONFLICT", "/journals/2/idempotency_key"))
        self.assertEqual(float(self.total()), before + 4)

    def test_8192_journals_and_a_body_of_megabytes_are_one_request(self):
        items = [item("0.01", account="cust-5.fut", memo="m" * 400) for _ in range(8192)]
        body = json.dumps(batch(items), separators=(",", ":")).encode()
        self.assertGreater(len(body), 4 << 20)
        before, began = float(self.total("cust-5.fut")), self.head()
        answer = self.admin.call("POST", PATH, body).must(200)
        self.assertEqual(statuses(answer), [201] * 8192)
        self.assertAlmostEqual(float(self.total("cust-5.fut")), before + 81.92, places=2)
        self.assertEqual(answer["version"], began + 8192)

    def test_racing_clients_that_send_one_atomic_batch_post_it_once(self):
        items = [item("1.00", account="cust-6.fut") for _ in range(50)]
        before = float(self.total("cust-6.fut"))
        answers = []

        def send():
            answers.append(self.server.client("admin").post(PATH, batch(items, "atomic")))

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 8)
        for answer in answers:
            self.assertEqual(statuses(answer), [201] * 50)
            self.assertEqual([result["journal"] for result in answer["results"]],
                             [result["journal"] for result in answers[0]["results"]])
        self.assertEqual(float(self.total("cust-6.fut")), before + 50)

    def test_zz_the_book_verifies_after_all_of_it(self):
        code, verdict = support.verify(self.server.data_dir)
        self.assertEqual((code, verdict["ok"]), (0, True), verdict)


if __name__ == "__main__":
    support.main()
