# SPDX-License-Identifier: Apache-2.0
"""What an operator does beside the server: backups put back, copies between stores, doctor, adopt."""

import json
import os
import pathlib
import sqlite3
import subprocess
import threading
import time
import uuid

import pytest
import requests

import databases
from fastcgi import Answer, parameters
from storage import Files

pytestmark = pytest.mark.ours
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}
OLD = time.time() - 30 * 86400


class Tenant:
    """A tenant of its own with one catalog, asked over HTTP and, in other stores, by CGI."""

    def __init__(self, server):
        self.server = server
        self.id = server.command("tenant", "create", "drill").strip()
        self.token = server.command("token", "issue", "--tenant", self.id).strip()
        self.storage = Files(server.run / "warehouse")
        self.catalog = f"c{uuid.uuid4().hex[:8]}"
        self.folder = self.storage.path(self.storage.config()["location"])
        config = {"location": f"file://{self.folder}"}
        self.api("POST", "/api/v1/warehouses", {"name": self.catalog, "storage_config": config})
        self.api("POST", "/api/v1/catalogs", {"name": self.catalog, "warehouse_name": self.catalog})
        self.rest("POST", "namespaces", {"namespace": ["a", "b"]})
        self.rest("POST", "namespaces", {"namespace": ["é x"]})

    def api(self, method, path, body=None, status=None):
        done = requests.request(
            method, self.server.uri + path, json=body, headers={"Authorization": f"Bearer {self.token}"}, timeout=60
        )
        assert done.status_code == status if status else done.ok, f"{method} {path}: {done.status_code} {done.text}"
        return done.json() if done.text else None

    def rest(self, method, path, body=None, status=None):
        return self.api(method, f"/v1/{self.catalog}/{path}", body, status)

    def make(self, name, namespace="a%1Fb"):
        return self.rest("POST", f"namespaces/{namespace}/tables", {"name": name, "schema": SCHEMA})

    def commit(self, name, value, status=None):
        body = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"k": str(value)}}]}
        return self.rest("POST", f"namespaces/a%1Fb/tables/{name}", body, status)

    def load(self, name, url=None, namespace="a%1Fb"):
        """Through the server, or from another store by a responder as plain CGI."""
        path = f"/v1/{self.catalog}/namespaces/{namespace}/tables/{name}"
        if not url:
            return self.api("GET", path)
        return json.loads(self.cgi("tables", "GET", path, url).body)

    def cgi(self, family, method, path, url, body=b""):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        done = subprocess.run(
            [self.server.program(f"pangolin-{family}")],
            env={**self.server.process_env(), "DATABASE_URL": url, **parameters(method, path, body, headers)},
            input=body,
            stdout=subprocess.PIPE,
            timeout=60,
        )
        return Answer(done.stdout)


def pangolin(server, url, *args, status=0):
    """The operator's command on a store; (stdout, stderr)."""
    done = subprocess.run(
        [str(server.program("pangolin")), *args],
        env={**server.process_env(), "DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        text=True,
    )
    assert done.returncode == status, f"pangolin {args}: {done.returncode} {done.stdout} {done.stderr}"
    return done.stdout, done.stderr


def export(server, url, tenant):
    return pangolin(server, url, "export", "--no-time", "--tenant", tenant)[0]


@pytest.fixture(scope="module")
def server(own_server):
    return own_server


@pytest.fixture(scope="module")
def tenant(server, size):
    made = Tenant(server)
    made.names = [f"t{i}" for i in range(size)]
    for i, name in enumerate(made.names):
        made.make(name)
        made.commit(name, i)
    made.make("ü", namespace="%C3%A9%20x")
    return made


@pytest.fixture(scope="module")
def size(request):
    return 200 if request.config.getoption("--all") else 8


@pytest.fixture(scope="module")
def source(server):
    return server.process_env()["DATABASE_URL"]


@pytest.fixture(scope="module")
def postgres(servers):
    return servers.get("postgres", databases.Postgres)


def every_table_loads(tenant, url):
    assert tenant.names
    for name in tenant.names:
        there, here = tenant.load(name, url), tenant.load(name)
        assert there["metadata-location"] == here["metadata-location"], there
        assert there["metadata"] == here["metadata"]
    assert tenant.load("%C3%BC", url, "%C3%A9%20x")["metadata"]["table-uuid"]


# --- drills --------------------------------------------------------------------------


def test_sqlite_backed_up_while_it_is_written_to(server, source, tenant, tmp_path):
    tenant.make("busy")
    acknowledged, stop = [], threading.Event()

    def write():
        while not stop.is_set():
            tenant.commit("busy", len(acknowledged))
            acknowledged.append(len(acknowledged))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for i in range(3):
            while len(acknowledged) < 5 * i + 1:
                time.sleep(0.01)
            before = len(acknowledged)
            pangolin(server, source, "backup", str(tmp_path / f"{i}.db"))
            url = f"sqlite://{tmp_path}/{i}.db"
            assert sqlite3.connect(tmp_path / f"{i}.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found = int(tenant.load("busy", url)["metadata"]["properties"]["k"])
            assert before - 1 <= found <= len(acknowledged)
            assert (tmp_path / f"{i}.db").stat().st_mode & 0o777 == 0o600
    finally:
        stop.set()
        writer.join()
    every_table_loads(tenant, url)
    pangolin(server, source, "backup", str(tmp_path / "0.db"), status=1)
    assert "nothing" not in pangolin(server, url, "status")[0]


def restored(server, tenant, source, url, tmp_path):
    """An export of one store in an empty one: every table loads, and its export is the same."""
    file = tmp_path / "export.json"
    pangolin(server, source, "export", "--tenant", tenant.id, str(file))
    pangolin(server, url, "migrate")
    pangolin(server, url, "import", str(file))
    every_table_loads(tenant, url)
    assert export(server, url, tenant.id) == export(server, source, tenant.id)
    assert "already" in pangolin(server, url, "import", str(file), status=1)[1]


def test_memory_by_export(server, source, tenant, tmp_path):
    folder = pathlib.Path(f"/dev/shm/pangolin-drill-{uuid.uuid4().hex[:8]}")
    try:
        url = f"memory:{folder}"
        restored(server, tenant, source, url, tmp_path)
        url_again = f"sqlite://{tmp_path}/again.db"
        restored(server, tenant, url, url_again, tmp_path)
    finally:
        for file in folder.glob("*"):
            file.unlink()
        folder.rmdir()


def test_postgresql_by_its_own_tools(server, source, tenant, postgres, tmp_path):
    first, second = postgres.database(), postgres.database()
    restored(server, tenant, source, first, tmp_path)
    subprocess.run(["pg_dump", "-Fc", "-f", tmp_path / "dump", first], check=True, timeout=120)
    subprocess.run(["pg_restore", "--no-owner", "-d", second, tmp_path / "dump"], check=True, timeout=120)
    every_table_loads(tenant, second)
    assert export(server, second, tenant.id) == export(server, first, tenant.id)


@pytest.mark.skipif(not hasattr(databases, "Mongo"), reason="no MongoDB server in these tests")
def test_mongodb_by_export(server, source, tenant, servers, tmp_path):
    restored(server, tenant, source, servers.get("mongo", databases.Mongo).database(), tmp_path)


# --- copies ----------------------------------------------------------------------------


def test_a_copy_around_all_stores(server, source, postgres, servers, tmp_path):
    """What comes back is what went; meanwhile and afterwards nobody writes to what was left."""
    tenant = Tenant(server)
    tenant.names = ["t0", "t1"]
    for name in tenant.names:
        tenant.make(name)
    stores = [source, postgres.database()]
    if hasattr(databases, "Mongo"):
        stores.append(servers.get("mongo", databases.Mongo).database())
    stores.append(f"sqlite://{tmp_path}/end.db")
    before = export(server, source, tenant.id)
    for start, end in zip(stores, stores[1:]):
        pangolin(server, end, "migrate")
        said = pangolin(server, start, "copy", "--tenant", tenant.id, "--wait", "0", start, end)[0]
        assert "DIFFERENT" not in said and " same" in said, said
        assert "already" in pangolin(server, start, "copy", "--tenant", tenant.id, start, end, status=1)[1]
    assert export(server, stores[-1], tenant.id) == before
    every_loaded = [tenant.load(n, stores[-1])["metadata-location"] for n in tenant.names]
    assert every_loaded == [tenant.load(n)["metadata-location"] for n in tenant.names]
    assert "copied" in tenant.commit("t0", 1, status=503)["error"]["message"]
    assert tenant.cgi(
        "tables", "POST", f"/v1/{tenant.catalog}/namespaces/a%1Fb/tables/t0", stores[-1], b'{"requirements":[],"updates":[]}'
    ).status == 200
    server.command("tenant", "writable", tenant.id)
    tenant.commit("t0", 1)


def test_a_tenant_that_is_made_during_a_copy(server, tmp_path):
    """A copy of everything that began before it was there says that it is left out."""
    start, end = (f"sqlite://{tmp_path}/{name}.db" for name in ("start", "end"))
    for url in (start, end):
        pangolin(server, url, "migrate")
    pangolin(server, start, "tenant", "create", "first")
    copy = subprocess.Popen(
        [str(server.program("pangolin")), "copy", "--wait", "2", start, end],
        env={**server.process_env(), "DATABASE_URL": start},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(0.5)
    late = pangolin(server, start, "tenant", "create", "late")[0].split()[0]
    said, why = copy.communicate(timeout=60)
    assert copy.returncode != 0 and late in why, said + why
    assert "own rows" in said, said
    assert "first" in pangolin(server, end, "tenant", "list")[0]
    said = pangolin(server, start, "copy", "--tenant", late, "--wait", "0", start, end)[0]
    assert "1 tenants are in TO" in said, said


# --- doctor ------------------------------------------------------------------------------


def metadata_file(tenant, name):
    return pathlib.Path(tenant.storage.path(tenant.load(name)["metadata-location"]))


def test_doctor(server, source):
    tenant = Tenant(server)
    for name in ("gone", "changed", "fine"):
        tenant.make(name)
        tenant.commit(name, 1)

    def doctor(*args, status=0):
        return pangolin(server, source, "doctor", "--tenant", tenant.id, *args, status=status)[0]

    assert doctor() == "0 found, 0 put right\n"
    files = {name: metadata_file(tenant, name) for name in ("gone", "changed", "fine")}
    orphan, young = files["fine"].parent / "00009-orphan.metadata.json", files["fine"].parent / "00009-young.metadata.json"
    for file in (orphan, young):
        file.write_text("{}")
    os.utime(orphan, (OLD, OLD))
    os.utime(sorted(files["fine"].parent.glob("00000-*"))[0], (OLD, OLD))  # of its history: no orphan
    files["gone"].unlink()
    files["changed"].write_text(files["changed"].read_text().replace('"k":"1"', '"k":"2"'))
    said = doctor(status=1)
    assert "gone" in said and "is missing" in said and "is not what was committed" in said
    assert str(orphan) in said and str(young) not in said and "3 found, 0 put right" in said
    assert "2 found" in doctor("--quick", status=1)
    assert "--yes" in pangolin(server, source, "doctor", "--fix", status=1)[1]
    said = doctor("--fix", "--yes")
    assert "3 found, 3 put right" in said, said
    assert not orphan.exists() and young.exists() and files["fine"].exists()
    assert doctor() == "0 found, 0 put right\n"
    assert tenant.load("fine")["metadata"]["properties"]["k"] == "1"
    for name in ("gone", "changed"):  # as before their last commit, and they can be committed to
        assert "k" not in tenant.load(name)["metadata"].get("properties", {})
        tenant.commit(name, 3)
        assert tenant.load(name)["metadata"]["properties"]["k"] == "3"


def test_doctor_knows_a_file_by_every_spelling(server, source):
    tenant = Tenant(server)
    tenant.make("t")
    file = metadata_file(tenant, "t")
    tenant.rest("DELETE", "namespaces/a%1Fb/tables/t")
    tenant.rest("POST", "namespaces/a%1Fb/register", {"name": "t", "metadata-location": f"file:{file}"})
    os.utime(file, (OLD, OLD))
    said = pangolin(server, source, "doctor", "--tenant", tenant.id, "--fix", "--yes")[0]
    assert said == "0 found, 0 put right\n" and file.exists()


def test_doctor_keeps_what_the_history_names(server, source):
    tenant = Tenant(server)
    tenant.make("t")
    first = metadata_file(tenant, "t")
    updates = [{"action": "set-properties", "updates": {"write.metadata.previous-versions-max": "1"}}]
    tenant.rest("POST", "namespaces/a%1Fb/tables/t", {"requirements": [], "updates": updates})
    for i in range(2):
        tenant.commit("t", i)
    assert first.name not in metadata_file(tenant, "t").read_text()
    orphan = first.parent / "00009-orphan.metadata.json"
    orphan.write_text("{}")
    for file in (first, orphan):
        os.utime(file, (OLD, OLD))
    said = pangolin(server, source, "doctor", "--tenant", tenant.id, "--fix", "--yes")[0]
    assert "1 found, 1 put right" in said, said
    assert first.exists() and not orphan.exists()


def test_doctor_looks_past_a_branch_that_was_dropped(server, source):
    tenant = Tenant(server)
    tenant.make("t")
    for name in ("a", "z"):
        tenant.api("POST", "/api/v1/branches", {"name": name, "catalog": tenant.catalog})
        tenant.commit(f"t@{name}", 1)
    file = metadata_file(tenant, "t@z")
    tenant.api("DELETE", f"/api/v1/branches/a?catalog={tenant.catalog}")
    file.unlink()
    said = pangolin(server, source, "doctor", "--tenant", tenant.id, status=1)[0]
    assert str(file) in said and "1 found" in said, said


def test_doctor_of_the_default_storage(server, tmp_path):
    url, file = f"sqlite://{tmp_path}/plain.db", tmp_path / "storage.json"
    pangolin(server, url, "migrate")
    file.write_text(json.dumps({"storage_config": {"location": f"file://{server.run}/warehouse/plain"}}))
    db = sqlite3.connect(tmp_path / "plain.db")
    db.execute(
        "INSERT INTO catalogs (tenant_id, name, id, catalog_type, created_ms, version)"
        " VALUES ('00000000-0000-0000-0000-000000000000', 'c', 'i', 'Local', 0, 1)"
    )
    db.commit()
    db.close()
    env = {**server.process_env(), "DATABASE_URL": url, "PANGOLIN_DEFAULT_STORAGE": str(file)}
    done = subprocess.run([server.program("pangolin"), "doctor"], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout == "0 found, 0 put right\n", done.stdout + done.stderr


def test_doctor_of_places_jobs_and_warehouses(server, source, tmp_path):
    url = f"sqlite://{tmp_path}/sick.db"
    pangolin(server, url, "migrate")
    db = sqlite3.connect(tmp_path / "sick.db")
    nil, old = "00000000-0000-0000-0000-000000000000", int(OLD * 1000)
    row = "INSERT INTO locations (storage, path, type, tenant_id, asset_id, version) VALUES (?, ?, ?, ?, ?, 1)"
    db.execute(row, ("s3://x/b", "/a", "DIR", None, None))
    db.execute(row, ("s3://x/b", "/a/b", "TABLE", nil, "one"))
    db.execute(row, ("s3://x/b", "/a/b/c", "TABLE", nil, "two"))
    db.execute(row, ("s3://x/b", "/a/empty", "DIR", None, None))
    db.execute(
        "INSERT INTO jobs (job_id, tenant_id, type, payload, due_ms, lease_ms, attempts, error, created_ms, version)"
        " VALUES ('j', ?, 'purge', '{}', ?, 0, 5, 'no such bucket', ?, 1)",
        (nil, old, old),
    )
    db.execute(
        "INSERT INTO catalogs (tenant_id, name, id, catalog_type, created_ms, version) VALUES (?, 'c', 'i', 'Local', 0, 1)",
        (nil,),
    )
    db.commit()
    db.close()
    said = pangolin(server, url, "doctor", status=1)[0]
    for words in (
        "job j (purge",
        "no such bucket",
        "catalog c of tenant",
        "has no warehouse",
        "s3://x/b/a/b/c lies in the folder of another table",
        "s3://x/b/a/b is of a table that is not there",
        "nothing lies below the folder s3://x/b/a/empty",
    ):
        assert words in said, f"{words}: {said}"
    said = pangolin(server, url, "doctor", "--fix", "--yes", status=1)[0]
    assert "3 put right" in said, said
    said = pangolin(server, url, "doctor", "--fix", "--yes", status=1)[0]  # the folder above is empty by now
    assert "3 found, 1 put right" in said, said


def test_doctor_of_a_warehouse(server, source):
    tenant = Tenant(server)
    said = pangolin(server, source, "doctor", "--tenant", tenant.id, "--warehouse", tenant.catalog)[0]
    assert "write" in said and "FAILED" not in said
    assert pangolin(server, source, "doctor", "--warehouse", "none", status=1)


def test_doctor_counts_connections(server, postgres):
    url = postgres.database()
    pangolin(server, url, "migrate")
    assert "max_connections" in pangolin(server, url, "doctor", "--processes", "500", status=1)[0]
    assert pangolin(server, url, "doctor", "--processes", "1")[0] == "0 found, 0 put right\n"


# --- adopt ---------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(server, tmp_path):
    """Another store with an empty catalog on the same files: its URL, and a function to ask it."""
    url = f"sqlite://{tmp_path}/elsewhere.db"
    pangolin(server, url, "migrate")

    def make(tenant):
        pangolin(server, url, "tenant", "create", "adopter", "--id", tenant.id)
        token = pangolin(server, url, "token", "issue", "--tenant", tenant.id)[0].strip()
        asker = Tenant.__new__(Tenant)
        asker.server, asker.token, asker.catalog = server, token, "new"
        config = {"location": f"file://{tenant.folder}"}
        for path, body in (
            ("warehouses", {"name": "new", "storage_config": config}),
            ("catalogs", {"name": "new", "warehouse_name": "new"}),
        ):
            done = asker.cgi("admin", "POST", f"/api/v1/{path}", url, json.dumps(body).encode())
            assert done.status in (200, 201), done.body
        return asker

    return url, make


def test_adopt_from_a_catalog(server, tenant, elsewhere, tmp_path):
    url, make = elsewhere
    asker = make(tenant)
    token = tmp_path / "token"
    token.write_text(tenant.token + "\n")
    view = {
        "name": "v",
        "schema": SCHEMA,
        "properties": {},
        "view-version": {
            "version-id": 1,
            "timestamp-ms": 1,
            "schema-id": 0,
            "summary": {},
            "default-namespace": ["a"],
            "representations": [{"type": "sql", "sql": "SELECT 1", "dialect": "spark"}],
        },
    }
    tenant.rest("POST", "namespaces/a%1Fb/views", view)
    args = ["adopt", "--from", server.uri, "--token-file", str(token), "--warehouse", tenant.catalog]
    args += ["--tenant", tenant.id, "--catalog", "new"]
    said = pangolin(server, url, *args, "--dry-run")[0]
    n = said.count("would adopt")
    assert n >= len(tenant.names) + 2 and "skipped" not in said.rsplit("\n", 2)[0], said
    assert f"{n - 1} could be adopted" in pangolin(server, url, *args, "--dry-run", "--namespace", "a")[0]
    assert f"{n} adopted, 0 skipped" in pangolin(server, url, *args)[0]
    for name in tenant.names:
        assert asker.load(name, url)["metadata-location"] == tenant.load(name)["metadata-location"]
    shown = asker.cgi("tables", "GET", "/v1/new/namespaces/a%1Fb/views/v", url)
    assert shown.status == 200, shown.body
    said = pangolin(server, url, *args)[0]
    assert f"0 adopted, {n} skipped" in said and "already exists" in said
    spaced = f"{tenant.catalog} é"  # its prefix holds escapes, which go back as they came
    tenant.api("POST", "/api/v1/catalogs", {"name": spaced, "warehouse_name": tenant.catalog})
    args[args.index(tenant.catalog)] = spaced
    assert "0 could be adopted, 0 skipped" in pangolin(server, url, *args, "--dry-run")[0]
    token.write_text("nonsense")
    assert "401" in pangolin(server, url, *args, status=1)[1]


def test_adopt_from_a_folder(server, source, elsewhere):
    """A store that was lost: its tables are found in the warehouse."""
    tenant = Tenant(server)
    tenant.names = ["one", "two"]
    for name in tenant.names:
        tenant.make(name)
        tenant.commit(name, 7)
    url, make = elsewhere
    asker = make(tenant)
    hinted = pathlib.Path(tenant.folder) / tenant.catalog / "h.db/t/metadata"
    hinted.mkdir(parents=True)
    for version in (1, 2, 3):
        text = metadata_file(tenant, "one").read_text().replace(
            json.dumps(tenant.load("one")["metadata"]["location"])[1:-1], str(hinted.parent)
        )
        (hinted / f"v{version}.metadata.json").write_text(text)
    (hinted / "version-hint.text").write_text("2")
    args = ["adopt", "--from", f"file://{tenant.folder}/{tenant.catalog}", "--tenant", tenant.id, "--catalog", "new"]
    said = pangolin(server, url, *args)[0]
    assert "3 adopted, 0 skipped" in said, said
    for name in tenant.names:
        assert asker.load(name, url)["metadata-location"] == tenant.load(name)["metadata-location"]
    assert asker.load("t", url, "h")["metadata-location"].endswith("v2.metadata.json")
    assert pangolin(server, url, "doctor")[0].endswith("0 put right\n")
