# SPDX-License-Identifier: GPL-3.0-or-later
"""STUN as it is on the wire (RFC 8489): enough to ask, to answer and to lie."""

import hashlib
import hmac
import os
import socket
import struct
import zlib

COOKIE = 0x2112A442
REQUEST, INDICATION, SUCCESS, ERROR = 0x0001, 0x0011, 0x0101, 0x0111  # of Binding
USERNAME, INTEGRITY, ERROR_CODE, XOR_MAPPED = 0x0006, 0x0008, 0x0009, 0x0020
PRIORITY, USE_CANDIDATE, FINGERPRINT, CONTROLLED, CONTROLLING = 0x0024, 0x0025, 0x8028, 0x8029, 0x802A


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def message(kind, attributes=(), tid=None, password=None, fingerprint=True):
    """password: its MESSAGE-INTEGRITY is right for who has this one."""
    tid = tid or os.urandom(12)
    body = b"".join(attribute(*one) for one in attributes)

    def head(extra):
        return struct.pack("!HHI", kind, len(body) + extra, COOKIE) + tid
    if password is not None:
        body += attribute(INTEGRITY, hmac.new(password.encode(), head(24) + body, hashlib.sha1).digest())
    if fingerprint:
        body += attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(head(8) + body) ^ 0x5354554E))
    return head(0) + body


def parse(data):
    """(kind, tid, {attribute: value}) or None."""
    if len(data) < 20 or data[0] > 3 or struct.unpack("!I", data[4:8])[0] != COOKIE:
        return None
    kind, length = struct.unpack("!HH", data[:4])
    attributes, at = {}, 20
    while at + 4 <= min(len(data), 20 + length):
        name, size = struct.unpack("!HH", data[at:at + 4])
        attributes.setdefault(name, data[at + 4:at + 4 + size])
        at += 4 + size + (-size % 4)
    return kind, data[8:20], attributes


def xor_mapped(ip, port):
    number = struct.unpack("!I", socket.inet_aton(ip))[0]
    return XOR_MAPPED, struct.pack("!BBHI", 0, 1, port ^ COOKIE >> 16, number ^ COOKIE)


def error(code, reason=b"no"):
    return ERROR_CODE, struct.pack("!HBB", 0, code // 100, code % 100) + reason
