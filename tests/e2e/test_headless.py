# SPDX-License-Identifier: GPL-3.0-or-later
"""The headless front end keeps its promise to scripts: one object a line, numbered lines, clean ends."""

import json
import os
import subprocess
import time

import pytest

from lab import PATIENCE

pytestmark = pytest.mark.san


def test_ready_comes_first_and_every_line_is_closed_by_done(lab):
    client = lab.client("alice").start()
    first = client.events[0]
    assert first["event"] == "ready" and first["version"]
    assert first["time"].endswith("Z")
    assert client.send("/version") == 1
    assert client.wait("done", seq=1)["ok"] is True
    assert client.wait("output", seq=1)["text"]
    assert client.send("/no-such-command") == 2
    assert client.wait("done", seq=2)["ok"] is False
    error = client.wait("error", seq=2)
    assert "no-such-command" in error["text"] and error["reason_code"] == "input"
    assert client.quit() == 0


def test_a_line_with_a_quote_is_a_json_string_and_a_wrong_one_is_refused(lab):
    client = lab.client("alice").start()
    client.process.stdin.write(b'"/ver\\u0073ion"\n')
    client.process.stdin.write(b'"no end\n')
    client.process.stdin.write(b'"two" 3\n')
    client.process.stdin.write(b"\xff\xfe not utf-8\n")
    client.process.stdin.flush()
    client.lines += 4
    assert client.wait("done", seq=1)["ok"] is True
    for seq in (2, 3, 4):
        assert client.wait("done", seq=seq)["ok"] is False
        assert client.wait("error", seq=seq)["reason_code"] == "input"
    assert client.run("/version")
    assert client.quit() == 0


def test_what_would_command_a_terminal_is_written_as_its_number(lab):
    """G01, G03: exact for scripts, harmless where the lines themselves are looked at."""
    odd = "\x1b[31m\x7f\x9b31m\x85\u200b\u202e\u2066\u2028\ufeff\U000e0041gr\xfc\xdf"
    client = lab.client("alice").start()
    client.process.stdin.write(json.dumps("/no-such" + odd).encode() + b"\n")
    client.process.stdin.flush()
    client.lines += 1
    assert odd in client.wait("error", seq=1)["text"]
    raw = (client.dir.parent / f"{client.name}.{client.runs}.jsonl").read_text("utf-8")
    assert "gr\xfc\xdf" in raw and "\\u009b" in raw and "\\udb40\\udc41" in raw
    assert not set(raw) & set(odd) - set("[31mgr\xfc\xdf")
    assert client.quit() == 0


def test_a_line_of_two_mebibytes_is_refused_and_the_next_one_works(lab):
    client = lab.client("alice").start()
    client.process.stdin.write(b"x" * (2 << 20) + b"\n/version\n")
    client.process.stdin.flush()
    client.lines += 2
    assert client.wait("done", seq=1)["ok"] is False
    assert client.wait("done", seq=2)["ok"] is True
    assert client.quit() == 0


def test_end_of_input_ends_the_program_after_all_lines_are_done(lab):
    client = lab.client("alice").start()
    client.send("/version")
    client.process.stdin.close()
    assert client.join() == 0
    assert client.wait("done", seq=1)["ok"] is True


def test_with_stay_the_end_of_input_is_nothing(lab):
    client = lab.client("alice", stay=True).start()
    client.process.stdin.close()
    time.sleep(0.5)
    assert client.process.poll() is None
    client.process.terminate()
    assert client.join() == 0


def test_commands_of_the_command_line_run_after_ready_in_order(lab):
    client = lab.client("alice").start("/version", "/no-such-command")
    client.wait("error", where=lambda e: "no-such-command" in e["text"])
    kinds = [e["event"] for e in client.events]
    assert kinds.index("ready") < kinds.index("output") < kinds.index("error")
    assert client.quit() == 0


@pytest.mark.parametrize("source", [[], ["--passphrase-fd", "99"]])
def test_without_a_passphrase_there_is_one_error_line_and_status_1(lab, source):
    lab.client("alice").start().quit()
    profile = lab.dir / "profiles" / "alice" / "profile"
    done = subprocess.run([lab.sotto, "--headless", "--config-dir", profile, *source], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=PATIENCE, env={"PATH": os.environ["PATH"], "HOME": str(lab.dir), "LANG": "C.UTF-8"})
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [e["event"] for e in events] == ["error"], events
    assert "passphrase" in events[0]["text"]


def test_a_wrong_passphrase_is_said_and_ends_with_status_1(lab):
    client = lab.client("alice").start()
    client.quit()
    client.passphrase = "wrong horse"
    client.start(ready=False)
    assert "passphrase" in client.wait("error")["text"]
    assert client.join() == 1
    client.passphrase = "correct horse"
    client.start()
    assert client.quit() == 0


def test_a_second_process_on_the_same_profile_is_refused_in_words(lab):
    first = lab.client("alice").start()
    second = lab.client("alice").start(ready=False)
    text = second.wait("error")["text"]
    assert "use" in text or "running" in text or "process" in text, text
    assert second.join() == 1
    assert first.run("/version")
    assert first.quit() == 0


def bare(lab, name):
    """A headless sotto with plain pipes, for readers that misbehave."""
    read, write = os.pipe()
    os.write(write, b"correct horse\n")
    os.close(write)
    process = subprocess.Popen([lab.sotto, "--headless", "--config-dir", lab.dir / name, "--passphrase-fd", str(read)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=(read,),
                               env={"PATH": os.environ["PATH"], "HOME": str(lab.dir), "LANG": "C.UTF-8"})
    os.close(read)
    lab.processes.append(process)
    assert b"ready" in process.stdout.readline()
    return process


def test_a_reader_that_does_not_read_does_not_freeze_the_program(lab):
    """Some megabytes of answers that nobody reads: all lines must be taken, i.e. writing them never blocks for good."""
    process = bare(lab, "slow")
    os.set_blocking(process.stdin.fileno(), False)
    lines, end = memoryview(b"/help\n" * 1500), time.monotonic() + 2 * PATIENCE
    while lines and time.monotonic() < end:
        try:
            lines = lines[os.write(process.stdin.fileno(), lines[:4096]):]
        except BlockingIOError:
            time.sleep(0.01)
    assert not lines, "the program stopped reading"
    process.stdin.close()
    assert sum(1 for line in process.stdout if json.loads(line)) > 1000
    assert process.wait(PATIENCE) == 0


def test_the_exit_is_clean_when_the_reader_goes_away(lab):
    process = bare(lab, "gone")
    process.stdout.close()
    try:
        process.stdin.write(b"/help\n" * 50 + b"/quit\n")
        process.stdin.close()
    except BrokenPipeError:
        pass
    assert process.wait(PATIENCE) in (0, 1)
