# SPDX-License-Identifier: GPL-3.0-or-later
"""The terminal front end as a person meets it: the real program in a pty, its screen read back through a terminal emulator."""

import base64
import os
import pathlib
import random
import re
import signal
import termios
import time

import pytest
from raw import Raw
from xml.sax.saxutils import escape

from lab import PATIENCE
from terminal import Terminal

PASSPHRASE = "correct horse"


@pytest.fixture
def terminal(lab):
    """Opens terminals on a profile of the lab; ends those that are left."""
    opened = []

    def open_terminal(name="alice", **kwargs):
        client = lab.client(name)
        argv = [str(lab.sotto), "--config-dir", str(client.dir / "profile")]
        terminal = Terminal(argv, client.env, **kwargs)
        opened.append(terminal)
        return terminal

    yield open_terminal
    for one in opened:
        one.close()


def unlock(terminal, new=True):
    terminal.wait("assphrase").line(PASSPHRASE)
    if new:
        terminal.wait("Once more").line(PASSPHRASE)
    terminal.wait(r"^ (sotto  \d|\S+@\S+)")
    return terminal


def test_a_first_start_leads_through_passphrase_and_account(terminal):
    one = terminal()
    one.wait("Choose a passphrase").line("mistyped")
    one.wait("Once more").line("different")
    one.wait("not the same").wait("Choose a passphrase").line("short 7")
    one.wait("at least 8 characters").wait("Choose a passphrase")
    unlock(one)
    one.wait(r"/account add you@example.org")
    assert b"correct" not in one.raw, "the passphrase was shown"
    one.line("/quit")
    assert one.end() == 0


def test_a_wrong_passphrase_is_said_and_asked_again(terminal):
    one = terminal()
    unlock(one).line("/quit")
    assert one.end() == 0
    two = terminal()
    two.wait("Passphrase:").line("wrong")
    two.wait("is wrong").wait("Passphrase:")
    unlock(two, new=False).line("/quit")
    assert two.end() == 0


def test_what_is_typed_while_the_store_opens_is_done_then(terminal):
    assert unlock(terminal()).line("/quit").end() == 0
    two = terminal()
    two.wait("Passphrase:").keys(PASSPHRASE + "\r/version\rhalf a li")
    two.wait("plugin interface").wait("> half a li$").keys("ne").wait("> half a line$")
    assert two.row(0).startswith(" sotto"), two.text()


def test_what_was_typed_after_a_wrong_passphrase_is_forgotten(terminal):
    assert unlock(terminal()).line("/quit").end() == 0
    two = terminal()
    two.wait("Passphrase:").keys("wrong\r/version\rhalf a li").wait("is wrong")
    unlock(two, new=False)
    assert "half" not in two.text() and "plugin interface" not in two.text()


def test_each_wrong_passphrase_is_said(terminal):
    one = unlock(terminal())
    one.line("/lock").wait("Passphrase:").keys("wrong 1\rwrong 2\rwrong 3\r").wait("is wrong; what you\\s+typed meanwhile is forgotten")
    one.line("wrong 2").wait(r"is wrong, 2 times now").line("wrong 3").wait("is wrong, 3 times now")
    unlock(one, new=False).line("/quit")
    assert one.end() == 0


def hushed(terminal):
    """The process has come so far that the terminal shows nothing that is typed."""
    end = time.monotonic() + PATIENCE
    while terminal.modes() & termios.ECHO:
        assert time.monotonic() < end
        time.sleep(0.001)
    return terminal


def test_what_is_typed_before_the_question_is_neither_shown_nor_kept(lab, terminal):
    one = unlock(terminal())
    one.line("/set store.passphrase_command sh -c 'sleep 3; exit 1'").wait("passphrase_command = sh").line("/save").wait("(?i)saved")
    one.line("/quit").end()
    # Long enough that the keys are read before the question comes.
    two = hushed(terminal()).keys("secret1\rsecret2\r/version\rsecret3").wait("Opening the store").wait("Passphrase:")
    unlock(two, new=False)
    settle(two, 0.5)
    assert "secret" not in two.text() and "plugin interface" not in two.text()
    two.keys("\x1b[A").wait(r"^>$|\n>$")
    assert b"secret" not in one.raw + two.raw
    # Where nobody has to type a passphrase it is done once the store is open.
    two.line(f"/set store.passphrase_command sh -c 'sleep 2; echo {PASSPHRASE}'").wait("command = sh -c 'sleep 2; echo").line("/save").wait("(?i)saved")
    two.line("/quit").end()
    assert two.modes() & termios.ECHO, "the shell gets its terminal back as it was"
    three = hushed(terminal()).keys("/version\rhalf a li").wait("plugin interface").wait("> half a li$")
    assert b"Passphrase:" not in three.raw
    three.keys("\x15").line("/lock").wait("Passphrase:").keys("\x04")
    assert three.end() == 0 and three.modes() & termios.ECHO
    # Ctrl+D leaves while it is looked for.
    assert hushed(terminal()).keys("x").wait("Opening the store").keys("\x04").end() == 0


def test_what_is_typed_while_it_locks_is_neither_shown_nor_kept(terminal):
    one = unlock(terminal())
    one.line("/account add alice@a.test password_command /bin/true autoconnect off").wait("is added")
    one.line("/msg bob@b.test").wait("^ bob@b.test")
    before = len(one.raw)
    one.keys("/lock\rsecret1\r")
    echoed = n = 0
    end = time.monotonic() + PATIENCE
    while not re.search("Passphrase:", one.text()):
        echoed |= one.modes() & termios.ECHO
        one.read(0)
        n += 1
        if n in (20, 100, 500):
            one.keys("secret2")
        assert time.monotonic() < end
    assert not echoed, "the terminal showed what is typed for a moment"
    unlock(one, new=False)
    settle(one)
    assert b"secret" not in one.raw[before:] and "secret" not in one.text()
    # Whichever way it ends, the shell has its terminal as it was.
    one.line("/lock").wait("Passphrase:").keys("\x04")
    assert one.end() == 0 and one.modes() & one.SHELL == one.SHELL
    two = terminal()
    unlock(two, new=False).line("/quit")
    assert two.end() == 0 and two.modes() & two.SHELL == two.SHELL


def settle(terminal, seconds=0.3):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.read(0.05)
    return terminal


@pytest.fixture
def chat(lab, terminal, federation):
    """(alice in a terminal, bob headless, say): logged in; say(text) makes bob write, sealed."""
    a, b = federation
    bob = lab.client("bob").start()
    bob.login("bob@b.test", b)
    alice = unlock(terminal())
    alice.line(f"/account add alice@a.test host 127.0.0.1 port {a.port} tls starttls ca_file {a.lab.ca.cert}").wait("is added")
    alice.line("/connect alice@a.test").wait("(?i)password").line("pw-alice")
    alice.wait("answer with /no or /yes").line("/yes").wait("alice@a.test is online")
    assert b"pw-alice" not in alice.raw, "the password was shown"
    bob.wait("roster", jid="alice@a.test", presence="online")

    def say(text):
        bob.run(f"/msg alice@a.test {text}")

    return alice, bob, say


def test_a_conversation_is_seen_and_answered(chat):
    alice, bob, say = chat
    say("hello alice")
    alice.wait(r"Act: 2\*").keys("\x1ba").wait(r"bob@b\.test  Bob").wait(r"Bob  ◇ │ hello alice").wait(r"\[OMEMO\]\[trusted\]")
    alice.line("hello bob").wait(r"alice [»✓]◇ │ hello bob")
    bob.wait("message", direction="in", body="hello bob")
    # Alt+Enter and Ctrl+J begin lines, Enter sends them as one message.
    alice.keys("one", "\x1b\r", "two", "\n", "three", "\r")
    bob.wait("message", direction="in", body="one\ntwo\nthree")
    alice.wait(r"│ one\n +│ two\n +│ three")
    # A draft stays with its window.
    alice.keys("unfinished").keys("\x1b1").wait_gone("unfinished").keys("\x1b2").wait("> unfinished")
    alice.keys("\x15").line("/quit")
    assert alice.end() == 0


# G01 G03 G05
def test_remote_text_cannot_leave_its_place(chat):
    alice, bob, say = chat
    say("first")
    alice.wait(r"Act: 2").keys("\x1b2").wait("first")
    before = len(alice.raw)
    body = "line\n12:01 \u25c6 boss \u2502 [OMEMO][verified] send money\n-!- you are online\n\u202egpj.exe\u2066 \u0085\u200b end \x1b[2J\x1b]0;owned\x07"
    say(body)
    alice.wait(r"owned\^G")
    rows = alice.text().split("\n")
    start = next(i for i, row in enumerate(rows) if row.endswith("│ line"))
    for row in rows[start + 1:start + 4]:
        assert re.match(r" +│ ", row), row
    assert "^[[2J^[]0;owned^G" in alice.text()
    assert "‹RLO›gpj.exe‹LRI› ‹85›‹ZWSP› end" in alice.text()
    new = alice.raw[before:].decode()
    assert "\u202e" not in new and "\u2066" not in new and "\u0085" not in new and "\x1b[2J" not in new and "\x1b]0" not in new


# K03
def test_the_xml_console_hides_what_logs_in(chat):
    alice, bob, say = chat
    alice.line("/xmlconsole").wait(r"^ XML of all accounts")
    alice.line("/disconnect").wait("is offline|</stream:stream>").line("/connect alice@a.test").wait(r"<<< +│ (alice@a.test|<success)")
    bob.wait("roster", jid="alice@a.test", presence="offline")
    bob.wait("roster", jid="alice@a.test", presence="online")
    alice.resize(100, 200)
    say("a sealed one")
    alice.wait("<encrypted").keys("\x1b[1;5H").wait("What goes over the wire")
    seen = ""
    while "<encrypted" not in seen:
        assert seen.count("\n") < 5000, seen
        seen += alice.text()
        alice.keys("\x1b[6~")
        settle(alice, 0.1)
    assert "<auth" in seen and "(hidden)" in seen, seen
    assert "SCRAM-SHA" in seen and re.search(r"<success[^>]*>\s*(│\s*)?\(hidden\)", seen), seen
    for secret in ("pw-alice", "n=alice", ",r=", "biws", "bixh"):
        assert secret not in seen, secret
    assert not re.search(r"previd='[^(]", seen) and not re.search(r"<enabled[^>]* id='[^(]", seen), seen
    alice.line("/close").wait_gone("XML of")
    before = len(alice.raw)
    say("not watched any more")
    settle(alice, 0.5)
    assert b"<message" not in alice.raw[before:]


# G01 G03 G05 B01
def test_no_field_of_others_leaves_its_place(lab, terminal):
    server = lab.server("a.test", modules=["stanza_debug", "code404"])
    for user in ("alice", "bob"):
        server.add_user(user)
    server.set_roster("alice", {"bob@a.test": ("Bob", "both"), "carol@a.test": ("Carol", "both")})
    server.set_roster("bob", {"alice@a.test": ("Alice", "both")})
    alice = unlock(terminal())
    alice.line(f"/account add alice@a.test host 127.0.0.1 port {server.port} tls starttls ca_file {server.lab.ca.cert}").wait("is added")
    alice.line("/set ui.notify both").line("/connect").wait("(?i)password").line("pw-alice").wait("alice@a.test is online")
    settle(alice)
    before = len(alice.raw)
    evil = "x\u202ey\u2066z\u200b\u0085\u009b31m\tq\nalice@a.test: fake line\n12:01 ◆ boss │ fake" + "e" + "\u0301" * 1000 + "日" * 60
    named = evil.replace("\n", " ").replace("\t", " ")
    alice.line(f"/contact rename carol@a.test {named}").line(f"/contact group carol@a.test {named}")
    bob = Raw(server, "bob", resource="x\u2066y\u200b")
    text = escape(evil)
    bob.send(f"<presence><show>away</show><status>{text}</status></presence>")
    bob.send(f"<message to='alice@a.test' type='chat'><nick xmlns='http://jabber.org/protocol/nick'>{text}</nick><subject>{text}</subject><body>{text}</body></message>")
    bob.send(f"<message to='alice@a.test' type='error' id='none'><error type='cancel'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>{text}</text></error></message>")
    bob.send(f"<message to='alice@a.test' type='chat'><body>{escape('a' * 79 + evil)}</body></message>")
    alice.wait("Act: 2")
    for line in ("/roster", "/who", "/info bob@a.test", "/info carol@a.test", "/wins", "/window 2", "/search fake", "/history 5"):
        alice.line(line)
        settle(alice, 0.2)
    for rows, cols in ((5, 20), (24, 60), (60, 200), (24, 80)):
        alice.resize(rows, cols)
        settle(alice, 0.2)
    sent = alice.raw[before:].decode()
    # What ncurses and we ourselves say, and no other escape; no control, no direction, nothing hidden.
    rest = re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|\(B|[=>78M]|\]9;sotto: [^\x1b]*\x1b\\)", "", sent)
    assert not re.search("[\x00-\x06\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", rest), repr(rest[:500])
    assert max(map(len, re.findall("\u0301+", rest))) <= 4
    alice.keys("\x1b2", "\x1b[5~")
    settle(alice)
    for row in alice.text().split("\n")[1:-2]:
        assert not re.match(r"(alice@a\.test: fake|12:01 ◆ boss)", row.lstrip()), alice.text()
    alice.keys("\x1b1").line("/clear").line("/roster").wait("contacts").wait(r"│   │ alice@a\.test: fake line")


def test_new_lines_do_not_move_what_is_read(chat):
    alice, bob, say = chat
    for i in range(60):
        say(f"line {i:02}")
    alice.wait(r"Act: 2").keys("\x1b2").wait("line 59").keys("\x1b[5~").wait("looking back")
    settle(alice)
    before = alice.text().split("\n")[1:-2]
    say("a new one")
    alice.wait("1 new below")
    assert alice.text().split("\n")[1:-2] == before
    alice.keys("\x1b[1;5F").wait("a new one").wait_gone("new below")
    # Enough of PageUp shows the first.
    for _ in range(5):
        alice.keys("\x1b[5~")
    alice.wait("line 00")


# G07
def test_a_paste_never_sends_and_asks_above_five_lines(chat):
    alice, bob, say = chat
    say("first")
    alice.wait(r"Act: 2").keys("\x1b2").wait("first")
    alice.keys("\x1b[200~/quit\rsecond\x1b[201~").wait("second")
    settle(alice)
    assert alice.alive() and not bob.seen("message", direction="in", body="second")
    alice.keys("\x15", "\x15").wait_gone("> /quit")
    alice.keys("\x1b[200~" + "\r".join(f"five {i}" for i in range(5)) + "\x1b[201~").wait("five 4")
    alice.keys("\x03").wait("Ctrl.Y brings it back").wait_gone("five 0").keys("\x03").wait("/quit leaves sotto")
    alice.keys("\x1b[200~" + "\r".join(f"six {i}" for i in range(6)) + "\x1b[201~").wait("paste of 6 lines: y puts it").keys("y").wait("six 5")
    alice.keys("\x03").wait_gone("six 0")
    alice.keys("\x1b[200~" + "\r".join(f"row {i}" for i in range(9)) + "\x1b[201~").wait("paste of 9 lines")
    alice.keys("n").wait_gone("paste of").wait_gone("row 8")
    alice.keys("\x1b[200~x\x1b[201~\r/quit\r\x1b[201~")
    settle(alice)
    assert alice.alive(), "an end inside the paste let a command out"


def test_sizes_and_storms_of_sizes(chat):
    alice, bob, say = chat
    say("a line that is long enough to be wrapped when the window becomes narrow, and 日本語 with it")
    alice.wait(r"Act: 2").keys("\x1b2").wait("wrapped")
    rand = random.Random(4)
    for _ in range(60):
        alice.resize(rand.randint(1, 100), rand.randint(1, 300))
        os.kill(alice.pid, signal.SIGWINCH)
        alice.keys("x")
        alice.read(0.005)
    for rows, cols in ((5, 20), (100, 400), (24, 80)):
        alice.resize(rows, cols)
        alice.until(lambda: "x" in alice.row(rows - 1), "what was typed is not below")
        assert alice.alive()
        assert all(len(row) <= cols for row in alice.text().split("\n"))
    alice.wait("wrapped when").keys("\x15").line("/quit")
    assert alice.end() == 0


def test_completion_cycles_and_runs_nothing(chat):
    alice, bob, say = chat
    alice.keys("/encr\t").wait("> /encrypt")
    alice.keys("\x15", "/msg bo\t").wait(r"> /msg (bob@b\.test|Bob)")
    alice.keys("\x15", "/nosuchcommand\r").wait("nosuchcommand")
    alice.keys(" /quit\r").wait("space before the slash").keys("x").wait_gone("space before the slash")
    assert alice.alive() and not bob.seen("message", direction="in")


def test_a_lost_terminal_keeps_the_draft(chat, lab, terminal):
    alice, bob, say = chat
    say("first")
    alice.wait(r"Act: 2").keys("\x1b2").wait("first").keys("not sent yet").wait("> not sent yet")
    os.kill(alice.pid, signal.SIGHUP)
    assert alice.end() == 0
    again = unlock(terminal(), new=False)
    # The chat that was seen is seen again.
    again.wait("> not sent yet").wait("first")


def test_open_chats_are_there_again_after_a_kill(chat, terminal):
    alice, bob, say = chat
    say("first")
    alice.wait(r"Act: 2").keys("\x1b2").wait("│ first")
    alice.line("/msg carol@a.test").wait(r"carol@a\.test").line("/msg dave@a.test").wait(r"dave@a\.test").line("/close").wait_gone(r"dave@a\.test")
    alice.line("/window 2").wait("│ first").keys("later").wait("> later")  # what was done before is kept
    os.kill(alice.pid, signal.SIGKILL)
    alice.end()
    bob.run("/msg alice@a.test while you were away")
    again = unlock(terminal(), new=False)
    again.wait("│ first")
    again.line("/wins").wait(r"3  carol@a\.test")
    assert "dave" not in again.text()
    again.line("/lock")
    again.wait("Passphrase:").line(PASSPHRASE)
    again.wait("│ first")


def test_an_account_is_removed_after_a_question_only(terminal):
    one = unlock(terminal())
    one.line("/account add alice@a.test").wait("is added")
    one.line("/account remove alice@a.test").wait("Its password, settings").line("/no")
    one.line("/account list").wait("alice@a.test: offline")
    one.line("/account remove alice@a.test").line("/yes").wait("is removed from here")
    one.line("/account list").wait("no account yet")


def test_history_and_search_belong_to_the_window(terminal):
    one = unlock(terminal())
    one.line("/version").wait("plugin interface").line("/wins").keys("\x1b[A").wait(r"> /wins$").keys("\x1b[A").wait(r"> /version$")
    one.keys("\x15", "\x12", "ver").wait(r'look for "ver": /version').keys("\x07").wait(r"^>$|\n>$")


def test_a_dumb_terminal_is_refused_in_one_sentence(terminal):
    one = terminal(term="dumb")
    assert one.end() == 1
    assert b"--headless" in one.raw and b"\x1b" not in one.raw


@pytest.mark.parametrize("term", ["xterm", "linux", "screen", "tmux-256color", "vt100", "rxvt"])
def test_terminals_of_all_kinds(terminal, term):
    one = unlock(terminal(term=term))
    one.line("/legend").wait("verified")
    one.line("/quit")
    assert one.end() == 0


def test_suspended_and_brought_back(lab):
    client = lab.client("alice")
    shell = Terminal(["bash", "--norc", "-i"], {**client.env, "PS1": "shell> "})
    try:
        shell.wait("shell>").line(f"{lab.sotto} --config-dir {client.dir}/profile")
        unlock(shell)
        for _ in range(3):
            shell.keys("half a li", "\x1a").wait("(?i)stopped").wait("shell>$")
            # In the same instant: the shell and sotto both let it wait in the terminal.
            shell.keys("fg\rne").wait(r"\A sotto  \d").wait("> half a line$")
            # The modes are ours again, too.
            assert not shell.modes() & Terminal.SHELL
            shell.keys("\x15").wait(">$")
    finally:
        shell.close()


def test_who_started_it_is_suspended_too(lab):
    """As with make demo: the shell sees the job stopped only if everything in it is."""
    client = lab.client("alice")
    shell = Terminal(["bash", "--norc", "-i"], {**client.env, "PS1": "shell> "})
    try:
        shell.wait("shell>").line(f"sh -c '{lab.sotto} --config-dir {client.dir}/profile; true'")
        unlock(shell).keys("half a li", "\x1a").wait("(?i)stopped")
        shell.wait("shell>$").keys("fg\rne").wait(r"\A sotto  \d").wait("> half a line$")
        assert not shell.modes() & Terminal.SHELL
    finally:
        shell.close()


def test_an_editor_of_the_users_choice(lab, terminal):
    client = lab.client("alice")
    script = client.dir / "editor"
    script.write_text('#!/bin/sh\necho it edits; read -r key; case "$1" in /dev/shm/*) ;; *) exit 1;; esac\n'
                      '[ "$GSETTINGS_BACKEND $GIO_USE_VFS" = "theirs gvfs" ] || exit 1\nprintf \'second line\\n\' >> "$1"\n')
    script.chmod(0o755)
    # Also after a lock, which starts the program anew, it runs in the environment of the user and not in ours.
    client.env.update(EDITOR=str(script), GSETTINGS_BACKEND="theirs", GIO_USE_VFS="gvfs")
    lab.clients.remove(client)
    one = Terminal([str(lab.sotto), "--config-dir", str(client.dir / "profile")], client.env)
    try:
        unlock(one).line("/lock").wait("Passphrase:")
        unlock(one, new=False).keys("first line", "\n", "\x1bc").wait("it edits")
        one.keys("\r").wait("> first line\n +second line").keys("!").wait("second line!")
        assert not one.modes() & Terminal.SHELL
        assert not list(pathlib.Path("/dev/shm").glob("sotto-*.txt"))
    finally:
        one.close()


def test_windows_by_number_and_order(terminal):
    one = unlock(terminal())
    one.line("/account add alice@a.test password_command /bin/true autoconnect off").wait("is added")
    for name in ("bob", "carol", "dave"):
        one.line(f"/msg {name}@b.test").wait(rf"^ {name}@b\.test")
    one.keys("\x1b2").wait(r"^ bob").keys("\x1b4").wait(r"^ dave").keys("\x1b/").wait(r"^ bob").keys("\x1bOR").wait(r"^ carol")
    one.keys("\x0e").wait(r"^ dave").keys("\x0e").wait(r"^ sotto").keys("\x10").wait(r"^ dave").keys("\x1b[1;3D").wait(r"^ carol")
    one.keys("\x1bj04").wait(r"^ dave").keys("\x1b", "2").wait(r"^ bob").keys("\x1b9").wait("no window 9")
    one.line("/win car").wait(r"^ carol").line("/close").wait(r"^ bob").line("/wins").wait("4  dave@b.test")
    one.line("/win 3").wait("no window 3").keys("\x1ba").wait("nothing is waiting")


def test_cleared_lines_come_back(chat):
    alice, bob, say = chat
    for i in range(5):
        say(f"line {i}")
    alice.wait("Act: 2").keys("\x1b2").wait("line 4").line("/clear").wait_gone("line 4").keys("\x1b[5~").wait("line 4").wait("line 0")


def test_small_things_that_people_try_first(chat):
    alice, bob, say = chat
    say("see https://example.org/a and https://b.example/")
    alice.wait(r"Act: 2").keys("\x1b2").wait("see https")
    alice.line("a mistak").wait(r"[»✓]◇ │ a mistak")
    alice.line("/correct").wait("> /correct a mistak").keys("e\r").wait(r"~│ a mistake\n")
    bob.wait("message", direction="in", body="a mistake")
    alice.line("/search mistake").wait(r"\d{4}-\d\d-\d\d \d\d:\d\d  me: a mistake")
    alice.line("/url").wait(r"2  https://example\.org/a\n.* 1  https://b\.example/")
    alice.line("/copy").wait("for its clipboard")
    assert b"\x1b]52;c;YSBtaXN0YWtl\x1b\\" in alice.raw
    # G07: what a terminal would act upon when it is pasted stays behind, line breaks do not.
    say("paste \x1b[201~me\nnow")
    alice.wait(r"paste \^\[\[201~me").line("/copy").wait("clipboard: 17 bytes")
    assert b"\x1b]52;c;" + base64.b64encode(b"paste [201~me\nnow") + b"\x1b\\" in alice.raw
    alice.line("/foo").wait("/help lists them").line("/serach x").wait("did you mean /search")
    # Without bars.
    alice.keys("\x1bl").wait_gone(r"\[OMEMO\]")
    assert not re.search(r"alice@a\.test online", alice.text())
    alice.keys("\x1bl").wait(r"\[OMEMO\]\[trusted\]")
    alice.line("/verify bob@b.test").wait("PageUp")
    rows = alice.text().split("\n")[1:-2]
    assert len([row for row in rows if re.search("[█▀▄ ]{30}", row)]) == 21, alice.text()
    assert re.search(r"([0-9a-f]{8} ){3}[0-9a-f]{8}$", alice.text(), re.M) and re.search(r"[█▀▄ ]  ([a-z]+ ){3}[a-z]+$", alice.text(), re.M), alice.text()
    # The contact's, not ours, and what to do now.
    assert re.search(r"[█▀▄ ]  bob@b\.test$", alice.text(), re.M) and "PageUp" in alice.text() and "verify bob@b.test yes" in alice.text(), alice.text()


def test_no_fingerprint_is_cut_beside_the_panel(chat):
    alice, bob, say = chat
    say("first")
    alice.wait(r"Act: 2").keys("\x1b2").wait("first")
    alice.line("/set ui.panel on").wait("│")
    alice.line("/verify bob@b.test").wait(r"Same\?")
    settle(alice)
    rows = [row.split("│", 2)[-1].strip() for row in alice.text().split("\n")[1:-2]]
    device = next(i for i in reversed(range(len(rows))) if rows[i].startswith("device "))
    blocks = " ".join(rows[device + 1 : device + 3])
    assert re.fullmatch(r"([0-9a-f]{8} ){7}[0-9a-f]{8}", blocks), alice.text()
    assert len(re.findall(r"\b[a-z]{3,8}\b", " ".join(rows[device + 3 : device + 11]))) == 32, alice.text()


def test_a_yes_to_a_key_that_was_never_shown_is_asked(chat):
    alice, bob, say = chat
    say("first")
    alice.wait(r"Act: 2").keys("\x1b2").wait("first")
    alice.line("/verify yes").wait(r"see the same key for device \d+").wait(r"([0-9a-f]{8} ){7}[0-9a-f]{8}")
    assert "verified" not in alice.row(0)
    alice.line("/yes").wait(r"\[OMEMO\]\[verified\]")


def test_help_is_whole_beside_the_panel(chat):
    alice, bob, say = chat
    alice.line("/help all").wait("xmlconsole").keys("\x1b[5~")
    settle(alice)
    assert "…" not in alice.text().rsplit("\n", 2)[0], alice.text()
    alice.keys("\x1b[1;5F", "/account add x@y.test tls direct po\t").wait("port $|port$|port ")


def test_the_way_to_the_top_is_short(chat):
    alice, bob, say = chat
    alice.line("/msg bob@b.test").wait(r"^ bob@b\.test")
    for i in range(1300):
        alice.keys(f"/me {i}\r")
        if i % 50 == 49:
            alice.read(0.02)
    alice.wait(r"alice 1299")
    alice.keys("\x1b[1;5H").wait(r"alice 0\n").wait("looking back")
    alice.keys("\x1b[6~").wait(r"alice 30")
    alice.keys("\x1b[1;5F").wait(r"alice 1299")


def test_a_question_is_seen_where_its_command_was_typed_and_in_every_bar(chat):
    alice, bob, say = chat
    say("first")
    alice.wait(r"Act: 2").keys("\x1b2").wait("first")
    alice.line("/choose 90-days").wait("answered: How long")
    alice.line("/omemo reset").wait(r"\?.*│ Make a new identity for alice@a\.test").wait("answer with /no or /yes")
    assert alice.row(0).startswith(" bob@b.test") and "? /no or /yes" in alice.row(22), alice.text()
    alice.keys("\x1b1").wait("^ sotto").wait(r"\? 2  Make a new identity")
    alice.line("/no").wait("answered: Make a new identity[^>]*- no").wait_gone(r"\? 2 ")
    alice.keys("\x1b2").wait("^ bob@b.test").wait("answered: Make a new identity[^>]*- no")
    assert "?" not in alice.row(22), alice.text()


def test_without_the_plugin_the_bar_says_so_and_one_line_why_nothing_leaves(chat):
    alice, bob, say = chat
    say("first")
    alice.wait(r"Act: 2").keys("\x1b2").wait("first").wait(r"\[OMEMO\]\[trusted\]")
    alice.line("sealed").wait(r"[›»✓]◇ │ sealed")
    alice.line("/plugin unload omemo").wait(r"\[omemo not loaded\]")
    alice.line("not yet").wait(r"… +│ not yet").line("nor this").wait(r"nor this").wait("/plugin load")
    assert len(re.findall("/plugin load omemo", re.sub(r"[\s│]+", " ", alice.text()))) == 1, alice.text()
    alice.line("/plugin load omemo").wait(r"\[OMEMO\]\[trusted\]")
    bob.wait("message", direction="in", body="not yet")
    bob.wait("message", direction="in", body="nor this")
