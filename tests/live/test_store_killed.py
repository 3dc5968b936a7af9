# SPDX-License-Identifier: Apache-2.0
"""The object store is killed in the middle of commits and comes back: what was acknowledged is there, and no row points at a missing file."""

import threading
import time
import uuid

import pytest
import requests

import storage as stores
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
    catalog = server.make_catalog(store.config())
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


def writable(store):
    """It answers before it knows where to put anything."""
    try:
        with store.files.open_output_stream(f"{store.bucket}/{uuid.uuid4().hex}") as f:
            f.write(b"x")
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
    for old in loaded["metadata"]["metadata-log"]:
        assert store.exists(old["metadata-file"])
