# SPDX-License-Identifier: GPL-3.0-or-later
"""From an address to stanzas flowing: TLS both ways, certificates that must be refused in words, passwords, several accounts."""

import pytest

import lab as labs


@pytest.fixture
def client(lab, server):
    server.add_user("alice")
    return lab.client("alice").start()


@pytest.mark.san
@pytest.mark.parametrize("tls", ["starttls", "direct"])
def test_login(client, server, tls):
    online = client.login("alice@a.test", server, tls=tls, port=server.tls_port if tls == "direct" else server.port)
    assert online["tls"].replace(" ", "").startswith("TLS")
    assert online["auth"].startswith("SCRAM-SHA-256")
    assert online["cipher"]
    assert online["resumed"] is False
    facts = client.run("/tls")
    assert "Sotto Lab CA" in facts and "SCRAM" in facts
    assert client.quit() == 0


def test_login_with_sha_1_where_the_server_has_nothing_better(lab):
    server = lab.server("a.test", password_hash="SHA-1")
    server.add_user("alice")
    client = lab.client("alice").start()
    assert client.login("alice@a.test", server)["auth"].startswith("SCRAM-SHA-1")


def refused(client, server, **options):
    client.login("alice@a.test", server, online=False, **options)
    failed = client.wait("connection", where=lambda e: e["state"] in ("failed", "offline") and e.get("reason"))
    assert not client.seen("connection", state="online")
    return failed


def test_an_unknown_authority_is_refused_and_named(client, server, lab):  # C07
    failed = refused(client, server, ca_file=None)
    assert failed["reason_code"] == "trust"
    assert "Sotto Lab CA" in failed["reason"] or "a.test" in failed["reason"]
    assert not any("<auth" in line or "mechanism" in line for line in server.wire())


def test_an_expired_certificate_is_refused_with_its_date(client, server, lab):  # C07
    server.stop()
    lab.ca.leaf("a.test", server.cert, server.key, days=-1)
    server.start()
    failed = refused(client, server)
    assert failed["reason_code"] == "trust"
    assert "expired" in failed["reason"] and any(str(year) in failed["reason"] for year in range(2023, 2100)), failed["reason"]


def test_a_certificate_for_another_host_is_refused_with_both_names(client, server, lab):  # C07
    server.stop()
    lab.ca.leaf("a.test", server.cert, server.key, names=["other.test"])
    server.start()
    failed = refused(client, server)
    assert failed["reason_code"] == "trust"
    assert "a.test" in failed["reason"] and "other.test" in failed["reason"], failed["reason"]


def test_a_wrong_password_is_said_in_words(client, server):
    failed = refused(client, server, password="not the password")
    assert "password" in failed["reason"], failed
    assert "SASL" not in failed["reason"]


def test_a_port_where_nobody_listens(client, server):
    failed = refused(client, server, port=labs.Ports.take(1)[0])
    assert failed["reason_code"] == "network"


def test_two_accounts_are_online_at_once(lab, federation):
    a, b = federation
    client = lab.client("both").start()
    client.login("alice@a.test", a)
    client.login("bob@b.test", b)
    client.run("/msg bob@b.test from one account to the other", ok=None)
    listing = client.run("/account list")
    assert "alice@a.test" in listing and "bob@b.test" in listing
    client.run("/disconnect alice@a.test")
    client.wait("connection", account="alice@a.test", state="offline")
    assert client.quit() == 0


def test_the_password_is_never_in_a_log(client, server, lab):  # O8
    client.login("alice@a.test", server)
    client.quit()
    for path in (client.dir / "profile").rglob("*"):
        if path.is_file():
            assert b"pw-alice" not in path.read_bytes(), path


def test_it_comes_back_when_the_server_does(client, server):
    client.login("alice@a.test", server)
    client.forget()
    server.stop()
    client.wait("connection", where=lambda e: e["state"] != "online")
    server.start()
    client.wait("connection", state="online")
