# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a lab per test (contrib/lab.py), with servers, a federation and sottos; logs are kept when a test fails.

SOTTO_BUILD names the build folder (build/release), SOTTO_LONG=1 runs the long forms, SOTTO_NO_SKIP=1 turns skips into failures,
SOTTO_SHARE=1/2 runs the first half of the tests: every second one."""

import os
import pathlib
import shutil
import signal
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "contrib"), str(ROOT / "tests")]
import lab as labs  # noqa: E402

LONG = os.environ.get("SOTTO_LONG") == "1"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, f"report_{report.when}", report)
    if report.skipped and os.environ.get("SOTTO_NO_SKIP") == "1":
        report.outcome = "failed"
    lab = getattr(item, "funcargs", {}).get("lab")
    # After the end of the test the lab is gone; what a sanitizer said is in the failure itself.
    if report.failed and report.when == "call" and lab:
        for client in lab.clients:
            if client.process:
                report.sections.append((f"sotto {client.name}", client.tail()))


@pytest.fixture
def lab(request):
    """A directory, a CA and no server yet: lab.server("a.test"), lab.client("alice")."""
    lab = labs.Lab()
    if not lab.sotto.exists():
        pytest.fail(f"{lab.sotto} is not built")
    yield lab
    report = getattr(request.node, "report_call", None)
    failed = report is None or report.failed
    lab.close(keep=True)
    crashed = []
    for client in lab.clients:
        for err in client.dir.parent.glob(f"{client.name}.*.err"):
            text = err.read_text(errors="replace")
            if any(word in text for word in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "-CRITICAL **")):
                crashed.append(f"{client.name}: {text[:6000]}")
    if failed or crashed:
        logs = lab.build / "e2e-logs" / request.node.name.replace("/", "_")
        shutil.rmtree(logs, ignore_errors=True)
        logs.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(lab.dir, logs, ignore=lambda d, names: [n for n in names if not (pathlib.Path(d) / n).is_file() and not (pathlib.Path(d) / n).is_dir()])
        print(f"kept: {logs}")
    shutil.rmtree(lab.dir, ignore_errors=True)
    assert not crashed, "\n".join(crashed)


@pytest.fixture
def server(lab):
    """a.test, with stanzas in its log (server.wire()) and the code='404' that profanity wants."""
    return lab.server("a.test", modules=["stanza_debug", "code404"])


@pytest.fixture
def federation(lab):
    """(a.test, b.test) that reach each other; alice@a.test and bob@b.test are mutually subscribed."""
    a, b = lab.federation("a.test", "b.test", modules=["stanza_debug", "code404"])
    a.add_user("alice")
    b.add_user("bob")
    a.set_roster("alice", {"bob@b.test": "both"})
    b.set_roster("bob", {"alice@a.test": "both"})
    return a, b


@pytest.fixture
def pair(lab, federation):
    """(alice, bob): two sottos online on the two servers, each with the other on its roster."""
    a, b = federation
    alice, bob = lab.client("alice").start(), lab.client("bob").start()
    alice.login("alice@a.test", a)
    bob.login("bob@b.test", b)
    alice.wait("roster", jid="bob@b.test")
    bob.wait("roster", jid="alice@a.test")
    return alice, bob


def pytest_configure(config):
    config.addinivalue_line("markers", "san: also run with the sanitizer build")
    config.addinivalue_line("markers", "long: takes its time, and is run by make check-long alone")
    config.addinivalue_line("markers", "calls: what the two sotto-media of a test do (test_media.py)")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if not LONG:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    share, shares = (int(n) for n in os.environ.get("SOTTO_SHARE", "1/1").split("/"))
    others = [item for n, item in enumerate(items) if n % shares != share - 1]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for n, item in enumerate(items) if n % shares == share - 1]


@pytest.fixture(autouse=True)
def deadline(request):
    """No test hangs: five minutes, an hour for long ones."""
    def late(number, frame):
        raise TimeoutError(f"{request.node.name} took too long")
    signal.signal(signal.SIGALRM, late)
    signal.alarm(3600 if LONG else 300)
    yield
    signal.alarm(0)
