# SPDX-License-Identifier: Apache-2.0
"""DATABASE_URL: what a wrong one says, a store that goes away and comes back, a store that forgets."""

import os
import signal
import socket
import sqlite3
import subprocess

import pytest
import requests

from server import FAMILIES, wait_until
from storage import Files

pytestmark = pytest.mark.ours


def config_of(server):
    return requests.get(f"{server.uri}/v1/config", headers=server.headers(), timeout=60).json()


def ready(server):
    return requests.get(f"{server.uri}/health/ready", timeout=60)


# --- memory ----------------------------------------------------------------


@pytest.fixture(scope="module")
def memory(request, servers):
    if request.config.getoption("--reference") or "PANGOLIN_URI" in os.environ:
        pytest.skip("needs a server of its own")
    return servers.server("memory")


def test_memory_says_that_it_forgets(memory, own_server):
    assert ready(memory).json()["ephemeral"] is True
    assert config_of(memory)["defaults"]["pangolin.ephemeral"] == "true"
    for family in FAMILIES:
        log = (memory.run / f"logs/{family}.log").read_text()
        assert "everything is lost when the machine stops" in log
    assert ready(own_server).json()["ephemeral"] is False
    assert "pangolin.ephemeral" not in config_of(own_server)["defaults"]


def test_memory_outlives_its_responders(memory):
    name = memory.make_catalog(Files(memory.run / "warehouse").config())
    before = memory.responders()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(memory.responders() - before) == len(before), "new responders", 20)
    assert name in [c["name"] for c in memory.api("GET", "catalogs").json()]


# --- wrong URLs --------------------------------------------------------------


@pytest.fixture
def database(own_server, tmp_path):
    """An own SQLite file with the schema."""
    path = tmp_path / "x.db"
    run(own_server, ["pangolin", "migrate"], f"sqlite://{path}")
    return path


def run(server, command, url, **more):
    return subprocess.run(
        [str(server.program(command[0])), *command[1:]],
        env={**server.process_env(), "DATABASE_URL": url},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        timeout=60,
        **more,
    )


def refused(server, url, says):
    """By the command, and by a responder that is started so."""
    done = run(server, ["pangolin", "status"], url)
    assert done.returncode != 0 and says in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = run(server, ["pangolin-tables"], url, stdin=listener)
    assert started.returncode != 0 and says in started.stderr, started.stderr
    assert len([line for line in started.stderr.splitlines() if '"level":"error"' in line]) == 1


@pytest.mark.parametrize(
    "url, says",
    [
        ("oracle://x", "no store of that kind"),
        ("sqlite:x.db", "neither sqlite:///absolute/path nor"),
        ("sqlite:///nowhere/x.db", "run `pangolin migrate`"),
        ("sqlite:///tmp", "is not a file"),
        ("memory:/var/tmp", "not on tmpfs"),
        ("memory:a/b", "neither memory:/folder/on/tmpfs nor memory:NAME"),
        ("postgresql://127.0.0.1:1/x", "refused"),
        ("mongodb://127.0.0.1:1/x", "refused"),
    ],
)
def test_a_wrong_url_is_one_clear_line(own_server, url, says):
    refused(own_server, url, says)


@pytest.mark.parametrize("version, least, says", [(1, 1, "run `pangolin migrate`"), (999, 999, "install the newer program")])
def test_a_schema_of_another_version(own_server, database, version, least, says):
    with sqlite3.connect(database) as db:
        db.execute("UPDATE schema_version SET version = ?, min_program = ?", (version, least))
    refused(own_server, f"sqlite://{database}", says)


def test_a_file_that_is_no_database(own_server, tmp_path):
    (tmp_path / "x.db").write_text("no database " * 1000)
    refused(own_server, f"sqlite://{tmp_path}/x.db", "not a database")


# --- away and back ---------------------------------------------------------------


def test_a_file_that_goes_away_and_comes_back(own_server):
    path = own_server.run / "pangolin.db"
    away = path.with_name("away.db")
    assert ready(own_server).status_code == 200
    path.rename(away)
    try:
        assert ready(own_server).status_code == 503
        answer = requests.get(f"{own_server.uri}/v1/config", headers=own_server.headers(), timeout=60)
        assert answer.status_code == 503 and "away" not in answer.text
    finally:
        away.rename(path)
    assert ready(own_server).status_code == 200
    assert config_of(own_server)["endpoints"]
