# SPDX-License-Identifier: Apache-2.0
"""Every secret that a run of the tests uses, and whether a server lets one out: in an answer, a log, an audit record, an
export, a database, its folder.

Nothing is listed by hand.  A secret is known when the harness sends it (a header, a member of a body), when an answer
issues it, or when a server is started with it.  All that servers say and leave behind is kept, and searched once, at the
end, for all that was known by then.
"""

import base64
import bisect
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse

import bson
import pymongo
import requests

import secrets_search

# Members of bodies and names of settings that carry a secret, and those that only sound so.
CARRIES = re.compile(r"password|secret|token|api[-_.]?key|credential|account[-_.]?key|private[-_.]?key|service[-_.]account[-_.](json|key)|sas|assertion")
SOUNDS = re.compile(r"^encrypted|page.?token|email|(type|id|url|uri|file|hours|ttl_s|expires.*|name|days|limit|count|vending.*|remote.*|scope)$")

TOKEN = 20  # what is shorter is no token of anybody's, and stands in messages of what was refused

# Members of an answer that hold a secret this once, and what is in the answers that vend.
ISSUES = {"token", "access_token", "api_key", "refresh_token", "id_token"}
VENDS = re.compile(r"^(s3\.(session-token|secret-access-key)|adls\.(sas-token|account-key).*|gcs\.oauth2\.token|secret_access_key|session_token|sas_token|access_token)$")
VENDING = re.compile(r"^/(v1/|api/v1/(warehouses/[^/]+|catalogs/[^/]+/tables/[^/]+)/credentials$)")
# A signed address or header holds the session it was signed with.
SIGNING = re.compile(r"/(sign|presign)$")


def members(body, path=()):
    """(name, text) of each text in JSON, also in JSON that is a text in it."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from members(value, (*path, str(name)))
    elif isinstance(body, list):
        for value in body:
            yield from members(value, path)
    elif isinstance(body, str) and path:
        yield path[-1], body
        if body.startswith("{"):
            yield from members(parsed(body), path)


def parsed(data):
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def body_of(data, kind):
    """A request's or answer's body as JSON would have it."""
    if "urlencoded" in kind:
        return {k: v[0] for k, v in urllib.parse.parse_qs(bytes(data).decode("latin-1")).items()}
    return parsed(data)


def carried(body):
    """The secrets of a body by their members' names."""
    for name, value in members(body):
        plain = name.lower()
        if CARRIES.search(plain) and not SOUNDS.search(plain):
            yield value
            if "credential" in plain:
                yield value.partition(":")[2]


class Watch:
    """Keeps what servers say and leave while it stands; .leaks() is what was found in it."""

    current = None

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pangolin-watch-"))
        self.kept = self.folder / "kept"
        self.kept.mkdir()
        self.said = open(self.folder / "said", "wb")
        self.starts, self.records, self.known, self.ports = [], [], {}, set()
        self.seconds, self.lock = 0, threading.Lock()

    def stand(self):
        """From here on it sees what Python's `requests` does, and which servers start."""
        Watch.current, watch = self, self
        self.send = requests.adapters.HTTPAdapter.send

        def send(adapter, request, stream=False, **more):
            answer = watch.send(adapter, request, stream=stream, **more)
            if not stream and urllib.parse.urlsplit(request.url).port in watch.ports:
                watch.exchange(request, answer)
            return answer

        requests.adapters.HTTPAdapter.send = send

    def __reduce__(self):
        """Another process, to which a server is handed, has no part in it."""
        return type(None), ()

    def end(self):
        if Watch.current is self:
            requests.adapters.HTTPAdapter.send = self.send
            Watch.current = None
        self.said.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what is known

    def knows(self, secret, origin):
        """What it is known as: a text of several lines by its long ones, a signed address by its signature."""
        if "sig=" in secret:
            secret = urllib.parse.unquote(secret.partition("sig=")[2].partition("&")[0])
        lines = [line for line in re.split(r"\n|\\n", secret) if not line.startswith("-----")]
        out = {line.strip() for line in (lines if len(lines) > 1 else [secret])}
        out = {line for line in out if len(line) >= secrets_search.SHORTEST and not set(line) <= {"*"}}
        for line in out:
            self.known.setdefault(line, origin)
        return out

    def knows_request(self, method, url, headers, body):
        origin = f"sent by {method} {urllib.parse.urlsplit(url).path}"
        headers = {k.lower(): v if isinstance(v, str) else v.decode("latin-1") for k, v in headers.items()}
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        for token in (rest, headers.get("x-api-key", "")):
            if len(token) >= TOKEN:
                self.knows(token, origin)
        if scheme.lower() == "basic":
            self.knows(from_base64(rest).partition(":")[2], origin)
        for code in urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get("code", ()):
            self.knows(code, origin)
        sent = body_of(body or b"", headers.get("content-type", ""))
        for secret in carried(sent):
            self.knows(secret, origin)
        if isinstance(sent, dict) and isinstance(sent.get("code"), str):
            self.knows(sent["code"], origin)

    def started(self, server):
        """What a server that we started was started with; its port."""
        port = urllib.parse.urlsplit(server.uri).port
        self.ports.add(port)
        self.knows(urllib.parse.urlsplit(server.process_env()["DATABASE_URL"]).password or "", "the database's password")
        for name, value in {**server.env, **server.process_env()}.items():
            if CARRIES.search(name.lower()) and not SOUNDS.search(name.lower()):
                self.knows(value, f"the server's {name}")
        for path in sorted((server.run / "keys").glob("*")):
            if not path.name.endswith(".json"):
                for word in path.read_text().splitlines() if path.suffix == ".pem" else path.read_text().split():
                    if len(word) >= 32 and not word.startswith("-----"):
                        self.knows(word, f"the server's keys/{path.name}")
        return port

    # --- what is said

    def exchange(self, request, answer):
        headers, body = dict(request.headers), request.body or b""
        body = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
        self.heard(request.method, request.url, headers, body, answer.status_code, dict(answer.headers), answer.content)

    def heard(self, method, url, asked, body, status, headers, data):
        """A request and its answer."""
        path = urllib.parse.urlsplit(url).path
        where = f"{method} {path}: {status}"
        self.knows_request(method, url, asked, body)
        may = set()
        if 200 <= status < 400:
            may |= self.issued(where, headers, parsed(data))
            may |= self.vended(where, path, asked, parsed(data))
        self.record(where, str(headers).encode() + b"\n" + data, may, SIGNING.search(path))

    def issued(self, where, headers, body):
        out = {v for k, v in (body.items() if isinstance(body, dict) else ()) if k in ISSUES and isinstance(v, str)}
        headers = {k.lower(): v for k, v in headers.items()}
        out |= set(urllib.parse.parse_qs(urllib.parse.urlsplit(headers.get("location", "")).query).get("code", ()))
        cookie = headers.get("set-cookie", "").partition("=")[2].partition(";")[0]
        out |= {cookie}
        return {known for secret in out if len(secret) >= TOKEN for known in self.knows(secret, f"issued by {where}")}

    def vended(self, where, path, asked, body):
        if not VENDING.search(path):
            return set()
        out = {value for name, value in members(body) if VENDS.search(name)}
        return {known for secret in out for known in self.knows(secret, f"vended by {where}")}

    def record(self, where, data, may=(), signs=False):
        """Something said, and what it alone may hold; who signs may show what was vended, too."""
        with self.lock:
            self.starts.append(self.said.tell())
            self.records.append((where, may, signs))
            self.said.write(data + b"\n")

    # --- what is left behind

    def stopped(self, server):
        """What a server kept, but for the keys and what it tells its operator."""
        begun = time.monotonic()
        name = f"{len(list(self.kept.iterdir()))}-{server.folder.name}"
        server.command("export", str(self.kept / f"{name}-export"))
        (self.kept / f"{name}-dump").write_bytes(dump_of(server.process_env()["DATABASE_URL"]))
        shutil.move(server.folder, self.kept / name)
        for own in ("env", "server.env", "keys/identity.pem", "keys/storage.key", "keys/root.password"):
            (self.kept / name / "run" / own).unlink(missing_ok=True)
        if server.tmpfs:
            shutil.move(server.tmpfs, self.kept / f"{name}-memory")
        self.seconds += time.monotonic() - begun

    def keep(self, path):
        if path.exists():
            shutil.copy(path, self.kept / f"{path.parent.parent.name}-{path.name}")

    def size(self):
        return sum(f.stat().st_size for f in [self.folder / "said", *self.kept.rglob("*")] if f.is_file())

    # --- the end

    def leaks(self):
        """A line each; no secret is told whole."""
        self.said.flush()
        out, said = set(), str(self.folder / "said")
        for path, offset, secret in secrets_search.search(self.known, [said, self.kept], self.folder):
            origin = self.known[secret]
            if path != said:
                out.add(f"{path.removeprefix(f'{self.kept}/')} holds {secret[:4]}..., {origin}")
                continue
            where, may, signs = self.records[bisect.bisect_right(self.starts, offset) - 1]
            if secret not in may and not (signs and origin.startswith("vended")):
                out.add(f"{where} holds {secret[:4]}..., {origin}")
        return sorted(out)


def from_base64(text):
    try:
        return base64.b64decode(text).decode("latin-1")
    except ValueError:
        return ""


def saw(where, data):
    """Something that a server or one of its programs said, if anybody watches."""
    if Watch.current:
        Watch.current.record(where, data)


def heard(*exchange):
    if Watch.current:
        Watch.current.heard(*exchange)


def dump_of(url):
    """A PostgreSQL or MongoDB database as bytes; none of a store whose files are kept."""
    if url.startswith("postgres"):
        url = url.replace("&pangolin_prepare=off", "")  # ours alone
        return subprocess.run(["pg_dump", "--inserts", url], capture_output=True, check=True, timeout=120).stdout
    if not url.startswith("mongodb"):
        return b""
    with pymongo.MongoClient(url) as client:
        base = client.get_default_database()
        return b"".join(bson.encode(row) for name in base.list_collection_names() for row in base[name].find())
