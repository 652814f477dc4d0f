"""Requests byte by byte over a raw socket, for what no HTTP library would send."""
import re
import socket
import time


class RawAnswer:
    def __init__(self, data, closed, seconds):
        self.data = data
        self.closed = closed  # the server ended the connection
        self.seconds = seconds

    @property
    def statuses(self):
        """Of every answer on the connection, in order."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.data)]

    def __str__(self):
        return f"{self.data[:600]!r} closed={self.closed} after {self.seconds:.1f} s"


def exchange(port, parts, wait=10.0, pause=0.0):
    """Sends the parts with a pause before each but the first; reads until the server closes or `wait` has passed."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        data, closed = b"", False
        try:
            for at, part in enumerate(parts):
                if at and pause:
                    time.sleep(pause)
                connection.sendall(part)
        except OSError:
            closed = True  # refused before it was all sent; what was said is still to be read
        end = time.monotonic() + wait
        try:
            while True:
                connection.settimeout(max(0.01, end - time.monotonic()))
                more = connection.recv(65536)
                if not more:
                    closed = True
                    break
                data += more
        except TimeoutError:
            pass
        except OSError:
            closed = True
        return RawAnswer(data, closed, time.monotonic() - began)


def head(method, path, key=None, *fields):
    lines = [f"{method} {path} HTTP/1.1", "Host: bailee"]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    return ("\r\n".join([*lines, *fields]) + "\r\n\r\n").encode("latin-1")
