# SPDX-License-Identifier: GPL-3.0-or-later
"""A wire of one's own: unshare -n python3 wire.py CAPTURE turn|no LOSS COMMAND... runs the command where nothing else is, with what it
sent in CAPTURE: lines of JSON, one per UDP datagram. turn: a coturn at 127.0.0.1:3478 for u with the password
secret. LOSS: in a hundred datagrams, of those that are larger than a check. WIRE_STORM=1: a stranger shoots at
every port. WIRE_CUT=SECONDS: nothing gets through for so long."""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ETH_P_IP, OUTGOING, UDP = 0x0800, 4, 17
HOST = "203.0.113.7"
ATTACKER = 6666


def kind(payload):
    """STUN, ChannelData of TURN, DTLS, SRTP, SRTCP: RFC 7983."""
    if len(payload) < 2:
        return "other"
    first = payload[0]
    if first < 4:
        return "stun" if payload[4:8] == b"\x21\x12\xa4\x42" else "other"
    if 20 <= first < 64:
        return "dtls"
    if 64 <= first < 80:
        return "channel"
    if 128 <= first < 192:
        return "srtcp" if 192 <= payload[1] <= 223 else "srtp"
    return "other"


def watch(capture, over, interface):
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    tap.bind((interface, ETH_P_IP))
    tap.settimeout(0.2)
    start = time.monotonic()
    while not over.is_set():
        try:
            packet, address = tap.recvfrom(65536)
        except socket.timeout:
            continue
        if address[2] == OUTGOING or packet[9] != UDP:
            continue
        head = (packet[0] & 15) * 4
        source, target = struct.unpack("!HH", packet[head:head + 4])
        payload = packet[head + 8:]
        capture.append({"at": time.monotonic() - start, "from": source, "to": target, "length": len(payload), "kind": kind(payload),
                        "pt": payload[1] & 127 if len(payload) > 1 else -1, "hex": payload[:1500].hex()})


# A client's hello as a browser or OpenSSL begins one, cut short; a check without integrity; RTP, RTCP BYE; noise.
HELLO = bytes.fromhex("16feff0000000000000000003a0100002e000000000000002efefd" + "11" * 32 + "0000000cc02bc02f009e00a2c0ac00ff0100")
CHECK = bytes.fromhex("000100002112a442" + "22" * 12)
STORM = (HELLO, CHECK, bytes.fromhex("806f0001000000010000000b") + bytes(80), bytes.fromhex("80c80006000000010000000000000000") + bytes(12),
         bytes.fromhex("81cb000100000001"), b"\x80", b"", bytes(1200), bytes.fromhex("40000004") + bytes(4))


def rage(over):
    """Somebody who guesses our ports, and was never part of the call."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        attacker.bind(("127.0.0.1", ATTACKER))
        while not over.is_set():
            with open("/proc/net/udp") as table:
                ports = {int(line.split()[1].split(":")[1], 16) for line in table.readlines()[1:]}
            for port in ports - {ATTACKER, 3478}:
                for payload in STORM:
                    for host in ("127.0.0.1", HOST):
                        try:
                            attacker.sendto(payload, (host, port))
                        except OSError:
                            pass
            time.sleep(0.004)


def cut(capture, over, seconds):
    """Nothing gets through for a while, a second after the first sound."""
    rule = ["nft", "add", "rule", "ip", "cut", "in", "udp", "dport", "1024-65535", "drop"]
    for words in (["nft", "add", "table", "ip", "cut"], ["nft", "add chain ip cut in { type filter hook input priority 0; }"]):
        subprocess.run(words, check=True)
    while not any(line["kind"] == "srtp" for line in capture):
        if over.wait(0.1):
            return
    over.wait(1)
    subprocess.run(rule, check=True)
    over.wait(seconds)
    subprocess.run(["nft", "flush", "table", "ip", "cut"], check=True)


def main():
    path, turn, loss, command = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    for words in ("link set lo up", f"addr add {HOST}/32 dev lo", f"route add default dev lo src {HOST}"):
        subprocess.run(["ip", *words.split()], check=True)
    if loss:
        for words in ("add table ip wire", "add chain ip wire in { type filter hook input priority 0; }",
                      f"add rule ip wire in udp length gt 90 numgen random mod 100 < {loss} drop"):
            subprocess.run(["nft", words], check=True)
    capture, over = [], threading.Event()
    server = None
    if turn == "turn":
        home = tempfile.mkdtemp()
        server = subprocess.Popen(["turnserver", "-n", "--listening-port=3478", "-L", "127.0.0.1", "-E", "127.0.0.1",
                                   "--allow-loopback-peers", "--no-cli", "--lt-cred-mech", "--user", "u:secret", "--realm", "lab.test",
                                   "--no-tls", "--no-dtls", "--pidfile", f"{home}/pid", "--userdb", f"{home}/db", "--log-file",
                                   f"{home}/log"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.1)
            probe.connect(("127.0.0.1", 3478))
            for _ in range(600):
                try:
                    probe.send(CHECK)
                    probe.recv(2048)
                    break
                except OSError:
                    time.sleep(0.05)
    tap = threading.Thread(target=watch, args=(capture, over, "lo"))
    tap.start()
    attacker = threading.Thread(target=rage, args=(over,))
    if os.environ.get("WIRE_STORM"):
        attacker.start()
    cutter = threading.Thread(target=lambda: cut(capture, over, float(os.environ["WIRE_CUT"])))
    if os.environ.get("WIRE_CUT"):
        cutter.start()
    status = subprocess.run(command).returncode
    time.sleep(0.1)
    over.set()
    tap.join()
    for thread in (attacker, cutter):
        if thread.is_alive():
            thread.join()
    if server:
        server.terminate()
        server.wait()
    with open(path, "w") as file:
        for line in capture:
            file.write(json.dumps(line) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
