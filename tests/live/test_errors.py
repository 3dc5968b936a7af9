# SPDX-License-Identifier: Apache-2.0
"""Every error of every operation: its status, its type, its text, and what clients make of it.

Java's client chooses an exception by the status, and where one status has two meanings by the type (its ErrorHandlers);
PyIceberg, the Rust and the Go client by the status alone, and show type and message.  PyIceberg's own code judges here;
Java's rules are repeated below, for it needs a JVM.
"""

import re
import uuid
from dataclasses import dataclass, field

import pytest
import requests
from pyiceberg import exceptions
from pyiceberg.catalog.rest.response import _handle_non_200_response

from contract_ground import DOCUMENT, SCHEMA, Ground
from test_admin import Api, log_in

pytestmark = pytest.mark.ours
NOWHERE = ["no", "where"]
METADATA = {"updates": [{"action": "set-properties", "updates": {"a": "b"}}]}
NOT_OURS = {"type": "assert-table-uuid", "uuid": str(uuid.uuid4())}
NOT_OUR_VIEW = {"type": "assert-view-uuid", "uuid": str(uuid.uuid4())}

# --- what clients make of an answer ---------------------------------------------------------------------

UNKNOWN_STATE = dict.fromkeys((500, 502, 503, 504), "CommitStateUnknownException")
DEFAULT = {
    400: {"IllegalArgumentException": "IllegalArgumentException", None: "BadRequestException"}, 401: "NotAuthorizedException",
    403: "ForbiddenException", 500: "ServiceFailureException", 501: "UnsupportedOperationException", 503: "ServiceUnavailableException",
}  # fmt: skip
NAMESPACE = {**DEFAULT, 404: "NoSuchNamespaceException", 409: "AlreadyExistsException"}
TABLE = {
    **DEFAULT, 409: "AlreadyExistsException",
    404: {"NoSuchNamespaceException": "NoSuchNamespaceException", "NotFoundException": "NotFoundException", None: "NoSuchTableException"},
}  # fmt: skip
VIEW = {
    **DEFAULT, 409: "AlreadyExistsException",
    404: {"NoSuchNamespaceException": "NoSuchNamespaceException", None: "NoSuchViewException"},
}  # fmt: skip
KNOWN = {"NoSuchNamespaceException": "NoSuchNamespaceException", "NoSuchTableException": "NoSuchTableException"}
JAVA = {  # operation -> status -> exception, or type -> exception
    "getConfig": {**DEFAULT, 404: "NoSuchWarehouseException"},
    "dropNamespace": {**NAMESPACE, 409: "NamespaceNotEmptyException"},
    "updateTable": {**DEFAULT, **UNKNOWN_STATE, 404: "NoSuchTableException", 409: "CommitFailedException"},
    "commitTransaction": {**DEFAULT, **UNKNOWN_STATE, 404: "NoSuchTableException", 409: "CommitFailedException"},
    "replaceView": {**DEFAULT, **UNKNOWN_STATE, 404: "NoSuchViewException", 409: "CommitFailedException"},
    "reportMetrics": DEFAULT,
    "fetchPlanningResult": {**DEFAULT, 404: {**KNOWN, None: "NoSuchPlanIdException"}},
    "cancelPlanning": {**DEFAULT, 404: {**KNOWN, None: "NoSuchPlanIdException"}},
    "fetchScanTasks": {**DEFAULT, 404: {**KNOWN, None: "NoSuchPlanTaskException"}},
    **dict.fromkeys(
        ("listNamespaces", "createNamespace", "loadNamespaceMetadata", "namespaceExists", "updateProperties", "listTables", "listViews"),
        NAMESPACE,
    ),
    **dict.fromkeys(("createView", "loadView", "viewExists", "dropView", "renameView", "registerView"), VIEW),
    **dict.fromkeys(("createTable", "loadTable", "tableExists", "dropTable", "renameTable", "registerTable", "planTableScan"), TABLE),
}


def java(operation, status, type):
    """The exception that Java's client throws; it knows no functions yet, nor how to unregister."""
    if operation not in JAVA:
        return None
    found = JAVA[operation].get(status, "RESTException")
    return found.get(type, found[None]) if isinstance(found, dict) else found


TAKEN, MISSING, NO_SPACE = exceptions.TableAlreadyExistsError, exceptions.NoSuchTableError, exceptions.NoSuchNamespaceError
PYTHON = {  # operation -> what PyIceberg gives its judge with it
    "createTable": {409: TAKEN, 404: NO_SPACE},
    "registerTable": {409: TAKEN},
    "listTables": {404: NO_SPACE},
    "loadTable": {404: MISSING},
    "loadCredentials": {404: MISSING},
    "dropTable": {404: MISSING},
    "renameTable": {404: MISSING, 409: TAKEN},
    "planTableScan": {404: MISSING},
    "fetchScanTasks": {404: exceptions.NoSuchPlanTaskError},
    "createView": {409: exceptions.ViewAlreadyExistsError},
    "registerView": {409: exceptions.ViewAlreadyExistsError},
    "listViews": {404: NO_SPACE},
    "loadView": {404: exceptions.NoSuchViewError},
    "dropView": {404: exceptions.NoSuchViewError},
    "updateTable": {
        409: exceptions.CommitFailedException, **dict.fromkeys((500, 502, 504), exceptions.CommitStateUnknownException)
    },
    "createNamespace": {409: exceptions.NamespaceAlreadyExistsError},
    "dropNamespace": {404: NO_SPACE, 409: exceptions.NamespaceNotEmptyError},
    "listNamespaces": {404: NO_SPACE},
    "loadNamespaceMetadata": {404: NO_SPACE},
    "updateProperties": {404: NO_SPACE},
}  # fmt: skip
BY_STATUS = {
    400: exceptions.BadRequestError, 401: exceptions.UnauthorizedError, 403: exceptions.ForbiddenError, 404: exceptions.RESTError,
    409: exceptions.RESTError, 422: exceptions.RESTError, 503: exceptions.ServiceUnavailableError,
}  # fmt: skip


def python(operation, answer):
    """What PyIceberg raises."""
    try:
        _handle_non_200_response(requests.HTTPError(response=answer), PYTHON.get(operation, {}))
    except Exception as e:
        return e


# --- the errors -----------------------------------------------------------------------------------------


@dataclass
class Case:
    operation: str
    status: int
    type: str
    text: str  # of the message: a pattern for all of it; {ns} is the namespace
    java: str | None
    where: dict = field(default_factory=dict)  # members of the path; text in them has {ns} too
    body: object = None
    query: dict | None = None

    def __str__(self):
        return f"{self.operation}-{self.status}-{self.type}-{self.text[:30]}"


IN, NONE = {"namespace": ["{ns}"]}, {"namespace": NOWHERE}
T, NO_T, V, NO_V, F, NO_F = (
    {**IN, noun: name} for noun in ("table", "view", "function") for name in (noun[0], "none")
)  # fmt: skip


def ident(name, space="{ns}"):
    return {"namespace": [space] if isinstance(space, str) else space, "name": name}


def rename(source, destination, space="{ns}"):
    return {"source": ident(source), "destination": ident(destination, space)}


def changes(*requirements, name="t"):
    return {"table-changes": [{"identifier": ident(name), "requirements": list(requirements), **METADATA}]}


BAD, WRONG, NO_NS = "BadRequestException", "IllegalArgumentException", "NoSuchNamespaceException"
NO_TABLE, NO_VIEW, NO_FUNCTION = "NoSuchTableException", "NoSuchViewException", "NoSuchFunctionException"
NO_PLAN, NO_TASK, PLAN = "NoSuchPlanIdException", "NoSuchPlanTaskException", str(uuid.uuid4())
EXISTS, FAILED = "AlreadyExistsException", "CommitFailedException"
NEW = {"name": "new", "schema": SCHEMA}
VIEW_BODY = {
    "schema": {"type": "struct", "fields": SCHEMA["fields"][:1]}, "properties": {},
    "view-version": {
        "version-id": 1, "timestamp-ms": 1700000000000, "schema-id": 0, "summary": {}, "default-namespace": ["a"],
        "representations": [{"type": "sql", "sql": "SELECT 1", "dialect": "spark"}],
    },
}  # fmt: skip
REPORT = {"report-type": "commit-report", "table-name": "t", "snapshot-id": 1, "sequence-number": 1, "operation": "append", "metrics": {}}
PAGE = r"pageToken: not one that this list gave"
NO_SPACE_TEXT = r"Namespace does not exist: no\.where"

CASES = [
    Case("getConfig", 404, "NoSuchWarehouseException", "Warehouse does not exist: none", "NoSuchWarehouseException", query={"warehouse": "none"}),
    Case("listNamespaces", 404, NO_NS, "Namespace does not exist: none", NO_NS, query={"parent": "none"}),
    Case("listNamespaces", 400, BAD, PAGE, BAD, query={"pageToken": "x"}),
    Case("createNamespace", 409, EXISTS, "Namespace already exists: {ns}", EXISTS, body={"namespace": ["{ns}"]}),
    Case("createNamespace", 400, BAD, "namespace: missing", BAD, body={}),
    Case("createNamespace", 400, BAD, "a namespace name cannot hold '@'.*", BAD, body={"namespace": ["a@b"]}),
    Case("loadNamespaceMetadata", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE),
    Case("namespaceExists", 404, "", "", NO_NS, NONE),
    Case("dropNamespace", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE),
    Case("dropNamespace", 409, "NamespaceNotEmptyException", "Namespace {ns} is not empty", "NamespaceNotEmptyException", IN),
    Case("updateProperties", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE, {"updates": {"a": "b"}}),
    Case("updateProperties", 422, "UnprocessableEntityException", ".*\"?a\"?.*", "RESTException", IN, {"updates": {"a": "b"}, "removals": ["a"]}),
    Case("updateProperties", 400, BAD, "updates.a: not a string", BAD, IN, {"updates": {"a": 1}}),

    Case("listTables", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE),
    Case("listTables", 400, BAD, PAGE, BAD, IN, query={"pageToken": "x"}),
    Case("createTable", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE, NEW),
    Case("createTable", 409, EXISTS, r"Table already exists: {ns}\.t", EXISTS, IN, {**NEW, "name": "t"}),
    Case("createTable", 409, EXISTS, r"Table already exists: {ns}\.t", EXISTS, IN, {**NEW, "name": "t", "stage-create": True}),
    Case("createTable", 409, EXISTS, r"View with same name already exists: {ns}\.v", EXISTS, IN, {**NEW, "name": "v"}),
    Case("createTable", 400, BAD, "schema: missing", BAD, IN, {"name": "new"}),
    Case("createTable", 400, BAD, "location: .*", BAD, IN, {**NEW, "location": "file:///etc/x"}),
    Case("loadTable", 404, NO_TABLE, r"Table does not exist: {ns}\.none", NO_TABLE, NO_T),
    Case("loadTable", 404, NO_TABLE, r"Table does not exist: {ns}\.v", NO_TABLE, {**IN, "table": "v"}),
    Case("loadTable", 404, NO_TABLE, r"Table does not exist: no\.where\.t", NO_TABLE, {**NONE, "table": "t"}),
    Case("loadTable", 400, BAD, 'snapshots: neither "all" nor "refs"', BAD, T, query={"snapshots": "x"}),
    Case("tableExists", 404, "", "", NO_TABLE, NO_T),
    Case("updateTable", 404, NO_TABLE, r"Table does not exist: {ns}\.none", NO_TABLE, NO_T, {"requirements": [], **METADATA}),
    Case("updateTable", 409, FAILED, "Requirement failed: UUID does not match: .*", FAILED, T, {"requirements": [NOT_OURS], **METADATA}),
    Case("updateTable", 409, FAILED, "Requirement failed: .*already exists.*", FAILED, T, {"requirements": [{"type": "assert-create"}], **METADATA}),
    Case("updateTable", 400, BAD, ".*no-such.*", BAD, T, {"requirements": [], "updates": [{"action": "no-such"}]}),
    Case("updateTable", 400, BAD, ".*no-such.*", BAD, T, {"requirements": [{"type": "no-such"}], **METADATA}),
    Case("dropTable", 404, NO_TABLE, r"Table does not exist: {ns}\.none", NO_TABLE, NO_T),
    Case("dropTable", 400, BAD, "purgeRequested: .*", BAD, T, query={"purgeRequested": "x"}),
    Case("unregisterTable", 404, NO_TABLE, r"Table does not exist: {ns}\.none", None, NO_T),
    Case("registerTable", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE, {"name": "r", "metadata-location": "{table}"}),
    Case("registerTable", 409, EXISTS, r"Table already exists: {ns}\.t", EXISTS, IN, {"name": "t", "metadata-location": "{table}"}),
    Case("registerTable", 400, BAD, "metadata-location: missing", BAD, IN, {"name": "r"}),
    Case("renameTable", 404, NO_TABLE, r"Table does not exist: {ns}\.none", NO_TABLE, body=rename("none", "x")),
    Case("renameTable", 404, NO_NS, NO_SPACE_TEXT, NO_NS, body=rename("t", "x", NOWHERE)),
    Case("renameTable", 409, EXISTS, r"Cannot rename {ns}\.t to {ns}\.u\. Table already exists", EXISTS, body=rename("t", "u")),
    Case("renameTable", 409, EXISTS, r"Cannot rename {ns}\.t to {ns}\.v\. View already exists", EXISTS, body=rename("t", "v")),
    Case("renameTable", 400, BAD, "source: missing", BAD, body={}),
    Case("reportMetrics", 404, NO_TABLE, r"Table does not exist: {ns}\.none", "RESTException", NO_T, REPORT),
    Case("reportMetrics", 400, BAD, "report-type: missing", BAD, T, {}),
    Case("commitTransaction", 404, NO_TABLE, r"(.*: )?Table does not exist: {ns}\.none", NO_TABLE, body=changes(name="none")),
    Case("commitTransaction", 409, FAILED, "(.*: )?Requirement failed: UUID does not match: .*", FAILED, body=changes(NOT_OURS)),
    Case("commitTransaction", 400, BAD, "Invalid table changes: empty", BAD, body={"table-changes": []}),

    Case("listViews", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE),
    Case("listViews", 400, BAD, PAGE, BAD, IN, query={"pageToken": "x"}),
    Case("createView", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE, {"name": "w", **VIEW_BODY}),
    Case("createView", 409, EXISTS, r"View already exists: {ns}\.v", EXISTS, IN, {"name": "v", **VIEW_BODY}),
    Case("createView", 409, EXISTS, r"Table with same name already exists: {ns}\.t", EXISTS, IN, {"name": "t", **VIEW_BODY}),
    Case("createView", 400, WRONG, "view-version: missing", WRONG, IN, {"name": "w", "schema": SCHEMA}),
    Case("loadView", 404, NO_VIEW, r"View does not exist: {ns}\.none", NO_VIEW, NO_V),
    Case("viewExists", 404, "", "", NO_VIEW, NO_V),
    Case("replaceView", 404, NO_VIEW, r"View does not exist: {ns}\.none", NO_VIEW, NO_V, METADATA),
    Case("replaceView", 409, FAILED, "Requirement failed: .*UUID.*", FAILED, V, {"requirements": [NOT_OUR_VIEW], **METADATA}),
    Case("replaceView", 400, BAD, ".*no-such.*", BAD, V, {"updates": [{"action": "no-such"}]}),
    Case("dropView", 404, NO_VIEW, r"View does not exist: {ns}\.none", NO_VIEW, NO_V),
    Case("renameView", 404, NO_VIEW, r"View does not exist: {ns}\.none", NO_VIEW, body=rename("none", "x")),
    Case("renameView", 404, NO_NS, NO_SPACE_TEXT, NO_NS, body=rename("v", "x", NOWHERE)),
    Case("renameView", 409, EXISTS, r"Cannot rename {ns}\.v to {ns}\.t\. Table already exists", EXISTS, body=rename("v", "t")),
    Case("renameView", 400, BAD, "source: missing", BAD, body={}),
    Case("registerView", 404, NO_NS, NO_SPACE_TEXT, NO_NS, NONE, {"name": "w", "metadata-location": "{view}"}),
    Case("registerView", 409, EXISTS, r"View already exists: {ns}\.v", EXISTS, IN, {"name": "v", "metadata-location": "{view}"}),
    Case("registerView", 400, BAD, "metadata-location: missing", BAD, IN, {"name": "w"}),

    Case("listFunctions", 404, NO_NS, NO_SPACE_TEXT, None, NONE),
    Case("listFunctions", 400, BAD, PAGE, None, IN, query={"pageToken": "x"}),
    Case("loadFunction", 404, NO_FUNCTION, r"Function does not exist: {ns}\.none", None, NO_F),
    Case("loadFunction", 404, NO_FUNCTION, r"Function does not exist: {ns}\.t", None, {**IN, "function": "t"}),

    Case("planTableScan", 404, NO_TABLE, r"Table does not exist: {ns}\.none", NO_TABLE, NO_T, {}),
    Case("planTableScan", 400, BAD, ".*nowhere.*", BAD, T, {"filter": {"type": "is-null", "term": "nowhere"}}),
    Case("planTableScan", 400, BAD, "start-snapshot-id.*|.*end-snapshot-id.*", BAD, T, {"start-snapshot-id": 1}),
    Case("fetchPlanningResult", 404, NO_TABLE, r"Table does not exist: {ns}\.none", NO_TABLE, {**NO_T, "plan_id": PLAN}),
    Case("fetchPlanningResult", 404, NO_PLAN, "The plan id does not exist", NO_PLAN, {**T, "plan_id": PLAN}),
    Case("cancelPlanning", 404, NO_TABLE, r"Table does not exist: {ns}\.none", NO_TABLE, {**NO_T, "plan_id": PLAN}),
    Case("cancelPlanning", 404, NO_PLAN, "The plan id does not exist", NO_PLAN, {**T, "plan_id": PLAN}),
    Case("fetchScanTasks", 404, NO_TABLE, r"Table does not exist: {ns}\.none", NO_TABLE, NO_T, {"plan-task": "x"}),
    Case("fetchScanTasks", 404, NO_TASK, "The plan task does not exist", NO_TASK, T, {"plan-task": "x"}),
    Case("fetchScanTasks", 400, BAD, "plan-task: missing", BAD, T, {}),

    Case("loadCredentials", 404, NO_TABLE, r"Table does not exist: {ns}\.none", None, NO_T),
    Case("signRequest", 400, BAD, ".*: missing|the warehouse signs no requests", None, T, {}),
]  # fmt: skip


class World(Ground):
    """One namespace in which every name of the cases is what it says."""

    def __init__(self, site):
        super().__init__(site)
        (self.ns,) = self.space()
        for name in "tu":
            self.table([self.ns], name)
        self.view([self.ns], "v")
        self.texts = {
            "{ns}": self.ns,
            "{table}": self.ok("loadTable", namespace=[self.ns], table="t")["metadata-location"],
            "{view}": self.ok("loadView", namespace=[self.ns], view="v")["metadata-location"],
        }

    def fill(self, value):
        if isinstance(value, str):
            for name, text in self.texts.items():
                value = value.replace(name, text)
            return value
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if isinstance(value, dict):
            return {k: self.fill(v) for k, v in value.items()}
        return value


@pytest.fixture(scope="module")
def world(site):
    return World(site)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_error(world, case):
    answer = world(case.operation, case.status, body=world.fill(case.body), query=case.query, good=False, **world.fill(case.where))
    assert java(case.operation, case.status, case.type) == case.java
    raised = python(case.operation, answer)
    assert type(raised) is PYTHON.get(case.operation, {}).get(case.status, BY_STATUS[case.status]), raised
    if not case.type:
        assert not answer.content
        return
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == (case.type, case.status), error
    assert re.fullmatch(case.text.replace("{ns}", world.ns), error["message"], re.S), error["message"]
    assert str(raised) == f"{error['type']}: {error['message']}"


# --- errors that have nothing to do with what is asked for --------------------------------------------------

ASKED_BY_CODE = ("304", "419", "503", "5XX", "500", "502", "504")  # not errors, optional, or the test's below
NEVER = {(name, "406") for name in ("createNamespace", "updateProperties", "renameTable", "renameView", "planTableScan")}  # all are supported
PLAIN = {"400": "what is no JSON, or no UTF-8 in the path", "401": "who is not known", "403": "who may not"}


@pytest.mark.parametrize("name", sorted(set(DOCUMENT.operations) - {"getToken"}))
def test_every_documented_error_is_asked_for(name):
    documented = {s for s in DOCUMENT.operations[name].responses if s[0] in "45" and s not in ASKED_BY_CODE and s not in PLAIN}
    asked = {str(c.status) for c in CASES if c.operation == name}
    assert documented <= asked | {s for n, s in NEVER if n == name}


GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKENS = [  # getToken's errors are OAuth's: their own shape, and one name a meaning
    (400, "unsupported_grant_type", {"grant_type": "password"}),
    (400, "invalid_request", {"grant_type": "client_credentials"}),
    (401, "invalid_client", {"grant_type": "client_credentials", "client_id": str(uuid.uuid4()), "client_secret": "x"}),
    (400, "invalid_grant", {"grant_type": GRANT, "subject_token": "x", "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}),
]


@pytest.mark.parametrize("status, name, form", TOKENS, ids=[name for _, name, _ in TOKENS])
def test_oauth_error(world, status, name, form):
    answer = requests.post(f"{world.server.uri}/v1/oauth/tokens", data=form, timeout=60)
    assert (answer.status_code, answer.json()["error"]) == (status, name)
    with pytest.raises(exceptions.OAuthError, match=f"^{name}: ."):
        _handle_non_200_response(requests.HTTPError(response=answer), {400: exceptions.OAuthError, 401: exceptions.OAuthError})


@pytest.mark.parametrize("name", sorted(set(DOCUMENT.operations) - {"getToken"}))
def test_who_is_not_known(world, name):
    """Before anything else is looked at, whatever is asked for."""
    path = {"namespace": NOWHERE, "table": "t", "view": "v", "function": "f", "plan_id": "p"}
    answer = world(name, 401, token="", good=False, **path)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    if answer.content:
        assert answer.json()["error"] == {"message": "a credential is needed", "type": "NotAuthorizedException", "code": 401}


def test_a_path_that_does_not_decode(world):
    for path in ("namespaces/%FF", "namespaces/a%00b/tables"):
        answer = world.session.get(f"{world.server.uri}/v1/{world.catalog}/{path}", headers=world.server.headers(), timeout=60)
        assert answer.status_code == 400 and answer.json()["error"]["type"] == BAD, answer.text


def test_an_address_or_a_method_that_nobody_has(world):
    base, headers = f"{world.server.uri}/v1/{world.catalog}", world.server.headers()
    error = world.session.get(f"{base}/nothing", headers=headers, timeout=60).json()["error"]
    assert (error["code"], error["type"]) == (404, "NotFoundException")
    answer = world.session.patch(f"{base}/namespaces", headers=headers, timeout=60)
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]
    assert (answer.json()["error"]["code"], answer.json()["error"]["type"]) == (405, "MethodNotAllowedException")


def test_what_is_too_large(world):
    body = {"namespace": ["x"], "properties": {"a": "x" * (17 << 20)}}
    url = f"{world.server.uri}/v1/{world.catalog}/namespaces"
    answer = world.session.post(url, json=body, headers=world.server.headers(), timeout=60)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] != "application/json" or answer.json()["error"]["code"] == 413


def test_who_may_not(world):
    """Some right, but not this one: 403.  None at all on a catalog: 404, as if it were not there."""
    server = world.server
    if not server.root_token:
        pytest.skip("authentication is off")
    user = log_in(Api(server.uri, server.headers(server.root_token)), server.tenant, "tenant-user")
    answer = user("POST", "warehouses", {"name": "w", "storage_config": {}})
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "ForbiddenException")
    for catalog in (world.catalog, "none"):
        answer = world.session.get(f"{server.uri}/v1/{catalog}/namespaces/{world.ns}/tables/t", headers=user.headers, timeout=60)
        assert answer.json()["error"] == {"message": f"Catalog does not exist: {catalog}", "type": NO_TABLE, "code": 404}


def test_a_storage_that_is_away(world):
    """503 where nothing was written, and no Retry-After, on which Java's client would send a write again."""
    away = {"s3.bucket": "b", "s3.endpoint": "http://127.0.0.1:9", "s3.region": "x", "s3.access-key-id": "a", "s3.secret-access-key": "b"}
    ground = Ground(world.site)
    ground.catalog = world.server.make_catalog(away)
    space = ground.space()
    answer = ground.session.post(
        f"{ground.server.uri}/v1/{ground.catalog}/namespaces/{space[0]}/tables", json=NEW, headers=ground.server.headers(), timeout=60
    )
    assert answer.status_code == 503 and answer.json()["error"]["type"] == "ServiceUnavailableException", answer.text
    assert "Retry-After" not in answer.headers and "127.0.0.1" not in answer.text
