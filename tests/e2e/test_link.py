# SPDX-License-Identifier: GPL-3.0-or-later
"""A bad link (M07): every third packet is lost, connections are reset, and nothing answers for a while; what was written arrives
once and in order. The kernel does it, in a network of this test's own."""

import ctypes
import os
import re
import subprocess
import time

import pytest

from lab import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network of one's own needs root")
_libc = ctypes.CDLL(None, use_errno=True)
NEW_NETWORK = 0x40000000  # CLONE_NEWNET


def nft(rules):
    return subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True, stdout=subprocess.PIPE).stdout


@pytest.fixture
def network():
    """This thread, and what it starts, is in a network with a loopback device and nothing else."""
    with open("/proc/thread-self/ns/net") as before:
        if _libc.unshare(NEW_NETWORK) != 0:
            pytest.skip("the kernel gives no network namespace")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            nft("add table inet link; add chain inet link in { type filter hook input priority 0; }")
            yield
        finally:
            assert _libc.setns(before.fileno(), NEW_NETWORK) == 0


@pytest.fixture
def link(network, federation):
    """Calls with a verdict for each packet to or from the clients' ports; None: a good link."""
    def become(verdict):
        rules = ["flush chain inet link in"]
        for server in federation if verdict else ():
            rules += [f"add rule inet link in tcp {way} {server.port} {verdict}" for way in ("dport", "sport")]
        nft("\n".join(rules) + "\n")
    return become


def bodies(client, direction):
    return [e["body"] for e in client.seen("message", direction=direction) if e["body"].startswith("number")]


LOSS, RESET, SILENCE, GOOD = "numgen random mod 100 < 30 counter drop", "counter reject with tcp reset", "counter drop", None


def test_what_is_written_on_a_bad_link_arrives_once_and_in_order(link, pair):
    alice, bob = pair
    written, number = {alice: [], bob: []}, 0
    alice.run("/msg bob@b.test number 0")
    written[alice].append("number 0")

    def arrived():
        return all(len(bodies(other, "in")) >= len(written[one]) for one, other in ((alice, bob), (bob, alice)))

    wait_until(arrived, "the first message")
    for verdict in (LOSS, RESET, LOSS, SILENCE, GOOD):
        for client in pair:
            client.forget()
        link(verdict)
        for client, peer in ((alice, "bob@b.test"), (bob, "alice@a.test")):
            for _ in range(2):
                number += 1
                written[client].append(f"number {number}")
                client.run(f"/msg {peer} number {number}")
        if verdict == RESET:
            for client in pair:
                client.wait("connection", where=lambda e: e["state"] != "online")
        elif verdict == SILENCE:
            time.sleep(3)
            assert not arrived()
        else:
            wait_until(arrived, f"all {number} messages, link: {verdict}", timeout=100, step=0.1)
        hits = [int(n) for n in re.findall(r"counter packets (\d+)", nft("list chain inet link in"))]
        assert verdict is None or any(hits), "the link was good"
    for one, other in ((alice, bob), (bob, alice)):
        assert bodies(other, "in") == written[one]
