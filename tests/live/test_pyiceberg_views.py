# SPDX-License-Identifier: Apache-2.0
"""PyIceberg and views: create, load, list, register, drop; clashes with tables; what other clients see of them."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
import requests
from pyiceberg.exceptions import (
    NamespaceNotEmptyError,
    NoSuchTableError,
    NoSuchViewError,
    RESTError,
    TableAlreadyExistsError,
    ViewAlreadyExistsError,
)
from pyiceberg.io import load_file_io
from pyiceberg.view.metadata import SQLViewRepresentation, ViewVersion

pytestmark = pytest.mark.ours
SCHEMA = pa.schema([pa.field("id", pa.int64()), pa.field("day", pa.date32())])


def version(space, sql="SELECT id, day FROM t", *dialects):
    return ViewVersion(
        version_id=1,
        timestamp_ms=1700000000000,
        schema_id=0,
        summary={"engine-name": "test"},
        representations=[SQLViewRepresentation(type="sql", sql=sql, dialect=d) for d in dialects or ("spark",)],
        default_namespace=list(space),
    )


class Api:
    """The same catalog by plain requests."""

    def __init__(self, site, space):
        self.server, self.base = site.server, f"{site.server.uri}/v1/{site.catalog}"
        self.views = f"{self.base}/namespaces/{space[0]}/views"

    def __call__(self, method, url, status, **more):
        answer = requests.request(method, url, headers=self.server.headers(), timeout=60, **more)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def fails(self, method, url, status, error, **more):
        found = self(method, url, status, **more)["error"]
        assert found["type"] == error and found["code"] == status
        return found["message"]


@pytest.fixture
def api(site, ns):
    return Api(site, ns)


def test_view(catalog, ns):
    made = catalog.create_view((*ns, "v"), SCHEMA, version(ns, "SELECT 1", "spark", "trino"), properties={"comment": "ü"})
    assert catalog.view_exists((*ns, "v")) and catalog.list_views(ns) == [(*ns, "v")] and catalog.list_tables(ns) == []
    view = catalog.load_view((*ns, "v"))
    assert view.metadata == made.metadata
    metadata = view.metadata
    assert metadata.properties["comment"] == "ü" and metadata.current_version_id == 1 and metadata.format_version == 1
    assert [r.root.dialect for r in metadata.versions[0].representations] == ["spark", "trino"]
    assert metadata.versions[0].default_namespace == tuple(ns)
    assert [f.name for f in metadata.schemas[0].fields] == ["id", "day"]
    catalog.drop_view((*ns, "v"))
    assert not catalog.view_exists((*ns, "v")) and catalog.list_views(ns) == []
    for missing in (catalog.load_view, catalog.drop_view):
        with pytest.raises(NoSuchViewError):
            missing((*ns, "v"))
    with pytest.raises(RESTError, match="NoSuchNamespaceException"):
        catalog.create_view((f"n{uuid.uuid4().hex}", "v"), SCHEMA, version(ns))


def test_register(catalog, ns, api):
    made = catalog.create_view((*ns, "v"), SCHEMA, version(ns))
    file = api("GET", f"{api.views}/v", 200)["metadata-location"]
    with pytest.raises(ViewAlreadyExistsError):
        catalog.register_view((*ns, "v"), file)
    message = api.fails("POST", f"{api.base}/namespaces/{ns[0]}/register-view", 400, "BadRequestException",
                        json={"name": "w", "metadata-location": file})
    assert "location" in message  # the folder is v's
    catalog.drop_view((*ns, "v"))
    assert catalog.register_view((*ns, "w"), file).metadata == made.metadata
    assert catalog.load_view((*ns, "w")).metadata == made.metadata
    table = catalog.create_table((*ns, "t"), SCHEMA)
    with pytest.raises(RESTError):  # it is a table's file
        catalog.register_view((*ns, "x"), table.metadata_location)
    with pytest.raises(RESTError):  # and this a view's
        catalog.register_table((*ns, "x"), file)


def test_names_are_shared_with_tables(catalog, ns, api):
    catalog.create_view((*ns, "v"), SCHEMA, version(ns))
    catalog.create_table((*ns, "t"), SCHEMA)
    with pytest.raises(TableAlreadyExistsError, match="View with same name already exists"):
        catalog.create_table((*ns, "v"), SCHEMA)
    with pytest.raises(ViewAlreadyExistsError):
        catalog.create_view((*ns, "t"), SCHEMA, version(ns))
    with pytest.raises(NoSuchTableError):
        catalog.load_table((*ns, "v"))
    with pytest.raises(NoSuchViewError):
        catalog.load_view((*ns, "t"))
    with pytest.raises(NoSuchTableError):
        catalog.drop_table((*ns, "v"))
    with pytest.raises(NoSuchViewError):
        catalog.drop_view((*ns, "t"))
    assert not catalog.table_exists((*ns, "v")) and not catalog.view_exists((*ns, "t"))
    catalog.drop_table((*ns, "t"))
    with pytest.raises(NamespaceNotEmptyError):
        catalog.drop_namespace(ns)
    catalog.drop_view((*ns, "v"))
    catalog.drop_namespace(ns)


def test_rename(catalog, ns, api):
    catalog.create_view((*ns, "v"), SCHEMA, version(ns))
    catalog.create_table((*ns, "t"), SCHEMA)
    other = f"n{uuid.uuid4().hex[:10]}"
    catalog.create_namespace(other)
    before = catalog.load_view((*ns, "v")).metadata
    body = {"source": {"namespace": ns, "name": "v"}, "destination": {"namespace": [other], "name": "w"}}
    api("POST", f"{api.base}/views/rename", 204, json=body)
    assert catalog.load_view((other, "w")).metadata == before and not catalog.view_exists((*ns, "v"))
    api.fails("POST", f"{api.base}/views/rename", 404, "NoSuchViewException", json=body)
    back = {"source": body["destination"], "destination": {"namespace": ns, "name": "t"}}
    message = api.fails("POST", f"{api.base}/views/rename", 409, "AlreadyExistsException", json=back)
    assert message == f"Cannot rename {other}.w to {ns[0]}.t. Table already exists"
    nowhere = {**back, "destination": {"namespace": ["none"], "name": "t"}}
    api.fails("POST", f"{api.base}/views/rename", 404, "NoSuchNamespaceException", json=nowhere)
    table = {"source": {"namespace": ns, "name": "t"}, "destination": {"namespace": ns, "name": "u"}}
    api.fails("POST", f"{api.base}/views/rename", 404, "NoSuchViewException", json=table)


def add(sql, **more):
    new = {"version-id": 1, "timestamp-ms": 1700000000001, "schema-id": 0, "summary": {}, "default-namespace": [], **more}
    new["representations"] = [{"type": "sql", "sql": sql, "dialect": "spark"}]
    return [{"action": "add-view-version", "view-version": new}, {"action": "set-current-view-version", "view-version-id": -1}]


def test_replace(catalog, ns, api, site):
    catalog.create_view((*ns, "v"), SCHEMA, version(ns))
    first = api("GET", f"{api.views}/v", 200)
    holds = [{"type": "assert-view-uuid", "uuid": first["metadata"]["view-uuid"]}]
    for i in range(12):
        second = api("POST", f"{api.views}/v", 200, json={"requirements": holds, "updates": add(f"SELECT {i}")})
    metadata = catalog.load_view((*ns, "v")).metadata
    assert metadata.current_version_id == 13 and [v.version_id for v in metadata.versions] == list(range(4, 14))
    assert second["metadata-location"] != first["metadata-location"]
    again = api("POST", f"{api.views}/v", 200, json={"updates": add("SELECT 11")})
    assert again["metadata-location"] == second["metadata-location"] and again["metadata"] == second["metadata"]
    other = [{"type": "assert-view-uuid", "uuid": str(uuid.uuid4())}]
    message = api.fails("POST", f"{api.views}/v", 409, "CommitFailedException", json={"requirements": other, "updates": add("x")})
    assert message.startswith("Requirement failed: view UUID does not match")
    api.fails("POST", f"{api.views}/v", 400, "BadRequestException", json={"updates": [{"action": "remove-snapshots"}]})
    api.fails("POST", f"{api.views}/none", 404, "NoSuchViewException", json={"updates": []})
    with load_file_io(site.storage.admin).new_input(second["metadata-location"]).open() as file:
        assert json.loads(file.read()) == second["metadata"]


def test_replaces_at_once(catalog, ns, api):
    """Who comes second is tried again by the server, and takes nothing of the first one's away."""
    made = catalog.create_view((*ns, "v"), SCHEMA, version(ns), properties={"version.history.num-entries": "100"})
    holds = [{"type": "assert-view-uuid", "uuid": str(made.metadata.view_uuid)}]

    def replace(i):
        for k in range(5):
            api("POST", f"{api.views}/v", 200, json={"requirements": holds, "updates": add(f"SELECT {i}, {k}")})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(replace, range(4)))
    metadata = catalog.load_view((*ns, "v")).metadata
    assert [v.version_id for v in metadata.versions] == list(range(1, 22)) and len(metadata.version_log) == 21
    queries = {v.representations[0].root.sql for v in metadata.versions}
    assert queries == {"SELECT id, day FROM t"} | {f"SELECT {i}, {k}" for i in range(4) for k in range(5)}


def test_simple_views(catalog, ns, api):
    """The body of the management clients, stored as a real view."""
    made = api("POST", api.views, 201, json={"name": "v", "sql": "SELECT 1 AS one", "properties": {"owner": "me"}})
    assert (made["name"], made["sql"], made["dialect"]) == ("v", "SELECT 1 AS one", "ansi")
    loaded = api("GET", f"{api.views}/v", 200)
    assert loaded == made and loaded["properties"] == {"owner": "me", "sql": "SELECT 1 AS one", "dialect": "ansi"}
    metadata = catalog.load_view((*ns, "v")).metadata
    assert metadata.versions[0].representations[0].root.sql == "SELECT 1 AS one" and metadata.schemas[0].fields == ()
    schema = {"type": "struct", "fields": [{"id": 1, "name": "one", "required": False, "type": "int"}]}
    made = api("POST", api.views, 201, json={"name": "w", "sql": "x", "dialect": "trino", "schema": schema})
    assert made["dialect"] == "trino" and made["metadata"]["schemas"][0]["fields"] == schema["fields"]
    api.fails("POST", api.views, 409, "AlreadyExistsException", json={"name": "v", "sql": "x"})
    catalog.create_view((*ns, "real"), SCHEMA, version(ns))
    assert set(api("GET", f"{api.views}/real", 200)) == {"metadata-location", "metadata", "config"}
    for bad in ({"name": "x", "sql": 1}, {"sql": "x"}, {"name": "x", "sql": "x", "schema": []}, {"name": "x", "sql": "x", "dialect": 7}):
        api("POST", api.views, 400, json=bad)


def test_referenced_by(catalog, ns, api):
    catalog.create_view((*ns, "v"), SCHEMA, version(ns))
    catalog.create_table((*ns, "t"), SCHEMA)
    table = f"{api.base}/namespaces/{ns[0]}/tables/t"
    for good in ("", "a%1Fv", "a%1Fb%1Fv,a%1Fw", "a%1Fv%2Cw", "a%251Fv%252Cw%2Ca%251Fw", "a%1Fv%2Ca%1Fw"):
        for url in (f"{api.views}/v", table):
            api("GET", f"{url}?referenced-by={good}", 200)
    for bad in ("v", "a%1F", "%1Fv", "a%1Fv,", ",a%1Fv", "a%1Fv,w", "%ff%1Fv"):
        for url in (f"{api.views}/v", table):
            api.fails("GET", f"{url}?referenced-by={bad}", 400, "BadRequestException")
