# SPDX-License-Identifier: Apache-2.0
"""A relay in front of a database: counts round trips, and can lose an answer on its way."""

import select
import socket
import threading


class Relay:
    """Listens on .port and passes on to `to`.

    A round trip is client bytes after server bytes (or at the start).  lose(marker) arms it: the next batch of the
    client that has `marker` in it is passed on, waited for until the server has answered, and the answer is thrown
    away with the connection.
    """

    def __init__(self, to):
        self.to = to
        self.trips = self.lost = 0
        self.marker, self.lock = None, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def lose(self, marker):
        with self.lock:
            self.marker = marker

    def takes(self, data):
        """True once: this batch is the one whose answer shall be lost."""
        with self.lock:
            if not self.marker or self.marker not in data:
                return False
            self.marker = None
            return True

    def serve(self, client):
        try:
            server = socket.create_connection(self.to)
        except OSError:
            client.close()
            return
        with client, server:
            asked = doomed = False
            while True:
                ready, _, _ = select.select([client, server], [], [])
                source = ready[0]
                data = source.recv(1 << 20)
                if not data:
                    return
                if source is client:
                    self.trips += not asked
                    asked, doomed = True, doomed or self.takes(data)
                    server.sendall(data)
                elif doomed:
                    self.lost += 1
                    return
                else:
                    asked = False
                    client.sendall(data)

    def stop(self):
        self.listener.close()
