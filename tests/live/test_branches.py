# SPDX-License-Identifier: Apache-2.0
"""Branches of a catalog with PyIceberg and SQL engines' names: what docs/branches.md shows."""

import uuid

import pyarrow as pa
import pytest
from pyiceberg.exceptions import BadRequestError, NoSuchTableError, RESTError
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

pytestmark = pytest.mark.ours

ROWS = Schema(NestedField(1, "id", LongType()))


def rows(*ids):
    return pa.table({"id": pa.array(ids, pa.int64())})


def ids(table):
    return sorted(table.scan().to_arrow()["id"].to_pylist())


@pytest.fixture
def lake(site, connect):
    """A catalog of this test's own, whose first branch is the test's too: .client, .api."""
    made = site.server.make_catalog(site.storage.config(), **site.storage.warehouse)
    client = connect(made)
    client.create_namespace("sales")
    client.api = lambda method, path, **body: site.server.api(
        method, path, **({"json": {"catalog": made, **body}} if method == "POST" else {"params": {"catalog": made, **body}})
    )
    return client


def test_write_audit_publish(lake):
    for name in ("orders", "customers"):
        lake.create_table(f"sales.{name}", ROWS).append(rows(1))
    lake.api("POST", "branches", name="etl")
    lake.load_table("sales.orders@etl").append(rows(2))
    lake.load_table("sales.customers@etl").append(rows(3))
    lake.create_table("sales.totals@etl", ROWS).append(rows(9))
    assert ids(lake.load_table("sales.orders@etl")) == [1, 2]
    assert ids(lake.load_table("sales.orders")) == [1] and ids(lake.load_table("sales.customers")) == [1]
    with pytest.raises(NoSuchTableError):
        lake.load_table("sales.totals")
    done = lake.api("POST", "branches/merge", source_branch="etl", target_branch="main").json()
    assert done["status"] == "completed" and done["commit_id"]
    assert ids(lake.load_table("sales.orders")) == [1, 2] and ids(lake.load_table("sales.customers")) == [1, 3]
    assert ids(lake.load_table("sales.totals")) == [9]


def test_a_tag_stays(lake):
    table = lake.create_table("sales.orders", ROWS)
    table.append(rows(1))
    lake.api("POST", "tags", name="v1")
    lake.load_table("sales.orders").append(rows(2))
    lake.load_table("sales.orders").overwrite(rows(7))
    lake.create_table("sales.later", ROWS)
    old = lake.load_table("sales.orders@v1")
    assert ids(old) == [1] and ids(lake.load_table("sales.orders")) == [7]
    assert [t[-1] for t in lake.list_tables("sales@v1")] == ["orders"]
    with pytest.raises((BadRequestError, RESTError)):
        old.append(rows(3))
    lake.purge_table("sales.orders")
    assert ids(lake.load_table("sales.orders@v1")) == [1]


def test_engines_are_kept_back(lake):
    table = lake.create_table("sales.orders", ROWS)
    table.append(rows(1))
    first = table.current_snapshot().snapshot_id
    table.append(rows(2))
    lake.api("POST", "tags", name="v1")
    table = lake.load_table("sales.orders")
    assert table.properties["gc.enabled"] == "false"
    with pytest.raises((BadRequestError, RESTError)):
        table.maintenance.expire_snapshots().by_id(first).commit()
    assert ids(lake.load_table("sales.orders@v1")) == [1, 2]


def test_conflict_resolved(lake):
    lake.create_table("sales.orders", ROWS)
    lake.api("POST", "branches", name="dev")
    lake.load_table("sales.orders@dev").append(rows(1))
    lake.load_table("sales.orders").append(rows(2))
    with pytest.raises(AssertionError, match="409"):
        lake.api("POST", "branches/merge", source_branch="dev", target_branch="main")
    catalog = lake.api("GET", "branches").json()[0]["catalog"]
    (merge,) = lake.api("GET", f"catalogs/{catalog}/merge-operations").json()
    (conflict,) = lake.api("GET", f"merge-operations/{merge['id']}/conflicts").json()
    assert conflict["conflict_type"] == "both_modified" and conflict["asset_name"] == "sales.orders"
    assert "snapshots" in conflict["details"]["source_changed"]
    lake.api("POST", f"conflicts/{conflict['id']}/resolve", strategy="source")
    lake.api("POST", f"merge-operations/{merge['id']}/complete")
    assert ids(lake.load_table("sales.orders")) == [1]


def test_names_of_branches_are_no_names_of_tables(lake):
    name = f"t@{uuid.uuid4().hex}"
    with pytest.raises((BadRequestError, RESTError)):
        lake.create_table(f"sales.{name}", ROWS)
