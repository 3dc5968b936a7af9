# SPDX-License-Identifier: Apache-2.0
"""Catalogs that are another server's: a second Pangolin behind ours, and upstreams that misbehave."""

import base64
import http.server
import json
import sqlite3
import threading
import time
import uuid

import pyarrow
import pytest
import requests
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException, NamespaceAlreadyExistsError, NoSuchNamespaceError, NoSuchTableError
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

import storage

pytestmark = pytest.mark.ours

SCHEMA = Schema(NestedField(1, "id", LongType()), NestedField(2, "name", StringType()))
ROWS = pyarrow.table({"id": [1, 2, 3], "name": ["a", "b", "c"]})


def fresh(prefix="f"):
    return f"{prefix}{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def upstream(own_server, servers):
    """A second Pangolin with a catalog of its own: .server, .catalog."""
    server = servers.server("memory")
    kept = storage.Files(server.run / "warehouse")
    server.upstream_catalog = server.make_catalog(kept.config())
    return server


def federate(server, properties, status=201, name=None):
    """A federated catalog of ours; its name, or the error."""
    name = name or fresh()
    r = requests.post(
        f"{server.uri}/api/v1/federated-catalogs",
        json={"name": name, "config": {"properties": properties}},
        headers=server.headers(),
        timeout=30,
    )
    assert r.status_code == status, r.text
    return name if status == 201 else r.json()["error"]["message"]


@pytest.fixture(scope="module")
def federated(own_server, upstream):
    """The upstream's catalog under a name of ours."""
    return federate(
        own_server, {"uri": upstream.uri, "warehouse": upstream.upstream_catalog, "token": upstream.token}
    )


@pytest.fixture(scope="module")
def client(own_server, federated):
    return load_catalog("ours", type="rest", **own_server.connection(federated))


def get(server, path, method="GET", **kw):
    headers = {**server.headers(), **kw.pop("headers", {})}
    return requests.request(method, f"{server.uri}{path}", headers=headers, timeout=60, **kw)


# --- a second Pangolin ------------------------------------------------------------------------------


def test_a_table_lives_upstream(own_server, upstream, federated, client):
    ns = fresh("n")
    client.create_namespace((ns,), {"owner": "me"})
    with pytest.raises(NamespaceAlreadyExistsError):
        client.create_namespace((ns,))
    table = client.create_table((ns, "t"), SCHEMA)
    table.append(ROWS)
    assert client.load_table((ns, "t")).scan().to_arrow().num_rows == 3
    with table.update_schema() as change:
        change.add_column("more", LongType())
    table.append(ROWS.append_column("more", pyarrow.array([7, 8, 9], pyarrow.int64())))

    theirs = load_catalog("theirs", type="rest", **upstream.connection(upstream.upstream_catalog))
    assert theirs.load_table((ns, "t")).scan().to_arrow().num_rows == 6
    assert theirs.load_namespace_properties((ns,)) == {"owner": "me"}
    assert client.list_tables((ns,)) == [(ns, "t")]

    client.rename_table((ns, "t"), (ns, "u"))
    assert client.table_exists((ns, "u")) and not client.table_exists((ns, "t"))
    client.drop_table((ns, "u"))
    client.drop_namespace((ns,))
    assert (ns,) not in theirs.list_namespaces()


def test_names_go_through_as_they_are(client):
    ns = (fresh("n"), "b c", "ü.v%2F?w")
    client.create_namespace(ns)
    client.create_table(ns + ("täble x",), SCHEMA)
    assert client.list_tables(ns) == [ns + ("täble x",)]
    assert client.load_table(ns + ("täble x",)).name() == ns + ("täble x",)
    assert client.list_namespaces(ns[:1]) == [ns[:2]]


def test_a_commit_that_comes_late_is_409(own_server, federated, client):
    ns = fresh("n")
    client.create_namespace((ns,))
    client.create_table((ns, "t"), SCHEMA)
    one, two = client.load_table((ns, "t")), client.load_table((ns, "t"))
    one.append(ROWS)
    with pytest.raises(CommitFailedException):
        with two.update_schema() as change:
            change.add_column("x", LongType())
        two.transaction().set_properties(a="b").commit_transaction()
        stale = {
            "requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 1}],
            "updates": [],
        }
        r = get(own_server, f"/v1/{federated}/namespaces/{ns}/tables/t", "POST", json=stale)
        assert r.status_code == 409, r.text
        raise CommitFailedException(r.text)


def test_what_is_missing_is_404_of_its_noun(own_server, federated, client):
    with pytest.raises(NoSuchNamespaceError):
        client.load_namespace_properties((fresh("n"),))
    ns = fresh("n")
    client.create_namespace((ns,))
    with pytest.raises(NoSuchTableError):
        client.load_table((ns, "nothing"))
    r = get(own_server, f"/v1/{federated}/namespaces/{ns}/views/nothing")
    assert (r.status_code, r.json()["error"]["type"]) == (404, "NoSuchViewException")
    assert get(own_server, f"/v1/{federated}/namespaces/{ns}/tables/nothing", "HEAD").status_code == 404


def test_etag_and_304(own_server, federated, client):
    ns = fresh("n")
    client.create_namespace((ns,))
    client.create_table((ns, "t"), SCHEMA)
    path = f"/v1/{federated}/namespaces/{ns}/tables/t"
    first = get(own_server, path)
    assert first.headers["ETag"]
    again = get(own_server, path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_family_sends_on(own_server, upstream, federated, client):
    """What we answer is what the upstream answers."""
    ns = fresh("n")
    client.create_namespace((ns,))
    client.create_table((ns, "t"), SCHEMA).append(ROWS)
    view = {"name": "v", "sql": "select 1"}
    metrics = {"report-type": "scan-report", "table-name": "t", "snapshot-id": 1, "filter": True, "schema-id": 0, "projected-field-ids": [], "projected-field-names": [], "metrics": {}}
    asked = [
        ("GET", "namespaces", None),
        ("GET", f"namespaces?parent={ns}", None),
        ("GET", f"namespaces/{ns}", None),
        ("HEAD", f"namespaces/{ns}", None),
        ("GET", f"namespaces/{ns}/tables?pageSize=1&pageToken=", None),
        ("GET", f"namespaces/{ns}/tables/t?snapshots=refs", None),
        ("GET", f"namespaces/{ns}/tables/t/credentials", None),
        ("POST", f"namespaces/{ns}/tables/t/metrics", metrics),
        ("POST", f"namespaces/{ns}/views", {}),
        ("GET", f"namespaces/{ns}/views", None),
        ("GET", f"namespaces/{ns}/functions", None),
        ("POST", f"namespaces/{ns}/register", {"name": "x", "metadata-location": "file:///nowhere/x"}),
        ("POST", "transactions/commit", {"table-changes": []}),
        ("POST", "tables/rename", {"source": {"namespace": [ns], "name": "none"}, "destination": {"namespace": [ns], "name": "u"}}),
        ("DELETE", f"namespaces/{ns}", None),
        ("DELETE", f"namespaces/{ns}/tables/none", None),
        ("GET", f"namespaces/{ns}/tables/t/plan/none", None),
    ]
    for method, path, body in asked:
        ours = get(own_server, f"/v1/{federated}/{path}", method, json=body)
        theirs = get(upstream, f"/v1/{upstream.upstream_catalog}/{path}", method, json=body)
        assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text), (method, path)
    plan = get(own_server, f"/v1/{federated}/namespaces/{ns}/tables/t/plan", "POST", json={})
    assert plan.status_code == 200 and len(plan.json()["file-scan-tasks"]) == 1
    assert get(own_server, f"/v1/{federated}/namespaces/{ns}/views", "POST", json=view).ok
    assert get(own_server, f"/v1/{federated}/namespaces/{ns}/views/v", "DELETE").status_code == 204


def test_an_idempotency_key_is_the_upstreams(own_server, federated):
    key = "018f5a3e-7b1c-7abc-8def-" + uuid.uuid4().hex[:12]
    ns = fresh("n")
    for _ in range(2):
        r = get(
            own_server, f"/v1/{federated}/namespaces", "POST", json={"namespace": [ns]}, headers={"Idempotency-Key": key}
        )
        assert r.status_code == 200, r.text


def test_changes_are_on_record(own_server, federated, client):
    ns = fresh("n")
    client.create_namespace((ns,))
    with sqlite3.connect(f"file:{own_server.run}/pangolin.db?mode=ro", uri=True) as db:
        rows = db.execute(
            "SELECT metadata, result, ip_address FROM audit WHERE action = 'create_namespace' AND resource_name = ?", (federated,)
        ).fetchall()
    assert ('{"federated":true,"upstream_status":200}', "success", "127.0.0.1") in rows


def test_a_parameter_twice_is_refused(own_server, federated):
    r = get(own_server, f"/v1/{federated}/namespaces?parent=a&parent=b")
    assert (r.status_code, r.json()["error"]["type"]) == (400, "BadRequestException")


def test_who_may_not_is_refused_before_the_upstream_is_asked(own_server, stub):
    name = federate(own_server, {"uri": stub.uri + "/v1/x", "token": "t"})
    user = fresh("u")
    own_server.api("POST", "users", json={"username": user, "email": "a@b", "password": "correct horse battery", "role": "tenant-user"})
    r = requests.post(f"{own_server.uri}/api/v1/users/login", json={"username": user, "password": "correct horse battery", "tenant-id": own_server.tenant})
    token = r.json()["token"]
    for method, path in (("GET", "namespaces"), ("DELETE", "namespaces/a"), ("POST", "namespaces/a/tables/t")):
        r = requests.request(method, f"{own_server.uri}/v1/{name}/{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30, json={})
        assert r.status_code in (403, 404), r.text
    assert stub.seen == []
    listed = requests.get(f"{own_server.uri}/api/v1/federated-catalogs", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert name not in [c["name"] for c in listed.json()]


# --- the management API -------------------------------------------------------------------------------


def test_secrets_are_masked_and_sealed(own_server):
    secret = "s3cr3t-" + uuid.uuid4().hex
    properties = {"uri": "http://127.0.0.1:1/v1/x", "credential": f"id:{secret}", "token": secret, "password": secret, "x-api-key": secret}
    name = federate(own_server, properties)
    for path in (f"federated-catalogs/{name}", "federated-catalogs", f"catalogs/{name}", "catalogs"):
        assert secret not in own_server.api("GET", path).text
    shown = own_server.api("GET", f"federated-catalogs/{name}").json()
    assert shown["properties"] == {"uri": "http://127.0.0.1:1/v1/x", "credential": "***", "token": "***", "password": "***", "x-api-key": "***"}
    assert shown["name"] == name and shown["id"]
    # what was masked stays on PUT, where it still goes to the same address
    put = lambda **changed: {"federated_config": {"properties": {**shown["properties"], **changed}}}  # noqa: E731
    own_server.api("PUT", f"catalogs/{name}", json=put(warehouse="w"))
    assert own_server.api("GET", f"federated-catalogs/{name}").json()["properties"] == {**shown["properties"], "warehouse": "w"}
    for other in ({"uri": "http://127.0.0.1:2/v1/x"}, {"uri": "https://127.0.0.1:1/v1/x"}, {"oauth2-server-uri": "http://127.0.0.1:1/token"}):
        r = get(own_server, f"/api/v1/catalogs/{name}", "PUT", json=put(**other))
        assert r.status_code == 400 and "masked" in r.text and secret not in r.text, r.text
    anew = {"uri": "http://127.0.0.1:2/v1/x", "token": secret, "credential": f"id:{secret}", "password": secret, "x-api-key": secret}
    own_server.api("PUT", f"catalogs/{name}", json=put(**anew))
    assert own_server.api("GET", f"federated-catalogs/{name}").json()["properties"]["uri"] == "http://127.0.0.1:2/v1/x"
    for file in own_server.run.glob("pangolin.db*"):
        assert secret.encode() not in file.read_bytes()


def test_catalogs_and_federated_catalogs_are_one(own_server, upstream):
    name = fresh()
    config = {"properties": {"uri": upstream.uri, "token": upstream.token}}
    own_server.api("POST", "catalogs", json={"name": name, "catalog_type": "Federated", "federated_config": config})
    assert name in [c["name"] for c in own_server.api("GET", "catalogs").json() if c["catalog_type"] == "Federated"]
    assert federate(own_server, config["properties"], 409, name)
    assert get(own_server, f"/api/v1/federated-catalogs/{own_server.catalog}").status_code == 400
    assert get(own_server, f"/api/v1/federated-catalogs/{fresh()}").status_code == 404
    r = get(own_server, f"/api/v1/federated-catalogs/{name}", "DELETE")
    assert (r.status_code, r.json()) == (200, {"status": "deleted", "catalog": name})
    assert get(own_server, f"/v1/{name}/namespaces").status_code == 404


@pytest.mark.parametrize(
    "properties, says",
    [
        ({}, "uri is missing"),
        ({"uri": "ftp://a"}, "http"),
        ({"uri": "http://user:pass@host/"}, "credentials"),
        ({"uri": "http://host/?a=b"}, "scheme, host"),
        ({"uri": "http://host", "token": "a\r\nX: y"}, "control character"),
        ({"uri": "http://host", "token": "***"}, "masked"),
        ({"uri": "http://host", "oauth2-server-uri": "nonsense"}, "oauth2-server-uri"),
    ],
)
def test_wrong_properties_are_named(own_server, properties, says):
    assert says in federate(own_server, properties, 400)


def test_the_connection_is_really_tried(own_server, upstream, federated, stub):
    def tried(name):
        return get(own_server, f"/api/v1/federated-catalogs/{name}/test", "POST")

    good = tried(federated)
    assert (good.status_code, good.json()["status"], good.json()["base_url"]) == (200, "connected", upstream.uri)
    wrong = tried(federate(own_server, {"uri": upstream.uri, "warehouse": upstream.upstream_catalog, "token": "no"}))
    assert wrong.status_code == 503 and "does not accept the credentials" in wrong.json()["error"]["message"]
    nobody = tried(federate(own_server, {"uri": "http://127.0.0.1:1/v1/x", "token": "t"}))
    assert nobody.status_code == 503 and nobody.json()["status"] == "failed"
    page = tried(federate(own_server, {"uri": f"{stub.uri}/v1/html"}))
    assert "JSON" in page.json()["error"]["message"]
    lake = tried(federate(own_server, {"uri": upstream.uri, "warehouse": "nothing-here", "token": upstream.token}))
    assert "warehouse" in lake.json()["error"]["message"]


def test_sync_counts(own_server, upstream):
    kept = storage.Files(upstream.run / "warehouse")
    theirs = upstream.make_catalog(kept.config())
    there = load_catalog("theirs", type="rest", **upstream.connection(theirs))
    for ns in (("a",), ("a", "b"), ("c",)):
        there.create_namespace(ns)
        there.create_table(ns + ("t",), SCHEMA)
    there.create_table(("c", "u"), SCHEMA)
    name = federate(own_server, {"uri": f"{upstream.uri}/v1/{theirs}", "token": upstream.token})
    stats = own_server.api("GET", f"federated-catalogs/{name}/stats").json()
    assert (stats["sync_status"], stats["tables_synced"], stats["last_synced_at"]) == ("Never Synced", 0, None)
    assert own_server.api("POST", f"federated-catalogs/{name}/sync").json()["status"] == "Sync triggered"
    stats = own_server.api("GET", f"federated-catalogs/{name}/stats").json()
    assert (stats["sync_status"], stats["namespaces_synced"], stats["tables_synced"]) == ("Success", 3, 4)

    # what a request had no time for is a worker's
    there.create_table(("a", "v"), SCHEMA)
    now = int(time.time() * 1000)
    job = (str(uuid.uuid4()), own_server.tenant, "count-federated", json.dumps({"catalog": name}), now, 0, 0, now, 1)
    with sqlite3.connect(f"{own_server.run}/pangolin.db", timeout=10) as db:
        db.execute(
            "INSERT INTO jobs (job_id, tenant_id, type, payload, due_ms, lease_ms, attempts, created_ms, version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            job,
        )
    own_server.work()
    assert own_server.api("GET", f"federated-catalogs/{name}/stats").json()["tables_synced"] == 5

    dead = federate(own_server, {"uri": "http://127.0.0.1:1/v1/x"})
    assert get(own_server, f"/api/v1/federated-catalogs/{dead}/sync", "POST").status_code == 503
    stats = own_server.api("GET", f"federated-catalogs/{dead}/stats").json()
    assert stats["sync_status"] == "Failed" and stats["error_message"]


# --- upstreams that misbehave --------------------------------------------------------------------------


class Stub(http.server.ThreadingHTTPServer):
    """Answers by the prefix: /v1/<what>/...; notes what it was sent."""

    daemon_threads = True

    def __init__(self, always=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.always = always
        self.uri = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen, self.tokens, self.valid = [], 0, "token-0"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        what = self.server.always or self.path.split("/")[2].split("?")[0]
        getattr(self, f"do_{what}", self.do_json)()

    do_POST = do_DELETE = do_HEAD = do_PUT = do_GET

    def answer(self, code, body=b"", kind="application/json", **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if body:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_json(self):
        self.answer(200, json.dumps({"namespaces": [], "identifiers": []}).encode())

    def do_html(self):
        self.answer(404, b"<html>not here</html>", "text/html")

    def do_redirect(self):
        self.answer(302, b"", Location="http://127.0.0.1:1/elsewhere")

    def do_dies(self):
        self.close_connection = True
        self.connection.close()

    def do_slow(self):
        time.sleep(6)
        self.do_json()

    def do_huge(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(100 << 20))
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x" * (1 << 20))

    def do_busy(self):
        self.answer(503, b'{"error":{"message":"busy","type":"X","code":503}}', Retry_After="1")

    def do_addresses(self):
        config = {
            "client.refresh-credentials-endpoint": "v1/addresses/namespaces/a/tables/t/credentials",
            "gcs.oauth2.refresh-credentials-endpoint": "/v1/addresses/namespaces/a",
            "s3.signer.endpoint": f"{self.server.uri}/v1/addresses/namespaces/a/sign",
            "s3.signer.uri": "https://elsewhere.example/x",
            "signer.uri": self.server.uri,
            "s3.signer": "S3V4RestSigner",
            "s3.endpoint": "https://s3.example",
        }
        self.answer(200, json.dumps({"metadata": {"properties": {"signer.uri": 7}}, "config": config}).encode())

    def do_config_of_its_own(self):
        config = {
            "token": "their-token", "credential": "id:their-secret", "oauth2-server-uri": "https://elsewhere", "uri": "https://elsewhere",
            "prefix": "p", "header.X-Tenant": "t", "py-io-impl": "os.system", "client.credentials-provider": "Evil", "s3.client-factory-impl": "Evil",
            "s3.access-key-id": "AK", "s3.secret-access-key": "SK", "s3.session-token": "ST", "adls.connection-string.a": "CS",
            "client.region": "eu", "s3.endpoint": "https://s3.example", "adls.account-name": "acc",
        }  # fmt: skip
        metadata = {"config": {"token": "a property"}, "n": [1, {"config": 2}]}
        theirs = {"prefix": "s3://b", "config": {"s3.access-key-id": "AK2", "s3.client-factory-impl": "Evil"}}
        text = json.dumps({"metadata": metadata, "config": config, "storage-credentials": [theirs]})
        self.answer(200, text.replace('"config": {"token": "their', '"c\\u006fnfig": {"token": "their').encode())

    def do_taken(self):
        self.answer(409, b'{"error":{"message":"there is one","type":"AlreadyExistsException","code":409}}')

    def do_tricks(self):
        config = (
            f'"signer.uri":"{self.server.uri}@elsewhere.example/x", "s3.signer.endpoint" : "{self.server.uri}.elsewhere.example/y",'
            f'"client.refresh\\u002dcredentials-endpoint":"https:\\/\\/elsewhere.example\\/v1\\/tricks\\/z",'
            f'"s3.signer.uri":"\\u0068ttps://elsewhere.example/q","s3.a":"signer.uri\\": \\"https://elsewhere.example/s","s3.region":"eu"'
        )
        self.answer(200, f'{{"metadata":{{}},"config":{{{config}}}}}'.encode())

    def do_config(self):
        self.answer(200, json.dumps({"defaults": {"prefix": "no"}, "overrides": {"prefix": "pre/fix"}}).encode())

    def do_oauth(self):
        self.server.tokens += 1
        self.server.valid = f"token-{self.server.tokens}"
        self.answer(200, json.dumps({"access_token": self.server.valid, "expires_in": 3600}).encode())

    def do_guarded(self):
        ok = self.headers.get("Authorization") == f"Bearer {self.server.valid}"
        self.do_json() if ok else self.answer(401, b'{"error":{"message":"no","type":"X","code":401}}')


@pytest.fixture
def stub():
    made = Stub()
    yield made
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(
    "what, code, says",
    [("html", 502, "instead of JSON"), ("redirect", 502, "redirect"), ("huge", 502, "more than"), ("dies", 502, "")],
)
def test_what_is_no_answer_is_502(own_server, stub, what, code, says):
    name = federate(own_server, {"uri": f"{stub.uri}/v1/{what}"})
    for method, path in (("GET", "namespaces/a/tables/t"), ("POST", "namespaces/a/tables/t")):
        r = get(own_server, f"/v1/{name}/{path}", method, json={"requirements": [], "updates": []})
        error = r.json()["error"]
        assert (r.status_code, error["code"]) == (code, code)
        assert says in error["message"]
        assert error["type"] == ("BadGatewayException" if method == "GET" else "CommitStateUnknownException")
    assert len([s for s in stub.seen if s[0] == "POST"]) == 1  # a commit is never sent twice


def test_nobody_there_is_503(own_server):
    name = federate(own_server, {"uri": "http://127.0.0.1:1/v1/x"})
    r = get(own_server, f"/v1/{name}/namespaces/a/tables/t", "POST", json={})
    assert (r.status_code, r.headers.get("Retry-After")) == (503, None)
    link_local = federate(own_server, {"uri": "http://169.254.169.254/v1/x"})
    r = get(own_server, f"/v1/{link_local}/namespaces")
    assert r.status_code == 403 and "does not talk to" in r.json()["error"]["message"]


def records_of(server, name):
    return [(e["result"], e["error_message"], e["metadata"]) for e in server.api("GET", "audit?action=create_namespace").json() if e["resource_name"] == name]


def test_a_busy_upstream_does_not_make_clients_send_commits_again(own_server, stub):
    """A proxy in between may say 503 of what it gave on, and clients take that for "not done"."""
    name = federate(own_server, {"uri": f"{stub.uri}/v1/busy"})
    for path, body in (("namespaces/a/tables/t", {}), ("namespaces", {"namespace": ["a"]})):
        r = get(own_server, f"/v1/{name}/{path}", "POST", json=body)
        assert (r.status_code, r.headers.get("Retry-After"), r.json()["error"]["type"]) == (502, None, "CommitStateUnknownException")
    ((result, error, metadata),) = records_of(own_server, name)
    assert result == "failure" and "not known" in error and metadata == {"federated": True, "upstream_status": 503}


def test_the_record_says_how_a_change_ended(own_server, stub):
    for what, code, record in (
        ("taken", 409, None),
        ("json", 200, ("success", None, {"federated": True, "upstream_status": 200})),
        ("dies", 502, ("failure", {"federated": True})),
    ):
        name = federate(own_server, {"uri": f"{stub.uri}/v1/{what}"})
        assert get(own_server, f"/v1/{name}/namespaces", "POST", json={"namespace": ["a"]}).status_code == code
        found = records_of(own_server, name)
        assert len(found) == (record is not None), found
        if record:
            assert (found[0][0], found[0][-1]) == (record[0], record[-1])
            assert (found[0][1] is None) == (code == 200) and "sent to the upstream" not in str(found[0][1])


def test_no_setting_makes_the_client_somebody_elses(own_server, stub):
    name = federate(own_server, {"uri": f"{stub.uri}/v1/config_of_its_own"})
    shown = {"client.region": "eu", "s3.endpoint": "https://s3.example", "adls.account-name": "acc"}
    vended = {"s3.access-key-id": "AK", "s3.secret-access-key": "SK", "s3.session-token": "ST", "adls.connection-string.a": "CS"}
    user = fresh("u")
    made = own_server.api("POST", "users", json={"username": user, "email": "a@b", "password": "correct horse battery", "role": "tenant-user"}).json()
    scope = {"type": "catalog", "catalog_id": own_server.api("GET", f"catalogs/{name}").json()["id"]}
    own_server.api("POST", "permissions", json={"user-id": made["id"], "scope": scope, "actions": ["read"]})
    r = requests.post(f"{own_server.uri}/api/v1/users/login", json={"username": user, "password": "correct horse battery", "tenant-id": own_server.tenant})
    reader = {"Authorization": f"Bearer {r.json()['token']}"}
    for headers, more in ((own_server.headers(), vended), (reader, {})):
        r = requests.get(f"{own_server.uri}/v1/{name}/namespaces/a/tables/t", headers=headers, timeout=30).json()
        assert r["config"] == {**shown, **more}
        assert r["metadata"] == {"config": {"token": "a property"}, "n": [1, {"config": 2}]}
        assert r["storage-credentials"] == ([{"prefix": "s3://b", "config": {"s3.access-key-id": "AK2"}}] if more else [])


def test_what_is_sent_on(own_server, stub):
    name = federate(own_server, {"uri": stub.uri, "username": "u", "password": "p:w"})
    r = get(
        own_server,
        f"/v1/{name}/namespaces/a%1Fb/tables?pageSize=3&pageToken=x%20y",
        headers={"X-Iceberg-Access-Delegation": "vended-credentials", "If-None-Match": '"e"', "Cookie": "c", "Connection": "close"},
    )
    assert r.status_code == 200
    (_, config, _, _), (_, path, headers, _) = stub.seen
    headers = {k.lower(): v for k, v in headers.items()}
    assert config == "/v1/config"
    assert path == "/v1/pre/fix/namespaces/a%1Fb/tables?pageSize=3&pageToken=x%20y"
    assert headers["authorization"] == "Basic " + base64.b64encode(b"u:p:w").decode()
    assert headers["x-iceberg-access-delegation"] == "vended-credentials"
    assert headers["if-none-match"] == '"e"'
    assert "cookie" not in headers and own_server.token not in str(headers)
    body = b'{"namespace": ["x"],  "properties": {"n": "\\u00e9"}}'
    get(own_server, f"/v1/{name}/namespaces", "POST", data=body, headers={"Content-Type": "application/json"})
    assert stub.seen[-1][0] == "POST" and stub.seen[-1][3] == body
    assert [s[1] for s in stub.seen].count("/v1/config") <= 2  # kept by a family's processes


def test_addresses_that_tokens_go_to_are_ours(own_server, stub):
    """A client sends its token of ours where a load says that credentials are renewed and requests signed."""
    name = federate(own_server, {"uri": f"{stub.uri}/v1/addresses"})
    r = get(own_server, f"/v1/{name}/namespaces/a/tables/t")
    assert r.json()["metadata"] == {"properties": {"signer.uri": 7}}
    assert r.json()["config"] == {
        "client.refresh-credentials-endpoint": f"v1/{name}/namespaces/a/tables/t/credentials",
        "gcs.oauth2.refresh-credentials-endpoint": f"/v1/{name}/namespaces/a",
        "s3.signer.endpoint": f"{own_server.uri}/v1/{name}/namespaces/a/sign",
        "s3.signer.uri": f"{own_server.uri}/x",
        "signer.uri": own_server.uri,
        "s3.signer": "S3V4RestSigner",
        "s3.endpoint": "https://s3.example",
    }


def test_no_way_of_writing_an_address_keeps_it(own_server, stub):
    """An upstream that looks like our name for it at first, and one that escapes."""
    name = federate(own_server, {"uri": f"{stub.uri}/v1/tricks"})
    r = get(own_server, f"/v1/{name}/namespaces/a/tables/t")
    assert r.json()["config"] == {
        "signer.uri": f"{own_server.uri}/x",
        "s3.signer.endpoint": f"{own_server.uri}/y",
        "client.refresh-credentials-endpoint": f"{own_server.uri}/v1/{name}/z",
        "s3.signer.uri": f"{own_server.uri}/q",
        "s3.a": 'signer.uri": "https://elsewhere.example/s',
        "s3.region": "eu",
    }


def test_a_name_that_leads_elsewhere_is_not_sent(own_server, stub):
    name = federate(own_server, {"uri": f"{stub.uri}/v1/x"})
    for ns in ("a%2F..%2F..%2Fother", "..%2Fa", "a%5C..%5Cb", "a%2F."):
        assert get(own_server, f"/v1/{name}/namespaces/{ns}").status_code == 400
    assert stub.seen == []
    assert get(own_server, f"/v1/{name}/namespaces/a..%2F...b").status_code == 200


def test_a_reader_is_given_nothing_that_writes(own_server, stub):
    name = federate(own_server, {"uri": f"{stub.uri}/v1/x"})
    user = fresh("u")
    made = own_server.api("POST", "users", json={"username": user, "email": "a@b", "password": "correct horse battery", "role": "tenant-user"}).json()
    catalog = own_server.api("GET", f"catalogs/{name}").json()["id"]
    scope = {"type": "catalog", "catalog_id": catalog}
    own_server.api("POST", "permissions", json={"user-id": made["id"], "scope": scope, "actions": ["read"]})
    r = requests.post(f"{own_server.uri}/api/v1/users/login", json={"username": user, "password": "correct horse battery", "tenant-id": own_server.tenant})
    headers = {"Authorization": f"Bearer {r.json()['token']}"}
    for method, code in (("PUT", 403), ("DELETE", 403), ("POST", 403), ("GET", 200), ("HEAD", 200)):
        before = len(stub.seen)
        body = {"region": "x", "uri": "https://b.s3.example/k", "method": method, "headers": {}}
        r = requests.post(f"{own_server.uri}/v1/{name}/namespaces/a/tables/t/sign", json=body, headers=headers, timeout=30)
        assert (r.status_code, len(stub.seen) - before) == (code, code == 200), (method, r.text)
    before, table = len(stub.seen), f"{own_server.uri}/v1/{name}/namespaces/a/tables/t"
    assert requests.get(f"{table}/credentials", headers=headers, timeout=30).status_code == 403
    assert len(stub.seen) == before
    asks = {"X-Iceberg-Access-Delegation": "vended-credentials"}
    for who, asked in ((headers, False), (own_server.headers(), True)):
        assert requests.get(table, headers={**who, **asks}, timeout=30).status_code == 200
        assert ("x-iceberg-access-delegation" in {k.lower() for k in stub.seen[-1][2]}) == asked


def test_an_api_key_goes_in_its_header(own_server, stub):
    name = federate(own_server, {"uri": f"{stub.uri}/v1/x", "api_key": "k-1"})
    get(own_server, f"/v1/{name}/namespaces")
    assert {k.lower(): v for k, v in stub.seen[0][2].items()}["x-api-key"] == "k-1"


def test_client_credentials_are_exchanged_kept_and_renewed_once(own_server, stub):
    name = federate(own_server, {"uri": f"{stub.uri}/v1/guarded", "credential": "id:se+cret", "scope": "all"})
    for _ in range(5):
        assert get(own_server, f"/v1/{name}/namespaces").status_code == 200
    assert stub.tokens == 1
    form = [s[3] for s in stub.seen if "oauth" in s[1]][0].decode()
    assert form == "grant_type=client_credentials&client_id=id&client_secret=se%2Bcret&scope=all"
    stub.valid = "another"
    assert get(own_server, f"/v1/{name}/namespaces").status_code == 200
    assert stub.tokens == 2
    before = len(stub.seen)
    Handler.do_oauth, kept = lambda self: self.answer(200, b'{"access_token":"useless"}'), Handler.do_oauth
    stub.valid = "again another"
    try:
        r = get(own_server, f"/v1/{name}/namespaces")
    finally:
        Handler.do_oauth = kept
    assert r.status_code == 403 and "credentials" in r.json()["error"]["message"]
    assert len(stub.seen) - before == 3  # refused, a token, refused


def test_what_is_slow_holds_a_third_of_the_processes(own_server, stub, federated, client):
    """A slow upstream, and a slow object store: others of their requests fail at once; everyone else's go on."""
    slow = federate(own_server, {"uri": f"{stub.uri}/v1/slow"})
    storage_stub = Stub(always="slow")
    lake = own_server.make_catalog(
        {"location": "s3://lake/w", "s3.endpoint": storage_stub.uri, "s3.access-key-id": "k", "s3.secret-access-key": "s", "s3.region": "us-east-1"}
    )
    mine = load_catalog("mine", type="rest", **own_server.connection(lake))
    mine.create_namespace(("n",))
    kept = own_server.make_catalog(storage.Files(own_server.run / "warehouse").config())
    good = load_catalog("good", type="rest", **own_server.connection(kept))
    good.create_namespace(("n",))
    good.create_table(("n", "t"), SCHEMA)
    table = {"name": "t", "schema": {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}}
    answers = {"namespaces": [], "tables": []}

    def ask(family):
        if family == "namespaces":
            r = get(own_server, f"/v1/{slow}/namespaces")
        else:
            r = get(own_server, f"/v1/{lake}/namespaces/n/tables", "POST", json={**table, "name": fresh("t")})
        answers[family].append(r.status_code)

    threads = [threading.Thread(target=ask, args=(family,)) for family in list(answers) * 6]
    for t in threads:
        t.start()
    time.sleep(3.7)
    for path in (f"/v1/{federated}/namespaces", f"/v1/{kept}/namespaces/n/tables/t") * 5:
        begun = time.monotonic()
        assert get(own_server, path).status_code == 200
        assert time.monotonic() - begun < 2
    for t in threads:
        t.join()
    storage_stub.shutdown()
    storage_stub.server_close()
    for codes in answers.values():  # answered; given up; not begun
        assert set(codes) <= {200, 502, 503} and 503 in codes and 200 in codes
