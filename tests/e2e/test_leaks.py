# SPDX-License-Identifier: GPL-3.0-or-later
"""The program under valgrind, from the start to /quit: no memory is lost, none is read that was never written or was freed."""

import re

from lab import PATIENCE

VALGRIND = ("valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
            "--num-callers=20", "--error-exitcode=97")


def test_a_day_under_valgrind_loses_nothing(lab, server):  # O1
    for user in ("alice", "bob"):
        server.add_user(user)
    server.set_roster("alice", {"bob@a.test": "both"})
    server.set_roster("bob", {"alice@a.test": "both"})
    alice, bob = lab.client("alice", wrapper=VALGRIND).start(timeout=3 * PATIENCE), lab.client("bob").start()
    alice.login("alice@a.test", server, password="wrong", online=False)
    alice.wait("connection", where=lambda e: "password" in e["reason"], state="failed")
    (alice.dir / "password.alice@a.test").write_text("pw-alice")
    alice.run("/connect alice@a.test", ok=None)
    alice.wait("connection", state="online")
    bob.login("bob@a.test", server)
    for turn in range(2):
        alice.run(f"/msg bob@a.test from alice {turn}")
        bob.wait("message", direction="in", body=f"from alice {turn}")
        bob.run(f"/msg alice@a.test from bob {turn}")
        alice.wait("message", direction="in", body=f"from bob {turn}")
    alice.run("/tls")
    alice.run("/disconnect alice@a.test")
    alice.wait("connection", state="offline")
    alice.run("/connect alice@a.test", ok=None)
    alice.wait("connection", state="online")
    status = alice.quit()
    found = alice.stderr.read_text(errors="replace")
    lost = re.findall(r".*(?:definitely lost|Invalid|uninitialised).*", found)
    assert status == 0 and not lost, found[-8000:]
    assert bob.quit() == 0
