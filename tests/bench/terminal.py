# SPDX-License-Identifier: GPL-3.0-or-later
"""A program under a pseudo terminal: what it writes, when, and what it costs."""

import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import termios
import time

TICK = os.sysconf("SC_CLK_TCK")


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

    def wait_for(self, text, timeout=30, start=0):
        """Seconds until text is in the output, from now."""
        text = text.encode() if isinstance(text, str) else text
        begin = time.monotonic()
        while text not in self.output[max(0, start):]:
            if self.ended or time.monotonic() - begin > timeout:
                raise TimeoutError(f"{text!r} did not come: {bytes(self.output[-600:])!r}")
            self.read(0.5)
        return time.monotonic() - begin

    def wait_quiet(self, seconds=0.3, limit=30):
        end = time.monotonic() + limit
        while time.monotonic() < end and self.read(seconds):
            pass

    def write(self, data):
        os.write(self.fd, data.encode() if isinstance(data, str) else data)

    # ---- costs ----

    def _each(self, name):
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            yield (task / name).read_text()

    def wakeups(self):
        return sum(int(line.split()[1]) for text in self._each("status") for line in text.splitlines()
                   if line.startswith("voluntary_ctxt_switches"))

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss(self):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.close(self.fd)
        os.waitpid(self.pid, 0)
