# SPDX-License-Identifier: Apache-2.0
"""What the live tests share: servers, storage, a catalog, a namespace of the test's own.

    pytest tests/live                            starts servers by ./quickstart
    PANGOLIN_URI=... pytest tests/live           uses a running one (source $PANGOLIN_RUN/env)
    pytest tests/live --reference                Iceberg's reference server: the tests themselves are right
    pytest tests/live --at sqlite-file,memory-s3 stores and warehouses; -vended and -signed: on S3, with clients that have no keys
    pytest tests/live --all                      full sizes, in all places
"""

import os
import pathlib
import re
import tempfile
import time
import types
import uuid

import pytest
from pyiceberg.catalog import load_catalog

import databases
import secrets_watch
import storage
from recorder import Recorder
from server import Reference, Server, Started, cache_folder

SMALL = ["sqlite-file", "memory-s3"]
WATCHED = pytest.StashKey()  # what the watch for secrets says of its work
EVERYWHERE = SMALL + ["memory-file", "postgresql-file", "mongodb-file", "sqlite-s3", "postgresql-s3", "sqlite-vended"]


def pytest_addoption(parser):
    parser.addoption("--at", help=f"of {','.join(EVERYWHERE)}")
    parser.addoption("--all", action="store_true", help="full sizes")
    parser.addoption("--reference", action="store_true", help="against Iceberg's own server")
    parser.addoption("--s3", default=os.environ.get("PANGOLIN_TEST_S3", "seaweedfs"), choices=sorted(storage.S3))


def pytest_configure(config):
    config.addinivalue_line("markers", "ours: needs our server, not Iceberg's reference")
    config.addinivalue_line("markers", "last: looks at what all others left")
    config.addinivalue_line("markers", "slow: runs only with --all")


def places(config):
    """Stores and warehouses of this run: "sqlite-file" and so on."""
    if config.getoption("--reference"):
        return ["reference-file"]
    if config.getoption("--at"):
        return config.getoption("--at").split(",")
    if "PANGOLIN_URI" in os.environ:
        return ["running-file"]
    return EVERYWHERE if config.getoption("--all") else SMALL


def pytest_generate_tests(metafunc):
    if "place" in metafunc.fixturenames:
        own = getattr(metafunc.module, "PLACES", None)  # of a module that has its own
        if not metafunc.config.getoption("--all"):
            own = getattr(metafunc.module, "SMALL_PLACES", own)
        chosen = metafunc.config.getoption("--at") or metafunc.config.getoption("--reference") or "PANGOLIN_URI" in os.environ
        metafunc.parametrize("place", own if own and not chosen else places(metafunc.config), scope="session")


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    for item in items:
        if config.getoption("--reference") and item.get_closest_marker("ours"):
            item.add_marker(pytest.mark.skip("our server's"))
        if not config.getoption("--all") and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip("--all"))


def matrix(terminalreporter):
    """Lines that ./check makes a table of: how many tests passed and failed by store and kind of client."""
    count = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            at = re.search(r"\[(\w+)-(file|s3|vended)\b", report.nodeid)
            if at:
                kind = "PyIceberg vended" if at[2] == "vended" else "PyIceberg client credentials"
                kind = "Trino" if "test_trino" in report.nodeid else kind
                count.setdefault((at[1], kind), [0, 0])[outcome != "passed"] += 1
    for (store, kind), (passed, failed) in sorted(count.items()):
        terminalreporter.write_line(f"matrix: {store}|{kind}|{passed}|{failed}")


def pytest_terminal_summary(terminalreporter):
    """The counted line that ./check adds up."""
    matrix(terminalreporter)
    terminalreporter.write_line(f"note: {terminalreporter.config.stash.get(WATCHED, 'no watch for secrets')}")
    count = {k: len(terminalreporter.stats.get(k, ())) for k in ("passed", "failed", "error", "skipped")}
    terminalreporter.write_line(
        f"{count['passed']} passed, {count['failed'] + count['error']} failed, {count['skipped']} skipped"
    )


class Servers:
    """Servers and object stores by name, started when first asked for."""

    def __init__(self, config):
        self.config = config
        self.made, self.failed = {}, {}

    def server(self, store):
        return self.get(store, lambda: self.start(store))

    def start(self, store):
        if store == "reference":
            return Reference(tempfile.mkdtemp(prefix="pangolin-reference-"))
        if store == "running":
            return Server(dict(os.environ))
        if store == "postgresql":
            return Started(store, DATABASE_URL=self.get("postgres", databases.Postgres).database())
        if store == "mongodb":
            return Started(store, DATABASE_URL=self.get("mongo", databases.Mongo).database())
        return Started(store)

    def storage(self, kind, server):
        if kind in ("s3", "vended", "signed"):
            store = self.get("s3", storage.S3[self.config.getoption("--s3")])
            if kind == "vended":
                return storage.Vended(store)
            if kind == "signed":
                return storage.Vended(store, "remote-signing", vending_strategy="RemoteSigning")
            return store
        folder = pathlib.Path(server.run or tempfile.gettempdir()) / "warehouse"
        return storage.Files(folder)

    def get(self, name, make):
        """Made once; what could not be made is not tried again."""
        if name in self.failed:
            pytest.fail(f"{name} did not start: {self.failed[name]}")
        if name not in self.made:
            try:
                self.made[name] = make()
            except Exception as e:
                self.failed[name] = e
                raise
        return self.made[name]

    def stop(self):
        for thing in reversed(self.made.values()):
            if hasattr(thing, "stop"):
                thing.stop()


@pytest.fixture(scope="session", autouse=True)
def watch(request):
    """Stands from before the first server until all have ended; what it found is an error of the run."""
    made = secrets_watch.Watch()
    made.stand()
    yield made
    begun = time.monotonic()
    leaks = made.leaks()
    seconds = f"{made.seconds:.1f} s to gather and {time.monotonic() - begun:.1f} s to search"
    told = f"{len(made.known)} secrets looked for in {len(made.records)} answers and {made.size() >> 20} MiB: {seconds}"
    made.end()
    request.config.stash[WATCHED] = told
    assert not leaks, "\n".join(["secrets are shown:", *leaks])


@pytest.fixture(scope="session")
def servers(request, watch):
    made = Servers(request.config)
    yield made
    if request.session.testsfailed:
        for server in made.made.values():
            if isinstance(server, Started):
                server.print_logs()
    made.stop()


@pytest.fixture(scope="session")
def site(place, servers):
    """One server with one kind of storage: .server, .storage, .catalog (a fresh one)."""
    store, kind = place.split("-")
    server = servers.server(store)
    kept = servers.storage(kind, server)
    made = server.make_catalog(kept.config(), **kept.warehouse)
    return types.SimpleNamespace(server=server, storage=kept, catalog=made, place=place)


@pytest.fixture(scope="session")
def connect(site):
    """Makes PyIceberg clients of the site's catalog."""

    def make(catalog=None, **more):
        properties = {**site.server.connection(catalog or site.catalog), **site.storage.client, **more}
        return load_catalog("live", type="rest", **properties)

    return make


@pytest.fixture(scope="session")
def catalog(connect):
    return connect()


@pytest.fixture
def ns(catalog):
    """A namespace for this test alone."""
    name = (f"n{uuid.uuid4().hex[:10]}",)
    catalog.create_namespace(name)
    return name


@pytest.fixture
def size(request):
    """size(small, full): the number of things to do in this run."""
    return lambda small, full: full if request.config.getoption("--all") else small


@pytest.fixture(scope="session")
def own_server(request, servers):
    """A server on SQLite that the test may be rough with; skipped where we did not start one."""
    if request.config.getoption("--reference") or "PANGOLIN_URI" in os.environ:
        pytest.skip("needs a server of its own")
    return servers.server("sqlite")


@pytest.fixture(scope="session")
def recorder(site):
    """What Spark asks the catalog for."""
    made = Recorder(site.server)
    yield made
    made.stop()


def spark_settings(site, name, catalog, **more):
    """What makes that catalog of the site Spark's catalog `name`."""
    properties = {**site.server.connection(catalog), **site.storage.client, "type": "rest", "cache-enabled": "false", **more}
    if not site.place.endswith("-file"):
        properties |= {"io-impl": "org.apache.iceberg.aws.s3.S3FileIO", "client.region": "us-east-1"}
    at = f"spark.sql.catalog.{name}"
    return {at: "org.apache.iceberg.spark.SparkCatalog", **{f"{at}.{key}": value for key, value in properties.items()}}


@pytest.fixture(scope="session")
def spark(site, recorder):
    """Spark with the site's catalog as `cat`."""
    SparkSession = pytest.importorskip("pyspark.sql").SparkSession
    jars = sorted(str(p) for p in (cache_folder() / "jars").glob("*.jar"))
    assert jars, "tests/live/setup.sh CACHE spark"
    builder = (
        SparkSession.builder.master("local[2]")
        .appName("pangolin")
        .config("spark.jars", ",".join(jars))
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
    )
    for key, value in spark_settings(site, "cat", site.catalog, uri=recorder.uri).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def sql(spark):
    """sql("... {t} ...") with {ns} and {t} of this test: its rows as tuples."""
    ns = f"cat.s{uuid.uuid4().hex[:10]}"
    spark.sql(f"CREATE NAMESPACE {ns}")

    def run(text, **more):
        return [tuple(row) for row in spark.sql(text.format(ns=ns, t=f"{ns}.t", **more)).collect()]

    run.namespace = ns
    return run
