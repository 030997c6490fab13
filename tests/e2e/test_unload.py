# SPDX-License-Identifier: GPL-3.0-or-later
"""Unloading and loading the plugin that seals, in a running chat: messages wait, sealed stays sealed, nothing is lost."""

MARKER = "canary-77aa01"


def say(client, peer, text):
    client.run(f"/msg {peer} {text}")
    return client.wait("message", direction="out", body=text)


def test_messages_wait_while_the_plugin_is_away_and_nothing_is_lost(pair, federation):
    alice, bob = pair
    say(alice, "bob@b.test", f"{MARKER} before")
    bob.wait("message", direction="in", body=f"{MARKER} before")
    say(bob, "alice@a.test", f"{MARKER} answer")
    alice.wait("message", direction="in", body=f"{MARKER} answer")
    asked = len(alice.seen("ask"))
    for turn in range(2):
        alice.run("/plugin unload omemo")
        waiting = say(alice, "bob@b.test", f"{MARKER} waits {turn}")
        alice.wait("message-state", where=lambda e: e["id"] == waiting["id"] and e["state"] == "pending" and e.get("reason"))
        say(bob, "alice@a.test", f"{MARKER} into the gap {turn}")
        alice.run("/version", ok=None)
        assert not bob.seen("message", body=f"{MARKER} waits {turn}")
        assert len(alice.seen("ask")) == asked
        alice.run("/plugin load omemo")
        got = bob.wait("message", direction="in", body=f"{MARKER} waits {turn}")
        assert got["seal"] == "omemo"
        late = alice.wait("message", direction="in", body=f"{MARKER} into the gap {turn}")
        assert late["seal"] == "omemo"
        say(alice, "bob@b.test", f"{MARKER} after {turn}")
        bob.wait("message", direction="in", body=f"{MARKER} after {turn}")
    assert alice.quit() == 0 and bob.quit() == 0
    for server in federation:
        server.stop()
        assert not server.files_with(MARKER)


def test_a_sealed_chat_stays_sealed_without_the_plugin_across_a_restart(pair, federation):
    alice, bob = pair
    say(alice, "bob@b.test", f"{MARKER} sealed")
    bob.wait("message", direction="in", body=f"{MARKER} sealed")
    alice.run("/plugin unload omemo")
    alice.run("/set plugin.load * -omemo")
    alice.run("/save")
    alice.quit()
    alice.start()
    alice.run("/connect alice@a.test", ok=None)
    waiting = say(alice, "bob@b.test", f"{MARKER} waits")
    alice.wait("message-state", where=lambda e: e["id"] == waiting["id"] and e["state"] == "pending" and e.get("reason"))
    alice.run("/plugin load omemo")
    assert bob.wait("message", direction="in", body=f"{MARKER} waits")["seal"] == "omemo"
    for server in federation:
        assert not server.files_with(MARKER)
