# SPDX-License-Identifier: Apache-2.0
"""Trino: one server for all tests, the site's catalog as a catalog of its own, each test in a schema of its own."""

import concurrent.futures
import datetime
import uuid

import pyarrow as pa
import pytest
import requests

import storage
from trino_server import Trino

TrinoError = pytest.importorskip("trino.exceptions").TrinoQueryError
pytestmark = pytest.mark.ours
PLACES = ["sqlite-vended", "postgresql-s3"]  # keys from the catalog; keys of Trino's own


@pytest.fixture(scope="session")
def trino(servers):
    return servers.get("trino", Trino)


def quoted(properties):
    return ", ".join(f"\"{key}\" = '{value}'" for key, value in properties.items())


class Lake:
    """Trino with catalogs of a site."""

    def __init__(self, site, trino):
        self.site, self.trino = site, trino
        self.vended = site.place.endswith("vended")
        self.sql = trino.session()
        self.made = []

    def properties(self, catalog):
        """What README shows."""
        keys = {"s3.aws-access-key": storage.KEY, "s3.aws-secret-key": storage.SECRET}
        return {
            "iceberg.catalog.type": "rest",
            "iceberg.rest-catalog.uri": self.site.server.uri,
            "iceberg.rest-catalog.warehouse": catalog,
            "iceberg.rest-catalog.security": "OAUTH2",
            "iceberg.rest-catalog.oauth2.token": self.site.server.token,
            "iceberg.rest-catalog.nested-namespace-enabled": "true",
            "iceberg.expire-snapshots.min-retention": "0s",
            "iceberg.remove-orphan-files.min-retention": "0s",
            "fs.s3.enabled": "true",
            "s3.region": "us-east-1",
            "s3.endpoint": self.site.storage.endpoint,
            "s3.path-style-access": "true",
            **({"iceberg.rest-catalog.vended-credentials-enabled": "true"} if self.vended else keys),
        }

    def attach(self, catalog, **more):
        """The catalog's name in Trino.  `more` with _ for - and __ for . ; None leaves a property out."""
        name = f"t{uuid.uuid4().hex[:10]}"
        changed = {key.replace("__", ".").replace("_", "-"): value for key, value in more.items()}
        properties = {**self.properties(catalog), **changed}
        self.sql(f"CREATE CATALOG {name} USING iceberg WITH ({quoted({k: v for k, v in properties.items() if v is not None})})")
        self.made.append(name)
        return name

    def stop(self):
        for name in self.made:
            self.sql(f"DROP CATALOG {name}")


@pytest.fixture(scope="module")
def lake(site, trino):
    made = Lake(site, trino)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def attached(lake):
    return lake.attach(lake.site.catalog)


@pytest.fixture
def sql(lake, attached):
    """sql("... {t} ...") with {c}, {ns} and {t} of this test, {ns} being {c}.<schema>."""
    return made_schema(lake, attached)


def made_schema(lake, catalog):
    schema = f"s{uuid.uuid4().hex[:10]}"
    ns = f"{catalog}.{schema}"

    def run(text, by=lake.sql):
        return by(text.replace("{c}", catalog).replace("{ns}", ns).replace("{t}", f"{ns}.t").replace("{schema}", schema))

    run("CREATE SCHEMA {ns}")
    run.schema, run.catalog = schema, catalog
    return run


@pytest.fixture
def people(sql):
    sql("CREATE TABLE {t} (id bigint, name varchar, age integer)")
    sql("INSERT INTO {t} VALUES (1, 'ada', 36), (2, 'bob', 1), (3, 'eve', 20)")
    return sql


ALL = "SELECT id, name, age FROM {t} ORDER BY id"


def rows(table):
    """What PyIceberg reads now."""
    return sorted(tuple(r.values()) for r in table.refresh().scan().to_arrow().to_pylist())


def refused(match, run, text):
    with pytest.raises(TrinoError, match=match):
        run(text)


# --- tables --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2, 3])
def test_update_delete_merge(sql, catalog, version):
    sql(
        "CREATE TABLE {t} (id bigint, name varchar, at timestamp(6)) WITH (format_version = %d, "
        "partitioning = ARRAY['bucket(id, 4)', 'day(at)'], sorted_by = ARRAY['name'])" % version
    )
    sql("INSERT INTO {t} VALUES (1, 'ada', TIMESTAMP '2024-02-29 12:00:00'), (2, 'bob', NULL), (3, 'eve', NULL)")
    if version > 1:
        sql("UPDATE {t} SET name = 'bo' WHERE id = 2")
        sql("DELETE FROM {t} WHERE id = 3")
        sql(
            "MERGE INTO {t} t USING (VALUES (2, 'rob'), (4, 'kim')) s(id, name) ON t.id = s.id "
            "WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)"
        )
        left = [(1, "ada", datetime.datetime(2024, 2, 29, 12)), (2, "rob", None), (4, "kim", None)]
    else:
        left = [(1, "ada", datetime.datetime(2024, 2, 29, 12)), (2, "bob", None), (3, "eve", None)]
    assert sql("SELECT * FROM {t} ORDER BY id") == left
    table = catalog.load_table((sql.schema, "t"))
    assert table.format_version == version and [f.name for f in table.spec().fields] == ["id_bucket", "at_day"]
    if version == 2:
        sql("ALTER TABLE {t} EXECUTE optimize")  # PyArrow does not read the position deletes that Trino writes
    assert rows(table) == left


def test_row_lineage(sql):
    sql("CREATE TABLE {t} (id bigint, name varchar) WITH (format_version = 3)")
    sql("INSERT INTO {t} VALUES (1, 'a'), (2, 'b')")
    before = dict(sql('SELECT id, "$row_id" FROM {t}'))
    sql("UPDATE {t} SET name = 'c' WHERE id = 2")
    sql("INSERT INTO {t} VALUES (3, 'd')")
    after = dict(sql('SELECT id, "$row_id" FROM {t}'))
    assert {k: after[k] for k in before} == before and len(set(after.values())) == 3


def test_create_as_select(people):
    people("CREATE TABLE {ns}.copy WITH (partitioning = ARRAY['bucket(id, 2)']) AS SELECT * FROM {t}")
    assert people("SELECT count(*) FROM {ns}.copy") == [(3,)]
    first = people('SELECT snapshot_id FROM {ns}."copy$snapshots"')[0][0]
    people("CREATE OR REPLACE TABLE {ns}.copy AS SELECT id FROM {t} WHERE id > 1")
    assert people("SELECT * FROM {ns}.copy ORDER BY id") == [(2,), (3,)]
    assert people(f"SELECT count(*) FROM {{ns}}.copy FOR VERSION AS OF {first}") == [(3,)]
    refused("Division by zero", people, "CREATE TABLE {ns}.failed AS SELECT id / (id - id) AS x FROM {t}")
    people("DROP TABLE {ns}.failed")  # Trino makes it first, and leaves it empty
    refused("already exists", people, "CREATE TABLE {ns}.copy AS SELECT 1 AS x")


def test_alter(people, catalog):
    for change in (
        "ADD COLUMN at row(x integer)",
        "ADD COLUMN at.y double",
        "RENAME COLUMN name TO called",
        "ADD COLUMN gone date",
        "DROP COLUMN gone",
        "ALTER COLUMN age SET DATA TYPE bigint",
        "SET PROPERTIES partitioning = ARRAY['bucket(id, 4)', 'truncate(called, 2)']",
        "SET PROPERTIES sorted_by = ARRAY['id']",
        "SET PROPERTIES format_version = 3",
        "ADD COLUMN team varchar DEFAULT 'ours'",
    ):
        people(f"ALTER TABLE {{t}} {change}")
    people("INSERT INTO {t} (id, called, age, at) VALUES (4, 'kim', 5000000000, ROW(1, 0.5))")
    people("COMMENT ON TABLE {t} IS 'ü'")
    people("COMMENT ON COLUMN {t}.id IS 'key'")
    assert people("SELECT id, called, age, at.y, team FROM {t} WHERE id > 2 ORDER BY id") == [
        (3, "eve", 20, None, "ours"),
        (4, "kim", 5000000000, 0.5, "ours"),
    ]
    table = catalog.load_table((people.schema, "t"))
    assert sorted(table.schema().column_names) == ["age", "at", "at.x", "at.y", "called", "id", "team"]
    assert table.properties["comment"] == "ü" and table.schema().find_field("id").doc == "key"
    assert [f.name for f in table.spec().fields] == ["id_bucket", "called_trunc"] and len(table.sort_order().fields) == 1
    refused("Cannot change column type", people, "ALTER TABLE {t} ALTER COLUMN id SET DATA TYPE decimal(20, 0)")


def test_rename(people):
    people("ALTER TABLE {t} RENAME TO {ns}.u")
    people('CREATE SCHEMA {c}."{schema}.below"')
    people('ALTER TABLE {ns}.u RENAME TO {c}."{schema}.below".u')
    assert people('SELECT count(*) FROM {c}."{schema}.below".u') == [(3,)]
    assert people("SHOW TABLES FROM {ns}") == []


def test_time_travel(people):
    people("DELETE FROM {t} WHERE id = 1")
    first, second = people('SELECT snapshot_id, committed_at FROM {ns}."t$snapshots" WHERE operation <> \'delete\' ORDER BY committed_at')
    for text in (f"VERSION AS OF {second[0]}", f"TIMESTAMP AS OF TIMESTAMP '{second[1]:%Y-%m-%d %H:%M:%S.%f} UTC'"):
        assert people(f"SELECT count(*) FROM {{t}} FOR {text}") == [(3,)]
    assert people("SELECT count(*) FROM {t}") == [(2,)]
    people(f"ALTER TABLE {{t}} EXECUTE rollback_to_snapshot({second[0]})")
    assert people("SELECT count(*) FROM {t}") == [(3,)]
    for name in ("history", "files", "manifests", "partitions", "entries", "all_entries", "metadata_log_entries", "refs", "properties"):
        assert people(f'SELECT count(*) FROM {{ns}}."t${name}"')[0][0] > 0, name


def test_statistics(people, catalog):
    people("ANALYZE {t}")
    assert people("SHOW STATS FOR {t}")[0][:3] == ("id", None, 3.0)
    table = catalog.load_table((people.schema, "t"))
    assert len(table.metadata.statistics) == 1
    people("ALTER TABLE {t} EXECUTE drop_extended_stats")
    assert not table.refresh().metadata.statistics


def test_clean_up(people, lake):
    """A catalog without branches: Trino's own maintenance."""
    people("INSERT INTO {t} VALUES (4, 'kim', 5)")
    people("DELETE FROM {t} WHERE id = 2")
    people("ALTER TABLE {t} EXECUTE optimize")
    people("ALTER TABLE {t} EXECUTE optimize_manifests")
    location = people("SELECT value FROM {ns}.\"t$properties\" WHERE key = 'location'")[0][0]
    before = lake.site.storage.list(location)
    people("ALTER TABLE {t} EXECUTE expire_snapshots(retention_threshold => '0s')")
    people("ALTER TABLE {t} EXECUTE remove_orphan_files(retention_threshold => '0s')")
    assert people('SELECT count(*) FROM {ns}."t$snapshots"') == [(1,)] and len(lake.site.storage.list(location)) < len(before)
    assert people(ALL) == [(1, "ada", 36), (3, "eve", 20), (4, "kim", 5)]


def test_drop_removes_the_files(people, lake):
    location = people("SELECT value FROM {ns}.\"t$properties\" WHERE key = 'location'")[0][0]
    refused("non-empty", people, "DROP SCHEMA {ns}")
    people("DROP TABLE {t}")
    refused("does not exist", people, "SELECT * FROM {t}")
    assert lake.site.storage.list(location)
    lake.site.server.work()
    assert not lake.site.storage.list(location)
    people("DROP SCHEMA {ns}")


def test_unregister_and_register(people, lake):
    """Trino has no register_table with vended credentials."""
    location = people("SELECT value FROM {ns}.\"t$properties\" WHERE key = 'location'")[0][0]
    people("CALL {c}.system.unregister_table('{schema}', 't')")
    assert people("SHOW TABLES FROM {ns}") == [] and lake.site.storage.list(location)
    enabled = {"iceberg__register_table_procedure__enabled": "true"}
    if lake.vended:
        with pytest.raises(TrinoError, match="register_table.* not supported"):
            lake.attach(lake.site.catalog, **enabled)
        return
    other = lake.attach(lake.site.catalog, **enabled)
    people(f"CALL {other}.system.register_table('{{schema}}', 't', '{location}')")
    assert people("SELECT count(*) FROM {t}") == [(3,)]


def test_concurrent_inserts(people, lake):
    """No row of two sessions is lost."""

    def insert(n):
        run = lake.trino.session(f"user{n}")
        for i in range(5):
            people(f"INSERT INTO {{t}} VALUES ({n * 100 + i}, 'x', 0)", by=run)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(insert, (1, 2)))
    assert [r[0] for r in people("SELECT id FROM {t} WHERE id > 99 ORDER BY id")] == [n * 100 + i for n in (1, 2) for i in range(5)]


# --- names ---------------------------------------------------------------------------------------


def test_nested_namespaces(people, catalog):
    people('CREATE SCHEMA {c}."{schema}.a"')
    people('CREATE SCHEMA {c}."{schema}.a.b"')
    people('CREATE TABLE {c}."{schema}.a.b".t AS SELECT 1 AS x')
    shown = [r[0] for r in people("SHOW SCHEMAS FROM {c}") if r[0].startswith(people.schema)]
    assert shown == [people.schema + below for below in ("", ".a", ".a.b")]
    assert people('SELECT * FROM {c}."{schema}.a.b".t') == [(1,)] and people('SHOW TABLES FROM {c}."{schema}.a.b"') == [("t",)]
    assert rows(catalog.load_table((people.schema, "a", "b", "t"))) == [(1,)]
    refused("is not empty", people, 'DROP SCHEMA {c}."{schema}.a"')


def test_what_is_shown(people):
    people("CREATE VIEW {ns}.v AS SELECT id FROM {t}")
    where = "FROM {c}.information_schema"
    tables = people(f"SELECT table_name, table_type {where}.tables WHERE table_schema = '{{schema}}' ORDER BY 1")
    assert tables == [("t", "BASE TABLE"), ("v", "VIEW")]
    assert ("t", "id", "bigint") in people(f"SELECT table_name, column_name, data_type {where}.columns WHERE table_schema = '{{schema}}'")
    assert people("SHOW COLUMNS FROM {t}")[1][:2] == ("name", "varchar")
    assert "location = 's3://" in people("SHOW CREATE TABLE {t}")[0][0]


def test_names_with_capital_letters(lake, connect):
    """Trino's names are small; others are found with a property of the catalog alone."""
    own = lake.site.server.make_catalog(lake.site.storage.config(), **lake.site.storage.warehouse)
    catalog = connect(own)
    catalog.create_namespace("Mixed")
    catalog.create_table(("Mixed", "People"), pa.schema([("Id", pa.int64())])).append(pa.table({"Id": [7]}))
    plain, finding = lake.attach(own), lake.attach(own, iceberg__rest_catalog__case_insensitive_name_matching="true")
    refused("does not exist", lake.sql, f'SELECT * FROM {plain}."Mixed"."People"')
    lake.sql(f"INSERT INTO {finding}.mixed.people VALUES 8")
    assert lake.sql(f"SELECT id FROM {finding}.mixed.people ORDER BY id") == [(7,), (8,)]
    assert lake.sql(f"SHOW TABLES FROM {finding}.mixed") == [("people",)]


# --- views ---------------------------------------------------------------------------------------


def test_views(people, catalog):
    people("CREATE VIEW {ns}.v COMMENT 'about' AS SELECT id, name FROM {t}")
    assert people("SELECT * FROM {ns}.v ORDER BY id")[0] == (1, "ada")
    refused("already exists", people, "CREATE VIEW {ns}.v AS SELECT 1 AS x")
    people("CREATE OR REPLACE VIEW {ns}.v AS SELECT id FROM {t} WHERE id > 1")
    assert people("SELECT * FROM {ns}.v ORDER BY id") == [(2,), (3,)]
    people("COMMENT ON VIEW {ns}.v IS 'x'")
    people("COMMENT ON COLUMN {ns}.v.id IS 'y'")
    assert "COMMENT 'x'" in people("SHOW CREATE VIEW {ns}.v")[0][0]
    metadata = catalog.load_view((people.schema, "v")).metadata
    assert metadata.versions[-1].representations[0].root.dialect == "trino" and len(metadata.versions) > 2
    people("ALTER VIEW {ns}.v RENAME TO {ns}.w")
    assert people("SELECT count(*) FROM {ns}.w") == [(2,)]
    people("DROP VIEW {ns}.w")
    refused("does not exist", people, "SELECT * FROM {ns}.w")
    refused("not supported", people, "CREATE MATERIALIZED VIEW {ns}.m AS SELECT 1 AS x")


def test_views_of_others(people, lake):
    """Of a view in two dialects Trino reads its own; one it can't read is said to be so; a replace loses no dialect unasked."""
    schema = {"type": "struct", "fields": [{"id": 1, "name": "x", "type": "int", "required": False}]}

    def create(name, **sqls):
        queries = [{"type": "sql", "sql": text, "dialect": dialect} for dialect, text in sqls.items()]
        version = {"version-id": 1, "timestamp-ms": 1, "schema-id": 0, "summary": {}, "default-namespace": [people.schema], "representations": queries}
        answer = requests.post(
            f"{lake.site.server.uri}/v1/{lake.site.catalog}/namespaces/{people.schema}/views",
            json={"name": name, "schema": schema, "view-version": version, "properties": {}},
            headers=lake.site.server.headers(),
            timeout=60,
        )
        assert answer.ok, answer.text

    create("both", spark="SELECT 1 AS x", trino="SELECT 2 AS x")
    create("sparks", spark="SELECT 1 AS x")
    assert people("SELECT * FROM {ns}.both") == [(2,)]
    refused("(?i)dialect", people, "SELECT * FROM {ns}.sparks")
    refused("(?i)failed|dialect", people, "CREATE OR REPLACE VIEW {ns}.both AS SELECT 3 AS x")
    assert people("SELECT * FROM {ns}.both") == [(2,)]


# --- with others ---------------------------------------------------------------------------------


def test_reads_what_pyiceberg_wrote(sql, catalog):
    day, at = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc)
    data = pa.table(
        {
            "b": [True],
            "i": pa.array([1], pa.int32()),
            "f": [0.5],
            "d": [day],
            "ts": pa.array([at], pa.timestamp("us", "UTC")),
            "s": ["ü"],
            "y": [b"\x00\xff"],
            "l": [[1, 2]],
            "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "r": [{"x": 1, "y": "z"}],
        }
    )
    table = catalog.create_table((sql.schema, "types"), data.schema)
    table.append(data)
    read = sql("SELECT b, i, f, d, ts = TIMESTAMP '2024-02-29 12:30:00 UTC', s, y, l, m['k'], r.y FROM {ns}.types")
    assert read == [(True, 1, 0.5, day, True, "ü", b"\x00\xff", [1, 2], 1, "z")]
    sql("INSERT INTO {ns}.types SELECT * FROM {ns}.types")
    table.refresh().delete("i = 2")
    table.append(data)
    assert sql("SELECT count(*) FROM {ns}.types") == [(3,)] and table.refresh().scan().to_arrow().num_rows == 3


# --- branches ------------------------------------------------------------------------------------


@pytest.fixture
def branched(lake, connect):
    """A catalog of the test's own, with rows 1 and 2 on main, a tag v1 and a branch dev of that."""
    own = lake.site.server.make_catalog(lake.site.storage.config(), **lake.site.storage.warehouse)
    sql = made_schema(lake, lake.attach(own))
    sql("CREATE TABLE {t} AS SELECT * FROM (VALUES 1, 2) x(id)")
    for kind, name in (("tags", "v1"), ("branches", "dev")):
        lake.site.server.api("POST", kind, json={"name": name, "catalog": own})
    sql.api = lambda path, **body: lake.site.server.api("POST", path, json={"catalog": own, **body})
    sql.client = connect(own)
    return sql


IDS = "SELECT id FROM %s ORDER BY id"
DEV, V1 = '{c}."{schema}@dev".t', '{c}."{schema}@v1".t'


def test_branches_are_schemas(branched):
    """In Trino a table's name has no @: a branch is the schema's."""
    branched(f"INSERT INTO {DEV} VALUES 3")
    branched(f"UPDATE {DEV} SET id = 10 WHERE id = 1")
    branched('CREATE TABLE {c}."{schema}@dev".more AS SELECT 1 AS x')
    assert branched(IDS % DEV) == [(2,), (3,), (10,)]
    assert branched(IDS % "{t}") == branched(IDS % V1) == [(1,), (2,)]
    assert branched('SHOW TABLES FROM {c}."{schema}@dev"') == [("more",), ("t",)]
    assert branched('SHOW TABLES FROM {c}."{schema}@v1"') == branched("SHOW TABLES FROM {ns}") == [("t",)]
    with pytest.raises(TrinoError):
        branched(f"INSERT INTO {V1} VALUES 3")
    with pytest.raises(TrinoError, match="read-only"):
        branched(f"ALTER TABLE {V1} ADD COLUMN x integer")
    refused("does not exist", branched, 'SELECT * FROM {ns}."t@dev"')
    branched.api("branches/merge", source_branch="dev", target_branch="main")
    assert branched(IDS % "{t}") == [(2,), (3,), (10,)] and branched("SELECT * FROM {ns}.more") == [(1,)]


def test_nothing_that_a_branch_reads_is_removed(branched, lake):
    """Trino's remove_orphan_files asks no gc.enabled: without the right to delete it can't."""
    branched(f"INSERT INTO {DEV} VALUES 3")
    branched("DELETE FROM {t} WHERE id = 1")
    branched("INSERT INTO {t} VALUES 4")
    refused("GC is disabled", branched, "ALTER TABLE {t} EXECUTE expire_snapshots(retention_threshold => '0s')")
    if lake.vended:
        with pytest.raises(TrinoError):
            branched("ALTER TABLE {t} EXECUTE remove_orphan_files(retention_threshold => '0s')")
    branched("ALTER TABLE {t} EXECUTE optimize")
    assert branched(IDS % "{t}") == [(2,), (4,)] and branched(IDS % DEV) == [(1,), (2,), (3,)]
    branched("DROP TABLE {t}")
    lake.site.server.work()
    assert branched(IDS % V1) == [(1,), (2,)] and branched(IDS % DEV) == [(1,), (2,), (3,)]


# --- who may what --------------------------------------------------------------------------------


def test_a_service_user_with_few_rights(people, lake):
    server = lake.site.server
    bot = server.api("POST", "service-users", json={"name": f"bot{uuid.uuid4().hex[:8]}", "role": "tenant-user"}).json()
    login = {
        "iceberg__rest_catalog__oauth2__token": None,
        "iceberg__rest_catalog__oauth2__credential": f"{bot['id']}:{bot['api_key']}",
        "iceberg__rest_catalog__oauth2__server_uri": f"{server.uri}/v1/oauth/tokens",
    }
    with pytest.raises(TrinoError, match="Warehouse does not exist"):
        lake.attach(lake.site.catalog, **login)
    catalog_id = server.api("GET", f"catalogs/{lake.site.catalog}").json()["id"]
    scope = {"type": "namespace", "catalog_id": catalog_id, "namespace": people.schema}
    server.api("POST", "permissions", json={"user-id": bot["id"], "scope": scope, "actions": ["read"]})
    other = lake.attach(lake.site.catalog, **login)
    t = f"{other}.{people.schema}.t"
    assert [r[0] for r in lake.sql(f"SHOW SCHEMAS FROM {other}") if r[0].startswith("s")] == [people.schema, "system"]
    assert lake.sql(f"SELECT count(*) FROM {t}") == [(3,)]
    for text in (
        f"INSERT INTO {t} VALUES (4, 'x', 1)",
        f"DELETE FROM {t}",
        f"ALTER TABLE {t} ADD COLUMN z integer",
        f"DROP TABLE {t}",
        f"CREATE TABLE {other}.{people.schema}.u (x integer)",
        f"CREATE SCHEMA {other}.another",
    ):
        with pytest.raises(TrinoError) as caught:
            lake.sql(text)
        assert bot["api_key"] not in str(caught.value)
    assert people("SHOW TABLES FROM {ns}") == [("t",)]
    assert people(ALL)[0] == (1, "ada", 36) and people("SELECT count(*) FROM {t}") == [(3,)]
    wrong = {**login, "iceberg__rest_catalog__oauth2__credential": f"{bot['id']}:wrong"}
    with pytest.raises(TrinoError):
        lake.attach(lake.site.catalog, **wrong)
