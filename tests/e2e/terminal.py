# SPDX-License-Identifier: GPL-3.0-or-later
"""A sotto in a terminal of its own: keys go in, the screen is read as a person would see it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import pyte

from lab import PATIENCE


class Screen(pyte.Screen):
    """pyte does not know SU and SD, with which ncurses scrolls, nor that DECSTBM without numbers means all rows."""

    def set_margins(self, top=None, bottom=None):
        super().set_margins(top or None, bottom)

    def scroll_up(self, count=1):
        self._scroll(self.index, self.margins.bottom if self.margins else self.lines - 1, count or 1)

    def scroll_down(self, count=1):
        self._scroll(self.reverse_index, self.margins.top if self.margins else 0, count or 1)

    def _scroll(self, move, row, count):
        at = self.cursor.y
        self.cursor.y = row
        for _ in range(count):
            move()
        self.cursor.y = at


class Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Terminal:
    SHELL = termios.ECHO | termios.ICANON | termios.ISIG

    def __init__(self, argv, env, rows=24, cols=80, term="xterm-256color"):
        self.sent = b""
        self.raw = b""
        self.screen = Screen(cols, rows)
        self.stream = Stream(self.screen)
        self.status = None
        env = {**env, "TERM": term, "LANG": "C.UTF-8", "TZ": "UTC"}
        size = struct.pack("HHHH", rows, cols, 0, 0)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(argv[0], argv, env)
        self.resize(rows, cols)

    def read(self, seconds=0.05, seen=None):
        """Whatever comes until it has been calm for so long. seen() is called whenever the screen has changed."""
        got = b""
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                break
            if not piece:
                break
            got += piece
            # pyte does not know the marks of xterm that begin with > or =.
            self.stream.feed(re.sub(rb"\x1b\[[>=][0-9;]*[a-z]", b"", piece))
            if seen:
                seen()
        self.raw += got
        return got

    def keys(self, *keys):
        for key in keys:
            os.write(self.fd, key.encode() if isinstance(key, str) else key)
        return self

    def line(self, text):
        return self.keys(text + "\r")

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def row(self, n):
        return self.screen.display[n].rstrip()

    def until(self, condition, what, timeout=PATIENCE):
        """Until the condition was true of the screen, if only for a moment, and it is calm again."""
        end, met = time.monotonic() + timeout, []

        def look():
            if not met and condition():
                met.append(True)
        look()
        while not met:
            assert time.monotonic() < end, f"{what}:\n{self.text()}"
            self.read(seen=look)
        return self

    def wait(self, pattern, timeout=PATIENCE):
        """Until the screen fits the pattern (a regular expression)."""
        return self.until(lambda: re.search(pattern, self.text()), f"{pattern!r} did not come on the screen", timeout)

    def wait_gone(self, pattern, timeout=PATIENCE):
        return self.until(lambda: not re.search(pattern, self.text()), f"{pattern!r} stays on the screen", timeout)

    def resize(self, rows, cols):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.screen.resize(rows, cols)
        return self

    def modes(self):
        """The local flags of the terminal."""
        return termios.tcgetattr(self.fd)[3]

    def alive(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is None

    def end(self, timeout=PATIENCE):
        """The exit status once it has ended by itself."""
        stop = time.monotonic() + timeout
        while self.alive():
            assert time.monotonic() < stop, f"it does not end:\n{self.text()}"
            self.read()
        return os.waitstatus_to_exitcode(self.status)

    def close(self):
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
