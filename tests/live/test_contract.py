# SPDX-License-Identifier: Apache-2.0
"""Iceberg's OpenAPI document against the running server: every operation is served, every answer is as documented."""

import uuid

import pytest
import requests

import contract_catalog
import contract_others
from contract_ground import DOCUMENT, DRIVERS, Ground

pytestmark = pytest.mark.ours
OPERATIONS = sorted(DOCUMENT.operations)
IN_CATALOG = [name for name in OPERATIONS if "{prefix}" in DOCUMENT.operations[name].path]
MODULES = (contract_catalog, contract_others)  # importing them fills DRIVERS


@pytest.fixture(scope="module")
def ground(site):
    return Ground(site)


def test_the_document_has_35_operations():
    assert len(OPERATIONS) == 35 and sorted(DRIVERS) == OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(ground, name):
    """Good requests succeed, bad ones are refused, and each answer is one that the document has."""
    DRIVERS[name](ground)
    if name != "signRequest" or ground.site.place.endswith("s3"):  # nobody signs requests to files
        assert any(status < 300 for status in ground.seen[name]), f"{name} never succeeded: {ground.seen[name]}"


def test_config_lists_what_is_served(ground):
    listed = ground.ok("getConfig", query={"warehouse": ground.catalog})["endpoints"]
    assert sorted(listed) == sorted(DOCUMENT.operations[name].endpoint for name in IN_CATALOG)


def filled(ground, operation, **more):
    """A path for the operation whose members all exist where they can."""
    space = ground.space()
    where = {"namespace": space, "table": "t", "view": "v", "function": "f", "plan_id": str(uuid.uuid4())}
    if "{table}" in operation.path:
        ground.table(space)
    if "{view}" in operation.path:
        ground.view(space)
    return {k: v for k, v in {**where, **more}.items() if "{%s}" % k.replace("_", "-") in operation.path}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "getToken"])
def test_who_is_not_known(ground, name):
    """No credential, a wrong one: 401, before anything else is looked at."""
    operation = DOCUMENT.operations[name]
    for token in ("", "no.such.token"):
        answer = ground(name, 401, token=token, good=False, **filled(ground, operation))
        assert "WWW-Authenticate" in answer.headers
    ground(name, 401, token="", good=False, **filled(ground, operation, namespace=["none"]))


@pytest.fixture(scope="module")
def stranger(ground):
    """The token of a user without any right."""
    name = f"u{uuid.uuid4().hex[:10]}"
    body = {"username": name, "email": f"{name}@example.com", "password": "Tamandua-1", "role": "tenant-user", "tenant_id": ground.server.tenant}
    ground.server.api("POST", "users", json=body)
    login = {"username": name, "password": "Tamandua-1", "tenant-id": ground.server.tenant}
    return requests.post(f"{ground.server.uri}/api/v1/users/login", json=login, timeout=60).json()["token"]


@pytest.mark.parametrize("name", IN_CATALOG)
def test_who_may_not(ground, stranger, name):
    """Who has no right on the catalog learns nothing: to him its prefix is not there."""
    operation = DOCUMENT.operations[name]
    answer = ask(ground, operation, filled(ground, operation), b"{}" if operation.body else None, stranger)
    assert answer.status_code == 404
    nothing_there(operation, answer)


def nothing_there(operation, answer):
    """404 as every operation that has it describes it; createNamespace and signRequest do not, but a prefix that
    no catalog has is not theirs to describe."""
    described = DOCUMENT.operations["loadTable"] if operation.method != "HEAD" else operation
    assert DOCUMENT.judge(described, answer) == []


def ask(ground, operation, where, body, token=None):
    url = ground.url(operation, {"prefix": ground.catalog, **where})
    headers = {**ground.server.headers(token), "Content-Type": "application/json"}
    return ground.session.request(operation.method, url, data=body, headers=headers, timeout=60)


def not_json():
    for name in IN_CATALOG:
        operation = DOCUMENT.operations[name]
        if operation.body:
            bad = [b"{", b"[]", b"null", b'"x"', b"\xff", b'{"a": 1} x']
            yield from ((name, body) for body in bad + [b""] * operation.needs_body)


@pytest.mark.parametrize("name, body", not_json())
def test_what_is_not_json(ground, name, body):
    ground.fails(name, 400, "BadRequestException", body=body, good=False, **filled(ground, DOCUMENT.operations[name]))


# --- the prefix -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IN_CATALOG)
def test_a_prefix_that_is_not_there(ground, name):
    operation = DOCUMENT.operations[name]
    answer = ask(ground, operation, {**filled(ground, operation), "prefix": "no-such"}, b"{}" if operation.body else None)
    assert answer.status_code == 404
    nothing_there(operation, answer)


def test_the_prefix_is_the_configurations(ground):
    """A client takes the prefix that /v1/config gives it for the warehouse it named."""
    config = ground.ok("getConfig", query={"warehouse": ground.catalog})
    assert config["overrides"]["prefix"] == ground.catalog


def test_a_base_address_with_the_catalog_needs_no_prefix(ground):
    """basePath, "optional prefix to be appended to all routes": no second one is given."""
    base, headers = f"{ground.server.uri}/v1/{ground.catalog}", ground.server.headers()
    config = requests.get(f"{base}/v1/config", headers=headers, timeout=60).json()
    assert "prefix" not in {**config["defaults"], **config["overrides"]}
    space = ground.space()
    assert space in requests.get(f"{base}/v1/namespaces", headers=headers, timeout=60).json()["namespaces"]


def test_without_any_prefix(ground):
    """Where no catalog is named, the answer says how to name one."""
    for path in ("namespaces", "namespaces/a", "namespaces/a/tables"):
        answer = requests.get(f"{ground.server.uri}/v1/{path}", headers=ground.server.headers(), timeout=60)
        error = answer.json()["error"]
        assert answer.status_code == 404 and error["code"] == 404 and "warehouse" in error["message"], error
