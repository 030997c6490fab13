# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls with Dino 0.4.2 itself: sealed, heard and seen."""

import time


def state(alice, name, timeout=25):
    return alice.wait("call", where=lambda e: e["state"] == name, timeout=timeout)


def is_sealed(alice, media=("audio",)):
    active = state(alice, "active")
    assert (active["keys"], active["trust"], active["path"], active["media"]) == ("dtls+sealed", "trusted", "direct", list(media))


def hears(alice):
    alice.wait("call-stats", where=lambda e: e["audio_frames_in"] > 50 and e["audio_level_in"] > -60, timeout=20)


def ends(alice):
    alice.run("/hangup")
    assert state(alice, "ended")["reason_code"] == "success"


def test_dino_is_called_and_answers(alice, dino):
    alice.run("/call bob@a.test")
    state(alice, "proposed")
    dino.accept()
    is_sealed(alice)
    hears(alice)
    alice.run("/hold")
    state(alice, "held")
    alice.run("/resume")
    is_sealed(alice)
    ends(alice)


def test_dino_declines(alice, dino):
    alice.run("/call bob@a.test")
    state(alice, "proposed")
    dino.reject()
    assert state(alice, "ended")["reason_code"] == "decline"


def test_dino_calls(alice, dino):
    dino.call()
    state(alice, "ringing")
    alice.run("/answer")
    is_sealed(alice)
    hears(alice)
    ends(alice)


def test_dino_calls_with_pictures(alice, dino):
    dino.call(video=True)
    assert state(alice, "ringing")["media"] == ["audio", "video"]
    alice.run("/answer")
    is_sealed(alice, ("audio", "video"))
    ends(alice)


def draws_bars(dino, seconds):
    """The test picture in its window: white, then yellow."""
    for _ in range(seconds):
        white, yellow = dino.pixel(50, 150), dino.pixel(140, 150)
        if min(white) > 200 and min(yellow[:2]) > 200 and yellow[2] < 60:
            return True
        time.sleep(1)
    return False


def test_dino_draws_our_picture(alice, dino):
    """From the start, or added later. It drops what it could draw only late: on a busy machine that is a whole call, at times."""
    for attempt in range(4):
        alice.forget()
        alice.run("/vcall bob@a.test" if attempt % 2 else "/call bob@a.test")
        state(alice, "proposed")
        dino.accept()
        state(alice, "active")
        if attempt % 2 == 0:
            alice.run("/video on")
        drawn = draws_bars(dino, 8)
        ends(alice)
        if drawn:
            return
        time.sleep(2)
    raise AssertionError("four calls, and no picture at Dino")
