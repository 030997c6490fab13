# SPDX-License-Identifier: GPL-3.0-or-later
"""From nothing to a screen, to a roster, and then nothing at all: start, roster, idle."""

import time

import clients
from harness import letters

SILENCE = 60


def first_screen(bench):
    def once(kind):
        terminal = bench.client(kind).first()
        try:
            while len(terminal.since(0)) < 10:
                terminal.read(1)
                if terminal.ended or time.monotonic() - terminal.began > 20:
                    raise TimeoutError("no screen")
            return {"start to first screen": (time.monotonic() - terminal.began) * 1000}
        finally:
            terminal.close()
    bench.measure(once)


def again(bench, kind, contacts):
    """The next start right after the last end. The 64 MiB that a passphrase costs a guest asks from its host, page by page, when nobody
    had them for two seconds; this one finds them still there."""
    client = bench.client(kind, contacts)
    for _ in range(2):
        terminal = client.start()
        try:
            client.wait_online(terminal)
            shown = (time.monotonic() - terminal.began) * 1000
        finally:
            terminal.close()
    return {f"start to roster of {contacts}, again at once": shown}


def roster(bench):
    for contacts in (10, 1000, 10000):
        def once(kind):
            client = bench.client(kind, contacts)
            terminal = client.start()
            try:
                client.wait_online(terminal, timeout=180)
                shown = (time.monotonic() - terminal.began) * 1000
                # A terminal may be quiet while the program still works.
                cpu, limit = -1, time.monotonic() + (120 if bench.long else 45)
                while terminal.cpu() - cpu > 0.02 and time.monotonic() < limit:
                    cpu = terminal.cpu()
                    terminal.spend(1.0)
                figures = {f"RSS, roster of {contacts}": terminal.rss()}
                return figures if kind.irc else {f"start to roster of {contacts}": shown, f"CPU until calm, roster of {contacts}": terminal.cpu(),
                                                 **figures}
            finally:
                terminal.close()
        kinds = clients.ALL if contacts == 10 else clients.XMPP
        if contacts == 10000 and not bench.long:
            kinds = [clients.Sotto, clients.Mcabber]
        bench.measure(once, kinds)
        if contacts == 10:
            bench.measure(lambda kind: again(bench, kind, 10), clients.XMPP)


def idle(bench):
    """All of them at the same time: who sleeps does not disturb. Then one message to each."""
    runs = {1: 1, 2: 2}.get(bench.runs, 3)
    figures = []
    for _ in range(runs):
        sessions = {}
        try:
            for kind in clients.ALL:
                try:
                    sessions[kind] = bench.chatting(bench.client(kind))
                except Exception as error:
                    print(f"  {kind.name}: {error}", flush=True)

            def costs():
                return {kind: (terminal.wakeups(), terminal.cpu()) for kind, (terminal, _) in sessions.items()}

            def drain(seconds):
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    for terminal, _ in sessions.values():
                        terminal.read(0)
                    time.sleep(0.2)
            drain(5)
            before = costs()
            drain(SILENCE)
            after = costs()
            one = {kind: {"idle: wake-ups a second": sum(n - before[kind][0].get(thread, 0) for thread, n in after[kind][0].items()) / SILENCE,
                          "idle: CPU a minute": (after[kind][1] - before[kind][1]) * 1000 * 60 / SILENCE} for kind in sessions}
            for kind, (terminal, talker) in sessions.items():
                mark, word = terminal.mark(), letters()
                begin = time.perf_counter()
                talker.say(word)
                terminal.wait_for(word, start=mark, timeout=10)
                one[kind]["message to screen after a minute"] = (time.perf_counter() - begin) * 1000
            figures.append(one)
        finally:
            for terminal, talker in sessions.values():
                talker.close()
                terminal.close()
    taken = iter(figures)
    current = {}

    def once(kind):
        if kind is clients.Sotto:
            current["one"] = next(taken)
        return current["one"].get(kind, {})
    bench.measure(once, runs=runs)
