# SPDX-License-Identifier: Apache-2.0
"""What clients get to reach a table's files: what they asked for, for that table, and never the warehouse's own keys."""

import contextlib
import json
import sqlite3
import datetime
import pathlib
import subprocess
import time
import uuid

import pyarrow as pa
import pyarrow.fs
import pytest
import requests
import s3fs
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import SignError

import storage as stores
from recorder import Recorder
from server import HERE, Started, cache_folder
from sts import SECRET as STS_SECRET
from sts import TokenService
from test_pyiceberg_write import PEOPLE, people, rows

pytestmark = pytest.mark.ours
VENDED = {"X-Iceberg-Access-Delegation": "vended-credentials"}
SIGNED = {"X-Iceberg-Access-Delegation": "remote-signing"}
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": True}]}
KEYS = ("s3.access-key-id", "s3.secret-access-key", "s3.session-token")


@pytest.fixture(scope="module")
def store(request, servers):
    if request.config.getoption("--reference"):
        pytest.skip("ours")
    return stores.Vended(servers.get("s3", stores.S3[request.config.getoption("--s3")]))


@pytest.fixture(scope="module")
def vendor(store):
    """A server that says what a request cost, and whose every answer is looked through for secrets."""
    server = Started("sqlite", PANGOLIN_COUNTS="true")
    yield Vendor(server, store)
    logs = "".join(p.read_text(errors="replace") for p in (server.run / "logs").glob("*"))
    server.stop()
    for secret in secrets(store):
        assert secret not in logs


def secrets(store):
    return {stores.SECRET, store.config()["s3.secret-access-key"]}


class Vendor:
    def __init__(self, server, store):
        self.server, self.store = server, store
        self.sts = self.catalog(use_sts=True)

    def catalog(self, config=None, **warehouse):
        return self.server.make_catalog({**self.store.config(), **(config or {})}, **warehouse)

    def ask(self, method, path, body=None, expect=200, token=None, may_tell=False, **headers):
        """Answers never hold the warehouse's own secrets, but where it says so."""
        url = self.server.uri + path
        headers = {**self.server.headers(token), **headers}
        answer = requests.request(method, url, json=body, headers=headers, timeout=60)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        assert may_tell or not any(s in answer.text for s in secrets(self.store)), f"{method} {path} tells a secret"
        return answer

    def table(self, catalog, name="t", namespace=None, **more):
        """A fresh table; its path."""
        namespace = namespace or f"n{uuid.uuid4().hex[:8]}"
        self.ask("POST", f"/v1/{catalog}/namespaces", {"namespace": [namespace]})
        self.ask("POST", f"/v1/{catalog}/namespaces/{namespace}/tables", {"name": name, "schema": SCHEMA, **more})
        return f"/v1/{catalog}/namespaces/{namespace}/tables/{name}"

    def client(self, catalog, **properties):
        """PyIceberg without a key of its own."""
        return load_catalog("vend", type="rest", **self.server.connection(catalog), **properties)

    def requests(self, answer):
        counted = dict(p.split("=") for p in answer.headers["X-Pangolin-Counts"].replace(";", " ").replace(",", " ").split())
        return int(counted["requests"])


def files(credential, endpoint):
    return pyarrow.fs.S3FileSystem(
        access_key=credential["s3.access-key-id"],
        secret_key=credential["s3.secret-access-key"],
        session_token=credential["s3.session-token"],
        endpoint_override=endpoint,
        region="us-east-1",
    )


# --- who asked -----------------------------------------------------------------------------------


def test_who_does_not_ask_gets_nothing(vendor):
    table = vendor.table(vendor.sts)
    for headers in ({}, {"X-Iceberg-Access-Delegation": ""}, {"X-Iceberg-Access-Delegation": "something"}):
        loaded = vendor.ask("GET", table, **headers).json()
        assert "storage-credentials" not in loaded and not set(KEYS) & set(loaded["config"])
        assert "s3.remote-signing-enabled" not in loaded["config"]


def test_who_asks_gets_a_session(vendor):
    table = vendor.table(vendor.sts)
    answer = vendor.ask("GET", table, **VENDED)
    assert "no-store" in answer.headers["Cache-Control"]
    loaded = answer.json()
    [credential] = loaded["storage-credentials"]
    assert credential["prefix"] == loaded["metadata"]["location"]
    config = credential["config"]
    assert all(config[k] for k in KEYS) and config["s3.endpoint"] == vendor.store.endpoint
    assert config["s3.region"] == config["client.region"] == "us-east-1"
    assert config["client.refresh-credentials-endpoint"] == f"{table[1:]}/credentials"
    left = int(config["s3.session-token-expires-at-ms"]) / 1000 - time.time()
    assert 3000 < left <= 3610
    assert loaded["config"].items() >= config.items()


def test_each_answer_that_may_vend_does(vendor):
    catalog, namespace = vendor.sts, f"n{uuid.uuid4().hex[:8]}"
    vendor.ask("POST", f"/v1/{catalog}/namespaces", {"namespace": [namespace]})
    base = f"/v1/{catalog}/namespaces/{namespace}"
    body = {"name": "t", "schema": SCHEMA}
    staged = vendor.ask("POST", f"{base}/tables", {**body, "stage-create": True}, **VENDED).json()
    assert staged["storage-credentials"] and staged["config"]["s3.session-token"]
    left = int(staged["config"]["s3.session-token-expires-at-ms"]) / 1000 - time.time()
    assert 3000 < left <= 3600
    again = vendor.ask("GET", "/" + staged["config"]["client.refresh-credentials-endpoint"]).json()
    assert again["storage-credentials"][0]["prefix"] == staged["metadata"]["location"]
    made = vendor.ask("POST", f"{base}/tables", body, **VENDED).json()
    assert made["storage-credentials"][0]["prefix"] == made["metadata"]["location"]
    vendor.ask("DELETE", f"{base}/tables/t", expect=204)
    adopted = {"name": "again", "metadata-location": made["metadata-location"]}
    registered = vendor.ask("POST", f"{base}/register", adopted, **VENDED).json()
    assert registered["storage-credentials"][0]["prefix"] == made["metadata"]["location"]
    got = vendor.ask("GET", f"{base}/tables/again/credentials").json()
    assert set(got) == {"storage-credentials"}
    assert got["storage-credentials"][0]["prefix"] == made["metadata"]["location"]
    managed = vendor.ask("GET", f"/api/v1/catalogs/{catalog}/tables/{namespace}.again/credentials").json()
    assert managed["storage-credentials"][0]["config"]["s3.session-token"]
    vendor.ask("GET", f"/api/v1/catalogs/{catalog}/tables/{namespace}.nothing/credentials", expect=404)
    vendor.ask("GET", f"/api/v1/catalogs/{catalog}/tables/nothing/credentials", expect=400)


def test_a_table_of_three_folders(vendor):
    root = vendor.store.config()["location"]
    catalog = vendor.catalog({"location": root}, use_sts=True)
    paths = {"write.data.path": f"{root}/elsewhere/data", "write.metadata.path": f"{root}/elsewhere/meta"}
    table = vendor.table(catalog, properties=paths)
    found = {c["prefix"] for c in vendor.ask("GET", table, **VENDED).json()["storage-credentials"]}
    assert len(found) == 3 and found >= set(paths.values())


# --- what it costs ---------------------------------------------------------------------------------


def test_a_kept_session_costs_no_request(vendor):
    table = vendor.table(vendor.sts)
    vendor.ask("GET", table)  # the text is cached
    cold = vendor.ask("GET", table, **VENDED)
    warm = vendor.ask("GET", table, **VENDED)
    assert vendor.requests(cold) == 1 and vendor.requests(warm) == 0
    assert cold.json()["storage-credentials"] == warm.json()["storage-credentials"]
    assert cold.headers["ETag"] == warm.headers["ETag"] != vendor.ask("GET", table).headers["ETag"]
    vendor.ask("GET", table, expect=304, **VENDED, **{"If-None-Match": warm.headers["ETag"]})
    first = vendor.ask("GET", f"{table}/credentials")
    assert vendor.requests(first) == 1  # another family of processes
    assert vendor.requests(vendor.ask("GET", f"{table}/credentials")) == 0


def test_a_changed_warehouse_vends_anew(vendor):
    catalog = vendor.catalog(use_sts=True)
    table = vendor.table(catalog)
    one = vendor.ask("GET", table, **VENDED).json()["storage-credentials"]
    vendor.ask("PUT", f"/api/v1/warehouses/{catalog}", {"vending_strategy": {"AwsSts": {}}})
    two = vendor.ask("GET", table, **VENDED).json()["storage-credentials"]
    assert one[0]["config"]["s3.access-key-id"] != two[0]["config"]["s3.access-key-id"]


def test_it_ends_with_the_callers_token(vendor):
    table = vendor.table(vendor.sts)
    made = vendor.ask("POST", "/api/v1/tokens", {"tenant_id": vendor.server.tenant, "roles": ["TenantAdmin"], "expires_in_hours": 1}).json()
    config = vendor.ask("GET", table, token=made["token"], **VENDED).json()["config"]
    ends = datetime.datetime.fromisoformat(made["expires_at"].replace("Z", "+00:00")).timestamp() * 1000
    assert int(config["s3.session-token-expires-at-ms"]) <= ends


def test_issues_are_on_record(vendor):
    catalog = vendor.catalog(use_sts=True)
    table = vendor.table(catalog)
    for _ in range(3):
        config = vendor.ask("GET", table, **VENDED).json()["config"]
    database = vendor.server.process_env()["DATABASE_URL"].removeprefix("sqlite://")
    with contextlib.closing(sqlite3.connect(database)) as rows:
        query = "SELECT metadata FROM audit WHERE action = 'vend_credentials' AND instr(metadata, ?) > 0"
        found = rows.execute(query, [config["s3.access-key-id"]]).fetchall()
    assert len(found) == 1 and config["s3.secret-access-key"] not in found[0][0]


# --- what it is good for ---------------------------------------------------------------------------


def test_a_session_is_good_for_its_table_alone(vendor):
    a, b = vendor.table(vendor.sts), vendor.table(vendor.sts)
    mine = vendor.ask("GET", a, **VENDED).json()
    other = vendor.ask("GET", b).json()
    fs = files(mine["storage-credentials"][0]["config"], vendor.store.endpoint)
    own = mine["metadata"]["location"].removeprefix("s3://")
    with fs.open_output_stream(f"{own}/data/x") as f:
        f.write(b"x")
    assert fs.open_input_stream(f"{own}/data/x").read() == b"x"
    fs.delete_file(f"{own}/data/x")
    theirs = other["metadata-location"].removeprefix("s3://")
    with pytest.raises(OSError):
        fs.open_input_stream(theirs).read()
    with pytest.raises(OSError), fs.open_output_stream(f"{theirs}.x") as f:
        f.write(b"x")
    with pytest.raises(OSError):
        fs.get_file_info(pyarrow.fs.FileSelector(theirs.rpartition("/")[0]))
    assert vendor.store.exists(other["metadata-location"])


def test_nothing_is_deleted_where_branches_share_the_folder(vendor):
    """Some engines remove files without asking gc.enabled; what a branch wrote is none of main's."""
    catalog = vendor.catalog(use_sts=True)
    table = vendor.table(catalog)
    vendor.ask("POST", "/api/v1/tags", {"name": "v1", "catalog": catalog})
    mine = vendor.ask("GET", table, **VENDED).json()
    fs = files(mine["storage-credentials"][0]["config"], vendor.store.endpoint)
    own = mine["metadata"]["location"].removeprefix("s3://")
    with fs.open_output_stream(f"{own}/data/x") as f:
        f.write(b"x")
    with pytest.raises(OSError):
        fs.delete_file(f"{own}/data/x")
    assert fs.open_input_stream(f"{own}/data/x").read() == b"x"


def test_no_credentials_for_who_may_not_read(vendor):
    table = vendor.table(vendor.sts)
    name = f"u{uuid.uuid4().hex[:8]}"
    user = {"username": name, "password": "a long enough word", "email": f"{name}@x.org", "tenant-id": vendor.server.tenant, "role": "tenant-user"}
    vendor.ask("POST", "/api/v1/users", user, expect=201)
    login = {"username": name, "password": "a long enough word", "tenant-id": vendor.server.tenant}
    token = vendor.ask("POST", "/api/v1/users/login", login).json()["token"]
    uri = vendor.ask("GET", table).json()["metadata-location"].replace("s3://", f"{vendor.store.endpoint}/")
    sign = {"method": "GET", "region": "us-east-1", "uri": uri, "headers": {}}
    for method, path, body in (
        ("GET", f"{table}/credentials", None),
        ("POST", f"{table}/sign", sign),
        ("GET", f"{table}/presign?location=x", None),
    ):
        vendor.ask(method, path, body, expect=404, token=token)
        assert requests.request(method, vendor.server.uri + path, json=body, timeout=60).status_code == 401
    vendor.ask("GET", f"/api/v1/warehouses/{vendor.sts}/credentials?location=s3://x/y", expect=403, token=token)


# --- other strategies --------------------------------------------------------------------------------


def test_static_keys_only_where_the_warehouse_says_so(vendor):
    for warehouse in ({}, {"vending_strategy": "None"}, {"vending_strategy": "RemoteSigning"}, {"use_sts": True}):
        table = vendor.table(vendor.catalog(**warehouse))
        vendor.ask("GET", table, **VENDED)
        vendor.ask("GET", f"{table}/credentials")
    keys = {"access_key_id": "OTHER", "secret_access_key": "OTHERSECRET"}
    table = vendor.table(vendor.catalog(vending_strategy={"AwsStatic": keys}))
    config = vendor.ask("GET", table, **VENDED).json()["config"]
    assert config["s3.access-key-id"] == "OTHER" and config["s3.secret-access-key"] == "OTHERSECRET"
    assert "s3.session-token" not in config
    assert "s3.access-key-id" not in vendor.ask("GET", table).json()["config"]
    own = vendor.table(vendor.catalog(vending_strategy="AwsStatic"))
    config = vendor.ask("GET", own, may_tell=True, **VENDED).json()["config"]
    assert config["s3.secret-access-key"] in secrets(vendor.store)


def test_a_token_service_that_is_down_keeps_nobody_from_the_metadata(vendor):
    table = vendor.table(vendor.catalog({"s3.sts-endpoint": "http://127.0.0.1:9"}, use_sts=True))
    started = time.monotonic()
    loaded = vendor.ask("GET", table, **VENDED).json()
    assert "storage-credentials" not in loaded and loaded["metadata"]
    assert time.monotonic() - started < 12
    started = time.monotonic()
    vendor.ask("GET", table, **VENDED)
    assert time.monotonic() - started < 2  # not tried again at once
    error = vendor.ask("GET", f"{table}/credentials", expect=503).json()["error"]
    assert "token service" in error["message"]


def test_a_role_that_can_not_be(vendor):
    config = {**vendor.store.config(), "s3.role-arn": "not a role"}
    answer = vendor.ask("POST", "/api/v1/warehouses", {"name": "norole", "storage_config": config, "use_sts": True}, expect=400)
    assert "role-arn" in answer.json()["error"]["message"]


@pytest.fixture
def tokens():
    service = TokenService()
    yield service
    service.stop()


def told(vendor, table, config=None, expect=200):
    """What …/credentials says of a table whose warehouse now has that configuration."""
    catalog = table.split("/")[2]
    if config:
        was = vendor.server.api("GET", f"warehouses/{catalog}").json()["storage_config"]
        vendor.server.api("PUT", f"warehouses/{catalog}", json={"use_sts": True, "storage_config": {**was, **config}})
    answer = vendor.ask("GET", f"{table}/credentials", expect=expect)
    assert STS_SECRET not in answer.text
    return answer.json()


def test_a_strict_token_service(vendor, tokens):
    table = vendor.table(vendor.catalog())
    given = told(vendor, table, tokens.config(**{"s3.session-duration-seconds": "900"}))["storage-credentials"]
    assert given[0]["config"]["s3.access-key-id"] == "ASIA1"
    [form] = tokens.asked
    assert form["DurationSeconds"] == "900" and form["RoleSessionName"].startswith("pangolin-")
    left = int(given[0]["config"]["s3.session-token-expires-at-ms"]) / 1000 - time.time()
    assert 800 < left <= 900
    told(vendor, table)
    assert len(tokens.asked) == 1


@pytest.mark.parametrize(
    "config, says",
    [
        ({"s3.external-id": "another"}, "external id"),
        ({"s3.secret-access-key": "wrong-secret"}, "secret key"),
        ({"s3.access-key-id": "AKOTHER"}, "not known"),
    ],
)
def test_what_a_token_service_refuses(vendor, tokens, config, says):
    table = vendor.table(vendor.catalog())
    assert says in told(vendor, table, tokens.config(**config), 503)["error"]["message"]
    assert "storage-credentials" not in vendor.ask("GET", table, **VENDED).json()


def test_a_role_that_is_another(vendor, tokens):
    table = vendor.table(vendor.catalog())
    other = tokens.config(**{"s3.role-arn": "arn:aws:iam::123456789012:role/Other"})
    assert "role" in told(vendor, table, other, 400)["error"]["message"]


@pytest.mark.parametrize(
    "answer, skew, says",
    [((400, "Throttling"), 0, "too many"), ((500, "InternalError"), 0, "500"), (None, 3600, "clock")],
)
def test_a_token_service_that_is_busy_or_late(vendor, tokens, answer, skew, says):
    tokens.answer, tokens.skew = answer, datetime.timedelta(seconds=skew)
    table = vendor.table(vendor.catalog())
    assert says in told(vendor, table, tokens.config(), 503)["error"]["message"]


def test_warehouse_credentials(vendor):
    loaded = vendor.ask("GET", vendor.table(vendor.sts)).json()
    location = f"{loaded['metadata']['location']}/data"
    got = vendor.ask("GET", f"/api/v1/warehouses/{vendor.sts}/credentials?location={location}").json()
    assert got["type"] == "Aws" and got["session_token"] and got["expiration"]
    root = loaded["metadata"]["location"].rpartition("/")[0]
    for other in (root, f"{root}/nothing", "s3://other/x"):
        vendor.ask("GET", f"/api/v1/warehouses/{vendor.sts}/credentials?location={other}", expect=404)
    vendor.ask("GET", f"/api/v1/warehouses/{vendor.sts}/credentials", expect=400)
    vendor.ask("GET", f"/api/v1/warehouses/nothing/credentials?location={location}", expect=404)


# --- signatures -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def signing(vendor):
    return vendor.catalog(vending_strategy="RemoteSigning")


def signed(do):
    """s3fs makes a new session where the old one's connections are closed, and forgets PyIceberg's signer with it."""
    for last in (False, False, True):
        try:
            return do()
        except PermissionError:
            if last:
                raise
            s3fs.S3FileSystem.clear_instance_cache()


def test_pyiceberg_has_its_requests_signed(vendor, signing):
    client = vendor.client(signing, **{"header.X-Iceberg-Access-Delegation": "remote-signing"})
    client.create_namespace("signed")
    table = client.create_table("signed.people", PEOPLE)
    assert type(table.io).__name__ == "FsspecFileIO" and not set(KEYS) & set(table.io.properties)
    signed(lambda: client.load_table("signed.people").append(people((1, "ada", 36), (2, "bob", 20))))
    signed(lambda: client.load_table("signed.people").delete("id = 1"))
    table = client.load_table("signed.people")
    with table.update_schema() as update:
        update.rename_column("age", "years")
    fresh = client.load_table("signed.people")
    assert signed(lambda: rows(client.load_table("signed.people"), "id", "name", "years")) == [(2, "bob", 20)]
    other = client.create_table("signed.other", PEOPLE)
    with pytest.raises((SignError, PermissionError, OSError)):
        fresh.io.new_input(other.metadata_location).open().read()


def test_pyiceberg_has_its_requests_signed_by_a_session(vendor):
    """Where there are sessions, they sign: what a store makes of unsigned headers is limited too."""
    client = vendor.client(vendor.sts, **{"header.X-Iceberg-Access-Delegation": "remote-signing"})
    client.create_namespace("bysession")
    client.create_table("bysession.people", PEOPLE)
    signed(lambda: client.load_table("bysession.people").append(people((1, "ada", 36))))
    assert signed(lambda: rows(client.load_table("bysession.people"))) == [(1, "ada", 36)]


def test_signatures_stay_in_the_table(vendor, signing):
    table, other = vendor.table(signing), vendor.table(signing)
    location = vendor.ask("GET", table).json()["metadata"]["location"]
    theirs = vendor.ask("GET", other).json()["metadata-location"]

    def sign(method, location, expect=200, **more):
        uri = location.replace("s3://", f"{vendor.store.endpoint}/", 1)
        body = {"method": method, "region": "us-east-1", "uri": uri, "headers": {}, **more}
        return vendor.ask("POST", f"{table}/sign", body, expect)

    put = sign("PUT", f"{location}/data/a%20b")
    assert put.headers["Cache-Control"] == "no-cache"
    signed = put.json()
    headers = {k: v[0] for k, v in signed["headers"].items()}
    assert requests.put(signed["uri"], data=b"hello", headers=headers, timeout=60).status_code == 200
    got = sign("GET", f"{location}/data/a%20b")
    assert got.headers["Cache-Control"] == "private"
    headers = {k: v[0] for k, v in got.json()["headers"].items()}
    assert requests.get(got.json()["uri"], headers=headers, timeout=60).content == b"hello"
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        error = sign(method, theirs, 403).json()["error"]
        assert error["type"] == "ForbiddenException"
    sign("GET", f"{location}/../{theirs.rpartition('/')[2]}", 403)
    sign("GET", "http://evil.test/x", 400)
    sign("GET", f"{location}/x", 400, provider="gcs")
    bucket = location.split("/")[2]
    body = f"<Delete><Object><Key>{theirs.split('/', 3)[3]}</Key></Object></Delete>"
    sign("POST", f"s3://{bucket}?delete", 403, body=body)
    sign("GET", f"s3://{bucket}?list-type=2&prefix=", 403)
    for missing in ("method", "region", "uri", "headers"):
        body = {"method": "GET", "region": "r", "uri": "http://x/y", "headers": {}}
        vendor.ask("POST", f"{table}/sign", {k: v for k, v in body.items() if k != missing}, expect=400)


# --- tables that are not there yet, or any more --------------------------------------------------------


def other_admin(vendor):
    """A token of another of the tenant's administrators."""
    who = {"username": f"u{uuid.uuid4().hex[:8]}", "password": "Tamandua-1"}
    tenant = vendor.server.tenant
    vendor.server.api("POST", "users", json={**who, "email": f"{who['username']}@example.com", "role": "tenant-admin", "tenant_id": tenant})
    login = {**who, "tenant-id": tenant}
    return requests.post(f"{vendor.server.uri}/api/v1/users/login", json=login, timeout=60).json()["token"]


def staging(vendor, catalog, name="t", namespace=None, expect=200, token=None, asking=SIGNED, **more):
    namespace = namespace or f"n{uuid.uuid4().hex[:8]}"
    if "location" not in more:
        vendor.ask("POST", f"/v1/{catalog}/namespaces", {"namespace": [namespace]})
    body = {"name": name, "schema": SCHEMA, "stage-create": True, **more}
    return vendor.ask("POST", f"/v1/{catalog}/namespaces/{namespace}/tables", body, expect, token, **asking).json()


def signs(vendor, staged, method="PUT", expect=200, token=None, path="data/x", location=None):
    uri = f"{location or staged['metadata']['location']}/{path}".replace("s3://", f"{vendor.store.endpoint}/", 1)
    body = {"method": method, "region": "us-east-1", "uri": uri, "headers": {}}
    return vendor.ask("POST", "/" + staged["config"]["signer.endpoint"], body, expect, token)


def past_time(vendor):
    database = vendor.server.run / "pangolin.db"
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as rows:
        rows.execute("UPDATE absent_tables SET until_ms = 1, version = version + 1")
        rows.commit()


def completed(staged, location):
    metadata = staged["metadata"]
    return {
        "requirements": [{"type": "assert-create"}],
        "updates": [
            {"action": "assign-uuid", "uuid": metadata["table-uuid"]},
            {"action": "upgrade-format-version", "format-version": 2},
            {"action": "add-schema", "schema": SCHEMA},
            {"action": "set-current-schema", "schema-id": -1},
            {"action": "add-spec", "spec": {"spec-id": 0, "fields": []}},
            {"action": "set-default-spec", "spec-id": -1},
            {"action": "add-sort-order", "sort-order": {"order-id": 0, "fields": []}},
            {"action": "set-default-sort-order", "sort-order-id": -1},
            {"action": "set-location", "location": location},
        ],
    }


def test_a_staged_table_is_its_makers(vendor, signing):
    other = other_admin(vendor)
    staged = staging(vendor, signing)
    location, endpoint = staged["metadata"]["location"], staged["config"]["signer.endpoint"]
    namespace = endpoint.split("/")[3]
    signs(vendor, staged)
    signs(vendor, staged, location=location.rpartition("/")[0], path="other/x", expect=403)
    signs(vendor, staged, token=other, expect=404)
    # its folder, what is above and what is below is nobody else's
    for place in (location, f"{location}/below", location.rpartition("/")[0]):
        staging(vendor, signing, "u", namespace, 400, other, location=place)
        staging(vendor, signing, "u", namespace, 400, other, {}, location=place)
    # its maker may begin again, with the same folder
    again = staging(vendor, signing, "t", namespace, location=location)
    signs(vendor, staged, expect=404)
    signs(vendor, again)
    # only the maker completes it, and it is the same table then
    table = f"/v1/{signing}/namespaces/{namespace}/tables/t"
    vendor.ask("POST", table, completed(again, location), 400, other)
    vendor.ask("POST", table, completed(again, location))
    signs(vendor, again)
    signs(vendor, again, token=other)
    vendor.ask("POST", table + "2", completed(again, location), 400)
    loaded = vendor.ask("GET", table, **SIGNED).json()
    assert loaded["config"]["signer.endpoint"] == again["config"]["signer.endpoint"]


def test_a_staged_table_gives_way_when_its_time_is_over(vendor, signing):
    other = other_admin(vendor)
    staged = staging(vendor, signing)
    location, namespace = staged["metadata"]["location"], staged["config"]["signer.endpoint"].split("/")[3]
    past_time(vendor)
    signs(vendor, staged, expect=404)
    taken = staging(vendor, signing, "u", namespace, token=other, location=location)
    signs(vendor, taken, token=other)
    signs(vendor, staged, expect=404)
    past_time(vendor)
    vendor.server.work()
    with contextlib.closing(sqlite3.connect(vendor.server.run / "pangolin.db")) as rows:
        assert rows.execute("SELECT count(*) FROM absent_tables").fetchone() == (0,)
        assert rows.execute("SELECT count(*) FROM locations WHERE type = 'STAGED'").fetchone() == (0,)


def test_a_table_of_the_same_name_does_not_take_a_staged_ones_files_away(vendor, signing):
    """Whose create fails because another was faster removes what it wrote."""
    staged = staging(vendor, signing)
    namespace = staged["config"]["signer.endpoint"].split("/")[3]
    vendor.ask("POST", f"/v1/{signing}/namespaces/{namespace}/tables", {"name": "t", "schema": SCHEMA})
    signs(vendor, staged, "DELETE")


def test_who_dropped_a_table_may_remove_its_files(vendor, signing):
    other, table = other_admin(vendor), vendor.table(signing)
    loaded = vendor.ask("GET", table, **SIGNED).json()
    location = loaded["metadata"]["location"]
    vendor.ask("DELETE", table, expect=204, **SIGNED)
    signs(vendor, loaded, "DELETE")
    signs(vendor, loaded, "GET")
    signs(vendor, loaded, "PUT", 403)
    signs(vendor, loaded, "DELETE", 404, other)
    identity = loaded["config"]["signer.endpoint"].partition("?")[2]
    vendor.ask("GET", f"{table}/credentials?{identity}", expect=404)
    vendor.ask("GET", f"{table}/presign?{identity}&location={location}/data/x", expect=404)
    # the folder is free; what is put there is not the dropped table's
    made = {"name": "u", "schema": SCHEMA, "location": f"{location}/below"}
    vendor.ask("POST", f"{table.rpartition('/')[0]}", made, token=other)
    signs(vendor, loaded, "DELETE", 403)
    # who did not ask for signatures, or has the server do it, is left nothing
    for headers, query in (({}, ""), (SIGNED, "?purgeRequested=true")):
        table = vendor.table(signing, namespace=f"n{uuid.uuid4().hex[:8]}")
        loaded = vendor.ask("GET", table, **SIGNED).json()
        vendor.ask("DELETE", table + query, expect=204, **headers)
        signs(vendor, loaded, "DELETE", 404)


def test_who_asks_for_signatures_gets_them_where_there_are_any(vendor, signing):
    table = vendor.table(signing)
    config = vendor.ask("GET", table, **SIGNED).json()["config"]
    assert config["s3.remote-signing-enabled"] == "true"
    assert config["s3.signer.endpoint"] == config["signer.endpoint"]
    assert config["signer.endpoint"].partition("?")[0] == f"{table[1:]}/sign"
    never = vendor.table(vendor.catalog(vending_strategy="None"))
    assert "s3.signer" not in vendor.ask("GET", never, **SIGNED).json()["config"]
    vendor.ask("POST", f"{never}/sign", {"method": "GET", "region": "r", "uri": "http://x/y", "headers": {}}, expect=400)
    # A store of one's own may take headers that were not signed: it writes only where that is said.
    usual = vendor.table(vendor.catalog())
    location = vendor.ask("GET", usual).json()["metadata"]["location"]
    uri = f"{location}/data/x".replace("s3://", f"{vendor.store.endpoint}/", 1)
    body = {"method": "GET", "region": "us-east-1", "uri": uri, "headers": {}}
    vendor.ask("POST", f"{usual}/sign", body)
    vendor.ask("POST", f"{usual}/sign", {**body, "method": "PUT"}, expect=403)


def test_presigned(vendor, signing):
    table, other = vendor.table(signing), vendor.table(signing)
    mine = vendor.ask("GET", table).json()["metadata-location"]
    theirs = vendor.ask("GET", other).json()["metadata-location"]
    url = vendor.ask("GET", f"{table}/presign?location={mine}").json()["url"]
    assert requests.get(url, timeout=60).json()["format-version"] == 2
    assert requests.get(url.replace(mine.rpartition("/")[2], "x"), timeout=60).status_code == 403
    vendor.ask("GET", f"{table}/presign?location={theirs}", expect=403)
    vendor.ask("GET", f"{table}/presign", expect=400)
    url = vendor.ask("GET", f"/api/v1/storage/presigned-url?location={mine}").json()["url"]
    assert requests.get(url, timeout=60).json()["location"]
    vendor.ask("GET", "/api/v1/storage/presigned-url?location=s3://nowhere/x", expect=404)


# --- PyIceberg with nothing of its own ---------------------------------------------------------------------


def test_pyiceberg_never_sees_static_keys(vendor):
    client = vendor.client(vendor.sts)
    client.create_namespace("own")
    table = client.create_table("own.people", PEOPLE)
    table.append(people((1, "ada", 36)))
    loaded = client.load_table("own.people")
    assert rows(loaded) == [(1, "ada", 36)]
    assert loaded.io.properties["s3.session-token"]
    assert loaded.io.properties["s3.secret-access-key"] not in secrets(vendor.store)
    got = client.load_credentials("own.people", location=loaded.location())
    assert got["s3.session-token"] and got["s3.secret-access-key"] not in secrets(vendor.store)


def test_a_transaction_that_makes_a_table_writes_by_what_is_vended(vendor):
    client = vendor.client(vendor.sts)
    client.create_namespace("staged")
    with client.create_table_transaction("staged.people", PEOPLE) as tx:
        tx.append(people((7, "eve", 1)))
    assert rows(client.load_table("staged.people")) == [(7, "eve", 1)]


def test_pyiceberg_with_keys_of_its_own(vendor):
    """It always asks; a warehouse that vends nothing leaves it its own keys."""
    client = vendor.client(vendor.catalog(vending_strategy="None"), **vendor.store.store.client)
    client.create_namespace("own")
    table = client.create_table("own.people", PEOPLE)
    table.append(people((1, "ada", 36)))
    assert isinstance(table.scan().to_arrow(), pa.Table)


# --- catalogs without a warehouse -----------------------------------------------------------------------


def test_the_operators_own_storage(store, tmp_path):
    """Each tenant has a folder of it; without it there is nowhere to keep a table."""
    config = {**store.config(), "location": f"s3://lake/default-{uuid.uuid4().hex[:8]}"}
    (tmp_path / "storage.json").write_text(json.dumps({"storage_config": config, "use_sts": True}))
    (tmp_path / "storage.json").chmod(0o640)
    server = Started("sqlite", PANGOLIN_DEFAULT_STORAGE=str(tmp_path / "storage.json"))
    try:
        server.api("POST", "catalogs", json={"name": "plain"})
        own = Vendor.__new__(Vendor)
        own.server, own.store = server, store
        table = own.table("plain")
        loaded = own.ask("GET", table, **VENDED).json()
        assert loaded["metadata"]["location"].startswith(f"{config['location']}/{server.tenant}/plain/")
        assert all(loaded["config"][k] for k in KEYS)
        outside = {"name": "out", "schema": SCHEMA, "location": f"{config['location']}/another/t"}
        own.ask("POST", table.rpartition("/")[0], outside, expect=400)
        assert store.exists(loaded["metadata-location"])
        own.ask("DELETE", f"{table}?purgeRequested=true", expect=204)
        server.work()
        assert not store.exists(loaded["metadata-location"])
    finally:
        server.stop()


def test_nowhere_to_keep_a_table(vendor):
    vendor.server.api("POST", "catalogs", json={"name": "nowhere"})
    vendor.ask("POST", "/v1/nowhere/namespaces", {"namespace": ["n"]})
    answer = vendor.ask("POST", "/v1/nowhere/namespaces/n/tables", {"name": "t", "schema": SCHEMA}, expect=400)
    assert "no warehouse" in answer.json()["error"]["message"]


# --- the self-test -----------------------------------------------------------------------------------


def said_by_self_test(vendor, config=None, **warehouse):
    """What a warehouse's self-test says: {step: message}, its ok."""
    catalog = vendor.catalog(config, **warehouse)
    answer = vendor.ask("POST", f"/api/v1/warehouses/{catalog}/test", {}).json()
    return {s["name"]: s["message"] for s in answer["steps"] if s["result"] == "failed"}, answer


def test_a_warehouse_tests_itself(vendor):
    bad, answer = said_by_self_test(vendor, use_sts=True)
    assert answer["ok"] and not bad
    done = {s["name"] for s in answer["steps"] if s["result"] == "ok"}
    assert done >= {"write", "read", "list", "vend", "use what is vended", "read beside it", "write beside it", "list beside it", "remove beside it", "remove"}
    bad, answer = said_by_self_test(vendor)
    assert answer["ok"] and [s for s in answer["steps"] if s["name"] == "vend"][0]["result"] == "skipped"


@pytest.mark.parametrize(
    "config, step, says",
    [
        ({"s3.secret-access-key": "another"}, "write", "secret key"),
        ({"location": "s3://no-such-bucket/w"}, "write", "no such bucket"),
        ({"s3.endpoint": "http://127.0.0.1:9"}, "write", "connect"),
        ({"s3.endpoint": "http://nowhere.invalid"}, "write", "resolve"),
        ({"s3.sts-endpoint": "http://127.0.0.1:9"}, "vend", "token service"),
    ],
)
def test_the_self_test_says_what_is_wrong(vendor, config, step, says):
    bad, answer = said_by_self_test(vendor, config, use_sts=True)
    assert not answer["ok"] and says in bad[step], answer


# --- Java's client -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_java_refreshes_what_it_was_given(store):
    """Told that they end with the caller's token in six minutes, S3FileIO fetches credentials anew, and never fails.

    Amazon's SDK begins with it at a moment of its choice between five minutes and one before that end."""
    jars = sorted(str(p) for p in (cache_folder() / "jars").glob("*.jar"))
    spark = pathlib.Path(pytest.importorskip("pyspark").__file__).parent / "jars"
    assert jars, "tests/live/setup.sh CACHE spark"
    server = Started("sqlite", PANGOLIN_LOGIN_TTL_S="360")
    recorder = Recorder(server)
    try:
        own = Vendor.__new__(Vendor)
        own.server, own.store = server, store
        catalog = own.catalog(use_sts=True)
        table = own.table(catalog)
        who = {"username": "jo", "password": "a long enough word", "tenant-id": server.tenant}
        server.api("POST", "users", json={**who, "email": "jo@x.org", "role": "tenant-admin"})
        token = server.api("POST", "users/login", json=who).json()["token"]
        properties = {"uri": recorder.uri, "warehouse": catalog, "token": token, "token-refresh-enabled": "false"}
        properties |= {"header.X-Iceberg-Access-Delegation": "vended-credentials", "client.region": "us-east-1"}
        properties |= {"io-impl": "org.apache.iceberg.aws.s3.S3FileIO"}
        namespace, name = table.split("/")[4], table.split("/")[6]
        command = ["java", "-cp", ":".join([*jars, f"{spark}/*"]), HERE / "S3Refresh.java", "330", f"{namespace}.{name}"]
        done = subprocess.run([*command, *(f"{k}={v}" for k, v in properties.items())], capture_output=True, text=True, timeout=450)
        assert not done.returncode, done.stderr[-3000:]
        refreshes = [status for _, path, status in recorder.asked if path.endswith("/credentials")]
        assert len(refreshes) >= 2 and set(refreshes) == {200}
    finally:
        recorder.stop()
        server.stop()
