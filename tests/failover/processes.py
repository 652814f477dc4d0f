"""Programs that a failover test starts, stops, freezes and kills: each as an unprivileged user, on ports that were
free, and all of them gone when the test is, however it ends."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
import support  # noqa: E402  pylint: disable=wrong-import-position

POSTGRES_PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
USER = "postgres"
INSIDE = "BAILEE_TEST_OWN_PROCESSES"
STOP_WITHIN = 20


def in_own_processes():
    """Starts the script again with process numbers of its own, where the system allows it: when the script ends, the
    kernel ends all it started, and a wrong number can hit nothing else."""
    if INSIDE in os.environ:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs beside it
        return
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return
    flags = ["--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run(["unshare", *flags, "true"], capture_output=True, check=False).returncode != 0:
        return
    os.environ[INSIDE] = "1"
    # A shell stays between: it takes in the orphans that a killed parent leaves, so that they are seen to be gone.
    keep = ('"$@" & child=$!; trap : INT; trap "kill -TERM $child" TERM; '
            'while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done; exit "$status"')
    os.execvp("unshare", ["unshare", *flags, "sh", "-c", keep, "sh", sys.executable, *sys.argv])


def free_ports(count):
    """So many ports that nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def as_user():
    """How subprocess starts a program as the unprivileged user: PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": os.getgrouplist(USER, entry.pw_gid)}


def folder_of_user(path):
    """Makes a folder that belongs to that user alone."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if os.geteuid() == 0:
        shutil.chown(path, USER, pwd.getpwnam(USER).pw_gid)
    return path


def run(*arguments, env=None, timeout=120):
    """One program, to its end, as that user; what it printed."""
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, timeout=timeout,
                          cwd="/", env=env, stdin=subprocess.DEVNULL, check=False, **as_user())
    if done.returncode != 0:
        raise AssertionError(f"{arguments[0]} exited {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Program:
    """One program in the background, with its output in a file."""

    def __init__(self, name, arguments, log_path, env=None):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.log_path = pathlib.Path(log_path)
        self.env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(env or {})}
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                            env=self.env, start_new_session=True, **as_user())
        return self

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.is_running():
            self.process.kill()
        if self.process is not None:
            self.process.wait()

    def stop(self):
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.kill()

    def log(self, last=6000):
        try:
            return self.log_path.read_text(errors="replace")[-last:]
        except FileNotFoundError:
            return ""


def state_of(pid):
    """The letter of /proc: None when there is no such process, or only what is left of one."""
    try:
        letter = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
    return None if letter in "ZX" else letter


def children_of(pid):
    """The living processes whose parent that is."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(words[1]) == pid and words[0] not in "ZX":
                found.append(int(entry.name))
    return found


def signal_all(pids, number):
    for pid in pids:
        assert pid > 1, f"{pid} is no process of a test"
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class PostgresFiles:
    """A data directory: which processes work in it."""

    def __init__(self, data_dir):
        self.data_dir = pathlib.Path(data_dir)

    def postmaster(self):
        """Its process; None while there is none."""
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().split("\n")
        except OSError:
            return None
        pid = int(lines[0] or 0)
        if pid <= 1 or state_of(pid) is None or pathlib.Path(lines[1]) != self.data_dir:
            return None
        return pid if b"postgres" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() else None

    def processes(self):
        """The postmaster and its children."""
        pid = self.postmaster()
        return [] if pid is None else [pid, *children_of(pid)]

    def kill(self):
        """The whole server at once, as when its machine loses power."""
        pids = self.processes()
        signal_all(pids, signal.SIGKILL)
        support.wait_for("the end of PostgreSQL", lambda: not any(state_of(pid) for pid in pids))

    def kill_postmaster(self):
        pid = self.postmaster()
        assert pid is not None, f"no PostgreSQL in {self.data_dir}"
        os.kill(pid, signal.SIGKILL)
        return pid

    def freeze(self):
        """Stops every process where it stands, as a hung disk does; returns them."""
        pids = self.processes()
        assert pids, f"no PostgreSQL in {self.data_dir}"
        signal_all(pids[:1], signal.SIGSTOP)  # it starts no more children
        pids = self.processes()
        signal_all(pids, signal.SIGSTOP)
        return pids

    @staticmethod
    def wake(pids):
        signal_all(reversed(pids), signal.SIGCONT)


class PostgresNode(PostgresFiles):
    """One PostgreSQL with fsync on, a primary or a copy of one, listening on loopback."""

    def __init__(self, folder, name):
        super().__init__(pathlib.Path(folder) / name)
        self.name = name
        self.port = free_ports(1)[0]
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        self.program = None

    def url(self, database="postgres", user="postgres"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def initialise(self):
        folder_of_user(self.data_dir)
        run(POSTGRES_PROGRAMS / "initdb", "-D", self.data_dir, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
            "--auth=trust", "--data-checksums")
        return self

    def copy_of(self, primary):
        """A standby that follows the primary under its own name."""
        folder_of_user(self.data_dir)
        run(POSTGRES_PROGRAMS / "pg_basebackup", "-D", self.data_dir, "-d",
            f"{primary.url()}?application_name={self.name}", "-R", "-X", "stream", "-c", "fast")
        return self

    def start(self, **settings):
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
                    "shared_buffers": "64MB", "max_connections": "60", **settings}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.program = Program(self.name, [POSTGRES_PROGRAMS / "postgres", "-D", self.data_dir, *words], self.log_path)
        self.program.start()
        support.wait_for(f"PostgreSQL {self.name}", self.answers, within=60)
        return self

    def answers(self):
        if not self.program.is_running():
            raise AssertionError(f"PostgreSQL {self.name} ended\n{self.program.log()}")
        return support.psql(self.url(), "SELECT 1", check=False) == [["1"]]

    def stop(self):
        """At once, without a checkpoint: the directory goes as well."""
        if self.program is not None and self.program.is_running():
            signal_all(self.processes(), signal.SIGCONT)
            self.program.process.send_signal(signal.SIGQUIT)
            try:
                self.program.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.kill()
