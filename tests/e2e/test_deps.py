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

    def run(*args):
        return subprocess.run([DEPS, *args], env={"PATH": f"{tools}:{os.environ['PATH']}"}, capture_output=True, text=True)
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
    if os.geteuid() != 0:
        pytest.skip("a private /usr/sbin needs root")
    machine.tool("id", "echo 0")
    machine.tool("dpkg-query", "for last; do :; done; [ \"$last\" != libexpat1-dev ] && echo installed")
    machine.tool("apt-cache", "echo '  Candidate: 1.0'")
    machine.tool("apt-get", f"/usr/sbin/policy-rc.d; echo guard $? >>{machine.record}\n{apt}")
    prepare = f"printf '{before}' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d;" if before else ""
    prepare = prepare.replace("\n", "\\n")
    # In a chroot "/" is no mount whose propagation could be changed: what was mounted is taken away again.
    script = (f"mount --make-rprivate / 2>/dev/null; mount -t tmpfs none /usr/sbin && {prepare} {DEPS} build; echo status $?; "
              "ls /usr/sbin; cat /usr/sbin/policy-rc.d 2>/dev/null; umount /usr/sbin")
    done = subprocess.run(["unshare", "-m", "--propagation", "unchanged", "sh", "-c", script], env={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
                          capture_output=True, text=True)
    record = machine.record.read_text()
    assert "guard 101" in record and "guard 0" not in record
    assert f"status {0 if apt == 'exit 0' else 1}" in done.stdout, done.stdout + done.stderr
    after = done.stdout.split("status")[1]
    assert ("exit 104" in after) if before else ("policy-rc.d" not in after)
    assert "before-sotto" not in after
