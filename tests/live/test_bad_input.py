# SPDX-License-Identifier: Apache-2.0
"""Bad requests by the thousand: each is answered as its own fault, nobody dies, nothing changes."""

import collections
import json
import os
import random
import socket
import uuid

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog

import secrets_watch
from bad_input import BadInput
from contract import Document
from contract_others import function_metadata
from contract_samples import Samples
from fastcgi import Responder

pytestmark = pytest.mark.ours
SEED = int(os.environ.get("PANGOLIN_TEST_SEED", "20240607"))
# What the web server answers by itself, without asking a responder: httpd-conf/README.md.
HTTPD = {400, 411, 413, 431, 501, 505}


class Ground:
    """A catalog that bad requests may spoil, and beside it a table that they must not touch."""

    def __init__(self, server, storage):
        self.server = server
        self.spoiled = server.make_catalog(storage.config(), **storage.warehouse)
        self.client = load_catalog("live", type="rest", **server.connection(self.spoiled), **storage.client)
        self.restore()
        self.safe = load_catalog(
            "live", type="rest", **server.connection(server.make_catalog(storage.config(), **storage.warehouse)), **storage.client
        )
        self.safe.create_namespace("safe")
        self.table = self.safe.create_table(("safe", "t"), pa.schema([("id", pa.int64())]))
        self.table.append(pa.table({"id": [1, 2, 3]}))
        self.storage, self.before = storage, self.state()

    def restore(self):
        """Some bad requests are good enough to drop what the others need."""
        self.client.create_namespace_if_not_exists("n")
        self.client.create_table_if_not_exists(("n", "t"), pa.schema([("id", pa.int64())]))
        for path, body in (
            (f"/v1/{self.spoiled}/namespaces/n/views", {"name": "v", "sql": "SELECT 1"}),
            (f"/api/v1/catalogs/{self.spoiled}/namespaces/n/functions", {"name": "f", "metadata": function_metadata()}),
        ):
            assert post(self.server, path, body).status_code in (200, 201, 409)

    def state(self):
        table = self.safe.load_table(("safe", "t"))
        return table.metadata_location, table.metadata.model_dump_json(), self.server.responders()

    def bad(self, salt):
        return BadInput(f"{SEED}-{salt}", self.spoiled, "n", "t", self.server.token)

    def check(self):
        location, metadata, pids = self.state()
        assert (location, metadata) == self.before[:2], "the table changed"
        assert pids == self.before[2], "a responder died"
        assert self.safe.load_table(("safe", "t")).scan().to_arrow()["id"].to_pylist() == [1, 2, 3]


@pytest.fixture
def ground(own_server, servers):
    made = Ground(own_server, servers.storage("file", own_server))
    yield made
    made.check()


def judge(status, headers, body, request, token):
    """What is wrong with the answer, or None."""
    if "x-request-id" not in headers:
        return None if status in HTTPD else f"the web server answers {status}"
    if status >= 500 or status < 200:
        return f"{status}"
    if token.encode() in body:
        return "the caller's token is in the answer"
    if status < 400 or request.method == "HEAD":
        return None
    try:
        error = json.loads(body)["error"]
        if isinstance(error, str):  # OAuth's own shape: RFC 6749, 5.2
            return None if b"oauth/tokens" in request.target else "OAuth's error shape elsewhere"
        good = error["code"] == status and error["type"] and error["message"] and isinstance(error["message"], str)
        return None if good else f"error object {error}"
    except (ValueError, KeyError, TypeError) as e:
        return f"not Iceberg's error JSON ({type(e).__name__})"


def report(wrong):
    lines = [f"{why}: {r.kind} {r.method} {r.target[:200]!r} {r.body[:300]!r} -> {body[:300]!r}" for r, why, body in wrong]
    return f"{len(wrong)} bad answers\n" + "\n".join(lines[:15])


# --- through the web server ---------------------------------------------------------------------


def to_http(request):
    body, length = request.body, request.length
    headers = {"Host": b"localhost", **request.headers, "Connection": b"close"}
    if body or length is not None or request.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(body) if length is None else max(length, 0)).encode()
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers.items())
    return request.method.encode() + b" " + request.target + b" HTTP/1.1\r\n" + head + b"\r\n" + body


def exchange(port, data):
    """Sends bytes, reads until the server closes: status, headers, body; None where it says nothing."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before it was all read
        got = b""
        try:
            while more := s.recv(65536):
                got += more
        except ConnectionError:
            pass
    secrets_watch.saw("an answer to a bad request", got)
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith("HTTP/"):
        return None
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, body


def storm(ground, bad, count, judge):
    """Sends so many; prints what came back, fails where `judge` finds something."""
    port, wrong, seen = int(ground.server.uri.rpartition(":")[2]), [], collections.Counter()
    for i in range(count):
        if i % 25 == 0:
            ground.restore()
        request = bad.next()
        answer = exchange(port, to_http(request))
        if answer is None:
            seen["closed"] += 1
            if request.length is None:
                wrong.append((request, "no answer", b""))
            continue
        status, headers, body = answer
        seen[status if "x-request-id" in headers else f"httpd {status}"] += 1
        if why := judge(status, headers, body, request, ground.server.token):
            wrong.append((request, why, body))
    print(f"note: {count} bad requests: " + ", ".join(f"{n} x {k}" for k, n in sorted(seen.items(), key=str)))
    assert not wrong, report(wrong)


def test_bad_requests(ground, size):
    storm(ground, ground.bad("http"), size(1500, 10000), judge)


def test_bad_requests_of_the_document(ground, size):
    """The same out of what the schemas of Iceberg's OpenAPI document allow, for all its operations."""
    document = Document()
    storm(ground, Samples(f"{SEED}-document", document, ground.spoiled, ground.server.token), size(200, 2000), judge)


def test_raw_bytes(ground, size):
    """What is no HTTP at all, or not quite."""
    rng = random.Random(SEED)
    port = int(ground.server.uri.rpartition(":")[2])
    path = f"/v1/{ground.spoiled}/namespaces".encode()
    fixed = [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + path + b"\r\n\r\n",
        b"GET http://evil.example" + path + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + b"/" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        b"GET " + path + b" HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    for data in fixed + [rng.randbytes(rng.randrange(1, 3000)) for _ in range(size(50, 1000))]:
        answer = exchange(port, data)
        if answer:
            status, headers, _ = answer
            assert status in HTTPD or (status == 401 and "x-request-id" in headers), (data[:100], status)


def test_half_requests(ground, size):
    """The client goes away in the middle of the head, of the body, or before it reads the answer."""
    rng, bad = random.Random(SEED), ground.bad("half")
    port = int(ground.server.uri.rpartition(":")[2])
    for _ in range(size(100, 1000)):
        data = to_http(bad.next())[:100_000]
        with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
            try:
                s.sendall(data[: rng.randrange(len(data) + 1)])
            except OSError:
                pass


# --- past the web server: what another one, or another process, might let through ----------------


def test_bad_fastcgi(ground, size):
    bad, wrong, rng = ground.bad("fastcgi"), [], random.Random(SEED)
    answers = collections.Counter()
    for i in range(size(600, 4000)):
        if i % 25 == 0:
            ground.restore()
        request = bad.next()
        family = rng.choice(["credentials", "admin"] if request.target.startswith(b"/api") else ["namespaces", "tables", "tables"])
        responder = Responder(ground.server.run / f"sockets/{family}.sock", timeout=60)
        more = {}
        if request.length is not None:
            more["CONTENT_LENGTH"] = rng.choice([str(request.length), "", "x", "-1", None, "0x10", "1 "])
        if rng.random() < 0.05:
            missing = ["REQUEST_URI", "REQUEST_METHOD", "QUERY_STRING", "CONTENT_LENGTH", "REMOTE_ADDR"]
            more[rng.choice(missing)] = rng.choice([None, "", "\0", "*", "x" * 70000])
        answer = responder.ask(request.method, request.target, request.body, request.headers, keep=False, **more)
        answers[answer.status] += 1
        if why := judge(answer.status, answer.headers, answer.body, request, ground.server.token):
            wrong.append((request, f"{why} {more}"[:200], answer.body))
    print("note: bad FastCGI requests: " + ", ".join(f"{n} x {k}" for k, n in sorted(answers.items())))
    assert not wrong, report(wrong)


def test_half_fastcgi(ground, size):
    """Web servers die too."""
    rng = random.Random(SEED)
    for i in range(size(60, 500)):
        responder = Responder(ground.server.run / "sockets/tables.sock", timeout=60)
        connection = responder.connect()
        connection.sendall(rng.randbytes(rng.randrange(200)) if i % 2 else b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00")
        responder.close()


# --- what must be refused, one by one -----------------------------------------------------------


@pytest.fixture(scope="module")
def spoiled(own_server, servers):
    name = own_server.make_catalog(servers.storage("file", own_server).config())
    client = load_catalog("live", type="rest", **own_server.connection(name))
    client.create_namespace("n")
    client.create_table(("n", "t"), pa.schema([("id", pa.int64())]))
    return name


@pytest.mark.parametrize(
    "path, status",
    [
        ("/v1/{c}/namespaces/%00", 400),
        ("/v1/{c}/namespaces/a%00b/tables", 400),
        ("/v1/{c}/namespaces/..%2f..", 404),
        ("/v1/{c}/namespaces/%zz", 400),
        ("/v1/{c}/namespaces/n/tables/t/../t", 400),
        ("/v1/{c}/namespaces/n/tables/%2e%2e", 400),
        ("/v1/{c}/namespaces/n/tables/t/", 404),
        ("/v1/{c}/namespaces/n/tables/missing", 404),
        ("/v1/{c}/namespaces?parent=%00", 400),
        ("/v1/{c}/namespaces?pageSize=-1", 400),
        ("/v1/{c}/namespaces?pageToken=nonsense", 400),
        ("/v1/{c}/nothing", 404),
        ("/v1/no-such-catalog/namespaces", 404),
        ("/v1/" + "c" * 3000 + "/namespaces", 400),
        ("/nothing/at/all", 404),
    ],
)
def test_refused_paths(own_server, spoiled, path, status):
    port = int(own_server.uri.rpartition(":")[2])
    head = f"GET {path.format(c=spoiled)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    got, headers, body = exchange(port, f"{head}Authorization: Bearer {own_server.token}\r\n\r\n".encode())
    assert got == status and "x-request-id" in headers, body
    assert json.loads(body)["error"]["code"] == status


def post(server, path, body, **headers):
    import requests

    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(server.uri + path, data=data, headers={**server.headers(), "Content-Type": "application/json", **headers}, timeout=60)


@pytest.mark.parametrize(
    "body, status",
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'{"requirements": [], "updates": []} x', 400),
        (b'{"requirements": [], "updates": [{"action": "do-magic"}]}', 400),
        (b'{"requirements": [{"type": "assert-magic"}], "updates": []}', 400),
        (b'{"requirements": [], "updates": [{}]}', 400),
        (b'{"requirements": [], "updates": {}}', 400),
        (b'{"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": 1}}]}', 400),
        (b'{"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "\xff"}}]}', 400),
        (b'{"requirements": [], "updates": [{"action": "set-current-schema", "schema-id": 99}]}', 400),
        (b'{"requirements": [], "updates": [{"action": "set-snapshot-ref", "ref-name": "b", "type": "branch", "snapshot-id": 5}]}', 400),
        (b'{"requirements": [], "updates": [{"action": "set-location", "location": "file:///etc"}]}', 400),
        (b'{"requirements": [], "updates": [{"action": "upgrade-format-version", "format-version": 9}]}', 400),
        (b'{"requirements": [{"type": "assert-table-uuid", "uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1"}], "updates": []}', 409),
        (b'{"requirements": [{"type": "assert-create"}], "updates": []}', 409),
        (b'{"a":' * 500 + b"1" + b"}" * 500, 400),
        (b'{"requirements": [], "updates": [], "x": "' + b"x" * 17_000_000 + b'"}', 413),
    ],
    ids=lambda v: repr(v)[:60] if isinstance(v, bytes) else None,
)  # fmt: skip
def test_refused_commits(own_server, spoiled, body, status):
    answer = post(own_server, f"/v1/{spoiled}/namespaces/n/tables/t", body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == status and answer.json()["error"]["type"]


@pytest.mark.parametrize("number", ["12345678901234567890123", "1e400", "9223372036854775808", "01", "+1", "0x1", "NaN"])
def test_numbers_that_can_not_be_kept(own_server, spoiled, number):
    """A number is kept as it is, or the commit is refused: never changed."""
    name = f"num{uuid.uuid4().hex[:8]}"
    body = b'{"name": "%s", "schema": {"type": "struct", "fields": [], "x-%s": %s}}' % (name.encode(), name.encode(), number.encode())
    answer = post(own_server, f"/v1/{spoiled}/namespaces/n/tables", body)
    if answer.status_code == 200:
        assert f'"x-{name}":{number}' in answer.text.replace(" ", "") or f"x-{name}" not in answer.text
    else:
        assert answer.status_code == 400, answer.text
