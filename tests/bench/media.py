# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sotto-media and what is between them: how much of speech survives loss, how long a sound is on its way."""

import array
import concurrent.futures
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

import clients

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "media"))
import hearing  # noqa: E402
from alone import HOST, Call, alone  # noqa: E402
from udprelay import Relay  # noqa: E402

SPEECH = 26  # s
LOUD = 2000  # of the test tone's 8000


# ---- loss ----

@alone
def spoken(build, folder, loss, seed):
    relay, path = Relay(HOST, loss, 0.1, seed), folder / f"heard-{loss:g}-{seed}.wav"
    with Call(build, relay.option(), f"a.source=file:{folder}/said.wav", f"b.sink=file:{path}", seconds=SPEECH + 30) as call:
        call.flowing()
        time.sleep(SPEECH)
    relay.close()
    return hearing.decoded(path)


def call_loss(bench):
    with tempfile.TemporaryDirectory() as name:
        folder, seed = pathlib.Path(name), iter(range(1, 100))
        hearing.say(folder / "said.wav", SPEECH)
        said = spoken(bench.lab.build, folder, 0, 0)

        def once(kind):
            turn, figures = next(seed), {}
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                heard = {share: pool.submit(spoken, bench.lab.build, folder, share / 100, turn) for share in (5, 10)}
            for share in heard:
                damaged, gone = hearing.harm(said, heard[share].result())
                figures[f"{share} % loss, 100 ms: damaged speech"] = damaged * 100
                figures[f"{share} % loss, 100 ms: lost speech"] = gone * 100
            return figures
        bench.measure(once, [clients.Sotto], runs=min(bench.runs, 3))


# ---- latency ----

def listen(path, onsets):
    """When something becomes loud again after it was not: a time for the first loud sample, as it is written."""
    quiet, rest = True, b""
    with open(path, "rb", buffering=0) as pipe:
        pipe.read(44)
        while data := pipe.read(1 << 16):
            now, data = time.monotonic(), rest + data
            rest = data[len(data) // 2 * 2:]
            samples = array.array("h", data[:len(data) // 2 * 2])
            loud = next((n for n, sample in enumerate(samples) if abs(sample) > LOUD), None)
            if loud is not None and quiet:
                onsets.append(now + loud / 48000)
            if max(map(abs, samples), default=0) < LOUD / 10:
                quiet = True
            elif loud is not None:
                quiet = False


@alone
def ticks(build, folder, count, *words):
    """Milliseconds from the end of a silence at one microphone to its end at the other's loudspeaker."""
    path, onsets = folder / "ear", []
    os.mkfifo(path)
    ear = threading.Thread(target=listen, args=(path, onsets), daemon=True)
    ear.start()
    # Not in step with the pieces of sound.
    marks = [f"at=+{1000 + 607 * n + off},a,set,mute,{word}" for n in range(count) for word, off in (("on", 0), ("off", 300))]
    with Call(build, f"b.sink=file:{path}", *marks, *words, seconds=60) as call:
        call.flowing()
        began = call.of("begin")[0]["monotonic"]
        call.wait(lambda: len(call.of("do", "a")) == 2 * count)
        time.sleep(0.6)
        ends = [began + line["ms"] / 1000 for line in call.of("do", "a")[1::2]]
    path.unlink()
    found = [min((late - end for late in onsets if late > end), default=None) for end in ends]
    found = [one * 1000 for one in found if one is not None and one < 0.4]
    if len(found) < count * 0.8:
        raise RuntimeError(f"{len(found)} of {count} were heard")
    return found


def call_latency(bench):
    with tempfile.TemporaryDirectory() as name:
        def once(kind):
            # A silence ends with the piece of 10 ms that comes next: half of one on the average.
            return {row: statistics.median(ticks(bench.lab.build, pathlib.Path(name), 20, f"fec={fec}")) - 5
                    for fec, row in (("on", "call: mouth to ear, no devices"), ("off", "call: mouth to ear without FEC"))}
        bench.measure(once, [clients.Sotto])
