# SPDX-License-Identifier: GPL-3.0-or-later
"""A call as it is seen in a terminal: who could listen, the picture, and that it gets in nobody's way."""

import os
import re
import select
import signal
import time

import pytest

from lab import PATIENCE, wait_until
from terminal import Terminal

PASSPHRASE = "correct horse"
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]")


class Watched(Terminal):
    """It is never calm while pictures come: each look ends after its time."""

    def read(self, seconds=0.05, seen=None):
        end, got = time.monotonic() + seconds, b""
        while time.monotonic() < end:
            piece = super().read(0.01, seen)
            got += piece
            if not piece and seconds <= 0.05:
                break
        return got


def prepare(client):
    for option, value in {"audio_source": "test", "audio_sink": "none", "video_source": "test", "sounds": "off", "address": "direct"}.items():
        client.run(f"/set call.{option} {value}")


@pytest.fixture
def talk(lab, federation):
    """(alice in a terminal of that size, bob headless), both online with keys known to each other; bob answers by himself."""
    a, b = federation
    a.set_roster("alice", {"bob@b.test": ("Bob", "both")})
    b.set_roster("bob", {"alice@a.test": ("Alice", "both")})
    bob = lab.client("bob").start()
    prepare(bob)
    bob.run("/set call.answer auto-contacts")
    bob.login("bob@b.test", b)
    first = lab.client("alice").start()
    prepare(first)
    first.run("/set history.keep 90-days")
    first.run("/set ui.panel off")
    first.run("/save")
    first.login("alice@a.test", a, autoconnect="on")
    first.run("/msg bob@b.test the keys of both are published")
    bob.wait("message", direction="in")
    first.quit()
    opened = []

    def open_terminal(rows=24, cols=80, shell=False, **env):
        argv = [str(lab.sotto), "--config-dir", str(first.dir / "profile")]
        one = Watched(["bash", "--norc", "-i"] if shell else argv, {**first.env, "PS1": "shell> ", "COLORTERM": "truecolor", **env},
                      rows=rows, cols=cols, term=env.get("TERM", "screen-256color"))
        opened.append(one)
        if shell:
            one.wait("shell>").line(" ".join(argv))
        one.wait("assphrase").line(PASSPHRASE)
        one.wait("online")
        # Until the server has told who is there.
        wait_until(lambda: one.line("/who").read(0.3) and re.search(r"bob@b\.test>: online", one.text()), "bob")
        one.line("/clear").wait_gone(r"bob@b\.test>")
        return one

    yield open_terminal, bob
    for one in opened:
        one.close()


def picture(terminal):
    """Rows that the picture fills from side to side, below the line that says who could listen; and its colours."""
    display = terminal.screen.display
    begin = next((y + 1 for y, line in enumerate(display) if "sealed with" in line), len(display))
    rows, colours = 0, set()
    for y in range(begin, len(display)):
        cells = [terminal.screen.buffer[y][x] for x in range(terminal.screen.columns)]
        if any(cell.bg == "default" for cell in cells):
            break
        rows += 1
        colours |= {cell.bg for cell in cells}
    return rows, colours


def coloured(terminal):
    """Cells in yellow, cyan or magenta: these stand in the test picture alone."""
    def is_bright(colour):
        parts = sorted(int(colour[i:i + 2], 16) for i in (0, 2, 4)) if re.fullmatch("[0-9a-f]{6}", colour) else [0, 0, 0]
        return parts[0] < 0x40 and parts[1] > 0xc0
    return sum(is_bright(cell.bg) or is_bright(cell.fg) for row in terminal.screen.buffer.values() for cell in row.values())


def wait_picture(terminal, fits=lambda rows: rows >= 4):
    def there():
        rows, colours = picture(terminal)
        return fits(rows) and len(colours) >= 5
    return terminal.until(there, "no picture came")


def wait_plain(terminal):
    return terminal.until(lambda: not coloured(terminal), "the picture stays")


def test_a_call_with_pictures_is_seen_and_ended(talk):
    open_terminal, bob = talk
    one = open_terminal()
    one.line("/vcall bob@b.test")
    one.wait(r"active \d:\d\d")
    one.wait(r"sealed with bob's (trusted )?key.*ratchet \+ DTLS")
    one.wait(r"· direct")
    wait_picture(one)
    assert coloured(one)
    one.wait("round trip").wait("kbit/s").wait("/hangup")
    # It answers commands, and nothing is said where nobody sees it.
    one.line("not for the chat").wait("this window takes commands")
    one.keys("\x15").line("/calls").wait(r"\d  to bob@b.test with video, active")
    wait_picture(one)
    # Another window: nothing of the picture is left, the bar says that the call goes on. And back.
    one.keys("\x1b1").wait(r"call with bob: active")
    wait_plain(one)
    one.keys("\x1b/")
    wait_picture(one)
    # Another size.
    whole = picture(one)[0]
    one.resize(40, 120)
    os.kill(one.pid, signal.SIGWINCH)
    wait_picture(one, lambda rows: rows > 18)
    one.resize(8, 30)
    os.kill(one.pid, signal.SIGWINCH)
    one.wait("bob@b.test")
    one.resize(24, 80)
    os.kill(one.pid, signal.SIGWINCH)
    wait_picture(one, lambda rows: rows == whole)
    # All of it is there again after the terminal has lost it.
    one.screen.reset()
    one.keys("\x0c")
    wait_picture(one, lambda rows: rows == whole)
    one.line("/hangup").wait("you hung up")
    wait_plain(one)
    bob.wait("call", state="ended")
    one.line("/quit")
    assert one.end() == 0


def test_the_call_stands_above_its_chat(talk):
    open_terminal, bob = talk
    one = open_terminal()
    one.line("/msg bob@b.test").wait(r"^ bob@b.test")
    one.line("/vcall").wait(r"active \d")
    one.keys("\x1b/").wait(r"^ bob@b.test")
    wait_picture(one, lambda rows: 6 <= rows <= 12)
    one.read(0.5)
    whole = picture(one)[0]
    for number in range(8):
        one.line(f"while we talk {number}").read(0.2)
    bob.run("/msg alice@a.test and I answer")
    one.wait("and I answer")
    # The lines moved, and left no hole in the picture.
    wait_picture(one, lambda rows: rows == whole)
    one.line("/hangup").wait("is over after")


def test_in_a_split_one_sees_the_call_and_writes_beside_it(talk):
    open_terminal, bob = talk
    one = open_terminal(rows=40, cols=120)
    one.line("/msg bob@b.test").wait(r"^ bob@b.test")
    one.line("/vcall").wait(r"active \d")
    one.line("/window splitv").wait(r"^>call with .* bob@b.test")
    # The input goes to the chat, the picture stays where it is.
    one.keys("\x1bs").wait(r"^ call with .*>bob@b.test")
    one.line("I see you").wait("│ I see you")
    bob.run("/msg alice@a.test and I answer")
    one.wait("and I answer").until(lambda: coloured(one), "no picture beside the chat")

    def cells(columns):
        """In colours of the test picture, without the chat's own signs."""
        return sum(one.screen.buffer[y][x].bg != "default" for y in range(2, 36) for x in columns)
    one.until(lambda: cells(range(60)) > 500 and not cells(range(62, 120)), "the picture is not left of the line")
    # Too small for two: the chat is alone; with room again both are there.
    one.resize(5, 20)
    os.kill(one.pid, signal.SIGWINCH)
    one.wait_gone("call with")
    wait_plain(one)
    one.resize(24, 80)
    os.kill(one.pid, signal.SIGWINCH)
    one.wait(r"^ call with .*>bob@b.test").until(lambda: coloured(one), "the picture does not come back")
    one.line("/hangup").wait("is over after")


def test_what_rings_takes_no_focus_and_rings_once(talk):
    open_terminal, bob = talk
    one = open_terminal()
    bob.run("/set call.answer ask")
    one.keys("half a line").wait("half a line")
    before = len(one.raw)
    bob.run("/vcall alice@a.test")
    one.wait("bob calls with video: /answer or /reject")
    one.read(1)
    assert one.raw[before:].count(b"\x07") == 1
    assert "half a line" in one.text()
    assert re.search(r"^ sotto|^ bob@b.test", one.text())
    one.keys("\x15").line("/answer audio").wait("call with bob: (connecting|active)|active")
    bob.wait("call", state="active")
    bob.run("/hangup")
    one.wait_gone("call with bob: active")


def test_push_to_talk_is_heard_while_the_key_repeats(talk):
    open_terminal, bob = talk
    one = open_terminal()
    one.line("/msg bob@b.test").wait(r"^ bob@b.test")
    one.line("/call").wait(r"active \d")
    one.line("/ptt").wait("you are muted")
    bob.forget()
    bob.wait("call-stats", where=lambda e: e["audio_level_in"] < -60)
    silent, opened = len(bob.seen("call-stats")), False
    begun = time.monotonic()
    while not any(e.get("audio_level_in", -100) > -40 for e in bob.seen("call-stats")[silent:]):
        assert time.monotonic() - begun < PATIENCE, one.text()
        one.keys("\0").read(0.1)
        opened |= "you are muted" not in one.row(1)
    assert opened
    one.wait(r"active \d:\d\d, you are muted")
    one.line("/ptt").wait(r"active \d:\d\d ·")


def test_without_colours_the_picture_is_letters(talk):
    open_terminal, _ = talk
    one = open_terminal(NO_COLOR="1")
    one.line("/vcall bob@b.test").wait(r"active \d")
    one.wait(r"[#%@]{10,}")
    assert not coloured(one)


def test_none_shows_and_asks_for_no_picture(talk):
    open_terminal, _ = talk
    one = open_terminal()
    one.line("/set video.renderer none").wait("video.renderer = none")
    one.line("/vcall bob@b.test").wait(r"active \d").wait("kbit/s")
    one.read(1)
    assert not coloured(one)


def test_keys_are_quick_while_pictures_come(talk):
    open_terminal, _ = talk
    one = open_terminal()
    one.line("/vcall bob@b.test").wait(r"active \d")
    wait_picture(one)
    # Without the emulator, which is slower than the program.
    times = []
    for key in b"QXZJVWYQXZJVWYQXZJVWY":
        begin, got = time.monotonic(), b""
        os.write(one.fd, bytes([key]))
        while key not in ESCAPES.sub(b"", got):
            assert select.select([one.fd], [], [], PATIENCE)[0], "the key is not shown"
            got += os.read(one.fd, 65536)
        times.append((time.monotonic() - begin) * 1000)
        end = time.monotonic() + 0.03
        while select.select([one.fd], [], [], max(end - time.monotonic(), 0))[0]:
            os.read(one.fd, 65536)
    # A busy machine takes its time for some of them; what waited for a picture would take it for all.
    assert sorted(times)[len(times) // 4] < 20, times


def test_suspended_it_shows_nothing_and_comes_back(talk):
    open_terminal, _ = talk
    one = open_terminal(shell=True)
    one.line("/vcall bob@b.test").wait(r"active \d")
    wait_picture(one)
    one.keys("\x1a").wait("(?i)stopped").wait("shell>$")
    one.read(0.5)
    assert not one.read(0.5), "a stopped program writes"
    one.line("fg").wait(r"^ call with bob@b.test")
    wait_picture(one)
    one.line("/hangup").wait("you hung up")
