#!/usr/bin/env python3
# compare.py - random tables and commits, through our core and through PyIceberg's: both must agree.
# SPDX-License-Identifier: Apache-2.0
# usage: make tests/differential/apply && python3 compare.py BUILD/tests/differential/apply [ROUNDS [SEED]]
# needs: pyiceberg.  PyIceberg also reads every metadata we write.
import json
import random
import subprocess
import sys

from pydantic import TypeAdapter
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadataUtil, new_table_metadata
from pyiceberg.table.sorting import SortOrder
from pyiceberg.table.update import TableUpdate, update_table_metadata
from pyiceberg.typedef import IcebergBaseModel

UUID = "11111111-2222-4333-8444-555555555555"
PLAIN = ["boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz", "string", "uuid",
         "binary", "fixed[7]", "decimal(9, 2)"]
NOW = 2000000000000


class Core:
    def __init__(self, program):
        self.p = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question):
        self.p.stdin.write(json.dumps(question) + "\n")
        self.p.stdin.flush()
        return json.loads(self.p.stdout.readline())


class Maker:
    """Random parts of tables; `r` makes them the same for the same seed."""

    def __init__(self, r):
        self.r = r
        self.next = 0

    def id(self):
        self.next += self.r.randint(1, 3)
        return self.next

    def type(self, depth):
        kind = self.r.random()
        if depth <= 0 or kind < 0.6:
            return self.r.choice(PLAIN)
        if kind < 0.75:
            return self.struct(depth - 1)
        if kind < 0.88:
            return {"type": "list", "element-id": self.id(), "element": self.type(depth - 1),
                    "element-required": self.r.random() < 0.5}
        return {"type": "map", "key-id": self.id(), "key": self.type(depth - 1), "value-id": self.id(),
                "value": self.type(depth - 1), "value-required": self.r.random() < 0.5}

    def field(self, depth, name):
        f = {"id": self.id(), "name": name, "required": self.r.random() < 0.5, "type": self.type(depth)}
        if self.r.random() < 0.2:
            f["doc"] = self.r.choice(["", "a doc", "é\n"])
        return f

    def struct(self, depth):
        return {"type": "struct", "fields": [self.field(depth, f"f{i}") for i in range(self.r.randint(1, 5))]}

    def schema(self):
        s = self.struct(3)
        s["fields"].append({"id": self.id(), "name": "when", "required": True, "type": "timestamp"})
        s["fields"].append({"id": self.id(), "name": "key", "required": True, "type": "string"})
        if self.r.random() < 0.5:
            s["identifier-field-ids"] = [s["fields"][-1]["id"]]
        return s

    def ids(self, schema):
        return {f["name"]: f["id"] for f in schema["fields"]}

    def spec_fields(self, schema, first):
        ids = self.ids(schema)
        choices = [("when", "day"), ("when", "year"), ("when", "hour"), ("key", "identity"), ("key", "bucket[16]"),
                   ("key", "truncate[4]")]
        picked = self.r.sample(choices, self.r.randint(0, 3))
        return [{"name": "key" if t == "identity" else f"{c}_{t.strip('0123456789[]')}_{self.r.randint(0, 99)}",
                 "transform": t, "source-id": ids[c], "field-id": first + i} for i, (c, t) in enumerate(picked)]

    def order_fields(self, schema):
        ids = self.ids(schema)
        return [{"transform": t, "source-id": ids[c], "direction": self.r.choice(["asc", "desc"]),
                 "null-order": self.r.choice(["nulls-first", "nulls-last"])}
                for c, t in self.r.sample([("when", "month"), ("key", "identity")], self.r.randint(0, 2))]

    def request(self):
        schema = self.schema()
        order = self.order_fields(schema)
        return {"name": "t", "schema": schema, "partition-spec": {"spec-id": 0, "fields": self.spec_fields(schema, 1000)},
                "write-order": {"order-id": 1 if order else 0, "fields": order},
                "properties": {"format-version": self.r.choice("123"), "a": "b"}}


def current(m):
    return next(s for s in m["schemas"] if s["schema-id"] == m["current-schema-id"])


def evolve(mk, m):
    """Adds a column or changes a doc; a new schema, as clients send it."""
    old = json.loads(json.dumps(current(m)))
    mk.next = m["last-column-id"]
    if mk.r.random() < 0.7:
        old["fields"].append(mk.field(2, f"new{mk.next}"))
    else:
        old["fields"][0]["doc"] = f"doc {mk.r.randint(0, 9999)}"
    old["schema-id"] = max(s["schema-id"] for s in m["schemas"]) + 1
    return [{"action": "add-schema", "schema": old}, {"action": "set-current-schema", "schema-id": -1}]


def add_spec(mk, m):
    fields = mk.spec_fields(current(m), m["last-partition-id"] + 1)
    have = [[(f["name"], f["source-id"], f["transform"]) for f in s["fields"]] for s in m["partition-specs"]]
    if m["format-version"] == 1 or [(f["name"], f["source-id"], f["transform"]) for f in fields] in have:
        return []
    spec = {"spec-id": max(s["spec-id"] for s in m["partition-specs"]) + 1, "fields": fields}
    return [{"action": "add-spec", "spec": spec}, {"action": "set-default-spec", "spec-id": -1}]


def add_order(mk, m):
    fields = mk.order_fields(current(m))
    if not fields or fields in [o["fields"] for o in m["sort-orders"]]:
        return []
    order = {"order-id": max(1, max(o["order-id"] for o in m["sort-orders"]) + 1), "fields": fields}
    return [{"action": "add-sort-order", "sort-order": order}, {"action": "set-default-sort-order", "sort-order-id": -1}]


def append(mk, m):
    new = {"snapshot-id": mk.r.randint(1, 2**62), "timestamp-ms": NOW + len(m["snapshots"]), "manifest-list": "s3://b/l.avro",
           "summary": {"operation": "append"}, "schema-id": m["current-schema-id"]}
    if m["format-version"] > 1:
        new["sequence-number"] = m["last-sequence-number"] + 1
    if m["format-version"] > 2:
        new.update({"first-row-id": m["next-row-id"], "added-rows": mk.r.randint(0, 1000)})
    if m.get("current-snapshot-id", -1) >= 0:
        new["parent-snapshot-id"] = m["current-snapshot-id"]
    branch = mk.r.choice(["main", "main", "dev"])
    return [{"action": "add-snapshot", "snapshot": new},
            {"action": "set-snapshot-ref", "ref-name": branch, "type": "branch", "snapshot-id": new["snapshot-id"]}]


def some(mk, things):
    return mk.r.choice(things) if things else None


def tag(mk, m):
    s = some(mk, m["snapshots"])
    return s and [{"action": "set-snapshot-ref", "ref-name": f"t{mk.r.randint(0, 3)}", "type": "tag",
                   "snapshot-id": s["snapshot-id"], "max-ref-age-ms": mk.r.randint(1, 99)}]


def untag(mk, m):
    name = some(mk, sorted(m["refs"]))
    return name and [{"action": "remove-snapshot-ref", "ref-name": name}]


def expire(mk, m):
    used = {r["snapshot-id"] for r in m["refs"].values()}
    s = some(mk, [s for s in m["snapshots"] if s["snapshot-id"] not in used])
    return s and [{"action": "remove-snapshots", "snapshot-ids": [s["snapshot-id"]]}]


def statistics(mk, m):
    s = some(mk, m["snapshots"])
    return s and [{"action": "set-statistics", "snapshot-id": s["snapshot-id"], "statistics": {
        "snapshot-id": s["snapshot-id"], "statistics-path": "s3://b/p", "file-size-in-bytes": 9, "file-footer-size-in-bytes": 3,
        "blob-metadata": [{"type": "apache-datasketches-theta-v1", "snapshot-id": s["snapshot-id"], "sequence-number": 1, "fields": [1]}]}}]


def old_schema(mk, m):
    s = some(mk, [s for s in m["schemas"] if s["schema-id"] != m["current-schema-id"]])
    return s and [{"action": "remove-schemas", "schema-ids": [s["schema-id"]]}]


def old_spec(mk, m):
    s = some(mk, [s for s in m["partition-specs"] if s["spec-id"] != m["default-spec-id"]])
    return s and [{"action": "remove-partition-specs", "spec-ids": [s["spec-id"]]}]


def properties(mk, m):
    return [{"action": "set-properties", "updates": {f"p{mk.r.randint(0, 5)}": str(mk.r.random())}}]


def upgrade(mk, m):
    return m["format-version"] < 3 and [{"action": "upgrade-format-version", "format-version": m["format-version"] + 1}]


STEPS = [evolve, evolve, add_spec, add_order, append, append, append, tag, untag, expire, statistics, old_schema, old_spec, properties,
         upgrade]


def normal(metadata):
    """What both must have the same: PyIceberg's own dump of it, but for what it does its own way."""
    m = json.loads(IcebergBaseModel.model_dump_json(metadata))  # its own refuses version 3
    for key in ("last-updated-ms", "metadata-log", "snapshot-log", "schema", "partition-spec"):
        m.pop(key, None)
    for s in m["snapshots"]:
        s.pop("parent-snapshot-id", None)  # PyIceberg cuts links to removed snapshots
        if m["format-version"] == 1:
            s.pop("sequence-number", None)
    m["properties"].pop("write.parquet.compression-codec", None)
    if m.get("current-snapshot-id") in (None, -1):
        m.pop("current-snapshot-id", None)
    for s in m["schemas"]:
        s["identifier-field-ids"] = sorted(s.get("identifier-field-ids") or [])
    return m


def same(what, ours, theirs):
    if ours == theirs:
        return
    for key in sorted(set(ours) | set(theirs)):
        if ours.get(key) != theirs.get(key):
            print(f"{what}: {key}\n  ours   {json.dumps(ours.get(key))[:1500]}\n  theirs {json.dumps(theirs.get(key))[:1500]}")
    sys.exit(1)


def create(core, mk):
    request = mk.request()
    got = core.ask(request=request, location="s3://b/t", now=NOW, uuid=UUID)
    assert got["status"] == 0, (got, request)
    m = got["metadata"]
    theirs = new_table_metadata(Schema.model_validate(request["schema"]), PartitionSpec.model_validate(request["partition-spec"]),
                                SortOrder.model_validate(request["write-order"]), "s3://b/t", dict(request["properties"]), UUID)
    ours, theirs = normal(TableMetadataUtil.parse_obj(m)), normal(theirs)
    theirs["next-row-id"] = m.get("next-row-id")  # PyIceberg sets it when it writes
    if m["format-version"] < 3:
        theirs.pop("next-row-id")
    same("create", ours, theirs)
    return m


def commit(core, mk, m, count):
    step = mk.r.choice(STEPS)
    updates = step(mk, m)
    if not updates:
        return m
    got = core.ask(base=m, updates=updates, now=NOW + 1000, uuid=UUID)
    if step is upgrade:  # PyIceberg does not go to version 3; that it reads the result says enough
        assert TableMetadataUtil.parse_obj(got["metadata"]).format_version == m["format-version"] + 1
        count["upgrade"] = count.get("upgrade", 0) + 1
        return got["metadata"]
    parsed = [TypeAdapter(TableUpdate).validate_python(u) for u in updates]
    try:
        theirs = update_table_metadata(TableMetadataUtil.parse_obj(m), tuple(parsed))
    except Exception as e:  # whatever it is: then ours must refuse too
        assert got["status"] != 0, (step.__name__, str(e)[:300], updates)
        count["refused"] = count.get("refused", 0) + 1
        return m
    assert got["status"] == 0, (step.__name__, got, updates)
    out = got["metadata"]
    same(step.__name__, normal(TableMetadataUtil.parse_obj(out)), normal(theirs))
    count[step.__name__] = count.get(step.__name__, 0) + 1
    return out


def main():
    core = Core(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    count = {}
    for i in range(rounds):
        mk = Maker(random.Random(seed * 1000003 + i))
        m = create(core, mk)
        for _ in range(25):
            m = commit(core, mk, m, count)
    print(f"{rounds} tables;", ", ".join(f"{n} {k}" for k, n in sorted(count.items())))


main()
