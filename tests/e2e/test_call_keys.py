# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers in between can do to the keys of a call, and what two people can do about it."""

import pytest

from test_calls import heard, state, talk_ready

EVIL = ":".join(["EE"] * 32)
CLEAR = f"""
edit(..., "fingerprint", function(tag)
	return st.stanza("fingerprint", {{ xmlns = "urn:xmpp:jingle:apps:dtls:0", hash = "sha-256", setup = tag.attr.setup }}):text("{EVIL}")
end)"""
WITHOUT_SECRET = 'edit(..., "media-secret", function() return nil end)'
WITHOUT_DEVICE = 'edit(..., "proceed", function(tag) tag:maptags(function(t) if t.name == "device" then return nil end return t end) return tag end)'


@pytest.fixture
def servers(lab):
    a, b = lab.federation("a.test", "b.test", modules=["stanza_debug", "between"])
    a.add_user("alice")
    b.add_user("bob")
    a.set_roster("alice", {"bob@b.test": "both"})
    b.set_roster("bob", {"alice@a.test": "both"})
    return a, b


@pytest.fixture
def callers(lab, servers):
    alice, bob = lab.client("alice").start(), lab.client("bob").start()
    alice.login("alice@a.test", servers[0])
    bob.login("bob@b.test", servers[1])
    alice.wait("roster", jid="bob@b.test")
    bob.wait("roster", jid="alice@a.test")
    talk_ready(alice, bob)
    return alice, bob


def change(server, code):
    path = server.dir / "data" / "between.lua"
    path.unlink(missing_ok=True)
    if code:
        path.write_text(code)


def acquaint(alice, bob):
    alice.run("/msg bob@b.test hello")
    bob.wait("message", body="hello", seal="omemo")
    bob.run("/msg alice@a.test hello")
    alice.wait("message", body="hello", direction="in", seal="omemo")


def call(alice, bob):
    alice.forget()
    bob.forget()
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    bob.run("/answer")


def hang_up(alice, bob):
    alice.run("/hangup")
    state(alice, "ended")
    state(bob, "ended")


def heard_nothing(client):
    last = client.seen("call")[-1]["id"]
    return not client.seen("call-stats", id=last)


def words_of(client, peer):
    number = client.seen("call")[-1]["id"]
    client.wait("call", where=lambda e: e["id"] == number and "words" in e, fresh=False)
    client.run(f"/verify {peer}")
    line = client.wait("output", where=lambda e: "the words of this call" in e["text"])["text"]
    return line.split(": ", 1)[1].split()


@pytest.mark.san
def test_four_words_verify_the_device_of_a_call(callers):
    alice, bob = callers
    call(alice, bob)
    for client in callers:
        active = state(client, "active")
        assert active["keys"] == "dtls+ratchet" and active["trust"] == "trusted"
    heard(alice, 10)
    words = words_of(alice, "bob@b.test")
    assert len(words) == 4
    assert words == words_of(bob, "alice@a.test")
    alice.run("/verify bob@b.test yes")
    bob.run("/verify alice@a.test yes")
    alice.wait("trust", peer="bob@b.test", trust="verified")
    state(alice, "active", trust="verified")
    hang_up(alice, bob)
    # Another call, other words; and it is verified from its beginning.
    for client in callers:
        client.run("/set call.trust verified")
    call(alice, bob)
    for client in callers:
        assert state(client, "active")["trust"] == "verified"
    heard(alice, 10)
    assert words != words_of(alice, "bob@b.test")
    # Other words were heard: that is the end.
    alice.run("/verify bob@b.test no")
    assert "you refused the key" in state(alice, "ended")["reason"]
    state(bob, "ended")


@pytest.mark.san
def test_e09_fingerprints_are_replaced_on_both_legs(servers, callers):
    """E09: refused, because the peer has keys; nobody hears anybody."""
    alice, bob = callers
    acquaint(alice, bob)
    for server in servers:
        change(server, CLEAR + "\n" + WITHOUT_SECRET)
    call(alice, bob)
    asked = bob.wait("ask", where=lambda e: "none of them seals this call" in e["text"])
    bob.run(f"/answer-ask {asked['id']} {asked['choices'][0]}")
    assert state(bob, "ended")["reason_code"] == "security-error"
    assert state(alice, "ended")["reason"]
    assert heard_nothing(alice) and heard_nothing(bob)
    # Only the answer.
    change(servers[0], None)
    call(alice, bob)
    ended = state(alice, "ended")
    assert ended["reason_code"] == "security-error" and "without the seal" in ended["reason"]
    state(bob, "ended")
    assert heard_nothing(alice)
    # And nothing of it is left.
    change(servers[1], None)
    call(alice, bob)
    assert state(alice, "active")["keys"] == "dtls+ratchet"
    heard(bob, 10)
    hang_up(alice, bob)


def test_e09_the_device_is_taken_out_of_the_answer(servers, callers):
    """E09: who has keys is not called without them unless a person says so."""
    alice, bob = callers
    acquaint(alice, bob)
    change(servers[1], WITHOUT_DEVICE)
    call(alice, bob)
    asked = alice.wait("ask", where=lambda e: "none of them seals this call" in e["text"])
    alice.run(f"/answer-ask {asked['id']} {asked['choices'][0]}")
    state(alice, "ended")
    state(bob, "ended")
    # After one call that was sealed it is not even asked.
    change(servers[1], None)
    call(alice, bob)
    state(alice, "active")
    hang_up(alice, bob)
    change(servers[1], WITHOUT_DEVICE)
    call(alice, bob)
    ended = state(alice, "ended")
    assert "sealed calls before" in ended["reason"]


def test_a_secret_that_is_taken_away_is_shown_and_later_refused(servers, callers):
    alice, bob = callers
    acquaint(alice, bob)
    change(servers[0], WITHOUT_SECRET)
    call(alice, bob)
    for client in callers:
        assert state(client, "active")["keys"] == "dtls+sealed"
    heard(alice, 10)
    hang_up(alice, bob)
    change(servers[0], None)
    call(alice, bob)
    for client in callers:
        assert state(client, "active")["keys"] == "dtls+ratchet"
    hang_up(alice, bob)
    # Once mixed, never without, from either side.
    change(servers[0], WITHOUT_SECRET)
    call(alice, bob)
    asked = bob.wait("ask", where=lambda e: "mixed its keys into calls before" in e["text"])
    assert heard_nothing(alice) and heard_nothing(bob)
    bob.run(f"/answer-ask {asked['id']} {asked['choices'][0]}")
    state(bob, "ended")
    state(alice, "ended")
    # A person may take it all the same, and sees what it is then.
    call(alice, bob)
    asked = bob.wait("ask", where=lambda e: "mixed its keys into calls before" in e["text"])
    bob.run(f"/answer-ask {asked['id']} {asked['choices'][1]}")
    asked = alice.wait("ask", where=lambda e: "mixed its keys into calls before" in e["text"])
    assert heard_nothing(alice)
    alice.run(f"/answer-ask {asked['id']} {asked['choices'][1]}")
    for client in callers:
        assert state(client, "active")["keys"] == "dtls+sealed"
    hang_up(alice, bob)
    change(servers[0], None)
    change(servers[1], WITHOUT_SECRET)
    call(alice, bob)
    asked = alice.wait("ask", where=lambda e: "mixed its keys into calls before" in e["text"])
    alice.run(f"/answer-ask {asked['id']} {asked['choices'][0]}")
    assert state(alice, "ended")["reason_code"] == "security-error"
    assert heard_nothing(alice)


def test_call_trust_decides_before_anything_is_sealed(servers, callers):
    alice, bob = callers
    acquaint(alice, bob)
    alice.run("/set call.trust verified")
    call(alice, bob)
    ended = state(alice, "ended")
    assert "is not verified, and call.trust is verified" in ended["reason"]
    state(bob, "ended")
    assert not any("session-initiate" in stanza for stanza in servers[0].wire())
    # The other way round: who is called refuses.
    alice.run("/set call.trust any")
    bob.run("/set call.trust verified")
    call(alice, bob)
    assert "is not verified" in state(bob, "ended")["reason"]
    assert state(alice, "ended")["reason"]


def test_without_keys_a_call_says_that_nobody_checked(lab, servers, callers):
    """E09: neither has keys: it is shown."""
    alice, bob = callers
    for client in callers:
        client.run("/plugin unload omemo")
    call(alice, bob)
    for client in callers:
        active = state(client, "active")
        assert active["keys"] == "dtls" and active["trust"] == "none"
    heard(bob, 10)
    hang_up(alice, bob)
    for client in callers:
        client.run("/set call.trust trusted")
    call(alice, bob)
    assert "no device of bob@b.test seals this call" in state(alice, "ended")["reason"]
