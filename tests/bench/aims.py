# SPDX-License-Identifier: GPL-3.0-or-later
"""What sotto aims at, row by row, and what the peers needed on the machine where the aims were set. Machines differ: an aim is
met where the ratio to a peer, both measured in one run, is not above the ratio of the aim to that peer's figure here."""

from typing import NamedTuple


class Aim(NamedTuple):
    unit: str
    aim: float = None     # None: shown beside the others, nothing is aimed at
    peers: dict = {}
    more: bool = False    # more is better


def row(unit, aim=None, more=False, **peers):
    return Aim(unit, aim, peers, more)


AIMS = {
    "start to first screen": row("ms", 25, profanity=120, mcabber=12, irssi=21, weechat=37),
    "start to roster of 10": row("ms", 130, profanity=306, mcabber=124),
    "start to roster of 10, again at once": row("ms"),
    "start to roster of 1000": row("ms", 200, profanity=471, mcabber=189),
    "start to roster of 10000": row("ms", 2500, profanity=73000, mcabber=2000),
    "CPU until calm, roster of 10": row("s"),
    "CPU until calm, roster of 1000": row("s"),
    "CPU until calm, roster of 10000": row("s", 1, profanity=355, mcabber=67),
    "RSS, roster of 10": row("MB", 18, profanity=42, mcabber=15, irssi=11, weechat=17),
    "RSS, roster of 1000": row("MB"),
    "RSS, roster of 10000": row("MB", 24, profanity=56, mcabber=22),
    "idle: wake-ups a second": row("", 0.05, profanity=1.9, mcabber=0.07, irssi=1.4, weechat=3.3),
    "idle: CPU a minute": row("ms"),
    "message to screen after a minute": row("ms", 2, profanity=308, mcabber=1.0, irssi=0.4, weechat=0.9),
    "key to echo, idle, p50": row("ms", 0.4, profanity=5.4, mcabber=0.27, irssi=0.22),
    "key to echo, idle, p99": row("ms", 1.5, profanity=10.6, mcabber=5.4, irssi=0.34),
    "key to echo, 200 messages a second, p50": row("ms", 0.5, profanity=2.4, mcabber=0.23, irssi=0.14),
    "key to echo, 200 messages a second, p99": row("ms", 3, profanity=10.7, mcabber=3.3, irssi=0.33),
    "CPU a key": row("ms"),
    "bytes a key": row("", 6, profanity=1.1, mcabber=1.1, irssi=4.7),
    "bytes a line of 100": row("", 170, profanity=172, mcabber=315, irssi=186),
    "flood of 20000: wall": row("s", 4, profanity=59, mcabber=7.3, weechat=3.0),
    "flood of 20000: CPU": row("s", 3, profanity=21.6, mcabber=7.1, weechat=3.0),
    "flood of 20000: written": row("MB", 40, profanity=660, mcabber=2.5, weechat=2.5),
    "RSS growth over three floods": row("MB", 5, profanity=3, mcabber=37, irssi=30, weechat=2),
    "20000 offline at login": row("s", 5, profanity=62, mcabber=4.5),
    "20000 offline at login: CPU": row("s"),
    "20000 offline: key to echo meanwhile, p50": row("ms"),
    "20000 offline: key to echo meanwhile, p99": row("ms", 50),
    "20000 archived at login: newest shown": row("s", 1),
    "20000 archived at login: all in": row("s", 6),
    "20000 archived at login: CPU": row("s"),
    "100000 stored: open": row("ms", 30, profanity=77, mcabber=534),
    "100000 stored: page up": row("ms", 5, mcabber=5.8, weechat=1.7),
    "100000 stored: search": row("ms", 15, mcabber=12, weechat=175),
    "1000000 stored: open": row("ms", 50),
    "1000000 stored: page up": row("ms", 10),
    "1000000 stored: search": row("ms", 30),
    "OMEMO: keys made": row("ms", 200, profanity=635),
    "OMEMO: session to first delivery": row("ms", 40, profanity=34),
    "2000 sealed in: CPU each": row("ms", 0.5, profanity=1.6),
    "2000 sealed in: wall each": row("ms"),
    "500 sealed in, by profanity: CPU each": row("ms", 0.5, profanity=1.6),
    "admission parser": row("MB/s", 100, more=True),
    "call: yes to heard, mixed keys": row("ms", 400),
    "call: yes to heard, DTLS alone": row("ms", 400),
    "call with sound: CPU of a core": row("%", 5),
    "call with sound: RSS of sotto-media": row("MB", 40),
    "call with pictures: CPU of a core": row("%", 25),
    "call with pictures: RSS of sotto-media": row("MB", 60),
    "picture of 80x24: CPU of sotto": row("%", 3),
    "picture of 80x24: written": row("kB/s", 150),
    "moving picture of 80x24, truecolor: time": row("ms", 0.5),
    "moving picture of 80x24, truecolor: bytes": row("kB", 10),
    "moving picture of 80x24, 256: time": row("ms", 0.5),
    "moving picture of 80x24, 256: bytes": row("kB", 4),
    "key to echo in a video call, p99": row("ms", 10),
    "call: mouth to ear, no devices": row("ms", 100),
    "call: mouth to ear without FEC": row("ms", 60),
    "5 % loss, 100 ms: damaged speech": row("%", 8),
    "5 % loss, 100 ms: lost speech": row("%"),
    "10 % loss, 100 ms: damaged speech": row("%", 15),
    "10 % loss, 100 ms: lost speech": row("%"),
    "a row of calls: descriptors more": row("", 0),
    "a row of calls: threads more": row("", 0),
    "a row of calls: RSS more": row("MB", 2),
}
