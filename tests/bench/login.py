# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits at login: 20 000 messages in the offline store, 20 000 in the archive."""

import re
import sqlite3
import time
import uuid

import chat
import clients
from chat import FLOOD, percentile
from harness import letters, read_until
from raw import Raw


def offline_store(client, mark):
    """The file that Prosody would have written."""
    folder = client.server.dir / "data" / client.server.domain.replace(".", "%2e") / "offline"
    folder.mkdir(parents=True, exist_ok=True)
    now = int(time.time()) - 3600
    item = ('item({{ {{ "{body}"; name = "body"; attr = {{}}; }}; key = "{key}"; name = "message"; with = ""; when = {when}; attr = {{ '
            'stamp = "{stamp}"; type = "chat"; to = "%s"; from = "%s/raw"; ["xml:lang"] = "en"; }}; }});\n' % (client.jid, client.bob))
    bodies = [f"offline line {n} with some words" for n in range(FLOOD)] + [mark]
    (folder / f"{client.user}.list").write_text("".join(
        item.format(body=body, key=n, when=now + n // 20, stamp=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + n // 20)))
        for n, body in enumerate(bodies)))


def offline(bench):
    server = bench.server("o.test")

    def begin(kind):
        client, mark = bench.client(kind, server=server), letters()
        offline_store(client, mark)
        terminal = client.start(profile=client.copy()) if kind is clients.Sotto else client.start()
        return client, terminal, mark

    def once(kind):
        client, terminal, mark = begin(kind)
        try:
            client.wait_online(terminal)
            client.open_chat(terminal)
            terminal.wait_for(mark, timeout=180)
            return {"20000 offline at login": time.monotonic() - terminal.began, "20000 offline at login: CPU": terminal.cpu()}
        finally:
            terminal.close()

    def typing(kind):
        client, terminal, mark = begin(kind)
        try:
            client.wait_online(terminal)
            client.open_chat(terminal)
            times, _ = chat.keys(terminal, 2000, stop=lambda: terminal.output.find(mark.encode(), -100000 if len(terminal.output) > 100000 else 0) >= 0)
            return {"20000 offline: key to echo meanwhile, p50": percentile(times, .5),
                    "20000 offline: key to echo meanwhile, p99": percentile(times, .99)}
        finally:
            terminal.close()
    offline_floor(bench, server)
    bench.measure(once, bench.quick(clients.XMPP))
    bench.measure(typing, [clients.Sotto, clients.Mcabber], runs=min(3, bench.runs))


def offline_floor(bench, server):
    client = bench.client(clients.Mcabber, server=server)
    offline_store(client, "LAST")
    begin = time.monotonic()
    raw = Raw(server, client.user)
    read_until(raw, ">LAST<")
    bench.beside("20000 offline to a raw socket", "s", time.monotonic() - begin)
    raw.close()


def archive(bench):
    """Of the peers one stops after twenty and the other does not ask."""
    server = bench.server("h.test", without=["offline"], options='storage = { archive = "sql" }\n'
                          'sql = { driver = "SQLite3"; database = "archive.sqlite" }')
    client = bench.client(clients.Sotto, server=server)
    # One that is known: what came since then is missing.
    client.headless.start()
    client.headless.wait("connection", state="online")
    talker = client.talker()
    talker.say("seed")
    client.headless.wait("message", body="seed")
    talker.close()
    client.headless.quit()
    first, beside_first, last = letters(), letters(), letters()
    fill_archive(server, client, [f"{first} and {beside_first}", *(f"archived line {n} with some words" for n in range(FLOOD - 2)), last])
    archive_floor(bench, server, client)

    def once(_):
        terminal = client.start(profile=client.copy(), commands=[f"/msg {client.bob}"])
        try:
            terminal.wait_for(last, timeout=60)
            newest = time.monotonic() - terminal.began
            cpu, active = terminal.cpu(), time.monotonic()
            while time.monotonic() - active < 2.5 and time.monotonic() - terminal.began < 240:
                terminal.spend(0.1)
                if terminal.cpu() > cpu:
                    cpu, active = terminal.cpu(), time.monotonic()
            mark = terminal.mark()
            terminal.write(f"/search {first}\r")
            terminal.wait_for(beside_first, start=mark, timeout=5)
            return {"20000 archived at login: newest shown": newest, "20000 archived at login: all in": active - terminal.began,
                    "20000 archived at login: CPU": cpu}
        finally:
            terminal.close()
    bench.measure(once, [clients.Sotto], runs=min(3, bench.runs))


def fill_archive(server, client, bodies):
    now = int(time.time())
    with sqlite3.connect(server.dir / "data" / "archive.sqlite", timeout=20) as database:
        database.executemany(
            'INSERT INTO prosodyarchive (host, "user", store, "key", "when", "with", type, value) VALUES (?, ?, \'archive\', ?, ?, ?, \'xml\', ?)',
            [(server.domain, client.user, str(uuid.uuid4()), now - (len(bodies) - n) // 20, client.bob,
              f"<message to='{client.jid}' type='chat' from='{client.bob}/raw' id='{n}-{now}' xml:lang='en'><body>{body}</body></message>")
             for n, body in enumerate(bodies)])


def archive_floor(bench, server, client):
    """A page is what a stock Prosody gives at most: fifty."""
    raw = Raw(server, client.user, presence=False)
    raw.socket.settimeout(60)
    begin, after, messages, pages = time.monotonic(), "", 0, 0
    while True:
        raw.send(f"<iq type='set' id='page'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>50</max>{after}</set></query></iq>")
        page = b""
        while b"</iq>" not in page[-200:]:
            page += raw.socket.recv(1 << 16)
        messages += page.count(b"</result>")
        pages += 1
        last = re.search(rb"<last>([^<]+)</last>", page)
        if not last or b"complete='true'" in page:
            break
        after = f"<after>{last[1].decode()}</after>"
    bench.beside(f"{messages} archived to a raw socket, {pages} pages", "s", time.monotonic() - begin)
    raw.close()
