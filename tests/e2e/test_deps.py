# SPDX-License-Identifier: GPL-3.0-or-later
"""contrib/deps installs only what is missing, asks for sudo only then, and lets no service start."""

import os
import pathlib
import subprocess

import pytest

from lab import ROOT

DEPS = ROOT / "contrib" / "deps"


@pytest.fixture
def machine(tmp_path):
    """A machine of the test's own: every tool that deps calls is a script that keeps a record."""
    tools, record = tmp_path / "bin", tmp_path / "record"
    tools.mkdir()
    record.touch()

    def tool(name, body):
        path = tools / name
        path.write_text(f"#!/bin/sh\necho {name} \"$*\" >>{record}\n{body}\n")
        path.chmod(0o755)
    tool("apt-get", "exit 0")
    tool("sudo", "exit 0")
    tool("id", "echo 1000")

    def run(*args, **env):
        return subprocess.run([DEPS, *args], env={"PATH": f"{tools}:{os.environ['PATH']}", **env}, capture_output=True, text=True)
    run.tool, run.record = tool, record
    return run


def test_when_all_is_there_nothing_is_asked(machine):
    machine.tool("dpkg-query", "echo installed")
    done = machine("build", "demo", "test", "lint")
    assert done.returncode == 0 and "are there" in done.stdout
    assert "sudo" not in machine.record.read_text() and "apt-get" not in machine.record.read_text()


def test_what_is_missing_is_named_and_asked_for_once(machine):
    machine.tool("dpkg-query", 'for last; do :; done; [ "$last" != libexpat1-dev ] && echo installed')
    done = machine("build")
    assert done.returncode == 0, done.stderr
    assert "missing: libexpat1-dev" in done.stdout
    assert machine.record.read_text().count("sudo ") == 1


def test_without_sudo_the_command_for_root_is_printed(machine, tmp_path):
    machine.tool("dpkg-query", "exit 1")
    (tmp_path / "bin" / "sudo").unlink()
    names = "sh printf sort tr sed grep dirname realpath id cat mktemp rm env".split()
    only = tmp_path / "only"
    only.mkdir()
    for name in names:
        for folder in ("/usr/bin", "/bin"):
            if pathlib.Path(folder, name).exists():
                (only / name).symlink_to(pathlib.Path(folder, name))
                break
    done = subprocess.run(["/bin/sh", DEPS, "build"], env={"PATH": f"{tmp_path / 'bin'}:{only}"}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "as root, run:" in done.stderr and "deps build" in done.stderr


def test_an_unknown_set_is_refused():
    done = subprocess.run([DEPS, "everything"], capture_output=True, text=True)
    assert done.returncode == 2 and "everything" in done.stderr


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 104\n"])
@pytest.mark.parametrize("apt", ["exit 0", "exit 100"])
def test_while_apt_runs_no_service_may_start_and_the_guard_is_taken_away(machine, tmp_path, before, apt):
    sbin = tmp_path / "sbin"
    sbin.mkdir()
    guard = sbin / "policy-rc.d"
    if before:
        guard.write_text(before)
        guard.chmod(0o755)
    machine.tool("id", "echo 0")
    machine.tool("dpkg-query", 'for last; do :; done; [ "$last" != libexpat1-dev ] && echo installed')
    machine.tool("apt-cache", "echo '  Candidate: 1.0'")
    machine.tool("apt-get", f"{guard}; echo guard $? >>{machine.record}\n{apt}")
    done = machine("build", DEPS_GUARD=str(guard))
    record = machine.record.read_text()
    assert "guard 101" in record and "guard 0" not in record
    assert (done.returncode == 0) == (apt == "exit 0"), done.stdout + done.stderr
    assert {path.name: path.read_text() for path in sbin.iterdir()} == ({"policy-rc.d": before} if before else {})


def test_the_guard_is_where_services_are_asked_for():
    """What invoke-rc.d of Debian runs before it starts anything."""
    assert "guard=${DEPS_GUARD:-/usr/sbin/policy-rc.d}" in DEPS.read_text()
