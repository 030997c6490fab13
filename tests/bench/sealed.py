# SPDX-License-Identifier: GPL-3.0-or-later
"""OMEMO: keys, sessions, and 2 000 sealed messages in."""

import itertools
import threading
import time

import clients
from harness import letters
from raw import Raw

SEALED, TYPED = 2000, 500
LIST = "eu.siacs.conversations.axolotl.devicelist"
serial = itertools.count()


def published(raw, timeout=30):
    """Until the account has a device list with somebody in it."""
    begin = time.monotonic()
    while True:
        raw.send(f"<iq type='get' id='list'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='{LIST}'/></pubsub></iq>")
        answer = raw.wait("iq", where=lambda s: s.get("id") == "list")
        if any(e.tag.endswith("}device") for e in answer.iter()):
            return
        if time.monotonic() - begin > timeout:
            raise TimeoutError("no device list was published")
        time.sleep(0.003)


def make_keys(bench, kind, server):
    """(client, terminal or None, milliseconds): a new account whose keys are published."""
    client_name = f"{kind.name}-keys-{next(serial)}"
    client = bench.client(kind, server=server, user=client_name) if kind is clients.Profanity else server.add_user(client_name) and None
    watch = Raw(server, client_name, resource="watch", presence=False)
    try:
        if kind is clients.Profanity:
            terminal = bench.online(client)
            begin = time.perf_counter()
            terminal.write("/omemo gen\r")
            reading = threading.Event()
            drain(terminal, reading)
            published(watch)
            took = (time.perf_counter() - begin) * 1000
            reading.set()
            time.sleep(0.3)
            return client, terminal, took
        user = bench.lab.client(client_name).start()
        user.login(f"{client_name}@{server.domain}", server)
        begin = time.perf_counter()
        published(watch)
        took = (time.perf_counter() - begin) * 1000
        user.quit()
        return None, None, took
    finally:
        watch.close()


def drain(terminal, stop):
    def run():
        while not stop.is_set() and not terminal.ended:
            terminal.read(0.05)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def keys_made(bench, server):
    def once(kind):
        _, terminal, took = make_keys(bench, kind, server)
        if terminal:
            terminal.close()
        return {"OMEMO: keys made": took}
    bench.measure(once, [clients.Sotto, clients.Profanity])


class Peer:
    """Both programs as receivers: with keys, online, bob's window open."""

    def __init__(self, bench, kind, server):
        self.client = bench.client(kind, server=server)
        if kind is clients.Profanity and not getattr(self.client, "has_keys", False):
            terminal = bench.online(self.client)
            stop = threading.Event()
            thread = drain(terminal, stop)
            terminal.write("/omemo gen\r")
            watch = Raw(server, self.client.user, resource="watch", presence=False)
            published(watch)
            watch.close()
            time.sleep(0.5)
            terminal.write("/omemo trustmode blind\r")
            time.sleep(0.2)
            terminal.write("/quit\r")
            thread.join(3)
            stop.set()
            terminal.close()
            self.client.has_keys = True
        self.terminal = bench.online(self.client)
        self.client.open_chat(self.terminal)
        self.terminal.wait_quiet(0.5, limit=3)

    def close(self):
        self.terminal.close()


def omemo(bench):
    server = bench.server("e.test", without=[], modules=["code404"])
    keys_made(bench, server)
    for kind in (clients.Sotto, clients.Profanity):
        bench.client(kind, server=server)
    bob = bench.lab.client("bench-bob").start()
    bob.login("bob@e.test", server)
    try:
        first_delivery(bench, server)
        sealed_in(bench, server, bob)
    finally:
        bob.quit()
    sealed_by_profanity(bench)


def first_delivery(bench, server):
    """From Enter in an account that never wrote to bob to the sealed stanza at bob's."""
    def once(kind):
        client, terminal, watch = None, None, Raw(server, "bob", resource="watch")
        try:
            if kind is clients.Profanity:
                client, terminal, _ = make_keys(bench, kind, server)
                client.open_chat(terminal)
                terminal.wait_quiet(0.6, limit=3)
                took = terminal.settle(f"/omemo start {client.bob}\r", 0.6)
                terminal.write("the first words")
            else:
                client = bench.client(kind, server=server, user=f"sotto-first-{next(serial)}")
                terminal, took = bench.online(client), 0
                terminal.write(f"/msg {client.bob} the first words")
            terminal.wait_quiet(0.3, limit=2)
            begin = time.perf_counter()
            terminal.write("\r")
            stop = threading.Event()
            drain(terminal, stop)
            watch.wait("message", where=lambda s: s.get("from", "").startswith(client.jid) and any(e.tag.endswith("}encrypted") for e in s), timeout=10)
            took += (time.perf_counter() - begin) * 1000
            stop.set()
            time.sleep(0.1)
            return {"OMEMO: session to first delivery": took}
        finally:
            watch.close()
            if terminal:
                terminal.close()
    bench.measure(once, [clients.Sotto, clients.Profanity])


def sealed_in(bench, server, bob):
    def once(kind):
        peer = Peer(bench, kind, server)
        try:
            terminal, word, last = peer.terminal, letters(), letters()
            bob.run(f"/msg {peer.client.jid} {word}")
            terminal.wait_for(word)
            terminal.wait_quiet(0.5, limit=3)
            mark, cpu, begin = terminal.mark(), terminal.cpu(), time.monotonic()
            threading.Thread(target=lambda: [bob.send(f"/msg {peer.client.jid} sealed line {n}") for n in range(SEALED - 1)]
                             + [bob.send(f"/msg {peer.client.jid} {last}")], daemon=True).start()
            terminal.wait_for(last, start=mark, timeout=120)
            wall = time.monotonic() - begin
            terminal.wait_quiet(0.7, limit=10)
            return {"2000 sealed in: CPU each": (terminal.cpu() - cpu) * 1000 / SEALED, "2000 sealed in: wall each": wall * 1000 / SEALED}
        finally:
            peer.close()
    bench.measure(once, [clients.Sotto, clients.Profanity], runs=min(3, bench.runs))


def sealed_by_profanity(bench):
    server = bench.server("p.test", without=[], modules=["code404"])
    bench.client(clients.Sotto, server=server)
    bench.client(clients.Profanity, server=server)
    sender = bench.client(clients.Profanity, server=server, user="bob")

    def once(kind):
        typist = None
        stop = threading.Event()
        peer = Peer(bench, kind, server)
        try:
            typist = start_typist(bench, sender, peer.client.jid)
            word, last = letters(), letters()
            drain(typist, stop)
            typist.write(f"{word}\r")
            terminal = peer.terminal
            terminal.wait_for(word)
            terminal.wait_quiet(0.5, limit=3)
            mark, cpu = terminal.mark(), terminal.cpu()

            def write():
                for n in range(TYPED - 1):
                    typist.write(f"line {n}\r")
                typist.write(f"{last}\r")
            threading.Thread(target=write, daemon=True).start()
            terminal.wait_for(last, start=mark, timeout=180)
            terminal.wait_quiet(0.7, limit=10)
            return {"500 sealed in, by profanity: CPU each": (terminal.cpu() - cpu) * 1000 / TYPED}
        finally:
            stop.set()
            time.sleep(0.1)
            peer.close()
            if typist:
                typist.close()
    bench.measure(once, [clients.Sotto, clients.Profanity], runs=1)


def start_typist(bench, sender, to):
    """bob with profanity, who writes sealed."""
    terminal = bench.online(sender)
    if not getattr(sender, "has_keys", False):
        terminal.write("/omemo gen\r")
        terminal.spend(3)
        terminal.write("/omemo trustmode blind\r")
        terminal.spend(0.5)
        sender.has_keys = True
    terminal.write(f"/omemo start {to}\r")
    terminal.wait_quiet(0.8, limit=4)
    return terminal
