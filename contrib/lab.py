# SPDX-License-Identifier: GPL-3.0-or-later
"""Loopback servers and clients for the demo and the tests: everything lives in one temporary directory, on free ports of
127.0.0.1, and dies with the process that made it."""

import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
_libc = ctypes.CDLL(None, use_errno=True)
# Seconds that a wait takes before it gives up: no figure of anything, only more than the busiest machine needs.
PATIENCE = 60.0
# What follows from an event takes less than this, also there; what waits for a timer takes more.
AT_ONCE = 5.0


def die_with_parent():
    """For preexec_fn: the kernel kills the child when the thread that started it is gone (PR_SET_PDEATHSIG)."""
    _libc.prctl(1, signal.SIGKILL)


def wait_until(condition, what, timeout=PATIENCE, step=0.02):
    end = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {timeout:g} s")
        time.sleep(step)


class Ports:
    """Free ports that no two callers on this machine get: a name in the abstract namespace of Unix sockets, held while this
    process lives, goes with each. They lie below the range the kernel takes ports of outgoing connections from."""

    held = []

    @classmethod
    def take(cls, count):
        ports = []
        while len(ports) < count:
            port = random.randrange(10000, 32000)
            name = socket.socket(socket.AF_UNIX)
            try:
                name.bind(f"\0sotto-lab-port-{port}")
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as free:
                        free.bind(("127.0.0.1", port))
            except OSError:
                name.close()
                continue
            cls.held.append(name)
            ports.append(port)
        return ports


class Authority:
    """A certificate authority of our own and the leaves that it signs."""

    def __init__(self, directory, name="Sotto Lab CA"):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.cert, self.key = self.dir / "ca.crt", self.dir / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                      "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.cert,
                      "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def leaf(self, domain, cert, key, days=30, names=None, usage="serverAuth,clientAuth"):
        """days < 0: one that is expired. names: other names than the domain."""
        request, extensions = f"{cert}.csr", f"{cert}.ext"
        names = names or [domain, f"*.{domain}"]
        pathlib.Path(extensions).write_text(
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            f"extendedKeyUsage={usage}\nsubjectAltName=" + ",".join(f"DNS:{n}" for n in names) + "\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={names[0]}",
                      "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                      "-extfile", extensions, "-out", cert)

    @staticmethod
    def _openssl(*args):
        done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {args[0]}: {done.stderr.strip()}")


def lua(value):
    """A Python value as Lua source."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{ " + "; ".join(f"[{lua(k)}] = {lua(v)}" for k, v in value.items()) + " }"
    return "{ " + "; ".join(lua(v) for v in value) + " }"


class Server:
    """One Prosody."""

    def __init__(self, lab, domain):
        self.lab, self.domain = lab, domain
        self.dir = lab.dir / domain
        self.log = self.dir / "prosody.log"
        self.port, self.tls_port, self.s2s_port = Ports.take(3)
        self.process = None
        for sub in ("data", "certs"):
            (self.dir / sub).mkdir(parents=True, exist_ok=True)
        self.cert, self.key = self.dir / "certs" / f"{domain}.crt", self.dir / "certs" / f"{domain}.key"
        lab.ca.leaf(domain, self.cert, self.key)

    def configure(self, peers=(), modules=(), without=(), password_hash="SHA-256", options="", level="debug", turn=None):
        """turn: a Turn that it announces to clients (XEP-0215), with credentials for a day."""
        if turn:
            modules = (*modules, "turn_external")
            options += (f'\nturn_external_host = "{self.lab.address}"; turn_external_port = {turn.port}; '
                        f'turn_external_secret = "{turn.secret}"\n')
        routes = "; ".join(f'["{p.domain}"] = {{ "{self.lab.address}", {p.s2s_port} }}' for p in peers)
        values = {"RUN": self.dir, "PLUGINS": HERE / "prosody", "ROUTES": routes, "C2S": self.port, "C2S_TLS": self.tls_port,
                  "S2S": self.s2s_port, "LEVEL": level, "MODULES": " ".join(f'"{m}";' for m in modules),
                  "WITHOUT": " ".join(f'"{m}";' for m in without), "HASH": password_hash, "CA": self.lab.ca.cert,
                  "OPTIONS": options, "DOMAIN": self.domain, "ADDRESS": self.lab.address}
        text = (HERE / "prosody" / "prosody.cfg.lua.in").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (self.dir / "prosody.cfg.lua").write_text(text)

    def start(self):
        with open(self.dir / "prosody.out", "ab") as out:
            self.process = subprocess.Popen(["prosody", "--config", str(self.dir / "prosody.cfg.lua"), "-F"], stdout=out,
                                            stderr=out, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.lab.processes.append(self.process)

        def open_ports():  # one after the other, in the order of its modules
            if self.process.poll() is not None:
                raise RuntimeError(f"prosody for {self.domain} ended at once: {(self.dir / 'prosody.out').read_text()[-2000:]}")
            try:
                for port in (self.port, self.tls_port, self.s2s_port):
                    socket.create_connection((self.lab.address, port), 1).close()
                return True
            except OSError:
                return False
        wait_until(open_ports, f"prosody for {self.domain}")
        for line in self.lines():
            if "certmanager" in line and "\terror\t" in line:
                raise RuntimeError(f"prosody for {self.domain}: {line}")

    def stop(self, kill=False):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def _store(self, store, user, value):
        encode = lambda name: "".join(c if c.isalnum() and c.isascii() or c == "_" else f"%{ord(c):02x}" for c in name)
        path = self.dir / "data" / encode(self.domain) / store / f"{encode(user)}.dat"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"return {lua(value)};\n")

    def add_user(self, user, password=None):
        """Works while the server runs; Prosody hashes the password at the first login."""
        self._store("accounts", user, {"password": password or f"pw-{user}"})
        return f"{user}@{self.domain}"

    def set_roster(self, user, contacts):
        """contacts: {jid: (name, subscription)} or {jid: subscription}; only while the user is offline."""
        roster = {False: {"version": 1, "pending": {}}}
        for jid, entry in contacts.items():
            name, subscription = entry if isinstance(entry, tuple) else (jid.split("@")[0].capitalize(), entry)
            roster[jid] = {"name": name, "subscription": subscription, "groups": {}}
        self._store("roster", user, roster)

    def files_with(self, *markers):
        """Every file of the server (logs, archive, offline store) that holds one of these texts."""
        found = []
        for path in self.dir.rglob("*"):
            if path.is_file() and path.suffix not in (".crt", ".key"):
                data = path.read_bytes()
                found += [(path, marker) for marker in markers if marker.encode() in data]
        return found

    def lines(self):
        """The log, as far as its lines are whole."""
        return self.log.read_text(errors="replace").rpartition("\n")[0].split("\n")

    def wire(self):
        """All stanzas that clients sent, as logged by mod_stanza_debug."""
        return [line.split("RECV: ", 1)[1] for line in self.lines() if "RECV: " in line]

    def full(self, jid):
        """The address with the resource that was last seen of it."""
        return re.findall(rf"{re.escape(jid)}/[A-Za-z0-9_-]{{10,}}", "\n".join(self.lines()))[-1]


class Turn:
    """One coturn: STUN and TURN over UDP and TCP, for peers on loopback too."""

    def __init__(self, lab):
        self.lab, self.dir, self.secret = lab, lab.dir / "turn", f"lab-{random.getrandbits(64):x}"
        (self.port,) = Ports.take(1)
        self.dir.mkdir(exist_ok=True)
        self.log = self.dir / "turn.log"

    def start(self):
        config = self.dir / "turnserver.conf"
        config.write_text(f"""listening-ip={self.lab.address}
relay-ip={self.lab.address}
listening-port={self.port}
use-auth-secret
static-auth-secret={self.secret}
realm=lab.test
allow-loopback-peers
no-cli
cli-password=never-asked
no-tls
no-dtls
no-multicast-peers
userdb={self.dir / "turndb"}
pidfile={self.dir / "turn.pid"}
log-file={self.log}
simple-log
verbose
""")
        config.chmod(0o600)
        with open(self.dir / "turn.out", "wb") as out:
            self.process = subprocess.Popen(["turnserver", "-c", str(config)], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                            preexec_fn=die_with_parent)
        self.lab.processes.append(self.process)

        def answers():  # by UDP (a Binding of RFC 8489), which it opens by itself and before or after TCP
            if self.process.poll() is not None:
                raise RuntimeError(f"coturn ended at once: {(self.dir / 'turn.out').read_text()[-2000:]}")
            try:
                socket.create_connection((self.lab.address, self.port), 1).close()
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                    udp.settimeout(0.2)
                    udp.connect((self.lab.address, self.port))
                    udp.send(struct.pack("!HHI", 1, 0, 0x2112A442) + os.urandom(12))
                    return udp.recv(2048)
            except OSError:
                return False
        wait_until(answers, "coturn")
        return self


class Sotto:
    """A sotto --headless, driven by lines and read by events."""

    # Events that tell how a thing is now, and what names the thing: once a newer one was waited for, the older ones are history.
    NOW = {"connection": ("account",), "roster": ("account", "jid"), "call": ("id",), "message-state": ("id",), "trust": ("peer", "device")}

    def __init__(self, lab, name, args=(), passphrase="correct horse", env=None, wrapper=(), stay=False):
        self.lab, self.name, self.passphrase = lab, name, passphrase
        self.dir = lab.dir / "profiles" / name
        self.dir.mkdir(parents=True, exist_ok=True)
        self.args, self.wrapper, self.stay = list(args), list(wrapper), stay
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.dir), "LANG": "C.UTF-8", "TZ": "UTC", "TERM": "dumb",
                    "ASAN_OPTIONS": "abort_on_error=0:exitcode=99", "UBSAN_OPTIONS": "print_stacktrace=1", **(env or {})}
        self.process = None
        self.events, self.taken, self.newest, self.lines, self.runs = [], set(), {}, 0, 0
        self.changed = threading.Condition()

    def start(self, *commands, ready=True, timeout=PATIENCE):
        read, write = os.pipe()
        os.write(write, self.passphrase.encode() + b"\n")
        os.close(write)
        self.runs += 1
        self.stderr = self.dir.parent / f"{self.name}.{self.runs}.err"
        argv = [*self.wrapper, str(self.lab.sotto), "--headless", "--config-dir", str(self.dir / "profile"),
                "--passphrase-fd", str(read), *(["--stay"] if self.stay else []), *self.args]
        for command in commands:
            argv += ["-e", command]
        with open(self.stderr, "wb") as err:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, env=self.env,
                                            cwd=self.dir, pass_fds=(read,), preexec_fn=die_with_parent)
        os.close(read)
        self.lab.processes.append(self.process)
        with self.changed:
            self.events, self.taken, self.newest, self.lines = [], set(), {}, 0
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        if ready:
            self.wait("ready", timeout=timeout)
        return self

    def _read(self, process):
        log = open(self.dir.parent / f"{self.name}.{self.runs}.jsonl", "wb")
        for line in process.stdout:
            log.write(line)
            log.flush()
            if not line.endswith(b"\n"):
                break  # it was killed while it wrote
            event = json.loads(line)
            with self.changed:
                if process is self.process:
                    self.events.append(event)
                self.changed.notify_all()
        log.close()
        process.wait()
        with self.changed:
            if process is self.process:
                self.events.append({"event": "(exit)", "status": process.returncode})
            self.changed.notify_all()

    @staticmethod
    def _fits(event, kind, where, fields):
        if kind and event["event"] != kind:
            return False
        if any(event.get(k) != v for k, v in fields.items()):
            return False
        try:
            return where is None or bool(where(event))
        except KeyError:  # what it does not say does not fit
            return False

    def _old(self, event, position):
        names = self.NOW.get(event["event"])
        thing = names and (event["event"], *(event.get(name) for name in names))
        return position in self.taken or (thing and position < self.newest.get(thing, -1)), thing

    def wait(self, kind, /, where=None, timeout=PATIENCE, fresh=True, **fields):
        """The first event of that kind with these fields that no wait has taken yet and, of those that tell how something is now, that is
        newer than what was taken of it (fresh=False: any)."""
        end = time.monotonic() + timeout
        with self.changed:
            position = 0
            while True:
                while position < len(self.events):
                    event = self.events[position]
                    old, thing = self._old(event, position)
                    if not (fresh and old) and self._fits(event, kind, where, fields):
                        self.taken.add(position)
                        if thing:
                            self.newest[thing] = max(position, self.newest.get(thing, -1))
                        return event
                    position += 1
                left = end - time.monotonic()
                ended = self.events and self.events[-1]["event"] == "(exit)"
                if left <= 0 or ended:
                    why = f"ended with status {self.events[-1]['status']}" if ended else f"not within {timeout:g} s"
                    raise TimeoutError(f"{self.name}: {kind} {fields or ''}: {why}\n{self.tail()}")
                self.changed.wait(left)

    def seen(self, kind, /, where=None, **fields):
        with self.changed:
            return [e for e in self.events if self._fits(e, kind, where, fields)]

    def forget(self):
        """Only events from now on are waited for."""
        with self.changed:
            self.taken.update(range(len(self.events)))

    def send(self, line):
        """A line as typed; one with newlines goes as a JSON string. Returns its number."""
        if "\n" in line or line.startswith('"'):
            line = json.dumps(line)
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        self.lines += 1
        return self.lines

    def run(self, line, ok=True, timeout=PATIENCE):
        """Send a line, wait until it is done, return what it printed (text of output and error)."""
        seq = self.send(line)
        done = self.wait("done", seq=seq, timeout=timeout)
        answers = [e for kind in ("output", "error") for e in self.seen(kind, seq=seq)]
        text = "\n".join(e["text"] for e in answers)
        if ok is not None and done["ok"] != ok:
            raise AssertionError(f"{self.name}: {line}: ok is {done['ok']}: {text}\n{self.tail()}")
        return text

    def tail(self, count=25):
        err = self.stderr.read_text(errors="replace")[-3000:]
        shown = "\n".join(json.dumps(e, ensure_ascii=False)[:400] for e in self.events[-count:])
        return f"--- {self.name}: last events\n{shown}\n--- {self.name}: stderr\n{err}"

    def login(self, jid, server, password=None, online=True, **options):
        """Add the account and connect it."""
        secret = self.dir / f"password.{jid}"
        secret.write_text(password or f"pw-{jid.split('@')[0]}")
        options = {"host": self.lab.address, "port": server.port, "tls": "starttls", "ca_file": self.lab.ca.cert,
                   "password_command": f'"/bin/cat {secret}"', **options}
        self.run(f"/account add {jid} " + " ".join(f"{k} {v}" for k, v in options.items() if v is not None))
        self.run(f"/connect {jid}", ok=None)
        return self.wait("connection", account=jid, state="online") if online else None

    def quit(self, timeout=PATIENCE):
        if self.process.poll() is None:
            self.send("/quit")
        return self.join(timeout)

    def join(self, timeout=PATIENCE):
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name}: still runs after {timeout:g} s\n{self.tail()}") from None
        self.reader.join(PATIENCE)
        # The leak checker of gcc 12 now and then crashes itself, over the thread-local memory of a module that was loaded late.
        checker_crashed = "Tracer caught signal" in self.stderr.read_text(errors="replace")
        return 0 if checker_crashed else self.process.returncode

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            self.reader.join(PATIENCE)


class Lab:
    def __init__(self, build=None, directory=None):
        self.dir = pathlib.Path(directory or tempfile.mkdtemp(prefix="sotto-lab."))
        self.build = pathlib.Path(build or os.environ.get("SOTTO_BUILD") or ROOT / "build" / "release").resolve()
        self.sotto = self.build / "sotto"
        self.address = "127.0.0.1"  # of the servers
        self.processes, self.clients, self.servers = [], [], []
        self.ca = Authority(self.dir / "ca")

    def server(self, domain="a.test", start=True, **config):
        server = Server(self, domain)
        self.servers.append(server)
        server.configure(**config)
        if start:
            server.start()
        return server

    def federation(self, *domains, **config):
        """Servers that reach each other without DNS."""
        servers = [self.server(d, start=False) for d in domains]
        for server in servers:
            server.configure(peers=[s for s in servers if s is not server], **config)
        for server in servers:
            server.start()
        return servers

    def turn(self):
        return Turn(self).start()

    def client(self, name, **kwargs):
        client = Sotto(self, name, **kwargs)
        self.clients.append(client)
        return client

    def close(self, keep=False):
        """Ends every process that was started here; nothing else. What is tested has the time to end as it wants."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        begun, tested = time.monotonic(), [client.process for client in self.clients]
        for process in self.processes:
            try:
                process.wait(max(0.0, begun + (PATIENCE if process in tested else 3) - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)
