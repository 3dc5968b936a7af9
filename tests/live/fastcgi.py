# SPDX-License-Identifier: Apache-2.0
"""A FastCGI client: what a web server says to a responder, so that tests can say it without one."""

import socket
import struct

import secrets_watch

BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7


def record(kind, content=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def stream(kind, content):
    """Content as records, and the empty one that ends it."""
    parts = [record(kind, content[i : i + 65535]) for i in range(0, len(content), 65535)]
    return b"".join(parts) + record(kind)


def pair(name, value):
    def length(n):
        return struct.pack(">B", n) if n < 128 else struct.pack(">I", n | 0x80000000)

    return length(len(name)) + length(len(value)) + name + value


def to_bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def parameters(method, uri, body=b"", headers=(), **more):
    """What lighttpd would set for a request."""
    uri = to_bytes(uri)
    made = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": uri,
        "QUERY_STRING": uri.partition(b"?")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in dict(headers).items():
        key = name.upper().replace("-", "_")
        made[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return {**made, **more}


class Answer:
    def __init__(self, raw):
        secrets_watch.saw("an answer without a web server", raw)
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.headers = {}
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self.status = int(self.headers.get("status", "200").split()[0])


class Responder:
    """A connection to a responder's socket; one request after another."""

    def __init__(self, path, timeout=30):
        self.path, self.timeout, self.connection = str(path), timeout, None

    def connect(self):
        if not self.connection:
            self.connection = socket.socket(socket.AF_UNIX)
            self.connection.settimeout(self.timeout)
            self.connection.connect(self.path)
        return self.connection

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def ask(self, method, uri, body=b"", headers=(), keep=True, **more):
        params = parameters(method, uri, body, headers, **more)
        flat = b"".join(pair(to_bytes(k), to_bytes(v)) for k, v in params.items() if v is not None)
        begin = record(BEGIN, struct.pack(">HB5x", 1, 1 if keep else 0))
        self.connect().sendall(begin + stream(PARAMS, flat) + stream(STDIN, body))
        raw = self.read()
        if not keep:
            self.close()
        return Answer(raw)

    def read(self):
        out = b""
        while True:
            kind, content = self.read_record()
            if kind == STDOUT:
                out += content
            if kind == END:
                return out

    def read_record(self):
        _, kind, _, n, padding = struct.unpack(">BBHHBx", self.exactly(8))
        return kind, self.exactly(n + padding)[:n]

    def exactly(self, n):
        got = b""
        while len(got) < n:
            more = self.connection.recv(n - len(got))
            if not more:
                self.close()
                raise ConnectionError("the responder hung up")
            got += more
        return got
