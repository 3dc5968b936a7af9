# SPDX-License-Identifier: Apache-2.0
"""MongoDB as the store: conflicts, lost answers, restarts, what a wrong URL or server says."""

import os
import pathlib
import signal
import subprocess
import time
import uuid

import pyarrow as pa
import pytest
import requests
from pyiceberg.catalog import load_catalog

import databases
from mongo_script import REPLICA, Script, found, refused
from relay import Relay
from server import Started, wait_until
from storage import Files

pytestmark = pytest.mark.ours
TRANSIENT = "TransientTransactionError"


@pytest.fixture(scope="module")
def mongo(servers):
    if servers.config.getoption("--reference"):
        pytest.skip("our server's")
    return servers.get("mongo", databases.Mongo)


@pytest.fixture(scope="module")
def relay(mongo):
    made = Relay(("127.0.0.1", int(mongo.told["port"])))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(mongo, relay):
    url = mongo.database().replace(f":{mongo.told['port']}/", f":{relay.port}/")
    made = Started("mongodb", DATABASE_URL=url, PANGOLIN_PROCESSES="1")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def table(server):
    name = server.make_catalog(Files(server.run / "warehouse").config())
    catalog = load_catalog("live", type="rest", **server.connection(name))
    catalog.create_namespace("n")
    made = catalog.create_table("n.t", pa.schema([("id", pa.int64())]))
    made.append(pa.table({"id": [1]}))
    return made


def url_of(server, table):
    return f"{server.uri}/v1/{table.catalog.properties['warehouse']}/namespaces/n/tables/t"


def load(server, table):
    return requests.get(url_of(server, table), headers=server.headers(), timeout=60)


def commit(server, table, value):
    body = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"value": str(value)}}]}
    return requests.post(url_of(server, table), json=body, headers=server.headers(), timeout=60)


def lands_once(server, table, value):
    done = commit(server, table, value)
    assert done.status_code == 200, done.text
    assert table.refresh().properties["value"] == value
    log = [entry.metadata_file for entry in table.metadata.metadata_log]
    assert len(log) == len(set(log))


def test_a_tenant_can_be_made(server):
    """The original answers 500 on MongoDB."""
    name = f"tenant-{uuid.uuid4().hex[:8]}"
    made = server.api("POST", "tenants", server.root_token, json={"name": name}).json()
    assert server.api("GET", f"tenants/{made['id']}", server.root_token).json()["name"] == name


@pytest.mark.parametrize(
    "commands, how",
    [
        (["update"], {"errorCode": 112, "errorLabels": [TRANSIENT]}),
        (["update"], {"errorCode": 17, "errorLabels": []}),
        (["insert"], {"errorCode": 251, "errorLabels": [TRANSIENT]}),
        (["commitTransaction"], {"errorCode": 112, "errorLabels": [TRANSIENT]}),
        (["insert"], {"closeConnection": True}),
        (["commitTransaction"], {"closeConnection": True}),
        (["commitTransaction"], {"errorCode": 11602}),
        (["commitTransaction"], {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}),
        (["find"], {"errorCode": 246, "errorLabels": [TRANSIENT]}),
    ],
)
def test_what_a_transaction_meets_is_tried_again(mongo, server, table, commands, how):
    for times in 1, 3:
        mongo.fail(commands, times, **how)
        lands_once(server, table, uuid.uuid4().hex)
        assert mongo.is_spent(commands[0], **how)


def test_a_commit_whose_answer_is_lost_lands_once(server, relay, table, size):
    for n in range(size(3, 50)):
        relay.lose(b"commitTransaction")
        lost = relay.lost
        lands_once(server, table, f"lost-{n}")
        assert relay.lost == lost + 1


def test_the_server_comes_back_by_itself(mongo, server, table):
    mongo.restart()
    assert load(server, table).status_code == 200
    mongo.halt()
    try:
        ready = requests.get(f"{server.uri}/health/ready", timeout=60)
        assert ready.status_code == 503 and "Mongo" not in ready.text
        answer = load(server, table)
        assert answer.status_code == 503 and answer.json()["error"]["code"] == 503
        assert commit(server, table, "down").status_code == 503
    finally:
        mongo.restart()
    wait_until(lambda: requests.get(f"{server.uri}/health/ready", timeout=60).status_code == 200, "ready again", 20)
    lands_once(server, table, "back")


@pytest.mark.slow
def test_a_server_that_hangs_does_not_hang_ours(mongo, server, table):
    os.kill(mongo.pid, signal.SIGSTOP)
    try:
        start = time.monotonic()
        assert load(server, table).status_code == 503
        assert time.monotonic() - start < 29  # the web server's patience is 30 s
    finally:
        os.kill(mongo.pid, signal.SIGCONT)
    wait_until(lambda: load(server, table).status_code == 200, "a load", 20)


# --- what is wrong is one line -----------------------------------------------


def status(server, url, **more):
    return subprocess.run(
        [str(server.program("pangolin")), "status"],
        env={**server.process_env(), "DATABASE_URL": url, **more},
        capture_output=True,
        text=True,
        timeout=60,
    )


def says(server, url, *words):
    done = status(server, url)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert "wr0ng" not in done.stderr


@pytest.mark.parametrize(
    "url, words",
    [
        ("mongodb://127.0.0.1:1/x", ["refused"]),
        ("mongodb://", ["DATABASE_URL"]),
        ("mongodb:wr0ng", ["DATABASE_URL is not mongodb://user@host/database"]),
        ("mongodb://user:wr0ng@/x", ["DATABASE_URL"]),
        ("mongodb://user:12/wr0ng@127.0.0.1/x", ["DATABASE_URL", "%2F"]),
        ("mongodb://user:wr0ng@secret@127.0.0.1/x", ["DATABASE_URL", "%40"]),
        ("mongodb://127.0.0.1/x?authMechanism=none", ["DATABASE_URL", "authentication mechanism"]),
        ("mongodb://127.0.0.1/x?conectTimeoutMS=5", ["DATABASE_URL", "conecttimeoutms"]),
        ("mongodb+srv://a.nothing.invalid/x", ["nothing.invalid"]),
    ],
)
def test_a_wrong_url_is_one_clear_line(server, url, words):
    says(server, url, *words)


def test_what_a_killed_process_left_is_not_complained_of(server):
    run = 'touch /dev/shm/mongoc-$$; echo $$; exec "$0" status'
    done = subprocess.run(["sh", "-c", run, server.program("pangolin")], env=server.process_env(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not pathlib.Path(f"/dev/shm/mongoc-{done.stdout.splitlines()[0]}").exists()


def test_schemas_of_other_versions(mongo, server):
    url = mongo.database()
    says(server, url, "run `pangolin migrate`")
    assert subprocess.run([server.program("pangolin"), "migrate"], env={**server.process_env(), "DATABASE_URL": url}).returncode == 0
    assert status(server, url).returncode == 0
    name = url.rsplit("/", 1)[1]
    for version, least, words in ((1, 1, "run `pangolin migrate`"), (999, 999, "install the newer program")):
        with mongo.client() as client:
            client[name].schema_version.update_one({}, {"$set": {"version": version, "min_program": least}})
        says(server, url, words)
    with mongo.client() as client:  # a newer one that this program still works with
        client[name].schema_version.update_one({}, {"$set": {"min_program": 1}})
    assert status(server, url).returncode == 0


def test_the_database_is_the_urls_or_of_the_environment(mongo, server):
    url = mongo.database()
    subprocess.run([server.program("pangolin"), "migrate"], env={**server.process_env(), "DATABASE_URL": url}, check=True)
    base, name = url.rsplit("/", 1)
    assert status(server, base, MONGO_DB_NAME=name).returncode == 0
    assert status(server, f"{base}/?appName=x", MONGO_DB_NAME=name).returncode == 0
    assert "run `pangolin migrate`" in status(server, base, MONGO_DB_NAME="other").stderr
    assert status(server, url, MONGO_DB_NAME="other").returncode == 0  # the URL says more


@pytest.mark.slow
def test_a_wrong_password(server):
    locked = databases.Mongo()
    try:
        with locked.client() as client:
            client.admin.command("createUser", "keeper", pwd="right", roles=["root"])
        with open(locked.folder / "server/start", "r+") as start:
            text = start.read().rstrip()
            start.seek(0)
            start.write(text + " require_auth=1\n")
        locked.restart()
        at = locked.database().replace("mongodb://", "mongodb://keeper:{}@") + "?authSource=admin"
        says(server, at.format("wr0ng"), "uthentication failed")
        says(server, locked.url, "equires authentication")
        says(server, at.format("right"), "run `pangolin migrate`")
    finally:
        locked.stop()


@pytest.mark.parametrize("hello", [REPLICA | {"setName": None}, {}], ids=["standalone", "no sessions"])
def test_a_server_without_transactions_is_refused(server, hello):
    def answer(command):
        if "txnNumber" in command:
            return refused(20, "Transaction numbers are only allowed on a replica set member or mongos")
        return found(command.get("find", "x"))

    script = Script(answer, **{k: v for k, v in hello.items() if v})
    try:
        says(server, script.url, "no transactions", "--replSet", "rs.initiate()")
    finally:
        script.stop()
