# SPDX-License-Identifier: GPL-3.0-or-later
"""Contacts: subscription both ways, presence, names and groups, blocking; strangers get what a dead address gets."""

import pytest


@pytest.fixture
def pair(lab, federation):
    a, b = federation
    a.set_roster("alice", {})
    b.set_roster("bob", {})
    alice, bob = lab.client("alice").start(), lab.client("bob").start()
    alice.login("alice@a.test", a)
    bob.login("bob@b.test", b)
    return alice, bob


def befriend(alice, bob):
    alice.run("/add bob@b.test Bobby")
    bob.wait("subscription", jid="alice@a.test", kind="request")
    bob.run("/accept-contact alice@a.test")
    alice.wait("subscription", jid="bob@b.test", kind="approved")


@pytest.mark.san
def test_a_request_is_accepted_and_presence_flows(pair):
    alice, bob = pair
    befriend(alice, bob)
    alice.wait("roster", jid="bob@b.test", where=lambda e: e.get("subscription") in ("to", "both"))
    alice.wait("roster", jid="bob@b.test", where=lambda e: e.get("presence") == "online")
    assert alice.wait("roster", jid="bob@b.test", fresh=False, where=lambda e: e.get("name") == "Bobby")
    bob.quit()
    alice.wait("roster", jid="bob@b.test", where=lambda e: e.get("presence") == "offline")


def test_a_request_is_refused(pair):
    alice, bob = pair
    alice.run("/add bob@b.test")
    bob.wait("subscription", jid="alice@a.test", kind="request")
    bob.run("/refuse-contact alice@a.test")
    alice.wait("subscription", jid="bob@b.test", kind="refused")
    assert not alice.seen("roster", jid="bob@b.test", presence="online")


def test_a_removed_contact_is_gone_on_both_sides(pair):
    alice, bob = pair
    befriend(alice, bob)
    alice.run("/remove bob@b.test")
    alice.wait("roster", jid="bob@b.test", subscription="remove")


def test_the_roster_is_there_before_the_server_answers(lab, federation):
    a, _ = federation
    alice = lab.client("alice").start()
    alice.login("alice@a.test", a)
    alice.wait("roster", jid="bob@b.test")
    alice.quit()
    alice.start()
    alice.wait("roster", jid="bob@b.test")


def test_who_is_blocked_cannot_write(pair):
    alice, bob = pair
    befriend(alice, bob)
    bob.run("/msg alice@a.test before")
    alice.wait("message", body="before", direction="in")
    alice.run("/block bob@b.test")
    bob.run("/msg alice@a.test can you hear me")
    said = bob.wait("message", body="can you hear me", direction="out")
    bob.wait("message-state", id=said["id"], state="failed")
    alice.run("/unblock bob@b.test")
    bob.run("/msg alice@a.test after")
    alice.wait("message", body="after", direction="in")
    assert not alice.seen("message", body="can you hear me")


def test_presence_is_not_for_strangers(lab, pair):  # J05
    alice, bob = pair
    alice.run("/msg bob@b.test what comes after it")
    bob.wait("message", direction="in")
    assert not bob.seen("roster", jid="alice@a.test", presence="online")
