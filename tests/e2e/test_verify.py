"""`bailee verify` finds what a person with the database's own password could do to the book: any column altered, any
row deleted, swapped, duplicated or invented, a log cut short, a log written anew."""
import json
import re
import subprocess
import unittest

import firm
import support
from firm import NOTE
from support import amount, credit, debit, deposit, in_an_hour, journal, psql

# What the log says in rows; each column of each is made again from the log and compared.
PROJECTIONS = ["party", "asset", "principal", "api_key", "reason", "agreement", "account", "account_limit",
               "object_name",
               "journal", "leg", "evidence", "balance", "encumbrance_history", "lien", "lien_line", "lien_history",
               "reservation", "exception"]
# What stands beside the log and has no second source.
BESIDE = {"book", "lease", "batch", "refusal", "erasable_text", "schema_migration", "idempotency_filter"}

ALTERED = {  # another value of the same type
    "int2": "{0} + 1", "int4": "{0} + 1", "int8": "{0} + 1", "numeric": "{0} + 1", "bool": "NOT {0}",
    "text": "{0} || 'x'", "bytea": "set_byte({0}, 0, get_byte({0}, 0) # 1)", "timestamptz": "{0} + interval '1 second'",
    "_text": "{0} || 'x'::text", "_int4": "{0} || 1", "uuid": "(translate(left({0}::text, 1), '0123456789abcdef', "
    "'123456789abcdef0') || substr({0}::text, 2))::uuid",
}
FILLED = {  # a value where there was none
    "int2": "1", "int4": "1", "int8": "4097", "numeric": "1", "bool": "true", "text": "'x'", "bytea": "'\\x01'",
    "timestamptz": "'2026-01-01Z'", "_text": "'{x}'", "_int4": "'{1}'",
    "uuid": "'00000000-0000-0000-0000-000000000001'",
}


def build_book(admin):
    """At least two rows in every table."""
    firm.set_up(admin, customers=3)
    admin.post("/v1/accounts", firm.obligation("cust-1.margin", "cust-1", "SEC_CUST", kind="customer_margin", limits=[
        amount("USD", "5000.00"), amount("XYZ", "10")])).must(201)
    for at in (1, 2, 3):
        account = f"cust-{at}.fut"
        admin.post("/v1/journals", deposit("bank-a.4d", account, "USD", f"{at}00.00", memo=f"wire {at}",
                                           id=f"wire-{at}",
                                           evidence=[{"kind": "wire", "reference": f"W{at}"}])).must(201)
        admin.post("/v1/journals", deposit("kestrel.4d", account, NOTE, f"{at}0.00")).must(201)
        admin.post("/v1/agreements", {"id": f"agr-{at}", "kind": "hypothecation_consent", "parties": [f"cust-{at}"],
                                      "effective_from": "2026-01-01", "scope": {"n": at}}).must(201)
        lien = admin.post("/v1/liens", firm.lien(account, NOTE, f"{at}.00", agreement=f"agr-{at}",
                                                 secured=amount("USD", "1.00"))).must(201)
        admin.post(f"/v1/liens/{lien['id']}:increase", {"amount": amount(NOTE, "2.00")}).must(200)
        admin.post("/v1/reservations", {"account": account, "amount": amount("USD", "10.00"), "purpose": "order",
                                        "expires_at": in_an_hour()}).must(201)
        admin.post("/v1/journals", journal("VARIATION", debit(f"cust-{at}.for", "USD", f"{at}.00"), credit(
            "bank-a.307", "USD", f"{at}.00"), evidence=[{"kind": "statement", "reference": f"S{at}"}])).must(201)
        admin.post("/v1/journals", firm.withdrawal(account, "bank-a.4d", "USD", "9999.00")).must(409)
    wrong = admin.post("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "7.00")).must(201)
    admin.post(f"/v1/journals/{wrong['id']}:reverse", {"reason": "CORRECTION"}).must(201)
    admin.post("/v1/liens", firm.lien("cust-2.fut", NOTE, "4.00", id="closed")).must(201)
    admin.post("/v1/liens/closed:release", {}).must(200)
    admin.post("/v1/agreements/agr-3:revoke", {"reason": "asked"}).must(200)
    for role in ("operator", "auditor"):
        firm.key_of(admin, role)


def copy_of(url, name):
    """Another database of the same server with the same rows."""
    subprocess.run(["psql", "-X", "-q", "-d", url, "-c", f"CREATE DATABASE {name}"], check=True)
    other = re.sub(r"/[^/?]+\?", f"/{name}?", url, count=1)
    dump = subprocess.run(["pg_dump", "-d", url], check=True, capture_output=True)
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", other], input=dump.stdout, check=True,
                   capture_output=True)
    return other


def verdict_of(url, *more):
    done = support.run("verify", "--database", url, "--json", *more)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"verify exited {done.returncode}: {done.stdout}{done.stderr}") from None


class WithBook(support.ServerTest):
    copy = None
    columns = None

    @classmethod
    def set_up_book(cls):
        build_book(cls.admin)
        cls.url = support.database_url(cls.server.data_dir)
        cls.copy = copy_of(cls.url, "tampered")
        # Whoever has this password can also take constraints away.
        psql(cls.copy, """DO $$ DECLARE item record; BEGIN
            FOR item IN SELECT c.conrelid::regclass AS "table", c.conname AS name FROM pg_constraint AS c
                JOIN pg_class AS t ON t.oid = c.conrelid
                WHERE c.contype IN ('c', 'p', 'u') AND c.connamespace = 'public'::regnamespace AND c.conparentid = 0
                    AND t.relkind IN ('r', 'p') AND t.relname <> 'schema_migration' AND c.coninhcount = 0
                ORDER BY c.contype LOOP
                EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', item."table", item.name);
            END LOOP;
            FOR item IN SELECT indexrelid::regclass AS name FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
                WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace AND t.relname <> 'schema_migration' LOOP
                EXECUTE format('DROP INDEX %s', item.name);
            END LOOP; END $$""")
        WithBook.columns, WithBook.copy = columns_of(cls.copy), cls.copy


class Tampering(WithBook):
    def test_every_table_is_known_to_these_tests_and_has_rows(self):
        self.assertEqual(set(self.columns) - BESIDE, {"event", *PROJECTIONS})
        for table in self.columns:
            ((count,),) = psql(self.copy, f"SELECT count(*) FROM {table}")
            least = {"book": 1, "lease": 1, "schema_migration": 1, "idempotency_filter": 0}.get(table, 2)
            self.assertGreaterEqual(int(count), least, table)

    def test_an_untouched_book_is_found_whole(self):
        code, verdict = verdict_of(self.copy)
        self.assertEqual((code, verdict["ok"]), (0, True), verdict)
        self.assertEqual(str(verdict["version"]), psql(self.copy, "SELECT max(version) FROM event")[0][0])
        self.assertEqual(str(verdict["journals"]), psql(self.copy, "SELECT count(*) FROM journal")[0][0])
        done = support.run("verify", "--database", self.copy)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.strip())

    def assert_found(self, table, tampering):
        """Tampers, has it found, and puts everything back."""
        content = f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} AS t"
        before = psql(self.copy, content)
        psql(self.copy, f"CREATE TABLE saved AS TABLE {table}")
        try:
            psql(self.copy, f"SET session_replication_role = replica; {tampering}")
            self.assertNotEqual(before, psql(self.copy, content), f"this changed nothing: {tampering}")
            code, verdict = verdict_of(self.copy)
            self.assertEqual((code, verdict["ok"]), (1, False), f"not found: {tampering}")
            self.assertTrue(verdict["findings"])
            for finding in verdict["findings"]:
                self.assertLessEqual({"code", "object", "version", "detail"}, set(finding), finding)
            self.assertTrue(any(table in finding["object"] or table in finding["detail"]
                                for finding in verdict["findings"]), f"{tampering}: {verdict}")
        finally:
            psql(self.copy, f"SET session_replication_role = replica; DELETE FROM {table};"
                            f"INSERT INTO {table} SELECT * FROM saved; DROP TABLE saved")

    def each(self, tables, tamperings):
        for table in tables:
            for name, sql in tamperings(table):
                with self.subTest(f"{table}: {name}"):
                    self.assert_found(table, sql)

    def row(self, table):
        """One row by its address."""
        return (f"(tableoid, ctid) = (SELECT tableoid, ctid FROM {table} ORDER BY md5({table}::text) "
                f"OFFSET (SELECT count(*) / 2 FROM {table}) LIMIT 1)")

    def alterations(self, table):
        for column, kind in self.columns[table]:
            yield f"{column} altered", (f"UPDATE {table} SET {column} = CASE WHEN {column} IS NULL THEN {FILLED[kind]} "
                                        f"ELSE {ALTERED[kind].format(column)} END WHERE {self.row(table)}")

    def rearrangements(self, table):
        names = [column for column, _ in self.columns[table]]
        listed = ", ".join(names)
        yield "a row deleted", f"DELETE FROM {table} WHERE {self.row(table)}"
        yield "every row deleted", f"DELETE FROM {table}"
        yield "a row duplicated", f"INSERT INTO {table} SELECT * FROM {table} WHERE {self.row(table)}"
        key = {"leg": "journal", "evidence": "journal", "object_name": "version", "api_key": "id", "event": "version",
               "balance": "account", "encumbrance_history": "account", "account_limit": "asset"}.get(table)
        key = key or next(name for name in ("no", "key", "lien", "account") if name in names)
        first, last = (f"(SELECT t FROM {table} AS t ORDER BY {key} {way}, t::text {way} LIMIT 1)"
                       for way in ("ASC", "DESC"))
        rest = [name for name in names if name not in (key, "book_id")]
        pick = ", ".join(f"(other).{name}" for name in rest)
        yield "two rows swapped", f"""
            CREATE TEMP TABLE ends AS SELECT {first} AS a, {last} AS b;
            UPDATE {table} AS t SET ({", ".join(rest)}) = ROW({pick})
            FROM (SELECT a AS one, b AS other FROM ends UNION ALL SELECT b, a FROM ends) AS pair
            WHERE t::text = (pair.one)::text;
            DROP TABLE ends"""
        invented = ", ".join(f"{name} || 'z'" if name == key and kind == "text" else
                             f"{name} + 1000" if name == key else name for name, kind in self.columns[table])
        yield "a row invented", (f"INSERT INTO {table} ({listed}) SELECT {invented} FROM {table} "
                                 f"WHERE {self.row(table)}")

    def test_any_column_of_the_log_that_is_altered_is_found(self):
        self.each(["event"], self.alterations)

    def test_rows_of_the_log_deleted_swapped_or_duplicated_are_found(self):
        self.each(["event"], self.rearrangements)

    def test_any_column_of_any_projection_that_is_altered_is_found(self):
        self.each(PROJECTIONS, self.alterations)

    def test_rows_of_any_projection_deleted_swapped_or_duplicated_are_found(self):
        self.each(PROJECTIONS, self.rearrangements)

    def test_a_text_that_no_longer_fits_its_commitment_is_found_and_an_erased_one_is_not(self):
        one = self.row("erasable_text")
        self.assert_found("erasable_text", f"UPDATE erasable_text SET text = text || 'x' WHERE {one}")
        self.assert_found("erasable_text", f"DELETE FROM erasable_text WHERE {one}")
        psql(self.copy, "UPDATE erasable_text SET text = NULL WHERE text LIKE 'wire 1'")
        self.assertEqual(verdict_of(self.copy)[0], 0)

    def test_after_all_of_it_the_copy_is_whole_again(self):
        code, verdict = verdict_of(self.copy)
        self.assertEqual((code, verdict["ok"]), (0, True), verdict)


class Checkpoints(WithBook):
    def test_a_log_cut_short_or_written_anew_is_found_against_a_checkpoint(self):
        url = support.database_url(self.server.data_dir)
        early = copy_of(url, "early")
        firm.fund(self.admin, "cust-1.fut", "1.00")
        firm.fund(self.admin, "cust-1.fut", "2.00")
        file = self.server.data_dir.parent / "checkpoint.json"
        support.run("checkpoint", "--data-dir", self.server.data_dir, "--file", file, check=0)
        code, verdict = support.verify(self.server.data_dir, "--checkpoint", file)
        self.assertEqual((code, verdict["ok"]), (0, True), verdict)
        with self.subTest("cut short"):
            self.assertEqual(verdict_of(early)[0], 0, "in itself it is whole")
            code, verdict = verdict_of(early, "--checkpoint", file)
            self.assertEqual((code, verdict["ok"]), (1, False), verdict)
        with self.subTest("written anew"):
            other = support.Server(self.server.data_dir.parent / "none")
            other.arguments = [support.BAILEE, "serve", "--database", early, "--listen", "127.0.0.1:0", "--json"]
            other.start()
            try:
                client = support.Client(other.url, self.server.keys["admin"])
                for text in ("3.00", "4.00", "5.00"):
                    firm.fund(client, "cust-1.fut", text)
            finally:
                other.stop()
            self.assertEqual(verdict_of(early)[0], 0, "in itself it is whole")
            code, verdict = verdict_of(early, "--checkpoint", file)
            self.assertEqual((code, verdict["ok"]), (1, False), verdict)
        with self.subTest("a forged checkpoint"):
            text = file.read_text()
            hashes = re.findall(r"[0-9a-f]{64}", text)
            file.write_text(text.replace(hashes[0], hashes[0][::-1]))
            done = support.run("verify", "--data-dir", self.server.data_dir, "--checkpoint", file, check=1)
            self.assertIn("signature", done.stderr)
            done = support.run("verify", "--data-dir", self.server.data_dir, "--checkpoint", file, "--json", check=1)
            verdict = json.loads(done.stdout)
            self.assertEqual((verdict["ok"], verdict["findings"][0]["code"]), (False, "CHECKPOINT_FORGED"))


def columns_of(url):
    """Names and types of every table of the book, partitions left out."""
    found = {}
    for table, column, kind in psql(url, """
            SELECT c.relname, a.attname, t.typname FROM pg_class AS c
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_type AS own ON own.oid = a.atttypid
            JOIN pg_type AS t ON t.oid = CASE own.typtype WHEN 'd' THEN own.typbasetype ELSE own.oid END
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            ORDER BY c.relname, a.attnum"""):
        found.setdefault(table, []).append((column, kind))
    return found


if __name__ == "__main__":
    support.main()
