# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls between two sottos on two federated servers: signalling, keys, sound, ends."""

import os
import signal
import subprocess
import time

import pytest

from lab import AT_ONCE, wait_until
from test_medialink import Listener


def talk_ready(*clients, source="test"):
    for client in clients:
        client.run(f"/set call.audio_source {source}")
        client.run("/set call.audio_sink none")
        client.run("/set call.video_source test")
        client.run("/set call.sounds off")


def state(client, name, **fields):
    return client.wait("call", state=name, **fields)


def heard(client, frames=50):
    return client.wait("call-stats", where=lambda e: e.get("audio_frames_in", 0) >= frames)


def engines(client):
    """Processes of sotto-media that this client started."""
    found = subprocess.run(["pgrep", "-P", str(client.process.pid), "-f", "sotto-media"], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


@pytest.fixture
def callers(pair):
    alice, bob = pair
    talk_ready(alice, bob)
    alice.run("/msg bob@b.test the keys of both are published")
    bob.wait("message", direction="in")
    return alice, bob


@pytest.mark.san
def test_a_call_is_answered_heard_and_ended(callers):
    alice, bob = callers
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    state(alice, "ringing")
    bob.run("/answer")
    for client in callers:
        active = state(client, "active")
        assert active["keys"] == "dtls+ratchet"
        assert active["path"] == "direct"
        assert active["media"] == ["audio"]
    for client in callers:
        stats = heard(client)
        assert stats["audio_level_in"] > -40
    alice.run("/hangup")
    assert state(alice, "ended")["reason"] == "you hung up"
    assert "hung up" in state(bob, "ended")["reason"]


def test_a_call_is_declined(callers):
    alice, bob = callers
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    bob.run("/reject")
    assert "declined" in state(alice, "ended")["reason"]
    state(bob, "ended")


def test_who_gives_up_leaves_a_missed_call(callers):
    alice, bob = callers
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    alice.run("/hangup")
    state(alice, "ended")
    state(bob, "ended")
    bob.wait("output", where=lambda e: "missed call" in e["text"])


def test_another_device_answers(lab, federation, callers):
    alice, bob = callers
    other = lab.client("bob2").start()
    other.login("bob@b.test", federation[1])
    talk_ready(other)
    wait_until(lambda: len({e["device"] for e in alice.seen("trust", peer="bob@b.test")}) == 2, "both devices at alice", timeout=60)
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    state(other, "ringing")
    other.run("/answer")
    assert "another device" in state(bob, "ended")["reason"]
    state(other, "active")
    state(alice, "active")
    heard(alice)
    alice.run("/hangup")
    state(other, "ended")


def test_e01_a_stranger_does_not_ring(lab, federation, callers):
    """E01: nothing goes back to a stranger, and nothing rings."""
    _, bob = callers
    a, _ = federation
    a.add_user("mallory")
    mallory = lab.client("mallory").start()
    mallory.login("mallory@a.test", a)
    mallory.run("/add bob@b.test", ok=None)
    answer = mallory.run("/call bob@b.test", ok=False)
    assert "see" in answer
    assert not any("<propose" in stanza for stanza in a.wire()) and not bob.seen("call")


def test_e07_both_call_at_once(callers):
    """E07: the lower sid wins, both ends agree, nobody is asked."""
    alice, bob = callers
    alice.send("/call bob@b.test")
    bob.send("/call alice@a.test")
    state(alice, "active")
    state(bob, "active")
    heard(alice)
    heard(bob)
    time.sleep(1)
    for client in callers:
        running = {e["id"]: e["state"] for e in client.seen("call")}
        assert sorted(running.values()).count("active") == 1, running
    alice.run("/hangup")
    wait_until(lambda: all(e["state"] == "ended" for e in {e["id"]: e for e in bob.seen("call")}.values()), "the end at bob")


@pytest.mark.san
def test_pictures_flow_both_ways(callers):
    alice, bob = callers
    alice.run("/vcall bob@b.test")
    state(bob, "ringing", media=["audio", "video"])
    bob.run("/answer")
    state(alice, "active")
    state(bob, "active")
    for client in callers:
        client.wait("call-stats", where=lambda e: e.get("video_frames_in", 0) > 20)
    bob.run("/hangup")
    state(alice, "ended")


def test_pictures_come_to_a_running_call(callers):
    alice, bob = callers
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    bob.run("/answer")
    state(alice, "active")
    state(bob, "active")
    heard(bob)
    alice.run("/video on")
    asked = bob.wait("ask")
    bob.run(f"/answer-ask {asked['id']} yes")
    for client in callers:
        client.wait("call-stats", where=lambda e: e.get("video_frames_in", 0) > 20)
    alice.run("/hangup")


def test_hold_mute_and_resume(callers):
    alice, bob = callers
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    bob.run("/answer")
    state(alice, "active")
    heard(bob)
    bob.forget()
    alice.run("/mute")
    bob.wait("call-stats", where=lambda e: e["audio_level_in"] < -60)
    bob.forget()
    alice.run("/mute")
    bob.wait("call-stats", where=lambda e: e["audio_level_in"] > -40)
    alice.run("/hold")
    state(alice, "held")
    alice.run("/resume")
    state(alice, "active")
    alice.run("/hangup")


def test_a_dead_engine_ends_the_call(callers):
    """The media program dies: the call ends with a reason at once, sotto goes on."""
    alice, bob = callers
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    bob.run("/answer")
    state(alice, "active")
    (engine,) = engines(alice)
    began = time.monotonic()
    os.kill(engine, signal.SIGKILL)
    ended = state(alice, "ended")
    assert time.monotonic() - began < AT_ONCE and ended["reason"]
    state(bob, "ended")
    alice.run("/msg bob@b.test still here")


@pytest.mark.parametrize("line", ["/disconnect", "/account remove alice@a.test"])
def test_who_logs_out_in_a_call_ends_it_first(callers, line):
    alice, bob = callers
    alice.run("/call bob@b.test")
    state(bob, "ringing")
    bob.run("/answer")
    heard(alice)
    heard(bob)
    (engine,) = engines(alice)
    alice.run(line)
    assert state(alice, "ended")["reason"] == "alice@a.test logs out"
    assert "is gone" in state(bob, "ended")["reason"]
    wait_until(lambda: engine not in engines(alice), "the end of the engine")


def missed(alice, bob, word):
    """How many missed calls bob was told, once a message of that word came after them."""
    alice.run(f"/msg bob@b.test {word}")
    bob.wait("message", body=word, direction="in")
    return len(bob.seen("output", where=lambda e: "missed call" in e["text"]))


def test_a_call_to_somebody_offline_is_a_missed_call_at_the_next_login(federation, callers):
    alice, bob = callers
    bob.run("/disconnect")
    bob.wait("connection", state="offline")
    wait_until(lambda: alice.seen("roster", jid="bob@b.test")[-1]["presence"] == "offline", "bob is gone")
    alice.run("/call bob@b.test")
    wait_until(lambda: any("<propose" in stanza for stanza in federation[0].wire()), "the call on its way")
    alice.run("/hangup")
    state(alice, "ended")
    bob.run("/connect")
    bob.wait("output", where=lambda e: "missed call" in e["text"])
    assert missed(alice, bob, "once") == 1
    bob.run("/disconnect")
    bob.wait("connection", state="offline")
    bob.run("/connect")
    bob.wait("connection", state="online")
    assert missed(alice, bob, "twice") == 1


@pytest.mark.parametrize("far", [False, True])
def test_a_second_call_holds_the_first_and_a_third_is_told_busy(lab, federation, request, far):
    a, b = federation
    b.set_roster("bob", {f"{user}@a.test": "both" for user in ("alice", "carol", "dave")})
    for user in ("alice", "carol", "dave"):
        a.add_user(user)
        a.set_roster(user, {"bob@b.test": "both"})
    bob = lab.client("bob").start()
    bob.login("bob@b.test", b)
    others = []
    for user in ("alice", "carol", "dave"):
        others.append(lab.client(user).start())
        others[-1].login(f"{user}@a.test", a)
        others[-1].wait("roster", jid="bob@b.test")
        others[-1].run("/msg bob@b.test hello")
        bob.wait("message", direction="in", conversation=f"{user}@a.test")
    alice, carol, dave = others
    talk_ready(bob, *others)
    if far:  # the engines of both of his calls come by one socket
        laptop = Listener(lab.dir / "laptop")
        request.addfinalizer(laptop.close)
        bob.run(f"/set media.socket {laptop.path}")
    alice.run("/call bob@b.test")
    state(bob, "ringing", peer="alice@a.test")
    bob.run("/answer")
    state(bob, "active", peer="alice@a.test")
    carol.run("/call bob@b.test")
    state(bob, "ringing", peer="carol@a.test")
    dave.run("/call bob@b.test")
    assert "busy" in state(dave, "ended")["reason"]
    bob.run("/answer")
    state(bob, "held", peer="alice@a.test")
    state(bob, "active", peer="carol@a.test")
    heard(carol)
    carol.run("/hangup")
    state(bob, "ended", peer="carol@a.test")
    bob.run("/resume")
    resumed = state(bob, "active", peer="alice@a.test")
    bob.forget()
    before = bob.wait("call-stats", id=resumed["id"])
    bob.wait("call-stats", id=resumed["id"], where=lambda e: e["audio_frames_in"] >= before["audio_frames_in"] + 20)
    alice.run("/hangup")
    state(bob, "ended", peer="alice@a.test")


def test_a_video_call_answered_with_sound_shows_one_side_until_it_is_lifted(callers):
    alice, bob = callers
    alice.run("/vcall bob@b.test")
    state(bob, "ringing")
    bob.run("/answer audio")
    state(alice, "active")
    state(bob, "active")
    bob.wait("call-stats", where=lambda e: e.get("video_frames_in", 0) > 20)
    assert not heard(alice).get("video_frames_in")
    bob.run("/video on")
    alice.wait("call-stats", where=lambda e: e.get("video_frames_in", 0) > 20)
    bob.run("/video off")

    def still():
        """Two seconds long none came."""
        told = [e["video_frames_in"] for e in alice.seen("call-stats")[-3:]]
        return told[0] == told[-1]
    wait_until(still, "the end of the pictures")
    alice.run("/hangup")
    state(bob, "ended")


def test_who_answers_by_itself_takes_pictures_that_come_later_and_hears_every_key(callers):
    alice, bob = callers
    bob.run("/set call.answer auto-contacts")
    alice.run("/call bob@b.test")
    state(alice, "active")
    heard(alice)
    alice.run("/dtmf 12#")
    assert "keys of a telephone" in alice.run("/dtmf 1x", ok=False)
    alice.run("/video on")
    for client in callers:
        client.wait("call-stats", where=lambda e: e.get("video_frames_in", 0) > 20)
    assert not alice.seen("alert") and not bob.seen("ask")
    alice.run("/hangup")
    state(bob, "ended")
