# SPDX-License-Identifier: Apache-2.0
"""pangolin maintain: old snapshots go with their files, and nothing that a branch or tag reads."""

import json
import pathlib
import sqlite3
import subprocess
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

pytestmark = pytest.mark.ours
SMALL_PLACES = ["sqlite-file"]
PLACES = ["sqlite-file", "memory-file", "postgresql-file", "mongodb-file", "memory-s3"]

ROWS = Schema(NestedField(1, "id", LongType()))


def rows(*ids):
    return pa.table({"id": pa.array(ids, pa.int64())})


def ids(table):
    return sorted(table.scan().to_arrow()["id"].to_pylist())


@pytest.fixture
def lake(site, connect):
    """A catalog of this test's own with a table of three snapshots."""
    if not site.server.run:
        pytest.skip("needs a server of its own")
    made = site.server.make_catalog(site.storage.config(), **site.storage.warehouse)
    client = connect(made)
    client.create_namespace("sales")
    table = client.create_table("sales.orders", ROWS)
    for i in range(3):
        table.overwrite(rows(i))
    client.made, client.storage = made, site.storage
    client.api = lambda method, path, **body: site.server.api(method, path, json={"catalog": made, **body})
    client.maintain = lambda *more, **kw: site.server.command("maintain", "--catalog", made, *more, **kw)
    return client


NOW = ("--older-than", "0", "--yes")


def plain(location):
    return location.removeprefix("file://")


def files(lake, table):
    """Every file under the table's location."""
    return {plain(f) for f in lake.storage.list(table.location())}


def reached(*tables):
    """What the snapshots of these need: lists, manifests, data."""
    found = set()
    for table in tables:
        for snapshot in table.snapshots():
            found.add(snapshot.manifest_list)
            for manifest in snapshot.manifests(table.io):
                found.add(manifest.manifest_path)
                found |= {e.data_file.file_path for e in manifest.fetch_manifest_entry(table.io, discard_deleted=True)}
    return {plain(f) for f in found}


def others(lake, table):
    return {f for f in files(lake, table) if not f.endswith(".metadata.json")}


def waiting(site):
    """How many removals are left to do; None where the store is not a file."""
    url = site.server.process_env()["DATABASE_URL"]
    if not url.startswith("sqlite://"):
        pytest.skip("looks into the store's file")
    db = sqlite3.connect(url.removeprefix("sqlite://"))
    try:
        return db.execute("SELECT count(*) FROM jobs WHERE type = 'remove-expired'").fetchone()[0]
    finally:
        db.close()


def test_old_snapshots_go_with_their_files(lake):
    table = lake.load_table("sales.orders")
    before = files(lake, table)
    assert "would expire" in lake.maintain("--dry-run", "--older-than", "0")
    assert files(lake, table) == before and len(lake.load_table("sales.orders").snapshots()) == len(table.snapshots())
    assert " 0 snapshots expired" in lake.maintain("--yes")  # none is five days old
    assert " 4 snapshots expired" in lake.maintain(*NOW)
    table = lake.load_table("sales.orders")
    assert len(table.snapshots()) == 1 and ids(table) == [2]
    assert others(lake, table) == reached(table) and len(others(lake, table)) < len(before)
    assert lake.maintain(*NOW).startswith("1 tables looked at, 0 snapshots expired, 0 files removed")


def test_keep_and_the_tables_own_properties(lake):
    lake.maintain(*NOW, "--keep", "2")
    assert len(lake.load_table("sales.orders").snapshots()) == 2
    table = lake.load_table("sales.orders")
    with table.transaction() as t:
        t.set_properties({"history.expire.max-snapshot-age-ms": "0", "gc.enabled": "false"})
    assert "left alone" in lake.maintain("--yes")
    with lake.load_table("sales.orders").transaction() as t:
        t.remove_properties("gc.enabled")
    lake.maintain("--yes")
    assert len(lake.load_table("sales.orders").snapshots()) == 1


def test_refs_keep_what_they_say(lake):
    """As Java's RemoveSnapshots has it: a ref's own words count, main never ends."""
    table = lake.load_table("sales.orders")
    snapshots = [s.snapshot_id for s in table.snapshots()]  # the last is main's
    wanted = {"kept": (0, {}), "ends": (1, {"max_ref_age_ms": 1}), "two": (2, {"min_snapshots_to_keep": 2})}
    with table.manage_snapshots() as refs:
        for name, (i, more) in wanted.items():
            if name == "two":
                refs.create_branch(snapshots[i], name, **more)
            else:
                refs.create_tag(snapshots[i], name, **more)
    time.sleep(0.01)
    assert ": 1 snapshots and 1 refs would expire" in lake.maintain("--dry-run", "--older-than", "0")
    assert set(lake.load_table("sales.orders").metadata.refs) == {"main", *wanted}
    assert ": 1 snapshots and 1 refs expired" in lake.maintain(*NOW)
    table = lake.load_table("sales.orders")
    assert set(table.metadata.refs) == {"main", "kept", "two"}
    # of "two" the head and its parent, which "ends" was of; 3 is main's parent alone
    assert {s.snapshot_id for s in table.snapshots()} == {snapshots[i] for i in (0, 1, 2, 4)}
    for snapshot in table.snapshots():
        table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
    with table.transaction() as t:
        t.set_properties({"history.expire.max-ref-age-ms": "1"})
    assert "2 refs expired" in lake.maintain("--yes")
    assert set(lake.load_table("sales.orders").metadata.refs) == {"main"}


def test_branches_and_tags_read_all_they_had(lake):
    lake.api("POST", "tags", name="v1")
    lake.api("POST", "branches", name="dev")
    lake.load_table("sales.orders@dev").append(rows(10))
    lake.load_table("sales.orders@dev").overwrite(rows(11))
    for i in (20, 21, 22):
        lake.load_table("sales.orders").overwrite(rows(i))
    lake.api("POST", "branches", name="late")
    shown = ("sales.orders", "sales.orders@dev", "sales.orders@v1", "sales.orders@late")
    old = {name: (ids(lake.load_table(name)), lake.load_table(name).snapshots()) for name in shown}
    for i in (30, 31, 32):
        lake.load_table("sales.orders").overwrite(rows(i))
    lake.maintain(*NOW)
    tables = {name: lake.load_table(name) for name in shown}
    for name in shown[2:]:
        assert ids(tables[name]) == old[name][0] and tables[name].snapshots() == old[name][1]
        for snapshot in tables[name].snapshots():  # each can be read still
            tables[name].scan(snapshot_id=snapshot.snapshot_id).to_arrow()
    assert ids(tables["sales.orders@dev"]) == [11] and ids(tables["sales.orders"]) == [32]
    assert others(lake, tables["sales.orders"]) == reached(*tables.values())
    gone = lake.load_table("sales.orders").snapshots()
    assert len(gone) < len(old["sales.orders"][1]) + 6, "main's own between are gone"


def test_manifests_that_were_merged_leave_their_data(lake):
    merging = {"commit.manifest-merge.enabled": "true", "commit.manifest.min-count-to-merge": "2"}
    table = lake.create_table("sales.merged", ROWS, properties=merging)
    for i in range(3):
        table.append(rows(i))
    before = others(lake, table)
    assert ": 2 snapshots expired" in lake.maintain(*NOW, "--table", "sales.merged") and others(lake, table) < before
    table = lake.load_table("sales.merged")
    # PyIceberg leaves the manifests that it merged: no snapshot ever named those
    assert ids(table) == [0, 1, 2] and others(lake, table) >= reached(table)
    assert {f for f in others(lake, table) if "snap-" in f} == {f for f in reached(table) if "snap-" in f}


def test_a_file_under_two_spellings_stays(lake):
    table = lake.create_table("sales.spelled", ROWS)
    if not hasattr(lake.storage, "path"):
        pytest.skip("a file's two spellings")
    file = pathlib.Path(plain(table.location())) / "added.parquet"
    pq.write_table(rows(7), file)
    table.add_files([f"file://{file}"])
    table.delete()
    table.add_files([str(file)])
    assert ": 2 snapshots expired" in lake.maintain(*NOW, "--table", "sales.spelled")
    assert file.exists() and ids(lake.load_table("sales.spelled")) == [7]


def test_a_removal_whose_warehouse_is_missing_is_kept(lake, site):
    waiting(site)
    db = sqlite3.connect(site.server.process_env()["DATABASE_URL"].removeprefix("sqlite://"))
    payload = {
        "warehouse": "none", "asset_id": "x", "metadata_location": "file:///x/m.metadata.json",
        "locations": ["file:///x"], "snapshot_ids": [1],
    }
    db.execute(
        "INSERT INTO jobs (job_id, tenant_id, type, payload, due_ms, lease_ms, attempts, created_ms, version)"
        " VALUES ('kept', '00000000-0000-0000-0000-000000000000', 'remove-expired', ?, 0, 0, 0, 0, 1)",
        (json.dumps(payload),),
    )
    db.commit()
    try:
        site.server.work()
        assert "none" in db.execute("SELECT error FROM jobs WHERE job_id = 'kept'").fetchone()[0]
    finally:
        db.execute("DELETE FROM jobs WHERE job_id = 'kept'")
        db.commit()
        db.close()


def test_a_manifest_that_does_not_read_stops_the_removal(lake, site):
    table = lake.load_table("sales.orders")
    manifest = table.current_snapshot().manifests(table.io)[0].manifest_path
    before = others(lake, table)
    with table.io.new_input(manifest).open() as f:
        good = f.read()

    def write(text):
        with table.io.new_output(manifest).create(overwrite=True) as f:
            f.write(text)

    write(b"no manifest")
    assert "again" in lake.maintain(*NOW, check=False)
    assert others(lake, table) == before and len(lake.load_table("sales.orders").snapshots()) == 1
    write(good)
    lake.maintain(*NOW)
    assert others(lake, table) == reached(lake.load_table("sales.orders"))


def test_killed_between_commit_and_removal(lake, site):
    waiting(site)
    lake.maintain(*NOW)
    for _ in range(20):
        for i in range(2):
            lake.load_table("sales.orders").overwrite(rows(i))
        process = subprocess.Popen(
            [str(site.server.program("pangolin")), "maintain", "--catalog", lake.made, *NOW], env=site.server.process_env()
        )
        while process.poll() is None and not waiting(site):
            pass
        process.kill()
        process.wait()
        table = lake.load_table("sales.orders")
        if waiting(site) and others(lake, table) != reached(table):
            break
        lake.maintain(*NOW)
    assert waiting(site), "it was never caught between"
    assert len(table.snapshots()) == 1 and others(lake, table) != reached(table)
    lake.maintain(*NOW)
    assert waiting(site) == 0 and others(lake, table) == reached(table) and ids(table) == [1]


def test_the_route_leaves_it_to_the_worker(lake, site):
    def ask(**body):
        return requests.post(
            f"{site.server.uri}/v1/{lake.made}/namespaces/sales/tables/orders/maintenance",
            json=body, headers=site.server.headers(), timeout=60,
        )

    assert ask(job_type="vacuum").status_code == 400 and ask(job_type="expire_snapshots", retention_ms=-1).status_code == 400
    time.sleep(0.01)
    done = ask(job_type="expire_snapshots", retention_ms=0)
    assert done.status_code == 200 and done.json() == {"status": "accepted"}
    assert len(lake.load_table("sales.orders").snapshots()) > 1
    site.server.work()
    table = lake.load_table("sales.orders")
    assert len(table.snapshots()) == 1 and others(lake, table) == reached(table) and ids(table) == [2]
