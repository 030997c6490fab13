# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that scripts rely on: every event of the headless front end and its fields, seen with real servers."""

import re
import signal
import subprocess
import time

import pytest

from lab import PATIENCE
from raw import Raw

pytestmark = pytest.mark.san
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
TRUST = {"verified", "trusted", "undecided", "untrusted", "none"}
# event: (fields that are always there, fields that may be)
FIELDS = {
    "ready": ({"version"}, set()),
    "done": ({"seq", "ok"}, set()),
    "output": ({"text"}, {"seq", "command", "account", "conversation", "id"}),
    "error": ({"text", "reason_code"}, {"seq", "command"}),
    "ask": ({"id", "text", "choices"}, {"account", "conversation", "answered"}),
    "alert": ({"code", "text"}, {"account", "peer"}),
    "connection": ({"account", "state"}, {"reason", "reason_code", "tls", "cipher", "auth", "channel_binding", "resumed"}),
    "roster": ({"account", "jid", "subscription"}, {"name", "groups", "presence"}),
    "subscription": ({"account", "jid", "kind"}, set()),
    "chat-state": ({"account", "jid", "state"}, set()),
    "message": ({"account", "conversation", "from", "id", "direction", "kind", "origin", "sent_at"},
                {"stanza_id", "origin_id", "body", "seal", "trust", "replaces", "reason"}),
    "message-state": ({"id", "state"}, {"reason", "seal", "trust"}),
    "trust": ({"account", "peer", "device", "fingerprint", "trust", "own"}, set()),
}
VALUES = {
    ("connection", "state"): {"connecting", "online", "offline", "failed"},
    ("message", "direction"): {"in", "out"}, ("message", "kind"): {"chat", "groupchat", "private"},
    ("message", "origin"): {"live", "carbon", "archive"}, ("message", "trust"): TRUST, ("message", "seal"): {"none", "omemo", "unknown"},
    ("message-state", "state"): {"pending", "sent", "delivered", "read", "failed"}, ("trust", "trust"): TRUST,
}


def check(events):
    """Every object keeps the promise; the kinds that were seen."""
    for event in events:
        kind = event["event"]
        if kind == "(exit)":
            continue
        always, maybe = FIELDS[kind]
        names = set(event) - {"event", "time"}
        assert TIME.match(event["time"]), event
        assert always <= names <= always | maybe, f"{kind}: missing {always - names}, not promised {names - always - maybe}"
        assert None not in event.values(), event
        for name in names:
            assert event[name] in VALUES.get((kind, name), {event[name]} if not isinstance(event[name], list) else [event[name]]), event
    return {e["event"] for e in events}


def test_every_event_has_its_fields(lab, federation):
    a, b = federation
    a.add_user("carol")
    a.add_user("dave")
    alice, bob = lab.client("alice").start(), lab.client("bob").start()
    online = alice.login("alice@a.test", a)
    assert online["tls"].startswith("TLS") and online["cipher"] and "SCRAM" in online["auth"] and online["resumed"] is False
    bob.login("bob@b.test", b)
    assert alice.wait("roster", jid="bob@b.test", presence="online")["subscription"] == "both"
    alice.run("/msg bob@b.test hello")
    got = bob.wait("message", body="hello", direction="in")
    assert got["from"] == "alice@a.test" and got["conversation"] == "alice@a.test" and got["seal"] == "omemo" and got["origin"] == "live"
    mine = alice.wait("message", body="hello", direction="out")
    assert alice.wait("message-state", id=mine["id"], state="delivered")["seal"] == "omemo"
    # The id is what commands take.
    alice.run(f"/correct {mine['id']} hello again", ok=None)
    alice.run("/correct hello again", ok=None)
    assert bob.wait("message", body="hello again")["replaces"] == got["id"]
    assert alice.wait("trust", peer="bob@b.test")["own"] is False
    # A stranger in clear, a request, a chat state, a refused login.
    alice.run("/add carol@a.test")
    carol = Raw(a, "carol")
    carol.send("<presence to='alice@a.test' type='subscribe'/>")
    carol.send("<presence to='alice@a.test' type='subscribed'/>")
    dave = Raw(a, "dave")
    dave.send("<presence to='alice@a.test' type='subscribe'/>")
    assert alice.wait("subscription", jid="dave@a.test")["kind"]
    carol.send("<message to='alice@a.test' type='chat' id='c1'><body>readable</body><composing xmlns='http://jabber.org/protocol/chatstates'/></message>")
    assert alice.wait("message", body="readable")["seal"] == "none"
    carol.send("<message to='alice@a.test' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>")
    assert alice.wait("chat-state", jid="carol@a.test", state="composing")
    # A question: a wrong id and a wrong choice are refused and leave it open.
    alice.run("/msg carol@a.test first", ok=None)
    ask = alice.wait("ask")
    assert "yes" in ask["choices"] and "no" in ask["choices"]
    assert "no open question" in alice.run("/answer-ask 4711 yes", ok=False)
    assert "is no answer" in alice.run(f"/answer-ask {ask['id']} maybe", ok=False)
    alice.run("/answer-ask nonsense yes", ok=False)
    alice.run(f"/answer-ask {ask['id']} yes")
    assert carol.wait("message", lambda m: m.find("{jabber:client}body") is not None).findtext("{jabber:client}body") == "first"
    alice.run(f"/answer-ask {ask['id']} yes", ok=False)
    alice.login("nobody@a.test", a, online=False)
    failed = alice.wait("connection", account="nobody@a.test", state="failed")
    assert failed["reason"] and failed["reason_code"]
    alice.run("/nonsense", ok=False)
    assert alice.quit() == 0 and bob.quit() == 0
    seen = check(alice.events) | check(bob.events)
    assert seen >= set(FIELDS) - {"alert"}, set(FIELDS) - seen


def test_lines_are_numbered_and_answered_in_order_whatever_they_hold(lab):
    client = lab.client("alice").start()
    client.process.stdin.write(b'/version\n\n   \n"\\u0000"\n/ver\0sion\n"/version"\n"unfinished\n"a" b\n"\\ud800"\n' + b"y" * (3 << 20) + b'\n"/version\\n"\n/version\r\n')
    client.process.stdin.flush()
    client.wait("done", seq=12)
    done = [e["seq"] for e in client.seen("done")]
    assert done == list(range(1, 13)), done
    ok = {e["seq"]: e["ok"] for e in client.seen("done")}
    assert ok[1] and ok[6] and ok[12], (ok, client.seen("error"))
    assert not any(ok[n] for n in (4, 5, 7, 8, 9, 10)), ok
    for event in client.seen("error"):
        assert event["reason_code"] == "input" and event["seq"] in ok and not ok[event["seq"]]
    assert client.quit() == 0
    check(client.events)


def test_commands_of_the_command_line_come_first_and_have_no_number(lab):
    client = lab.client("alice").start("/version", "/nonsense", "/account list", ready=False)
    assert client.send("/version") == 1
    client.wait("done", seq=1)
    client.quit()
    kinds = [(e["event"], e.get("command")) for e in client.events if e["event"] in ("ready", "output", "error")]
    assert kinds[0][0] == "ready"
    order = [e["event"] for e in client.events]
    assert order.index("error") > order.index("output")
    check(client.events)


def test_the_end_of_input_waits_for_what_is_on_its_way_and_keeps_the_rest(lab, federation):
    a, b = federation
    alice, bob = lab.client("alice").start(), lab.client("bob").start()
    alice.login("alice@a.test", a, autoconnect="off")
    bob.login("bob@b.test", b)
    alice.run("/msg bob@b.test hello")
    bob.wait("message", body="hello", direction="in")
    alice.quit()
    # Connecting takes a moment: what was said before is waited for.
    alice.start("/connect", "/msg bob@b.test on its way")
    alice.process.stdin.close()
    assert alice.join() == 0
    bob.wait("message", body="on its way", direction="in")
    # Nobody answers there: five seconds, then it stays queued.
    a.process.send_signal(signal.SIGSTOP)
    alice.start("/connect", "/msg bob@b.test waits")
    start = time.monotonic()
    alice.process.stdin.close()
    assert alice.join() == 0
    took = time.monotonic() - start
    a.process.send_signal(signal.SIGCONT)
    assert took < 20, took
    alice.start()
    alice.run("/connect", ok=None)
    alice.run("/msg bob@b.test behind it")
    bob.wait("message", body="behind it", direction="in")
    assert len(bob.seen("message", body="waits")) == 1
    alice.quit()


def test_exit_codes(lab):
    assert lab.client("alice").start().quit() == 0
    run = lambda *args: subprocess.run([lab.sotto, *args], capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE,  # noqa: E731
                                        env={"HOME": str(lab.dir)})
    assert run("--version").returncode == 0
    assert run("--no-such-option").returncode == 2
    file = lab.dir / "file"
    file.write_text("")
    fatal = run("--headless", "--config-dir", str(file), "--passphrase-fd", "0")
    assert fatal.returncode == 1 and fatal.stdout.count(b"\n") == 1 and b'"event":"error"' in fatal.stdout.replace(b" ", b"")
