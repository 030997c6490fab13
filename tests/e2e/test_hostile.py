# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that lie (threats C), and what no honest one sends (threats H): the real program against a scripted server over TLS."""

import ssl
import threading
import time

import pytest

import lab as labs
from evil import SASL, SM, TLS, Evil


@pytest.fixture
def evil(lab):
    """evil(story): a lying server and a client that knows it as a.test."""
    made = []

    def make(story, context=None):
        made.append(Evil(lab, story, context=context))
        return made[-1]

    yield make
    for one in made:
        one.close()


def refused(lab, server, **options):
    client = lab.client("alice").start()
    client.login("alice@a.test", server, online=False, **options)
    failed = client.wait("connection", state="failed")
    assert not client.seen("connection", state="online")
    client.failed = failed
    return client


def assert_nothing_of_us(server):
    sent = server.sent()
    assert "<response" not in sent and "<bind" not in sent and "pw-alice" not in sent, sent


# ---- C: login ----


@pytest.mark.san
@pytest.mark.parametrize("final", ["", "v=", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "e=other-error"])
def test_a_server_that_cannot_prove_itself_is_left(lab, evil, final):  # C01
    def story(link):
        link.starttls()
        link.mechanisms("SCRAM-SHA-256")
        link.scram_first()
        link.read(r"<response[^>]*>[^<]*</response>")
        link.success(final)

    server = evil(story)
    client = refused(lab, server)
    assert "did not prove that it knows your password" in client.failed["reason"]
    assert client.failed["reason_code"] == "trust"
    assert client.wait("alert", code="login-refused")
    assert "<bind" not in server.sent() and "roster" not in server.sent()
    assert client.quit() == 0


def test_success_before_any_challenge(lab, evil):  # C01
    def story(link):
        link.starttls()
        link.mechanisms("SCRAM-SHA-256")
        link.read(r"<auth[^>]*>[^<]*</auth>")
        link.success()

    server = evil(story)
    client = refused(lab, server)
    assert "did not prove" in client.failed["reason"]
    assert_nothing_of_us(server)


@pytest.mark.parametrize("now", [["PLAIN"], ["SCRAM-SHA-1"], ["DIGEST-MD5", "PLAIN"]])
def test_a_weaker_login_than_before_is_refused(lab, evil, now):  # C03
    offers = [["SCRAM-SHA-256"], now]

    def story(link):
        offer = offers[0] if len(server.links) == 1 else now
        if offer is now:
            link.starttls()
            link.mechanisms(*now)
            return
        link.login()
        link.serve()

    server = evil(story)
    client = lab.client("alice").start()
    client.login("alice@a.test", server)
    client.run("/disconnect alice@a.test")
    client.wait("connection", state="offline")
    client.run("/connect alice@a.test", ok=None)
    failed = client.wait("connection", state="failed")
    assert "SCRAM-SHA-256" in failed["reason"] and "/account reset-auth" in failed["reason"]
    assert client.wait("alert", code="login-refused")
    assert "<auth" not in server.links[1].data


def test_plain_is_sent_only_after_a_yes(lab, evil):  # C03
    def story(link):
        link.starttls()
        link.mechanisms("PLAIN")

    server = evil(story)
    client = refused(lab, server)
    question = client.wait("ask")
    assert "PLAIN" in question["text"] and question["choices"][0] == "no"
    assert "<auth" not in server.sent()
    client.run(f"/answer-ask {question['id']} yes")
    labs.wait_until(lambda: "<auth" in server.sent(), "PLAIN after the yes")


@pytest.mark.parametrize("iterations", [1, 0, -1, 4095, 2**31 - 1, 10**12])
def test_an_unfit_iteration_count_is_refused_at_once(lab, evil, iterations):  # C05
    def story(link):
        link.starttls()
        link.mechanisms("SCRAM-SHA-256")
        link.scram_first(iterations=iterations)

    server = evil(story)
    start = time.monotonic()
    client = refused(lab, server)
    assert time.monotonic() - start < labs.PATIENCE / 2
    assert "hashed" in client.failed["reason"], client.failed
    assert_nothing_of_us(server)


def test_a_nonce_that_is_not_ours_is_refused(lab, evil):  # C05
    def story(link):
        link.starttls()
        link.mechanisms("SCRAM-SHA-256")
        link.scram_first(nonce="somebody-else")

    server = evil(story)
    assert "does not answer ours" in refused(lab, server).failed["reason"]
    assert_nothing_of_us(server)


# ---- C07, C09: TLS ----


@pytest.mark.parametrize("answer", ["", f"<mechanisms {SASL}><mechanism>PLAIN</mechanism></mechanisms>"])
def test_missing_starttls(lab, evil, answer):  # C09
    server = evil(lambda link: link.header(answer))
    client = refused(lab, server)
    assert client.failed["reason_code"] == "trust"
    sent = server.sent()
    assert sent.endswith("version='1.0'>") and "alice" not in sent, sent


def test_starttls_failure(lab, evil):  # C09
    def story(link):
        link.header(f"<starttls {TLS}/>")
        link.read(r"<starttls[^>]*>")
        link.send(f"<failure {TLS}/></stream:stream>")

    server = evil(story)
    client = refused(lab, server)
    assert client.failed["reason_code"] == "trust"
    assert "<auth" not in server.sent()


def test_silence_and_one_byte_a_second_end_in_time(lab, evil):  # C09
    def silent(link):
        link.header(f"<starttls {TLS}/>")
        link.read(r"<starttls[^>]*>")
        link.evil.over.wait()

    def slow(link):
        link.starttls()
        link.read(r"<stream:stream[^>]*>")
        for letter in "<?xml version='1.0'?><stream:stream xmlns='jabber:client' ":
            link.send(letter)
            link.evil.over.wait(1)

    start = time.monotonic()
    clients = [lab.client(name).start() for name in ("alice", "bob")]
    for client, story in zip(clients, (silent, slow)):
        client.login("alice@a.test", evil(story), online=False)
    for client in clients:
        failed = client.wait("connection", state="failed")
        assert "in time" in failed["reason"] and not client.seen("connection", state="online")
    assert time.monotonic() - start > 10


@pytest.mark.parametrize("behind", ["<message from='boss@a.test'><body>in clear</body></message>",
                                    f"<stream:features><mechanisms {SASL}><mechanism>PLAIN</mechanism></mechanisms></stream:features>"])
def test_what_stands_behind_proceed_is_an_attack(lab, evil, behind):  # C09
    def story(link):
        link.header(f"<starttls {TLS}/>")
        link.read(r"<starttls[^>]*>")
        link.send(f"<proceed {TLS}/>{behind}")
        link.secure()
        link.mechanisms("PLAIN")

    server = evil(story)
    client = refused(lab, server)
    assert client.failed["reason_code"] == "trust"
    assert not client.seen("message")
    assert "<auth" not in server.sent()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")  # just these are meant
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.parametrize("tls", ["starttls", "direct"])
def test_old_tls_is_refused(lab, evil, version, tls):  # C09
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version

    def story(link):
        if tls == "direct":
            link.secure()
        else:
            link.starttls()
        link.mechanisms("SCRAM-SHA-256")

    server = evil(story, context)
    client = refused(lab, server, tls=tls)
    assert client.failed["reason_code"] in ("network", "trust")
    assert "<auth" not in server.sent()
    assert "TLS" in client.failed["reason"], client.failed


def test_weak_ciphers_are_refused(lab, evil):  # C09
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-NULL-SHA:NULL:@SECLEVEL=0")
    server = evil(lambda link: link.starttls(), context)
    client = refused(lab, server)
    assert "<auth" not in server.sent()
    assert client.failed["reason_code"] in ("network", "trust")


def test_a_typed_fingerprint_is_the_way_to_trust_and_only_for_that_certificate(lab, evil):  # C07
    import hashlib

    def story(link):
        link.login()
        link.serve()

    server, other = evil(story), evil(story)
    print_of = lambda s: hashlib.sha256(ssl.PEM_cert_to_DER_cert(s.cert.read_text())).hexdigest()
    client = lab.client("alice").start()
    client.login("alice@a.test", server, ca_file=None, fingerprint=print_of(server))
    client.run("/disconnect alice@a.test")
    client.wait("connection", state="offline")
    client.run(f"/account set alice@a.test port {other.port}")
    client.run("/connect alice@a.test", ok=None)
    failed = client.wait("connection", state="failed")
    assert failed["reason_code"] == "trust"
    assert "<auth" not in other.sent()


def test_another_issuer_is_an_alert_and_a_renewal_is_none(lab, evil):  # C07
    def story(link):
        link.login()
        link.serve()

    client = lab.client("alice").start()
    first, renewed = evil(story), evil(story)
    other = labs.Authority(lab.dir / "other-ca", name="Another Lab CA")
    lab.ca, usual = other, lab.ca
    stranger = evil(story)
    lab.ca = usual
    both = lab.dir / "both.crt"
    both.write_text(usual.cert.read_text() + other.cert.read_text())
    client.login("alice@a.test", first, ca_file=both)
    for server, alerts in ((renewed, 0), (stranger, 1)):
        client.run("/disconnect alice@a.test")
        client.wait("connection", state="offline")
        client.run(f"/account set alice@a.test port {server.port}")
        client.run("/connect alice@a.test", ok=None)
        client.wait("connection", state="online")
        assert len(client.seen("alert", code="certificate-changed")) == alerts
    text = client.seen("alert", code="certificate-changed")[0]["text"]
    assert "Another Lab CA" in text and "Sotto Lab CA" in text and "SHA-256" in text, text
    facts = client.run("/tls")
    assert "the issuer changed" in facts and "Sotto Lab CA" in facts, facts
    assert client.quit() == 0


# ---- H: XML and quantity ----


def resident_mib(client):
    for line in open(f"/proc/{client.process.pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def deep(n):
    return "<message from='evil@x/1' id='deep'>" + "<a>" * n + "</a>" * n + "</message>"


POISON = {
    "body of 50 MB": lambda: "<message from='evil@x/1' id='big'><body>" + "0123456789abcde\n" * (50 * 65536) + "</body></message>",
    "200 000 levels": lambda: deep(200000),
    "260 000 children": lambda: "<message from='evil@x/1'>" + "<a/>" * 260000 + "</message>",
    "20 000 attributes": lambda: "<message from='evil@x/1'><b " + " ".join(f"a{i}='1'" for i in range(20000)) + "/></message>",
    "900 KB in one attribute": lambda: "<message from='evil@x/1'><b a='" + "x" * 900000 + "'/></message>",
    "a million line ends": lambda: "<message from='evil@x/1'><body>" + "\n" * 1000000 + "</body></message>",
}


@pytest.mark.san
@pytest.mark.parametrize("what", POISON)
def test_a_poisoned_stanza_is_passed_by(lab, evil, what):  # H01 H03 O1 O6
    go, data = threading.Event(), POISON[what]().encode()

    def story(link):
        link.login()
        go.wait(labs.PATIENCE)
        link.send(data)
        link.send("<message from='bob@a.test/1' type='chat' id='after'><body>after the poison</body></message>")
        link.serve()

    server = evil(story)
    client = lab.client("alice").start()
    client.login("alice@a.test", server)
    before, slowest = resident_mib(client), 0.0
    go.set()
    end = time.monotonic() + 2 * labs.PATIENCE
    while time.monotonic() < end and not client.seen("message", body="after the poison"):
        start = time.monotonic()
        client.run("/account list")
        slowest = max(slowest, time.monotonic() - start)
    assert client.wait("message", body="after the poison")
    if "san" not in lab.build.name:  # the sanitizer is slow, and keeps what was freed for a while
        assert slowest < labs.AT_ONCE, f"a line waited {slowest:.2f} s"
        assert resident_mib(client) - before < 150
    assert len(server.links) == 1
    assert client.quit() == 0


def test_a_poisoned_message_in_the_archive_is_passed_by_at_each_login(lab, evil):  # H01
    def stored(n, body):
        return f"<message xmlns='jabber:client' from='bob@a.test/1' to='alice@a.test' type='chat' id='m{n}'><body>{body}</body></message>"

    archive = [stored(0, "before it"), stored(1, "0123456789abcdef" * 131072), stored(2, "after it"), stored(3, "<a>" * 98 + "</a>" * 98),
               stored(4, "at the end")]

    def story(link):
        link.login()
        link.serve(archive=archive)

    server = evil(story)
    client = lab.client("alice").start()
    client.login("alice@a.test", server)
    for body in ("before it", "after it", "at the end"):
        client.wait("message", body=body, origin="archive")
    client.run("/disconnect alice@a.test")
    client.wait("connection", state="offline")
    client.run("/connect alice@a.test", ok=None)
    client.wait("connection", state="online")
    labs.wait_until(lambda: "urn:xmpp:mam:2" in server.links[-1].data, "the archive is asked again")
    client.run("/account list")
    time.sleep(0.5)
    assert len(server.links) == 2 and not client.seen("connection", state="failed")
    for body in ("before it", "after it", "at the end"):
        assert len(client.seen("message", body=body)) == 1
    assert client.quit() == 0


@pytest.mark.san
@pytest.mark.parametrize("xml,condition", [
    ("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]>", "not-well-formed"),
    ("<message>&unknown;</message>", "restricted-xml"),
    ("<!-- hidden -->", "restricted-xml"),
    ("<?php hidden?>", "restricted-xml"),
    (b"<message>\xff\xfe</message>", "not-well-formed"),
    ("<message><body>\x1b[31m</body></message>", "not-well-formed"),
    ("<message a='" + "x" * 3000000 + "'/>", "policy-violation"),
], ids=["doctype", "entity", "comment", "instruction", "utf-8", "escape", "tag of 3 MB"])
def test_what_no_server_sends_closes_the_stream(lab, evil, xml, condition):  # H05
    def story(link):
        link.login()
        if len(server.links) == 1:
            link.send(xml)
        link.serve()

    server = evil(story)
    client = lab.client("alice").start()
    client.login("alice@a.test", server, online=False)
    failed = client.wait("connection", state="failed")
    assert failed["reason_code"] == "peer"
    labs.wait_until(lambda: condition in server.links[0].data, f"{condition} is told to the server")
    client.wait("connection", state="online", where=lambda e: len(server.links) > 1)
    assert client.quit() == 0


def test_a_doctype_before_the_login(lab, evil):  # H05
    def story(link):
        link.read(r"<stream:stream[^>]*>")
        link.send("<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><stream:stream xmlns='jabber:client' "
                  "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")

    server = evil(story)
    client = refused(lab, server)
    assert "<auth" not in server.sent()
    assert client.failed["reason_code"] == "peer"


@pytest.mark.parametrize("xml", ["<stream:error/>", "<stream:error><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"])
def test_a_stream_error_without_a_word(lab, evil, xml):
    def story(link):
        link.read(r"<stream:stream[^>]*>")
        link.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
                  f"version='1.0'>{xml}")

    client = refused(lab, evil(story))
    assert client.quit() == 0


def test_ten_thousand_stanzas(lab, evil):  # H07
    def story(link):
        link.login()
        link.send("<presence from='evil@x/1'/>" * 10000)
        link.send("<iq type='get' from='evil@x/1' id='i'><query xmlns='jabber:iq:version'/></iq>" * 2000)
        link.send("<message from='bob@a.test/1' type='chat'><body>after the flood</body></message>")
        link.serve()

    server = evil(story)
    client = lab.client("alice").start()
    client.login("alice@a.test", server)
    start = time.monotonic()
    client.run("/account list")
    assert time.monotonic() - start < labs.AT_ONCE
    client.wait("message", body="after the flood")
    assert client.quit() == 0
