# SPDX-License-Identifier: GPL-3.0-or-later
"""The store under the whole program: one process, a wrong passphrase, damage, a full and a read-only disk, forgetting (K01, M03, M05, P27)."""

import os
import re
import stat
import subprocess

import pytest

from lab import wait_until
from raw import Raw

pytestmark = pytest.mark.san

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is a mount, which needs root")


def data(client):
    return client.dir / "profile" / "data"


def files(client):
    return [p for p in (client.dir / "profile").rglob("*") if p.is_file()]


def refusal(client):
    """Starts, expects one error line and status 1; its sentence."""
    client.start(ready=False)
    error = client.wait("error")
    assert client.join() == 1
    return error["text"]


def text(to, body):
    return f"<message to='{to}' type='chat' id='{body}'><body>{body}</body></message>"


def history(client, peer, lines=500):
    client.run(f"/msg {peer}", ok=None)
    return client.run(f"/history {lines}")


def test_a_second_process_is_refused_with_a_sentence(lab):
    first = lab.client("alice").start()
    second = lab.client("alice")
    sentence = refusal(second)
    assert "in use" in sentence and str(first.process.pid) in sentence
    assert first.run("/version")
    assert first.quit() == 0
    assert second.start().quit() == 0


def test_a_wrong_passphrase_is_said_and_changes_nothing(lab):
    lab.client("alice").start().quit()
    before = {p: p.read_bytes() for p in files(lab.clients[0]) if p.suffix != ".lock"}
    wrong = lab.client("alice", passphrase="correct Horse")
    assert "passphrase is wrong" in refusal(wrong)
    assert {p: p.read_bytes() for p in before} == before
    assert lab.client("alice").start().quit() == 0


# K01
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_files_are_private_whatever_the_umask(lab, umask):
    old = os.umask(umask)
    try:
        client = lab.client("alice").start()
        client.run("/account add alice@a.test")
        client.quit()
    finally:
        os.umask(old)
    for path in [client.dir / "profile", *(client.dir / "profile").rglob("*")]:
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path


# P27, O8
def test_nothing_of_a_chat_can_be_read_in_the_profile(lab, pair):
    alice, bob = pair
    alice.run("/msg bob@b.test MARKER-SEALED-4711")
    bob.wait("message", body="MARKER-SEALED-4711", direction="in")
    bob.quit()
    alice.quit()
    for client in (alice, bob):
        for path in files(client):
            content = path.read_bytes()
            for marker in (b"MARKER-SEALED", b"bob@b.test", b"alice@a.test", b"SQLite format", b"archive_message", b"correct horse"):
                assert marker not in content, (path, marker)


# M05
def test_a_damaged_store_is_said_kept_aside_and_not_replaced(lab):
    client = lab.client("alice").start()
    client.run("/account add alice@a.test")
    client.quit()
    store = data(client) / "sotto.db"
    good = store.read_bytes()
    for bad in (good[:20] + bytes([good[20] ^ 1]) + good[21:], good[:3000], b""):
        for copy in data(client).glob("*.broken-*"):
            copy.unlink()
        store.write_bytes(bad)
        sentence = refusal(lab.client("alice"))
        assert "damaged" in sentence and "broken-" in sentence
        assert store.read_bytes() == bad
        assert [copy.read_bytes() for copy in data(client).glob("*.broken-*")] == [bad]
    store.write_bytes(good)
    again = lab.client("alice").start()
    assert "alice@a.test" in again.run("/account list")
    again.quit()


# M05
def test_a_missing_or_damaged_vault_is_said_and_not_replaced(lab):
    client = lab.client("alice").start()
    client.quit()
    vault = data(client) / "vault"
    good = vault.read_bytes()
    vault.write_bytes(good.replace(b"argon2id 65536", b"argon2id 65537"))
    assert "vault file is damaged" in refusal(lab.client("alice"))
    vault.unlink()
    assert "vault" in refusal(lab.client("alice"))
    assert not vault.exists()
    vault.write_bytes(good)
    assert lab.client("alice").start().quit() == 0


@pytest.fixture
def small_disk(lab):
    """alice's profile on a disk of 3 MB."""
    client = lab.client("alice")
    profile = client.dir / "profile"
    profile.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", profile], check=True)
    yield client
    client.kill()
    subprocess.run(["umount", "-l", profile], check=True)


def fill(client):
    with open(client.dir / "profile" / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 1024)
        except OSError:
            pass


# M03
@needs_root
def test_a_full_disk_loses_nothing_and_recovers(lab, small_disk):
    server = lab.server("a.test", without=["mam"], modules=["stanza_debug"])
    server.add_user("alice")
    server.add_user("bob")
    server.set_roster("alice", {"bob@a.test": "both"})
    server.set_roster("bob", {"alice@a.test": "both"})
    alice = small_disk.start()
    alice.login("alice@a.test", server)
    bob = Raw(server, "bob")
    bob.send(text("alice@a.test", "before"))
    alice.wait("message", body="before")
    fill(alice)
    wanted = [f"full-{n}" for n in range(150)]
    for body in wanted:
        bob.send(text("alice@a.test", body + "-" + "x" * 3000))
    alice.wait("alert", where=lambda e: e["code"] in ("store-failed", "not-kept"))
    # What a person types meanwhile is refused in words, or waits; the program lives.
    alice.run("/msg bob@a.test typed while full", ok=None)
    assert alice.run("/version")
    (small_disk.dir / "profile" / "filler").unlink()
    bob.send(text("alice@a.test", "after"))
    wait_until(lambda: alice.seen("message", body="after"), "the message after")
    wait_until(lambda: {e["body"].rsplit("-", 1)[0] for e in alice.seen("message") if e.get("body", "").startswith("full-")} == set(wanted),
               "all of them")
    assert alice.quit() == 0
    again = small_disk.start()
    kept = re.findall(r"full-\d+-", history(again, "bob@a.test"))
    assert sorted(kept) == sorted(body + "-" for body in wanted), "lost or doubled"
    again.quit()
    bob.close()


@needs_root
def test_a_read_only_disk_is_said(lab, small_disk):
    small_disk.start().quit()
    subprocess.run(["mount", "-o", "remount,ro", small_disk.dir / "profile"], check=True)
    sentence = refusal(small_disk)
    assert "ead-only" in sentence
    subprocess.run(["mount", "-o", "remount,rw", small_disk.dir / "profile"], check=True)
    assert small_disk.start().quit() == 0


# P27
def test_what_was_forgotten_is_gone_here_and_the_chat_stays_sealed(pair):
    alice, bob = pair
    alice.run("/msg bob@b.test MARKER-FORGET")
    bob.wait("message", body="MARKER-FORGET", direction="in")
    assert "MARKER-FORGET" in history(alice, "bob@b.test")
    alice.run("/forget bob@b.test")
    ask = alice.wait("ask", where=lambda e: e["text"].startswith("delete all"))
    alice.run(f"/answer-ask {ask['id']} yes")
    assert "MARKER-FORGET" not in history(alice, "bob@b.test")
    assert "MARKER-FORGET" not in alice.run("/search all MARKER", ok=None)
    alice.run("/msg bob@b.test still sealed")
    assert bob.wait("message", body="still sealed", direction="in")["seal"] != "none"
    alice.quit()
    again = alice.start()
    assert "MARKER-FORGET" not in history(again, "bob@b.test")


# P27
def test_history_none_keeps_nothing_after_the_end(pair):
    alice, bob = pair
    alice.run("/set history.keep none")
    alice.run("/save", ok=None)
    alice.run("/msg bob@b.test MARKER-NONE")
    bob.wait("message", body="MARKER-NONE", direction="in")
    alice.quit()
    again = alice.start()
    assert "MARKER-NONE" not in history(again, "bob@b.test")
