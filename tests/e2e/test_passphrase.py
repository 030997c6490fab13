# SPDX-License-Identifier: GPL-3.0-or-later
"""The passphrase of the store: another one, who may ask for it at all, and the question how long messages are kept."""

import os
import signal
import subprocess
import time

from lab import PATIENCE
from test_terminal import PASSPHRASE, terminal, unlock  # noqa: F401


def vault(lab, name="alice"):
    return lab.dir / "profiles" / name / "profile" / "data" / "vault"


def opens(lab, passphrase):
    client = lab.client("alice", passphrase=passphrase)
    client.start(ready=False)
    ready = client.wait(None, where=lambda e: e["event"] in ("ready", "error"))["event"] == "ready"
    if ready:
        client.quit()
    else:
        assert client.join() == 1
    return ready


def change(one, old, new, again=None):
    one.line("/passphrase").wait("as it is now").line(old)
    one.wait("new passphrase:").line(new)
    one.wait("once more").line(again or new)


def test_another_passphrase_opens_the_store_and_the_old_one_does_not(lab, terminal):  # noqa: F811
    one = unlock(terminal())
    before = vault(lab).read_bytes()
    one.line("/passphrase").wait("as it is now").line("not this one")
    one.wait("passphrase is wrong")
    one.line("/passphrase").wait("as it is now").line(PASSPHRASE).wait("new passphrase:").line("seven 7")
    one.wait("too short")
    change(one, PASSPHRASE, "new horse", "new hearse")
    one.wait("the second was not the")
    one.line("/passphrase").wait("as it is now").keys("\x03")
    one.wait("you gave up")
    assert vault(lab).read_bytes() == before
    change(one, PASSPHRASE, "new horse")
    one.wait("has a new passphrase")
    assert b"new horse" not in one.raw and b"correct" not in one.raw, "a passphrase was shown"
    one.line("/quit")
    assert one.end() == 0
    assert opens(lab, "new horse") and not opens(lab, PASSPHRASE)


# M01
def test_killed_while_the_passphrase_changes_the_old_or_the_new_one_opens(lab, terminal):  # noqa: F811
    now = PASSPHRASE
    unlock(terminal()).line("/quit").end()
    for n, delay in enumerate((0.0, 0.03, 0.08, 0.12, 0.2)):
        one = unlock(terminal(), new=False)
        change(one, now, f"another horse {n}")
        time.sleep(delay)
        os.kill(one.pid, signal.SIGKILL)
        one.end()
        if opens(lab, f"another horse {n}"):
            now = f"another horse {n}"
        else:
            assert opens(lab, now)


def test_without_a_terminal_the_passphrase_is_not_changed(lab):
    client = lab.client("alice").start()
    assert "in a terminal" in client.run("/passphrase", ok=False)
    assert "in a terminal" in client.run("/passphrase keyring on", ok=False)
    assert "keyring" in client.run("/passphrase keyring off", ok=False)
    client.quit()


def test_a_second_process_is_refused_before_anything_is_typed(lab, terminal):  # noqa: F811
    first = unlock(terminal())
    second = terminal()
    assert second.end() == 1
    assert f"in use by another sotto (process {first.pid})" in second.raw.decode().replace("\r\n", " ")
    assert "assphrase" not in second.text()
    first.line("/lock").wait("are locked")
    third = terminal()
    assert third.end() == 1 and b"in use" in third.raw, "the unlock screen does not hold the profile"
    # Headless it is said before the passphrase comes at all.
    read, write = os.pipe()
    headless = subprocess.run([lab.sotto, "--headless", "--config-dir", vault(lab).parent.parent, "--passphrase-fd", str(read)],
                              pass_fds=(read,), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    os.close(read), os.close(write)
    assert headless.returncode == 1 and b"in use" in headless.stdout
    unlock(first, new=False).line("/quit")
    assert first.end() == 0


def settings(lab):
    path = vault(lab).parent.parent / "sotto.conf"
    return path.read_text() if path.exists() else ""


def add(one, lab, server):
    one.line(f"/account add alice@a.test host 127.0.0.1 port {server.port} tls starttls ca_file {lab.ca.cert}")
    one.wait("is added").line("/connect").wait("Password of alice@a.test")


def come_online(one, lab, server):
    """The first login: the welcome alone is on the screen until then."""
    one.wait("Welcome")
    assert "How long" not in one.text() and "?" not in one.row(22), one.text()
    add(one, lab, server)
    one.line("pw-alice").wait("Keep the password").wait("How long shall messages be kept")
    one.line("/yes").wait("answered: Keep the password")


def test_the_first_login_asks_how_long_messages_are_kept(lab, terminal, federation):  # noqa: F811
    one = unlock(terminal())
    come_online(one, lab, federation[0])
    one.wait("/choose 90-days").wait(r"Enter alone[\s│]+says[\s│]+90-days").keys("\r").wait(r"answered: How long[\s\S]*-[\s│]+90-days")
    assert "history.keep = 90-days" in settings(lab)
    one.line("/quit").end()
    two = unlock(terminal(), new=False)
    two.line("/set history.keep").wait("history.keep = 90-days")
    assert "How long shall" not in two.text()
    two.line("/quit").end()


def test_another_answer_than_the_offered_one(lab, terminal, federation):  # noqa: F811
    one = unlock(terminal())
    come_online(one, lab, federation[0])
    one.line("/choose none").wait(r"answered: How long[\s\S]*-[\s│]+none")
    assert "history.keep = none" in settings(lab)



def test_a_refused_password_is_asked_for_again_at_once(lab, server, terminal):  # noqa: F811
    server.add_user("alice")
    one = unlock(terminal(cols=120))
    add(one, lab, server)
    one.line("mistyped").wait("refused that password").line("pw-alice").wait("alice@a.test is online")
    # Changed on the server, and kept here: asked again without /connect, also after an unlock.
    one.wait("Keep the password").line("/yes").wait("answered: .*- yes")
    one.line("/lock").wait("are locked")
    server.stop()
    server.add_user("alice", "changed")
    server.start()
    unlock(one, new=False).wait("refused that password").line("changed").wait("alice@a.test is online")
    one.line("/quit")
    assert one.end() == 0


def test_an_account_is_online_again_after_lock_and_restart(lab, server, terminal):  # noqa: F811
    server.add_user("alice")
    one = unlock(terminal(cols=120))
    add(one, lab, server)
    one.line("pw-alice").wait("Keep the password").line("/yes").wait("answered: .*- yes")
    one.line("/lock").wait("are locked")
    unlock(one, new=False).wait("alice@a.test is online")
    one.line("/quit").end()
    two = unlock(terminal(cols=120), new=False).wait("alice@a.test is online")
    two.line("/quit").end()
    # Without a kept password it is asked for, not forgotten.
    three = unlock(terminal("bob", cols=120))
    add(three, lab, server)
    three.line("pw-alice").wait("Keep the password").line("/no")
    three.line("/lock").wait("are locked")
    unlock(three, new=False).wait("Password of alice@a.test")


def test_a_refused_password_is_an_error_in_words_without_a_terminal(lab, server):
    server.add_user("alice")
    client = lab.client("alice").start()
    client.run(f"/account add alice@a.test host 127.0.0.1 port {server.port} tls starttls ca_file {lab.ca.cert}")
    client.run("/connect", ok=None)
    alert = client.wait("alert", code="password-needed")
    assert "password_command" in alert["text"] and alert["account"] == "alice@a.test"
    client.login("bob@a.test", server, password="wrong", online=False)
    failed = client.wait("connection", account="bob@a.test", state="failed")
    assert "password is wrong" in failed["reason"]
    client.quit()


def test_without_a_terminal_it_says_where_it_can_be_changed(lab):
    client = lab.client("alice").start()
    before = vault(lab).read_bytes()
    client.run("/passphrase", ok=None)
    assert any("start sotto in a terminal and use /passphrase there" in e["text"] for e in client.seen("error"))
    client.quit()
    assert vault(lab).read_bytes() == before
