# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay that the server names (XEP-0215): its credentials are good for a real one. What the tests of calls stand on."""

import hashlib
import hmac
import os
import socket
import struct

from raw import Raw

NS = "{urn:xmpp:extdisco:2}"
ALLOCATE, ALLOCATED, REFUSED = 0x0003, 0x0103, 0x0113
USERNAME, INTEGRITY, REALM, NONCE, RELAYED, TRANSPORT = 0x0006, 0x0008, 0x0014, 0x0015, 0x0016, 0x0019


def services(client, domain):
    client.send(f"<iq type='get' id='services' to='{domain}'><services xmlns='urn:xmpp:extdisco:2'/></iq>")
    answer = client.wait("iq", lambda e: e.get("id") == "services")
    return [dict(e.attrib) for e in answer.iter(NS + "service")]


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def ask(udp, attributes=b"", key=None):
    """One Allocate (RFC 8656 §7): the type of the answer and its attributes."""
    transaction = os.urandom(12)
    head = lambda length: struct.pack("!HHI", ALLOCATE, length, 0x2112A442) + transaction
    body = attribute(TRANSPORT, b"\x11\0\0\0") + attributes
    if key:
        body += attribute(INTEGRITY, hmac.new(key, head(len(body) + 24) + body, hashlib.sha1).digest())
    udp.send(head(len(body)) + body)
    answer = udp.recv(2048)
    kind, length = struct.unpack_from("!HH", answer)
    found, at = {}, 20
    while at < 20 + length:
        what, size = struct.unpack_from("!HH", answer, at)
        found[what] = answer[at + 4:at + 4 + size]
        at += 4 + size + -size % 4
    return kind, found


def allocate(relay, user, password):
    """Refused without credentials, then with them what the relay says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(10)
        udp.connect((relay["host"], int(relay["port"])))
        kind, found = ask(udp)
        assert kind == REFUSED
        more = attribute(USERNAME, user.encode()) + attribute(REALM, found[REALM]) + attribute(NONCE, found[NONCE])
        return ask(udp, more, hashlib.md5(b":".join((user.encode(), found[REALM], password.encode()))).digest())


def test_the_named_relay_takes_its_credentials(lab):
    turn = lab.turn()
    server = lab.server("a.test", turn=turn)
    server.add_user("alice")
    named = services(Raw(server, "alice"), server.domain)
    assert {s["type"] for s in named} == {"stun", "turn"}
    relay = next(s for s in named if s["type"] == "turn")
    assert (relay["host"], relay["port"], relay["transport"]) == ("127.0.0.1", str(turn.port), "udp")
    assert allocate(relay, relay["username"], "wrong")[0] == REFUSED
    kind, found = allocate(relay, relay["username"], relay["password"])
    assert kind == ALLOCATED and RELAYED in found
