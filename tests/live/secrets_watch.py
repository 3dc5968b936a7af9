# SPDX-License-Identifier: Apache-2.0
"""Secrets that tests use, and whether a server lets one out: in an answer, a log, a database."""

import json
import pathlib
import subprocess

import requests

# What tests give a server as a secret holds this, or is one of those; it must come back from nowhere.
MARK = "do-not-show"
GIVEN = ("correct horse battery",)

# Members of an answer that hold a secret this once.
ISSUED = ("token", "access_token", "api_key", "refresh_token")


class Watch:
    """Looks at every answer to Python's requests while it stands."""

    def __init__(self):
        self.leaks, self.issued, self.answers = [], {}, 0
        self.send = requests.Session.send
        watch = self

        def send(session, request, **more):
            answer = watch.send(session, request, **more)
            if not more.get("stream"):
                watch.look(answer)
            return answer

        requests.Session.send = send

    def end(self):
        requests.Session.send = self.send

    def look(self, answer):
        where = f"{answer.request.method} {answer.url.partition('?')[0]}: {answer.status_code}"
        self.answers += 1
        for text in (answer.content, str(dict(answer.headers)).encode()):
            self.leaks += [f"{where} holds {secret!r}" for secret in (MARK, *GIVEN) if secret.encode() in text]
            self.leaks += [f"{where} shows again what {by} gave" for secret, by in self.issued.items() if secret.encode() in text]
        if answer.ok:
            self.learn(where, answer)

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

    def secrets(self):
        return [MARK, *GIVEN, *self.issued]

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
    """A PostgreSQL database as text."""
    return subprocess.run(["pg_dump", "--inserts", url], capture_output=True, check=True, timeout=120).stdout
