# SPDX-License-Identifier: Apache-2.0
"""PyIceberg, all of it, asks only for what /v1/config lists; and finds what it lists."""

import uuid

import pyarrow as pa
import pytest
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.view.metadata import SQLViewRepresentation, ViewVersion

from recorder import Recorder

pytestmark = pytest.mark.ours
SCHEMA = pa.schema([("id", pa.int64())])
DATA = pa.table({"id": pa.array([1, 2], pa.int64())})


@pytest.fixture(scope="module")
def recorder(site):
    made = Recorder(site.server)
    yield made
    made.stop()


@pytest.fixture
def client(connect, recorder):
    return connect(uri=recorder.uri)


@pytest.fixture
def space(client):
    name = f"e{uuid.uuid4().hex[:10]}"
    client.create_namespace(name, {"a": "b"})
    return name


def test_namespaces(client, space, recorder):
    assert (space,) in client.list_namespaces() and client.list_namespaces(space) == []
    assert client.load_namespace_properties(space)["a"] == "b"
    client.update_namespace_properties(space, {"a"}, {"c": "d"})
    assert client.namespace_exists(space)
    client.drop_namespace(space)
    wanted = {"createNamespace", "listNamespaces", "loadNamespaceMetadata", "updateProperties", "dropNamespace"}
    assert wanted <= recorder.operations()


def test_tables(client, space, recorder):
    table = client.create_table((space, "t"), SCHEMA)
    table.append(DATA)
    with client.create_table_transaction((space, "staged"), SCHEMA) as staged:
        staged.set_properties({"a": "b"})
    assert sorted(client.list_tables(space)) == [(space, "staged"), (space, "t")]
    client.rename_table((space, "t"), (space, "u"))
    assert client.table_exists((space, "u")) and not client.table_exists((space, "t"))
    location = client.load_table((space, "u")).metadata_location
    client.drop_table((space, "u"))
    client.register_table((space, "back"), location)
    client.register_table((space, "back"), location, overwrite=True)
    client.purge_table((space, "staged"))
    with pytest.raises(NoSuchTableError):
        client.load_table((space, "staged"))
    wanted = {"createTable", "updateTable", "listTables", "renameTable", "loadTable", "dropTable", "registerTable"}
    assert wanted <= recorder.operations()


def test_credentials(client, space, recorder):
    table = client.create_table((space, "t"), SCHEMA)
    assert isinstance(client.load_credentials((space, "t"), table.location()), dict)
    assert "loadCredentials" in recorder.operations()


def test_views(client, space, recorder):
    version = ViewVersion(
        version_id=1,
        timestamp_ms=1700000000000,
        schema_id=0,
        summary={"engine-name": "test"},
        representations=[SQLViewRepresentation(type="sql", sql="SELECT 1 AS id", dialect="spark")],
        default_namespace=[space],
    )
    made = client.create_view((space, "v"), SCHEMA, version, properties={"a": "b"})
    assert client.list_views(space) == [(space, "v")] and client.view_exists((space, "v"))
    loaded = client.load_view((space, "v"))
    assert loaded.metadata == made.metadata and loaded.metadata.properties["a"] == "b"
    client.drop_view((space, "v"))
    assert not client.view_exists((space, "v"))
    assert {"createView", "listViews", "loadView", "viewExists", "dropView"} <= recorder.operations()


def test_scan_planning(connect, client, space, recorder):
    table = client.create_table((space, "t"), SCHEMA)
    for _ in range(3):
        table.append(DATA)
    planned = connect(uri=recorder.uri, **{"scan-planning-mode": "server"}).load_table((space, "t"))
    for filter in ("id = 1", "id > 1 and id < 9", "id is null", "id in (1, 2) or not (id = 3)"):
        local = table.scan(filter)
        assert planned.scan(filter).to_arrow().sort_by("id") == local.to_arrow().sort_by("id")
        assert {t.file.file_path for t in planned.scan(filter).plan_files()} == {t.file.file_path for t in local.plan_files()}
    assert "planTableScan" in recorder.operations()


def test_asks_only_for_what_is_listed(site, recorder):
    """In all of the above."""
    assert recorder.beyond(site.catalog) == set() and recorder.asked
