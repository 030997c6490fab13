# SPDX-License-Identifier: GPL-3.0-or-later
"""Roster, subscriptions, presence, blocking and discovery between two Prosody servers, and what strangers learn."""

import pytest
from lab import wait_until
from raw import Raw


@pytest.fixture
def strangers(lab):
    """(alice, bob, a, b): online on two servers, not on each other's roster."""
    a, b = lab.federation("a.test", "b.test", modules=["stanza_debug"])
    a.add_user("alice")
    b.add_user("bob")
    alice, bob = lab.client("alice").start(), lab.client("bob").start()
    alice.login("alice@a.test", a)
    bob.login("bob@b.test", b)
    return alice, bob, a, b


def asked(client, jid, kind):
    return client.wait("subscription", lambda e: e["kind"] == kind, jid=jid)


def online(client, jid):
    return client.wait("roster", jid=jid, where=lambda e: e["presence"] == "online" and e["subscription"] == "both")


def befriend(alice, bob):
    alice.run("/add bob@b.test Bob friends")
    asked(bob, "alice@a.test", "request")
    bob.run("/accept-contact alice@a.test")
    asked(alice, "bob@b.test", "approved")
    online(alice, "bob@b.test")
    online(bob, "alice@a.test")


def test_adding_and_accepting_lets_both_see_each_other(strangers):
    alice, bob, _, _ = strangers
    befriend(alice, bob)
    last = alice.seen("roster", jid="bob@b.test")[-1]
    assert (last["name"], last["groups"]) == ("Bob", ["friends"])
    assert "bob@b.test" in alice.run("/who")
    assert "nobody waits" in bob.run("/requests")


def test_refusing_tells_the_asker(strangers):
    alice, bob, _, _ = strangers
    alice.run("/add bob@b.test")
    asked(bob, "alice@a.test", "request")
    bob.run("/refuse-contact alice@a.test")
    asked(alice, "bob@b.test", "refused")
    assert not bob.seen("roster", jid="alice@a.test", presence="online")


def test_removing_ends_both_directions(strangers):
    alice, bob, _, _ = strangers
    befriend(alice, bob)
    alice.run("/remove bob@b.test")
    alice.wait("roster", jid="bob@b.test", subscription="remove")
    bob.wait("roster", jid="alice@a.test", where=lambda e: e["subscription"] == "none" and e["presence"] == "offline")
    assert "not on the roster" in alice.run("/remove bob@b.test", ok=False)


def test_presence_and_status_are_seen(pair):
    alice, bob = pair
    online(bob, "alice@a.test")
    alice.run("/status dnd counting sheep")
    seen = bob.wait("roster", jid="alice@a.test", presence="dnd")
    assert "counting sheep" in bob.run("/info alice")
    assert seen["subscription"] == "both"
    alice.run("/status invisible")
    bob.wait("roster", jid="alice@a.test", presence="offline")
    alice.run("/back")
    bob.wait("roster", jid="alice@a.test", presence="online")


def test_blocked_people_see_nothing_and_reach_nobody(pair):
    alice, bob = pair
    online(alice, "bob@b.test")
    online(bob, "alice@a.test")
    alice.run("/block bob@b.test")
    bob.wait("roster", jid="alice@a.test", presence="offline")
    assert "bob@b.test" in alice.run("/block")
    alice.run("/unblock bob@b.test")
    assert "nobody is blocked" in alice.run("/block")


def test_names_and_groups_change_on_the_server(pair):
    alice, _ = pair
    alice.run("/contact rename bob Robert the Bruce")
    alice.wait("roster", jid="bob@b.test", name="Robert the Bruce")
    alice.run('/contact group bob friends "old school"')
    alice.wait("roster", jid="bob@b.test", where=lambda e: sorted(e["groups"]) == ["friends", "old school"])


def test_the_roster_is_there_before_the_next_login(lab, federation, pair):
    alice, _ = pair
    online(alice, "bob@b.test")
    assert alice.quit() == 0
    alice.start()
    assert "bob@b.test" in alice.run("/roster")
    online(alice, "bob@b.test")
    gets = [line for line in federation[0].wire() if "jabber:iq:roster" in line and "type='get'" in line.replace('"', "'")]
    assert len(gets) <= 2


def test_a_roster_that_changed_meanwhile_is_brought_up_to_date(lab, federation, pair):
    alice, _ = pair
    online(alice, "bob@b.test")
    alice.run("/disconnect")
    alice.wait("connection", state="offline")
    other = Raw(federation[0], "alice", resource="other")
    other.send("<iq type='set' id='r1'><query xmlns='jabber:iq:roster'><item jid='carol@b.test' name='Carol'/></query></iq>")
    other.wait("iq", lambda s: s.get("id") == "r1")
    other.close()
    alice.run("/connect")
    alice.wait("roster", jid="carol@b.test")
    assert "Carol" in alice.run("/roster")


def answer_of(raw, to, payload, number, kind="get"):
    raw.send(f"<iq type='{kind}' id='q{number}' to='{to}'>{payload}</iq>")
    answer = raw.wait("iq", lambda s: s.get("id") == f"q{number}")
    return answer.get("type"), [(child.tag, child.get("type"), [grandchild.tag for grandchild in child]) for child in answer]


QUESTIONS = [
    "<query xmlns='http://jabber.org/protocol/disco#info'/>",
    "<query xmlns='http://jabber.org/protocol/disco#items'/>",
    "<ping xmlns='urn:xmpp:ping'/>",
    "<query xmlns='jabber:iq:version'/>",
    "<query xmlns='jabber:iq:last'/>",
    "<time xmlns='urn:xmpp:time'/>",
    "<vCard xmlns='vcard-temp'/>",
]


def test_strangers_get_what_a_dead_address_gets(strangers):  # J05
    alice, _, a, b = strangers
    b.add_user("mallory")
    mallory = Raw(b, "mallory")
    alive = a.full("alice@a.test")
    for number, question in enumerate(QUESTIONS):
        to_alive = answer_of(mallory, alive, question, number)
        to_dead = answer_of(mallory, "alice@a.test/dead", question, 100 + number)
        assert to_alive == to_dead, question
    assert not [line for line in a.wire() if "mallory" in line and "type='result'" in line.replace('"', "'")]


def test_contacts_get_answers_without_version(lab, federation):
    a, b = federation
    alice = lab.client("alice").start()
    alice.login("alice@a.test", a)
    bob = Raw(b, "bob")
    presence = bob.wait("presence", lambda s: s.get("from", "").startswith("alice@a.test/") and s.get("type") is None)
    full = presence.get("from")
    caps = presence.find("{http://jabber.org/protocol/caps}c")
    assert answer_of(bob, full, "<ping xmlns='urn:xmpp:ping'/>", 1)[0] == "result"
    bob.send(f"<iq type='get' id='v' to='{full}'><query xmlns='jabber:iq:version'/></iq>")
    version = bob.wait("iq", lambda s: s.get("id") == "v")
    texts = [e.text for e in version.iter() if e.text]
    assert texts == ["sotto"]
    node = f"{caps.get('node')}#{caps.get('ver')}"
    bob.send(f"<iq type='get' id='d' to='{full}'><query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/></iq>")
    info = bob.wait("iq", lambda s: s.get("id") == "d")
    features = [e.get("var") for e in info.iter() if e.tag.endswith("}feature")]
    assert "urn:xmpp:ping" in features and features == sorted(features)
    for question in ("<query xmlns='jabber:iq:last'/>", "<time xmlns='urn:xmpp:time'/>"):
        assert answer_of(bob, full, question, 9)[0] == "error"


def test_a_flood_of_requests_is_one_line(strangers):  # H07
    alice, _, _, b = strangers
    for number in range(30):
        b.add_user(f"m{number}")
        raw = Raw(b, f"m{number}", presence=False)
        raw.send("<presence type='subscribe' to='alice@a.test'/>")
        raw.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
        raw.wait("iq")
        raw.close()
    alert = alice.wait("alert", code="subscription-flood")
    assert "more people ask" in alert["text"]
    assert len(alice.seen("subscription")) < 15
    wait_until(lambda: "m29@b.test" in alice.run("/requests"), "the last of them")
    alice.run("/refuse-contact all")
    assert "nobody waits" in alice.run("/requests")


def test_pushes_and_results_of_others_change_nothing(pair, federation):  # A05
    alice, _ = pair
    _, b = federation
    online(alice, "bob@b.test")
    b.add_user("mallory")
    mallory = Raw(b, "mallory")
    alive = federation[0].full("alice@a.test")
    push = "<query xmlns='jabber:iq:roster'><item jid='evil@b.test' subscription='both'/></query>"
    to_alive = answer_of(mallory, alive, push, 1, kind="set")
    assert to_alive == answer_of(mallory, "alice@a.test/dead", push, 2, kind="set")
    assert "evil@b.test" not in alice.run("/roster")


def test_while_invisible_one_contact_may_be_shown_that_we_are_here(lab, pair, federation):  # P18
    alice, bob = pair
    bob.wait("roster", jid="alice@a.test", presence="online")
    alice.run("/presence to bob@b.test", ok=False)
    bob.forget()
    alice.run("/status invisible")
    bob.wait("roster", jid="alice@a.test", presence="offline")
    alice.run("/presence to bob@b.test")
    bob.wait("roster", jid="alice@a.test", presence="online")
    bob.forget()
    alice.run("/presence to bob@b.test off")
    bob.wait("roster", jid="alice@a.test", presence="offline")
    alice.run("/presence to bob@b.test off", ok=False)
    bob.forget()
    alice.run("/presence to bob@b.test on")
    bob.wait("roster", jid="alice@a.test", presence="online")
    bob.forget()
    alice.quit()
    bob.wait("roster", jid="alice@a.test", presence="offline")
