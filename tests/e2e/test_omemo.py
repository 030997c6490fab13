# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys on real servers: ghost devices, vanished lists, nodes that somebody broke, verification, and what a copied profile can open."""

import re
import time

import pytest
from lab import AT_ONCE, wait_until
from raw import Raw

NS = "eu.siacs.conversations.axolotl"
MARKER = "canary-d03d01"


def say(client, peer, text):
    client.run(f"/msg {peer} {text}")
    return client.wait("message", direction="out", body=text)


def hello(alice, bob):
    say(alice, "bob@b.test", "hello")
    bob.wait("message", direction="in", body="hello")
    say(bob, "alice@a.test", "hello back")
    alice.wait("message", direction="in", body="hello back")


def pubsub(raw, kind, inner, ns="http://jabber.org/protocol/pubsub"):
    number = f"q{time.monotonic_ns()}"
    raw.send(f"<iq type='{kind}' id='{number}'><pubsub xmlns='{ns}'>{inner}</pubsub></iq>")
    return raw.wait("iq", lambda s: s.get("id") == number)


def set_list(raw, devices, item="current"):
    inner = "".join(f"<device id='{d}'/>" for d in devices)
    return pubsub(raw, "set", f"<publish node='{NS}.devicelist'><item id='{item}'><list xmlns='{NS}'>{inner}</list></item></publish>")


def get_list(raw):
    answer = pubsub(raw, "get", f"<items node='{NS}.devicelist'/>")
    return {e.get("id") for e in answer.iter() if e.tag == f"{{{NS}}}device"}


def access(raw, node, model=None):
    """The access model of a node; with model: set it."""
    owner = "http://jabber.org/protocol/pubsub#owner"
    if model:
        pubsub(raw, "set", f"<configure node='{node}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
               f"http://jabber.org/protocol/pubsub#node_config</value></field><field var='pubsub#access_model'><value>{model}</value>"
               "</field></x></configure>", owner)
    answer = pubsub(raw, "get", f"<configure node='{node}'/>", owner)
    for field in answer.iter("{jabber:x:data}field"):
        if field.get("var") == "pubsub#access_model":
            return field.find("{jabber:x:data}value").text
    return None


def device_of(client, jid):
    """The number of this client's device."""
    return re.search(r"device (\d+)  this device", client.run("/omemo")).group(1)


def rids(server):
    return set(re.findall(r"rid=['\"](\d+)['\"]", "\n".join(s for s in server.wire() if "<payload" in s)))


def test_a_ghost_device_gets_nothing_after_verification(pair, federation):  # D03
    alice, bob = pair
    hello(alice, bob)
    alice.run("/verify bob@b.test")
    alice.run("/verify bob@b.test yes")
    trust = alice.wait("trust", peer="bob@b.test", trust="verified")
    assert re.fullmatch(r"[0-9a-f]{64}", trust["fingerprint"]) and trust["own"] is False
    evil = Raw(federation[1], "bob")
    begun = time.monotonic()
    set_list(evil, [device_of(bob, "bob@b.test"), "4711"])
    alert = alice.wait("alert", code="new-device")
    assert time.monotonic() - begun < AT_ONCE and "4711" in alert["text"]
    sent = say(alice, "bob@b.test", f"{MARKER} for bob alone")
    assert bob.wait("message", direction="in", body=f"{MARKER} for bob alone")["seal"] == "omemo"
    assert "4711" not in rids(federation[0])
    assert sent["trust"] == "verified"
    history = alice.run("/verify bob@b.test history")
    assert "verified" in history and "learnt from" in history


def test_a_list_that_vanishes_leaves_the_chat_sealed(pair, federation):  # D01
    alice, bob = pair
    hello(alice, bob)
    bob.quit()
    evil = Raw(federation[1], "bob")
    set_list(evil, [])
    alice.wait("alert", code="device-list-gone")
    say(alice, "bob@b.test", f"{MARKER} still sealed")
    pubsub(evil, "set", f"<delete node='{NS}.devicelist'/>", "http://jabber.org/protocol/pubsub#owner")
    alice.quit()
    alice.start()
    alice.run("/connect alice@a.test", ok=None)
    alice.wait("connection", state="online")
    say(alice, "bob@b.test", f"{MARKER} still sealed again")
    evil.close()
    bob.start()
    bob.run("/connect bob@b.test", ok=None)
    for text in ("still sealed", "still sealed again"):
        assert bob.wait("message", direction="in", body=f"{MARKER} {text}")["seal"] == "omemo"
    for server in federation:
        assert not server.files_with(MARKER)


def test_broken_nodes_are_mended_at_login_and_by_the_doctor(lab, federation):
    alice = lab.client("alice").start()
    alice.login("alice@a.test", federation[0])
    other = Raw(federation[0], "alice")
    wait_until(lambda: len(get_list(other)) == 1, "the device list")
    device = device_of(alice, "alice@a.test")
    bundle = f"{NS}.bundles:{device}"
    wait_until(lambda: access(other, bundle) == "open" and access(other, f"{NS}.devicelist") == "open", "open nodes")
    # Taken out while it looks: back at once, and the other stays.
    set_list(other, ["77"])
    wait_until(lambda: get_list(other) == {"77", device}, "the repaired list")
    # While it is away.
    alice.quit()
    access(other, f"{NS}.devicelist", "presence")
    access(other, bundle, "whitelist")
    set_list(other, ["77"], item="else")
    alice.start()
    alice.run("/connect alice@a.test", ok=None)
    wait_until(lambda: access(other, bundle) == "open" and access(other, f"{NS}.devicelist") == "open", "opened nodes")
    wait_until(lambda: get_list(other) == {"77", device}, "the repaired list")
    # By hand.
    pubsub(other, "set", f"<delete node='{bundle}'/>", "http://jabber.org/protocol/pubsub#owner")
    access(other, f"{NS}.devicelist", "presence")
    said = alice.run("/omemo doctor")
    assert "missing or damaged" in said and "presence" in said and "device 77" in said
    wait_until(lambda: access(other, bundle) == "open" and access(other, f"{NS}.devicelist") == "open", "opened nodes")
    wait_until(lambda: get_list(other) == {device}, "the list without the stale device")
    assert "nothing is wrong" in alice.run("/omemo doctor")


def test_a_link_verifies_and_a_wrong_one_warns(pair):
    alice, bob = pair
    hello(alice, bob)
    link = re.search(r"xmpp:bob@b\.test\?omemo-sid-\d+=[0-9a-f]{64}", alice.run("/verify bob@b.test")).group(0)
    wrong = link[:-1] + ("0" if link[-1] != "0" else "1")
    assert "THE KEYS DIFFER" in alice.run(f"/verify {wrong}", ok=False)
    alice.run(f"/verify {link}")
    alice.wait("trust", trust="verified")
    assert alice.run("/trust bob@b.test list").count("verified") == 1
    alice.run("/trust bob@b.test no")
    alice.send(f"/msg bob@b.test {MARKER} to nobody")
    failed = alice.wait("message-state", state="failed")
    assert "trusted" in failed["reason"]
    assert not bob.seen("message", body=f"{MARKER} to nobody")


def test_a_reset_is_told_and_the_chat_goes_on(pair):
    alice, bob = pair
    hello(alice, bob)
    bob.send("/omemo reset")
    question = bob.wait("ask")
    assert question["choices"][0] == "no" and "verify" in question["text"]
    bob.run(f"/answer-ask {question['id']} yes")
    alice.wait("alert", code="new-device")
    say(bob, "alice@a.test", "it is me again")
    assert alice.wait("message", direction="in", body="it is me again")["seal"] == "omemo"
    say(alice, "bob@b.test", "welcome")
    assert bob.wait("message", direction="in", body="welcome")["seal"] == "omemo"


@pytest.mark.parametrize("verified", [False, True])
def test_a_new_identity_of_the_peer_is_one_alert(pair, verified):
    alice, bob = pair
    hello(alice, bob)
    if verified:
        alice.run("/verify bob@b.test yes")
    bob.send("/omemo reset")
    question = bob.wait("ask")
    bob.run(f"/answer-ask {question['id']} yes")
    alice.wait("alert", code="new-device")
    say(bob, "alice@a.test", "it is me again")
    alice.wait("message", direction="in", body="it is me again")
    say(alice, "bob@b.test", "welcome")
    time.sleep(1)
    alerts = [alert["text"] for alert in alice.seen("alert")]
    assert len(alerts) == 1 and "NEW DEVICE" in alerts[0], alerts
