# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies where a file of the profile should be (K07, M05): no hang, one sentence, nothing followed, nothing replaced in silence."""

import os
import socket
import time

import pytest


def fifo(path):
    os.mkfifo(path, 0o600)


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def endless(path):
    path.symlink_to("/dev/zero")


def circle(path):
    path.symlink_to(path.name)


def huge(path):
    with open(path, "wb") as file:
        file.truncate(8 << 30)
    path.chmod(0o600)


FILES = ["data/vault", "data/sotto.db", "data/sotto.db-wal", "data/sotto.db.lock"]
# A lock of any content is one.
CASES = [(name, make) for name in FILES for make in (fifo, unix_socket, endless, circle, huge) if (name, make) != ("data/sotto.db.lock", huge)]


@pytest.fixture
def profile(lab, server):
    """A profile that was in use, and what is in it."""
    server.add_user("alice")
    client = lab.client("alice").start()
    client.login("alice@a.test", server)
    assert client.quit() == 0
    return client


def test_a_store_that_is_something_else(profile):
    folder = profile.dir / "profile"
    for name, make in CASES:
        path, aside = folder / name, folder / (name + ".aside")
        if path.exists():
            path.rename(aside)
        make(path)
        began = time.monotonic()
        profile.start(ready=False)
        if name.endswith("-wal") and make is huge:
            # A log of holes is none: the store opens without it.
            profile.wait("ready", timeout=15)
            assert profile.quit() == 0
        else:
            wrong = profile.wait("error", timeout=15)
            assert profile.join() == 1 and "\n" not in wrong["text"], wrong
            assert name.split("/")[1] in wrong["text"] or "vault" in wrong["text"], wrong
        assert time.monotonic() - began < 10, (name, make.__name__)
        path.unlink(missing_ok=True)
        for copy in folder.glob("data/*.broken-*"):
            assert copy.stat().st_blocks * 512 < 64 << 20, copy
            copy.unlink()
        if aside.exists():
            aside.rename(path)
    profile.start()
    assert "alice@a.test" in profile.run("/account list")
    assert profile.quit() == 0


def test_a_store_that_is_gone_is_not_replaced_in_silence(profile):  # M05
    store = profile.dir / "profile" / "data" / "sotto.db"
    store.rename(store.with_suffix(".aside"))
    profile.start()
    told = profile.wait("alert", code="store-missing")
    assert str(store) in told["text"] and "backup" in told["text"], told
    assert profile.quit() == 0
    profile.start()
    profile.run("/account list")
    assert not profile.seen("alert"), "said once: from now on it is the store"
    assert profile.quit() == 0
    store.with_suffix(".aside").rename(store)
    profile.start()
    assert "alice@a.test" in profile.run("/account list")
    assert profile.quit() == 0


def test_a_first_start_has_no_store_to_miss(lab):
    client = lab.client("fresh").start()
    client.run("/account list")
    assert not client.seen("alert")
    assert client.quit() == 0
