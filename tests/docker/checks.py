"""What every image of Bailee must show, however its binary was made."""
import os
import pathlib
import signal
import stat
import subprocess
import tempfile
import urllib.request

import image

TOOLS_OF_A_BUILD = ("cc", "c++", "gcc", "g++", "clang", "as", "ld", "make", "cmake", "ninja", "ccache", "git",
                    "curl", "wget")


def check(config, tree):
    check_configuration(config)
    check_files(tree)
    image.enter_a_network_of_its_own()
    with image.postgres() as url:
        check_service(config, tree, url)


def check_configuration(config):
    assert config["User"] == "10001:10001", config["User"]
    assert config["Healthcheck"]["Test"][0] == "CMD", config["Healthcheck"]
    assert "8080/tcp" in config["ExposedPorts"], config["ExposedPorts"]


def check_files(tree):
    for folder, _, names in os.walk(tree):
        for name in names:
            mode = os.lstat(os.path.join(folder, name)).st_mode
            if stat.S_ISREG(mode):
                assert not mode & (stat.S_ISUID | stat.S_ISGID), f"{folder}/{name} is setuid or setgid"
                assert not mode & stat.S_IWOTH, f"{folder}/{name} may be written by anyone"
    for tool in TOOLS_OF_A_BUILD:
        for folder in ("usr/bin", "usr/local/bin", "usr/sbin"):
            assert not (tree / folder / tool).exists(), f"{tool} is in the image"
    assert not (tree / "source").exists(), "the sources are in the image"


def check_service(config, tree, url):
    health = config["Healthcheck"]["Test"][1:]
    assert one_off(config, tree, url, health) == 3, "with no server the health check does not exit 3, unreachable"
    with tempfile.TemporaryFile("w+") as output:
        server = image.contained(tree, config, config["Entrypoint"] + config["Cmd"], url, stdout=output)
        try:
            image.wait_for("readiness", 60, lambda: server.poll() is not None or answers("/readyz"))
            assert server.poll() is None, f"the server ended with {server.returncode}"
            assert answers("/healthz")
            assert one_off(config, tree, url, health) == 0, "the health check fails with the server up"
            check_process(image.inner_pid(server))
            os.kill(image.inner_pid(server), signal.SIGTERM)
            assert server.wait(timeout=30) == 0, f"SIGTERM ends the server with {server.returncode}"
        finally:
            server.kill()
            server.wait()
        output.seek(0)
        assert "admin" in output.read(), "the first start printed no admin key"
    for path in ("/planted", "/etc/planted", "/usr/bin/planted"):
        assert one_off(config, tree, url, ["touch", path]) == 1, f"{path} could be written"
    assert one_off(config, tree, url, ["touch", "/tmp/planted"]) == 0, "/tmp could not be written"


def check_process(pid):
    status = dict(line.split(":", 1) for line in
                  pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines())
    assert set(status["Uid"].split()) == {"10001"}, status["Uid"]
    assert set(status["Gid"].split()) == {"10001"}, status["Gid"]
    assert int(status["CapEff"], 16) == 0, status["CapEff"]
    assert int(status["CapBnd"], 16) == 0, status["CapBnd"]
    assert status["NoNewPrivs"].strip() == "1", status["NoNewPrivs"]
    command_line = pathlib.Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    assert "a-password-of-the-test" not in command_line, "the password stands in the command line"


def answers(path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:8080{path}", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def one_off(config, tree, url, command):
    """The exit code of a command run once beside the server."""
    process = image.contained(tree, config, command, url, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return process.wait(timeout=60)
