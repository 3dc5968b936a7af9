# SPDX-License-Identifier: Apache-2.0
"""Spark 3.5 with Iceberg's runtime: one Spark for all tests, each in a namespace of its own."""

import concurrent.futures
import time

import pytest

pytest.importorskip("pyspark")


@pytest.fixture
def people(sql):
    sql("CREATE TABLE {t} (id BIGINT NOT NULL, name STRING, age INT) USING iceberg")
    sql("INSERT INTO {t} VALUES (1, 'ada', 36), (2, 'bob', 1), (3, 'eve', 20)")
    return sql


ALL = "SELECT id, name, age FROM {t} ORDER BY id"


def snapshots(sql):
    return [r[0] for r in sql("SELECT snapshot_id FROM {t}.snapshots ORDER BY committed_at")]


def test_create_and_insert(people):
    assert people(ALL) == [(1, "ada", 36), (2, "bob", 1), (3, "eve", 20)]
    assert people("SHOW TABLES IN {ns}")[0][1] == "t"


def test_create_as_select(people):
    people("CREATE TABLE {ns}.copy USING iceberg PARTITIONED BY (bucket(4, id)) AS SELECT * FROM {t}")
    assert people("SELECT count(*) FROM {ns}.copy") == [(3,)]
    people("CREATE OR REPLACE TABLE {ns}.copy USING iceberg AS SELECT id FROM {t} WHERE id > 1")
    assert people("SELECT * FROM {ns}.copy ORDER BY id") == [(2,), (3,)]


def test_create_as_select_that_fails(people):
    """A staged table of a failed statement was never there; the name is free."""
    with pytest.raises(Exception, match="stop here"):
        people("CREATE TABLE {ns}.copy USING iceberg AS SELECT id, CAST(raise_error('stop here') AS INT) AS x FROM {t}")
    assert [r[1] for r in people("SHOW TABLES IN {ns}")] == ["t"]
    people("CREATE TABLE {ns}.copy USING iceberg AS SELECT id FROM {t}")
    assert people("SELECT count(*) FROM {ns}.copy") == [(3,)]


def test_create_as_select_against_another(people, catalog, spark):
    """While the statement runs another client takes the name: that one's table stays."""
    import pyarrow as pa

    name = (people.namespace.removeprefix("cat."), "copy")
    slow = "SELECT 1 AS id, java_method('java.lang.Thread', 'sleep', 6000L) AS x"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(people, "CREATE TABLE {ns}.copy USING iceberg AS " + slow)
        time.sleep(3)
        assert not running.done() and not catalog.table_exists(name)
        catalog.create_table(name, pa.schema([("mine", pa.int64())]))
        with pytest.raises(Exception, match="(?i)already exists"):
            running.result(120)
    assert catalog.load_table(name).schema().column_names == ["mine"]


def test_replace_as_select(people):
    """The table stays the same one: its history is kept, and a statement that fails changes nothing."""
    people("CREATE OR REPLACE TABLE {ns}.copy USING iceberg TBLPROPERTIES ('a'='1') AS SELECT * FROM {t}")
    first = people("SELECT snapshot_id FROM {ns}.copy.snapshots")[0][0]
    people("REPLACE TABLE {ns}.copy USING iceberg PARTITIONED BY (bucket(2, id)) AS SELECT id, name FROM {t} WHERE id > 1")
    assert people("SELECT * FROM {ns}.copy ORDER BY id") == [(2, "bob"), (3, "eve")]
    assert people(f"SELECT count(*) FROM {{ns}}.copy VERSION AS OF {first}") == [(3,)]
    with pytest.raises(Exception, match="stop here"):
        people("REPLACE TABLE {ns}.copy USING iceberg AS SELECT CAST(raise_error('stop here') AS INT) AS x FROM {t}")
    assert people("SELECT * FROM {ns}.copy ORDER BY id") == [(2, "bob"), (3, "eve")]
    with pytest.raises(Exception, match="(?i)cannot be found|does not exist|not found"):
        people("REPLACE TABLE {ns}.none USING iceberg AS SELECT 1 AS id")


def test_types(sql):
    sql(
        "CREATE TABLE {t} (a BOOLEAN, b INT, c BIGINT, d FLOAT, e DOUBLE, f DECIMAL(20,4), g DATE, h TIMESTAMP, "
        "i TIMESTAMP_NTZ, j STRING, k BINARY, l ARRAY<STRUCT<x: INT, y: STRING>>, m MAP<STRING, ARRAY<INT>>) USING iceberg"
    )
    sql(
        "INSERT INTO {t} VALUES (true, 1, 2, 0.5, 0.25, 12.3456, DATE'2024-02-29', TIMESTAMP'2024-02-29 12:00:00Z', "
        "TIMESTAMP_NTZ'2024-02-29 12:00:00', 'ü', X'00FF', array(named_struct('x', 1, 'y', 'z')), map('k', array(1, 2)))"
    )
    assert sql("SELECT a, f, j, l[0].y, m['k'][1], i = TIMESTAMP_NTZ'2024-02-29 12:00:00' FROM {t}")[0][2:] == ("ü", "z", 2, True)


@pytest.mark.parametrize("mode", ["copy-on-write", "merge-on-read"])
@pytest.mark.parametrize("version", [2, 3])
def test_update_delete_merge(sql, mode, version):
    modes = ", ".join(f"'write.{op}.mode'='{mode}'" for op in ("update", "delete", "merge"))
    sql(f"CREATE TABLE {{t}} (id BIGINT, name STRING, age INT) USING iceberg TBLPROPERTIES ('format-version'='{version}', {modes})")
    sql("INSERT INTO {t} VALUES (1, 'ada', 36), (2, 'bob', 1), (3, 'eve', 20)")
    sql("UPDATE {t} SET age = age + 1 WHERE name = 'bob'")
    sql("DELETE FROM {t} WHERE id = 1")
    sql(
        "MERGE INTO {t} USING (SELECT 3L AS id, 'eva' AS name UNION ALL SELECT 4L, 'kim') AS s ON {t}.id = s.id "
        "WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name, age) VALUES (s.id, s.name, 0)"
    )
    assert sql(ALL) == [(2, "bob", 2), (3, "eva", 20), (4, "kim", 0)]


def test_row_lineage(sql):
    """Version 3: rows keep their ids over updates, and the table gives new ones."""
    sql("CREATE TABLE {t} (id BIGINT, name STRING) USING iceberg TBLPROPERTIES ('format-version'='3')")
    sql("INSERT INTO {t} VALUES (1, 'a'), (2, 'b')")
    before = dict(sql("SELECT id, _row_id FROM {t}"))
    sql("UPDATE {t} SET name = 'c' WHERE id = 2")
    sql("INSERT INTO {t} VALUES (3, 'd')")
    after = dict(sql("SELECT id, _row_id FROM {t}"))
    assert {k: after[k] for k in before} == before and len(set(after.values())) == 3


def test_alter_columns(people):
    people("ALTER TABLE {t} ADD COLUMNS (email STRING COMMENT 'new' AFTER name, at STRUCT<x: INT>)")
    people("ALTER TABLE {t} RENAME COLUMN name TO called")
    people("ALTER TABLE {t} ALTER COLUMN age TYPE BIGINT")
    people("ALTER TABLE {t} ADD COLUMN at.y DOUBLE")
    people("ALTER TABLE {t} ALTER COLUMN id DROP NOT NULL")
    people("INSERT INTO {t} VALUES (4, 'kim', 'k@x', 5000000000, named_struct('x', 1, 'y', 0.5D))")
    assert people("SELECT id, called, email, age, at.y FROM {t} WHERE id > 2 ORDER BY id") == [
        (3, "eve", None, 20, None),
        (4, "kim", "k@x", 5000000000, 0.5),
    ]
    people("ALTER TABLE {t} DROP COLUMN email")
    assert [r[0] for r in people("DESCRIBE TABLE {t}")][:4] == ["id", "called", "age", "at"]


def test_alter_partitioning(people):
    people("ALTER TABLE {t} ADD PARTITION FIELD bucket(4, id) AS shard")
    people("ALTER TABLE {t} ADD PARTITION FIELD truncate(2, name)")
    people("INSERT INTO {t} VALUES (4, 'kim', 4)")
    people("ALTER TABLE {t} REPLACE PARTITION FIELD shard WITH bucket(8, id) AS shard8")
    people("INSERT INTO {t} VALUES (5, 'lea', 5)")
    people("ALTER TABLE {t} DROP PARTITION FIELD shard8")
    people("INSERT INTO {t} VALUES (6, 'mia', 6)")
    assert [r[0] for r in people(ALL)] == [1, 2, 3, 4, 5, 6]
    assert len(people("SELECT DISTINCT spec_id FROM {t}.files")) == 4


def test_alter_order_identifiers_and_properties(people):
    people("ALTER TABLE {t} WRITE ORDERED BY name DESC NULLS LAST, id")
    people("ALTER TABLE {t} SET IDENTIFIER FIELDS id")
    people("ALTER TABLE {t} SET TBLPROPERTIES ('team'='ours', 'note'='a \"b\"')")
    people("ALTER TABLE {t} UNSET TBLPROPERTIES ('team')")
    properties = dict(people("SHOW TBLPROPERTIES {t}"))
    assert "team" not in properties and properties["note"] == 'a "b"'
    assert properties["sort-order"] == "name DESC NULLS LAST, id ASC NULLS FIRST"
    people("INSERT INTO {t} VALUES (4, 'kim', 4)")


def test_time_travel_and_rollback(people):
    first = snapshots(people)[0]
    people("DELETE FROM {t} WHERE id < 3")
    assert len(people(ALL)) == 1
    assert people(f"SELECT count(*) FROM {{t}} VERSION AS OF {first}") == [(3,)]
    when = people(f"SELECT committed_at FROM {{t}}.snapshots WHERE snapshot_id = {first}")[0][0]
    assert people(f"SELECT count(*) FROM {{t}} TIMESTAMP AS OF '{when}'") == [(3,)]
    people(f"CALL cat.system.rollback_to_snapshot('{{t}}', {first})")
    assert len(people(ALL)) == 3
    assert len(people("SELECT * FROM {t}.history")) == 3


def test_branches_and_tags(people):
    people("ALTER TABLE {t} CREATE TAG v1 RETAIN 7 DAYS")
    people("ALTER TABLE {t} CREATE BRANCH dev RETAIN 7 DAYS WITH SNAPSHOT RETENTION 2 SNAPSHOTS")
    people("INSERT INTO {t}.branch_dev VALUES (9, 'zoe', 9)")
    assert people("SELECT count(*) FROM {t}") == [(3,)]
    assert people("SELECT count(*) FROM {t} VERSION AS OF 'dev'") == [(4,)]
    people("CALL cat.system.fast_forward('{t}', 'main', 'dev')")
    assert people("SELECT count(*) FROM {t}") == [(4,)]
    assert people("SELECT count(*) FROM {t} VERSION AS OF 'v1'") == [(3,)]
    people("ALTER TABLE {t} DROP BRANCH dev")
    people("ALTER TABLE {t} DROP TAG v1")
    assert [r[0] for r in people("SELECT name FROM {t}.refs")] == ["main"]


def test_cherry_pick(people):
    people("ALTER TABLE {t} SET TBLPROPERTIES ('write.wap.enabled'='true')")
    people("SET spark.wap.id = w1")
    try:
        people("INSERT INTO {t} VALUES (9, 'zoe', 9)")
    finally:
        people("RESET spark.wap.id")
    assert people("SELECT count(*) FROM {t}") == [(3,)]
    staged = snapshots(people)[-1]
    people(f"CALL cat.system.cherrypick_snapshot('{{t}}', {staged})")
    assert people("SELECT count(*) FROM {t}") == [(4,)]


def test_expire_snapshots(site, people):
    for i in range(4, 7):
        people(f"INSERT INTO {{t}} VALUES ({i}, 'n', {i})")
    people("DELETE FROM {t} WHERE id = 4")
    done = people("CALL cat.system.expire_snapshots(table => '{t}', older_than => TIMESTAMP'2999-01-01', retain_last => 1)")
    assert done and len(snapshots(people)) == 1
    assert [r[0] for r in people(ALL)] == [1, 2, 3, 5, 6]


def test_rewrite_data_files(people):
    for i in range(4, 12):
        people(f"INSERT INTO {{t}} VALUES ({i}, 'n', {i})")
    done = people("CALL cat.system.rewrite_data_files(table => '{t}', options => map('min-input-files', '2'))")
    assert done[0][0] >= 9 and done[0][1] == 1
    assert people("SELECT count(*) FROM {t}.files") == [(1,)] and len(people(ALL)) == 11
    people("CALL cat.system.rewrite_manifests('{t}')")
    assert len(people(ALL)) == 11


def test_remove_orphan_files(people, site):
    where = "table => '{t}', older_than => TIMESTAMP'2000-01-01', prefix_listing => true"
    people(f"CALL cat.system.remove_orphan_files({where})")
    assert len(people(ALL)) == 3


def test_statistics(people):
    people("CALL cat.system.compute_table_stats('{t}')")
    assert len(people(ALL)) == 3


def test_changelog(people):
    people("DELETE FROM {t} WHERE id = 1")
    view = people("CALL cat.system.create_changelog_view(table => '{t}')")[0][0]
    kinds = people(f"SELECT _change_type, count(*) FROM {view} GROUP BY 1 ORDER BY 1")
    assert kinds == [("DELETE", 1), ("INSERT", 3)]


def test_namespaces(sql):
    sql("ALTER NAMESPACE {ns} SET PROPERTIES ('team'='ours')")
    assert "(team,ours)" in str(sql("DESCRIBE NAMESPACE EXTENDED {ns}"))
    assert (sql.namespace.removeprefix("cat."),) in sql("SHOW NAMESPACES IN cat")
    with pytest.raises(Exception, match="(?i)already exists"):
        sql("CREATE NAMESPACE {ns}")
    sql("CREATE NAMESPACE IF NOT EXISTS {ns}")
    sql("DROP NAMESPACE {ns}")
    assert (sql.namespace.removeprefix("cat."),) not in sql("SHOW NAMESPACES IN cat")
    sql("CREATE NAMESPACE {ns}")


@pytest.mark.ours
def test_nested_namespaces(sql):
    sql("CREATE NAMESPACE {ns}.`b c`")
    sql("CREATE NAMESPACE {ns}.`b c`.d")
    sql("CREATE TABLE {ns}.`b c`.d.t (id INT) USING iceberg")
    sql("INSERT INTO {ns}.`b c`.d.t VALUES (1)")
    assert sql("SELECT * FROM {ns}.`b c`.d.t") == [(1,)]
    with pytest.raises(Exception, match="(?i)not empty"):
        sql("DROP NAMESPACE {ns}.`b c`")
    sql("DROP TABLE {ns}.`b c`.d.t PURGE")
    sql("DROP NAMESPACE {ns}.`b c`.d")
    sql("DROP NAMESPACE {ns}.`b c`")


def test_rename_and_drop(people):
    people("ALTER TABLE {t} RENAME TO {ns}.u".replace("{ns}.u", people.namespace.removeprefix("cat.") + ".u"))
    assert people("SELECT count(*) FROM {ns}.u") == [(3,)]
    people("DROP TABLE {ns}.u")
    assert people("SHOW TABLES IN {ns}") == []
    with pytest.raises(Exception, match="(?i)cannot be found"):
        people("SELECT * FROM {ns}.u")


def test_register(people):
    where = people("SELECT file FROM {t}.metadata_log_entries ORDER BY timestamp")[-1][0]
    people("DROP TABLE {t}")
    name = people.namespace.removeprefix("cat.") + ".back"
    people(f"CALL cat.system.register_table(table => '{name}', metadata_file => '{where}')")
    assert people("SELECT count(*) FROM {ns}.back") == [(3,)]


def test_streaming(people, spark, tmp_path):
    """Append by structured streaming, exactly once."""
    name = f"{people.namespace}.t"
    people("ALTER TABLE {t} ALTER COLUMN id DROP NOT NULL")
    source = tmp_path / "in"
    spark.range(5).selectExpr("id + 100 AS id", "'s' AS name", "1 AS age").write.parquet(str(source))
    stream = (
        spark.readStream.schema("id BIGINT, name STRING, age INT")
        .parquet(str(source))
        .writeStream.format("iceberg")
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .toTable(name)
    )
    stream.awaitTermination(120)
    assert people("SELECT count(*) FROM {t} WHERE id >= 100") == [(5,)]


def test_pyiceberg_reads_what_spark_writes(people, catalog):
    people("DELETE FROM {t} WHERE id = 1")
    table = catalog.load_table((people.namespace.removeprefix("cat."), "t"))
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [2, 3]
    table.append(table.scan(row_filter="id = 3").to_arrow())
    assert people("SELECT count(*) FROM {t}") == [(3,)]


def test_views(people, catalog):
    ns = people.namespace.removeprefix("cat.")
    people("CREATE VIEW {ns}.v (who COMMENT 'the name', years) COMMENT 'grown' AS SELECT name, age FROM {t} WHERE age > 18")
    assert people("SELECT * FROM {ns}.v ORDER BY who") == [("ada", 36), ("eve", 20)]
    assert people("SELECT count(*) FROM {ns}.v JOIN {t} ON who = name") == [(2,)]
    assert [r[1] for r in people("SHOW VIEWS IN {ns}") if not r[2]] == ["v"] and [r[1] for r in people("SHOW TABLES IN {ns}")] == ["t"]
    people("ALTER VIEW {ns}.v SET TBLPROPERTIES ('team'='ours', 'note'='x')")
    people("ALTER VIEW {ns}.v UNSET TBLPROPERTIES ('note')")
    properties = dict(people("SHOW TBLPROPERTIES {ns}.v"))
    assert properties["team"] == "ours" and "note" not in properties
    people("CREATE OR REPLACE VIEW {ns}.v AS SELECT id FROM {t} WHERE id > 1")
    people("CREATE OR REPLACE VIEW {ns}.v AS SELECT id FROM {t} WHERE id > 2")
    assert people("SELECT * FROM {ns}.v") == [(3,)]
    metadata = catalog.load_view((ns, "v")).metadata
    assert metadata.current_version_id == 3 and len(metadata.schemas) == 2 and len(metadata.version_log) == 3
    people("CREATE VIEW IF NOT EXISTS {ns}.v AS SELECT 1")
    people("CREATE VIEW {ns}.above AS SELECT id + 1 AS next FROM {ns}.v")
    assert people("SELECT * FROM {ns}.above") == [(4,)]
    people("ALTER VIEW {ns}.v RENAME TO {ns}.w")
    assert people("SELECT * FROM {ns}.w") == [(3,)]
    with pytest.raises(Exception, match="(?i)already exists"):
        people("CREATE VIEW {ns}.t AS SELECT 1")
    with pytest.raises(Exception, match="(?i)already exists|not a table|is a view"):
        people("CREATE TABLE {ns}.w (id INT) USING iceberg")
    people("DROP VIEW {ns}.w")
    with pytest.raises(Exception, match="(?i)cannot be found"):
        people("SELECT * FROM {ns}.w")
    people("DROP VIEW IF EXISTS {ns}.w")
    people("DROP VIEW {ns}.above")
    assert [r[1] for r in people("SHOW VIEWS IN {ns}") if not r[2]] == []  # temporary ones are the session's


@pytest.mark.ours
def test_asks_only_for_what_is_listed(site, spark, recorder):
    """In all of the above."""
    assert recorder.beyond(site.catalog) == set() and recorder.asked
