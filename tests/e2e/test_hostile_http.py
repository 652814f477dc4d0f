"""HTTP that no well-meaning client sends: two lengths, smuggled requests, endless heads, slow bodies. The answer is a
refusal in time, the connection ends where its framing is in doubt, and nothing in the book changes."""
import concurrent.futures
import json
import socket
import time

import firm
import hostile
import support
from support import deposit

BODY = json.dumps(deposit("bank-a.4d", "cust-1.fut", "USD", "1.00")).encode()
HEADER_TIME = 10  # seconds a head may take, a body may take 30
BODY_TIME = 30


class HostileHttp(support.ServerTest):
    @classmethod
    def set_up_book(cls):
        firm.set_up(cls.admin, customers=1)

    def setUp(self):
        self.before = self.book()

    def tearDown(self):
        self.assertEqual(self.book(), self.before)

    def book(self):
        return self.admin.get("/v1/parties").version, firm.whole_book(self.admin)

    def posting(self, *fields):
        return hostile.head("POST", "/v1/journals", self.server.keys["admin"], "Content-Type: application/json",
                            f"Idempotency-Key: {support.new_id('hostile')}", *fields)

    def reading(self, *fields):
        return hostile.head("GET", "/v1/parties", self.server.keys["admin"], *fields)

    def assert_refused_and_closed(self, parts, status=400, wait=10.0):
        answer = hostile.exchange(self.server.port, parts, wait)
        self.assertEqual(answer.statuses[:1], [status], str(answer))
        self.assertEqual(len(answer.statuses), 1, f"something behind it was answered: {answer}")
        self.assertTrue(answer.closed, str(answer))

    def test_a_body_of_two_lengths_is_refused_and_what_hides_behind_it_is_never_read(self):
        length = f"Content-Length: {len(BODY)}"
        smuggled = self.posting(length) + BODY
        rows = {
            "two equal lengths": [length, length],
            "two lengths": [length, "Content-Length: 0"],
            "a list of lengths": [f"Content-Length: {len(BODY)}, {len(BODY)}"],
            "a length and chunks": [length, "Transfer-Encoding: chunked"],
            "chunks and a length": ["Transfer-Encoding: chunked", length],
            "chunks twice": ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
            "chunks under another coding": ["Transfer-Encoding: gzip, chunked"],
            "an unknown coding": ["Transfer-Encoding: xchunked"],
            "a coding with a tab": ["Transfer-Encoding:\tchunked, identity"],
            "a negative length": ["Content-Length: -1"],
            "a length with a plus": [f"Content-Length: +{len(BODY)}"],
            "a hexadecimal length": ["Content-Length: 0x10"],
            "a length of thirty digits": ["Content-Length: " + "9" * 30],
            "an empty length": ["Content-Length: "],
        }
        for name, fields in rows.items():
            with self.subTest(name):
                self.assert_refused_and_closed([self.posting(*fields) + BODY + smuggled])

    def test_a_head_out_of_form_is_refused(self):
        key = f"Authorization: Bearer {self.server.keys['admin']}"
        host = "Host: bailee"
        lines = {
            "a bare line feed": f"GET /v1/parties HTTP/1.1\n{host}\r\n{key}\r\n\r\n",
            "a bare carriage return": f"GET /v1/parties HTTP/1.1\r\n{host}\rX: y\r\n{key}\r\n\r\n",
            "a folded header": f"GET /v1/parties HTTP/1.1\r\n{host}\r\nX: a\r\n b\r\n{key}\r\n\r\n",
            "a space before the colon": f"GET /v1/parties HTTP/1.1\r\n{host}\r\nX : a\r\n{key}\r\n\r\n",
            "a header without a name": f"GET /v1/parties HTTP/1.1\r\n{host}\r\n: a\r\n{key}\r\n\r\n",
            "a NUL in a header": f"GET /v1/parties HTTP/1.1\r\n{host}\r\nX: a\0b\r\n{key}\r\n\r\n",
            "no host": f"GET /v1/parties HTTP/1.1\r\n{key}\r\n\r\n",
            "two hosts": f"GET /v1/parties HTTP/1.1\r\n{host}\r\n{host}\r\n{key}\r\n\r\n",
            "another server's target": f"GET http://elsewhere/v1/parties HTTP/1.1\r\n{host}\r\n{key}\r\n\r\n",
            "a target with a blank": f"GET /v1/ parties HTTP/1.1\r\n{host}\r\n{key}\r\n\r\n",
            "no version": f"GET /v1/parties\r\n{host}\r\n{key}\r\n\r\n",
            "HTTP/2 without asking": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "TLS on a plain port": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "a" * 40 + "\r\n\r\n",
            "a body with GET": f"GET /v1/parties HTTP/1.1\r\n{host}\r\n{key}\r\nContent-Length: 2\r\n\r\n{{}}",
        }
        for name, head in lines.items():
            with self.subTest(name):
                self.assert_refused_and_closed([head.encode("latin-1")])

    def test_heads_and_bodies_beyond_their_limits_are_refused_before_they_are_read(self):
        self.assert_refused_and_closed([self.reading("X: " + "a" * 20000)], 431)
        self.assert_refused_and_closed([self.reading(*[f"X-{at}: a" for at in range(200)])], 431)
        self.assert_refused_and_closed([b"GET /" + b"a" * 40000], 431)
        self.assert_refused_and_closed([self.posting(f"Content-Length: {10 ** 12}")], 413)
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        self.assert_refused_and_closed([self.posting("Transfer-Encoding: chunked")] + [chunk] * 40, 413)

    def test_chunks_out_of_form_are_refused(self):
        for name, chunks in {"a size that is none": b"zz\r\n{}\r\n0\r\n\r\n",
                             "a size beyond 64 bits": b"fffffffffffffffff1\r\n{}\r\n0\r\n\r\n",
                             "a chunk longer than its size": b"1\r\n{}\r\n0\r\n\r\n",
                             "an endless extension": b"2;" + b"x" * 100000 + b"\r\n{}\r\n0\r\n\r\n"}.items():
            with self.subTest(name):
                answer = hostile.exchange(self.server.port, [self.posting("Transfer-Encoding: chunked") + chunks])
                self.assertEqual(len(answer.statuses), 1, str(answer))
                self.assertIn(answer.statuses[0], (400, 413, 431), str(answer))
                self.assertTrue(answer.closed, str(answer))

    def test_pipelined_requests_are_answered_in_order(self):
        asked = [b"/healthz", b"/v1/nothing", b"/readyz"] * 100
        sent = b"".join(b"GET %s HTTP/1.1\r\nHost: bailee\r\nAuthorization: Bearer %s\r\n\r\n" %
                        (path, self.server.keys["admin"].encode()) for path in asked[:-1])
        last = b"GET /healthz HTTP/1.1\r\nHost: bailee\r\nConnection: close\r\n\r\n"
        answer = hostile.exchange(self.server.port, [sent + last], wait=30)
        self.assertEqual(answer.statuses, [200, 404, 200] * 100, str(answer))
        self.assertTrue(answer.closed)

    def test_slow_heads_and_bodies_end_in_time_and_hold_nobody_up(self):
        slow_head = [self.reading()[:-2], *[b"X: a\r\n"] * 40]
        length = f"Content-Length: {len(BODY)}"
        cut_body = [self.posting(length) + BODY[:10]]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            heads = [pool.submit(hostile.exchange, self.server.port, slow_head, HEADER_TIME + 10, 0.5)
                     for _ in range(3)]
            bodies = [pool.submit(hostile.exchange, self.server.port, cut_body, BODY_TIME + 15) for _ in range(3)]
            gone = [pool.submit(hostile.exchange, self.server.port, cut_body, 0.2) for _ in range(2)]  # leaves early
            slowest = 0.0
            while not all(job.done() for job in (*heads, *bodies, *gone)):
                began = time.monotonic()
                self.admin.get("/healthz").must(200)
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(0.2)
        for job in heads:
            answer = job.result()
            self.assertEqual(answer.statuses, [408], str(answer))
            self.assertLess(answer.seconds, HEADER_TIME + 12)
        for job in bodies:
            answer = job.result()
            self.assertEqual(answer.statuses, [408], str(answer))
            self.assertTrue(answer.closed)
            self.assertLess(answer.seconds, BODY_TIME + 10)
        self.assertLess(slowest, 3.0, "others waited behind slow clients")

    def test_idle_connections_do_not_keep_others_out(self):
        idle = []
        try:
            for _ in range(500):
                idle.append(socket.create_connection(("127.0.0.1", self.server.port), timeout=5))
            fresh = self.server.client("admin")
            fresh.get("/v1/parties").must(200)
        finally:
            for connection in idle:
                connection.close()


if __name__ == "__main__":
    support.main()
