# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL as the store: round trips, lost answers, restarts, what a wrong URL says."""

import subprocess
import time
import urllib.parse

import pyarrow as pa
import pytest
import requests
from pyiceberg.catalog import load_catalog

import databases
from relay import Relay
from server import Started, wait_until
from storage import Files

pytestmark = pytest.mark.ours
COMMIT = b'INSERT INTO "commits"'


def replaced(url, port):
    at = urllib.parse.urlsplit(url)
    return at._replace(netloc=f"{at.username}:{at.password}@127.0.0.1:{port}").geturl()


@pytest.fixture(scope="module")
def postgres(servers):
    if servers.config.getoption("--reference"):
        pytest.skip("our server's")
    return servers.get("postgres", databases.Postgres)


@pytest.fixture(scope="module")
def relay(postgres):
    made = Relay(("127.0.0.1", urllib.parse.urlsplit(postgres.url).port))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(postgres, relay):
    # one process a family, and names that are not prepared: the relay reads the statements' texts
    url = replaced(postgres.database(), relay.port) + "?sslmode=disable&pangolin_prepare=off"
    made = Started("postgresql", DATABASE_URL=url, PANGOLIN_PROCESSES="1")
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


def commit(server, table, value):
    body = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"value": str(value)}}]}
    return requests.post(url_of(server, table), json=body, headers=server.headers(), timeout=60)


def test_a_load_is_one_round_trip_and_a_commit_two(server, relay, table):
    def load():
        return requests.get(url_of(server, table), headers=server.headers(), timeout=60)

    for n, ask, trips in ((20, load, 1), (20, lambda: commit(server, table, "x"), 2)):
        assert ask().ok
        before = relay.trips
        for _ in range(n):
            assert ask().status_code == 200
        assert relay.trips - before == n * trips


def test_a_commit_whose_answer_is_lost_lands_once(server, relay, table, size):
    for n in range(size(5, 50)):
        relay.lose(COMMIT)
        lost = relay.lost
        assert commit(server, table, f"lost-{n}").status_code == 200
        assert relay.lost == lost + 1
        assert table.refresh().properties["value"] == f"lost-{n}"
        log = [entry.metadata_file for entry in table.metadata.metadata_log]
        assert len(log) == len(set(log))


def test_the_server_comes_back_by_itself(postgres, server, table):
    postgres.restart()
    assert requests.get(url_of(server, table), headers=server.headers(), timeout=60).status_code == 200
    postgres.halt()
    try:
        ready = requests.get(f"{server.uri}/health/ready", timeout=60)
        assert ready.status_code == 503
        assert "PostgreSQL" not in ready.text or "password" not in ready.text
        load = requests.get(url_of(server, table), headers=server.headers(), timeout=60)
        assert load.status_code == 503 and load.json()["error"]["code"] == 503
    finally:
        postgres.restart()
    wait_until(lambda: requests.get(f"{server.uri}/health/ready", timeout=60).status_code == 200, "ready again", 20)
    assert commit(server, table, "back").status_code == 200


def status(server, url):
    return subprocess.run(
        [str(server.program("pangolin")), "status"],
        env={**server.process_env(), "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("wrong", ["password", "port", "database", "schema", "parameter", "prepare", "at", "slash", "question", "percent", "scheme"])
def test_a_wrong_url_is_one_clear_line(postgres, server, wrong):
    at = urllib.parse.urlsplit(postgres.url)
    url, says = {
        "password": (replaced(postgres.url, at.port).replace(at.password, "wr0ng"), "password authentication failed"),
        "port": (replaced(postgres.url, 1), "refused"),
        "database": (postgres.url.rsplit("/", 1)[0] + "/nothing", 'database "nothing" does not exist'),
        "schema": (postgres.database(), "run `pangolin migrate`"),
        "parameter": (postgres.url + "?sslmod=x", "sslmod"),
        "at": (f"postgresql://pangolin:wr0ng@secret@127.0.0.1:{at.port}/x", "%40"),
        "slash": (f"postgresql://pangolin:12/wr0ng@127.0.0.1:{at.port}/x", "%2F"),
        "question": (f"postgresql://pangolin:12?wr0ng@127.0.0.1:{at.port}/x", "%3F"),
        "percent": (f"postgresql://pangolin:wr0ng%zz@127.0.0.1:{at.port}/x", "%25"),
        "scheme": ("postgresql:pangolin:wr0ng", "postgresql://user@host/database"),
        "prepare": (postgres.url + "?pangolin_prepare=on", "pangolin_prepare can only be off"),
    }[wrong]
    done = status(server, url)
    assert done.returncode != 0
    assert says in done.stderr and len(done.stderr.splitlines()) == 1
    assert at.password not in done.stderr and "wr0ng" not in done.stderr


def test_of_several_hosts_the_one_that_can_write(postgres, server):
    at = urllib.parse.urlsplit(server.process_env()["DATABASE_URL"])
    path = at.path
    port = urllib.parse.urlsplit(postgres.url).port
    url = f"postgresql://{at.username}:{at.password}@127.0.0.1:1,127.0.0.1:{port}{path}"
    done = status(server, url)
    assert done.returncode == 0, done.stderr
    postgres.sql("ALTER DATABASE " + path[1:] + " SET default_transaction_read_only = on")
    try:
        done = status(server, url)
        assert done.returncode != 0 and "read-only" in done.stderr
    finally:
        postgres.sql("ALTER DATABASE " + path[1:] + " SET default_transaction_read_only = off")


def test_tls_is_as_the_url_says(postgres, server):
    url = postgres.url.rsplit("/", 1)[0] + urllib.parse.urlsplit(server.process_env()["DATABASE_URL"]).path
    good = status(server, f"{url}?sslmode=verify-full&sslrootcert={postgres.ca}".replace("127.0.0.1", "localhost"))
    assert good.returncode == 0, good.stderr
    assert status(server, f"{url}?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt").returncode != 0
