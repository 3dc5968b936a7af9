# SPDX-License-Identifier: Apache-2.0
"""Scans planned three ways: by our server over REST, by Iceberg's Java (inside Spark's JVM), by PyIceberg."""

import datetime
import decimal
import json
import random

import requests


class Server:
    """The scan-planning routes of one table."""

    def __init__(self, server, catalog, namespace, table):
        self.url = f"{server.uri}/v1/{catalog}/namespaces/{namespace}/tables/{table}"
        self.headers = server.headers()
        self.fetched = 0

    def post(self, path, body, status=200):
        r = requests.post(f"{self.url}/{path}", json=body, headers=self.headers, timeout=60)
        assert r.status_code == status, f"{r.status_code} {r.text}"
        return r.json()

    def plan(self, **request):
        """{path: (deletes, residual)}: of all tasks, those behind plan tasks too."""
        answer = self.post("plan", request)
        assert answer["status"] == "completed" and answer["plan-id"]
        files, todo = {}, [answer]
        while todo:
            part = todo.pop()
            files |= self.tasks(part)
            for task in part.get("plan-tasks", []):
                self.fetched += 1
                todo.append(self.post("tasks", {"plan-task": task}))
        return files

    @staticmethod
    def tasks(part):
        deletes = [name(d["file-path"], d.get("content-offset")) for d in part.get("delete-files", [])]
        out, used = {}, set()
        for task in part["file-scan-tasks"]:
            references = task.get("delete-file-references", [])
            assert len(references) == len(set(references))
            used |= set(references)
            out[task["data-file"]["file-path"]] = frozenset(deletes[i] for i in references), task["residual-filter"]
        assert len(out) == len(part["file-scan-tasks"]) and used == set(range(len(deletes)))
        return out


def name(path, offset):
    return path if offset is None else f"{path}@{offset}"


class Java:
    """Iceberg's own planner on a table of Spark's."""

    def __init__(self, spark, table):
        self.jvm, self.gateway = spark._jvm, spark.sparkContext._gateway
        self.iceberg = spark._jvm.org.apache.iceberg
        self.table = self.iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, table)

    def ints(self, values):
        out = self.gateway.new_array(self.jvm.int, len(values))
        for i, v in enumerate(values):
            out[i] = v
        return out

    def expression(self, filter):
        return self.iceberg.expressions.ExpressionParser.fromJson(json.dumps(filter))

    @staticmethod
    def tasks(scan):
        """{path: deletes}.  Residuals are not asked for: Java's fail for null strings in "in"."""
        out, files = {}, scan.planFiles()
        it = files.iterator()
        while it.hasNext():
            task = it.next()
            out[task.file().location()] = frozenset(name(d.location(), d.contentOffset()) for d in task.deletes())
        files.close()
        return out

    def plan(self, filter=True, snapshot=None):
        self.table.refresh()
        scan = self.table.newScan().filter(self.expression(filter))
        return self.tasks(scan.useSnapshot(snapshot) if snapshot else scan)

    def appends(self, start, end, filter=True):
        scan = self.table.newIncrementalAppendScan().fromSnapshotExclusive(start).toSnapshot(end)
        return self.tasks(scan.filter(self.expression(filter)))


# --- filters ------------------------------------------------------------------------------------------

VALUES = {
    "id": [-3, 0, 1, 7, 12, 30, 31, 44, 100],
    "i": [-20, -1, 0, 5, 9, 10, 25, 99],
    "f": [-1.5, 0.0, 0.5, 2.0, 7.25],
    "d": [-1.5, 0.0, 0.5, 2.0, 7.25],
    "s": ["", "a", "ab", "abc", "b", "ba", "mz", "ü", "z"],
    "dt": ["1969-12-31", "2023-01-01", "2024-02-29", "2024-03-01", "2025-07-04"],
    "ts": ["1969-12-31T23:00:00+00:00", "2024-02-29T12:00:00+00:00", "2024-02-29T12:30:00.000001+00:00", "2025-01-01T00:00:00+00:00"],
    "tn": ["1969-12-31T23:00:00", "2024-02-29T12:00:00", "2024-02-29T13:30:00", "2025-01-01T00:00:00"],
    "n": ["-5.00", "0.00", "1.25", "12.50", "99.99"],
    "flag": [True, False],
    "at.x": [0, 3, 8],
}
COMPARISONS = ["eq", "not-eq", "lt", "lt-eq", "gt", "gt-eq"]


def predicate(rng, columns):
    column = rng.choice(columns)
    kinds = COMPARISONS + ["in", "not-in", "is-null", "not-null"]
    if column in ("f", "d"):
        kinds += ["is-nan", "not-nan"]
    if column == "s":
        kinds += ["starts-with", "not-starts-with"]
    kind = rng.choice(kinds)
    out = {"type": kind, "term": column}
    if kind in ("in", "not-in"):
        out["values"] = rng.sample(VALUES[column], min(len(VALUES[column]), rng.randint(1, 4)))
    elif not kind.endswith(("null", "nan")):
        out["value"] = rng.choice(VALUES[column])
    return out


def random_filter(rng, columns, depth=3, negated=False):
    """Orderings are never negated: Java then forgets the nulls, and we do not."""
    if depth == 0 or rng.random() < 0.3:
        made = predicate(rng, columns)
        while negated and made["type"] in ("lt", "lt-eq", "gt", "gt-eq"):
            made = predicate(rng, columns)
        return made
    kind = rng.choice(["and", "or", "and", "or", "not"])
    if kind == "not":
        return {"type": "not", "child": random_filter(rng, columns, depth - 1, True)}
    return {"type": kind, **{side: random_filter(rng, columns, depth - 1, negated) for side in ("left", "right")}}


def random_filters(seed, n, columns):
    rng = random.Random(seed)
    return [random_filter(rng, columns) for _ in range(n)]


# --- what a filter says of a row ------------------------------------------------------------------------

READ = {
    "id": int,
    "i": int,
    "f": float,
    "d": float,
    "s": str,
    "dt": datetime.date.fromisoformat,
    "ts": lambda v: datetime.datetime.fromisoformat(v).astimezone(datetime.UTC).replace(tzinfo=None),
    "tn": datetime.datetime.fromisoformat,
    "n": decimal.Decimal,
    "flag": bool,
    "at.x": int,
}
ROWS = "SELECT id, i, f, d, s, dt, ts, tn, n, flag, at.x, _file FROM {t}"


def rows_by_file(sql):
    """{path: [{column: value}]}"""
    out = {}
    for row in sql(ROWS):
        out.setdefault(row[-1], []).append(dict(zip(READ, row[:-1])))
    return out


def key(value):
    """Orders NaN behind all numbers."""
    return (1, 0) if value != value else (0, value)


def passes(filter, row):
    if isinstance(filter, bool):
        return filter
    kind = filter["type"]
    if kind == "not":
        return not passes(filter["child"], row)
    if kind in ("and", "or"):
        return (all if kind == "and" else any)(passes(filter[side], row) for side in ("left", "right"))
    value, read = row[filter["term"]], READ[filter["term"]]
    if kind in ("is-null", "not-null"):
        return (value is None) == (kind == "is-null")
    if kind in ("is-nan", "not-nan"):
        return (value is not None and value != value) == (kind == "is-nan")
    if kind in ("not-eq", "not-in", "not-starts-with"):
        return not passes({**filter, "type": kind.removeprefix("not-")}, row)
    if value is None:
        return False
    if kind == "starts-with":
        return value.startswith(filter["value"])
    if kind == "in":
        return any(key(value) == key(read(v)) for v in filter["values"])
    mine, other = key(value), key(read(filter["value"]))
    return {"eq": mine == other, "lt": mine < other, "lt-eq": mine <= other, "gt": mine > other, "gt-eq": mine >= other}[kind]
