#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test vectors of dtls+ratchet (doc/media-keys.md), computed from its text alone: hashlib and hmac, nothing of the program.
The words need Argon2id, which Python lacks: the argon2 program of its reference implementation.

media_keys.py writes media_keys.txt, media_keys.py --check compares it."""
import hashlib
import hmac
import pathlib
import subprocess
import sys

OUT = pathlib.Path(__file__).with_suffix(".txt")


def lp(x):
    return len(x).to_bytes(2, "big") + x


def numbered(seed, length):
    """Bytes that look like nothing, and the same each time."""
    out = b""
    while len(out) < length:
        out += hashlib.sha256(f"{seed} {len(out)}".encode()).digest()
    return out[:length]


def context(case):
    order = ["sid", "jid_i", "jid_r", "idkey_i", "idkey_r", "fp_i", "fp_r"]
    return hashlib.sha256(b"".join(lp(case[name]) for name in order)).digest()


def extract(salt, material):
    return hmac.new(salt, material, hashlib.sha256).digest()


def expand(key, info, length):
    out, block, count = b"", b"", 1
    while len(out) < length:
        block = hmac.new(key, block + info + bytes([count]), hashlib.sha256).digest()
        out, count = out + block, count + 1
    return out[:length]


def srtp(case, exported, direction):
    key = extract(b"sotto media keys 1", exported + case["s_i"] + case["s_r"])
    return expand(key, b"aes-256-gcm" + case["context"] + bytes([direction]), 44)


def words(of):
    command = ["argon2", "sotto call words 1", "-id", "-t", "3", "-m", "16", "-p", "1", "-l", "4", "-r"]
    return bytes.fromhex(subprocess.run(command, input=of, capture_output=True, check=True).stdout.decode())


def complete(case):
    case["secret_i"] = b"\x01" + case["s_i"] + case["fp_i"]
    case["secret_r"] = b"\x01" + case["s_r"] + case["fp_r"]
    case["context"] = context(case)
    case["okm_i"] = srtp(case, case["k_i"], 0x01)
    case["okm_r"] = srtp(case, case["k_r"], 0x02)
    case["words"] = words(case["context"])
    return case


def cases():
    plain = {
        "sid": b"a-call",
        "jid_i": b"alice@a.test",
        "jid_r": b"bob@b.test",
        "idkey_i": bytes(range(0x00, 0x20)),
        "idkey_r": bytes(range(0x20, 0x40)),
        "fp_i": bytes(range(0x40, 0x60)),
        "fp_r": bytes(range(0x60, 0x80)),
        "s_i": bytes(range(0x80, 0xA0)),
        "s_r": bytes(range(0xA0, 0xC0)),
        "k_i": bytes(range(0xC0, 0xDE)),
        "k_r": bytes(range(0xE0, 0xFE)),
    }
    random = {
        name: numbered(name, len(value)) if len(value) in (30, 32) else value for name, value in plain.items()
    }
    far = dict(random, sid=b"s" * 256, jid_i="jürgen@bücher.test".encode(), jid_r="玄@例.test".encode())
    # Who calls whom is part of it.
    back = dict(random, jid_i=random["jid_r"], jid_r=random["jid_i"])
    return {"plain": plain, "random": random, "far": far, "back": back}


def text():
    names = ["sid", "jid_i", "jid_r"]
    out = ["# SPDX-License-Identifier: GPL-3.0-or-later", "# Made by media_keys.py: texts as they are, bytes in hex."]
    for name, case in cases().items():
        out += ["", f"case {name}"]
        out += [f"{key} {value.decode() if key in names else value.hex()}" for key, value in complete(case).items()]
    return "\n".join(out) + "\n"


def main():
    if "--check" in sys.argv:
        return 0 if OUT.read_text() == text() else f"{OUT} is not what this script makes"
    OUT.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
