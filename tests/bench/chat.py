# SPDX-License-Identifier: GPL-3.0-or-later
"""A chat: keys, lines, floods."""

import random
import statistics
import string
import threading
import time

import clients
from harness import letters, read_until
from raw import Raw

FLOOD = 20000
KEYS, GAP = 200, 0.015


def keys(terminal, count=KEYS, stop=lambda: False):
    """(sorted times of the echo in ms, bytes a key): typed in rows of 20, which are deleted again."""
    times, sizes = [], []
    while len(times) < count and not stop():
        mark = terminal.mark()
        times.append(terminal.echo(b"QZXJ"[len(times) % 4:len(times) % 4 + 1]))
        terminal.spend(GAP)
        sizes.append(terminal.mark() - mark)
        if len(times) % 20 == 0:
            terminal.write(b"\x15")
            terminal.spend(0.1)
    return sorted(times), statistics.mean(sizes)


def percentile(times, part):
    return times[min(len(times) - 1, int(len(times) * part))]


def typing(bench):
    def once(kind):
        terminal, talker = bench.chatting(bench.client(kind))
        stop = threading.Event()

        def talk():
            n, begin = 0, time.monotonic()
            while not stop.wait(max(0, begin + n * 0.005 - time.monotonic())):
                n += 1
                talker.say(f"line number {n} of a busy chat")
        try:
            cpu = terminal.cpu()
            calm, size = keys(terminal)
            cpu = (terminal.cpu() - cpu) * 1000 / len(calm)
            mark = terminal.mark()
            for n in range(30):
                talker.say("".join(random.choices(string.ascii_lowercase, k=100)))
                terminal.spend(0.04)
            line = (terminal.mark() - mark) / 30
            talking = threading.Thread(target=talk)
            talking.start()
            try:
                terminal.spend(0.3)
                busy, _ = keys(terminal)
            finally:
                stop.set()
                talking.join()
            return {"key to echo, idle, p50": percentile(calm, .5), "key to echo, idle, p99": percentile(calm, .99), "CPU a key": cpu,
                    "bytes a key": size, "bytes a line of 100": line,
                    "key to echo, 200 messages a second, p50": percentile(busy, .5),
                    "key to echo, 200 messages a second, p99": percentile(busy, .99)}
        finally:
            talker.close()
            terminal.close()
    bench.measure(once)


def flood_lines(mark):
    return [*(f"flood line {n} with some more words in it" for n in range(FLOOD)), mark]


def flood(bench):
    floor(bench)

    def once(kind):
        terminal, talker = bench.chatting(bench.client(kind))
        # The slowest peer needs a minute for one.
        floods = 3 if bench.long or kind is not clients.Profanity else 1
        try:
            rss = [terminal.rss()]
            for number in range(floods):
                word = letters()
                mark, cpu, begin = terminal.mark(), terminal.cpu(), time.monotonic()
                threading.Thread(target=talker.say, args=flood_lines(word), daemon=True).start()
                terminal.wait_for(word, timeout=180, start=mark)
                wall, written = time.monotonic() - begin, (terminal.mark() - mark) / 1e6
                terminal.wait_quiet(0.7, limit=10)
                if number == 0:
                    figures = {"flood of 20000: wall": wall, "flood of 20000: CPU": terminal.cpu() - cpu, "flood of 20000: written": written}
                rss.append(terminal.rss())
            return {**figures, **({"RSS growth over three floods": rss[3] - rss[0]} if floods == 3 else {})}
        finally:
            talker.close()
            terminal.close()
    bench.measure(once, bench.quick(clients.ALL), runs=min(3, bench.runs))


def floor(bench):
    """What Prosody itself needs to bring them to a raw socket: the floor under every client."""
    server = bench.server()
    server.add_user("sink")
    server.set_roster("sink", {"bob@a.test": "both"})
    sink, bob = Raw(server, "sink"), Raw(server, "bob", resource="floor")
    text = "".join(f"<message to='sink@a.test' type='chat'><body>{body}</body></message>" for body in flood_lines("LAST"))
    begin = time.monotonic()
    threading.Thread(target=bob.send, args=(text,), daemon=True).start()
    read_until(sink, ">LAST<")
    bench.beside("the same to a raw socket", "s", time.monotonic() - begin)
    bob.close()
    sink.close()
