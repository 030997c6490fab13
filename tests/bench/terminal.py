# SPDX-License-Identifier: GPL-3.0-or-later
"""A program under a pseudo terminal: what it writes, when, and what it costs."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import termios
import time

TICK = os.sysconf("SC_CLK_TCK")
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]|[\x00-\x20]")


class Terminal:
    def __init__(self, argv, env, cwd=None, rows=24, columns=80, pass_fds=()):
        self.began = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for fd in pass_fds:
                os.set_inheritable(fd, True)
            os.chdir(cwd or "/")
            os.execvpe(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(self.fd, False)
        self.output = bytearray()
        self.ended = False

    def read(self, timeout):
        """What came within timeout seconds at most; empty when nothing did."""
        if self.ended or not select.select([self.fd], [], [], max(0, timeout))[0]:
            return b""
        try:
            data = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.ended = True
        self.output += data
        # What a terminal would answer to the questions of programs.
        if b"\x1b[c" in data:
            self.write(b"\x1b[?62;22c")
        return data

    def mark(self):
        return len(self.output)

    def since(self, mark):
        """What a person could see of the output since then: without escapes and blanks."""
        return ESCAPES.sub(b"", bytes(self.output[mark:]))

    def wait_for(self, text, timeout=30, start=0):
        """Seconds until text is in the output, from now."""
        text = text.encode() if isinstance(text, str) else text
        begin = time.monotonic()
        at = max(0, start)
        while self.output.find(text, at) < 0:
            if self.ended or time.monotonic() - begin > timeout:
                raise TimeoutError(f"{text.decode()!r} did not come; the last words: {self.since(-300).decode(errors='replace')[-80:]!r}")
            at = max(at, len(self.output) - len(text))
            self.read(0.5)
        return time.monotonic() - begin

    def wait_quiet(self, seconds=0.3, limit=30):
        end = time.monotonic() + limit
        while time.monotonic() < end and self.read(min(seconds, end - time.monotonic())):
            pass

    def settle(self, keys, quiet=0.3, limit=30):
        """Milliseconds from these keys to the last byte before it is quiet."""
        begin = last = time.perf_counter()
        self.write(keys)
        while True:
            if self.read(limit if last == begin else quiet):
                last = time.perf_counter()
            elif last != begin or self.ended or time.perf_counter() - begin > limit:
                return (last - begin) * 1000 if last != begin else None

    def echo(self, key, timeout=5):
        """Milliseconds until this key is seen."""
        mark, begin = self.mark(), time.perf_counter()
        self.write(key)
        while key not in self.since(mark):
            self.read(1)
            if self.ended or time.perf_counter() - begin > timeout:
                raise TimeoutError(f"the key {key.decode()} had no echo")
        return (time.perf_counter() - begin) * 1000

    def spend(self, seconds):
        """Read for so long, whatever comes."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and not self.ended:
            self.read(end - time.perf_counter())

    def write(self, data):
        data = data.encode() if isinstance(data, str) else data
        while data and not self.ended:
            select.select([], [self.fd], [], 5)
            try:
                data = data[os.write(self.fd, data):]
            except BlockingIOError:
                pass

    # ---- costs: of the program and of all that it started ----

    def _processes(self):
        """(folder in /proc, fields of stat from the state on) of everything in its session."""
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == self.pid:
                yield folder, fields

    def wakeups(self):
        """{thread: how often it has gone to sleep}: one that ended meanwhile is in the first count alone."""
        counts = {}
        for folder, _ in self._processes():
            for task in (folder / "task").iterdir():
                try:
                    text = (task / "status").read_text()
                except OSError:
                    continue
                counts[task.name] = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("voluntary_ctxt_switches"))
        return counts

    def cpu(self):
        return sum(int(f) for _, fields in self._processes() for f in fields[11:15]) / TICK

    def rss(self):
        return sum(int(line.split()[1]) for folder, _ in self._processes() for line in (folder / "status").read_text().splitlines()
                   if line.startswith("VmRSS")) / 1024

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.close(self.fd)
        os.waitpid(self.pid, 0)
