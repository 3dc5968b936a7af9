# SPDX-License-Identifier: Apache-2.0
"""pangolin maintain --orphans: what nothing reads goes, and nothing that a branch, tag, commit or other table reads."""

import os
import pathlib
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
NOW = ("--orphans", "--orphan-age", "0", "--force", "--yes")


def rows(*ids):
    return pa.table({"id": pa.array(ids, pa.int64())})


def ids(table, **scan):
    return sorted(table.scan(**scan).to_arrow()["id"].to_pylist())


def plain(location):
    return location.removeprefix("file://")


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


def files(lake, table):
    return {plain(f) for f in lake.storage.list(table.location())}


def plant(table, *names):
    """Files that nothing reads."""
    made = {f"{table.location()}/{name}" for name in names}
    for location in made:
        with table.io.new_output(location).create(overwrite=True) as f:
            f.write(b"x" * 10)
    return {plain(f) for f in made}


def test_what_nothing_reads_goes_and_all_else_stays(lake):
    lake.api("POST", "tags", name="v1")
    lake.api("POST", "branches", name="dev")
    lake.load_table("sales.orders@dev").append(rows(10))
    table = lake.load_table("sales.orders")
    table.overwrite(rows(20))
    elsewhere = f"{table.location()}-elsewhere"
    with lake.load_table("sales.orders").transaction() as t:
        t.set_properties({"write.data.path": elsewhere})
    lake.load_table("sales.orders").append(rows(21))
    table = lake.load_table("sales.orders")
    kept = plant(table, "data/_hidden/x.parquet", "metadata/version-hint.text")
    before = files(lake, table) | {plain(f) for f in lake.storage.list(elsewhere)}
    gone = plant(table, "data/a b/x.parquet", "data/day=2026-11-24%2F1/y.parquet", "metadata/m0.avro", "metadata/00009-x.metadata.json")
    with table.io.new_output(f"{elsewhere}/z.parquet").create() as f:
        f.write(b"x")
    gone.add(plain(f"{elsewhere}/z.parquet"))

    def there():
        return files(lake, table) | {plain(f) for f in lake.storage.list(elsewhere)}

    said = lake.maintain(*NOW, "--dry-run")
    assert there() == before | gone and all(g in said for g in gone) and "5 orphan files would go, 41 bytes" in said
    assert "0 orphan files go" in lake.maintain("--orphans", "--yes")  # none is three days old
    assert there() == before | gone
    assert lake.maintain("--orphans", "--orphan-age", "1", "--yes", check=False) == "" and there() == before | gone
    assert "5 orphan files go, 41 bytes" in lake.maintain(*NOW)
    assert there() == before and kept <= before
    for name, shown in (("", [20, 21]), ("@dev", [2, 10]), ("@v1", [2])):
        table = lake.load_table(f"sales.orders{name}")
        assert ids(table) == shown
        for snapshot in table.snapshots():
            ids(table, snapshot_id=snapshot.snapshot_id)


def test_what_a_commit_can_go_back_to_stays(lake, site):
    table = lake.load_table("sales.orders")
    old = ids(table)
    table.overwrite(rows(50))
    current = lake.load_table("sales.orders").current_snapshot().snapshot_id
    commits = site.server.api("GET", f"branches/main/commits?catalog={lake.made}").json()
    before = files(lake, table)
    # a row that no longer has the snapshots: only the commits' files name them
    requests.post(
        f"{site.server.uri}/v1/{lake.made}/namespaces/sales/tables/orders",
        json={"requirements": [], "updates": [{"action": "remove-snapshots", "snapshot-ids": [
            s.snapshot_id for s in table.snapshots() if s.snapshot_id != current
        ]}]},
        headers=site.server.headers(), timeout=60,
    ).raise_for_status()
    lake.maintain(*NOW)
    assert before <= files(lake, table)
    made = site.server.api("POST", "branches", json={"catalog": lake.made, "name": "then", "commit_id": commits[1]["id"]})
    assert made.status_code == 201 and ids(lake.load_table("sales.orders@then")) == old


def test_what_another_table_reads_stays(lake):
    table = lake.load_table("sales.orders")
    shared = [e.data_file.file_path for m in table.current_snapshot().manifests(table.io) for e in m.fetch_manifest_entry(table.io)]
    other = lake.create_table("sales.other", ROWS)
    other.add_files(shared)
    planted = plant(table, "data/shared.parquet")
    with table.io.new_output(f"{table.location()}/data/shared.parquet").create(overwrite=True) as f:
        pq.write_table(rows(70), f)
    other.add_files([f"{table.location()}/data/shared.parquet"])
    table.overwrite(rows(60))
    assert "0 orphan files" in lake.maintain(*NOW) and planted <= files(lake, table)
    lake.maintain("--older-than", "0", "--yes")
    assert ids(lake.load_table("sales.other")) == [2, 70] and ids(lake.load_table("sales.orders")) == [60]
    lake.drop_table("sales.other")
    assert "2 orphan files go" in lake.maintain(*NOW) and not planted & files(lake, table)


def test_what_can_not_be_known_stays(lake):
    table = lake.load_table("sales.orders")
    planted = plant(table, "data/x.parquet")
    path = table.current_snapshot().manifests(table.io)[0].manifest_path
    with table.io.new_input(path).open() as f:
        good = f.read()
    for bad in (b"no manifest", None):
        if bad:
            with table.io.new_output(path).create(overwrite=True) as f:
                f.write(bad)
        else:
            table.io.delete(path)
        said = lake.maintain(*NOW, check=False)
        assert "nobody knows" in said and planted <= files(lake, table)
    with table.io.new_output(path).create(overwrite=True) as f:
        f.write(good)
    with lake.load_table("sales.orders").transaction() as t:
        t.set_properties({"gc.enabled": "false"})
    assert "left alone" in lake.maintain(*NOW) and planted <= files(lake, table)
    with lake.load_table("sales.orders").transaction() as t:
        t.remove_properties("gc.enabled")
    lake.maintain(*NOW)
    assert not planted & files(lake, table) and ids(lake.load_table("sales.orders")) == [2]


def test_the_route_and_its_age(lake, site):
    def ask(**body):
        return requests.post(
            f"{site.server.uri}/v1/{lake.made}/namespaces/sales/tables/orders/maintenance",
            json={"job_type": "remove_orphan_files", **body}, headers=site.server.headers(), timeout=60,
        )

    table = lake.load_table("sales.orders")
    planted = plant(table, "data/x.parquet")
    before = files(lake, table)
    assert ask(older_than_ms=1000).status_code == 400 and ask(older_than_ms=-1).status_code == 400
    assert ask(older_than_ms=-1, force=True).status_code == 400
    assert ask().json() == {"status": "accepted"}
    site.server.work()
    assert files(lake, table) == before  # written just now
    if hasattr(lake.storage, "path"):
        for f in before:
            os.utime(f, (time.time() - 4 * 86400,) * 2)
        assert ask().status_code == 200
    else:
        time.sleep(1.1)
        assert ask(older_than_ms=1000, force=True).status_code == 200
    site.server.work()
    assert files(lake, table) == before - planted and ids(lake.load_table("sales.orders")) == [2]
    rows_ = site.server.api("GET", "audit?action=remove_orphan_files&limit=10").json()
    assert {(r["metadata"]["state"], r["metadata"].get("files")) for r in rows_} >= {("begun", None), ("ended", 1)}


def test_a_tenant_that_is_copied_keeps_its_files(lake, site):
    """Another store may have the tenant's content by now, and newer than this one's."""
    table = lake.load_table("sales.orders")
    planted = plant(table, "data/x.parquet")
    site.server.command("tenant", "read-only", site.server.tenant)
    try:
        for what in (NOW, ("--older-than", "0", "--yes")):
            assert "left alone" in lake.maintain(*what)
        assert planted <= files(lake, table) and len(lake.load_table("sales.orders").snapshots()) == 5
    finally:
        site.server.command("tenant", "writable", site.server.tenant)


def test_a_purged_table_that_was_taken_up_again(lake, site):
    """Registered from a former file before the worker came, and written to: it reads what the purge would remove."""
    table = lake.load_table("sales.orders")
    former = table.metadata.metadata_log[-1].metadata_file
    lake.purge_table("sales.orders")
    lake.register_table("sales.again", former)
    again = lake.load_table("sales.again")
    old = ids(again)
    again.append(rows(80))
    site.server.work()
    for name in ("sales.again",):
        for snapshot in lake.load_table(name).snapshots():
            ids(lake.load_table(name), snapshot_id=snapshot.snapshot_id)
    assert ids(lake.load_table("sales.again")) == sorted(old + [80])


@pytest.mark.slow
def test_many_files_take_little_memory(lake, site):
    if not hasattr(lake.storage, "path"):
        pytest.skip("makes them as local files")
    table = lake.load_table("sales.orders")
    before = files(lake, table)
    for folder, n in (("one", 60000), *((f"f{i}", 20) for i in range(2000))):
        at = pathlib.Path(plain(table.location())) / "data" / folder
        at.mkdir()
        for i in range(n):
            (at / f"{i}.parquet").touch()
    process = subprocess.Popen(
        [str(site.server.program("pangolin")), "maintain", "--catalog", lake.made, *NOW], env=site.server.process_env()
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0 and files(lake, table) == before
    assert used.ru_maxrss < 64 * 1024, f"{used.ru_maxrss} KiB"


@pytest.mark.slow
def test_killed_anywhere(lake, site):
    table = lake.load_table("sales.orders")
    before = files(lake, table)
    between = 0
    for i in range(12):
        planted = plant(table, *(f"data/{k}/{j}.parquet" for k in range(30) for j in range(40)))
        process = subprocess.Popen(
            [str(site.server.program("pangolin")), "maintain", "--catalog", lake.made, *NOW], env=site.server.process_env()
        )
        time.sleep(0.05 * (i + 1))
        process.kill()
        process.wait()
        left = files(lake, table)
        between += before < left < before | planted
        assert before <= left
    lake.maintain(*NOW)
    assert files(lake, table) == before and ids(lake.load_table("sales.orders")) == [2]
