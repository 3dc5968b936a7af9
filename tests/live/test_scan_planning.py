# SPDX-License-Identifier: Apache-2.0
"""Scans planned by the server, beside what Iceberg's Java and PyIceberg plan of the same tables."""

import json
import struct
import uuid

import pytest
import requests
from pyiceberg.expressions import BooleanExpression

import planning
from server import Started

pytestmark = pytest.mark.ours
COLUMNS = (
    "id BIGINT, i INT, f FLOAT, d DOUBLE, s STRING, dt DATE, ts TIMESTAMP, tn TIMESTAMP_NTZ, n DECIMAL(9,2), flag BOOLEAN, "
    "at STRUCT<x: INT, y: STRING>"
)
SPECS = {
    "none": "",
    "identity": "PARTITIONED BY (s, flag)",
    "bucket": "PARTITIONED BY (bucket(4, id), bucket(3, s))",
    "truncate": "PARTITIONED BY (truncate(2, s), truncate(10, i), truncate(10, n))",
    "dates": "PARTITIONED BY (years(dt), days(ts))",
    "hours": "PARTITIONED BY (hours(tn), months(ts), n)",
}


def row(k):
    """Values that differ in range, hold nulls, NaN and dates before 1970."""
    null = lambda n, text: "NULL" if k % n == n - 1 else text
    days = [-1, 19358, 19782, 19783, 20273]
    return ", ".join(
        [
            str(k),
            null(7, str(k % 30 - 5)),
            null(5, "CAST('NaN' AS FLOAT)" if k % 4 == 0 else f"CAST({k % 9 / 4} AS FLOAT)"),
            null(6, "CAST('NaN' AS DOUBLE)" if k % 5 == 0 else f"CAST({k % 17 / 2} AS DOUBLE)"),
            null(9, "'" + ["a", "ab", "abc", "b", "ba", "mz", "ü", ""][k % 8] + "'"),
            null(8, f"date_add(DATE'1970-01-01', {days[k % 5]})"),
            null(10, f"timestamp_micros({(days[k % 5] * 86400 + k * 1800) * 1000000 + k % 2})"),
            null(11, f"CAST(timestamp_micros({(days[k % 5] * 86400 + k * 1800) * 1000000}) AS TIMESTAMP_NTZ)"),
            null(12, f"CAST({(k % 40 - 4) * 2.5} AS DECIMAL(9,2))"),
            null(13, "true" if k % 2 else "false"),
            null(4, f"named_struct('x', {k % 10}, 'y', 'v')"),
        ]
    )


def fill(sql, rows, parts=4):
    for p in range(parts):
        sql("INSERT INTO {t} SELECT * FROM VALUES " + ", ".join(f"({row(k)})" for k in rows if k % parts == p))


def make(sql, version, spec, rows=range(48)):
    modes = ", ".join(f"'write.{op}.mode'='merge-on-read'" for op in ("update", "delete", "merge"))
    sql(f"CREATE TABLE {{t}} ({COLUMNS}) USING iceberg {SPECS[spec]} TBLPROPERTIES ('format-version'='{version}', {modes})")
    fill(sql, rows)


@pytest.fixture
def planned(site, spark, sql):
    """planned(): the table {t} as the server and as Java see it."""

    def open():
        namespace = sql.namespace.removeprefix("cat.")
        return planning.Server(site.server, site.catalog, namespace, "t"), planning.Java(spark, f"{sql.namespace}.t")

    return open


def deletes(files):
    return {path: found for path, (found, _) in files.items()}


def java_plan(java, filter):
    """None where Java itself fails: it looks a null up in a set of strings."""
    try:
        return java.plan(filter)
    except Exception as e:
        if "NullPointerException" not in str(e) or '"s"' not in json.dumps(filter):
            raise
        return None


def holds_nan(filter, inside):
    """Is NaN in a column that the filter names?  Java takes it for no number beyond the bounds, we for one that may be."""
    return any(row[name] != row[name] and f'"{name}"' in json.dumps(filter) for row in inside for name in ("f", "d"))


def compare(server, java, filters, rows):
    """No file left out that has a row to show; none more than Java's but where Java forgets one (NaN); the same deletes;
    residuals that say of each row what the filter says."""
    for filter in filters:
        ours, theirs = server.plan(filter=filter), java_plan(java, filter)
        theirs = deletes(ours) if theirs is None else theirs
        assert all(theirs.get(path, found) == found for path, found in deletes(ours).items()), filter
        for path, inside in rows.items():
            shown = [planning.passes(filter, row) for row in inside]
            residual = ours[path][1] if path in ours else False
            assert shown == [planning.passes(residual, row) for row in inside], (filter, path, residual)
            assert path not in ours or path in theirs or any(shown) or holds_nan(filter, inside), (filter, path)


def compare_exactly(server, java, filters):
    for filter in filters:
        assert deletes(server.plan(filter=filter)) == java.plan(filter), filter


EVERY = [(version, spec) for version in (1, 2, 3) for spec in SPECS]
SMALL = [(2, "identity"), (3, "truncate")]


@pytest.mark.parametrize("version,spec", [pytest.param(*e, marks=[] if e in SMALL else pytest.mark.slow) for e in EVERY])
def test_files_and_residuals(sql, planned, size, version, spec):
    make(sql, version, spec)
    server, java = planned()
    filters = planning.random_filters(f"{version}{spec}", size(8, 150), list(planning.VALUES))
    compare(server, java, [True, *filters], planning.rows_by_file(sql))


@pytest.mark.parametrize("spec", ["bucket", pytest.param("none", marks=pytest.mark.slow), pytest.param("truncate", marks=pytest.mark.slow)])
@pytest.mark.parametrize("version", [2, 3])
def test_deletes(sql, planned, size, version, spec):
    """Position deletes of several files (2), deletion vectors (3)."""
    make(sql, version, spec)
    sql("DELETE FROM {t} WHERE id % 5 = 1")
    fill(sql, range(48, 60), parts=2)
    sql("DELETE FROM {t} WHERE id % 7 = 2")
    server, java = planned()
    compare(server, java, [True, *planning.random_filters(f"d{version}{spec}", size(8, 100), ["id", "i", "s", "n"])], planning.rows_by_file(sql))
    assert any(deletes(server.plan()).values())


def equality_deletes(java, ids, bounds, partition=None, spec=None):
    """Commits a delete file that is not there: planning does not read it.  bounds: {long column's id: (lower, upper)}"""
    table, parser, file = java.table, java.iceberg.SingleValueParser, java.iceberg.DataFile
    table.refresh()

    def values(type, list):
        return parser.fromJson(type, json.dumps({"keys": [*bounds], "values": list}))

    lower, upper = ([struct.pack("<q", v[i]).hex() for v in bounds.values()] for i in (0, 1))
    metrics = java.iceberg.Metrics(
        5,
        None,
        values(file.VALUE_COUNTS.type(), [5] * len(bounds)),
        values(file.NULL_VALUE_COUNTS.type(), [0] * len(bounds)),
        None,
        values(file.LOWER_BOUNDS.type(), lower),
        values(file.UPPER_BOUNDS.type(), upper),
    )
    builder = java.iceberg.FileMetadata.deleteFileBuilder(table.spec() if spec is None else table.specs().get(spec))
    builder = builder.ofEqualityDeletes(java.ints(ids)).withPath(f"{table.location()}/data/{uuid.uuid4()}.parquet")
    builder = builder.withFormat("parquet").withFileSizeInBytes(100).withMetrics(metrics)
    if partition:
        builder = builder.withPartitionPath(partition)
    table.newRowDelta().addDeletes(builder.build()).commit()


@pytest.mark.parametrize("version", [2, 3])
def test_equality_deletes(sql, planned, version):
    """By partition and, of a spec without partitions, of all; by sequence number; by bounds."""
    make(sql, version, "none", range(24))
    _, java = planned()
    equality_deletes(java, [1], {1: (3, 5)})
    sql("ALTER TABLE {t} ADD PARTITION FIELD bucket(2, id)")
    fill(sql, range(24, 48))
    server, java = planned()
    equality_deletes(java, [1], {1: (0, 100)}, "id_bucket_2=1")
    equality_deletes(java, [1, 2], {1: (40, 44)}, "id_bucket_2=0")
    equality_deletes(java, [1], {1: (44, 60)}, spec=0)
    fill(sql, range(48, 56), parts=2)
    compare_exactly(server, java, [True, *planning.random_filters(f"e{version}", 25, ["id", "i", "s"])])
    assert len({d for found in deletes(server.plan()).values() for d in found}) == 4


def test_evolved_specs_and_schemas(sql, planned):
    make(sql, 2, "identity")
    sql("ALTER TABLE {t} DROP PARTITION FIELD s")
    sql("ALTER TABLE {t} ADD PARTITION FIELD days(ts)")
    fill(sql, range(48, 72))
    sql("ALTER TABLE {t} RENAME COLUMN i TO number")
    sql("ALTER TABLE {t} ADD COLUMN i INT")
    sql("ALTER TABLE {t} ALTER COLUMN number TYPE BIGINT")
    sql("ALTER TABLE {t} ALTER COLUMN f TYPE DOUBLE")
    server, java = planned()
    compare_exactly(server, java, planning.random_filters("evolved", 40, ["id", "i", "ts", "flag"]))
    compare_exactly(server, java, [{"type": "gt", "term": "number", "value": v} for v in (7, 3000000000)])


def snapshots(sql):
    return [r[0] for r in sql("SELECT snapshot_id FROM {t}.snapshots ORDER BY committed_at")]


def test_snapshots(sql, planned):
    """A snapshot with its own schema, and ranges of appends, beside Java's."""
    make(sql, 2, "bucket")
    sql("DELETE FROM {t} WHERE id % 3 = 1")
    sql("ALTER TABLE {t} RENAME COLUMN s TO text")
    fill(sql, range(48, 60))
    server, java = planned()
    ids = snapshots(sql)
    for id in ids:
        assert deletes(server.plan(**{"snapshot-id": id})) == java.plan(snapshot=id)
    old = {"type": "eq", "term": "s", "value": "ab"}
    assert server.plan(**{"snapshot-id": ids[2], "use-snapshot-schema": True, "filter": old})
    server.post("plan", {"snapshot-id": ids[2], "filter": old}, 400)
    for i, start in enumerate(ids):
        for end in ids[i + 1 :]:
            ours = server.plan(**{"start-snapshot-id": start, "end-snapshot-id": end})
            assert deletes(ours) == java.appends(start, end)
    assert server.plan(**{"start-snapshot-id": ids[1], "end-snapshot-id": ids[1]}) == {}
    server.post("plan", {"start-snapshot-id": ids[2], "end-snapshot-id": ids[1]}, 400)


def test_request(sql, planned):
    make(sql, 2, "none")
    server, _ = planned()
    upper = {"type": "gt", "term": "ID", "value": 5}
    server.post("plan", {"filter": upper}, 400)
    assert server.plan(filter=upper, **{"case-sensitive": False, "stats-fields": ["ID", "at.X"], "select": ["ID"]})
    assert len(server.plan(**{"min-rows-requested": 5})) == 1
    for bad in (
        {"snapshot-id": 1},
        {"snapshot-id": -5},
        {"start-snapshot-id": 1},
        {"end-snapshot-id": 1},
        {"min-rows-requested": -1},
        {"stats-fields": ["none"]},
        {"filter": {"type": "eq", "term": "id"}},
        {"select": [1]},
    ):
        server.post("plan", bad, 400)
    plan = server.post("plan", {"stats-fields": ["id", "s"]})
    file = plan["file-scan-tasks"][0]["data-file"]
    assert file["value-counts"] == {"keys": [1, 5], "values": 2 * [file["record-count"]]}
    assert len(file["lower-bounds"]["values"][0]) == 16  # a long's bytes in hex
    assert "lower-bounds" not in server.post("plan", {})["file-scan-tasks"][0]["data-file"]


def test_through_spark(site, spark, sql, size):
    """Java's REST client reads by our plans what it reads by its own."""
    for key, value in {**site.server.connection(site.catalog), **site.storage.client}.items():
        spark.conf.set(f"spark.sql.catalog.srv.{key}", value)
    spark.conf.set("spark.sql.catalog.srv", "org.apache.iceberg.spark.SparkCatalog")
    spark.conf.set("spark.sql.catalog.srv.type", "rest")
    spark.conf.set("spark.sql.catalog.srv.cache-enabled", "false")
    spark.conf.set("spark.sql.catalog.srv.scan-planning-mode", "server")
    if not site.place.endswith("-file"):
        spark.conf.set("spark.sql.catalog.srv.io-impl", "org.apache.iceberg.aws.s3.S3FileIO")
        spark.conf.set("spark.sql.catalog.srv.client.region", "us-east-1")
    for version in (2, 3):
        make(sql, version, "truncate")
        sql("DELETE FROM {t} WHERE id % 5 = 1")
        java = planning.Java(spark, sql.namespace.replace("cat.", "srv.") + ".t")
        assert "RESTTableScan" in java.table.newScan().getClass().getName()
        local = planning.Java(spark, f"{sql.namespace}.t")
        for filter in planning.random_filters(f"s{version}", size(8, 100), ["id", "s", "i", "n"]):
            theirs = java_plan(local, filter)
            assert theirs is None or java.plan(filter) == theirs, filter
        for where in ("true", "s = 'ab'", "id > 20 AND i < 10", "s IS NULL OR n > 50"):
            query = f"SELECT id, s, i, n, at.x FROM {{t}} WHERE {where} ORDER BY id"
            assert sql(query) == sql(query.replace("{t}", "{srv}"), srv=sql.namespace.replace("cat.", "srv.") + ".t"), where
        sql("DROP TABLE {t}")


def test_through_pyiceberg(connect, sql, size):
    """PyIceberg's client of these routes; it takes neither null partition values nor deletion vectors from them."""
    sql(f"CREATE TABLE {{t}} ({COLUMNS}) USING iceberg PARTITIONED BY (bucket(4, id)) TBLPROPERTIES ('write.delete.mode'='merge-on-read')")
    fill(sql, range(48))
    sql("DELETE FROM {t} WHERE id % 5 = 1")
    name = (sql.namespace.removeprefix("cat."), "t")
    local, remote = connect().load_table(name), connect(**{"scan-planning-mode": "server"}).load_table(name)
    assert remote.catalog.supports_server_side_planning() and not local.catalog.supports_server_side_planning()
    for filter in [True, *planning.random_filters("p", size(20, 200), ["id", "i", "s", "n", "dt"])]:
        row_filter = BooleanExpression.model_validate(filter)
        plans = [t.scan(row_filter=row_filter) for t in (local, remote)]
        files = [{t.file.file_path for t in p.plan_files()} for p in plans]
        assert files[0] >= files[1], filter
        rows = [sorted(p.to_arrow().select(["id"])["id"].to_pylist()) for p in plans]
        assert rows[0] == rows[1], filter


@pytest.fixture(scope="module")
def narrow(request):
    """A server that answers three files at a time and forgets plans after ten seconds."""
    server = Started("sqlite", PANGOLIN_SCAN_FILES="3", PANGOLIN_SCAN_BYTES="1", PANGOLIN_SCAN_TTL_S="10")
    yield server
    server.stop()


def test_plan_tasks(narrow, tmp_path):
    """More than one answer holds: tasks, their end by cancelling and by time, and whose they are."""
    import pyarrow
    from pyiceberg.catalog import load_catalog

    name = narrow.make_catalog({"type": "file", "location": f"{narrow.run}/warehouse/narrow"})
    catalog = load_catalog("narrow", type="rest", **narrow.connection(name))
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=pyarrow.schema([("id", pyarrow.int64())]))
    for i in range(10):
        table.append(pyarrow.table({"id": [10 * i, 10 * i + 1]}))
    server = planning.Server(narrow, name, "n", "t")
    everything = {t.file.file_path for t in table.scan().plan_files()}
    assert set(server.plan()) == everything and len(everything) == 10 and server.fetched >= 4
    some = {"type": "gt-eq", "term": "id", "value": 70}
    assert set(server.plan(filter=some)) == {t.file.file_path for t in table.scan("id >= 70").plan_files()}
    ids = [s.snapshot_id for s in table.snapshots()]
    range_ = {"start-snapshot-id": ids[1], "end-snapshot-id": ids[8]}
    assert len(server.plan(**range_)) == 7
    plan = server.post("plan", {})
    task = plan["plan-tasks"][0]
    table.append(pyarrow.table({"id": [1000]}))  # the plan stays what it was
    assert server.post("tasks", {"plan-task": task})["file-scan-tasks"]
    again = requests.get(f"{server.url}/plan/{plan['plan-id']}", headers=server.headers, timeout=60).json()
    assert again["plan-tasks"] == plan["plan-tasks"] and again["file-scan-tasks"] == plan["file-scan-tasks"]
    for broken in ("", "x", task + ".1", task.replace(".", ".-", 1), plan["plan-id"]):
        assert server.post("tasks", {"plan-task": broken}, 404)["error"]["type"] == "NoSuchPlanTaskException"
    assert requests.delete(f"{server.url}/plan/{plan['plan-id']}", headers=server.headers, timeout=60).status_code == 204
    assert server.post("tasks", {"plan-task": task}, 404)["error"]["type"] == "NoSuchPlanTaskException"
    gone = requests.get(f"{server.url}/plan/{plan['plan-id']}", headers=server.headers, timeout=60)
    assert gone.status_code == 404 and gone.json()["error"]["type"] == "NoSuchPlanIdException"
