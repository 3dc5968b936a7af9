# SPDX-License-Identifier: Apache-2.0
"""Many writers of one table, and responders killed under them: what was acknowledged is there, once."""

import multiprocessing
import os
import random
import signal
import time

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException

SCHEMA = pa.schema([("writer", pa.int64()), ("n", pa.int64()), ("row", pa.int64())])
PATIENT = {
    "commit.retry.num-retries": "100",
    "commit.retry.min-wait-ms": "20",
    "commit.retry.max-wait-ms": "500",
    "commit.retry.total-timeout-ms": "300000",
}
spawn = multiprocessing.get_context("spawn")


def append(properties, identifier, writer, count, acknowledged, deadline):
    """Appends `count` sets of two rows; reports each that was acknowledged, and each whose end is unknown."""
    catalog = None
    for n in range(count):
        rows = pa.table({"writer": [writer, writer], "n": [n, n], "row": [0, 1]}, schema=SCHEMA)
        while True:
            try:
                catalog = catalog or load_catalog("live", type="rest", **properties)
                table = catalog.load_table(identifier)
            except Exception:
                if time.time() > deadline:
                    raise
                time.sleep(0.1)
                continue
            try:
                table.append(rows)
                acknowledged.put((writer, n, "done"))
                break
            except CommitFailedException:
                if time.time() > deadline:
                    raise
            except Exception as e:  # the answer was lost: it may stand or not, and must not be sent again
                acknowledged.put((writer, n, f"unknown: {type(e).__name__}"))
                break


def run_writers(properties, identifier, writers, count, while_running=None, seconds=400):
    acknowledged = spawn.Queue()
    deadline = time.time() + seconds
    processes = [
        spawn.Process(target=append, args=(properties, identifier, w, count, acknowledged, deadline))
        for w in range(writers)
    ]
    for p in processes:
        p.start()
    reports = []
    while any(p.is_alive() for p in processes) or not acknowledged.empty():
        if while_running:
            while_running()
        while not acknowledged.empty():
            reports.append(acknowledged.get())
        time.sleep(0.05)
        assert time.time() < deadline + 30, "writers hang"
    assert all(p.exitcode == 0 for p in processes)
    return reports


def sets_of(table):
    """How often each (writer, n) is there; its two rows must be there together."""
    found = {}
    for row in table.scan().to_arrow().to_pylist():
        found.setdefault((row["writer"], row["n"]), []).append(row["row"])
    assert all(sorted(rows) == [0, 1] for rows in found.values()), "half a commit, or one twice"
    return set(found)


def test_four_processes_append(site, catalog, ns, size):
    count = size(6, 25)
    catalog.create_table((*ns, "t"), SCHEMA, properties=PATIENT)
    properties = {**site.server.connection(site.catalog), **site.storage.client}
    reports = run_writers(properties, (*ns, "t"), 4, count)
    assert all(state == "done" for _, _, state in reports), reports
    table = catalog.load_table((*ns, "t"))
    assert sets_of(table) == {(w, n) for w in range(4) for n in range(count)}
    snapshots = table.snapshots()
    assert len(snapshots) == 4 * count
    by_id = {s.snapshot_id: s for s in snapshots}
    chain, at = 0, table.current_snapshot()
    while at:
        chain, at = chain + 1, by_id.get(at.parent_snapshot_id)
    assert chain == 4 * count, "every append stands on the one before"


@pytest.mark.ours
def test_responders_are_killed_while_processes_append(own_server, connect_own, size):
    """kill -9 in a loop: the supervisor starts others, and every acknowledged append is there."""
    catalog, properties = connect_own
    count = size(8, 40)
    ns = (f"kill{os.getpid()}",)
    catalog.create_namespace(ns)
    catalog.create_table((*ns, "t"), SCHEMA, properties=PATIENT)
    rng, killed = random.Random(7), []
    next_kill = [time.monotonic() + 1]

    def kill_one():
        if time.monotonic() < next_kill[0]:
            return
        next_kill[0] = time.monotonic() + rng.uniform(0.2, 0.8)
        pids = list(own_server.responders("tables"))
        if pids:
            victim = rng.choice(pids)
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    reports = run_writers(properties, (*ns, "t"), 3, count, kill_one)
    found = sets_of(catalog.load_table((*ns, "t")))
    acknowledged = {(w, n) for w, n, state in reports if state == "done"}
    unknown = {(w, n) for w, n, state in reports if state != "done"}
    print(f"{len(killed)} killed, {len(acknowledged)} acknowledged, {len(unknown)} unknown, {len(found)} found")
    assert killed and acknowledged
    assert acknowledged <= found, f"lost: {sorted(acknowledged - found)}"
    assert found <= acknowledged | unknown
    assert not set(killed) & own_server.responders("tables") and own_server.responders("tables")


@pytest.fixture
def connect_own(own_server, servers):
    storage = servers.storage("file", own_server)
    properties = own_server.connection(own_server.make_catalog(storage.config()))
    return load_catalog("live", type="rest", **properties), properties
