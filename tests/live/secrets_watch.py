# SPDX-License-Identifier: Apache-2.0
"""Secrets that tests use, and whether a server lets one out: in an answer, a log, a database."""

import json
import pathlib
import re
import subprocess
import urllib.parse

import bson
import pymongo
import requests

import azure_stub
import storage
import sts
from server import Started

# What tests give a server as a secret holds this, or is one of those; it must come back from nowhere.
MARK = "do-not-show"
GIVEN = ("correct horse battery", "a long enough word", "engine-secret", "the client's own: +/%", azure_stub.CLIENT_SECRET, sts.SECRET)

# An answer may hold these where a warehouse vends its own keys; nothing that is kept may.
STATIC = (storage.SECRET, storage.SeaweedFS.vendor["s3.secret-access-key"], azure_stub.KEY)
VENDED = re.compile(rb'"(s3\.session-token|s3\.secret-access-key|adls\.sas-token[^"]*|gcs\.oauth2\.token)"\s*:\s*"([^"]{20,})"')

# Members of an answer that hold a secret this once.
ISSUED = ("token", "access_token", "api_key", "refresh_token")


class Watch:
    """Looks at every answer to Python's requests while it stands, and at what each server kept before it is removed."""

    def __init__(self):
        self.leaks, self.issued, self.vended, self.answers = [], {}, {}, 0
        self.send = requests.Session.send
        watch = self

        def send(session, request, **more):
            answer = watch.send(session, request, **more)
            if not more.get("stream"):
                watch.look(answer)
            return answer

        requests.Session.send = send
        self.stop = Started.stop

        def stop(server):
            if getattr(server, "run", None):
                watch.scan_files(server.folder.name, server)
            watch.stop(server)

        Started.stop = stop

    def end(self):
        requests.Session.send = self.send
        Started.stop = self.stop

    def look(self, answer):
        where = f"{answer.request.method} {answer.url.partition('?')[0]}: {answer.status_code}"
        self.answers += 1
        for text in (answer.content, str(dict(answer.headers)).encode()):
            self.leaks += [f"{where} holds {secret!r}" for secret in (MARK, *GIVEN) if secret.encode() in text]
            self.leaks += [f"{where} shows again what {by} gave" for secret, by in self.issued.items() if secret.encode() in text]
        if answer.ok:
            self.learn(where, answer)
            self.learn_vended(answer)

    def learn(self, where, answer):
        if not any(f'"{name}"'.encode() in answer.content for name in ISSUED):
            return
        try:
            body = json.loads(answer.content)
        except ValueError:
            return
        for name in ISSUED if isinstance(body, dict) else ():
            if isinstance(body.get(name), str) and len(body[name]) > 30:
                self.issued[body[name]] = where

    def learn_vended(self, answer):
        """The newest of each server, kind of request and member: there are thousands, and each costs a scan."""
        asked = answer.request
        by = urllib.parse.urlsplit(answer.url).netloc, asked.method, "Idempotency-Key" in asked.headers
        for member, value in VENDED.findall(answer.content):
            self.vended[*by, member[:16]] = json.loads(b'"%s"' % value)

    def secrets(self):
        return [MARK, *GIVEN, *STATIC, *self.issued, *self.vended.values()]

    def scan_files(self, what, server):
        for path in files_of(server):
            self.scan(f"{what}: {path.name}", path.read_bytes())

    def scan(self, what, blob):
        """Bytes of a file or a dump."""
        self.leaks += [f"{what} holds {secret[:40]!r}" for secret in self.secrets() if secret.encode() in blob]
        for secret in self.secrets():
            quoted = json.dumps(secret)[1:-1]
            if quoted != secret and quoted.encode() in blob:
                self.leaks.append(f"{what} holds {secret[:40]!r}, quoted")


def files_of(server):
    """What a server that we started keeps: logs, its database; not keys, and not what it tells its operator."""
    run = pathlib.Path(server.run)
    folders = [run / "logs"]
    url = server.settings["DATABASE_URL"]
    if url.startswith("memory:"):
        folders.append(pathlib.Path(url.removeprefix("memory:")))
    files = [f for folder in folders for f in sorted(folder.rglob("*")) if f.is_file()]
    return files + sorted(run.glob("pangolin.db*"))


def dump_of(url):
    """A PostgreSQL or MongoDB database as bytes; none of a store whose files are read."""
    if url.startswith("postgres"):
        return subprocess.run(["pg_dump", "--inserts", url], capture_output=True, check=True, timeout=120).stdout
    if not url.startswith("mongodb"):
        return b""
    with pymongo.MongoClient(url) as client:
        base = client.get_default_database()
        return b"".join(bson.encode(row) for name in base.list_collection_names() for row in base[name].find())
