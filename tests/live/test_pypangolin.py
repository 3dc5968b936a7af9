# SPDX-License-Identifier: Apache-2.0
"""The Python SDK, pypangolin as it comes from PyPI: every method of its clients, unchanged."""

import uuid

import pypangolin_calls  # before what it watches is imported
import pypangolin
import pytest
from pypangolin import assets
from pypangolin.assets import connections
from pypangolin.catalog import get_iceberg_catalog
from pypangolin.exceptions import AuthenticationError, AuthorizationError, ConflictError, NotFoundError, PangolinError

from test_admin import PASSWORD, fresh, root, uri  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours
SMALL_PLACES = ["sqlite-file"]

ASSETS = [c for c in vars(assets).values() if isinstance(c, type) and c.__name__ != "BaseAsset"]
CONNECTIONS = [c for c in vars(connections).values() if isinstance(c, type) and c.__name__ != "BaseConnectionAsset"]


def client(uri, **more):  # noqa: F811
    return pypangolin.PangolinClient(uri, **more)


@pytest.fixture(scope="module")
def server(place, servers):
    return servers.server(place.split("-")[0])


@pytest.fixture(scope="module")
def operator(server):
    """Root."""
    if not server.root_token:
        pytest.skip("authentication is off")
    return client(server.uri, token=server.root_token)


@pytest.fixture(scope="module")
def tenant(operator):
    return operator.tenants.create(fresh("sdk"))


@pytest.fixture(scope="module")
def admin(server, operator, tenant):
    """A tenant's administrator, made and logged in as the SDK does it."""
    name = fresh("boss")
    made = operator.users.create(name, f"{name}@example.com", "TenantAdmin", tenant.id, PASSWORD)
    assert (made.username, made.role, made.tenant_id) == (name, "tenant-admin", tenant.id)
    me = client(server.uri, username=name, password=PASSWORD, tenant_id=tenant.id)
    assert me.token
    me.me, me.name = made.id, name
    return me


@pytest.fixture(scope="module")
def lake(server, servers, admin):
    """A catalog with the namespace "sales"."""
    kept = servers.storage("file", server)
    name = fresh("lake")
    admin.post("/api/v1/warehouses", json={"name": name, "storage_config": kept.config()})
    made = admin.catalogs.create(name, name)
    assert (made.name, made.catalog_type, made.warehouse_name) == (name, "Local", name)
    assert admin.catalogs.namespaces(name).create(["sales"], {"owner": "me"}).name == ["sales"]
    return name


@pytest.fixture
def asset(admin, lake):
    """The id of an asset of this test's own."""
    name = fresh("model")
    yield admin.catalogs.namespaces(lake).register_asset("sales", name, "ML_MODEL", "registry://m/1")["id"]
    admin.delete(f"/api/v1/catalogs/{lake}/namespaces/sales/assets/{name}")


# --- tenants, users, sessions -----------------------------------------------------------------------


def test_tenants(operator, tenant, server):
    assert tenant.id in [t.id for t in operator.tenants.list()]
    assert len(operator.tenants.list(limit=1, offset=0)) == 1
    assert operator.tenants.get(tenant.id).name == tenant.name
    assert operator.tenants.update(tenant.id, {"a": "b"}).properties == {"a": "b"}
    other = client(server.uri, token=server.root_token)
    assert other.tenants.switch(tenant.name).id == tenant.id
    assert other.tenants.switch(tenant.id).name == tenant.name
    gone = operator.tenants.create(fresh("gone"))
    operator.tenants.delete(gone.id)
    with pytest.raises(NotFoundError):
        operator.tenants.get(gone.id)


def test_users(admin, server):
    name = fresh("clerk")
    for role in ("TenantUser", "tenant-user"):
        made = admin.users.create(f"{name}-{role}", f"{name}@example.com", role, admin._current_tenant_id, PASSWORD)
        assert made.role == "tenant-user"
        assert made.id in [u.id for u in admin.users.list()]
    with pytest.raises(ConflictError):
        admin.users.create(f"{name}-tenant-user", "x@example.com", "tenant-user", admin._current_tenant_id, PASSWORD)
    with pytest.raises(AuthenticationError):
        client(server.uri, username=f"{name}-tenant-user", password="wrong", tenant_id=admin._current_tenant_id)
    clerk = client(server.uri)
    clerk.login(f"{name}-tenant-user", PASSWORD, admin._current_tenant_id)
    with pytest.raises(AuthorizationError):
        clerk.users.list()
    assert len(admin.users.list(limit=1)) == 1


# --- warehouses, catalogs, namespaces -----------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["AwsStatic", "AzureStatic", "GcpStatic", {"AwsSts": {"role_arn": "arn:aws:iam::123456789012:role/x"}}])
def test_warehouses(admin, strategy):
    name = fresh("w")
    made = admin.warehouses.create_s3(name, "lake", access_key="AKIA1", secret_key="do-not-show", prefix="p", vending_strategy=strategy)
    assert made.name == name and made.storage_config["s3.bucket"] == "lake"
    assert "do-not-show" not in str(made) + str(admin.warehouses.list())
    assert admin.warehouses.update(name, vending_strategy={"AwsStatic": {"access_key_id": "A", "secret_access_key": "B"}}).name == name
    admin.warehouses.delete(name)
    assert name not in [w.name for w in admin.warehouses.list()]


def test_warehouse_without_keys(admin):
    name = fresh("w")
    assert admin.warehouses.create_s3(name, "lake", endpoint="http://127.0.0.1:9").name == name
    admin.post("/api/v1/warehouses", json={"name": f"{name}-none", "vending_strategy": "None"})
    assert f"{name}-none" in [w.name for w in admin.warehouses.list()]


def test_catalogs(admin, lake):
    name = fresh("c")
    admin.catalogs.create(name, lake)
    assert admin.catalogs.update(name, {"a": "b"}).properties == {"a": "b"}
    assert admin.catalogs.get(name).properties == {"a": "b"}
    assert name in [c.name for c in admin.catalogs.list()] and len(admin.catalogs.list(limit=1, offset=1)) == 1
    with pytest.raises(ConflictError):
        admin.catalogs.create(name, lake)
    admin.catalogs.delete(name)
    with pytest.raises(NotFoundError):
        admin.catalogs.get(name)


def test_namespaces(admin, lake):
    spaces = admin.catalogs.namespaces(lake)
    assert ["sales"] in spaces.list()
    spaces.create(["sales", "north"])
    assert spaces.list(parent="sales") == [["sales", "north"]]
    admin.delete(f"/v1/{lake}/namespaces/sales%1Fnorth")


def test_views(admin, lake):
    views = admin.catalogs.views(lake)
    schema = {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "one", "type": "int", "required": False}]}
    for more in ({}, {"schema": schema}):
        name = fresh("v")
        made = views.create("sales", name, "SELECT 1 AS one", properties={"x": "y"}, **more)
        assert (made.name, made.sql) == (name, "SELECT 1 AS one")
        assert views.get("sales", name).sql == "SELECT 1 AS one"
        admin.delete(f"/v1/{lake}/namespaces/sales/views/{name}")


# --- assets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", ASSETS, ids=lambda c: c.__name__)
def test_asset_classes(admin, lake, cls):
    name = fresh("a")
    made = cls.register(admin, lake, "sales", name, f"https://files/{name}", properties={"p": "q"})
    read = admin.get(f"/api/v1/catalogs/{lake}/namespaces/sales/assets/{name}")
    assert read["id"] == made["id"] and read["properties"] == {"p": "q"} and read["location"] == f"https://files/{name}"
    admin.delete(f"/api/v1/catalogs/{lake}/namespaces/sales/assets/{name}")


@pytest.mark.parametrize("cls", CONNECTIONS, ids=lambda c: c.__name__)
def test_connection_classes(admin, lake, cls):
    name, key = fresh("db"), cls._generate_key()
    base = super(cls, cls).register if "register" not in vars(cls) else connections.BaseConnectionAsset.register.__func__.__get__(cls)
    made = base(admin, lake, "sales", name, "postgresql://db:5432/x", {"password": "do-not-show"}, encryption_key=key)
    assert made["location"] == made["properties"]["connection_string"] == "postgresql://db:5432/x"
    assert cls._decrypt_credentials(made["properties"], key) == {"password": "do-not-show"}
    assert "do-not-show" not in str(admin.audit.list_events(limit=5))
    admin.delete(f"/api/v1/catalogs/{lake}/namespaces/sales/assets/{name}")


def test_files_written_and_read(admin, lake, tmp_path):
    import pyarrow as pa

    name = fresh("parquet")
    at = str(tmp_path / "x.parquet")
    assets.ParquetAsset.write(admin, lake, "sales", name, pa.table({"a": [1, 2]}), f"{at}")
    assert admin.get(f"/api/v1/catalogs/{lake}/namespaces/sales/assets/{name}")["location"].endswith(at)
    admin.delete(f"/api/v1/catalogs/{lake}/namespaces/sales/assets/{name}")


# --- roles, permissions, service users -------------------------------------------------------------------------


def test_roles_and_permissions(admin, server, lake, asset):
    name = fresh("reader")
    user = admin.users.create(name, f"{name}@example.com", "tenant-user", admin._current_tenant_id, PASSWORD)
    reader = client(server.uri, username=name, password=PASSWORD, tenant_id=admin._current_tenant_id)
    assert reader.catalogs.list() == []
    role = admin.roles.create(fresh("role"), "who reads")
    assert role.tenant_id == admin._current_tenant_id and admin.roles.get(role.id).name == role.name
    assert role.id in [r.id for r in admin.roles.list()]
    admin.permissions.assign_role(user.id, role.id)
    assert [r.id for r in admin.permissions.get_user_roles(user.id)] == [role.id]
    catalog_id = admin.catalogs.get(lake).id
    scopes = [
        {"scope_type": "tenant"},
        {"scope_type": "catalog", "catalog_id": catalog_id},
        {"scope_type": "namespace", "catalog_id": catalog_id, "namespace": "sales"},
        {"scope_type": "asset", "catalog_id": catalog_id, "namespace": "sales", "asset_id": asset},
        {"scope_type": "tag", "tag_name": "pii"},
    ]
    for scope in scopes:
        grant = admin.permissions.grant(user.id, ["read"], **scope)
        assert grant.scope.type == scope["scope_type"] and grant.actions == ["read"] and grant.user_id == user.id
        if scope["scope_type"] == "catalog":
            assert [c.name for c in reader.catalogs.list()] == [lake]
            assert reader.search.query("model")[0].has_access
        admin.permissions.revoke(grant.id)
    assert reader.catalogs.list() == []
    admin.permissions.revoke_role(user.id, role.id)
    assert admin.permissions.get_user_roles(user.id) == []
    admin.roles.delete(role.id)
    with pytest.raises(NotFoundError):
        admin.roles.get(role.id)


def test_service_users(admin, server):
    made = admin.service_users.create(fresh("robot"), "TenantAdmin")
    assert made.id and made.api_key.startswith("pgl_")
    robot = client(server.uri, api_key=made.api_key)
    assert isinstance(robot.catalogs.list(), list)
    assert made.id in [s.id for s in admin.service_users.list()]
    assert admin.service_users.update(made.id, name="renamed", description="d", active=True).name == "renamed"
    rotated = admin.service_users.rotate_key(made.id)
    assert rotated.api_key != made.api_key
    with pytest.raises(AuthenticationError):
        robot.catalogs.list()
    assert client(server.uri, api_key=rotated.api_key).catalogs.list() is not None
    listed = admin.get("/api/v1/service-users")
    assert "api-key-hash" not in str(listed) and "pgl_" not in str(listed)
    admin.service_users.delete(made.id)
    with pytest.raises(NotFoundError):
        admin.service_users.get(made.id)


def test_service_user_with_an_end(admin):
    made = admin.post("/api/v1/service-users", json={"name": fresh("robot"), "role": "tenant-user", "expires_in_days": 30})
    assert made["expires_at"].endswith("Z")
    assert admin.service_users.get(made["id"]).expires_at is None


# --- metadata, search, audit, system -------------------------------------------------------------------------


def test_business_metadata(admin, server, asset):
    said = admin.metadata.upsert(asset, tags=["gold"], properties={"n": 1}, description="Golden", discoverable=True)
    assert (said.asset_id, said.tags, said.properties, said.discoverable) == (asset, ["gold"], {"n": 1}, True)
    assert said.updated_at and said.updated_by == admin.me
    assert admin.metadata.get(asset) == said
    assert admin.metadata.update(asset, tags=["silver"]).tags == ["silver"]
    asked = admin.metadata.request_access(asset, "why not")
    assert asked.status == "pending" and asked.asset_id == asset and asked.user_id == admin.me
    assert asked.id in [r.id for r in admin.metadata.list_requests()]
    assert admin.put(f"/api/v1/access-requests/{asked.id}", json={"status": "approved"})["status"] == "approved"
    admin.metadata.delete(asset)
    with pytest.raises(NotFoundError):
        admin.metadata.get(asset)


def test_search(admin, lake, asset):
    admin.metadata.upsert(asset, tags=["t1", "t2"], description="Rosebud")
    for hits in (
        admin.search.query("roseBUD"),
        admin.search.query("", tags=["t1", "t2"]),
        admin.search.query("#t1"),
        admin.search.query("rose", tags=["t2"]),
    ):
        [hit] = hits
        assert (hit.id, hit.catalog, hit.namespace, hit.has_access, hit.tags) == (asset, lake, "sales", True, ["t1", "t2"])
    assert admin.search.query("", tags=["t1", "t3"]) == []


def test_audit(admin, asset):
    events = admin.audit.list_events(limit=10)
    assert events and events[0].timestamp >= events[-1].timestamp
    assert admin.audit.count() >= len(events)
    assert admin.audit.get(events[0].id) == events[0]
    made = admin.audit.list_events(resource_type="asset", user_id=admin.me, start_time="2020-01-01T00:00:00Z", end_time="2100-01-01T00:00:00Z")
    assert asset in [e.resource_id for e in made]
    assert admin.audit.list_events(resource_type="branch", end_time="2020-01-01T00:00:00Z") == []


def test_system(admin, lake):
    stats = admin.system.get_stats()
    assert stats.scope == "tenant" and stats.catalogs_count >= 1 and stats.users_count >= 1 and stats.namespaces_count >= 1
    summary = admin.system.get_catalog_summary(lake)
    assert (summary.name, summary.branch_count) == (lake, 1) and summary.namespace_count >= 1
    settings = admin.system.get_settings()
    assert admin.system.update_settings({**settings, "default_retention_days": 30})["default_retention_days"] == 30
    assert admin.system.update_settings(settings) == settings


def test_tokens(admin, server):
    made = admin.tokens.generate(username=admin.name, expires_in_hours=1)
    assert made["tenant_id"] == admin._current_tenant_id and made["expires_at"]
    mine = client(server.uri, token=made["token"], tenant_id=admin._current_tenant_id)
    listed = mine.tokens.list_my_tokens()
    assert listed and made["token"] not in str(listed)
    other = admin.tokens.generate(roles=["TenantUser"])
    ids = {t["id"] for t in mine.tokens.list_my_tokens(limit=100, offset=0)}
    token_id = admin.get("/api/v1/users/me/tokens")[0]["id"]
    assert token_id in ids
    rotated = mine.tokens.rotate(token_id)
    with pytest.raises(AuthenticationError):
        mine.catalogs.list()
    again = client(server.uri, token=rotated["token"])
    [last] = [t for t in again.tokens.list_my_tokens() if t["id"] not in ids][:1] or [None]
    if last:
        admin.tokens.revoke(last["id"])
        with pytest.raises(AuthenticationError):
            again.catalogs.list()
    assert client(server.uri, token=other["token"]).catalogs.list() == []


# --- federated catalogs ------------------------------------------------------------------------------------------


def test_federated_catalogs(admin):
    name = fresh("fed")
    made = admin.federated_catalogs.create(name, "http://127.0.0.1:9/v1/x", warehouse="w", credential="do-not-show", properties={"a": "b"})
    assert made.name == name and made.id and "do-not-show" not in str(made)
    assert admin.federated_catalogs.get(name).id == made.id
    assert name in [c.name for c in admin.federated_catalogs.list(limit=100, offset=0)]
    with pytest.raises(PangolinError):
        admin.federated_catalogs.test_connection(name)
    with pytest.raises(PangolinError):
        admin.federated_catalogs.sync(name)
    assert admin.federated_catalogs.get_stats(name).tables_synced == 0
    admin.federated_catalogs.delete(name)
    with pytest.raises(NotFoundError):
        admin.federated_catalogs.get(name)


# --- the bridge to PyIceberg ------------------------------------------------------------------------------------------


def test_get_iceberg_catalog(admin, server, lake):
    import pyarrow as pa

    catalog = get_iceberg_catalog(lake, uri=server.uri, token=admin.token, tenant_id=admin._current_tenant_id)
    assert ("sales",) in catalog.list_namespaces()
    rows = pa.table({"n": [1, 2, 3]})
    table = catalog.create_table(("sales", fresh("t")), rows.schema)
    table.append(rows)
    assert catalog.load_table(table.name()).scan().to_arrow().to_pydict() == {"n": [1, 2, 3]}
    catalog.drop_table(table.name())
