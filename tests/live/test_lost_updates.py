# SPDX-License-Identifier: Apache-2.0
"""No update is lost: writers read a number, add one, and commit only onto what they read."""

import multiprocessing
import time

import pytest
import requests

from commits import append_to

pytestmark = pytest.mark.ours
spawn = multiprocessing.get_context("spawn")


def count_up(url, headers, location, wins, seconds):
    """The requirement names what was read, so only one writer can follow it."""
    session, end, won = requests.Session(), time.time() + seconds, 0
    while time.time() < end:
        metadata = session.get(url, headers=headers, timeout=60).json()["metadata"]
        body = append_to(metadata, location, value=str(metadata["last-sequence-number"] + 1))
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
