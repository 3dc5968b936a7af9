# SPDX-License-Identifier: Apache-2.0
"""Drives views, functions, scan planning, credentials and signing, with good requests and with bad ones."""

import uuid

from contract_catalog import pages
from contract_ground import FIELDS, Ground, drives, missing

# --- views ------------------------------------------------------------------------------------------


@drives("listViews")
def list_views(ground):
    space = ground.space()
    for i in range(5):
        ground.view(space, f"v {i}")
    ground.table(space)
    found = pages(ground, "listViews", "identifiers", namespace=space)
    assert sorted(v["name"] for v in found) == [f"v {i}" for i in range(5)]
    ground.fails("listViews", 404, "NoSuchNamespaceException", namespace=["none"])


@drives("createView")
def create_view(ground):
    space = ground.space()
    made = ground.ok("createView", namespace=space, body=ground.view_body())
    metadata = made["metadata"]
    assert metadata["versions"][0]["representations"][1]["dialect"] == "trino" and metadata["properties"]["comment"] == "x"
    assert metadata["current-version-id"] == 1 and len(metadata["version-log"]) == 1
    for clash in ("v", ground.table(space)["table"]):
        ground.fails("createView", 409, "AlreadyExistsException", namespace=space, body=ground.view_body(clash))
    ground.fails("createView", 404, "NoSuchNamespaceException", namespace=["none"], body=ground.view_body())
    for bad in ({"name": "x"}, {**ground.view_body("x"), "view-version": {}}, {**ground.view_body("x"), "schema": 1}):
        ground.fails("createView", 400, namespace=space, body=bad, good=False)


@drives("loadView")
def load_view(ground):
    where = ground.view()
    made = ground.ok("loadView", **where, query={"referenced-by": "a\x1fv"})
    assert made["metadata-location"] and made["metadata"]["schemas"][0]["fields"] == FIELDS[:1]
    missing(ground, "loadView", noun="view", **where)
    ground.fails("loadView", 404, "NoSuchViewException", namespace=where["namespace"], view=ground.table(where["namespace"])["table"])


@drives("replaceView")
def replace_view(ground):
    where = ground.view()
    metadata = ground.ok("loadView", **where)["metadata"]
    version = {**ground.view_body(sql="SELECT id, name FROM t")["view-version"], "version-id": 2, "schema-id": -1}
    updates = [
        {"action": "add-schema", "schema": {"type": "struct", "schema-id": 1, "fields": FIELDS[:2]}, "last-column-id": 2},
        {"action": "add-view-version", "view-version": version},
        {"action": "set-current-view-version", "view-version-id": -1},
        {"action": "set-properties", "updates": {"a": "b", "c": "d"}},
        {"action": "remove-properties", "removals": ["c"]},
    ]
    identifier = {"namespace": where["namespace"], "name": where["view"]}
    holds = [{"type": "assert-view-uuid", "uuid": metadata["view-uuid"]}]
    made = ground.ok("replaceView", body={"identifier": identifier, "requirements": holds, "updates": updates}, **where)
    after = made["metadata"]
    assert after["current-version-id"] == 2 and len(after["version-log"]) == 2 and after["properties"]["a"] == "b"
    assert "c" not in after["properties"] and made["metadata-location"] != metadata.get("metadata-location")
    ground.ok("replaceView", body={"updates": updates[3:4]}, **where)
    wrong = {"requirements": [{"type": "assert-view-uuid", "uuid": str(uuid.uuid4())}], "updates": updates[3:4]}
    ground.fails("replaceView", 409, "CommitFailedException", body=wrong, **where)
    missing(ground, "replaceView", body={"updates": updates[3:4]}, noun="view", **where)
    for bad in ({"action": "no-such"}, {"action": "add-snapshot", "snapshot": {}}, {"action": "set-current-view-version", "view-version-id": 9}):
        ground.fails("replaceView", 400, body={"updates": [bad]}, good=False, **where)


@drives("dropView")
def drop_view(ground):
    where = ground.view()
    ground("dropView", 204, **where)
    missing(ground, "dropView", noun="view", **where)


@drives("viewExists")
def view_exists(ground):
    where = ground.view()
    ground("viewExists", 204, **where)
    missing(ground, "viewExists", noun="view", **where)


@drives("renameView")
def rename_view(ground):
    where, other = ground.view(), ground.space()
    space = where["namespace"]
    ground.view(space, "w")
    ground.table(space)

    def rename(source, destination, to=space):
        return {"source": {"namespace": space, "name": source}, "destination": {"namespace": to, "name": destination}}

    for clash in ("w", "t"):
        ground.fails("renameView", 409, "AlreadyExistsException", body=rename("v", clash))
    ground("renameView", 204, body=rename("v", "v2"))
    ground("renameView", 204, body=rename("v2", "v", other))
    ground("viewExists", 204, namespace=other, view="v")
    ground.fails("renameView", 404, "NoSuchViewException", body=rename("none", "x"))
    ground.fails("renameView", 404, "NoSuchNamespaceException", body=rename("w", "x", ["no", "such"]))
    ground.fails("renameView", 400, body={"source": {}}, good=False)


@drives("registerView")
def register_view(ground):
    where = ground.view()
    made = ground.ok("loadView", **where)
    ground("dropView", 204, **where)
    space, body = where["namespace"], {"name": "back", "metadata-location": made["metadata-location"]}
    again = ground.ok("registerView", namespace=space, body=body)
    assert again["metadata"]["view-uuid"] == made["metadata"]["view-uuid"]
    ground.fails("registerView", 409, "AlreadyExistsException", namespace=space, body=body)
    ground.fails("registerView", 404, "NoSuchNamespaceException", namespace=["none"], body=body)
    ground.fails("registerView", 400, namespace=space, body={"name": "x", "metadata-location": "nonsense"})
    ground.fails("registerView", 400, namespace=space, body={"name": "x"}, good=False)


# --- functions --------------------------------------------------------------------------------------


def function_metadata():
    """What the UDF specification has: two overloads, one with a nested type."""
    version = {"version-id": 1, "representations": [{"type": "sql", "dialect": "spark", "sql": "x + 1"}], "timestamp-ms": 1700000000000}
    parameters = {
        "int": [{"name": "x", "type": "int", "doc": "to add to"}],
        "list<string>": [{"name": "x", "type": {"type": "list", "element": "string"}}],
    }
    definitions = [
        {
            "definition-id": id, "parameters": given, "return-type": given[0]["type"], "return-nullable": False, "function-type": "udf",
            "versions": [{**version, "deterministic": True, "on-null-input": "return-null"}], "current-version-id": 1,
        }
        for id, given in parameters.items()
    ]  # fmt: skip
    refs = [{"definition-id": id, "version-id": 1} for id in parameters]
    return {
        "function-uuid": str(uuid.uuid4()), "format-version": 1, "definitions": definitions, "properties": {"a": "b"},
        "definition-log": [{"timestamp-ms": 1700000000000, "definition-versions": refs}], "doc": "adds one", "secure": False,
    }  # fmt: skip


def function(ground, space, name):
    """The document has no operation that makes one: the management interface's."""
    path = f"catalogs/{ground.catalog}/namespaces/{space[0]}/functions"
    metadata = function_metadata()
    ground.server.api("POST", path, json={"name": name, "metadata": metadata})
    return metadata


@drives("listFunctions")
def list_functions(ground):
    space = ground.space()
    for i in range(5):
        function(ground, space, f"f{i}")
    found = pages(ground, "listFunctions", "identifiers", namespace=space)
    assert sorted(found) == [[*space, f"f{i}"] for i in range(5)]
    ground.fails("listFunctions", 404, "NoSuchNamespaceException", namespace=["none"])


@drives("loadFunction")
def load_function(ground):
    space = ground.space()
    metadata = function(ground, space, "add_one")
    loaded = ground.ok("loadFunction", namespace=space, function="add_one")["metadata"]
    assert loaded["function-uuid"] == metadata["function-uuid"] and loaded["definitions"] == metadata["definitions"]
    missing(ground, "loadFunction", noun="function", namespace=space, function="add_one")


# --- scan planning ----------------------------------------------------------------------------------


def planned(ground, where, **request):
    """Plans, polls until it is done, fetches all tasks: the paths of the data files, and the plan's id."""
    plan = ground.ok("planTableScan", body=request, **where)
    id, tries = plan.get("plan-id"), 0
    while plan["status"] == "submitted":
        tries += 1
        assert tries < 200
        plan = ground.ok("fetchPlanningResult", plan_id=id, **where)
    assert plan["status"] == "completed", plan
    files, tasks = list(plan.get("file-scan-tasks", [])), list(plan.get("plan-tasks", []))
    while tasks:
        more = ground.ok("fetchScanTasks", body={"plan-task": tasks.pop()}, **where)
        files += more.get("file-scan-tasks", [])
        tasks += more.get("plan-tasks", [])
    return {f["data-file"]["file-path"] for f in files}, id


def local(table, **scan):
    return {task.file.file_path for task in table.scan(**scan).plan_files()}


FILTERS = [
    True,
    {"type": "eq", "term": "id", "value": 1},
    {"type": "and", "left": {"type": "gt-eq", "term": "id", "value": 0}, "right": {"type": "not-null", "term": "name"}},
    {"type": "or", "left": {"type": "in", "term": "id", "values": [1, 2]}, "right": {"type": "starts-with", "term": "name", "value": "n"}},
    {"type": "not", "child": {"type": "is-null", "term": "name"}},
    {"type": "eq", "left": {"type": "reference", "name": "id"}, "right": {"type": "literal", "value": 1}},
    {"type": "lt", "term": {"type": "transform", "transform": "truncate[10]", "term": "id"}, "value": 100},
]


@drives("planTableScan")
def plan_table_scan(ground):
    where, table = ground.written(partitions=4)
    for filter in FILTERS:
        files, _ = planned(ground, where, filter=filter, select=["id", "name"], **{"stats-fields": ["id"], "case-sensitive": True})
        assert files == local(table), filter
    none, _ = planned(ground, where, filter={"type": "gt", "term": "id", "value": 1000})
    assert none == set()
    snapshots = [s.snapshot_id for s in table.snapshots()]
    files, _ = planned(ground, where, **{"snapshot-id": snapshots[1], "use-snapshot-schema": True})
    assert files == local(table, snapshot_id=snapshots[1])
    files, _ = planned(ground, where, **{"start-snapshot-id": snapshots[1], "end-snapshot-id": snapshots[3]})
    assert files == local(table) - local(table, snapshot_id=snapshots[1])
    planned(ground, where, **{"min-rows-requested": 1})
    for bad in (
        {"snapshot-id": snapshots[1], "start-snapshot-id": snapshots[0], "end-snapshot-id": snapshots[1]},
        {"filter": {"type": "eq", "term": "none", "value": 1}},
        {"start-snapshot-id": snapshots[0]},
    ):
        ground.fails("planTableScan", 400, body=bad, **where)
    for bad in ({"filter": {"type": "no-such"}}, {"select": 1}, {"filter": 3}):
        ground.fails("planTableScan", 400, body=bad, good=False, **where)
    missing(ground, "planTableScan", body={}, **where)


@drives("fetchPlanningResult")
def fetch_planning_result(ground):
    where, table = ground.written(partitions=2)
    files, id = planned(ground, where)
    assert files == local(table) and id
    again = ground.ok("fetchPlanningResult", plan_id=id, **where)
    assert again["status"] == "completed"
    ground.fails("fetchPlanningResult", 404, "NoSuchPlanIdException", plan_id=str(uuid.uuid4()), **where)
    missing(ground, "fetchPlanningResult", plan_id=id, **where)
    other = ground.table(where["namespace"], "other")
    ground.fails("fetchPlanningResult", 404, "NoSuchPlanIdException", plan_id=id, **other)


@drives("cancelPlanning")
def cancel_planning(ground):
    where, _ = ground.written(partitions=2)
    _, id = planned(ground, where)
    ground("cancelPlanning", 204, plan_id=id, **where)
    ground.fails("cancelPlanning", 404, "NoSuchPlanIdException", plan_id=str(uuid.uuid4()), **where)
    missing(ground, "cancelPlanning", plan_id=id, **where)


@drives("fetchScanTasks")
def fetch_scan_tasks(ground):
    """A plan of more files than one answer holds comes as tasks."""
    where, _ = ground.written()
    many = many_files(ground, where)
    files, _ = planned(ground, where)
    assert len(files) == many and "fetchScanTasks" in ground.seen and 200 in ground.seen["fetchScanTasks"]
    ground.fails("fetchScanTasks", 404, "NoSuchPlanTaskException", body={"plan-task": "none"}, **where)
    missing(ground, "fetchScanTasks", body={"plan-task": "none"}, **where)
    ground.fails("fetchScanTasks", 400, body={}, good=False, **where)


def many_files(ground, where, n=4000):
    """Gives the table n data files (which nobody reads) by a manifest of our own; their number in all."""
    table = ground.client().load_table((*where["namespace"], where["table"]))
    entry = next(iter(table.scan().plan_files())).file
    with table.transaction() as tx, tx.update_snapshot().fast_append() as append:
        for i in range(n):
            append.append_data_file(renamed(entry, f"{table.location()}/data/{i:05d}.parquet"))
    return n + 1


def renamed(entry, path):
    made = type(entry)(*entry._data)
    made[1] = path  # file_path
    made.spec_id = entry.spec_id
    return made


# --- credentials and signing ------------------------------------------------------------------------


@drives("loadCredentials")
def load_credentials(ground):
    if ground.site.place.endswith("s3"):
        vended(ground)
    where = ground.table()
    ground.ok("loadCredentials", **where, query={"planId": "p", "referenced-by": "a\x1fv"})
    missing(ground, "loadCredentials", **where)


def vended(ground):
    """A warehouse that vends: by the route, and in the answers of who asks for it."""
    site = ground.site
    catalog = site.server.make_catalog(site.storage.config(), vending_strategy=site.storage.vending())
    other = Ground(site, catalog)
    where = other.table()
    location = other.ok("loadTable", **where)["metadata"]["location"]
    asked = other.ok("loadTable", **where, headers={"X-Iceberg-Access-Delegation": "vended-credentials"})
    for given in (other.ok("loadCredentials", **where)["storage-credentials"], asked["storage-credentials"]):
        assert [one["prefix"].rstrip("/") for one in given] == [location] and given[0]["config"]["s3.secret-access-key"]
    assert "storage-credentials" not in other.ok("loadTable", **where), "nobody asked"
    assert other.seen["loadCredentials"] == {200}


@drives("signRequest")
def sign_request(ground):
    where = ground.table()
    location = ground.ok("loadTable", **where)["metadata"]["location"]
    if ground.site.place.endswith("s3"):
        storage = ground.site.storage
        key = location.removeprefix("s3://") + "/data/x.parquet"
        request = {"region": "us-east-1", "method": "GET", "headers": {"x-amz-date": ["20260101T000000Z"]}, "properties": {}, "provider": "s3"}
        made = ground.ok("signRequest", body={**request, "uri": f"{storage.endpoint}/{key}"}, **where)
        assert any(name.lower() == "authorization" for name in made["headers"])
        ground.fails("signRequest", 403, "ForbiddenException", body={**request, "uri": f"{storage.endpoint}/lake/elsewhere"}, **where)
    else:
        request = {"region": "us-east-1", "method": "GET", "headers": {}, "uri": f"http://127.0.0.1/{location}"}
        ground.fails("signRequest", 400, body=request, **where)
    ground.fails("signRequest", 400, body={"region": "x"}, good=False, **where)
