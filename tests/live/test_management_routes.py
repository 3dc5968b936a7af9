# SPDX-License-Identifier: Apache-2.0
"""Every route of the management API that clients of other generations know, by raw HTTP: its status and its members.

One row a route, in an order in which each has what it needs; what an answer holds is put into later rows by {name}."""

import re
import uuid

import pytest
import requests

from contract import Document
from test_admin import NIL, PASSWORD, Api, fresh, in_tenant, log_in, make_tenant, root, uri  # noqa: F401 (fixtures)
from test_management import SCHEMA

pytestmark = pytest.mark.ours
SMALL_PLACES = ["sqlite-file"]

USER = "id username email tenant-id role oauth-provider created-at last-login tenant_id created_at last_login"
SERVICE_USER = "id name description tenant-id role created-at created-by last-used expires-at active"
KEY = "id service_user_id name description tenant_id role api_key created_at created_by expires_at active"
TENANT = "id name properties description"
WAREHOUSE = "id name tenant_id use_sts storage_config vending_strategy storage_type"
CATALOG = "id name catalog_type type warehouse_name storage_location federated_config properties"
ROLE = "id name description tenant-id permissions created-by created-at updated-at"
PERMISSION = "id user-id tenant-id scope actions granted-by granted-at"
ASSET = "id name kind location properties"
ABOUT = "id asset-id asset_id description tags properties discoverable created-by created-at updated-by updated-at updated_at"
REQUEST = (
    "id tenant-id user-id asset-id reason requested-at status reviewed-by reviewed-at review-comment "
    "asset_id user_id requested_at username resource"
)
AUDIT = (
    "id tenant_id user_id username action resource_type resource_id resource_name timestamp ip_address user_agent result "
    "error_message metadata"
)
SETTINGS = (
    "allow_public_signup default_warehouse_bucket default_retention_days smtp_host smtp_port smtp_user smtp_password smtp_from"
)
STATS = "catalogs_count tables_count namespaces_count users_count warehouses_count branches_count tenants_count scope"
BRANCH = "name head_commit_id branch_type assets"
COMMIT = "id parent_id timestamp author message operations"
MERGE = (
    "id tenant_id catalog_name source_branch target_branch base_commit_id status conflicts initiated_by initiated_at "
    "completed_at result_commit_id"
)
MERGE_ITEM = "id status source_branch target_branch conflicts_count initiated_at completed_at"
CONFLICT = "id merge_operation_id conflict_type asset_id asset_name description details resolution created_at"
TABLE = "metadata-location metadata config"
VIEW = "metadata-location metadata"
TOKEN = "id tenant_id user_id username created_at expires_at is_valid"

# who, method, path, body, status, members ([..]: of each item; name/..: below a member), {name: member} to keep
ROWS = [
    # health, configuration
    ("nobody", "GET", "/health", None, 200, "status store store_latency_ms", {}),
    ("nobody", "GET", "/health/ready", None, 200, "status store store_latency_ms", {}),
    ("nobody", "GET", "/health/live", None, 200, "status", {}),
    ("nobody", "GET", "/metrics", None, 200, None, {}),
    ("nobody", "GET", "app-config", None, 200, "auth_enabled allow_public_signup", {}),
    ("admin", "GET", "config/settings", None, 200, SETTINGS, {}),
    ("admin", "PUT", "config/settings", {"default_retention_days": 60}, 200, SETTINGS, {}),
    # tenants
    ("root", "GET", "tenants", None, 200, f"[{TENANT}]", {}),
    ("root", "POST", "tenants", {"name": "t", "admin_username": "x", "admin_password": "y"}, 201, TENANT, {"other": "id"}),
    ("root", "GET", "tenants/{other}", None, 200, TENANT, {}),
    ("root", "PUT", "tenants/{other}", {"name": "u", "description": "d"}, 200, TENANT, {}),
    ("root", "DELETE", "tenants/{other}", None, 204, None, {}),
    ("root", "GET", "tenants/{other}", None, 404, "error", {}),
    # users
    ("admin", "POST", "users", {"username": "{fresh}", "email": "a@b", "password": PASSWORD, "role": "TenantUser", "tenant_id": "{tenant}"}, 201, USER, {"user": "id"}),
    ("admin", "GET", "users", None, 200, f"[{USER}]", {}),
    ("admin", "GET", "users/{user}", None, 200, USER, {}),
    ("admin", "PUT", "users/{user}", {"email": "c@d", "role": "tenant-user", "active": True}, 200, USER, {}),
    ("nobody", "POST", "users/login", {"username": "{fresh}", "password": PASSWORD, "tenant-id": "{tenant}"}, 200, "token user expires-at", {"login": "token"}),
    ("user", "GET", "users/me", None, 200, USER, {}),
    ("user", "GET", "users/me/tokens", None, 200, f"[{TOKEN}]", {}),
    ("admin", "GET", "users/{user}/tokens", None, 200, f"[{TOKEN}]", {}),
    # tokens
    ("admin", "POST", "tokens", {"tenant_id": "{tenant}", "roles": ["TenantUser"], "expires_in_hours": 1}, 200, "token expires_at tenant_id token_id", {"token": "token_id"}),
    ("admin", "DELETE", "tokens/{token}", None, 204, None, {}),
    ("admin", "POST", "tokens", {"tenant_id": "{tenant}"}, 200, "token expires_at tenant_id token_id", {"token": "token_id"}),
    ("admin", "POST", "auth/revoke/{token}", None, 200, "message", {}),
    ("admin", "POST", "auth/cleanup-tokens", None, 200, "message count", {}),
    ("user", "POST", "tokens/rotate", {}, 200, "token expires_at tenant_id", {"login": "token"}),
    ("user", "POST", "auth/revoke", None, 200, "message", {}),
    ("user", "GET", "users/me", None, 401, "error", {}),
    ("nobody", "POST", "users/login", {"username": "{fresh}", "password": PASSWORD, "tenant_id": "{tenant}"}, 200, "token user expires-at", {"login": "token"}),
    ("user", "POST", "users/logout", None, 204, None, {}),
    ("user", "GET", "users/me", None, 401, "error", {}),
    ("nobody", "GET", "oauth/providers", None, 200, "providers", {}),
    # service users
    ("admin", "POST", "service-users", {"name": "s", "role": "tenant_user", "expires_in_days": 3}, 201, KEY, {"robot": "id", "key": "api_key"}),
    ("admin", "GET", "service-users", None, 200, f"[{SERVICE_USER}]", {}),
    ("admin", "GET", "service-users/{robot}", None, 200, SERVICE_USER, {}),
    ("admin", "PUT", "service-users/{robot}", {"description": "d"}, 200, "status", {}),
    ("admin", "POST", "service-users/{robot}/rotate", None, 200, KEY, {"key": "api_key"}),
    # roles and permissions
    ("admin", "POST", "roles", {"name": "r", "tenant-id": "{tenant}"}, 201, ROLE, {"role": "id"}),
    ("admin", "GET", "roles", None, 200, f"[{ROLE}]", {}),
    ("admin", "GET", "roles/{role}", None, 200, ROLE, {}),
    ("admin", "PUT", "roles/{role}", {"description": "partial"}, 200, None, {}),
    ("admin", "POST", "users/{user}/roles", {"role-id": "{role}"}, 201, None, {}),
    ("admin", "GET", "users/{user}/roles", None, 200, f"[{ROLE}]", {}),
    ("admin", "DELETE", "users/{user}/roles/{role}", None, 204, None, {}),
    ("admin", "DELETE", "roles/{role}", None, 204, None, {}),
    ("admin", "POST", "permissions", {"user-id": "{user}", "scope": {"type": "tenant"}, "actions": ["list"]}, 201, PERMISSION, {"permission": "id"}),
    ("admin", "GET", "permissions", None, 200, f"[{PERMISSION}]", {}),
    ("admin", "GET", "permissions?user={user}", None, 200, f"[{PERMISSION}]", {}),
    ("admin", "DELETE", "permissions/{permission}", None, 204, None, {}),
    # warehouses
    ("admin", "POST", "warehouses", {"name": "{lake}", "storage_config": "{storage}"}, 201, WAREHOUSE, {}),
    ("admin", "GET", "warehouses", None, 200, f"[{WAREHOUSE}]", {}),
    ("admin", "GET", "warehouses/{lake}", None, 200, WAREHOUSE, {}),
    ("admin", "PUT", "warehouses/{lake}", {"use_sts": False}, 200, WAREHOUSE, {}),
    # catalogs
    ("admin", "POST", "catalogs", {"name": "{lake}", "warehouse_name": "{lake}", "catalog_type": "Local", "properties": {"a": "b"}}, 201, CATALOG, {"catalog": "id"}),
    ("admin", "GET", "catalogs?type=federated", None, 200, f"[{CATALOG}]", {}),
    ("admin", "GET", "catalogs/{lake}", None, 200, CATALOG, {}),
    ("admin", "PUT", "catalogs/{lake}", {"properties": {"c": "d"}}, 200, CATALOG, {}),
    ("admin", "POST", "/v1/{lake}/namespaces", {"namespace": ["a"]}, 200, "namespace properties", {}),
    ("admin", "POST", "/v1/{lake}/namespaces", {"namespace": ["a", "b"]}, 200, "namespace properties", {}),
    ("admin", "POST", "/v1/{lake}/namespaces/a/tables", {"name": "t", "schema": SCHEMA}, 200, "metadata-location metadata config", {}),
    ("admin", "GET", "catalogs/{lake}/namespaces/tree", None, 200, "root", {}),
    ("admin", "GET", "explorer/tree?catalog={lake}", None, 200, "[name type children]", {}),
    # generic assets
    ("admin", "POST", "catalogs/{lake}/namespaces/a.b/assets", {"name": "x", "kind": "CSV_TABLE", "location": "http://x"}, 201, "id name kind location", {"asset": "id"}),
    ("admin", "GET", "catalogs/{lake}/namespaces/a.b/assets", None, 200, "[id name namespace kind identifier]", {}),
    ("admin", "GET", "catalogs/{lake}/namespaces/a.b/assets/x", None, 200, ASSET, {}),
    ("admin", "POST", "catalogs/{lake}/namespaces/a.b/assets", {"name": "y", "kind": "OTHER", "location": "http://y"}, 201, "id name kind location", {}),
    ("admin", "PUT", "catalogs/{lake}/namespaces/a.b/assets/y", {"location": "http://z"}, 200, ASSET, {}),
    ("admin", "DELETE", "catalogs/{lake}/namespaces/a.b/assets/y", None, 204, None, {}),
    # business metadata, access requests
    ("admin", "POST", "assets/{asset}/metadata", {"tags": ["x"], "discoverable": True}, 200, "metadata", {}),
    ("admin", "GET", "assets/{asset}/metadata", None, 200, f"metadata/{ABOUT}", {}),
    ("admin", "GET", "business-metadata/{asset}", None, 200, f"metadata/{ABOUT}", {}),
    ("admin", "GET", "assets/{asset}", None, 200, "asset metadata catalog namespace id name asset_type catalog_id description discoverable created_at", {}),
    ("robot", "POST", "assets/{asset}/access-requests", None, 201, REQUEST, {"request": "id"}),
    ("admin", "GET", "access-requests", None, 200, f"[{REQUEST}]", {}),
    ("robot", "GET", "access-requests/{request}", None, 200, REQUEST, {}),
    ("admin", "PUT", "access-requests/{request}", {"status": "approved", "id": "{request}"}, 200, REQUEST, {}),
    ("robot", "GET", "catalogs/{lake}/namespaces/a.b/assets/x", None, 200, ASSET, {}),
    ("admin", "DELETE", "assets/{asset}/metadata", None, 204, None, {}),
    ("admin", "DELETE", "business-metadata/{asset}", None, 404, "error", {}),
    # search
    ("admin", "GET", "assets/search?query=x", None, 200, "[id name kind location description tags has_access discoverable catalog namespace]", {}),
    ("admin", "GET", "search/assets?q=x", None, 200, "results total truncated limit offset", {}),
    ("admin", "GET", "search?q=x", None, 200, "results truncated", {}),
    # federated catalogs
    ("admin", "POST", "federated-catalogs", {"name": "{lake}-f", "config": {"properties": {"uri": "http://127.0.0.1:9/v1/x", "token": "do-not-show"}}}, 201, "id name properties", {}),
    ("admin", "GET", "federated-catalogs", None, 200, "[id name properties]", {}),
    ("admin", "GET", "federated-catalogs/{lake}-f", None, 200, "id name properties", {}),
    ("admin", "GET", "federated-catalogs/{lake}", None, 400, "error", {}),
    ("admin", "POST", "federated-catalogs/{lake}-f/test", None, 503, "status catalog error", {}),
    ("admin", "POST", "federated-catalogs/{lake}-f/sync", None, 503, "error", {}),
    ("admin", "GET", "federated-catalogs/{lake}-f/stats", None, 200, "last_synced_at sync_status tables_synced namespaces_synced error_message", {}),
    ("admin", "DELETE", "federated-catalogs/{lake}-f", None, 200, "status catalog", {}),
    # credentials
    ("admin", "GET", "/v1/{lake}/namespaces/a/tables/t/credentials", None, 200, "storage-credentials", {}),
    ("admin", "GET", "catalogs/{lake}/tables/a.t/credentials", None, 200, None, {}),
    ("admin", "GET", "warehouses/{lake}/credentials", None, 400, "error", {}),
    ("admin", "POST", "warehouses/{lake}/test", None, 200, None, {}),
    ("admin", "GET", "storage/presigned-url", None, 400, "error", {}),
    ("admin", "GET", "catalogs/{lake}/namespaces/a/tables/t/metrics", None, 200, None, {}),
    ("admin", "GET", "access/explain?action=read&object=catalog:{lake}", None, 200, None, {}),
    # Iceberg, as the management API's clients ask for it
    ("admin", "GET", "/v1/config?warehouse={lake}", None, 200, "defaults overrides endpoints", {}),
    ("admin", "GET", "/v1/{lake}/config", None, 200, "defaults overrides endpoints", {}),
    ("admin", "GET", "/v1/{lake}/v1/config", None, 200, "defaults overrides", {}),
    ("admin", "GET", "/v1/{lake}/namespaces", None, 200, "namespaces", {}),
    ("admin", "GET", "/v1/{lake}/v1/namespaces", None, 200, "namespaces", {}),
    ("admin", "GET", "/v1/{lake}/v1/{lake}/namespaces", None, 200, "namespaces", {}),
    ("admin", "GET", "/v1/{lake}/namespaces/a", None, 200, "namespace properties", {}),
    ("admin", "HEAD", "/v1/{lake}/namespaces/a", None, 204, None, {}),
    ("admin", "POST", "/v1/{lake}/namespaces/a/properties", {"updates": {"k": "v"}, "removals": ["none"]}, 200, "updated removed missing", {}),
    ("admin", "DELETE", "/v1/{lake}/namespaces/a", None, 409, "error", {}),
    ("admin", "GET", "/v1/{lake}/namespaces/a/tables", None, 200, "identifiers", {}),
    ("admin", "GET", "/v1/{lake}/namespaces/a/tables/t", None, 200, TABLE, {"file": "metadata-location"}),
    ("admin", "HEAD", "/v1/{lake}/namespaces/a/tables/t", None, 204, None, {}),
    ("admin", "POST", "/v1/{lake}/namespaces/a/tables/t", {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "b"}}]}, 200, "metadata-location metadata", {}),
    ("admin", "POST", "/v1/{lake}/namespaces/a/register", {"name": "t", "metadata-location": "{file}"}, 409, "error", {}),
    ("admin", "POST", "/v1/{lake}/namespaces/a/tables/t/metrics", {"x": 1}, 400, "error", {}),
    ("admin", "POST", "/v1/{lake}/namespaces/a/tables/t/maintenance", {"job_type": "expire_snapshots"}, 200, "status", {}),
    ("admin", "GET", "/v1/{lake}/namespaces/a/tables/t/presign", None, 400, "error", {}),
    ("admin", "POST", "/v1/{lake}/tables/rename", {"source": {"namespace": ["a"], "name": "t"}, "destination": {"namespace": ["a"], "name": "u"}}, 204, None, {}),
    ("admin", "POST", "/v1/{lake}/tables/rename", {"source": {"namespace": ["a"], "name": "u"}, "destination": {"namespace": ["a"], "name": "t"}}, 204, None, {}),
    ("admin", "POST", "/v1/{lake}/namespaces/a/views", {"name": "v", "sql": "SELECT 1"}, 201, f"{VIEW} name sql", {}),
    ("admin", "GET", "/v1/{lake}/namespaces/a/views", None, 200, "identifiers", {}),
    ("admin", "GET", "/v1/{lake}/namespaces/a/views/v", None, 200, f"{VIEW} name sql dialect properties", {}),
    ("admin", "HEAD", "/v1/{lake}/namespaces/a/views/v", None, 204, None, {}),
    ("admin", "DELETE", "/v1/{lake}/namespaces/a/views/v", None, 204, None, {}),
    # branches, commits, tags
    ("admin", "POST", "branches", {"name": "dev", "catalog": "{lake}"}, 201, BRANCH, {}),
    ("admin", "POST", "branches", {"name": "dev", "catalog": "{lake}"}, 409, "error", {}),
    ("admin", "GET", "branches?catalog={lake}", None, 200, f"[{BRANCH}]", {}),
    ("admin", "GET", "branches/dev?catalog={lake}", None, 200, BRANCH, {}),
    ("admin", "GET", "branches/none?catalog={lake}", None, 404, "error", {}),
    ("admin", "PUT", "branches/dev", {"catalog": "{lake}", "protected": False}, 200, BRANCH, {}),
    ("admin", "POST", "/v1/{lake}/namespaces?branch=dev", {"namespace": ["there"]}, 200, "namespace properties", {}),
    ("admin", "GET", "branches/dev/commits?catalog={lake}", None, 200, f"[{COMMIT}]", {"commit": "id"}),
    ("admin", "GET", "commits/{commit}?catalog={lake}", None, 200, COMMIT, {}),
    ("admin", "GET", "diff?catalog={lake}&from=main&to=dev", None, 200, None, {}),
    ("admin", "POST", "branches/dev/rebase", {"name": "dev", "catalog": "{lake}"}, 200, None, {}),
    ("admin", "POST", "tags", {"name": "v1", "catalog": "{lake}"}, 200, "name commit_id", {}),
    ("admin", "POST", "tags", {"name": "v1", "catalog": "{lake}"}, 409, "error", {}),
    ("admin", "GET", "tags?catalog={lake}", None, 200, "[name commit_id]", {}),
    ("admin", "GET", "tags/v1?catalog={lake}", None, 200, "name commit_id", {}),
    ("admin", "DELETE", "tags/v1?catalog={lake}", None, 204, None, {}),
    # merges
    ("admin", "POST", "branches/merge", {"source_branch": "dev", "target_branch": "main", "catalog": "{lake}"}, 200, MERGE, {"merge": "id", "landed": "result_commit_id"}),
    ("admin", "POST", "branches/merge", {"source_branch": "none", "target_branch": "main", "catalog": "{lake}"}, 404, "error", {}),
    ("admin", "GET", "catalogs/{lake}/merge-operations", None, 200, f"[{MERGE_ITEM}]", {}),
    ("admin", "GET", "merge-operations/{merge}", None, 200, MERGE, {}),
    ("admin", "POST", "merge-operations/{merge}/abort", None, 400, "error", {}),
    ("admin", "POST", "commits/{landed}/revert", {"catalog": "{lake}"}, 200, "status", {}),
    ("admin", "POST", "/v1/{lake}/namespaces?branch=dev", {"namespace": ["both"]}, 200, "namespace properties", {}),
    ("admin", "POST", "/v1/{lake}/namespaces", {"namespace": ["both"]}, 200, "namespace properties", {}),
    ("admin", "POST", "branches/merge", {"source_branch": "dev", "target_branch": "main", "catalog": "{lake}"}, 409, "status operation_id conflicts message", {"merge": "operation_id"}),
    ("admin", "GET", "merge-operations/{merge}/conflicts", None, 200, f"[{CONFLICT}]", {"conflict": "id"}),
    ("admin", "POST", "merge-operations/{merge}/complete", None, 400, "error", {}),
    ("admin", "POST", "conflicts/{conflict}/resolve", {"strategy": "TakeSource"}, 200, "status conflict_id", {}),
    ("admin", "POST", "merge-operations/{merge}/complete", None, 200, "status operation_id commit_id", {}),
    ("admin", "DELETE", "branches/main?catalog={lake}", None, 400, "error", {}),
    ("admin", "DELETE", "branches/dev?catalog={lake}", None, 204, None, {}),
    # dashboard, bulk, validation
    ("admin", "GET", "dashboard/stats", None, 200, STATS, {}),
    ("admin", "GET", "catalogs/{lake}/summary", None, 200, "name table_count namespace_count branch_count storage_location", {}),
    ("admin", "POST", "validate/names", {"resource_type": "catalog", "names": ["{lake}"]}, 200, "results", {}),
    ("admin", "POST", "bulk/assets/delete", {"asset_ids": ["{asset}"]}, 200, "succeeded failed errors", {}),
    # audit
    ("admin", "GET", "audit?limit=5", None, 200, f"[{AUDIT}]", {}),
    ("admin", "GET", "audit?limit=1", None, 200, f"[{AUDIT}]", {"event": "id"}),
    ("admin", "GET", "audit/{event}", None, 200, AUDIT, {}),
    ("admin", "GET", "audit/count?result=success", None, 200, "count", {}),
    # the end of all
    ("admin", "PUT", "catalogs/{lake}", {"name": "{lake}-2"}, 200, CATALOG, {}),
    ("admin", "DELETE", "catalogs/{lake}-2", None, 204, None, {}),
    ("admin", "DELETE", "warehouses/{lake}", None, 204, None, {}),
    ("admin", "DELETE", "service-users/{robot}", None, 200, "status", {}),
    ("admin", "DELETE", "users/{user}", None, 204, None, {}),
]  # fmt: skip


def filled(value, known):
    if isinstance(value, dict):
        return {k: filled(v, known) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, known) for v in value]
    if isinstance(value, str) and value.strip("{}") in known and value.startswith("{"):
        return known[value.strip("{}")]
    return re.sub(r"{(\w+)}", lambda m: known[m[1]], value) if isinstance(value, str) else value


def check_members(body, members):
    if members.startswith("["):
        assert isinstance(body, list) and body, "no list with anything in it"
        for item in body:
            check_members(item, members[1:-1])
        return
    name, slash, rest = members.partition("/")
    if slash:
        body, members = body[name], rest
    missing = [m for m in members.split() if m not in body]
    assert not missing, f"no {missing} in {sorted(body)}"
    if members == "error":
        assert set(body["error"]) >= {"message", "type", "code"}


class Walk:
    """Goes through the rows; what a row needs and another did not give is said, and the walk goes on."""

    def __init__(self, callers, known):
        self.callers, self.known = callers, known

    def row(self, who, method, path, body, status, members, keep):
        path = filled(path, self.known)
        uri = self.callers["root"].uri
        self.callers["user"] = Api(uri, {"Authorization": f"Bearer {self.known.get('login')}"})
        self.callers["robot"] = Api(uri, {"X-API-Key": str(self.known.get("key"))})
        under = f"../..{path}" if path.startswith("/") else path
        answer = self.callers[who](method, under, filled(body, self.known))
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
        assert answer.headers["x-request-id"]
        if members:
            check_members(answer.json(), members)
        for name, member in keep.items():
            held = answer.json()
            self.known[name] = (held[0] if isinstance(held, list) else held)[member]


def test_every_route(root, place, servers):  # noqa: F811
    server = servers.server(place.split("-")[0])
    tenant = make_tenant(root)
    callers = {"root": root, "admin": log_in(root, tenant, "tenant-admin"), "nobody": Api(root.uri, {})}
    storage = servers.storage("file", server).config()
    walk = Walk(callers, {"tenant": tenant, "fresh": fresh("clerk"), "lake": fresh("lake"), "storage": storage})
    problems = []
    for row in ROWS:
        try:
            walk.row(*row)
        except (AssertionError, KeyError) as e:
            problems.append(f"{row[0]}: {row[1]} {row[2]}: {e!r}")
    assert not problems, "\n".join(problems)


# Routes that other suites drive: what stands beside, and the OpenAPI document's (test_contract.py).
ELSEWHERE = {
    "POST /api/v1/catalogs/{}/namespaces/{}/functions": "test_functions.py",
    "PUT /api/v1/catalogs/{}/namespaces/{}/functions/{}": "test_functions.py",
    "DELETE /api/v1/catalogs/{}/namespaces/{}/functions/{}": "test_functions.py",
    "GET /.well-known/jwks.json": "test_operator.py",
    "GET /oauth/authorize/{}": "test_identity.py",
    "GET /oauth/callback/{}": "test_identity.py",
    "POST /api/v1/oauth/exchange": "test_identity.py",
    "POST /api/v1/signup": "test_mail.py",
    "POST /api/v1/signup/confirm": "test_mail.py",
    "POST /v1/oauth/tokens": "test_management_routes.py",
    "POST /v1/{}/oauth/tokens": "test_management_routes.py",
    "POST /api/v1/iceberg/{}/oauth/tokens": "test_management_routes.py",
    "POST /api/v1/iceberg/{}/v1/oauth/tokens": "test_management_routes.py",
}


def test_no_route_is_left_out(servers, place):
    """Every route that `pangolin routes` prints has a row here, or its suite."""
    document = {(o.method, re.sub(r"{[^}]*}", "{}", o.path)) for o in Document().operations.values()}
    rows = {(method, filled_pattern(path)) for _, method, path, *_ in ROWS}
    left = []
    for line in servers.server(place.split("-")[0]).command("routes").splitlines():
        _, method, pattern = line.split()
        shape = re.compile(re.escape(pattern).replace(r"\{\}", "[^/]+"))
        if (method, pattern) in document or f"{method} {pattern}" in ELSEWHERE:
            continue
        if not any(m == method and shape.fullmatch(path) for m, path in rows):
            left.append(f"{method} {pattern}")
    assert not left, f"no row for {left}"


def filled_pattern(path):
    path = path.partition("?")[0]
    return path if path.startswith("/") else f"/api/v1/{path}"


@pytest.mark.parametrize("path", ["v1/oauth/tokens", "v1/c/oauth/tokens", "v1/c/v1/oauth/tokens", "api/v1/iceberg/c/oauth/tokens", "api/v1/iceberg/c/v1/oauth/tokens"])
def test_client_credentials(root, path):  # noqa: F811
    admin = log_in(root, make_tenant(root), "tenant-admin")
    made = admin("POST", "service-users", {"name": "s", "role": "tenant-user"}).json()
    form = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["api_key"], "scope": "catalog"}
    answer = requests.post(f"{root.uri}/{path}", data=form, timeout=30)
    assert answer.status_code == 200, answer.text
    assert {"access_token", "token_type", "expires_in", "issued_token_type"} <= set(answer.json())
    wrong = requests.post(f"{root.uri}/{path}", data={**form, "client_secret": "no"}, timeout=30)
    assert wrong.status_code == 401 and wrong.json()["error"]


def test_every_route_is_json_where_it_fails(root):  # noqa: F811
    """An empty body, a broken one, and one that is no object: 4xx, and the one form of an error."""
    admin = log_in(root, make_tenant(root), "tenant-admin")
    seen = set()
    for _, method, path, _, _, _, _ in ROWS:
        path = re.sub(r"{\w+}", str(uuid.uuid4()), path)
        path = f"{root.uri}{path}" if path.startswith("/") else f"{root.uri}/api/v1/{path}"
        if method not in ("POST", "PUT") or (method, path) in seen or "logout" in path or "auth/" in path or "rotate" in path:
            continue
        seen.add((method, path))
        for raw in ("{", "[1]", "7"):
            answer = requests.request(method, path, data=raw, headers={**admin.headers, "Content-Type": "application/json"}, timeout=30)
            assert 400 <= answer.status_code < 500, f"{method} {path} {raw}: {answer.status_code} {answer.text}"
            assert answer.json()["error"]["code"] == answer.status_code, f"{method} {path}"
