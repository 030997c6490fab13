# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands, settings and plugins in the real program: what is kept, what never leaves, what is refused."""

import os
import pathlib
import shutil
import stat

import pytest

MARKER = "canary-4410ce"


@pytest.mark.san
def test_settings_are_kept_with_the_comments_of_their_file(lab):
    client = lab.client("carol")
    conf = client.dir / "profile" / "sotto.conf"
    conf.parent.mkdir(mode=0o700)
    conf.write_text("# mine\nchat.receipts = off\nfuture.thing = yes\n")
    conf.chmod(0o600)
    client.start()
    assert "chat.receipts = off" in client.run("/set chat.receipts")
    client.run("/set chat.markers off")
    client.run('/alias bye "/quit"')
    assert "chat.markers = off" in client.run("/changes")
    client.run("/save")
    assert client.run("/changes") == "every setting is as the file has it"
    assert client.quit() == 0
    assert conf.read_text() == '# mine\nchat.receipts = off\nfuture.thing = yes\nalias.bye = "\\"/quit\\""\nchat.markers = off\n'
    client.start()
    assert "chat.markers = off" in client.run("/set chat.markers")
    assert client.quit() == 0


def test_a_bad_line_of_the_settings_is_named_and_the_rest_holds(lab):
    client = lab.client("carol")
    conf = client.dir / "profile" / "sotto.conf"
    conf.parent.mkdir(mode=0o700)
    conf.write_text("chat.receipts = off\nwhat is this\nchat.markers = off\n")
    conf.chmod(0o600)
    client.start()
    assert "line 2" in client.wait("alert", code="settings", fresh=False)["text"]
    assert "chat.markers = off" in client.run("/set chat.markers")
    client.quit()


@pytest.mark.san
def test_what_is_no_command_never_leaves(pair, federation):
    """A slip of the fingers must not be read by the peer."""
    alice, bob = pair
    alice.run(f"/msg bob@b.test {MARKER} first")
    bob.wait("message", direction="in", body=f"{MARKER} first")
    for slip in (f"/nonsense {MARKER}-slip", f" /msg bob@b.test {MARKER}-slip", f"/ {MARKER}-slip", f"/say", f'/set "{MARKER}-slip'):
        alice.run(slip, ok=False)
    alice.run(f"//{MARKER} second")
    bob.wait("message", direction="in", body=f"/{MARKER} second")
    assert not bob.seen("message", where=lambda e: f"{MARKER}-slip" in (e.get("body") or ""))
    assert [e["body"] for e in bob.seen("message", direction="in")] == [f"{MARKER} first", f"/{MARKER} second"]


def test_a_profile_is_private_and_its_log_knows_no_secret(lab, federation):
    """K01, K03: modes under umask 0, and a log at debug level after login, password and sealed chat."""
    a, b = federation
    before = os.umask(0)
    try:
        alice, bob = lab.client("alice").start(), lab.client("bob").start()
    finally:
        os.umask(before)
    alice.run("/set log.level debug")
    alice.login("alice@a.test", a, password=None)
    bob.login("bob@b.test", b)
    alice.run(f"/msg bob@b.test {MARKER} sealed")
    bob.wait("message", direction="in", body=f"{MARKER} sealed")
    cmdline = pathlib.Path(f"/proc/{alice.process.pid}/cmdline").read_bytes()
    assert alice.quit() == 0 and bob.quit() == 0
    profile = alice.dir / "profile"
    for path in [profile, *profile.rglob("*")]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path} has {mode:o}"
    log = (profile / "cache" / "sotto.log").read_bytes()
    assert log.count(b"\n") > 3
    for path in profile.rglob("*"):
        if path.is_file():
            for secret in (b"pw-alice", b"correct horse", MARKER.encode()):
                assert secret not in path.read_bytes(), f"{secret} in {path}"
    assert b"correct horse" not in cmdline and b"pw-alice" not in cmdline


@pytest.mark.san
def test_a_plugin_that_others_may_write_is_refused(lab):
    """L05"""
    client = lab.client("carol").start()
    folder = client.dir / "mine"
    folder.mkdir(mode=0o755)
    path = folder / "hello.so"
    shutil.copy(lab.build / "plugins" / "hello.so", path)
    path.chmod(0o666)
    assert "others may write" in client.run(f"/plugin load {path}", ok=False)
    path.chmod(0o644)
    folder.chmod(0o777)
    assert "others may write" in client.run(f"/plugin load {path}", ok=False)
    folder.chmod(0o755)
    assert "Says hello" in client.run(f"/plugin show {path}")
    client.run(f"/plugin load {path}")
    assert client.run("/hello Ada") == "Hello, Ada!"
    client.run("/plugin unload hello")
    client.run("/hello Ada", ok=False)
    client.quit()


def test_plugins_that_seal_and_verify_are_there_by_themselves(lab):
    client = lab.client("carol").start()
    listed = client.run("/plugin")
    assert "omemo (loaded)" in listed and "verify (loaded)" in listed and "echo (loaded)" not in listed
    shown = client.run("/plugin omemo")
    for what in ("seals and opens messages:", "commands:", "tables in the store:", "takes stanzas:", "announces:"):
        assert what in shown
    client.quit()


@pytest.mark.san
def test_everything_has_help(lab):
    client = lab.client("carol").start()
    for line in client.run("/help all").splitlines():
        name = line.split("  ")[0].split(" ...")[0].strip()
        assert client.run(f"/help {name}").startswith(name.split(" ")[0])
    for line in client.run("/set").splitlines():
        name = line.split(" = ")[0]
        assert name in client.run(f"/help {name}")
    client.quit()
