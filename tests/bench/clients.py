# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that are measured: how each is set up, started and led to a chat."""

import os

from terminal import Terminal


class Client:
    def __init__(self, lab, server, user):
        self.lab, self.server, self.user = lab, server, user
        self.home = lab.dir / "bench" / self.name / user
        self.home.mkdir(parents=True)
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC"}
        self.prepare()

    @property
    def jid(self):
        return f"{self.user}@{self.server.domain}"

    def spawn(self, argv, **options):
        return Terminal(argv, self.env, cwd=str(self.home), **options)

    def prepare(self):
        pass


class Sotto(Client):
    name = "sotto"

    def prepare(self):
        self.headless = self.lab.client(f"bench-{self.user}")
        self.headless.start()
        self.headless.login(self.jid, self.server, autoconnect="on")
        self.headless.quit()

    def first(self):
        return self.spawn([str(self.lab.sotto), "--config-dir", str(self.home / "new")])

    def start(self):
        read, write = os.pipe()
        os.write(write, self.headless.passphrase.encode() + b"\n")
        os.close(write)
        terminal = self.spawn([str(self.lab.sotto), "--config-dir", str(self.headless.dir / "profile"), "--passphrase-fd", str(read)],
                              pass_fds=(read,))
        os.close(read)
        return terminal

    def open_chat(self, terminal, peer):
        terminal.write(f"/msg {peer}\r")
        terminal.wait_quiet()


class Profanity(Client):
    name = "profanity"

    def prepare(self):
        config, data = self.home / ".config/profanity", self.home / ".local/share/profanity"
        config.mkdir(parents=True)
        data.mkdir(parents=True)
        (config / "profrc").write_text("[ui]\nroster=true\nsplash=false\n")
        (data / "accounts").write_text(
            f"[{self.jid}]\nenabled=true\njid={self.jid}\nresource=p\npassword=pw-{self.user}\nserver=127.0.0.1\n"
            f"port={self.server.port}\ntls.policy=trust\n")

    def first(self):
        return self.spawn(["profanity"])

    def start(self):
        return self.spawn(["profanity", "-a", self.jid])

    def open_chat(self, terminal, peer):
        terminal.write(f"/msg {peer}\r")
        terminal.wait_quiet(0.8)


class Mcabber(Client):
    name = "mcabber"

    def prepare(self):
        rc = self.home / "mcabberrc"
        rc.write_text(f"set jid={self.jid}\nset password=pw-{self.user}\nset server=127.0.0.1\nset port={self.server.port}\n"
                      "set tls=1\nset ssl_ignore_checks=1\nset ssl_verify=0\nset logging=0\n")
        rc.chmod(0o600)

    def first(self):
        return self.start()

    def start(self):
        return self.spawn(["mcabber", "-f", str(self.home / "mcabberrc")])

    def open_chat(self, terminal, peer):
        terminal.write(f"/roster search {peer.split('@')[0]}\r")
        terminal.wait_quiet()


ALL = [Sotto, Profanity, Mcabber]
