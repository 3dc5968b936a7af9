# SPDX-License-Identifier: Apache-2.0
"""What conftest's `watch` asks at the end of each run can fail: a secret planted in any kind of place is found there."""

import base64
import json
import urllib.parse

import pytest

import secrets_watch
from server import Started
from test_admin import SECRET

pytestmark = pytest.mark.ours
SMALL_PLACES = ["sqlite-file"]

URL = "http://catalog.test/api/v1/warehouses/w"
TOKEN = "header.claims." + "signature" * 5
ODD = 'an odd "secret" of +/% and {}, \\ as well'


@pytest.fixture
def planted():
    """A watch of the test's own, beside the run's."""
    made = secrets_watch.Watch()
    yield made
    made.end()


def hear(watch, method, body, answer, status=200, url=URL, **headers):
    watch.heard(method, url, headers, json.dumps(body).encode(), status, {}, json.dumps(answer).encode())


def test_what_was_sent_must_not_come_back(planted):
    kept = {"storage_config": {"s3.secret-access-key": SECRET, "s3.region": "eu"}}
    hear(planted, "POST", kept, {}, 201)
    assert not planted.leaks()
    hear(planted, "GET", {}, kept)
    [leak] = planted.leaks()
    assert leak.startswith("GET /api/v1/warehouses/w: 200 holds") and SECRET not in leak


def test_a_token_is_shown_once(planted):
    for n in (0, 1):
        hear(planted, "POST", {}, {"token": TOKEN}, url="http://catalog.test/api/v1/tokens")
        assert not planted.leaks()
    hear(planted, "GET", {}, [{"id": "1", "token": TOKEN}], url="http://catalog.test/api/v1/users/me/tokens")
    assert len(planted.leaks()) == 1


def test_credentials_are_shown_where_they_are_vended(planted):
    vended = {"config": {"s3.session-token": TOKEN}}
    hear(planted, "GET", {}, vended, url="http://catalog.test/v1/c/namespaces/n/tables/t")
    assert not planted.leaks()
    hear(planted, "GET", {}, vended, url="http://catalog.test/api/v1/audit")
    assert len(planted.leaks()) == 1


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {TOKEN}"}, {"X-API-Key": TOKEN}, {"Authorization": f"Basic {base64.b64encode(b'me:' + TOKEN.encode()).decode()}"}])
def test_what_a_header_carries_is_secret(planted, headers):
    hear(planted, "GET", {}, {"error": {"message": f"who is {TOKEN}?"}}, 401, **headers)
    assert planted.leaks()


WRITTEN = {
    "plain": ODD,
    "URL": urllib.parse.quote(ODD),
    "form": urllib.parse.quote_plus(ODD),
    "JSON": json.dumps(ODD),
    "base64": base64.b64encode(ODD.encode()).decode(),
    "base64 after 1": base64.b64encode(b"u:" + ODD.encode()).decode(),
    "base64 after 2": base64.urlsafe_b64encode(b"u" + ODD.encode()).decode(),
    "hex": ODD.encode().hex(),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_secret_is_found_however_it_is_written(planted, way):
    planted.knows(ODD, "sent")
    planted.record("a log", f"x{WRITTEN[way]}x".encode())
    assert planted.leaks() == [f"a log holds {ODD[:4]}..., sent"]


def test_what_a_server_leaves_is_searched(servers, place, planted):
    """Files, the database, its export: of a server that has ended."""
    server = Started("sqlite")
    server.watch.ports.discard(planted.started(server))
    server.watch = planted
    (server.run / "logs/strange.log").write_text(f"Authorization: Bearer {server.token}\n")
    (server.run / "runtime/left").write_text((server.run / "keys/root.password").read_text())
    server.api("POST", "catalogs", json={"name": "c", "warehouse_name": "quickstart", "properties": {"note": server.root_token}})
    server.stop()
    leaks = planted.leaks()
    for place in ("run/logs/strange.log", "run/runtime/left", "run/pangolin.db", "export"):
        assert any(place in leak.partition(" holds ")[0] for leak in leaks), (place, leaks)


def test_what_a_server_leaves_holds_nothing(servers, place, planted):
    server = Started("sqlite")
    server.watch = planted
    planted.started(server)
    server.stop()
    assert planted.known and not planted.leaks()
