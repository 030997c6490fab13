# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls between two sottos: how soon they are heard, what they cost, and what stays behind. No peer calls in a terminal."""

import itertools
import os
import pathlib
import time

import clients
from chat import keys, percentile

TICK = os.sysconf("SC_CLK_TCK")
serial = itertools.count()
CALLS = 50


# ---- processes ----

def media_of(pid):
    """The sotto-media that this sotto started last."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if pathlib.Path(f"/proc/{child}/comm").read_text().startswith("sotto-media")][-1]


def cpu(pid):
    return sum(int(f) for f in pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]) / TICK


def memory(pid):
    return next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")) / 1024


def held(pid):
    """(descriptors, threads)"""
    return len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))


# ---- two clients ----

def callers(bench, sealed=True):
    """Both online and on each other's roster; the second answers by itself."""
    server, number = bench.server("calls.test"), next(serial)
    names = [f"{who}{number}" for who in ("caller", "callee")]
    for name, other in zip(names, reversed(names)):
        server.add_user(name)
        server.set_roster(name, {f"{other}@{server.domain}": "both"})
    pair = []
    for name, other in zip(names, reversed(names)):
        client = bench.lab.client(name).start()
        if not sealed:
            client.run("/plugin unload omemo")
        client.login(f"{name}@{server.domain}", server)
        client.wait("roster", jid=f"{other}@{server.domain}")
        for option in ("audio_source test", "audio_sink none", "video_source test", "sounds off"):
            client.run(f"/set call.{option}")
        pair.append(client)
    if sealed:
        pair[0].run(f"/msg {names[1]}@{server.domain} the keys are here")
        pair[1].wait("message", direction="in")
    return *pair, f"{names[1]}@{server.domain}"


def state(client, name):
    return client.wait("call", where=lambda e: e["state"] == name, timeout=40)


def call(caller, callee, jid, verb="/call"):
    """Milliseconds from the yes to both being active."""
    caller.run(f"{verb} {jid}")
    state(callee, "ringing")
    time.sleep(0.5)  # a person needs longer
    began = time.perf_counter()
    callee.run("/answer")
    state(caller, "active")
    state(callee, "active")
    return (time.perf_counter() - began) * 1000


def hang_up(caller, callee):
    caller.run("/hangup")
    state(caller, "ended")
    state(callee, "ended")


def quit_both(*pair):
    for client in pair:
        client.quit()


# ---- measures ----

def call_setup(bench):
    def once(kind):
        figures = {}
        for sealed, row in ((True, "call: yes to heard, mixed keys"), (False, "call: yes to heard, DTLS alone")):
            caller, callee, jid = callers(bench, sealed)
            figures[row] = call(caller, callee, jid)
            hang_up(caller, callee)
            quit_both(caller, callee)
        return figures
    bench.measure(once, [clients.Sotto])


def call_cost(bench, seconds=10):
    def once(kind):
        figures = {}
        caller, callee, jid = callers(bench)
        for verb, row in (("/call", "call with sound"), ("/vcall", "call with pictures")):
            call(caller, callee, jid, verb)
            media = media_of(caller.process.pid)
            time.sleep(3)
            before = cpu(media)
            time.sleep(seconds)
            figures[f"{row}: CPU of a core"] = (cpu(media) - before) / seconds * 100
            figures[f"{row}: RSS of sotto-media"] = memory(media)
            hang_up(caller, callee)
        quit_both(caller, callee)
        return figures
    bench.measure(once, [clients.Sotto])


def call_screen(bench, seconds=10):
    """A call with a moving picture in a window of 80x24, while somebody types."""
    def once(kind):
        server = bench.server("calls.test")
        _, callee, jid = callers(bench)
        callee.run("/set call.answer auto-contacts")
        client = bench.client(kind, server=server, user=f"watcher{next(serial)}")
        callee.run(f"/add {client.jid}")
        terminal = bench.online(client)
        try:
            for line in (f"/add {jid}", f"/accept-contact {jid}", "/set call.video_source test", "/set call.audio_source test",
                         "/set call.audio_sink none", "/set call.sounds off", "/set video.renderer truecolor"):
                terminal.write(line + "\r")
                terminal.spend(0.4)
            callee.run(f"/accept-contact {client.jid}", ok=None)
            terminal.spend(1)
            terminal.write(f"/vcall {jid}\r")
            terminal.spend(5)
            if callee.seen("call")[-1]["state"] != "active":
                raise RuntimeError("the call did not come to be")
            mark, before = terminal.mark(), cpu(terminal.pid)
            terminal.spend(seconds)
            figures = {"picture of 80x24: CPU of sotto": (cpu(terminal.pid) - before) / seconds * 100,
                       "picture of 80x24: written": (terminal.mark() - mark) / seconds / 1000}
            figures["key to echo in a video call, p99"] = percentile(keys(terminal)[0], .99)
            return figures
        finally:
            terminal.close()
            quit_both(callee)
    bench.measure(once, [clients.Sotto])


def call_many(bench):
    """What a row of calls leaves behind in sotto."""
    caller, callee, jid = callers(bench)
    for turn in range(3):  # what is made once is there
        call(caller, callee, jid)
        hang_up(caller, callee)
    time.sleep(1)
    pid = caller.process.pid
    (fds, threads), rss = held(pid), memory(pid)
    for turn in range(CALLS if bench.long or bench.runs >= 3 else 10):
        call(caller, callee, jid)
        hang_up(caller, callee)
    time.sleep(2)
    more = held(pid)
    bench.show("a row of calls: descriptors more", {"sotto": more[0] - fds})
    bench.show("a row of calls: threads more", {"sotto": more[1] - threads})
    bench.show("a row of calls: RSS more", {"sotto": memory(pid) - rss})
    quit_both(caller, callee)
