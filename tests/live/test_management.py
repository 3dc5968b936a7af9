# SPDX-License-Identifier: Apache-2.0
"""The management API beside tenants and users: generic assets, business metadata, access requests, search, counts,
trees, audit, settings; statuses and members as clients know them."""

import sqlite3
import time
import uuid

import pytest
import requests

from test_admin import NIL, Api, fresh, in_tenant, log_in, make_tenant, root, uri  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours
SMALL_PLACES = ["sqlite-file"]

SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}
KINDS = """DELTA_TABLE HUDI_TABLE PARQUET_TABLE CSV_TABLE JSON_TABLE ML_MODEL APACHE_PAIMON VORTEX LANCE NIMBLE
DIRECTORY VIDEO_FILE IMAGE_FILE DB_CONN_STRING OTHER""".split()


@pytest.fixture(scope="module")
def tenant(root):  # noqa: F811
    return make_tenant(root)


@pytest.fixture(scope="module")
def admin(root, tenant):  # noqa: F811
    return log_in(root, tenant, "tenant-admin")


@pytest.fixture(scope="module")
def user(root, tenant):  # noqa: F811
    """Without any grant."""
    return log_in(root, tenant, "tenant-user")


@pytest.fixture(scope="module")
def stranger(root):  # noqa: F811
    return log_in(root, make_tenant(root), "tenant-admin")


def iceberg(api, method, path, body=None):
    """The same caller on Iceberg's own routes."""
    return Api(api.uri, api.headers)(method, f"../../v1/{path}", body)


@pytest.fixture(scope="module")
def lake(place, servers, admin):
    """A catalog with namespaces sales and sales.europe, a table in each."""
    server = servers.server(place.split("-")[0])
    kept = servers.storage("file", server)
    name = fresh("lake")
    admin.ok("POST", "warehouses", {"name": name, "storage_config": kept.config()})
    admin.ok("POST", "catalogs", {"name": name, "warehouse_name": name})
    for levels in (["sales"], ["sales", "europe"]):
        assert iceberg(admin, "POST", f"{name}/namespaces", {"namespace": levels}).status_code == 200
    for space, table in (("sales", "orders"), ("sales%1Feurope", "returns")):
        made = iceberg(admin, "POST", f"{name}/namespaces/{space}/tables", {"name": table, "schema": SCHEMA})
        assert made.status_code == 200, made.text
    return name


@pytest.fixture(scope="module")
def assets(lake):
    return f"catalogs/{lake}/namespaces/sales/assets"


@pytest.fixture(scope="module")
def orders(admin, assets):
    """The table's asset id."""
    return admin.ok("GET", f"{assets}/orders")["id"]


@pytest.fixture
def model(admin, assets):
    """A generic asset of this test's own."""
    body = {"name": fresh("model"), "kind": "ML_MODEL", "location": "registry://models/1", "properties": {"a": "b"}}
    yield admin.ok("POST", assets, body)
    admin("DELETE", f"{assets}/{body['name']}")


# --- generic assets -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_asset(admin, assets, kind):
    name = fresh(kind.lower())
    made = admin.ok("POST", assets, {"name": name, "kind": kind, "location": f"https://x/{name}", "properties": {}})
    assert made == {"id": made["id"], "name": name, "kind": kind, "location": f"https://x/{name}", "properties": {}}
    assert admin.ok("GET", f"{assets}/{name}") == made
    admin.ok("DELETE", f"{assets}/{name}")
    admin.fails(404, "GET", f"{assets}/{name}")


def test_kinds_in_any_spelling(admin, assets):
    for word in ("DeltaTable", "delta-table", "delta_table"):
        assert admin.ok("POST", assets, {"name": fresh("d"), "kind": word, "location": "x"})["kind"] == "DELTA_TABLE"
    assert "no" in admin.fails(400, "POST", assets, {"name": fresh("d"), "kind": "nothing", "location": "x"})
    admin.fails(400, "POST", assets, {"name": fresh("d"), "kind": "ICEBERG_TABLE", "location": "x"})


def test_assets_share_the_namespace_with_tables(admin, assets, lake, model):
    admin.fails(409, "POST", assets, {"name": "orders", "kind": "OTHER", "location": "x"})
    admin.fails(409, "POST", assets, {"name": model["name"], "kind": "OTHER", "location": "x"})
    made = iceberg(admin, "POST", f"{lake}/namespaces/sales/tables", {"name": model["name"], "schema": SCHEMA})
    assert made.status_code == 409
    assert iceberg(admin, "GET", f"{lake}/namespaces/sales/tables/{model['name']}").status_code == 404
    names = [t["name"] for t in iceberg(admin, "GET", f"{lake}/namespaces/sales/tables").json()["identifiers"]]
    assert names == ["orders"]
    admin.fails(404, "POST", f"catalogs/{lake}/namespaces/missing/assets", {"name": "x", "kind": "OTHER", "location": "x"})
    admin.fails(400, "DELETE", f"{assets}/orders")


def test_asset_list(admin, assets, model):
    listed = admin.ok("GET", assets)
    [row] = [a for a in listed if a["name"] == model["name"]]
    identifier = {"namespace": ["sales"], "name": model["name"]}
    assert row == {"id": model["id"], "name": model["name"], "namespace": ["sales"], "kind": "ML_MODEL", "identifier": identifier}
    assert [a["name"] for a in listed] == sorted(a["name"] for a in listed)
    assert admin.ok("GET", f"{assets}?limit=1&offset=1") == listed[1:2]
    admin.fails(404, "GET", assets.replace("sales", "missing"))


def test_asset_of_a_nested_namespace(admin, lake):
    for path in ("sales.europe", "sales%1Feurope"):
        assert [a["name"] for a in admin.ok("GET", f"catalogs/{lake}/namespaces/{path}/assets")] == ["returns"]


def test_asset_update(admin, assets, model):
    url = f"{assets}/{model['name']}"
    updated = admin.ok("PUT", url, {"properties": {"c": "d"}})
    assert updated == {**model, "properties": {"c": "d"}}
    assert admin.ok("PUT", url, {"location": "registry://models/2"})["location"] == "registry://models/2"
    admin.fails(400, "PUT", url, {"kind": "OTHER"})
    admin.fails(400, "PUT", url, {"name": "other"})
    admin.fails(400, "PUT", url, {"properties": {"c": 1}})


def test_asset_location_in_the_warehouse_is_owned(admin, assets, lake):
    root_ = admin.ok("GET", f"warehouses/{lake}")["storage_config"]["location"].rstrip("/")
    at = f"{root_}/{lake}/own-{fresh('x')}"
    made = admin.ok("POST", assets, {"name": fresh("files"), "kind": "DIRECTORY", "location": at})
    assert made["location"] == at
    admin.fails(400, "POST", assets, {"name": fresh("files"), "kind": "DIRECTORY", "location": f"{at}/inner"})
    admin.fails(400, "POST", assets, {"name": fresh("files"), "kind": "DIRECTORY", "location": f"{root_}/a/../b"})
    table = {"name": fresh("t"), "schema": SCHEMA, "location": at}
    assert iceberg(admin, "POST", f"{lake}/namespaces/sales/tables", table).status_code == 400
    admin.ok("DELETE", f"{assets}/{made['name']}")
    assert iceberg(admin, "POST", f"{lake}/namespaces/sales/tables", table).status_code == 200


# --- by id, business metadata -------------------------------------------------------------------


def test_asset_by_id(admin, model, lake):
    found = admin.ok("GET", f"assets/{model['id']}")
    assert found["asset"] == model and found["metadata"] is None
    assert (found["catalog"], found["namespace"]) == (lake, ["sales"])
    assert (found["id"], found["name"], found["asset_type"]) == (model["id"], model["name"], "ML_MODEL")
    assert found["catalog_id"] and found["created_at"] and found["discoverable"] is False
    admin.fails(404, "GET", f"assets/{uuid.uuid4()}")
    admin.fails(404, "GET", "assets/nonsense")


def test_business_metadata(admin, model):
    url = f"assets/{model['id']}/metadata"
    admin.fails(404, "GET", url)
    body = {"description": "What it is", "tags": ["a", "b", "a"], "properties": {"x": [1, None]}, "discoverable": True}
    said = admin.ok("POST", url, body, status=200)["metadata"]
    assert said["tags"] == ["a", "b"] and said["properties"] == {"x": [1, None]} and said["discoverable"] is True
    assert said["asset-id"] == said["asset_id"] == model["id"] and said["updated-at"] == said["updated_at"]
    assert said["created-by"] == admin.id and said["description"] == "What it is"
    assert admin.ok("GET", url) == {"metadata": said} == admin.ok("GET", f"business-metadata/{model['id']}")
    again = admin.ok("POST", url, {}, status=200)["metadata"]
    assert (again["tags"], again["properties"], again["description"]) == ([], {}, None)
    assert (again["id"], again["created-at"]) == (said["id"], said["created-at"])
    admin.ok("DELETE", f"business-metadata/{model['id']}")
    admin.fails(404, "DELETE", url)
    for bad in ({"tags": "a"}, {"tags": [1]}, {"tags": [""]}, {"discoverable": 1}, {"description": 5}, {"tags": ["x"] * 101}):
        admin.fails(400, "POST", url, bad)


def test_nobody_sees_or_says_without_a_right(admin, user, stranger, model):
    url = f"assets/{model['id']}/metadata"
    admin.ok("POST", url, {"tags": ["t"]}, status=200)
    for other in (user, stranger):
        for method, path, body in (
            ("GET", f"assets/{model['id']}", None),
            ("GET", url, None),
            ("POST", url, {}),
            ("DELETE", url, None),
            ("POST", f"assets/{model['id']}/access-requests", {}),
        ):
            assert model["name"] not in other.fails(404, method, path, body)
    admin.ok("POST", url, {"discoverable": True}, status=200)
    assert user.ok("GET", url)["metadata"]["discoverable"] is True
    seen = user.ok("GET", f"assets/{model['id']}")
    assert seen["id"] == model["id"] and model["location"] and model["properties"]
    assert seen["asset"] == {**model, "location": None, "properties": {}}, "what a load would tell stays hidden"
    assert admin.ok("GET", f"assets/{model['id']}")["asset"] == model
    stranger.fails(404, "GET", url)
    user.fails(404, "POST", url, {})


# --- access requests ------------------------------------------------------------------------------


def test_access_request_is_a_real_grant(admin, user, stranger, assets, model, lake):
    ask = f"assets/{model['id']}/access-requests"
    user.fails(404, "POST", ask)
    admin.ok("POST", f"assets/{model['id']}/metadata", {"discoverable": True}, status=200)
    made = user.ok("POST", ask, {"reason": "a report"})
    assert made["status"] == "pending" and made["reason"] == "a report"
    assert made["asset-id"] == made["asset_id"] == model["id"] and made["user-id"] == made["user_id"] == user.id
    assert made["username"] == user.username and made["resource"] == f"{lake}.sales.{model['name']}"
    assert made["reviewed-by"] is None and made["review-comment"] is None and made["requested-at"]
    assert user.ok("POST", ask)["id"] == made["id"], "one that is pending is not made again"
    one = f"access-requests/{made['id']}"
    assert user.ok("GET", one) == made and made in user.ok("GET", "access-requests") and made in admin.ok("GET", "access-requests")
    assert stranger.ok("GET", "access-requests") == []
    stranger.fails(404, "GET", one)
    stranger.fails(404, "PUT", one, {"status": "approved"})
    user.fails(403, "PUT", one, {"status": "approved"})
    for bad in ({"status": "pending"}, {"status": "maybe"}, {}, {"status": "approved", "comment": 1}):
        admin.fails(400, "PUT", one, bad)
    user.fails(404, "GET", f"{assets}/{model['name']}")
    done = admin.ok("PUT", one, {"status": "approved", "comment": "ok"})
    assert (done["status"], done["review-comment"], done["reviewed-by"]) == ("approved", "ok", admin.id)
    assert user.ok("GET", f"{assets}/{model['name']}") == model
    [hit] = user.ok("GET", f"assets/search?query={model['name']}")
    assert hit["has_access"] is True
    user.fails(403, "DELETE", f"{assets}/{model['name']}")
    admin.ok("PUT", one, {"status": "approved"})
    admin.ok("PUT", one, {"status": "rejected"})
    user.fails(404, "GET", f"{assets}/{model['name']}")
    actions = {e["action"] for e in admin.ok("GET", f"audit?resource_id={made['id']}")}
    assert {"request_access", "approve_access", "deny_access", "grant_permission"} <= actions


# --- search ---------------------------------------------------------------------------------------


def test_search_plain(admin, model, lake):
    admin.ok("POST", f"assets/{model['id']}/metadata", {"tags": ["pii", "a b"], "description": "Zebra crossing"}, status=200)
    [hit] = admin.ok("GET", f"assets/search?query={model['name'][3:].upper()}")
    assert hit == {
        "id": model["id"], "name": model["name"], "kind": "ML_MODEL", "location": model["location"],
        "description": "Zebra crossing", "tags": ["pii", "a b"], "has_access": True, "discoverable": False,
        "catalog": lake, "namespace": "sales",
    }  # fmt: skip
    for query in ("query=zebra", "query=%23a b", "query=&tags=pii,a b", "query=zeb&tags=pii&tags=a b", "query=&tags=pii&extra=1", "query=%23pii&tags=a b"):
        assert [h["id"] for h in admin.ok("GET", f"assets/search?{query}")] == [model["id"]], query
    for query in ("query=%23nothing", "query=%23pii&tags=nothing", "query=zebra&tags=pii,other", "query=zebras"):
        assert admin.ok("GET", f"assets/search?{query}") == []
    admin.fails(400, "GET", "assets/search")


def test_search_paged(admin, lake, orders):
    found = admin.ok("GET", f"search/assets?q=ORD&catalog={lake}")
    result = {"id": orders, "name": "orders", "namespace": ["sales"], "catalog": lake, "asset_type": "table", "has_access": True}
    assert found == {"results": [result], "total": 1, "limit": 50, "offset": 0, "truncated": False}
    assert admin.ok("GET", "search/assets?q=r&limit=1&offset=1")["total"] >= 2
    assert admin.ok("GET", "search/assets?q=ord&catalog=missing")["results"] == []
    admin.fails(400, "GET", "search/assets")
    admin.fails(400, "GET", "search/assets?q=")


def test_search_all(admin, lake, orders):
    kinds = {(r["kind"], r["name"], r["context"]) for r in admin.ok("GET", f"search?q={lake}")["results"]}
    assert ("Catalog", lake, f"Catalog: {lake}") in kinds
    kinds = {(r["kind"], r["name"], r["context"]) for r in admin.ok("GET", "search?q=e&limit=100")["results"]}
    assert {("Asset", "orders", f"{lake}.sales"), ("Namespace", "sales", f"Catalog: {lake}")} <= kinds
    assert any(kind == "Branch" for kind, *_ in {(r["kind"],) for r in admin.ok("GET", "search?q=main")["results"]})
    names = [r["name"] for r in admin.ok("GET", "search?q=s&limit=100")["results"]]
    assert [len(n) for n in names] == sorted(len(n) for n in names)
    assert len(admin.ok("GET", "search?q=e&limit=2")["results"]) == 2


def test_search_tells_nothing_to_others(admin, user, stranger, model):
    admin.ok("POST", f"assets/{model['id']}/metadata", {"description": "hidden gem"}, status=200)
    for other in (user, stranger):
        for path in ("assets/search?query=gem", f"assets/search?query={model['name']}", "assets/search?query="):
            assert other.ok("GET", path) == []
        assert other.ok("GET", "search/assets?q=s")["results"] == []
        assert other.ok("GET", "search?q=a")["results"] == []
    admin.ok("POST", f"assets/{model['id']}/metadata", {"description": "hidden gem", "discoverable": True}, status=200)
    [hit] = user.ok("GET", "assets/search?query=gem")
    assert (hit["has_access"], hit["discoverable"], hit["location"]) == (False, True, None)
    assert stranger.ok("GET", "assets/search?query=gem") == []


# --- bulk delete ------------------------------------------------------------------------------------


def test_bulk_delete(admin, user, assets, model, orders):
    missing = str(uuid.uuid4())
    assert user.ok("POST", "bulk/assets/delete", {"asset_ids": [model["id"]]}, status=200)["failed"] == 1
    done = admin.ok("POST", "bulk/assets/delete", {"asset_ids": [model["id"], missing, "nonsense"]}, status=200)
    assert (done["succeeded"], done["failed"], len(done["errors"])) == (1, 2, 2)
    assert missing in done["errors"][0]
    admin.fails(404, "GET", f"{assets}/{model['name']}")
    admin.fails(400, "POST", "bulk/assets/delete", {"asset_ids": [missing] * 101})
    admin.fails(400, "POST", "bulk/assets/delete", {"asset_ids": [1]})
    admin.fails(400, "POST", "bulk/assets/delete", {})


# --- counts and trees --------------------------------------------------------------------------------


def test_dashboard(root, admin, user, lake):  # noqa: F811
    stats = admin.ok("GET", "dashboard/stats")
    assert stats["scope"] == "tenant" and stats["tenants_count"] == 1
    assert (stats["catalogs_count"], stats["tables_count"], stats["namespaces_count"]) == (1, 2 + extra_tables(admin, lake), 2)
    assert (stats["users_count"], stats["warehouses_count"], stats["branches_count"]) == (2, 1, 1)
    nothing = user.ok("GET", "dashboard/stats")
    assert nothing["scope"] == "user" and nothing["catalogs_count"] == nothing["tables_count"] == nothing["namespaces_count"] == 0
    everything = root.ok("GET", "dashboard/stats")
    assert everything["scope"] == "system" and everything["tenants_count"] > 1 and everything["users_count"] > 2


def extra_tables(admin, lake):
    """Those that other tests of this module made beside the two."""
    return len(iceberg(admin, "GET", f"{lake}/namespaces/sales/tables").json()["identifiers"]) - 1


def test_summary(admin, user, lake):
    summary = admin.ok("GET", f"catalogs/{lake}/summary")
    assert (summary["name"], summary["namespace_count"], summary["branch_count"]) == (lake, 2, 1)
    assert summary["table_count"] == 2 + extra_tables(admin, lake) and "storage_location" in summary
    admin.fails(404, "GET", "catalogs/missing/summary")
    user.fails(404, "GET", f"catalogs/{lake}/summary")


def test_trees(admin, user, lake):
    europe = {"name": "europe", "full_path": ["sales", "europe"], "children": []}
    sales = {"name": "sales", "full_path": ["sales"], "children": [europe]}
    assert admin.ok("GET", f"catalogs/{lake}/namespaces/tree") == {"root": [sales]}
    [node] = admin.ok("GET", f"explorer/tree?catalog={lake}")
    assert (node["name"], node["type"]) == ("sales", "namespace")
    kinds = {(c["name"], c["type"]) for c in node["children"]}
    assert {("europe", "namespace"), ("orders", "asset")} <= kinds
    for path in (f"catalogs/{lake}/namespaces/tree", f"explorer/tree?catalog={lake}"):
        user.fails(404, "GET", path)
    admin.fails(400, "GET", "explorer/tree")


# --- audit ---------------------------------------------------------------------------------------------


def test_audit(root, admin, user, tenant, model):  # noqa: F811
    events = admin.ok("GET", "audit?limit=1000")
    assert [e["id"] for e in events] == sorted((e["id"] for e in events), reverse=True)
    assert set(events[0]) == set(
        "id tenant_id user_id username action resource_type resource_id resource_name timestamp ip_address user_agent "
        "result error_message metadata".split()
    )
    [made] = admin.ok("GET", f"audit?resource_id={model['id']}")
    assert (made["action"], made["resource_type"], made["user_id"]) == ("create_asset", "asset", admin.id)
    assert made["ip_address"] and made["user_agent"].startswith("python-requests")
    assert admin.ok("GET", f"audit/{made['id']}") == made == in_tenant(root, tenant).ok("GET", f"audit/{made['id']}")
    count = admin.ok("GET", "audit/count?action=create_asset")["count"]
    assert count == len(admin.ok("GET", "audit?action=create_asset&limit=1000")) > 0
    span = f"start_time={made['timestamp']}&end_time={made['timestamp']}"
    assert made in admin.ok("GET", f"audit?{span}")
    assert admin.ok("GET", "audit?end_time=2001-01-01T00:00:00Z") == []
    assert admin.ok("GET", "audit?action=no_such_action") == []
    assert all(e["result"] == "failure" for e in admin.ok("GET", "audit?result=failure"))


def test_audit_pages_agree(admin):
    whole = [e["id"] for e in admin.ok("GET", "audit?limit=1000&end_time=2100-01-01T00:00:00Z")]
    pages = [e["id"] for i in range(0, 9, 3) for e in admin.ok("GET", f"audit?limit=3&offset={i}")]
    assert pages == whole[:9]


@pytest.mark.parametrize(
    "bad",
    ["result=maybe", "start_time=yesterday", "end_time=1", "user_id=me", "resource_id=x", "action=Create%20Table",
     "resource_type=TABLE", "limit=x", "offset=-1"],
)  # fmt: skip
def test_audit_refuses_bad_filters(admin, bad):
    admin.fails(400, "GET", f"audit?{bad}")
    if "limit" not in bad and "offset" not in bad:
        admin.fails(400, "GET", f"audit/count?{bad}")


def test_audit_of_others(admin, user, stranger, model):
    [made] = admin.ok("GET", f"audit?resource_id={model['id']}")
    assert all(e["user_id"] == user.id for e in user.ok("GET", "audit"))
    user.fails(403, "GET", f"audit?user_id={admin.id}")
    user.fails(404, "GET", f"audit/{made['id']}")
    stranger.fails(404, "GET", f"audit/{made['id']}")
    assert stranger.ok("GET", f"audit?resource_id={model['id']}") == []
    assert model["id"] not in str(stranger.ok("GET", "audit?limit=1000"))


# --- settings ------------------------------------------------------------------------------------------


def test_settings(root, user, stranger):  # noqa: F811
    settings = stranger.ok("GET", "config/settings")
    assert settings == {
        "allow_public_signup": False, "default_warehouse_bucket": None, "default_retention_days": None,
        "smtp_host": None, "smtp_port": None, "smtp_user": None, "smtp_password": None, "smtp_from": None,
    }  # fmt: skip
    body = {"default_retention_days": 90, "smtp_host": "mail", "smtp_port": 25, "smtp_password": "hunter2-do-not-show"}
    put = stranger.ok("PUT", "config/settings", body)
    assert put == {**settings, **body, "smtp_password": "***"} == stranger.ok("GET", "config/settings")
    for other in ({"smtp_host": "elsewhere"}, {"smtp_port": 2525}):
        assert "masked" in stranger.fails(400, "PUT", "config/settings", {**put, **other})
    assert stranger.ok("PUT", "config/settings", {"smtp_password": "***"}) == {**settings, "smtp_password": "***"}
    assert stranger.ok("PUT", "config/settings", {}) == settings
    for bad in ({"default_retention_days": 0}, {"smtp_port": 70000}, {"allow_public_signup": "yes"}, {"smtp_host": 1}):
        stranger.fails(400, "PUT", "config/settings", bad)
    user.fails(403, "GET", "config/settings")
    user.fails(403, "PUT", "config/settings", {})
    assert root.ok("GET", "config/settings") is not None


def test_default_warehouse_bucket(stranger):
    stranger.ok("PUT", "config/settings", {"default_warehouse_bucket": "company-lake"})
    name = fresh("w")
    made = stranger.ok("POST", "warehouses", {"name": name})
    assert made["storage_config"] == {"s3.bucket": "company-lake", "prefix": name}
    own = {"s3.bucket": "other"}
    assert stranger.ok("POST", "warehouses", {"name": fresh("w"), "storage_config": own})["storage_config"] == own
    stranger.ok("PUT", "config/settings", {})
    assert stranger.ok("POST", "warehouses", {"name": fresh("w")})["storage_config"] == {}


# --- catalogs' properties ------------------------------------------------------------------------------


def test_table_defaults_and_overrides(admin, lake):
    """Served to clients, and applied at create for those that do not."""
    name = fresh("c")
    said = {"table-default.write.format.default": "orc", "table-default.a": "1", "table-override.b": "2", "other": "3"}
    admin.ok("POST", "catalogs", {"name": name, "warehouse_name": lake, "storage_location": storage_of(admin, lake, name), "properties": said})
    config = iceberg(admin, "GET", f"config?warehouse={name}").json()
    assert config["defaults"]["table-default.a"] == "1" and config["overrides"]["table-override.b"] == "2"
    assert iceberg(admin, "POST", f"{name}/namespaces", {"namespace": ["n"]}).status_code == 200
    body = {"name": "t", "schema": SCHEMA, "properties": {"a": "mine", "b": "mine", "c": "mine"}}
    made = iceberg(admin, "POST", f"{name}/namespaces/n/tables", body).json()["metadata"]["properties"]
    ours = made.pop("write.parquet.compression-codec")
    assert made == {"a": "mine", "b": "2", "c": "mine", "write.format.default": "orc"}
    plain = iceberg(admin, "POST", f"{name}/namespaces/n/tables", {"name": "u", "schema": SCHEMA}).json()["metadata"]["properties"]
    assert plain == {"a": "1", "b": "2", "write.format.default": "orc", "write.parquet.compression-codec": ours}


def storage_of(api, warehouse, folder):
    return api.ok("GET", f"warehouses/{warehouse}")["storage_config"]["location"].rstrip("/") + "/" + folder


def test_a_catalog_that_never_vends(admin):
    name, secret = fresh("keys"), "vended-on-purpose"
    static = {"AwsStatic": {"access_key_id": "AKIA", "secret_access_key": secret}}
    config = {"s3.bucket": "lake", "s3.endpoint": "http://127.0.0.1:9", "s3.access-key-id": "AKIA", "s3.secret-access-key": secret}
    admin.ok("POST", "warehouses", {"name": name, "storage_config": config, "vending_strategy": static})
    admin.ok("POST", "catalogs", {"name": name, "warehouse_name": name, "properties": {"never-vend": "true"}})
    assert iceberg(admin, "POST", f"{name}/namespaces", {"namespace": ["n"]}).status_code == 200
    table = {"name": "t", "schema": SCHEMA, "stage-create": True}
    headers = {**admin.headers, "X-Iceberg-Access-Delegation": "vended-credentials,remote-signing"}
    asking = Api(admin.uri, headers)
    answer = iceberg(asking, "POST", f"{name}/namespaces/n/tables", table)
    assert answer.status_code == 200 and "AKIA" not in answer.text and secret not in answer.text
    assert not answer.json().get("storage-credentials") and "signer" not in answer.text
    admin.ok("PUT", f"catalogs/{name}", {"properties": {}})
    assert "AKIA" in iceberg(asking, "POST", f"{name}/namespaces/n/tables", table).text


# --- metrics --------------------------------------------------------------------------------------------


def numbers(uri):  # noqa: F811
    """Every line of /metrics as {name with labels: number}."""
    answer = requests.get(f"{uri}/metrics", timeout=30)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/plain; version=0.0.4"
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_metrics_are_those_of_all_processes(admin, lake, uri):  # noqa: F811
    """Tables are another family's, and each family has several processes."""
    load = 'pangolin_http_requests_total{method="GET",route="/v1/{}/namespaces/{}/tables/{}",status="200"}'
    before = numbers(uri)
    assert before["pangolin_ready"] == 1
    for _ in range(10):
        assert iceberg(admin, "GET", f"{lake}/namespaces/sales/tables/orders").status_code == 200
    commit = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": fresh("x")}}]}
    assert iceberg(admin, "POST", f"{lake}/namespaces/sales/tables/orders", commit).status_code == 200
    stale = {"requirements": [{"type": "assert-table-uuid", "uuid": str(uuid.uuid4())}], "updates": []}
    assert iceberg(admin, "POST", f"{lake}/namespaces/sales/tables/orders", stale).status_code == 409
    Api(uri, {"Authorization": "Bearer nonsense"}).fails(401, "GET", "catalogs")
    after = numbers(uri)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown[load] == 10
    assert grown["pangolin_table_commits_total"] == 2
    assert grown["pangolin_table_commits_succeeded_total"] == grown["pangolin_table_commits_conflicted_total"] == 1
    assert grown["pangolin_auth_failure_total"] == 1 and grown["pangolin_auth_success_total"] >= 12
    times = 'pangolin_http_request_duration_seconds_bucket{method="GET",route="/v1/{}/namespaces/{}/tables/{}",le="+Inf"}'
    assert grown[times] == 10
    assert all(value >= 0 for value in grown.values()), "counters only grow"


def test_default_retention_days(root, place, servers):  # noqa: F811
    """A tenant's own time for its audit records; another's are kept as the server says."""
    if not place.startswith("sqlite"):
        pytest.skip("puts an old record into the database by hand")
    server = servers.server("sqlite")
    admins = [log_in(root, make_tenant(root), "tenant-admin") for _ in range(2)]
    old = int((time.time() - 200 * 86400) * 1000)
    record = f"{old >> 16:08x}-{old & 0xffff:04x}-7000-8000-{uuid.uuid4().hex[:12]}"
    with sqlite3.connect(server.run / "pangolin.db", timeout=30) as database:
        for api in admins:
            insert = 'INSERT INTO audit (tenant_id, id, username, action, result, "timestamp", version) VALUES (?, ?, ?, ?, ?, ?, 1)'
            database.execute(insert, (api.tenant, record, "x", "create_catalog", "success", old))
    for api in admins:
        assert api.ok("GET", f"audit/{record}")["timestamp"]
        assert [e["id"] for e in api.ok("GET", "audit?limit=1000")][-1] == record, "found however long ago"
    admins[0].ok("PUT", "config/settings", {"default_retention_days": 90})
    server.work()
    admins[0].fails(404, "GET", f"audit/{record}")
    assert admins[1].ok("GET", f"audit/{record}")
