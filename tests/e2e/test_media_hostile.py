# SPDX-License-Identifier: GPL-3.0-or-later
"""What others send to a call: strangers, somebody in between, and a peer that has the keys and means harm (threats F). Two
sotto-media in a network of their own, and what the tests put beside and between them."""

import concurrent.futures
import os
import pathlib
import socket
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/media"))
import rtp  # noqa: E402
import stun  # noqa: E402
from alone import HOST, Call, Tap, alone, stranger, unshare  # noqa: E402
from udprelay import Relay  # noqa: E402

pytestmark = pytest.mark.skipif(not unshare(), reason="the kernel gives no network of one's own to this user")
BUILD = ROOT / os.environ.get("SOTTO_BUILD", "build/release")
LONG = os.environ.get("SOTTO_LONG") == "1"
SANITIZED = BUILD.name.startswith("san")
VICTIM = "198.51.100.7"
NEVER = ["127.0.0.1", "224.0.0.251", "239.255.255.250", "255.255.255.255", "169.254.7.7", "0.0.0.0", "240.0.0.1"]


@pytest.fixture(scope="module", autouse=True)
def side_by_side(request):
    """Those that mostly wait do so together."""
    chosen = {item.name for item in request.session.items if item.module is request.module}
    for test in (test_f01_ten_thousand_candidates_are_a_hundred_and_paced, test_f03_stun_of_others_changes_nothing,
                 test_f07_numbers_without_end_are_not_all_kept, test_f09_what_was_sent_once_is_not_heard_twice,
                 test_f09_what_comes_again_does_not_pass_for_the_peer, test_a_hole_in_the_way_is_not_the_end,
                 test_a_content_that_leaves_takes_its_way_along):
        if test.__name__ in chosen:
            test.begin()


def tries(seconds, *, every=0.005):
    """Times to do something, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(every)


def calm(call):
    """Nothing of a call has been lost: no failure, no end, no second handshake."""
    assert not call.of("failed") and not call.of("ended"), call.events[-20:]
    for side in "ab":
        assert len([line for line in call.of("state", side) if "'secured'" in line["body"]]) == 1


@alone
def test_f01_ten_thousand_candidates_are_a_hundred_and_paced():
    """F01: who is told of ten thousand places looks at a hundred of them, slowly, and never at those where no peer can be."""
    relay, tap = Relay(HOST), Tap()
    never = [f"at=5,a,candidate,{address},40000" for address in NEVER] + [f"at=5,a,candidate,{VICTIM},{port}" for port in (0, 22, 25, 53, 1023)]
    # The only right candidate is that of a relay that passes nothing: there is no call that would end the search.
    relay.who = lambda sender, data: False
    began = time.monotonic()
    with Call(BUILD, relay.option(), *never, f"at=6,a,candidate,{VICTIM},2000,10000") as call:
        call.wait(lambda: [line for line in tap.seen if line[2][0] == VICTIM])
        time.sleep(10 if LONG else 3)
        assert not call.of("failed") and call.memory() < (400 if SANITIZED else 60)
        mine = {("203.0.113.7", call.port(side)) for side in "ab"} | {(HOST, port) for port in relay.port.values()}
    sent = [line for line in tap.close() if line[2] not in mine]
    assert {line[2][0] for line in sent} == {VICTIM}, {line[2] for line in sent}
    ports = {line[2][1] for line in sent}
    assert 10 < len(ports) <= 100 and min(ports) >= 2000, sorted(ports)
    # RFC 8445 14.2: a check every 20 ms at the most; what a place gets is less than three times what it took to name it.
    seconds = time.monotonic() - began
    assert len(sent) < 60 * seconds, (len(sent), seconds)
    most = max(sum(len(line[3]) for line in sent if line[2][1] == port) for port in ports)
    assert most < 3 * 250, most
    relay.close()


@alone
def test_f03_stun_of_others_changes_nothing():
    """F03: no integrity, a wrong fragment, a wrong password, a false 487, a false mapped address: before, during, from afar and from between."""
    outside, said = stranger(), []

    def lie(sender, data):
        asked = stun.parse(data)
        if not asked or asked[0] != stun.REQUEST:
            return True
        said.append((sender, asked[2]))
        name, there = asked[2][stun.USERNAME], relay.other(sender)
        # To who asks, before the answer: a conflict of roles, another address. It has no password of theirs that would make it right.
        for password in (None, "guessed-guessed-guessed"):
            relay.inject(sender, stun.message(stun.ERROR, [stun.error(487)], asked[1], password))
            relay.inject(sender, stun.message(stun.SUCCESS, [stun.xor_mapped(VICTIM, 9999)], asked[1], password))
            # To who is asked: the other role, with a nomination.
            role = stun.CONTROLLED if stun.CONTROLLING in asked[2] else stun.CONTROLLING
            ours = [(stun.USERNAME, name), (stun.PRIORITY, b"\x7f\xff\xff\xff"), (role, b"\xff" * 8), (stun.USE_CANDIDATE, b"")]
            relay.inject(there, stun.message(stun.REQUEST, ours, None, password))
            relay.inject(there, stun.message(stun.REQUEST, [(stun.USERNAME, b"xxxx:yyyy"), *ours[1:]], None, password))
            outside.sendto(stun.message(stun.REQUEST, ours, None, password), (HOST, call.port(there)))
        return True
    relay = Relay(HOST, delay=0.02, who=lie)
    with Call(BUILD, relay.option()) as call:
        call.flowing()
        for _ in tries(1):
            for side in "ab":
                outside.sendto(stun.message(stun.REQUEST, [(stun.USERNAME, b"xxxx:yyyy")], None, "guess"), (HOST, call.port(side)))
                outside.sendto(stun.message(stun.INDICATION), (HOST, call.port(side)))
        call.heard_more()
        calm(call)
        assert not any(VICTIM in line["body"] for line in call.of("candidate"))
    assert {sender for sender, _ in said} == {"a", "b"}
    roles = {(sender, stun.CONTROLLING in attributes) for sender, attributes in said}
    assert roles == {("a", True), ("b", False)}, roles
    while True:  # a stranger may be refused, and is not told that it was right
        try:
            answer = stun.parse(outside.recv(2000))
        except BlockingIOError:
            break
        assert answer and answer[0] == stun.ERROR, answer
    relay.close()


def race(_):
    """A call that comes to be while strangers begin handshakes with both ends; what they were answered."""
    outside = [stranger() for _ in range(2)]
    with Call(BUILD) as call:
        for side in "ab":
            call.wait(lambda side=side: call.of("candidate", side))
        over = threading.Event()

        def greet():
            seq = 0
            while not over.wait(0.004):
                for one in outside:
                    for side in "ab":
                        one.sendto(rtp.client_hello(seq), (HOST, call.port(side)))
                seq += 1
        greeter = threading.Thread(target=greet)
        greeter.start()
        call.flowing()
        time.sleep(0.2)  # flowing is said by a packet that the right keys sealed
        over.set()
        greeter.join()
        calm(call)
    answers = []
    for one in outside:
        try:
            answers.append(one.recv(2000))
        except BlockingIOError:
            pass
    return answers


@alone
def test_f05_the_handshake_of_a_stranger_does_not_win():
    """F05: hellos from addresses that nobody checked, before and during the handshake: no answer, and the real one wins each time."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(race, range(100 if LONG else 8))) == [[]] * (100 if LONG else 8)


@alone
def test_f07_noise_at_an_open_port_is_no_more_than_noise():
    """F07: ten thousand packets a second that are none, from a stranger and as if from the peer: the call goes on."""
    relay, outside = Relay(HOST), stranger()
    with Call(BUILD, relay.option()) as call:
        call.flowing()
        call.heard_more(20)
        before = call.memory()
        sources = [rtp.parse(relay.of(side, rtp.is_rtp)[-1].data) for side in "ab"]
        sent, began, rate = 0, time.monotonic(), 2000 if SANITIZED else 10000
        pieces = []
        for seen in sources:
            pieces += rtp.malformed(seen.pt, seen.seq + 1, seen.ssrc)
        pieces += [stun.message(stun.REQUEST), b"\x00\x01\xff\xff\x21\x12\xa4\x42" + bytes(12), b"\x01\x01\x00\x04\x21\x12\xa4\x42" + bytes(12) + b"\x00\x06\xff\xff"]
        # A handshake that is over listens to nobody without its keys.
        pieces += rtp.dtls_garbage()
        pieces = [piece for piece in pieces if len(piece) < 2000] * 20 + [piece for piece in pieces if len(piece) >= 2000]
        seconds = 10 if LONG else 2
        while (now := time.monotonic()) - began < seconds:
            if sent > (now - began) * rate:
                time.sleep(0.001)
                continue
            for piece in pieces[sent % len(pieces):][:20]:
                side = "ab"[sent % 2]
                if sent % 4 < 2:
                    relay.inject(side, piece)
                else:
                    outside.sendto(piece, (HOST, call.port(side)))
                sent += 1
        assert sent > rate * seconds * 0.5  # as fast as this machine lets it
        call.heard_more()
        calm(call)
        assert call.memory() < before + 20
        assert call.last("a")["refused"] > 0
    relay.close()


@alone
def test_f07_numbers_without_end_are_not_all_kept():
    """F07: whoever is in between has no keys, and sends as if from the peer, each packet of a source of its own: what is kept has a bound."""
    relay = Relay(HOST)
    with Call(BUILD, relay.option()) as call:
        call.flowing()
        call.heard_more(20)
        packet = relay.of("b", rtp.is_rtp)[-1].data
        before = call.memory()
        for _ in range(4000):
            relay.inject("a", packet[:8] + os.urandom(4) + packet[12:])
            time.sleep(0.0005)
        call.heard_more()
        calm(call)
        assert call.last("a")["refused"] > 400 and call.memory() < before + (100 if SANITIZED else 30), (before, call.memory())
    relay.close()


@alone
def test_f09_what_was_sent_once_is_not_heard_twice():
    """F09: recorded packets come again, from the same address and from another; a goodbye that nobody sealed."""
    relay, outside = Relay(HOST), stranger()
    with Call(BUILD, relay.option()) as call:
        call.flowing()
        call.heard_more(50)
        began, base = time.monotonic(), call.wait(lambda: call.last("a"))
        recorded = [seen.data for seen in relay.of("b") if rtp.is_rtp(seen.data) or rtp.is_rtcp(seen.data)]
        sources = {rtp.parse(data).ssrc for data in recorded if rtp.is_rtp(data)}
        assert len(recorded) > 50 and len(sources) == 1
        for turn in range(10):
            for data in recorded[-60:]:
                relay.inject("a", data)
                outside.sendto(data, (HOST, call.port("a")))
            relay.inject("a", rtp.bye(*sources))
            relay.inject("a", rtp.bye(*sources) + bytes(14))
            outside.sendto(rtp.bye(*sources), (HOST, call.port("a")))
            time.sleep(0.1)
        call.heard_more()
        calm(call)
        after = call.last("a")
        # All that came again is counted as refused, and nothing more was heard than was said.
        assert after["refused"] - base["refused"] >= 500, (base, after)
        assert after["audio_in"] - base["audio_in"] < 50 * (time.monotonic() - began) + 60
    relay.close()


@alone
def test_f09_what_comes_again_does_not_pass_for_the_peer():
    """F09: the peer is gone and somebody repeats what it sent: that it is lost is said, and not taken back."""
    relay = Relay(HOST)
    with Call(BUILD, relay.option()) as call:
        call.flowing()
        call.heard_more(20)
        recorded = [seen.data for seen in relay.of("b") if rtp.is_rtp(seen.data)][-50:]
        relay.who = lambda sender, data: False
        lost = None
        for _ in tries(25, every=0.02):
            relay.inject("a", recorded[0])
            recorded.append(recorded.pop(0))
            states = [line["body"].split("'")[3] for line in call.of("state", "a")]
            lost = lost or ("lost" in states and time.monotonic())
            if lost and time.monotonic() > lost + 1.5:
                break
        assert states[-1] == "lost", states
    relay.close()


@alone
def test_a_hole_in_the_way_is_not_the_end():
    """A fifth is lost and all of it comes late: it is heard. Nothing passes for two seconds: it is heard again, by the same handshake."""
    relay = Relay(HOST, loss=0.2, delay=0.1)
    with Call(BUILD, relay.option()) as call:
        call.flowing()
        call.heard_more()
        assert any(line["loss"] > 0 and line["rtt"] > 190 for line in call.of("STATS")), call.of("STATS")
        relay.loss = 1.0
        for side in "ab":
            call.wait(lambda side=side: call.last(side)["in"] == 0)
        relay.loss = 0.0
        call.heard_more()
        calm(call)
    relay.close()


@alone
def test_a_content_that_leaves_takes_its_way_along():
    """Without a group a picture has packets of its own; when it is over nothing is told of them, and the sound goes on."""
    with Call(BUILD, "video=on", "bundled=off", "at=+800,a,remove,1", "at=+800,b,remove,1") as call:
        call.flowing()
        call.wait(lambda: len(call.of("do")) == 2)
        time.sleep(5.5)  # a way is lost after five
        call.heard_more(20)
        assert not call.of("failed") and not [line for line in call.of("state") if "'lost'" in line["body"]]


@alone
def test_a_loudspeaker_that_fails_takes_nothing_along(tmp_path):
    """What plays breaks off while the main loop waits for a sound server that says nothing: that is told, and the call goes on."""
    ear, mute = tmp_path / "ear", socket.socket(socket.AF_UNIX)
    os.mkfifo(ear)
    reader = os.open(ear, os.O_RDONLY | os.O_NONBLOCK)
    mute.bind(str(tmp_path / "mute"))
    mute.listen()
    with Call(BUILD, f"b.sink=file:{ear}", "at=+500,b,set,audio-source,device:any", PULSE_SERVER=f"unix:{tmp_path}/mute") as call:
        call.flowing()
        call.wait(lambda: call.of("do"))
        time.sleep(0.2)
        os.close(reader)
        time.sleep(1)  # the error has all the way back to the network
        mute.close()
        call.wait(lambda: any("loudspeaker" in line["body"] for line in call.of("report", "b")))
        base = call.wait(lambda: call.last("b"))["audio_in"]
        call.wait(lambda: call.last("b")["audio_in"] > base + 100)
        calm(call)


EVIL = {"shapes": [], "sources": [], "reports": [], "giant": ["video=on", "at=10,b,picture,remote,80,60,15"],
        "restless": ["video=on", "at=10,b,picture,remote,80,60,15"]}


def with_evil(how):
    """A call of a, which has the keys and means harm, with b."""
    # A handshake's timer may outlive it by a moment: what is left at the end is asked where nobody is cut off.
    with Call(BUILD, f"a.media={BUILD}/tests/media/evil", *EVIL[how], harmless="GStreamer-RTP-CRITICAL", EVIL=how,
              ASAN_OPTIONS="detect_leaks=0") as call:
        call.state("b", "flowing")
        base = call.wait(lambda: call.last("b"))
        # What is well formed among it is heard, and the other end is not disturbed in speaking.
        call.wait(lambda: call.last("b")["audio_in"] >= base["audio_in"] + (250 if LONG else 60))
        call.heard_more(20, sides="a")
        assert call.memory() < (700 if SANITIZED else 120), how
        assert not call.of("failed", "b") and not call.of("ended", "b"), [line for line in call.events if line["event"] != "STATS"]
        frames = call.of("FRAME", "b")
        assert all((line["width"], line["height"]) == (80, 60) for line in frames)
        assert how != "giant" or not frames


@pytest.mark.san
@alone
def test_f07_a_peer_with_the_keys_that_sends_what_nobody_should():
    """F07: what the right keys sealed is wrong inside: shapes of packets, sources without number, reports, sizes of pictures."""
    with concurrent.futures.ThreadPoolExecutor(2 if SANITIZED else len(EVIL)) as pool:
        list(pool.map(with_evil, EVIL))


CALLS = [[], ["video=on", "at=10,b,picture,remote,80,60,15", "at=+1000,a,set,mute,on", "at=+1500,a,restart", "at=+2000,a,set,audio-source,none",
              "at=+3000,a,set,hold,on", "at=+3500,a,set,hold,off", "at=+4500,b,set,video,off"],
         ["video=on", "bundled=off", "mixed=on", "at=10,a,picture,own,80,60,15", "b.source=echo", "b.camera=echo", "at=+1000,a,set,dtmf,5",
          "at=+2000,a,remove,1", "at=+2000,b,remove,1"]]


@pytest.mark.long
@alone
def test_threads_do_not_race():
    """ThreadSanitizer is quiet over whole calls with all that is changed while they go on."""
    for options in CALLS:
        with Call(ROOT / "build/tsan", *options, seconds=14, G_SLICE="always-malloc",
                  TSAN_OPTIONS="history_size=4:ignore_noninstrumented_modules=1:atexit_sleep_ms=0") as call:
            call.flowing()
            call.process.wait()
            assert not call.of("failed")
