# SPDX-License-Identifier: Apache-2.0
"""Branches and tags from Spark: writes on a branch, a merge, and clean-ups that must leave what others read."""

import os
import re
import time
import types

import pytest

from conftest import spark_settings

pytest.importorskip("pyspark")
pytestmark = pytest.mark.ours


@pytest.fixture
def lake(site, spark):
    """A catalog of the test's own, for its branches change what the whole catalog answers: .sql, .api."""
    made = site.server.make_catalog(site.storage.config(), **site.storage.warehouse)
    for key, value in spark_settings(site, made, made).items():
        spark.conf.set(key, value)

    def sql(text):
        return [tuple(row) for row in spark.sql(text.format(c=made, ns=f"{made}.sales")).collect()]

    def api(path, **body):
        return site.server.api("POST", path, json={"catalog": made, **body}).json()

    sql("CREATE NAMESPACE {ns}")
    return types.SimpleNamespace(sql=sql, api=api, made=made)


def ids(lake, table):
    return [r[0] for r in lake.sql(f"SELECT id FROM {{ns}}.`{table}` ORDER BY id")]


def test_write_audit_publish(lake):
    for table in ("orders", "customers"):
        lake.sql(f"CREATE TABLE {{ns}}.{table} USING iceberg AS SELECT 1L AS id")
    lake.api("branches", name="dev")
    lake.sql("INSERT INTO {ns}.`orders@dev` VALUES (2)")
    lake.sql("INSERT INTO {ns}.`customers@dev` SELECT id + 10 FROM {ns}.`orders@dev`")
    assert ids(lake, "orders@dev") == [1, 2] and ids(lake, "customers@dev") == [1, 11, 12]
    assert ids(lake, "orders") == [1] and ids(lake, "customers") == [1]
    merged = lake.api("branches/merge", source_branch="dev", target_branch="main")
    assert merged["status"] == "completed" and merged["commit_id"]
    assert ids(lake, "orders") == [1, 2] and ids(lake, "customers") == [1, 11, 12]


CLEAN_UPS = {
    "expire_snapshots": "CALL {{c}}.system.expire_snapshots(table => 'sales.`{t}`', older_than => TIMESTAMP'2100-01-01', retain_last => 1)",
    "remove_orphan_files": "CALL {{c}}.system.remove_orphan_files(table => 'sales.`{t}`', older_than => TIMESTAMP'2100-01-01')",
    "purge": "DROP TABLE {{ns}}.`{t}` PURGE",
}
READ = {("orders", 10), ("orders@dev", 11), ("orders@v1", 1)}


@pytest.fixture
def forked(lake, spark):
    """One table that main, a branch and a tag show differently, each with files that the others' metadata does not name."""
    lake.sql("CREATE TABLE {ns}.orders USING iceberg AS SELECT 1L AS id")
    lake.api("tags", name="v1")
    lake.api("branches", name="dev")
    lake.sql("INSERT OVERWRITE {ns}.orders VALUES (10)")
    lake.sql("INSERT OVERWRITE {ns}.`orders@dev` VALUES (11)")
    # with these remove_orphan_files takes files younger than a day
    spark.conf.set("spark.sql.legacy.setCommandRejectsSparkCoreConfs", "false")
    spark.conf.set("spark.testing", "true")
    yield lake
    spark.conf.unset("spark.testing")
    spark.conf.unset("spark.sql.legacy.setCommandRejectsSparkCoreConfs")


def read(lake, tables):
    return set(lake.sql(" UNION ALL ".join(f"SELECT '{t}', id FROM {{ns}}.`{t}`" for t in tables)))


def test_clean_ups_leave_what_others_read(forked, site):
    def refused(name, table):
        with pytest.raises(Exception, match="GC is disabled"):
            forked.sql(CLEAN_UPS[name].format(t=table))
        assert read(forked, [t for t, _ in READ]) == READ, f"after {name} of {table}"

    for table in ("orders", "orders@dev"):
        for name in CLEAN_UPS:
            refused(name, table)
    forked.sql("ALTER TABLE {ns}.orders SET TBLPROPERTIES ('gc.enabled'='true')")  # its owner may say what he likes
    refused("purge", "orders")
    for table in ("orders", "orders@dev"):
        forked.sql(f"DROP TABLE {{ns}}.`{table}`")
        if site.server.run:
            site.server.work()
        kept = {r for r in READ if r[0] > table}
        assert read(forked, [t for t, _ in kept]) == kept


@pytest.mark.slow
def test_our_own_clean_ups_leave_what_spark_reads(forked, site):
    if not site.server.run:
        pytest.skip("needs a server of its own")
    forked.sql("INSERT OVERWRITE {ns}.`orders@dev` VALUES (11)")
    for what in (["--older-than", "0"], ["--orphans", "--orphan-age", "0", "--force"]):
        site.server.command("maintain", "--yes", "--catalog", forked.made, *what)
        assert read(forked, [t for t, _ in READ]) == READ, f"after {what}"


@pytest.mark.slow
def test_orphans_are_those_that_spark_finds(lake, site):
    """Of a table without branches: a partitioned one with deletes, rewritten manifests, expired snapshots and a killed writer's files."""
    if not site.server.run or not hasattr(site.storage, "path"):
        pytest.skip("ages files")
    properties = "'format-version'='2', 'write.delete.mode'='merge-on-read'"
    lake.sql(f"CREATE TABLE {{ns}}.t (id BIGINT, p STRING) USING iceberg PARTITIONED BY (p) TBLPROPERTIES ({properties})")
    for i in range(4):
        lake.sql(f"INSERT INTO {{ns}}.t VALUES ({i}, 'a'), ({10 + i}, 'b c/d'), ({20 + i}, 'e')")
    lake.sql("DELETE FROM {ns}.t WHERE id IN (0, 11)")
    lake.sql("CALL {c}.system.rewrite_manifests('sales.t')")
    lake.sql("CALL {c}.system.rewrite_data_files('sales.t')")
    lake.sql("CALL {c}.system.expire_snapshots(table => 'sales.t', older_than => TIMESTAMP'2100-01-01', retain_last => 2)")
    found = [r[0] for r in lake.sql("SELECT file FROM {ns}.t.metadata_log_entries")]
    folder = os.path.dirname(os.path.dirname(site.storage.path(found[-1])))
    for name in ("data/p=a/x.parquet", "data/p=b+c%2Fd/y.parquet", "data/_temporary/z.parquet", "metadata/m0.avro", "metadata/.hidden"):
        os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
        with open(f"{folder}/{name}", "w") as f:
            f.write("x")
    for path, _, names in os.walk(folder):
        for name in names:
            os.utime(f"{path}/{name}", (time.time() - 4 * 86400,) * 2)
    theirs = lake.sql("CALL {c}.system.remove_orphan_files(table => 'sales.t', dry_run => true)")
    ours = site.server.command("maintain", "--orphans", "--dry-run", "--catalog", lake.made)
    ours = set(re.findall(r"^  (\S.*) \(\d+ bytes\)$", ours, re.M))
    assert {site.storage.path(r[0]) for r in theirs} == {site.storage.path(o) for o in ours} and len(ours) >= 3
    site.server.command("maintain", "--orphans", "--yes", "--catalog", lake.made)
    assert not lake.sql("CALL {c}.system.remove_orphan_files(table => 'sales.t', dry_run => true)")
    assert len(lake.sql("SELECT * FROM {ns}.t")) == 10
