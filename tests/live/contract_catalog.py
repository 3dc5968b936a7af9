# SPDX-License-Identifier: Apache-2.0
"""Drives configuration, tokens, namespaces, tables and transactions, with good requests and with bad ones."""

import base64
import urllib.parse
import uuid

from contract_ground import FIELDS, ORDER, SCHEMA, SPEC, drives, missing

# --- configuration and tokens ---------------------------------------------------------------------


@drives("getConfig")
def get_config(ground):
    ground.ok("getConfig")
    config = ground.ok("getConfig", query={"warehouse": ground.catalog})
    assert {**config["defaults"], **config["overrides"]}["prefix"] == ground.catalog
    ground.fails("getConfig", 404, "NoSuchWarehouseException", query={"warehouse": "none"})


@drives("getToken")
def get_token(ground):
    user = ground.service_user()
    secret = {"client_id": user["id"], "client_secret": user["api_key"]}
    form = {"grant_type": "client_credentials", "scope": "catalog", **secret}

    def ask(expect, **fields):
        text = urllib.parse.urlencode(fields)
        answer = ground("getToken", expect, body=text, token="", good=False)
        return answer.json()

    made = ask(200, **form)
    assert made["token_type"] == "bearer" and made["expires_in"] > 0
    ground("listNamespaces", 200, token=made["access_token"])
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": made["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    ground("listNamespaces", 200, token=ask(200, **exchange)["access_token"])
    assert ask(401, **{**form, "client_secret": "pgl_wrong"})["error"] == "invalid_client"
    assert ask(400, **{**form, "grant_type": "password"})["error"] == "unsupported_grant_type"
    assert ask(400, grant_type="client_credentials")["error"] == "invalid_request"
    assert ask(400, **{**exchange, "subject_token": "x"})["error"] == "invalid_grant"


# --- namespaces -----------------------------------------------------------------------------------


def pages(ground, operation, key, size=2, **where):
    """Every page of a list, which must be the list that one asks for at once."""
    whole = ground.ok(operation, **where)
    assert whole.get("next-page-token") is None, "a page where none was asked for"
    query, found = {"pageSize": size, "pageToken": ""}, []
    query |= where.pop("query", {})
    while True:
        page = ground.ok(operation, query=query, **where)
        assert len(page[key]) <= size
        found += page[key]
        if not page.get("next-page-token"):
            break
        query["pageToken"] = page["next-page-token"]
    assert found == whole[key]
    ground.fails(operation, 400, "BadRequestException", query={"pageToken": "no-such", "pageSize": 2}, **where)
    ground.fails(operation, 400, "BadRequestException", query={"pageToken": "", "pageSize": 0}, **where)
    return found


@drives("listNamespaces")
def list_namespaces(ground):
    top = ground.space()
    for i in range(5):
        ground.space(*top, f"é {i}")
    found = pages(ground, "listNamespaces", "namespaces", query={"parent": top[0]})
    assert sorted(found) == [[*top, f"é {i}"] for i in range(5)]
    deep = ground.space(*top, "é 0", "x")
    assert ground.ok("listNamespaces", query={"parent": "\x1f".join([*top, "é 0"])})["namespaces"] == [deep]
    assert top in ground.ok("listNamespaces", query={"parent": ""})["namespaces"]
    ground.fails("listNamespaces", 404, "NoSuchNamespaceException", query={"parent": "none"})


@drives("createNamespace")
def create_namespace(ground):
    name = [f"c{uuid.uuid4().hex[:10]}"]
    made = ground.ok("createNamespace", body={"namespace": name, "properties": {"owner": "Hank"}})
    assert made["namespace"] == name and made["properties"]["owner"] == "Hank"
    ground.fails("createNamespace", 409, "AlreadyExistsException", body={"namespace": name})
    for bad in ({"namespace": []}, {"namespace": "x"}, {}, {"namespace": [""]}, {"namespace": ["a"], "properties": {"a": 1}}):
        ground.fails("createNamespace", 400, body=bad, good=False)


@drives("loadNamespaceMetadata")
def load_namespace(ground):
    space = ground.space(owner="Ralph")
    assert ground.ok("loadNamespaceMetadata", namespace=space)["properties"]["owner"] == "Ralph"
    ground.fails("loadNamespaceMetadata", 404, "NoSuchNamespaceException", namespace=["none"])


@drives("namespaceExists")
def namespace_exists(ground):
    ground("namespaceExists", 204, namespace=ground.space())
    ground("namespaceExists", 404, namespace=["none"])


@drives("dropNamespace")
def drop_namespace(ground):
    space = ground.space()
    ground.table(space)
    ground.fails("dropNamespace", 409, "NamespaceNotEmptyException", namespace=space)
    ground("dropTable", 204, namespace=space, table="t")
    ground("dropNamespace", 204, namespace=space)
    ground.fails("dropNamespace", 404, "NoSuchNamespaceException", namespace=space)


@drives("updateProperties")
def update_properties(ground):
    space = ground.space(a="1", b="2")
    done = ground.ok("updateProperties", namespace=space, body={"removals": ["a", "x"], "updates": {"c": "3"}})
    assert done["updated"] == ["c"] and done["removed"] == ["a"] and done["missing"] == ["x"]
    both = {"removals": ["c"], "updates": {"c": "4"}}
    ground.fails("updateProperties", 422, "UnprocessableEntityException", namespace=space, body=both)
    ground.fails("updateProperties", 404, "NoSuchNamespaceException", namespace=["none"], body={"updates": {"a": "b"}})
    ground.fails("updateProperties", 400, namespace=space, body={"updates": {"a": {}}}, good=False)


# --- tables ---------------------------------------------------------------------------------------


@drives("listTables")
def list_tables(ground):
    space = ground.space()
    for i in range(5):
        ground.table(space, f"t {i}")
    found = pages(ground, "listTables", "identifiers", namespace=space)
    assert sorted(t["name"] for t in found) == [f"t {i}" for i in range(5)]
    ground.fails("listTables", 404, "NoSuchNamespaceException", namespace=["none"])


@drives("createTable")
def create_table(ground):
    space = ground.space()
    whole = {"schema": SCHEMA, "partition-spec": SPEC, "write-order": ORDER, "properties": {"format-version": "2", "a": "b"}}
    answer = ground("createTable", 200, namespace=space, body={"name": "t", **whole})
    assert answer.headers["ETag"] and answer.json()["metadata-location"] and answer.json()["metadata"]["format-version"] == 2
    for clash in ("t", ground.view(space)["view"]):
        ground.fails("createTable", 409, "AlreadyExistsException", namespace=space, body={"name": clash, **whole})
    staged = ground.ok("createTable", namespace=space, body={"name": "s", "stage-create": True, **whole})
    assert staged.get("metadata-location") is None and staged["metadata"]["table-uuid"]
    ground("tableExists", 404, namespace=space, table="s")
    v3 = ground.ok("createTable", namespace=space, body={"name": "v3", **whole, "properties": {"format-version": "3"}})
    assert v3["metadata"]["next-row-id"] == 0
    ground.fails("createTable", 404, "NoSuchNamespaceException", namespace=["none"], body={"name": "t", **whole})
    for bad in ({"name": "x"}, {"schema": SCHEMA}, {"name": 1, "schema": SCHEMA}, {"name": "x", "schema": {"type": "struct"}}):
        ground.fails("createTable", 400, namespace=space, body=bad, good=False)


@drives("loadTable")
def load_table(ground):
    where, _ = ground.written(partitions=3)
    answer = ground("loadTable", 200, **where, headers={"X-Iceberg-Access-Delegation": "vended-credentials,remote-signing"})
    assert len(answer.json()["metadata"]["snapshots"]) == 3
    plain = ground("loadTable", 200, **where)
    same = ground("loadTable", 304, **where, headers={"If-None-Match": plain.headers["ETag"]})
    assert same.headers["ETag"] == plain.headers["ETag"]
    refs = ground("loadTable", 200, **where, query={"snapshots": "refs"})
    assert len(refs.json()["metadata"]["snapshots"]) == 1 and refs.headers["ETag"] != plain.headers["ETag"]
    ground("loadTable", 200, **where, query={"snapshots": "all", "referenced-by": "a\x1fv,b\x1fw"})
    ground.fails("loadTable", 400, "BadRequestException", **where, query={"snapshots": "some"})
    missing(ground, "loadTable", **where)


def updates(ground, where):
    """Every update and requirement of the document, in an order in which they hold."""
    new = {**SCHEMA, "schema-id": 1, "fields": [*FIELDS, {"id": 9, "name": "x", "type": "int", "required": False}]}
    stats = {"snapshot-id": 1, "statistics-path": "s3://b/s.puffin", "file-size-in-bytes": 4, "file-footer-size-in-bytes": 2}
    blob = {"type": "apache-datasketches-theta-v1", "snapshot-id": 1, "sequence-number": 1, "fields": [1], "properties": {"ndv": "1"}}
    location = ground.ok("loadTable", **where)["metadata"]["location"]
    stats["statistics-path"] = f"{location}/metadata/s.puffin"
    order = {"order-id": 1, "fields": [{"source-id": 1, "transform": "identity", "direction": "desc", "null-order": "nulls-last"}]}
    spec = {"spec-id": 1, "fields": [{"source-id": 2, "field-id": 1000, "name": "n", "transform": "truncate[4]"}]}
    key = {"key-id": "k", "encrypted-key-metadata": base64.b64encode(b"key").decode()}
    first = {**ground.snapshot(where)}
    return [
        [{"action": "add-schema", "schema": new, "last-column-id": 9}, {"action": "set-current-schema", "schema-id": -1}],
        [{"action": "add-spec", "spec": spec}, {"action": "set-default-spec", "spec-id": -1}],
        [{"action": "add-sort-order", "sort-order": order}, {"action": "set-default-sort-order", "sort-order-id": -1}],
        [first, {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 1}],
        [{"action": "set-snapshot-ref", "ref-name": "tag", "type": "tag", "snapshot-id": 1, "max-ref-age-ms": 10**9}],
        [{"action": "set-snapshot-ref", "ref-name": "b", "type": "branch", "snapshot-id": 1, "max-snapshot-age-ms": 10**9, "min-snapshots-to-keep": 2}],
        [{"action": "set-statistics", "snapshot-id": 1, "statistics": {**stats, "blob-metadata": [blob]}}],
        [{"action": "set-partition-statistics", "partition-statistics": {"snapshot-id": 1, "statistics-path": stats["statistics-path"], "file-size-in-bytes": 1}}],
        [{"action": "set-properties", "updates": {"a": "b", "c": "d"}}, {"action": "remove-properties", "removals": ["c"]}],
        [{"action": "remove-statistics", "snapshot-id": 1}, {"action": "remove-partition-statistics", "snapshot-id": 1}],
        [{"action": "remove-snapshot-ref", "ref-name": "tag"}],
        [{"action": "upgrade-format-version", "format-version": 3}, {"action": "add-encryption-key", "encryption-key": key}],
        [{"action": "remove-encryption-key", "key-id": "k"}],
        [{"action": "remove-schemas", "schema-ids": [0]}],
        [{"action": "remove-partition-specs", "spec-ids": [0]}],
        [{"action": "set-location", "location": location + "/moved"}],
    ]  # fmt: skip


@drives("updateTable")
def update_table(ground):
    where = ground.table()
    for some in updates(ground, where):
        answer = ground.commit(where, *some)
        assert answer.headers["ETag"]
    answer = ground.commit(where, {"action": "remove-snapshots", "snapshot-ids": [1]})
    metadata = answer.json()["metadata"]
    holds = [
        {"type": "assert-table-uuid", "uuid": metadata["table-uuid"]},
        {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": None},
        {"type": "assert-last-assigned-field-id", "last-assigned-field-id": metadata["last-column-id"]},
        {"type": "assert-current-schema-id", "current-schema-id": metadata["current-schema-id"]},
        {"type": "assert-last-assigned-partition-id", "last-assigned-partition-id": metadata["last-partition-id"]},
        {"type": "assert-default-spec-id", "default-spec-id": metadata["default-spec-id"]},
        {"type": "assert-default-sort-order-id", "default-sort-order-id": metadata["default-sort-order-id"]},
    ]
    change = {"action": "set-properties", "updates": {"z": "1"}}
    ground.commit(where, change, requirements=holds)
    for one in [*holds, {"type": "assert-create"}]:
        wrong = {k: v if k in ("type", "ref") else (str(uuid.uuid4()) if k == "uuid" else 77) for k, v in one.items()}
        body = {"requirements": [wrong], "updates": [change]}
        ground.fails("updateTable", 409, "CommitFailedException", body=body, **where)
    staged(ground, where["namespace"])
    empty = {"requirements": [], "updates": [change]}
    missing(ground, "updateTable", body=empty, **where)
    for bad in ({"action": "no-such"}, {"action": "set-location"}, {"action": "add-snapshot", "snapshot": {}}):
        ground.fails("updateTable", 400, body={"requirements": [], "updates": [bad]}, good=False, **where)


def staged(ground, space):
    """A create transaction: staged, invisible, then committed with assert-create; the second one loses."""
    where = {"namespace": space, "table": "staged"}
    made = ground.ok("createTable", namespace=space, body={"name": "staged", "schema": SCHEMA, "stage-create": True})["metadata"]
    body = {
        "requirements": [{"type": "assert-create"}],
        "updates": [
            {"action": "assign-uuid", "uuid": made["table-uuid"]},
            {"action": "upgrade-format-version", "format-version": made["format-version"]},
            {"action": "add-schema", "schema": made["schemas"][0], "last-column-id": made["last-column-id"]},
            {"action": "set-current-schema", "schema-id": -1},
            {"action": "add-spec", "spec": made["partition-specs"][0]},
            {"action": "set-default-spec", "spec-id": -1},
            {"action": "add-sort-order", "sort-order": made["sort-orders"][0]},
            {"action": "set-default-sort-order", "sort-order-id": -1},
            {"action": "set-location", "location": made["location"]},
            {"action": "set-properties", "updates": made.get("properties", {})},
        ],
    }
    ground("tableExists", 404, **where)
    assert ground.ok("updateTable", body=body, **where)["metadata"]["table-uuid"] == made["table-uuid"]
    ground("tableExists", 204, **where)
    ground.fails("updateTable", 409, body=body, **where)


@drives("dropTable")
def drop_table(ground):
    where = ground.table()
    ground("dropTable", 204, **where, query={"purgeRequested": "false"})
    missing(ground, "dropTable", **where)
    where, _ = ground.written()
    ground("dropTable", 204, **where, query={"purgeRequested": "true"})
    ground.fails("dropTable", 400, query={"purgeRequested": "maybe"}, **ground.table())


@drives("tableExists")
def table_exists(ground):
    where = ground.table()
    ground("tableExists", 204, **where)
    missing(ground, "tableExists", **where)


@drives("registerTable")
def register_table(ground):
    where, table = ground.written()
    space, body = ground.space(), {"name": "t", "metadata-location": table.metadata_location}
    ground("dropTable", 204, **where)
    answer = ground("registerTable", 200, namespace=space, body=body)
    made = answer.json()
    assert made["metadata"]["table-uuid"] == str(table.metadata.table_uuid) and answer.headers["ETag"]
    ground.fails("registerTable", 409, "AlreadyExistsException", namespace=space, body=body)
    ground.commit({"namespace": space, "table": "t"}, {"action": "set-properties", "updates": {"a": "b"}})
    again = ground.ok("registerTable", namespace=space, body={**body, "overwrite": True})
    assert again["metadata-location"] == table.metadata_location
    ground.fails("registerTable", 404, "NoSuchNamespaceException", namespace=["none"], body=body)
    ground.fails("registerTable", 400, namespace=space, body={"name": "x", "metadata-location": "nonsense"})
    ground.fails("registerTable", 400, namespace=space, body={"name": "x"}, good=False)


@drives("unregisterTable")
def unregister_table(ground):
    where, table = ground.written()
    made = ground.ok("unregisterTable", **where)
    assert made["metadata-location"] == table.metadata_location
    assert made["metadata"]["table-uuid"] == str(table.metadata.table_uuid)
    missing(ground, "unregisterTable", **where)
    body = {"name": "back", "metadata-location": made["metadata-location"]}
    ground.ok("registerTable", namespace=where["namespace"], body=body)


@drives("renameTable")
def rename_table(ground):
    where, other = ground.table(), ground.space()
    ground.table(where["namespace"], "u")

    def rename(source, destination, space=None):
        places = [{"namespace": where["namespace"], "name": source}, {"namespace": space or where["namespace"], "name": destination}]
        return {"source": places[0], "destination": places[1]}

    ground.fails("renameTable", 409, "AlreadyExistsException", body=rename("t", "u"))
    ground("renameTable", 204, body=rename("t", "t2"))
    ground("renameTable", 204, body=rename("t2", "t", other))
    ground("tableExists", 204, namespace=other, table="t")
    ground.fails("renameTable", 404, "NoSuchTableException", body=rename("none", "x"))
    ground.fails("renameTable", 404, "NoSuchNamespaceException", body=rename("u", "x", ["no", "such"]))
    ground.fails("renameTable", 400, body={"source": {}}, good=False)


@drives("reportMetrics")
def report_metrics(ground):
    where = ground.table()
    counts = {"result-data-files": {"unit": "count", "value": 1}, "total-planning-duration": {"count": 1, "time-unit": "nanoseconds", "total-duration": 2644235116}}
    scan = {
        "report-type": "scan-report", "table-name": "t", "snapshot-id": 9223372036854775807, "schema-id": 0, "projected-field-ids": [1],
        "filter": {"type": "and", "left": {"type": "eq", "term": "id", "value": 1}, "right": True}, "projected-field-names": ["id"], "metrics": counts,
        "metadata": {"engine-name": "spark"},
    }  # fmt: skip
    made = {"report-type": "commit-report", "table-name": "t", "snapshot-id": 1, "sequence-number": 1, "operation": "append", "metrics": counts}
    ground("reportMetrics", 204, body=scan, **where)
    ground("reportMetrics", 204, body=made, **where)
    missing(ground, "reportMetrics", body=made, **where)
    for bad in ({"report-type": "scan-report"}, {**made, "snapshot-id": "x"}, {"table-name": "t"}):
        ground.fails("reportMetrics", 400, body=bad, good=False, **where)


@drives("commitTransaction")
def commit_transaction(ground):
    space = ground.space()
    one, two = ground.table(space, "one"), ground.table(space, "two")

    def change(where, key, *requirements):
        identifier = {"namespace": where["namespace"], "name": where["table"]}
        update = {"action": "set-properties", "updates": {key: "1"}}
        return {"identifier": identifier, "requirements": list(requirements), "updates": [update]}

    def kept(where):
        return ground.ok("loadTable", **where)["metadata"].get("properties", {})

    ground("commitTransaction", 204, body={"table-changes": [change(one, "a"), change(two, "a")]})
    assert "a" in kept(one) and "a" in kept(two)
    never = {"type": "assert-table-uuid", "uuid": str(uuid.uuid4())}
    body = {"table-changes": [change(one, "b"), change(two, "b", never)]}
    ground.fails("commitTransaction", 409, "CommitFailedException", body=body)
    assert "b" not in kept(one) and "b" not in kept(two)
    body = {"table-changes": [change(one, "c"), change({"namespace": space, "table": "none"}, "c")]}
    ground.fails("commitTransaction", 404, "NoSuchTableException", body=body)
    assert "c" not in kept(one)
    for bad in ({}, {"table-changes": [{"requirements": [], "updates": []}]}, {"table-changes": 1}):
        ground.fails("commitTransaction", 400, body=bad, good=False)
