# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that is cut, reset, ended, restarted or falls silent in each stage of login and session: sotto comes back by itself, in bounded
time, with a clear sentence, and nothing is lost or doubled (threats M07, C09). One table of stages is walked by one story."""

import concurrent.futures
import re
import socket
import struct
import threading
import time

import pytest

from evil import SASL, SM, TLS, Evil, Gone
from lab import PATIENCE

PEER = "bob@away.test"
YESTERDAY = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86400))  # what is old is forgotten after a while, and comes again
BIND = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"

# In their order. The last ones are of a session that was there; those with a namespace are questions of ours.
LOGIN = ["accept", "header", "features", "proceed", "tls header", "mechanisms", "challenge", "response", "success", "restart", "session features",
         "bind", "enable"]
QUESTIONS = {"roster": "jabber:iq:roster", "carbons": "urn:xmpp:carbons:2", "disco": "http://jabber.org/protocol/disco#info",
             "archive": "urn:xmpp:mam:2"}
SESSION = [*QUESTIONS, "page", "stanza", "acknowledged"]
RESUME = ["resume", "resumed"]
STAGES = [*LOGIN, *SESSION, *RESUME]


def message(jid, ident, body):
    return (f"<message from='{PEER}/away' to='{jid}' type='chat' id='{ident}'><body>{body}</body>"
            f"<stanza-id xmlns='urn:xmpp:sid:0' by='{jid}' id='s-{ident}'/></message>")


class Server:
    """Honest but for one moment: keeps what is not acknowledged, resumes sessions, counts."""

    def __init__(self, lab, stage, fault, jid="alice@a.test"):
        self.jid, (user, domain) = jid, jid.split("@")
        self.stage, self.fault, self.happened = stage, fault, threading.Event()
        self.handled, self.sent, self.acknowledged, self.kept = 0, 0, 0, []  # of the session
        self.session, self.serial, self.said = None, 0, []
        self.archive = [message(jid, "old", "from the archive")]
        self.waiting = [message(jid, "live", "said live")]
        self.evil = Evil(lab, self.story, domain, user)
        self.port = self.evil.port

    # ---- the fault ----

    def at(self, link, stage, half=""):
        if self.happened.is_set() or stage != self.stage:
            return
        self.happened.set()
        getattr(self, self.fault)(link, half)
        raise Gone

    def cut(self, link, half):
        if half:
            link.send(half)
        link.sock.shutdown(socket.SHUT_RDWR)
        link.sock.close()

    def reset(self, link, half):
        if half:
            link.send(half)
        link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.sock.close()

    def end(self, link, half):
        link.send("</stream:stream>")
        link.read_all()

    def error(self, link, half):
        link.send("<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
        link.read_all()

    def silence(self, link, half):
        if half:
            link.send(half)
        link.sock.settimeout(120)
        link.read_all()

    def restart(self, link, half):
        self.evil.listener.shutdown(socket.SHUT_RDWR)
        self.evil.listener.close()
        self.session = None  # nothing survives but what is on disk
        self.cut(link, half)
        time.sleep(1.5)
        self.evil.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.evil._listen, daemon=True).start()

    # ---- the story ----

    def header(self, link, stage, features, after):
        link.read(r"<stream:stream[^>]*>")
        head = ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
                f"id='e' from='{self.evil.domain}' version='1.0'>")
        self.at(link, stage, half=head[:60])
        link.send(head)
        self.at(link, after, half="<stream:feat")
        link.send(f"<stream:features>{features}</stream:features>")

    def story(self, link):
        self.at(link, "accept")
        self.header(link, "header", f"<starttls {TLS}><required/></starttls>", "features")
        link.read(r"<starttls[^>]*>")
        self.at(link, "proceed")
        link.send(f"<proceed {TLS}/>")
        link.secure()
        self.header(link, "tls header", f"<mechanisms {SASL}><mechanism>SCRAM-SHA-256</mechanism></mechanisms>", "mechanisms")
        self.at(link, "challenge", half=f"<challenge {SASL}>cj1")
        link.scram_first()
        final = link.scram_final("pw-" + self.jid.split("@")[0])
        self.at(link, "response")
        self.at(link, "success", half=f"<success {SASL}>dj0")
        link.success(final)
        self.header(link, "restart", f"<bind {BIND}/><sm {SM}/>", "session features")
        self.begin(link)

    def begin(self, link):
        first = link.read(r"<iq[^>]*id=['\"]([^'\"]*)['\"][^>]*><bind.*?<resource>([^<]*)<.*?</iq>|<resume[^>]*>")
        if first.group(0).startswith("<resume"):
            self.at(link, "resume")
            ident, h = (re.search(rf"{name}=['\"]([^'\"]*)", first.group(0)).group(1) for name in ("previd", "h"))
            if ident == self.session:
                self.at(link, "resumed", half=f"<resumed {SM} previd='{ident}'")
                link.send(f"<resumed {SM} previd='{ident}' h='{self.handled}'/>")
                self.acknowledge(int(h))
                for stanza in self.kept:
                    link.send(stanza)
                return self.serve(link)
            link.send(f"<failed {SM}/>")
            first = link.read(r"<iq[^>]*id=['\"]([^'\"]*)['\"][^>]*><bind.*?<resource>([^<]*)<.*?</iq>")
        self.at(link, "bind", half="<iq type='result' ")
        self.full = f"{self.jid}/{first.group(2)}"
        link.send(f"<iq type='result' id='{first.group(1)}'><bind {BIND}><jid>{self.full}</jid></bind></iq>")
        link.read(r"<enable[^>]*>")
        self.at(link, "enable", half="<enab")
        # What an old session did not get comes again.
        again = [s for s in self.kept if s.startswith("<message")]
        self.serial += 1
        self.session, self.handled, self.sent, self.acknowledged, self.kept = f"session-{self.serial}", 0, 0, 0, []
        link.send(f"<enabled {SM} id='{self.session}' resume='true'/>")
        for stanza in again:
            self.stanza(link, stanza)
        return self.serve(link)

    def stanza(self, link, xml):
        self.kept.append(xml)
        self.sent += 1
        link.send(xml)

    def acknowledge(self, h):
        self.kept = self.kept[max(0, h - self.acknowledged):]
        self.acknowledged = h

    def serve(self, link):
        while True:
            match = link.read(r"<(iq|message|presence|r|a|/stream:stream)\b[^>]*?(/?)>")
            name, head, empty = match.group(1), match.group(0), match.group(2) == "/"
            if name == "/stream:stream":
                link.send("</stream:stream>")
                return
            if name == "a":
                self.acknowledge(int(re.search(r"h=['\"](\d+)", head).group(1)))
            if name == "r":
                self.at(link, "acknowledged")
                link.send(f"<a {SM} h='{self.handled}'/>")
            if name not in ("iq", "message", "presence"):
                continue
            start = link.position
            if not empty:
                link.read(rf"</{name}>")
            body = link.data[start:link.position]
            if name == "message" and (text := re.search(r"<body>([^<]*)</body>", body)):
                self.said.append((re.search(r"\bid=['\"]([^'\"]*)", head).group(1), text.group(1)))
            elif name == "iq" and re.search(r"type=['\"](get|set)", head):
                self.answer(link, head, body)
            self.handled += 1

    def answer(self, link, head, body):
        ident = re.search(r"\bid=['\"]([^'\"]*)", head).group(1)
        for stage, ns in QUESTIONS.items():
            if ns in body:
                self.at(link, stage, half=f"<iq type='result' id='{ident}'><qu")
        to = re.search(r"\bto=['\"]([^'\"]*)", head)
        sender = f" from='{to.group(1)}'" if to else ""
        result = lambda inner: self.stanza(link, f"<iq type='result' id='{ident}'{sender}>{inner}</iq>")
        query = re.search(r"queryid=['\"]([^'\"]*)", body)
        if QUESTIONS["roster"] in body:
            result(f"<query xmlns='jabber:iq:roster'><item jid='{PEER}' subscription='both' name='Bob'/></query>")
            if self.waiting:
                half = self.waiting[0]
                self.at(link, "stanza", half=half[:len(half) // 2])
                self.stanza(link, self.waiting.pop())
        elif QUESTIONS["disco"] in body:
            result("<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/><feature var='urn:xmpp:carbons:2'/>"
                   "<feature var='urn:xmpp:mam:2'/></query>")
        elif QUESTIONS["carbons"] in body:
            result("")
        elif query:
            after = re.search(r"<after>([^<]*)</after>", body)
            known = [] if after and after.group(1) in ("k0", "s-live") else self.archive
            for xml in known:
                self.stanza(link, f"<message from='{self.jid}' to='{self.full}'><result xmlns='urn:xmpp:mam:2' queryid='{query.group(1)}' id='k0'>"
                                  "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{YESTERDAY}'/>"
                                  + xml.replace("<message ", "<message xmlns='jabber:client' ") + "</forwarded></result></message>")
                self.at(link, "page")
            borders = "<first>k0</first><last>k0</last>" if known else ""
            result(f"<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'>{borders}</set></fin>")
        else:
            self.stanza(link, f"<iq type='error' id='{ident}'{sender}><error type='cancel'><item-not-found "
                              "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")


def walk(lab, server, patience):
    """One program and one server: returns what went wrong, in words."""
    stage, fault = server.stage, server.fault
    name = f"{stage}-{fault}".replace(" ", "-")
    client = lab.client(name).start("/plugin unload omemo")
    try:
        client.login("alice@a.test", server, online=False)
        if stage in RESUME:
            client.wait("connection", state="online")
            client.wait("message", body="said live")
            server.evil.links[0].sock.shutdown(socket.SHUT_RDWR)
        if not server.happened.wait(PATIENCE):
            return f"{name}: the stage was never reached\n{client.tail()}"
        client.send(f"/msg {PEER} said by us")
        failed = client.wait("connection", state="failed", timeout=2 * patience)
        began = time.monotonic()
        if not failed.get("reason") or "\n" in failed["reason"] or failed["reason"].endswith("."):
            return f"{name}: no clear sentence: {failed}"
        client.wait("connection", state="online", timeout=2 * patience, where=lambda e: e["time"] > failed["time"])
        took = time.monotonic() - began
        if took > patience:
            return f"{name}: back after {took:.1f} s"
        client.wait("message", body="said live", fresh=False)
        client.wait("message", body="from the archive", fresh=False)
        question = client.wait("ask", fresh=False)  # nobody has keys here
        client.run(f"/answer-ask {question['id']} yes", ok=None)
        mine = client.wait("message", body="said by us", fresh=False)
        client.wait("message-state", id=mine["id"], state="sent")
        for body in ("said live", "from the archive", "said by us"):
            if len(client.seen("message", body=body)) != 1:
                return f"{name}: {body}: {len(client.seen('message', body=body))} times"
        if len(set(server.said)) != 1 or len(server.said) > (2 if fault == "restart" or stage == "acknowledged" else 1):
            return f"{name}: the server heard {server.said}"
        if client.quit() != 0:
            return f"{name}: ended with {client.process.returncode}"
        print(f"{name}: back after {took:.1f} s: {failed['reason']}")
        return None
    except Exception as error:  # told with its name among the others
        return f"{name}: {error}"
    finally:
        client.kill()
        server.evil.close()


def walk_all(lab, fault, stages, patience=30, at_once=4):
    servers = [Server(lab, stage, fault) for stage in stages]  # one after the other: they share an authority
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        wrong = [told for told in pool.map(lambda server: walk(lab, server, patience), servers) if told]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("fault", ["cut", "reset", "restart"])
def test_a_connection_that_breaks_in_each_stage(lab, fault):
    walk_all(lab, fault, STAGES)


@pytest.mark.parametrize("fault", ["end", "error"])
def test_a_server_that_takes_leave_in_each_stage(lab, fault):
    walk_all(lab, fault, [s for s in STAGES if s not in ("accept", "header", "proceed", "tls header", "restart")])


def test_a_server_that_falls_silent_while_we_log_in(lab):
    walk_all(lab, "silence", [*LOGIN, *RESUME], patience=60, at_once=15)


@pytest.mark.long
def test_a_server_that_falls_silent_in_a_session(lab):
    walk_all(lab, "silence", SESSION, patience=120, at_once=8)
