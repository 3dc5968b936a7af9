# SPDX-License-Identifier: Apache-2.0
"""What the drivers of the document's operations stand on: a catalog, and how to make things in it."""

import time
import uuid

import pyarrow as pa
from pyiceberg.catalog import load_catalog

from contract import Caller, Document

DOCUMENT = Document()
DRIVERS = {}  # operation -> what drives it

FIELDS = [
    {"id": 1, "name": "id", "type": "long", "required": True},
    {"id": 2, "name": "name", "type": "string", "required": False, "doc": "what it is called"},
    {"id": 3, "name": "at", "type": "timestamptz", "required": False},
    {"id": 4, "name": "tags", "required": False, "type": {"type": "list", "element-id": 5, "element": "string", "element-required": False}},
    {"id": 6, "name": "m", "required": False, "type": {"type": "map", "key-id": 7, "key": "string", "value-id": 8, "value": "decimal(9,2)", "value-required": False}},
]  # fmt: skip
SCHEMA = {"type": "struct", "schema-id": 0, "fields": FIELDS, "identifier-field-ids": [1]}
SPEC = {"fields": [{"source-id": 1, "field-id": 1000, "name": "b", "transform": "bucket[4]"}]}
ORDER = {"order-id": 1, "fields": [{"source-id": 2, "transform": "identity", "direction": "asc", "null-order": "nulls-first"}]}


def drives(operation):
    def mark(driver):
        assert operation not in DRIVERS
        DRIVERS[operation] = driver
        return driver

    return mark


class Ground(Caller):
    """The catalog, and what the operations need to find there."""

    def __init__(self, site, catalog=None):
        super().__init__(DOCUMENT, site.server, catalog or site.catalog)
        self.site = site

    def space(self, *levels, **properties):
        name = list(levels) or [f"c{uuid.uuid4().hex[:10]}"]
        self.ok("createNamespace", body={"namespace": name, "properties": properties})
        return name

    def table(self, space=None, name="t", **more):
        """Where a fresh table is: the members of its path."""
        where = {"namespace": space or self.space(), "table": name}
        self.ok("createTable", namespace=where["namespace"], body={"name": name, "schema": SCHEMA, **more})
        return where

    def client(self):
        return load_catalog("live", type="rest", **self.server.connection(self.catalog), **self.site.storage.client)

    def written(self, rows=3, partitions=1):
        """A table with the same rows in each of `partitions` files."""
        space, client = self.space(), self.client()
        data = pa.table({"id": pa.array(range(rows), pa.int64()), "name": [f"n{i}" for i in range(rows)]})
        table = client.create_table((*space, "t"), data.schema)
        for i in range(partitions):
            table.append(data)
        return {"namespace": space, "table": "t"}, table

    def view_body(self, name="v", sql="SELECT id FROM t", **more):
        version = {
            "version-id": 1, "timestamp-ms": int(time.time() * 1000), "schema-id": 0, "summary": {"engine-name": "test"},
            "representations": [{"type": "sql", "sql": sql, "dialect": "spark"}, {"type": "sql", "sql": sql, "dialect": "trino"}],
            "default-namespace": ["a", "b"],
        }  # fmt: skip
        schema = {"type": "struct", "schema-id": 0, "fields": FIELDS[:1]}
        return {"name": name, "schema": schema, "view-version": version, "properties": {"comment": "x"}, **more}

    def view(self, space=None, name="v"):
        where = {"namespace": space or self.space(), "view": name}
        self.ok("createView", namespace=where["namespace"], body=self.view_body(name))
        return where

    def commit(self, where, *updates, requirements=(), expect=200):
        return self("updateTable", expect, body={"requirements": list(requirements), "updates": list(updates)}, **where)

    def service_user(self, role="tenant-admin"):
        return self.server.api("POST", "service-users", json={"name": f"s{uuid.uuid4().hex[:8]}", "role": role}).json()

    def snapshot(self, where, n=1):
        location = self.ok("loadTable", **where)["metadata"]["location"]
        made = {
            "snapshot-id": n, "sequence-number": n, "timestamp-ms": int(time.time() * 1000) + n, "schema-id": 0,
            "manifest-list": f"{location}/metadata/{n}.avro", "summary": {"operation": "append", "added-records": "1"},
        }  # fmt: skip
        return {"action": "add-snapshot", "snapshot": made}


def missing(ground, operation, body=None, noun="table", **where):
    """404 for a name that is not there, and for one whose namespace is not."""
    types = {"table": "NoSuchTableException", "view": "NoSuchViewException", "function": "NoSuchFunctionException"}
    ground.fails(operation, 404, types[noun], body=body, **{**where, noun: "none"})
    nowhere = {**where, "namespace": ["no", "such"]}
    message = ground.fails(operation, 404, body=body, **nowhere)
    assert ground.document.operations[operation].method == "HEAD" or message
