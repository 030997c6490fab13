# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody between two ends of a call: sees every datagram, loses and delays some, and can speak as either of them."""

import collections
import heapq
import itertools
import random
import select
import socket
import threading
import time

Seen = collections.namedtuple("Seen", "at sender data")


class Relay:
    """relay.port["a"] is where b is told that a is. who(sender, data), called on its thread, may look, inject, and by saying
    False keep a datagram from passing. loss is a share of media, not of the handshake, drawn from seed; delay is in seconds, one way."""

    def __init__(self, host, loss=0.0, delay=0.0, seed=1, who=None):
        self.host, self.loss, self.delay, self.who = host, loss, delay, who
        self.draw = {"a": random.Random(f"{seed} a"), "b": random.Random(f"{seed} b")}
        self.socket, self.where, self.seen, self.lost = {}, {}, [], 0
        self.early = {"a": [], "b": []}  # what came before its end was known
        for end in "ab":
            self.socket[end] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket[end].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            self.socket[end].bind((host, 0))
        self.port = {end: self.socket[end].getsockname()[1] for end in "ab"}
        self.queue, self.serial, self.over = [], itertools.count(), threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @staticmethod
    def other(end):
        return "b" if end == "a" else "a"

    def option(self):
        """For tests/media/pair."""
        return f"through={self.host},{self.port['a']},{self.port['b']}"

    def inject(self, to, data):
        """To that end, from where it thinks the other is."""
        if to in self.where:
            try:
                self.socket[self.other(to)].sendto(data, self.where[to])
            except OSError:
                pass

    def of(self, sender, kind=None):
        return [seen for seen in list(self.seen) if seen.sender == sender and (kind is None or kind(seen.data))]

    def _take(self, sender, data, now):
        self.seen.append(Seen(now, sender, data))
        if self.who and self.who(sender, data) is False:
            return
        if self.loss and data and 128 <= data[0] < 192 and self.draw[sender].random() < self.loss:
            self.lost += 1
            return
        heapq.heappush(self.queue, (now + self.delay, next(self.serial), self.other(sender), data))

    def _deliver(self, to, data):
        if to in self.where:
            self.inject(to, data)
        else:
            self.early[to].append(data)

    def _run(self):
        ends = {self.socket[end]: end for end in "ab"}
        while not self.over.is_set():
            wait = min(0.05, max(0.0, self.queue[0][0] - time.monotonic())) if self.queue else 0.05
            for ready in select.select(list(ends), [], [], wait)[0]:
                try:
                    data, address = ready.recvfrom(65536)
                except OSError:
                    continue  # the other end of the last one is gone
                sender = self.other(ends[ready])
                # Who speaks first at this port is that end: strangers know the ports of the ends, not these.
                known = self.where.setdefault(sender, address)
                for waiting in self.early[sender]:
                    self.inject(sender, waiting)
                self.early[sender] = []
                if address == known:
                    self._take(sender, data, time.monotonic())
            while self.queue and self.queue[0][0] <= time.monotonic():
                self._deliver(*heapq.heappop(self.queue)[2:])

    def close(self):
        self.over.set()
        self.thread.join(5)
        for end in "ab":
            self.socket[end].close()
