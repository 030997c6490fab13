# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sotto-media and nothing else: tests/media/pair says what two sottos would say, tests/media/wire.py is the wire."""

import collections
import concurrent.futures
import json
import math
import os
import pathlib
import socket
import struct
import subprocess
import sys
import time
import wave

import pytest

from lab import AT_ONCE, PATIENCE, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/media"))
from alone import unshare  # noqa: E402

pytestmark = pytest.mark.skipif(not unshare(), reason="the kernel gives no network of one's own to this user")
BUILD = ROOT / os.environ.get("SOTTO_BUILD", "build/release")
RELAY = "relay=turn,127.0.0.1,3478,{transport},u,secret"
TOGETHER = 2 if BUILD.name.startswith("san") else 5  # calls wait most of the time, but for those with a sanitizer


class Call:
    """What came out of a call: events as the driver printed them, datagrams as they were on the wire."""

    def __init__(self, folder, *options, turn=False, loss=0, seconds=75, after=-1, env=()):
        self.folder = folder
        pair = BUILD / "tests/media/pair"
        assert pair.exists(), f"make media: {pair} is not built"
        capture = folder / "wire"
        command = [*unshare(), "/usr/bin/python3", str(ROOT / "tests/media/wire.py"), str(capture), "turn" if turn else "no", str(loss),
                   str(pair), f"seconds={seconds}", f"after={after}", f"save={folder}/picture", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=2 * PATIENCE,
                              env={**os.environ, **dict(env), "ASAN_OPTIONS": "detect_leaks=0"})  # the fence leaves no /proc to look for leaks
        assert done.returncode == 0, done.stderr
        # A session of GStreamer walks its table of sources while it changes, once in some hundred calls.
        said = "".join(line for line in done.stderr.splitlines(True) if "version == hash_table->version" not in line)
        assert not any(word in said for word in ("Sanitizer", "runtime error", "CRITICAL")), said[:6000]
        self.events = [json.loads(line) for line in done.stdout.splitlines()]
        self.wire = [json.loads(line) for line in capture.read_text().splitlines()]

    def of(self, event, side=None):
        return [line for line in self.events if line["event"] == event and side in (None, line["side"])]

    def states(self, side):
        return [line["body"].split("'")[3] for line in self.of("state", side)]

    def last(self, side):
        stats = self.of("STATS", side)
        assert stats, self.events
        return stats[-1]

    def failed(self, side):
        return [tuple(line["body"].split("'")[1::2]) for line in self.of("failed", side)]

    def media_from(self, side):
        ports = {int(line["body"].split(", ")[6]) for line in self.of("candidate", side)}
        return [line for line in self.wire if line["kind"] in ("srtp", "srtcp") and line["from"] in ports]

    def kinds(self):
        return {line["kind"] for line in self.wire}


def loudness(samples, frequency, rate=48000):
    """Goertzel: the amplitude of one frequency."""
    factor, a, b = 2 * math.cos(2 * math.pi * frequency / rate), 0.0, 0.0
    for sample in samples:
        a, b = sample + factor * a - b, a
    return 2 * math.sqrt(max(0.0, a * a + b * b - factor * a * b)) / len(samples)


def heard(path):
    """Loudness of four frequencies, every tenth of a second of the second half."""
    data = path.read_bytes()[44:]
    samples = struct.unpack(f"<{len(data) // 2}h", data[:len(data) // 2 * 2])
    later = samples[len(samples) // 2:]
    pieces = [later[at:at + 4800] for at in range(0, len(later) - 4800, 4800)]
    return [{frequency: round(loudness(piece, frequency)) for frequency in (300, 440, 600, 1000)} for piece in pieces]


def is_tone(path, hertz=440):
    """It is what is heard, and for a third of a second without a flaw: a machine that is busy loses a piece now and then."""
    pieces = heard(path)
    clean = [loud[hertz] > 4000 and max(loud[other] for other in loud if other != hertz) < loud[hertz] / 10 for loud in pieces]
    whole = {frequency: sum(loud[frequency] for loud in pieces) for frequency in (300, 440, 600, 1000)}
    return sum(clean) >= 3 and whole.pop(hertz) > 3 * max(whole.values())


def colours(path):
    """The eight bars of the test card, by letter; its square's place."""
    data = path.read_bytes()
    head, pixels = data.split(b"255\n", 1)
    width, height = map(int, head.split()[1:3])

    def at(x, y):
        return tuple(value > 128 for value in pixels[3 * (y * width + x):][:3])

    names = {(True, True, True): "w", (True, True, False): "y", (False, True, True): "c", (False, True, False): "g",
             (True, False, True): "m", (True, False, False): "r", (False, False, True): "b", (False, False, False): "k"}
    bars = "".join(names[at(int((n + 0.5) * width / 8), height // 3)] for n in range(8))
    return bars, [x for x in range(width) if at(x, height * 7 // 8) == (True, True, True)]


def calls(*options, **how):
    """A test needs this call; the first such call of a test is the lowest. {dir} and the test's parameters stand for themselves."""
    return pytest.mark.calls(options, how)


@pytest.fixture(scope="session")
def under_way(request, tmp_path_factory):
    """All calls of the tests that were chosen, some at a time."""
    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        futures = {}
        for item in request.session.items:
            for n, mark in enumerate(item.iter_markers("calls")):
                folder = tmp_path_factory.mktemp("call")
                words = {"dir": folder, **(item.callspec.params if hasattr(item, "callspec") else {})}
                options, how = mark.args
                futures[item.nodeid, n] = pool.submit(Call, folder, *[option.format(**words) for option in options], **how)
        yield futures


@pytest.fixture
def made(request, under_way):
    """The calls of this test, made."""
    return [under_way[key].result() for key in sorted(key for key in under_way if key[0] == request.node.nodeid)]


@pytest.mark.san
@pytest.mark.parametrize("mixed", ["off", "on"])
@calls("mixed={mixed}", "a.sink=file:{dir}/a.wav", "b.sink=file:{dir}/b.wav", after=2600)
def test_a_tone_is_heard_by_its_frequency_on_both_sides(made, mixed):
    (call,) = made
    assert is_tone(call.folder / "a.wav"), heard(call.folder / "a.wav")
    assert is_tone(call.folder / "b.wav"), heard(call.folder / "b.wav")
    assert call.states("a") == ["checking", "connected", "secured", "flowing"]
    assert call.kinds() == {"stun", "dtls", "srtp", "srtcp"}
    # Sound has one size whatever it is; the tag of AES-256-GCM is longer than that of the HMAC.
    sizes = {line["length"] for line in call.wire if line["kind"] == "srtp"}
    assert sizes == ({116} if mixed == "on" else {110})
    assert call.last("a")["refused"] == 0


@calls("mixed=on", "wrong=secret", after=300)
def test_different_secrets_give_silence_and_soon_a_reason(made):
    (call,) = made
    secured = [line["ms"] for line in call.of("state", "a") if "secured" in line["body"]][0]
    reasons = [line for line in call.of("failed") if line["body"].startswith("('keys', ")]
    assert reasons and all(line["ms"] - secured < 1000 * AT_ONCE for line in reasons)
    for side in "ab":
        assert "flowing" not in call.states(side)
        assert all(stats["audio_in"] == 0 for stats in call.of("STATS", side))


@pytest.mark.san
@calls("wrong=fingerprint", after=300)
def test_E09_a_certificate_that_was_not_announced_ends_the_call_before_a_packet(made):
    (call,) = made
    assert call.failed("a") and call.failed("a")[0][0] == "fingerprint"
    assert "secured" not in call.states("a") and "flowing" not in call.states("b")
    assert not call.media_from("a")


@calls("wrong=hash", after=500)
def test_a_fingerprint_of_another_length_never_leaves_sotto(made):
    (call,) = made
    assert call.of("refused") and not call.of("state")


@calls("keys=-1", "until=secured", after=1000)
@calls("b.consent=-1", "until=secured", after=1800)
def test_E03_nothing_is_opened_or_sent_before_consent_nor_before_the_keys(made):
    early, keyless = made
    assert "secured" in early.states("b") and "flowing" not in early.states("a") + early.states("b")
    assert early.media_from("a") and not early.media_from("b")
    assert early.last("b")["audio_out"] == 0 and early.last("b")["audio_in"] == 0
    assert keyless.kinds() == {"stun", "dtls"}


@pytest.mark.parametrize("bundled", ["on", "off"])
@calls("video=on", "bundled={bundled}", "mixed=on", "at=10,a,picture,remote,160,120,15", "at=10,b,picture,remote,80,60,15",
       "at=10,b,picture,own,40,30,5", "b.sink=file:{dir}/b.wav", after=2600)
def test_a_picture_is_seen_on_both_sides(made, bundled):
    (call,) = made
    for name in ("a-remote", "b-remote", "b-own"):
        bars, square = colours(call.folder / f"picture-{name}.ppm")
        assert bars == "wycgmrbk" and square, (name, bars)
    assert is_tone(call.folder / "b.wav")
    frames = [line for line in call.of("FRAME", "a") if line["which"] == "remote"]
    assert len(frames) > 2
    assert all((line["width"], line["height"], line["size"]) == (160, 120, 160 * 120 * 3) for line in frames)
    # The second content's transport is used only when there is no group.
    ports = {int(line["body"].split(", ")[6]) for line in call.of("candidate") if line["body"].startswith("('1'")}
    assert bool([line for line in call.wire if line["kind"] == "srtp" and line["from"] in ports]) == (bundled == "off")


@calls("video=on", "b.source=echo", "b.camera=echo", "a.sink=file:{dir}/a.wav", "at=10,a,picture,remote,160,120,15", after=2600)
def test_what_a_bot_hears_and_sees_comes_back(made):
    (call,) = made
    assert is_tone(call.folder / "a.wav")
    assert colours(call.folder / "picture-a-remote.ppm")[0] == "wycgmrbk"
    assert call.last("a")["video_in"] > 10


@calls("video=on", "mixed=on", "loopback=off", "b.sink=file:{dir}/b.wav", loss=5, after=5000)
def test_what_is_lost_is_repeated_or_made_up_for(made):
    (call,) = made
    for side, other in ("ab", "ba"):
        # Pictures come; that packets are repeated for it is seen on the wire below.
        assert call.last(side)["video_in"] > 0.4 * call.last(other)["video_out"] - 30, (call.last(side), call.last(other))
    assert [line for line in call.wire if line["kind"] == "srtp" and line["pt"] == 97]
    assert is_tone(call.folder / "b.wav")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@calls("policy=relay", RELAY, "b.sink=file:{dir}/b.wav", turn=True, after=2600)
def test_J01_a_relayed_call_tells_and_uses_the_relay_alone(made, transport):
    (call,) = made
    assert is_tone(call.folder / "b.wav")
    told = [line["body"] for line in call.of("candidate")]
    assert told and all("'relay', '', 0)" in body for body in told)
    assert all("'relay'" in line["body"] for line in call.of("state") if "connected" in line["body"])
    relays = {int(body.split(", ")[6]) for body in told}
    # Each datagram has the relay at one of its ends: its port for clients or one that it gave out.
    assert call.wire and all({line["from"], line["to"]} & (relays | {3478}) for line in call.wire)


@calls("policy=relay", seconds=10, after=300)
@calls("policy=relay", "relay=turn,127.0.0.1,3478,udp,u,wrong", turn=True, after=1000)
@calls("policy=relay", "relay=turn,127.0.0.1,3479,udp,u,secret", after=1000)
def test_a_relay_that_does_not_answer_or_refuses_fails_and_nothing_else_is_tried(made):
    for call in made:
        reasons = call.failed("a") + call.failed("b")
        assert reasons and {word for word, _ in reasons} == {"relay"} and not call.of("candidate")
    assert not made[2].wire


@pytest.mark.san
@calls("mixed=on", "b.sink=file:{dir}/b.wav", after=2600, env={"WIRE_STORM": "1"})
def test_F03_F05_F09_a_stranger_who_shoots_at_every_port_changes_nothing(made):
    (call,) = made
    assert is_tone(call.folder / "b.wav") and not call.failed("a") and not call.failed("b")
    shots = [line for line in call.wire if line["from"] == 6666]
    answers = [line for line in call.wire if line["to"] == 6666]
    assert len(shots) > 500
    assert sum(line["length"] for line in answers) < sum(line["length"] for line in shots)
    assert {line["kind"] for line in answers} <= {"stun"}


@calls("loopback=off", after=300)
def test_host_candidates_are_what_the_kernel_uses_and_loopback_only_when_asked(made):
    (call,) = made
    told = [line["body"].split(", ")[5].strip("'") for line in call.of("candidate")]
    assert set(told) == {"203.0.113.7"}, told
    assert all(line["body"].endswith("'host', '', 0)") for line in call.of("candidate"))


HOSTILE = ["127.0.0.1,40000", "224.0.0.251,40000", "255.255.255.255,40000", "169.254.1.1,40000", "0.0.0.0,40000", "203.0.113.9,0",
           "203.0.113.9,22", "::ffff:127.0.0.1,40000", "fe80::1,40000", "evil.example,40000", "::1,40000"]


@pytest.mark.san
@calls("loopback=off", *[f"at=5,{side},candidate,{hostile}" for hostile in HOSTILE for side in "ab"],
       *[f"at=6,a,candidate,198.51.100.7,{port}" for port in range(20000, 20200)], after=1500)
def test_F01_hostile_candidates_do_nothing(made):
    (call,) = made
    assert "flowing" in call.states("a") and "flowing" in call.states("b") and not call.failed("a")
    ours = {int(line["body"].split(", ")[6]) for line in call.of("candidate")}
    tried = {line["to"] for line in call.wire} - ours
    assert tried <= set(range(20000, 20100)), tried


@calls("video=on", "loopback=off", "at=+1000,b,deaf,on", "at=+2500,b,deaf,off", after=4000)
def test_who_wants_nothing_gets_nothing(made):
    (call,) = made
    sent = {media: [line["at"] for line in call.media_from("a") if line["kind"] == "srtp" and line["pt"] == pt] for media, pt in (("audio", 111), ("video", 96))}
    for media, times in sent.items():
        assert max(late - early for early, late in zip(times, times[1:])) > 1.2, media
    assert [line for line in call.media_from("b") if line["pt"] == 111]


@calls("video=on", "at=1,a,set,video,off", "at=10,b,picture,remote,80,60,15", "at=+1000,a,set,video,on", after=2500)
def test_a_camera_that_was_turned_off_before_the_yes_stays_off(made):
    (call,) = made
    flowing = max(line["ms"] for line in call.of("state") if "flowing" in line["body"])
    seen = [line["ms"] - flowing for line in call.of("FRAME", "b")]
    assert seen and min(seen) > 900


@calls("mixed=on", "at=+1500,a,set,mute,on", after=4200)
def test_F11_mute_does_not_show_in_the_sizes(made):
    (call,) = made
    sizes = {line["length"] for line in call.wire if line["kind"] == "srtp"}
    assert len(sizes) == 1, sizes
    assert call.of("STATS", "b")[-1]["level_in"] < -80 and call.of("STATS", "b")[0]["level_in"] > -30
    assert call.last("b")["audio_in"] > 60


@pytest.mark.san
@calls("at=+1000,a,set,hold,on", "at=+2500,a,set,hold,off", after=3500)
def test_hold_is_silent_on_the_wire_and_ends(made):
    (call,) = made
    sent = [line["at"] for line in call.media_from("a") if line["kind"] == "srtp"]
    gaps = [late - early for early, late in zip(sent, sent[1:])]
    assert 1.2 < max(gaps) < 1.5 + AT_ONCE and sorted(gaps)[-2] < 1, sorted(gaps)[-3:]


@calls("b.sink=file:{dir}/b.wav", "a.source=none", "at=+1500,a,set,audio-source,test", "at=+3000,b,set,volume,0", after=5200)
def test_the_source_and_the_volume_are_changed_while_it_plays(made):
    (call,) = made
    levels = [line["level_in"] for line in call.of("STATS", "b")]
    assert levels[0] < -80 and max(levels) > -20 and levels[-1] < -80, levels


@calls("at=+11000,a,restart", env={"WIRE_CUT": "9"}, after=14000)
def test_a_way_that_is_gone_is_noticed_and_so_is_the_next(made):
    (call,) = made
    for side in "ab":
        states = call.states(side)
        assert states.count("lost") == 1 and states[-1] == "flowing" and states.index("lost") < len(states) - 1, states
        assert call.of("STATS", side)[-1]["audio_in"] > call.of("STATS", side)[-3]["audio_in"]


@pytest.mark.san
@calls("at=+1000,a,restart", after=3200)
def test_a_new_way_is_found_without_a_new_handshake(made):
    (call,) = made
    for side in "ab":
        assert call.states(side).count("connected") == 2 and call.states(side).count("secured") == 1
        assert call.last(side)["audio_in"] > 60 and not call.failed(side)
    sent = [line["at"] for line in call.media_from("a")]
    assert max(late - early for early, late in zip(sent, sent[1:])) < 1


@pytest.mark.san
@calls("at=+600,a,add,1,video", "at=+600,b,add,1,video", "at=10,b,picture,remote,80,60,15", "at=+2600,a,remove,1", "at=+2600,b,remove,1", after=3600)
def test_a_picture_joins_and_leaves_a_running_call(made):
    (call,) = made
    assert colours(call.folder / "picture-b-remote.ppm")[0] == "wycgmrbk"
    assert not call.failed("a") and call.last("b")["audio_in"] > 60


# A name of its own each time, as others may give them; the last one stays.
TWENTY = [f"at=+{300 + 150 * n + late},{side},{what}" for n in range(20) for side in "ab"
          for late, what in [(0, f"add,p{n},video")] + [(100, f"remove,p{n}")] * (n < 19)]


@pytest.mark.san
@calls(*TWENTY, "at=10,b,picture,remote,80,60,15", after=6500)
def test_pictures_come_and_go_as_often_as_one_likes(made):
    (call,) = made
    assert not call.failed("a") and not call.failed("b")
    assert len(call.of("do", "a")) == 39 and colours(call.folder / "picture-b-remote.ppm")[0] == "wycgmrbk"


# The other side says something else in the meantime, as Dino does before it accepts pictures.
@calls("at=+600,a,add,1,video", "at=+800,a,remote", "at=+1200,b,add,1,video", "at=10,b,picture,remote,80,60,15", after=3600)
def test_what_was_added_waits_for_its_answer(made):
    (call,) = made
    assert colours(call.folder / "picture-b-remote.ppm")[0] == "wycgmrbk"
    assert not call.failed("a")


@calls("video=on", "a.source=device:none", "at=10,b,picture,remote,80,60,15", "at=+400,a,set,hold,on", "at=+700,a,set,hold,off", after=3700)
def test_the_picture_comes_back_after_a_hold_without_a_microphone(made):
    (call,) = made
    resumed = call.of("do", "a")[-1]["ms"]
    assert [line for line in call.of("FRAME", "b") if line["ms"] > resumed + 500] and not call.failed("a")


@calls("at=+300,a,set,hold,on", "at=+600,a,set,hold,perhaps", "at=+700,a,remote", after=3600)
def test_who_holds_goes_on_holding_when_it_is_told_nonsense(made):
    (call,) = made
    assert any("'hold'" in line["body"] and "neither on nor off" in line["body"] for line in call.of("report", "a"))
    heard = [line["audio_in"] for line in call.of("STATS", "b")]
    assert heard[-1] == heard[-2] and not call.failed("a")


@calls("at=+1000,a,set,dtmf,5", after=2200)
def test_digits_are_told(made):
    (call,) = made
    assert [line for line in call.wire if line["kind"] == "srtp" and line["pt"] == 101]
    assert not call.of("report") and call.last("b")["audio_in"] > 40


# What is no event goes on, with its own time.
@calls("dtmf=8000", "at=+700,a,set,dtmf,5", "at=+1700,a,set,dtmf,6", after=2500)
def test_digits_are_told_on_the_clock_that_a_telephone_has(made):
    (call,) = made
    packets = [bytes.fromhex(line["hex"]) for line in call.media_from("a")]
    times = {pt: [int.from_bytes(p[4:8], "big") for p in packets if p[1] & 0x7f == pt] for pt in (101, 111)}
    first, second = sorted({(time - times[101][0]) % (1 << 32) for time in times[101]})
    assert first == 0 and 4000 < second < 20000, second  # a second later, on a machine that is late
    steps = collections.Counter((late - early) % (1 << 32) for early, late in zip(times[111], times[111][1:]))
    assert steps.most_common(1)[0][0] == 960 and max(steps) < 2 * 48000, steps  # speech stays on its own
    assert not call.of("report") and call.last("b")["audio_in"] > 60 and call.last("b")["level_in"] > -40


@pytest.mark.san
@calls("video=on", "at=+700,a,die", after=1500)
def test_whose_sotto_is_gone_ends(made):
    (call,) = made
    assert len(call.of("exit")) == 2 and all(line["after"] < 1000 * AT_ONCE and line["status"] == 0 for line in call.of("exit"))


@calls(RELAY.format(transport="udp"), "loopback=off", turn=True, after=500)
def test_J07_nothing_on_the_wire_names_the_program_or_the_machine(made):
    (call,) = made
    seen = b"".join(bytes.fromhex(line["hex"]) for line in call.wire if 3478 not in (line["from"], line["to"]))
    for word in (b"libnice", b"sotto", b"GStreamer", socket.gethostname().encode(), os.environ.get("LANG", "C.UTF-8").encode()):
        # Two letters occur by chance.
        assert len(word) < 5 or word not in seen, word


# ---- a sound server of one's own ----

@pytest.fixture(scope="session")
def pulse(tmp_path_factory):
    home = tmp_path_factory.mktemp("pulse")
    server = subprocess.Popen(["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=no",
                               "-L", f"module-native-protocol-unix socket={home}/sound auth-anonymous=1",
                               *[word for sink in ("ear", "other") for word in ("-L", f"module-null-sink sink_name={sink}")]],
                              env={"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": os.environ["PATH"]},
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until((home / "sound").exists, "pulseaudio")
    yield {"PULSE_SERVER": f"unix:{home}/sound"}
    server.kill()
    server.wait()


class Recorder:
    """What a null sink plays."""

    def __init__(self, pulse, sink, path):
        self.path = path
        self.file = path.open("wb")
        self.file.write(bytes(44))
        self.file.flush()
        self.process = subprocess.Popen(["parec", "--latency-msec=20", "-d", f"{sink}.monitor", "--raw", "--channels=1", "--rate=48000",
                                         "--format=s16le"], env={**os.environ, **pulse}, stdout=self.file)
        wait_until(lambda: path.stat().st_size > 4800, f"a record of {sink}")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.file.close()
        return self.path


@pytest.mark.long
def test_the_loudspeaker_is_switched_and_the_echo_of_it_is_not_sent_back(tmp_path, pulse):
    ear, other = (Recorder(pulse, sink, tmp_path / sink) for sink in ("ear", "other"))
    call = Call(tmp_path, "b.source=device:ear.monitor", "b.sink=device:ear", "at=+1200,b,set,audio-sink,device:other", after=3500, env=pulse)
    assert not call.of("report"), call.of("report")
    first = ear.end().read_bytes()[44:]
    assert is_tone(other.end())
    samples = struct.unpack(f"<{len(first) // 2}h", first)
    assert any(loudness(samples[at:at + 4800], 440) > 4000 for at in range(0, len(samples) - 4800, 4800))
    # The microphone hears the loudspeaker: what is left of the tone is 20 dB below.
    assert max(line["level_in"] for line in call.of("STATS", "a")[2:]) < -35


@calls("b.source=auto", "b.sink=auto", after=1200)
def test_without_a_device_the_call_goes_on_and_says_so(made):
    (call,) = made
    assert {line["body"].split("'")[1] for line in call.of("report", "b")} == {"microphone", "loudspeaker"}
    assert call.last("a")["audio_in"] > 20 and not call.failed("b")


def test_on_hold_and_before_the_yes_no_microphone_is_open(tmp_path, pulse):
    def open_microphones():
        said = subprocess.run(["pactl", "list", "short", "source-outputs"], env={**os.environ, **pulse}, capture_output=True, text=True)
        return len(said.stdout.splitlines()) if said.returncode == 0 else None

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(Call, tmp_path, "b.source=device:ear.monitor", "b.consent=1500", "at=+1000,b,set,hold,on", "at=+2500,b,set,hold,off",
                           after=3500, env=pulse)
        seen = []
        while not call.done():
            seen += [now for now in [open_microphones()] if now is not None]
            time.sleep(0.05)
    changes = [now for before, now in zip([None, *seen], seen) if now != before]
    assert changes[:4] == [0, 1, 0, 1], changes
    assert not call.result().of("report")


def test_ringing_is_heard_before_anybody_said_yes_and_ends(tmp_path, pulse):
    ear = Recorder(pulse, "ear", tmp_path / "ear")
    call = Call(tmp_path, "b.sink=device:ear", "consent=-1", "at=500,b,set,sound,ringing", "at=4000,b,set,sound,off", seconds=7, env=pulse)
    assert not call.of("report")
    data = ear.end().read_bytes()[44:]
    samples = struct.unpack(f"<{len(data) // 2}h", data)
    assert max(loudness(samples[at:at + 2400], 587) for at in range(0, len(samples) - 2400, 2400)) > 1500
    assert max(map(abs, samples[-24000:])) < 10


# ---- files ----

def write_tone(path, hertz):
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", None))
        file.writeframes(b"".join(struct.pack("<2h", *[int(8000 * math.sin(2 * math.pi * hertz * n / 44100))] * 2) for n in range(44100 * 6)))


def write_film(path):
    """A green second at 25 pictures a second, again and again."""
    picture = b"FRAME\n" + bytes([145]) * (320 * 240) + bytes([54]) * (160 * 120) + bytes([34]) * (160 * 120)
    path.write_bytes(b"YUV4MPEG2 W320 H240 F25:1 Ip A1:1 C420jpeg\n" + picture * 25)


def test_files_are_heard_and_seen(tmp_path):
    write_tone(tmp_path / "tone.wav", 600)
    write_film(tmp_path / "film.y4m")
    Call(tmp_path, "video=on", f"a.source=file:{tmp_path}/tone.wav", f"a.camera=file:{tmp_path}/film.y4m", f"b.sink=file:{tmp_path}/b.wav",
         "at=10,b,picture,remote,80,60,15", after=2600)
    assert is_tone(tmp_path / "b.wav", 600), heard(tmp_path / "b.wav")
    assert colours(tmp_path / "picture-b-remote.ppm")[0] == "gggggggg"


def test_a_file_that_is_no_sound_or_no_film_is_said_and_the_call_goes_on(tmp_path):
    (tmp_path / "bad").write_bytes(b"RIFF" + bytes(40))
    call = Call(tmp_path, "video=on", f"a.source=file:{tmp_path}/bad", f"a.camera=file:{tmp_path}/bad", after=1200)
    assert {line["body"].split("'")[1] for line in call.of("report", "a")} == {"microphone", "camera"}
    assert not call.failed("a") and call.last("b")["audio_in"] > 10
