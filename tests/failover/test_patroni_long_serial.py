"""Failover on engines as they are: three PostgreSQL under Patroni and three etcd, two `bailee serve` in front, all on
loopback, under load with acknowledged logs. Whatever is killed, frozen or handed over, nothing acknowledged is lost or
doubled; how long writing stood still is printed against its bar."""
import sys
import time
import unittest

import load
import patroni_cluster
import processes
import support
from patroni_cluster import TTL

CLIENTS = 8


class Patroni(unittest.TestCase):
    def test_every_fault_loses_and_doubles_nothing_and_ends_in_time(self):
        self.scratch = support.Scratch()
        self.addCleanup(self.scratch.remove)
        self.cluster = patroni_cluster.PatroniCluster(self.scratch.path)
        self.addCleanup(self.cluster.stop)
        self.cluster.start()
        self.servers = [self.new_server(f"bailee-{n}") for n in (1, 2)]
        key = self.servers[0].keys["admin"]
        load.set_up(self.servers[0].address, key)
        self.clients = load.Load(self.scratch / "clients", [server.address for server in self.servers], key, CLIENTS)
        self.clients.start()
        self.table = []
        try:
            self.clients.wait_for_more(200)
            self.every_case()
        except BaseException:
            self.print_logs()
            raise
        finally:
            self.clients.stop()
            self.print_table()
        load.check(self, self.clients, self.cluster.url())
        self.assertEqual([row for row in self.table if row["gap"] > row["bar"]], [], "slower than the bar")
        self.assertGreater(self.clients.retries, 0, "no client ever met a dead server: nothing was shown")

    def new_server(self, name):
        server = load.DatabaseServer(self.scratch.path, name, self.cluster.url(),
                                     "--patroni", self.cluster.patroni_addresses())
        self.addCleanup(server.kill_if_running)
        return server.start()

    def every_case(self):
        cluster = self.cluster
        self.case("postmaster of the primary killed", 6, lambda: cluster.primary().postgres.kill_postmaster())
        self.case("switchover to the synchronous standby", 4, cluster.switchover)

        member = cluster.etcd_leader()
        self.case("leader of etcd killed", 2, member.program.kill, member.program.start)

        node = cluster.primary()
        self.case("node of the primary killed", TTL + 5, node.kill, node.patroni.start)

        frozen = cluster.primary()
        pids = []
        self.case("PostgreSQL of the primary frozen, then woken", TTL + 5,
                  lambda: pids.extend(frozen.postgres.freeze()), lambda: frozen.postgres.wake(pids))

        writer = load.writer_of(self.servers)
        self.case("bailee that writes killed", 2, writer.kill, writer.start)

    def case(self, name, bar, strike, undo=None):
        """Strikes under load and waits until writing goes on; undoes it and waits until all is whole again."""
        load.writer_of(self.servers)
        self.clients.wait_for_more(100)
        struck = time.monotonic()
        strike()
        self.clients.wait_for_more(50, within=TTL + 60)
        time.sleep(2)
        if undo is not None:
            undo()
        self.cluster.wait_until_whole()
        self.clients.wait_for_more(100)
        for server in self.servers:
            support.wait_for(f"{server.name} to be ready", lambda server=server: server.readiness()[0] == 200, 60)
        findings = load.lost_and_doubled(self.clients, self.cluster.url())
        self.table.append({"fault": name, "gap": self.clients.longest_gap_since(struck), "bar": bar,
                           "findings": len(findings), "acknowledged": self.clients.acknowledged()})
        print(f"{name}: {self.table[-1]}", flush=True)
        self.assertEqual(findings, [], name)

    def print_table(self):
        print("\n| fault | longest time without an acknowledged journal | bar | lost or doubled | acknowledged |")
        print("| --- | --- | --- | --- | --- |")
        for row in self.table:
            gap, bar = f"{row['gap']:.1f} s", f"{row['bar']} s"
            print(f"| {row['fault']} | {gap} | {bar} | {row['findings']} | {row['acknowledged']} |")
        print(f"in place of 201: {self.clients.refusals}; {self.clients.retries} asked again")

    def print_logs(self):
        for server in self.servers:
            print(f"--- {server.name} {server.readiness()}\n{server.log()}")
        for node in self.cluster.nodes:
            print(f"--- {node.name}\n{node.patroni.log(3000)}")


if __name__ == "__main__":
    if patroni_cluster.missing_programs():
        print(f"not installed: {', '.join(patroni_cluster.missing_programs())}; scripts/install_packages failover")
        sys.exit(77)
    processes.in_own_processes()
    support.main()
