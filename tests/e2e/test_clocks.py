# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine whose clock is wrong, or jumps while people chat (libfaketime gives the program its clock; the servers have the right one)."""

import glob
import hashlib
import os
import re
import ssl
import time

import pytest

import lab as labs

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


class Clock:
    """The clock of one sotto: set("@1970-01-01 00:01:00"), set("+3d"); its monotonic clock is the machine's."""

    def __init__(self, lab, name, start):
        self.file = lab.dir / f"clock.{name}"
        self.set(start)
        self.env = {"LD_PRELOAD": FAKETIME[0], "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1", "NO_FAKE_STAT": "1", "TZ": "UTC"}

    def set(self, text):
        new = self.file.with_suffix(".new")
        new.write_text(text + "\n")
        os.rename(new, self.file)


@pytest.fixture
def clocked(lab, federation):
    """clocked(start): alice, whose clock is ours to set, and bob, whose is right."""
    def make(start="+0"):
        clock = Clock(lab, "alice", start)
        alice, bob = lab.client("alice", env=clock.env).start(), lab.client("bob").start()
        bob.login("bob@b.test", federation[1])
        return clock, alice, bob
    return make


def said(client, peer):
    """What stands in the chat, in order."""
    client.run(f"/msg {peer}", ok=None)
    return re.findall(r"\bline-\d+\b", client.run("/history 200"))


def test_no_clock_makes_a_certificate_good(lab, federation):  # C07
    for start, word in (("@1970-01-01 00:01:00", "not valid before"), ("@2039-01-01 00:00:00", "expired"), ("@2100-01-01 00:00:00", "expired")):
        clock = Clock(lab, "alice", start)
        alice = lab.client("alice" + start[1:5], env=clock.env).start()
        alice.login("alice@a.test", federation[0], online=False)
        failed = alice.wait("connection", state="failed", timeout=40)
        assert failed["reason_code"] == "trust" and word in failed["reason"], failed
        assert f"clock of this machine says {start[1:11]}" in failed["reason"], failed
        assert not alice.seen("connection", state="online")
        # The clock is mended: it comes back by itself.
        clock.set("+0")
        alice.run("/connect alice@a.test", ok=None)
        alice.wait("connection", state="online", timeout=40)
        assert alice.quit() == 0


JUMPS = ["+0", "-3d", "+5d", "@1970-01-02 00:00:00", "@2039-01-01 00:00:00", "@2100-06-01 00:00:00", "+0"]


def test_jumps_in_a_running_chat(clocked, federation):  # M: nothing lost, doubled, or out of order
    clock, alice, bob = clocked()
    alice.login("alice@a.test", federation[0])
    alice.wait("roster", jid="bob@b.test")
    bob.wait("roster", jid="alice@a.test")
    expected, number = [], 0
    for jump in JUMPS:
        clock.set(jump)
        alice.run("/account list")
        for sender, receiver, peer in ((alice, bob, "bob@b.test"), (bob, alice, "alice@a.test")):
            number += 1
            body = f"line-{number}"
            sender.forget()
            receiver.forget()
            sender.run(f"/msg {peer} {body}")
            receiver.wait("message", body=body, direction="in")
            mine = sender.seen("message", body=body, direction="out")[0]
            sender.wait("message-state", id=mine["id"], state="delivered")
            expected.append(body)
        assert said(alice, "bob@b.test") == expected, jump
    spent = cpu(alice)
    time.sleep(1)
    assert cpu(alice) - spent < 0.3, "a storm of timers"
    assert alice.quit() == 0
    # Again, and from the server's archive what came meanwhile.
    bob.run("/msg alice@a.test line-99")
    again = alice.start()
    again.run("/connect alice@a.test", ok=None)
    again.wait("message", body="line-99", timeout=30)
    assert said(again, "bob@b.test") == expected + ["line-99"]
    assert said(bob, "alice@a.test") == expected + ["line-99"]
    assert again.quit() == 0


def cpu(client):
    fields = open(f"/proc/{client.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_start_in_2100_wipes_nothing_silently(clocked, federation):
    clock, alice, bob = clocked()
    alice.login("alice@a.test", federation[0])
    alice.wait("roster", jid="bob@b.test")
    alice.run("/set history.keep 30-days")
    for number in range(3):
        alice.run(f"/msg bob@b.test line-{number}")
        bob.wait("message", body=f"line-{number}")
    assert alice.quit() == 0
    clock.set("@2100-01-01 00:00:00")
    alice.start()
    question = alice.wait("ask", where=lambda e: "clock of this machine" in e["text"])
    assert "2100-01-01" in question["text"] and question["choices"][0] == "no"
    assert said(alice, "bob@b.test") == ["line-0", "line-1", "line-2"]
    assert alice.quit() == 0
    clock.set("+0")
    alice.start()
    alice.run("/account list")
    assert said(alice, "bob@b.test") == ["line-0", "line-1", "line-2"]
    assert not alice.seen("ask")
    assert alice.quit() == 0


def test_the_archive_is_in_order_on_a_machine_without_a_clock(lab, federation):
    """In 1970 no certificate is valid: the server is known by its typed fingerprint."""
    a, b = federation
    bob = lab.client("bob").start()
    bob.login("bob@b.test", b)
    clock = Clock(lab, "alice", "+0")
    alice = lab.client("alice", env=clock.env).start()
    print_of = hashlib.sha256(ssl.PEM_cert_to_DER_cert(a.cert.read_text())).hexdigest()
    alice.login("alice@a.test", a, ca_file=None, fingerprint=print_of)
    alice.wait("roster", jid="bob@b.test")
    alice.run("/msg bob@b.test line-1000")
    bob.wait("message", body="line-1000", direction="in")
    assert alice.quit() == 0
    expected, second = ["line-1000"], int(time.time())
    labs.wait_until(lambda: time.time() > second + 1, "another second, since archives count in seconds")
    for number in range(1001, 1071):  # more than a page of Prosody
        bob.run(f"/msg alice@a.test line-{number}")
        expected.append(f"line-{number}")
    bob.wait("message-state", id=bob.seen("message", body="line-1070")[0]["id"], state="sent")
    clock.set("@1970-01-01 00:01:00")
    alice.start()
    alice.wait("message", body="line-1070", timeout=30)
    for number, (sender, receiver, peer) in enumerate(((bob, alice, "alice@a.test"), (alice, bob, "bob@b.test"), (bob, alice, "alice@a.test")), 1071):
        if number == 1073:
            clock.set("+0")
        sender.run(f"/msg {peer} line-{number}")
        receiver.wait("message", body=f"line-{number}", direction="in")
        expected.append(f"line-{number}")
    labs.wait_until(lambda: len(said(alice, "bob@b.test")) >= len(expected), "the whole archive is there")
    assert said(alice, "bob@b.test") == expected
    assert alice.quit() == 0
