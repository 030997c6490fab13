# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses a call tells, and where its packets go: two clients and their servers, each in a network of its own, and
what goes between the two is counted (threats J01, F; design: addresses)."""

import ctypes
import os
import re
import subprocess
import time

import pytest

from lab import Turn, die_with_parent, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="networks of one's own need root")
_libc = ctypes.CDLL(None, use_errno=True)
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
SERVER, ALICE, BOB = "10.77.0.1", "10.77.1.2", "10.77.2.2"


def sh(*words, **kwargs):
    return subprocess.run(words, check=True, capture_output=True, text=True, **kwargs).stdout


class World:
    """alice and bob are cables away from the servers' network, which routes between the two and counts what it routes."""

    def __init__(self, lab):
        self.lab, self.inside = lab, {}  # inside: what runs a command in somebody's network
        lab.address = SERVER
        sh("ip", "link", "set", "lo", "up")
        sh("ip", "address", "add", f"{SERVER}/32", "dev", "lo")
        with open("/proc/sys/net/ipv4/ip_forward", "w") as forward:
            forward.write("1")
        for number, (who, address) in enumerate((("alice", ALICE), ("bob", BOB)), 1):
            pid = self.network()
            self.inside[who] = ("nsenter", f"--net=/proc/{pid}/ns/net")
            sh("ip", "link", "add", who, "type", "veth", "peer", "name", "cable", "netns", str(pid))
            sh("ip", "address", "add", f"10.77.{number}.1/24", "dev", who)
            sh("ip", "link", "set", who, "up")
            # A second address: it is on no way to anybody, and nobody is told it.
            for words in (("link", "set", "lo", "up"), ("address", "add", f"{address}/24", "dev", "cable"),
                          ("address", "add", f"10.88.{number}.9/24", "dev", "cable"), ("link", "set", "cable", "up"),
                          ("route", "add", "default", "via", f"10.77.{number}.1")):
                sh(*self.inside[who], "ip", *words)
        subprocess.run(["nft", "-f", "-"], check=True, text=True,
                       input="add table inet watch; add chain inet watch between { type filter hook forward priority 0; }\n"
                             "add rule inet watch between counter\n")

    def network(self):
        """The process that holds a network without a name: names would want mounts, which not every place allows."""
        holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 600"], stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        holder.stdout.readline()
        self.lab.processes.append(holder)
        return holder.pid

    def move(self, who):
        """Another address takes the place of the one that is on the way to everybody."""
        number, old = {"alice": (1, ALICE), "bob": (2, BOB)}[who]
        for words in (("address", "del", f"{old}/24", "dev", "cable"), ("address", "add", f"10.77.{number}.3/24", "dev", "cable"),
                      ("route", "replace", "default", "via", f"10.77.{number}.1")):
            sh(*self.inside[who], "ip", *words)

    def between(self):
        """Packets that passed from one client to the other."""
        return sum(int(n) for n in re.findall(r"counter packets (\d+)", sh("nft", "list", "table", "inet", "watch")))


@pytest.fixture
def world(lab):
    with open("/proc/thread-self/ns/net") as before:
        if _libc.unshare(NEW_NETWORK) != 0:
            pytest.skip("the kernel gives no network namespace")
        world = None
        try:
            world = World(lab)
            yield world
        finally:
            lab.close(keep=True)
            assert _libc.setns(before.fileno(), NEW_NETWORK) == 0


def enter(world, relay):
    """Both logged in, each with the other on the roster and its keys."""
    lab = world.lab
    turn = Turn(lab).start() if relay else None
    a, b = servers = lab.federation("a.test", "b.test", modules=["stanza_debug"], turn=turn)
    clients = []
    for server, user, peer in ((a, "alice", "bob@b.test"), (b, "bob", "alice@a.test")):
        server.add_user(user)
        server.set_roster(user, {peer: "both"})
        client = lab.client(user, wrapper=world.inside[user]).start()
        client.login(f"{user}@{server.domain}", server)
        client.run("/set call.audio_source test")
        client.run("/set call.audio_sink none")
        client.run("/set call.sounds off")
        client.wait("roster", jid=peer)
        clients.append(client)
    alice, bob = clients
    alice.run("/msg bob@b.test are you there")
    bob.wait("message", direction="in")
    return alice, bob, servers, turn


def wire(servers):
    return "\n".join(line for server in servers for line in server.wire())


def talk(alice, bob):
    """A call that both said yes to, and each other's way in it."""
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    bob.run("/answer")
    paths = {state(client, "active")["path"] for client in (alice, bob)}
    assert len(paths) == 1
    return paths.pop()


def directly(*clients):
    for client in clients:
        client.run("/set call.address direct")


def state(client, name, **fields):
    return client.wait("call", state=name, **fields)


def candidates(servers):
    return re.findall(r"<candidate [^>]*>", wire(servers))


def test_j01_nothing_with_an_address_before_a_yes(world):
    """J01: a contact rings, nobody answers: no packet between the two, no candidate on any server."""
    alice, bob, servers, _ = enter(world, relay=False)
    directly(alice, bob)
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    time.sleep(2)
    assert world.between() == 0 and not candidates(servers)
    bob.run("/reject")
    state(alice, "ended")
    time.sleep(1)
    assert world.between() == 0 and not candidates(servers)


def test_a_direct_call_tells_one_address_each(world):
    alice, bob, servers, _ = enter(world, relay=False)
    directly(alice, bob)
    assert talk(alice, bob) == "direct"
    alice.wait("call-stats", where=lambda e: e["audio_frames_in"] > 20)
    assert world.between() > 0
    told = {re.search(r"ip='([^']*)'", c).group(1) for c in candidates(servers)}
    assert told == {ALICE, BOB}, told
    alice.run("/hangup")
    state(bob, "ended")


def test_a_relayed_call_tells_no_address_and_sends_nothing_elsewhere(world):
    alice, bob, servers, turn = enter(world, relay=True)
    assert talk(alice, bob) == "relay"
    for client in (alice, bob):
        client.wait("call-stats", where=lambda e: e["audio_frames_in"] > 50)
    assert world.between() == 0
    seen = candidates(servers)
    assert seen and all("type='relay'" in c and "rel-addr" not in c and ALICE not in c and BOB not in c for c in seen), seen


@pytest.mark.long
def test_a_relay_that_dies_ends_the_call_and_nothing_goes_the_direct_way(world):
    alice, bob, servers, turn = enter(world, relay=True)
    assert talk(alice, bob) == "relay"
    turn.process.kill()
    for client in (alice, bob):
        assert state(client, "ended")["reason"]
    assert world.between() == 0


def test_without_a_relay_a_person_is_asked(world):
    alice, bob, servers, _ = enter(world, relay=False)
    alice.send("/call bob@b.test")
    question = alice.wait("ask", where=lambda e: "IP address" in e["text"])
    assert question["choices"][0] == "cancel"
    time.sleep(1)
    assert not bob.seen("call")
    alice.run(f"/answer-ask {question['id']} cancel")
    state(alice, "ended")
    assert not bob.seen("call") and world.between() == 0
    alice.send("/call bob@b.test")
    question = alice.wait("ask", where=lambda e: "IP address" in e["text"])
    alice.run(f"/answer-ask {question['id']} direct")
    state(bob, "ringing")
    bob.send("/answer")
    question = bob.wait("ask", where=lambda e: "IP address" in e["text"])
    assert world.between() == 0 and not candidates(servers)
    bob.run(f"/answer-ask {question['id']} direct")
    state(alice, "active")
    alice.run("/hangup")
    wait_until(lambda: bob.seen("call", state="ended"), "the end")


def test_j03_behind_a_proxy_there_is_no_call_without_a_relay_by_tcp(world):
    """J03: a call would go past the proxy; it is refused with the reason, and no packet leaves for anybody."""
    alice, bob, servers, _ = enter(world, relay=False)
    alice.run("/account set alice@a.test proxy socks5://127.0.0.1:9")
    alice.send("/call bob@b.test")
    ended = state(alice, "ended")
    assert "proxy" in ended["reason"]
    assert not bob.seen("call") and world.between() == 0 and not candidates(servers)


def test_an_outage_of_some_seconds_is_survived(world):
    alice, bob, servers, _ = enter(world, relay=False)
    directly(alice, bob)
    talk(alice, bob)
    bob.wait("call-stats", where=lambda e: e["audio_frames_in"] > 20)
    subprocess.run(["nft", "-f", "-"], check=True, text=True, input="add rule inet watch between drop\n")
    time.sleep(6)
    at = bob.seen("call-stats")[-1]["audio_frames_in"]
    subprocess.run(["nft", "-f", "-"], check=True, text=True,
                   input="flush chain inet watch between\nadd rule inet watch between counter\n")
    for client in (alice, bob):
        client.forget()
        client.wait("call-stats", where=lambda e: e["audio_frames_in"] > at + 50)
    alice.run("/hangup")
    state(bob, "ended")


@pytest.mark.parametrize("relay", [False, True], ids=["direct", "relay"])
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_another_address_in_mid_call_is_survived(world, who, relay):
    """The network of one end changes, whoever called: its connection is resumed, and the call has sound again."""
    alice, bob, servers, _ = enter(world, relay)
    if not relay:
        directly(alice, bob)
    assert talk(alice, bob) == ("relay" if relay else "direct")
    for client in (alice, bob):
        client.wait("call-stats", where=lambda e: e["audio_frames_in"] > 20)
    world.move(who)
    moved = alice if who == "alice" else bob
    moved.wait("connection", state="online", resumed=True)
    at = {client: client.seen("call-stats")[-1]["audio_frames_in"] for client in (alice, bob)}
    for client in (alice, bob):
        client.forget()
        client.wait("call-stats", where=lambda e: e["audio_frames_in"] > at[client] + 100)
        assert not client.seen("call", state="ended")
    told = {re.search(r" ip='([^']*)'", c).group(1) for c in candidates(servers)}
    assert relay or f"10.77.{1 if who == 'alice' else 2}.3" in told, told
    assert not relay or world.between() == 0
    alice.run("/hangup")
    state(bob, "ended")
