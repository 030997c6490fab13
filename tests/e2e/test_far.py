# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls by other ways than the straight one, each machine in a network of its own: sotto on a server and its media on a laptop
(media.socket, forwarded as ssh -R does it), and all of a session through a proxy."""

import re
import subprocess
import time

import pytest

from lab import AT_ONCE, PATIENCE, Turn, die_with_parent
from test_call_paths import ALICE, BOB, SERVER, candidates, pytestmark as needs_root, sh, state, world  # noqa: F401
from test_medialink import BUILD, Socks, forward

pytestmark = [needs_root, pytest.mark.san]


def laptop(world, path):
    """sotto-media in alice's network, as she starts it by hand."""
    process = subprocess.Popen([*world.inside["alice"], str(BUILD / "sotto-media"), "--listen", str(path)],
                               stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    assert process.stdout.readline() == f"listening at {path}\n"
    return process


def test_a_call_has_the_sound_and_the_address_of_the_laptop(world):
    lab = world.lab
    a, b = servers = lab.federation("a.test", "b.test", modules=["stanza_debug"])
    clients = []
    for server, user, peer, wrapper in ((a, "alice", "bob@b.test", ()), (b, "bob", "alice@a.test", world.inside["bob"])):
        server.add_user(user)
        server.set_roster(user, {peer: "both"})
        client = lab.client(user, wrapper=wrapper).start()
        client.login(f"{user}@{server.domain}", server)
        for words in ("call.audio_source test", "call.audio_sink none", "call.sounds off", "call.address direct"):
            client.run(f"/set {words}")
        client.wait("roster", jid=peer)
        clients.append(client)
    alice, bob = clients
    process = laptop(world, lab.dir / "laptop.sock")
    with forward(lab.dir / "server.sock", lab.dir / "laptop.sock"):
        alice.run(f"/set media.socket {lab.dir / 'server.sock'}")
        alice.run("/msg bob@b.test are you there")
        bob.wait("message", direction="in")
        alice.run("/call bob@b.test")
        state(bob, "ringing")
        bob.run("/answer")
        for client in clients:
            assert state(client, "active")["path"] == "direct"
            stats = client.wait("call-stats", where=lambda e: e.get("audio_frames_in", 0) > 40)
            assert stats["audio_level_in"] > -40
        told = {ip for text in candidates(servers) for ip in re.findall(r"ip='([^']*)'", text)}
        assert told == {ALICE, BOB} and SERVER not in told
        assert world.between() > 0
        assert process.stdout.readline() == "a call begins\n"
        began = time.monotonic()
        process.terminate()
        assert state(alice, "ended")["reason"] == f"the connection by {lab.dir / 'server.sock'} was closed"
        assert time.monotonic() - began < AT_ONCE
        state(bob, "ended")
        alice.run("/call bob@b.test", ok=None)
        assert "nobody answers at" in state(alice, "ended")["reason"]
    process.wait(PATIENCE)


def test_j03_through_a_proxy_a_call_goes_by_the_relay_and_nothing_else_leaves(world):
    """J03: login and call through SOCKS5; of what leaves alice's machine nothing goes to anybody but the proxy, no UDP, no DNS."""
    lab = world.lab
    a, b = servers = lab.federation("a.test", "b.test", modules=["stanza_debug"], turn=Turn(lab).start(), options="turn_external_tcp = true")
    proxy = Socks({}, host=SERVER)
    alices = world.inside["alice"]
    subprocess.run([*alices, "nft", "-f", "-"], check=True, text=True,
                   input="add table inet past; add chain inet past out { type filter hook output priority 0; }\n"
                         f"add rule inet past out oifname lo accept; add rule inet past out ip daddr {SERVER} tcp dport {proxy.port} accept\n"
                         "add rule inet past out meta l4proto icmpv6 accept; add rule inet past out counter\n")
    clients = []
    for server, user, peer, options in ((a, "alice", "bob@b.test", {"proxy": f"socks5://me:secret@{SERVER}:{proxy.port}"}), (b, "bob", "alice@a.test", {})):
        server.add_user(user)
        server.set_roster(user, {peer: "both"})
        client = lab.client(user, wrapper=world.inside[user]).start()
        client.login(f"{user}@{server.domain}", server, **options)
        for words in ("call.audio_source test", "call.audio_sink none", "call.sounds off"):
            client.run(f"/set {words}")
        client.wait("roster", jid=peer)
        clients.append(client)
    alice, bob = clients
    alice.run("/msg bob@b.test are you there")
    bob.wait("message", direction="in")
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    bob.run("/answer")
    for client in clients:
        assert state(client, "active")["path"] == "relay"
        stats = client.wait("call-stats", where=lambda e: e.get("audio_frames_in", 0) > 40)
        assert stats["audio_level_in"] > -40
    alice.run("/hangup")
    state(bob, "ended")
    past = sh(*alices, "nft", "list", "table", "inet", "past")
    assert "counter packets 0 " in past, past
    assert all(ip == SERVER for text in candidates(servers) for ip in re.findall(r" ip='([^']*)'", text))
