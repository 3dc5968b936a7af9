# SPDX-License-Identifier: Apache-2.0
"""A storage that does not answer holds a third of a family's processes at most; the others serve everybody else."""

import concurrent.futures
import http.server
import threading
import time

import pytest
import requests

import storage as stores
from server import Started

pytestmark = pytest.mark.ours
PROCESSES, CLIENTS = 6, 10
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": True}]}


class Silent(http.server.ThreadingHTTPServer):
    """Takes every object, and lets who writes one wait while `hangs` is set."""

    daemon_threads = True

    def __init__(self):
        self.go, self.waiting, self.lock = threading.Event(), 0, threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def hang(self):
        self.waiting = 0
        self.go.clear()

    def stop(self):
        self.go.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.waiting += 1
        self.server.go.wait(60)
        self.answer(200)

    def do_DELETE(self):
        self.answer(204)

    def answer(self, code):
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    server = Started("sqlite", PANGOLIN_PROCESSES=str(PROCESSES))
    yield server
    server.stop()


@pytest.fixture
def silent():
    endpoint = Silent()
    yield endpoint
    endpoint.stop()


def post(server, path, body):
    start = time.monotonic()
    answer = requests.post(server.uri + path, json=body, headers=server.headers(), timeout=60)
    answer.took = time.monotonic() - start
    return answer


def against(server, silent, healthy, ask):
    """Many ask what hangs at once, and one goes on with a storage that answers; the answers of either."""
    silent.hang()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(ask, i) for i in range(CLIENTS)]
        try:
            time.sleep(0.3)
            others = [healthy() for _ in range(5)]
            time.sleep(0.5)
            held = silent.waiting
            refused = [r.result(0) for r in running if r.done()]
        finally:
            silent.go.set()
        return held, refused, others, [r.result() for r in running]


def check(held, refused, others, all_):
    assert 0 < held <= PROCESSES // 3
    assert [a.status_code for a in others] == [200] * 5 and max(a.took for a in others) < 2.5, [a.took for a in others]
    assert len(refused) == CLIENTS - held, "who may not wait is told so at once"
    for answer in refused:  # not 409 nor 500: nothing was written
        assert answer.status_code == 503 and "others wait" in answer.text, answer.text
    assert sorted(a.status_code for a in all_) == [200] * held + [503] * (CLIENTS - held)


def test_a_storage_that_hangs(request, servers, server, silent):
    keys = {"s3.access-key-id": "a", "s3.secret-access-key": "b", "s3.region": "us-east-1"}
    hangs = server.make_catalog({"location": "s3://b/w", "s3.endpoint": f"http://127.0.0.1:{silent.server_port}", **keys})
    store = stores.Vended(servers.get("s3", stores.S3[request.config.getoption("--s3")]))
    well = server.make_catalog(store.config())
    for catalog in (hangs, well):
        assert post(server, f"/v1/{catalog}/namespaces", {"namespace": ["n"]}).ok
    made = iter(range(1000))

    def create(catalog, i):
        return post(server, f"/v1/{catalog}/namespaces/n/tables", {"name": f"t{i}", "schema": SCHEMA})

    # from its very first requests on
    first = against(server, silent, lambda: create(well, next(made)), lambda i: create(hangs, i))
    check(*first)
    # and when it answered until a moment ago; commits say so too where they wrote nothing
    for i in range(CLIENTS):
        create(hangs, i)
    time.sleep(1.2)
    update = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "b"}}]}
    check(*against(server, silent, lambda: create(well, next(made)), lambda i: post(server, f"/v1/{hangs}/namespaces/n/tables/t{i}", update)))
