"""Many clients after the same free units at once: together they never get one more than there are; sums are exact."""
import decimal
import random
import threading

import firm
import support
from support import amount, deposit, in_an_hour

CLIENTS = 64
UNITS = 1000


class Contender(threading.Thread):
    """Takes until it has been refused often enough, and keeps what it got."""

    def __init__(self, server, account, seed, start, ways):
        super().__init__(daemon=True)
        self.client = server.client("admin")
        self.account = account
        self.random = random.Random(seed)
        self.start_together = start
        self.ways = ways
        self.taken = {"lien": 0, "reservation": 0, "withdrawal": 0}
        self.given_back = 0
        self.refusals = []
        self.fault = None

    def run(self):
        try:
            self.start_together.wait()
            refused = 0
            while refused < 3:
                refused += 0 if self.take() else 1
        except BaseException as fault:  # shown by the test, on its own thread
            self.fault = fault

    def take(self):
        units = self.random.randint(1, 40)
        way = self.random.choice(self.ways)
        if way == "lien":
            answer = self.client.post("/v1/liens", firm.lien(self.account, "XYZ", str(units), type="BANK_LOAN",
                                                             holder="bank-b", location="box"))
        elif way == "reservation":
            answer = self.client.post("/v1/reservations", {"account": self.account, "amount": amount("XYZ", str(units)),
                                                           "purpose": "race", "expires_at": in_an_hour()})
        else:
            answer = self.client.post("/v1/journals", firm.withdrawal(self.account, "box", "XYZ", str(units)))
        if answer.status == 409:
            self.refusals.append((units, answer.json))
            return False
        answer.must(201)
        self.taken[way] += units
        if way == "reservation" and self.random.random() < 0.3:
            self.client.post(f"/v1/reservations/{answer['id']}:release", {}).must(200)
            self.taken[way] -= units
            self.given_back += units
        return True


class Race(support.ServerTest):
    @classmethod
    def set_up_book(cls):
        firm.set_up(cls.admin, customers=1)

    def race(self, ways, *, elsewhere=0):
        """The account after all have finished; `elsewhere` units of others lie at the same place."""
        id = support.new_id("c")
        firm.add_customer(self.admin, id)
        account = f"{id}.sec"
        self.admin.post("/v1/journals", deposit("box", account, "XYZ", str(UNITS))).must(201)
        if elsewhere:
            self.admin.post("/v1/journals", deposit("box", "cust-1.sec", "XYZ", str(elsewhere))).must(201)
        start = threading.Barrier(CLIENTS)
        contenders = [Contender(self.server, account, seed, start, ways) for seed in range(CLIENTS)]
        for contender in contenders:
            contender.start()
        for contender in contenders:
            contender.join(120)
            self.assertFalse(contender.is_alive(), "a client never came to its end")
            if contender.fault:
                raise contender.fault
        return account, contenders

    def assert_exact(self, account, contenders):
        taken = {way: sum(contender.taken[way] for contender in contenders)
                 for way in ("lien", "reservation", "withdrawal")}
        self.assertLessEqual(sum(taken.values()), UNITS, f"more than there was: {taken}")
        row = self.admin.balances(account)["XYZ"]
        self.assertEqual({name: decimal.Decimal(row[name]) for name in ("total", "encumbered", "reserved", "free")},
                         {"total": UNITS - taken["withdrawal"], "encumbered": taken["lien"],
                          "reserved": taken["reservation"], "free": UNITS - sum(taken.values())})
        self.assertTrue(all(contender.refusals for contender in contenders))
        for contender in contenders:
            for units, refusal in contender.refusals:
                self.assertEqual(refusal["code"], "INSUFFICIENT_FREE")
                self.assertEqual(int(refusal["figures"]["asked"]), units)
                self.assertLess(int(refusal["figures"]["free"]), units)
        return taken

    def test_liens_reservations_and_withdrawals_share_a_thousand_units(self):
        account, contenders = self.race(("lien", "reservation", "withdrawal"))
        taken = self.assert_exact(account, contenders)
        self.assertTrue(all(taken.values()), f"one of the ways took nothing: {taken}")
        liens = self.admin.items(f"/v1/liens?account={account}&open=true")
        self.assertEqual(sum(int(lien["amount"]["amount"]) for lien in liens), taken["lien"])

    def test_reservations_alone_take_all_but_what_none_could_use(self):
        account, contenders = self.race(("reservation",))
        self.assert_exact(account, contenders)
        self.assertLess(int(self.admin.balances(account)["XYZ"]["free"]), 40)

    def test_others_units_at_the_same_place_are_out_of_reach(self):
        account, contenders = self.race(("lien", "withdrawal"), elsewhere=5000)
        self.assert_exact(account, contenders)
        self.assertEqual(self.admin.balances("cust-1.sec")["XYZ"]["free"], "5000")

    def test_one_key_from_sixty_four_clients_takes_once(self):
        id = support.new_id("c")
        firm.add_customer(self.admin, id)
        self.admin.post("/v1/journals", deposit("box", f"{id}.sec", "XYZ", str(UNITS))).must(201)
        body = firm.withdrawal(f"{id}.sec", "box", "XYZ", "7")
        answers, start = [], threading.Barrier(CLIENTS)

        def ask():
            client = self.server.client("admin")
            start.wait()
            answers.append(client.post("/v1/journals", body, idempotency_key=f"once-{id}"))

        threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual({(answer.status, answer["id"], answer["version"]) for answer in answers},
                         {(201, answers[0]["id"], answers[0]["version"])})
        self.assertEqual(len(answers), CLIENTS)
        self.assertEqual(sum(answer.headers["Idempotency-Replayed"] != "true" for answer in answers), 1)
        self.assertEqual(self.admin.balances(f"{id}.sec")["XYZ"]["total"], str(UNITS - 7))

    def test_the_book_verifies_afterwards(self):
        code, verdict = support.verify(self.server.data_dir)
        self.assertEqual((code, verdict["ok"]), (0, True), verdict)


if __name__ == "__main__":
    support.main()
