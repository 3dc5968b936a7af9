# SPDX-License-Identifier: Apache-2.0
"""DuckDB attaches the catalog, reads what PyIceberg wrote, writes, and commits two tables at once."""

import datetime
import importlib
import pathlib
import uuid

import duckdb
import pyarrow as pa
import pytest

import storage
from recorder import Recorder

pytestmark = pytest.mark.ours


def loaded():
    """A DuckDB whose extensions come from PyPI's packages: none is fetched from anywhere else."""
    db = duckdb.connect()
    db.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    for name in ("httpfs", "avro", "iceberg"):
        folder = pathlib.Path(importlib.import_module(f"duckdb_extension_{name}").__file__).parent
        (found,) = folder.rglob(f"{name}.duckdb_extension")
        db.execute(f"LOAD '{found}'")
    return db


class Duck:
    """DuckDB with a catalog as `demo`, through a recorder."""

    def __init__(self, site, catalog, options=""):
        self.site, self.catalog = site, catalog
        self.recorder, self.db = Recorder(site.server), loaded()
        self.options = options
        self.db.execute(f"CREATE SECRET pangolin (TYPE iceberg, TOKEN '{site.server.token}')")

    def own_keys(self):
        host = self.site.storage.endpoint.removeprefix("http://")
        self.db.execute(
            f"CREATE SECRET own (TYPE s3, KEY_ID '{storage.KEY}', SECRET '{storage.SECRET}', ENDPOINT '{host}', "
            "URL_STYLE 'path', USE_SSL false, REGION 'us-east-1')"
        )

    def attach(self, name="demo", options=""):
        where = f"TYPE iceberg, ENDPOINT '{self.recorder.uri}', SECRET pangolin{self.options}{options}"
        self.db.execute(f"ATTACH '{self.catalog}' AS {name} ({where})")
        return self

    def __call__(self, text):
        return self.db.execute(text).fetchall()

    def stop(self):
        self.db.close()
        self.recorder.stop()


def catalog_of(site, **warehouse):
    """A catalog of DuckDB's own; the site's where its storage says by itself how it vends."""
    return site.catalog if site.place.endswith("vended") else site.server.make_catalog(site.storage.config(), **warehouse)


def vended(site):
    """Keys come from the catalog; files need none."""
    strategy = {"vending_strategy": site.storage.vending()} if site.place.endswith("s3") else {}
    return Duck(site, catalog_of(site, **strategy))


def own(site):
    """DuckDB has keys of its own, and asks for none."""
    made = Duck(site, catalog_of(site), ", ACCESS_DELEGATION_MODE 'none'")
    if not site.place.endswith("file"):
        made.own_keys()
    return made


@pytest.fixture(scope="module", params=[vended, own], ids=["vended", "own-keys"])
def duck(request, site):
    made = request.param(site)
    yield made.attach()
    made.stop()


@pytest.fixture
def catalog(connect, duck):
    """The same catalog by PyIceberg."""
    return connect(duck.catalog)


@pytest.fixture
def space(catalog):
    name = f"d{uuid.uuid4().hex[:10]}"
    catalog.create_namespace(name)
    return name


@pytest.fixture
def people(catalog, space):
    """A table that PyIceberg wrote, twice."""
    made = catalog.create_table((space, "people"), pa.schema([("id", pa.int64()), ("name", pa.string())]))
    made.append(pa.table({"id": pa.array([1, 2], pa.int64()), "name": ["ada", "bob"]}))
    made.append(pa.table({"id": pa.array([3], pa.int64()), "name": ["eve"]}))
    return made


def rows(table):
    """What PyIceberg reads now."""
    return sorted(tuple(r.values()) for r in table.refresh().scan().to_arrow().to_pylist())


def test_reads_what_pyiceberg_wrote(duck, space, people):
    assert duck(f"SELECT * FROM demo.{space}.people ORDER BY id") == [(1, "ada"), (2, "bob"), (3, "eve")]
    first = people.snapshots()[0].snapshot_id
    assert duck(f"SELECT count(*) FROM demo.{space}.people AT (VERSION => {first})") == [(2,)]
    assert ("demo", space, "people") in [r[:3] for r in duck("SHOW ALL TABLES")]


def test_reads_types(duck, catalog, space):
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
    catalog.create_table((space, "types"), data.schema).append(data)
    read = duck(f"SELECT b, i, f, d, ts = TIMESTAMPTZ '2024-02-29 12:30:00+00', s, y, l, m['k'], r.y FROM demo.{space}.types")
    assert read == [(True, 1, 0.5, day, True, "ü", b"\x00\xff", [1, 2], 1, "z")]


def test_insert_update_delete(duck, space, people):
    duck(f"INSERT INTO demo.{space}.people VALUES (4, 'kim'), (5, NULL)")
    duck(f"UPDATE demo.{space}.people SET name = 'eva' WHERE id = 3")
    duck(f"DELETE FROM demo.{space}.people WHERE id = 1")
    left = [(2, "bob"), (3, "eva"), (4, "kim"), (5, None)]
    assert duck(f"SELECT * FROM demo.{space}.people ORDER BY id") == left
    assert rows(people) == left


def test_create_and_drop(duck, catalog, space):
    duck(f"CREATE SCHEMA demo.{space}_x")
    duck(f"CREATE TABLE demo.{space}_x.made (id BIGINT, name VARCHAR, tags VARCHAR[])")
    duck(f"INSERT INTO demo.{space}_x.made VALUES (1, 'x', ['a', 'b'])")
    made = catalog.load_table((f"{space}_x", "made"))
    assert made.scan().to_arrow().to_pylist() == [{"id": 1, "name": "x", "tags": ["a", "b"]}]
    duck(f"ALTER TABLE demo.{space}_x.made ADD COLUMN more INTEGER")
    assert made.refresh().schema().find_field("more").field_type.__class__.__name__ == "IntegerType"
    duck(f"DROP TABLE demo.{space}_x.made")
    duck(f"DROP SCHEMA demo.{space}_x")
    assert not catalog.namespace_exists(f"{space}_x")


def test_create_as_select(duck, catalog, space):
    """On files DuckDB makes no folders, and a staged table has none yet: the table is made first there."""
    if duck.site.place.endswith("file"):
        duck(f"CREATE TABLE demo.{space}.made (a INTEGER, b VARCHAR)")
        duck(f"INSERT INTO demo.{space}.made SELECT 42, 'x'")
    else:
        duck(f"CREATE TABLE demo.{space}.made AS SELECT 42 AS a, 'x' AS b")
    assert rows(catalog.load_table((space, "made"))) == [(42, "x")]


def test_nested_namespaces(duck, catalog, space):
    catalog.create_namespace((space, "in"))
    table = catalog.create_table((space, "in", "t"), pa.schema([("id", pa.int64())]))
    duck.attach("deep", ", SUPPORT_NESTED_NAMESPACES true")
    duck(f"INSERT INTO deep.\"{space}.in\".t VALUES (1)")
    assert rows(table) == duck(f"SELECT * FROM deep.\"{space}.in\".t") == [(1,)]
    duck("DETACH deep")


# --- transactions -----------------------------------------------------------------------------------


@pytest.fixture
def pair(catalog, space):
    """Two tables with a row each."""
    made = []
    for name in ("one", "two"):
        table = catalog.create_table((space, name), pa.schema([("id", pa.int64())]))
        table.append(pa.table({"id": pa.array([1], pa.int64())}))
        made.append(table)
    return made


def test_two_tables_at_once(duck, space, pair):
    before = len(duck.recorder.asked)
    duck("BEGIN")
    for name in ("one", "two"):
        duck(f"INSERT INTO demo.{space}.{name} VALUES (2)")
    duck("COMMIT")
    assert rows(pair[0]) == rows(pair[1]) == [(1,), (2,)]
    commits = [path for method, path, _ in duck.recorder.asked[before:] if method == "POST"]
    assert [path.rpartition("/v1/")[2] for path in commits] == [f"{duck.catalog}/transactions/commit"]


def test_rollback(duck, space, pair):
    duck("BEGIN")
    duck(f"INSERT INTO demo.{space}.one VALUES (2)")
    duck("ROLLBACK")
    assert rows(pair[0]) == [(1,)]


def test_a_transaction_that_loses(duck, space, pair):
    """Somebody else changed one of the tables: neither gets anything."""
    duck("BEGIN")
    for name in ("one", "two"):
        duck(f"INSERT INTO demo.{space}.{name} VALUES (2)")
    pair[1].append(pa.table({"id": pa.array([7], pa.int64())}))
    with pytest.raises(duckdb.Error):
        duck("COMMIT")
    assert rows(pair[0]) == [(1,)] and rows(pair[1]) == [(1,), (7,)]


def test_asks_only_for_what_is_listed(duck):
    """After all of the above."""
    assert duck.recorder.beyond(duck.catalog) == set()
