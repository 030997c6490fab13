# SPDX-License-Identifier: GPL-3.0-or-later
"""sotto-media as sotto meets it: fenced, started and ended with it, reached over a socket that was forwarded, asked without a call."""

import base64
import hashlib
import hmac
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import wave

import pytest

import lab as labs
from conftest import ROOT
from lab import AT_ONCE, PATIENCE, die_with_parent, wait_until

BUILD = ROOT / os.environ.get("SOTTO_BUILD", "build/release")
MEDIA, ASK = BUILD / "sotto-media", BUILD / "tests/media/ask"
SANITIZED = "san" in BUILD.name
pytestmark = pytest.mark.san
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
looks_inside = pytest.mark.skipif(os.geteuid() != 0, reason="what sotto-media has open only root may see")


@pytest.fixture(scope="module", autouse=True)
def built():
    assert ASK.exists(), f"make media: {ASK} is not built"


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="s.", dir="/tmp") as name:
        yield pathlib.Path(name)


class Ask:
    """tests/media/ask, its lines as (ms, event, text)."""

    def __init__(self, *words, env=None):
        self.began, self.events = time.monotonic(), []
        self.process = subprocess.Popen([ASK, *([] if any(w.startswith("socket=") for w in words) else [f"program={MEDIA}"]), *words],
                                        stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent,
                                        env={**{k: v for k, v in os.environ.items() if not k.startswith(("PULSE", "XDG"))}, **(env or {})})
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            ms, event, *text = line.rstrip("\n").split(" ", 2)
            self.events.append((int(ms), event, text[0] if text else ""))

    def all(self, event):
        return [text for _, name, text in self.events if name == event]

    def wait(self, event, timeout=PATIENCE):
        return wait_until(lambda: self.all(event), event, timeout)[-1]

    def end(self, timeout=PATIENCE):
        self.process.wait(timeout)
        self.reader.join(PATIENCE)
        return self

    def child(self):
        """The sotto-media that it started."""
        return wait_until(lambda: [p for p in children(self.process.pid) if name_of(p) == "sotto-media"], "sotto-media")[0]


def children(pid):
    try:
        return [int(n) for n in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def report(ask):
    """[(step, went well, sentence)]"""
    return [(step, well == "true", sentence) for step, well, sentence in
            (re.fullmatch(r"\('([^']*)', (true|false), ['\"](.*)['\"]\)", text).groups() for text in ask.all("report"))]


# ---- the two programs ----

def test_sotto_itself_has_no_codec_and_no_way_for_media():
    libraries = subprocess.run(["ldd", BUILD / "sotto"], capture_output=True, text=True, check=True).stdout
    assert "libglib" in libraries
    assert not re.findall(r"lib(?:gst|nice|opus|vpx|srtp|pulse|v4l|gupnp|webrtc|orc)\S*", libraries)


def fence(*words, env=None):
    return subprocess.run([MEDIA, "--fence", *words], capture_output=True, text=True, env=env or {})


def test_nothing_of_a_person_is_in_reach_inside_the_fence(folder):
    (folder / "diary").write_text("secret")
    done = fence(f"read:{folder / 'diary'}")
    for refused in ("read a file", "read a folder", "write a file", "write a library", f"read:{folder / 'diary'}"):
        assert f"{refused}: refused\n" in done.stdout
    for needed in ("udp", "read libraries", "share memory"):
        assert f"{needed}: possible\n" in done.stdout
    if not SANITIZED:
        assert done.returncode == 0 and "wrong" not in done.stdout and re.match(r"fence: landlock \d+, seccomp\n", done.stdout)


@pytest.mark.parametrize("word", ["exec", "ptrace", "keyctl"])
def test_what_no_library_does_by_chance_kills(word):
    if SANITIZED:
        return  # a sanitizer cannot live inside the filter
    done = fence(word)
    assert done.returncode == -signal.SIGSYS, done.stdout


@pytest.mark.parametrize("sound", [False, True])
def test_of_unix_sockets_only_that_of_the_sound_server_is_in_reach(folder, sound):
    """Also with an address as short as one of IPv4 or IPv6, which the filter lets through."""
    short = tempfile.mktemp(prefix="", dir="/tmp")
    assert 2 + len(short) + 1 == 16  # family, path, NUL: as long as an address of IPv4
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as pulse:
        try:
            for server, path in ((other, short), (pulse, str(folder / "pulse"))):
                server.bind(path)
                server.listen(16)
                server.settimeout(0.1)
            done = fence(f"reach:{short}", env={"PULSE_SERVER": f"unix:{folder / 'pulse'}"} if sound else None)
        finally:
            os.unlink(short)
        if SANITIZED:
            assert f"reach:{short}: possible" in done.stdout  # so it would be without the filter
            return
        assert f"reach:{short}: refused\n" in done.stdout and f"sound server: {'there' if sound else 'none'}\n" in done.stdout
        with pytest.raises(TimeoutError):
            other.accept()
        if sound:
            pulse.accept()[0].close()


# ---- life and death ----

def test_a_crash_of_sotto_media_is_told_at_once():
    ask = Ask("what=none", "seconds=120")
    ask.wait("hello")
    child = ask.child()
    began = time.monotonic()
    os.kill(child, signal.SIGKILL)
    assert ask.wait("ended") == "sotto-media crashed (Killed)"
    assert time.monotonic() - began < AT_ONCE
    ask.end()
    assert is_gone(child)


def test_sotto_media_and_its_door_end_with_sotto(folder):
    with socket.socket(socket.AF_UNIX) as pulse:
        pulse.bind(str(folder / "pulse"))
        pulse.listen(4)
        ask = Ask("what=none", "seconds=120", env={"PULSE_SERVER": f"unix:{folder / 'pulse'}"})
        ask.wait("hello")
        media = ask.child()
        door = wait_until(lambda: children(media), "door")[0]
        ask.process.kill()
        wait_until(lambda: is_gone(media) and is_gone(door), "their end", AT_ONCE)


@pytest.mark.parametrize("hangs", [False, True])
def test_after_a_call_it_is_gone_and_reaped_though_it_hangs(hangs):
    ask = Ask("what=linger", "seconds=120")
    child = ask.child()
    ask.wait("hello")
    if hangs:
        os.kill(child, signal.SIGSTOP)
    ask.wait("stopped")
    wait_until(lambda: not pathlib.Path(f"/proc/{child}").exists(), "its end", AT_ONCE)
    assert not ask.all("ended")  # who hung up is not told so
    ask.process.kill()
    ask.end()


@looks_inside
def test_it_gets_the_link_and_nothing_else():
    with open("/etc/hostname") as inherited:
        os.set_inheritable(inherited.fileno(), True)
        ask = subprocess.Popen([ASK, f"program={MEDIA}", "what=none", "seconds=120"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, close_fds=False,
                               env={**os.environ, "SECRET_OF_SOTTO": "1", "GST_DEBUG": "9"}, preexec_fn=die_with_parent)
        ask.stdout.readline()
        media = wait_until(lambda: [p for p in children(ask.pid) if name_of(p) == "sotto-media"], "sotto-media")[0]
        environ = pathlib.Path(f"/proc/{media}/environ").read_bytes()

        def opened():
            """What is open, but for what a library reads at this moment."""
            names = []
            for n in os.listdir(f"/proc/{media}/fd"):
                try:
                    names.append(os.readlink(f"/proc/{media}/fd/{n}"))
                except FileNotFoundError:
                    pass
            return [name for name in names if name.startswith("/") and not name.startswith("/dev/") and "san" not in name]
        wait_until(lambda: not opened(), "the end of all files")
        ask.kill()
        ask.wait()
    assert b"SECRET_OF_SOTTO" not in environ and b"GST_DEBUG" not in environ and b"HOME=/nonexistent" in environ


# ---- devices and files ----

def test_without_a_sound_server_there_are_no_devices_and_no_error():
    ask = Ask("what=devices").end()
    assert ask.wait("devices") in ("[]", "@a(sssb) []")
    assert ask.events[-1][0] < 1000 * AT_ONCE


@pytest.fixture
def pulse(folder):
    path = folder / "sound"
    server = subprocess.Popen(["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=no",
                               "-L", f"module-native-protocol-unix socket={path} auth-anonymous=1",
                               "-L", "module-null-sink sink_name=ear sink_properties=device.description=Ear",
                               "-L", "module-null-source source_name=mic description=Microphone"],
                              env={"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": os.environ["PATH"]},
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
    try:
        wait_until(path.exists, "pulseaudio")
        yield {"PULSE_SERVER": f"unix:{path}"}
    finally:
        server.kill()
        server.wait()


def test_devices_have_names_and_what_a_loudspeaker_plays_is_no_microphone(pulse):
    devices = wait_until(lambda: (lambda text: text if "mic" in text else None)(Ask("what=devices", env=pulse).end().wait("devices")), "devices")
    assert "('audio-source', 'mic', 'Microphone', true)" in devices
    assert re.search(r"\('audio-sink', 'ear', '[^']*Ear[^']*', true\)", devices)
    assert "monitor" not in devices.lower()


@needs_root
def test_who_is_not_root_has_sound(pulse, folder):
    """The sound library looks its user up, and asks a name service behind the fence, unless root or the environment names one."""
    folder.chmod(0o711)
    ask, media = (shutil.copy(program, folder) for program in (ASK, MEDIA))
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    said = subprocess.run([*as_nobody, ask, f"program={media}", "what=devices"], env=pulse, capture_output=True, text=True, timeout=PATIENCE).stdout
    assert "'Microphone'" in said, said


def test_what_is_said_is_heard_again_through_the_codec_and_the_sound_server(pulse, folder):
    with wave.open(str(folder / "tone.wav"), "wb") as tone:
        tone.setparams((1, 2, 48000, 0, "NONE", None))
        tone.writeframes(b"".join(struct.pack("<h", 12000 if i // 60 % 2 else -12000) for i in range(48000 * 5)))
    ask = Ask("what=loopback", f"source=file:{folder / 'tone.wav'}", "sink=device:ear", "seconds=4", env=pulse).end()
    levels = [[float(part) for part in re.findall(r"-?\d+\.\d+|nan", text)][3:5] for text in ask.all("stats")]
    assert any(heard > -20 and said > -20 for heard, said in levels), ask.events


def test_a_test_of_sound_says_how_loud_one_is_and_what_to_do_when_nothing_is_heard(pulse):
    tone = Ask("what=test", "source=test", "sink=auto", "seconds=4", env=pulse).end()
    assert re.fullmatch(r"microphone \|+\.+ -15 dB", tone.all("good")[0])
    assert tone.all("good")[-1] == "the microphone works; if you did not hear yourself, look at the loudspeaker"
    quiet = Ask("what=test", "source=none", "sink=auto", "seconds=2", env=pulse).end()
    assert quiet.all("bad")[-1] == "the microphone is silent: is it muted, or is another one meant? /devices lists them"
    none = Ask("what=test", "source=auto", "sink=auto", "seconds=2").end()
    assert none.all("bad") and "is a sound server running" in none.all("bad")[-1]


def test_what_starts_slowly_takes_nothing_off_a_test_of_sound(pulse, folder):
    slow = folder / "slow"
    slow.write_text(f'#!/bin/sh\n/bin/sleep 3\nexec {MEDIA} "$@"\n')
    slow.chmod(0o755)
    tone = Ask(f"program={slow}", "what=test", "source=test", "sink=auto", "seconds=2", env=pulse).end()
    assert tone.all("good")[-1:] == ["the microphone works; if you did not hear yourself, look at the loudspeaker"], tone.events


def test_files_are_opened_by_sotto_and_a_missing_one_is_said(folder):
    assert Ask("source=file:/nonexistent/tone.wav").end().wait("refused") == "cannot play /nonexistent/tone.wav: No such file or directory"
    os.mkfifo(folder / "fifo")
    assert Ask(f"source=file:{folder / 'fifo'}").end().wait("refused") == f"cannot play {folder / 'fifo'}: it is no plain file"
    ask = Ask(f"source=file:{folder}/none", f"socket={folder}/none").end()
    assert ask.wait("refused") == f"cannot reach sotto-media at {folder}/none: No such file or directory"


# ---- from afar ----

class Listener:
    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen([MEDIA, "--listen", str(path)], stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        assert self.process.stdout.readline() == f"listening at {path}\n"

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def listener(folder):
    listener = Listener(folder / "laptop")
    yield listener
    listener.close()


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def forward(here, there):
    """What ssh -R does: a socket here leads to the socket there, byte by byte, descriptors get lost."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(here))
    server.listen(4)

    def serve():
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(there))
            except OSError:
                near.close()
                continue
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return server


def test_a_forwarded_socket_leads_to_the_devices_over_there(listener, folder):
    assert listener.path.stat().st_mode & 0o777 == 0o600
    with forward(folder / "server", listener.path):
        first = Ask(f"socket={folder / 'server'}", "what=devices").end()
        assert first.wait("devices") and first.process.returncode == 0
        assert listener.line() == "a call begins" and listener.line() == "a call ended"
        assert Ask(f"socket={folder / 'server'}", "what=devices").end().process.returncode == 0
        assert Ask(f"socket={folder / 'server'}", "source=file:/etc/hostname").end().wait("refused") == \
            "file:/etc/hostname: the machine at the other end of media.socket opens no files for this one - choose auto, device:ID, test or none"


@looks_inside
def test_several_calls_at_once_each_in_a_process_of_its_own(listener):
    most = 8
    calls = []
    for _ in range(most):
        calls.append(Ask(f"socket={listener.path}", "what=none", "seconds=300"))
        calls[-1].wait("hello")
    processes = children(listener.process.pid)
    assert len(processes) == most
    process = processes[0]
    for fd in (0, 1) if SANITIZED else (0, 1, 2):  # nothing of the terminal that it was started from
        assert os.readlink(f"/proc/{process}/fd/{fd}") == "/dev/null"
    links = {os.readlink(f"/proc/{p}/fd/3") for p in processes}
    assert len(links) == most and not links & {os.readlink(f) for f in pathlib.Path(f"/proc/{listener.process.pid}/fd").iterdir()}
    more = Ask(f"socket={listener.path}", "what=none", "seconds=5").end()
    assert more.wait("ended") == f"nobody answers at {listener.path}: is sotto-media --listen running at the other end?"
    calls[3].process.kill()
    wait_until(lambda: len(children(listener.process.pid)) == most - 1, "the end of one call")
    assert Ask(f"socket={listener.path}", "what=devices").end().wait("devices")
    assert all(not call.all("ended") for call in calls)
    for call in calls:
        call.process.kill()
    wait_until(lambda: not children(listener.process.pid), "the end of all calls")


def test_the_end_of_the_listener_ends_the_call_and_takes_the_socket_away(listener):
    ask = Ask(f"socket={listener.path}", "what=none", "seconds=120")
    ask.wait("hello")
    (process,) = children(listener.process.pid)
    listener.process.terminate()
    assert ask.wait("ended") == f"the connection by {listener.path} was closed"
    wait_until(lambda: is_gone(process), "its end")
    listener.process.wait(PATIENCE)
    assert not listener.path.exists()


def test_who_does_not_speak_the_language_of_the_link_harms_nobody(listener):
    for bytes_ in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\5\0\1\0\0\2\0\0\0\0", b"\xff" * 100000, b""):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(listener.path))
            try:
                stranger.sendall(bytes_)
                stranger.shutdown(socket.SHUT_WR)
                while stranger.recv(4096):
                    pass
            except OSError:
                pass
    assert Ask(f"socket={listener.path}", "what=devices").end().wait("devices")


@pytest.mark.parametrize("path, sentence", [("laptop", 'media.socket: "laptop" is no absolute path of a socket'),
                                            ("/" + "x" * 200, f'media.socket: "/{"x" * 200}" is no absolute path of a socket'),
                                            ("{folder}/file", "cannot reach sotto-media at {folder}/file: Connection refused")])
def test_a_path_that_is_no_socket_is_said(path, sentence, folder):
    (folder / "file").touch()
    assert Ask(f"socket={path.format(folder=folder)}").end().wait("refused") == sentence.format(folder=folder)


def test_a_listener_takes_the_place_of_a_dead_one_and_of_nothing_else(folder):
    listener = Listener(folder / "laptop")
    refused = subprocess.run([MEDIA, "--listen", listener.path], capture_output=True, text=True)
    assert refused.returncode == 1 and "another sotto-media listens at" in refused.stderr
    listener.close()
    assert listener.path.exists()
    Listener(folder / "laptop").close()
    (folder / "file").write_text("mine")
    refused = subprocess.run([MEDIA, "--listen", folder / "file"], capture_output=True, text=True)
    assert refused.returncode == 1 and "is there already and is no socket" in refused.stderr and (folder / "file").read_text() == "mine"


@needs_root
def test_a_socket_of_another_user_is_not_trusted_with_a_call(folder):
    folder.chmod(0o777)
    code = f"import os, socket, time; os.setuid(65534); s = socket.socket(socket.AF_UNIX); s.bind('{folder}/theirs.new'); s.listen(); os.rename('{folder}/theirs.new', '{folder}/theirs'); time.sleep(60)"
    other = subprocess.Popen(["/usr/bin/python3", "-c", code], preexec_fn=die_with_parent)
    try:
        wait_until((folder / "theirs").exists, "their socket")
        assert Ask(f"socket={folder / 'theirs'}").end().wait("refused") == f"the socket {folder / 'theirs'} belongs to another user (65534)"
    finally:
        other.kill()
        other.wait()


# ---- the doctor ----

def test_the_doctor_says_which_servers_answer_and_why_others_do_not(lab):
    turn = lab.turn()
    (closed,) = labs.Ports.take(1)
    garbage = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: garbage.accept()[0].sendall(b"220 smtp\r\n" * 100), daemon=True).start()
    user, password = credentials(turn)
    ask = Ask("what=doctor", f"relay=stun,localhost,{turn.port},udp,,", f"relay=turn,localhost,{turn.port},udp,{user},{password}",
              f"relay=turn,127.0.0.1,{turn.port},tcp,{user},{password}", f"relay=turn,127.0.0.1,{turn.port},udp,{user},wrong",
              f"relay=turn,127.0.0.1,{closed},tcp,{user},{password}", f"relay=stun,127.0.0.1,{closed},udp,,",
              f"relay=turns,127.0.0.1,{garbage.getsockname()[1]},tcp,{user},{password}", "relay=stun,no-such-name.invalid,3478,udp,,").end()
    said = report(ask)
    assert ("stun", True, f"localhost port {turn.port} by UDP answers: it sees us as 127.0.0.1") in said
    assert ("turn udp", True, f"localhost port {turn.port} by UDP relays for us, as 127.0.0.1") in said
    assert ("turn tcp", True, f"127.0.0.1 port {turn.port} by TCP relays for us, as 127.0.0.1") in said
    assert [s for s in said if s[0] == "turn udp" and not s[1] and "refuses the name and password" in s[2]], said
    assert [s for s in said if s[0] == "turn tcp" and not s[1] and f"127.0.0.1 port {closed} by TCP cannot be reached" in s[2]], said
    assert [s for s in said if s[0] == "stun" and not s[1] and f"127.0.0.1 port {closed} by UDP does not answer" in s[2]], said
    assert [s for s in said if s[0] == "turn tls" and not s[1] and "has no good TLS" in s[2]], said
    assert said[-1] == ("done", True, "calls can go through a relay")


def credentials(turn):
    user = f"{int(time.time()) + 3600}:alice"
    return user, base64.b64encode(hmac.new(turn.secret.encode(), user.encode(), hashlib.sha1).digest()).decode()


@pytest.mark.long
def test_the_doctor_calls_itself_through_the_relay(lab):
    turn = lab.turn()
    user, password = credentials(turn)
    for transport in ("udp", "tcp"):
        ask = Ask("what=rehearsal", f"relay=turn,localhost,{turn.port},{transport},{user},{password}").end()
        assert ask.all("good")[:3] == ["two ends find a way to each other through the relay", "they agree on keys (DTLS)", "sound arrives"]
        assert re.fullmatch(r"to the relay and back through it: \d+ ms, 0 % lost", ask.all("good")[-1]) and not ask.all("bad")
    far = Listener(lab.dir / "laptop")
    try:
        ask = Ask("what=rehearsal", f"program={MEDIA}", f"socket={far.path}", f"relay=turn,localhost,{turn.port},udp,{user},{password}").end()
        assert "sound arrives" in ask.all("good"), ask.events
    finally:
        far.close()
    wrong = Ask("what=rehearsal", f"relay=turn,localhost,{turn.port},udp,{user},wrong").end()
    assert wrong.all("bad") == ["the relay gave no address: is it reachable, and are its name and password right?"]


def test_the_doctor_says_when_there_is_nothing_to_ask():
    said = report(Ask("what=doctor").end())
    assert said == [("servers", False, "the server names neither STUN nor TURN: ask its operator for XEP-0215 and a relay"),
                    ("done", False, "no relay works: calls go directly or not at all")]


# ---- relays that libnice cannot reach by itself ----

class Socks:
    """A SOCKS5 proxy (RFC 1928, 1929) that keeps the names it was asked for; it looks up turn.lan itself."""

    def __init__(self, names, user=b"me", password=b"secret", host="127.0.0.1"):
        self.names, self.user, self.password, self.asked = names, user, password, []
        self.server = socket.create_server((host, 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client):
        read = client.makefile("rb").read1
        buffer = b""

        def take(count):
            nonlocal buffer
            while len(buffer) < count:
                more = read(4096)
                if not more:
                    raise OSError
                buffer += more
            got, buffer = buffer[:count], buffer[count:]
            return got
        try:
            _, count = take(2)
            assert 2 in take(count)
            client.sendall(b"\x05\x02")
            user = take(take(2)[1])
            password = take(take(1)[0])
            client.sendall(b"\x01\x00" if (user, password) == (self.user, self.password) else b"\x01\x01")
            kind = take(4)[3]
            host = take(take(1)[0]).decode() if kind == 3 else socket.inet_ntoa(take(4))
            port = struct.unpack("!H", take(2))[0]
            self.asked.append((host, port))
            far = socket.create_connection((self.names.get(host, host), port))
            client.sendall(b"\x05\x00\x00\x01\0\0\0\0\0\0")
            if buffer:
                far.sendall(buffer)
        except (OSError, AssertionError):
            client.close()
            return
        threading.Thread(target=pump, args=(client, far), daemon=True).start()
        pump(far, client)


def test_through_a_proxy_a_relay_is_reached_by_name_and_nothing_goes_past_it(lab):
    turn = lab.turn()
    user, password = credentials(turn)
    proxy = Socks({"turn.lan": "127.0.0.1"})
    words = f"proxy=socks5://me:secret@localhost:{proxy.port}", f"relay=turn,turn.lan,{turn.port},tcp,{user},{password}", \
        f"relay=turn,turn.lan,{turn.port},udp,{user},{password}"
    ask = Ask("what=rehearsal", *words).end()
    assert ask.all("good")[:3] == ["two ends find a way to each other through the relay", "they agree on keys (DTLS)", "sound arrives"], ask.events
    assert set(proxy.asked) == {("turn.lan", turn.port)}
    said = report(Ask("what=doctor", *words).end())
    assert ("turn tcp", True, f"turn.lan port {turn.port} by TCP relays for us, as 127.0.0.1") in said, said
    assert ("turn udp", False, f"turn.lan port {turn.port} by UDP is not asked: UDP does not go through the proxy") in said
    proxy.password = b"another"
    refused = report(Ask("what=doctor", *words).end())
    assert [s for s in refused if s[0] == "turn tcp" and not s[1] and "cannot be reached" in s[2]], refused


def test_a_proxy_that_speaks_http_does_as_well(lab):
    turn = lab.turn()
    user, password = credentials(turn)
    server, asked = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        while True:
            client, _ = server.accept()
            threading.Thread(target=one, args=(client,), daemon=True).start()

    def one(client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1)  # what follows is for the relay
        asked.append(head.split()[:2])
        far = socket.create_connection(("127.0.0.1", turn.port))
        client.sendall(b"HTTP/1.1 200 Fine\r\n\r\n")
        threading.Thread(target=pump, args=(client, far), daemon=True).start()
        pump(far, client)
    threading.Thread(target=serve, daemon=True).start()
    ask = Ask("what=rehearsal", f"proxy=http://localhost:{server.getsockname()[1]}", f"relay=turn,turn.lan,{turn.port},tcp,{user},{password}").end()
    assert "sound arrives" in ask.all("good"), ask.events
    assert asked[0] == [b"CONNECT", f"turn.lan:{turn.port}".encode()]


def serve_tls(turn, folder, ca, domain, **leaf):
    """The relay behind TLS, with a certificate by ca; the port."""
    ca.leaf(domain, folder / "cert.pem", folder / "key.pem", **leaf)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            client, _ = server.accept()
            threading.Thread(target=one, args=(client,), daemon=True).start()

    def one(client):
        try:
            client = context.wrap_socket(client, server_side=True)
        except OSError:
            return
        far = socket.create_connection(("127.0.0.1", turn.port))
        threading.Thread(target=pump, args=(client, far), daemon=True).start()
        pump(far, client)
    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def test_a_relay_by_tls_may_be_certified_by_the_authority_of_the_account(lab, folder):
    turn = lab.turn()
    user, password = credentials(turn)
    port = serve_tls(turn, folder, lab.ca, "localhost")
    relay = f"relay=turns,localhost,{port},tcp,{user},{password}"
    # A key that lies in the same file is not sent along: what is no certificate would be said to be none.
    (folder / "both.pem").write_text(lab.ca.key.read_text() + lab.ca.cert.read_text())
    said = report(Ask("what=doctor", relay, f"ca_file={folder / 'both.pem'}").end())
    assert ("turn tls", True, f"localhost port {port} by TLS relays for us, as 127.0.0.1") in said, said
    call = Ask("what=rehearsal", relay, f"ca_file={lab.ca.cert}").end()
    assert "sound arrives" in call.all("good") and not call.all("bad"), call.events


@pytest.mark.parametrize("fault", ["no authority", "another authority", "another name", "expired", "for clients", "no file"])
def test_a_relay_by_tls_that_the_authority_of_the_account_does_not_vouch_for_is_refused_with_a_sentence(lab, folder, fault):
    turn = lab.turn()
    user, password = credentials(turn)
    other = labs.Authority(folder / "other", "Somebody Else")
    leaf = {"another name": {"names": ["other.lan"]}, "expired": {"days": -1}, "for clients": {"usage": "clientAuth"}}.get(fault, {})
    port = serve_tls(turn, folder, lab.ca, "localhost", **leaf)
    trusted = {"no authority": [], "another authority": [f"ca_file={other.cert}"], "no file": [f"ca_file={folder}/none"]}.get(fault, [f"ca_file={lab.ca.cert}"])
    words = {"another name": "it is not for localhost", "expired": "it has expired", "for clients": "it is not made for servers"}
    why = f"its certificate is refused: {words.get(fault, 'its issuer is not trusted here')}"
    relay = f"relay=turns,localhost,{port},tcp,{user},{password}"
    said = report(Ask("what=doctor", relay, *trusted).end())
    assert ("turn tls", False, f"localhost port {port} by TLS has no good TLS: {why}") in said, said
    assert said[-1] == ("done", False, "no relay works: calls go directly or not at all")
    call = Ask("what=rehearsal", relay, *trusted).end()
    assert call.all("bad") == [f"the relay gave no address: {why}"] and not call.all("good")


@needs_root
def test_a_relay_by_tls_must_have_a_certificate_for_its_name(lab, folder):
    """The trust of the system is replaced by the lab's, in a mount namespace of the test's own."""
    turn = lab.turn()
    user, password = credentials(turn)
    port = serve_tls(turn, folder, lab.ca, "turn.lan")
    (folder / "hosts").write_text("127.0.0.1 localhost turn.lan wrong.lan\n")
    trusted = f"mount --bind {lab.ca.cert} /etc/ssl/certs/ca-certificates.crt && "

    def ask(what, host, trust=trusted):
        # Where / is no mount of its own the folder is made one, and private: nothing of it is seen outside.
        script = f'mount --bind /etc /etc && mount --make-private /etc && mount --bind {folder}/hosts /etc/hosts && {trust}exec "$0" "$@"'
        private = subprocess.run(["unshare", "-m", "--propagation", "private", "true"], capture_output=True).returncode == 0
        done = subprocess.run(["unshare", "-m", "--propagation", "private" if private else "unchanged", "sh", "-c", script, str(ASK), f"program={MEDIA}", f"what={what}",
                               f"relay=turns,{host},{port},tcp,{user},{password}"], capture_output=True, text=True, timeout=PATIENCE)
        return done.stdout
    said = ask("rehearsal", "turn.lan")
    assert "sound arrives" in said and " bad " not in said, said
    assert f"('turn tls', true, 'turn.lan port {port} by TLS relays for us, as 127.0.0.1')" in ask("doctor", "turn.lan")
    for host, trust in (("wrong.lan", trusted), ("turn.lan", "")):
        assert "no good TLS" in ask("doctor", host, trust)
        said = ask("rehearsal", host, trust)
        assert "good sound" not in said and "the relay gave no address" in said, said


# ---- as a person asks ----

def test_the_doctor_of_an_account_knows_the_authority_of_the_account(lab, folder):
    turn = lab.turn()
    port = serve_tls(turn, folder, lab.ca, "localhost")
    server = lab.server("tls.test", modules=("external_services",), options=(
        f'external_services = {{ {{ type = "turns"; transport = "tcp"; host = "localhost"; port = {port}; algorithm = "turn"; secret = "{turn.secret}" }} }}'))
    server.add_user("alice")
    alice = lab.client("alice").start()
    alice.login("alice@tls.test", server)
    alice.send("/calldoctor")
    said = "\n".join(lines_until(alice, "to the relay and back"))
    assert f"localhost port {port} by TLS relays for us, as 127.0.0.1" in said


def lines_until(client, words, timeout=PATIENCE):
    client.wait("output", where=lambda e: words in e["text"], timeout=timeout)
    return [e["text"] for e in client.seen("output")]


def test_the_commands_say_it_to_a_person(lab, pulse):
    turn = lab.turn()
    server = lab.server("a.test", turn=turn)
    server.add_user("alice")
    alice = lab.client("alice", env=pulse).start()
    alice.login("alice@a.test", server)
    alice.send("/devices")
    said = "\n".join(lines_until(alice, "Microphone"))
    assert "mic" in said and "monitor" not in said.lower()
    alice.run("/set call.audio_source test")
    alice.send("/calltest 2")
    lines_until(alice, "the microphone works")
    alice.send("/calldoctor")
    said = "\n".join(lines_until(alice, "to the relay and back"))
    for words in ("your server names", f"port {turn.port} by UDP answers", "relays for us", "calls can go through a relay", "two ends find a way",
                  "they agree on keys", "sound arrives"):
        assert words in said
