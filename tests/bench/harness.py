# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers, clients and the table of figures: what all measures share."""

import collections
import random
import statistics
import string
import sys
import time

import clients
import irc
import lab as labs
from aims import AIMS

PATIENCE = 30  # seconds that a peer may take for one measure before it is not asked again


def letters(count=12):
    """A word that is on no screen yet, and shares no letters with what is written there in small ones."""
    return "".join(random.choices(string.ascii_uppercase, k=count))


def read_until(raw, word, timeout=120):
    """Read and look at nothing but for this word: less no client can do."""
    raw.socket.settimeout(timeout)
    tail = b""
    while word.encode() not in tail:
        data = raw.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server closed the stream")
        tail = tail[-len(word):] + data


class Bench:
    def __init__(self, build, runs, long):
        self.runs, self.long = runs, long
        self.lab = labs.Lab(build)
        self.servers, self.made, self.figures, self.failed = {}, {}, {}, []
        self.irc = irc.Server()

    # ---- servers and clients ----

    def server(self, domain="a.test", **config):
        """As Debian ships it, that is without an archive, unless it is said otherwise."""
        config = {"without": ["mam"], **config}
        if domain not in self.servers:
            # At its limit of 10 000 Prosody writes the whole archive anew for every hundred messages.
            options = "c2s_tcp_keepalives = false; storage_archive_item_limit = 100000000\n"
            server = self.lab.server(domain, level="warn", **{**config, "options": options + config.get("options", "")})
            server.add_user("bob")
            self.servers[domain] = server
        return self.servers[domain]

    def client(self, kind, contacts=10, server=None, user=None, **settings):
        """One profile for each program, server and size of roster."""
        server = self.irc if kind.irc else server or self.server()
        key = (kind, server, contacts, user)
        if key not in self.made:
            name = user or f"{kind.name}{contacts}"
            if not kind.irc:
                server.add_user(name)
                roster = {f"c{n:05d}@{server.domain}": (f"c{n:05d}", "both") for n in range(contacts)}
                others = {f"{c.user}@{server.domain}": "both" for c in self.made.values() if c.server is server}
                if name == "bob":
                    server.set_roster("bob", {**roster, **others})
                else:
                    server.set_roster(name, {**roster, f"bob@{server.domain}": ("bobby", "both")})
                    server.set_roster("bob", {**others, f"{name}@{server.domain}": "both"})
            self.made[key] = kind(self.lab, server, name, **settings)
        return self.made[key]

    def online(self, client):
        """Its terminal, with the roster on the screen and everything quiet."""
        terminal = client.start()
        client.wait_online(terminal)
        terminal.wait_quiet(0.7, limit=5)
        return terminal

    def chatting(self, client):
        """(terminal, talker): online, with bob's window open and a first message on the screen."""
        terminal = self.online(client)
        try:
            talker = client.talker()
            client.open_chat(terminal)
            terminal.wait_quiet(0.3, limit=3)
            word = letters()
            talker.say(word)
            terminal.wait_for(word, timeout=10)
            terminal.wait_quiet(0.5, limit=3)
        except Exception:
            terminal.close()
            raise
        return terminal, talker

    def quick(self, kinds):
        """In a quick run without the peer that needs a minute for what the others do in seconds."""
        return [kind for kind in kinds if kind is not clients.Profanity or self.runs >= 3 or self.long]

    # ---- figures ----

    def measure(self, once, kinds=clients.ALL, runs=None, repeat=True):
        """once(kind) -> {row: figure}; the programs take turns. A peer that needs long is asked less often."""
        results, spent = collections.defaultdict(lambda: collections.defaultdict(list)), collections.Counter()
        for turn in range(runs or self.runs):
            for kind in kinds:
                if turn and kind is not clients.Sotto and (spent[kind] > PATIENCE or not repeat):
                    continue
                begin = time.monotonic()
                try:
                    for row, figure in once(kind).items():
                        results[row][kind.name].append(figure)
                except Exception as error:  # a program that cannot do it has no figure
                    self.failed.append((kind.name, f"{type(error).__name__}: {error}"))
                    print(f"  {kind.name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"[:200], file=sys.stderr, flush=True)
                spent[kind] += time.monotonic() - begin
        for row in sorted(results, key=list(AIMS).index):
            self.show(row, {name: statistics.median(figures) for name, figures in results[row].items()})

    def show(self, row, figures):
        self.figures[row] = figures
        cells = [f"{figures[k.name]:10.3g}" if k.name in figures else f"{'-':>10}" for k in clients.ALL]
        aim = AIMS[row]
        print(f"{row:42} {aim.unit:5}{''.join(cells)}{'' if aim.aim is None else f'{aim.aim:g}':>8}  {self.judge(row)}", flush=True)

    def beside(self, text, unit, figure):
        print(f"{'  ' + text:42} {unit:5}{figure:10.3g}", flush=True)

    def ratios(self, row):
        """[(peer, ratio measured now, ratio of the aim or None)]"""
        ours, aim = self.figures[row].get("sotto"), AIMS[row]
        return [(name, ours / theirs, aim.aim / aim.peers[name] if aim.aim is not None and name in aim.peers else None)
                for name, theirs in self.figures[row].items() if name != "sotto" and ours is not None and theirs]

    def judge(self, row):
        aim, ours = AIMS[row], self.figures[row].get("sotto")
        words = [f"{ratio:.2f} {name}" + ("" if wanted is None else f" ({'<=' if ratio <= wanted else '>'} {wanted:.2f})")
                 for name, ratio, wanted in self.ratios(row)]
        if aim.aim is None:
            return ", ".join(words)
        return f"{self.verdict(row):10} {', '.join(words)}" if ours is not None else "no figure"

    def verdict(self, row):
        """How the aim is met: by the figure, by the ratio to every peer, to some, or not at all."""
        aim, ours = AIMS[row], self.figures[row].get("sotto")
        if ours is None:
            return "no figure"
        figure = ours >= aim.aim if aim.more else ours <= aim.aim
        judged = [ratio <= wanted for _, ratio, wanted in self.ratios(row) if wanted is not None]
        if figure and all(judged):
            return "met"
        if judged and all(judged):
            return "by ratio"
        if figure:
            return "by figure"
        return "in part" if any(judged) else "MISSED"

    def summary(self):
        aimed = [row for row in self.figures if AIMS[row].aim is not None]
        groups = collections.defaultdict(list)
        for row in aimed:
            groups[self.verdict(row)].append(row)
        print()
        for verdict, meaning in (("met", "by figure and by ratio to every peer"), ("by ratio", "to every peer, not by figure"),
                                 ("by figure", "not by ratio to every peer"), ("in part", "by ratio to some of the peers"), ("MISSED", ""),
                                 ("no figure", "")):
            if groups[verdict]:
                print(f"{verdict}{f' ({meaning})' if meaning else ''}: {len(groups[verdict])} of {len(aimed)}")
                if verdict not in ("met", "by ratio"):
                    for row in groups[verdict]:
                        print(f"  {row}: {self.figures[row].get('sotto', float('nan')):.3g} {AIMS[row].unit}, aim {AIMS[row].aim:g}; {self.judge(row)[10:].strip()}")
        never = [row for row in AIMS if AIMS[row].aim is not None and row not in self.figures]
        if never:
            print(f"not measured: {'; '.join(never)}")

    def close(self):
        self.irc.close()
        self.lab.close()
