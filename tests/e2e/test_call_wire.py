# SPDX-License-Identifier: GPL-3.0-or-later
"""What a whole call shows to who sees its packets and its servers' stanzas: two sottos, their servers and a tap, in a network of
their own (threats F11, J07)."""

import base64
import collections
import ctypes
import math
import os
import pathlib
import re
import subprocess
import sys
import time
import wave

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/media"))
import rtp  # noqa: E402
import stun  # noqa: E402
from alone import NEW_NETWORK, Tap  # noqa: E402
from test_calls import state, talk_ready  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network of one's own needs root")
LONG = os.environ.get("SOTTO_LONG") == "1"
_libc = ctypes.CDLL(None, use_errno=True)
SPEECH = "the quick brown fox jumps over the lazy dog, and she sells sea shells; one, two, three, four. is anybody there? yes - and no. "


@pytest.fixture
def network(lab):
    """Nothing but loopback, for the lab as well."""
    with open("/proc/thread-self/ns/net") as before:
        if _libc.unshare(NEW_NETWORK) != 0:
            pytest.skip("the kernel gives no network namespace")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield lab
        finally:
            lab.close(keep=True)
            assert _libc.setns(before.fileno(), NEW_NETWORK) == 0


def two(lab, servers, names, **env):
    """Two who know each other, on two servers."""
    clients = []
    for name, server in zip(names, servers):
        client = lab.client(name, env=env).start()
        client.login(f"{name}@{server.domain}", server)
        talk_ready(client)
        clients.append(client)
    for client, other, server in zip(clients, reversed(names), reversed(servers)):
        client.wait("roster", jid=f"{other}@{server.domain}")
    clients[0].run(f"/msg {names[1]}@{servers[1].domain} the keys are here")
    clients[1].wait("message", direction="in")
    return clients


def found(lab, *names):
    servers = lab.federation("a.test", "b.test", modules=["stanza_debug"])
    for pair in names:
        for name, other, server, far in zip(pair, reversed(pair), servers, reversed(servers)):
            server.add_user(name)
            server.set_roster(name, {f"{other}@{far.domain}": "both"})
    return servers


def call(caller, callee, jid):
    for client in (caller, callee):
        client.forget()
    caller.run(f"/call {jid}")
    state(callee, "ringing")
    callee.run("/answer")
    state(caller, "active")
    state(callee, "active")


def hang_up(caller, callee):
    caller.run("/hangup")
    state(caller, "ended")
    state(callee, "ended")


def spoken(folder, seconds):
    """Speech, as long nothing, as long speech."""
    path = folder / "spoken.wav"
    subprocess.run(["espeak-ng", "-w", str(folder / "once.wav"), SPEECH * (1 + seconds // 5)], check=True)
    with wave.open(str(folder / "once.wav")) as once, wave.open(str(path), "wb") as whole:
        whole.setparams(once.getparams())
        voice = once.readframes(seconds * once.getframerate())
        whole.writeframes(voice + bytes(len(voice)) + voice)
    return path


def sleep_until(at):
    time.sleep(max(0, at - time.monotonic()))


def is_known(data):
    """STUN; DTLS that shakes hands, changes ciphers or warns; SRTP; SRTCP. Nothing of the program's data goes through DTLS."""
    if rtp.is_dtls(data):
        return data[0] in (20, 21, 22) and data[1] == 0xFE
    return stun.parse(data) is not None or rtp.is_rtp(data) or rtp.is_rtcp(data)


def entropy(data):
    return -sum(n / len(data) * math.log2(n / len(data)) for n in collections.Counter(data).values())


def test_f11_nobody_hears_from_outside_whether_somebody_speaks(network):
    """F11: speech, silence and mute are one size and one pace, sealed, and nothing tells the loudness."""
    phase = 20 if LONG else 4.5
    servers = found(network, ("alice", "bob"))
    alice, bob = two(network, servers, ("alice", "bob"))
    alice.run(f"/set call.audio_source file:{spoken(network.dir, math.ceil(phase))}")
    tap = Tap()
    call(alice, bob, "bob@b.test")
    start = time.monotonic()
    speech = bob.wait("call-stats", where=lambda e: e["audio_level_in"] > -40)
    sleep_until(start + 2 * math.ceil(phase) - 0.5)
    assert any(e["audio_level_in"] < -70 for e in bob.seen("call-stats")[3:]), speech
    alice.run("/mute")
    sleep_until(start + 3 * math.ceil(phase))
    quiet = bob.seen("call-stats")[-1]
    assert quiet["audio_level_in"] < -70, quiet
    hang_up(alice, bob)
    packets = [line for line in tap.close() if network_of(line)]
    assert all(is_known(line[3]) for line in packets), [line[3][:20].hex() for line in packets if not is_known(line[3])]
    ways = collections.defaultdict(list)
    for at, source, target, data in packets:
        if rtp.is_rtp(data):
            ways[source, target].append((at, data))
    assert len(ways) == 2 and all(len(way) > 45 * 3 * phase for way in ways.values())
    for way in ways.values():
        heads = [rtp.parse(data) for _, data in way]
        assert len({len(data) for _, data in way}) == 1, collections.Counter(len(data) for _, data in way)
        assert {head.pt for head in heads} == {111} and len({head.ssrc for head in heads}) == 1
        # transport-wide sequence numbers, and of the group which content; no loudness (RFC 6464)
        assert all(set(head.extensions) <= {3, 4} for head in heads) and len({str(head.extensions) for head in heads}) == 1
        steps = {((late.seq - early.seq) & 0xFFFF, (late.time - early.time) & 0xFFFFFFFF) for early, late in zip(heads, heads[1:])}
        assert steps == {(1, 960)}, steps
        # As many in each phase; each packet is where the first one's pace puts it.
        begin = way[0][0]
        counts = [sum(begin + n * phase <= at < begin + (n + 1) * phase for at, _ in way) for n in range(3)]
        assert all(abs(count - 50 * phase) <= 5 for count in counts), counts
        late = [at - begin - n * 0.02 for n, (at, _) in enumerate(way)]
        middle = sorted(late)[len(late) // 2]
        assert sum(abs(one - middle) > 0.015 for one in late) < len(late) / 10
        # Opus in the clear would begin with one and the same byte, and come again when nobody speaks.
        assert len({head.payload[0] for head in heads}) > 150 and len({head.payload for head in heads}) == len(heads)
        assert entropy(b"".join(head.payload for head in heads)) > 7.98
    offers = [stanza for server in servers for stanza in server.wire() if "session-" in stanza]
    assert offers and not any("audio-level" in stanza for stanza in offers)


def network_of(line):
    """Is it the call's?"""
    return line[1][0] == line[2][0] == "127.0.0.1"


def words(stanzas):
    """All values and texts of four bytes or more; of what is sealed or coded also each four bytes."""
    text = "\n".join(stanzas)
    found = {word for pair in re.findall(r"='([^']*)'|>([^<]+)<", text) for word in pair if len(word) >= 4}
    pieces = set()
    for word in found:
        if re.fullmatch(r"[A-Za-z0-9+/]{24,}={0,2}", word) and len(word) % 4 == 0:
            pieces |= quads(base64.b64decode(word))
    return found, pieces


def quads(data):
    return {data[n:n + 4] for n in range(len(data) - 3)}


def shown(packets):
    """What is not sealed of them, in fours."""
    clear = set()
    for line in packets:
        data = line[3]
        clear |= quads(data[:12] if rtp.is_rtp(data) else data[:8] if rtp.is_rtcp(data) else data)
    return clear


@pytest.mark.long
def test_j07_calls_have_nothing_in_common_but_names(network):
    """J07: what is the same in all calls of two people and in none of two others would tell who calls. Their names and what their keys
    are may, and nothing else; locale and time zone are different too."""
    pairs = [("alice", "bob"), ("carol", "dave")]
    servers = found(network, *pairs)
    clients = {pairs[0]: two(network, servers, pairs[0]),
               pairs[1]: two(network, servers, pairs[1], TZ="Asia/Tokyo", LANG="de_DE.UTF-8", HOSTNAME="elsewhere", USER="dave")}
    same, ever = {}, {pair: (set(), set(), set()) for pair in pairs}
    for turn in range(40 if LONG else 12):
        for pair in pairs:
            before, tap = [len(server.wire()) for server in servers], Tap()
            call(*clients[pair], f"{pair[1]}@b.test")
            clients[pair][0].wait("call-stats", where=lambda e: e["audio_frames_in"] > 0)
            hang_up(*clients[pair])
            time.sleep(0.3)
            stanzas = [stanza for server, old in zip(servers, before) for stanza in server.wire()[old:]]
            sets = (*words(stanzas), shown(line for line in tap.close() if network_of(line)))
            assert all(sets)
            same[pair] = [old & new for old, new in zip(same[pair], sets)] if turn else sets
            for all_of_them, new in zip(ever[pair], sets):
                all_of_them |= new
        left = [telling(pair, *(mine - theirs for mine, theirs in zip(same[pair], ever[other]))) for pair, other in (pairs, pairs[::-1])]
        # Signatures have one length or another: what is the same by chance does not stay so.
        if turn >= (19 if LONG else 2) and not any(left):
            return
    assert not any(left), left


def telling(pair, texts, sealed, packets):
    """Of what only these two have in all their calls all but the reviewed: names of both ends with the resource of this session, and
    the numbers of their two devices."""
    name = re.compile(rf"{pair[0]}@a\.test(/.*)?|{pair[1]}@b\.test(/.*)?")
    texts = sorted(text for text in texts if not name.fullmatch(text))
    devices = [text for text in texts if re.fullmatch(r"\d{5,10}", text)][:2]
    return [text for text in texts if text not in devices] + [piece.hex() for piece in sealed | packets]
