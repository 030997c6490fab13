# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough of an IRC server for one client to log in and to be written to."""

import socket
import threading


class Server:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.clients, self.changed = {}, threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        nick = user = None
        try:
            for raw in connection.makefile("rb"):
                word, _, rest = raw.decode(errors="replace").strip().partition(" ")
                answer = ""
                if word == "NICK":
                    nick = rest.lstrip(":")
                elif word == "USER":
                    user = rest
                elif word == "CAP" and rest.startswith("LS"):
                    answer = ":lab CAP * LS :\r\n"
                elif word == "PING":
                    answer = f":lab PONG lab {rest}\r\n"
                if word in ("NICK", "USER") and nick and user:
                    answer = (f":lab 001 {nick} :welcome\r\n:lab 004 {nick} lab 1 i n\r\n:lab 005 {nick} NETWORK=lab :are supported\r\n"
                              f":lab 422 {nick} :no message of the day\r\n")
                connection.sendall(answer.encode())
                if answer.startswith(":lab 001"):
                    with self.changed:
                        self.clients[nick] = connection
                        self.changed.notify_all()
        except OSError:
            pass
        finally:
            with self.changed:
                if self.clients.get(nick) is connection:
                    del self.clients[nick]
            connection.close()

    def wait_for(self, nick, timeout=30):
        with self.changed:
            if not self.changed.wait_for(lambda: nick in self.clients, timeout):
                raise TimeoutError(f"{nick} did not log in")

    def say(self, nick, bodies, sender="bob"):
        self.clients[nick].sendall("".join(f":{sender}!{sender}@lab PRIVMSG {nick} :{body}\r\n" for body in bodies).encode())

    def close(self):
        self.listener.close()
