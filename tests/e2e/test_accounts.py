# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts: several at once, removed while online, wrong passwords, sessions that go on or end."""

import re

from lab import wait_until
from raw import Raw
from terminal import Terminal


def online(client, jid, account=None):
    where = lambda e: e["presence"] == "online" and e["subscription"] == "both"
    return client.wait("roster", where, jid=jid, **({"account": account} if account else {}))


def test_a_killed_client_takes_up_its_session_and_sees_who_is_there(pair):
    alice, bob = pair
    online(alice, "bob@b.test")
    alice.kill()
    alice.start()
    assert alice.wait("connection", account="alice@a.test", state="online")["resumed"] is True
    online(alice, "bob@b.test")
    alice.run("/status dnd")
    bob.wait("roster", jid="alice@a.test", presence="dnd")


def test_who_quits_is_offline(pair):
    alice, bob = pair
    online(bob, "alice@a.test")
    assert alice.quit() == 0
    bob.wait("roster", jid="alice@a.test", presence="offline")


def test_two_accounts_at_once(lab, federation):
    a, b = federation
    both = lab.client("both").start()
    both.login("alice@a.test", a)
    both.login("bob@b.test", b)
    online(both, "bob@b.test", "alice@a.test")
    online(both, "alice@a.test", "bob@b.test")
    listing = both.run("/account list")
    assert "alice@a.test: online" in listing and "bob@b.test: online" in listing
    both.run("/disconnect alice@a.test")
    both.wait("connection", account="alice@a.test", state="offline")
    both.wait("roster", account="bob@b.test", jid="alice@a.test", presence="offline")
    assert "alice@a.test: offline" in both.run("/account list")
    assert both.quit() == 0
    both.start()
    both.wait("connection", account="alice@a.test", state="online")
    both.wait("connection", account="bob@b.test", state="online")


def test_an_account_can_be_removed_while_it_is_online(pair, federation):
    alice, bob = pair
    online(bob, "alice@a.test")
    alice.send("/msg bob@b.test an open conversation")
    alice.run("/account remove alice@a.test")
    alice.run("what becomes of this text", ok=None)
    alice.run("/info bob", ok=False)
    bob.wait("roster", jid="alice@a.test", presence="offline")
    assert "no account yet" in alice.run("/account list")
    alice.run("/who")
    assert "no account" in alice.run("/connect", ok=False)
    alice.login("alice@a.test", federation[0])
    online(bob, "alice@a.test")
    online(alice, "bob@b.test")


def test_a_wrong_password_is_said_and_not_tried_for_ever(lab, server):
    server.add_user("alice")
    alice = lab.client("alice").start()
    alice.login("alice@a.test", server, password="wrong", online=False)
    failed = alice.wait("connection", state="failed")
    assert "password" in failed["reason"]
    assert "failed" in alice.run("/account list")
    (alice.dir / "password.alice@a.test").write_text("pw-alice")
    alice.run("/connect")
    alice.wait("connection", state="online")


def test_options_that_make_no_sense_are_refused(lab, server):
    alice = lab.client("alice").start()
    for line in ("/account add alice", "/account add alice@a.test port 99999", "/account add alice@a.test nonsense 1",
                 "/account add alice@a.test port", "/account add @a.test", "/account add alice@a.test/x"):
        assert alice.run(line, ok=False)
    assert "no account yet" in alice.run("/account list")
    alice.run("/account add alice@a.test")
    assert "there already" in alice.run("/account add Alice@A.test", ok=False)
    alice.run('/account set alice@a.test password_command "/bin/cat /dev/null"')
    alice.run("/account set alice@a.test proxy socks5://me:secret@127.0.0.1:9050")
    listing = alice.run("/account list alice@a.test")
    assert "/bin/cat /dev/null" in listing and "secret" not in listing


def test_presence_is_right_again_after_the_server_was_away(lab, server):
    server.add_user("alice")
    server.add_user("bob")
    server.set_roster("alice", {"bob@a.test": "both"})
    server.set_roster("bob", {"alice@a.test": "both"})
    alice = lab.client("alice").start()
    alice.login("alice@a.test", server)
    bob = Raw(server, "bob")
    online(alice, "bob@a.test")
    alice.forget()
    server.stop()
    alice.wait("connection", lambda e: e["state"] != "online")
    assert "bob@a.test: offline" in alice.run("/roster").replace("Bob <bob@a.test>", "bob@a.test")
    bob.close()
    server.start()
    alice.wait("connection", state="online")
    assert "bob@a.test>: offline" in alice.run("/roster")
    Raw(server, "bob")
    online(alice, "bob@a.test")


def test_the_server_is_told_when_nobody_looks(lab, server):
    server.add_user("alice")
    alice = lab.client("alice").start()
    alice.login("alice@a.test", server)
    assert alice.quit() == 0
    screen = Terminal([str(lab.sotto), "--config-dir", str(alice.dir / "profile")], alice.env)
    # Prosody's log writes attributes in any order.
    told = lambda word: re.search(rf"<{word} [^>]*urn:xmpp:csi:0", server.log.read_text(errors="replace"))
    try:
        screen.wait("assphrase").line("correct horse").wait("alice@a.test is online")
        assert not told("inactive")
        screen.keys("\x1b[O")
        wait_until(lambda: screen.read() is not None and told("inactive"), "inactive")
        screen.keys("\x1b[I")
        wait_until(lambda: screen.read() is not None and told("active"), "active")
    finally:
        screen.close()


def test_a_message_to_a_server_that_is_not_there_says_so_and_goes_again(lab, server):
    server.add_user("alice")
    alice = lab.client("alice").start()
    alice.login("alice@a.test", server)
    peer = "nobody@nowhere.invalid"
    alice.send(f"/msg {peer} hello")
    waits = alice.wait("message-state", state="pending")
    assert "nowhere.invalid" in waits["reason"], waits
    alice.send(f"/encrypt off {peer}")
    alice.wait("ask", conversation=peer)
    alice.run("/yes")
    alice.wait("message-state", state="failed")
    alice.send(f"/msg {peer} readable")
    failed = alice.wait("message-state", state="failed")
    assert "nowhere.invalid" in failed["reason"] and "/resend" in failed["reason"], failed
    alice.run(f"/resend {failed['id']}")
    assert "was sent again" not in failed["reason"] and "sent again" in alice.wait("message-state", state="failed")["reason"]
    again = alice.wait("message-state", state="failed")
    assert again["id"] != failed["id"], again
    assert "not sent again yet" in alice.run(f"/resend {failed['id']}", ok=False)
