# SPDX-License-Identifier: GPL-3.0-or-later
"""One-to-one chat over two servers: readable with consent, sealed by itself, states, corrections, devices, archive."""

import re

import pytest

MARKER = "canary-5f1c7e"


def say(client, peer, text, **where):
    client.run(f"/msg {peer} {text}")
    return client.wait("message", direction="out", body=text, **where)


def state_of(client, message, *states):
    return client.wait("message-state", where=lambda e: e["state"] in states, id=message["id"])


@pytest.fixture
def strangers(lab, federation):
    """alice is online, bob has an account but no keys."""
    a, b = federation
    alice = lab.client("alice").start()
    alice.login("alice@a.test", a)
    return alice


def test_the_first_readable_message_waits_for_a_yes(strangers, federation, lab):
    alice = strangers
    alice.send("/msg bob@b.test hello in the open")
    question = alice.wait("ask")
    assert "bob@b.test" in question["text"] and question["conversation"] == "bob@b.test" and len(question["choices"]) >= 2
    assert not federation[1].files_with("hello in the open")
    yes = [c for c in question["choices"] if c != question["choices"][0]][0]
    alice.run(f"/answer-ask {question['id']} {yes}")
    message = alice.wait("message", direction="out", body="hello in the open")
    state_of(alice, message, "sent")
    say(alice, "bob@b.test", "and no second question")
    assert not alice.seen("ask", where=lambda e: e["id"] != question["id"])
    bob = lab.client("bob").start()
    bob.login("bob@b.test", federation[1])
    got = bob.wait("message", direction="in", body="hello in the open")
    assert got["seal"] == "none" and got["from"] == "alice@a.test" and got["conversation"] == "alice@a.test"
    assert got["trust"] == "none"
    bob.wait("message", direction="in", body="and no second question")


def test_a_no_sends_nothing(strangers, federation):
    alice = strangers
    alice.send(f"/msg bob@b.test {MARKER}")
    question = alice.wait("ask")
    alice.run(f"/answer-ask {question['id']} {question['choices'][0]}")
    alice.wait("message-state", state="failed")
    assert not federation[0].files_with(MARKER) and not federation[1].files_with(MARKER)


@pytest.mark.san
def test_a_sealed_chat_leaves_no_trace_on_the_servers(pair, federation):  # O2
    alice, bob = pair
    sent = say(alice, "bob@b.test", f"{MARKER} there")
    assert sent.get("seal") in ("omemo", None) and state_of(alice, sent, "sent")["seal"] == "omemo"
    got = bob.wait("message", direction="in", body=f"{MARKER} there")
    assert got["seal"] == "omemo" and got["trust"] in ("trusted", "undecided") and got["origin"] == "live"
    say(bob, "alice@a.test", f"{MARKER} and back")
    assert alice.wait("message", direction="in", body=f"{MARKER} and back")["seal"] == "omemo"
    assert alice.quit() == 0 and bob.quit() == 0
    for server in federation:
        server.stop()
        assert not server.files_with(MARKER)
    for client in (alice, bob):
        for path in (client.dir / "profile").rglob("*"):
            if path.is_file():
                assert MARKER.encode() not in path.read_bytes(), path


def test_text_with_newlines_and_odd_characters_arrives_exactly(pair):
    alice, bob = pair
    for text in ("one\ntwo\n\nfour", "  leading and trailing  ", "<&>\"' ]]>", "e\u0301 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u202eabc", "/me waves", "x" * 20000):
        alice.run("/msg bob@b.test " + text)
        got = bob.wait("message", direction="in")
        assert got["body"].strip() == text.strip()


def test_receipts_and_markers_move_the_state(pair):
    alice, bob = pair
    bob.run("/set chat.markers_sealed on")
    message = say(alice, "bob@b.test", "did you get it")
    state_of(alice, message, "delivered")
    bob.run("/msg alice@a.test")
    state_of(alice, message, "read")


def test_a_correction_takes_the_place_of_the_message(pair):
    alice, bob = pair
    say(alice, "bob@b.test", "a tpyo")
    first = bob.wait("message", direction="in", body="a tpyo")
    alice.run("/correct a typo")
    second = bob.wait("message", direction="in", body="a typo")
    assert second.get("replaces") == first["id"] and second["seal"] == "omemo"


def test_a_message_to_somebody_offline_waits_and_arrives_once(lab, federation, pair):
    alice, bob = pair
    say(alice, "bob@b.test", "first")
    bob.wait("message", direction="in", body="first")
    bob.quit()
    for n in range(5):
        say(alice, "bob@b.test", f"while away {n}")
    bob.start()
    bob.run("/connect bob@b.test", ok=None)
    for n in range(5):
        bob.wait("message", direction="in", body=f"while away {n}")
    bob.run("/version")
    assert len(bob.seen("message", where=lambda e: "while away" in e.get("body", ""))) == 5


def test_what_is_typed_offline_leaves_at_the_next_login(pair):
    alice, bob = pair
    say(alice, "bob@b.test", "online")
    bob.wait("message", direction="in", body="online")
    alice.run("/disconnect alice@a.test")
    alice.wait("connection", state="offline")
    message = say(alice, "bob@b.test", "typed offline")
    assert not bob.seen("message", body="typed offline")
    alice.run("/connect alice@a.test", ok=None)
    got = bob.wait("message", direction="in", body="typed offline")
    assert got["seal"] == "omemo"
    state_of(alice, message, "sent", "delivered")


def test_a_second_device_sees_both_directions(lab, federation, pair):
    """Carbons (XEP-0280), sealed to our own other device too."""
    alice, bob = pair
    other = lab.client("alice-2").start()
    other.login("alice@a.test", federation[0])
    alice.wait("alert", code="new-device")
    answer = alice.seen("ask")
    for question in answer:
        alice.run(f"/answer-ask {question['id']} {question['choices'][-1]}", ok=None)
    say(alice, "bob@b.test", "to both of you")
    bob.wait("message", direction="in", body="to both of you")
    copy = other.wait("message", body="to both of you")
    assert copy["direction"] == "out" and copy["seal"] == "omemo" and copy["origin"] in ("carbon", "archive")
    say(bob, "alice@a.test", "hello devices")
    assert alice.wait("message", direction="in", body="hello devices")["seal"] == "omemo"
    assert other.wait("message", direction="in", body="hello devices")["seal"] == "omemo"


def test_a_killed_client_resumes_in_a_new_process(pair, federation):
    alice, bob = pair
    say(alice, "bob@b.test", "before")
    bob.wait("message", direction="in", body="before")
    bob.kill()
    message = say(alice, "bob@b.test", "into the gap")
    state_of(alice, message, "sent")
    bob.start()
    bob.run("/connect bob@b.test", ok=None)
    online = bob.wait("connection", state="online")
    got = bob.wait("message", direction="in", body="into the gap")
    assert got["seal"] == "omemo"
    assert online["resumed"] is True
    say(bob, "alice@a.test", "after")
    alice.wait("message", direction="in", body="after")


def test_chat_states_in_a_readable_chat_only(pair):
    alice, bob = pair
    say(alice, "bob@b.test", "sealed")
    bob.wait("message", direction="in", body="sealed")
    assert not bob.seen("chat-state", where=lambda e: e["state"] != "active")


def test_history_is_there_after_a_restart(pair):
    alice, bob = pair
    say(alice, "bob@b.test", f"{MARKER} remembered")
    bob.wait("message", direction="in", body=f"{MARKER} remembered")
    alice.quit()
    alice.start()
    assert MARKER in alice.run(f"/search {MARKER}")


def test_no_iv_and_no_ciphertext_is_seen_twice(pair, federation):
    alice, bob = pair
    for n in range(10):
        say(alice, "bob@b.test", f"number {n}")
    bob.wait("message", direction="in", body="number 9")
    ivs = re.findall(r"<iv[^>]*>([^<]+)</iv>", "\n".join(federation[0].wire()))
    assert len(ivs) >= 10 and len(ivs) == len(set(ivs))
