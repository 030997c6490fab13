# SPDX-License-Identifier: GPL-3.0-or-later
"""tls-unique over real TLS 1.2 (doc/decisions/12-channel-binding.md): Prosody, which has no other binding, and somebody between whose
certificate is trusted."""

import socket
import ssl
import threading

import pytest


class Between:
    """A man in the middle of direct TLS with a certificate of his own that the client trusts: he hears and passes on every byte."""

    def __init__(self, lab, server, version=ssl.TLSVersion.TLSv1_2, rewrite=lambda data: data):
        self.lab, self.server, self.rewrite, self.heard = lab, server, rewrite, b""
        cert, key = lab.dir / "between.crt", lab.dir / "between.key"
        lab.ca.leaf(server.domain, cert, key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.maximum_version = version
        self.context.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.tls_port = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                sock, _ = self.listener.accept()
                near = self.context.wrap_socket(sock, server_side=True)
                outer = ssl.create_default_context(cafile=str(self.lab.ca.cert))
                far = outer.wrap_socket(socket.create_connection(("127.0.0.1", self.server.tls_port)), server_hostname=self.server.domain)
            except OSError:
                if self.listener.fileno() < 0:
                    return
                continue
            threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, source, sink, down):
        try:
            while data := source.recv(65536):
                if down:
                    data = self.rewrite(data)
                else:
                    self.heard += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.listener.close()


@pytest.fixture(params=["SHA-1", "SHA-256"])
def server(lab, request):
    server = lab.server("a.test", password_hash=request.param, options='ssl = { protocol = "tlsv1_2" }; '
                        'c2s_direct_tls_ssl = { protocol = "tlsv1_2" }\n')
    server.mechanism = f"SCRAM-{request.param}-PLUS"
    server.add_user("alice")
    return server


@pytest.mark.parametrize("tls", ["starttls", "direct"])
def test_a_login_over_tls_1_2_is_bound_to_it(lab, server, tls):
    alice = lab.client("alice").start()
    online = alice.login("alice@a.test", server, tls=tls, port=server.tls_port if tls == "direct" else server.port)
    assert online["tls"].startswith("TLSv1.2"), online
    assert online["auth"] == server.mechanism and online["channel_binding"] == "tls-unique", online
    assert "tls-unique" in alice.run("/tls")
    assert alice.quit() == 0


def test_somebody_between_with_a_trusted_certificate_is_not_let_in(lab, server):
    between = Between(lab, server)
    alice = lab.client("alice").start()
    alice.login("alice@a.test", server, online=False, tls="direct", port=between.tls_port)
    failed = alice.wait("connection", state="failed", timeout=40)
    assert "somebody sits between" in failed["reason"] and alice.wait("alert", code="login-refused"), failed
    assert f"mechanism='{server.mechanism}'".encode() in between.heard
    assert b"<bind" not in between.heard and not alice.seen("connection", state="online")
    between.close()
    # The way without him is open, and stays the only one.
    alice.run(f"/account set alice@a.test port {server.tls_port}")
    alice.run("/connect alice@a.test", ok=None)
    assert alice.wait("connection", state="online")["channel_binding"] == "tls-unique"
    alice.run("/disconnect alice@a.test")
    alice.wait("connection", state="offline")
    strip = Between(lab, server, rewrite=lambda data: data.replace(f"<mechanism>{server.mechanism}</mechanism>".encode(), b""))
    alice.run(f"/account set alice@a.test port {strip.tls_port}")
    alice.forget()
    alice.run("/connect alice@a.test", ok=None)
    failed = alice.wait("connection", state="failed", timeout=40)
    assert server.mechanism in failed["reason"] and "/account reset-auth" in failed["reason"], failed
    assert b"<auth" not in strip.heard
    strip.close()
    assert alice.quit() == 0
