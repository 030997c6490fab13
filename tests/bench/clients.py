# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that are measured: how each is set up, started and led to a chat."""

import os
import shutil

from raw import Raw
from terminal import Terminal


class Client:
    """One program with a home of its own. bob is who writes to it."""
    irc = False
    page_up = b"\x1b[5~"

    def __init__(self, lab, server, user, **settings):
        self.lab, self.server, self.user = lab, server, user
        self.home = lab.dir / "bench" / self.name / f"{user}.{getattr(server, 'domain', 'irc')}"
        self.home.mkdir(parents=True)
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC"}
        self.prepare(**settings)

    @property
    def jid(self):
        return f"{self.user}@{self.server.domain}"

    @property
    def bob(self):
        return f"bob@{self.server.domain}"

    def spawn(self, argv, **options):
        return Terminal([str(a) for a in argv], self.env, cwd=str(self.home), **options)

    def prepare(self):
        pass

    def wait_online(self, terminal, timeout=120):
        terminal.wait_for("c00000", timeout=timeout)

    def talker(self):
        return Talker(self)


class Talker:
    """bob, who says what he is told."""

    def __init__(self, client):
        self.client = client
        self.raw = Raw(client.server, "bob", resource=f"for-{client.name}")

    def say(self, *bodies):
        self.raw.send("".join(f"<message to='{self.client.jid}' type='chat'><body>{body}</body></message>" for body in bodies))

    def close(self):
        self.raw.close()


class IrcTalker:
    def __init__(self, client):
        self.client = client

    def say(self, *bodies):
        self.client.server.say(self.client.user, bodies)

    def close(self):
        pass


class Sotto(Client):
    name = "sotto"

    def prepare(self, plugins=True):
        self.headless = self.lab.client(f"bench-{self.server.domain}-{self.user}")
        self.profile = self.headless.dir / "profile"
        self.headless.start()
        if not plugins:
            self.headless.run("/plugin unload omemo", ok=None)
        self.headless.login(self.jid, self.server, autoconnect="on")
        self.headless.quit()

    def first(self):
        return self.spawn([self.lab.sotto, "--config-dir", self.home / "new"])

    def start(self, profile=None, commands=()):
        read, write = os.pipe()
        os.write(write, self.headless.passphrase.encode() + b"\n")
        os.close(write)
        # The chats of the last start are open again: the roster is beside the first window.
        terminal = self.spawn([self.lab.sotto, "--config-dir", profile or self.profile, "--passphrase-fd", read,
                               *(w for c in ("/window 1", *commands) for w in ("-e", c))], pass_fds=(read,))
        os.close(read)
        return terminal

    def copy(self):
        """A profile that is as this one was: what a login changes is not there for the next."""
        copy = self.home / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.profile, copy)
        return copy

    def open_chat(self, terminal):
        terminal.write(f"/msg {self.bob}\r")

    def search(self, terminal, words):
        terminal.write(f"/search {words}")
        return "\r"


class Profanity(Client):
    name = "profanity"

    def prepare(self):
        config, data = self.home / ".config/profanity", self.home / ".local/share/profanity"
        config.mkdir(parents=True)
        data.mkdir(parents=True)
        (config / "profrc").write_text("[ui]\nroster=true\nsplash=false\nhistory=true\n[logging]\nchlog=true\n[omemo]\ntrustmode=blind\n")
        (data / "accounts").write_text(
            f"[{self.jid}]\nenabled=true\njid={self.jid}\nresource=p\npassword=pw-{self.user}\nserver=127.0.0.1\n"
            f"port={self.server.port}\ntls.policy=trust\n")

    def first(self):
        return self.spawn(["profanity"])

    def start(self):
        return self.spawn(["profanity", "-a", self.jid])

    def open_chat(self, terminal):
        terminal.write(f"/msg {self.bob}\r")


class Mcabber(Client):
    name = "mcabber"
    page_up = b"\x10"

    def prepare(self, history=False):
        rc = self.home / "mcabberrc"
        logs = self.home / ".mcabber" / "histo"
        logs.mkdir(parents=True)
        for folder in (logs, logs.parent):
            folder.chmod(0o700)
        rc.write_text(f"set jid={self.jid}\nset password=pw-{self.user}\nset server=127.0.0.1\nset port={self.server.port}\n"
                      f"set tls=1\nset ssl_ignore_checks=1\nset ssl_verify=0\nset logging={int(history)}\nset load_logs={int(history)}\n"
                      f"set logging_dir={logs}\n")
        rc.chmod(0o600)

    def first(self):
        return self.start()

    def start(self):
        return self.spawn(["mcabber", "-f", self.home / "mcabberrc"])

    def open_chat(self, terminal):
        # The empty line enters the chat that was found.
        terminal.write("/roster search bob\r")
        terminal.wait_quiet(0.05, limit=1)
        terminal.write("\r")

    def search(self, terminal, words):
        terminal.write(f"/buffer search_backward {words}")
        return "\r"


class Irc(Client):
    irc = True

    def wait_online(self, terminal, timeout=30):
        while self.user not in self.server.clients:
            terminal.read(0.02)
            if terminal.ended:
                raise TimeoutError("it ended")

    def open_chat(self, terminal):
        terminal.write("/query bob\r")

    def talker(self):
        return IrcTalker(self)


class Irssi(Irc):
    name = "irssi"

    def first(self):
        return self.spawn(["irssi", "--home", self.home / "first", "-!"])

    def start(self):
        return self.spawn(["irssi", "--home", self.home / "irssi", "-c", "127.0.0.1", "-p", self.server.port, "-n", self.user])


class Weechat(Irc):
    name = "weechat"

    def first(self):
        return self.spawn(["weechat", "-d", self.home / "first"])

    def start(self):
        return self.spawn(["weechat", "-d", self.home / "weechat", "-r",
                           "/set irc.server_default.anti_flood_prio_high 0;/set weechat.history.max_buffer_lines_number 0;"
                           f"/server add lab 127.0.0.1/{self.server.port} -nicks={self.user};/connect lab"])

    def search(self, terminal, words):
        terminal.write("\x12")
        terminal.wait_quiet(0.1, limit=1)
        return words


XMPP = [Sotto, Profanity, Mcabber]
ALL = [*XMPP, Irssi, Weechat]
