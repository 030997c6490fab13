# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that may lie: TLS with a certificate of the lab's authority, a login as far as the story wants, then anything."""

import base64
import hashlib
import hmac
import os
import re
import socket
import ssl
import threading

from lab import PATIENCE

SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
TLS = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
SM = "xmlns='urn:xmpp:sm:3'"


class Gone(Exception):
    pass


class Link:
    """One connection of a client, with what it sent so far."""

    def __init__(self, evil, sock):
        self.evil, self.sock = evil, sock
        self.data, self.position = "", 0
        self.clear = ""  # what came before TLS
        self.sock.settimeout(5 * PATIENCE)

    def _more(self):
        try:
            data = self.sock.recv(65536)
        except (OSError, ssl.SSLError):
            data = b""
        if not data:
            raise Gone
        self.data += data.decode("utf-8", "replace")

    def read(self, pattern):
        """The next match of a regular expression in what the client sends."""
        while True:
            match = re.search(pattern, self.data[self.position:], re.S)
            if match:
                self.position += match.end()
                return match
            self._more()

    def read_all(self):
        try:
            while True:
                self._more()
        except Gone:
            return self.data

    def send(self, text):
        try:
            self.sock.sendall(text if isinstance(text, bytes) else text.encode())
        except OSError:
            raise Gone from None

    def secure(self):
        """TLS, now."""
        self.clear, self.data, self.position = self.data, "", 0
        self.sock = self.evil.context.wrap_socket(self.sock, server_side=True)
        self.sock.settimeout(5 * PATIENCE)

    def header(self, features):
        self.read(r"<stream:stream[^>]*>")
        self.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
                  f"id='e' from='{self.evil.domain}' version='1.0'><stream:features>{features}</stream:features>")

    def starttls(self):
        self.header(f"<starttls {TLS}><required/></starttls>")
        self.read(r"<starttls[^>]*>")
        self.send(f"<proceed {TLS}/>")
        self.secure()

    def mechanisms(self, *names):
        self.header(f"<mechanisms {SASL}>" + "".join(f"<mechanism>{n}</mechanism>" for n in names) + "</mechanisms>")

    def scram_first(self, iterations=4096, salt=b"salt of the sea", nonce=None):
        """Reads the client's first message and answers; returns what the proof needs."""
        self.first = base64.b64decode(self.read(r"<auth[^>]*>([^<]*)<").group(1)).decode()
        client = self.first.split("r=", 1)[1]
        self.nonce = (client if nonce is None else nonce) + "server"
        self.salt, self.iterations = salt, iterations
        self.server_first = f"r={self.nonce},s={base64.b64encode(salt).decode()},i={iterations}"
        self.challenge(self.server_first)

    def challenge(self, text):
        self.send(f"<challenge {SASL}>{base64.b64encode(text.encode()).decode()}</challenge>")

    def scram_final(self, password):
        """Reads the client's proof and returns the right signature of a server that knows the password."""
        final = base64.b64decode(self.read(r"<response[^>]*>([^<]*)<").group(1)).decode()
        without = final.rsplit(",p=", 1)[0]
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), self.salt, self.iterations)
        key = hmac.digest(salted, b"Server Key", "sha256")
        message = f"{self.first.split(',', 2)[2]},{self.server_first},{without}"
        return "v=" + base64.b64encode(hmac.digest(key, message.encode(), "sha256")).decode()

    def success(self, text=""):
        self.send(f"<success {SASL}>{base64.b64encode(text.encode()).decode()}</success>")

    def login(self, password="pw-alice", direct=False, features=""):
        """All the way, as an honest server."""
        if not direct:
            self.starttls()
        self.mechanisms("SCRAM-SHA-256")
        self.scram_first()
        self.success(self.scram_final(password))
        self.header(f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm {SM}/>{features}")
        bind = self.read(r"<iq[^>]*id=['\"]([^'\"]*)['\"][^>]*><bind.*?<resource>([^<]*)<.*?</iq>|<resume[^>]*>")
        if bind.group(0).startswith("<resume"):
            self.send(f"<failed {SM}/>")
            bind = self.read(r"<iq[^>]*id=['\"]([^'\"]*)['\"][^>]*><bind.*?<resource>([^<]*)<.*?</iq>")
        self.full = f"{self.evil.jid}/{bind.group(2)}"
        self.send(f"<iq type='result' id='{bind.group(1)}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{self.full}</jid>"
                  "</bind></iq>")
        self.read(r"<enable[^>]*>")
        self.send(f"<enabled {SM} id='e{os.urandom(4).hex()}' resume='true'/>")

    def serve(self, until=None, archive=None):
        """Answers questions and counts until a pattern was seen or the client has gone. archive: messages, what the archive holds."""
        handled = 0
        while True:
            match = self.read(r"<(iq|message|presence|r|a|/stream:stream)\b[^>]*?(/?)>")
            name, text = match.group(1), match.group(0)
            if until and re.search(until, text):
                return text
            if name in ("iq", "message", "presence"):
                handled += 1
            if name == "r":
                self.send(f"<a {SM} h='{handled}'/>")
            elif name == "/stream:stream":
                self.send("</stream:stream>")
                return text
            elif name == "iq" and re.search(r"type=['\"](get|set)", text):
                ident = re.search(r"id=['\"]([^'\"]*)", text).group(1)
                to = re.search(r"\bto=['\"]([^'\"]*)", text)
                sender = f" from='{to.group(1)}'" if to else ""
                end = self.read(r"</iq>")
                body = self.data[match.end():self.position] if end else ""
                query = re.search(r"urn:xmpp:mam:2.*?queryid=['\"]([^'\"]*)|queryid=['\"]([^'\"]*)", body, re.S)
                if archive is not None and query:
                    queryid = query.group(1) or query.group(2)
                    for n, message in enumerate(archive):
                        self.send(f"<message from='{self.evil.jid}' to='{self.full}'><result xmlns='urn:xmpp:mam:2' queryid='{queryid}' "
                                  f"id='k{n}'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' "
                                  f"stamp='2026-01-02T03:04:0{n}Z'/>{message}</forwarded></result></message>")
                    self.send(f"<iq type='result' id='{ident}'{sender}><fin xmlns='urn:xmpp:mam:2' complete='true'><set "
                              f"xmlns='http://jabber.org/protocol/rsm'><first>k0</first><last>k{len(archive) - 1}</last></set></fin></iq>")
                elif "jabber:iq:roster" in self.data[max(0, self.position - 400):self.position]:
                    self.send(f"<iq type='result' id='{ident}'{sender}><query xmlns='jabber:iq:roster'/></iq>")
                else:
                    self.send(f"<iq type='error' id='{ident}'{sender}><error type='cancel'><item-not-found "
                              "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
                del body


class Evil:
    """Listens on a free port; each connection is given to story(link) in a thread of its own."""

    def __init__(self, lab, story, domain="a.test", user="alice", context=None):
        self.lab, self.story, self.domain, self.jid = lab, story, domain, f"{user}@{domain}"
        folder = lab.dir / f"evil.{os.urandom(4).hex()}"
        folder.mkdir()
        self.cert, self.key = folder / "e.crt", folder / "e.key"
        lab.ca.leaf(domain, self.cert, self.key)
        self.context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.cert, self.key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.links, self.errors, self.ended, self.over = [], [], threading.Event(), threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            link = Link(self, sock)
            self.links.append(link)
            threading.Thread(target=self._tell, args=(link,), daemon=True).start()

    def _tell(self, link):
        try:
            self.story(link)
            link.read_all()
        except Gone:
            pass
        except OSError as error:
            self.errors.append(error)
        finally:
            self.ended.set()
            link.sock.close()

    def sent(self):
        """Everything that clients sent, in clear and not."""
        return "".join(link.clear + link.data for link in self.links)

    def close(self):
        self.over.set()
        self.listener.close()
        for link in self.links:
            link.sock.close()
