"""kill -9 of the private PostgreSQL under load, whole or the writer's session alone: the server keeps running, comes
back without a hand, and nothing acknowledged is lost or doubled."""
import os
import pathlib
import random
import signal
import time
import unittest

import acknowledged
import support

ROUNDS = 20


def postmaster_of(data_dir):
    """The process id of the PostgreSQL of that directory and of no other; None while there is none."""
    for file in pathlib.Path(data_dir).rglob("postmaster.pid"):
        lines = file.read_text().split("\n")
        pid = int(lines[0] or 0)
        if pid > 1 and pathlib.Path(lines[1]).resolve() == file.parent.resolve() and is_postgres(pid):
            return pid
    return None


def is_postgres(pid):
    try:
        return b"postgres" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def parent_of(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def kill(pid):
    assert pid > 1 and is_postgres(pid), f"{pid} is no PostgreSQL process"
    os.kill(pid, signal.SIGKILL)


class KillPostgres(unittest.TestCase):
    def setUp(self):
        self.scratch = support.Scratch()
        self.addCleanup(self.scratch.remove)
        self.server = support.Server(self.scratch / "data")
        self.addCleanup(self.server.stop)
        self.server.start()
        acknowledged.Load.set_up(self.server.client("admin"))
        self.load = acknowledged.Load(self.scratch / "clients", self.server)

    def rounds(self, strike):
        dice = random.Random(15)
        own = self.server.process.pid
        self.load.start()
        try:
            for number in range(ROUNDS):
                self.load.wait_for_more(25)
                time.sleep(dice.random() * 0.15)
                strike()
                if number % 10 == 9:
                    self.load.wait_for_more(25)
                    acknowledged.check(self, self.load, self.server.data_dir, is_still_written=True)
            self.load.wait_for_more(25)
        except BaseException:
            print(self.server.log())
            raise
        finally:
            self.load.stop()
        self.assertIsNone(self.server.process.poll(), f"the server ended\n{self.server.log()}")
        self.assertEqual(self.server.process.pid, own)
        acknowledged.check(self, self.load, self.server.data_dir)
        acknowledged.check_replays(self, self.load, self.server.client("admin"))
        longest = max(recorder.waited_longest for recorder in self.load.recorders)
        print(f"{self.load.acknowledged()} acknowledged, {self.load.retries} asked again, longest wait {longest:.1f} s")

    def test_every_acknowledged_command_survives_twenty_kills_of_the_database_once(self):
        def strike():
            pid = support.wait_for("the database", lambda: postmaster_of(self.server.data_dir))
            kill(pid)
            support.wait_for("another database", lambda: postmaster_of(self.server.data_dir) not in (None, pid))

        self.rounds(strike)

    def test_every_acknowledged_command_survives_twenty_kills_of_the_writers_session_once(self):
        url = support.database_url(self.server.data_dir)
        struck = []

        def writers():
            rows = support.psql(url, "SELECT unnest(backend_pids) FROM lease", check=False)
            postmaster = postmaster_of(self.server.data_dir)
            return [int(pid) for (pid,) in rows if parent_of(int(pid)) == postmaster]

        def strike():
            pid = support.wait_for("a session of the writer", writers)[0]
            kill(pid)
            struck.append(pid)

        self.rounds(strike)
        self.assertGreater(len(set(struck)), ROUNDS // 2, "the writer's sessions were not renewed")


if __name__ == "__main__":
    support.main()
