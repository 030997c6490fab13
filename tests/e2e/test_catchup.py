# SPDX-License-Identifier: GPL-3.0-or-later
"""Catching up with a long archive (XEP-0313): no gaps and no doubles, also when the process is killed on the way."""

import collections
import contextlib
import pathlib
import random
import sqlite3
import sys
import time

import pytest

from lab import wait_until
from raw import Raw

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
import archive  # noqa: E402

pytestmark = pytest.mark.san
COUNT = 900


@pytest.fixture
def behind(lab):
    """alice, who knows one message and is offline, and the server where COUNT more wait."""
    server = archive.server(lab)
    client = lab.client("alice").start()
    client.login("alice@a.test", server)
    bob = Raw(server, "bob")
    bob.send("<message to='alice@a.test' type='chat' id='first'><body>first</body></message>")
    client.wait("message", body="first")
    client.quit()
    archive.fill(server, COUNT)
    bob.close()
    return client, server


def numbers(client):
    """What the store holds, by number: how often."""
    client.run("/msg bob@a.test", ok=None)
    text = client.run(f"/history {COUNT + 50}")
    return collections.Counter(int(line.split("message number ")[1].split()[0]) for line in text.splitlines() if "message number " in line)


def wait_for_all(client, count=COUNT):
    wait_until(lambda: sum(numbers(client).values()) >= count, "all messages", timeout=120, step=1)


def some(client, count):
    """Until so many have come, or it is plain that no more will."""
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: len(client.seen("message")) > count, "some", timeout=10, step=0.01)
    return len(client.seen("message"))


def test_everything_is_there_once_and_the_newest_comes_first(behind):
    client, server = behind
    client.start()
    newest = client.wait("message", where=lambda e: "message number" in e["body"])
    assert int(newest["body"].split()[2]) >= COUNT - 50
    wait_for_all(client)
    assert numbers(client) == {n: 1 for n in range(COUNT)}
    bodies = [int(e["body"].split()[2]) for e in client.seen("message") if "message number" in e["body"]]
    assert len(bodies) == COUNT
    # After the newest page the holes are filled from the old end, in order.
    rest = bodies[bodies.index(0):]
    assert rest == sorted(rest)
    client.quit()


# M01
def test_killed_on_the_way_nothing_is_lost_or_doubled(behind):
    client, server = behind
    chance = random.Random(4711)
    for kill in range(5):
        client.start()
        assert some(client, chance.randint(20, 180)) or kill
        client.kill()
    client.start()
    wait_for_all(client)
    assert numbers(client) == {n: 1 for n in range(COUNT)}
    client.quit()


def test_a_live_message_in_the_middle_is_there_once(behind):
    client, server = behind
    bob = Raw(server, "bob")
    client.start()
    some(client, 100)
    for n in range(COUNT, COUNT + 20):
        bob.send(f"<message to='alice@a.test' type='chat' id='m{n}'><body>message number {n} live</body></message>")
        time.sleep(0.005)
    wait_for_all(client, COUNT + 20)
    assert numbers(client) == {n: 1 for n in range(COUNT + 20)}
    client.quit()
