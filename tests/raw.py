# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that says exactly what it is told, for hostile and for fast tests: TLS, PLAIN, bind, then raw XML."""

import base64
import re
import socket
import ssl
import xml.etree.ElementTree as ET

from lab import PATIENCE


class Raw:
    def __init__(self, server, user, password=None, resource="raw", presence=True):
        self.jid = f"{user}@{server.domain}"
        context = ssl.create_default_context(cafile=str(server.lab.ca.cert))
        plain = socket.create_connection(("127.0.0.1", server.tls_port), PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname=server.domain)
        self.header = (f"<?xml version='1.0'?><stream:stream to='{server.domain}' xmlns='jabber:client' "
                       "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")
        self._restart()
        token = base64.b64encode(f"\0{user}\0{password or 'pw-' + user}".encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
        assert self.next().tag.endswith("success")
        self._restart()
        self.send(f"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>")
        self.full = next(e.text for e in self.next().iter() if e.tag.endswith("}jid"))
        if presence:
            self.send("<presence/>")

    def _restart(self):
        self.parser = ET.XMLPullParser(["start", "end"])
        self.depth, self.queue = 0, []
        self.send(self.header)
        assert self.next().tag.endswith("features")

    def send(self, xml):
        self.socket.sendall(xml.encode() if isinstance(xml, str) else xml)

    def next(self, timeout=PATIENCE):
        """The next stanza as an ElementTree element."""
        self.socket.settimeout(timeout)
        while not self.queue:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError(f"{self.jid}: the server closed the stream")
            self.parser.feed(data)
            for kind, element in self.parser.read_events():
                self.depth += 1 if kind == "start" else -1
                if kind == "end" and self.depth == 1:
                    self.queue.append(element)
        return self.queue.pop(0)

    def wait(self, tag, where=None, timeout=PATIENCE):
        """The next stanza of that local name that fits."""
        while True:
            stanza = self.next(timeout)
            if re.sub(r"{.*}", "", stanza.tag) == tag and (where is None or where(stanza)):
                return stanza

    def close(self):
        try:
            self.send("</stream:stream>")
            self.socket.close()
        except OSError:
            pass
