# SPDX-License-Identifier: GPL-3.0-or-later
"""RTP, RTCP and DTLS as they are on the wire: to read what is clear of them, and to make what should not be."""

import collections
import os
import struct

Header = collections.namedtuple("Header", "pt seq time ssrc extensions payload")


def is_dtls(data):
    return len(data) > 13 and 20 <= data[0] < 64


def is_rtcp(data):
    return len(data) >= 8 and 128 <= data[0] < 192 and 192 <= data[1] <= 223


def is_rtp(data):
    return len(data) >= 12 and 128 <= data[0] < 192 and not is_rtcp(data)


def parse(data):
    """What SRTP leaves readable; extensions: {id: length} of the one-byte form (RFC 8285)."""
    first, second, seq, time, ssrc = struct.unpack("!BBHII", data[:12])
    at, extensions = 12 + 4 * (first & 15), {}
    if first & 16:
        profile, words = struct.unpack("!HH", data[at:at + 4])
        assert profile == 0xBEDE, f"{profile:04x}"
        at, end = at + 4, at + 4 + 4 * words
        while at < end:
            if data[at]:
                extensions[data[at] >> 4] = (data[at] & 15) + 1
                at += (data[at] & 15) + 1
            at += 1
        at = end
    return Header(second & 127, seq, time, ssrc, extensions, data[at:])


def packet(pt, seq, time, ssrc, payload, first=0x80):
    return struct.pack("!BBHII", first, pt, seq & 0xFFFF, time & 0xFFFFFFFF, ssrc) + payload


def malformed(pt, seq, ssrc):
    """What no sender sends (F07), as somebody without keys can."""
    def one(first, payload):
        return packet(pt, seq, seq * 960, ssrc, payload, first)
    return [
        b"", b"\x80", b"\x80\x6f\x00\x01", one(0x80, b""), one(0x8F, b"short"), one(0x90, b"\xbe\xde\xff\xffxx"), one(0xA0, b"padding\xff"),
        one(0xA0, b"none\x00"), one(0x40, bytes(90)), one(0x00, bytes(90)), one(0x80, os.urandom(1400)), one(0xBF, os.urandom(64)),
        one(0x80, bytes(60000)), os.urandom(200), bytes([200]) + os.urandom(30),
        # reports: none, too long, too short, a goodbye, feedback
        struct.pack("!BBHI", 0x80, 200, 0, ssrc), struct.pack("!BBHI", 0x9F, 201, 0xFFFF, ssrc), bye(ssrc),
        struct.pack("!BBHII", 0x81, 206, 2, 1, ssrc) + b"xx", struct.pack("!BBH", 0x80, 205, 0),
    ]


def bye(*ssrcs):
    """A goodbye that nobody sealed (RFC 3550 6.6), after an empty report."""
    return struct.pack("!BBHI", 0x80, 201, 1, ssrcs[0]) + struct.pack("!BBH", 0x80 | len(ssrcs), 203, len(ssrcs)) + struct.pack(f"!{len(ssrcs)}I", *ssrcs)


def client_hello(seq=0):
    """A DTLS 1.2 hello as a browser's: ECDHE-ECDSA, P-256, use_srtp."""
    extensions = b"".join(struct.pack("!HH", kind, len(body)) + body for kind, body in (
        (10, b"\x00\x02\x00\x17"), (11, b"\x01\x00"), (13, b"\x00\x02\x04\x03"), (14, b"\x00\x02\x00\x01\x00"), (23, b""), (0xFF01, b"\x00")))
    body = b"\xfe\xfd" + os.urandom(32) + b"\x00\x00" + b"\x00\x04\xc0\x2b\xc0\x2c" + b"\x01\x00" + struct.pack("!H", len(extensions)) + extensions
    shake = b"\x01" + len(body).to_bytes(3, "big") + struct.pack("!H", seq) + bytes(3) + len(body).to_bytes(3, "big") + body
    return b"\x16\xfe\xff\x00\x00" + seq.to_bytes(6, "big") + struct.pack("!H", len(shake)) + shake


def dtls_garbage():
    return [b"\x16\xfe\xfd\x00\x00" + os.urandom(6) + b"\xff\xff" + os.urandom(40), b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28",
            b"\x14\xfe\xfd" + bytes(8) + b"\x00\x01\x01", b"\x17\xfe\xfd\x00\x01" + os.urandom(6) + b"\x00\x20" + os.urandom(32), bytes([22]) + os.urandom(300),
            b"\x16\xfe\xfd" + bytes(8) + b"\x00\x0c" + b"\x01\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"]
