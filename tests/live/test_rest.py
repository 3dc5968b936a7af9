# SPDX-License-Identifier: Apache-2.0
"""The REST interface itself, where no client of ours looks: statuses, headers, shapes, exactness."""

import concurrent.futures
import json
import os
import pathlib
import time
import uuid

import pyarrow as pa
import pytest
import requests

from server import Started

pytestmark = pytest.mark.ours
SCHEMA = {"type": "struct", "fields": [{"id": 7, "name": "id", "type": "long", "required": True}]}


class Rest:
    """One catalog by plain HTTP."""

    def __init__(self, site):
        self.server, self.site = site.server, site
        self.base = f"{site.server.uri}/v1/{site.catalog}"
        self.session = requests.Session()

    def ask(self, method, path, body=None, expect=200, **headers):
        headers = {**self.server.headers(), **headers}
        url = path if path.startswith("http") else self.base + path
        data = body if isinstance(body, bytes) else None
        answer = self.session.request(method, url, json=None if data else body, data=data, headers=headers, timeout=60)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer

    def error(self, method, path, body=None, expect=400, type=None, **headers):
        error = self.ask(method, path, body, expect, **headers).json()["error"]
        assert error["code"] == expect and error["message"]
        assert type is None or error["type"] == type, error
        return error


@pytest.fixture(scope="session")
def rest(site):
    return Rest(site)


@pytest.fixture
def space(rest):
    name = f"r{uuid.uuid4().hex[:10]}"
    rest.ask("POST", "/namespaces", {"namespace": [name]})
    return name


@pytest.fixture
def table(rest, space):
    rest.ask("POST", f"/namespaces/{space}/tables", {"name": "t", "schema": SCHEMA})
    return f"/namespaces/{space}/tables/t"


def commit(rest, table, *updates, requirements=(), expect=200):
    return rest.ask("POST", table, {"requirements": list(requirements), "updates": list(updates)}, expect)


def snapshot(n, location, **more):
    made = {
        "snapshot-id": n, "sequence-number": n, "timestamp-ms": int(time.time() * 1000) + n,
        "manifest-list": f"{location}/metadata/{n}.avro", "summary": {"operation": "append"}, "schema-id": 0, **more,
    }  # fmt: skip
    return {"action": "add-snapshot", "snapshot": made}


def main(n):
    return {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": n}


# --- exactness ----------------------------------------------------------------------------------


def test_fresh_ids_at_create(rest, space):
    schema = {
        "type": "struct",
        "identifier-field-ids": [10],
        "fields": [
            {"id": 10, "name": "a", "type": "long", "required": True},
            {"id": 20, "name": "b", "required": False, "type": {"type": "list", "element-id": 30, "element": "int", "element-required": True}},
            {"id": 40, "name": "c", "type": "string", "required": False},
        ],
    }  # fmt: skip
    spec = {"fields": [{"source-id": 40, "name": "c", "transform": "identity"}]}
    order = {"fields": [{"source-id": 10, "transform": "identity", "direction": "asc", "null-order": "nulls-first"}]}
    body = {"name": "t", "schema": schema, "partition-spec": spec, "write-order": order}
    metadata = rest.ask("POST", f"/namespaces/{space}/tables", body).json()["metadata"]
    (made,) = metadata["schemas"]
    assert [f["id"] for f in made["fields"]] == [1, 2, 3] and made["fields"][1]["type"]["element-id"] == 4
    assert made["identifier-field-ids"] == [1] and metadata["last-column-id"] == 4
    assert metadata["partition-specs"][0]["fields"][0]["source-id"] == 3
    assert metadata["sort-orders"][-1]["fields"][0]["source-id"] == 1


def test_big_numbers_stay(rest, table):
    """Snapshot ids use all 63 bits; no float comes between."""
    where = rest.ask("GET", table).json()["metadata"]["location"]
    n = 9223372036854775807
    update = snapshot(1, where)
    update["snapshot"]["snapshot-id"] = n
    commit(rest, table, update, main(n))
    assert f'"current-snapshot-id":{n}' in rest.ask("GET", table).text.replace(" ", "")


def test_unknown_members_stay(rest, table, site):
    """What a newer Iceberg writes into metadata, an older catalog keeps."""
    where = rest.ask("GET", table).json()["metadata"]["location"]
    more = {"x-new": {"deep": [1, 2.50, None, "ü"]}, "key-id": "k1"}
    commit(rest, table, snapshot(1, where, **more), main(1))
    commit(rest, table, {"action": "set-properties", "updates": {"a": "1"}})
    kept = rest.ask("GET", table).json()["metadata"]["snapshots"][0]
    assert kept["x-new"] == more["x-new"] or "x-new" not in kept, "kept as it was or not at all"
    assert kept["key-id"] == "k1"


def test_what_a_load_gives_is_the_file(rest, table, site):
    answer = rest.ask("GET", table).json()
    if site.place.endswith("file"):
        text = pathlib.Path(answer["metadata-location"].removeprefix("file://")).read_text()
    else:
        text = site.storage.files.open_input_file(answer["metadata-location"].removeprefix("s3://")).read()
    assert json.loads(text) == answer["metadata"]


def test_nulls_are_left_out(rest, table):
    assert ":null" not in rest.ask("GET", table).text.replace(" ", "")


# --- commits ------------------------------------------------------------------------------------


def test_requirements(rest, table):
    metadata = rest.ask("GET", table).json()["metadata"]
    good = [
        {"type": "assert-table-uuid", "uuid": metadata["table-uuid"]},
        {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": None},
        {"type": "assert-last-assigned-field-id", "last-assigned-field-id": 1},
        {"type": "assert-current-schema-id", "current-schema-id": 0},
        {"type": "assert-last-assigned-partition-id", "last-assigned-partition-id": 999},
        {"type": "assert-default-spec-id", "default-spec-id": 0},
        {"type": "assert-default-sort-order-id", "default-sort-order-id": 0},
    ]
    commit(rest, table, {"action": "set-properties", "updates": {"a": "1"}}, requirements=good)
    for r in good:
        key = next(k for k in r if k not in ("type", "ref"))
        bad = {**r, key: str(uuid.uuid4()) if key == "uuid" else 12345}
        body = {"requirements": [bad], "updates": [{"action": "set-properties", "updates": {"a": "2"}}]}
        rest.error("POST", table, body, 409, "CommitFailedException")
    assert rest.ask("GET", table).json()["metadata"]["properties"]["a"] == "1"


def test_all_or_nothing(rest, table):
    before = rest.ask("GET", table).text
    updates = [{"action": "set-properties", "updates": {"a": "1"}}, {"action": "set-current-schema", "schema-id": 9}]
    rest.error("POST", table, {"requirements": [], "updates": updates}, 400)
    assert rest.ask("GET", table).text == before


def test_an_empty_commit_changes_nothing(rest, table):
    before = rest.ask("GET", table).json()
    after = commit(rest, table).json()
    assert after["metadata-location"] == before["metadata-location"]


def test_upgrade_to_version_3(rest, table):
    commit(rest, table, {"action": "upgrade-format-version", "format-version": 3})
    metadata = rest.ask("GET", table).json()["metadata"]
    assert metadata["format-version"] == 3 and metadata["next-row-id"] == 0
    where = metadata["location"]
    commit(rest, table, snapshot(1, where, **{"first-row-id": 0, "added-rows": 5}), main(1))
    commit(rest, table, snapshot(2, where, **{"first-row-id": 5, "added-rows": 7, "parent-snapshot-id": 1}), main(2))
    assert rest.ask("GET", table).json()["metadata"]["next-row-id"] == 12
    body = {"requirements": [], "updates": [snapshot(3, where, **{"first-row-id": 3, "added-rows": 1})]}
    rest.error("POST", table, body, 409, "CommitFailedException")
    rest.error("POST", table, {"requirements": [], "updates": [{"action": "upgrade-format-version", "format-version": 2}]})


def test_server_side_retry(rest, table):
    """Commits that don't exclude each other all hold, also when they meet."""

    def one(i):
        body = {"requirements": [], "updates": [{"action": "set-properties", "updates": {f"k{i}": "v"}}]}
        return requests.post(rest.base + table, json=body, headers=rest.server.headers(), timeout=60).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(24))) == {200}
    kept = rest.ask("GET", table).json()["metadata"]["properties"]
    assert {f"k{i}" for i in range(24)} <= set(kept)


def test_only_one_creates(rest, space):
    def one(_):
        body = {"name": "t", "schema": SCHEMA}
        url = f"{rest.base}/namespaces/{space}/tables"
        return requests.post(url, json=body, headers=rest.server.headers(), timeout=60).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [200] + [409] * 7


def test_a_failed_write_leaves_no_table(rest, space, site):
    """The warehouse does not take the metadata: the client is told, and there is no table."""
    if not site.place.endswith("file"):
        pytest.skip("a file in a folder's place: on files only")
    near = rest.ask("POST", f"/namespaces/{space}/tables", {"name": "near", "schema": SCHEMA}).json()["metadata"]["location"]
    blocked = pathlib.Path(near.removeprefix("file://")).parent / "blocked"
    blocked.write_text("not a folder")
    body = {"name": "t", "schema": SCHEMA, "location": f"file://{blocked}"}
    answer = requests.post(f"{rest.base}/namespaces/{space}/tables", json=body, headers=rest.server.headers())
    assert answer.status_code >= 400 and answer.json()["error"]["code"] == answer.status_code
    rest.ask("HEAD", f"/namespaces/{space}/tables/t", expect=404)
    blocked.unlink()
    rest.ask("POST", f"/namespaces/{space}/tables", body)


# --- loads --------------------------------------------------------------------------------------


def test_not_modified(rest, table):
    first = rest.ask("GET", table)
    tag = first.headers["ETag"]
    for given in (tag, f"W/{tag.removeprefix('W/')}", f'"other", {tag}'):
        again = rest.ask("GET", table, expect=304, **{"If-None-Match": given})
        assert again.content == b"" and again.headers["ETag"] == tag
    commit(rest, table, {"action": "set-properties", "updates": {"a": "1"}})
    assert rest.ask("GET", table, **{"If-None-Match": tag}).headers["ETag"] != tag


def test_refs_only(rest, table):
    where = rest.ask("GET", table).json()["metadata"]["location"]
    for n in (1, 2, 3):
        commit(rest, table, snapshot(n, where), main(n))
    everything, refs = rest.ask("GET", table).json(), rest.ask("GET", f"{table}?snapshots=refs").json()
    assert [s["snapshot-id"] for s in everything["metadata"]["snapshots"]] == [1, 2, 3]
    assert [s["snapshot-id"] for s in refs["metadata"]["snapshots"]] == [3]
    assert refs["metadata"]["snapshot-log"] == everything["metadata"]["snapshot-log"]
    rest.error("GET", f"{table}?snapshots=some")


def test_a_load_without_the_file(rest, table, site):
    """A file warehouse whose metadata file is gone: an error that says so, not old text from a cache."""
    if not site.place.endswith("file"):
        pytest.skip("objects are written once; files can be moved")
    location = rest.ask("GET", table).json()["metadata-location"]
    path = pathlib.Path(location.removeprefix("file://"))
    away = path.rename(path.with_suffix(".away"))
    assert location in rest.error("GET", table, expect=404, type="NotFoundException")["message"]
    away.rename(path)
    rest.ask("GET", table)


# --- statuses and headers -----------------------------------------------------------------------


def test_nouns_of_what_is_missing(rest, table, space):
    rest.error("GET", "/namespaces/none", expect=404, type="NoSuchNamespaceException")
    rest.error("GET", "/namespaces/none/tables", expect=404, type="NoSuchNamespaceException")
    rest.error("GET", f"/namespaces/{space}/tables/none", expect=404, type="NoSuchTableException")
    rest.error("DELETE", f"/namespaces/{space}/tables/none", expect=404, type="NoSuchTableException")
    body = {"name": "t", "schema": SCHEMA}
    rest.error("POST", "/namespaces/none/tables", body, 404, "NoSuchNamespaceException")
    rest.error("POST", f"/namespaces/{space}/tables", body, 409, "AlreadyExistsException")
    rest.error("POST", "/namespaces", {"namespace": [space]}, 409, "AlreadyExistsException")
    rest.error("DELETE", f"/namespaces/{space}", expect=409, type="NamespaceNotEmptyException")
    rename = {"source": {"namespace": [space], "name": "none"}, "destination": {"namespace": [space], "name": "x"}}
    rest.error("POST", "/tables/rename", rename, 404, "NoSuchTableException")
    rename["source"]["name"], rename["destination"]["namespace"] = "t", ["none"]
    rest.error("POST", "/tables/rename", rename, 404, "NoSuchNamespaceException")


def test_head(rest, table, space):
    for path, status in ((table, 204), (f"/namespaces/{space}", 204), ("/namespaces/none", 404), (table + "x", 404)):
        assert rest.ask("HEAD", path, expect=status).content == b""


def test_methods(rest, table):
    answer = rest.ask("PATCH", table, {}, 405)
    assert "POST" in answer.headers["Allow"] and answer.json()["error"]["code"] == 405


def test_preflight(rest, table):
    answer = requests.options(rest.base + table, headers={"Origin": "http://ui.example", "Access-Control-Request-Method": "POST"})
    assert answer.status_code in (200, 204) and "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()


def test_request_id(rest, table):
    assert rest.ask("GET", table, **{"X-Request-Id": "mine-1.2_3"}).headers["X-Request-Id"] == "mine-1.2_3"
    assert len(rest.ask("GET", table).headers["X-Request-Id"]) == 36


def test_catalog_named_twice(rest, table):
    """/v1/<catalog>/v1/..., as clients ask whose uri ends in the catalog."""
    rest.ask("GET", rest.base + "/v1" + table)
    rest.ask("GET", f"{rest.base}/v1/config")
    rest.ask("GET", f"{rest.base}/v1/{rest.site.catalog}{table}")


def test_namespace_levels(rest, space):
    rest.ask("POST", "/namespaces", {"namespace": [space, "b.c"]})
    rest.ask("POST", "/namespaces", {"namespace": [space, "b.c", "d/e"]})
    assert rest.ask("GET", f"/namespaces/{space}%1Fb.c").json()["namespace"] == [space, "b.c"]
    rest.ask("POST", f"/namespaces/{space}%1Fb.c%1Fd%2Fe/tables", {"name": "t/1", "schema": SCHEMA})
    rest.ask("GET", f"/namespaces/{space}%1Fb.c%1Fd%2Fe/tables/t%2F1")
    listed = rest.ask("GET", f"/namespaces?parent={space}%1Fb.c").json()["namespaces"]
    assert listed == [[space, "b.c", "d/e"]]


def test_health(rest):
    for path in ("/health", "/health/live", "/health/ready"):
        assert requests.get(rest.server.uri + path).json()["status"] in ("ready", "alive", "ok")


def test_anonymous(rest, table):
    for path in (table, "/namespaces", "/namespaces/none"):
        answer = requests.get(rest.base + path)
        assert answer.status_code == 401 and answer.json()["error"]["code"] == 401
        assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert requests.get(f"{rest.server.uri}/v1/config").status_code == 401


def test_another_tenant(rest, table, site):
    """Another tenant's administrator sees nothing of ours, under the very same names."""
    server = site.server
    tenant = server.api("POST", "tenants", token=server.root_token, json={"name": f"t{uuid.uuid4().hex[:8]}"}).json()["id"]
    token = server.command("token", "issue", "--tenant", tenant, "--role", "tenant-admin").strip()
    for method, path in (("GET", table), ("HEAD", table), ("DELETE", table), ("GET", "/namespaces")):
        answer = requests.request(method, rest.base + path, headers=server.headers(token))
        assert answer.status_code == 404, (method, path, answer.text)
    rest.ask("GET", table)


def test_no_auth(request):
    """PANGOLIN_NO_AUTH: no credential is needed, and everything says so."""
    if "PANGOLIN_URI" in os.environ:
        pytest.skip("starts a server of its own")
    server = Started("sqlite", PANGOLIN_NO_AUTH="true")
    try:
        from pyiceberg.catalog import load_catalog

        assert requests.get(f"{server.uri}/api/v1/app-config").json()["auth_enabled"] is False
        assert requests.get(f"{server.uri}/health").headers["X-Pangolin-No-Auth"] == "true"
        catalog = load_catalog("live", type="rest", uri=server.uri, warehouse=server.catalog)
        catalog.create_namespace("n")
        catalog.create_table(("n", "t"), pa.schema([("id", pa.int64())])).append(pa.table({"id": [1]}))
        assert catalog.load_table(("n", "t")).scan().to_arrow().num_rows == 1
        assert any("no_auth" in log.read_text() for log in (server.run / "logs").glob("*.log"))
    finally:
        server.stop()
