# SPDX-License-Identifier: GPL-3.0-or-later
"""sotto against the programs of others as Debian has them, in namespaces of their own (make interop): a network with one address, the
lab's names and its authority. Nothing outside of them is touched; without them nothing is run."""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "contrib"), str(ROOT / "tests")]
import lab as labs  # noqa: E402

ADDRESS = "192.0.2.2"
NEEDED = ("dino-im", "Xvfb", "xdotool", "import", "pulseaudio", "pactl", "gdbus", "dbus-daemon")


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True, **options).stdout


def mount_over(text, place):
    source = pathlib.Path(place[0])
    source.write_text(text)
    run("mount", "--bind", source, place[1])


@pytest.fixture(scope="session", autouse=True)
def network():
    if os.environ.get("SOTTO_OWN_NAMESPACES") != "1":
        pytest.skip("make interop")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there")
    run("ip", "link", "set", "there", "up")
    run("ip", "address", "add", f"{ADDRESS}/24", "dev", "here")
    run("ip", "link", "set", "here", "up")


@pytest.fixture
def lab(request):
    lab = labs.Lab()
    yield lab
    for client in lab.clients:
        client.kill()
    lab.close(keep=os.environ.get("SOTTO_KEEP") == "1")


@pytest.fixture
def server(lab):
    """a.test, found by its name alone: on its own address and the port that a client tries without DNS."""
    server = labs.Server(lab, "a.test")
    lab.servers.append(server)
    server.port = 5222
    server.configure()
    config = server.dir / "prosody.cfg.lua"
    config.write_text(config.read_text().replace('interfaces = { "127.0.0.1" };', f'interfaces = {{ "{ADDRESS}"; "127.0.0.1" }};', 1))
    server.start()
    mount_over(f"127.0.0.1 localhost\n{ADDRESS} a.test\n", (lab.dir / "hosts", "/etc/hosts"))
    mount_over("nameserver 127.0.0.9\noptions timeout:1 attempts:1\n", (lab.dir / "resolv", "/etc/resolv.conf"))
    mount_over(pathlib.Path(lab.ca.cert).read_text(), (lab.dir / "authorities", "/etc/ssl/certs/ca-certificates.crt"))
    server.add_user("alice")
    server.add_user("bob")
    server.set_roster("alice", {"bob@a.test": "both"})
    server.set_roster("bob", {"alice@a.test": "both"})
    yield server
    for place in ("/etc/hosts", "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
        run("umount", place)


@pytest.fixture
def alice(lab, server):
    alice = lab.client("alice").start()
    alice.login("alice@a.test", server, host=ADDRESS)
    for option, value in (("call.audio_source", "test"), ("call.audio_sink", "none"), ("call.video_source", "test"),
                          ("call.sounds", "off"), ("call.address", "direct")):
        alice.run(f"/set {option} {value}")
    return alice


class Dino:
    """Dino 0.4 on a screen of its own, with a microphone that hears a voice-like tone, no camera."""

    def __init__(self, lab):
        missing = [name for name in NEEDED if not shutil.which(name)]
        if missing:
            pytest.skip(f"not installed: {' '.join(missing)} (contrib/deps interop)")
        self.lab, self.home, self.calls = lab, lab.dir / "dino", 0
        run_dir = lab.dir / "run"
        run_dir.mkdir(mode=0o700)
        self.home.mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(run_dir),
                    "GSK_RENDERER": "cairo", "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1", "GTK_A11Y": "none",
                    "GSETTINGS_BACKEND": "memory"}
        self._screen()
        self._bus()
        self._sound()
        self._account()
        self.start("dino-im")
        self._wait_for_account()

    def start(self, *argv):
        with open(self.lab.dir / f"{pathlib.Path(argv[0]).name}.log", "ab") as log:
            process = subprocess.Popen([str(word) for word in argv], env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                       preexec_fn=labs.die_with_parent)
        self.lab.processes.append(process)
        return process

    def _screen(self):
        read, write = os.pipe()
        process = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1200x800x24", "-nolisten", "tcp", "-noreset"],
                                   pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=open(self.lab.dir / "screen.log", "wb"),
                                   preexec_fn=labs.die_with_parent)
        self.lab.processes.append(process)
        os.close(write)
        with os.fdopen(read) as said:
            self.env["DISPLAY"] = ":" + said.readline().strip()
        labs.wait_until(lambda: subprocess.run(["xdotool", "getdisplaygeometry"], env=self.env, capture_output=True).returncode == 0,
                        "a screen")

    def _bus(self):
        process = subprocess.Popen(["dbus-daemon", "--session", "--print-address", "--nofork"], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, preexec_fn=labs.die_with_parent)
        self.lab.processes.append(process)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = process.stdout.readline().decode().strip()

    def _sound(self):
        """Monitors are no microphones to Dino, and a steady tone is noise: what it hears comes and goes."""
        self.start("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-L", "module-native-protocol-unix",
                   "-L", "module-null-sink sink_name=ear", "-L", "module-null-sink sink_name=voice rate=48000 channels=1",
                   "-L", "module-remap-source source_name=mouth master=voice.monitor source_properties=device.class=sound")
        labs.wait_until(lambda: subprocess.run(["pactl", "set-default-source", "mouth"], env=self.env, capture_output=True).returncode == 0,
                        "a sound server")
        run("pactl", "set-default-sink", "ear", env=self.env)
        import array
        import math
        samples = array.array("h", (int(12000 * math.sin(i * 0.0576) * max(0, math.sin(i * 0.0004))) for i in range(48000 * 20)))
        (self.lab.dir / "voice.raw").write_bytes(samples.tobytes() * 9)
        self.start("pacat", "--playback", "--device=voice", "--format=s16le", "--rate=48000", "--channels=1", self.lab.dir / "voice.raw")

    def _ask(self, database, question):
        """What its own database answers; None while it has none."""
        try:
            with sqlite3.connect(self.home / ".local/share/dino" / database) as db:
                return db.execute(question).fetchone()
        except sqlite3.Error:
            return None

    def _account(self):
        """It makes its database at the first start; the account is written into it."""
        first = self.start("dino-im")
        labs.wait_until(lambda: self._ask("dino.db", "select count(*) from account"), "the database of Dino", 60)
        time.sleep(1)
        first.terminate()
        first.wait(10)
        with sqlite3.connect(self.home / ".local/share/dino/dino.db") as db:
            db.execute("insert into account (bare_jid, resourcepart, password, enabled) values ('bob@a.test', 'dino', 'pw-bob', 1)")

    def _wait_for_account(self):
        labs.wait_until(lambda: (self._ask("omemo.db", "select count(*) from identity") or [0])[0], "keys of Dino", 60)
        time.sleep(3)

    def act(self, name, argument):
        run("gdbus", "call", "--session", "--dest", "im.dino.Dino", "--object-path", "/im/dino/Dino", "--method",
            "org.gtk.Actions.Activate", name, argument, "{}", env=self.env)

    def rings(self):
        self.calls += 1
        labs.wait_until(lambda: (self._ask("dino.db", "select max(id) from call") or [0])[0] == self.calls, "a call at Dino", 10)
        time.sleep(0.5)

    def accept(self):
        """The call that rings."""
        self.rings()
        self.act("accept-call", f"[<(1,{self.calls})>]")

    def reject(self):
        self.rings()
        self.act("reject-call", f"[<(1,{self.calls})>]")

    def click(self, x, y):
        run("xdotool", "mousemove", x, y, "click", 1, env=self.env)
        time.sleep(1)

    def call(self, video=False):
        """The second chat of its list is the one with alice; the button of its title bar opens a menu."""
        self.calls += 1
        self.click(150, 140)
        self.click(978, 28)
        self.click(978, 112 if video else 80)

    def pixel(self, x, y):
        return tuple(subprocess.run(["import", "-window", "root", "-crop", f"1x1+{x}+{y}", "-depth", "8", "rgb:-"], env=self.env,
                                    capture_output=True, check=True).stdout)


@pytest.fixture
def dino(lab, server, alice):
    dino = Dino(lab)
    alice.run("/msg bob@a.test hello")  # so that there is a chat with her in its list
    time.sleep(1)
    return dino
