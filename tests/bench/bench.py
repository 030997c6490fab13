#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Side by side with other clients, in one run, on this machine: tests/bench/bench.py [BUILD] [MEASURE...] [-n RUNS] [--long].

Every figure is measured here and now: medians of RUNS (5) runs that take turns, and the ratio to each peer. With other load on
the machine only the ratios mean something."""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "contrib"), str(ROOT / "tests"), str(ROOT / "tests" / "bench")]
import clients  # noqa: E402
import lab as labs  # noqa: E402
from raw import Raw  # noqa: E402

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]|[\x00-\x20]")
FLOOD = 20000


def message(to, body):
    return f"<message to='{to}' type='chat'><body>{body}</body></message>"


class Bench:
    def __init__(self, build, runs, long):
        self.runs, self.long = runs, long
        self.lab = labs.Lab(build)
        self.server = self.lab.server("a.test", level="warn", options="storage = 'internal'; c2s_tcp_keepalives = false")
        self.server.add_user("bob")
        self.made, self.rows = {}, []

    def client(self, kind, contacts):
        """One profile for each program and size of roster."""
        key = (kind, contacts)
        if key not in self.made:
            user = f"{kind.name}{contacts}"
            self.server.add_user(user)
            roster = {f"c{n:05d}@a.test": (f"c{n:05d}", "both") for n in range(contacts)}
            self.server.set_roster(user, {**roster, "bob@a.test": ("bobby", "both")})
            self.made[key] = kind(self.lab, self.server, user)
        return self.made[key]

    def online(self, kind, contacts=10):
        """(client, terminal) with the roster on the screen and everything quiet."""
        client = self.client(kind, contacts)
        terminal = client.start()
        terminal.wait_for("c00000", timeout=120)
        terminal.wait_quiet(1.0)
        return client, terminal

    def chatting(self, kind):
        """Online, with bob's window open and a first message on the screen."""
        client, terminal = self.online(kind)
        bob = Raw(self.server, "bob", resource=f"for-{kind.name}")
        client.open_chat(terminal, "bob@a.test")
        bob.send(message(client.jid, "first words"))
        terminal.wait_for("first words")
        terminal.wait_quiet()
        return client, terminal, bob

    def measure(self, title, unit, aim, function, kinds=clients.ALL, runs=None):
        """function(kind) -> {column: number} or number."""
        results = {kind.name: [] for kind in kinds}
        for _ in range(runs or self.runs):
            for kind in kinds:
                try:
                    results[kind.name].append(function(kind))
                except Exception as error:  # a peer that cannot do it has no figure
                    print(f"  {title}: {kind.name}: {error}", file=sys.stderr)
        columns = ["" if not isinstance(aim, dict) else c for c in (aim if isinstance(aim, dict) else [""])]
        for column in columns:
            medians = {}
            for name, values in results.items():
                values = [v[column] if column else v for v in values]
                if values:
                    medians[name] = statistics.median(values)
            self.show(f"{title}{', ' if column else ''}{column}", unit, medians, aim[column] if column else aim)

    def show(self, title, unit, medians, aim):
        cells = [f"{medians[k.name]:10.3g}" if k.name in medians else f"{'-':>10}" for k in clients.ALL]
        ours = medians.get("sotto")
        ratios = [f"{ours / medians[k.name]:8.2f}" if ours is not None and medians.get(k.name) else f"{'-':>8}" for k in clients.ALL[1:]]
        verdict = "" if ours is None or aim is None else ("met" if ours <= aim else "MISSED")
        line = f"{title:46} {unit:6}{''.join(cells)} {''.join(ratios)}   {'' if aim is None else aim:>6} {verdict}"
        self.rows.append(line)
        print(line, flush=True)

    # ---- what is measured ----

    def first_screen(self):
        def once(kind):
            terminal = self.client(kind, 10).first()
            try:
                while len(ESCAPES.sub(b"", bytes(terminal.output))) < 10:
                    terminal.read(1)
                    if terminal.ended or time.monotonic() - terminal.began > 20:
                        raise TimeoutError("no screen")
                return (time.monotonic() - terminal.began) * 1000
            finally:
                terminal.close()
        self.measure("start to first screen", "ms", 25, once)

    def roster(self):
        for contacts, aim in ((10, 130), (1000, 200), (10000, 2500)):
            kinds = clients.ALL if contacts < 10000 or self.long else [clients.Sotto, clients.Mcabber]

            def once(kind):
                terminal = self.client(kind, contacts).start()
                try:
                    terminal.wait_for("c00000", timeout=180)
                    shown = (time.monotonic() - terminal.began) * 1000
                    terminal.wait_quiet(1.5, limit=30)
                    return {"shown": shown, "CPU until calm": terminal.cpu() * 1000, "RSS": terminal.rss()}
                finally:
                    terminal.close()
            self.measure(f"roster of {contacts}", "ms, MB", {"shown": aim, "CPU until calm": 1000, "RSS": 24 if contacts > 1000 else 18},
                         once, kinds, runs=self.runs if contacts < 10000 else min(3, self.runs))

    def idle(self):
        seconds = 60

        def once(kind):
            _, terminal = self.online(kind)
            try:
                before, cpu = terminal.wakeups(), terminal.cpu()
                terminal.wait_quiet(seconds, limit=seconds)
                return {"wake-ups a second": (terminal.wakeups() - before) / seconds, "CPU ms a minute": (terminal.cpu() - cpu) * 1000}
            finally:
                terminal.close()
        self.measure(f"idle for {seconds} s", "", {"wake-ups a second": 0.05, "CPU ms a minute": None}, once,
                     runs=self.runs if self.long else 1)

    def echo(self):
        def keys(terminal, count, gap):
            times, sizes = [], []
            for n in range(count):
                key = b"QZXJ"[n % 4:n % 4 + 1]
                mark = len(terminal.output)
                begin = time.perf_counter()
                terminal.write(key)
                while key not in ESCAPES.sub(b"", bytes(terminal.output[mark:])):
                    terminal.read(1)
                    if time.perf_counter() - begin > 5:
                        raise TimeoutError("no echo")
                times.append((time.perf_counter() - begin) * 1000)
                end = time.perf_counter() + gap
                while time.perf_counter() < end:
                    terminal.read(end - time.perf_counter())
                sizes.append(len(terminal.output) - mark)
                if n % 20 == 19:
                    terminal.write(b"\x15")
                    terminal.wait_quiet(0.05, limit=0.2)
            times.sort()
            return times[len(times) // 2], times[int(len(times) * 0.99)], statistics.mean(sizes)

        def idle(kind):
            _, terminal, bob = self.chatting(kind)
            try:
                p50, p99, size = keys(terminal, 300, 0.02)
                return {"p50": p50, "p99": p99, "bytes a key": size}
            finally:
                bob.close()
                terminal.close()

        def busy(kind):
            client, terminal, bob = self.chatting(kind)
            stop = threading.Event()

            def talk():
                n = 0
                while not stop.wait(0.005):
                    n += 1
                    bob.send(message(client.jid, f"line number {n} of a busy chat"))
            talker = threading.Thread(target=talk)
            talker.start()
            try:
                p50, p99, _ = keys(terminal, 300, 0.02)
                return {"p50": p50, "p99": p99}
            finally:
                stop.set()
                talker.join()
                bob.close()
                terminal.close()
        self.measure("key to echo, idle", "ms", {"p50": 0.4, "p99": 1.5, "bytes a key": 6}, idle)
        self.measure("key to echo, 200 messages a second", "ms", {"p50": 0.5, "p99": 3}, busy)

    def arrival(self):
        silence = 60 if self.long else 10

        def once(kind):
            client, terminal, bob = self.chatting(kind)
            try:
                terminal.wait_quiet(silence, limit=silence)
                times = []
                mark = len(terminal.output)
                begin = time.perf_counter()
                bob.send(message(client.jid, "afterSilence"))
                terminal.wait_for("afterSilence", start=mark)
                times.append((time.perf_counter() - begin) * 1000)
                terminal.wait_quiet(0.5)
                mark = len(terminal.output)
                for n in range(50):
                    bob.send(message(client.jid, f"{n:04d}" + "x" * 96))
                    terminal.wait_quiet(0.1, limit=1)
                return {"first": times[0], "bytes a line": (len(terminal.output) - mark) / 50}
            finally:
                bob.close()
                terminal.close()
        self.measure(f"message to screen after {silence} s of silence", "ms", {"first": 2, "bytes a line": 170}, once,
                     runs=min(3, self.runs))

    def flood(self):
        def once(kind):
            client, terminal, bob = self.chatting(kind)
            try:
                rss = []
                for round_number in range(3):
                    mark, cpu, begin = len(terminal.output), terminal.cpu(), time.monotonic()
                    text = "".join(message(client.jid, f"flood line {n} with some more words in it") for n in range(FLOOD))
                    text += message(client.jid, f"LASTOFALL{round_number}")
                    sender = threading.Thread(target=bob.send, args=(text,), daemon=True)
                    sender.start()
                    terminal.wait_for(f"LASTOFALL{round_number}", timeout=180, start=mark)
                    wall = time.monotonic() - begin
                    written = (len(terminal.output) - mark) / 1e6
                    terminal.wait_quiet(1.0)
                    if round_number == 0:
                        first = {"wall s": wall, "CPU s": terminal.cpu() - cpu, "MB written": written}
                    rss.append(terminal.rss())
                return {**first, "RSS growth MB over two more": rss[2] - rss[0]}
            finally:
                bob.close()
                terminal.close()
        kinds = clients.ALL if self.long else [clients.Sotto, clients.Mcabber]
        self.measure(f"flood of {FLOOD}", "", {"wall s": 4, "CPU s": 3, "MB written": 40, "RSS growth MB over two more": 5}, once, kinds,
                     runs=1 if not self.long else min(3, self.runs))

    def flood_floor(self):
        """What Prosody itself needs to bring them to a raw socket: the floor under every client."""
        self.server.add_user("sink")
        self.server.set_roster("sink", {"bob@a.test": "both"})
        sink, bob = Raw(self.server, "sink"), Raw(self.server, "bob", resource="floor")
        text = "".join(message("sink@a.test", f"flood line {n} with some more words in it") for n in range(FLOOD))
        begin = time.monotonic()
        threading.Thread(target=bob.send, args=(text + message("sink@a.test", "LAST"),), daemon=True).start()
        sink.wait("message", where=lambda m: any(e.text == "LAST" for e in m), timeout=60)
        print(f"{'raw socket: flood of ' + str(FLOOD):46} {'s':6}{time.monotonic() - begin:10.3g}", flush=True)
        bob.close()
        sink.close()

    def offline(self):
        def once(kind):
            client = self.client(kind, 10)
            bob = Raw(self.server, "bob", resource="offline")
            mark = f"LASTOFFLINE{time.monotonic_ns()}"
            bob.send("".join(message(client.jid, f"offline line {n} with some words") for n in range(FLOOD)) + message(client.jid, mark))
            bob.send("<iq type='get' id='done' to='a.test'><ping xmlns='urn:xmpp:ping'/></iq>")
            bob.wait("iq", where=lambda s: s.get("id") == "done", timeout=120)
            terminal = client.start()
            try:
                terminal.wait_for("c00000", timeout=60)
                terminal.write("/msg bob@a.test\r" if kind is not clients.Mcabber else "/roster search bob\r")
                terminal.wait_for(mark, timeout=180)
                return time.monotonic() - terminal.began
            finally:
                terminal.close()
                bob.close()
        self.measure(f"{FLOOD} offline messages at login", "s", 5, once, clients.ALL if self.long else [clients.Sotto, clients.Mcabber],
                     runs=1)


    def store(self):
        """The store alone, without a screen: what opening, paging and searching a long conversation ask of it."""
        build = pathlib.Path(self.lab.build).resolve().relative_to(ROOT)
        program = build / "tests" / "bench" / "bench_store"
        subprocess.run(["make", "-s", str(program)], cwd=ROOT, check=True)
        aims = {100000: (30, 5, 15), 1000000: (50, 10, 30)}
        for messages in [100000, 1000000] if self.long else [100000]:
            text = subprocess.run([ROOT / program, str(messages)], capture_output=True, text=True, check=True).stdout
            found = {name: float(value) for name, value in re.findall(r"^(\w+) ([0-9.]+) ", text, re.M)}
            names = ("open_and_last_page", "page_up", "search_common", "search_rare", "search_two_words")
            for name, aim in zip(names, aims[messages][:2] + aims[messages][2:] * 3):
                self.show(f"{messages} stored: {name.replace('_', ' ')}", "ms", {"sotto": found[name]}, aim)
            self.show(f"{messages} stored: 20000 more, written", "MB", {"sotto": found["flood_written"]}, 40)


MEASURES = ["first_screen", "roster", "idle", "echo", "arrival", "flood_floor", "flood", "offline", "store"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?", default=str(ROOT / "build" / "release"))
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("--long", action="store_true", default=os.environ.get("SOTTO_LONG") == "1")
    args = parser.parse_args()
    bench = Bench(args.build, args.runs, args.long)
    print(f"{'':53}{''.join(f'{k.name:>10}' for k in clients.ALL)} {''.join(f'{chr(47) + k.name:>8}'[-9:] for k in clients.ALL[1:])}   {'aim':>6}")
    try:
        for name in args.measures or MEASURES:
            getattr(bench, name)()
    finally:
        bench.lab.close()
    missed = [row for row in bench.rows if row.endswith("MISSED")]
    print(f"bench: {len(bench.rows)} figures, {len(missed)} of the aims missed")
    return 0


sys.exit(main())
