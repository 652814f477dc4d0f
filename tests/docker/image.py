"""Builds the image with buildah, and runs it as compose.yaml does: read-only, non-root, no capability, default command.

Needs root, buildah, debootstrap and mount and network namespaces; where these are missing it says so and exits 77.
The base image is made by debootstrap once and kept in $BAILEE_CACHE (default ~/.cache/bailee).
"""
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).parents[2]
CACHE = pathlib.Path(os.environ.get("BAILEE_CACHE") or pathlib.Path.home() / ".cache/bailee")
STORAGE = CACHE / "containers"
BASE = "localhost/debian:bookworm"
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
CLONE_NEWNET = 0x40000000


def cannot_run(why):
    print(f"SKIPPED: the image is not tested here: {why}", flush=True)
    sys.exit(77)


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def buildah(*arguments, **options):
    """vfs and chroot need the least of the machine."""
    store = ("--storage-driver", "vfs", "--root", STORAGE, "--runroot", CACHE / "run")
    return run("buildah", *store, *arguments, env=dict(os.environ, BUILDAH_ISOLATION="chroot"), **options)


def need_the_tools():
    if os.geteuid() != 0:
        cannot_run("it needs root")
    for tool in ("buildah", "debootstrap", "unshare", "chroot"):
        if not shutil.which(tool):
            cannot_run(f"{tool} is not installed")
    if subprocess.run(["unshare", "--mount", "--pid", "--net", "--fork", "true"], check=False).returncode != 0:
        cannot_run("this machine makes no mount, process and network namespaces")


def need_the_base():
    images = buildah("images", "--format", "{{.Name}}:{{.Tag}}", capture_output=True).stdout.split()
    if BASE in images:
        return
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        if subprocess.run(["debootstrap", "--variant=minbase", "bookworm", folder], check=False,
                          stdout=subprocess.DEVNULL).returncode != 0:
            cannot_run("debootstrap could not fetch Debian")
        container = buildah("from", "scratch", capture_output=True).stdout.strip()
        mounted = buildah("mount", container, capture_output=True).stdout.strip()
        run("cp", "-a", f"{folder}/.", mounted)
        buildah("commit", "--quiet", "--rm", container, BASE)


@contextlib.contextmanager
def built(context, *build_arguments):
    """Builds the Dockerfile on the context; gives the image's configuration and its tree on disk."""
    need_the_tools()
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        need_the_base()
        tag = f"localhost/bailee:{uuid.uuid4().hex[:12]}"
        arguments = [f"--build-arg={each}" for each in (f"BASE={BASE}", *build_arguments)]
        container = None
        try:
            buildah("bud", "--network", "host", "--format", "docker", "--tag", tag, *arguments,
                    "--ignorefile", ROOT / "docker/Dockerfile.dockerignore", "--file", ROOT / "docker/Dockerfile",
                    context)
            inspected = json.loads(buildah("inspect", "--type", "image", tag, capture_output=True).stdout)
            container = buildah("from", tag, capture_output=True).stdout.strip()
            tree = pathlib.Path(buildah("mount", container, capture_output=True).stdout.strip())
            yield inspected["Docker"]["config"], tree
        finally:
            if container:
                buildah("rm", container, stdout=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.CalledProcessError):  # there is no image when its build has failed
                buildah("rmi", "--force", tag, capture_output=True)


def enter_a_network_of_its_own():
    """From here on this process and its children see only a loopback of their own: port 8080 is free."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        cannot_run("no network namespace")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS


@contextlib.contextmanager
def postgres():
    """A throwaway PostgreSQL on loopback with a password; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        password = pathlib.Path(folder) / "password"
        password.write_text("a-password-of-the-test", encoding="ascii")
        for path in (folder, password):
            shutil.chown(path, "postgres")
        as_postgres = dict(user="postgres", group="postgres", extra_groups=[], cwd=folder)
        run(POSTGRES / "initdb", "-D", data, "-U", "bailee", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync",
            stdout=subprocess.DEVNULL, **as_postgres)
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        run(POSTGRES / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start",
            stdout=subprocess.DEVNULL, **as_postgres)
        try:
            yield "postgresql://bailee:a-password-of-the-test@127.0.0.1:5432/postgres"
        finally:
            run(POSTGRES / "pg_ctl", "-D", data, "-m", "immediate", "stop", stdout=subprocess.DEVNULL, **as_postgres)


ENTER = r"""
set -e
mount --make-rprivate /
mount --bind "$TREE" "$TREE"
mount -o remount,bind,ro "$TREE"
mount -t proc proc "$TREE/proc"
mount -t tmpfs tmpfs "$TREE/tmp" -o mode=1777
mount -t tmpfs tmpfs "$TREE/run"
mkdir "$TREE/run/secrets"
printf %s "$DATABASE_URL" >"$TREE/run/secrets/database_url"
unset DATABASE_URL
exec chroot "$TREE" setpriv --reuid="${USERSPEC%:*}" --regid="${USERSPEC#*:}" --clear-groups \
    --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
"""


def contained(tree, config, command, database_url, **options):
    """Starts a command in the image as a container engine would with read_only, cap_drop and no-new-privileges."""
    environment = dict(TREE=str(tree), USERSPEC=config["User"], DATABASE_URL=database_url,
                       PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", ENTER, "enter", *command]
    return subprocess.Popen(enter, env=environment, text=True, **options)


def inner_pid(process):
    """The command itself, which is process 1 of its own namespace."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return int(children.read_text(encoding="ascii").split()[0])


def wait_for(what, seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} took more than {seconds} s")
