# SPDX-License-Identifier: GPL-3.0-or-later
"""Two accounts that log in at the same moment, to one server or to two, while one of them is refused, cut or lied to: nothing of the one
is ever taken for the other's."""

import threading

import pytest

import lab as labs
from evil import Evil

ALICE, CAROL = "alice@a.test", "carol@a.test"


def add(client, jid, server, password=None):
    secret = client.dir / f"password.{jid}"
    secret.write_text(password or f"pw-{jid.split('@')[0]}")
    client.run(f"/account add {jid} host 127.0.0.1 port {server.port} tls starttls ca_file {client.lab.ca.cert} "
               f'password_command "/bin/cat {secret}"')


def both_connect(client, first, second):
    """In one write: the program sees both before the first packet."""
    client.process.stdin.write(f"/connect {first}\n/connect {second}\n".encode())
    client.process.stdin.flush()
    client.lines += 2


def test_one_server_both_right(lab):
    server = lab.server("a.test", modules=["stanza_debug"])
    for user, contact in (("alice", "dave"), ("carol", "erin")):
        server.add_user(user)
        server.set_roster(user, {f"{contact}@a.test": "both"})
    client = lab.client("two").start("/plugin unload omemo")
    add(client, ALICE, server)
    add(client, CAROL, server)
    for _ in range(5):
        both_connect(client, ALICE, CAROL)
        for jid in (ALICE, CAROL):
            client.wait("connection", account=jid, state="online")
        for jid in (ALICE, CAROL):
            client.run(f"/disconnect {jid}")
            client.wait("connection", account=jid, state="offline")
        client.forget()
    assert {e["jid"] for e in client.seen("roster", account=ALICE)} == {"dave@a.test"}
    assert {e["jid"] for e in client.seen("roster", account=CAROL)} == {"erin@a.test"}
    assert not client.seen("alert") and not client.seen("connection", state="failed")
    assert client.quit() == 0


def test_one_server_one_password_is_wrong(lab):
    server = lab.server("a.test", modules=["stanza_debug"])
    server.add_user("alice")
    server.add_user("carol")
    server.set_roster("alice", {"dave@a.test": "both"})
    server.set_roster("carol", {"erin@a.test": "both"})
    client = lab.client("two").start("/plugin unload omemo")
    add(client, ALICE, server)
    add(client, CAROL, server, password="pw-alice")  # the other's: no key that is kept may serve twice
    both_connect(client, ALICE, CAROL)
    client.wait("connection", account=ALICE, state="online")
    failed = client.wait("connection", account=CAROL, state="failed")
    assert "carol@a.test" in failed["reason"] and "alice" not in failed["reason"], failed
    client.wait("roster", account=ALICE, jid="dave@a.test")
    assert not client.seen("roster", account=CAROL) and not client.seen("connection", account=CAROL, state="online")
    listing = client.run("/account list")
    assert "alice@a.test: online" in listing and "carol@a.test: failed" in listing, listing
    (client.dir / f"password.{CAROL}").write_text("pw-carol")
    client.run(f"/connect {CAROL}", ok=None)
    client.wait("connection", account=CAROL, state="online")
    client.wait("roster", account=CAROL, jid="erin@a.test")
    assert len(client.seen("connection", account=ALICE, state="online")) == 1
    assert client.quit() == 0


def test_two_servers_one_lies(lab):
    """Both are asked at once; the one of carol answers with what is alice's: her name, her address, her messages."""
    ready = threading.Barrier(2, timeout=labs.PATIENCE)

    def honest(link):
        link.starttls()
        link.mechanisms("SCRAM-SHA-256")
        ready.wait()
        link.scram_first()
        link.success(link.scram_final("pw-alice"))
        finish(link, "alice@a.test")

    def finish(link, jid):
        link.header("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>")
        bind = link.read(r"<iq[^>]*id=['\"]([^'\"]*)['\"][^>]*><bind.*?<resource>([^<]*)<.*?</iq>")
        link.full = f"{jid}/{bind.group(2)}"
        link.send(f"<iq type='result' id='{bind.group(1)}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{link.full}</jid></bind></iq>")
        link.read(r"<enable[^>]*>")
        link.send("<enabled xmlns='urn:xmpp:sm:3' id='same-for-both' resume='true'/>")
        link.serve()

    def lying(link):
        link.starttls()
        link.mechanisms("SCRAM-SHA-256")
        ready.wait()
        link.scram_first()
        link.success(link.scram_final("pw-carol"))
        finish(link, "alice@a.test")

    good, bad = Evil(lab, honest), Evil(lab, lying, domain="c.test", user="carol")
    client = lab.client("two").start("/plugin unload omemo")
    add(client, ALICE, good)
    add(client, "carol@c.test", bad)
    both_connect(client, ALICE, "carol@c.test")
    client.wait("connection", account=ALICE, state="online")
    failed = client.wait("connection", account="carol@c.test", state="failed")
    assert failed["reason"] and not client.seen("connection", account="carol@c.test", state="online"), failed
    assert len(client.seen("connection", account=ALICE, state="online")) == 1
    for server, name, other in ((good, "alice", "carol"), (bad, "carol", "alice")):
        sent = "".join(link.clear for link in server.links)
        assert other not in sent and f"{other}@" not in server.sent().split("<bind")[0], name
    good.close()
    bad.close()
    assert client.quit() == 0


@pytest.mark.parametrize("same", [True, False], ids=["one server", "two servers"])
def test_messages_go_by_their_own_account(lab, same):
    """Cut and resumed at the same time, with the same ids of sessions and of stanzas on both: what is on its way stays with its account."""
    from test_stages import Server

    servers = [Server(lab, "acknowledged", "cut", jid) for jid in (ALICE, CAROL if same else "carol@c.test")]
    for server in servers:
        server.archive = []
        server.waiting = [server.waiting[0].replace("said live", f"for {server.jid}")]
    client = lab.client("two").start("/plugin unload omemo")
    for server in servers:
        add(client, server.jid, server)
    both_connect(client, *(server.jid for server in servers))
    for server in servers:
        client.wait("message", account=server.jid, body=f"for {server.jid}")
    labs.wait_until(lambda: all(server.happened.is_set() for server in servers), "both are cut")
    for server in servers:
        client.wait("connection", account=server.jid, state="online", resumed=True)
        assert [e["body"] for e in client.seen("message", account=server.jid)] == [f"for {server.jid}"]
        assert {e["jid"] for e in client.seen("roster", account=server.jid)} == {"bob@away.test"}
    assert client.quit() == 0
    for server in servers:
        server.evil.close()
