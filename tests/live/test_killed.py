# SPDX-License-Identifier: Apache-2.0
"""Every acknowledged commit is there once, whatever is killed: responders by -9 each second, the database twice."""

import http.client
import json
import multiprocessing
import os
import random
import signal
import threading
import time

import pytest
import requests

import databases
from commits import snapshot_on
from server import Started, wait_until

pytestmark = pytest.mark.ours
spawn = multiprocessing.get_context("spawn")

PROCESSES = 4  # of a family, on one socket
TABLES = 8


def ask(port, method, path, headers, body=None):
    """(status, JSON); 0 where nobody answered."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    try:
        c.request(method, path, json.dumps(body) if body else None, headers)
        answer = c.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        c.close()


def writer(name, port, path, headers, end, outcomes):
    """Commits until the end; each commit's name and how it was answered: "yes", "no", or "unknown"."""
    n = 0
    while time.time() < end:
        status, loaded = ask(port, "GET", path, headers)
        if status != 200:
            time.sleep(0.05)
            continue
        n += 1
        metadata, mark = loaded["metadata"], f"{name}-{n}"
        current, snapshot = snapshot_on(metadata, metadata["location"], mark=mark)
        body = {
            "requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": current}],
            "updates": [
                {"action": "add-snapshot", "snapshot": snapshot},
                {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": snapshot["snapshot-id"]},
            ],
        }
        status, _ = ask(port, "POST", path, headers, body)
        outcomes[mark] = {200: "yes", 409: "no"}.get(status, "unknown")


def write_all(numbers, port, paths, headers, end, out):
    """A process of several writers."""
    outcomes = {}
    threads = [
        threading.Thread(target=writer, args=(f"w{i}", port, paths[i % len(paths)], headers, end, outcomes)) for i in numbers
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    out.put(outcomes)


def kill_until(server, end, at, disturb):
    """One responder of the family that commits is killed each second; the database where `at` says so."""
    killed, began, others = 0, time.time(), []
    while time.time() < end:
        time.sleep(1)
        if at and time.time() - began > at[0]:
            at.pop(0)
            others.append(threading.Thread(target=disturb))
            others[-1].start()
        alive = sorted(server.responders("tables"))
        if alive:
            os.kill(random.choice(alive), signal.SIGKILL)
            killed += 1
    for t in others:
        t.join()
    return killed


def history(metadata):
    """The marks of the snapshots main's newest stands on, newest first."""
    by_id, at, marks = {s["snapshot-id"]: s for s in metadata["snapshots"]}, metadata.get("current-snapshot-id"), []
    while at not in (None, -1):
        marks.append(by_id[at]["summary"]["mark"])
        at = by_id[at].get("parent-snapshot-id")
    return marks


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("memory", marks=pytest.mark.slow), pytest.param("mongodb", marks=pytest.mark.slow)])
def rough(request):
    """A server with four processes a family, and what restarts its database."""
    more, disturb, database = {}, lambda: None, None
    if request.param in ("postgresql", "mongodb"):
        database = databases.Postgres() if request.param == "postgresql" else databases.Mongo()
        more["DATABASE_URL"], disturb = database.database(), database.restart
    server = Started(request.param, PANGOLIN_PROCESSES=str(PROCESSES), **more)
    yield server, request.param, disturb
    server.stop()
    if database:
        database.stop()


def make_tables(server, catalog):
    schema = {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "x", "type": "long", "required": False}]}
    base = f"/v1/{catalog}/namespaces"
    post = lambda path, body: requests.post(server.uri + path, json=body, headers=server.headers(), timeout=60).raise_for_status()
    post(base, {"namespace": ["killed"]})
    for i in range(TABLES):
        post(f"{base}/killed/tables", {"name": f"t{i}", "schema": schema})
    return [f"{base}/killed/tables/t{i}" for i in range(TABLES)]


def run_writers(server, paths, seconds, writers, disturb):
    """All outcomes of all writers, and how many responders were killed meanwhile."""
    port, end, out = int(server.uri.rsplit(":", 1)[1]), time.time() + seconds, spawn.Queue()
    headers = {**server.headers(), "Content-Type": "application/json"}
    groups = [range(i, writers, 4) for i in range(4)]
    started = [spawn.Process(target=write_all, args=(list(g), port, paths, headers, end, out)) for g in groups]
    for p in started:
        p.start()
    killed = kill_until(server, end, [seconds / 3, seconds * 2 / 3], disturb)
    outcomes = {}
    for _ in started:
        outcomes.update(out.get(timeout=120))
    for p in started:
        p.join()
        assert p.exitcode == 0
    return outcomes, killed


def test_every_acknowledged_commit_is_there_once(rough, size):
    server, store, disturb = rough
    catalog = server.make_catalog({"location": f"file://{server.run}/warehouse/killed"})
    paths = make_tables(server, catalog)
    outcomes, killed = run_writers(server, paths, size(6, 60), size(16, 32), disturb)
    wait_until(lambda: requests.get(f"{server.uri}/health/ready", timeout=30).status_code == 200, "the server", 60)

    found = []
    for path in paths:
        loaded = requests.get(server.uri + path, headers=server.headers(), timeout=60).json()
        metadata = loaded["metadata"]
        marks = history(metadata)
        assert len(marks) == len(metadata["snapshots"]) == metadata["last-sequence-number"]
        found += marks
        for entry in metadata["metadata-log"]:
            assert os.path.exists(entry["metadata-file"].removeprefix("file://"))
    said = {answer: {m for m, a in outcomes.items() if a == answer} for answer in ("yes", "no", "unknown")}
    print(
        f"note: {store}: {len(said['yes'])} commits acknowledged by {killed} times killed responders, "
        f"{len(said['yes'] & set(found))} of them found; {len(said['no'])} refused, {len(said['unknown'])} unanswered, "
        f"of these {len(said['unknown'] & set(found))} found"
    )
    assert len(found) == len(set(found)), "a commit is there twice"
    assert not said["yes"] - set(found), "an acknowledged commit is lost"
    assert not said["no"] & set(found), "a refused commit is there"
    assert not set(found) - set(outcomes), "a commit nobody made"
    few = store == "mongodb"  # a small server, stopped and started for a good part of the time
    assert killed >= size(4, 40) and len(said["yes"]) > (20 if few else size(20, 500))
