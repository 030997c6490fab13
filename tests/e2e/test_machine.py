# SPDX-License-Identifier: GPL-3.0-or-later
"""On the machine and when files break: secrets in processes and logs, dumps, links in place of files, flipped bytes (K03, K05, K07, M03, M05)."""

import base64
import ctypes
import os
import pathlib
import random
import re
import shutil
import signal

import subprocess
import time

import pytest

from lab import PATIENCE, wait_until
from test_store import data, fill, needs_root, refusal, small_disk  # noqa: F401

pytestmark = pytest.mark.san
STEP = 2 if "san" in os.environ.get("SOTTO_BUILD", "") else 1  # a start takes long there: every second damage


def plain_files(client):
    return [p for p in sorted((client.dir / "profile").rglob("*")) if p.is_file() and not p.is_symlink()]


# K03
@pytest.mark.skipif(os.geteuid() != 0, reason="the environment of who may not be dumped only root may read")
def test_no_secret_in_processes_environments_and_the_log_after_login_and_verify(lab, federation):
    a, b = federation
    alice, bob = lab.client("alice").start(), lab.client("bob").start()
    for client in (alice, bob):
        client.run("/set log.level debug")
        client.run("/save")
    alice.login("alice@a.test", a)
    bob.login("bob@b.test", b)
    alice.run("/msg bob@b.test hello")
    bob.wait("message", body="hello", direction="in")
    shown = alice.run("/verify bob@b.test")
    device = re.search(r"\b(\d{4,10})\b", shown)
    alice.run(f"/verify bob@b.test yes {device.group(1)}" if device else "/verify bob@b.test yes", ok=None)
    pid = alice.process.pid
    seen = b"".join(pathlib.Path(f"/proc/{n}/{what}").read_bytes() for n in [pid, *children(pid)] for what in ("cmdline", "environ"))
    seen += subprocess.run(["ps", "axww", "-o", "args"], capture_output=True).stdout
    log = (alice.dir / "profile" / "cache" / "sotto.log").read_bytes()
    assert b"hello" not in log and log.count(b"\n") > 10
    secrets = [b"pw-alice", b"correct horse", base64.b64encode(b"\0alice\0pw-alice"), b"pw-bob"]
    for secret in secrets:
        assert secret not in seen and secret not in log, secret
    assert not re.search(rb"<(auth|response|initial-response)[ >]", log)
    alice.quit()


def children(pid):
    return [int(n) for n in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# K05
@needs_root
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_no_core_and_no_tracing_by_the_same_user(lab, number):
    lab.dir.chmod(0o755)
    (lab.dir / "profiles").mkdir(exist_ok=True)
    # The signal is ours, no fault of the program: the sanitizer has nothing to report.
    quiet = "abort_on_error=0:exitcode=99:handle_segv=0:handle_abort=0"
    client = lab.client("alice", wrapper=["prlimit", "--core=unlimited", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
                        env={"ASAN_OPTIONS": quiet})
    os.chown(client.dir, 65534, 65534)
    client.start()
    pid = client.process.pid
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0", limits), limits
    if "san" not in str(lab.build):
        # What is not dumpable belongs to root in /proc, and its own user may not trace it or read its memory.
        assert pathlib.Path(f"/proc/{pid}/environ").stat().st_uid == 0
        code = f"import os,ctypes,sys; os.setgid(65534); os.setuid(65534); sys.exit(ctypes.CDLL(None, use_errno=True).ptrace(16, {pid}, 0, 0) == 0)"
        assert subprocess.run(["/usr/bin/python3", "-c", code]).returncode == 0, "it can be traced"
        code = f"import os; os.setgid(65534); os.setuid(65534); open('/proc/{pid}/mem', 'rb')"
        assert b"Permission" in subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True).stderr
        locked = int(re.search(r"VmLck:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))
        assert locked > 0, "key pages are not locked"
    client.process.send_signal(number)
    client.join()
    assert not [p for p in client.dir.rglob("*core*")]


def profile_copy(client):
    copy = client.dir / "good"
    shutil.copytree(client.dir / "profile", copy)
    return copy


def restore(client, copy):
    shutil.rmtree(client.dir / "profile")
    shutil.copytree(copy, client.dir / "profile")


@pytest.fixture
def used(lab):
    """alice's profile after a killed run, so that the log of the database is there, too; a copy of it, and the names of its files."""
    client = lab.client("alice").start()
    client.run("/set log.level debug")
    client.run("/set ui.panel on")
    client.run("/save")
    client.run("/account add alice@a.test autoconnect off")
    time.sleep(0.2)
    client.kill()
    copy = profile_copy(client)
    names = [str(p.relative_to(client.dir / "profile")) for p in plain_files(client)]
    assert {"sotto.conf", "data/vault", "data/sotto.db", "data/sotto.db-wal", "data/sotto.db.lock", "cache/sotto.log"} <= set(names)
    return client, copy, names


def start_or_refuse(client):
    """True when it is ready; else it must have said why and ended with 1."""
    client.start(ready=False)
    event = client.wait(None, where=lambda e: e["event"] in ("ready", "error"))
    if event["event"] == "ready":
        return True
    assert client.join() == 1 and len(event["text"]) > 20
    return False


# K07
@pytest.mark.parametrize("how", ["symlink", "dangling", "fifo", "hard link", "folder"])
def test_what_stands_in_the_place_of_a_file_is_not_followed(lab, used, how):
    client, copy, names = used
    outside = lab.dir / "outside"
    outside.mkdir()
    for name in names:
        restore(client, copy)
        path, victim = client.dir / "profile" / name, outside / "victim"
        for old in outside.iterdir():
            old.unlink()
        victim.write_bytes(path.read_bytes() + b"# mine\n")
        before = victim.read_bytes()
        path.unlink()
        if how == "symlink":
            path.symlink_to(victim)
        elif how == "dangling":
            path.symlink_to(outside / "made")
        elif how == "fifo":
            os.mkfifo(path, 0o600)
        elif how == "folder":
            path.mkdir(0o700)
        else:
            os.link(victim, path)
        if start_or_refuse(client):
            client.run("/set ui.panel off", ok=None)
            client.run("/save", ok=None)
            client.run("/account list")
            client.quit()
        assert victim.read_bytes() == before, f"{name} was written through a {how}"
        assert [p.name for p in outside.iterdir()] == ["victim"], f"{name}: something was made outside"


# K07
@pytest.mark.parametrize("folder", ["data", "cache", ""])
def test_a_folder_of_the_profile_that_is_a_link_is_not_written_through(lab, used, folder):
    client, copy, _ = used
    path, outside = client.dir / "profile" / folder, lab.dir / "outside"
    shutil.move(path, outside)
    pathlib.Path(str(path).rstrip("/")).symlink_to(outside)
    before = {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()}
    ready = start_or_refuse(client)
    client.kill()
    assert not ready
    assert {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()} == before


# M05
def test_a_flipped_byte_or_a_cut_in_any_file_is_said_or_harmless(lab, used):
    client, copy, names = used
    chance = random.Random(20261124)
    for name in names:
        good = (copy / name).read_bytes()
        places = sorted({0, len(good) // 2, max(0, len(good) - 1), chance.randrange(max(1, len(good))), chance.randrange(max(1, len(good)))})
        variants = [good[:at] + bytes([good[at] ^ 0x41]) + good[at + 1:] for at in places if good]
        variants += [b"", good[:len(good) // 2], good[:-1], good + b"\0" * 100]
        variants = variants[::STEP]
        for number, bad in enumerate(variants):
            restore(client, copy)
            (client.dir / "profile" / name).write_bytes(bad)
            if not start_or_refuse(client):
                assert name not in ("sotto.conf", "cache/sotto.log", "data/sotto.db.lock"), f"{name} {number}: no start"
                continue
            listed = client.run("/account list", ok=None)
            # The log of the database may be taken back to an earlier state; nothing else may vanish in silence.
            assert "alice@a.test" in listed or name in ("data/sotto.db-wal", "data/sotto.db"), f"{name} {number}: {listed}"
            if "alice@a.test" not in listed and name == "data/sotto.db":
                assert client.seen("alert", code="store-damaged") or "cannot" in listed or "no account" in listed
            assert client.quit() == 0


# M05
def test_the_identity_is_the_same_or_said_to_be_unreadable(lab, server):
    server.add_user("alice")
    client = lab.client("alice").start()
    client.login("alice@a.test", server, autoconnect="off")
    wait_until(lambda: re.search(r"[0-9a-f]{8} [0-9a-f]{8}", client.run("/omemo", ok=None)), "the keys")
    identity = re.findall(r"(?:[0-9a-f]{8}[ \n]+){3,}[0-9a-f]{8}", client.run("/omemo"))[0]
    client.quit()
    copy, chance = profile_copy(client), random.Random(4)
    good = (copy / "data" / "sotto.db").read_bytes()
    outcomes = set()
    for page in range(1, len(good) // 4096, STEP * max(1, len(good) // 4096 // 25)):
        restore(client, copy)
        bad = bytearray(good)
        bad[page * 4096 + chance.randrange(4096)] ^= 0x10
        (client.dir / "profile" / "data" / "sotto.db").write_bytes(bad)
        if not start_or_refuse(client):
            outcomes.add("refused")
            continue
        client.run("/connect", ok=None)
        client.wait("connection", where=lambda e: e["state"] in ("online", "failed"))
        shown = re.findall(r"(?:[0-9a-f]{8}[ \n]+){3,}[0-9a-f]{8}", client.run("/omemo", ok=None))
        assert not shown or shown[0] == identity, f"page {page}: another identity"
        outcomes.add("same" if shown else "said")
        client.quit()
    assert "same" in outcomes


# M03
@needs_root
def test_a_disk_that_is_full_from_the_start_is_said(lab, small_disk):  # noqa: F811
    fill(small_disk)
    sentence = refusal(small_disk)
    assert "full" in sentence or "space" in sentence, sentence
    (small_disk.dir / "profile" / "filler").unlink()
    small_disk.start()
    small_disk.run("/account add alice@a.test autoconnect off")
    fill(small_disk)
    text = small_disk.run("/set ui.panel on", ok=None) + small_disk.run("/save", ok=None)
    added, changed = (is_done(small_disk, line) for line in ("/account add bob@a.test autoconnect off", "/account set alice@a.test priority 7"))
    small_disk.quit()
    (small_disk.dir / "profile" / "filler").unlink()
    again = small_disk.start()
    listed = again.run("/account list")
    assert "alice@a.test" in listed, text
    assert added == ("bob@a.test" in listed), "what was said is not what was kept"
    assert changed == (priority(again) == "7")
    assert again.quit() == 0


def is_done(client, line):
    return client.wait("done", seq=client.send(line))["ok"]


def priority(client):
    return re.search(r"^ *priority +(\S+)", client.run("/account show alice@a.test"), re.M).group(1)


# M01
def test_what_is_said_to_be_done_with_an_account_outlives_a_kill(lab):
    client = lab.client("alice").start()
    client.run("/account add alice@a.test autoconnect off")
    client.kill()
    client.start().run("/account set alice@a.test priority 7")
    client.kill()
    client.start()
    assert priority(client) == "7"
    client.run("/account remove alice@a.test")
    client.kill()
    assert "alice@a.test" not in client.start().run("/account list")
    client.quit()


# K03, K07: how it is started is no reason to write secrets, to write to the wrong place or to end without a word.
def test_an_odd_start_is_harmless_or_said(lab):
    without = ["sh", "-c", 'exec "$@" 0<&- 2>&-', "sh"]
    closed = lab.client("closed", wrapper=without).start(ready=False)
    assert closed.join() == 0, "an input that is closed has ended"
    stored = [p.read_bytes() for p in plain_files(closed)]
    assert stored and not any(b"sotto:" in text or b"WARNING" in text for text in stored)

    small = lab.client("small", wrapper=["prlimit", "--fsize=0"])
    assert "arge" in refusal(small)

    variables = {"GNUTLS_DEBUG_LEVEL": "9", "EXPAT_ACCOUNTING_DEBUG": "3", "P11_KIT_DEBUG": "all", "SSLKEYLOGFILE": str(lab.dir / "keys"),
                 "SQLITE_TMPDIR": "/nowhere", "TMPDIR": "/nowhere", "TZ": "/dev/zero", "LC_ALL": "../../x", "GCONV_PATH": "."}
    loud = lab.client("loud", env=variables).start()
    assert loud.quit() == 0
    assert loud.stderr.read_bytes() == b"" and not (lab.dir / "keys").exists()


# K01: a profile must not wander with the folder one stands in, and takes no folder away from others.
def test_a_profile_is_kept_in_a_place_of_its_own(lab):
    shared = lab.dir / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "index.html").write_text("x")
    for args, home, word in (([], "relative", "absolute"), ([], "", "absolute"), (["--config-dir", ""], "/", "empty"),
                             (["--config-dir", "."], "/", "of its own")):
        done = subprocess.run([lab.sotto, "--headless", *args], cwd=shared, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, timeout=PATIENCE)
        assert done.returncode == 1 and word in done.stdout, done
        assert [p.name for p in shared.iterdir()] == ["index.html"] and shared.stat().st_mode & 0o777 == 0o755
