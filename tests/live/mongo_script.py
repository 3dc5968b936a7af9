# SPDX-License-Identifier: Apache-2.0
"""A MongoDB server that says what a script tells it to: for what no server here does of itself.

Source: MongoDB's documentation, "MongoDB Wire Protocol" (OP_MSG; OP_QUERY and OP_REPLY for the first hello).
"""

import socket
import struct
import threading

import bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HELLO = {
    "helloOk": True,
    "ismaster": True,
    "isWritablePrimary": True,
    "maxBsonObjectSize": 16 << 20,
    "maxMessageSizeBytes": 48 << 20,
    "maxWriteBatchSize": 100000,
    "minWireVersion": 0,
    "maxWireVersion": 17,
    "ok": 1.0,
}
REPLICA = {"setName": "rs0", "logicalSessionTimeoutMinutes": 30}


class Script:
    """Answers hello by `hello`, everything else by answer(command): a dictionary, or None to hang up."""

    def __init__(self, answer, **hello):
        self.answer, self.hello, self.commands = answer, {**HELLO, **hello}, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        if "setName" in hello:
            me = f"127.0.0.1:{self.port}"
            self.hello |= {"hosts": [me], "me": me, "primary": me}
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"mongodb://127.0.0.1:{self.port}/script"

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, client.makefile("rb") as stream:
            while len(header := stream.read(16)) == 16:
                size, number, _, code = struct.unpack("<iiii", header)
                command = read_command(code, stream.read(size - 16))
                answer = self.reply_to(command)
                if answer is None:
                    return
                body = bson.encode({"ok": 1.0, **answer})
                if code == OP_QUERY:
                    body, code = struct.pack("<iqii", 8, 0, 0, 1) + body, OP_REPLY
                else:
                    body = struct.pack("<iB", 0, 0) + body
                client.sendall(struct.pack("<iiii", 16 + len(body), 0, number, code) + body)

    def reply_to(self, command):
        name = next(iter(command))
        if name.lower() in ("hello", "ismaster"):
            return self.hello
        self.commands.append(command)
        return {} if name == "endSessions" else self.answer(command)

    def stop(self):
        self.listener.close()


def read_command(code, body):
    """The command with its document sequences as arrays."""
    if code == OP_QUERY:
        return bson.decode(body[body.index(b"\0", 4) + 9 :])
    at, command = 4, {}
    while at < len(body):
        kind, at = body[at], at + 1
        (size,) = struct.unpack_from("<i", body, at)
        part, at = body[at : at + size], at + size
        if kind == 0:
            command = bson.decode(part) | command
        else:
            name, _, documents = part[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
    return command


def found(collection, *documents):
    """The answer to a find."""
    return {"cursor": {"id": bson.Int64(0), "ns": f"script.{collection}", "firstBatch": list(documents)}}


def refused(code, message, *labels):
    return {"ok": 0.0, "code": code, "errmsg": message, "errorLabels": list(labels)}
