"""The command line of the shipped binary: demo, serve, key, migrate, export, verify, database-url, healthcheck;
readiness lines, exit codes and help."""
import json
import os
import pathlib
import signal
import subprocess
import unittest

import firm
import support
from support import Client, Server, run

COMMANDS = ["serve", "demo", "migrate", "verify", "checkpoint", "key", "database-url", "export", "healthcheck",
            "bench"]
DEMO_KEYS = {"admin", "operator", "approver", "margin_engine", "auditor", "customer:cust-42"}


class WithScratch(unittest.TestCase):
    def setUp(self):
        self.scratch = support.Scratch()
        self.addCleanup(self.scratch.remove)
        self.data = self.scratch / "data"

    def started(self, *more, command="serve"):
        server = Server(self.data, *more, command=command)
        self.addCleanup(server.stop)
        return server.start()


class Demo(WithScratch):
    def test_the_demo_is_up_with_its_keys_and_a_second_start_finds_the_same_firm(self):
        server = self.started(command="demo")
        self.assertEqual(set(server.ready), {"url", "book", "version", "keys"} | set(server.ready))
        self.assertEqual(server.ready["book"], "demo")
        self.assertGreater(server.ready["version"], 500)
        self.assertLessEqual(DEMO_KEYS, set(server.ready["keys"]))
        self.look_around(server)
        balances = firm.whole_book(server.client("auditor"))
        self.assertEqual(server.stop(), 0)

        again = Server(self.data, command="demo")
        self.addCleanup(again.stop)
        again.start()
        self.assertEqual(again.ready["book"], "demo")
        self.assertEqual(firm.whole_book(again.client("auditor") if again.keys else Client(
            again.url, server.keys["auditor"])), balances, "a second start posts nothing again")
        for role in DEMO_KEYS:
            Client(again.url, server.keys[role]).get("/v1/accounts").must(200)
        self.assertEqual(support.verify(self.data)[0], 0)
        self.assertEqual(again.stop(), 0)
        self.assertEqual(support.verify(self.data)[0], 0, "verify works with the server down")

    def look_around(self, server):
        customer = server.client("customer:cust-42")
        own = {row["asset"]: row for row in customer.items("/v1/collateral")}
        self.assertIn("UST-4.25-2030", own)
        self.assertEqual({item["party"] for item in customer.items("/v1/accounts")}, {"cust-42"})
        engine = server.client("margin_engine")
        collateral = engine.items("/v1/collateral?regime=FUT_4D")
        self.assertGreater(len(collateral), 150)
        self.assertTrue(any(row["liens"] for row in collateral))
        self.assertTrue(any(row["reserved"] != "0.00" for row in collateral))
        deposit = support.deposit("bank-a.4d", "cust-42.fut", "USD", "1.00")
        engine.post("/v1/journals", deposit).refused(403, "FORBIDDEN")
        operator = server.client("operator")
        operator.post("/v1/journals", deposit).must(201)
        statuses = {item["status"] for item in server.client("auditor").items("/v1/journals")}
        self.assertIn("reversed", statuses, "the demo's day has a correction")


class Serve(WithScratch):
    def test_an_empty_directory_becomes_the_book_main_with_one_admin_key_printed_once(self):
        server = self.started()
        self.assertEqual(server.ready["book"], "main")
        self.assertEqual(list(server.ready["keys"]), ["admin"])
        self.assertTrue(server.keys["admin"].startswith("bailee_"))
        self.assertNotIn(server.keys["admin"], server.log())
        server.client("admin").get("/v1/parties").must(200)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.further_output, [])
        again = self.started()
        self.assertFalse(again.ready.get("keys"), "later starts print none")
        Client(again.url, server.keys["admin"]).get("/v1/parties").must(200)

    def test_sigterm_answers_what_was_asked_and_ends_the_database_too(self):
        for ending in (signal.SIGTERM, signal.SIGINT):
            server = Server(self.data)
            self.addCleanup(server.stop)
            server.start()
            stream = support.EventStream(Client(server.url, self.admin_key(server)))
            server.process.send_signal(ending)
            self.assertEqual(server.process.wait(timeout=60), 0, server.log())
            stream.close()
            left = [path for path in self.data.rglob("postmaster.pid")]
            self.assertEqual(left, [], "the private database outlived its server")

    def admin_key(self, server):
        if "admin" not in server.keys:
            server.keys["admin"] = json.loads(run("key", "create", "--role", "admin", "--data-dir", self.data, "--json",
                                                  check=0).stdout)["key"]
        return server.keys["admin"]

    def test_two_servers_do_not_write_one_book(self):
        first = self.started()
        second = Server(self.data)
        second.log_path = self.scratch / "second.log"
        try:
            second.start(within=10)
        except AssertionError:
            self.assertNotEqual(second.process.returncode, 0)
        else:  # it may wait beside the writer, but it does not write
            self.addCleanup(second.stop)
            other = Client(second.url, first.keys["admin"])
            other.post("/v1/parties", {"id": "x", "kind": "fund", "name": "x"}).refused(503, "NOT_THE_WRITER")
        first.client("admin").post("/v1/parties", {"id": "y", "kind": "fund", "name": "y"}).must(201)

    def test_an_address_in_use_is_said(self):
        server = self.started()
        done = run("serve", "--data-dir", self.scratch / "other", "--listen", f"127.0.0.1:{server.port}", "--json")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(server.port), done.stderr)


class Keys(WithScratch):
    def create(self, *arguments):
        done = run("key", "create", "--data-dir", self.data, "--json", *arguments, check=0)
        return json.loads(done.stdout)["key"]

    def test_keys_are_made_with_the_server_up_and_down_and_work_at_once(self):
        server = self.started()
        admin = server.client("admin")
        admin.post("/v1/parties", {"id": "cust-1", "kind": "fund", "name": "One"}).must(201)
        admin.post("/v1/accounts", {"id": "cust-1.fut", "party": "cust-1", "side": "obligation",
                                    "regime": "FUT_4D"}).must(201)
        auditor = self.create("--role", "auditor")
        made_up = Client(server.url, auditor)
        support.wait_for("the new key", lambda: made_up.get("/v1/accounts").status == 200, within=5)
        made_up.post("/v1/parties", {"id": "x", "kind": "fund", "name": "x"}).refused(403, "FORBIDDEN")
        self.assertEqual(server.stop(), 0)
        customer = self.create("--role", "customer", "--party", "cust-1")
        server.start()
        own = Client(server.url, customer)
        self.assertEqual([item["id"] for item in own.items("/v1/accounts")], ["cust-1.fut"])
        own.get("/v1/parties/nobody").refused(404, "NOT_FOUND")
        self.assertEqual(support.verify(self.data)[0], 0)

    def test_what_cannot_be_made_is_refused_with_a_sentence(self):
        self.started()
        for arguments, code in ((("--role", "king"), 2), (("--role", "customer"), 2),
                                (("--role", "customer", "--party", "nobody"), 1), ((), 2)):
            done = run("key", "create", "--data-dir", self.data, *arguments)
            self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
            self.assertTrue(done.stderr.strip())


class OtherCommands(WithScratch):
    def test_migrate_export_database_url_and_healthcheck_serve_a_book(self):
        server = self.started()
        firm.set_up(server.client("admin"), customers=1)
        firm.fund(server.client("admin"), "cust-1.fut", "12.34")
        with self.subTest("healthcheck"):
            self.assertEqual(run("healthcheck", "--url", server.url).returncode, 0)
            self.assertNotEqual(run("healthcheck", "--url", "http://127.0.0.1:1").returncode, 0)
        with self.subTest("database-url"):
            url = support.database_url(self.data)
            rows = support.psql(url, "SELECT total FROM v_balances WHERE account = 'cust-1.fut'")
            self.assertEqual(rows, [["12.34"]])
            rows = support.psql(url, "SELECT count(*) FROM journal")
            self.assertEqual(rows, [["1"]], "tables go by their plain names")
        with self.subTest("the log is append-only even for its superuser"):
            for statement in ("UPDATE event SET principal = 1", "DELETE FROM event", "TRUNCATE event",
                              "DELETE FROM leg", "DELETE FROM balance"):
                with self.assertRaisesRegex(AssertionError, "append-only|never removed"):
                    support.psql(url, statement)
            self.assertEqual(support.verify(self.data)[0], 0)
        with self.subTest("export"):
            done = run("export", "--data-dir", self.data, check=0)
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            versions = [line["version"] for line in lines if "version" in line]
            self.assertEqual(versions, sorted(versions))
            self.assertGreaterEqual(len(versions), 20)
        with self.subTest("migrate"):
            self.assertEqual(run("migrate", "--data-dir", self.data).returncode, 0)
        self.assertEqual(server.stop(), 0)
        with self.subTest("migrate with the server down"):
            self.assertEqual(run("migrate", "--data-dir", self.data).returncode, 0)

    def test_migrate_makes_the_tables_before_any_server_ran(self):
        self.assertEqual(run("migrate", "--data-dir", self.data).returncode, 0)
        server = self.started()
        self.assertEqual(list(server.ready["keys"]), ["admin"])

    def test_a_database_of_ones_own_is_served_by_its_address(self):
        self.started()
        url = support.database_url(self.data)
        subprocess.run(["psql", "-X", "-q", "-d", url, "-c", "CREATE DATABASE elsewhere"], check=True)
        own = url.replace("/bailee?", "/elsewhere?")
        server = Server(self.scratch / "none")
        server.arguments = [support.BAILEE, "serve", "--database", own, "--listen", "127.0.0.1:0", "--json"]
        self.addCleanup(server.stop)
        server.start()
        server.client("admin").post("/v1/parties", {"id": "a", "kind": "fund", "name": "A"}).must(201)
        self.assertEqual(support.psql(own, "SELECT id FROM party"), [["a"]])
        done = run("verify", "--database", own, "--json", check=0)
        self.assertTrue(json.loads(done.stdout)["ok"])
        self.assertEqual(run("verify", "--json", env={**os.environ, "BAILEE_DATABASE": own}).returncode, 0)
        file = pathlib.Path(self.scratch / "address")
        file.write_text(own + "\n")
        self.assertEqual(run("verify", "--database-file", file).returncode, 0)


class Usage(unittest.TestCase):
    def test_every_command_explains_itself(self):
        whole = run("--help", check=0).stdout
        for command in COMMANDS:
            self.assertIn(command, whole)
            text = run(command, "--help", check=0).stdout
            self.assertGreater(len(text.splitlines()), 2, text)
        self.assertRegex(run("--version", check=0).stdout, r"^bailee \d+\.\d+\.\d+")

    def test_wrong_usage_exits_2_and_says_what_is_wrong(self):
        for arguments in ((), ("frobnicate",), ("serve",), ("serve", "--data-dir"), ("verify",), ("database-url",),
                          ("serve", "--data-dir", "x", "--database-file", "y"), ("verify", "--colour", "red"),
                          ("serve", "--data-dir", "x", "--listen", "nonsense"), ("key",), ("key", "create")):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, f"{arguments}: {done.stdout}{done.stderr}")
            self.assertTrue(done.stderr.strip() or done.stdout.strip(), arguments)
        self.assertFalse(os.path.exists("x"), "wrong usage left a directory behind")

    def test_what_cannot_be_reached_exits_3_or_1_with_a_sentence(self):
        done = run("verify", "--database", "postgresql://127.0.0.1:1/none", "--json")
        self.assertEqual(done.returncode, 3, done.stderr)
        done = run("database-url", "--data-dir", "/nonexistent/bailee")
        self.assertIn(done.returncode, (1, 3))
        self.assertTrue(done.stderr.strip())


if __name__ == "__main__":
    support.main()
