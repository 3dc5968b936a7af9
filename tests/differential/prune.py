#!/usr/bin/env python3
# prune.py - random tables, files and filters: no file with a row that matches is pruned, and PyIceberg's evaluators agree.
# SPDX-License-Identifier: Apache-2.0
# usage: make tests/differential/prune && python3 prune.py BUILD/tests/differential/prune [ROUNDS [SEED]]
# needs: pyiceberg.  Rows are tested one by one with the rules of Iceberg's format/expressions-spec.md.
import datetime
import json
import math
import random
import subprocess
import sys
import uuid
from decimal import Decimal

from pyiceberg import expressions as E
from pyiceberg.conversions import to_bytes
from pyiceberg.expressions.visitors import (_InclusiveMetricsEvaluator, expression_evaluator, inclusive_projection,
                                            manifest_evaluator, residual_evaluator_of)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestFile, PartitionFieldSummary
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.typedef import Record

EPOCH = datetime.date(1970, 1, 1)
START = datetime.datetime(1970, 1, 1)
ORDERINGS = ("lt", "lt-eq", "gt", "gt-eq")
TRANSFORMS = {
    "boolean": [], "float": [], "double": [], "int": ["bucket[4]", "truncate[10]", "truncate[3]"],
    "long": ["bucket[3]", "truncate[10]"], "decimal(9, 2)": ["bucket[4]", "truncate[50]"], "time": ["bucket[4]"],
    "date": ["bucket[4]", "year", "month", "day"], "timestamp": ["bucket[2]", "year", "month", "day", "hour"],
    "timestamptz": ["year", "month", "day", "hour"], "string": ["bucket[4]", "truncate[1]", "truncate[2]", "truncate[4]"],
    "binary": ["bucket[4]", "truncate[2]"], "fixed[3]": ["bucket[4]"], "uuid": ["bucket[4]"],
}


class Core:
    def __init__(self, program):
        self.p = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question):
        self.p.stdin.write(json.dumps(question) + "\n")
        self.p.stdin.flush()
        return json.loads(self.p.stdout.readline())


def make_value(r, kind):
    """A value in the form PyIceberg's evaluators have it: few different ones, so that filters hit."""
    small = r.choice([-1000000, -25, -21, -11, -10, -3, -1, 0, 1, 2, 9, 10, 11, 23, 1000000])
    if kind == "boolean":
        return r.random() < 0.5
    if kind == "int":
        return r.choice([small, small, small, 2**31 - 1, -2**31 + 9])
    if kind == "long":
        return r.choice([small, small, small, 2**63 - 1, -2**63 + 9])
    if kind in ("float", "double"):
        return r.choice([-1.5, -0.0, 0.0, 0.25, 1.0, 1.5, 2.0, 2.0**100, math.inf, -math.inf, math.nan, math.nan])
    if kind.startswith("decimal"):
        return Decimal(r.choice([-100000000, -51, -50, -1, 0, 1, 49, 50, 99, 100, 12345])).scaleb(-2)
    if kind == "date":
        return r.choice([-800, -366, -365, -32, -31, -1, 0, 1, 30, 31, 58, 59, 365, 17486])
    if kind == "time":
        return r.choice([0, 1, 999999, 1000000, 86399999999])
    if kind in ("timestamp", "timestamptz"):
        return r.choice([-800, -366, -365, -31, -1, 0, 1, 30, 17486]) * 86400000000 + r.choice([0, 1, -1, 3600000000, 81068000001])
    if kind == "string":
        return "".join(r.choice("aab\u00e9\uffee\U0001f600") for _ in range(r.randint(0, 5)))
    if kind == "binary":
        return bytes(r.choice(b"\x00\x01\x7f\xff") for _ in range(r.randint(0, 4)))
    if kind == "fixed[3]":
        return bytes(r.choice(b"\x00\x7f\xff") for _ in range(3))
    return uuid.UUID(int=r.choice([0, 1, 2**127 - 1, 2**127, 2**128 - 1]))


def value_json(kind, v):
    if kind.startswith("decimal"):
        return str(v)
    if kind == "date":
        return (EPOCH + datetime.timedelta(days=v)).isoformat()
    if kind == "time":
        return (START + datetime.timedelta(microseconds=v)).time().isoformat()
    if kind in ("timestamp", "timestamptz"):
        return (START + datetime.timedelta(microseconds=v)).isoformat() + ("+00:00" if kind == "timestamptz" else "")
    if kind in ("binary", "fixed[3]"):
        return v.hex().upper()
    return str(v) if kind == "uuid" else v


def value_literal(kind, v):
    """What a PyIceberg user writes."""
    if kind in ("date", "time", "timestamp", "timestamptz"):
        return value_json(kind, v)
    return v


def read_value(kind, j):
    """Back from JSON, for residuals."""
    if kind.startswith("decimal"):
        return Decimal(j)
    if kind == "date":
        return (datetime.date.fromisoformat(j) - EPOCH).days
    if kind == "time":
        t = datetime.time.fromisoformat(j)
        return ((t.hour * 60 + t.minute) * 60 + t.second) * 1000000 + t.microsecond
    if kind in ("timestamp", "timestamptz"):
        return (datetime.datetime.fromisoformat(j).replace(tzinfo=None) - START) // datetime.timedelta(microseconds=1)
    if kind in ("binary", "fixed[3]"):
        return bytes.fromhex(j)
    return uuid.UUID(j) if kind == "uuid" else j


def is_nan(v):
    return isinstance(v, float) and math.isnan(v)


def utf8(v):
    return v.encode() if isinstance(v, str) else v.bytes if isinstance(v, uuid.UUID) else v


class Table:
    """Columns c1.. (and s.c), a partition spec, rows and the files they are in."""

    def __init__(self, r):
        self.r = r
        self.kinds, fields = {}, []
        for i in range(1, r.randint(2, 5)):
            self.kinds[f"c{i}"] = r.choice(list(TRANSFORMS))
            fields.append({"id": i, "name": f"c{i}", "required": r.random() < 0.2, "type": self.kinds[f"c{i}"]})
        self.kinds["s.c"] = r.choice(list(TRANSFORMS))
        self.inner_required = r.random() < 0.5
        fields.append({"id": 10, "name": "s", "required": False, "type": {"type": "struct", "fields": [
            {"id": 11, "name": "c", "required": self.inner_required, "type": self.kinds["s.c"]}]}})
        self.schema_json = {"type": "struct", "schema-id": 0, "fields": fields}
        self.schema = Schema.model_validate(self.schema_json)
        self.ids = {n: 11 if n == "s.c" else int(n[1:]) for n in self.kinds}
        self.required = {f["name"] for f in fields if f["required"]}
        self.make_spec()
        self.rows = [self.make_row() for _ in range(r.randint(1, 12))]
        self.make_files()

    def make_spec(self):
        fields = []
        for i in range(self.r.randint(0, 3)):
            column = self.r.choice(list(self.kinds))
            transform = self.r.choice(["identity", "void"] + 3 * TRANSFORMS[self.kinds[column]])
            if (column, transform) not in [(f["column"], f["transform"]) for f in fields]:
                fields.append({"column": column, "name": f"p{i}", "transform": transform, "source-id": self.ids[column],
                               "field-id": 1000 + i})
        self.partition_columns = [f.pop("column") for f in fields]
        self.spec_json = {"spec-id": 0, "fields": fields}
        self.spec = PartitionSpec.model_validate(self.spec_json)
        self.partition_type = self.spec.partition_type(self.schema)
        self.transforms = [parse_transform(f["transform"]).transform(self.schema.find_type(f["source-id"])) for f in fields]

    def make_row(self):
        return {n: None if n not in self.required and self.r.random() < 0.2 else make_value(self.r, k)
                for n, k in self.kinds.items()}

    def partition(self, row):
        """The tuple of partition values, as hex and as PyIceberg has them."""
        values = [None if row[c] is None else t(row[c]) for c, t in zip(self.partition_columns, self.transforms)]
        types = [f.field_type for f in self.partition_type.fields]
        return [None if v is None else to_bytes(t, v).hex() for v, t in zip(values, types)], values

    def make_files(self):
        groups = {}
        for row in self.rows:
            key, values = self.partition(row)
            groups.setdefault(json.dumps(key), (values, []))[1].append(row)
        self.tuples = [(json.loads(k), v) for k, (v, _) in groups.items()]
        self.files = [rows for _, rows in groups.values()]
        self.stats = [self.make_stats(rows) for rows in self.files]
        times = [i for i, f in enumerate(self.spec_json["fields"]) if f["transform"] in ("year", "month", "day", "hour")]
        self.early = any(v[i] is not None and v[i] <= 0 for _, v in self.tuples for i in times)
        n = len(self.files)
        self.manifests = [sorted(self.r.sample(range(n), self.r.randint(1, n))) for _ in range(3)]
        self.summaries = [self.summarise(m) for m in self.manifests]

    def bounds(self, kind, values):
        lower, upper = min(values, key=utf8), max(values, key=utf8)
        if kind == "string" and self.r.random() < 0.5:
            lower = lower[:2]
            if len(upper) > 2:
                upper = upper[:1] + {"a": "b", "b": "c", "\u00e9": "\u00ea", "\uffee": "\uffef",
                                     "\U0001f600": "\U0001f601"}[upper[1]]
        if kind == "binary" and self.r.random() < 0.5:
            lower = lower[:2]
        return lower, upper

    def make_stats(self, rows):
        out = {"records": self.r.choice([len(rows)] * 9 + [-1])}
        for n, k in self.kinds.items():
            values = [row[n] for row in rows if row[n] is not None and not is_nan(row[n])]
            s = {"values": len(rows), "nulls": sum(row[n] is None for row in rows)}
            if k in ("float", "double") and self.r.random() < 0.7:
                s["nans"] = sum(is_nan(row[n]) for row in rows)
            if values:
                t = self.schema.find_type(self.ids[n])
                lower, upper = self.bounds(k, values)
                s["lower"], s["upper"] = to_bytes(t, lower).hex(), to_bytes(t, upper).hex()
            out[str(self.ids[n])] = {key: v for key, v in s.items() if self.r.random() < 0.9}
        return out

    def summarise(self, manifest):
        out = []
        for i, f in enumerate(self.partition_type.fields):
            values = [self.tuples[k][1][i] for k in manifest]
            s = {"null": int(None in values), "nan": int(any(is_nan(v) for v in values))}
            values = [v for v in values if v is not None and not is_nan(v)]
            if values:
                s["lower"] = to_bytes(f.field_type, min(values, key=utf8)).hex()
                s["upper"] = to_bytes(f.field_type, max(values, key=utf8)).hex()
            out.append(s)
        return out


def make_filter(t, depth):
    """A filter as JSON, and as PyIceberg has it (None: it can't)."""
    r = t.r
    kind = r.random()
    if depth and kind < 0.45:
        op = r.choice(["and", "or"])
        left, right = make_filter(t, depth - 1), make_filter(t, depth - 1)
        both = left[1] is not None and right[1] is not None
        return {"type": op, "left": left[0], "right": right[0]}, (E.And if op == "and" else E.Or)(left[1], right[1]) if both else None
    if depth and kind < 0.55:
        child = make_filter(t, depth - 1)
        return {"type": "not", "child": child[0]}, None if child[1] is None else E.Not(child[1])
    column = r.choice(list(t.kinds))
    return make_leaf(t, column, t.kinds[column])


def make_leaf(t, column, kind):
    r = t.r
    op = r.choice(["eq", "not-eq", "lt", "lt-eq", "gt", "gt-eq", "in", "not-in", "is-null", "not-null", "is-nan", "not-nan",
                   "starts-with", "not-starts-with"])
    if op.endswith("starts-with") and kind != "string":
        op = "in"
    if op.endswith("nan") and kind not in ("float", "double"):
        op = "eq"
    if op.endswith("null") or op.endswith("nan"):
        cls = {"is-null": E.IsNull, "not-null": E.NotNull, "is-nan": E.IsNaN, "not-nan": E.NotNaN}[op]
        return {"type": op, "term": column}, cls(column)
    values = [make_constant(t, column, kind) for _ in range(r.choice([1, 2, 3, 4, 250]) if op.endswith("in") else 1)]
    js, lits = [value_json(kind, v) for v in values], [value_literal(kind, v) for v in values]
    if op.endswith("in"):
        return {"type": op, "term": column, "values": js}, (E.In if op == "in" else E.NotIn)(column, set(lits))
    cls = {"eq": E.EqualTo, "not-eq": E.NotEqualTo, "lt": E.LessThan, "lt-eq": E.LessThanOrEqual, "gt": E.GreaterThan,
           "gt-eq": E.GreaterThanOrEqual, "starts-with": E.StartsWith, "not-starts-with": E.NotStartsWith}[op]
    if r.random() < 0.15 and TRANSFORMS[kind] and not op.endswith("with"):
        return transformed(t, column, kind, op, values[0])
    return {"type": op, "term": column, "value": js[0]}, cls(column, lits[0])


def transformed(t, column, kind, op, value):
    """A predicate of a transform of the column, which PyIceberg can't write."""
    transform = t.r.choice(TRANSFORMS[kind])
    f = parse_transform(transform)
    source = t.schema.find_type(t.ids[column])
    v = f.transform(source)(value)
    result = "date" if transform == "day" else "int" if transform in ("year", "month", "hour") or "bucket" in transform else kind
    return {"type": op, "term": {"type": "transform", "transform": transform, "term": column}, "value": value_json(result, v)}, None


def make_constant(t, column, kind):
    while True:
        v = t.r.choice([row[column] for row in t.rows]) if t.r.random() < 0.6 else make_value(t.r, kind)
        if v is not None and not is_nan(v) and not (isinstance(v, float) and math.isinf(v)):
            return v


def term_value(t, term, row):
    if isinstance(term, str):
        return row[term], t.kinds[term]
    v, kind = term_value(t, term["term"], row)
    f = parse_transform(term["transform"]).transform(t.schema.find_type(t.ids[term["term"]]))
    transform = term["transform"]
    result = "date" if transform == "day" else "int" if transform in ("year", "month", "hour") or "bucket" in transform else kind
    return None if v is None else f(v), result


def holds(t, e, row):
    """The filter of this row, by format/expressions-spec.md: predicates are true or false, nothing else."""
    if isinstance(e, bool):
        return e
    op = e["type"]
    if op == "not":
        return not holds(t, e["child"], row)
    if op == "and":
        return holds(t, e["left"], row) and holds(t, e["right"], row)
    if op == "or":
        return holds(t, e["left"], row) or holds(t, e["right"], row)
    v, kind = term_value(t, e["term"], row)
    if op in ("not-eq", "not-in", "not-starts-with", "not-null", "not-nan"):
        return not holds(t, {**e, "type": {"not-null": "is-null", "not-nan": "is-nan"}.get(op, op[4:])}, row)
    if op == "is-null":
        return v is None
    if op == "is-nan":
        return is_nan(v)
    if v is None or is_nan(v):
        return False
    v = utf8(v)
    if op == "in":
        return v in [utf8(read_value(kind, j)) for j in e["values"]]
    c = utf8(read_value(kind, e["value"]))
    return {"eq": lambda: v == c, "lt": lambda: v < c, "lt-eq": lambda: v <= c, "gt": lambda: v > c, "gt-eq": lambda: v >= c,
            "starts-with": lambda: v.startswith(c)}[op]()


def differs(t, e, inside=False):
    """PyIceberg takes not(x < 5) for x >= 5, which is another thing for null and NaN, and a required
    column of an optional struct for one that is never null; it does not know that files of Iceberg
    0.10 may have times before 1970 in the partition behind theirs; a null count that is not there is
    none to its starts-with; and its integers have no end."""
    if t.early:
        return True
    if isinstance(e, bool):
        return False
    if e["type"].endswith("starts-with") or e.get("value") == 2**63 - 1:
        return True
    if e["type"] == "not":
        return differs(t, e["child"], not inside)
    if e["type"] in ("and", "or"):
        return differs(t, e["left"], inside) or differs(t, e["right"], inside)
    return inside and e["type"] in ORDERINGS or e["type"].endswith("-null") and e["term"] == "s.c" and t.inner_required


def theirs(t, expr):
    """What PyIceberg's evaluators say of manifests, tuples and files."""
    project = inclusive_projection(t.schema, t.spec)(expr)
    of_manifest = manifest_evaluator(t.spec, t.schema, project)
    of_tuple = expression_evaluator(Schema(*t.partition_type.fields), project, True)
    of_file = _InclusiveMetricsEvaluator(t.schema, expr)
    residual = residual_evaluator_of(t.spec, expr, True, t.schema)
    summaries = [[PartitionFieldSummary.from_args(
        contains_null=bool(s["null"]), contains_nan=bool(s["nan"]), lower_bound=bytes.fromhex(s["lower"]) if "lower" in s else None,
        upper_bound=bytes.fromhex(s["upper"]) if "upper" in s else None) for s in m] for m in t.summaries]
    yield "manifests", [attempt(lambda m=m: of_manifest(ManifestFile.from_args(partitions=m))) for m in summaries]
    records = [Record(*[v.bytes if isinstance(v, uuid.UUID) else v for v in values]) for _, values in t.tuples]
    yield "tuples", [attempt(lambda v=v: of_tuple(v)) for v in records]
    yield "files", [attempt(lambda s=s: of_file.eval(data_file(t, s))) for s in t.stats]
    yield "residuals", [attempt(lambda v=v: residual.residual_for(v)) for v in records]


def data_file(t, s):
    def column(key, read=lambda v: v):
        return {int(i): read(c[key]) for i, c in s.items() if i != "records" and key in c}

    return DataFile.from_args(content=DataFileContent.DATA, file_path="f", file_format=FileFormat.PARQUET, partition=Record(),
                              record_count=s["records"], file_size_in_bytes=1, value_counts=column("values"),
                              null_value_counts=column("nulls"), nan_value_counts=column("nans"),
                              lower_bounds=column("lower", bytes.fromhex), upper_bounds=column("upper", bytes.fromhex))


def attempt(f):
    """PyIceberg raises where a bound or value is null, or of a type it can't compare."""
    try:
        return f()
    except (TypeError, ValueError, AttributeError, OverflowError, NotImplementedError):
        return None


def check_rows(t, e, got, count):
    """Nothing that matches is pruned, and the residual says of each row what the filter says."""
    for i, rows in enumerate(t.files):
        match = any(holds(t, e, row) for row in rows)
        count["files"] += 1
        count["match"] += match
        kept = got["tuples"][i] and got["files"][i] and all(got["manifests"][k] for k, m in enumerate(t.manifests) if i in m)
        count["pruned"] += not kept
        assert kept or not match, f"PRUNED a file that matches: {i}"
        for row in rows:
            assert holds(t, got["residuals"][i], row) == holds(t, e, row), f"residual {got['residuals'][i]} of {row}"


def check_theirs(t, e, expr, got, count):
    for what, said in theirs(t, expr):
        for i, their in enumerate(said):
            if their is None:
                count["raised"] += 1
            elif what == "residuals":
                check_residual(t, e, their, got["residuals"][i], i, count)
            else:
                count["same" if bool(their) == bool(got[what][i]) else "tighter" if their else "looser"] += 1
                nan = any(is_nan(row[n]) for row in t.rows for n in t.kinds)
                assert their or not got[what][i] or nan or differs(t, e), f"{what} {i}: PyIceberg prunes it"


def check_residual(t, e, their, ours, i, count):
    """Each row is the same to both; ours leaves null and NaN to the reader, PyIceberg gives an unpartitioned filter back as it was."""
    constant = {"AlwaysTrue()": True, "AlwaysFalse()": False}.get(str(their))
    if constant is None or isinstance(ours, bool):
        same = constant == (ours if isinstance(ours, bool) else None)
    else:
        same = False
    count["residual same" if same else "residual other"] += 1
    odd = any(v is None or is_nan(v) for v in t.tuples[i][1]) or not t.tuples[i][1]
    assert same or odd or differs(t, e), f"residual {ours}, PyIceberg's {their}"


def main():
    core = Core(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    count = dict.fromkeys(["files", "match", "pruned", "same", "tighter", "looser", "raised", "residual same", "residual other"], 0)
    for i in range(rounds):
        t = Table(random.Random(seed * 1000003 + i))
        for _ in range(4):
            e, expr = make_filter(t, 3)
            got = core.ask(schema=t.schema_json, spec=t.spec_json, filter=e, manifests=t.summaries,
                           tuples=[k for k, _ in t.tuples], files=t.stats)
            try:
                assert got["status"] == 0, got
                check_rows(t, e, got, count)
                if expr is not None:
                    check_theirs(t, e, expr, got, count)
            except AssertionError:
                print("case", i, json.dumps({"filter": e, "schema": t.schema_json, "spec": t.spec_json, "summaries": t.summaries,
                                             "tuples": [k for k, _ in t.tuples], "files": t.stats, "got": got}))
                raise
    print(f"{rounds} tables, 4 filters each;", ", ".join(f"{k} {n}" for k, n in count.items()))


main()
