# SPDX-License-Identifier: Apache-2.0
"""Nothing of pypangolin is left out: what needs other libraries, by stand-ins for them; then, that all of it was called."""

import sys
import types

import pypangolin_calls
import pytest
from pypangolin import assets
from pypangolin.assets import connections

from test_admin import PASSWORD, fresh, root, uri  # noqa: F401 (fixtures)
from test_pypangolin import admin, client, lake, operator, server, tenant  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours
SMALL_PLACES = ["sqlite-file"]

# Each class's library, what of it is called, and what it must be called with.
DRIVERS = {
    "PostgreSQLAsset": ("psycopg2", "connect", "db.test"),
    "RedshiftAsset": ("psycopg2", "connect", "db.test"),
    "MySQLAsset": ("mysql.connector", "connect", "db.test"),
    "MongoDBAsset": ("pymongo", "MongoClient", "kept sealed"),
    "SnowflakeAsset": ("snowflake.connector", "connect", "kept sealed"),
    "SynapseAsset": ("pyodbc", "connect", "kept sealed"),
    "BigQueryAsset": ("google.cloud.bigquery", "Client", "a project"),
    "DremioAsset": ("dremioframe", "DremioClient", "db.test"),
}
CREDENTIALS = {"username": "me", "password": "kept sealed by the client", "project_id": "a project"}


@pytest.fixture
def stand_in(monkeypatch):
    """stand_in("a.b", name=function): modules of those names, instead of what is or is not installed."""

    def make(name, **members):
        parent = None
        for part in name.split("."):
            path = f"{parent.__name__}.{part}" if parent else part
            module = types.ModuleType(path)
            monkeypatch.setitem(sys.modules, path, module)
            if parent:
                setattr(parent, part, module)
            parent = module
        vars(parent).update(members)

    return make


def registered(admin, lake, cls, **more):  # noqa: F811
    name = fresh("x")
    cls.register(admin, lake, "sales", name, f"https://files/{name}", **more)
    return name


def location(admin, lake, name):  # noqa: F811
    return admin.get(f"/api/v1/catalogs/{lake}/namespaces/sales/assets/{name}")["location"]


def test_drivers_are_of_every_class():
    """Else one that is added would not be tried."""
    assert set(DRIVERS) == {c for c in vars(connections) if c.endswith("Asset")} - {"BaseConnectionAsset"}


@pytest.mark.parametrize("name", DRIVERS)
def test_a_connection_is_made_of_what_was_registered(admin, lake, stand_in, name):  # noqa: F811
    cls, (module, function, held) = getattr(connections, name), DRIVERS[name]
    stand_in(module, **{function: lambda *args, **more: (args, more)})
    at, key = fresh("db"), cls._generate_key()
    cls.register(admin, lake, "sales", at, "grpc+tls://db.test:32" if name == "DremioAsset" else "sql://db.test:32/x", CREDENTIALS, key)
    assert held in str(cls.connect(admin, lake, "sales", at, key))


def test_a_connection_of_no_kind(admin, lake):  # noqa: F811
    base = connections.BaseConnectionAsset
    assert base.register(admin, lake, "sales", fresh("db"), "sql://db.test/x", CREDENTIALS, base._generate_key())["id"]
    with pytest.raises(NotImplementedError):
        base.connect(admin, lake, "sales", "x")


class Frame:
    """What pandas would write."""

    def to_parquet(self, at):
        open(at, "w").write("a\n1\n")

    to_csv = to_json = to_parquet


@pytest.mark.parametrize("cls", [assets.ParquetAsset, assets.CsvAsset, assets.JsonAsset], ids=lambda c: c.__name__)
def test_files_are_read_from_where_they_were_written(admin, lake, stand_in, tmp_path, cls):  # noqa: F811
    def read(at):
        return open(at).read()

    stand_in("pandas", read_parquet=read, read_csv=read, read_json=read)
    name, at = fresh("file"), f"{tmp_path}/x"
    cls.write(admin, lake, "sales", name, Frame(), at)
    assert location(admin, lake, name) == at and cls.read(admin, lake, "sales", name) == "a\n1\n"


def test_delta_and_lance(admin, lake, stand_in, tmp_path):  # noqa: F811
    written = []
    stand_in("deltalake", write_deltalake=lambda at, data, mode: written.append((at, data, mode)))
    name, at = fresh("delta"), f"{tmp_path}/d"
    assets.DeltaAsset.write(admin, lake, "sales", name, "rows", at)
    assert written == [(at, "rows", "append")] and location(admin, lake, name) == at
    table = types.SimpleNamespace(to_pandas=lambda: "rows")
    base = types.SimpleNamespace(create_table=lambda *_, **__: None, open_table=lambda _: table)
    stand_in("lancedb", connect=lambda at: base)
    name = fresh("lance")
    assets.LanceAsset.write(admin, lake, "sales", name, "rows", at)
    assert location(admin, lake, name) == at and assets.LanceAsset.read(admin, lake, "sales", name) == "rows"


@pytest.mark.parametrize("name", ["BaseAsset", "HudiAsset", "VortexAsset", "PaimonAsset"])
def test_what_pypangolin_can_not_write(admin, lake, stand_in, name):  # noqa: F811
    from pypangolin.assets.base import BaseAsset

    stand_in("pypaimon", Schema=None)
    sys.modules["pypaimon"].api = types.ModuleType("pypaimon.api")
    stand_in("pypaimon.api", Catalog=None)
    sys.modules["pypaimon"].Schema = None
    with pytest.raises(NotImplementedError):
        (BaseAsset if name == "BaseAsset" else getattr(assets, name)).write(admin, lake, "sales", "x", "rows", "/x")


def test_a_tenant_is_set(admin, server):  # noqa: F811
    robot = client(server.uri, token=admin.token)
    robot.set_tenant(admin._current_tenant_id)
    assert isinstance(robot.catalogs.list(), list)


@pytest.mark.last
def test_every_method_and_command_was_called(request):
    modules = {item.module.__name__ for item in request.session.items}
    if not {"test_pypangolin", "test_pypangolin_branches", "test_console"} <= modules or request.config.getoption("keyword"):
        pytest.skip("not all of pypangolin's tests were asked for")
    left = (pypangolin_calls.FUNCTIONS | {" ".join(c) for c in pypangolin_calls.COMMANDS}) - pypangolin_calls.called
    assert len(pypangolin_calls.FUNCTIONS) > 120 and len(pypangolin_calls.COMMANDS) > 20
    assert not left, f"no test calls {sorted(left)}"
