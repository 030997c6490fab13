# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at random points of a sealed two-way chat: nothing lost, nothing doubled, no message key used for two texts.

20 kills, 200 with SOTTO_LONG=1. What counts as said is what the program showed as said (its message event was read)."""

import base64
import os
import random
import re
import threading
import time

from conftest import LONG
from lab import wait_until

KILLS = int(os.environ.get("SOTTO_KILLS") or (200 if LONG else 20))


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def fields(data):
    """A flat protobuf message as {number: value}."""
    at, found = 0, {}
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            found[tag >> 3], at = varint(data, at)
        else:
            assert tag & 7 == 2, tag
            size, at = varint(data, at)
            found[tag >> 3] = data[at:at + size]
            at += size
    return found


def message_key(blob, prekey):
    """(ratchet key, counter) of a libsignal message: what the message key follows from; and the ciphertext."""
    if prekey:
        blob = fields(blob[1:])[4]
    inner = fields(blob[1:-8])  # version byte before, 8 bytes of MAC after
    return inner[1], inner.get(2, 0), inner[4]


def keys_on_the_wire(server):
    """{(sender device, recipient device, ratchet key, counter): {ciphertexts}} of all that its users sent."""
    found = {}
    for stanza in server.wire():
        header = re.search(r"<header[^>]*sid=['\"](\d+)['\"]", stanza)
        if not header:
            continue
        for attributes, text in re.findall(r"<key\b([^>]*)>([^<]+)</key>", stanza):
            rid = re.search(r"rid=['\"](\d+)['\"]", attributes).group(1)
            ratchet, counter, sealed = message_key(base64.b64decode(text), re.search(r"prekey=['\"](true|1)['\"]", attributes))
            found.setdefault((header.group(1), rid, ratchet, counter), set()).add(sealed)
    return found


class Talker:
    """Types one numbered message after another while it lives; knows which were shown as said."""

    def __init__(self, client, jid, peer, server):
        self.client, self.jid, self.peer, self.server = client, jid, peer, server
        self.number, self.said = 0, set()
        self.lock = threading.Lock()

    def token(self, number):
        return f"{self.client.name}{number:05d}z"

    def type_one(self):
        self.number += 1
        try:
            self.client.send(f"/msg {self.peer} {self.token(self.number)}")
        except (BrokenPipeError, ValueError):
            pass

    def remember(self):
        for event in self.client.seen("message", direction="out"):
            self.said.add(event["body"])

    def revive(self):
        self.remember()
        self.client.start()

    def history(self, tokens):
        """How often each of these texts is in the store."""
        counts = {}
        for token in tokens:
            counts[token] = self.client.run(f"/search {token}", ok=None).count(token)
        return counts


def test_no_message_is_lost_doubled_or_sealed_twice_with_one_key(lab, federation):
    a, b = federation
    seed = int(time.time())
    chance = random.Random(seed)
    print(f"seed {seed}")
    talkers = []
    for name, jid, peer, server in (("alice", "alice@a.test", "bob@b.test", a), ("bob", "bob@b.test", "alice@a.test", b)):
        client = lab.client(name).start()
        client.login(jid, server, autoconnect="on")
        talkers.append(Talker(client, jid, peer, server))
    for kill in range(KILLS):
        end = time.monotonic() + chance.uniform(0.05, 1.5)
        while time.monotonic() < end:
            chance.choice(talkers).type_one()
            time.sleep(chance.uniform(0, 0.06))
        victim = chance.choice(talkers)
        if chance.random() < 0.3:
            victim.type_one()
            time.sleep(chance.uniform(0, 0.02))
        victim.client.kill()
        victim.revive()
    for talker in talkers:
        talker.client.wait("connection", state="online", fresh=False)

    def settled():
        for talker, other in (talkers, talkers[::-1]):
            talker.remember()
            last = talker.client.seen("message-state")
            del last
            missing = [t for t in talker.said if t not in arrived[other.client.name]]
            for token in missing:
                if token in other.client.run(f"/search {token}", ok=None):
                    arrived[other.client.name].add(token)
                else:
                    return False
        return True
    arrived = {t.client.name: set() for t in talkers}
    wait_until(settled, "all messages arrive", timeout=120, step=0.5)

    for talker, other in (talkers, talkers[::-1]):
        tokens = [talker.token(n) for n in range(1, talker.number + 1)]
        got, kept = other.history(tokens), talker.history(tokens)
        doubled = {t: c for t, c in got.items() if c > 1}
        lost = [t for t in talker.said if got[t] == 0]
        assert not lost, f"lost: {lost[:10]}"
        assert not doubled, f"doubled at the receiver: {doubled}"
        assert not [t for t, c in kept.items() if c > 1], "doubled at the sender"
        print(f"{talker.client.name}: {talker.number} typed, {len(talker.said)} said, all arrived once")
    used = {}
    for server in federation:
        used.update(keys_on_the_wire(server))
    twice = {k: len(v) for k, v in used.items() if len(v) > 1}
    assert len(used) > KILLS
    assert not twice, f"message keys used for more than one text: {len(twice)}"
