# SPDX-License-Identifier: Apache-2.0
"""The management API: tenants, warehouses, catalogs, users, service users; who may do what; nothing crosses tenants."""

import threading
import uuid

import pytest
import requests

pytestmark = pytest.mark.ours

NIL = "00000000-0000-0000-0000-000000000000"
PASSWORD = "correct horse battery"
SECRET = "wJalrXUtnFEMI-do-not-show"
S3 = {
    "s3.bucket": "lake",
    "prefix": "warehouse",
    "s3.region": "us-east-1",
    "s3.access-key-id": "AKIA-do-not-show",
    "s3.secret-access-key": SECRET,
}


def fresh(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class Api:
    """The API as one principal sees it; calls give the response."""

    def __init__(self, uri, headers):
        self.uri, self.headers = uri, headers

    def __call__(self, method, path, body=None, **more):
        headers = {**self.headers, **more.pop("headers", {})}
        return requests.request(method, f"{self.uri}/api/v1/{path}", json=body, headers=headers, timeout=30, **more)

    def ok(self, method, path, body=None, status=None):
        answer = self(method, path, body)
        assert answer.status_code == (status or {"POST": 201, "DELETE": 204}.get(method, 200)), answer.text
        return answer.json() if answer.content else None

    def fails(self, status, method, path, body=None, **more):
        answer = self(method, path, body, **more)
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert error["code"] == status and error["message"] and error["type"]
        return error["message"]


@pytest.fixture(scope="module")
def uri(place, servers):
    return servers.server(place.split("-")[0]).uri


@pytest.fixture(scope="module")
def root(place, servers):
    server = servers.server(place.split("-")[0])
    if not server.root_token:
        pytest.skip("authentication is off")
    return Api(server.uri, {"Authorization": f"Bearer {server.root_token}"})


def in_tenant(root, tenant):
    return Api(root.uri, {**root.headers, "X-Pangolin-Tenant": tenant})


def make_tenant(root):
    return root.ok("POST", "tenants", {"name": fresh("tenant")})["id"]


def log_in(root, tenant, role):
    """A new user of the tenant, logged in."""
    name = fresh(role)
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, "role": role, "tenant_id": tenant}
    user = root.ok("POST", "users", body)
    answer = requests.post(
        f"{root.uri}/api/v1/users/login",
        json={"username": name, "password": PASSWORD, "tenant-id": tenant},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    api = Api(root.uri, {"Authorization": f"Bearer {answer.json()['token']}"})
    api.id, api.username, api.tenant = user["id"], name, tenant
    return api


@pytest.fixture(scope="module")
def tenant(root):
    return make_tenant(root)


@pytest.fixture(scope="module")
def admin(root, tenant):
    return log_in(root, tenant, "tenant-admin")


@pytest.fixture(scope="module")
def user(root, tenant):
    return log_in(root, tenant, "tenant-user")


@pytest.fixture(scope="module")
def stranger(root):
    """An administrator of another tenant."""
    return log_in(root, make_tenant(root), "tenant-admin")


@pytest.fixture
def warehouse(admin):
    name = fresh("warehouse")
    admin.ok("POST", "warehouses", {"name": name, "storage_config": S3})
    return name


# --- health -------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_health(uri, path):
    answer = requests.get(uri + path, timeout=10)
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ready" and body["store"] == "ok"
    assert isinstance(body["store_latency_ms"], int)
    assert isinstance(body["ephemeral"], bool) and isinstance(body["no_auth"], bool)


def test_live(uri):
    assert requests.get(uri + "/health/live", timeout=10).json() == {"status": "alive"}


def test_app_config(root):
    assert Api(root.uri, {}).ok("GET", "app-config") == {"auth_enabled": True, "allow_public_signup": False}


# --- tenants ------------------------------------------------------------------


def test_tenant(root):
    name = fresh("tenant")
    made = root.ok(
        "POST",
        "tenants",
        {"name": name, "properties": {"a": "1"}, "description": "d", "admin_username": "x", "admin_password": "y"},
    )
    assert made["name"] == name and made["properties"] == {"a": "1", "description": "d"}
    assert root.ok("GET", f"tenants/{made['id']}") == made
    assert made in root.ok("GET", "tenants")
    changed = root.ok("PUT", f"tenants/{made['id']}", {"name": "other", "properties": {"b": "2"}})
    assert changed["name"] == "other" and changed["properties"] == {"b": "2"}
    assert root.ok("PUT", f"tenants/{made['id']}", {})["properties"] == {"b": "2"}
    root.ok("DELETE", f"tenants/{made['id']}")
    root.fails(404, "GET", f"tenants/{made['id']}")
    root.fails(404, "DELETE", f"tenants/{made['id']}")
    root.fails(404, "PUT", f"tenants/{made['id']}", {"name": "x"})


def test_tenant_names_need_not_be_unique(root):
    name = fresh("tenant")
    assert root.ok("POST", "tenants", {"name": name})["id"] != root.ok("POST", "tenants", {"name": name})["id"]


def test_tenants_are_roots(admin, user, tenant):
    for who in (admin, user):
        who.fails(403, "GET", "tenants")
        who.fails(403, "POST", "tenants", {"name": "x"})
        who.fails(403, "PUT", f"tenants/{tenant}", {"name": "x"})
        who.fails(403, "DELETE", f"tenants/{tenant}")
        assert who.ok("GET", f"tenants/{tenant}")["id"] == tenant
        who.fails(404, "GET", f"tenants/{NIL}")


def test_the_default_tenant_stays(root):
    root.fails(409, "DELETE", f"tenants/{NIL}")


def test_a_dropped_tenants_tokens_end(root):
    admin = log_in(root, make_tenant(root), "tenant-admin")
    admin.ok("POST", "warehouses", {"name": "w", "storage_config": S3})
    root.ok("DELETE", f"tenants/{admin.tenant}")
    admin.fails(401, "GET", "warehouses")
    assert in_tenant(root, admin.tenant)("GET", "warehouses").status_code in (200, 404)
    assert in_tenant(root, admin.tenant)("POST", "warehouses", {"name": "v"}).status_code == 404


# --- warehouses ---------------------------------------------------------------


def test_warehouse(admin):
    name = fresh("warehouse")
    made = admin.ok("POST", "warehouses", {"name": name, "storage_config": S3, "use_sts": False})
    assert made["name"] == name and made["tenant_id"] == admin.tenant and made["use_sts"] is False
    assert made["storage_type"] == "s3" and made["vending_strategy"] is None
    assert made["storage_config"]["s3.bucket"] == "lake"
    assert admin.ok("GET", f"warehouses/{name}") == made
    assert made in admin.ok("GET", "warehouses")
    admin.fails(409, "POST", "warehouses", {"name": name, "storage_config": S3})
    assert admin.ok("PUT", f"warehouses/{name}", {"use_sts": True})["use_sts"] is True
    admin.ok("DELETE", f"warehouses/{name}")
    admin.fails(404, "GET", f"warehouses/{name}")
    admin.fails(404, "DELETE", f"warehouses/{name}")


def test_secrets_are_never_shown_and_stay(admin, warehouse):
    for answer in (
        admin("GET", "warehouses"),
        admin("GET", f"warehouses/{warehouse}"),
        admin("PUT", f"warehouses/{warehouse}", {"use_sts": True}),
    ):
        assert "do-not-show" not in answer.text
    shown = admin.ok("GET", f"warehouses/{warehouse}")["storage_config"]
    assert shown["s3.secret-access-key"] == "***"
    changed = admin.ok("PUT", f"warehouses/{warehouse}", {"storage_config": {**shown, "s3.bucket": "other"}})
    assert changed["storage_config"] == {**shown, "s3.bucket": "other"}
    for other in ({"s3.endpoint": "http://elsewhere"}, {"sts_endpoint": "http://elsewhere"}):
        said = admin.fails(400, "PUT", f"warehouses/{warehouse}", {"storage_config": {**shown, **other}})
        assert "masked" in said and "do-not-show" not in said
    bare = {"s3.bucket": "lake", "session_token": "***"}
    assert "session_token" in admin.fails(400, "PUT", f"warehouses/{warehouse}", {"storage_config": bare})


@pytest.mark.parametrize(
    "config, kind",
    [
        ({"bucket": "b", "region": "r", "access_key_id": "a", "secret_access_key": "s", "endpoint": "http://h"}, "s3"),
        ({"type": "s3", "bucket": "b", "s3.path-style-access": "true", "role_arn": "arn:aws:iam::1:role/r"}, "s3"),
        ({"location": "s3://b/p"}, "s3"),
        ({"azure.container": "c", "adls.account-name": "a", "adls.account-key": "k"}, "azure"),
        ({"type": "azure", "container": "c", "account_name": "a", "account_key": "k"}, "azure"),
        ({"gcs.bucket": "b", "gcs.project-id": "p"}, "gcs"),
        ({}, None),
    ],
)
def test_spellings_of_storage(admin, config, kind):
    made = admin.ok("POST", "warehouses", {"name": fresh("warehouse"), "storage_config": config})
    assert made["storage_type"] == kind
    assert set(made["storage_config"]) == set(config)


@pytest.mark.parametrize(
    "strategy, shown",
    [
        (None, None),
        ("None", None),
        ("AwsStatic", "AwsStatic"),
        ({"AwsStatic": {}}, {"AwsStatic": {}}),
        ({"Other": {"a": "b"}}, {"Other": {"a": "b"}}),
        (
            {"AwsStatic": {"access_key_id": "a", "secret_access_key": SECRET}},
            {"AwsStatic": {"access_key_id": "***", "secret_access_key": "***"}},
        ),
        (
            {"AwsSts": {"role_arn": "arn:aws:iam::123456789012:role/r", "external_id": None}},
            {"AwsSts": {"role_arn": "arn:aws:iam::123456789012:role/r", "external_id": None}},
        ),
    ],
)
def test_vending_strategies(admin, strategy, shown):
    name = fresh("warehouse")
    made = admin.ok("POST", "warehouses", {"name": name, "storage_config": S3, "vending_strategy": strategy})
    assert made["vending_strategy"] == shown
    assert admin.ok("PUT", f"warehouses/{name}", {"vending_strategy": shown})["vending_strategy"] == shown
    # what a PUT does not name is not sent elsewhere either
    secret = bool(shown and "***" in str(shown))
    elsewhere = {"storage_config": {**S3, "s3.endpoint": "http://elsewhere"}}
    assert admin("PUT", f"warehouses/{name}", elsewhere).status_code == (400 if secret else 200)
    assert admin.ok("PUT", f"warehouses/{name}", {"vending_strategy": None})["vending_strategy"] is None


def test_a_warehouse_in_use_stays(admin, warehouse):
    catalog = fresh("catalog")
    admin.ok("POST", "catalogs", {"name": catalog, "warehouse_name": warehouse})
    assert catalog in admin.fails(409, "DELETE", f"warehouses/{warehouse}")
    admin.ok("DELETE", f"catalogs/{catalog}")
    admin.ok("DELETE", f"warehouses/{warehouse}")
    admin.fails(400, "POST", "catalogs", {"name": catalog, "warehouse_name": warehouse})


def test_catalogs_follow_a_renamed_warehouse(admin, warehouse):
    catalog, name = fresh("catalog"), fresh("renamed")
    admin.ok("POST", "catalogs", {"name": catalog, "warehouse_name": warehouse})
    assert admin.ok("PUT", f"warehouses/{warehouse}", {"name": name})["name"] == name
    assert admin.ok("GET", f"catalogs/{catalog}")["warehouse_name"] == name
    admin.fails(404, "GET", f"warehouses/{warehouse}")
    taken = fresh("warehouse")
    admin.ok("POST", "warehouses", {"name": taken, "storage_config": S3})
    admin.fails(409, "PUT", f"warehouses/{name}", {"name": taken})


def test_a_warehouse_is_dropped_or_gets_a_catalog(admin):
    """Whoever comes first: never a catalog in a warehouse that is gone."""
    for turn in range(12):
        name, catalog = fresh("warehouse"), fresh("catalog")
        admin.ok("POST", "warehouses", {"name": name, "storage_config": S3})
        results = {}

        def drop():
            results["drop"] = admin("DELETE", f"warehouses/{name}").status_code

        def make():
            results["make"] = admin("POST", "catalogs", {"name": catalog, "warehouse_name": name}).status_code

        threads = [threading.Thread(target=drop), threading.Thread(target=make)]
        for t in threads if turn % 2 else reversed(threads):
            t.start()
        for t in threads:
            t.join()
        assert (results["drop"], results["make"]) in [(204, 400), (409, 201)], results


# --- catalogs -----------------------------------------------------------------


def test_catalog(admin, warehouse):
    name = fresh("catalog")
    made = admin.ok("POST", "catalogs", {"name": name, "warehouse_name": warehouse, "properties": {"a": "1"}})
    assert made["catalog_type"] == "Local" and made["type"] == "Local"
    assert made["warehouse_name"] == warehouse and made["properties"] == {"a": "1"}
    assert made["storage_location"] is None and made["federated_config"] is None
    assert admin.ok("GET", f"catalogs/{name}") == made
    assert made in admin.ok("GET", "catalogs")
    admin.fails(409, "POST", "catalogs", {"name": name})
    assert admin.ok("PUT", f"catalogs/{name}", {"properties": {"b": "2"}})["properties"] == {"b": "2"}
    other = fresh("renamed")
    moved = admin.ok("PUT", f"catalogs/{name}", {"name": other})
    assert moved["id"] == made["id"] and moved["name"] == other
    admin.fails(404, "GET", f"catalogs/{name}")
    admin.ok("DELETE", f"catalogs/{other}")
    admin.fails(404, "DELETE", f"catalogs/{other}")
    again = admin.ok("POST", "catalogs", {"name": other})
    assert again["id"] != made["id"] and again["warehouse_name"] is None


def test_the_location_lies_in_the_warehouse(admin, warehouse):
    body = {"name": fresh("catalog"), "warehouse_name": warehouse}
    admin.fails(400, "POST", "catalogs", {**body, "storage_location": "s3://elsewhere/x"})
    admin.fails(400, "POST", "catalogs", {**body, "storage_location": "s3://lake/warehouse/../x"})
    made = admin.ok("POST", "catalogs", {**body, "storage_location": "s3://lake/warehouse/x"})
    assert made["storage_location"] == "s3://lake/warehouse/x"


@pytest.mark.parametrize("name", ["", ".", "..", "v1", "config", "oauth", "namespaces", "a/b", "a@b", "a\nb", "x" * 256, " a"])
def test_names_that_no_catalog_can_have(admin, name):
    admin.fails(400, "POST", "catalogs", {"name": name})
    if name:
        catalog = fresh("catalog")
        admin.ok("POST", "catalogs", {"name": catalog})
        admin.fails(400, "PUT", f"catalogs/{catalog}", {"name": name})


def test_catalogs_are_of_a_known_type(admin):
    admin.fails(400, "POST", "catalogs", {"name": fresh("c"), "catalog_type": "Federated", "federated_config": {}})
    admin.fails(400, "POST", "catalogs", {"name": fresh("c"), "catalog_type": "Sideways"})


def test_names_can_be_asked_about(admin, warehouse):
    def ask(kind, *names):
        body = {"resource_type": kind, "names": names}
        return {r["name"]: r["available"] for r in admin.ok("POST", "validate/names", body, status=200)["results"]}

    free = fresh("free")
    assert ask("warehouse", free, warehouse, "a/b") == {free: True, warehouse: False, "a/b": False}
    assert ask("catalog", free, warehouse, "config", "") == {free: True, warehouse: True, "config": False, "": False}
    assert ask("table", free) == {free: False}
    assert ask("catalog") == {}
    admin.fails(400, "POST", "validate/names", {"resource_type": "catalog", "names": ["x"] * 101})
    admin.fails(400, "POST", "validate/names", {"resource_type": "catalog", "names": [1]})
    admin.fails(400, "POST", "validate/names", {"resource_type": "catalog", "names": ["a\0b"]})
    admin.fails(400, "POST", "validate/names", {"names": ["x"]})


# --- users --------------------------------------------------------------------


def test_user(root, admin):
    name = fresh("user")
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, "role": "TenantUser"}
    made = admin.ok("POST", "users", body)
    assert made["username"] == name and made["role"] == "tenant-user" and made["tenant-id"] == admin.tenant
    assert made["oauth-provider"] is None and made["last-login"] is None and made["created-at"].endswith("Z")
    assert made in admin.ok("GET", "users")
    assert admin.ok("GET", f"users/{made['id']}") == made == root.ok("GET", f"users/{made['id']}")
    admin.fails(409, "POST", "users", body)
    changed = admin.ok("PUT", f"users/{made['id']}", {"email": "new@example.com", "role": "tenant-admin", "active": False})
    assert changed["email"] == "new@example.com" and changed["role"] == "tenant-admin" and changed["active"] is False
    admin.ok("DELETE", f"users/{made['id']}")
    admin.fails(404, "GET", f"users/{made['id']}")
    admin.fails(404, "DELETE", f"users/{made['id']}")


def test_no_answer_holds_a_password(admin, user):
    for path in ("users", f"users/{user.id}"):
        text = admin("GET", path).text
        assert "scrypt" not in text and "password" not in text


def test_what_a_user_may_do_to_itself(user, admin):
    assert user.ok("GET", f"users/{user.id}")["username"] == user.username
    assert user.ok("PUT", f"users/{user.id}", {"email": "me@example.com"})["email"] == "me@example.com"
    user.ok("PUT", f"users/{user.id}", {"role": "tenant-user", "active": True})
    user.fails(403, "PUT", f"users/{user.id}", {"role": "tenant-admin"})
    user.fails(403, "PUT", f"users/{user.id}", {"active": False})
    user.fails(404, "GET", f"users/{admin.id}")
    user.fails(404, "PUT", f"users/{admin.id}", {"email": "x@example.com"})
    user.fails(403, "DELETE", f"users/{user.id}")
    user.fails(403, "GET", "users")
    admin.fails(400, "DELETE", f"users/{admin.id}")


def test_nobody_is_made_root(root, admin):
    body = {"username": fresh("u"), "email": "u@example.com", "password": PASSWORD, "role": "root", "tenant_id": admin.tenant}
    root.fails(403, "POST", "users", body)
    admin.fails(403, "POST", "users", body)
    admin.fails(403, "PUT", f"users/{admin.id}", {"role": "root"})
    admin.fails(403, "POST", "service-users", {"name": "s", "role": "root"})


def test_inactive_and_deleted_users_have_no_access(root, admin):
    inactive, deleted = log_in(root, admin.tenant, "tenant-admin"), log_in(root, admin.tenant, "tenant-user")
    inactive.ok("GET", "catalogs")
    deleted.ok("GET", "catalogs")
    admin.ok("PUT", f"users/{inactive.id}", {"active": False})
    admin.ok("DELETE", f"users/{deleted.id}")
    inactive.fails(401, "GET", "catalogs")
    deleted.fails(401, "GET", "catalogs")


@pytest.mark.parametrize("lacking", ["username", "email", "password", "role"])
def test_what_a_user_needs(admin, lacking):
    body = {"username": fresh("u"), "email": "u@example.com", "password": PASSWORD, "role": "tenant-user"}
    del body[lacking]
    assert lacking in admin.fails(400, "POST", "users", body)


# --- service users ------------------------------------------------------------


def test_service_user(root, admin):
    made = admin.ok("POST", "service-users", {"name": "etl", "description": "d", "role": "tenant-admin", "expires_in_days": 7})
    assert made["id"] == made["service_user_id"] and made["tenant_id"] == admin.tenant and made["active"] is True
    assert made["role"] == "tenant-admin" and made["expires_at"].endswith("Z") and made["created_by"] == admin.id
    key = Api(root.uri, {"X-API-Key": made["api_key"]})
    key.ok("GET", "warehouses")

    read = admin.ok("GET", f"service-users/{made['id']}")
    assert read["tenant-id"] == admin.tenant and read["expires-at"] == made["expires_at"]
    assert not {"api-key-hash", "api_key", "expires_at"} & set(read)
    assert read in admin.ok("GET", "service-users")

    rotated = admin.ok("POST", f"service-users/{made['id']}/rotate", status=200)
    assert rotated["api_key"] != made["api_key"] and rotated["expires_at"] == made["expires_at"]
    key.fails(401, "GET", "warehouses")
    key = Api(root.uri, {"X-API-Key": rotated["api_key"]})
    key.ok("GET", "warehouses")

    assert admin.ok("PUT", f"service-users/{made['id']}", {"active": False}) == {"status": "updated"}
    key.fails(401, "GET", "warehouses")
    assert admin.ok("PUT", f"service-users/{made['id']}", {"active": True, "name": "new"}) == {"status": "updated"}
    assert key.ok("GET", f"service-users/{made['id']}")["name"] == "new"
    assert admin.ok("DELETE", f"service-users/{made['id']}", status=200) == {"status": "deleted"}
    key.fails(401, "GET", "warehouses")
    admin.fails(404, "POST", f"service-users/{made['id']}/rotate")


def test_service_users_are_administrators(user):
    user.fails(403, "GET", "service-users")
    user.fails(403, "POST", "service-users", {"name": "s"})


# --- nothing crosses tenants ----------------------------------------------------


def test_another_tenant_is_not_there(root, admin, stranger, warehouse, user):
    catalog = fresh("catalog")
    admin.ok("POST", "catalogs", {"name": catalog, "warehouse_name": warehouse})
    service = admin.ok("POST", "service-users", {"name": "s"})["id"]
    paths = [f"warehouses/{warehouse}", f"catalogs/{catalog}", f"users/{user.id}", f"service-users/{service}"]
    for headers in ({}, {"X-Pangolin-Tenant": admin.tenant}):
        for path in paths:
            stranger.fails(404, "GET", path, headers=headers)
            stranger.fails(404, "PUT", path, {"name": "taken", "email": "x@example.com"}, headers=headers)
            stranger.fails(404, "DELETE", path, headers=headers)
        for kind in ("warehouses", "catalogs", "service-users"):
            assert stranger("GET", kind, headers=headers).json() == []
        names = [u["username"] for u in stranger("GET", "users", headers=headers).json()]
        assert names == [stranger.username]
    stranger.fails(404, "POST", f"service-users/{service}/rotate")
    stranger.fails(400, "POST", "catalogs", {"name": fresh("c"), "warehouse_name": warehouse})
    stranger.fails(
        404,
        "POST",
        "users",
        {"username": "u", "email": "u@x.y", "password": PASSWORD, "role": "tenant-user", "tenant_id": admin.tenant},
    )
    for path in paths:
        admin.ok("GET", path)


def test_the_same_names_in_two_tenants(admin, stranger):
    name = fresh("same")
    for who in (admin, stranger):
        who.ok("POST", "warehouses", {"name": name, "storage_config": S3})
        who.ok("POST", "catalogs", {"name": name, "warehouse_name": name})
    stranger.ok("DELETE", f"catalogs/{name}")
    stranger.ok("DELETE", f"warehouses/{name}")
    assert admin.ok("GET", f"catalogs/{name}")["warehouse_name"] == name


def test_root_chooses_a_tenant(root, admin, warehouse):
    there = in_tenant(root, admin.tenant)
    assert there.ok("GET", f"warehouses/{warehouse}")["tenant_id"] == admin.tenant
    root.fails(404, "GET", f"warehouses/{warehouse}")
    name = fresh("warehouse")
    there.ok("POST", "warehouses", {"name": name, "storage_config": S3})
    admin.ok("GET", f"warehouses/{name}")
    root.fails(400, "GET", "warehouses", headers={"X-Pangolin-Tenant": "not-an-id"})
    root.fails(404, "POST", "warehouses", {"name": "w"}, headers={"X-Pangolin-Tenant": str(uuid.uuid4())})


MATRIX = [
    ("GET", "tenants", 403),
    ("POST", "tenants", 403),
    ("PUT", f"tenants/{NIL}", 403),
    ("DELETE", f"tenants/{NIL}", 403),
    ("GET", f"tenants/{NIL}", 404),
    ("GET", "warehouses", 403),
    ("POST", "warehouses", 403),
    ("GET", "warehouses/x", 403),
    ("PUT", "warehouses/x", 403),
    ("DELETE", "warehouses/x", 403),
    ("POST", "catalogs", 403),
    ("GET", "catalogs/x", 404),
    ("PUT", "catalogs/x", 404),
    ("DELETE", "catalogs/x", 404),
    ("GET", "users", 403),
    ("POST", "users", 403),
    ("GET", f"users/{NIL}", 404),
    ("PUT", f"users/{NIL}", 404),
    ("DELETE", f"users/{NIL}", 403),
    ("GET", "service-users", 403),
    ("POST", "service-users", 403),
    ("GET", "service-users/x", 403),
    ("PUT", "service-users/x", 403),
    ("DELETE", "service-users/x", 403),
    ("POST", "service-users/x/rotate", 403),
    ("POST", "validate/names", 403),
]


@pytest.mark.parametrize("method, path, status", MATRIX)
def test_who_may_what(root, user, method, path, status):
    body = {} if method in ("POST", "PUT") else None
    Api(root.uri, {}).fails(401, method, path, body)
    Api(root.uri, {"Authorization": "Bearer a.b.c"}).fails(401, method, path, body)
    Api(root.uri, {"X-API-Key": "pgl_nothing"}).fails(401, method, path, body)
    user.fails(status, method, path, body)


def test_a_user_sees_no_catalogs_without_a_grant(admin, user):
    name = fresh("catalog")
    admin.ok("POST", "catalogs", {"name": name})
    assert user.ok("GET", "catalogs") == []
    user.fails(404, "GET", f"catalogs/{name}")


# --- bodies and lists -----------------------------------------------------------


@pytest.mark.parametrize(
    "path, body",
    [
        ("warehouses", {}),
        ("warehouses", {"name": 1}),
        ("warehouses", {"name": None}),
        ("warehouses", {"name": ""}),
        ("warehouses", {"name": "a/b"}),
        ("warehouses", {"name": "w", "storage_config": []}),
        ("warehouses", {"name": "w", "storage_config": {"s3.bucket": {"a": "b"}}}),
        ("warehouses", {"name": "w", "storage_config": {"s3.bucket": "***"}}),
        ("warehouses", {"name": "w", "storage_config": {"location": "nonsense"}}),
        ("warehouses", {"name": "w", "storage_config": {"location": "file:///etc"}}),
        ("warehouses", {"name": "w", "storage_config": {"location": "s3://b/../x"}}),
        ("warehouses", {"name": "w", "use_sts": "yes"}),
        ("warehouses", {"name": "w", "vending_strategy": 1}),
        ("warehouses", {"name": "w", "vending_strategy": ["AwsStatic"]}),
        ("catalogs", {}),
        ("catalogs", {"name": []}),
        ("catalogs", {"name": "c", "warehouse_name": 1}),
        ("catalogs", {"name": "c", "warehouse_name": "no-such"}),
        ("catalogs", {"name": "c", "properties": {"a": 1}}),
        ("catalogs", {"name": "c", "properties": []}),
        ("catalogs", {"name": "c", "storage_location": "nonsense"}),
        ("catalogs", {"name": "c", "catalog_type": 1}),
        ("users", {"username": "u", "email": 1, "password": PASSWORD, "role": "tenant-user"}),
        ("users", {"username": "u", "email": "e", "password": PASSWORD, "role": "king"}),
        ("users", {"username": "", "email": "e", "password": PASSWORD, "role": "tenant-user"}),
        ("users", {"username": "a\x00b", "email": "e", "password": PASSWORD, "role": "tenant-user"}),
        ("service-users", {}),
        ("service-users", {"name": "s", "expires_in_days": 0}),
        ("service-users", {"name": "s", "expires_in_days": -1}),
        ("service-users", {"name": "s", "expires_in_days": "7"}),
        ("service-users", {"name": "s", "expires_in_days": 99999999999}),
        ("service-users", {"name": "s", "role": 1}),
    ],
)
def test_bad_bodies(admin, path, body):
    admin.fails(400, "POST", path, body)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', '{"name":"a","name":"b"}', "{" * 200, '{"a":\ud800}', '{"n":1e999999}x'])
@pytest.mark.parametrize("path", ["warehouses", "catalogs", "users", "service-users"])
def test_bodies_that_are_no_objects(admin, path, text):
    answer = requests.post(
        f"{admin.uri}/api/v1/{path}",
        data=text.encode("utf-8", "surrogatepass"),
        headers={**admin.headers, "Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 400 and answer.json()["error"]["code"] == 400


def test_unknown_members_are_ignored(admin):
    made = admin.ok("POST", "catalogs", {"name": fresh("catalog"), "never": {"heard": ["of"]}})
    assert "never" not in made


def test_pages(root):
    admin = log_in(root, make_tenant(root), "tenant-admin")
    names = sorted(f"w{i:02}" for i in range(7))
    for name in names:
        admin.ok("POST", "warehouses", {"name": name, "storage_config": S3})
        admin.ok("POST", "service-users", {"name": name})
    for kind in ("warehouses", "service-users"):

        def page(query):
            return [w["name"] for w in admin.ok("GET", f"{kind}?{query}")]

        assert page("") == names
        assert page("limit=3") == names[:3]
        assert page("limit=3&offset=3") == names[3:6]
        assert page("offset=6") == names[6:]
        assert page("offset=7") == page("limit=0") == []
        assert page("limit=99999999999999&type=federated&x=y") == names
        admin.fails(400, "GET", f"{kind}?limit=x")
        admin.fails(400, "GET", f"{kind}?offset=-1")


def test_many_at_once_make_one(admin):
    """Sixteen at once: one makes it, the others are told."""
    for kind in ("warehouses", "catalogs"):
        name, statuses = fresh("race"), []
        threads = [
            threading.Thread(target=lambda: statuses.append(admin("POST", kind, {"name": name}).status_code))
            for _ in range(16)
        ]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sorted(statuses) == [201] + [409] * 15


def test_paths(admin):
    for path in ("nothing", "warehouses/", "warehouses/a/b", "warehouses/%2e%2e", "warehouses/%00", "warehouses/a%01b"):
        answer = admin("GET", path)
        assert answer.status_code in (400, 404), path
    answer = admin("PATCH", "warehouses")
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]
