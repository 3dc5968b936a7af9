# SPDX-License-Identifier: Apache-2.0
"""No update is lost: writers read a number, add one, and commit only onto what they read."""

import multiprocessing
import random
import time

import pytest
import requests

pytestmark = pytest.mark.ours
spawn = multiprocessing.get_context("spawn")


def next_snapshot(metadata, location):
    """A snapshot on top of the current one, with the next number in it."""
    current = metadata.get("current-snapshot-id")
    value = metadata["last-sequence-number"] + 1
    snapshot = random.getrandbits(62)
    made = {
        "snapshot-id": snapshot,
        "sequence-number": value,
        "timestamp-ms": max(int(time.time() * 1000), metadata["last-updated-ms"]),
        "manifest-list": f"{location}/metadata/none-{snapshot}.avro",
        "summary": {"operation": "append", "value": str(value)},
        "schema-id": 0,
    }
    if current in (None, -1):
        return None, made
    return current, {**made, "parent-snapshot-id": current}


def count_up(url, headers, location, wins, seconds):
    """The requirement names what was read, so only one writer can follow it."""
    session, end, won = requests.Session(), time.time() + seconds, 0
    while time.time() < end:
        metadata = session.get(url, headers=headers, timeout=60).json()["metadata"]
        current, snapshot = next_snapshot(metadata, location)
        ref = {"ref-name": "main", "type": "branch", "snapshot-id": snapshot["snapshot-id"]}
        body = {
            "requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": current}],
            "updates": [{"action": "add-snapshot", "snapshot": snapshot}, {"action": "set-snapshot-ref", **ref}],
        }
        answer = session.post(url, json=body, headers=headers, timeout=60)
        assert answer.status_code in (200, 409), answer.text
        won += answer.status_code == 200
    wins.put(won)


def test_no_update_is_lost(site, catalog, ns, size):
    import pyarrow as pa

    table = catalog.create_table((*ns, "t"), pa.schema([("id", pa.int64())]))
    url = f"{site.server.uri}/v1/{site.catalog}/namespaces/{ns[0]}/tables/t"
    wins = spawn.Queue()
    writers = [
        spawn.Process(target=count_up, args=(url, site.server.headers(), table.location(), wins, size(4, 60)))
        for _ in range(4)
    ]
    for w in writers:
        w.start()
    won = sum(wins.get(timeout=180) for _ in writers)
    for w in writers:
        w.join()
        assert w.exitcode == 0
    fresh = catalog.load_table((*ns, "t"))
    values = [int(s.summary["value"]) for s in fresh.snapshots()]
    print(f"note: {won} updates by 4 writers of one table at {site.place}, none lost")
    assert won > 4 and sorted(values) == list(range(1, won + 1))
