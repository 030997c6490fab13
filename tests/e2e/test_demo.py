# SPDX-License-Identifier: GPL-3.0-or-later
"""make demo: with and without a terminal, and nothing stays behind however it ends."""

import os
import pathlib
import signal
import subprocess

import pexpect
import pytest

from lab import PATIENCE, ROOT, wait_until

DEMO = [str(ROOT / "contrib" / "demo")]


@pytest.fixture
def tmp(tmp_path):
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LANG": "C.UTF-8", "TERM": "xterm-256color",
            "PYTHONDONTWRITEBYTECODE": "1"}


def traces(directory):
    """Directories and processes that belong to a demo in this temporary folder."""
    left = [str(p) for p in pathlib.Path(directory).glob("sotto-demo.*")]
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if directory.encode() in entry.read_bytes():
                left.append(f"{entry.parent.name}: {entry.read_bytes()!r}")
        except OSError:
            pass
    return left


def gone(directory):
    wait_until(lambda: not traces(directory), f"everything is gone ({traces(directory)[:3]})")


def build():
    return os.environ.get("SOTTO_BUILD", str(ROOT / "build" / "release"))


def test_without_a_terminal_it_tells_the_story(tmp):
    done = subprocess.run(DEMO + [build()], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=tmp, timeout=3 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("logged in", "roster shows echo@away.test", "answered", "seal omemo", "stopped and removed"):
        assert word in done.stdout, done.stdout
    gone(tmp["TMPDIR"])


def start(tmp):
    child = pexpect.spawn(DEMO[0], [build()], env=tmp, dimensions=(24, 80), timeout=PATIENCE, encoding="utf-8")
    child.expect("You said|Type something")
    return child


def test_in_a_terminal_the_bot_answers_and_quit_leaves_nothing(tmp):
    child = start(tmp)
    child.send("good morning\r")
    child.expect("You said: good morning")
    child.send("/quit\r")
    child.expect("stopped and removed everything")
    child.expect(pexpect.EOF)
    assert child.wait() == 0
    gone(tmp["TMPDIR"])


@pytest.mark.parametrize("how", ["kill the demo", "kill the client", "close the terminal", "interrupt the setup"])
def test_nothing_stays_behind(tmp, how):
    if how == "interrupt the setup":
        child = pexpect.spawn(DEMO[0], [build()], env=tmp, dimensions=(24, 80), timeout=PATIENCE, encoding="utf-8")
        child.expect("starting the bot")
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
    else:
        child = start(tmp)
        if how == "kill the demo":
            os.kill(child.pid, signal.SIGKILL)
        elif how == "kill the client":
            children = pathlib.Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
            client = [c for c in children if b"--passphrase-fd" in pathlib.Path(f"/proc/{c}/cmdline").read_bytes()]
            os.kill(int(client[0]), signal.SIGKILL)
            child.expect("ended with status")
        else:
            # Only the terminal goes: pexpect's own close() gives the demo 0.4 s to clean up, which is its matter, not ours.
            child.ptyproc.fileobj.close()
    gone(tmp["TMPDIR"])
    child.close(force=True)
