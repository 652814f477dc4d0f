"""Three PostgreSQL under Patroni and three etcd, all on loopback: started by one call, and what a test breaks in them.

By hand:  python3 tests/failover/patroni_cluster.py    starts the cluster and two `bailee serve` on it, prints the
addresses and ends all of it on Ctrl-C. Wants the packages of group `failover` in scripts/packages.txt."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request

import processes
import support
from processes import PostgresFiles, Program, folder_of_user, free_ports

TTL, LOOP_WAIT, RETRY_TIMEOUT = 20, 5, 5  # seconds; 20 is the smallest ttl Patroni takes
READY_WITHIN = 90
PASSWORDS = {"superuser": ("postgres", "lab-super"), "replication": ("repl", "lab-repl"),
             "rewind": ("rewind", "lab-rewind")}
BAILEE_ROLE, BAILEE_PASSWORD = "bailee", "lab-bailee"


def missing_programs():
    """What is not installed of the programs this needs."""
    return [name for name in ("patroni", "etcd") if shutil.which(name) is None]


def ask(url, method="GET", body=None, within=1.0):
    """Status and body of an HTTP request; (None, "") when nothing answers in time."""
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=within) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return None, ""


class Etcd:
    """One member of the store that Patroni keeps its lock in."""

    def __init__(self, folder, name, client_port, peer_port, members):
        self.name = name
        self.url = f"http://127.0.0.1:{client_port}"
        peer = f"http://127.0.0.1:{peer_port}"
        data_dir = folder_of_user(folder / name)
        # The v2 API: with this Patroni the v3 section loses acknowledged rows when a frozen leader wakes.
        self.program = Program(name, [
            "etcd", "--name", name, "--data-dir", data_dir, "--enable-v2=true", "--logger", "zap",
            "--listen-client-urls", self.url, "--advertise-client-urls", self.url, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", members, "--initial-cluster-state", "new"],
            folder / f"{name}.log")

    def is_leader(self):
        status, body = ask(f"{self.url}/v2/stats/self")
        return status == 200 and json.loads(body).get("state") == "StateLeader"

    def is_healthy(self):
        status, body = ask(f"{self.url}/health")
        return status == 200 and json.loads(body).get("health") == "true"


class Node:
    """One machine: a Patroni and its PostgreSQL."""

    def __init__(self, folder, name, rest_port, postgres_port, etcd_hosts):
        self.name = name
        self.port = postgres_port
        self.api = f"http://127.0.0.1:{rest_port}"
        self.postgres = PostgresFiles(folder_of_user(folder / name) / "data")
        sockets = folder_of_user(folder / name / "sockets")
        passwords = folder / name / "passwords"
        settings = folder / f"{name}.yml"
        settings.write_text(json.dumps(node_settings(name, rest_port, postgres_port, etcd_hosts,
                                                     data_dir=str(self.postgres.data_dir), sockets=str(sockets),
                                                     passwords=str(passwords)), indent=1))  # YAML has JSON in it
        settings.chmod(0o644)
        self.patroni = Program(name, ["patroni", settings], folder / f"{name}.log")

    def is_primary(self):
        return ask(f"{self.api}/primary")[0] == 200

    def kill(self):
        """Patroni and PostgreSQL at once, as when the machine loses power."""
        pids = self.postgres.processes()
        processes.signal_all([self.patroni.pid, *pids], signal.SIGKILL)
        self.patroni.kill()
        support.wait_for(f"the end of {self.name}", lambda: not any(processes.state_of(pid) for pid in pids))

    def stop(self):
        self.patroni.kill()
        pids = self.postgres.processes()
        processes.signal_all(pids, signal.SIGKILL)


def node_settings(name, rest_port, postgres_port, etcd_hosts, *, data_dir, sockets, passwords):
    """A node's file, as docs/runbooks/high-availability.md explains it."""
    rest = f"127.0.0.1:{rest_port}"
    postgres = f"127.0.0.1:{postgres_port}"
    return {
        "scope": "bailee",
        "name": name,
        "restapi": {"listen": rest, "connect_address": rest},
        "etcd": {"hosts": etcd_hosts},
        "bootstrap": {
            "dcs": {
                "ttl": TTL, "loop_wait": LOOP_WAIT, "retry_timeout": RETRY_TIMEOUT,
                "synchronous_mode": True, "synchronous_mode_strict": True, "failsafe_mode": True,
                "primary_start_timeout": 0, "master_start_timeout": 0, "maximum_lag_on_failover": 1048576,
                "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": {
                    "synchronous_commit": "on", "wal_log_hints": "on", "wal_sender_timeout": "5s",
                    "wal_receiver_timeout": "5s", "tcp_user_timeout": 5000, "tcp_keepalives_idle": 3,
                    "tcp_keepalives_interval": 1, "tcp_keepalives_count": 3, "max_connections": 60,
                    "shared_buffers": "64MB"}}},
            "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
            "pg_hba": ["host replication repl 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256"]},
        "postgresql": {
            "listen": postgres, "connect_address": postgres, "data_dir": data_dir,
            "bin_dir": str(processes.POSTGRES_PROGRAMS), "pgpass": passwords,
            "authentication": {use: {"username": user, "password": password}
                               for use, (user, password) in PASSWORDS.items()},
            "parameters": {"unix_socket_directories": sockets}}}


class PatroniCluster:
    """Etcd e1 to e3 and nodes pg1 to pg3, with a database `bailee` owned by a role that is no superuser."""

    def __init__(self, folder, size=3):
        folder = pathlib.Path(folder)
        ports = free_ports(4 * size)
        members = ",".join(f"e{n + 1}=http://127.0.0.1:{ports[size + n]}" for n in range(size))
        self.etcd = [Etcd(folder, f"e{n + 1}", ports[n], ports[size + n], members) for n in range(size)]
        hosts = [f"127.0.0.1:{ports[n]}" for n in range(size)]
        self.nodes = [Node(folder, f"pg{n + 1}", ports[2 * size + n], ports[3 * size + n], hosts) for n in range(size)]

    def start(self):
        for member in self.etcd:
            member.program.start()
        support.wait_for("etcd", lambda: all(member.is_healthy() for member in self.etcd), READY_WITHIN, every=0.2)
        for node in self.nodes:
            node.patroni.start()
        self.wait_until_whole()
        support.psql(self.url("postgres", superuser=True),
                     f"CREATE ROLE {BAILEE_ROLE} LOGIN PASSWORD '{BAILEE_PASSWORD}'")
        self.create_database()
        return self

    def create_database(self):
        """Returns when every node has it: libpq stops at a host that does not know the database."""
        processes.run("psql", "-X", "-q", "-d", self.url("postgres", superuser=True), "-c",
                      f"CREATE DATABASE bailee OWNER {BAILEE_ROLE}")
        for node in self.nodes:
            here = f"postgresql://{BAILEE_ROLE}:{BAILEE_PASSWORD}@127.0.0.1:{node.port}/bailee"
            support.wait_for("the database", lambda here=here: support.psql(here, "SELECT 1", check=False) == [["1"]])

    def stop(self):
        for node in self.nodes:
            node.stop()
        for member in self.etcd:
            member.program.kill()

    def url(self, database="bailee", *, superuser=False):
        """The address as libpq takes it: every node, and only one that is no standby."""
        user, password = PASSWORDS["superuser"] if superuser else (BAILEE_ROLE, BAILEE_PASSWORD)
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://{user}:{password}@{hosts}/{database}?target_session_attrs=read-write&connect_timeout=2"

    def patroni_addresses(self):
        """As `bailee serve --patroni` takes them: in the order of the hosts."""
        return ",".join(node.api for node in self.nodes)

    def members(self):
        """What Patroni says of each node, by name; {} when none answers."""
        for node in self.nodes:
            status, body = ask(f"{node.api}/cluster")
            if status == 200:
                return {member["name"]: member for member in json.loads(body)["members"]}
        return {}

    def primary(self, within=READY_WITHIN):
        """The node that holds the lock."""
        return support.wait_for("a primary", lambda: next((node for node in self.nodes if node.is_primary()), None),
                                within, every=0.1)

    def standby(self):
        """The synchronous standby."""
        names = [name for name, member in self.members().items() if member["role"] == "sync_standby"]
        return next((node for node in self.nodes if node.name in names), None)

    def is_whole(self):
        """One leader, one synchronous standby, and every node on the leader's line of history."""
        found = self.members().values()
        roles = sorted(member["role"] for member in found)
        others = ["replica"] * (len(self.nodes) - 2)
        return (roles == sorted(["leader", "sync_standby", *others])
                and all(member["state"] in ("running", "streaming") for member in found)
                and len({member.get("timeline") for member in found}) == 1)

    def wait_until_whole(self, within=READY_WITHIN):
        try:
            support.wait_for("a whole cluster", self.is_whole, within, every=0.2)
        except AssertionError as error:
            logs = "\n".join(f"--- {node.name}\n{node.patroni.log(3000)}" for node in self.nodes)
            raise AssertionError(f"{error}; Patroni says {self.members()}\n{logs}") from None

    def switchover(self):
        """Asks for the synchronous standby to take over; returns when Patroni has answered."""
        primary, standby = self.primary(), self.standby()
        status, body = ask(f"{primary.api}/switchover", "POST", {"leader": primary.name, "candidate": standby.name},
                           within=60)
        assert status == 200, f"switchover: {status} {body}"

    def etcd_leader(self):
        return support.wait_for("a leader of etcd", lambda: next(
            (member for member in self.etcd if member.program.is_running() and member.is_leader()), None))


def main():
    """Starts all of it for a person to look at."""
    import load  # pylint: disable=import-outside-toplevel
    scratch = support.Scratch()
    cluster = PatroniCluster(scratch.path)
    servers = []
    try:
        cluster.start()
        for name in ("bailee-1", "bailee-2"):
            server = load.DatabaseServer(scratch.path, name, cluster.url(), "--patroni", cluster.patroni_addresses())
            servers.append(server.start())
        print(f"database  {cluster.url()}")
        for node in cluster.nodes:
            print(f"{node.name}       {node.api}/cluster   log {node.patroni.log_path}")
        for server in servers:
            print(f"{server.name}  {server.address}   keys {server.keys}")
        print("Ctrl-C ends all of it.")
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass
    finally:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda server: server.kill(), servers))
        cluster.stop()
        scratch.remove()


if __name__ == "__main__":
    if missing_programs():
        sys.exit(f"not installed: {', '.join(missing_programs())}; scripts/install_packages failover")
    processes.in_own_processes()
    os.chdir("/")
    main()
