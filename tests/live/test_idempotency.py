# SPDX-License-Identifier: Apache-2.0
"""Idempotency-Key through the web server, where any of several processes may meet the second request."""

import concurrent.futures
import secrets
import time
import uuid

import pytest

from test_rest import SCHEMA, Rest

pytestmark = pytest.mark.ours


def fresh_key():
    """A UUIDv7 of now."""
    bits = int(time.time() * 1000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=bits))


@pytest.fixture(scope="module")
def rest(site):
    return Rest(site)


@pytest.fixture
def table(rest):
    space = f"i{uuid.uuid4().hex[:10]}"
    rest.ask("POST", "/namespaces", {"namespace": [space]})
    rest.ask("POST", f"/namespaces/{space}/tables", {"name": "t", "schema": SCHEMA})
    return f"/namespaces/{space}/tables/t"


def put(name, value):
    return {"requirements": [], "updates": [{"action": "set-properties", "updates": {name: value}}]}


def versions(rest, table):
    return len(rest.ask("GET", table).json()["metadata"]["metadata-log"])


def test_many_at_once(rest, table, size):
    """Whoever comes first: the others answer what he made."""
    for i in range(size(5, 50)):
        key = {"Idempotency-Key": fresh_key()}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(rest.ask, "POST", table, put("k", str(i)), 200, **key) for _ in range(8)]
            answers = [a.result() for a in asked]
        assert {a.json()["metadata"]["properties"]["k"] for a in answers} == {str(i)}
        assert sum("Idempotent-Replayed" not in a.headers for a in answers) == 1
        assert versions(rest, table) == i + 1


def test_create_at_once(rest, table):
    tables, key = table.rpartition("/")[0], {"Idempotency-Key": fresh_key()}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(rest.ask, "POST", tables, {"name": "u", "schema": SCHEMA}, 200, **key) for _ in range(8)]
        made = {a.result().json()["metadata"]["table-uuid"] for a in asked}
    assert len(made) == 1
    rest.error("POST", tables, {"name": "u", "schema": SCHEMA}, 409, "AlreadyExistsException")


def test_of_one_principal(rest, table):
    """Another one's key is not this one's, and tells him nothing."""
    token = rest.server.command("token", "issue", "--tenant", rest.server.tenant, "--user", "other").strip()
    key, other = fresh_key(), {"Authorization": f"Bearer {token}"}
    rest.ask("POST", table, put("a", "1"), **{"Idempotency-Key": key})
    error = rest.error("POST", table, put("a", "1"), 422, "UnprocessableEntityException", **{"Idempotency-Key": key, **other})
    assert key in error["message"] and "metadata" not in error["message"]
    assert rest.ask("POST", table, put("a", "1"), **{"Idempotency-Key": key}).headers["Idempotent-Replayed"] == "true"


def test_who_may_no_more(rest, table):
    """A replay is for the caller as he is now."""
    token = rest.server.command("token", "issue", "--tenant", rest.server.tenant, "--user", "guest").strip()
    heads = {"Idempotency-Key": fresh_key(), "Authorization": f"Bearer {token}"}
    rest.ask("POST", table, put("a", "1"), **heads)
    rest.ask("POST", table, put("a", "1"), **heads)
    answer = rest.session.post(f"{rest.server.uri}/api/v1/users/logout", headers={"Authorization": f"Bearer {token}"}, timeout=60)
    assert answer.status_code < 300, answer.text
    rest.ask("POST", table, put("a", "1"), 401, **heads)


def test_told_by_config(rest):
    config = rest.ask("GET", f"{rest.server.uri}/v1/config?warehouse={rest.site.catalog}").json()
    assert config["idempotency-key-lifetime"] == "PT30M"
    assert config["overrides"]["namespace-separator"] == "%1F"
