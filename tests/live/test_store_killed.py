# SPDX-License-Identifier: Apache-2.0
"""The object store is killed in the middle of commits and comes back: what was acknowledged is there, no row points at a missing file, and doctor leaves no file without a row."""

import re
import threading
import time
import types
import uuid

import pytest
import requests

import storage as stores
from recorder import Recorder
from server import Started, answers, wait_until

pytestmark = pytest.mark.ours
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": True}]}


class Writer(threading.Thread):
    """Sets a property after the other on a table of its own, and keeps what it was told."""

    def __init__(self, server, path):
        super().__init__(daemon=True)
        self.server, self.path, self.going = server, path, True
        self.acknowledged, self.refused, self.unknown, self.strange = [], [], [], []

    def run(self):
        for n in range(100000):
            if not self.going:
                return
            self.commit(f"k{n}")

    def commit(self, key):
        body = {"requirements": [], "updates": [{"action": "set-properties", "updates": {key: "1"}}]}
        r = requests.post(self.server.uri + self.path, json=body, headers=self.server.headers(), timeout=60)
        error = {} if r.ok else r.json().get("error", {})
        if r.status_code == 200:
            self.acknowledged.append(key)
        elif r.status_code == 503 or (r.status_code == 409 and "was not written" in r.text):
            # 409: a put was tried, so no client may send the commit again by itself; it did not happen
            self.refused.append(key)
            time.sleep(0.05)
        elif r.status_code == 500 and error.get("type") == "CommitStateUnknownException":
            self.unknown.append(key)
        else:
            self.strange.append((r.status_code, r.text[:300]))


@pytest.fixture
def store(request):
    if request.config.getoption("--reference") or request.config.getoption("--s3") != "seaweedfs":
        pytest.skip("SeaweedFS of its own")
    made = stores.SeaweedFS()
    yield made
    made.stop()


@pytest.fixture
def server():
    made = Started("sqlite")
    yield made
    made.stop()


def call(server, method, path, body=None):
    r = requests.request(method, server.uri + path, json=body, headers=server.headers(), timeout=60)
    assert r.ok, f"{method} {path}: {r.status_code} {r.text[:300]}"
    return r.json() if r.content else None


def restart(store):
    """kill -9, a moment without, and up again on what it had written."""
    store.process.kill()
    store.process.wait(30)
    time.sleep(0.7)
    store.process = store.start()
    wait_until(lambda: answers(store.endpoint), "SeaweedFS again")


def test_killed_in_the_middle_of_commits(server, store, size):
    config = store.config()
    catalog = server.make_catalog(config)
    base = f"/v1/{catalog}/namespaces"
    call(server, "POST", base, {"namespace": ["n"]})
    writers = []
    for i in range(3):
        call(server, "POST", f"{base}/n/tables", {"name": f"t{i}", "schema": SCHEMA})
        writers.append(Writer(server, f"{base}/n/tables/t{i}"))
    for w in writers:
        w.start()
    for _ in range(size(2, 10)):
        time.sleep(1)
        restart(store)
    wait_until(lambda: writable(store), "a store that takes objects")
    counts = [len(w.acknowledged) for w in writers]
    wait_until(lambda: all(len(w.acknowledged) > n for w, n in zip(writers, counts, strict=True)), "commits afterwards")
    for w in writers:
        w.going = False
    for w in writers:
        w.join(60)
        check(server, store, w)
    nothing_is_left(server, store, config, catalog, [w.path for w in writers])


def writable(store):
    """It answers before it knows where to put anything."""
    try:
        put(store, f"s3://{store.bucket}/{uuid.uuid4().hex}")
        return True
    except OSError:
        return False


def check(server, store, w):
    assert not w.strange, w.strange[:3]
    assert w.acknowledged
    loaded = call(server, "GET", w.path)
    there = set(loaded["metadata"]["properties"])
    assert there >= set(w.acknowledged), "an acknowledged commit is lost"
    assert not there & set(w.refused), "a refused commit is there"
    assert store.exists(loaded["metadata-location"])
    for old in history(loaded):
        assert store.exists(old)


def nothing_is_left(server, store, config, catalog, paths):
    """What commits wrote and did not keep goes with doctor, and nothing else does; files that are young it leaves alone."""
    tables = [call(server, "GET", path) for path in paths]
    named = {location for t in tables for location in [t["metadata-location"], *history(t)]} | committed(server, catalog)
    folders = [t["metadata"]["location"] for t in tables]
    strays = [f"{folder}/metadata/00099-{uuid.uuid4()}.metadata.json" for folder in folders]
    for stray in strays:  # a run of few kills may have left none
        put(store, stray)
    before = listed(store, folders)
    assert before >= named | set(strays)
    assert "0 put right" in server.command("doctor", "--fix", "--yes")
    assert listed(store, folders) == before
    aged = Recorder(types.SimpleNamespace(uri=store.endpoint), a_year_ago)
    server.api("PUT", f"warehouses/{catalog}", json={"storage_config": {**config, "s3.endpoint": aged.uri}})
    said = server.command("doctor", "--fix", "--yes", "--grace", "1")
    aged.stop()
    assert f"{len(before - named)} found, {len(before - named)} put right" in said
    assert listed(store, folders) == named


def committed(server, catalog):
    """What commits name, further back than the tables' own logs: reverts, and tags at a commit, need it."""
    found, n = set(), 0
    while page := server.api("GET", f"branches/main/commits?catalog={catalog}&limit=1000&offset={n}").json():
        found |= {o["after"] for c in page for o in c["operations"] if o["after"]}
        n += len(page)
    return found


def history(loaded):
    return [old["metadata-file"] for old in loaded["metadata"]["metadata-log"]]


def listed(store, folders):
    return {location for folder in folders for location in store.list(folder)}


def put(store, location):
    with store.files.open_output_stream(location.removeprefix("s3://")) as f:
        f.write(b"{}")


def a_year_ago(data):
    """A list of objects as it is a year later: doctor waits for an hour at the least."""
    return re.sub(rb"(?<=<LastModified>)\d{4}", lambda year: b"%d" % (int(year[0]) - 1), data)
