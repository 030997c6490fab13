# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of one's own for a function, and calls of tests/media/pair in it that can be watched and disturbed as they go."""

import ctypes
import functools
import json
import os
import pathlib
import pickle
import signal
import socket
import struct
import subprocess
import threading
import time
import traceback

HOST = "203.0.113.7"  # the only address there besides loopback
ROOT = pathlib.Path(__file__).resolve().parents[2]
_libc = ctypes.CDLL(None, use_errno=True)
PATIENCE = 60  # s, as contrib/lab.py has it
IP, OUTGOING, UDP = 0x0800, 4, 17
NEW_USER, NEW_NETWORK, DIE_WITH_PARENT = 0x10000000, 0x40000000, 1


def _enter():
    uid, gid = os.getuid(), os.getgid()
    # Root needs no users of its own for it, and in a chroot gets none.
    if _libc.unshare(NEW_NETWORK if uid == 0 else NEW_USER | NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "no network of one's own")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")) if uid else ():
        pathlib.Path("/proc/self", name).write_text(text)
    for words in ("link set lo up", f"addr add {HOST}/32 dev lo", f"route add default dev lo src {HOST}"):
        subprocess.run(["ip", *words.split()], check=True)


@functools.cache
def unshare():
    """The command that gives a program a network of its own, or None: a user gets none in a chroot and where the kernel is set so."""
    command = ["unshare", "-n" if os.geteuid() == 0 else "-rn"]
    return command if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL).returncode == 0 else None


def die_with_parent():
    _libc.prctl(DIE_WITH_PARENT, signal.SIGKILL)


def alone(function):
    """The function runs in a process and a network of its own; what it returns comes back, what it raises fails here. begin() starts it
    before it is called, beside others."""
    begun = []

    def begin(*args, **kwargs):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(0)
            die_with_parent()
            os.close(read)
            try:
                _enter()
                answer = (True, function(*args, **kwargs))
            except BaseException:
                answer = (False, traceback.format_exc())
            with os.fdopen(write, "wb") as pipe:
                pickle.dump(answer, pipe)
            os._exit(0)
        os.close(write)
        return child, read

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        child, read = begun.pop() if begun else begin(*args, **kwargs)
        try:
            with os.fdopen(read, "rb") as pipe:
                data = pipe.read()
            well, answer = pickle.loads(data) if data else (False, "its process died")
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        assert well, answer
        return answer
    wrapped.begin = lambda: begun.append(begin())
    return wrapped


class Call:
    """One run of the driver; with Call(...) as call: it is stopped at the end of the block."""

    def __init__(self, build, *options, seconds=240, harmless=None, **env):
        command = [str(build / "tests/media/pair"), f"seconds={seconds}", "loopback=off", *options]
        self.events, self.changed, self.harmless = [], threading.Condition(), harmless
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env},
                                        preexec_fn=die_with_parent)
        self.errors = []
        self.readers = [threading.Thread(target=self._read, daemon=True), threading.Thread(target=self._listen, daemon=True)]
        for reader in self.readers:
            reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.events.append(json.loads(line))
                self.changed.notify_all()

    def _listen(self):
        self.errors += self.process.stderr.readlines()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        # A library may complain of what its functions were given, and drop it.
        said = "".join(line for line in self.errors if not (self.harmless and self.harmless in line))
        if kind is None:
            assert not any(word in said for word in ("Sanitizer", "runtime error", "CRITICAL")), said[:6000]

    def stop(self):
        """Both lose their sotto at once."""
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join(PATIENCE)

    def of(self, event, side=None):
        with self.changed:
            return [line for line in self.events if line["event"] == event and side in (None, line["side"])]

    def wait(self, what, timeout=PATIENCE):
        """Until what() is true; looked at with every event."""
        end = time.monotonic() + timeout
        with self.changed:
            while not (answer := what()):
                left = end - time.monotonic()
                assert left > 0, f"not within {timeout} s: {[line for line in self.events if line['event'] != 'STATS'][-30:]}"
                self.changed.wait(min(left, 0.1))
            return answer

    def state(self, side, word, timeout=PATIENCE):
        return self.wait(lambda: [line for line in self.of("state", side) if f"'{word}'" in line["body"]], timeout)[0]

    def flowing(self, timeout=PATIENCE):
        for side in "ab":
            self.state(side, "flowing", timeout)

    def last(self, side):
        return (self.of("STATS", side) or [{}])[-1]

    def heard_more(self, frames=40, timeout=PATIENCE, sides="ab"):
        """Both hear so many frames from now on."""
        for side in sides:
            base = self.wait(lambda side=side: self.last(side))["audio_in"]
            self.wait(lambda side=side, base=base: self.last(side)["audio_in"] >= base + frames and self.last(side)["level_in"] > -40, timeout)

    def local(self, side):
        """(ufrag, pwd) that this side gave itself."""
        words = self.wait(lambda: self.of("local", side))[0]["body"].split("'")
        return words[5], words[7]

    def port(self, side):
        """Where it really is."""
        return int(self.wait(lambda: self.of("candidate", side))[0]["body"].split(", ")[6])

    def children(self):
        """The two sotto-media."""
        pid = self.process.pid
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self):
        """MB that the bigger one has."""
        return max(int(line.split()[1]) / 1024 for child in self.children()
                   for line in pathlib.Path(f"/proc/{child}/status").read_text().splitlines() if line.startswith("VmRSS"))


def stranger():
    """A socket that nobody was told of."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((HOST, 0))
    made.setblocking(False)
    return made


class Tap:
    """Every UDP datagram that anybody here sends, also where nobody is: (at, (from, port), (to, port), payload)."""

    def __init__(self):
        self.seen, self.over = [], threading.Event()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(IP))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.bind(("lo", IP))
        self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.over.is_set():
            try:
                packet, address = self.socket.recvfrom(65536)
            except socket.timeout:
                continue
            if address[2] == OUTGOING or packet[9] != UDP:
                continue
            at = (packet[0] & 15) * 4
            source, target = struct.unpack("!HH", packet[at:at + 4])
            self.seen.append((time.monotonic(), (socket.inet_ntoa(packet[12:16]), source), (socket.inet_ntoa(packet[16:20]), target), packet[at + 8:]))

    def close(self):
        time.sleep(0.1)
        self.over.set()
        self.thread.join(5)
        self.socket.close()
        return self.seen
