# SPDX-License-Identifier: GPL-3.0-or-later
"""OMEMO with the real profanity, in tmux: both ways, corrections, receipts, and what is said when something is missing."""

import os
import re
import shutil
import subprocess

import pytest

from lab import PATIENCE, die_with_parent, wait_until

MARKER = "canary-9e20b1"
pytestmark = pytest.mark.skipif(not (shutil.which("profanity") and shutil.which("tmux")), reason="profanity and tmux are not installed")


class Profanity:
    """A profanity in a tmux of its own, driven by keys and read from its screen."""

    def __init__(self, lab, jid, server):
        self.lab, self.jid = lab, jid
        self.home = lab.dir / "profanity" / jid.split("@")[0]
        config, data = self.home / ".config/profanity", self.home / ".local/share/profanity"
        config.mkdir(parents=True)
        data.mkdir(parents=True)
        (config / "profrc").write_text(
            "[ui]\nsplash=false\nwrap=true\ntitlebar.show=true\nroster=false\noccupants=false\n"
            "[chatstates]\nenabled=false\n[receipts]\nsend=true\nrequest=true\n[notifications]\nmessage=false\n")
        (data / "accounts").write_text(
            f"[{jid}]\nenabled=true\njid={jid}\nresource=p\npassword=pw-{jid.split('@')[0]}\nserver=127.0.0.1\n"
            f"port={server.port}\ntls.policy=trust\n")
        self.socket = str(self.home / "tmux.sock")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *args], capture_output=True, text=True, timeout=PATIENCE)

    def start(self):
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "screen-256color"}
        server = subprocess.Popen(["tmux", "-S", self.socket, "-f", "/dev/null", "-D"], env=environment, preexec_fn=die_with_parent,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.lab.processes.append(server)
        wait_until(lambda: os.path.exists(self.socket), "tmux")
        made = self.tmux("new-session", "-d", "-x", "150", "-y", "45", "profanity", "-a", self.jid)
        assert made.returncode == 0, made.stderr
        self.sees(r"logged in|Connected|online")
        return self

    def screen(self):
        return self.tmux("capture-pane", "-p").stdout

    def flat(self):
        """Its screen with wrapped lines joined."""
        return re.sub(r"\s+", " ", self.screen())

    def sees(self, pattern):
        def there():
            return re.search(pattern, self.flat())
        try:
            return wait_until(there, f"profanity shows {pattern!r}", step=0.1)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.screen()}") from None

    def types(self, text):
        self.tmux("send-keys", "-l", text)
        self.tmux("send-keys", "Enter")

    def quits(self):
        self.types("/quit")


def with_keys(lab, jid, server):
    client = Profanity(lab, jid, server).start()
    client.types("/omemo gen")
    client.sees("OMEMO crypto|Your OMEMO fingerprint|OMEMO Device|fingerprint|Generating OMEMO|materials|OMEMO")
    for node in ("devicelist", "bundles"):  # whichever comes first
        wait_until(lambda node=node: any("<publish" in stanza and node in stanza for stanza in server.wire()), f"its {node}")
    client.types("/omemo trustmode blind")
    return client


@pytest.fixture
def couple(lab, federation):
    """(alice with sotto, bob with profanity, who wrote /omemo start)."""
    a, b = federation
    alice = lab.client("alice").start()
    alice.login("alice@a.test", a)
    bob = with_keys(lab, "bob@b.test", b)
    bob.types("/omemo start alice@a.test")
    bob.sees(r"OMEMO")
    return alice, bob


def says(alice, text):
    alice.run(f"/msg bob@b.test {text}")
    return alice.wait("message", direction="out", body=text)


def test_sealed_both_ways_with_corrections_and_receipts(couple, federation, lab):
    alice, bob = couple
    sent = says(alice, f"{MARKER} from sotto")
    bob.sees(f"{MARKER} from sotto")
    alice.wait("message-state", where=lambda e: e["id"] == sent["id"] and e["state"] == "delivered")
    for n in range(3):
        bob.types(f"{MARKER} from profanity {n}")
        got = alice.wait("message", direction="in", body=f"{MARKER} from profanity {n}")
        assert got["seal"] == "omemo" and got["trust"] == "trusted"
        says(alice, f"{MARKER} answer {n}")
        bob.sees(f"{MARKER} answer {n}")
    # Corrections both ways.
    says(alice, f"{MARKER} wrnog")
    bob.sees("wrnog")
    alice.run(f"/correct {MARKER} right")
    bob.sees(f"{MARKER} right")
    bob.types("/correction on")
    bob.types(f"{MARKER} tpyo")
    first = alice.wait("message", direction="in", body=f"{MARKER} tpyo")
    bob.types(f"/correct {MARKER} typo")
    second = alice.wait("message", direction="in", body=f"{MARKER} typo")
    assert second["replaces"] == first["id"] and second["seal"] == "omemo"
    # Nothing that a server saw or kept holds a word of it.
    bob.quits()
    assert alice.quit() == 0
    for server in federation:
        server.stop()
        assert not server.files_with(MARKER)


def test_what_waited_for_either_is_read_after_its_login(couple, federation):
    alice, bob = couple
    says(alice, "before")
    bob.sees("before")
    bob.types("here")
    alice.wait("message", direction="in", body="here")
    alice.quit()
    for n in range(3):
        bob.types(f"while you were away {n}")
    bob.sees("while you were away 2")
    alice.start()
    alice.run("/connect alice@a.test", ok=None)
    for n in range(3):
        assert alice.wait("message", direction="in", body=f"while you were away {n}")["seal"] == "omemo"
    says(alice, "back again")
    bob.sees("back again")


def test_the_fingerprints_are_the_same_on_both_screens(couple):
    alice, bob = couple
    says(alice, "hello")
    bob.sees("hello")
    shown = alice.run("/verify bob@b.test")
    blocks = re.findall(r"(?:[0-9a-f]{8} ){7}[0-9a-f]{8}", shown)
    assert len(set(blocks)) == 2
    bob.types("/win 1")
    bob.types("/omemo fingerprint")
    bob.types("/omemo fingerprint alice@a.test")
    for block in set(blocks):
        bob.sees(block.replace(" ", "[- ]"))
    bob.types("/win 2")
    alice.run("/verify bob@b.test yes")
    bob.types("after the comparison")
    assert alice.wait("message", direction="in", body="after the comparison")["trust"] == "verified"


def test_without_the_code_profanity_offers_no_list_and_sotto_says_what_is_missing(lab):
    a, b = lab.federation("a.test", "b.test", modules=["stanza_debug"])
    a.add_user("alice")
    b.add_user("bob")
    a.set_roster("alice", {"bob@b.test": "both"})
    b.set_roster("bob", {"alice@a.test": "both"})
    alice = lab.client("alice").start()
    alice.login("alice@a.test", a)
    bob = Profanity(lab, "bob@b.test", b).start()
    bob.types("/omemo gen")
    bob.sees("OMEMO")
    alice.send(f"/msg bob@b.test {MARKER}")
    question = alice.wait("ask")
    assert "bob@b.test offers no keys" in question["text"] and "device list" in question["text"] and "OMEMO" in question["text"]
    alice.run(f"/answer-ask {question['id']} {question['choices'][0]}")
    assert not b.files_with(MARKER)


def test_a_stranger_with_closed_nodes_is_explained(lab):
    """profanity leaves its nodes at presence access: who is no contact may not read its list."""
    a, b = lab.federation("a.test", "b.test", modules=["stanza_debug", "code404"])
    a.add_user("alice")
    b.add_user("bob")
    alice = lab.client("alice").start()
    alice.login("alice@a.test", a)
    with_keys(lab, "bob@b.test", b)
    alice.send(f"/msg bob@b.test {MARKER}")
    failed = alice.wait("message-state", state="failed")
    assert "contacts only" in failed["reason"] and "/add bob@b.test" in failed["reason"]
    assert not b.files_with(MARKER)
