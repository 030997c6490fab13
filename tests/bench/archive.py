#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""20 000 messages that wait in the server's archive (XEP-0313, Prosody with SQL storage): sotto's wall time and CPU beside those of a
script that fetches the same pages and does nothing with them.

archive.py [messages]"""

import os
import pathlib
import re
import sqlite3
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "contrib"), str(ROOT / "tests")]
import lab as labs  # noqa: E402
from raw import Raw  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def written(pid):
    return int(re.search(r"^wchar: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M).group(1)) / 1e6


def server(lab):
    base = lab.dir / "archive.sqlite"
    server = lab.server("a.test", level="info", options=f'sql = {{ driver = "SQLite3", database = "{base}" }}\n'
                        'storage = { archive = "sql"; default = "internal" }')
    server.base = base
    for user in ("alice", "bob"):
        server.add_user(user)
    server.set_roster("alice", {"bob@a.test": "both"})
    server.set_roster("bob", {"alice@a.test": "both"})
    return server


def fill(server, count, first=0):
    """As if bob had written them, one a second up to now."""
    now = int(time.time())
    rows = [("a.test", "alice", "archive", f"id{first + n:012d}abcdefghijk", now - count + n, "bob@a.test", "xml",
             f"<message type='chat' to='alice@a.test' from='bob@a.test/desk' xmlns='jabber:client' id='m{first + n}'><body>message number {first + n} of many, "
             "as long as people write them</body><origin-id xmlns='urn:xmpp:sid:0' "
             f"id='m{first + n}'/></message>") for n in range(count)]
    with sqlite3.connect(server.base, timeout=30) as base:
        base.executemany('INSERT INTO prosodyarchive (host, user, store, key, "when", "with", type, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?)', rows)


def floor(server, size=250):
    """Page after page, newest last."""
    raw = Raw(server, "alice", presence=False)
    start, before, after, messages, pages = time.monotonic(), cpu(server.process.pid), "", 0, 0
    mine = time.process_time()
    while True:
        raw.send(f"<iq type='set' id='q{pages}'><query xmlns='urn:xmpp:mam:2' queryid='q'><set xmlns='http://jabber.org/protocol/rsm'>"
                 f"<max>{size}</max>" + (f"<after>{after}</after>" if after else "") + "</set></query></iq>")
        pages += 1
        while True:
            stanza = raw.next(60)
            if stanza.tag.endswith("iq"):
                break
            messages += 1
        fin = stanza[0]
        after = fin.findtext(".//{http://jabber.org/protocol/rsm}last")
        if fin.get("complete") == "true" or not after:
            break
    wall = time.monotonic() - start
    raw.close()
    return messages, pages, wall, cpu(server.process.pid) - before, time.process_time() - mine


def ours(lab, server, count):
    client = lab.client("alice").start()
    client.login("alice@a.test", server, autoconnect="off")
    bob = Raw(server, "bob")
    bob.send("<message to='alice@a.test' type='chat' id='first'><body>first</body></message>")
    client.wait("message", body="first")
    time.sleep(0.5)
    client.quit()
    fill(server, count)
    client.start()
    pid = client.process.pid
    mine, theirs, start, bytes_before = cpu(pid), cpu(server.process.pid), time.monotonic(), written(pid)
    client.run("/connect")
    client.wait("message", timeout=120, where=lambda e: e.get("body", "").startswith(f"message number {count - 1} "))
    newest = time.monotonic() - start
    labs.wait_until(lambda: len(client.events) >= count and len(client.seen("message")) >= count, "all of them", timeout=280, step=0.2)
    wall = time.monotonic() - start
    result = len(client.seen("message")), newest, wall, cpu(pid) - mine, cpu(server.process.pid) - theirs, written(pid) - bytes_before
    client.quit()
    return result


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    lab = labs.Lab()
    try:
        one = server(lab)
        messages, newest, wall, mine, theirs, megabytes = ours(lab, one, count)
        print(f"sotto: {messages} messages, newest after {newest:.2f} s, all after {wall:.1f} s, CPU {mine:.1f} s, Prosody's {theirs:.1f} s, {megabytes:.0f} MB written")
        messages, pages, wall, theirs, mine = floor(one)
        print(f"floor: {messages} messages in {pages} pages, {wall:.1f} s, Prosody's CPU {theirs:.1f} s, the script's {mine:.1f} s")
    finally:
        lab.close()


if __name__ == "__main__":
    main()
