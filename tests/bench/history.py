# SPDX-License-Identifier: GPL-3.0-or-later
"""Long conversations: open, page up, search, in the whole program and in the store alone. And how fast stanzas are read."""

import pathlib
import re
import sqlite3
import subprocess
import threading
import time

import clients
from harness import letters

ROOT = pathlib.Path(__file__).resolve().parents[2]
RARE = "zebrafinch"


def program(bench, name):
    path = pathlib.Path(bench.lab.build).resolve().relative_to(ROOT) / "tests" / "bench" / name
    subprocess.run(["make", "-s", str(path)], cwd=ROOT, check=True)
    return ROOT / path


def bodies(count):
    """The same for all who are filled from here; one of them is rare and lies far back."""
    return [f"stored line {n} with some words {n * 7919 % 10007} {n * 104729 % 15485863}" + (f" {RARE}" if n == count // 2 else "")
            for n in range(count)]


def fill_sotto(bench, client, count):
    subprocess.run([program(bench, "bench_store"), "--profile", client.profile, str(count), client.jid, client.bob, RARE],
                   input=client.headless.passphrase, text=True, check=True, stdout=subprocess.DEVNULL)


def fill_profanity(bench, client, count):
    terminal = bench.online(client)
    terminal.close()
    path = next((client.home / ".local/share/profanity/database").rglob("chatlog.db"))
    now = time.time() - count * 30
    with sqlite3.connect(path) as database:
        database.executemany("INSERT INTO ChatLogs (from_jid, to_jid, message, timestamp, type, encryption, stanza_id, "
                             "replace_id) VALUES (?, ?, ?, ?, 'chat', 'none', '', '')",
                             [(client.bob, client.jid, body, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + n * 30)))
                              for n, body in enumerate(bodies(count))])


def fill_mcabber(bench, client, count):
    now = time.time() - count * 30
    (client.home / ".mcabber/histo" / client.bob).write_text(
        "".join(f"MR {time.strftime('%Y%m%dT%H:%M:%SZ', time.gmtime(now + n * 30))} 000 {body}\n" for n, body in enumerate(bodies(count))))


FILL = {clients.Sotto: fill_sotto, clients.Profanity: fill_profanity, clients.Mcabber: fill_mcabber}


def stored(bench):
    for count in (100000, 1000000) if bench.long else (100000,):
        made = {}

        def ready(kind):
            if kind not in made:
                made[kind] = client = bench.client(kind, user=f"{kind.name}-stored-{count}", **({"history": True} if kind is clients.Mcabber else {}))
                FILL.get(kind, lambda *_: None)(bench, client, count)
            return made[kind]

        def once(kind):
            client = ready(kind)
            terminal = bench.online(client)
            try:
                figures = {}
                if kind is clients.Weechat:
                    # It keeps lines in memory alone: they come over the wire first.
                    client.open_chat(terminal)
                    word = letters()
                    threading.Thread(target=client.talker().say, args=(*bodies(count), word), daemon=True).start()
                    terminal.wait_for(word, timeout=120)
                    terminal.wait_quiet(1.0)
                else:
                    figures[f"{count} stored: open"] = open_chat(client, terminal)
                ups = [u for u in (terminal.settle(client.page_up, 0.15, limit=2) for _ in range(5)) if u]
                if ups and kind is not clients.Profanity:
                    figures[f"{count} stored: page up"] = sorted(ups)[len(ups) // 2]
                if hasattr(client, "search"):
                    keys = client.search(terminal, RARE)
                    terminal.wait_quiet(0.3, limit=3)
                    mark = terminal.mark()
                    took = terminal.settle(keys, 0.5, limit=10)
                    if f"{RARE}".encode() not in terminal.since(mark):
                        raise LookupError("the search found nothing")
                    figures[f"{count} stored: search"] = took
                return figures
            finally:
                terminal.close()
        kinds = [clients.Sotto, clients.Profanity, clients.Mcabber, clients.Weechat] if count == 100000 else [clients.Sotto]
        bench.measure(once, kinds, runs=min(3, bench.runs))


def open_chat(client, terminal):
    """Milliseconds from Enter to the last byte of the window."""
    if isinstance(client, clients.Mcabber):
        terminal.write("/roster search bob\r")
        terminal.wait_quiet(0.3, limit=2)
        return terminal.settle("\r", 0.6)
    terminal.write(f"/msg {client.bob}")
    terminal.wait_quiet(0.3, limit=2)
    mark = terminal.mark()
    took = terminal.settle("\r", 0.4)
    if terminal.mark() - mark < 400:
        raise LookupError("no history came on the screen")
    return took


def store(bench):
    """The store alone, without a screen."""
    for count in (100000, 1000000) if bench.long else (100000,):
        text = subprocess.run([program(bench, "bench_store"), str(count)], capture_output=True, text=True, check=True).stdout
        for name, figure, unit in re.findall(r"^(open_and_last_page|page_up|search_\w+|flood_again_written) ([0-9.]+) (\w+)", text, re.M):
            bench.beside(f"store alone, {count}: {name.replace('_', ' ')}", unit, float(figure))


def picture(bench):
    """A picture that moves, without a call: the test picture of a call hardly does."""
    found = subprocess.run([program(bench, "bench_picture")], capture_output=True, text=True, check=True).stdout
    for depth in ("truecolor", "256"):
        took, size = re.search(rf"{depth}: ([0-9.]+) ms, ([0-9.]+) kB", found).groups()
        bench.show(f"moving picture of 80x24, {depth}: time", {"sotto": float(took)})
        bench.show(f"moving picture of 80x24, {depth}: bytes", {"sotto": float(size)})


def parser(bench):
    found = subprocess.run([program(bench, "bench_parser")], capture_output=True, text=True, check=True).stdout
    bench.show("admission parser", {"sotto": float(re.search(r"parser: ([0-9.]+) MB/s", found)[1])})
