# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of speech on its way: pieces of 20 ms that no longer look like what was said."""

import array
import math
import operator
import pathlib
import subprocess
import wave

RATE, STEP = 48000, 3  # decoded; compared at 16 kHz
FRAME = RATE // STEP // 50
AUDIBLE, NEAR, FAR = 400, 16, 1600  # an amplitude; 1 and 100 ms
TEXT = """the north wind and the sun were disputing which was the stronger, when a traveller came along wrapped in a warm cloak.
they agreed that the one who first succeeded in making the traveller take his cloak off should be considered stronger than the other.
then the north wind blew as hard as he could, but the more he blew the more closely did the traveller fold his cloak around him;
and at last the north wind gave up the attempt. then the sun shined out warmly, and immediately the traveller took off his cloak."""


def say(path, seconds):
    """A WAV file of so long, at 48 kHz."""
    once = path.with_suffix(".once")
    subprocess.run(["espeak-ng", "-s", "150", "-w", str(once), TEXT], check=True)
    with wave.open(str(once)) as file:
        rate = file.getframerate()
        voice = array.array("h", file.readframes(file.getnframes()))
    samples = array.array("h", (voice[n * rate // RATE % len(voice)] for n in range(seconds * RATE)))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


def decoded(path):
    """What a file: sink wrote."""
    data = pathlib.Path(path).read_bytes()[44:]
    samples = array.array("h", data[:len(data) // 2 * 2])
    return [sum(samples[n:n + STEP]) / STEP for n in range(0, len(samples) - STEP, STEP)]


HOP = RATE // STEP // 100


def energies(samples, hop=HOP):
    return [math.sqrt(sum(x * x for x in samples[n:n + hop]) / hop) for n in range(0, len(samples) - hop, hop)]


def offset(said, heard):
    """Where heard begins in said, roughly; in samples, may be negative."""
    a, b = ([math.log(1 + x) for x in energies(samples)] for samples in (said, heard))

    def apart(shift):
        both = [(x, y) for x, y in zip(a[max(0, shift):], b[max(0, -shift):])]
        return sum(abs(x - y) for x, y in both) / max(1, len(both))
    return HOP * min(range(-300, 300), key=apart)


def likeness(piece, power, other, at):
    part = other[at:at + len(piece)]
    if at < 0 or len(part) < len(piece):
        return 0.0
    return sum(map(operator.mul, piece, part)) / math.sqrt(power * sum(map(operator.mul, part, part)) + 1)


def harm(said, heard):
    """(share of the pieces with speech that are damaged, that are gone): likeness below 0.8, below 0.5. said is the same without loss.
    The place in heard is followed: what repairs a loss may stretch."""
    lag, bad = -offset(said, heard), FRAME
    speech = damaged = gone = 0
    for at in range(0, len(said) - FRAME, FRAME):
        piece = said[at:at + FRAME]
        power = sum(map(operator.mul, piece, piece))
        if power < AUDIBLE * AUDIBLE * FRAME or not FAR <= at + lag < len(heard) - FRAME - FAR:
            continue
        reach = NEAR if bad < 2 else 5 * NEAR if bad < 4 else FAR
        like, _, step = max((likeness(piece, power, heard, at + lag + n), -abs(n), n) for n in range(-reach, reach + 1))
        speech += 1
        damaged += like < 0.8
        gone += like < 0.5
        if like >= 0.8:
            lag, bad = lag + step, 0
        else:
            bad += 1
    assert speech > 20, speech
    return damaged / speech, gone / speech
