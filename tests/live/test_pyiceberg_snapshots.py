# SPDX-License-Identifier: Apache-2.0
"""PyIceberg and a table's past: branches, tags, time travel, rollback, expiry, statistics."""

import datetime
import time

import pyarrow as pa
import pytest
from pyiceberg.expressions import EqualTo
from pyiceberg.table.statistics import BlobMetadata, StatisticsFile

SCHEMA = pa.schema([("id", pa.int64())])


def ids(table, **scan):
    return sorted(table.scan(**scan).to_arrow()["id"].to_pylist())


@pytest.fixture
def table(catalog, ns):
    """Three appends: snapshots 0, 1, 2 hold ids {1}, {1, 2}, {1, 2, 3}."""
    made = catalog.create_table((*ns, "t"), SCHEMA)
    for i in (1, 2, 3):
        made.append(pa.table({"id": [i]}))
        time.sleep(0.002)
    return made


def test_time_travel(catalog, ns, table):
    fresh = catalog.load_table((*ns, "t"))
    first, second, third = fresh.snapshots()
    assert ids(fresh, snapshot_id=first.snapshot_id) == [1]
    assert ids(fresh, snapshot_id=second.snapshot_id) == [1, 2]
    assert fresh.snapshot_as_of_timestamp(second.timestamp_ms).snapshot_id == second.snapshot_id
    assert third.parent_snapshot_id == second.snapshot_id
    assert [e.timestamp_ms for e in fresh.history()] == [s.timestamp_ms for s in fresh.snapshots()]


def test_time_travel_over_a_schema_change(catalog, ns, table):
    before = table.current_snapshot()
    with table.update_schema() as schema:
        schema.rename_column("id", "key")
    fresh = catalog.load_table((*ns, "t"))
    assert fresh.scan(snapshot_id=before.snapshot_id).to_arrow().column_names == ["id"]
    assert fresh.scan().to_arrow().column_names == ["key"]


def test_tags(catalog, ns, table):
    first = table.snapshots()[0].snapshot_id
    table.manage_snapshots().create_tag(first, "v1", max_ref_age_ms=86_400_000).commit()
    fresh = catalog.load_table((*ns, "t"))
    assert fresh.refs()["v1"].snapshot_id == first and fresh.refs()["v1"].max_ref_age_ms == 86_400_000
    assert ids(fresh, snapshot_id=fresh.snapshot_by_name("v1").snapshot_id) == [1]
    fresh.manage_snapshots().remove_tag("v1").commit()
    assert "v1" not in catalog.load_table((*ns, "t")).refs()


def test_branches(catalog, ns, table):
    head = table.current_snapshot().snapshot_id
    table.manage_snapshots().create_branch(head, "dev", min_snapshots_to_keep=2, max_snapshot_age_ms=1000).commit()
    assert catalog.load_table((*ns, "t")).refs()["dev"].min_snapshots_to_keep == 2
    table.append(pa.table({"id": [10]}), branch="dev")
    table.delete(EqualTo("id", 1), branch="dev")
    table.append(pa.table({"id": [4]}))
    fresh = catalog.load_table((*ns, "t"))
    assert ids(fresh) == [1, 2, 3, 4]
    assert ids(fresh, snapshot_id=fresh.refs()["dev"].snapshot_id) == [2, 3, 10]
    assert len(fresh.history()) == 4, "what happens on a branch is not main's history"
    fresh.manage_snapshots().remove_branch("dev").commit()
    assert set(catalog.load_table((*ns, "t")).refs()) == {"main"}


def test_rollback(catalog, ns, table):
    first = table.snapshots()[0]
    table.manage_snapshots().rollback_to_snapshot(first.snapshot_id).commit()
    fresh = catalog.load_table((*ns, "t"))
    assert ids(fresh) == [1] and len(fresh.snapshots()) == 3 and len(fresh.history()) == 4
    fresh.append(pa.table({"id": [9]}))
    assert ids(catalog.load_table((*ns, "t"))) == [1, 9]


def test_set_current_snapshot(catalog, ns, table):
    second = table.snapshots()[1].snapshot_id
    table.manage_snapshots().create_tag(second, "good").commit()
    table.manage_snapshots().set_current_snapshot(ref_name="good").commit()
    assert ids(catalog.load_table((*ns, "t"))) == [1, 2]


def test_expire(catalog, ns, table):
    first, second, third = (s.snapshot_id for s in table.snapshots())
    table.maintenance.expire_snapshots().by_id(first).commit()
    fresh = catalog.load_table((*ns, "t"))
    assert [s.snapshot_id for s in fresh.snapshots()] == [second, third]
    assert [e.snapshot_id for e in fresh.history()] == [second, third]
    assert ids(fresh) == [1, 2, 3]


def test_expire_by_age_keeps_what_is_named(catalog, ns, table):
    first, _, third = (s.snapshot_id for s in table.snapshots())
    table.manage_snapshots().create_tag(first, "keep").commit()
    later = datetime.datetime.now() + datetime.timedelta(days=1)
    table.maintenance.expire_snapshots().older_than(later).commit()
    fresh = catalog.load_table((*ns, "t"))
    assert [s.snapshot_id for s in fresh.snapshots()] == [first, third]


def test_expire_then_write(catalog, ns, table):
    table.maintenance.expire_snapshots().by_ids([s.snapshot_id for s in table.snapshots()[:2]]).commit()
    table.append(pa.table({"id": [4]}))
    assert ids(catalog.load_table((*ns, "t"))) == [1, 2, 3, 4]


def test_statistics(catalog, ns, table):
    snapshot = table.current_snapshot().snapshot_id
    file = StatisticsFile(
        snapshot_id=snapshot,
        statistics_path=f"{table.location()}/metadata/s.puffin",
        file_size_in_bytes=413,
        file_footer_size_in_bytes=42,
        blob_metadata=[
            BlobMetadata(
                type="apache-datasketches-theta-v1", snapshot_id=snapshot, sequence_number=3, fields=[1], properties={"ndv": "3"}
            )
        ],
    )
    with table.update_statistics() as update:
        update.set_statistics(file)
    assert catalog.load_table((*ns, "t")).metadata.statistics == [file]
    with table.update_statistics() as update:
        update.remove_statistics(snapshot)
    assert catalog.load_table((*ns, "t")).metadata.statistics == []


def test_inspection(catalog, ns, table):
    """What PyIceberg reads out of files the catalog only points to."""
    fresh = catalog.load_table((*ns, "t"))
    assert fresh.inspect.snapshots().num_rows == 3
    assert fresh.inspect.files().num_rows == 3
    assert fresh.inspect.metadata_log_entries().num_rows == 4
    assert fresh.inspect.refs().num_rows == 1


def test_snapshots_on_demand(connect, ns, table):
    """snapshot-loading-mode=refs: a load holds the snapshots that a branch or tag names."""
    lazy = connect(**{"snapshot-loading-mode": "refs"})
    assert ids(lazy.load_table((*ns, "t"))) == [1, 2, 3]
    lazy.load_table((*ns, "t")).append(pa.table({"id": [4]}))
    assert ids(lazy.load_table((*ns, "t"))) == [1, 2, 3, 4]


@pytest.mark.ours
def test_snapshots_on_demand_are_few(connect, ns, table):
    lazy = connect(**{"snapshot-loading-mode": "refs"}).load_table((*ns, "t"))
    assert len(lazy.snapshots()) == 1 and len(lazy.history()) == 3
